//! What the journal remembers.

use deviceapi::{CancellationRequest, CheckRequest, JournalCheck};
use gate::Decision;
use kernel::{CardNumber, CheckId, Timestamp};
use serde::{Deserialize, Serialize};

/// A check the device decided by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The scan.
    #[serde(flatten)]
    pub attempt: CheckRequest,
    /// What the visitor is told.
    pub outcome: Decision,
    /// The pass, if it is one.
    pub card: Option<CardNumber>,
}

impl Decided {
    /// As the server is told of it.
    #[must_use]
    pub fn as_sent(&self) -> JournalCheck {
        let attempt = self.attempt.clone();
        JournalCheck {
            id: attempt.id,
            code: attempt.code,
            scanned_at: attempt.scanned_at,
            direction: attempt.direction,
            forced_note: attempt.forced_note,
            outcome: Some(self.outcome.as_str().to_owned()),
        }
    }

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
    Asked(CheckRequest),
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
        cancellation: CancellationRequest,
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
