//! The support bundle: what one who helps must see, in readable texts, without
//! card numbers, barcodes, notes, tokens or secrets.
//!
//! Everything passes [`mask`] on its way out, whatever it is: a text that nobody
//! expected to hold a card number may hold one.

use books::reconciliation::{Sides, reconcile};
use db::{Db, DbError};
use kernel::{CheckId, Timestamp, causes, without_numbers};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::timeout;

/// How long the books may take to be compared: who asks for a bundle waits for it.
const BOOKS_LIMIT: Duration = Duration::from_secs(20);

/// One text of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its name in the bundle.
    pub name: &'static str,
    /// The text, masked.
    pub text: String,
}

impl Page {
    /// A page of text.
    #[must_use]
    pub fn of_text(name: &'static str, text: &str) -> Self {
        Self {
            name,
            text: mask(text),
        }
    }

    /// A page of JSON; numbers stay, texts in it are masked.
    #[must_use]
    pub fn of_json(name: &'static str, value: Value) -> Self {
        Self {
            name,
            text: format!("{:#}\n", masked(value)),
        }
    }
}

/// The pages that the database can tell. What cannot be read says why.
pub async fn pages(db: &Db, sides: Sides) -> Vec<Page> {
    let told = |told: Result<Value, DbError>| {
        told.unwrap_or_else(|error| json!({"error": causes(&error)}))
    };
    let reconciliation = match timeout(BOOKS_LIMIT, books(db, sides)).await {
        Ok(books) => told(books),
        Err(_) => json!({
            "error": format!(
                "not compared within {} s; run `passerelle reconcile`, or open the page Reconciliation",
                BOOKS_LIMIT.as_secs()
            ),
        }),
    };
    vec![
        Page::of_json("queues.json", told(queues(db).await)),
        Page::of_json("devices.json", told(devices(db).await)),
        Page::of_json("reconciliation.json", reconciliation),
    ]
}

async fn queues(db: &Db) -> Result<Value, DbError> {
    let held = boxoffice::report::held_reasons(db).await?;
    let gate = db
        .read("queues", |tx| {
            let row = tx.query_one(
                "SELECT (SELECT COUNT(*) FROM gate_control_barcode
                         WHERE delivered_at IS NULL AND refused IS NULL) AS deliveries,
                        (SELECT COUNT(*) FROM gate_control_barcode
                         WHERE refused IS NOT NULL) AS refused,
                        (SELECT COUNT(*) FROM gate_declaration
                         WHERE declared_at IS NULL) AS declarations,
                        (SELECT COUNT(*) FROM gate_intent) AS unresolved",
                db::params![],
            )?;
            let count = |column: &str| row.get::<i64>(column);
            Ok::<_, DbError>(json!({
                "deliveries": count("deliveries")?,
                "refused_by_ticketing": count("refused")?,
                "declarations": count("declarations")?,
                "unresolved": count("unresolved")?,
            }))
        })
        .await?;
    let held = held.iter().map(|(reason, n)| (reason.as_str(), *n));
    let held: Value = held.collect();
    let stopped = gate::outbox::trouble::list(db).await?.into_iter();
    let stopped: Vec<_> = stopped
        .map(|trouble| {
            json!({
                "of": format!("{:?}", trouble.of),
                "since": trouble.since,
                "latest": trouble.latest,
                "cause": trouble.cause,
                "reason": trouble.reason,
            })
        })
        .collect();
    Ok(json!({
        "gate": gate,
        "held": held,
        "stopped_at_ticketing": stopped,
        "schemas": db.schema_versions().await?,
    }))
}

async fn devices(db: &Db) -> Result<Value, DbError> {
    let devices = gate::devices(db).await?;
    Ok(devices
        .iter()
        .map(|device| {
            json!({
                "device": device.device.as_str(),
                "door": device.door.as_str(),
                "seen_at": device.seen_at,
                "clock_offset_ms": device.clock_offset_ms,
                "mode": device.mode,
                "unsent": device.unsent,
                "oldest_unsent_at": device.oldest_unsent_at,
                "battery_percent": device.battery_percent,
                "tokens": device.tokens,
            })
        })
        .collect())
}

async fn books(db: &Db, sides: Sides) -> Result<Value, DbError> {
    let books = reconcile(db, sides).await?;
    serde_json::to_value(&books).map_err(|error| DbError::Column {
        column: "reconciliation".to_owned(),
        problem: error.to_string(),
    })
}

/// `value` with its texts masked.
fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(mask(&text)),
        Value::Array(values) => values.into_iter().map(masked).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, masked(value)))
            .collect(),
        other => other,
    }
}

/// `text` with each longer run of digits replaced by `…`. Check ids stay: they
/// say nothing about a visitor, and lead to the check.
#[must_use]
pub fn mask(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    // The end closes a word too.
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(c) if c.is_ascii_alphanumeric() || c == '-' => word.push(c),
            c => {
                if word.len() == 36 && word.parse::<CheckId>().is_ok() {
                    out.push_str(&word);
                } else {
                    out.push_str(&without_numbers(&word));
                }
                word.clear();
                out.extend(c);
            }
        }
    }
    out
}

/// What one who helps gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// When its pages were written.
    pub taken_at: Timestamp,
    /// Its pages.
    pub pages: Vec<Page>,
}

impl Bundle {
    /// A name that tells when it was taken.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("passerelle-support-{}.tar", self.taken_at.file_stamp())
    }

    /// Writes it as a tar archive.
    ///
    /// # Errors
    /// What the system said.
    pub fn write_tar(&self, to: impl Write) -> io::Result<()> {
        let mut archive = tar::Builder::new(to);
        for page in &self.pages {
            let mut header = tar::Header::new_ustar();
            header.set_size(page.text.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(u64::try_from(self.taken_at.millis() / 1_000).unwrap_or(0));
            let path = format!("passerelle-support/{}", page.name);
            archive.append_data(&mut header, path, page.text.as_bytes())?;
        }
        archive.into_inner()?.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_of_digits_disappear_and_check_ids_stay() {
        for (text, shown) in [
            ("", ""),
            (
                "line 12 of 2026-07-14T07:00:00.114Z",
                "line 12 of 2026-07-14T07:00:00.114Z",
            ),
            ("pass 00029975, villeneuve-00029975", "pass …, villeneuve-…"),
            ("VN000299 OTI0002997520260714070000114", "VN… OTI…"),
            (
                "check 1d426cfd-51d7-490e-9ba3-000000000114 failed",
                "check 1d426cfd-51d7-490e-9ba3-000000000114 failed",
            ),
            (
                "1d426cfd-51d7-490e-9ba3-00029975",
                "1d426cfd-51d7-490e-9ba3-…",
            ),
            ("é123456é", "é…é"),
        ] {
            assert_eq!(mask(text), shown, "{text:?}");
        }
        let value = masked(json!({"a": ["00029975", 29_997_501], "b": {"c": "x"}}));
        assert_eq!(value, json!({"a": ["…", 29_997_501], "b": {"c": "x"}}));
    }
}
