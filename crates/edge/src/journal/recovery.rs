//! Reading a journal again, after whatever ended the last process.

use super::frame::{self, Rest};
use super::record::{Attempt, Decided, Entry, Record, Sequence, TakenBack};
use super::segment::{Current, Usage, begin, segment_path, write_zeros};
use super::{Journal, JournalSettings, NEW, PREFIX, Place, SPARE};
use kernel::text::fill;
use kernel::{CheckId, Language};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What a journal knew when it was opened, besides what waits for the server.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Scans whose answer nobody was told, oldest first.
    pub open: Vec<OpenAttempt>,
    /// Entries that were not cancelled. At least those since the last
    /// `keep_since` of [`Journal::maintain`].
    pub entries: Vec<Entry>,
    /// The last entry, unless it was taken back.
    pub last: Option<Entry>,
    /// Those of them that nobody went through the door for.
    pub not_passed: Vec<Entry>,
    /// What could not be read.
    pub findings: Vec<Finding>,
}

/// A scan whose answer nobody was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenAttempt {
    /// The server may have been asked, and nothing was decided here.
    Asked(Attempt),
    /// It was decided here.
    Decided(Decided),
}

impl OpenAttempt {
    /// The scan.
    #[must_use]
    pub const fn attempt(&self) -> &Attempt {
        match self {
            OpenAttempt::Asked(attempt) => attempt,
            OpenAttempt::Decided(decided) => &decided.attempt,
        }
    }
}

/// Something in a journal that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Writing the last record was interrupted. Nobody was told of it.
    Torn(PathBuf),
    /// A segment was changed by the disk or by hand.
    Damaged(PathBuf),
    /// A whole record that this program does not know.
    NotUnderstood(PathBuf),
}

kernel::texts!(Texts in Fr, En {
    torn: "le dernier enregistrement de {file} n’était pas fini quand le courant a été coupé ; il a été retiré, et personne n’en avait rien su",
        "the last record of {file} was not finished when the power went; it was cut, and nobody was told of it";
    damaged: "{file} est endommagé : des enregistrements y sont perdus ; ce qui se lit a été gardé ; remplacez le disque, et comparez les nombres du jour avec ceux du serveur",
        "{file} is damaged: records in it are lost; what can be read was kept; replace the disk, and compare the day's counts with the server";
    not_understood: "{file} contient des enregistrements d’une autre version de ce programme ; ils y restent ; lancez cette version pour les envoyer",
        "{file} holds records of another version of this program; they were left alone; run that version to send them";
});

impl Finding {
    /// In words, with what to do.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let t = Texts::of(language);
        let (text, file) = match self {
            Self::Torn(file) => (t.torn, file),
            Self::Damaged(file) => (t.damaged, file),
            Self::NotUnderstood(file) => (t.not_understood, file),
        };
        fill(text, &[("file", &file.display())])
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.told(Language::En))
    }
}

/// What the records come to.
#[derive(Default)]
struct Memory {
    unsent: BTreeMap<Sequence, Place>,
    cancellations: BTreeMap<Sequence, (u64, TakenBack)>,
    next: Sequence,
    opened: u64,
    open: HashMap<CheckId, (u64, OpenAttempt)>,
    entries: Vec<Entry>,
    last: Option<Entry>,
    not_passed: HashSet<CheckId>,
    findings: Vec<Finding>,
}

pub(super) fn open(
    folder: &Path,
    settings: JournalSettings,
    lock: File,
) -> io::Result<(Journal, Recovered)> {
    let settings = JournalSettings {
        segment_bytes: settings.segment_bytes.max(64 * 1024),
        ..settings
    };
    let spare = tidy_spare(folder, settings.segment_bytes)?;
    let mut numbers = segments(folder)?;
    let last = numbers.pop();
    let mut memory = Memory {
        next: 1,
        ..Memory::default()
    };
    let mut earlier = BTreeMap::new();
    for number in numbers {
        let bytes = std::fs::read(segment_path(folder, number))?;
        let (usage, _) = memory.read(folder, number, &bytes, Position::Earlier);
        earlier.insert(number, usage);
    }
    let current = match last {
        Some(number) => memory.take_up(folder, number)?,
        None => {
            if !spare {
                write_zeros(&folder.join(NEW), settings.segment_bytes)?;
                std::fs::rename(folder.join(NEW), folder.join(SPARE))?;
            }
            begin(folder, 1, memory.next)?
        }
    };
    let mut journal = Journal {
        folder: folder.to_owned(),
        settings,
        earlier,
        current,
        unsent: memory.unsent,
        cancellations: memory.cancellations,
        next: memory.next,
        spare: spare && last.is_some(),
        _lock: lock,
    };
    journal.count_unsettled();
    let mut open: Vec<_> = memory.open.into_values().collect();
    open.sort_by_key(|(order, _)| *order);
    let not_passed = memory.entries.iter();
    let not_passed = not_passed.filter(|entry| memory.not_passed.contains(&entry.check));
    let recovered = Recovered {
        not_passed: not_passed.cloned().collect(),
        open: open.into_iter().map(|(_, attempt)| attempt).collect(),
        entries: memory.entries,
        last: memory.last,
        findings: memory.findings,
    };
    Ok((journal, recovered))
}

