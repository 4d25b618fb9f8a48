//! The queues to ticketing: control barcodes, and cancellations of those it has,
//! go out in batches, at least once, oldest first; ticketing takes them
//! idempotently.

use crate::Mode;
use crate::outbox::Outbox;
use crate::outbox::lane::{AtFault, Ended, Kind, Lane, Lanes};
use crate::outbox::trouble::{self, Cause, Stopped};
use db::{DbError, Row, Tx, params};
use kernel::{ControlBarcode, Timestamp, causes};
use secutix::client::{CallError, Fault, Outage, Ticketing, backoff};
use secutix::wire;
use std::collections::BTreeMap;
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

/// The first and the longest pause after a call that no call can better, in
/// milliseconds: somebody has to change something, and an operator whose password is
/// wrong must not be locked for our insistence.
const SET_UP_PAUSE_MS: (u64, u64) = (60_000, 900_000);
/// So many calls in a row tell that it is no accident.
const SET_UP_ATTEMPTS: u32 = 3;
/// The longest pause that ticketing may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// Why ticketing was not told that an entry was taken back; pages have it in the
/// reader's language.
pub const NOT_TOLD: &str = "ticketing has no word for a cancelled entry \
                            ([access_control] cancelled_word is empty); take its sale back there";

impl DeliveryError {
    /// The pause before the next call, when `attempt` calls have failed in a row;
    /// `jitter_permille` is drawn by the caller. What is refused for what it carries
    /// keeps nobody waiting: its lane waits alone.
    #[must_use]
    pub fn pause(&self, attempt: u32, jitter_permille: u16) -> Duration {
        let Self::Call(error) = self else {
            return backoff(attempt, jitter_permille);
        };
        let pause = match error.fault() {
            Fault::Content => Duration::ZERO,
            Fault::Passing => backoff(attempt, jitter_permille),
            // Once or twice, the line was slow and the token too old.
            Fault::SetUp if attempt < SET_UP_ATTEMPTS => backoff(attempt, jitter_permille),
            Fault::SetUp => {
                let doublings = (attempt - SET_UP_ATTEMPTS).min(10);
                let (first_ms, longest_ms) = SET_UP_PAUSE_MS;
                Duration::from_millis((first_ms << doublings).min(longest_ms))
            }
        };
        let asked_for = error.retry_after().unwrap_or_default();
        pause.max(asked_for.min(LONGEST_WAIT))
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
        let now = self.clock.now();
        let due = self.lanes.lock().due(now);
        for lane in due {
            let batch = self.oldest(&lane, now).await?;
            if batch.is_empty() {
                continue;
            }
            self.lanes.lock().serves(&lane);
            if lane == Lane::Cancellations && !ticketing.is_told_of_cancellations() {
                let refused = Some(NOT_TOLD.to_owned());
                let tickets = batch.into_iter().map(|(_, ticket)| ticket);
                let outcomes = tickets.map(|ticket| (ticket, refused.clone())).collect();
                let over = vec![Stopped::Cancellations];
                return self.settle(&lane, outcomes, over, Vec::new()).await;
            }
            return self.deliver(&lane, batch, ticketing).await;
        }
        Ok(Delivered::default())
    }

    /// Tries again at once what waits because ticketing refused it, or could not be
    /// called.
    pub fn try_again_now(&self) {
        *self.lanes.lock() = Lanes::default();
        self.due.deliveries.notify_one();
        self.due.again.notify_one();
    }

    /// What the next call of `lane` carries.
    async fn oldest(&self, lane: &Lane, now: Timestamp) -> Result<Vec<Queued>, DbError> {
        loop {
            let (size, skip) = self.lanes.lock().next(lane);
            let (queue, own) = (lane.clone(), self.lanes.lock().kinds());
            let read = move |tx: &mut Tx<'_>| batch(tx, &queue, &own, size, skip);
            let batch = self.db.read("queue to ticketing", read).await?;
            if !batch.is_empty() {
                return Ok(batch);
            }
            let ended = self.lanes.lock().ended(lane, now);
            if ended == Ended::Over {
                let of = Stopped::of(lane);
                let clear = move |tx: &mut Tx<'_>| trouble::clear(tx, &of);
                self.db.write("no trouble any more", clear).await?;
            }
            if ended != Ended::Again {
                return Ok(batch);
            }
        }
    }

