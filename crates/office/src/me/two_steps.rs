//! Switching the second step on and off.

#[cfg(test)]
pub(crate) mod sample;

use crate::page::{
    Answer, Entered, Flash, Frame, Input, Mistakes, PageError, StatusCode, Template, Visit, access,
};
use crate::welcome::mistakes;
use staff::totp::TotpSecret;
use staff::{AccountError, RecoveryCodes};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    scan: "Lisez ce code avec votre application d’authentification, puis entrez le code à 6 chiffres qu’elle affiche. Il n’est montré qu’une fois.",
        "Read this code with your authenticator app, then enter the 6 digits it shows. It is shown only once.";
    picture: "Code QR pour l’application d’authentification", "QR code for the authenticator app";
    typed: "Ou entrez cette clé dans l’application :", "Or enter this key in the app:";
    code: "Code de l’application", "The app’s code";
    confirm: "Activer", "Switch on";
    shown_before: "La clé a été montrée sur la page précédente. Si votre application ne l’a pas, recommencez.",
        "The key was shown on the page before. If your app has not got it, start again.";
    on: "La connexion en deux étapes est active", "Sign-in in two steps is on";
    codes: "Notez ces codes de secours et gardez-les à l’abri. Chacun remplace une fois votre téléphone. Ils ne seront plus montrés.",
        "Write down these recovery codes and keep them safe. Each stands in for your phone once. They will not be shown again.";
    done: "Je les ai notés", "I have written them down";
});

#[derive(Template)]
#[template(path = "two_steps.html")]
struct Begun {
    frame: Frame,
    t: &'static Texts,
    mistakes: Mistakes,
    /// The key and its picture; only on the first page.
    key: Option<(String, String)>,
    code: Input,
}

impl Begun {
    fn new(frame: Frame, key: Option<(&TotpSecret, &str)>, mistakes: Mistakes) -> Self {
        let t = Texts::of(frame.formats.language);
        let key = key.map(|(secret, login)| {
            let text: Vec<char> = secret.base32().chars().collect();
            let groups: Vec<String> = text.chunks(4).map(|g| g.iter().collect()).collect();
            (groups.join(" "), secret.qr_svg(login).unwrap_or_default())
        });
        Self {
            code: Input::text("code", t.code, "")
                .autocomplete("one-time-code")
                .with(&mistakes)
                .focus(),
            key,
            mistakes,
            frame,
            t,
        }
    }
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct Codes {
    frame: Frame,
    t: &'static Texts,
    codes: RecoveryCodes,
}

pub(crate) async fn begin(visit: Visit) -> Answer {
    let account = &visit.session()?.account;
    if account.two_steps || !account.has_password {
        return Ok(visit.go(access::ME));
    }
    let secret = visit.staff().begin_two_steps(account.id).await?;
    let key = Some((&secret, account.login.as_str()));
    visit.page(&Begun::new(visit.frame(), key, Mistakes::default()))
}

pub(crate) async fn confirm(visit: Visit, entered: Entered) -> Answer {
    let (actor, session) = (visit.actor()?, visit.session()?);
    let staff = visit.staff();
    match staff
        .confirm_two_steps(&actor, session, entered.text("code"))
        .await
    {
        Ok((codes, token)) => {
            let t = Texts::of(visit.language);
            let frame = visit.frame();
            let response = visit.page(&Codes { frame, t, codes })?;
            Ok(visit.hand_over(response, &token))
        }
        Err(AccountError::Invalid(invalid)) => {
            let mistakes = mistakes(&invalid, visit.language);
            let page = Begun::new(visit.frame(), None, mistakes);
            visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(PageError::from(error)),
    }
}

pub(crate) async fn end(visit: Visit, entered: Entered) -> Answer {
    let (actor, session) = (visit.actor()?, visit.session()?);
    let staff = visit.staff();
    match staff
        .end_two_steps(&actor, session, entered.secret("to_end"))
        .await
    {
        Ok(token) => {
            let response = visit.go_with(access::ME, Flash::TwoStepsOff);
            Ok(visit.hand_over(response, &token))
        }
        Err(AccountError::Invalid(invalid)) => {
            let mut mistakes = mistakes(&invalid, visit.language);
            for mistake in &mut mistakes.0 {
                mistake.field = "to_end";
            }
            super::page(&visit, StatusCode::UNPROCESSABLE_ENTITY, mistakes).await
        }
        Err(error) => Err(PageError::from(error)),
    }
}
