//! The import of an STX_File: each row becomes a ticket of an order on the
//! pending account, once for each barcode, or is rejected with its reasons.

use crate::BOOKS;
use crate::catalogue::load_catalogue;
use crate::readiness::channel_is_valid;
use crate::retention::{self, Pseudonyms};
use crate::stx_file::{
    self, FileState, ImportKind, StxFileId, anew, on_disk, remove_if_there, report_of,
};
use crate::stx_row_check::{
    cancelled, catalogue_demands, demands, order_demands, price_demands, scan_to_come,
    sold_otherwise, staged_otherwise,
};
use crate::ticket::{self, NewTicket};
use crate::{BoxOffice, Catalogue, Organisation, order, price::Price, staged};
use db::{DbError, Tx, params};
use kernel::Timestamp;
use secutix::stx::{
    self, FileNote, FileRefusal, MAX_FILE_BYTES, ReadRow, RejectionReport, RowProblem,
    RowRejection, StxRows,
};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many lines one transaction takes.
const CHUNK: usize = 500;

/// How many rejected rows of a file are kept, in memory, in the database and in the
/// report; those behind them are counted. Whoever cures these imports the file
/// again.
pub const REJECTIONS_KEPT: usize = 1_000;

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// The file's record.
    pub file: StxFileId,
    /// The file.
    pub path: PathBuf,
    /// Rows, good or bad, without the header line.
    pub rows: u64,
    /// Orders made.
    pub orders: u64,
    /// Tickets made.
    pub tickets: u64,
    /// Rows whose barcode had been sold before, just so.
    pub already_imported: u64,
    /// Rows that were not taken, the first [`REJECTIONS_KEPT`].
    pub rejected: Vec<RowRejection>,
    /// How many more were not taken.
    pub rejected_more: u64,
    /// The report beside the file; none if no row was rejected.
    pub report: Option<PathBuf>,
    /// What people should know of how the file was read.
    pub notes: Vec<FileNote>,
}

