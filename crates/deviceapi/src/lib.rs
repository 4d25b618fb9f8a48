//! What devices and server say to each other, once for both sides: the messages
//! of the device API with their words, limits and problems. `EXAMPLES` has one
//! of each; the API's document shows them, and the scanner page is tried on
//! them.
//!
//! What never goes in: what a message leads to. The server's rules are `gate`'s,
//! the turnstile's are `edge`'s.

mod batch;
mod cancellation;
mod check;
mod decode;
mod device;
mod enrolment;
mod examples;
mod look;
pub mod pass_list;
mod problem;
mod word;

pub use batch::{
    BATCH_LIMIT, BatchAnswer, BatchParts, BatchRequest, BatchResult, CancellationResult,
};
pub use cancellation::{CANCEL_WITHIN_MS, CancellationAnswer, CancellationRequest};
pub use check::{
    CODE_LIMIT_BYTES, CheckAnswer, CheckRequest, EarlierEntry, NOTE_LIMIT_CHARS, Personal,
};
pub use decode::{DecodeAnswer, DecodedCode};
pub use device::{Detection, DeviceReport, DeviceSettings, DeviceSnapshot};
pub use enrolment::{EnrolmentAnswer, EnrolmentRequest};
pub use examples::{EXAMPLES, Example, Part};
pub use look::{LookAnswer, LookEntry, LookRequest};
pub use problem::{Problem, ProblemCode};
pub use word::{CancelCause, Direction, Mode, OfflinePolicy};

/// The most a request's body may have, in bytes.
pub const BODY_LIMIT_BYTES: usize = 1024 * 1024;
