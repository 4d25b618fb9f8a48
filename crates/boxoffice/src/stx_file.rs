//! The STX_Files: what was written, what came in, and what became of them.
//!
//! A file of ours is recorded before it gets its name, and it gets its name
//! only when all of it is on the disk. So each file of that name is whole, and
//! known; a record whose file never came is given up, and its barcodes, which
//! are still unsold, go into the next file.

use crate::catalogue::load_catalogue;
use crate::readiness::{CHANNEL_CODE, readiness};
use crate::{BoxOffice, ImportKind, Organisation, order};
use db::{Db, DbError, Row, Tx, params};
use kernel::{ControlBarcode, Money, ProductCode, SeasonCode, Timestamp, hex};
use secutix::stx::{Dialect, Operation, StxRow, StxWriteError, StxWriter, TicketState};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most rows of one file; 50,000 rows of ours are about 12 MiB.
pub const MAX_ROWS: u32 = 50_000;

/// `SHIPMENT_MODE` of our rows, which a controlled ticket must have though
/// nothing is shipped: the visitor holds the pass already. Assumed.
const SHIPMENT_MODE: &str = "E_TICKET";

/// How long a recorded file may take to appear before its record is given up.
/// Another process may still be writing it.
const ABANDON_AFTER_MS: i64 = 10 * 60 * 1000;

kernel::row_number! {
    /// The number of a file's record.
    pub struct StxFileId;

    /// The number of a staged barcode.
    pub struct StagedId;
}

kernel::words! {
    /// How far a file has come.
    pub enum FileState: "state of a file" {
        /// It is there, or about to be; its import has not ended.
        Written = "WRITTEN",
        /// Each of its rows was taken or rejected.
        Imported = "IMPORTED",
        /// It never appeared, or could not be read; its barcodes go into another.
        Abandoned = "ABANDONED",
    }
}

/// The record of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StxFile {
    /// Its number.
    pub id: StxFileId,
    /// Its name, without folder.
    pub name: String,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
    /// Who wrote it.
    pub kind: ImportKind,
    /// How far it has come.
    pub state: FileState,
    /// Rows, good or bad, without the header line.
    pub rows: i64,
    /// Orders it made.
    pub orders: i64,
    /// Tickets it made.
    pub tickets: i64,
    /// Rows whose barcode was sold before, in the last import of it.
    pub already_imported: i64,
    /// Rows rejected, in the last import of it.
    pub rejected: i64,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its import ended.
    pub imported_at: Option<Timestamp>,
    /// When the card numbers in it were removed; pseudonyms stand there since.
    pub card_removed_at: Option<Timestamp>,
}

/// A rejected row, as it is kept: without the row itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StxRejection {
    /// Its line in the file; the header line is 1.
    pub line: i64,
    /// Stable codes of what is wrong, joined by commas.
    pub reason: String,
    /// What is wrong and what to do.
    pub explanation: String,
}

/// A file of ours that stands in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its record.
    pub id: StxFileId,
    /// Where it is.
    pub path: PathBuf,
    /// How many rows it has.
    pub rows: usize,
    /// The staged barcode of its last row; the next file begins after it.
    pub last: StagedId,
}

impl StagedId {
    /// Before the first.
    pub const START: Self = Self(0);
}

