//! What a device read, which way, and on whose responsibility.

use crate::Direction;
use crate::decide::barcode;
use deviceapi::{CODE_LIMIT_BYTES, NOTE_LIMIT_CHARS};
use kernel::{CheckId, DeviceCode, DeviceTime};
use std::fmt;
use std::str::FromStr;

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
/// [`NOTE_LIMIT_CHARS`] characters, trimmed. It may name a visitor, so
/// `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ForcedNote(String);

/// A note that says nothing, or too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the note of a forced entry has 1 to {NOTE_LIMIT_CHARS} characters; say in a few words why the visitor was let in"
)]
pub struct NoteInvalid;

impl ForcedNote {
    /// What stands for a note that was removed.
    pub(crate) fn pseudonym(text: String) -> Self {
        Self(text)
    }

    /// The note itself, for the database and those who settle.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

kernel::as_text!(@kept ForcedNote, |note| note.reveal());

impl FromStr for ForcedNote {
    type Err = NoteInvalid;

    fn from_str(text: &str) -> Result<Self, NoteInvalid> {
        // No database keeps a NUL character as text, so its picture stands for it.
        let note = text.trim().replace('\0', "\u{2400}");
        if (1..=NOTE_LIMIT_CHARS).contains(&note.chars().count()) {
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
    /// The code as it is stored: no database stores a NUL character as text, so
    /// its picture stands for it.
    pub(crate) fn stored_code(&self) -> String {
        self.code.replace('\0', "\u{2400}")
    }

    /// Whether this scan is the one that was stored.
    pub(crate) fn is_stored_as(&self, stored: &Scan) -> bool {
        self.id == stored.id
            && self.device == stored.device
            && self.device_time == stored.device_time
            && self.direction == stored.direction
            && self.forced_note == stored.forced_note
            && self.stored_code() == stored.code
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
