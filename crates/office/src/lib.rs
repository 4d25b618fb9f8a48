//! The back office: pages for the people who set up, run the gates, close the
//! books, and are called when it hurts.
//!
//! What never goes in: a rule or a statement of its own: a page shows what the
//! rooms below say, and asks them to change it.
//!
//! `access` says which address there is and which role may use it, and `routes`
//! which handler answers there; nothing is served that does not stand in both.
//! `guard` stands before each route: it knows who asks, refuses who may not, and
//! refuses forms that other sites send. A page's own file holds its texts in both languages, its
//! template's data and its handlers.

pub mod access;
mod accounts;
pub mod acts;
mod aside;
mod assets;
mod attendance;
mod audit;
mod breakdown;
mod checks;
mod coded;
mod comparison;
mod cookie;
mod day;
pub mod documents;
mod entered;
mod error_page;
mod fields;
mod figure;
mod findings;
mod flash;
mod form;
mod format;
mod frame;
mod guard;
mod held;
mod help;
mod last_try;
mod managed;
mod me;
mod office;
mod outcome;
mod page;
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
mod stopped;
mod support;
mod table_file;
#[cfg(test)]
mod tests;
mod today;
mod uploaded;
mod visit;
mod watchers;
mod welcome;
mod words;
mod workbook;

pub use accounts::invitation_link;
pub use day::{Day, Watched};
pub use frame::role_name;
pub use guard::{Peer, visitor_address};
pub use managed::{Managed, Missing, SetUp, TakeUp};
pub use office::{OfficeRole, Parts};
pub use outcome::name as outcome_in_words;
pub use reconciliation::reconciliation_in_text;
pub use set_up::{TEACHING_TEXT, teaching_picture};

use axum::Router;
use tokio_util::sync::CancellationToken;

/// The pages; those that stay open are closed when the process is to end.
pub fn router(parts: Parts, ending: &CancellationToken) -> Router {
    routes::router(office::Office::new(parts, ending))
}
