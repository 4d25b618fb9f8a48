//! What a device read, which way, and on whose responsibility.

use crate::Direction;
use crate::decide::barcode;
use kernel::{CheckId, DeviceCode, DeviceTime};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The most a scanned code may have, in bytes.
pub const CODE_LIMIT_BYTES: usize = 512;

/// Whether the device had a line to the server when it scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It asks, and waits for the decision.
    Online,
    /// It decided by itself; its journal delivers the check.
    Offline,
}

/// A word that names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no mode; choose online or offline")]
pub struct UnknownMode(String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(word: &str) -> Result<Self, UnknownMode> {
        [Mode::Online, Mode::Offline]
            .into_iter()
            .find(|mode| mode.as_str() == word)
            .ok_or_else(|| UnknownMode(word.chars().take(16).collect()))
    }
}

impl Mode {
    /// The name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Online => "online",
            Mode::Offline => "offline",
        }
    }
}

/// One scan at one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The id the device chose.
    pub id: CheckId,
    /// The device.
    pub device: DeviceCode,
    /// The raw text it read.
    pub code: String,
    /// What its clock showed then.
    pub device_time: DeviceTime,
    /// Which way the visitor goes.
    pub direction: Direction,
    /// Why the agent lets the visitor in against or without Otipass, if so. Means
    /// nothing on the way out.
    pub forced_note: Option<ForcedNote>,
}

/// Why an agent forced an entry, in the agent's words: 1 to
/// [`MAX_CHARS`](Self::MAX_CHARS) characters, trimmed. It may name a visitor, so
/// `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ForcedNote(String);

/// A note that says nothing, or too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the note of a forced entry has 1 to {} characters; say in a few words why the visitor was let in",
    ForcedNote::MAX_CHARS
)]
pub struct NoteInvalid;

impl ForcedNote {
    /// The most characters it may have.
    pub const MAX_CHARS: usize = 200;

    /// The note itself, for the database and those who settle.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ForcedNote {
    type Err = NoteInvalid;

    fn from_str(text: &str) -> Result<Self, NoteInvalid> {
        // No database keeps a NUL character as text, so its picture stands for it.
        let note = text.trim().replace('\0', "\u{2400}");
        if (1..=Self::MAX_CHARS).contains(&note.chars().count()) {
            Ok(Self(note))
        } else {
            Err(NoteInvalid)
        }
    }
}

impl fmt::Debug for ForcedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForcedNote(…)")
    }
}

/// A scan that is no check: it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanRefused {
    /// The code is too long.
    #[error("the code has {bytes} bytes; at most {CODE_LIMIT_BYTES} are allowed")]
    CodeTooLong {
        /// Its length.
        bytes: usize,
    },
    /// The device has read so many scans of one card at one moment that no
    /// control barcode is free: its clock stands still.
    #[error(
        "the device reports the same moment for more than {} scans of one card; set its clock",
        barcode::CANDIDATES
    )]
    ClockStandsStill,
}

/// Holds a scanned code against its limit.
pub(crate) fn within_limit(code: &str) -> Result<(), ScanRefused> {
    match code.len() {
        ..=CODE_LIMIT_BYTES => Ok(()),
        bytes => Err(ScanRefused::CodeTooLong { bytes }),
    }
}

impl Scan {
    /// The code as it is kept: no database keeps a NUL character as text, so its
    /// picture stands for it.
    pub(crate) fn kept_code(&self) -> String {
        self.code.replace('\0', "\u{2400}")
    }

    /// Whether this scan is the one that was kept.
    pub(crate) fn is_kept_as(&self, kept: &Scan) -> bool {
        self.id == kept.id
            && self.device == kept.device
            && self.device_time == kept.device_time
            && self.direction == kept.direction
            && self.forced_note == kept.forced_note
            && self.kept_code() == kept.code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_something_and_not_too_much() {
        for (text, kept) in [
            (" lost her phone \n", Some("lost her phone")),
            ("", None),
            (" \t", None),
            ("a\0b", Some("a\u{2400}b")),
        ] {
            let note = text.parse::<ForcedNote>();
            assert_eq!(note.ok().as_ref().map(ForcedNote::reveal), kept, "{text:?}");
        }
        assert!("é".repeat(200).parse::<ForcedNote>().is_ok());
        assert!("é".repeat(201).parse::<ForcedNote>().is_err());
        let note: ForcedNote = "Mme Durand".parse().unwrap();
        assert!(!format!("{note:?}").contains("Durand"));
    }
}
