//! The place aside: what devices did and could not be booked, as it came. A
//! visitor may have gone in, so nothing of it is dropped: a person books it, or
//! says why it is no entry. Spec §2, "What else a gate meets".

use crate::decide::cancellation::{self, CancelError};
use crate::decide::check::{self, CheckError};
use crate::decide::door_admitted::holds;
use crate::decide::journal::{JournalItem, Merging};
use crate::decide::scan_time::{self, Certainty, ScanTime, Sending};
use crate::hash::{derived, sha256_hex};
use crate::site::revision;
use crate::{Admission, Cancellation, Decision, ForcedNote, Reason, Scan};
use db::{Db, DbError, Tx, params};
use deviceapi::{CODE_LIMIT_BYTES, CancellationRequest, Direction, Problem, ProblemCode};
use kernel::{CheckId, DeviceCode, DeviceTime, InvalidId, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The most that may lie aside of one device and wait for a person.
pub const LIMIT_OF_DEVICE: i64 = 20_000;
/// The most bytes that each text of it keeps.
const TEXT_BYTES: usize = CODE_LIMIT_BYTES;
/// The most bytes that are kept of it in all; what is longer is no more JSON.
const BODY_BYTES: usize = 8 * 1024;
/// What belongs to the sending: the same thing comes again with others.
const OF_SENDING: [&str; 4] = ["sent_at", "age_ms", "offset_ms", "contact_at"];
/// The most that are listed at a time.
const PAGE: u32 = 500;

kernel::words! {
    /// What lies aside.
    pub enum Kind: "kind" {
        /// A check that a journal brought.
        Check = "check",
        /// An entry that was taken back.
        Cancellation = "cancellation",
    }
}

kernel::words! {
    /// What became of it.
    pub enum Settlement: "settlement" {
        /// It is booked like any other.
        Booked = "booked",
        /// Somebody said why it is not to be booked.
        Dismissed = "dismissed",
    }
}

/// A part of a journal that could not be booked.
#[derive(Debug, Clone)]
pub(crate) struct NewAside {
    pub(crate) kind: Kind,
    /// Under whose enrolment it was made, or else who brought it.
    pub(crate) device: DeviceCode,
    pub(crate) body: Value,
    pub(crate) problem: Problem,
}

/// What lies aside, as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Aside {
    /// Its name here.
    pub id: CheckId,
    /// The device of the enrolment it names, or else the one that brought it.
    pub device: DeviceCode,
    /// What it is.
    pub kind: Kind,
    /// Why it lies here.
    pub reason: ProblemCode,
    /// The same for people, in English.
    pub detail: String,
    /// As it came, its texts cut at 512 bytes: JSON, unless it was too long for that.
    pub body: String,
    /// The SHA-256 of what came, without what belongs to the sending.
    pub sha256: String,
    /// When it came.
    pub arrived_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// By whom.
    pub settled_by: Option<String>,
    /// How.
    pub settlement: Option<Settlement>,
    /// In their words.
    pub note: Option<String>,
    /// The check it was booked as.
    pub check: Option<CheckId>,
}

db::from_row! {
    Aside { id, device, kind, reason, detail, body, sha256, arrived_at, settled_at, settled_by,
            settlement, note, check = "check_id" }
}

/// What can be read of it, each field by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// What was scanned.
    pub code: Option<String>,
    /// When, by the server's clock.
    pub scanned: ScanTime,
    /// Why the agent let the visitor in by hand.
    pub forced_note: Option<ForcedNote>,
    /// What the device says it told the visitor.
    pub outcome: Option<String>,
    id: Option<CheckId>,
    direction: Direction,
    device_time: DeviceTime,
    set_up: Option<i64>,
    one_more_than: Option<CheckId>,
}

impl Aside {
    /// Whether nobody knows whose enrolment it was made under.
    #[must_use]
    pub fn is_strangers(&self) -> bool {
        self.reason == ProblemCode::EnrolmentUnknown
    }

    /// What can be read of a check that lies aside. What cannot be read of its time
    /// is as if it had been scanned when it arrived.
    #[must_use]
    pub fn readable(&self) -> Readable {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let device_time = field(&body, "scanned_at");
        let sending = sending_of(&body);
        let dated = device_time.unwrap_or(self.arrived_at.into());
        let scanned = scan_time::of_journal(self.arrived_at, dated, &sending);
        Readable {
            code: match body.get("code") {
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => text(&body, "code").map(str::to_owned),
            },
            scanned: match device_time {
                Some(_) => scanned,
                None => estimated(scanned.at),
            },
            forced_note: field(&body, "forced_note"),
            outcome: text(&body, "outcome").map(str::to_owned),
            id: field(&body, "id"),
            direction: field(&body, "direction").unwrap_or_default(),
            device_time: dated,
            set_up: sending.set_up,
            one_more_than: sending.one_more_than,
        }
    }
}

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

