//! The STX_Files that we write.

use crate::catalogue::load_catalogue;
use crate::readiness::{CHANNEL_CODE, readiness};
use crate::stx_content::{self, ContentWriter, PutError};
use crate::stx_file::{self, FileState, ImportKind, StxFile, StxFileId};
use crate::{BoxOffice, order};
use db::{DbError, Tx, params};
use kernel::{ControlBarcode, Money, Organisation, ProductCode, SeasonCode, Timestamp};
use secutix::stx::{self, Operation, StxRow, TicketState};
use std::sync::Arc;

/// The most rows of one file; 50,000 rows of ours are about 12 MiB.
pub const MAX_ROWS: u32 = 50_000;

/// `SHIPMENT_MODE` of our rows, which a controlled ticket must have though
/// nothing is shipped: the visitor holds the pass already. Assumed.
const SHIPMENT_MODE: &str = "E_TICKET";

/// How long an upload is left to whoever brought it before a run takes it up.
const LEFT_TO_BRINGER_MS: i64 = 10 * 60 * 1000;

kernel::row_number! {
    /// The number of a staged barcode.
    pub struct StagedId;
}

impl StagedId {
    /// Before the first.
    pub const START: Self = Self(0);
}

/// A file of ours that is there to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its record.
    pub id: StxFileId,
    /// How many rows it has.
    pub rows: usize,
    /// The staged barcode of its last row; the next file begins after it.
    pub last: StagedId,
}

/// Why no file was written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// An hour went by in the midst of it.
    #[error("the STX_File took an hour to be written; run the sales again")]
    Left,
    /// The database failed.
    #[error("the sales that are due could not be read or recorded")]
    Db(#[from] DbError),
}

impl From<PutError> for FileError {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Left => Self::Left,
            PutError::Db(error) => Self::Db(error),
        }
    }
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
        let file = stx::write(due.iter().map(|(_, row)| row), &self.dialect);
        let now = self.clock.now();
        let mut content = ContentWriter::new(self.db.clone());
        content.take(file.as_bytes(), now).await?;
        let content = content.end(now).await?;
        let record = self.db.write("record sales file", move |tx| {
            let named = |id| name(id, now);
            stx_file::insert(tx, &content, ImportKind::Run, now, named)
        });
        let id = record.await?;
        tracing::info!(file = %name(id, now), rows, "STX_File written");
        Ok(Some(WrittenFile { id, rows, last }))
    }

    /// Files whose import has not ended, oldest first. An upload is left for a while
    /// to whoever brought it, and taken up then: the process may have been killed.
    pub(crate) async fn unfinished_files(&self) -> Result<Vec<StxFile>, DbError> {
        let written = |tx: &mut Tx<'_>| {
            stx_file::select(tx, "WHERE f.state = 'WRITTEN' ORDER BY f.id", params![])
        };
        let mut unfinished = self.db.read("unfinished stx files", written).await?;
        let now = self.clock.now();
        // Also one from so far ahead: the clock was set back since.
        let is_left = |file: &StxFile| now.ms_since(file.created_at).abs() >= LEFT_TO_BRINGER_MS;
        unfinished.retain(|file| file.kind == ImportKind::Run || is_left(file));
        Ok(unfinished)
    }

    /// Gives a file up; what ours was to sell is still unsold.
    pub(crate) async fn abandon(&self, file: &StxFile) -> Result<(), DbError> {
        let (id, kind) = (file.id, file.kind);
        self.db
            .write("abandon stx file", move |tx| {
                let given_up = tx.execute(
                    "UPDATE box_stx_file SET state = $2 WHERE id = $1 AND state = $3",
                    params![id, FileState::Abandoned, FileState::Written],
                )?;
                // What came from elsewhere nobody can write again.
                if given_up > 0 && kind == ImportKind::Run {
                    stx_content::remove(tx, id)?;
                }
                Ok(())
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

    #[test]
    fn a_file_is_named_after_its_moment_and_number() {
        let now = "2026-07-14T07:00:00.114Z".parse().unwrap();
        let name = name(StxFileId(12), now);
        assert_eq!(name, "OTIPASS_20260714T070000_12.stx.csv");
    }
}
