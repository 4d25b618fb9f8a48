//! A check: its record, and what a repeated id gets.

use crate::decide::barcode;
use crate::decide::intent;
use crate::decide::rules::{Counted, NotPermitted, Recognised, Verdict};
use crate::decide::tally;
use crate::devices::token::sha256_hex;
use crate::records::retention;
use crate::{Decision, ForcedNote, Mode, Scan, ScanRefused, Site};
use db::{DbError, Row, Tx, params};
use kernel::{CardNumber, CheckId, InvalidId, SectorCode, Timestamp};
use otipass::{EntriesLeft, PassFacts};
use std::str::FromStr;

/// A decided check, as it is remembered for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What was scanned.
    pub scan: Scan,
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

/// How a decided check comes to be kept.
pub(crate) struct Deciding<'a> {
    pub(crate) scan: &'a Scan,
    pub(crate) mode: Mode,
    pub(crate) recognised: Option<&'a Recognised>,
    pub(crate) verdict: Verdict,
    pub(crate) counted: Counted,
    pub(crate) arrived_at: Timestamp,
    pub(crate) decided_at: Timestamp,
}

/// The decided check with this scan's id, if there is one.
///
/// # Errors
/// [`CheckError::Conflict`] if the id belongs to another scan.
pub(crate) fn find(tx: &mut Tx<'_>, scan: &Scan) -> Result<Option<Check>, CheckError> {
    match load(tx, scan.id)? {
        Some(check)
            if !scan.is_kept_as(&check.scan) && !retention::is_kept_as(tx, scan, &check.scan)? =>
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
    let first = Check::from_row(&row)?;
    if first.decision.opens() {
        return Ok(Some(first));
    }
    let follow_up = tx.query_opt("SELECT * FROM gate_check WHERE follows = $1", params![id])?;
    Ok(Some(match follow_up {
        Some(row) => Check {
            scan: first.scan,
            ..Check::from_row(&row)?
        },
        None => first,
    }))
}

/// An id of our own for what `text` names. No device chooses it: it is a UUID of
/// version 8, made of a hash.
pub(crate) fn derived<T: FromStr>(text: &str) -> Result<T, T::Err> {
    let mut hex = sha256_hex(text);
    hex.truncate(32);
    hex.replace_range(12..13, "8");
    hex.replace_range(16..17, "8");
    hex.parse()
}

/// Keeps the decision, and for an admission its control barcode with its place
/// in the queue to ticketing, and the declaration it owes. The first decision
/// stands: a check that is decided already is only found.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    deciding: &Deciding<'_>,
    site: &Site,
) -> Result<(Check, Freshness), CheckError> {
    let scan = deciding.scan;
    if let Some(known) = find(tx, scan)? {
        return Ok((known, Freshness::Repeated));
    }
    Ok((insert(tx, deciding, site, None)?, Freshness::First))
}

