//! How a person settles what lies aside: it is booked, or it is no entry.

use super::{Aside, Kind, Settlement, estimated, find, is_open};
use crate::decide::cancellation::{self, CancelError};
use crate::decide::check::{self, CheckError};
use crate::decide::door_admitted::holds;
use crate::decide::journal::{JournalItem, Merging};
use crate::decide::scan_time::{self, Sending};
use crate::site::revision;
use crate::{Admission, Cancellation, Decision, Reason, Scan};
use db::{DbError, Tx, params};
use deviceapi::{CancellationRequest, Direction, ProblemCode};
use kernel::{CheckId, DeviceCode, InvalidId, Timestamp};

/// What to book it as, where that is not as it came.
#[derive(Debug, Clone, Default)]
pub struct BookAs {
    /// The device at which the visitor went in.
    pub device: Option<DeviceCode>,
    /// What the scanner should have read.
    pub code: Option<String>,
    /// When, by the server's clock.
    pub scanned_at: Option<Timestamp>,
}

/// Why something that lies aside was not booked; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Nothing of this name lies aside.
    #[error("nothing of this name lies aside")]
    Unknown,
    /// Somebody has settled it.
    #[error("it is settled already")]
    Settled,
    /// Nobody knows whose enrolment it was made under: the device must be named.
    #[error("nobody knows at which device it was")]
    DeviceUnknown,
    /// The books have an entry under its id.
    #[error("the check {0} is in the books already")]
    InTheBooks(CheckId),
    /// What it says was scanned is no pass here.
    #[error("it is not recognised there: {}", Decision::Refused(*.0).as_str())]
    NotRecognised(Reason),
    /// The check is refused.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The cancellation is refused.
    #[error(transparent)]
    Cancel(#[from] CancelError),
    /// It cannot be read as what it should be.
    #[error("it cannot be read")]
    Unreadable,
    /// The database failed.
    #[error("it could not be booked")]
    Db(#[from] DbError),
}

impl From<InvalidId> for BookError {
    fn from(error: InvalidId) -> Self {
        Self::Check(error.into())
    }
}

/// What came of saying that it is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissed {
    /// It is settled now.
    Now,
    /// It was before, and stays as it was.
    Before,
    /// Nothing of this name lies aside.
    Unknown,
    /// The books have an entry under its id: that is not undone by a note.
    InTheBooks,
    /// The note holds what the device read: it stays for ever, and card numbers go
    /// one day.
    HoldsCode,
}

fn settle(
    tx: &mut Tx<'_>,
    id: CheckId,
    settlement: Settlement,
    by: &str,
    note: Option<&str>,
    check: Option<CheckId>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        "UPDATE gate_aside SET settled_at = $2, settled_by = $3, settlement = $4, note = $5,
                               check_id = $6
         WHERE id = $1",
        params![id, now, by, settlement, note, check],
    )
}

impl Merging {
    /// Books what lies aside, and gives the check: a check as an offline admission or exit,
    /// under its own id if that is free; a cancellation as one of the device's.
    /// `by` is who says so.
    ///
    /// # Errors
    /// The transaction must not be committed then.
    pub fn book(
        &self,
        tx: &mut Tx<'_>,
        id: CheckId,
        book: &BookAs,
        by: &str,
    ) -> Result<CheckId, BookError> {
        let aside = find(tx, id)?.ok_or(BookError::Unknown)?;
        if aside.settled_at.is_some() {
            return Err(BookError::Settled);
        }
        let check = match aside.kind {
            Kind::Check => self.book_check(tx, &aside, book)?,
            Kind::Cancellation => self.book_cancellation(tx, &aside)?,
        };
        settle(tx, id, Settlement::Booked, by, None, Some(check), self.now)?;
        Ok(check)
    }

