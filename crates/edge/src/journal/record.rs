//! What the journal remembers.

use crate::agent::Moment;
use deviceapi::{CancellationRequest, CheckRequest};
use gate::Decision;
use kernel::{CardNumber, CheckId, Timestamp};
use serde::{Deserialize, Serialize};

/// A scan, and when it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What the server is told of it, but for what belongs to the sending.
    #[serde(flatten)]
    pub request: CheckRequest,
    /// By the device's own time.
    pub at: Timestamp,
    /// What the machine's clocks showed.
    pub clocks: Moment,
}

impl Attempt {
    /// As it is sent now.
    #[must_use]
    pub fn as_sent(&self, now: Moment) -> CheckRequest {
        CheckRequest {
            sent_at: Some(now.wall.into()),
            age_ms: now.age_ms(self.clocks),
            ..self.request.clone()
        }
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
    /// As the server is told of it now.
    #[must_use]
    pub fn as_sent(&self, now: Moment) -> CheckRequest {
        CheckRequest {
            outcome: Some(self.outcome.as_str().to_owned()),
            ..self.attempt.as_sent(now)
        }
    }

    /// The entry that this is, if it is one.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        let card = self.card.as_ref().filter(|_| self.outcome.is_admitted())?;
        Some(Entry {
            check: self.attempt.request.id,
            card: card.clone(),
            at: self.attempt.at,
            clocks: self.attempt.clocks,
        })
    }
}

/// An entry that is taken back, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// What the server is told of it, but for what belongs to the sending.
    #[serde(flatten)]
    pub request: CancellationRequest,
    /// By the device's own time.
    pub at: Timestamp,
    /// What the machine's clocks showed.
    pub clocks: Moment,
}

impl TakenBack {
    /// As it is sent now.
    #[must_use]
    pub fn as_sent(&self, now: Moment) -> CancellationRequest {
        CancellationRequest {
            sent_at: Some(now.wall.into()),
            age_ms: now.age_ms(self.clocks),
            ..self.request
        }
    }
}

/// A visitor who was let in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The check.
    pub check: CheckId,
    /// The pass.
    pub card: CardNumber,
    /// When it was scanned, by the device's own time.
    pub at: Timestamp,
    /// What the machine's clocks showed then.
    pub clocks: Moment,
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
    /// Nobody went through the door that was opened for this check.
    NotPassed {
        /// The check.
        check: CheckId,
    },
    /// An entry was taken back.
    Cancelled {
        /// Its place in the order of sending.
        sequence: Sequence,
        #[serde(flatten)]
        cancellation: TakenBack,
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
            Record::Asked(attempt) => Some(attempt.at),
            Record::Decided { check, .. } => Some(check.attempt.at),
            Record::Told { entry, .. } => entry.as_ref().map(|entry| entry.at),
            Record::Cancelled { cancellation, .. } => Some(cancellation.at),
            Record::Segment { .. } | Record::NotPassed { .. } | Record::Settled { .. } => None,
        }
    }
}