/// Why an import did not end. What it took before stays taken; importing the
/// file again resumes where it ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file as a whole cannot be used; nothing was taken.
    #[error("the file {} cannot be imported", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FileRefusal,
    },
    /// The channel is missing or wrong; nothing was taken.
    #[error(
        "there is no sales channel with the code OTIPASS and the type STX_FILE; make it in the \
         catalogue, letter for letter, and import the file again"
    )]
    ChannelInvalid,
    /// The disk did not give all of the file.
    #[error("the file {} cannot be read on; check the disk and import it again", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The rows were taken or rejected, and that could not be written down.
    #[error(
        "the report {} of the rejected rows cannot be written; check disk space and rights, then \
         import the file again",
        path.display()
    )]
    Report {
        /// The report.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The database failed.
    #[error("the import stopped at the database; import the file again")]
    Db(#[from] DbError),
}

impl BoxOffice {
    /// Imports the STX_File at `path`, whoever wrote it. A row whose barcode was
    /// sold just so is counted and changes nothing, so a file may be imported as
    /// often as one likes. Rows that cannot be taken are rejected, each with its
    /// line and reasons, to a report beside the file; the others go through.
    pub async fn import_file(
        &self,
        path: &Path,
        kind: ImportKind,
    ) -> Result<ImportReport, ImportError> {
        let (rows, sha256) = self.open_file(path).await?;
        let name: String = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let now = self.clock.now();
        let file = self
            .db
            .write("record stx file", move |tx| {
                if !channel_is_valid(&load_catalogue(tx)?) {
                    return Err(ImportError::ChannelInvalid);
                }
                // An import that was interrupted goes on under its record.
                let Some(begun) = stx_file::begun(tx, &sha256)? else {
                    return Ok(stx_file::insert(tx, &name, &sha256, kind, now)?);
                };
                tx.execute(
                    "UPDATE box_stx_file SET name = $2 WHERE id = $1",
                    params![begun, &name],
                )?;
                Ok(begun)
            })
            .await?;
        self.import_rows(file, path, rows).await
    }

    /// Imports a file of ours that has its record.
    pub(crate) async fn import_recorded(
        &self,
        file: StxFileId,
        path: &Path,
    ) -> Result<ImportReport, ImportError> {
        let catalogue = self.db.read("sales channel", load_catalogue).await;
        if !channel_is_valid(&catalogue.map_err(ImportError::Db)?) {
            return Err(ImportError::ChannelInvalid);
        }
        let (rows, _) = self.open_file(path).await?;
        self.import_rows(file, path, rows).await
    }

    /// The rows of the file and the SHA-256 of its content.
    async fn open_file(&self, path: &Path) -> Result<(StxRows<File>, String), ImportError> {
        let (from, dialect) = (path.to_owned(), self.dialect.clone());
        let opened = on_disk(move || {
            let mut file = File::open(&from)?;
            if file.metadata()?.len() > MAX_FILE_BYTES {
                return Ok(Err(FileRefusal::TooLarge));
            }
            let sha256 = stx_file::sha256(&mut file)?;
            Ok(stx::read(file, &dialect).map(|rows| (rows, sha256)))
        });
        let opened = opened.await.unwrap_or_else(|error| Err(error.into()));
        opened.map_err(|source| ImportError::Refused {
            path: path.to_owned(),
            source,
        })
    }

    async fn import_rows(
        &self,
        file: StxFileId,
        path: &Path,
        mut rows: StxRows<File>,
    ) -> Result<ImportReport, ImportError> {
        let mut report = ImportReport {
            file,
            path: path.to_owned(),
            rows: 0,
            orders: 0,
            tickets: 0,
            already_imported: 0,
            rejected: Vec::new(),
            rejected_more: 0,
            report: None,
            notes: rows.notes().to_vec(),
        };
        self.db
            .write("begin stx import", move |tx| {
                tx.execute(
                    "DELETE FROM box_stx_rejection WHERE stx_file_id = $1",
                    params![file],
                )
                .map(drop)
            })
            .await
            .map_err(ImportError::Db)?;
        loop {
            let read = on_disk(move || {
                let lines = rows
                    .by_ref()
                    .take(CHUNK)
                    .collect::<io::Result<Arc<[_]>>>()?;
                Ok((rows, lines))
            });
            let lines;
            (rows, lines) = read.await.map_err(|source| ImportError::Unread {
                path: path.to_owned(),
                source,
            })?;
            if lines.is_empty() {
                break;
            }
            let room = REJECTIONS_KEPT - report.rejected.len();
            if room == 0 && lines.iter().all(Result::is_err) {
                // Junk is counted, and costs the database nothing.
                let count = lines.len() as u64;
                report.rows += count;
                report.rejected_more += count;
                continue;
            }
            let import = Import {
                organisation: Arc::clone(&self.organisation),
                file,
                room,
                now: self.clock.now(),
            };
            let taken = Arc::clone(&lines);
            let outcomes = self
                .db
                .write("import stx rows", move |tx| {
                    tx.one_at_a_time(BOOKS)?;
                    import.lines(tx, &taken)
                })
                .await
                .map_err(ImportError::Db)?;
            report.add(&lines, outcomes);
        }
        report.report = self.write_report(path, &report).await?;
        self.finish(&report).await?;
        metrics::counter!("passerelle_sold_total").increment(report.tickets);
        Ok(report)
    }

    async fn finish(&self, report: &ImportReport) -> Result<(), ImportError> {
        let now = self.clock.now();
        let (file, rows) = (report.file, stored(report.rows));
        let rejected = stored(report.rejected_in_all());
        self.db
            .write("finish stx import", move |tx| {
                // Of all imports of this file together, so that the numbers add up:
                // what none of them sold was known from elsewhere.
                tx.execute(
                    "UPDATE box_stx_file
                     SET state = $5, imported_at = $2, row_count = $3,
                         already_count = $3 - ticket_count - $4, rejected_count = $4
                     WHERE id = $1",
                    params![file, now, rows, rejected, FileState::Imported],
                )
                .map(drop)
            })
            .await
            .map_err(ImportError::Db)
    }

    /// Writes the rejected rows beside the file; takes away the report of an
    /// earlier import if there are none.
    async fn write_report(
        &self,
        path: &Path,
        imported: &ImportReport,
    ) -> Result<Option<PathBuf>, ImportError> {
        let path = report_of(path);
        let (to, dialect) = (path.clone(), self.dialect.clone());
        let (rejected, more) = (imported.rejected.clone(), imported.rejected_more);
        let write = move || {
            if rejected.is_empty() {
                return remove_if_there(&to).map(|()| None);
            }
            let sink = BufWriter::new(anew(&to)?);
            let mut report = RejectionReport::new(sink, &dialect)?;
            for rejection in &rejected {
                report.write(rejection)?;
            }
            report.and_more(more)?;
            report.finish()?;
            Ok(Some(to))
        };
        let written = on_disk(write).await;
        written.map_err(|source| ImportError::Report { path, source })
    }
}

impl ImportReport {
    /// How many rows were not taken.
    #[must_use]
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.len() as u64 + self.rejected_more
    }

    fn add(&mut self, lines: &[Result<ReadRow, RowRejection>], outcomes: Vec<Outcome>) {
        for (line, outcome) in lines.iter().zip(outcomes) {
            self.rows += 1;
            match outcome {
                Outcome::Sold { orders } => {
                    self.tickets += 1;
                    self.orders += orders;
                }
                Outcome::AlreadyImported => self.already_imported += 1,
                Outcome::Rejected(_) if self.rejected.len() >= REJECTIONS_KEPT => {
                    self.rejected_more += 1;
                }
                Outcome::Rejected(problems) => self.rejected.push(match line {
                    Ok(row) => row.clone().reject(problems),
                    Err(rejection) => rejection.clone(),
                }),
            }
        }
    }
}

