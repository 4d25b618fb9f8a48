//! A check: its record, and what a repeated id gets.

use crate::decide::repeat::{self, Earlier};
use crate::decide::rules::NotPermitted;
use crate::decide::scan_time::ScanTime;
use crate::records::retention;
use crate::{Decision, NoteInvalid, Scan, ScanRefused};
use db::{DbError, Row, Tx, params};
use kernel::{CardNumber, CheckId, InvalidId, SectorCode, Timestamp};
use otipass::{EntriesLeft, PassFacts};

/// A decided check, as it is remembered for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What was scanned.
    pub scan: Scan,
    /// When it was scanned, by the server's clock.
    pub scanned: ScanTime,
    /// The set-up's revision that the device went by.
    pub set_up: i64,
    /// The admission that this repeats: the reason of a refusal, or what makes an
    /// admission a possible pass-back.
    pub earlier: Option<Earlier>,
    /// When the server heard of it.
    pub arrived_at: Timestamp,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// The decision.
    pub decision: Decision,
    /// The pass, if it is one.
    pub card: Option<CardNumber>,
    /// Where, if the device leads to a mapped sector.
    pub sector: Option<SectorCode>,
    /// Validity and entries left, if Otipass said.
    pub pass: PassFacts,
    /// How many visitors the device had admitted on the scan's business day,
    /// this one included.
    pub device_count_today: u32,
    /// The id its record has: the scan's, or that of the follow-up which holds
    /// instead.
    pub(crate) record: CheckId,
}

/// Whether an answer was given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// This is the first answer.
    First,
    /// The check was known; this is its first answer again.
    Repeated,
}

/// Why a check has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It breaks a limit.
    #[error(transparent)]
    Refused(#[from] ScanRefused),
    /// The note of a forced entry says nothing, or too much.
    #[error(transparent)]
    Note(#[from] NoteInvalid),
    /// Its id belongs to another scan. Nothing was changed.
    #[error("the check id {0} was used before for another scan; a new scan needs a new id")]
    Conflict(CheckId),
    /// The device may not send it. Nothing was decided.
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// Otipass may have counted the entry and is silent now. The check stays
    /// open; the same id gets its answer later.
    #[error(
        "Otipass may have counted this entry and does not answer now; send the same check again"
    )]
    StaysOpen(CheckId),
    /// A barcode could not be formed.
    #[error("the control barcode could not be formed")]
    Barcode(#[from] InvalidId),
    /// The database failed.
    #[error("the check could not be kept")]
    Db(#[from] DbError),
}

/// The decided check with this scan's id, if there is one.
///
/// # Errors
/// [`CheckError::Conflict`] if the id belongs to another scan.
pub(crate) fn find(tx: &mut Tx<'_>, scan: &Scan) -> Result<Option<Check>, CheckError> {
    match load(tx, scan.id)? {
        Some(check)
            if !scan.is_stored_as(&check.scan)
                && !retention::is_stored_as(tx, scan, &check.scan)? =>
        {
            Err(CheckError::Conflict(scan.id))
        }
        found => Ok(found),
    }
}

/// The decided check with this id: the decision that holds, under the id and
/// the scan that the device knows.
pub(crate) fn load(tx: &mut Tx<'_>, id: CheckId) -> Result<Option<Check>, DbError> {
    let row = tx.query_opt("SELECT * FROM gate_check WHERE check_id = $1", params![id])?;
    let Some(row) = row else { return Ok(None) };
    let first = repeat::with_earlier(tx, &row)?;
    if first.decision.opens() {
        return Ok(Some(first));
    }
    let follow_up = tx.query_opt("SELECT * FROM gate_check WHERE follows = $1", params![id])?;
    Ok(Some(match follow_up {
        Some(row) => Check {
            scan: first.scan,
            ..repeat::with_earlier(tx, &row)?
        },
        None => first,
    }))
}

impl Check {
    pub(crate) fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            scan: Scan {
                id: row.get("check_id")?,
                device: row.get("device")?,
                code: row.get("code")?,
                device_time: row.get("device_time")?,
                direction: row.get("direction")?,
                forced_note: row.get("forced_note")?,
            },
            scanned: ScanTime::from_row(row)?,
            set_up: row.get("set_up")?,
            earlier: None,
            arrived_at: row.get("arrived_at")?,
            decided_at: row.get("decided_at")?,
            decision: row.get("outcome")?,
            card: row.get("card")?,
            sector: row.get("sector")?,
            pass: PassFacts {
                valid_until: row.get("valid_until")?,
                entries_left: row
                    .get::<Option<String>>("entries_left")?
                    .map(|text| entries_left(&text))
                    .transpose()?,
            },
            device_count_today: row.get("device_count_today")?,
            record: row.get("check_id")?,
        })
    }
}

const UNLIMITED: &str = "unlimited";

pub(crate) fn entries_left_text(left: EntriesLeft) -> String {
    match left {
        EntriesLeft::Unlimited => UNLIMITED.to_owned(),
        EntriesLeft::Count(count) => count.to_string(),
    }
}

fn entries_left(text: &str) -> Result<EntriesLeft, DbError> {
    if text == UNLIMITED {
        return Ok(EntriesLeft::Unlimited);
    }
    text.parse()
        .map(EntriesLeft::Count)
        .map_err(|_| DbError::Column {
            column: "entries_left".to_owned(),
            problem: "is neither a count nor a word for one".to_owned(),
        })
}
