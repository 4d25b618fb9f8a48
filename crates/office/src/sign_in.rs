//! Signing in by password, and signing out.

#[cfg(test)]
pub(crate) mod sample;

use super::cookie::Cookie;
use super::entered::NEXT_FIELD;
use super::visit::own_path;
use crate::page::{
    Answer, Entered, Flash, Frame, Input, Mistakes, PageError, Query, StatusCode, Template, Visit,
    access, fill,
};
use axum::response::Response;
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
    frame: Frame,
    t: &'static Texts,
    mistakes: Mistakes,
    login: Input,
    password: Input,
    next: String,
    by_provider: Option<String>,
}

impl Page {
    fn new(
        frame: Frame,
        login: &str,
        next: &str,
        provider: Option<&str>,
        mistakes: Mistakes,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        Self {
            login: Input::text("login", t.login, login)
                .autocomplete("username")
                .focus(),
            password: Input::password("password", t.password, "current-password"),
            next: next.to_owned(),
            by_provider: provider.map(|label| fill(t.by_provider, &[("label", label)])),
            mistakes,
            frame,
            t,
        }
    }
}

fn page(visit: &Visit, status: StatusCode, login: &str, next: &str, mistakes: Mistakes) -> Answer {
    let provider = visit.office.role.provider.as_ref().map(|p| p.label());
    let page = Page::new(visit.frame(), login, next, provider, mistakes);
    visit.page_with(status, &page)
}

/// The form, with what went wrong at the provider, for its page.
pub(super) fn refused(visit: &Visit, why: impl Into<String>) -> Answer {
    page(visit, StatusCode::FORBIDDEN, "", "", Mistakes::one("", why))
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let next = own_path(query.some("next"));
    if visit.session.is_some() {
        return Ok(visit.go(next));
    }
    page(&visit, StatusCode::OK, "", next, Mistakes::default())
}

pub(crate) async fn take(visit: Visit, entered: Entered) -> Answer {
    let next = own_path(entered.some("next"));
    let login = entered.text("login");
    let present = visit.session.as_ref().or(visit.half.as_ref());
    let attempt = SignIn {
        login: login.to_owned(),
        password: entered.secret("password"),
        address: visit.address.clone(),
        present: present.map(|session| session.token.clone()),
    };
    let t = Texts::of(visit.language);
    match visit.staff().sign_in(attempt).await {
        Ok(signed_in) => Ok(entered_by(&visit, &signed_in, next)),
        Err(SignInError::Wrong) => {
            note_wrong(&visit, "password");
            let mistakes = Mistakes::one("login", t.wrong);
            page(
                &visit,
                StatusCode::UNPROCESSABLE_ENTITY,
                login,
                next,
                mistakes,
            )
        }
        Err(SignInError::TooMany { wait_ms }) => {
            let wait = visit.frame().formats.wait(wait_ms);
            let mistakes = Mistakes::one("login", fill(t.wait, &[("wait", &wait)]));
            page(&visit, StatusCode::TOO_MANY_REQUESTS, login, next, mistakes)
        }
        Err(SignInError::Password(error)) => Err(error.into()),
        Err(SignInError::Db(error)) => Err(error.into()),
        Err(error @ SignInError::Random(_)) => Err(PageError::internal(error)),
    }
}

/// Says in the log that someone failed to sign in, and counts it; never what
/// they typed, which may be a password.
pub(super) fn note_wrong(visit: &Visit, step: &'static str) {
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
    Cookie::Session.clear(response.headers_mut(), visit.office.secure);
    Ok(response)
}
