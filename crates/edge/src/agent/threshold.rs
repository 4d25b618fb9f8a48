//! Those who were told their answer, for as long as another read of the card may be
//! theirs, or the door may open for them once more: pure. Times are milliseconds of
//! the clock that is never set.

use super::exchange::Answer;
use crate::journal::Entry;
use deviceapi::Direction;
use gate::decide::joining::Subject;
use kernel::CheckId;
use std::collections::BTreeMap;

/// What the door says of an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Nothing. For so many milliseconds a card that was taken away and is shown again
    /// opens once more under the same check; 0 is never.
    Unknown {
        /// How long.
        reopen_ms: u32,
    },
    /// Its controller reports when nobody went through.
    Reported,
}

impl Default for Passage {
    fn default() -> Self {
        Self::Unknown { reopen_ms: 10_000 }
    }
}

impl Passage {
    /// In a word, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown",
            Self::Reported => "reported",
        }
    }
}

/// How long after an opening a controller may still say that nobody went through.
const REPORT_MS: i64 = 60_000;

/// Somebody who was told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) check: CheckId,
    pub(super) subject: Subject,
    pub(super) direction: Direction,
    pub(super) answer: Answer,
    /// The entry, if it was one.
    pub(super) entry: Option<Entry>,
    /// Whose door is its own; none after a restart.
    pub(super) source: Option<u64>,
    /// When the card was read first.
    pub(super) scanned_ms: i64,
    pub(super) told_ms: i64,
    pub(super) passing: Passing,
}

/// How it goes with the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// It was opened, or stayed closed.
    Done,
    /// It is being opened once more, because of this.
    Reopening(Why),
    /// It was opened twice.
    Reopened,
    /// Nobody went through.
    NotPassed,
    /// The entry is being taken back for that.
    Voiding,
}

/// Why a door opens once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The card was shown again soon after.
    ShownAgain,
    /// Nobody went through.
    NotPassed,
}

/// Whether the read that is looked at belongs to a presentation that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Joined,
    Fresh,
}

#[derive(Debug, Default)]
pub(super) struct Threshold {
    told: Vec<Told>,
    /// The check under which each door was opened last; none once its controller said what
    /// became of it.
    last_opened: BTreeMap<u64, Option<CheckId>>,
    /// The same, of the connection that ended last.
    left: Option<Option<CheckId>>,
}

impl Threshold {
    pub(super) fn add(&mut self, told: Told) {
        let (check, is_open) = (told.check, told.answer.open);
        self.told.push(told);
        if is_open {
            self.opened(check);
        }
    }

    /// The door was opened under this check once more.
    pub(super) fn opened(&mut self, check: CheckId) {
        if let Some(source) = self.of(check).and_then(|told| told.source) {
            self.last_opened.insert(source, Some(check));
        }
    }

    pub(super) fn of(&mut self, check: CheckId) -> Option<&mut Told> {
        self.told.iter_mut().find(|told| told.check == check)
    }

    /// The check under which the door opens once more for a card that is read now, and
    /// why.
    pub(super) fn reopens(
        &mut self,
        (subject, direction): (&Subject, Direction),
        read: Read,
        now_ms: i64,
        passage: Passage,
    ) -> Option<CheckId> {
        let told = self.told.iter_mut().rev();
        let mut same = told.filter(|t| t.subject == *subject && t.direction == direction);
        let told = same.next()?;
        let why = match (told.passing, passage) {
            (Passing::NotPassed, _) => Why::NotPassed,
            (Passing::Done, Passage::Unknown { reopen_ms })
                if read == Read::Fresh
                    && told.answer.open
                    && now_ms - told.told_ms <= i64::from(reopen_ms) =>
            {
                Why::ShownAgain
            }
            _ => return None,
        };
        told.passing = Passing::Reopening(why);
        Some(told.check)
    }

    /// Another check begins with this card: the door does not open again for the ones
    /// before, unless nobody went through.
    pub(super) fn over(&mut self, subject: &Subject) {
        for told in self.told.iter_mut().filter(|told| told.subject == *subject) {
            if told.passing == Passing::Done {
                told.passing = Passing::Reopened;
            }
        }
    }

    /// The last one who was told is done with; gives the check.
    pub(super) fn end_last(&mut self) -> Option<CheckId> {
        let told = self.told.last_mut()?;
        if told.passing == Passing::Done {
            told.passing = Passing::Reopened;
        }
        Some(told.check)
    }

    /// The check whose card is read while the door is being opened for it once more.
    pub(super) fn reopening(&self, subject: &Subject, direction: Direction) -> Option<CheckId> {
        let is_so = |told: &&Told| {
            told.subject == *subject
                && told.direction == direction
                && matches!(told.passing, Passing::Reopening(_))
        };
        self.told.iter().find(is_so).map(|told| told.check)
    }

    /// Somebody went through, or as far as the controller knows.
    pub(super) fn passed(&mut self, source: u64) {
        match self.last_opened.get_mut(&source) {
            Some(own) => *own = None,
            None => self.left = None,
        }
    }

    /// Nobody went through the door that was opened last; gives its check.
    pub(super) fn not_passed(&mut self, source: u64) -> Option<CheckId> {
        let check = self.of_door(source)?;
        let told = self.of(check)?;
        told.passing = Passing::NotPassed;
        Some(check)
    }

    // A controller that has connected anew speaks of the door of the connection that ended
    // last; one that has opened nothing itself, of the only door there is.
    fn of_door(&mut self, source: u64) -> Option<CheckId> {
        if let Some(own) = self.last_opened.get_mut(&source) {
            return own.take();
        }
        if let Some(left) = self.left.take() {
            return left;
        }
        let is_one = self.last_opened.len() == 1;
        let only = self.last_opened.values_mut().next().filter(|_| is_one)?;
        only.take()
    }

    /// A connection has ended.
    pub(super) fn ended(&mut self, source: u64) {
        if let Some(last) = self.last_opened.remove(&source) {
            self.left = Some(last);
        }
    }

    /// The entries that are to be taken back, because nobody came within the window.
    pub(super) fn void(&mut self, now_ms: i64, window_ms: i64) -> Vec<CheckId> {
        let late = |told: &&mut Told| {
            told.passing == Passing::NotPassed && now_ms - told.scanned_ms > window_ms
        };
        let late = self.told.iter_mut().filter(late);
        let (entries, others): (Vec<_>, Vec<_>) = late.partition(|told| told.entry.is_some());
        for told in others {
            told.passing = Passing::Reopened;
        }
        entries
            .into_iter()
            .map(|told| {
                told.passing = Passing::Voiding;
                told.check
            })
            .collect()
    }

    /// The entry was taken back.
    pub(super) fn forget(&mut self, check: CheckId) {
        self.told.retain(|told| told.check != check);
    }

    /// Forgets those of whom nothing more can come; `joins` says whether reads still
    /// belong to a check.
    pub(super) fn forget_old(
        &mut self,
        now_ms: i64,
        passage: Passage,
        joins: impl Fn(CheckId) -> bool,
    ) {
        self.told.retain(|told| {
            let may_come_ms = match passage {
                Passage::Unknown { reopen_ms } => i64::from(reopen_ms),
                Passage::Reported => REPORT_MS,
            };
            let waits = !matches!(told.passing, Passing::Done | Passing::Reopened);
            waits || now_ms - told.told_ms <= may_come_ms || joins(told.check)
        });
    }
}
