//! What can be different at another's access control service, each with its default.

use crate::token::{Caller, TokenStyle};
use secrecy::SecretString;
use std::num::NonZeroU32;

kernel::words! {
    /// How the `requestId` of a call is written. Documented as an integer; seen as
    /// number and as text.
    #[derive(Default)]
    pub enum RequestIds: "form of request ids" {
        /// An integer, another one for each call.
        #[default]
        Number = "number",
        /// A text that says what the call carries, with such an integer.
        Text = "text",
    }
}

/// Where the service is and how to speak to it.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Up to and with the version:
    /// `https://<institution>.ws.secutix.com/tnci/backend-apis/externalAccessControlService/v1_4`.
    pub base_url: String,
    /// Who calls it.
    pub caller: Caller,
    /// How its tokens are made.
    pub token: TokenStyle,
    /// How request ids are written.
    pub request_ids: RequestIds,
    /// The word for an entry that was taken back; empty if the service has none, which
    /// is then not told.
    pub cancelled_word: String,
    /// How many calls may go out in a minute, all methods together.
    pub calls_per_minute: NonZeroU32,
    /// How long a call may take from connecting to the end of the answer. The
    /// wait for a turn under the rate limit is not part of it.
    pub timeout_ms: u64,
    /// The proxy on the way, in whose URL a password may stand; without it, the
    /// machine's own settings count.
    pub proxy: Option<SecretString>,
    /// Certificates in PEM of those who vouch for the service besides the authorities
    /// that the machine knows.
    pub authority_pem: Option<Vec<u8>>,
}

impl ClientSettings {
    /// The calls a minute that our own service takes, which is the documented limit.
    pub const CALLS_PER_MINUTE_OF_OURS: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
    /// The calls a minute that the owner of another service asks for: controls are to
    /// be returned at most once a minute.
    pub const CALLS_PER_MINUTE_OF_OTHERS: NonZeroU32 = NonZeroU32::MIN;
    /// The time-out unless configured.
    pub const DEFAULT_TIMEOUT_MS: u64 = 10_000;
    /// The word for an entry that was taken back, unless configured (assumed).
    pub const DEFAULT_CANCELLED_WORD: &str = "CANCELLED_TICKET";

    /// Settings with the defaults, and the pace of our own service.
    #[must_use]
    pub fn new(base_url: String, caller: Caller) -> Self {
        Self {
            base_url,
            caller,
            token: TokenStyle::default(),
            request_ids: RequestIds::default(),
            cancelled_word: Self::DEFAULT_CANCELLED_WORD.to_owned(),
            calls_per_minute: Self::CALLS_PER_MINUTE_OF_OURS,
            timeout_ms: Self::DEFAULT_TIMEOUT_MS,
            proxy: None,
            authority_pem: None,
        }
    }
}

/// The version at the end of a service URL, `(1, 4)` for `…/v1_4`; `None` if
/// there is none.
#[must_use]
pub fn api_version(base_url: &str) -> Option<(u32, u32)> {
    let last = base_url.trim_end_matches('/').rsplit('/').next()?;
    let (major, minor) = last.strip_prefix(['v', 'V'])?.split_once('_')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
