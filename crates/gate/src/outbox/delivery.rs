//! The queues to ticketing: control barcodes, and cancellations of those it has,
//! go out in batches, at least once, oldest first; ticketing takes them
//! idempotently.

use crate::Mode;
use crate::outbox::Outbox;
use crate::outbox::batch_window::{AtFault, BatchWindow, Queue};
use db::{DbError, Row, Tx, params};
use kernel::{ControlBarcode, Timestamp};
use secutix::client::{CallError, Ticketing};
use secutix::wire;
use std::collections::HashMap;
use std::time::Duration;

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

impl DeliveryError {
    /// How long ticketing asked us to wait, if it did.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Call(CallError::RateLimited { retry_after }) => *retry_after,
            _ => None,
        }
    }
}

impl Outbox {
    /// Delivers the oldest control barcodes, or the oldest cancellations, at most
    /// one batch. Nothing is due if nothing was taken and nothing refused.
    ///
    /// # Errors
    /// The queues stand as they stood.
    pub async fn deliver_next(
        &self,
        ticketing: &impl Ticketing,
    ) -> Result<Delivered, DeliveryError> {
        let turn = self.windows().turn;
        for queue in [turn, turn.other()] {
            let window = *self.windows().of(queue);
            let batch = self
                .db
                .read("queue to ticketing", move |tx| match queue {
                    Queue::Barcodes => barcodes(tx, window),
                    Queue::Cancellations => cancellations(tx, window),
                })
                .await?;
            if batch.is_empty() {
                // Behind those that were refused there are no others.
                self.windows().of(queue).skip = 0;
                continue;
            }
            self.windows().turn = queue.other();
            return self.deliver(queue, batch, ticketing).await;
        }
        Ok(Delivered::default())
    }

    async fn deliver(
        &self,
        queue: Queue,
        batch: Vec<Queued>,
        ticketing: &impl Ticketing,
    ) -> Result<Delivered, DeliveryError> {
        let first = batch.first().map_or(0, |(seq, _)| *seq);
        let name = match queue {
            Queue::Barcodes => "gate",
            Queue::Cancellations => "gate-cancel",
        };
        let request = wire::ImportControlledTicketRequest {
            request_id: format!("{name}-{first}-{}", batch.len()),
            controlled_tickets: batch.into_iter().map(|(_, ticket)| ticket).collect(),
        };
        let now = self.clock.now();
        let results = match ticketing.import_controlled_ticket(&request).await {
            Ok(answer) => {
                self.windows().took(queue);
                outcomes(request, answer)
            }
            Err(error) => {
                let Some(why) = refusal_of_content(&error) else {
                    return Err(error.into());
                };
                let sent = request.controlled_tickets.len();
                let at_fault = self.windows().of(queue).refused(sent);
                match at_fault {
                    AtFault::Unknown => return Err(error.into()),
                    AtFault::Yes => request
                        .controlled_tickets
                        .into_iter()
                        .map(|ticket| (ticket.barcode, Some(why.clone())))
                        .collect(),
                }
            }
        };
        let refused = results.iter().filter(|(_, why)| why.is_some()).count();
        let delivered = Delivered {
            taken: results.len() - refused,
            refused,
        };
        self.db
            .write("delivered", move |tx| {
                results
                    .iter()
                    .try_for_each(|(barcode, why)| mark(tx, queue, barcode, why.as_deref(), now))
            })
            .await
            .map_err(DeliveryError::Db)?;
        Ok(delivered)
    }
}

/// Puts what ticketing refused back into the queues and says how many there are.
pub fn resend_refused(tx: &mut Tx<'_>) -> Result<u64, DbError> {
    let barcodes = tx.execute(
        "UPDATE gate_control_barcode SET refused = NULL WHERE refused IS NOT NULL",
        params![],
    )?;
    let cancellations = tx.execute(
        "UPDATE gate_cancellation SET refused = NULL WHERE refused IS NOT NULL",
        params![],
    )?;
    Ok(barcodes + cancellations)
}

type Queued = (i64, wire::ControlledTicket);

fn barcodes(tx: &mut Tx<'_>, window: BatchWindow) -> Result<Vec<Queued>, DbError> {
    tx.query(
        "SELECT seq, barcode, sector, season, product, mode, controlled_at
         FROM gate_control_barcode
         WHERE delivered_at IS NULL AND refused IS NULL ORDER BY seq LIMIT $1 OFFSET $2",
        params![window.size, window.skip],
    )?
    .iter()
    .map(|row| {
        let result = match row.get("mode")? {
            Mode::Offline => wire::ControlResult::OfflineOk,
            Mode::Online => wire::ControlResult::Ok,
        };
        queued(row, result)
    })
    .collect()
}

/// Ticketing hears of a cancellation only when it has the barcode.
fn cancellations(tx: &mut Tx<'_>, window: BatchWindow) -> Result<Vec<Queued>, DbError> {
    tx.query(
        "SELECT x.seq, b.barcode, b.sector, b.season, b.product, x.cancelled_at AS controlled_at
         FROM gate_cancellation x JOIN gate_control_barcode b ON b.check_id = x.check_id
         WHERE x.delivered_at IS NULL AND x.refused IS NULL AND b.delivered_at IS NOT NULL
         ORDER BY x.seq LIMIT $1 OFFSET $2",
        params![window.size, window.skip],
    )?
    .iter()
    .map(|row| queued(row, wire::ControlResult::CancelledTicket))
    .collect()
}