/// What became of one line.
enum Outcome {
    /// With so many new orders: one, or none if it joined another's.
    Sold {
        orders: u64,
    },
    AlreadyImported,
    Rejected(Vec<RowProblem>),
}

/// What the transactions of one import share.
struct Import {
    organisation: Arc<Organisation>,
    file: StxFileId,
    /// How many more rejections are kept.
    room: usize,
    now: Timestamp,
}

impl Import {
    fn lines(
        &self,
        tx: &mut Tx<'_>,
        lines: &[Result<ReadRow, RowRejection>],
    ) -> Result<Vec<Outcome>, DbError> {
        let catalogue = load_catalogue(tx)?;
        let pseudonyms = Pseudonyms::load(tx)?;
        let mut outcomes = Vec::with_capacity(lines.len());
        let (mut orders, mut tickets, mut room) = (0, 0, self.room);
        for line in lines {
            let (number, outcome) = match line {
                Ok(row) => (row.line, self.known_row(tx, row, &catalogue, &pseudonyms)?),
                Err(rejection) => (
                    rejection.line,
                    Outcome::Rejected(rejection.problems.clone()),
                ),
            };
            match &outcome {
                Outcome::Sold { orders: new } => {
                    tickets += 1;
                    orders += new;
                }
                Outcome::AlreadyImported => {}
                Outcome::Rejected(_) if room == 0 => {}
                Outcome::Rejected(problems) => {
                    self.store_rejection(tx, number, problems)?;
                    room -= 1;
                }
            }
            outcomes.push(outcome);
        }
        tx.execute(
            "UPDATE box_stx_file
             SET order_count = order_count + $2, ticket_count = ticket_count + $3 WHERE id = $1",
            params![self.file, stored(orders), stored(tickets)],
        )?;
        Ok(outcomes)
    }

