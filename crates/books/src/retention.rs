//! The end of card numbers in the books of both sides: after the retention time,
//! once nothing of a check is left to do, a pseudonym stands in their place.
//! Counts and money stay.
//!
//! Both sides lose a barcode in one transaction, so that their books agree at any
//! moment. This is the only code that writes in both.

use boxoffice::retention::FilesRemoved;
use boxoffice::stx_file::FileError;
use db::{Db, DbError, Tx};
use kernel::{ControlBarcode, PseudonymKey, Timestamp};
use secutix::stx::Dialect;
use serde::Serialize;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// How many checks or barcodes one transaction looks at; checks wait for it.
const BATCH: u32 = 200;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// For how long card numbers stay, and where they are.
#[derive(Debug, Clone)]
pub struct Retention {
    /// The days they stay, from the scan and from its arrival.
    pub days: RetentionDays,
    /// The folder of the STX_Files and how they are spelt, if this process has
    /// the box office's role.
    pub files: Option<(PathBuf, Dialect)>,
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
    pub const SHORTEST: u32 = gate::records::retention::SHORTEST_DAYS;

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

/// Whether a run changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It removes.
    Remove,
    /// It counts what it would remove.
    Dry,
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
    /// STX_Files.
    pub files: u64,
    /// Reports of rejected rows.
    pub reports: u64,
    /// STX_Files that somebody must look at.
    pub unreadable_files: Vec<PathBuf>,
}

impl RetentionReport {
    /// Leaves a line in the log, if there is anything to say.
    pub fn log(&self) {
        if !self.unreadable_files.is_empty() {
            tracing::error!(
                files = self.unreadable_files.len(),
                "STX_Files hold card numbers and cannot be read in the present dialect; \
                 `passerelle retention run --dry-run` names them"
            );
        }
        if self.checks + self.staged + self.tickets + self.files + self.reports > 0 {
            tracing::info!(
                checks = self.checks,
                control_barcodes = self.control_barcodes,
                staged = self.staged,
                tickets = self.tickets,
                files = self.files,
                reports = self.reports,
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

/// Why a run did not end. What it removed stays removed; the next goes on.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database.
    #[error("card numbers could not be removed from the database; the next run goes on")]
    Db(#[from] DbError),
}

/// Removes what is due, in transactions of bounded size.
///
/// # Errors
/// [`RetentionError`].
pub async fn run(
    db: &Db,
    retention: &Retention,
    now: Timestamp,
    run: Run,
) -> Result<RetentionReport, RetentionError> {
    let before = retention.days.before(now);
    let mut report = RetentionReport::default();
    let key = match run {
        Run::Remove => {
            let fresh = retention.fresh_key.clone();
            Some(
                db.write("retention key", move |tx| the_key(tx, &fresh))
                    .await?,
            )
        }
        Run::Dry => None,
    };
    let mut place = None;
    loop {
        let key = key.clone();
        let work = move |tx: &mut Tx<'_>| checks(tx, place, before, key.as_ref(), now);
        let (counts, next) = match run {
            Run::Remove => db.write("remove card numbers", work).await?,
            Run::Dry => db.read("count card numbers", work).await?,
        };
        report.add(&counts);
        match next {
            Some(next) => place = Some(next),
            None => break,
        }
    }
    let mut place = boxoffice::retention::Place::START;
    loop {
        let key = key.clone();
        let work = move |tx: &mut Tx<'_>| barcodes(tx, place, before, key.as_ref(), now);
        let (counts, next) = match run {
            Run::Remove => db.write("remove card numbers", work).await?,
            Run::Dry => db.read("count card numbers", work).await?,
        };
        report.add(&counts);
        match next {
            Some(next) => place = next,
            None => break,
        }
    }
    if let Some((folder, dialect)) = &retention.files {
        let dry = run == Run::Dry;
        let FilesRemoved {
            files,
            reports,
            unreadable,
        } = boxoffice::retention::files(db, folder, dialect, before, now, dry).await?;
        (report.files, report.reports) = (files, reports);
        report.unreadable_files = unreadable;
    }
    Ok(report)
}

/// The key that the sides share; `fresh` if there is none.
fn the_key(tx: &mut Tx<'_>, fresh: &PseudonymKey) -> Result<PseudonymKey, DbError> {
    let key = match gate::records::retention::key(tx)? {
        Some(key) => key,
        None => boxoffice::retention::key(tx)?.unwrap_or_else(|| fresh.clone()),
    };
    gate::records::retention::keep_key(tx, &key)?;
    boxoffice::retention::keep_key(tx, &key)?;
    Ok(key)
}

#[derive(Default)]
struct Counts {
    checks: u64,
    control_barcodes: u64,
    staged: u64,
    tickets: u64,
}

impl RetentionReport {
    fn add(&mut self, counts: &Counts) {
        self.checks += counts.checks;
        self.control_barcodes += counts.control_barcodes;
        self.staged += counts.staged;
        self.tickets += counts.tickets;
    }
}

/// Checks with their barcodes, on both sides. A barcode that waits for its sale
/// waits here too.
fn checks(
    tx: &mut Tx<'_>,
    after: Option<gate::records::retention::Place>,
    before: Timestamp,
    key: Option<&PseudonymKey>,
    now: Timestamp,
) -> Result<(Counts, Option<gate::records::retention::Place>), DbError> {
    let mut due = gate::records::retention::due(tx, after, before, BATCH)?;
    let next = due.last().map(gate::records::retention::Due::place);
    let barcodes: Vec<ControlBarcode> = due.iter().filter_map(|one| one.barcode.clone()).collect();
    let waiting = boxoffice::retention::unfinished(tx, &barcodes)?;
    due.retain(|one| !one.barcode.as_ref().is_some_and(|b| waiting.contains(b)));
    let barcodes: Vec<_> = due.iter().filter_map(|one| one.barcode.clone()).collect();
    let mut counts = Counts {
        checks: due.len() as u64,
        control_barcodes: barcodes.len() as u64,
        ..Counts::default()
    };
    let removed = match key {
        Some(key) => {
            gate::records::retention::remove(tx, key, &due, now)?;
            boxoffice::retention::remove(tx, key, &barcodes, now)?
        }
        None => boxoffice::retention::count(tx, &barcodes)?,
    };
    (counts.staged, counts.tickets) = (removed.staged, removed.tickets);
    Ok((counts, next))
}

/// Barcodes that no gate here has made: other resellers' sales, or all of them
/// where the gates are elsewhere.
fn barcodes(
    tx: &mut Tx<'_>,
    after: boxoffice::retention::Place,
    before: Timestamp,
    key: Option<&PseudonymKey>,
    now: Timestamp,
) -> Result<(Counts, Option<boxoffice::retention::Place>), DbError> {
    let stretch = boxoffice::retention::due(tx, after, before, BATCH)?;
    let ours = gate::records::retention::ours(tx, &stretch.due)?;
    let mut due = stretch.due;
    due.retain(|barcode| !ours.contains(barcode));
    let removed = match key {
        Some(key) => boxoffice::retention::remove(tx, key, &due, now)?,
        None => boxoffice::retention::count(tx, &due)?,
    };
    let counts = Counts {
        staged: removed.staged,
        tickets: removed.tickets,
        ..Counts::default()
    };
    Ok((counts, stretch.next))
}