fn queued(row: &Row, control_result: wire::ControlResult) -> Result<Queued, DbError> {
    let ticket = wire::ControlledTicket {
        ac_identifier: row.get("sector")?,
        barcode: row.get("barcode")?,
        control_date: row.get("controlled_at")?,
        control_result,
        failure_reason: None,
        season_code: row.get("season")?,
        product_code: row.get("product")?,
    };
    Ok((row.get("seq")?, ticket))
}

/// Why ticketing refuses what this call carries, if that is what it refuses, in
/// its own words, and not the caller, the address or the pace. A page of some
/// proxy is no word of ticketing.
fn refusal_of_content(error: &CallError) -> Option<String> {
    match error {
        CallError::Refused {
            http_status: 400 | 409 | 413 | 422,
            status,
            detail,
        } if !matches!(status, wire::StatusCode::Other(_)) => Some(detail.clone()),
        _ => None,
    }
}

/// What became of each barcode that was sent: the result that bears it, or the
/// one in its place if results bear no barcodes; all were taken if there are no
/// results. A barcode without result stays in the queue.
fn outcomes(
    request: wire::ImportControlledTicketRequest,
    answer: wire::ImportControlledTicketAnswer,
) -> Vec<(ControlBarcode, Option<String>)> {
    let sent = request.controlled_tickets.into_iter().map(|t| t.barcode);
    if answer.ticket_results.is_empty() {
        return sent.map(|barcode| (barcode, None)).collect();
    }
    let sent: Vec<_> = sent.collect();
    let mut results: HashMap<_, _> = sent
        .iter()
        .zip(answer.ticket_results)
        .map(|(place, result)| {
            let barcode = result.barcode.unwrap_or_else(|| place.clone());
            (barcode, result.failure_reason)
        })
        .collect();
    sent.into_iter()
        .filter_map(|barcode| results.remove(&barcode).map(|refused| (barcode, refused)))
        .collect()
}

fn mark(
    tx: &mut Tx<'_>,
    queue: Queue,
    barcode: &ControlBarcode,
    refused: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    let delivered_at = refused.is_none().then_some(now);
    let sql = match queue {
        Queue::Barcodes => {
            "UPDATE gate_control_barcode SET delivered_at = $2, refused = $3 WHERE barcode = $1"
        }
        Queue::Cancellations => {
            "UPDATE gate_cancellation SET delivered_at = $2, refused = $3
             WHERE check_id = (SELECT check_id FROM gate_control_barcode WHERE barcode = $1)"
        }
    };
    tx.execute(sql, params![barcode, delivered_at, refused])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::TicketResult;

    fn barcode(n: u32) -> ControlBarcode {
        format!("OTI{n}").parse().unwrap()
    }

    fn request(count: u32) -> wire::ImportControlledTicketRequest {
        wire::ImportControlledTicketRequest {
            request_id: "gate-1".to_owned(),
            controlled_tickets: (0..count)
                .map(|n| wire::ControlledTicket {
                    ac_identifier: "VN_AUG".parse().unwrap(),
                    barcode: barcode(n),
                    control_date: Timestamp::MIN,
                    control_result: wire::ControlResult::Ok,
                    failure_reason: None,
                    season_code: "VN26".parse().unwrap(),
                    product_code: "PASSVN".parse().unwrap(),
                })
                .collect(),
        }
    }

    fn told(results: Vec<TicketResult>) -> Vec<(ControlBarcode, Option<String>)> {
        outcomes(
            request(2),
            wire::ImportControlledTicketAnswer {
                ticket_results: results,
            },
        )
    }

    #[test]
    fn a_result_belongs_to_the_barcode_it_bears() {
        let no = Some("conflict".to_owned());
        let refused = |b| TicketResult::refused(b, "conflict".to_owned());
        assert_eq!(told(vec![]), [(barcode(0), None), (barcode(1), None)]);
        let swapped = vec![
            refused(Some(barcode(1))),
            TicketResult::accepted(barcode(0)),
        ];
        assert_eq!(
            told(swapped),
            [(barcode(0), None), (barcode(1), no.clone())]
        );
        let nameless = vec![refused(None), TicketResult::accepted(barcode(1))];
        assert_eq!(told(nameless), [(barcode(0), no), (barcode(1), None)]);
        let strange = vec![
            TicketResult::accepted(barcode(0)),
            TicketResult::accepted(barcode(7)),
        ];
        assert_eq!(told(strange), [(barcode(0), None)]);
    }

    #[test]
    fn only_ticketings_own_word_is_a_refusal_of_the_content() {
        let refused = |http_status, status| CallError::Refused {
            http_status,
            status,
            detail: "why".to_owned(),
        };
        let own = refused(400, wire::StatusCode::InvalidRequest);
        assert_eq!(refusal_of_content(&own).as_deref(), Some("why"));
        for error in [
            refused(400, wire::StatusCode::Other("HTTP 400".to_owned())),
            refused(404, wire::StatusCode::InvalidRequest),
            CallError::Unauthorised,
        ] {
            assert_eq!(refusal_of_content(&error), None);
        }
    }
}
