//! What is not an answer, as HTTP has it (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use deviceapi::ProblemCode;
use gate::Told;
use kernel::causes;
use std::error::Error;

/// What went wrong: the one type that turns errors into answers.
#[derive(Debug)]
pub struct Problem(deviceapi::Problem);

impl Problem {
    pub(crate) fn new(code: ProblemCode, detail: String) -> Self {
        Self(deviceapi::Problem::new(code, detail))
    }

    /// One that says what to do, and no more.
    pub(crate) fn of(code: ProblemCode) -> Self {
        Self(code.into())
    }

    /// Our own fault: the outside learns nothing, the log everything, once.
    pub(crate) fn internal(error: &dyn Error) -> Self {
        tracing::error!(error = causes(error), "a request failed");
        Self::of(ProblemCode::Internal)
    }
}

impl<E: Told + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(gate::problem(&error))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
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
