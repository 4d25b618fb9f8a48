//! The one type that turns errors into answers (RFC 9457).

use crate::decode::FrameError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use db::DbError;
use gate::decide::rules::NotPermitted;
use gate::{
    CancelError, CheckError, EnrolError, JournalError, LookError, NoteInvalid, ScanRefused,
    TokenError,
};
use kernel::causes;
use serde::Serialize;
use std::error::Error;
use utoipa::ToSchema;

/// What went wrong, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:passerelle:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:passerelle:problem:check_id_conflict")]
    kind: String,
    /// What happened, the same for each problem of this code.
    #[schema(example = "The check id belongs to another scan")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// The stable name of the problem, to program against.
    #[schema(example = "check_id_conflict")]
    code: &'static str,
    /// Why, and what to do.
    detail: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: String) -> Self {
        Self {
            kind: format!("urn:passerelle:problem:{code}"),
            title,
            status: status.as_u16(),
            code,
            detail,
        }
    }

    /// The body is not what the interface describes.
    pub(crate) fn body_invalid(detail: String) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "body_invalid",
            "The body cannot be read",
            detail,
        )
    }

    pub(crate) fn body_too_large(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body is too large",
            format!(
                "At most {limit_bytes} bytes are taken. Send smaller batches of checks, or a smaller picture."
            ),
        )
    }

    pub(crate) fn token_invalid() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "token_invalid",
            "The device is not known",
            "Send the header `Authorization: Bearer` with the device's token. If it was revoked or \
             lost, ask for a new one."
                .to_owned(),
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here",
            "See /api/docs for what there is.".to_owned(),
        )
    }

    /// The gate cannot open yet.
    pub(crate) fn not_set_up() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_set_up",
            "The set-up is not complete",
            "The gate cannot decide yet. Complete the set-up in the back office, under \
             /office/set-up; /health/ready names what is missing."
                .to_owned(),
        )
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This address does not take this method",
            "See /api/docs for the methods it takes.".to_owned(),
        )
    }

    /// Devices go by detection only, or Otipass has not been asked yet.
    pub(crate) fn no_pass_list() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_pass_list",
            "There is no pass list",
            "Devices of this site admit every recognised pass when they are offline, or the list has \
             not been read yet; `offline_policy` of /api/v1/device says which."
                .to_owned(),
        )
    }

    /// The query cannot be read.
    pub(crate) fn query_invalid(detail: String) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "query_invalid",
            "The query cannot be read",
            detail,
        )
    }

    /// More is in hand than is good for those who wait.
    pub(crate) fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too many are in hand",
            "Send the same request again in a moment.".to_owned(),
        )
    }

    /// The database did not do it: the outside learns that much.
    fn unavailable(error: &dyn Error) -> Self {
        tracing::error!(error = causes(error), "the database did not take a request");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "It cannot be kept at the moment",
            "Send the same request again, a check under the same id.".to_owned(),
        )
    }

    /// Our own fault: the outside learns nothing, the log everything, once.
    pub(crate) fn internal(error: &dyn Error) -> Self {
        tracing::error!(error = causes(error), "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong here",
            "Send the same request again, a check under the same id; if it keeps failing, give the \
             x-request-id of this answer to whoever runs the server."
                .to_owned(),
        )
    }
}

impl From<CheckError> for Problem {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Refused(refused @ ScanRefused::CodeTooLong { .. }) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "code_too_long",
                "The code is too long",
                format!("{}.", sentence(&refused)),
            ),
            CheckError::Refused(refused @ ScanRefused::ClockStandsStill) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "clock_stands_still",
                "The device's clock stands still",
                format!("{}.", sentence(&refused)),
            ),
            open @ CheckError::StaysOpen(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "check_stays_open",
                "The check cannot be decided at the moment",
                format!("{}.", sentence(&open)),
            ),
            conflict @ CheckError::Conflict(_) => Self::new(
                StatusCode::CONFLICT,
                "check_id_conflict",
                "The check id belongs to another scan",
                format!("{}. Nothing was changed.", sentence(&conflict)),
            ),
            CheckError::NotPermitted(NotPermitted::ForcedEntry) => Self::new(
                StatusCode::FORBIDDEN,
                "forced_entry_not_allowed",
                "This device may not force an entry",
                format!("{}.", sentence(&error)),
            ),
            CheckError::NotPermitted(NotPermitted::Direction) => Self::new(
                StatusCode::FORBIDDEN,
                "direction_not_allowed",
                "This device stands for the other direction",
                format!("{}.", sentence(&error)),
            ),
            CheckError::Db(error) => error.into(),
            error @ CheckError::Barcode(_) => Self::internal(&error),
        }
    }
}

impl From<NoteInvalid> for Problem {
    fn from(error: NoteInvalid) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "note_invalid",
            "The note of a forced entry is missing or too long",
            format!("{}.", sentence(&error)),
        )
    }
}

impl From<ScanRefused> for Problem {
    fn from(refused: ScanRefused) -> Self {
        CheckError::Refused(refused).into()
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::CheckUnknown(_) => Self::new(
                StatusCode::NOT_FOUND,
                "check_unknown",
                "The check is not known",
                format!("{}.", sentence(&error)),
            ),
            CancelError::NotCancellable(..) => Self::new(
                StatusCode::CONFLICT,
                "not_cancellable",
                "The entry cannot be cancelled",
                format!("{}. Nothing was changed.", sentence(&error)),
            ),
            CancelError::Db(error) => error.into(),
        }
    }
}

impl From<LookError> for Problem {
    fn from(error: LookError) -> Self {
        match error {
            LookError::NotAllowed => Self::new(
                StatusCode::FORBIDDEN,
                "help_desk_not_allowed",
                "This device may not look at passes",
                format!("{}.", sentence(&error)),
            ),
            LookError::Refused(refused) => refused.into(),
            LookError::Db(error) => error.into(),
            error @ LookError::Reference(_) => Self::internal(&error),
        }
    }
}

impl From<EnrolError> for Problem {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::CodeInvalid => Self::new(
                StatusCode::NOT_FOUND,
                "enrolment_code_invalid",
                "The code is not valid",
                format!("{}.", sentence(&error)),
            ),
            EnrolError::TooManyAttempts => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "Too many wrong codes",
                format!("{}.", sentence(&error)),
            ),
            EnrolError::Db(error) => error.into(),
        }
    }
}

impl From<FrameError> for Problem {
    fn from(error: FrameError) -> Self {
        match error {
            error @ FrameError::TooLarge { .. } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "image_too_large",
                "The picture is too large",
                format!("The picture cannot be taken: {error}. Send a smaller one."),
            ),
            error => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "image_invalid",
                "The picture cannot be read",
                format!("The picture cannot be read: {}.", causes(&error)),
            ),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::TooLarge(_) | JournalError::TooManyCancellations(_) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "batch_too_large",
                "The batch is too large",
                format!(
                    "{}. Nothing was kept; send smaller batches.",
                    sentence(&error)
                ),
            ),
            JournalError::Db(error) => error.into(),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Db(error) => error.into(),
            error @ TokenError::UnknownDevice(_) => Self::internal(&error),
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: db::DbError) -> Self {
        match error {
            DbError::Unavailable(_)
            | DbError::Busy { .. }
            | DbError::Commit(_)
            | DbError::CommitUnknown(_)
            | DbError::Closed => Self::unavailable(&error),
            error => Self::internal(&error),
        }
    }
}

fn sentence(error: &dyn Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        match status {
            StatusCode::UNAUTHORIZED => {
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::TOO_MANY_REQUESTS => {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            _ => {}
        }
        response
    }
}
