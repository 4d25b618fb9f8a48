//! The back office: pages for the people who set up, run the gates, close the
//! books, and are called when it hurts.
//!
//! One table, `routes`, says which address there is and which role may use
//! it; nothing is served that does not stand there. `guard` stands before
//! each route: it knows who asks, refuses who may not, and refuses forms that
//! other sites send. A page's own file holds its texts in both languages, its
//! template's data and its handlers.

mod accounts;
mod assets;
mod attendance;
mod audit;
mod checks;
mod cookie;
mod entered;
mod figure;
mod findings;
mod flash;
mod form;
mod format;
mod frame;
mod guard;
mod held;
mod managed;
mod me;
mod outcome;
mod page_error;
mod pager;
mod pdf;
mod period;
mod plot;
mod provider;
mod queue;
mod reconciliation;
mod routes;
mod sales;
mod sales_files;
mod second_step;
mod selling;
mod set_up;
mod sign_in;
mod statement;
mod statement_file;
mod support;
#[cfg(test)]
mod tests;
mod today;
mod uploaded;
mod visit;
mod welcome;
mod workbook;

pub use guard::Peer;
pub use managed::{Managed, Missing, SetUp, TakeUp};
pub use routes::{Cell, access_table};

use ::doctor::Doctor;
use axum::Router;
use boxoffice::BoxOffice;
use db::Db;
use gate::Gate;
use kernel::Zone;
use staff::Staff;
use staff::provider::Provider;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Semaphore;
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
    pub doctor: Arc<dyn Doctor>,
}

/// What pages work with.
#[derive(Debug, Clone)]
pub(crate) struct Office(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) role: OfficeRole,
    pub(crate) db: Db,
    pub(crate) gate: Option<Arc<Gate>>,
    pub(crate) box_office: Option<Arc<BoxOffice>>,
    /// Whether browsers reach it by `https`.
    pub(crate) secure: bool,
    /// What the set-up lacks before this process does all it is to do.
    pub(crate) missing: Vec<Missing>,
    /// The one reader of the day, for all who watch it.
    pub(crate) day: today::Reader,
    /// The one who compares the books.
    pub(crate) books: reconciliation::Books,
    /// The places of those who watch the day.
    pub(crate) streams: Arc<Semaphore>,
    /// Cancelled when the service is to end.
    pub(crate) ending: CancellationToken,
    /// Whether there is an account; once true, always true.
    settled: AtomicBool,
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
}

/// The pages; those that stay open are closed when the process is to end.
pub fn router(parts: Parts, ending: &CancellationToken) -> Router {
    let Parts {
        role,
        db,
        gate,
        box_office,
        missing,
    } = parts;
    routes::router(Office(Arc::new(Inner {
        secure: role.url.starts_with("https:"),
        role,
        db,
        gate,
        box_office,
        missing,
        day: today::Reader::default(),
        books: reconciliation::Books::default(),
        streams: Arc::new(Semaphore::new(today::STREAMS)),
        ending: ending.clone(),
        settled: AtomicBool::new(false),
    })))
}