    async fn deliver(
        &self,
        lane: &Lane,
        batch: Vec<Queued>,
        ticketing: &impl Ticketing,
    ) -> Result<Delivered, DeliveryError> {
        let first = batch.first().map_or(0, |(seq, _)| *seq);
        let name = match lane {
            Lane::Cancellations => "gate-cancel",
            Lane::Barcodes | Lane::Kind(_) => "gate",
        };
        let request = wire::ImportControlledTicketRequest {
            request_id: format!("{name}-{first}-{}", batch.len()),
            controlled_tickets: batch.into_iter().map(|(_, ticket)| ticket).collect(),
        };
        let now = self.clock.now();
        let answer = ticketing.import_controlled_ticket(&request).await;
        let sent = request.controlled_tickets;
        let error = match answer {
            Ok(answer) => return self.took(lane, outcomes(sent, answer), now).await,
            Err(error) => error,
        };
        let kinds = kinds(&sent[..]);
        let Some(why) = self.refusal_of_content(&error) else {
            let line = vec![(Stopped::Line, Cause::of(&error), causes(&error))];
            self.settle(lane, Vec::new(), Vec::new(), line).await?;
            return Err(error.into());
        };
        let works = vec![Stopped::Line];
        if is_too_many(&error) && sent.len() > 1 {
            self.lanes.lock().too_many(kinds.values().sum());
            self.settle(lane, Vec::new(), works, Vec::new()).await?;
            return Err(error.into());
        }
        let waited_ms = waited_ms(sent.iter(), now);
        let at_fault = self.lanes.lock().refused(lane, &kinds, waited_ms, now);
        if at_fault == AtFault::Yes {
            let refused = Some(why);
            let outcomes = sent.into_iter().map(|ticket| (ticket, refused.clone()));
            let over = over(lane, kinds);
            return self
                .settle(lane, outcomes.collect(), over, Vec::new())
                .await;
        }
        let doubted = self.lanes.lock().doubted(lane, &kinds);
        let cause = Cause::of(&error);
        let doubted = doubted
            .iter()
            .map(|lane| (Stopped::of(lane), cause, why.clone()));
        self.settle(lane, Vec::new(), works, doubted.collect())
            .await?;
        Err(error.into())
    }

    /// A call was done: what became of each that it carried. Where all of a kind were
    /// refused, one by one, it is as if a call with them alone had been.
    async fn took(
        &self,
        lane: &Lane,
        outcomes: Vec<Outcome>,
        now: Timestamp,
    ) -> Result<Delivered, DeliveryError> {
        let mut by_lane: BTreeMap<Lane, Vec<Outcome>> = BTreeMap::new();
        for outcome in outcomes {
            let own = match lane {
                Lane::Cancellations => Lane::Cancellations,
                Lane::Barcodes | Lane::Kind(_) => Lane::Kind(kind(&outcome.0)),
            };
            by_lane.entry(own).or_default().push(outcome);
        }
        let (taken, refused): (BTreeMap<_, _>, BTreeMap<_, _>) = by_lane
            .into_iter()
            .partition(|(_, outcomes)| outcomes.iter().any(|(_, why)| why.is_none()));
        let mut over = vec![Stopped::Line];
        let mut doubted = Vec::new();
        let mut settled = Vec::new();
        {
            let mut lanes = self.lanes.lock();
            lanes.answers();
            if !taken.is_empty() {
                let taken = taken.values().flatten().map(|(ticket, _)| ticket);
                let kinds = kinds(taken);
                lanes.took(lane, kinds.values().sum(), kinds.into_keys());
            }
            for (own, outcomes) in taken {
                over.push(Stopped::of(&own));
                settled.extend(outcomes);
            }
            for (own, outcomes) in refused {
                let sent = || outcomes.iter().map(|(ticket, _)| ticket);
                let kinds = kinds(sent());
                if lanes.refused(&own, &kinds, waited_ms(sent(), now), now) == AtFault::Yes {
                    over.push(Stopped::of(&own));
                    settled.extend(outcomes);
                    continue;
                }
                let why = outcomes.iter().find_map(|(_, why)| why.clone());
                let why = why.unwrap_or_default();
                let in_doubt = lanes.doubted(&own, &kinds).into_iter();
                doubted.extend(in_doubt.map(|of| (Stopped::of(&of), Cause::Refused, why.clone())));
            }
        }
        self.settle(lane, settled, over, doubted).await
    }

