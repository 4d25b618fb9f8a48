//! Switching the second step on and off.

#[cfg(test)]
pub(crate) mod sample;

use crate::page::*;
use crate::welcome::mistakes;
use staff::RecoveryCodes;
use staff::totp::TotpSecret;

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
    /// The key and its picture; only on the first page.
    key: Option<(String, String)>,
    code: Input,
    frame: Frame,
}

impl Begun {
    fn new(frame: Frame, key: Option<(&TotpSecret, &str)>) -> Self {
        let t = Texts::of(frame.formats.language);
        let key = key.map(|(secret, login)| {
            let text: Vec<char> = secret.base32().chars().collect();
            let groups: Vec<String> = text.chunks(4).map(|g| g.iter().collect()).collect();
            (groups.join(" "), secret.qr_svg(login).unwrap_or_default())
        });
        let code = Input::text("code", t.code, "").autocomplete("one-time-code");
        Self {
            code: code.focus().wrong(&frame.mistakes),
            key,
            frame,
        }
    }
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct Codes {
    frame: Frame,
    codes: RecoveryCodes,
}

pub(crate) async fn begin(visit: Visit) -> Answer {
    let account = &visit.session()?.account;
    if account.two_steps || !account.has_password {
        return Ok(visit.go(access::ME));
    }
    let secret = visit.staff().begin_two_steps(account.id).await?;
    visit.page(&Begun::new(visit.frame(), Some((&secret, &account.login))))
}

pub(crate) async fn confirm(visit: Visit, entered: Entered) -> Answer {
    let (actor, session, code) = (visit.actor()?, visit.session()?, entered.text("code"));
    match visit.staff().confirm_two_steps(&actor, session, code).await {
        Ok((codes, token)) => {
            let frame = visit.frame();
            let response = visit.page(&Codes { frame, codes })?;
            Ok(visit.hand_over(response, &token))
        }
        Err(error) => {
            let mistakes = mistakes(error, visit.language)?;
            let visit = visit.wrong(entered, mistakes);
            visit.page(&Begun::new(visit.frame(), None))
        }
    }
}

pub(crate) async fn end(visit: Visit, entered: Entered) -> Answer {
    let (actor, session, present) = (visit.actor()?, visit.session()?, entered.secret("to_end"));
    match visit.staff().end_two_steps(&actor, session, present).await {
        Ok(token) => {
            let response = visit.go_with(access::ME, Flash::TwoStepsOff);
            Ok(visit.hand_over(response, &token))
        }
        Err(error) => {
            let mut mistakes = mistakes(error, visit.language)?;
            for mistake in &mut mistakes.0 {
                mistake.field = "to_end";
            }
            super::show(visit.wrong(entered, mistakes)).await
        }
    }
}
