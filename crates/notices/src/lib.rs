//! Who is told when something is not well: by mail and by webhook. A cause is told
//! once when it has lasted, and once when it is over; what stands is told again each
//! day; never more than one message in ten minutes on a way.
//!
//! What never goes in: what is not well. Whoever calls says that, and in what words.
//!
//! What was told is kept in the database, for each way by itself: a message is made
//! when it is sent, of what was not told yet. So one that could not be sent is never
//! sent late, and no queue grows.

mod digest;
mod mail;
mod message;
mod notices;
mod store;
mod webhook;

pub use digest::{Cause, Digest};
pub use mail::{Mail, MailSettings, Transport, is_address};
pub use message::{About, Message};
pub use notices::{FAILING, NotSent, Notices, Way};
pub use store::{Failing, failing};
pub use webhook::{Webhook, host_of};

/// The tables of the notices.
pub const SCHEMA: db::Schema = db::Schema {
    context: "notices",
    migrations: &[db::Migration {
        name: "what is not well, and who was told",
        works_from: 1,
        sql: include_str!("../migrations/0001_notices.sql"),
    }],
};
