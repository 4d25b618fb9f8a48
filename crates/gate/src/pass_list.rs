//! The pass list: what a device without network knows of passes that are
//! refused everywhere. Only with the policy `guarded`.
//!
//! For each reason there is a binary fuse filter over the keys of the refused
//! passes, about 9 bits a pass. A filter never misses a pass that is in it, and
//! takes one in 256 others for one. So the list names, as exceptions, each pass
//! that Otipass knows and that a filter takes wrongly: **no pass that was known
//! to be good when the list was made is refused by it.** Only a pass that
//! Otipass did not know at that moment can be, three times in 256 at most; its
//! way out is the forced entry, or the network.
//!
//! `filter` and [`DeviceList`] are pure. `vectors/pass_list.json` holds lists,
//! signatures and answers for every implementation.

mod device_list;
mod filter;
mod refresh;
mod store;

pub use device_list::{DeviceList, ListProblem, MAX_AGE_MS, NOT_SOLD_MAX_AGE_MS};
pub use filter::{ConstructionFailed, Filter, InvalidFilter, build};
pub use refresh::{PASSES_LIMIT, PassLists, RefreshError, Refreshed};

use crate::DeviceToken;
use kernel::{CardNumber, Timestamp, hex};
use otipass::Refusal;
use ring::hmac;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The most bytes of a list.
pub const BODY_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// What stands for a card number in the list: the first 8 bytes of the SHA-256
/// of `passerelle-pass-list:` and the number. Two numbers in a million passes share
/// one with a probability below one in ten million.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PassKey(pub(crate) u64);

/// What stands before a card number when its key is made.
const PREFIX: &str = "passerelle-pass-list:";

impl PassKey {
    /// The key of a card number.
    #[must_use]
    pub fn of(card: &CardNumber) -> Self {
        let mut hash = Sha256::new();
        hash.update(PREFIX);
        hash.update(card.reveal());
        let mut first = [0; 8];
        first.copy_from_slice(&hash.finalize()[..8]);
        Self(u64::from_be_bytes(first))
    }
}

impl fmt::Debug for PassKey {
    /// Masked: who knows all numbers finds the card number that belongs to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassKey(…)")
    }
}

/// A text that is no [`PassKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has 16 digits from 0-9 and a-f")]
pub struct InvalidKey;

impl TryFrom<String> for PassKey {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        let hex = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 16 || !text.bytes().all(hex) {
            return Err(InvalidKey);
        }
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(|_| InvalidKey)
    }
}

impl From<PassKey> for String {
    fn from(key: PassKey) -> String {
        format!("{:016x}", key.0)
    }
}

kernel::words! {
    /// Why a listed pass is refused, by the name of its refusal; in the order in
    /// which a device looks.
    pub enum ListReason: "reason of the pass list" {
        /// It was declared invalid.
        Blocked = "pass_blocked",
        /// Its period is over.
        Expired = "pass_expired",
        /// It was made and never sold. This may change any moment, so it is the
        /// first to be believed no longer.
        NotSold = "pass_not_sold",
    }
}

impl ListReason {
    /// The reason that a refusal by Otipass puts on the list, if any.
    #[must_use]
    pub const fn of(refusal: Refusal) -> Option<Self> {
        match refusal {
            Refusal::PassBlocked => Some(Self::Blocked),
            Refusal::PassExpired => Some(Self::Expired),
            Refusal::PassNotSold => Some(Self::NotSold),
            Refusal::UnknownPass | Refusal::ServiceNotIncluded | Refusal::AlreadyUsed => None,
        }
    }

    /// The refusal that the visitor is told.
    #[must_use]
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::Blocked => Refusal::PassBlocked,
            Self::Expired => Refusal::PassExpired,
            Self::NotSold => Refusal::PassNotSold,
        }
    }
}

/// Something for each reason, under the name of its refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByReason<T> {
    /// For [`ListReason::Blocked`].
    pub pass_blocked: T,
    /// For [`ListReason::Expired`].
    pub pass_expired: T,
    /// For [`ListReason::NotSold`].
    pub pass_not_sold: T,
}

impl<T> ByReason<T> {
    /// What there is for `reason`.
    pub const fn get(&self, reason: ListReason) -> &T {
        match reason {
            ListReason::Blocked => &self.pass_blocked,
            ListReason::Expired => &self.pass_expired,
            ListReason::NotSold => &self.pass_not_sold,
        }
    }

    /// The same, to change it.
    pub const fn get_mut(&mut self, reason: ListReason) -> &mut T {
        match reason {
            ListReason::Blocked => &mut self.pass_blocked,
            ListReason::Expired => &mut self.pass_expired,
            ListReason::NotSold => &mut self.pass_not_sold,
        }
    }
}

/// What a device is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ListBody {
    /// All that is refused.
    Whole(Whole),
    /// What has changed since an earlier version.
    Difference(Difference),
}

/// All that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// Grows with each change.
    pub version: i64,
    /// When Otipass was asked.
    pub dated: Timestamp,
    /// The filters and their exceptions.
    #[serde(flatten)]
    pub content: Content,
}

/// The filters with the passes that they take wrongly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// One filter a reason; `None` if nothing is refused for it.
    pub filters: ByReason<Option<Filter>>,
    /// Passes that the filters say nothing about, whatever they seem to say.
    pub exceptions: Vec<PassKey>,
}

/// What has changed since an earlier version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// That version.
    pub since: i64,
    /// The version it leads to.
    pub version: i64,
    /// When Otipass was asked.
    pub dated: Timestamp,
    /// Refused now, and how.
    pub added: ByReason<Vec<PassKey>>,
    /// Refused before and no longer.
    pub removed: Vec<PassKey>,
    /// New passes that the whole's filters take wrongly.
    pub exceptions: Vec<PassKey>,
}

fn signing_key(token: &DeviceToken) -> hmac::Key {
    let digest: [u8; 32] = Sha256::digest(token.reveal()).into();
    hmac::Key::new(hmac::HMAC_SHA256, &digest)
}

/// The signature of a list for the device with this token: HMAC-SHA256 over the
/// exact bytes, keyed with the SHA-256 of the token, in lower-case hex. A device
/// that finds a list in its own store knows by it that nobody changed it there.
#[must_use]
pub fn sign(body: &[u8], token: &DeviceToken) -> String {
    hex(hmac::sign(&signing_key(token), body))
}

/// Whether `signature` is that of `body` for the device with this token.
#[must_use]
pub fn verify(body: &[u8], signature: &str, token: &DeviceToken) -> bool {
    // The signatures are compared, not the texts: `ring` does so in constant time.
    let tag = kernel::from_hex(signature);
    tag.is_some_and(|tag| hmac::verify(&signing_key(token), body, &tag).is_ok())
}
