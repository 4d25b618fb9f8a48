//! The device's memory: what it decided by itself, durable before anybody is
//! told, and kept until the server has it.
//!
//! A journal is a folder of segments, files of fixed size that are written with
//! zeros before they are used, so that a full disk strikes when a reserve is
//! made and not in the middle of a decision. Records are only ever appended.
//! `frame` says how they stand there; `recovery` reads them again.
//!
//! Checks and cancellations carry a sequence number and are sent in its order.
//! What the server has is settled, and a segment of which everything is settled
//! becomes the next reserve.

mod frame;
mod record;
mod recovery;
mod segment;
mod set_aside;

pub use record::{Attempt, Decided, Entry, Sequence, TakenBack};
pub use recovery::{Finding, OpenAttempt, Recovered};
pub use set_aside::{SetAside, SetAsideItem};

use crate::agent::Moment;
use deviceapi::BatchRequest;
use kernel::{CheckId, Timestamp};
use record::Record;
use segment::{Current, Usage, begin, private, segment_path, sync_folder, write_zeros};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const LOCK: &str = "journal.lock";
const SPARE: &str = "journal.spare";
/// A spare while it is written.
const NEW: &str = "journal.new";
const PREFIX: &str = "journal-";
/// Appended to a segment that cannot be read whole, when nothing in it is needed
/// any more: somebody may want to look at it.
const DAMAGED: &str = "damaged";
/// Without a reserve, what is left of this part of a segment is kept for
/// decisions; records that may be lost do without.
const KEPT_FOR_DECISIONS: usize = 2;

/// Limits of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalSettings {
    /// How many checks may wait for the server.
    pub limit_checks: usize,
    /// The size of a segment; at least 64 KiB.
    pub segment_bytes: usize,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self {
            limit_checks: 100_000,
            segment_bytes: 1024 * 1024,
        }
    }
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses it.
    #[error(
        "the journal in {0} is in use by another process; end that one, or give this device a folder of its own"
    )]
    InUse(PathBuf),
    /// The folder or a file in it.
    #[error(
        "the journal in {folder} could not be opened; check that the folder exists, is writable and has room"
    )]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Why something was not remembered. Nothing of it is in the journal then.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// As many checks as allowed wait for the server.
    #[error("the journal is full: {0} checks wait for the server; restore the line")]
    Full(usize),
    /// The disk does not take it.
    #[error("the journal could not be written; check the disk: is it full, or failing?")]
    Disk(#[from] io::Error),
    /// Too long for a record.
    #[error("the record is too long for the journal")]
    TooLong,
}

/// What waits for the server, oldest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Checks.
    pub checks: Vec<(Sequence, Decided)>,
    /// Cancellations of checks that the server has.
    pub cancellations: Vec<(Sequence, TakenBack)>,
    /// Checks that could not be read back.
    pub unreadable: Vec<(Sequence, CheckId)>,
}

impl Batch {
    /// As it is sent now.
    #[must_use]
    pub fn as_sent(&self, now: Moment) -> BatchRequest {
        let checks = self.checks.iter();
        let cancellations = self.cancellations.iter();
        BatchRequest {
            checks: checks.map(|(_, check)| check.as_sent(now)).collect(),
            cancellations: cancellations.map(|(_, one)| one.as_sent(now)).collect(),
        }
    }
}

/// Where the journal stands on the disk. What lies between `synced` and
/// `written` may be lost when the power goes; a decision never lies there when
/// it is told. For tests and the simulation of crashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The segment in use.
    pub segment: PathBuf,
    /// Up to here it is on the disk.
    pub synced: usize,
    /// Up to here it is written.
    pub written: usize,
}

/// A journal, open. One process at a time; see the [module](self).
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    settings: JournalSettings,
    /// Segments before the current one, oldest first.
    earlier: BTreeMap<u64, Usage>,
    current: Current,
    unsent: BTreeMap<Sequence, Place>,
    cancellations: BTreeMap<Sequence, (u64, TakenBack)>,
    next: Sequence,
    spare: bool,
    /// Held as long as the journal is open.
    _lock: File,
}

/// Where a check stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    segment: u64,
    offset: u32,
    length: u32,
    id: CheckId,
    at: Timestamp,
}

