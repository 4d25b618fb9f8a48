//! What goes into the agent, and what comes out.

use super::Moment;
use crate::journal::{Attempt, Cancellation, Decided, Entry};
use crate::wire::{CheckAnswer, Problem, Reply, Snapshot};
use gate::Direction;
use kernel::{CardNumber, CheckId};
use otipass::EntriesLeft;

/// Where an answer goes to: one connection, or one scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(pub u64);

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// A code was read.
    Scan {
        /// Who waits for the answer.
        lane: Lane,
        /// The raw text.
        code: String,
        /// In or out, if the line says so.
        direction: Option<Direction>,
    },
    /// The last entry is to be taken back.
    CancelLast {
        /// Who waits for the answer.
        lane: Lane,
    },
    /// What came of asking the server.
    Answered {
        /// The check.
        check: CheckId,
        /// What the server said.
        reply: Reply<CheckAnswer>,
    },
    /// Whether the journal has a decision.
    Remembered {
        /// The check.
        check: CheckId,
        /// Whether.
        kept: Kept,
    },
    /// Whether the journal has a cancellation.
    CancellationRemembered {
        /// Who waits for the answer.
        lane: Lane,
        /// The cancellation.
        cancellation: Cancellation,
        /// Whether.
        kept: Kept,
    },
    /// Whether an answer reached the visitor, or opened the door.
    Told {
        /// The check.
        check: CheckId,
        /// Whether.
        delivered: Delivered,
    },
    /// What came of looking for the server.
    Looked {
        /// What the server said.
        reply: Reply<Snapshot>,
        /// When it was asked.
        sent: Moment,
    },
    /// The server refused the token on another occasion.
    TokenInvalid,
    /// The server took a batch.
    Served,
    /// There is a new token.
    NewToken,
    /// Some time has passed.
    Tick,
}

/// Whether the journal took something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is on the disk.
    Yes,
    /// It is not.
    No,
}

/// Whether an answer arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It was written, or the door was opened.
    Yes,
    /// Nobody has it.
    No,
}

/// Something to do, in this order.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Note that the server is about to be asked.
    NoteAsked(Attempt),
    /// Ask the server; ends in [`Input::Answered`].
    Ask(Attempt),
    /// Remember a decision; ends in [`Input::Remembered`].
    Remember(Decided),
    /// Note that an answer was told, and the entry if the server admitted it.
    NoteTold(CheckId, Option<Entry>),
    /// Remember a cancellation; ends in [`Input::CancellationRemembered`].
    Cancel(Lane, Cancellation),
    /// Answer; ends in [`Input::Told`] if it is the answer to a check.
    Tell {
        /// Who waits.
        lane: Lane,
        /// The check, if it is the answer to one.
        check: Option<CheckId>,
        /// What to say.
        answer: Answer,
    },
    /// Keep aside a check that the server will never take.
    SetAside(Attempt, Problem),
    /// Look for the server; ends in [`Input::Looked`].
    Look,
    /// The snapshot changed: keep it for a start without network.
    KeepSnapshot,
    /// The server does not know the token: keep that for the next start.
    TokenRefused,
}

/// What a visitor is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whether the door opens.
    pub open: bool,
    /// The outcome, the reason, or the word of a [notice](crate::words::Notice).
    pub outcome: String,
    /// The same in the visitor's language.
    pub message: String,
    /// The pass, if it is one.
    pub pass_number: Option<CardNumber>,
    /// Its last day, if known.
    pub valid_until: Option<String>,
    /// Entries left here, if known.
    pub entries_left: Option<EntriesLeft>,
    /// How many visitors this device has let in today, this one included.
    pub count_today: usize,
}
