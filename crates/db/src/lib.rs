//! One SQL text over embedded SQLite and PostgreSQL.
//!
//! What never goes in: a table of anyone: the statements are those of the rooms
//! that keep something.
//!
//! A [`Db`] runs synchronous closures over one small [`Tx`]:
//! [`Db::write`] in a durable transaction, [`Db::read`] on a snapshot. A closure
//! may be run again (PostgreSQL reports a deadlock, or the connection was lost),
//! so it must not do anything but talk to its `Tx`; no transaction spans a network
//! call.
//!
//! SQLite has one writer thread that takes every waiting closure into one
//! commit (group commit) and a pool of readers on a write-ahead log with
//! `synchronous=FULL`, so its transactions come one after the other. PostgreSQL has
//! a pool for what a visitor waits for ([`Db::urgent`]) and one for the rest, and
//! READ COMMITTED: each statement of a transaction sees what others committed
//! before it. Who reads and then writes goes by one of these:
//!
//! - a constraint: `ON CONFLICT`, or a row that violates a unique one; then the
//!   closure is run again, and finds it;
//! - a guard: `UPDATE … WHERE` it is still so, and the count is looked at;
//! - a row that is written first: whoever else writes it waits, and what is read
//!   behind that is read after them;
//! - [`Tx::one_at_a_time`], for what is rare.
//!
//! The SQL both engines understand alike, and which the conformance tests hold:
//! `$1` parameters; columns `BIGINT`, `TEXT` and `BLOB` only (booleans are 0 and 1,
//! moments are milliseconds, days are ISO text); text compares bytewise;
//! `INSERT … ON CONFLICT`, `RETURNING`, partial indexes; `SUM` needs
//! `CAST(… AS BIGINT)`.

mod db;
mod error;
mod job;
mod lease;
mod mark;
mod migrate;
mod postgres;
mod row;
pub mod snapshot;
mod sqlite;
mod step_text;
#[cfg(feature = "testing")]
mod steps;
mod sums;
#[cfg(feature = "testing")]
pub mod testing;
mod transfer;
mod tx;
mod url;
mod writing;

pub use db::Db;
pub use error::DbError;
pub use kernel::{FromValue, Value};
pub use lease::{Held, Lease};
pub use migrate::{Migration, Schema, between_others};
pub use row::{FromRow, Row};
pub use sqlite::file::{Alone, COMPANIONS, close as close_to_others, not_missing};
pub use sums::Sums;
pub use transfer::{Passed, Transfer};
pub use tx::Tx;
pub use url::DbUrl;