    /// Writes down what became of those that were sent, what is no trouble any more,
    /// and what is.
    async fn settle(
        &self,
        lane: &Lane,
        outcomes: Vec<Outcome>,
        over: Vec<Stopped>,
        stopped: Vec<(Stopped, Cause, String)>,
    ) -> Result<Delivered, DeliveryError> {
        let refused = outcomes.iter().filter(|(_, why)| why.is_some()).count();
        let delivered = Delivered {
            taken: outcomes.len() - refused,
            refused,
        };
        let (lane, now) = (lane.clone(), self.clock.now());
        self.db
            .write("delivered", move |tx| {
                for (ticket, why) in &outcomes {
                    mark(tx, &lane, &ticket.barcode, why.as_deref(), now)?;
                }
                for of in &over {
                    trouble::clear(tx, of)?;
                }
                for stopped in &stopped {
                    trouble::note(tx, stopped, now)?;
                }
                Ok(delivered)
            })
            .await
            .map_err(DeliveryError::Db)
    }

    /// Why ticketing refuses what this call carries, if that is what it refuses, and not
    /// the caller, the address or the pace. Whether others are refused as well decides
    /// what becomes of it, so a proxy's word does no harm. A service that fails again and
    /// again may do so over one barcode.
    fn refusal_of_content(&self, error: &CallError) -> Option<String> {
        let mut lanes = self.lanes.lock();
        match error {
            CallError::Refused { status, detail, .. } if error.fault() == Fault::Content => {
                lanes.answers();
                Some(match status {
                    wire::StatusCode::Other(word) => format!("{word}: {detail}"),
                    _ => detail.clone(),
                })
            }
            CallError::UnusualAnswer { .. } => {
                lanes.answers();
                Some(error.to_string())
            }
            CallError::Unavailable(
                outage @ (Outage::Internal { .. }
                | Outage::Status {
                    http_status: 500, ..
                }),
            ) => lanes.fails_again().then(|| outage.to_string()),
            _ => None,
        }
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
/// What was sent, and why it was refused if it was.
type Outcome = (wire::ControlledTicket, Option<String>);

fn batch(
    tx: &mut Tx<'_>,
    lane: &Lane,
    own: &[Kind],
    size: u32,
    skip: u32,
) -> Result<Vec<Queued>, DbError> {
    match lane {
        Lane::Barcodes => barcodes(tx, "AND NOT ", own, size, skip),
        Lane::Kind(kind) => barcodes(tx, "AND ", std::slice::from_ref(kind), size, skip),
        Lane::Cancellations => cancellations(tx, size, skip),
    }
}

/// The oldest control barcodes that are, or are not, of these kinds.
fn barcodes(
    tx: &mut Tx<'_>,
    are: &str,
    kinds: &[Kind],
    size: u32,
    skip: u32,
) -> Result<Vec<Queued>, DbError> {
    let mut of_kind = String::new();
    let mut values = params![size, skip].to_vec();
    for kind in kinds {
        let next = values.len() + 1;
        of_kind += &format!(
            "{are}(sector = ${next} AND season = ${} AND product = ${}) ",
            next + 1,
            next + 2
        );
        values.extend(params![&kind.sector, &kind.season, &kind.product].to_vec());
    }
    let sql = format!(
        "SELECT seq, barcode, sector, season, product, mode, controlled_at
         FROM gate_control_barcode
         WHERE delivered_at IS NULL AND refused IS NULL {of_kind}ORDER BY seq LIMIT $1 OFFSET $2"
    );
    tx.query(&sql, &values)?
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
fn cancellations(tx: &mut Tx<'_>, size: u32, skip: u32) -> Result<Vec<Queued>, DbError> {
    tx.query(
        "SELECT x.seq, b.barcode, b.sector, b.season, b.product, x.cancelled_at AS controlled_at
         FROM gate_cancellation x JOIN gate_control_barcode b ON b.check_id = x.check_id
         WHERE x.delivered_at IS NULL AND x.refused IS NULL AND b.delivered_at IS NOT NULL
         ORDER BY x.seq LIMIT $1 OFFSET $2",
        params![size, skip],
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

fn kind(ticket: &wire::ControlledTicket) -> Kind {
    Kind {
        sector: ticket.ac_identifier.clone(),
        season: ticket.season_code.clone(),
        product: ticket.product_code.clone(),
    }
}

/// How many of each kind a call carries.
fn kinds<'a>(sent: impl IntoIterator<Item = &'a wire::ControlledTicket>) -> BTreeMap<Kind, u32> {
    let mut kinds = BTreeMap::new();
    for ticket in sent {
        *kinds.entry(kind(ticket)).or_default() += 1;
    }
    kinds
}

/// For how long the oldest of these has waited.
fn waited_ms<'a>(sent: impl Iterator<Item = &'a wire::ControlledTicket>, now: Timestamp) -> i64 {
    let oldest = sent.map(|ticket| ticket.control_date).min();
    oldest.map_or(0, |oldest| now.ms_since(oldest))
}

/// What is no trouble any more when one of these was set aside.
fn over(lane: &Lane, kinds: BTreeMap<Kind, u32>) -> Vec<Stopped> {
    let mut over = vec![Stopped::Line];
    match lane {
        Lane::Cancellations => over.push(Stopped::Cancellations),
        Lane::Barcodes | Lane::Kind(_) => over.extend(kinds.into_keys().map(Stopped::Kind)),
    }
    over
}

/// Whether a call is refused because it carries too many, which is nobody's fault.
const fn is_too_many(error: &CallError) -> bool {
    matches!(
        error,
        CallError::Refused {
            http_status: 413,
            ..
        } | CallError::Refused {
            status: wire::StatusCode::TooManyTickets,
            ..
        }
    )
}

/// What became of each barcode that was sent, by the result in its place; all were taken
/// if there are no results. A barcode without result stays in the queue.
fn outcomes(
    sent: Vec<wire::ControlledTicket>,
    answer: wire::ImportControlledTicketAnswer,
) -> Vec<Outcome> {
    if answer.ticket_results.is_empty() {
        return sent.into_iter().map(|ticket| (ticket, None)).collect();
    }
    let reasons = answer.ticket_results.into_iter().map(|r| r.failure_reason);
    sent.into_iter().zip(reasons).collect()
}

/// Another process may have sent the same; what ticketing took stays taken.
fn mark(
    tx: &mut Tx<'_>,
    lane: &Lane,
    barcode: &ControlBarcode,
    refused: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    let delivered_at = refused.is_none().then_some(now);
    let sql = match lane {
        Lane::Barcodes | Lane::Kind(_) => {
            "UPDATE gate_control_barcode SET delivered_at = $2, refused = $3
             WHERE barcode = $1 AND delivered_at IS NULL"
        }
        Lane::Cancellations => {
            "UPDATE gate_cancellation SET delivered_at = $2, refused = $3
             WHERE check_id = (SELECT check_id FROM gate_control_barcode WHERE barcode = $1)
               AND delivered_at IS NULL"
        }
    };
    tx.run(sql, params![barcode, delivered_at, refused])
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn who_is_at_fault_says_how_long_to_wait() {
        let refused = |http_status| CallError::Refused {
            http_status,
            status: wire::StatusCode::InvalidRequest,
            detail: "why".to_owned(),
        };
        let asks = |seconds| CallError::RateLimited {
            retry_after: Some(Duration::from_secs(seconds)),
        };
        let slow = CallError::Unavailable(Outage::Status {
            http_status: 503,
            retry_after: Some(Duration::from_secs(120)),
        });
        for (error, attempt, pause_s) in [
            (refused(400), 9, 0),
            (refused(200), 9, 0),
            (refused(403), 1, 0),
            (refused(403), 3, 60),
            (CallError::Unauthorised, 2, 1),
            (CallError::Unauthorised, 3, 60),
            (CallError::Unauthorised, 4, 120),
            (CallError::ProxyCredentials, 99, 900),
            (asks(7), 1, 7),
            (asks(86_400), 1, 3_600),
            (slow, 1, 120),
        ] {
            let what = format!("{error:?}");
            let pause = DeliveryError::Call(error).pause(attempt, 1_000);
            assert_eq!(pause.as_secs(), pause_s, "{what}");
        }
    }
}
