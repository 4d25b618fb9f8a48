use crate::wire::StatusCode;
use std::collections::BTreeSet;
use std::time::Duration;

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientSetupError {
    /// The base URL is none, or has a user. It is not repeated: a password may stand in it.
    #[error(
        "the access control service's URL is none, or has a user name or password; write it like https://<institution>.ws.secutix.com/tnci/backend-apis/externalAccessControlService/v1_4"
    )]
    Url,
    /// The URL names a version before 1.4.
    #[error(
        "the access control service's URL ends in version {major}.{minor}, which does not know seasons and products of foreign barcodes; write v1_4 and have the interface's API version raised to 1.4"
    )]
    VersionTooOld {
        /// The number before the underscore.
        major: u32,
        /// The number after it.
        minor: u32,
    },
    /// The proxy is no URL. It is not repeated: a password may stand in it.
    #[error("ticketing's proxy is not a URL; write it like http://proxy.example.org:3128")]
    Proxy,
    /// The file of the private authority holds no certificate.
    #[error(
        "ticketing's authority_file holds no certificate; it must be PEM, with a part that begins with -----BEGIN CERTIFICATE-----"
    )]
    Authority,
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up; check the machine's TLS and proxy settings")]
    Http(#[source] reqwest::Error),
}

/// Why a call gave nothing. No text repeats a barcode.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// 429 or 509: too many calls.
    #[error(
        "the access control service refuses more calls for now; wait, or lower calls_per_minute if it happens often"
    )]
    RateLimited {
        /// How long the service asks to wait (`Retry-After` in seconds), if it says.
        retry_after: Option<Duration>,
    },
    /// The service did not do its work; the same call may succeed later.
    #[error("the access control service is not available")]
    Unavailable(#[source] Outage),
    /// 401: token not accepted.
    #[error(
        "the access control service does not accept our token; compare institution, operator, issuer, password and the clocks of both sides"
    )]
    Unauthorised,
    /// 407: the proxy on the way wants credentials.
    #[error(
        "the proxy on the way to ticketing refuses us (HTTP 407); let this address through on the proxy, or enter user name and password in the URL of [access_control] proxy"
    )]
    ProxyCredentials,
    /// Another 4xx, or an answer whose status code is not `OK`: repeating the
    /// same call will not help.
    #[error("the access control service refuses the call ({status}): {detail}")]
    Refused {
        /// The HTTP status.
        http_status: u16,
        /// `statusCode` of the answer, or `HTTP <status>` where it has none.
        status: StatusCode,
        /// `statusDetail` of the answer, long numbers removed.
        detail: String,
    },
    /// An answer that is none of the service's.
    #[error(
        "what answers at the access control service's address is not the service: {what}; check the URL and the proxy"
    )]
    NotUnderstood {
        /// What was found instead.
        what: String,
    },
    /// The service says that the call was done, and gives it in a shape that nobody
    /// documented.
    #[error("the access control service answers in a shape that is not known: {what}")]
    UnusualAnswer {
        /// What is missing or different.
        what: String,
        /// Everything that the answer names, but what belongs to every answer.
        names: BTreeSet<String>,
    },
    /// More tickets than one call may carry; nothing was sent.
    #[error("{count} controlled tickets are too many for one call; send at most {limit}")]
    BatchTooLarge {
        /// How many were given.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
}

/// Whose fault it is that a call gave nothing, and so what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody's: the same call may succeed later without anyone's help.
    Passing,
    /// The set-up's: no call succeeds until a person has changed something, here or
    /// there.
    SetUp,
    /// That of what the call carries; or the service would refuse whatever it carries,
    /// which only another call can tell.
    Content,
}

impl CallError {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::RateLimited { .. } | Self::Unavailable(_) => Fault::Passing,
            Self::Refused {
                http_status: 200..=299 | 400 | 409 | 413 | 422,
                ..
            }
            | Self::UnusualAnswer { .. } => Fault::Content,
            Self::Unauthorised
            | Self::ProxyCredentials
            | Self::Refused { .. }
            | Self::NotUnderstood { .. }
            | Self::BatchTooLarge { .. } => Fault::SetUp,
        }
    }

    /// How long the service asks to wait, if it says.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after }
            | Self::Unavailable(Outage::Status { retry_after, .. }) => *retry_after,
            _ => None,
        }
    }
}

/// In which way the service was not available.
#[derive(Debug, thiserror::Error)]
pub enum Outage {
    /// No connection: name not found, refused, TLS not accepted.
    #[error("no connection; check URL, network, proxy and certificate")]
    NotReached(#[source] reqwest::Error),
    /// No connection by way of the proxy; its own password is not told.
    #[error(
        "no connection by way of the proxy {proxy}; check the proxy, then URL, network and certificate"
    )]
    NotReachedByProxy {
        /// Where the proxy is.
        proxy: String,
        /// What went wrong.
        #[source]
        source: reqwest::Error,
    },
    /// No whole answer within the time-out.
    #[error("no answer within {timeout_ms} ms")]
    TimedOut {
        /// The time-out.
        timeout_ms: u64,
    },
    /// The connection broke on the way; the call may or may not have been done.
    #[error("the connection broke before the whole answer was there")]
    Broken(#[source] reqwest::Error),
    /// HTTP 5xx or 408.
    #[error("it answers HTTP {http_status}")]
    Status {
        /// The HTTP status.
        http_status: u16,
        /// How long it asks to wait (`Retry-After` in seconds), if it says.
        retry_after: Option<Duration>,
    },
    /// Status code `INTERNAL_ERROR`.
    #[error("it reports an internal error: {detail}")]
    Internal {
        /// `statusDetail` of the answer, long numbers removed.
        detail: String,
    },
}
