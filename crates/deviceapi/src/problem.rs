//! What is not an answer: `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:passerelle:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, the same for each problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable name of the problem, to program against.
    #[schema(value_type = String)]
    pub code: ProblemCode,
    /// Why, and what to do.
    pub detail: String,
}

impl Problem {
    /// A problem of this code, and why it came.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: kind(&code),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
        }
    }

    /// Whether it is one of the device API, and not of something on the way there.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.kind == kind(&self.code)
    }
}

fn kind(code: &ProblemCode) -> String {
    format!("urn:passerelle:problem:{code}")
}

impl From<ProblemCode> for Problem {
    /// What to do is all there is to say.
    fn from(code: ProblemCode) -> Self {
        let detail = code.cure();
        Self::new(code, detail)
    }
}

/// One row for each: name, word, status, what happened, and what to do.
macro_rules! problems {
    ($($name:ident = $code:literal $status:literal $title:literal $cure:literal)*) => {
        kernel::open_words! {
            /// The stable name of a problem. Devices keep those that they don't
            /// know.
            pub enum ProblemCode {
                $(#[doc = $title] $name = $code,)*
            }
        }

        impl ProblemCode {
            /// Those the server can give, by their statuses.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The HTTP status.
            #[must_use]
            pub const fn status(&self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                    Self::Other(_) => 500,
                }
            }

            /// What happened, for people.
            #[must_use]
            pub const fn title(&self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                    Self::Other(_) => "",
                }
            }

            /// What to do, for people.
            #[must_use]
            pub const fn cure(&self) -> &'static str {
                match self {
                    $(Self::$name => $cure,)*
                    Self::Other(_) => "",
                }
            }
        }
    };
}

problems! {
    BodyInvalid = "body_invalid" 400 "The body cannot be read"
        "Correct the request; `detail` names the place."
    QueryInvalid = "query_invalid" 400 "The query cannot be read"
        "Correct the query; `detail` names the place."
    TokenInvalid = "token_invalid" 401 "The device is not known"
        "Send the header `Authorization: Bearer` with the device's token. If it was revoked or lost, \
         ask for a new one."
    DirectionNotAllowed = "direction_not_allowed" 403 "This device stands for the other direction"
        "The device's setting `switch_direction` allows it."
    ForcedEntryNotAllowed = "forced_entry_not_allowed" 403 "This device may not force an entry"
        "The device's setting `forced_entry` allows it."
    SeveralPersonsNotAllowed = "several_persons_not_allowed" 403 "This device lets in one person on a code"
        "The device's setting `several_persons` allows it."
    HelpDeskNotAllowed = "help_desk_not_allowed" 403 "This device may not look at passes"
        "The device's setting `help_desk` allows it."
    CheckUnknown = "check_unknown" 404 "The check is not known"
        "Send the check first."
    EnrolmentCodeInvalid = "enrolment_code_invalid" 404 "The code is not valid"
        "It is unknown, used or expired; ask for a new one."
    NoPassList = "no_pass_list" 404 "There is no pass list"
        "Devices of this site admit every recognised pass when they are offline, or the list has \
         not been read yet; `offline_policy` of /api/v1/device says which."
    NotFound = "not_found" 404 "There is nothing here"
        "See /api/docs for what there is."
    MethodNotAllowed = "method_not_allowed" 405 "This address does not take this method"
        "See /api/docs for the methods it takes."
    CheckIdConflict = "check_id_conflict" 409 "The check id belongs to another scan"
        "Nothing was changed; look for the fault in the device, and choose a new id."
    NotCancellable = "not_cancellable" 409 "The entry cannot be cancelled"
        "Nothing was changed; don't send it again. `detail` says what stands against it."
    BatchTooLarge = "batch_too_large" 413 "The batch is too large"
        "Nothing was kept; send smaller batches."
    BodyTooLarge = "body_too_large" 413 "The body is too large"
        "Send smaller batches of checks, or a smaller picture."
    ImageTooLarge = "image_too_large" 413 "The picture is too large"
        "Send a smaller one."
    CodeTooLong = "code_too_long" 422 "The code is too long"
        "Don't send it again; it is no pass."
    ClockStandsStill = "clock_stands_still" 422 "The device's clock stands still"
        "Set the device's clock."
    NoteInvalid = "note_invalid" 422 "The note of a forced entry is missing or too long"
        "Ask the agent again."
    ImageInvalid = "image_invalid" 422 "The picture cannot be read"
        "It is neither JPEG nor PNG, or broken; send another frame."
    EnrolmentRevoked = "enrolment_revoked" 422 "The enrolment was revoked"
        "What the device did under it was put aside; an administrator settles it in the back \
         office, under Set aside."
    EnrolmentUnknown = "enrolment_unknown" 422 "The enrolment is not known here"
        "It was put aside, to be settled in the back office. Was the device enrolled at another \
         server, or was a backup restored?"
    TooManyAttempts = "too_many_attempts" 429 "Too many wrong codes"
        "Try again after `Retry-After`."
    Internal = "internal" 500 "Something went wrong here"
        "Send the same request again, a check under the same id; if it keeps failing, give the \
         x-request-id of this answer to whoever runs the server."
    NotSetUp = "not_set_up" 503 "The set-up is not complete"
        "The gate cannot decide yet. Complete the set-up in the back office, under \
         /office/set-up; /health/ready names what is missing."
    Unavailable = "unavailable" 503 "It cannot be kept at the moment"
        "Send the same request again, a check under the same id."
    AsideFull = "aside_full" 503 "Too much of this device lies aside"
        "Nothing was kept. Settle in the back office what lies aside, then it is taken."
    Busy = "busy" 503 "Too many are in hand"
        "Send the same request again in a moment."
    CheckStaysOpen = "check_stays_open" 503 "The check cannot be decided at the moment"
        "Send it again under the same id; the answer comes when Otipass does."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_for_people_has_each_problem_with_its_status() {
        let document = include_str!("../../../docs/interfaces/device-api.md");
        for code in ProblemCode::ALL {
            let row = format!("| `{code}` | {} |", code.status());
            assert!(document.contains(&row), "{row}");
        }
    }
}