/// Why no file was written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk.
    #[error(
        "the STX_File {} cannot be written; check disk space and rights, then run the sales again",
        path.display()
    )]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The format.
    #[error("a sale cannot be put into an STX_File")]
    Format(#[from] StxWriteError),
    /// The database failed.
    #[error("the sales that are due could not be read or recorded")]
    Db(#[from] DbError),
}

/// The files recorded before `before`, newest first, at most `limit`.
pub async fn files(
    db: &Db,
    before: Option<StxFileId>,
    limit: u32,
) -> Result<Vec<StxFile>, DbError> {
    let before = before.map_or(i64::MAX, |id| id.0);
    db.read("stx files", move |tx| {
        tx.query(
            "SELECT * FROM box_stx_file WHERE id < $1 ORDER BY id DESC LIMIT $2",
            params![before, limit],
        )?
        .iter()
        .map(record)
        .collect()
    })
    .await
}

/// One file; `None` if there is none of this number.
pub async fn file(db: &Db, id: StxFileId) -> Result<Option<StxFile>, DbError> {
    db.read("stx file", move |tx| {
        tx.query_opt("SELECT * FROM box_stx_file WHERE id = $1", params![id])?
            .as_ref()
            .map(record)
            .transpose()
    })
    .await
}

/// The rows of a file that were rejected when it was imported last, behind the
/// line `after`, at most `limit`.
pub async fn rejections(
    db: &Db,
    file: StxFileId,
    after: i64,
    limit: u32,
) -> Result<Vec<StxRejection>, DbError> {
    db.read("stx rejections", move |tx| {
        tx.query(
            "SELECT line, reason, explanation FROM box_stx_rejection
             WHERE stx_file_id = $1 AND line > $2 ORDER BY line LIMIT $3",
            params![file, after, limit],
        )?
        .iter()
        .map(|row| {
            Ok(StxRejection {
                line: row.get("line")?,
                reason: row.get("reason")?,
                explanation: row.get("explanation")?,
            })
        })
        .collect()
    })
    .await
}

impl BoxOffice {
    /// Writes the ready barcodes after `after`, at most [`MAX_ROWS`], to a file
    /// for the channel OTIPASS, without importing it; `None` if there are none.
    ///
    /// # Errors
    /// [`FileError`]; what was ready stays ready.
    pub async fn write_sales_file(
        &self,
        after: StagedId,
    ) -> Result<Option<WrittenFile>, FileError> {
        let organisation = Arc::clone(&self.organisation);
        let due = self
            .db
            .read("sales due", move |tx| sales_due(tx, &organisation, after))
            .await?;
        let Some((last, _)) = due.last() else {
            return Ok(None);
        };
        let last = *last;
        let rows = due.len();
        let content = content(due.iter().map(|(_, row)| row), &self.dialect)?;
        let sha256 = hex(Sha256::digest(&content));
        let now = self.clock.now();
        let record = self
            .db
            .write("record sales file", move |tx| {
                let id = insert(tx, "", &sha256, ImportKind::Run, now)?;
                let name = name(id, now);
                tx.execute(
                    "UPDATE box_stx_file SET name = $2 WHERE id = $1",
                    params![id, &name],
                )?;
                Ok::<_, DbError>((id, name))
            })
            .await?;
        let (id, name) = record;
        let path = self.files_dir.join(&name);
        put_in_place(path.clone(), content).await?;
        tracing::info!(file = %name, rows, "STX_File written");
        Ok(Some(WrittenFile {
            id,
            path,
            rows,
            last,
        }))
    }

    /// Files of ours whose import has not ended, oldest first: those that stand
    /// in the folder. Records whose file never came are given up.
    pub(crate) async fn unfinished_files(&self) -> Result<Vec<(StxFileId, PathBuf)>, FileError> {
        let pending = self
            .db
            .read("unfinished stx files", |tx| {
                tx.query(
                    "SELECT * FROM box_stx_file WHERE state = 'WRITTEN' ORDER BY id",
                    params![],
                )?
                .iter()
                .map(record)
                .collect::<Result<Vec<_>, DbError>>()
            })
            .await?;
        let mut there = Vec::new();
        for file in pending.into_iter().filter(|f| f.kind == ImportKind::Run) {
            let path = self.files_dir.join(&file.name);
            let found = tokio::fs::try_exists(&path).await;
            let found = found.map_err(|source| FileError::Disk {
                path: path.clone(),
                source,
            })?;
            if found {
                there.push((file.id, path));
            } else if self.clock.now().ms_since(file.created_at) >= ABANDON_AFTER_MS {
                remove_if_there(&part(&path)).await?;
                self.abandon(file.id).await?;
                tracing::warn!(file = %file.name, "STX_File never appeared; its sales are written again");
            }
        }
        Ok(there)
    }

    /// Gives a file up; what it was to sell is still unsold.
    pub(crate) async fn abandon(&self, id: StxFileId) -> Result<(), DbError> {
        self.db
            .write("abandon stx file", move |tx| {
                tx.execute(
                    "UPDATE box_stx_file SET state = $2 WHERE id = $1 AND state = $3",
                    params![id, FileState::Abandoned, FileState::Written],
                )
                .map(drop)
            })
            .await
    }
}

/// Records a file that is about to be imported and gives its number.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    name: &str,
    sha256: &str,
    kind: ImportKind,
    now: Timestamp,
) -> Result<StxFileId, DbError> {
    tx.query_one(
        "INSERT INTO box_stx_file
             (name, sha256, kind, state, row_count, order_count, ticket_count, already_count,
              rejected_count, created_at)
         VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, $5) RETURNING id",
        params![name, sha256, kind, FileState::Written, now],
    )?
    .get("id")
}

