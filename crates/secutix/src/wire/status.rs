use serde::{Deserialize, Serialize};

kernel::open_words! {
    /// `statusCode` of an answer. That the field exists is documented, its values
    /// are not: all but `OK` are assumed.
    pub enum StatusCode {
        /// `OK`: done; also when single tickets of a batch were refused.
        Ok = "OK",
        /// `INVALID_REQUEST`: the request as a whole cannot be read.
        InvalidRequest = "INVALID_REQUEST",
        /// `TOO_MANY_TICKETS`: more than
        /// [`MAX_CONTROLLED_TICKETS`](super::MAX_CONTROLLED_TICKETS) in one call.
        TooManyTickets = "TOO_MANY_TICKETS",
        /// `TICKET_NOT_FOUND`: no ticket has this barcode or tax number.
        TicketNotFound = "TICKET_NOT_FOUND",
        /// `SEASON_NOT_FOUND`: no season has this code.
        SeasonNotFound = "SEASON_NOT_FOUND",
        /// `INTERNAL_ERROR`: the service failed; the call may be repeated.
        InternalError = "INTERNAL_ERROR",
    }
}

/// What a service says of a call that was done; in any case. `OK` is assumed, `success`
/// was seen in public clients of sibling services.
const SUCCESS: [&str; 5] = ["OK", "SUCCESS", "SUCCESSFUL", "SUCCEEDED", "DONE"];

impl StatusCode {
    /// The code that somebody else means: our own words, and those for a success, in any
    /// case and with anything around them.
    #[must_use]
    pub fn meant(text: &str) -> Self {
        let word = text.trim().to_ascii_uppercase();
        match Self::from(word.as_str()) {
            Self::Other(_) if SUCCESS.contains(&word.as_str()) => Self::Ok,
            Self::Other(_) => Self::Other(text.trim().to_owned()),
            known => known,
        }
    }

    /// The HTTP status with which our own service sends this code. A question
    /// that was understood and has no answer is 200.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Ok | Self::TicketNotFound | Self::SeasonNotFound => 200,
            Self::InvalidRequest | Self::Other(_) => 400,
            Self::TooManyTickets => 413,
            Self::InternalError => 500,
        }
    }
}

/// What every answer carries beside its own fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerStatus {
    /// The `requestId` of the request, repeated.
    #[serde(default, deserialize_with = "super::request_id")]
    pub request_id: String,
    /// How it went.
    pub status_code: StatusCode,
    /// Why it went so, for a person; absent when there is nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_detail: Option<String>,
}

/// A whole answer as the service side sends it: the status, and the fields of
/// `T` beside it in the same object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer<T> {
    /// Request id, status code and detail.
    #[serde(flatten)]
    pub status: AnswerStatus,
    /// What the method gives; `None` if it failed.
    #[serde(flatten)]
    pub body: Option<T>,
}

impl<T> Answer<T> {
    /// An answer with status `OK`.
    #[must_use]
    pub fn ok(request_id: String, body: T) -> Self {
        Self {
            status: AnswerStatus {
                request_id,
                status_code: StatusCode::Ok,
                status_detail: None,
            },
            body: Some(body),
        }
    }

    /// An answer that says why there is nothing else in it.
    #[must_use]
    pub fn failed(request_id: String, status_code: StatusCode, detail: String) -> Self {
        Self {
            status: AnswerStatus {
                request_id,
                status_code,
                status_detail: Some(detail),
            },
            body: None,
        }
    }
}
