//! The intent to ask Otipass about a check: kept before the question goes out,
//! gone with the decision. What a crash leaves of a check is its intent.

use crate::decide::check::{self, Check, CheckError, Freshness};
use crate::decide::record::{self, NewCheck};
use crate::decide::rules::{self, Counted, Intent, Recognised, Verdict};
use crate::{Decision, Direction, Mode, Reason, Scan, Site};
use db::{DbError, Row, Tx, params};
use kernel::{CheckId, Timestamp};
use otipass::SectorInfo;

/// Where a check stands when it arrives.
pub(crate) enum Begun {
    /// It is decided, now or before.
    Decided(Box<Check>, Freshness),
    /// Otipass is to be asked this.
    Ask(Intent, Recognised),
}

/// Begins a check: finds its decision, or its intent; else decides it if it
/// needs no partner, or keeps the intent. What the device may not do is refused
/// only here, where nothing is known yet: the same id gets the same answer, also
/// after its settings have changed. An intent stands as it was kept, even
/// if site or mapping have changed since: Otipass may know it.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    scan: &Scan,
    recognised: &Result<Recognised, Reason>,
    now: Timestamp,
    site: &Site,
) -> Result<Begun, CheckError> {
    if let Some(known) = check::find(tx, scan)? {
        return Ok(Begun::Decided(Box::new(known), Freshness::Repeated));
    }
    if let Some(asked) = find(tx, scan)? {
        return Ok(Begun::Ask(Intent::Unresolved, asked));
    }
    rules::permitted(scan, site.settings_of(&scan.device))?;
    let decision = match recognised {
        Ok(recognised) => match rules::without_asking(scan) {
            Some(decision) => decision,
            None => {
                insert(tx, scan, recognised, now)?;
                return Ok(Begun::Ask(Intent::Fresh, recognised.clone()));
            }
        },
        Err(reason) => Decision::Refused(*reason),
    };
    let new = NewCheck {
        scan,
        mode: Mode::Online,
        recognised: recognised.as_ref().ok(),
        verdict: Verdict::without_partner(decision),
        counted: Counted::No,
        arrived_at: now,
        decided_at: now,
    };
    let check = record::insert(tx, &new, site, None)?;
    Ok(Begun::Decided(Box::new(check), Freshness::First))
}

fn insert(
    tx: &mut Tx<'_>,
    scan: &Scan,
    recognised: &Recognised,
    arrived_at: Timestamp,
) -> Result<(), DbError> {
    let info = &recognised.info;
    tx.execute(
        "INSERT INTO gate_intent (check_id, device, code, scanned_at, arrived_at, card, num_type,
                                  sector, service_id, space_id, season, product)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            scan.id,
            &scan.device,
            scan.stored_code(),
            scan.scanned_at,
            arrived_at,
            &recognised.card,
            recognised.num_type,
            &recognised.sector,
            &info.service_id,
            &info.space_id,
            &info.season,
            &info.product,
        ],
    )
    .map(drop)
}

/// What was recognised when the intent of this scan was kept, if there is one.
///
/// # Errors
/// [`CheckError::Conflict`] if the id belongs to another scan.
pub(crate) fn find(tx: &mut Tx<'_>, scan: &Scan) -> Result<Option<Recognised>, CheckError> {
    let row = tx.query_opt(
        "SELECT * FROM gate_intent WHERE check_id = $1",
        params![scan.id],
    )?;
    let Some(row) = row else { return Ok(None) };
    if !scan.is_stored_as(&scan_of(&row)?) {
        return Err(CheckError::Conflict(scan.id));
    }
    Ok(Some(recognised(&row)?))
}

/// An intent that never became a decision.
pub(crate) struct Unresolved {
    pub(crate) scan: Scan,
    pub(crate) recognised: Recognised,
    pub(crate) arrived_at: Timestamp,
}

/// The ids of the intents that arrived before `before`, oldest first, at most
/// `limit`.
pub(crate) fn unresolved(
    tx: &mut Tx<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<CheckId>, DbError> {
    tx.column(
        "SELECT check_id FROM gate_intent WHERE arrived_at < $1
         ORDER BY arrived_at, check_id LIMIT $2",
        params![before, limit],
    )
}

/// The intent with this id, if it is still open.
pub(crate) fn load(tx: &mut Tx<'_>, id: CheckId) -> Result<Option<Unresolved>, DbError> {
    tx.query_opt("SELECT * FROM gate_intent WHERE check_id = $1", params![id])?
        .map(|row| {
            Ok(Unresolved {
                scan: scan_of(&row)?,
                recognised: recognised(&row)?,
                arrived_at: row.get("arrived_at")?,
            })
        })
        .transpose()
}

/// Only entries that nobody forces are asked about.
fn scan_of(row: &Row) -> Result<Scan, DbError> {
    Ok(Scan {
        id: row.get("check_id")?,
        device: row.get("device")?,
        code: row.get("code")?,
        scanned_at: row.get("scanned_at")?,
        direction: Direction::Entry,
        forced_note: None,
    })
}

fn recognised(row: &Row) -> Result<Recognised, DbError> {
    Ok(Recognised {
        card: row.get("card")?,
        num_type: row.get("num_type")?,
        sector: row.get("sector")?,
        info: SectorInfo {
            service_id: row.get("service_id")?,
            space_id: row.get("space_id")?,
            season: row.get("season")?,
            product: row.get("product")?,
        },
    })
}
