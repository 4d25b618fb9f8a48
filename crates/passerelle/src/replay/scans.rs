//! The scans of a recorded day, in order of arrival.

use anyhow::{Result, bail};
use deviceapi::BATCH_LIMIT;
use gate::Mode;
use kernel::{CheckId, DeviceCode, Timestamp};
use serde::Deserialize;
use std::collections::HashSet;
use std::path::Path;

/// One row of `scans.csv`.
#[derive(Debug, Clone)]
pub(crate) struct RecordedScan {
    pub(crate) id: CheckId,
    pub(crate) device: DeviceCode,
    pub(crate) mode: Mode,
    pub(crate) scanned_at: Timestamp,
    pub(crate) code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(rename = "arrived_at")]
    _arrived_at: Timestamp,
    check_id: CheckId,
    device: DeviceCode,
    mode: String,
    scanned_at: Timestamp,
    code: String,
}

/// Reads the file.
pub(crate) fn read(path: &Path) -> Result<Vec<RecordedScan>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(path)?;
    reader
        .deserialize::<Row>()
        .map(|row| {
            let row = row?;
            let mode = match row.mode.as_str() {
                "online" => Mode::Online,
                "offline" => Mode::Offline,
                other => bail!("{other:?} is no mode; write online or offline"),
            };
            Ok(RecordedScan {
                id: row.check_id,
                device: row.device,
                mode,
                scanned_at: row.scanned_at,
                code: row.code,
            })
        })
        .collect()
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

impl Step<'_> {
    pub(crate) const fn is_journal(&self) -> bool {
        matches!(self, Step::Journal(_))
    }

    pub(crate) const fn len(&self) -> usize {
        match self {
            Step::Check(_) => 1,
            Step::Journal(scans) => scans.len(),
        }
    }
}

/// Online checks one by one; what one device's journal delivered in a row, in
/// batches.
pub(crate) fn steps(scans: &[RecordedScan]) -> Vec<Step<'_>> {
    scans
        .chunk_by(|a, b| a.mode == Mode::Offline && b.mode == Mode::Offline && a.device == b.device)
        .flat_map(|run| match run {
            [scan] if scan.mode == Mode::Online => vec![Step::Check(scan)],
            journal => journal.chunks(BATCH_LIMIT).map(Step::Journal).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(n: u128, device: &str, mode: Mode) -> RecordedScan {
        RecordedScan {
            id: format!("00000000-0000-4000-8000-{n:012x}").parse().unwrap(),
            device: device.parse().unwrap(),
            mode,
            scanned_at: Timestamp::MIN,
            code: String::new(),
        }
    }

    #[test]
    fn a_journal_is_one_device_in_a_row() {
        let scans = [
            scan(1, "A", Mode::Online),
            scan(2, "A", Mode::Offline),
            scan(3, "A", Mode::Offline),
            scan(4, "B", Mode::Offline),
            scan(5, "B", Mode::Online),
            scan(5, "B", Mode::Online),
        ];
        let shape: Vec<_> = steps(&scans)
            .iter()
            .map(|step| (step.is_journal(), step.len()))
            .collect();
        assert_eq!(
            shape,
            [(false, 1), (true, 2), (true, 1), (false, 1), (false, 1)]
        );
        assert_eq!(retries(&scans), 1);
    }
}