impl Journal {
    fn count_unsettled(&mut self) {
        let checks = self.unsent.values().map(|place| place.segment);
        let cancellations = self.cancellations.values().map(|(segment, _)| *segment);
        for segment in checks.chain(cancellations) {
            if segment == self.current.number {
                self.current.usage.unsettled += 1;
            } else if let Some(usage) = self.earlier.get_mut(&segment) {
                usage.unsettled += 1;
            }
        }
    }
}

/// Whether torn ends are to be expected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// It was finished before the next one was begun.
    Earlier,
    /// It was in use.
    Last,
}

impl Memory {
    /// Opens the last segment to go on in it, and clears a torn end.
    fn take_up(&mut self, folder: &Path, number: u64) -> io::Result<Current> {
        let path = segment_path(folder, number);
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let bytes = std::fs::read(&path)?;
        let (usage, end) = self.read(folder, number, &bytes, Position::Last);
        let rest = &bytes[end..];
        if rest.iter().any(|byte| *byte != 0) {
            let place = u64::try_from(end).map_err(io::Error::other)?;
            file.write_all_at(&vec![0; rest.len()], place)?;
        }
        // What was read here is going to be told and sent.
        file.sync_data()?;
        Ok(Current {
            number,
            capacity: bytes.len(),
            file,
            written: end,
            synced: end,
            usage,
        })
    }

    /// Reads a segment and says what it is needed for, and where it ends.
    fn read(
        &mut self,
        folder: &Path,
        number: u64,
        bytes: &[u8],
        position: Position,
    ) -> (Usage, usize) {
        let path = || segment_path(folder, number);
        let held = frame::read(number, bytes);
        let damaged = match (held.rest, position) {
            (Rest::Clean, _) => held.records.is_empty(),
            (Rest::Torn, Position::Last) => {
                self.findings.push(Finding::Torn(path()));
                held.records.is_empty()
            }
            (Rest::Torn, Position::Earlier) | (Rest::Damaged, _) => true,
        };
        if damaged {
            self.findings.push(Finding::Damaged(path()));
        }
        let mut usage = Usage {
            damaged,
            ..Usage::default()
        };
        for (offset, payload) in held.records {
            let Ok(record) = serde_json::from_slice::<Record>(payload) else {
                usage.damaged = true;
                self.findings.push(Finding::NotUnderstood(path()));
                continue;
            };
            usage.newest = usage.newest.max(record.at());
            let length = frame::HEAD_BYTES + payload.len();
            // A segment is far smaller than 4 GiB.
            if let (Ok(offset), Ok(length)) = (offset.try_into(), length.try_into()) {
                self.apply(record, number, offset, length);
            }
        }
        (usage, held.end)
    }

    fn enter(&mut self, entry: Option<Entry>) {
        if let Some(entry) = entry {
            self.entries.push(entry.clone());
            self.last = Some(entry);
        }
    }

    fn apply(&mut self, record: Record, segment: u64, offset: u32, length: u32) {
        self.opened += 1;
        match record {
            Record::Segment { next } => self.next = self.next.max(next),
            Record::Asked(attempt) => {
                let open = (self.opened, OpenAttempt::Asked(attempt.clone()));
                self.open.insert(attempt.request.id, open);
            }
            Record::Decided { sequence, check } => {
                self.next = self.next.max(sequence + 1);
                let place = Place {
                    segment,
                    offset,
                    length,
                    id: check.attempt.request.id,
                    at: check.attempt.at,
                };
                self.unsent.insert(sequence, place);
                self.enter(check.entry());
                let id = check.attempt.request.id;
                self.open
                    .insert(id, (self.opened, OpenAttempt::Decided(check)));
            }
            Record::Told { check, entry } => {
                self.open.remove(&check);
                self.not_passed.remove(&check);
                self.enter(entry);
            }
            Record::NotPassed { check } => {
                self.not_passed.insert(check);
            }
            Record::Cancelled {
                sequence,
                cancellation,
            } => {
                self.next = self.next.max(sequence + 1);
                self.cancellations.insert(sequence, (segment, cancellation));
                let check = cancellation.request.check_id;
                self.open.remove(&check);
                self.entries.retain(|entry| entry.check != check);
                // An agent takes back the last one, which may not have been told.
                let by_agent = cancellation.request.cause.is_none();
                self.last.take_if(|last| by_agent || last.check == check);
            }
            Record::Settled { runs } => {
                for (first, last) in runs {
                    self.next = self.next.max(last + 1);
                    let settled: Vec<_> =
                        self.unsent.range(first..=last).map(|(s, _)| *s).collect();
                    for sequence in settled {
                        self.unsent.remove(&sequence);
                    }
                    self.cancellations
                        .retain(|sequence, _| !(first..=last).contains(sequence));
                }
            }
        }
    }
}

/// Numbers of the segments in the folder, in order.
fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let name = file?.file_name();
        let number: Option<u64> = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX))
            .filter(|digits| digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes the reserve whole again if the last process was interrupted over it,
/// and says whether there is one. An unfinished one is thrown away.
fn tidy_spare(folder: &Path, length: usize) -> io::Result<bool> {
    let (new, spare) = (folder.join(NEW), folder.join(SPARE));
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match std::fs::read(&spare) {
        Ok(bytes) if bytes.len() == length && bytes.iter().all(|byte| *byte == 0) => Ok(true),
        Ok(_) => std::fs::remove_file(&spare).map(|()| false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
