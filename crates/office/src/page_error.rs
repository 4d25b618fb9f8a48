//! What goes wrong, as a page for people.

#[cfg(test)]
pub(crate) mod sample;

use super::access;
use super::frame::Frame;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use db::DbError;
use kernel::causes;
use kernel::text::fill;
use staff::AccountError;
use staff::password::PasswordError;
use std::error::Error;

kernel::texts!(Texts in Fr, En {
    not_found: "Cette page n’existe pas", "There is no such page";
    not_found_why: "L’adresse est fausse, ou ce qu’elle montrait n’existe plus.",
        "The address is wrong, or what it showed is no more.";
    forbidden: "Votre rôle ne le permet pas", "Your role does not allow this";
    forbidden_why: "Demandez à un administrateur, si vous en avez besoin.",
        "Ask an administrator if you need it.";
    stale: "Ce formulaire n’est plus valable", "This form is no longer valid";
    stale_why: "Votre session a changé depuis que la page est ouverte. Rien n’a été modifié. Revenez en arrière, rechargez la page et recommencez.",
        "Your session has changed since the page was opened. Nothing was changed. Go back, load the page again, and try once more.";
    too_many: "Trop d’essais", "Too many attempts";
    too_many_why: "Attendez {wait}, puis réessayez.", "Wait {wait}, then try again.";
    busy: "Le service est occupé", "The service is busy";
    busy_why: "Réessayez dans un instant. Rien n’a été modifié.",
        "Try again in a moment. Nothing was changed.";
    too_large: "C’est trop long", "That is too long";
    too_large_why: "Le formulaire dépasse la taille permise. Rien n’a été modifié.",
        "The form is larger than allowed. Nothing was changed.";
    internal: "Une erreur est survenue", "Something went wrong";
    internal_why: "L’erreur est notée dans le journal du service. Si elle revient, donnez la référence {id} à la personne qui s’en occupe.",
        "The error is in the service’s log. If it comes again, give the reference {id} to whoever looks after it.";
    back: "Retour à l’accueil", "Back to the start";
});

/// Why there is no other page. The guard makes a page of it.
#[derive(Debug, Clone)]
pub(crate) enum PageError {
    /// There is nothing here.
    NotFound,
    /// The role does not allow it.
    Forbidden,
    /// The form's token, or where the request comes from.
    Stale,
    /// Too many attempts.
    TooMany {
        /// How long to wait, in milliseconds.
        wait_ms: i64,
    },
    /// Too much at once.
    Busy,
    /// More than is taken.
    TooLarge,
    /// Our own fault; it has been logged.
    Internal,
}

impl PageError {
    /// Our own fault: the log learns everything, once, the outside nothing.
    pub(crate) fn internal(error: impl Error) -> Self {
        tracing::error!(error = causes(&error), "a page failed");
        Self::Internal
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::Stale => StatusCode::FORBIDDEN,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DbError> for PageError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Busy { .. } => {
                tracing::error!(error = causes(&error), "the database did not take a page");
                Self::Busy
            }
            error => Self::internal(error),
        }
    }
}

impl From<PasswordError> for PageError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy | PasswordError::Ending => Self::Busy,
            error => Self::internal(error),
        }
    }
}

impl From<AccountError> for PageError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Unknown | AccountError::NoInvitation => Self::NotFound,
            AccountError::TooMany { wait_ms } => Self::TooMany { wait_ms },
            AccountError::Password(error) => error.into(),
            AccountError::Db(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    frame: Frame,
    status: u16,
    title: &'static str,
    why: String,
    back: &'static str,
}

impl ErrorPage {
    pub(crate) fn new(error: &PageError, frame: Frame, request_id: &str) -> Self {
        let t = Texts::of(frame.formats.language);
        let (title, why) = match error {
            PageError::NotFound => (t.not_found, t.not_found_why.to_owned()),
            PageError::Forbidden => (t.forbidden, t.forbidden_why.to_owned()),
            PageError::Stale => (t.stale, t.stale_why.to_owned()),
            PageError::TooMany { wait_ms } => {
                let wait = frame.formats.wait(*wait_ms);
                (t.too_many, fill(t.too_many_why, &[("wait", &wait)]))
            }
            PageError::Busy => (t.busy, t.busy_why.to_owned()),
            PageError::TooLarge => (t.too_large, t.too_large_why.to_owned()),
            PageError::Internal => (t.internal, fill(t.internal_why, &[("id", &request_id)])),
        };
        Self {
            status: error.status().as_u16(),
            title,
            why,
            back: t.back,
            frame,
        }
    }
}
