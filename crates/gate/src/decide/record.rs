//! The one transaction that records a decision with all that follows from it.

use crate::decide::barcode;
use crate::decide::check::{self, Check, CheckError, Freshness, entries_left_text};
use crate::decide::intent;
use crate::decide::question;
use crate::decide::repeat::Earlier;
use crate::decide::rules::{Counted, Recognised, Verdict};
use crate::decide::scan_time::ScanTime;
use crate::decide::tally;
use crate::hash::derived;
use crate::outbox::{declaration, give_back};
use crate::records::retention;
use crate::{Admission, Decision, Mode, Scan, ScanRefused, Site};
use db::{Tx, params};
use kernel::{CheckId, Timestamp};

/// How a decided check comes to be kept.
pub(crate) struct NewCheck<'a> {
    pub(crate) scan: &'a Scan,
    pub(crate) mode: Mode,
    pub(crate) recognised: Option<&'a Recognised>,
    pub(crate) verdict: Verdict,
    pub(crate) counted: Counted,
    pub(crate) scanned: ScanTime,
    /// The set-up's revision that it was recognised by.
    pub(crate) set_up: i64,
    pub(crate) one_more_than: Option<CheckId>,
    /// The admission that this repeats.
    pub(crate) earlier: Option<Earlier>,
    pub(crate) arrived_at: Timestamp,
    pub(crate) decided_at: Timestamp,
}

/// Keeps the decision, and for an admission its control barcode with its place
/// in the queue to ticketing, and the declaration it owes. The first decision
/// stands: a check that is decided already is only found.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    new: &NewCheck<'_>,
    site: &Site,
) -> Result<(Check, Freshness), CheckError> {
    let scan = new.scan;
    intent::end(tx, scan.id)?;
    if let Some(known) = check::find(tx, scan)? {
        return Ok((known, Freshness::Repeated));
    }
    owe(tx, scan.id, new)?;
    Ok((keep(tx, scan.id, new, site, None)?, Freshness::First))
}

/// Keeps the decision, which nobody has kept yet; `follows` is the check whose
/// refusal it overrules.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    new: &NewCheck<'_>,
    site: &Site,
    follows: Option<CheckId>,
) -> Result<Check, CheckError> {
    let id = new.scan.id;
    let record = follows.map_or(Ok(id), |id| derived(&format!("passerelle-follow-up:{id}")))?;
    owe(tx, record, new)?;
    // Not before: what cannot be kept of a journal stays open, while the rest of the
    // journal is kept in the same transaction.
    intent::end(tx, id)?;
    keep(tx, record, new, site, follows)
}

/// What follows from an admission: its control barcode, and what Otipass has to hear.
fn owe(tx: &mut Tx<'_>, record: CheckId, new: &NewCheck<'_>) -> Result<(), CheckError> {
    if let (Decision::Admitted(admission), Some(recognised)) =
        (new.verdict.decision, new.recognised)
    {
        insert_control_barcode(tx, record, new, recognised)?;
        if admission != Admission::Accepted {
            declaration::owe(tx, record, new.counted, new.decided_at)?;
        }
    }
    Ok(())
}

fn keep(
    tx: &mut Tx<'_>,
    record: CheckId,
    new: &NewCheck<'_>,
    site: &Site,
    follows: Option<CheckId>,
) -> Result<Check, CheckError> {
    let (scan, decision) = (new.scan, new.verdict.decision);
    let day = site.zone.business_day(new.scanned.at);
    question::close(tx, scan.id)?;
    let hour = i64::from(site.zone.hour(new.scanned.at));
    tally::decided(tx, &scan.device, day, decision)?;
    if let Some(overruled) = follows {
        tally::overruled(tx, overruled)?;
    }
    if decision.is_admitted() {
        let sector = new.recognised.map(|r| &r.sector);
        tally::admitted(tx, &scan.device, day, hour, sector)?;
    }
    let count = tally::count_of_day(tx, &scan.device, day)?;
    let pass = new.verdict.pass.unwrap_or_default();
    tx.execute(
        "INSERT INTO gate_check (check_id, device, mode, code, scanned_at, arrived_at, decided_at,
                                 direction, forced_note, outcome, admitted, card, sector, num_type,
                                 service_id, space_id, valid_until, entries_left,
                                 device_count_today, business_day, hour, follows, device_time,
                                 time_estimated, set_up, one_more_than, repeats)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20, $21, $22, $23, $24, $25, $26, $27)",
        params![
            record,
            &scan.device,
            new.mode,
            scan.stored_code(),
            new.scanned.at,
            new.arrived_at,
            new.decided_at,
            scan.direction,
            scan.forced_note.as_ref(),
            decision,
            decision.is_admitted(),
            new.recognised.map(|r| &r.card),
            new.recognised.map(|r| &r.sector),
            new.recognised.map(|r| r.num_type),
            new.recognised.map(|r| &r.info.service_id),
            new.recognised.map(|r| &r.info.space_id),
            pass.valid_until,
            pass.entries_left.map(entries_left_text),
            count,
            day,
            hour,
            follows,
            scan.device_time,
            new.scanned.is_estimated(),
            new.set_up,
            new.one_more_than,
            new.earlier.as_ref().map(|earlier| earlier.check),
        ],
    )?;
    if new.counted == Counted::Maybe && !decision.is_admitted() {
        give_back::owe(tx, record, new.decided_at)?;
    }
    Ok(Check {
        scan: scan.clone(),
        scanned: new.scanned,
        set_up: new.set_up,
        earlier: new.earlier.clone(),
        arrived_at: new.arrived_at,
        decided_at: new.decided_at,
        decision,
        card: new.recognised.map(|r| r.card.clone()),
        sector: new.recognised.map(|r| r.sector.clone()),
        pass,
        device_count_today: count,
        record,
    })
}

fn insert_control_barcode(
    tx: &mut Tx<'_>,
    record: CheckId,
    new: &NewCheck<'_>,
    recognised: &Recognised,
) -> Result<(), CheckError> {
    let removed = retention::Removed::by(tx, new.scanned.at, new.decided_at)?;
    for barcode in barcode::candidates(&recognised.card, new.scanned.at) {
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
                new.mode,
                new.scanned.at,
            ],
        )?;
        if made == 1 {
            return Ok(());
        }
    }
    Err(ScanRefused::ClockStandsStill.into())
}
