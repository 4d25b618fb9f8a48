//! The audit log: who changed what, when, from what, to what.
//!
//! Architecture invariant: rows are only ever added. No statement here changes
//! or deletes one, and the database refuses it by triggers.

use crate::{AccountId, Staff};
use db::{Db, DbError, Row, Tx, Value as Sql, params};
use kernel::{Clock, Timestamp};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Stands where a secret stood.
const HIDDEN: &str = "•••";
/// Parts of names whose values are secrets.
const SECRET_NAMES: [&str; 8] = [
    "password",
    "secret",
    "token",
    "api_key",
    "hash",
    "recovery",
    "credential",
    "private_key",
];
/// The most bytes of a before or after; what is longer is cut and says so.
const LIMIT_BYTES: usize = 64 * 1024;

/// Who does it, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The account; `None` for the service itself and for whoever has none yet.
    pub account: Option<AccountId>,
    /// The name at that time.
    pub name: String,
    /// The network address; empty for the service itself.
    pub address: String,
}

impl Actor {
    /// The service itself, such as at the start.
    #[must_use]
    pub fn service() -> Self {
        Self::without_account("passerelle".to_owned())
    }

    /// Whoever runs a command, by their name on the machine.
    #[must_use]
    pub fn command_line(user: &str) -> Self {
        Self::without_account(format!("command line ({user})"))
    }

    fn without_account(name: String) -> Self {
        Self {
            account: None,
            name,
            address: String::new(),
        }
    }
}

/// What people do comes one after the other, so that each act sees the one before:
/// two administrators who take away each other's role, or two edits of one catalogue.
pub(crate) const PEOPLE: &str = "people";

/// One who changes something: each change goes with its rows in the log.
#[derive(Debug, Clone)]
pub struct Author {
    /// What is changed.
    pub db: Db,
    /// When.
    pub clock: Arc<dyn Clock>,
    /// By whom.
    pub actor: Actor,
}

impl Author {
    /// Makes a change and its rows in the log, both or neither. `work` gives
    /// what it did besides its result; it may run more than once.
    ///
    /// # Errors
    /// What `work` returns, or the [`DbError`] that kept it from being kept.
    pub async fn change<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<(T, Vec<Change>), E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (actor, now) = (self.actor.clone(), self.clock.now());
        self.db
            .write(name, move |tx| {
                tx.one_at_a_time(PEOPLE)?;
                let (result, changes) = work(tx)?;
                for change in &changes {
                    record(tx, &actor, change, now)?;
                }
                Ok(result)
            })
            .await
    }

    /// Writes down what is about to be done, or was done, elsewhere than in one
    /// transaction.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn note(&self, change: Change) -> Result<(), DbError> {
        self.change("note", move |_| Ok(((), vec![change.clone()])))
            .await
    }
}

/// A change, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was done: a stable name such as `account.created`.
    pub action: &'static str,
    /// The kind of thing: `account`, `device`, `mapping` …
    pub kind: &'static str,
    /// Which one: its code or id.
    pub of: String,
    /// As it was; `None` if it was not.
    pub before: Option<Value>,
    /// As it is; `None` if it is no more.
    pub after: Option<Value>,
}

impl Change {
    /// Something done that has no before and after, such as a sign-in.
    #[must_use]
    pub fn done(action: &'static str, kind: &'static str, of: impl ToString) -> Self {
        Self {
            action,
            kind,
            of: of.to_string(),
            before: None,
            after: None,
        }
    }

    /// With what it was before.
    #[must_use]
    pub fn from(mut self, before: Value) -> Self {
        self.before = Some(before);
        self
    }

    /// With what it is now.
    #[must_use]
    pub fn to(mut self, after: Value) -> Self {
        self.after = Some(after);
        self
    }
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; later ones are higher.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The account that did it, if one did.
    pub account: Option<AccountId>,
    /// Its name at that time.
    pub who: String,
    /// From where.
    pub address: String,
    /// What was done.
    pub action: String,
    /// The kind of thing.
    pub kind: String,
    /// Which one.
    pub of: String,
    /// As it was.
    pub before: Option<Value>,
    /// As it is.
    pub after: Option<Value>,
}

/// Which rows of the log are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this account.
    pub account: Option<AccountId>,
    /// Of this kind of thing.
    pub kind: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Older than this row: the next page.
    pub before_id: Option<i64>,
}

