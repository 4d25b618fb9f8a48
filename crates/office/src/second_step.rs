//! The second step of a sign-in.

#[cfg(test)]
pub(crate) mod sample;

use super::sign_in::{entered_by, refusing};
use super::visit::own_path;
use crate::page::*;

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
    code: Input,
    next: String,
    frame: Frame,
}

impl Page {
    fn new(frame: Frame, next: &str) -> Self {
        let t = Texts::of(frame.formats.language);
        let code = Input::text("code", t.code, "").hint(t.code_hint);
        let code = code.autocomplete("one-time-code").focus();
        Self {
            code: code.wrong(&frame.mistakes),
            next: next.to_owned(),
            frame,
        }
    }
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    if visit.half.is_none() {
        return Ok(visit.go(access::SIGN_IN));
    }
    visit.page(&Page::new(visit.frame(), own_path(query.some("next"))))
}

pub(crate) async fn take(visit: Visit, entered: Entered) -> Answer {
    let Some(half) = &visit.half else {
        return Ok(visit.go(access::SIGN_IN));
    };
    let (code, next) = (
        entered.text("code"),
        own_path(entered.some("next")).to_owned(),
    );
    match visit.staff().second_step(half, code, &visit.address).await {
        Ok(signed_in) => Ok(entered_by(&visit, &signed_in, &next)),
        Err(error) => {
            let wrong = ("code", Texts::of(visit.language).code_wrong);
            let visit = refusing(visit, entered, "code", wrong, error)?;
            visit.page(&Page::new(visit.frame(), &next))
        }
    }
}