/// Whether a record must survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Survives {
    /// On the disk before the call returns.
    PowerCut,
    /// Handed to the operating system: it survives the end of this process.
    ProcessEnd,
}

impl Journal {
    /// Opens the journal in `folder`, or begins one there. A torn end is cut. Of
    /// a damaged segment, what can be read is kept; it is set aside when that is
    /// settled.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(folder: &Path, settings: JournalSettings) -> Result<(Self, Recovered), OpenError> {
        let failed = |source| OpenError::Io {
            folder: folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = private()
            .read(true)
            .truncate(false)
            .open(folder.join(LOCK))
            .map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse(folder.to_owned()),
            TryLockError::Error(source) => failed(source),
        })?;
        recovery::open(folder, settings, lock).map_err(failed)
    }

    /// Remembers that the server is about to be asked, so that the visitor's
    /// next try keeps the id. Survives the end of this process, not necessarily
    /// a power cut: the server has the id then, or nobody.
    ///
    /// # Errors
    /// [`JournalError`]; the server can be asked all the same.
    pub fn asked(&mut self, attempt: &Attempt) -> Result<(), JournalError> {
        self.note(&Record::Asked(attempt.clone()))
    }

    /// Remembers a decision. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`JournalError`]; the decision must not be told then.
    pub fn decide(&mut self, check: &Decided) -> Result<Sequence, JournalError> {
        if self.unsent.len() >= self.settings.limit_checks {
            return Err(JournalError::Full(self.unsent.len()));
        }
        let sequence = self.next;
        let record = Record::Decided {
            sequence,
            check: check.clone(),
        };
        let (offset, length) = self.append(&record, Survives::PowerCut)?;
        let place = Place {
            segment: self.current.number,
            offset,
            length,
            id: check.attempt.request.id,
            at: check.attempt.at,
        };
        self.unsent.insert(sequence, place);
        self.current.usage.unsettled += 1;
        self.next += 1;
        Ok(sequence)
    }

    /// Remembers that the visitor has the answer, and the entry if the server
    /// admitted it. Survives the end of this process.
    ///
    /// # Errors
    /// [`JournalError`]; the visitor's next scan may repeat the answer then.
    pub fn told(&mut self, check: CheckId, entry: Option<Entry>) -> Result<(), JournalError> {
        self.note(&Record::Told { check, entry })
    }

    /// Remembers that nobody went through the door that was opened for a check, until
    /// it is told once more or taken back. Survives the end of this process.
    ///
    /// # Errors
    /// [`JournalError`]; after a start the entry stands then.
    pub fn not_passed(&mut self, check: CheckId) -> Result<(), JournalError> {
        self.note(&Record::NotPassed { check })
    }

    /// Remembers that an entry was taken back. It is on the disk when this
    /// returns.
    ///
    /// # Errors
    /// [`JournalError`]; the entry stands then.
    pub fn cancel(&mut self, cancellation: TakenBack) -> Result<Sequence, JournalError> {
        let sequence = self.next;
        let record = Record::Cancelled {
            sequence,
            cancellation,
        };
        self.append(&record, Survives::PowerCut)?;
        self.cancellations
            .insert(sequence, (self.current.number, cancellation));
        self.current.usage.unsettled += 1;
        self.next += 1;
        Ok(sequence)
    }

    /// How many checks wait for the server.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.unsent.len()
    }

    /// How many cancellations wait for the server.
    #[must_use]
    pub fn unsent_cancellations(&self) -> usize {
        self.cancellations.len()
    }

    /// When the oldest waiting check was scanned.
    #[must_use]
    pub fn oldest_unsent(&self) -> Option<Timestamp> {
        self.unsent.values().next().map(|place| place.at)
    }

    /// Whether there is a reserve for the time when the segment in use is full.
    #[must_use]
    pub fn has_reserve(&self) -> bool {
        self.spare
    }

    /// The oldest of what waits: at most `limit` checks, that take at most
    /// `limit_bytes` as JSON (but at least one), and `limit` cancellations. A
    /// cancellation waits until the server has its check.
    ///
    /// # Errors
    /// [`JournalError::Disk`] if a segment cannot be opened.
    pub fn batch(&self, limit: usize, limit_bytes: usize) -> Result<Batch, JournalError> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        let mut open: Option<(u64, File)> = None;
        for (sequence, place) in self.unsent.iter().take(limit) {
            let file = match &open {
                Some((number, file)) if *number == place.segment => file,
                _ => {
                    let file = File::open(segment_path(&self.folder, place.segment))?;
                    &open.insert((place.segment, file)).1
                }
            };
            let Some((check, length)) = read_back(file, *place) else {
                batch.unreadable.push((*sequence, place.id));
                continue;
            };
            bytes += length;
            if bytes > limit_bytes && !batch.checks.is_empty() {
                break;
            }
            batch.checks.push((*sequence, check));
        }
        batch.cancellations = self
            .cancellations
            .iter()
            .filter(|(_, (_, cancellation))| !self.waits(cancellation.request.check_id))
            .take(limit)
            .map(|(sequence, (_, cancellation))| (*sequence, *cancellation))
            .collect();
        Ok(batch)
    }

    fn waits(&self, check: CheckId) -> bool {
        self.unsent.values().any(|place| place.id == check)
    }

    /// Forgets what the server has, or what was set aside.
    ///
    /// # Errors
    /// [`JournalError`]. It is forgotten all the same, until the journal is
    /// opened again; it is sent once more then, which does no harm.
    pub fn settle(&mut self, settled: &[Sequence]) -> Result<(), JournalError> {
        let mut sorted = settled.to_vec();
        sorted.sort_unstable();
        for sequence in &sorted {
            self.forget(*sequence);
        }
        let mut runs: Vec<(Sequence, Sequence)> = Vec::new();
        for sequence in sorted {
            match runs.last_mut() {
                Some((_, last)) if sequence <= *last + 1 => *last = sequence,
                _ => runs.push((sequence, sequence)),
            }
        }
        for runs in runs.chunks(256) {
            let record = Record::Settled {
                runs: runs.to_vec(),
            };
            self.append(&record, Survives::ProcessEnd)?;
        }
        Ok(())
    }

    fn forget(&mut self, sequence: Sequence) {
        let check = self.unsent.remove(&sequence).map(|place| place.segment);
        let cancellation = self.cancellations.remove(&sequence).map(|(at, _)| at);
        let Some(segment) = check.or(cancellation) else {
            return;
        };
        let usage = if segment == self.current.number {
            Some(&mut self.current.usage)
        } else {
            self.earlier.get_mut(&segment)
        };
        if let Some(usage) = usage {
            usage.unsettled = usage.unsettled.saturating_sub(1);
        }
    }

    /// Keeps house, when nobody waits: gives back segments that are settled and
    /// speak of nothing since `keep_since`, and prepares a reserve.
    ///
    /// # Errors
    /// [`JournalError::Disk`] if there is no room for a reserve. The journal
    /// goes on with what it has.
    pub fn maintain(&mut self, keep_since: Timestamp) -> Result<(), JournalError> {
        while let Some((number, usage)) = self.oldest_settled() {
            if usage.newest.is_some_and(|newest| newest >= keep_since) {
                break;
            }
            self.give_back(number)?;
        }
        self.look_for_spare();
        if !self.spare {
            self.make_spare(None)?;
        }
        Ok(())
    }

    /// Everything written is on the disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::Disk`].
    pub fn sync(&mut self) -> Result<(), JournalError> {
        Ok(self.current.sync()?)
    }

    /// Where the journal stands on the disk.
    #[must_use]
    pub fn tail(&self) -> Tail {
        Tail {
            segment: segment_path(&self.folder, self.current.number),
            synced: self.current.synced,
            written: self.current.written,
        }
    }

    /// The segment that may be given back next. Only the oldest may: a later
    /// one says what of an earlier one is settled.
    fn oldest_settled(&self) -> Option<(u64, Usage)> {
        let (number, usage) = self.earlier.first_key_value()?;
        (usage.unsettled == 0).then_some((*number, *usage))
    }

    /// Appends a record that may be lost; not if only decisions may have what
    /// is left.
    fn note(&mut self, record: &Record) -> Result<(), JournalError> {
        let kept = self.current.capacity / KEPT_FOR_DECISIONS;
        if !self.spare && self.current.left() < kept {
            return Err(JournalError::Disk(io::ErrorKind::StorageFull.into()));
        }
        self.append(record, Survives::ProcessEnd).map(drop)
    }

    /// Appends a record and says where it stands.
    fn append(&mut self, record: &Record, survives: Survives) -> Result<(u32, u32), JournalError> {
        let payload = serde_json::to_vec(record).map_err(io::Error::other)?;
        if payload.len() > frame::PAYLOAD_LIMIT_BYTES {
            return Err(JournalError::TooLong);
        }
        let length = frame::HEAD_BYTES + payload.len();
        if self.current.left() < length {
            self.begin_segment()?;
        }
        let offset = self.current.written;
        let framed =
            frame::frame(self.current.number, offset, &payload).ok_or(JournalError::TooLong)?;
        let written = self.current.write(&framed).and_then(|()| match survives {
            Survives::PowerCut => self.current.sync(),
            Survives::ProcessEnd => Ok(()),
        });
        if let Err(error) = written {
            // Nobody is told of it, so it must not be found again.
            self.current.take_back(offset, framed.len());
            return Err(error.into());
        }
        let usage = &mut self.current.usage;
        usage.newest = usage.newest.max(record.at());
        match (offset.try_into(), framed.len().try_into()) {
            (Ok(offset), Ok(length)) => Ok((offset, length)),
            _ => Err(JournalError::TooLong),
        }
    }

    /// Goes on in the reserve; makes room by force if there is none.
    fn begin_segment(&mut self) -> io::Result<()> {
        self.current.sync()?;
        self.look_for_spare();
        if !self.spare {
            let made = self.make_spare(None);
            if let (Err(error), settled) = (made, self.oldest_settled()) {
                // Older than wanted is better than not remembering at all.
                let (number, _) = settled.ok_or(error)?;
                self.give_back(number)?;
            }
        }
        let number = self.current.number + 1;
        let next = begin(&self.folder, number, self.next)?;
        let before = std::mem::replace(&mut self.current, next);
        self.earlier.insert(before.number, before.usage);
        self.spare = false;
        Ok(())
    }

    /// Somebody may have removed it to make room.
    fn look_for_spare(&mut self) {
        self.spare &= self.folder.join(SPARE).exists();
    }

    fn give_back(&mut self, number: u64) -> io::Result<()> {
        // What says that it is settled must not be lost before it.
        self.current.sync()?;
        let damaged = self.earlier.get(&number).is_some_and(|usage| usage.damaged);
        let path = segment_path(&self.folder, number);
        if damaged {
            std::fs::rename(&path, path.with_extension(DAMAGED))?;
        } else if self.spare {
            std::fs::remove_file(&path)?;
        } else {
            self.make_spare(Some(number))?;
        }
        self.earlier.remove(&number);
        Ok(())
    }

    /// Makes the reserve, of a segment that is no longer needed or anew.
    fn make_spare(&mut self, of: Option<u64>) -> io::Result<()> {
        let new = self.folder.join(NEW);
        if let Some(number) = of {
            std::fs::rename(segment_path(&self.folder, number), &new)?;
        }
        let written = write_zeros(&new, self.settings.segment_bytes)
            .and_then(|()| std::fs::rename(&new, self.folder.join(SPARE)))
            .and_then(|()| sync_folder(&self.folder));
        if let Err(error) = written {
            // A part of a reserve takes room and is none.
            let _ = std::fs::remove_file(&new);
            return Err(error);
        }
        self.spare = true;
        Ok(())
    }
}

/// A check as it stands in its segment, and its length there; `None` if it
/// cannot be read.
fn read_back(file: &File, place: Place) -> Option<(Decided, usize)> {
    let mut framed = vec![0; usize::try_from(place.length).ok()?];
    file.read_exact_at(&mut framed, place.offset.into()).ok()?;
    let offset = usize::try_from(place.offset).ok()?;
    let payload = frame::payload_of(place.segment, &framed, offset)?;
    match serde_json::from_slice(payload).ok()? {
        Record::Decided { check, .. } => Some((check, payload.len())),
        _ => None,
    }
}
