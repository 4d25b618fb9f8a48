//! A check: its scan, its record, and what a repeated id gets.

use crate::decide::{Counted, Recognised, Verdict};
use crate::{Decision, Site, barcode};
use db::{DbError, Row, Tx, params};
use kernel::{CardNumber, CheckId, DeviceCode, InvalidId, SectorCode, Timestamp};
use otipass::{EntriesLeft, PassFacts};
use serde::Serialize;

/// The most a scanned code may have, in bytes.
pub const CODE_LIMIT_BYTES: usize = 512;

/// Whether the device had a line to the server when it scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It asks, and waits for the decision.
    Online,
    /// It decided by itself; its journal delivers the check.
    Offline,
}

impl Mode {
    /// The name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Online => "online",
            Mode::Offline => "offline",
        }
    }
}

/// One scan at one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The id the device chose.
    pub id: CheckId,
    /// The device.
    pub device: DeviceCode,
    /// The raw text it read.
    pub code: String,
    /// When it read it, by its own clock.
    pub scanned_at: Timestamp,
}

/// A scan that is no check: it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanRefused {
    /// The code is too long.
    #[error("the code has {bytes} bytes; at most {CODE_LIMIT_BYTES} are allowed")]
    CodeTooLong {
        /// Its length.
        bytes: usize,
    },
    /// The device has read so many scans of one card at one moment that no
    /// control barcode is free: its clock stands still.
    #[error(
        "the device reports the same moment for more than {} scans of one card; set its clock",
        barcode::CANDIDATES
    )]
    ClockStandsStill,
}

impl Scan {
    /// Holds the scan against the limits.
    ///
    /// # Errors
    /// [`ScanRefused`] says which one it breaks.
    pub fn within_limits(&self) -> Result<(), ScanRefused> {
        if self.code.len() > CODE_LIMIT_BYTES {
            return Err(ScanRefused::CodeTooLong {
                bytes: self.code.len(),
            });
        }
        Ok(())
    }

    /// The code as it is kept: no database keeps a NUL character as text, so its
    /// picture stands for it.
    pub(crate) fn kept_code(&self) -> String {
        self.code.replace('\0', "\u{2400}")
    }

    /// Whether this scan is the one that was kept.
    pub(crate) fn is_kept_as(&self, kept: &Scan) -> bool {
        self.id == kept.id
            && self.device == kept.device
            && self.scanned_at == kept.scanned_at
            && self.kept_code() == kept.code
    }
}

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
    let row = tx.query_opt(
        "SELECT * FROM gate_check WHERE check_id = $1",
        params![scan.id],
    )?;
    let Some(row) = row else { return Ok(None) };
    let check = Check::from_row(&row)?;
    if scan.is_kept_as(&check.scan) {
        Ok(Some(check))
    } else {
        Err(CheckError::Conflict(scan.id))
    }
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
    let decision = deciding.verdict.decision;
    let day = site.zone.business_day(scan.scanned_at);
    if let (Decision::Admitted(admission), Some(recognised)) = (decision, deciding.recognised) {
        keep_control_barcode(tx, deciding, recognised)?;
        crate::declaration::owe(tx, deciding, admission, recognised)?;
    }
    tx.execute(
        "DELETE FROM gate_intent WHERE check_id = $1",
        params![scan.id],
    )?;
    let count = count_today(tx, &scan.device, day, decision)?;
    let pass = deciding.verdict.pass.unwrap_or_default();
    tx.execute(
        "INSERT INTO gate_check (check_id, device, mode, code, scanned_at, arrived_at, decided_at,
                                 outcome, admitted, card, sector, valid_until, entries_left,
                                 device_count_today, business_day, hour)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        params![
            scan.id,
            &scan.device,
            deciding.mode.as_str(),
            scan.kept_code(),
            scan.scanned_at,
            deciding.arrived_at,
            deciding.decided_at,
            decision.as_str(),
            decision.is_admitted(),
            deciding.recognised.map(|r| &r.card),
            deciding.recognised.map(|r| &r.sector),
            pass.valid_until,
            pass.entries_left.map(entries_left_text),
            count,
            day,
            i64::from(site.zone.hour(scan.scanned_at)),
        ],
    )?;
    let check = Check {
        scan: scan.clone(),
        arrived_at: deciding.arrived_at,
        decided_at: deciding.decided_at,
        decision,
        card: deciding.recognised.map(|r| r.card.clone()),
        sector: deciding.recognised.map(|r| r.sector.clone()),
        pass,
        device_count_today: count,
    };
    Ok((check, Freshness::First))
}

fn keep_control_barcode(
    tx: &mut Tx<'_>,
    deciding: &Deciding<'_>,
    recognised: &Recognised,
) -> Result<(), CheckError> {
    let scan = deciding.scan;
    for barcode in barcode::candidates(&recognised.card, scan.scanned_at) {
        let made = tx.execute(
            "INSERT INTO gate_control_barcode (barcode, check_id, sector, season, product, mode,
                                               controlled_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (barcode) DO NOTHING",
            params![
                barcode?,
                scan.id,
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

fn count_today(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    day: kernel::BusinessDay,
    decision: Decision,
) -> Result<u32, DbError> {
    if decision.is_admitted() {
        tx.execute(
            "INSERT INTO gate_device_day (device, business_day, admitted) VALUES ($1, $2, 1)
             ON CONFLICT (device, business_day)
             DO UPDATE SET admitted = gate_device_day.admitted + 1",
            params![device, day],
        )?;
    }
    let row = tx.query_opt(
        "SELECT admitted FROM gate_device_day WHERE device = $1 AND business_day = $2",
        params![device, day],
    )?;
    row.map_or(Ok(0), |row| row.get("admitted"))
}

pub(crate) fn scan_of(row: &Row) -> Result<Scan, DbError> {
    Ok(Scan {
        id: row.get("check_id")?,
        device: row.get("device")?,
        code: row.get("code")?,
        scanned_at: row.get("scanned_at")?,
    })
}

impl Check {
    pub(crate) fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            scan: scan_of(row)?,
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
