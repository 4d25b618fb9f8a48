//! The place aside: what devices did and could not be booked, as it came. A
//! visitor may have gone in, so nothing of it is dropped: a person books it, or
//! says why it is no entry. Spec §2, "What else a gate meets".

mod settle;

pub use settle::{BookAs, BookError, Dismissed};

use crate::decide::check;
use crate::decide::scan_time::{self, Certainty, ScanTime, Sending};
use crate::hash::{derived, sha256_hex};
use crate::{Decision, ForcedNote};
use db::{Db, DbError, Tx, params};
use deviceapi::{CODE_LIMIT_BYTES, Direction, Problem, ProblemCode};
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
    /// The same, if it is a word of ours.
    pub told: Option<Decision>,
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
            told: told(&body),
            id: field(&body, "id"),
            direction: field(&body, "direction").unwrap_or_default(),
            device_time: dated,
            set_up: sending.set_up,
            one_more_than: sending.one_more_than,
        }
    }
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
    if told(body).is_none_or(Decision::opens) {
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

/// What can be settled together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The device of the enrolments.
    pub device: DeviceCode,
    /// Why it lies here.
    pub reason: ProblemCode,
    /// How many wait.
    pub count: i64,
}

db::from_row! { Group { device, reason, count = "n" } }

/// What waits of each device for each reason, if that is more than one.
pub async fn groups(db: &Db) -> Result<Vec<Group>, DbError> {
    db.read("aside, groups", |tx| {
        tx.query_as(
            "SELECT device, reason, COUNT(*) AS n FROM gate_aside WHERE settled_at IS NULL
             GROUP BY device, reason HAVING COUNT(*) > 1 ORDER BY device, reason",
            params![],
        )
    })
    .await
}

/// The names of a group's parts, its checks before the cancellations of these, each
/// in the order of their arrival; at most 20,000.
pub async fn of_group(
    db: &Db,
    device: DeviceCode,
    reason: String,
) -> Result<Vec<CheckId>, DbError> {
    db.read("aside, of a group", move |tx| {
        tx.column(
            "SELECT id FROM gate_aside
             WHERE device = $1 AND reason = $2 AND settled_at IS NULL
             ORDER BY kind DESC, arrived_at, id LIMIT $3",
            params![&device, &reason, LIMIT_OF_DEVICE],
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
