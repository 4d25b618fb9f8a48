//! The import of an STX_File: each row becomes a ticket of an order on the
//! pending account, once for each barcode, or is rejected with its reasons.

use crate::BOOKS;
use crate::catalogue::load_catalogue;
use crate::readiness::channel_is_valid;
use crate::retention::{self, Pseudonyms};
use crate::stx_content::{Content, ContentReader};
use crate::stx_file::{self, FileState, StxFile, StxFileId, rejections};
use crate::stx_row_check::{
    cancelled, catalogue_demands, demands, order_demands, price_demands, scan_to_come,
    sold_otherwise, staged_otherwise,
};
use crate::ticket::{self, NewTicket};
use crate::{BoxOffice, Catalogue, ReceiveError, order, price::Price, staged};
use db::{DbError, Tx, params};
use kernel::{Organisation, Timestamp};
use secutix::stx::{
    self, FileNote, FileRefusal, ReadRow, ReportedRow, RowProblem, RowRejection, StxRows,
};
use std::io;
use std::sync::Arc;

/// How many lines one transaction takes.
const CHUNK: usize = 500;

/// How many rejected rows of a file are kept, in memory and in the database; those behind
/// them are counted. Whoever cures these imports the file again.
pub const REJECTIONS_KEPT: usize = 1_000;

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// The file's record.
    pub file: StxFileId,
    /// The file's name.
    pub name: String,
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
    /// What people should know of how the file was read.
    pub notes: Vec<FileNote>,
}

/// Why an import did not end. What it took before stays taken; importing the
/// file again resumes where it ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file as a whole cannot be used; nothing was taken.
    #[error("the file {name} cannot be imported")]
    Refused {
        /// The file.
        name: String,
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
    /// It could not be read to its end.
    #[error("the file {name} cannot be read; import it again")]
    Unread {
        /// The file.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It could not be taken in.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The database failed.
    #[error("the import stopped at the database; import the file again")]
    Db(#[from] DbError),
}

impl ImportError {
    /// Of a file that is not there.
    fn gone(name: String) -> Self {
        let source = io::ErrorKind::NotFound.into();
        Self::Unread { name, source }
    }

    /// Of a file that was not read on.
    pub(crate) fn unread(name: &str, error: io::Error) -> Self {
        let name = name.to_owned();
        match error.downcast() {
            Ok(error) => Self::Db(error),
            Err(source) => Self::Unread { name, source },
        }
    }
}

impl BoxOffice {
    /// Imports the file of this record.
    pub(crate) async fn import_recorded(&self, id: StxFileId) -> Result<ImportReport, ImportError> {
        let recorded = self.db.read("recorded stx file", move |tx| {
            let is_sold = channel_is_valid(&load_catalogue(tx)?);
            Ok::<_, DbError>((is_sold, stx_file::one(tx, id)?))
        });
        let (true, file) = recorded.await? else {
            return Err(ImportError::ChannelInvalid);
        };
        let file = file.ok_or_else(|| ImportError::gone(id.to_string()))?;
        let Some(content) = file.content(&self.db) else {
            return Err(ImportError::gone(file.name));
        };
        let rows = self.rows(&file.name, content).await?;
        self.import_rows(id, file.name, rows).await
    }

    /// The rows of a file.
    pub(crate) async fn rows(
        &self,
        name: &str,
        content: Content,
    ) -> Result<StxRows<ContentReader>, ImportError> {
        let (reader, dialect) = (content.reader(), self.dialect.clone());
        let opened = on_a_thread(move || Ok(stx::read(reader, &dialect))).await;
        match opened.unwrap_or_else(|error| Err(error.into())) {
            Ok(rows) => Ok(rows),
            Err(FileRefusal::Io(error)) => Err(ImportError::unread(name, error)),
            Err(source) => Err(ImportError::Refused {
                name: name.to_owned(),
                source,
            }),
        }
    }

    /// The rejected rows of a file with their reasons, to be corrected and imported
    /// again; `None` if there are none, or its content is gone.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn report(&self, file: &StxFile) -> Result<Option<Vec<u8>>, ImportError> {
        let Some(content) = file.content(&self.db) else {
            return Ok(None);
        };
        let most = u32::try_from(REJECTIONS_KEPT).unwrap_or(u32::MAX);
        let rejected = rejections(&self.db, file.id, 0, most).await?;
        if rejected.is_empty() {
            return Ok(None);
        }
        let more = u64::try_from(file.rejected).unwrap_or(0);
        let more = more.saturating_sub(rejected.len() as u64);
        let rows = self.rows(&file.name, content).await?;
        let dialect = self.dialect.clone();
        let write = move || {
            let mut reported = Vec::with_capacity(rejected.len());
            let mut rejected = rejected.into_iter().peekable();
            for row in rows {
                let (line, text) = match row? {
                    Ok(row) => (row.line, row.text),
                    Err(row) => (row.line, row.text),
                };
                if let Some(known) = rejected.next_if(|next| next.line == stored(line)) {
                    reported.push(ReportedRow {
                        line,
                        reasons: known.reason,
                        explanations: known.explanation,
                        text,
                    });
                }
                if rejected.peek().is_none() {
                    break;
                }
            }
            Ok(Some(stx::report(&reported, more, &dialect).into_bytes()))
        };
        let written = on_a_thread(write).await;
        written.map_err(|error| ImportError::unread(&file.name, error))
    }

    async fn import_rows(
        &self,
        file: StxFileId,
        name: String,
        mut rows: StxRows<ContentReader>,
    ) -> Result<ImportReport, ImportError> {
        let mut report = ImportReport {
            file,
            name,
            rows: 0,
            orders: 0,
            tickets: 0,
            already_imported: 0,
            rejected: Vec::new(),
            rejected_more: 0,
            notes: rows.notes().to_vec(),
        };
        self.db
            .write("begin stx import", move |tx| {
                tx.run(
                    "DELETE FROM box_stx_rejection WHERE stx_file_id = $1",
                    params![file],
                )
            })
            .await
            .map_err(ImportError::Db)?;
        loop {
            let read = on_a_thread(move || {
                let lines = rows
                    .by_ref()
                    .take(CHUNK)
                    .collect::<io::Result<Arc<[_]>>>()?;
                Ok((rows, lines))
            });
            let lines;
            let unread = |error| ImportError::unread(&report.name, error);
            (rows, lines) = read.await.map_err(unread)?;
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
                tx.run(
                    "UPDATE box_stx_file
                     SET state = $5, imported_at = $2, row_count = $3,
                         already_count = $3 - ticket_count - $4, rejected_count = $4
                     WHERE id = $1",
                    params![file, now, rows, rejected, FileState::Imported],
                )
            })
            .await
            .map_err(ImportError::Db)
    }
}

/// Runs what waits for the database on a thread of its own.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)?
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
        tx.run(
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
    }
}

/// A count as it is stored.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
