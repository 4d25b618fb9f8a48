//! The scans of a recorded day, in order of arrival, and what changes meanwhile.

use anyhow::{Context, Result};
use deviceapi::BATCH_LIMIT;
use gate::{Direction, Mode};
use kernel::table::{separator, text_of};
use kernel::{CheckId, DeviceCode, DeviceTime, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;

/// One row of `scans.csv`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedScan {
    pub(crate) arrived_at: Timestamp,
    #[serde(rename = "check_id")]
    pub(crate) id: CheckId,
    pub(crate) device: DeviceCode,
    pub(crate) mode: Mode,
    /// What the device's clock showed.
    pub(crate) scanned_at: DeviceTime,
    pub(crate) code: String,
    #[serde(default, deserialize_with = "filled")]
    pub(crate) direction: Option<Direction>,
    #[serde(default, deserialize_with = "filled")]
    pub(crate) forced_note: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    pub(crate) sent_at: Option<DeviceTime>,
    #[serde(default, deserialize_with = "filled")]
    pub(crate) age_ms: Option<i64>,
    #[serde(default, deserialize_with = "filled")]
    pub(crate) offset_ms: Option<i64>,
    #[serde(default, deserialize_with = "filled")]
    pub(crate) contact_at: Option<Timestamp>,
    /// How many changes its device had heard of.
    #[serde(default, deserialize_with = "filled")]
    pub(crate) set_up: Option<usize>,
}

/// A cell; an empty one says nothing.
fn filled<'de, D: Deserializer<'de>, T: std::str::FromStr>(cell: D) -> Result<Option<T>, D::Error>
where
    T::Err: std::fmt::Display,
{
    let text = String::deserialize(cell)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

impl RecordedScan {
    /// What the device sends; `revisions` are the service's, by the changes that were
    /// made before each.
    pub(crate) fn body(&self, revisions: &[i64]) -> Value {
        let mut body = json!({
            "id": self.id,
            "code": self.code,
            "scanned_at": self.scanned_at,
        });
        let set_up = self.set_up.and_then(|heard_of| revisions.get(heard_of));
        let direction = self.direction.filter(|way| *way != Direction::Entry);
        for (key, value) in [
            ("direction", json!(direction)),
            ("forced_note", json!(self.forced_note)),
            ("sent_at", json!(self.sent_at)),
            ("age_ms", json!(self.age_ms)),
            ("offset_ms", json!(self.offset_ms)),
            ("contact_at", json!(self.contact_at)),
            ("set_up", json!(set_up)),
        ] {
            if !value.is_null() {
                body[key] = value;
            }
        }
        body
    }

    fn is_forced(&self) -> bool {
        self.forced_note.is_some()
    }
}

/// One row of `changes.csv`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) at: Timestamp,
    pub(crate) what: What,
    pub(crate) of: String,
    pub(crate) to: String,
}

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// A device's door.
    Move,
    /// The season of a sector in the mapping.
    Season,
    /// The product of a sector in the mapping.
    Product,
}

/// `day.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Day {
    /// The repeat window; a day without it has none.
    #[serde(default)]
    pub(crate) repeat_window_s: u32,
}

