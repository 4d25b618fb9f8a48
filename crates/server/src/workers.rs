//! What goes on behind the requests: deliveries to ticketing, declarations to
//! Otipass, recovery, external sales runs. Each worker takes one durable step
//! after the other, so that it can be stopped, or killed, between any two.

use crate::roles::{BoxOfficeRole, GateRole, Service};
use crate::stop::{LOOK_AGAIN, Stop};
use crate::telling::tell;
use crate::turn::Turn;
use crate::upkeep;
use db::{Db, Held};
use gate::OfflinePolicy;
use gate::pass_list::Refreshed;
use gate::{Declared, Gate};
use kernel::{Clock, Timestamp, causes};
use metrics_exporter_prometheus::PrometheusHandle;
use office::Day;
use secutix::client::backoff;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often it is looked again for entries that ticketing took and does not have.
const UNKNOWN_AGAIN: Duration = Duration::from_secs(300);
/// How often the gate reloads what other processes changed in the site.
const REFRESH: Duration = Duration::from_secs(1);
/// How often a process tells the others on its database that it is there.
const SAY: Duration = Duration::from_secs(5);
/// How often Otipass's list of passes is read, under the policy `guarded`.
const LIST_PASSES: Duration = Duration::from_secs(300);
/// How long recovery leaves an open check to the device that asks for it, in
/// milliseconds.
const RECOVER_AFTER_MS: i64 = 30_000;

pub(crate) fn start(service: Service, tasks: &TaskTracker, shutdown: &CancellationToken) {
    let stop = || Stop(shutdown.clone());
    tasks.spawn(upkeep(service.prometheus, stop()));
    if !service.db.is_alone() {
        let gate = service.gate.as_ref().map(|role| Arc::clone(&role.gate));
        let (db, day) = (service.db.urgent(), Arc::clone(&service.day));
        tasks.spawn(say(db, service.node, day, gate, stop()));
    }
    let disputed = Arc::new(Notify::new());
    if let Some(role) = &service.box_office {
        let (db, clock) = (service.db.clone(), Arc::clone(&role.clock));
        let turn = Turn::at("disputes", &db);
        tasks.spawn(carry_disputes(
            db,
            clock,
            turn,
            Arc::clone(&disputed),
            stop(),
        ));
    }
    if let Some(upkeep) = service.upkeep {
        upkeep::start(upkeep, service.db.clone(), tasks, shutdown);
    }
    if let Some(notices) = service.notices {
        tasks.spawn(tell(notices, service.day, service.db.clone(), stop()));
    }
    if let Some(role) = service.gate {
        let gate = Arc::clone(&role.gate);
        tasks.spawn(declare(Arc::clone(&gate), Arc::clone(&disputed), stop()));
        tasks.spawn(recover(Arc::clone(&gate), stop()));
        if gate.settings().offline_policy == OfflinePolicy::Guarded {
            let turn = Turn::at("pass list", &service.db);
            tasks.spawn(list_passes(Arc::clone(&gate), turn, stop()));
        }
        tasks.spawn(refresh(gate, stop()));
        let turn = Turn::at("deliveries", &service.db);
        tasks.spawn(deliver(role, turn, disputed, stop()));
    }
    if let Some(role) = service.box_office
        && let Some(every) = role.external_sales_every
    {
        let turn = Turn::at("sales", &service.db);
        tasks.spawn(sell(role, turn, every, stop()));
    }
}

/// The pause before a worker tries again, and the log's word on why.
fn failed(what: &str, error: &dyn Error, attempt: u32, now: Timestamp) -> Duration {
    let pause = backoff(attempt, jitter_permille(now));
    warn(what, error, attempt, pause);
    pause
}

fn jitter_permille(now: Timestamp) -> u16 {
    u16::try_from(now.millis().rem_euclid(1_000)).unwrap_or(0)
}

fn warn(what: &str, error: &dyn Error, attempt: u32, pause: Duration) {
    tracing::warn!(
        error = causes(error),
        attempt,
        pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        "{what}; trying again after the pause"
    );
}

async fn deliver(role: GateRole, turn: Turn, disputed: Arc<Notify>, stop: Stop) {
    let gate = &role.gate;
    let mut attempt = 0;
    while let Some(held) = turn.comes(&stop).await {
        if held == Held::Anew {
            // Another process may have called just now: ticketing has one pace for all.
            turn.pause(role.delivery_pause, &stop).await;
        }
        match turn.during(gate.outbox.deliver_next(&role.ticketing)).await {
            Ok(done) => {
                attempt = 0;
                metrics::counter!("passerelle_delivered_total").increment(done.taken as u64);
                if done.taken > 0 {
                    // What was disputed before it got there can be told now.
                    disputed.notify_one();
                }
                if done.refused > 0 {
                    tracing::error!(
                        refused = done.refused,
                        "ticketing refused control barcodes or cancellations, which are set aside; \
                         `passerelle reconcile` names them"
                    );
                }
                if done.taken + done.refused == 0 {
                    stop.told(&gate.outbox.due().deliveries).await;
                } else {
                    // What comes in meanwhile goes out together.
                    turn.pause(role.delivery_pause, &stop).await;
                }
            }
            Err(error) => {
                let pause = error.pause(attempt + 1, jitter_permille(gate.now()));
                // What is refused for what it carries says nothing of the next call.
                attempt = if pause.is_zero() { 0 } else { attempt + 1 };
                let pause = pause.max(role.delivery_pause);
                let what = "ticketing did not take control barcodes";
                warn(what, &error, attempt, pause);
                tokio::select! {
                    () = gate.outbox.due().again.notified() => {}
                    () = turn.pause(pause, &stop) => {}
                }
            }
        }
    }
    turn.ends().await;
}