    /// Says that it is not to be booked, and why; `by` is who says so.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn dismiss(
        &self,
        tx: &mut Tx<'_>,
        id: CheckId,
        note: &str,
        by: &str,
    ) -> Result<Dismissed, DbError> {
        let Some(aside) = find(tx, id)? else {
            return Ok(Dismissed::Unknown);
        };
        if aside.settled_at.is_some() {
            return Ok(Dismissed::Before);
        }
        let read = aside.readable();
        if aside.kind == Kind::Check
            && aside.reason != ProblemCode::CheckIdConflict
            && let Some(check) = read.id
            && is_open(tx, check)?
        {
            return Ok(Dismissed::InTheBooks);
        }
        if read.code.is_some_and(|code| holds(note, &code)) || self.names_a_pass(note) {
            return Ok(Dismissed::HoldsCode);
        }
        settle(
            tx,
            id,
            Settlement::Dismissed,
            by,
            Some(note),
            None,
            self.now,
        )?;
        Ok(Dismissed::Now)
    }

    /// Whether a run of digits in a note, however it is spaced, is a card number.
    fn names_a_pass(&self, note: &str) -> bool {
        let format = &self.settings.detection.format;
        let spaced =
            |c: char| !(c.is_ascii_alphanumeric() || [' ', '\u{a0}', '-', '.'].contains(&c));
        note.split(spaced).any(|run| {
            let dense: String = run.chars().filter(char::is_ascii_alphanumeric).collect();
            let lengths =
                format.letters.min + format.digits.min..=format.letters.max + format.digits.max;
            let part = |from: usize| {
                lengths
                    .clone()
                    .filter_map(move |length| Some((from, from.checked_add(length)?)))
            };
            (0..dense.len())
                .flat_map(part)
                .filter_map(|(from, until)| dense.get(from..until))
                .any(|part| self.settings.detect(part).is_some())
        })
    }

    fn book_check(
        &self,
        tx: &mut Tx<'_>,
        aside: &Aside,
        book: &BookAs,
    ) -> Result<CheckId, BookError> {
        let read = aside.readable();
        let stranger = aside.is_strangers();
        if stranger && book.device.is_none() {
            return Err(BookError::DeviceUnknown);
        }
        let scanned = match book.scanned_at {
            Some(at) => estimated(at.min(aside.arrived_at)),
            None => read.scanned,
        };
        // Another server's revisions are not ours.
        let set_up = match read.set_up.filter(|_| !stranger) {
            Some(set_up) => Some(set_up),
            None => revision::of(tx, scanned.at)?,
        };
        let scan = Scan {
            id: read.id.unwrap_or(aside.id),
            device: book.device.clone().unwrap_or_else(|| aside.device.clone()),
            code: book
                .code
                .clone()
                .or(read.code)
                .ok_or(BookError::Unreadable)?,
            device_time: read.device_time,
            direction: read.direction,
            forced_note: read.forced_note,
        };
        let decision = match (read.told, scan.direction, &scan.forced_note) {
            // A visitor whom an answer that nobody heard had let in; a forced entry
            // whose note is none.
            (Some(told), ..) if !told.opens() => told,
            (Some(Decision::Exit), ..) => Decision::Exit,
            (Some(told @ Decision::Admitted(Admission::AcceptedForced)), ..) => told,
            (_, Direction::Exit, _) => Decision::Exit,
            (_, _, Some(_)) => Decision::Admitted(Admission::AcceptedForced),
            (_, _, None) => Decision::Admitted(Admission::AcceptedOffline),
        };
        let item = JournalItem {
            sending: Sending {
                set_up,
                one_more_than: read.one_more_than,
                ..Sending::default()
            },
            outcome: Some(decision),
            scan,
        };
        let mut understood = self.understand(tx, &item)?;
        understood.scanned = scanned;
        if let (Err(reason), true) = (&understood.recognised, decision.opens()) {
            return Err(BookError::NotRecognised(*reason));
        }
        match self.admit(tx, &item, &understood, decision) {
            // Else the entry is in the books, and would be there twice.
            Err(CheckError::Conflict(id)) if aside.reason != ProblemCode::CheckIdConflict => {
                Err(BookError::InTheBooks(id))
            }
            Err(CheckError::Conflict(_)) => {
                let mut item = item;
                item.scan.id = aside.id;
                Ok(self.admit(tx, &item, &understood, decision)?)
            }
            admitted => Ok(admitted?),
        }
    }

    fn book_cancellation(&self, tx: &mut Tx<'_>, aside: &Aside) -> Result<CheckId, BookError> {
        let request = serde_json::from_str::<CancellationRequest>(&aside.body);
        let request = request.map_err(|_| BookError::Unreadable)?;
        // Its check may have been booked at another device.
        let check_id = request.check_id;
        let check = check::load(tx, check_id)?;
        let device = check.map_or_else(|| aside.device.clone(), |check| check.scan.device);
        let cancellation = Cancellation::of(request, device);
        let (came, sending) = (aside.arrived_at, &cancellation.sending);
        let cancelled = scan_time::of_journal(came, cancellation.device_time, sending);
        // Whoever books it vouches that it was in time.
        cancellation::record(tx, &cancellation, estimated(cancelled.at), self.now)?;
        Ok(check_id)
    }
}
