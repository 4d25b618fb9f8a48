//! The end of card numbers in the books of both sides: after the retention time,
//! once nothing of a check is left to do, a pseudonym stands in their place.
//! Counts and money stay.
//!
//! Both sides lose a barcode in one transaction, so that their books agree at any
//! moment. This is the only code that writes in both.

pub use boxoffice::retention::Run;

use boxoffice::BOOKS;
use boxoffice::retention as box_office;
use db::{Db, DbError, Tx};
use gate::records::retention as gate_side;
use kernel::{ControlBarcode, PseudonymKey, Timestamp};
use serde::Serialize;
use std::num::NonZeroU32;
use std::sync::Arc;

/// How many checks or barcodes one transaction looks at; checks wait for it.
const BATCH: u32 = 200;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// For how long card numbers stay.
#[derive(Debug, Clone)]
pub struct Retention {
    /// The days they stay, from the scan and from its arrival.
    pub days: RetentionDays,
    /// The key that the database gets if it has none; a random one.
    pub fresh_key: PseudonymKey,
}

/// A number of days for which card numbers stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionDays(NonZeroU32);

/// A time that is too short to settle in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "card numbers stay for {} days at least: journals come late, and Otipass settles by the month",
    RetentionDays::SHORTEST
)]
pub struct TooShort;

impl RetentionDays {
    /// The least.
    pub const SHORTEST: u32 = gate_side::SHORTEST_DAYS;

    /// # Errors
    /// [`TooShort`].
    pub fn new(days: u32) -> Result<Self, TooShort> {
        NonZeroU32::new(days)
            .filter(|days| days.get() >= Self::SHORTEST)
            .map(Self)
            .ok_or(TooShort)
    }

    /// What was scanned and came before this is old enough.
    #[must_use]
    pub fn before(self, now: Timestamp) -> Timestamp {
        now.plus_ms(-DAY_MS * i64::from(self.0.get()))
    }
}

/// What a run removed, or would.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RetentionReport {
    /// Checks.
    pub checks: u64,
    /// Control barcodes of the gate.
    pub control_barcodes: u64,
    /// Staged barcodes.
    pub staged: u64,
    /// Tickets.
    pub tickets: u64,
    /// What lay aside and is settled.
    pub aside: u64,
    /// STX_Files whose content went.
    pub files: u64,
}

impl RetentionReport {
    /// Leaves a line in the log, if there is anything to say.
    pub fn log(&self) {
        if self.checks + self.staged + self.tickets + self.aside + self.files > 0 {
            tracing::info!(
                checks = self.checks,
                control_barcodes = self.control_barcodes,
                staged = self.staged,
                tickets = self.tickets,
                aside = self.aside,
                files = self.files,
                "card numbers removed after the retention time"
            );
        }
    }

    /// Whether nothing was to be removed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Removes what is due, in transactions of bounded size.
///
/// # Errors
/// The database could not be read or written; the next run goes on.
pub async fn run(
    db: &Db,
    retention: &Retention,
    now: Timestamp,
    run: Run,
) -> anyhow::Result<RetentionReport> {
    let before = retention.days.before(now);
    let key = match run {
        Run::Remove => {
            let fresh = retention.fresh_key.clone();
            // Nor do the addresses stay of who tried codes and passwords.
            let key = db.write("retention key", move |tx| {
                gate::devices::throttle::forget_old(tx, now)?;
                staff::throttle::forget_old(tx, now)?;
                the_key(tx, &fresh)
            });
            Some(key.await?)
        }
        Run::Dry => None,
    };
    let removal = Arc::new(Removal { before, key, now });
    let mut report = RetentionReport::default();
    let mut place = Some(Place::Checks(None));
    while let Some(from) = place {
        let removal = Arc::clone(&removal);
        let batch = move |tx: &mut Tx<'_>| removal.batch(tx, from);
        let (counts, next) = match run {
            Run::Remove => {
                let one_batch = move |tx: &mut Tx<'_>| {
                    tx.one_at_a_time(BOOKS)?;
                    batch(tx)
                };
                db.write("remove card numbers", one_batch).await?
            }
            Run::Dry => db.read("count card numbers", batch).await?,
        };
        report.checks += counts.checks;
        report.control_barcodes += counts.control_barcodes;
        report.staged += counts.of_box_office.staged;
        report.tickets += counts.of_box_office.tickets;
        report.aside += counts.aside;
        place = next;
    }
    report.files = box_office::files(db, before, now, run).await?;
    Ok(report)
}

