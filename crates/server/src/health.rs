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
use std::sync::Arc;

#[derive(Clone)]
struct Watched {
    gate: Option<Arc<Gate>>,
    box_office: Option<Arc<BoxOffice>>,
    missing: Vec<Missing>,
    db: Db,
    prometheus: PrometheusHandle,
}

/// What waits, in numbers. A part this process does not run is left out.
#[derive(Debug, Default, Serialize)]
struct Waiting {
    /// Control barcodes on their way to ticketing.
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<i64>,
    /// Entries Otipass has yet to be told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    declarations: Option<i64>,
    /// Cancellations on their way to ticketing.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancellations: Option<i64>,
    /// Cancelled entries that Otipass has yet to give back.
    #[serde(skip_serializing_if = "Option::is_none")]
    give_backs: Option<i64>,
    /// Checks whose decision is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    unresolved: Option<i64>,
    /// Disputed entries that the account has yet to set apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    disputes: Option<i64>,
    /// Staged barcodes that the next external sales run sells.
    #[serde(skip_serializing_if = "Option::is_none")]
    staged_ready: Option<i64>,
    /// Staged barcodes that wait for a cure.
    #[serde(skip_serializing_if = "Option::is_none")]
    staged_held: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Readiness {
    status: &'static str,
    waiting: Waiting,
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
    };
    Router::new()
        .route("/health/live", get(async || "alive\n"))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(watched)
}

impl Watched {
    /// A write that changes nothing: with a full disk or a locked file reads
    /// still work, and no check could be decided.
    async fn writes(&self) -> Result<(), DbError> {
        self.db
            .write("ready", |tx| {
                tx.execute(
                    "UPDATE schema_migration SET applied_at = applied_at WHERE version = 1",
                    params![],
                )
                .map(drop)
            })
            .await
    }

    async fn waiting(&self) -> Result<Waiting, DbError> {
        let mut waiting = Waiting::default();
        if let Some(gate) = &self.gate {
            let gate = gate.outbox.waiting().await?;
            waiting.deliveries = Some(gate.deliveries);
            waiting.declarations = Some(gate.declarations);
            waiting.cancellations = Some(gate.cancellations);
            waiting.give_backs = Some(gate.give_backs);
            waiting.unresolved = Some(gate.unresolved);
        }
        if let Some(box_office) = &self.box_office {
            let staged = box_office.waiting().await?;
            waiting.staged_ready = Some(staged.ready);
            waiting.staged_held = Some(staged.held);
            waiting.disputes = Some(
                self.db
                    .read("disputes", gate::outbox::dispute::count)
                    .await?,
            );
        }
        Ok(waiting)
    }
}

async fn ready(State(watched): State<Watched>) -> Response {
    let waiting = match watched.writes().await {
        Ok(()) => watched.waiting().await,
        Err(error) => Err(error),
    };
    match waiting {
        Ok(waiting) => Json(Readiness {
            // The back office must be reached to complete it: no reason for
            // whoever watches to take the service away.
            status: if watched.missing.is_empty() {
                "ready"
            } else {
                "set_up_incomplete"
            },
            waiting,
            missing: watched.missing,
        })
        .into_response(),
        Err(error) => {
            tracing::warn!(error = causes(&error), "not ready");
            let readiness = Readiness {
                status: "the database does not take anything",
                waiting: Waiting::default(),
                missing: Vec::new(),
                clock_by_request: None,
            };
            (StatusCode::SERVICE_UNAVAILABLE, Json(readiness)).into_response()
        }
    }
}

async fn metrics(State(watched): State<Watched>) -> Response {
    match watched.waiting().await {
        Ok(waiting) => {
            let Waiting {
                deliveries,
                declarations,
                cancellations,
                give_backs,
                unresolved,
                staged_ready,
                staged_held,
                disputes,
            } = waiting;
            for (name, value) in [
                ("passerelle_deliveries_waiting", deliveries),
                ("passerelle_declarations_waiting", declarations),
                ("passerelle_cancellations_waiting", cancellations),
                ("passerelle_give_backs_waiting", give_backs),
                ("passerelle_checks_unresolved", unresolved),
                ("passerelle_staged_ready", staged_ready),
                ("passerelle_staged_held", staged_held),
                ("passerelle_disputes_waiting", disputes),
            ] {
                if let Some(value) = value {
                    metrics::gauge!(name).set(value as f64);
                }
            }
        }
        Err(error) => tracing::warn!(error = causes(&error), "the queues could not be counted"),
    }
    if let Some(gate) = &watched.gate {
        let open = f64::from(u8::from(gate.deciding.partner_is_spared()));
        metrics::gauge!("passerelle_partner_breaker_open").set(open);
    }
    let text = watched.prometheus.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
