//! The queues to ticketing: control barcodes, and cancellations of those it has,
//! go out in batches, at least once, oldest first; ticketing takes them
//! idempotently.

use crate::Gate;
use crate::Mode;
use db::{Db, DbError, Row, Tx, params};
use kernel::{ControlBarcode, Timestamp};
use secutix::client::{CallError, Ticketing};
use secutix::wire;
use std::collections::HashMap;
use std::time::Duration;

/// The most control barcodes one call carries.
/// [`wire::MAX_CONTROLLED_TICKETS`] is what the interface allows.
const BATCH: u32 = 500;

/// Which control barcodes the next call carries. A call that is refused as a
/// whole is sent again by halves, until the one at fault stands alone; and it is
/// at fault only if ticketing takes another one meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aim {
    size: u32,
    /// How many single ones were refused, with none taken since.
    skip: u32,
    /// Whether ticketing has taken one since it last refused several.
    taken: bool,
}

impl Default for Aim {
    fn default() -> Self {
        Self {
            size: BATCH,
            skip: 0,
            taken: false,
        }
    }
}

/// The two queues, which take turns: with visitors at the gate there are always
/// new control barcodes, and cancellations must not wait for the evening.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Aims {
    barcodes: Aim,
    cancellations: Aim,
    turn: Kind,
}

/// What a call to ticketing carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Barcodes,
    Cancellations,
}

impl Kind {
    const fn other(self) -> Self {
        match self {
            Kind::Barcodes => Kind::Cancellations,
            Kind::Cancellations => Kind::Barcodes,
        }
    }
}

impl Aims {
    fn of(&mut self, kind: Kind) -> &mut Aim {
        match kind {
            Kind::Barcodes => &mut self.barcodes,
            Kind::Cancellations => &mut self.cancellations,
        }
    }

    fn took(&mut self, kind: Kind) {
        self.of(kind).took();
        // A single item that was refused is at fault if ticketing takes anything.
        self.of(kind.other()).taken = true;
    }
}

/// What is to become of a single barcode that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtFault {
    /// It is: ticketing takes others.
    Yes,
    /// Nobody knows; try the one behind it.
    Unknown,
}

impl Aim {
    /// With suspects before the one that was taken, the next call is for the
    /// first of them alone: it has nobody else to blame now.
    fn took(&mut self) {
        *self = Self {
            size: if self.skip > 0 {
                1
            } else {
                (self.size * 2).min(BATCH)
            },
            skip: 0,
            taken: true,
        };
    }

    fn refused(&mut self, sent: usize) -> AtFault {
        if sent > 1 {
            self.size = u32::try_from(sent / 2).unwrap_or(BATCH).max(1);
            self.taken = false;
            return AtFault::Unknown;
        }
        if self.taken {
            return AtFault::Yes;
        }
        self.size = 1;
        self.skip += 1;
        AtFault::Unknown
    }
}

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

impl Gate {
    /// Puts what ticketing refused back into the queues and says how many there
    /// are.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn resend_refused(db: &Db) -> Result<u64, DbError> {
        db.write("resend refused", resend_refused).await
    }

    /// Delivers the oldest control barcodes, or the oldest cancellations, at most
    /// one batch. Nothing is due if nothing was taken and nothing refused.
    ///
    /// # Errors
    /// [`DeliveryError`]; the queues stand as they stood.
    pub async fn deliver_next(
        &self,
        ticketing: &impl Ticketing,
    ) -> Result<Delivered, DeliveryError> {
        let turn = self.aims().turn;
        for kind in [turn, turn.other()] {
            let aim = *self.aims().of(kind);
            let queue = self
                .db
                .read("queue to ticketing", move |tx| match kind {
                    Kind::Barcodes => barcodes(tx, aim),
                    Kind::Cancellations => cancellations(tx, aim),
                })
                .await?;
            if queue.is_empty() {
                // Behind those that were refused there are no others.
                self.aims().of(kind).skip = 0;
                continue;
            }
            self.aims().turn = kind.other();
            return self.deliver(kind, queue, ticketing).await;
        }
        Ok(Delivered::default())
    }

    async fn deliver(
        &self,
        kind: Kind,
        queue: Vec<Queued>,
        ticketing: &impl Ticketing,
    ) -> Result<Delivered, DeliveryError> {
        let first = queue.first().map_or(0, |(seq, _)| *seq);
        let name = match kind {
            Kind::Barcodes => "gate",
            Kind::Cancellations => "gate-cancel",
        };
        let request = wire::ImportControlledTicketRequest {
            request_id: format!("{name}-{first}-{}", queue.len()),
            controlled_tickets: queue.into_iter().map(|(_, ticket)| ticket).collect(),
        };
        let now = self.clock.now();
        let results = match ticketing.import_controlled_ticket(&request).await {
            Ok(answer) => {
                self.aims().took(kind);
                outcomes(request, answer)
            }
            Err(error) => {
                let Some(why) = refusal_of_content(&error) else {
                    return Err(error.into());
                };
                let sent = request.controlled_tickets.len();
                let at_fault = self.aims().of(kind).refused(sent);
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
                    .try_for_each(|(barcode, why)| mark(tx, kind, barcode, why.as_deref(), now))
            })
            .await
            .map_err(DeliveryError::Db)?;
        Ok(delivered)
    }
}