/// Why nothing was put aside.
#[derive(Debug, thiserror::Error)]
pub enum AsideError {
    /// Too much of the device waits there.
    #[error("of the device {0} {LIMIT_OF_DEVICE} things lie aside; settle them in the back office")]
    Full(DeviceCode),
    /// Its name could not be formed.
    #[error("what is put aside could not be named")]
    Name(#[from] InvalidId),
    /// The database failed.
    #[error("what does not fit could not be put aside")]
    Db(#[from] DbError),
}

/// Puts these aside. What lies there already, settled or not, stays as it is.
pub(crate) async fn put(db: &Db, parts: Vec<NewAside>, now: Timestamp) -> Result<(), AsideError> {
    if parts.is_empty() {
        return Ok(());
    }
    let work = move |tx: &mut Tx<'_>| {
        let mut room = BTreeMap::new();
        parts
            .iter()
            .try_for_each(|part| insert(tx, part, &mut room, now))
    };
    db.write("put aside", work).await
}

/// `room` is how many more may wait, by device.
fn insert(
    tx: &mut Tx<'_>,
    part: &NewAside,
    room: &mut BTreeMap<DeviceCode, i64>,
    now: Timestamp,
) -> Result<(), AsideError> {
    if part.kind == Kind::Check && stayed_shut(tx, &part.body)? {
        return Ok(());
    }
    let device = &part.device;
    let sha256 = sha256_hex(&without_sending(&part.body).to_string());
    let id: CheckId = derived(&format!("passerelle-aside:{device}:{sha256}"))?;
    if find(tx, id)?.is_some() {
        return Ok(());
    }
    let left = match room.get(device) {
        Some(left) => *left,
        None => LIMIT_OF_DEVICE - waiting_of(tx, device)?,
    };
    if left <= 0 {
        return Err(AsideError::Full(device.clone()));
    }
    room.insert(device.clone(), left - 1);
    tx.execute(
        "INSERT INTO gate_aside (id, device, kind, reason, detail, body, sha256, arrived_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            id,
            device,
            part.kind,
            part.problem.code.as_str(),
            cut_at(&part.problem.detail, TEXT_BYTES).replace('\0', "\u{2400}"),
            cut_at(&cut(&part.body).to_string(), BODY_BYTES),
            sha256,
            now,
        ],
    )?;
    Ok(())
}

fn waiting_of(tx: &mut Tx<'_>, device: &DeviceCode) -> Result<i64, DbError> {
    tx.value(
        "SELECT COUNT(*) FROM gate_aside WHERE device = $1 AND settled_at IS NULL",
        params![device],
    )
}

/// Whether the door stayed shut, and no answer that nobody heard says otherwise, or
/// may yet: then nobody owes anything.
fn stayed_shut(tx: &mut Tx<'_>, body: &Value) -> Result<bool, DbError> {
    if !told(body).is_some_and(|told| !told.opens()) {
        return Ok(false);
    }
    let Some(id) = field(body, "id") else {
        return Ok(true);
    };
    let asked = tx.query_opt(
        "SELECT check_id FROM gate_intent WHERE check_id = $1",
        params![id],
    )?;
    Ok(asked.is_none() && !is_open(tx, id)?)
}

/// Whether the books have an entry or exit under this id.
fn is_open(tx: &mut Tx<'_>, id: CheckId) -> Result<bool, DbError> {
    Ok(check::load(tx, id)?.is_some_and(|check| check.decision.opens()))
}

/// What the device says it told the visitor, if that is a word of ours.
fn told(body: &Value) -> Option<Decision> {
    text(body, "outcome")?.parse().ok()
}

fn without_sending(body: &Value) -> Value {
    let mut body = body.clone();
    if let Value::Object(fields) = &mut body {
        fields.retain(|name, _| !OF_SENDING.contains(&name.as_str()));
    }
    body
}

/// The same with each of its texts cut.
fn cut(value: &Value) -> Value {
    match value {
        Value::String(text) => cut_at(text, TEXT_BYTES).into(),
        Value::Array(values) => values.iter().map(cut).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (cut_at(name, TEXT_BYTES).to_owned(), cut(value)))
                .collect()
        }
        other => other.clone(),
    }
}

fn cut_at(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str()
}