/// Keeps the decision, which nobody has kept yet; `follows` is the check whose
/// refusal it overrules.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    deciding: &Deciding<'_>,
    site: &Site,
    follows: Option<CheckId>,
) -> Result<Check, CheckError> {
    let scan = deciding.scan;
    let record = follows.map_or(Ok(scan.id), |id| {
        derived(&format!("passerelle-follow-up:{id}"))
    })?;
    let decision = deciding.verdict.decision;
    let day = site.zone.business_day(scan.scanned_at);
    if let (Decision::Admitted(admission), Some(recognised)) = (decision, deciding.recognised) {
        keep_control_barcode(tx, record, deciding, recognised)?;
        crate::outbox::declaration::owe(tx, record, deciding, admission)?;
    }
    tx.execute(
        "DELETE FROM gate_intent WHERE check_id = $1",
        params![scan.id],
    )?;
    let hour = i64::from(site.zone.hour(scan.scanned_at));
    tally::decided(tx, &scan.device, day, decision)?;
    if let Some(overruled) = follows {
        tally::overruled(tx, overruled)?;
    }
    if decision.is_admitted() {
        let sector = deciding.recognised.map(|r| &r.sector);
        tally::admitted(tx, &scan.device, day, hour, sector)?;
    }
    let count = tally::count_of_day(tx, &scan.device, day)?;
    let pass = deciding.verdict.pass.unwrap_or_default();
    tx.execute(
        "INSERT INTO gate_check (check_id, device, mode, code, scanned_at, arrived_at, decided_at,
                                 direction, forced_note, outcome, admitted, card, sector, num_type,
                                 service_id, space_id, valid_until, entries_left,
                                 device_count_today, business_day, hour, follows)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20, $21, $22)",
        params![
            record,
            &scan.device,
            deciding.mode.as_str(),
            scan.kept_code(),
            scan.scanned_at,
            deciding.arrived_at,
            deciding.decided_at,
            scan.direction.as_str(),
            scan.forced_note.as_ref().map(ForcedNote::reveal),
            decision.as_str(),
            decision.is_admitted(),
            deciding.recognised.map(|r| &r.card),
            deciding.recognised.map(|r| &r.sector),
            deciding
                .recognised
                .map(|r| intent::num_type_text(r.num_type)),
            deciding.recognised.map(|r| r.info.service_id.as_str()),
            deciding.recognised.map(|r| r.info.space_id.as_str()),
            pass.valid_until,
            pass.entries_left.map(entries_left_text),
            count,
            day,
            hour,
            follows,
        ],
    )?;
    if deciding.counted == Counted::Maybe && !decision.is_admitted() {
        crate::outbox::give_back::owe(tx, record, deciding.decided_at)?;
    }
    Ok(Check {
        scan: scan.clone(),
        arrived_at: deciding.arrived_at,
        decided_at: deciding.decided_at,
        decision,
        card: deciding.recognised.map(|r| r.card.clone()),
        sector: deciding.recognised.map(|r| r.sector.clone()),
        pass,
        device_count_today: count,
        record,
    })
}

fn keep_control_barcode(
    tx: &mut Tx<'_>,
    record: CheckId,
    deciding: &Deciding<'_>,
    recognised: &Recognised,
) -> Result<(), CheckError> {
    let scan = deciding.scan;
    let removed = retention::Removed::by(tx, scan.scanned_at, deciding.decided_at)?;
    for barcode in barcode::candidates(&recognised.card, scan.scanned_at) {
        let barcode = barcode?;
        if removed.has(tx, &barcode)? {
            continue;
        }
        let made = tx.execute(
            "INSERT INTO gate_control_barcode (barcode, check_id, sector, season, product, mode,
                                               controlled_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (barcode) DO NOTHING",
            params![
                barcode,
                record,
                &recognised.sector,
                &recognised.info.season,
                &recognised.info.product,
                deciding.mode.as_str(),
                scan.scanned_at,
            ],
        )?;
        if made == 1 {
            return Ok(());
        }
    }
    Err(ScanRefused::ClockStandsStill.into())
}

impl Check {
    pub(crate) fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            scan: Scan {
                id: row.get("check_id")?,
                device: row.get("device")?,
                code: row.get("code")?,
                scanned_at: row.get("scanned_at")?,
                direction: read_as(row, "direction")?,
                forced_note: row
                    .get::<Option<String>>("forced_note")?
                    .map(|note| note.parse().map_err(|_| unreadable("forced_note")))
                    .transpose()?,
            },
            arrived_at: row.get("arrived_at")?,
            decided_at: row.get("decided_at")?,
            decision: read_as(row, "outcome")?,
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

fn entries_left_text(left: EntriesLeft) -> String {
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
        .map_err(|_| unreadable("entries_left"))
}

/// Reads a text column as a type of the gate's own.
pub(crate) fn read_as<T: std::str::FromStr>(row: &Row, column: &str) -> Result<T, DbError> {
    row.get::<String>(column)?
        .parse()
        .map_err(|_| unreadable(column))
}

pub(crate) fn unreadable(column: &str) -> DbError {
    DbError::Column {
        column: column.to_owned(),
        problem: "holds a word this version does not know".to_owned(),
    }
}