async fn declare(gate: Arc<Gate>, disputed: Arc<Notify>, stop: Stop) {
    let mut attempt = 0;
    while !stop.is_said() {
        match gate.outbox.declare_next().await {
            Ok(Declared::Nothing) => stop.told(&gate.outbox.due().declarations).await,
            Ok(Declared::Taken | Declared::GivenBack | Declared::Elsewhere) => attempt = 0,
            Ok(Declared::Disputed(refusal)) => {
                attempt = 0;
                metrics::counter!("passerelle_disputed_total", "reason" => refusal.as_str())
                    .increment(1);
                disputed.notify_one();
            }
            Err(error) if error.concerns_all() => {
                attempt += 1;
                let pause = failed("an entry was not declared", &error, attempt, gate.now());
                stop.pause(pause).await;
            }
            // This one waits by itself; the others need not.
            Err(error) => tracing::warn!(error = causes(&error), "an entry was not declared"),
        }
    }
}

async fn carry_disputes(
    db: Db,
    clock: Arc<dyn Clock>,
    turn: Turn,
    disputed: Arc<Notify>,
    stop: Stop,
) {
    let (mut attempt, mut before) = (0, 0);
    while turn.comes(&stop).await.is_some() {
        match turn.during(books::disputes::carry(&db, clock.now())).await {
            Ok(unknown) => {
                attempt = 0;
                if unknown > before {
                    tracing::warn!(
                        unknown,
                        "Otipass disputes entries that ticketing took and does not have; \
                         `passerelle reconcile` names them"
                    );
                }
                before = unknown;
                let pause = if unknown == 0 {
                    LOOK_AGAIN
                } else {
                    UNKNOWN_AGAIN
                };
                stop.or(tokio::time::timeout(pause, disputed.notified()))
                    .await;
            }
            Err(error) => {
                attempt += 1;
                let what = "the account was not told what is disputed";
                stop.pause(failed(what, &error, attempt, clock.now())).await;
            }
        }
    }
    turn.ends().await;
}

/// First what an earlier life of this process left open, at once; then, now and
/// then, what a lost request did.
async fn recover(gate: Arc<Gate>, stop: Stop) {
    let started = gate.now();
    let mut before = started;
    // A service that this one follows still has checks in hand.
    stop.pause(gate.settings().decision_budget).await;
    while !stop.is_said() {
        match gate.deciding.recover(before).await {
            Ok(0) => {}
            Ok(resolved) => tracing::info!(resolved, "open checks were decided"),
            Err(error) => {
                tracing::warn!(error = causes(&error), "open checks could not be decided")
            }
        }
        stop.pause(LOOK_AGAIN).await;
        before = started.max(gate.now().plus_ms(-RECOVER_AFTER_MS));
    }
}

/// Keeps the list of passes that devices refuse without network.
async fn list_passes(gate: Arc<Gate>, turn: Turn, stop: Stop) {
    let mut attempt = 0;
    while turn.comes(&stop).await.is_some() {
        let pause = match turn.during(gate.pass_lists.refresh()).await {
            Ok(refreshed) => {
                attempt = 0;
                if let Refreshed::Done { version, dated, .. } = refreshed {
                    let seconds = dated.millis() / 1_000;
                    metrics::gauge!("passerelle_pass_list_dated_seconds").set(seconds as f64);
                    metrics::gauge!("passerelle_pass_list_version").set(version as f64);
                }
                LIST_PASSES
            }
            Err(error) => {
                attempt += 1;
                let what = "the list of passes could not be read";
                failed(what, &error, attempt, gate.now())
            }
        };
        turn.pause(pause, &stop).await;
    }
    turn.ends().await;
}

async fn refresh(gate: Arc<Gate>, stop: Stop) {
    while !stop.is_said() {
        stop.pause(REFRESH).await;
        if let Err(error) = gate.reload().await {
            tracing::warn!(error = causes(&error), "the site could not be read again");
        }
    }
}

/// Tells the other processes on the database of this one.
async fn say(db: Db, node: String, day: Arc<Day>, gate: Option<Arc<Gate>>, stop: Stop) {
    let named = (&*node, env!("CARGO_PKG_VERSION"));
    while !stop.is_said() {
        let partner = gate.as_ref().map(|gate| gate.deciding.partner_state());
        if let Err(error) = gate::nodes::say(&db, named, day.now(), partner).await {
            tracing::warn!(
                error = causes(&error),
                "the other nodes do not hear of this one"
            );
        }
        stop.pause(SAY).await;
    }
}

/// Folds what histograms gather, which only a scrape would do otherwise.
async fn upkeep(prometheus: PrometheusHandle, stop: Stop) {
    while !stop.is_said() {
        stop.pause(LOOK_AGAIN).await;
        prometheus.run_upkeep();
    }
}

async fn sell(role: BoxOfficeRole, turn: Turn, every: Duration, stop: Stop) {
    let mut attempt = 0;
    while turn.comes(&stop).await.is_some() {
        let pause = match turn.during(role.box_office.run_external_sales()).await {
            Ok(run) => {
                attempt = 0;
                let tickets = run.tickets();
                if tickets > 0 {
                    tracing::info!(tickets, "external sales");
                }
                if run.rejected() > 0 {
                    tracing::error!(
                        rejected = run.rejected(),
                        "rows of our own STX_Files were rejected; `passerelle sales list` shows \
                         of which, and their pages in the back office why"
                    );
                }
                every
            }
            Err(error) => {
                attempt += 1;
                let now = role.clock.now();
                failed("the external sales run did not end", &error, attempt, now)
            }
        };
        turn.pause(pause, &stop).await;
    }
    turn.ends().await;
}
