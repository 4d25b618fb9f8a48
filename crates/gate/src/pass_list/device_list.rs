//! The list as a device has it: a whole, and over it what has changed since.

use super::{Content, Difference, ListBody, ListReason, PassKey, Whole, verify};
use crate::DeviceToken;
use kernel::{CardNumber, Timestamp};
use otipass::Refusal;
use std::collections::HashMap;

/// How old a list may be before nothing is refused by it: 24 hours.
pub const MAX_AGE_MS: i64 = 24 * 60 * 60 * 1000;
/// How old it may be to refuse a pass that is not sold: below one hour. Passes
/// are sold all day.
pub const NOT_SOLD_MAX_AGE_MS: i64 = 60 * 60 * 1000;

/// A device's pass list. Pure: the caller brings the time and keeps the bodies
/// with their signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceList {
    base: i64,
    content: Content,
    /// What has changed since the whole: refused now, or not at all.
    overlay: HashMap<PassKey, Option<ListReason>>,
    version: i64,
    dated: Timestamp,
}

/// A body that a device must not use. It goes on with what it has, and asks for
/// a whole.
#[derive(Debug, thiserror::Error)]
pub enum ListProblem {
    /// The signature is not that of these bytes for this token.
    #[error("the pass list was changed on its way or in its place; it is not used")]
    Forged,
    /// Not the JSON of a list.
    #[error("the pass list cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// A difference, and there is no list that it belongs to.
    #[error("the changes of the pass list do not belong to the list that is here")]
    DoesNotFit,
}

impl DeviceList {
    /// Reads a whole list.
    pub fn open(body: &[u8], signature: &str, token: &DeviceToken) -> Result<Self, ListProblem> {
        match read(body, signature, token)? {
            ListBody::Whole(whole) => Ok(Self::of(whole)),
            ListBody::Difference(_) => Err(ListProblem::DoesNotFit),
        }
    }

    /// Takes what the server sent to a device that has this list: a difference,
    /// or another whole.
    ///
    /// # Errors
    /// The list stays as it was.
    pub fn apply(
        &mut self,
        body: &[u8],
        signature: &str,
        token: &DeviceToken,
    ) -> Result<(), ListProblem> {
        match read(body, signature, token)? {
            ListBody::Whole(whole) => *self = Self::of(whole),
            ListBody::Difference(difference) => self.overlay_with(difference)?,
        }
        Ok(())
    }

    fn of(whole: Whole) -> Self {
        let mut content = whole.content;
        content.exceptions.sort_unstable();
        Self {
            base: whole.version,
            content,
            overlay: HashMap::new(),
            version: whole.version,
            dated: whole.dated,
        }
    }

    fn overlay_with(&mut self, difference: Difference) -> Result<(), ListProblem> {
        // A difference since an earlier version of this whole says everything
        // that one since the last version would say.
        let fits = (self.base..=self.version).contains(&difference.since)
            && difference.version >= self.version;
        if !fits {
            return Err(ListProblem::DoesNotFit);
        }
        for reason in ListReason::ALL {
            let added = difference.added.get(reason).iter();
            self.overlay.extend(added.map(|key| (*key, Some(reason))));
        }
        let freed = difference.removed.iter().chain(&difference.exceptions);
        self.overlay.extend(freed.map(|key| (*key, None)));
        self.version = difference.version;
        self.dated = difference.dated;
        Ok(())
    }

    /// The version, to ask for what has changed since.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The version of the whole below it. What has changed since that one is the
    /// whole overlay, so a device may keep just one difference.
    #[must_use]
    pub const fn base(&self) -> i64 {
        self.base
    }

    /// When Otipass was asked.
    #[must_use]
    pub const fn dated(&self) -> Timestamp {
        self.dated
    }

    /// Why the list refuses the card at the moment `now`, if it does.
    #[must_use]
    pub fn refusal(&self, card: &CardNumber, now: Timestamp) -> Option<Refusal> {
        let age_ms = now.ms_since(self.dated);
        if age_ms > MAX_AGE_MS {
            return None;
        }
        let believed =
            |reason: &ListReason| *reason != ListReason::NotSold || age_ms < NOT_SOLD_MAX_AGE_MS;
        let key = PassKey::of(card);
        let reason = match self.overlay.get(&key) {
            Some(changed) => changed.filter(|reason| believed(reason)),
            None if self.content.exceptions.binary_search(&key).is_ok() => None,
            None => self.content.filtered(key).find(believed),
        };
        reason.map(ListReason::refusal)
    }
}

fn read(body: &[u8], signature: &str, token: &DeviceToken) -> Result<ListBody, ListProblem> {
    if !verify(body, signature, token) {
        return Err(ListProblem::Forged);
    }
    serde_json::from_slice(body).map_err(ListProblem::Unreadable)
}
