//! What the journal remembers.

use gate::{Decision, Direction};
use kernel::{CardNumber, CheckId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One scan at this device, with the id it keeps for ever.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The id of the check.
    pub id: CheckId,
    /// The raw text the scanner read. May hold a card number: never printed.
    pub code: String,
    /// When, by the device's clock.
    pub scanned_at: Timestamp,
    /// In or out.
    pub direction: Direction,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("id", &self.id)
            .field("scanned_at", &self.scanned_at)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

/// A check the device decided by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The scan.
    #[serde(flatten)]
    pub attempt: Attempt,
    /// What the visitor is told.
    pub outcome: Decision,
    /// The pass, if it is one.
    pub card: Option<CardNumber>,
}

impl Decided {
    /// The entry that this is, if it is one.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        let card = self.card.as_ref().filter(|_| self.outcome.is_admitted())?;
        Some(Entry {
            check: self.attempt.id,
            card: card.clone(),
            at: self.attempt.scanned_at,
        })
    }
}

/// A visitor who was let in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The check.
    pub check: CheckId,
    /// The pass.
    pub card: CardNumber,
    /// When it was scanned.
    pub at: Timestamp,
}

/// An entry that was taken back at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// An id of its own.
    pub id: CheckId,
    /// The check of the entry.
    pub check_id: CheckId,
    /// When, by the device's clock.
    pub cancelled_at: Timestamp,
}

/// The number of a check or cancellation in the journal: they are sent in this
/// order.
pub type Sequence = u64;

/// A record as it stands in a segment.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// The first record of each segment.
    Segment {
        /// The lowest sequence number not given before.
        next: Sequence,
    },
    /// The server is about to be asked.
    Asked(Attempt),
    /// The device has decided.
    Decided {
        /// Its place in the order of sending.
        sequence: Sequence,
        #[serde(flatten)]
        check: Decided,
    },
    /// The visitor has the answer.
    Told {
        /// The check.
        check: CheckId,
        /// The entry, if the server admitted it.
        #[serde(skip_serializing_if = "Option::is_none")]
        entry: Option<Entry>,
    },
    /// An entry was taken back.
    Cancelled {
        /// Its place in the order of sending.
        sequence: Sequence,
        #[serde(flatten)]
        cancellation: Cancellation,
    },
    /// The server has these, or they were set aside.
    Settled {
        /// First and last of each run.
        runs: Vec<(Sequence, Sequence)>,
    },
}

impl Record {
    /// The moment it speaks of, if it speaks of one.
    pub(super) fn at(&self) -> Option<Timestamp> {
        match self {
            Record::Asked(attempt) => Some(attempt.scanned_at),
            Record::Decided { check, .. } => Some(check.attempt.scanned_at),
            Record::Told { entry, .. } => entry.as_ref().map(|entry| entry.at),
            Record::Cancelled { cancellation, .. } => Some(cancellation.cancelled_at),
            Record::Segment { .. } | Record::Settled { .. } => None,
        }
    }
}
