//! The external sales run: what is ready is written to STX_Files and imported.

use crate::BOOKS;
use crate::catalogue::load_catalogue;
use crate::readiness::readiness;
use crate::sales_file::{FileError, StagedId};
use crate::{BoxOffice, HeldReason, ImportError, ImportReport, StagedState};
use db::{DbError, Tx, params};
use kernel::{BusinessDay, ProductCode, SeasonCode, causes};
use secutix::stx::RowReason;

/// How many barcodes one transaction moves between ready and held.
const CHUNK: i64 = 2_000;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunReport {
    /// Files that an interrupted run had left, and that were imported now.
    pub resumed: Vec<ImportReport>,
    /// What the catalogue made ready or held.
    pub reevaluated: Reevaluated,
    /// The files of this run.
    pub files: Vec<ImportReport>,
}

impl RunReport {
    /// Rows rejected in all, but for those whose entry was cancelled after they
    /// were written: our own files should have none.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        let files = self.resumed.iter().chain(&self.files);
        let told = |file: &ImportReport| {
            let rows = file.rejected.iter();
            rows.filter(|row| {
                row.problems
                    .iter()
                    .any(|p| p.reason != RowReason::BarcodeCancelled)
            })
            .count() as u64
        };
        files.map(|file| told(file) + file.rejected_more).sum()
    }

    /// Tickets made in all.
    #[must_use]
    pub fn tickets(&self) -> u64 {
        let files = self.resumed.iter().chain(&self.files);
        files.map(|file| file.tickets).sum()
    }
}

/// How unsold barcodes moved when they were looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reevaluated {
    /// Held before, ready now.
    pub released: u64,
    /// Ready before, or held for another reason, held now.
    pub held: u64,
}

/// Why a run did not end. What it sold stays sold; the next run resumes
/// the rest.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file could not be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The database failed.
    #[error("the unsold barcodes could not be looked at")]
    Db(#[from] DbError),
}

impl BoxOffice {
    /// One external sales run: resumes what an interrupted run left, looks at
    /// all unsold barcodes with the catalogue as it is now, writes what is ready
    /// to STX_Files and imports them.
    pub async fn run_external_sales(&self) -> Result<RunReport, RunError> {
        let _alone = self.running.lock().await;
        let mut report = RunReport::default();
        self.clear_left().await;
        for file in self.unfinished_files().await? {
            match self.import_recorded(file.id).await {
                Ok(resumed) => report.resumed.push(resumed),
                // It is imported when the channel is there again.
                Err(ImportError::ChannelInvalid) => {}
                Err(error)
                    if matches!(error, ImportError::Refused { .. })
                        || file.content_id.is_none() =>
                {
                    tracing::error!(
                        error = causes(&error),
                        "an STX_File cannot be read any more and is given up; what was to be sold \
                         with ours is written again"
                    );
                    self.abandon(&file).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        report.reevaluated = self.reevaluate().await?;
        let mut after = StagedId::START;
        while let Some(file) = self.write_sales_file(after).await? {
            report.files.push(self.import_recorded(file.id).await?);
            after = file.last;
        }
        Ok(report)
    }

    /// Looks at all unsold barcodes with the catalogue as it is now.
    pub async fn reevaluate(&self) -> Result<Reevaluated, DbError> {
        let mut total = Reevaluated::default();
        loop {
            let moved = self.db.write("re-evaluate unsold", reevaluate).await?;
            if moved == Reevaluated::default() {
                return Ok(total);
            }
            total.released += moved.released;
            total.held += moved.held;
        }
    }
}

/// Unsold barcodes that the catalogue judges alike.
struct Group {
    season: SeasonCode,
    product: ProductCode,
    day: BusinessDay,
    held: Option<HeldReason>,
}

db::from_row! {
    Group { season, product, day = "business_day", held = "held_reason" }
}

/// Moves some of the barcodes that stand elsewhere than the catalogue says.
fn reevaluate(tx: &mut Tx<'_>) -> Result<Reevaluated, DbError> {
    tx.one_at_a_time(BOOKS)?;
    let catalogue = load_catalogue(tx)?;
    let groups: Vec<Group> = tx.query_as(
        "SELECT season, product, business_day, state, held_reason FROM box_staged
         WHERE state IN ('ready', 'held')
         GROUP BY season, product, business_day, state, held_reason",
        params![],
    )?;
    let mut moved = Reevaluated::default();
    let mut left = CHUNK;
    for group in groups {
        let held = readiness(&catalogue, &group.season, &group.product, group.day).err();
        if group.held == held || left <= 0 {
            continue;
        }
        let count = tx.execute(
            "UPDATE box_staged SET state = $1, held_reason = $2
             WHERE id IN (SELECT id FROM box_staged
                          WHERE state IN ('ready', 'held') AND season = $3 AND product = $4
                            AND business_day = $5 AND state = $6
                            AND COALESCE(held_reason, '') = $7
                          LIMIT $8)",
            params![
                StagedState::unsold(held).columns().0,
                held,
                &group.season,
                &group.product,
                group.day,
                StagedState::unsold(group.held).columns().0,
                group.held.map_or("", HeldReason::as_str),
                left
            ],
        )?;
        left -= i64::try_from(count).unwrap_or(CHUNK);
        match held {
            Some(_) => moved.held += count,
            None => moved.released += count,
        }
    }
    Ok(moved)
}
