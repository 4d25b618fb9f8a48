//! Why an answer is not known.

use crate::Refusal;
use crate::contract::UnknownCode;

/// Why Otipass's answer is not known. Whether the question reached Otipass is
/// certain only for [`Unreachable`](AskError::Unreachable) (no) and the three
/// refusals by status (yes).
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No answer within the time given.
    #[error(
        "Otipass at {host} did not answer within {within_ms} ms; if this lasts, check the line and ask Otipass"
    )]
    TimedOut {
        /// The host of the URL, with its port if it names one.
        host: String,
        /// The time given.
        within_ms: u128,
        /// What was going on.
        source: reqwest::Error,
    },
    /// No connection: nothing was sent.
    #[error(
        "Otipass at {host} cannot be reached; check the URL, the line, and that firewall and proxy let this host through"
    )]
    Unreachable {
        /// The host of the URL, with its port if it names one.
        host: String,
        /// Why there is no connection.
        source: reqwest::Error,
    },
    /// The connection broke after the question went out: Otipass may have
    /// counted it.
    #[error(
        "the connection to Otipass at {host} broke before its answer was complete; if this lasts, check the line and ask Otipass"
    )]
    AnswerLost {
        /// The host of the URL, with its port if it names one.
        host: String,
        /// How it broke.
        source: reqwest::Error,
    },
    /// The proxy wants credentials of its own (HTTP 407).
    #[error(
        "the proxy refused to connect to Otipass at {host}; let this host through on the proxy, or enter the proxy's user name and password in its URL"
    )]
    ProxyRefused {
        /// The host of the URL, with its port if it names one.
        host: String,
        /// The proxy's refusal, if it came instead of a connection.
        source: Option<reqwest::Error>,
    },
    /// Otipass does not accept the credentials (HTTP 401 or 403).
    #[error(
        "Otipass at {host} refused the credentials with HTTP status {status}; enter the user name and password, or the API key, that Otipass gave for this project"
    )]
    CredentialsRefused {
        /// The host of the URL, with its port if it names one.
        host: String,
        /// 401 or 403.
        status: u16,
    },
    /// Any other status than success.
    #[error(
        "Otipass at {host} answered with HTTP status {status} instead of an answer; check the URL and the project id, and ask Otipass if this lasts"
    )]
    HttpStatus {
        /// The host of the URL, with its port if it names one.
        host: String,
        /// The status.
        status: u16,
    },
    /// Success, but not an answer of the contract.
    #[error(
        "Otipass at {host} gave an answer that is not understood; check that the URL leads to Otipass itself and not to a sign-in page of the network"
    )]
    NotUnderstood {
        /// The host of the URL, with its port if it names one.
        host: String,
        /// What is wrong with it.
        source: NotUnderstood,
    },
}

/// What is wrong with an answer. Its text is never repeated: it may hold a card
/// number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUnderstood {
    /// Longer than any answer can be.
    #[error("the answer is longer than {limit_bytes} bytes")]
    TooLong {
        /// The most bytes that are read.
        limit_bytes: usize,
    },
    /// Not JSON, or not the fields of the contract.
    #[error(
        "the answer is not the JSON of the contract; reading stopped at line {line}, column {column}"
    )]
    NotTheContract {
        /// Line of the answer, from 1.
        line: usize,
        /// Byte of the line.
        column: usize,
    },
    /// A code nobody told us.
    #[error(transparent)]
    Code(#[from] UnknownCode),
    /// A cancellation that is not granted; the contract grants every one.
    #[error(
        "a cancellation was answered with {refusal} instead of yes; ask Otipass what its answer to a cancellation is"
    )]
    CancellationRefused {
        /// What was answered.
        refusal: Refusal,
    },
}
