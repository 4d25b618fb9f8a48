//! What goes into the agent, and what comes out.

use super::Moment;
use crate::journal::{Attempt, Decided, Entry, TakenBack};
use crate::wire::Reply;
use deviceapi::{
    BatchAnswer, BatchRequest, CheckAnswer, CheckRequest, DeviceReport, DeviceSnapshot, Direction,
};
use kernel::{BusinessDay, CardNumber, CheckId, EntriesLeft};
use serde::Serialize;

/// Where an answer goes to: who waits for it at a connection or a scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// The connection or scanner: a door of its own.
    pub source: u64,
    /// Which of its lines.
    pub line: u64,
}

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A line came in, or its connection has ended.
    Line(Lane, Wish),
    /// What came of [`Errand::Ask`].
    Answered {
        /// The check.
        check: CheckId,
        /// What the server said.
        reply: Reply<CheckAnswer>,
    },
    /// What came of [`Errand::Tell`].
    Told {
        /// The check.
        check: CheckId,
        /// Whether the visitor has it, or the door was opened.
        delivered: Delivered,
    },
    /// What came of [`Errand::Look`].
    Looked {
        /// What the server said.
        reply: Reply<Box<DeviceSnapshot>>,
        /// When it was asked.
        sent: Moment,
    },
    /// What came of [`Errand::Send`].
    Sent {
        /// What the server said.
        reply: Reply<BatchAnswer>,
    },
    /// There is another token.
    NewToken {
        /// Its SHA-256, in hexadecimal.
        sha256: String,
    },
    /// Some time has passed; to be called at least every second.
    Tick,
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// A check of this code, at most 512 bytes; in or out, if the line says so.
    Check(String, Option<Direction>),
    /// The last entry is to be taken back.
    CancelLast,
    /// The agent wants something more of the card that was read last.
    OnceMore(OnceMore),
    /// The controller says what became of the door that was opened last.
    Passage(Went),
    /// It was too long to ask for anything.
    TooLong,
}

/// What an agent may want of a card once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnceMore {
    /// Somebody else goes in on it.
    Person,
    /// Its next read is a check of its own, however soon it comes.
    Check,
}

/// Something to do over the network or at the door.
#[derive(Debug, PartialEq)]
pub enum Errand {
    /// `POST /api/v1/checks`; ends in [`Event::Answered`].
    Ask(CheckRequest),
    /// Open, if the answer says so, and answer; ends in [`Event::Told`] if it
    /// is the answer to a check.
    Tell {
        /// Who waits.
        lane: Lane,
        /// The check, if it is the answer to one.
        check: Option<CheckId>,
        /// What to say.
        answer: Answer,
    },
    /// `POST /api/v1/checks/batch`; ends in [`Event::Sent`].
    Send(BatchRequest),
    /// `GET /api/v1/device` with this report; ends in [`Event::Looked`].
    Look(DeviceReport),
}

/// What the agent hears.
#[derive(Debug)]
pub enum Input {
    /// Something happened outside. Of [`Event::Sent`] it hears as
    /// [`Served`](Self::Served) or [`TokenInvalid`](Self::TokenInvalid).
    Event(Box<Event>),
    /// Whether the journal has a decision.
    Remembered {
        /// The check.
        check: CheckId,
        /// Whether.
        kept: Kept,
    },
    /// Whether the journal has a cancellation.
    CancellationRemembered {
        /// Who waits for the answer, if anybody does.
        lane: Option<Lane>,
        /// The cancellation.
        cancellation: TakenBack,
        /// Whether.
        kept: Kept,
    },
    /// The server refused the token with this SHA-256 on another occasion.
    TokenInvalid(String),
    /// The server took a batch and has these checks of it in its books.
    Served(Vec<CheckId>),
}

/// What a controller says of the door that was opened last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// Somebody went through.
    Through,
    /// Nobody did.
    Nowhere,
    /// It says nothing more: the connection has ended. Nobody hears an answer.
    Ended,
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
    /// Run an errand.
    Run(Errand),
    /// Look for the server; ends in [`Event::Looked`].
    Look,
    /// Remember a decision; ends in [`Input::Remembered`].
    Remember(Decided),
    /// Note that an answer was told, and the entry if the server admitted it.
    NoteTold(CheckId, Option<Entry>),
    /// Note that nobody went through the door that was opened for this check.
    NoteNotPassed(CheckId),
    /// Remember a cancellation; ends in [`Input::CancellationRemembered`].
    Cancel(Option<Lane>, TakenBack),
    /// The snapshot changed: keep it for a start without network.
    KeepSnapshot,
    /// The server does not know the token: keep that for the next start.
    TokenRefused,
}

/// What a visitor is told.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answer {
    /// Whether the door opens.
    pub open: bool,
    /// Whether it is the answer of before once more, for a read that belongs to the same
    /// check.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub same: bool,
    /// Whether the door opens once more under a check for which it was open before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reopened: bool,
    /// The outcome, the reason, or the word of a [notice](crate::words::Notice).
    pub outcome: String,
    /// The same in the visitor's language.
    pub message: String,
    /// The pass, if it is one.
    pub pass_number: Option<CardNumber>,
    /// Its last day, if known.
    pub valid_until: Option<BusinessDay>,
    /// Entries left here, if known.
    pub entries_left: Option<EntriesLeft>,
    /// How many visitors this device has let in today, this one included.
    pub count_today: usize,
}