/// The key that the sides share; `fresh` if there is none.
fn the_key(tx: &mut Tx<'_>, fresh: &PseudonymKey) -> Result<PseudonymKey, DbError> {
    tx.one_at_a_time(BOOKS)?;
    let key = match gate_side::key(tx)? {
        Some(key) => key,
        None => box_office::key(tx)?.unwrap_or_else(|| fresh.clone()),
    };
    gate_side::save_key(tx, &key)?;
    box_office::save_key(tx, &key)?;
    Ok(key)
}

#[derive(Default)]
struct Counts {
    checks: u64,
    control_barcodes: u64,
    of_box_office: box_office::Removed,
    aside: u64,
}

/// Where a run stands: first it walks through the checks, then through the
/// barcodes, last through what lay aside.
#[derive(Clone, Copy)]
enum Place {
    Checks(Option<gate_side::Place>),
    Barcodes(box_office::Place),
    Aside,
}

/// What a run removes.
struct Removal {
    /// What came before this.
    before: Timestamp,
    /// Without one it only counts.
    key: Option<PseudonymKey>,
    now: Timestamp,
}

impl Removal {
    fn batch(&self, tx: &mut Tx<'_>, from: Place) -> Result<(Counts, Option<Place>), DbError> {
        match from {
            Place::Checks(after) => {
                let (counts, next) = self.checks(tx, after)?;
                let barcodes = Place::Barcodes(box_office::Place::START);
                let next = next.map_or(barcodes, |next| Place::Checks(Some(next)));
                Ok((counts, Some(next)))
            }
            Place::Barcodes(after) => {
                let (counts, next) = self.barcodes(tx, after)?;
                Ok((counts, Some(next.map_or(Place::Aside, Place::Barcodes))))
            }
            Place::Aside => self.aside(tx),
        }
    }

    /// Checks with their barcodes, on both sides. A barcode that waits for its sale
    /// waits here too.
    fn checks(
        &self,
        tx: &mut Tx<'_>,
        after: Option<gate_side::Place>,
    ) -> Result<(Counts, Option<gate_side::Place>), DbError> {
        let mut due = gate_side::due(tx, after, self.before, BATCH)?;
        let next = due.last().map(gate_side::Due::place);
        let barcodes: Vec<_> = due.iter().filter_map(|one| one.barcode.clone()).collect();
        let waiting = box_office::unfinished(tx, &barcodes)?;
        due.retain(|one| !one.barcode.as_ref().is_some_and(|b| waiting.contains(b)));
        let barcodes: Vec<_> = due.iter().filter_map(|one| one.barcode.clone()).collect();
        if let Some(key) = &self.key {
            gate_side::remove(tx, key, &due, self.now)?;
        }
        let counts = Counts {
            checks: due.len() as u64,
            control_barcodes: barcodes.len() as u64,
            of_box_office: self.in_box_office(tx, &barcodes)?,
            aside: 0,
        };
        Ok((counts, next))
    }

    /// Barcodes that no gate here has made: other resellers' sales, or all of them
    /// where the gates are elsewhere.
    fn barcodes(
        &self,
        tx: &mut Tx<'_>,
        after: box_office::Place,
    ) -> Result<(Counts, Option<box_office::Place>), DbError> {
        let mut stretch = box_office::due(tx, after, self.before, BATCH)?;
        let ours = gate_side::ours(tx, &stretch.due)?;
        stretch.due.retain(|barcode| !ours.contains(barcode));
        let counts = Counts {
            of_box_office: self.in_box_office(tx, &stretch.due)?,
            ..Counts::default()
        };
        Ok((counts, stretch.next))
    }

    /// What lay aside and is settled.
    fn aside(&self, tx: &mut Tx<'_>) -> Result<(Counts, Option<Place>), DbError> {
        let (aside, next) = match &self.key {
            None => (gate_side::aside_due(tx, self.before)?, None),
            Some(_) => {
                let removed = gate_side::remove_aside(tx, self.before, BATCH)?;
                (
                    removed,
                    (removed >= u64::from(BATCH)).then_some(Place::Aside),
                )
            }
        };
        let counts = Counts {
            aside,
            ..Counts::default()
        };
        Ok((counts, next))
    }

    fn in_box_office(
        &self,
        tx: &mut Tx<'_>,
        barcodes: &[ControlBarcode],
    ) -> Result<box_office::Removed, DbError> {
        match &self.key {
            Some(key) => box_office::remove(tx, key, barcodes, self.now),
            None => box_office::count(tx, barcodes),
        }
    }
}
