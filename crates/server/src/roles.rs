//! What a process is made of.

use crate::upkeep::Upkeep;
use boxoffice::BoxOffice;
use db::Db;
use gate::Gate;
use kernel::{Clock, ManualClock};
use metrics_exporter_prometheus::PrometheusHandle;
use notices::Notices;
use office::{Day, Missing, OfficeRole};
use secutix::client::AccessControlClient;
use secutix::token::Caller;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a process serves: the gate, the box office, or both.
#[derive(Debug)]
pub struct Service {
    /// The gate's role, if this process has it.
    pub gate: Option<GateRole>,
    /// The box office's role, if this process has it.
    pub box_office: Option<BoxOfficeRole>,
    /// The back office, if this process has it.
    pub office: Option<OfficeRole>,
    /// The database behind both.
    pub db: Db,
    /// What this process is called among those that share the database.
    pub node: String,
    /// What `/metrics` shows.
    pub prometheus: PrometheusHandle,
    /// What the process does for itself, if it is to.
    pub upkeep: Option<Upkeep>,
    /// The one reader of the day, for the back office and for those who are told.
    pub day: Arc<Day>,
    /// Who is told when something is not well, if somebody is.
    pub notices: Option<Notices>,
    /// What the set-up lacks before every role of the process can be there.
    pub missing: Vec<Missing>,
    /// The clock of this process, if requests set it: for replays only.
    pub clock_by_request: Option<ManualClock>,
}

/// Devices ask here, and control barcodes leave from here.
#[derive(Debug)]
pub struct GateRole {
    /// The gate.
    pub gate: Arc<Gate>,
    /// The way to ticketing.
    pub ticketing: AccessControlClient,
    /// The pause between two calls to ticketing, so that its rate limit is never
    /// reached.
    pub delivery_pause: Duration,
    /// The program that reads pictures when its first argument is
    /// [`READ_PICTURES`](crate::READ_PICTURES).
    pub picture_reader: PathBuf,
    /// Reverse proxies whose word on an address counts (`X-Forwarded-For`).
    pub proxies: Vec<IpAddr>,
}

/// Control barcodes arrive here and are sold.
#[derive(Debug)]
pub struct BoxOfficeRole {
    /// The box office.
    pub box_office: Arc<BoxOffice>,
    /// Whose calls the access control service takes.
    pub caller: Caller,
    /// What tokens are dated by.
    pub clock: Arc<dyn Clock>,
    /// The pause between two external sales runs; `None` leaves them to
    /// `passerelle sales run`.
    pub external_sales_every: Option<Duration>,
}
