//! What pages work with: the back office's part of a process.

use crate::comparison::State;
use crate::day::Day;
use crate::last_try::{Former, Tried};
use crate::managed::{Missing, SetUp};
use crate::watchers::Watchers;
use ::doctor::Doctor;
use boxoffice::BoxOffice;
use db::Db;
use gate::Gate;
use kernel::Zone;
use parking_lot::Mutex;
use staff::Staff;
use staff::provider::Provider;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The back office's part of a process.
#[derive(Debug, Clone)]
pub struct OfficeRole {
    /// Who may use it.
    pub staff: Staff,
    /// The address under which browsers reach the service, such as
    /// `https://passerelle.museum.example`; cookies are for `https` only if it
    /// says so.
    pub url: String,
    /// Reverse proxies whose word on the visitor's address counts
    /// (`X-Forwarded-For`).
    pub proxies: Vec<IpAddr>,
    /// Signing in by an OpenID Connect provider, if there is one.
    pub provider: Option<Provider>,
    /// The organisation's name, for people.
    pub site_name: String,
    /// What pages date by.
    pub zone: Zone,
    /// The organisation's currency, such as `EUR`.
    pub currency: String,
    /// Who manages the set-up, and what it takes to change it.
    pub set_up: SetUp,
    /// Who examines it.
    pub doctor: Doctor,
}

/// What pages work with.
#[derive(Debug, Clone)]
pub(crate) struct Office(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    parts: Parts,
    /// Whether browsers reach it by `https`.
    pub(crate) secure: bool,
    /// The one who compares the books.
    pub(crate) books: watch::Sender<State>,
    /// How the line to Otipass was last tried; whoever comes while it is waits for that.
    pub(crate) last_try: tokio::sync::Mutex<Option<Tried>>,
    /// The connection that was replaced last, if the new one does not work. In memory: whoever
    /// has just replaced it puts it back, and its secrets are to be nowhere else.
    pub(crate) former: Mutex<Option<Former>>,
    /// The places of those who watch the day.
    pub(crate) watchers: Arc<Watchers>,
    /// Cancelled when the service is to end.
    pub(crate) ending: CancellationToken,
    /// Whether there is an account; once true, always true.
    pub(crate) settled: AtomicBool,
}

impl std::ops::Deref for Inner {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl std::ops::Deref for Office {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What the pages of a process are made of.
#[derive(Debug)]
pub struct Parts {
    /// The back office's part of it.
    pub role: OfficeRole,
    /// The database behind it.
    pub db: Db,
    /// The gate, if this process has it.
    pub gate: Option<Arc<Gate>>,
    /// The box office, if this process has it.
    pub box_office: Option<Arc<BoxOffice>>,
    /// What the set-up lacks before every role of the process can be there.
    pub missing: Vec<Missing>,
    /// The one reader of the day, for all who watch it.
    pub day: Arc<Day>,
}

impl Office {
    pub(crate) fn new(parts: Parts, ending: &CancellationToken) -> Self {
        Self(Arc::new(Inner {
            secure: parts.role.url.starts_with("https:"),
            parts,
            books: watch::Sender::default(),
            last_try: tokio::sync::Mutex::default(),
            former: Mutex::default(),
            watchers: Arc::default(),
            ending: ending.clone(),
            settled: AtomicBool::new(false),
        }))
    }
}
