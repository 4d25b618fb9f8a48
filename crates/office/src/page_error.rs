//! What goes wrong where a page was asked for.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use db::DbError;
use gate::TokenError;
use kernel::causes;
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
            error if error.is_of_the_store() => {
                tracing::error!(error = causes(&error), "the database did not take a page");
                Self::Busy
            }
            error => Self::internal(error),
        }
    }
}

impl From<TokenError> for PageError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::UnknownDevice(_) => Self::NotFound,
            TokenError::Db(error) => error.into(),
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