fn field<T: FromStr>(body: &Value, name: &str) -> Option<T> {
    text(body, name)?.parse().ok()
}

fn sending_of(body: &Value) -> Sending {
    let number = |name: &str| body.get(name)?.as_i64();
    Sending {
        sent_at: field(body, "sent_at"),
        age_ms: number("age_ms"),
        offset_ms: number("offset_ms"),
        contact_at: field(body, "contact_at"),
        set_up: number("set_up"),
        one_more_than: field(body, "one_more_than"),
    }
}

const fn estimated(at: Timestamp) -> ScanTime {
    ScanTime {
        at,
        certainty: Certainty::Estimated,
    }
}

/// What lies aside under this name.
pub fn find(tx: &mut Tx<'_>, id: CheckId) -> Result<Option<Aside>, DbError> {
    tx.query_opt_as("SELECT * FROM gate_aside WHERE id = $1", params![id])
}

/// What waits for a person, the oldest first; at most 500.
pub async fn waiting(db: &Db) -> Result<Vec<Aside>, DbError> {
    db.read("aside", |tx| {
        tx.query_as(
            "SELECT * FROM gate_aside WHERE settled_at IS NULL ORDER BY arrived_at, id LIMIT $1",
            params![PAGE],
        )
    })
    .await
}

/// What a person settled of late, the latest first; at most 500.
pub async fn settled(db: &Db) -> Result<Vec<Aside>, DbError> {
    db.read("aside, settled", |tx| {
        tx.query_as(
            "SELECT * FROM gate_aside WHERE settled_by IS NOT NULL
             ORDER BY settled_at DESC, id LIMIT $1",
            params![PAGE],
        )
    })
    .await
}

/// The names of what waits for a person; at most 20,000.
pub async fn unsettled(db: &Db) -> Result<Vec<CheckId>, DbError> {
    db.read("aside, named", |tx| {
        tx.column(
            "SELECT id FROM gate_aside WHERE settled_at IS NULL ORDER BY id LIMIT $1",
            params![LIMIT_OF_DEVICE],
        )
    })
    .await
}

/// How many wait for a person.
pub async fn count(db: &Db) -> Result<i64, DbError> {
    db.read("aside, counted", |tx| {
        tx.value(
            "SELECT COUNT(*) FROM gate_aside WHERE settled_at IS NULL",
            params![],
        )
    })
    .await
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
    tx.execute(
        "UPDATE gate_aside SET settled_at = $2, settled_by = $3, settlement = $4, note = $5,
                               check_id = $6
         WHERE id = $1",
        params![id, now, by, settlement, note, check],
    )
    .map(drop)
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
        let format = &self.settings.format;
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
        let told = read.outcome.and_then(|word| word.parse::<Decision>().ok());
        let decision = match (told, scan.direction, &scan.forced_note) {
            // A visitor whom an answer that nobody heard had let in; a forced entry
            // whose note is none.
            (Some(told), ..) if !told.opens() => told,
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
        let cancellation = Cancellation {
            id: request.id,
            check_id: request.check_id,
            device: aside.device.clone(),
            device_time: request.cancelled_at,
            cause: request.cause,
            sending: Sending::default(),
        };
        let body: Value = serde_json::from_str(&aside.body).unwrap_or_default();
        let (came, sending) = (aside.arrived_at, sending_of(&body));
        let cancelled = scan_time::of_journal(came, request.cancelled_at, &sending);
        // Whoever books it vouches that it was in time.
        cancellation::record(tx, &cancellation, estimated(cancelled.at), self.now)?;
        Ok(request.check_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_cut_between_characters_and_nothing_else_is() {
        let long = "é".repeat(400);
        let body = json!({ "code": long, "n": 7, "list": [long, null], "short": "ab" });
        let kept = cut(&body);
        assert_eq!(kept["code"].as_str().unwrap().len(), 512);
        assert_eq!(kept["list"][0], kept["code"]);
        assert_eq!((&kept["n"], &kept["short"]), (&json!(7), &json!("ab")));
        assert_eq!(cut_at(&"é".repeat(400), 511).len(), 510);
    }

    #[test]
    fn the_same_thing_sent_again_is_the_same() {
        let first = json!({ "id": "x", "sent_at": "a", "age_ms": 1 });
        let again = json!({ "id": "x", "sent_at": "b", "age_ms": 2, "offset_ms": 3 });
        assert_eq!(without_sending(&first), without_sending(&again));
        assert_ne!(
            without_sending(&first),
            without_sending(&json!({ "id": "y" }))
        );
    }
}
