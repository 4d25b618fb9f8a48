//! The queue to ticketing: control barcodes go out in batches, at least once,
//! oldest first; ticketing takes them idempotently.

use crate::Gate;
use crate::Mode;
use db::{Db, DbError, Tx, params};
use kernel::{ControlBarcode, Timestamp};
use secutix::client::{AccessControlClient, CallError};
use secutix::wire;

/// The most control barcodes one call carries.
/// [`wire::MAX_CONTROLLED_TICKETS`] is what the interface allows.
const BATCH: u32 = 500;

/// What one step of delivering came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    /// How many ticketing took.
    pub taken: usize,
    /// How many it refused for good; the reconciliation shouts about them.
    pub refused: usize,
}

/// Why nothing was delivered; the queue stands as it stood.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Ticketing did not take the call.
    #[error("ticketing did not take the control barcodes; they are sent again")]
    Call(#[from] CallError),
    /// The database failed.
    #[error("the queue to ticketing could not be read or updated")]
    Db(#[from] DbError),
}

impl Gate {
    /// Puts what ticketing refused back into the queue and says how many there
    /// are.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn resend_refused(db: &Db) -> Result<u64, DbError> {
        db.write("resend refused", |tx| {
            tx.execute(
                "UPDATE gate_control_barcode SET refused = NULL WHERE refused IS NOT NULL",
                params![],
            )
        })
        .await
    }

    /// Delivers the oldest control barcodes of the queue, at most one batch.
    ///
    /// # Errors
    /// [`DeliveryError`]; the queue stands as it stood.
    pub async fn deliver_next(
        &self,
        ticketing: &AccessControlClient,
    ) -> Result<Delivered, DeliveryError> {
        let queue = self.db.read("queue to ticketing", queue).await?;
        let Some((first, _)) = queue.first() else {
            return Ok(Delivered::default());
        };
        let request = wire::ImportControlledTicketRequest {
            request_id: format!("gate-{first}-{}", queue.len()),
            controlled_tickets: queue.into_iter().map(|(_, ticket)| ticket).collect(),
        };
        let now = self.clock.now();
        let answer = ticketing.import_controlled_ticket(&request).await?;
        let results = outcomes(request, answer);
        let delivered = Delivered {
            taken: results
                .iter()
                .filter(|(_, refused)| refused.is_none())
                .count(),
            refused: results
                .iter()
                .filter(|(_, refused)| refused.is_some())
                .count(),
        };
        self.db
            .write("delivered", move |tx| {
                results
                    .iter()
                    .try_for_each(|(barcode, refused)| mark(tx, barcode, refused.as_deref(), now))
            })
            .await
            .map_err(DeliveryError::Db)?;
        Ok(delivered)
    }
}

type Queued = (i64, wire::ControlledTicket);

fn queue(tx: &mut Tx<'_>) -> Result<Vec<Queued>, DbError> {
    tx.query(
        "SELECT seq, barcode, sector, season, product, mode, controlled_at
         FROM gate_control_barcode
         WHERE delivered_at IS NULL AND refused IS NULL ORDER BY seq LIMIT $1",
        params![BATCH],
    )?
    .iter()
    .map(|row| {
        let offline = row.get::<String>("mode")? == Mode::Offline.as_str();
        let ticket = wire::ControlledTicket {
            ac_identifier: row.get("sector")?,
            barcode: row.get("barcode")?,
            control_date: row.get("controlled_at")?,
            control_result: if offline {
                wire::ControlResult::OfflineOk
            } else {
                wire::ControlResult::Ok
            },
            failure_reason: None,
            season_code: row.get("season")?,
            product_code: row.get("product")?,
        };
        Ok((row.get("seq")?, ticket))
    })
    .collect()
}

/// What became of each barcode that was sent. The answer has a result for each,
/// in the order of the request, or none at all: then ticketing took them all.
fn outcomes(
    request: wire::ImportControlledTicketRequest,
    answer: wire::ImportControlledTicketAnswer,
) -> Vec<(ControlBarcode, Option<String>)> {
    let refusals = answer.ticket_results.into_iter().map(|r| r.failure_reason);
    request
        .controlled_tickets
        .into_iter()
        .map(|ticket| ticket.barcode)
        .zip(refusals.chain(std::iter::repeat(None)))
        .collect()
}

fn mark(
    tx: &mut Tx<'_>,
    barcode: &ControlBarcode,
    refused: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    match refused {
        None => tx.execute(
            "UPDATE gate_control_barcode SET delivered_at = $2 WHERE barcode = $1",
            params![barcode, now],
        ),
        Some(why) => tx.execute(
            "UPDATE gate_control_barcode SET refused = $2 WHERE barcode = $1",
            params![barcode, why],
        ),
    }
    .map(drop)
}
