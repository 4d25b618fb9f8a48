//! The intent to ask Otipass about a check: kept before the question goes out,
//! gone with the decision. What a crash leaves of a check is its intent.

use crate::decide::check::{self, Check, CheckError, Freshness};
use crate::decide::question;
use crate::decide::record::{self, NewCheck};
use crate::decide::repeat::{Before, Near};
use crate::decide::rules::{self, Counted, Intent, Recognised, Verdict};
use crate::decide::scan_time::{self, Certainty, ScanTime, Sending};
use crate::{Decision, Direction, InterfaceSettings, Mode, Reason, Scan, Site};
use db::{DbError, FromRow, Row, Tx, params};
use kernel::{CheckId, Timestamp};
use otipass::SectorInfo;
use std::sync::Arc;

/// Where a check stands when it arrives.
pub(crate) enum Begun {
    /// It is decided, now or before.
    Decided(Box<Check>, Freshness),
    /// Otipass is to be asked this.
    Ask(Intent, Open),
    /// Another process is asking about this check.
    Elsewhere(Open),
    /// Another check of this card is being asked about at this sector.
    Wait(CheckId, Open),
}

/// Longer than anybody asks, and than the clocks of two processes are apart.
const LONGEST_MS: i64 = 60_000;

/// Who asks about a check, and until when nobody else may.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    /// The process, by a name that is its own again when it is started again: what it
    /// had in hand before nobody else has to wait out.
    pub(crate) node: Arc<str>,
    pub(crate) now: Timestamp,
    pub(crate) for_ms: i64,
}

impl Asker {
    pub(crate) fn until(&self) -> Timestamp {
        self.now.plus_ms(self.for_ms)
    }

    /// One that ends later was written by a clock that was set since.
    pub(crate) fn impossible(&self) -> Timestamp {
        self.now.plus_ms(LONGEST_MS)
    }
}

/// A check that is to be asked about, as it was first understood.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) recognised: Recognised,
    pub(crate) scanned: ScanTime,
    pub(crate) set_up: i64,
    pub(crate) one_more_than: Option<CheckId>,
}

/// What a check arrives with.
pub(crate) struct Arrival<'a> {
    pub(crate) scan: &'a Scan,
    pub(crate) sending: &'a Sending,
    pub(crate) recognised: &'a Result<Recognised, Reason>,
    /// The set-up's revision by which it was recognised.
    pub(crate) set_up: i64,
    pub(crate) at: Timestamp,
    pub(crate) asker: Asker,
}

/// Begins with a check: finds its decision, or its intent; else decides it if it
/// needs no partner, or records the intent. What the device may not do is refused
/// only here, where nothing is known yet: the same id gets the same answer, also
/// after its settings have changed. An intent stands as it was recorded, even
/// if site or mapping have changed since: Otipass may know it.
///
/// The intent's row is the lock of its check, and the open question's that of its
/// card: whoever else comes with one of them waits at it, and looks again behind it.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    arrival: &Arrival<'_>,
    site: &Site,
    settings: &InterfaceSettings,
) -> Result<Begun, CheckError> {
    let Arrival { scan, sending, .. } = *arrival;
    let asker = &arrival.asker;
    if is_known(tx, scan.id)? {
        if let Some(known) = check::find(tx, scan)? {
            return Ok(Begun::Decided(Box::new(known), Freshness::Repeated));
        }
        if let Some(open) = find(tx, scan)? {
            return Ok(if claim(tx, scan.id, asker)? {
                Begun::Ask(Intent::Unresolved, open)
            } else {
                Begun::Elsewhere(open)
            });
        }
    }
    rules::permitted(scan, sending, site.settings_of(&scan.device))?;
    let scanned = scan_time::online(arrival.at, sending);
    let mut earlier = None;
    let decision = match arrival.recognised {
        Err(reason) => Decision::Refused(*reason),
        Ok(recognised) => match rules::without_asking(scan) {
            Some(decision) => decision,
            None => {
                let open = Open {
                    recognised: recognised.clone(),
                    scanned,
                    set_up: arrival.set_up,
                    one_more_than: sending.one_more_than,
                };
                let window_ms = match sending.one_more_than {
                    None => settings.repeat_window_ms(),
                    Some(_) => 0,
                };
                if window_ms > 0
                    && let Some(other) = question::open(tx, scan.id, recognised, asker)?
                {
                    return Ok(Begun::Wait(other, open));
                }
                if !insert(tx, scan, &open, arrival.at, asker)? {
                    return Ok(Begun::Elsewhere(open));
                }
                // Behind both rows: what is here now was there before us.
                let near = Near {
                    card: &recognised.card,
                    sector: &recognised.sector,
                    at: scanned.at,
                    window_ms,
                };
                match near.before_asking(tx, scan.id)? {
                    Before::Nothing => return Ok(Begun::Ask(Intent::Fresh, open)),
                    Before::Decided => {
                        end(tx, scan.id)?;
                        question::close(tx, scan.id)?;
                        return Ok(match check::find(tx, scan)? {
                            Some(known) => Begun::Decided(Box::new(known), Freshness::Repeated),
                            None => Begun::Elsewhere(open),
                        });
                    }
                    Before::Admitted(admission) => earlier = Some(admission),
                }
                Decision::Refused(Reason::JustAdmitted)
            }
        },
    };
    let new = NewCheck {
        scan,
        mode: Mode::Online,
        recognised: arrival.recognised.as_ref().ok(),
        verdict: Verdict::without_partner(decision),
        counted: Counted::No,
        scanned,
        set_up: arrival.set_up,
        one_more_than: sending.one_more_than,
        earlier,
        arrived_at: arrival.at,
        decided_at: asker.now,
    };
    let check = record::insert(tx, &new, site, None)?;
    Ok(Begun::Decided(Box::new(check), Freshness::First))
}