    /// As [`Self::row`], under its pseudonym if its barcode lost its card number.
    fn known_row(
        &self,
        tx: &mut Tx<'_>,
        read: &ReadRow,
        catalogue: &Catalogue,
        pseudonyms: &Pseudonyms,
    ) -> Result<Outcome, DbError> {
        let Some(pseudonym) = pseudonyms.of(tx, &read.row.barcode)? else {
            return self.row(tx, read, catalogue);
        };
        let mut stored = read.clone();
        stored.row.barcode = pseudonym;
        let outcome = self.row(tx, &stored, catalogue)?;
        retention::note_without_card(tx, &stored.row.barcode, self.now)?;
        Ok(outcome)
    }

    fn row(
        &self,
        tx: &mut Tx<'_>,
        read: &ReadRow,
        catalogue: &Catalogue,
    ) -> Result<Outcome, DbError> {
        let row = &read.row;
        let mut problems = demands(row, &self.organisation);
        // What is sold stays sold, whatever the catalogue has become since.
        if let Some(ticket) = ticket::find(tx, &row.barcode)? {
            problems.extend(sold_otherwise(row, &ticket, &self.organisation.zone));
            return Ok(if problems.is_empty() {
                Outcome::AlreadyImported
            } else {
                Outcome::Rejected(problems)
            });
        }
        let staged = staged::find(tx, &row.barcode)?;
        if let Some(problem) = staged.as_ref().and_then(cancelled) {
            problems.push(problem);
            return Ok(Outcome::Rejected(problems));
        }
        problems.extend(catalogue_demands(row, catalogue));
        // The gate's word is exact where the file's may have been cut to seconds.
        let (controlled_at, business_day) = match &staged {
            Some(staged) => (staged.controlled_at, staged.business_day),
            None => {
                let scan = row.generation_date.unwrap_or(row.order_date);
                (scan, self.organisation.zone.business_day(scan))
            }
        };
        let zone = &self.organisation.zone;
        problems.extend(match &staged {
            Some(staged) => staged_otherwise(row, staged, zone),
            None => scan_to_come(row, zone, self.now),
        });
        problems.extend(price_demands(row, catalogue, business_day));
        let number = match &row.order_number {
            Some(number) => number.clone(),
            None => order::number_of_row(tx, self.file, read.line)?,
        };
        let order = order::find(tx, &number)?;
        if let Some(order) = &order {
            problems.extend(order_demands(row, order, &self.organisation.zone));
        }
        let Some(buyer) = row.buying_contact.as_ref().filter(|_| problems.is_empty()) else {
            return Ok(Outcome::Rejected(problems));
        };
        let (order_id, orders) = match order {
            Some(order) => (order.id, 0),
            None => {
                let made = order::insert(
                    tx,
                    &order::NewOrder {
                        number: &number,
                        contact: buyer,
                        ordered_at: row.order_date,
                        business_day: self.organisation.zone.business_day(row.order_date),
                        file: self.file,
                        created_at: self.now,
                    },
                )?;
                (made, 1)
            }
        };
        ticket::sell(
            tx,
            &NewTicket {
                order_id,
                barcode: &row.barcode,
                season: &row.season,
                product: &row.product,
                tariff: &row.tariff,
                price: Price {
                    gross: row.price,
                    vat: row.vat,
                },
                controlled_at,
                business_day,
                sector: staged.as_ref().map(|staged| &staged.sector),
                contact: buyer,
                booked_at: self.now,
            },
        )?;
        Ok(Outcome::Sold { orders })
    }

    fn store_rejection(
        &self,
        tx: &mut Tx<'_>,
        line: u64,
        problems: &[RowProblem],
    ) -> Result<(), DbError> {
        tx.execute(
            "INSERT INTO box_stx_rejection (stx_file_id, line, reason, explanation)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (stx_file_id, line) DO UPDATE SET reason = $3, explanation = $4",
            params![
                self.file,
                stored(line),
                stx::reasons(problems),
                stx::explanations(problems)
            ],
        )
        .map(drop)
    }
}

/// A count as it is stored.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
