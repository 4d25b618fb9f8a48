//! What goes on behind the requests: deliveries to ticketing, declarations to
//! Otipass, recovery, external sales runs. Each worker takes one durable step
//! after the other, so that it can be stopped, or killed, between any two.

use crate::problem::causes;
use crate::service::{BoxOfficeRole, GateRole, Service};
use gate::{Declared, Gate};
use secutix::client::backoff;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often a worker looks by itself for work that nobody told it of.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often the gate takes up what other processes changed in the site.
const REFRESH: Duration = Duration::from_secs(1);
/// How long recovery leaves an open check to the device that asks for it, in
/// milliseconds.
const RECOVER_AFTER_MS: i64 = 30_000;

pub(crate) fn start(service: Service, tasks: &TaskTracker, shutdown: &CancellationToken) {
    if let Some(role) = service.gate {
        let gate = Arc::clone(&role.gate);
        tasks.spawn(until(shutdown.clone(), declare(Arc::clone(&gate))));
        tasks.spawn(until(shutdown.clone(), recover(Arc::clone(&gate))));
        tasks.spawn(until(shutdown.clone(), refresh(gate)));
        tasks.spawn(until(shutdown.clone(), deliver(role)));
    }
    if let Some(role) = service.box_office
        && let Some(every) = role.external_sales_every
    {
        tasks.spawn(until(shutdown.clone(), sell(role, every)));
    }
}

/// Runs `work` until the shutdown. Dropping it anywhere is safe: what it does
/// is durable or is done again.
async fn until(shutdown: CancellationToken, work: impl Future<Output = ()>) {
    shutdown.run_until_cancelled(work).await;
}

/// The pause before a worker tries again, and the log's word on why.
fn failed(what: &str, error: &dyn Error, attempt: u32, clock_ms: i64) -> Duration {
    let jitter_permille = u16::try_from(clock_ms.rem_euclid(1_000)).unwrap_or(0);
    let pause = backoff(attempt, jitter_permille);
    tracing::warn!(
        error = causes(error),
        attempt,
        pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        "{what}; trying again after the pause"
    );
    pause
}

async fn deliver(role: GateRole) {
    let gate = &role.gate;
    let mut attempt = 0;
    loop {
        match gate.deliver_next(&role.ticketing).await {
            Ok(done) if done.taken + done.refused == 0 => {
                attempt = 0;
                let told = gate.delivery_due.notified();
                let _ = tokio::time::timeout(LOOK_AGAIN, told).await;
            }
            Ok(done) => {
                attempt = 0;
                metrics::counter!("passerelle_delivered_total").increment(done.taken as u64);
                if done.refused > 0 {
                    tracing::error!(
                        refused = done.refused,
                        "ticketing refused control barcodes; `passerelle reconcile` names them"
                    );
                }
                // What comes in meanwhile goes out together.
                tokio::time::sleep(role.delivery_pause).await;
            }
            Err(error) => {
                attempt += 1;
                let pause = failed(
                    "ticketing was not reached",
                    &error,
                    attempt,
                    gate.now().millis(),
                );
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn declare(gate: Arc<Gate>) {
    let mut attempt = 0;
    loop {
        match gate.declare_next().await {
            Ok(Declared::Nothing) => {
                attempt = 0;
                let told = gate.declaration_due.notified();
                let _ = tokio::time::timeout(LOOK_AGAIN, told).await;
            }
            Ok(Declared::Taken) => attempt = 0,
            Ok(Declared::Disputed(refusal)) => {
                attempt = 0;
                metrics::counter!("passerelle_disputed_total", "reason" => refusal.as_str())
                    .increment(1);
            }
            Err(error) => {
                attempt += 1;
                let pause = failed(
                    "an entry was not declared",
                    &error,
                    attempt,
                    gate.now().millis(),
                );
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// First what an earlier life of this process left open, at once; then, now and
/// then, what a lost request did.
async fn recover(gate: Arc<Gate>) {
    let mut before = gate.now();
    loop {
        match gate.recover(before).await {
            Ok(0) => {}
            Ok(resolved) => tracing::info!(resolved, "open checks were decided"),
            Err(error) => {
                tracing::warn!(error = causes(&error), "open checks could not be decided")
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        before = gate.now().plus_ms(-RECOVER_AFTER_MS);
    }
}

async fn refresh(gate: Arc<Gate>) {
    loop {
        tokio::time::sleep(REFRESH).await;
        if let Err(error) = gate.refresh().await {
            tracing::warn!(error = causes(&error), "the site could not be read again");
        }
    }
}

async fn sell(role: BoxOfficeRole, every: Duration) {
    let mut attempt = 0;
    loop {
        let pause = match role.box_office.run_external_sales().await {
            Ok(run) => {
                attempt = 0;
                let tickets = run.tickets();
                metrics::counter!("passerelle_tickets_total").increment(tickets);
                if tickets > 0 {
                    tracing::info!(tickets, "external sales");
                }
                every
            }
            Err(error) => {
                attempt += 1;
                let now_ms = role.clock.now().millis();
                failed(
                    "the external sales run did not end",
                    &error,
                    attempt,
                    now_ms,
                )
            }
        };
        tokio::time::sleep(pause).await;
    }
}
