//! What goes wrong, as a page for people.

#[cfg(test)]
pub(crate) mod sample;

use super::access;
use super::coded::said;
use super::frame::Frame;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use db::DbError;
use kernel::causes;
use kernel::text::fill;
use staff::password::PasswordError;
use staff::{AccountError, IdentityError};
use std::error::Error;

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

impl From<IdentityError> for PageError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::TooMany { wait_ms } => Self::TooMany { wait_ms },
            IdentityError::Db(error) => error.into(),
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
}

impl ErrorPage {
    pub(crate) fn new(error: &PageError, frame: Frame, request_id: &str) -> Self {
        let language = frame.formats.language;
        let title = said!(language, error, {
            PageError::NotFound => "Cette page n’existe pas", "There is no such page";
            PageError::Forbidden => "Votre rôle ne le permet pas", "Your role does not allow this";
            PageError::Stale => "Ce formulaire n’est plus valable", "This form is no longer valid";
            PageError::TooMany { .. } => "Trop d’essais", "Too many attempts";
            PageError::Busy => "Le service est occupé", "The service is busy";
            PageError::TooLarge => "C’est trop long", "That is too long";
            PageError::Internal => "Une erreur est survenue", "Something went wrong";
        });
        let why = said!(language, error, {
            PageError::NotFound => "L’adresse est fausse, ou ce qu’elle montrait n’existe plus.",
                "The address is wrong, or what it showed is no more.";
            PageError::Forbidden => "Demandez à un administrateur, si vous en avez besoin.",
                "Ask an administrator if you need it.";
            PageError::Stale => "Votre session a changé depuis que la page est ouverte. Rien n’a été modifié. Revenez en arrière, rechargez la page et recommencez.",
                "Your session has changed since the page was opened. Nothing was changed. Go back, load the page again, and try once more.";
            PageError::TooMany { .. } => "Attendez {wait}, puis réessayez.", "Wait {wait}, then try again.";
            PageError::Busy => "Réessayez dans un instant. Rien n’a été modifié.", "Try again in a moment. Nothing was changed.";
            PageError::TooLarge => "Le formulaire dépasse la taille permise. Rien n’a été modifié.",
                "The form is larger than allowed. Nothing was changed.";
            PageError::Internal => "L’erreur est notée dans le journal du service. Si elle revient, donnez la référence {id} à la personne qui s’en occupe.",
                "The error is in the service’s log. If it comes again, give the reference {id} to whoever looks after it.";
        });
        let wait = match error {
            PageError::TooMany { wait_ms } => frame.formats.wait(*wait_ms),
            _ => String::new(),
        };
        Self {
            status: error.status().as_u16(),
            title,
            why: fill(why, &[("wait", &wait), ("id", &request_id)]),
            frame,
        }
    }
}