impl Staff {
    /// This actor, with what they change.
    #[must_use]
    pub fn author(&self, actor: &Actor) -> Author {
        Author {
            db: self.db.clone(),
            clock: Arc::clone(&self.clock),
            actor: actor.clone(),
        }
    }

    /// As [`Author::change`].
    ///
    /// # Errors
    /// What `work` returns, or the [`DbError`] that kept it from being kept.
    pub async fn change<T, E, F>(&self, actor: &Actor, name: &'static str, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<(T, Vec<Change>), E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.author(actor).change(name, work).await
    }

    /// As [`Author::note`].
    pub async fn note(&self, actor: &Actor, change: Change) -> Result<(), DbError> {
        self.author(actor).note(change).await
    }

    /// The newest rows that the filter takes, newest first, `limit` at most.
    pub async fn audit(&self, filter: AuditFilter, limit: u32) -> Result<Vec<AuditEntry>, DbError> {
        self.db
            .read("audit", move |tx| entries(tx, &filter, limit))
            .await
    }
}

/// The one place that writes a row.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    change: &Change,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO staff_audit (at, account, who, address, action, kind, of, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            now,
            actor.account,
            &actor.name,
            &actor.address,
            change.action,
            change.kind,
            &change.of,
            change.before.as_ref().map(stored_text),
            change.after.as_ref().map(stored_text),
        ],
    )?;
    Ok(())
}

fn stored_text(value: &Value) -> String {
    let text = without_secrets(value).to_string();
    if text.len() <= LIMIT_BYTES {
        return text;
    }
    let start: String = text.chars().take(LIMIT_BYTES / 8).collect();
    Value::from(format!("{start}… ({} bytes)", text.len())).to_string()
}

/// The value with secrets hidden, by the names they stand under.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), hidden(name, value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_secrets).collect()),
        other => other.clone(),
    }
}

fn hidden(name: &str, value: &Value) -> Value {
    let lower = name.to_lowercase();
    let secret = SECRET_NAMES.iter().any(|part| lower.contains(part));
    match value {
        // Whether there is one is no secret.
        Value::Null | Value::Bool(_) => value.clone(),
        _ if secret => HIDDEN.into(),
        other => without_secrets(other),
    }
}

fn entries(tx: &mut Tx<'_>, filter: &AuditFilter, limit: u32) -> Result<Vec<AuditEntry>, DbError> {
    let mut conditions = Vec::new();
    let mut values: Vec<Sql> = Vec::new();
    let mut with = |condition: &str, value: Sql| {
        values.push(value);
        conditions.push(format!("{condition} ${}", values.len()));
    };
    if let Some(account) = filter.account {
        with("account =", account.into());
    }
    if let Some(kind) = &filter.kind {
        with("kind =", kind.into());
    }
    if let Some(from) = filter.from {
        with("at >=", from.into());
    }
    if let Some(until) = filter.until {
        with("at <", until.into());
    }
    if let Some(before) = filter.before_id {
        with("id <", before.into());
    }
    let condition = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    values.push(limit.into());
    let sql = format!(
        "SELECT id, at, account, who, address, action, kind, of, before, after
         FROM staff_audit {condition} ORDER BY id DESC LIMIT ${}",
        values.len()
    );
    tx.query(&sql, &values)?.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<AuditEntry, DbError> {
    let json = |text: Option<String>| {
        text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)))
    };
    Ok(AuditEntry {
        id: row.get("id")?,
        at: row.get("at")?,
        account: row.get("account")?,
        who: row.get("who")?,
        address: row.get("address")?,
        action: row.get("action")?,
        kind: row.get("kind")?,
        of: row.get("of")?,
        before: json(row.get("before")?),
        after: json(row.get("after")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let value = json!({
            "url": "https://otipass.example/api",
            "password": "hunter2",
            "api_key": "k",
            "password_set": true,
            "nested": [{"clientSecret": {"a": 1}, "name": "x"}],
            "token": null,
        });
        assert_eq!(
            without_secrets(&value),
            json!({
                "url": "https://otipass.example/api",
                "password": HIDDEN,
                "api_key": HIDDEN,
                "password_set": true,
                "nested": [{"clientSecret": HIDDEN, "name": "x"}],
                "token": null,
            })
        );
    }

    #[test]
    fn a_huge_value_is_cut() {
        let text = stored_text(&json!({ "mapping": "x".repeat(2 * LIMIT_BYTES) }));
        assert!(text.len() < LIMIT_BYTES);
        assert!(text.contains("bytes)"));
    }
}
