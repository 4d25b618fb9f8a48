//! Whether the process lives, whether it is ready, and its metrics.

use crate::roles::Service;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use boxoffice::BoxOffice;
use db::{Db, DbError, params};
use gate::Gate;
use kernel::causes;
use metrics_exporter_prometheus::PrometheusHandle;
use office::Missing;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// How long the database may take for a write, and for counting the queues.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// The database is asked no more often than this: anybody may ask for its health.
const PAUSE: Duration = Duration::from_millis(100);

struct Watched {
    gate: Option<Arc<Gate>>,
    box_office: Option<Arc<BoxOffice>>,
    missing: Vec<Missing>,
    db: Db,
    prometheus: PrometheusHandle,
    readiness: Shared<(StatusCode, Readiness)>,
    counted: Shared<()>,
}

/// The last answer to a question that costs something, and when it was asked.
struct Shared<T>(Mutex<Option<(Instant, T)>>);

/// How many wait, by the names of the queues.
type Queues = BTreeMap<&'static str, i64>;

#[derive(Debug, Clone, Serialize)]
struct Readiness {
    status: &'static str,
    /// A part that this process does not run is left out.
    waiting: Queues,
    /// What the set-up lacks; until then the gate answers `not_set_up`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Missing>,
}

pub(crate) fn routes(service: &Service) -> Router {
    let watched = Watched {
        gate: service.gate.as_ref().map(|role| Arc::clone(&role.gate)),
        box_office: service
            .box_office
            .as_ref()
            .map(|role| Arc::clone(&role.box_office)),
        missing: service.missing.clone(),
        db: service.db.clone(),
        prometheus: service.prometheus.clone(),
        readiness: Shared::default(),
        counted: Shared::default(),
    };
    Router::new()
        .route("/health/live", get(async || "alive\n"))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(watched))
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Shared<T> {
    /// Finds the answer, once for all who wait for it; none is from before they came.
    async fn or(&self, find: impl Future<Output = T>) -> T {
        let came = Instant::now();
        let mut last = self.0.lock().await;
        if let Some((asked, answer)) = &*last {
            if *asked > came {
                return answer.clone();
            }
            sleep_until(*asked + PAUSE).await;
        }
        let asked = Instant::now();
        let answer = find.await;
        *last = Some((asked, answer.clone()));
        answer
    }
}

impl Watched {
    /// A write that changes nothing: with a full disk or a locked file reads
    /// still work, and no check could be decided. It changes little, so what the
    /// last checks and others met counts as well.
    async fn writes(&self) -> Result<(), DbError> {
        // By the way of the checks, and as soon as they hear of it.
        self.db
            .urgent()
            .write("ready", |tx| {
                tx.execute(
                    "UPDATE schema_migration SET applied_at = applied_at
                     WHERE context = 'gate' AND version = 1",
                    params![],
                )?;
                // One that was left for another takes nothing any more.
                tx.not_moved()
            })
            .await?;
        self.db.trouble().map_or(Ok(()), Err)
    }

    /// What waits.
    async fn waiting(&self) -> Result<Queues, DbError> {
        in_time("counting the queues", self.count()).await
    }

    async fn count(&self) -> Result<Queues, DbError> {
        let mut waiting = Queues::new();
        if let Some(gate) = &self.gate {
            let gate = gate.outbox.waiting().await?;
            waiting.extend([
                // On their way to ticketing.
                ("deliveries", gate.deliveries),
                ("cancellations", gate.cancellations),
                // Entries that Otipass has yet to be told of, or to give back.
                ("declarations", gate.declarations),
                ("give_backs", gate.give_backs),
                // Checks whose decision is open.
                ("unresolved", gate.unresolved),
            ]);
        }
        if let Some(box_office) = &self.box_office {
            let staged = box_office.waiting().await?;
            let disputes = gate::outbox::dispute::count;
            let disputes = self.db.read("disputes", disputes).await?;
            waiting.extend([
                // What the next external sales run sells, and what waits for a cure.
                ("staged_ready", staged.ready),
                ("staged_held", staged.held),
                // What the account has yet to set apart.
                ("disputes", disputes),
            ]);
        }
        Ok(waiting)
    }
}

/// While the database hangs, whoever asks hears so.
async fn in_time<T>(
    name: &'static str,
    work: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    let done = tokio::time::timeout(ANSWERED_WITHIN, work).await;
    // That it took longer.
    done.unwrap_or(Err(DbError::Busy { name, attempts: 1 }))
}

async fn ready(State(watched): State<Arc<Watched>>) -> Response {
    let (http, readiness) = watched.readiness.or(readiness(&watched)).await;
    (http, Json(readiness)).into_response()
}

async fn readiness(watched: &Watched) -> (StatusCode, Readiness) {
    let waiting = match in_time("a write", watched.writes()).await {
        Ok(()) => watched.waiting().await,
        Err(error) => Err(error),
    };
    let not_ready = StatusCode::SERVICE_UNAVAILABLE;
    let (http, status, waiting, missing) = match waiting {
        Ok(waiting) if watched.missing.is_empty() => (StatusCode::OK, "ready", waiting, Vec::new()),
        // One of several nodes that lacks its key or its folder takes no checks from
        // the others.
        Ok(waiting) => {
            let missing = watched.missing.clone();
            (not_ready, "set_up_incomplete", waiting, missing)
        }
        Err(error) => {
            tracing::warn!(error = causes(&error), "not ready");
            let status = match error {
                DbError::Gone { .. } => "the database file was deleted, moved or replaced",
                DbError::Moved { .. } => "the database was left for another one",
                DbError::Filling => "a move into the database has not ended",
                _ => "the database does not take anything",
            };
            (not_ready, status, Queues::new(), Vec::new())
        }
    };
    let readiness = Readiness {
        status,
        waiting,
        missing,
    };
    (http, readiness)
}

async fn metrics(State(watched): State<Arc<Watched>>) -> Response {
    let counted = async {
        match watched.waiting().await {
            Ok(waiting) => {
                for (of, count) in waiting {
                    metrics::gauge!("passerelle_waiting", "of" => of).set(count as f64);
                }
            }
            Err(error) => tracing::warn!(error = causes(&error), "the queues could not be counted"),
        }
    };
    watched.counted.or(counted).await;
    if let Some(gate) = &watched.gate {
        let open = f64::from(u8::from(gate.deciding.partner_is_spared()));
        metrics::gauge!("passerelle_partner_breaker_open").set(open);
    }
    let text = watched.prometheus.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_hangs_is_said() {
        let hangs = std::future::pending::<Result<(), DbError>>();
        let said = in_time("a write", hangs).await;
        assert!(matches!(said, Err(DbError::Busy { .. })), "{said:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_ask_at_once_share_one_answer_that_is_new() {
        let (shared, asked) = (Shared::default(), Cell::new(0));
        let ask = || {
            shared.or(async {
                asked.set(asked.get() + 1);
                asked.get()
            })
        };
        let begun = Instant::now();
        assert_eq!(ask().await, 1);
        assert_eq!(tokio::join!(ask(), ask(), ask()), (2, 2, 2));
        assert_eq!(ask().await, 3);
        assert_eq!(begun.elapsed(), 2 * PAUSE);
    }
}
