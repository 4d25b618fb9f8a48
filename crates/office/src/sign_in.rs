//! Signing in by password, and signing out.

#[cfg(test)]
pub(crate) mod sample;

use super::cookie::Cookie;
use super::entered::NEXT_FIELD;
use super::visit::own_path;
use crate::page::*;
use staff::{SignIn, SignInError, SignedIn, Step};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    or: "ou", "or";
    by_provider: "Se connecter avec {label}", "Sign in with {label}";
    wrong: "L’identifiant ou le mot de passe est faux, ou le compte est désactivé. Réessayez, ou demandez un nouveau lien à un administrateur.",
        "The login or the password is wrong, or the account is disabled. Try again, or ask an administrator for a new link.";
});

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    inputs: Vec<Input>,
    next: String,
    by_provider: Option<String>,
    frame: Frame,
}

impl Page {
    fn new(frame: Frame, next: &str, provider: Option<&str>) -> Self {
        let t = Texts::of(frame.formats.language);
        let login = Input::text("login", t.login, "").autocomplete("username");
        let login = login.filled(&frame.entered, &Mistakes::default());
        let password = Input::password("password", t.password, "current-password");
        Self {
            inputs: vec![login.focus(), password],
            next: next.to_owned(),
            by_provider: provider.map(|label| fill(t.by_provider, &[("label", &label)])),
            frame,
        }
    }
}

fn page(visit: &Visit, next: &str) -> Answer {
    let provider = visit.office.role.provider.as_ref().map(|p| p.label());
    visit.page(&Page::new(visit.frame(), next, provider))
}

/// The form, with what went wrong at the provider, for its page.
pub(super) fn refused(visit: Visit, why: impl Into<String>) -> Answer {
    let mut visit = visit.wrong(Entered::default(), Mistakes::one("", why));
    visit.status = StatusCode::FORBIDDEN;
    page(&visit, "")
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let next = own_path(query.some("next"));
    if visit.session.is_some() {
        return Ok(visit.go(next));
    }
    page(&visit, next)
}

pub(crate) async fn take(visit: Visit, entered: Entered) -> Answer {
    let present = visit.session.as_ref().or(visit.half.as_ref());
    let attempt = SignIn {
        login: entered.text("login").to_owned(),
        password: entered.secret("password"),
        address: visit.address.clone(),
        present: present.map(|session| session.token.clone()),
    };
    let next = own_path(entered.some("next")).to_owned();
    match visit.staff().sign_in(attempt).await {
        Ok(signed_in) => Ok(entered_by(&visit, &signed_in, &next)),
        Err(error) => {
            let wrong = ("login", Texts::of(visit.language).wrong);
            page(&refusing(visit, entered, "password", wrong, error)?, &next)
        }
    }
}

/// The visit to show the form of a step again, which says what is wrong.
pub(super) fn refusing(
    visit: Visit,
    entered: Entered,
    step: &'static str,
    (field, wrong): (&'static str, &'static str),
    error: SignInError,
) -> Result<Visit, PageError> {
    match error {
        SignInError::Wrong => {
            note_wrong(&visit, step);
            Ok(visit.wrong(entered, Mistakes::one(field, wrong)))
        }
        SignInError::TooMany { wait_ms } => {
            let wait = visit.frame().formats.wait(wait_ms);
            let text = fill(Texts::of(visit.language).wait, &[("wait", &wait)]);
            let visit = visit.wrong(entered, Mistakes::one(field, text));
            let status = StatusCode::TOO_MANY_REQUESTS;
            Ok(Visit { status, ..visit })
        }
        SignInError::Password(error) => Err(error.into()),
        SignInError::Db(error) => Err(error.into()),
        error @ SignInError::Random(_) => Err(PageError::internal(error)),
    }
}

/// Says in the log that someone failed to sign in, and counts it; never what
/// they typed, which may be a password.
fn note_wrong(visit: &Visit, step: &'static str) {
    tracing::warn!(address = visit.address, step, "a sign-in was refused");
    metrics::counter!("passerelle_sign_ins_refused_total", "step" => step).increment(1);
}

/// Goes in, or to the second step.
pub(super) fn entered_by(visit: &Visit, signed_in: &SignedIn, next: &str) -> Response {
    let response = match signed_in.step {
        Step::Whole => visit.go(next),
        Step::SecondDue => visit.go(access::SECOND_STEP.with(&[(NEXT_FIELD, next)])),
    };
    visit.hand_over(response, &signed_in.token)
}

pub(crate) async fn leave(visit: Visit) -> Answer {
    let token = &visit.session()?.token;
    visit.staff().sign_out(token).await?;
    let mut response = visit.go_with(access::SIGN_IN, Flash::SignedOut);
    Cookie::Session.clear(response.headers_mut(), visit.jar);
    Ok(response)
}