pub(crate) fn record(row: &Row) -> Result<StxFile, DbError> {
    Ok(StxFile {
        id: StxFileId(row.get("id")?),
        name: row.get("name")?,
        sha256: row.get("sha256")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        rows: row.get("row_count")?,
        orders: row.get("order_count")?,
        tickets: row.get("ticket_count")?,
        already_imported: row.get("already_count")?,
        rejected: row.get("rejected_count")?,
        created_at: row.get("created_at")?,
        imported_at: row.get("imported_at")?,
        card_removed_at: row.get("card_removed_at")?,
    })
}

/// The rows of the ready barcodes after `after`, at the catalogue's prices. What
/// the catalogue no longer sells is left to the next re-evaluation.
fn sales_due(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    after: StagedId,
) -> Result<Vec<(StagedId, StxRow)>, DbError> {
    let catalogue = load_catalogue(tx)?;
    let ready = tx.query(
        "SELECT s.id, s.barcode, s.season, s.product, s.controlled_at, s.business_day,
                o.id AS namesake
         FROM box_staged s
         LEFT JOIN box_order o ON o.channel = $3
              AND o.order_number = 'OTI-' || SUBSTR(CAST(10000000000 + s.id AS TEXT), 2)
         WHERE s.state = 'ready' AND s.id > $1 ORDER BY s.id LIMIT $2",
        params![after, MAX_ROWS, CHANNEL_CODE],
    )?;
    let mut due = Vec::with_capacity(ready.len());
    for row in ready {
        let id: i64 = row.get("id")?;
        let barcode: ControlBarcode = row.get("barcode")?;
        let season: SeasonCode = row.get("season")?;
        let product: ProductCode = row.get("product")?;
        let scanned_at: Timestamp = row.get("controlled_at")?;
        let Ok(sellable) = readiness(&catalogue, &season, &product, row.get("business_day")?)
        else {
            continue;
        };
        let order_number = match row.get::<Option<i64>>("namesake")? {
            None => order::number(id, 1)?,
            Some(_) => order::free_number(tx, id)?,
        };
        let free_of_charge = sellable.price.gross == Money::ZERO;
        due.push((
            StagedId(id),
            StxRow {
                institution: organisation.institution.clone(),
                organisation: organisation.organisation.clone(),
                order_number,
                order_date: scanned_at,
                operation: Operation::Sale,
                remark: String::new(),
                buying_contact: sellable.buyer,
                season,
                product,
                tariff: sellable.tariff,
                price: sellable.price.gross,
                vat: sellable.price.vat,
                payment_date: (!free_of_charge).then_some(scanned_at),
                ticket_state: TicketState::Controlled,
                generation_date: Some(scanned_at),
                barcode,
                tax_number: None,
                shipment_date: None,
                shipment_mode: Some(SHIPMENT_MODE.to_owned()),
            },
        ));
    }
    Ok(due)
}

fn content<'a>(
    rows: impl Iterator<Item = &'a StxRow>,
    dialect: &Dialect,
) -> Result<Vec<u8>, StxWriteError> {
    let mut writer = StxWriter::new(Vec::new(), dialect.clone())?;
    for row in rows {
        writer.write(row)?;
    }
    writer.finish()
}

/// `OTIPASS_<yyyyMMddTHHmmss>_<id>.stx.csv`, the time in UTC.
fn name(id: StxFileId, now: Timestamp) -> String {
    let time = now.compact();
    format!("OTIPASS_{}T{}_{}.stx.csv", &time[..8], &time[8..14], id.0)
}

fn part(path: &Path) -> PathBuf {
    path.with_extension("part")
}

/// Writes the file under another name, waits for the disk, and names it.
pub(crate) async fn put_in_place(path: PathBuf, content: Vec<u8>) -> Result<(), FileError> {
    let written = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || {
            let part = part(&path);
            let mut file = std::fs::File::create(&part)?;
            file.write_all(&content)?;
            file.sync_all()?;
            std::fs::rename(&part, &path)?;
            match path.parent() {
                Some(folder) => std::fs::File::open(folder)?.sync_all(),
                None => Ok(()),
            }
        })
        .await
    };
    written
        .map_err(io::Error::other)
        .and_then(|written| written)
        .map_err(|source| FileError::Disk { path, source })
}

async fn remove_if_there(path: &Path) -> Result<(), FileError> {
    match tokio::fs::remove_file(path).await {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(FileError::Disk {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_moment_and_number() {
        let now = "2026-07-14T07:00:00.114Z".parse().unwrap();
        let name = name(StxFileId(12), now);
        assert_eq!(name, "OTIPASS_20260714T070000_12.stx.csv");
        assert_eq!(
            part(Path::new(&name)),
            Path::new("OTIPASS_20260714T070000_12.stx.part")
        );
    }
}