/// Reads a file of the day.
pub(crate) fn rows<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>> {
    let (text, _) = text_of(&std::fs::read(path)?)?;
    let first = text.lines().next().unwrap_or_default();
    let (separator, is_told) = separator(first);
    // Empty, the line that tells it is none, and the others keep their numbers.
    let table = match is_told {
        true => &text[first.len()..],
        false => &text,
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(separator)?)
        .from_reader(table.as_bytes());
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

/// Reads what changes during the day; nothing, if no file says so.
pub(crate) fn changes(path: &Path) -> Result<Vec<Change>> {
    if path.exists() {
        rows(path)
    } else {
        Ok(Vec::new())
    }
}

/// Reads how the day is to be replayed; as usual, if no file says so.
pub(crate) fn day(path: &Path) -> Result<Day> {
    if !path.exists() {
        return Ok(Day::default());
    }
    let text = std::fs::read_to_string(path)?;
    serde_json::from_str(&text).context("it is no JSON of a recorded day")
}

/// How many rows repeat an id that was seen before.
pub(crate) fn retries(scans: &[RecordedScan]) -> usize {
    let mut seen = HashSet::new();
    scans.iter().filter(|scan| !seen.insert(scan.id)).count()
}

/// What a device sends at once.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// One check, and waits for the decision.
    Check(&'a RecordedScan),
    /// What its journal holds.
    Journal(&'a [RecordedScan]),
}

impl<'a> Step<'a> {
    /// Whether somebody may be admitted without Otipass's word.
    pub(crate) fn may_owe(&self) -> bool {
        match self {
            Step::Check(scan) => scan.is_forced(),
            Step::Journal(_) => true,
        }
    }

    pub(crate) fn scans(&self) -> &'a [RecordedScan] {
        match self {
            Step::Check(scan) => std::slice::from_ref(*scan),
            Step::Journal(scans) => scans,
        }
    }
}

/// Online checks one by one; what one device's journal delivered at one moment, in
/// batches.
pub(crate) fn steps(scans: &[RecordedScan]) -> Vec<Step<'_>> {
    scans
        .chunk_by(|a, b| {
            let offline = a.mode == Mode::Offline && b.mode == Mode::Offline;
            offline && a.device == b.device && a.arrived_at == b.arrived_at
        })
        .flat_map(|run| match run {
            [scan] if scan.mode == Mode::Online => vec![Step::Check(scan)],
            journal => journal.chunks(BATCH_LIMIT).map(Step::Journal).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "arrived_at;check_id;device;mode;scanned_at;code\n";
    const NEW: &str = "arrived_at;check_id;device;mode;scanned_at;code;direction;forced_note;\
                       sent_at;age_ms;offset_ms;contact_at;set_up\n";

    fn read(text: &str) -> Vec<RecordedScan> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        rows(file.path()).unwrap()
    }

    fn row(n: u128, arrived: &str, device: &str, mode: &str) -> String {
        format!(
            "2026-07-14T07:00:{arrived}Z;00000000-0000-4000-8000-{n:012x};{device};{mode};\
             1970-01-01T00:00:01Z;00029975"
        )
    }

    #[test]
    fn a_journal_is_one_device_at_one_moment() {
        let rows = [
            row(1, "01", "A", "online"),
            row(2, "02", "A", "offline"),
            row(3, "02", "A", "offline"),
            row(4, "02", "B", "offline"),
            row(5, "03", "B", "offline"),
            row(5, "04", "B", "online"),
        ];
        let scans = read(&(OLD.to_owned() + &rows.join("\n")));
        let shape: Vec<_> = steps(&scans)
            .iter()
            .map(|step| (step.may_owe(), step.scans().len()))
            .collect();
        let (check, journal) = ((false, 1), |rows| (true, rows));
        assert_eq!(shape, [check, journal(2), journal(1), journal(1), check]);
        assert_eq!(retries(&scans), 1);
    }

    #[test]
    fn an_empty_cell_says_nothing() {
        let text = format!(
            "{NEW}{};;;;;;;\n{};exit;lost;2026-07-14T07:00:00Z;-5;7;2026-07-14T06:00:00Z;1\n",
            row(1, "01", "A", "online"),
            row(2, "02", "A", "offline")
        );
        let scans = read(&text);
        assert_eq!(
            scans[0].body(&[4]),
            json!({
                "id": "00000000-0000-4000-8000-000000000001",
                "code": "00029975",
                "scanned_at": "1970-01-01T00:00:01.000Z",
            })
        );
        let said = scans[1].body(&[4, 9]);
        assert_eq!(said["direction"], "exit");
        assert_eq!(
            (&said["age_ms"], &said["offset_ms"]),
            (&json!(-5), &json!(7))
        );
        assert_eq!(said["set_up"], 9);
    }
}