/// Puts what ticketing refused back into the queues and says how many there are.
///
/// # Errors
/// [`DbError`].
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

fn barcodes(tx: &mut Tx<'_>, aim: Aim) -> Result<Vec<Queued>, DbError> {
    tx.query(
        "SELECT seq, barcode, sector, season, product, mode, controlled_at
         FROM gate_control_barcode
         WHERE delivered_at IS NULL AND refused IS NULL ORDER BY seq LIMIT $1 OFFSET $2",
        params![aim.size, aim.skip],
    )?
    .iter()
    .map(|row| {
        let offline = row.get::<String>("mode")? == Mode::Offline.as_str();
        let result = if offline {
            wire::ControlResult::OfflineOk
        } else {
            wire::ControlResult::Ok
        };
        queued(row, result)
    })
    .collect()
}

/// Ticketing hears of a cancellation only when it has the barcode.
fn cancellations(tx: &mut Tx<'_>, aim: Aim) -> Result<Vec<Queued>, DbError> {
    tx.query(
        "SELECT x.seq, b.barcode, b.sector, b.season, b.product, x.cancelled_at AS controlled_at
         FROM gate_cancellation x JOIN gate_control_barcode b ON b.check_id = x.check_id
         WHERE x.delivered_at IS NULL AND x.refused IS NULL AND b.delivered_at IS NOT NULL
         ORDER BY x.seq LIMIT $1 OFFSET $2",
        params![aim.size, aim.skip],
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
    kind: Kind,
    barcode: &ControlBarcode,
    refused: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    let delivered_at = refused.is_none().then_some(now);
    let sql = match kind {
        Kind::Barcodes => {
            "UPDATE gate_control_barcode SET delivered_at = $2, refused = $3 WHERE barcode = $1"
        }
        Kind::Cancellations => {
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
    fn a_refused_call_is_halved_down_to_the_one_at_fault() {
        let mut aim = Aim::default();
        let mut seen = vec![aim.size];
        while aim.size > 1 {
            assert_eq!(
                aim.refused(usize::try_from(aim.size).unwrap()),
                AtFault::Unknown
            );
            seen.push(aim.size);
        }
        assert_eq!(seen, [500, 250, 125, 62, 31, 15, 7, 3, 1]);
        // Alone and refused: perhaps ticketing refuses everything. The one behind
        // it is taken, so it does not, and the first is at fault.
        assert_eq!(aim.refused(1), AtFault::Unknown);
        assert_eq!(aim.skip, 1);
        aim.took();
        assert_eq!((aim.skip, aim.size), (0, 1));
        assert_eq!(aim.refused(1), AtFault::Yes);
        // It is out of the way; batches grow again.
        aim.took();
        assert_eq!((aim.skip, aim.size), (0, 2));
    }

    /// However long the queue behind it, the one at fault is found, and no other.
    #[test]
    fn the_one_at_fault_is_found_however_long_the_queue_behind_it() {
        for (length, at_fault) in [(1u32, 0u32), (2, 0), (2, 1), (7, 3), (900, 0), (900, 899)] {
            let mut queue: Vec<_> = (0..length).collect();
            let mut refused = Vec::new();
            let mut aim = Aim::default();
            for call in 0.. {
                assert!(call < 200, "{length}: {at_fault} holds up the queue");
                let from = usize::try_from(aim.skip).unwrap().min(queue.len());
                let to = (from + usize::try_from(aim.size).unwrap()).min(queue.len());
                if from == to {
                    break;
                }
                if !queue[from..to].contains(&at_fault) {
                    queue.drain(from..to);
                    aim.took();
                } else if aim.refused(to - from) == AtFault::Yes {
                    refused.extend(queue.drain(from..to));
                }
            }
            let alone = length == 1;
            assert_eq!(refused, if alone { vec![] } else { vec![at_fault] });
            assert_eq!(queue, if alone { vec![at_fault] } else { vec![] });
        }
    }

    #[test]
    fn ticketing_that_refuses_everything_takes_nothing_out_of_the_queue() {
        let mut aim = Aim::default();
        for sent in [500, 250, 1, 1, 1, 1] {
            assert_eq!(aim.refused(sent), AtFault::Unknown);
        }
        assert_eq!(aim.skip, 4);
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
