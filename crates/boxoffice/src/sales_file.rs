//! The STX_Files that we write.
//!
//! A file of ours is recorded before it gets its name, and it gets its name
//! only when all of it is on the disk. So each file of that name is whole, and
//! known; a record whose file never came is given up, and its barcodes, which
//! are still unsold, go into the next file.

use crate::catalogue::load_catalogue;
use crate::readiness::{CHANNEL_CODE, readiness};
use crate::stx_file::{
    FileError, FileState, ImportKind, StxFile, StxFileId, content, disk, insert, part,
    put_in_place, remove_if_there,
};
use crate::{BoxOffice, Organisation, order};
use db::{DbError, Tx, params};
use kernel::{ControlBarcode, Money, ProductCode, SeasonCode, Timestamp, hex};
use secutix::stx::{Operation, StxRow, TicketState};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
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
    /// The number of a staged barcode.
    pub struct StagedId;
}

impl StagedId {
    /// Before the first.
    pub const START: Self = Self(0);
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
        let read = move |tx: &mut Tx<'_>| sales_due(tx, &organisation, after);
        let due = self.db.read("sales due", read).await?;
        let Some((last, _)) = due.last() else {
            return Ok(None);
        };
        let (last, rows) = (*last, due.len());
        let content = content(due.iter().map(|(_, row)| row), &self.dialect)?;
        let sha256 = hex(Sha256::digest(&content));
        let now = self.clock.now();
        let record = self.db.write("record sales file", move |tx| {
            let id = insert(tx, "", &sha256, ImportKind::Run, now)?;
            let name = name(id, now);
            tx.execute(
                "UPDATE box_stx_file SET name = $2 WHERE id = $1",
                params![id, &name],
            )?;
            Ok::<_, DbError>((id, name))
        });
        let (id, name) = record.await?;
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

    /// Files whose import has not ended, oldest first: those that stand in the folder.
    /// Records of ours whose file never came are given up. An upload is left for a while
    /// to whoever brought it, and taken up then: the process may have been killed.
    pub(crate) async fn unfinished_files(
        &self,
    ) -> Result<Vec<(StxFileId, ImportKind, PathBuf)>, FileError> {
        let pending = self.db.read("unfinished stx files", |tx| {
            tx.query_as::<StxFile>(
                "SELECT * FROM box_stx_file WHERE state = 'WRITTEN' ORDER BY id",
                params![],
            )
        });
        let mut there = Vec::new();
        for file in pending.await? {
            // Also one from so far ahead: the clock was set back since.
            let age_ms = self.clock.now().ms_since(file.created_at).abs();
            let is_left = age_ms >= ABANDON_AFTER_MS;
            if file.kind == ImportKind::Upload {
                if is_left && let Some((file, path)) = self.stored(file.id).await? {
                    there.push((file.id, file.kind, path));
                }
                continue;
            }
            let path = self.files_dir.join(&file.name);
            let found = tokio::fs::try_exists(&path).await.map_err(disk(&path))?;
            if found && !file.name.is_empty() {
                there.push((file.id, file.kind, path));
            } else if is_left {
                let part = part(&path);
                remove_if_there(&part).map_err(disk(&part))?;
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
              AND o.order_number = CAST(1000000000 + s.id AS TEXT)
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
                order_number: Some(order_number),
                order_date: scanned_at,
                operation: Operation::Sale,
                remark: String::new(),
                buying_contact: Some(sellable.buyer),
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

/// `OTIPASS_<yyyyMMddTHHmmss>_<id>.stx.csv`, the time in UTC.
fn name(id: StxFileId, now: Timestamp) -> String {
    format!("OTIPASS_{}_{}.stx.csv", now.file_stamp(), id.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

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