/// Whether there is a decision or an intent of this id.
fn is_known(tx: &mut Tx<'_>, id: CheckId) -> Result<bool, DbError> {
    tx.exists(
        "SELECT 1 AS n WHERE EXISTS (SELECT 1 FROM gate_check WHERE check_id = $1)
                          OR EXISTS (SELECT 1 FROM gate_intent WHERE check_id = $1)",
        params![id],
    )
}

/// Whether it was not there already.
fn insert(
    tx: &mut Tx<'_>,
    scan: &Scan,
    open: &Open,
    arrived_at: Timestamp,
    asker: &Asker,
) -> Result<bool, DbError> {
    let Recognised {
        card,
        num_type,
        sector,
        info,
    } = &open.recognised;
    let inserted = tx.execute(
        "INSERT INTO gate_intent (check_id, device, code, device_time, scanned_at, arrived_at, card,
                                  num_type, sector, service_id, space_id, season, product, set_up,
                                  one_more_than, asked_by, asked_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (check_id) DO NOTHING",
        params![
            scan.id,
            &scan.device,
            scan.stored_code(),
            scan.device_time,
            open.scanned.at,
            arrived_at,
            card,
            *num_type,
            sector,
            &info.service_id,
            &info.space_id,
            &info.season,
            &info.product,
            open.set_up,
            open.one_more_than,
            &*asker.node,
            asker.until(),
        ],
    )?;
    Ok(inserted == 1)
}

/// Takes the right to ask about a check, unless another process has it now.
pub(crate) fn claim(tx: &mut Tx<'_>, id: CheckId, asker: &Asker) -> Result<bool, DbError> {
    let claimed = tx.execute(
        "UPDATE gate_intent SET asked_by = $2, asked_until = $3
         WHERE check_id = $1 AND (asked_by = $2 OR asked_until <= $4 OR asked_until > $5)",
        params![
            id,
            &*asker.node,
            asker.until(),
            asker.now,
            asker.impossible()
        ],
    )?;
    Ok(claimed == 1)
}

/// Ends the intent of a check that is being decided. Whoever else decides it waits
/// here, and finds it decided.
pub(crate) fn end(tx: &mut Tx<'_>, id: CheckId) -> Result<(), DbError> {
    tx.run("DELETE FROM gate_intent WHERE check_id = $1", params![id])
}

/// What was recognised when the intent of this scan was kept, if there is one.
///
/// # Errors
/// [`CheckError::Conflict`] if the id belongs to another scan.
pub(crate) fn find(tx: &mut Tx<'_>, scan: &Scan) -> Result<Option<Open>, CheckError> {
    let Some(known) = of(tx, scan.id)? else {
        return Ok(None);
    };
    if !scan.is_stored_as(&known.scan) {
        return Err(CheckError::Conflict(scan.id));
    }
    Ok(Some(known.open))
}

fn of(tx: &mut Tx<'_>, id: CheckId) -> Result<Option<Unresolved>, DbError> {
    tx.query_opt_as("SELECT * FROM gate_intent WHERE check_id = $1", params![id])
}

/// An intent that never became a decision.
pub(crate) struct Unresolved {
    pub(crate) scan: Scan,
    pub(crate) open: Open,
    pub(crate) arrived_at: Timestamp,
}

/// The ids of the intents that arrived before `before` and that nobody asks about
/// now, oldest first, at most `limit`.
pub(crate) fn unresolved(
    tx: &mut Tx<'_>,
    before: Timestamp,
    asker: &Asker,
    limit: u32,
) -> Result<Vec<CheckId>, DbError> {
    tx.column(
        "SELECT check_id FROM gate_intent
         WHERE arrived_at < $1 AND (asked_by = $2 OR asked_until <= $3 OR asked_until > $4)
         ORDER BY arrived_at, check_id LIMIT $5",
        params![before, &*asker.node, asker.now, asker.impossible(), limit],
    )
}

/// The intent with this id, if it is still open and nobody else asks about it: then
/// it is ours to ask about.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    id: CheckId,
    asker: &Asker,
) -> Result<Option<Unresolved>, DbError> {
    if !claim(tx, id, asker)? {
        return Ok(None);
    }
    of(tx, id)
}

impl FromRow for Unresolved {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        // Only entries that nobody forces are asked about.
        let scan = Scan {
            id: row.get("check_id")?,
            device: row.get("device")?,
            code: row.get("code")?,
            device_time: row.get("device_time")?,
            direction: Direction::Entry,
            forced_note: None,
        };
        let recognised = Recognised {
            card: row.get("card")?,
            num_type: row.get("num_type")?,
            sector: row.get("sector")?,
            info: SectorInfo {
                service_id: row.get("service_id")?,
                space_id: row.get("space_id")?,
                season: row.get("season")?,
                product: row.get("product")?,
            },
        };
        let open = Open {
            recognised,
            // The server itself saw it arrive.
            scanned: ScanTime {
                at: row.get("scanned_at")?,
                certainty: Certainty::Known,
            },
            set_up: row.get("set_up")?,
            one_more_than: row.get("one_more_than")?,
        };
        Ok(Self {
            scan,
            open,
            arrived_at: row.get("arrived_at")?,
        })
    }
}
