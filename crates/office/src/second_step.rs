//! The second step of a sign-in.

#[cfg(test)]
pub(crate) mod sample;

use super::sign_in::{entered_by, note_wrong};
use super::visit::own_path;
use crate::page::{
    Answer, Entered, Frame, Input, Mistakes, PageError, Query, StatusCode, Template, Visit, access,
    fill,
};
use staff::SignInError;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Deuxième étape", "Second step";
    why: "Ouvrez votre application d’authentification et entrez le code affiché pour Passerelle.",
        "Open your authenticator app and enter the code it shows for Passerelle.";
    code_hint: "6 chiffres, ou un de vos codes de secours", "6 digits, or one of your recovery codes";
    submit: "Continuer", "Continue";
    again: "Recommencer avec un autre compte", "Start again with another account";
});

#[derive(Template)]
#[template(path = "second_step.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    mistakes: Mistakes,
    code: Input,
    next: String,
}

impl Page {
    fn new(frame: Frame, next: &str, mistakes: Mistakes) -> Self {
        let t = Texts::of(frame.formats.language);
        Self {
            code: Input::text("code", t.code, "")
                .hint(t.code_hint)
                .autocomplete("one-time-code")
                .with(&mistakes)
                .focus(),
            next: next.to_owned(),
            mistakes,
            frame,
            t,
        }
    }
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    if visit.half.is_none() {
        return Ok(visit.go(access::SIGN_IN));
    }
    let next = own_path(query.some("next"));
    visit.page(&Page::new(visit.frame(), next, Mistakes::default()))
}

pub(crate) async fn take(visit: Visit, entered: Entered) -> Answer {
    let Some(half) = &visit.half else {
        return Ok(visit.go(access::SIGN_IN));
    };
    let next = own_path(entered.some("next"));
    let staff = visit.staff();
    let t = Texts::of(visit.language);
    let (status, mistake) = match staff
        .second_step(half, entered.text("code"), &visit.address)
        .await
    {
        Ok(signed_in) => return Ok(entered_by(&visit, &signed_in, next)),
        Err(SignInError::Wrong) => {
            note_wrong(&visit, "code");
            (StatusCode::UNPROCESSABLE_ENTITY, t.code_wrong.to_owned())
        }
        Err(SignInError::TooMany { wait_ms }) => {
            let wait = visit.frame().formats.wait(wait_ms);
            let text = fill(t.wait, &[("wait", &wait)]);
            (StatusCode::TOO_MANY_REQUESTS, text)
        }
        Err(SignInError::Db(error)) => return Err(error.into()),
        Err(error) => return Err(PageError::internal(error)),
    };
    let mistakes = Mistakes::one("code", mistake);
    visit.page_with(status, &Page::new(visit.frame(), next, mistakes))
}
