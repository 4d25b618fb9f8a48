//! The processes on one database: what each says of itself, so that
//! whoever looks at one of them sees all.

use crate::{Gate, PartnerState};
use db::{Db, DbError, from_row, params};
use kernel::Timestamp;

/// What a process said of itself counts for so long, in milliseconds.
pub const FRESH_MS: u32 = 20_000;
/// One that went without a word is missed for an hour, in milliseconds: it may never come
/// back under its name.
const MISSED_MS: i64 = 3_600_000;

/// A process, as it last said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name among all: of its machine, and the address it listens at.
    pub node: String,
    /// Of the program.
    pub version: String,
    /// When it said so.
    pub said_at: Timestamp,
    /// How Otipass answers it: JSON, as that version writes it.
    pub partner: String,
}

from_row! {
    Node { node, version, said_at, partner }
}

impl Node {
    /// Machine and address, for people.
    #[must_use]
    pub fn place(&self) -> String {
        let mut words = self.node.split_whitespace();
        let host = words.next().unwrap_or_default();
        words
            .next_back()
            .map_or_else(|| host.to_owned(), |address| format!("{host} ({address})"))
    }

    /// Whether it went without a word: for how long, in milliseconds.
    #[must_use]
    pub fn silent_ms(&self, now: Timestamp) -> Option<i64> {
        let ms = now.ms_since(self.said_at);
        (ms > FRESH_MS.into()).then_some(ms)
    }
}

/// All that are there or missed at that moment, by name; none where one process has the
/// database for itself.
///
/// # Errors
/// [`DbError`].
pub async fn list(db: &Db, now: Timestamp) -> Result<Vec<Node>, DbError> {
    if db.is_alone() {
        return Ok(Vec::new());
    }
    db.read("nodes", move |tx| {
        tx.query_as(
            "SELECT node, version, said_at, partner FROM gate_node
             WHERE said_at > $1 ORDER BY node",
            params![now.plus_ms(-MISSED_MS)],
        )
    })
    .await
}

/// Tells those who share the database that the process of this name is there, and how
/// Otipass answers it, if it asks.
///
/// # Errors
/// [`DbError`].
pub async fn say(
    db: &Db,
    (node, version): (&str, &'static str),
    now: Timestamp,
    partner: Option<PartnerState>,
) -> Result<(), DbError> {
    let node = node.to_owned();
    let partner = serde_json::json!(partner.unwrap_or_default()).to_string();
    db.write("say", move |tx| {
        tx.execute(
            "INSERT INTO gate_node (node, version, said_at, partner) VALUES ($1, $2, $3, $4)
             ON CONFLICT (node) DO UPDATE SET version = $2, said_at = $3, partner = $4",
            params![&node, version, now, &partner],
        )?;
        tx.run(
            "DELETE FROM gate_node WHERE said_at <= $1",
            params![now.plus_ms(-MISSED_MS)],
        )
    })
    .await
}

/// Takes back what [`say`] said: nobody misses this process.
///
/// # Errors
/// [`DbError`].
pub async fn leave(db: &Db, node: &str) -> Result<(), DbError> {
    if db.is_alone() {
        return Ok(());
    }
    let node = node.to_owned();
    db.write("leave", move |tx| {
        tx.run("DELETE FROM gate_node WHERE node = $1", params![&node])
    })
    .await
}

impl Gate {
    /// How Otipass answers all of them: the questions of all, the worst of each else.
    #[must_use]
    pub fn partner_of_all(&self, nodes: &[Node]) -> PartnerState {
        let now = self.now();
        let others = nodes
            .iter()
            .filter(|other| *other.node != *self.deciding.node);
        let fresh = others.filter(|other| other.silent_ms(now).is_none());
        // What another version says and this one does not understand is left out.
        let states = fresh.filter_map(|other| serde_json::from_str(&other.partner).ok());
        states.fold(self.deciding.partner_state(), PartnerState::and)
    }
}
