//! The files of a journal: segments and the reserve.

use super::record::{Record, Sequence};
use super::{PREFIX, SPARE, frame};
use kernel::Timestamp;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What a segment is still needed for.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Usage {
    /// Checks and cancellations in it that the server does not have.
    pub(super) unsettled: usize,
    /// The latest moment a record speaks of.
    pub(super) newest: Option<Timestamp>,
    /// Whether something in it cannot be read.
    pub(super) damaged: bool,
}

#[derive(Debug)]
pub(super) struct Current {
    pub(super) number: u64,
    pub(super) file: File,
    pub(super) capacity: usize,
    pub(super) written: usize,
    pub(super) synced: usize,
    pub(super) usage: Usage,
}

impl Current {
    /// How many bytes there is room for.
    pub(super) fn left(&self) -> usize {
        self.capacity.saturating_sub(self.written)
    }

    pub(super) fn write(&mut self, framed: &[u8]) -> io::Result<()> {
        let place = u64::try_from(self.written).map_err(io::Error::other)?;
        self.file.write_all_at(framed, place)?;
        self.written += framed.len();
        Ok(())
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.synced < self.written {
            self.file.sync_data()?;
            self.synced = self.written;
        }
        Ok(())
    }

    /// Removes a record that could not be written or synced.
    pub(super) fn take_back(&mut self, offset: usize, length: usize) {
        if let Ok(place) = u64::try_from(offset) {
            let _ = self.file.write_all_at(&vec![0; length], place);
        }
        self.written = offset;
        self.synced = self.synced.min(offset);
    }
}

/// Begins segment `number` in the reserve, which must be there.
pub(super) fn begin(folder: &Path, number: u64, next: Sequence) -> io::Result<Current> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(folder.join(SPARE))?;
    let payload = serde_json::to_vec(&Record::Segment { next }).map_err(io::Error::other)?;
    let framed = frame::frame(number, 0, &payload).ok_or(io::ErrorKind::InvalidData)?;
    let mut current = Current {
        number,
        capacity: capacity(&file)?,
        file,
        written: 0,
        synced: 0,
        usage: Usage::default(),
    };
    current.write(&framed)?;
    current.sync()?;
    std::fs::rename(folder.join(SPARE), segment_path(folder, number))?;
    sync_folder(folder)?;
    Ok(current)
}

/// Zeros that are truly on the disk: the file system has no more to give when
/// they are replaced.
pub(super) fn write_zeros(path: &Path, length: usize) -> io::Result<()> {
    let file = private().truncate(false).open(path)?;
    let zeros = vec![0; 64 * 1024];
    let mut written = 0;
    while written < length {
        let part = zeros.len().min(length - written);
        file.write_all_at(
            &zeros[..part],
            u64::try_from(written).map_err(io::Error::other)?,
        )?;
        written += part;
    }
    file.set_len(u64::try_from(length).map_err(io::Error::other)?)?;
    file.sync_all()
}

fn capacity(file: &File) -> io::Result<usize> {
    usize::try_from(file.metadata()?.len()).map_err(io::Error::other)
}

pub(super) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{number:010}"))
}

/// Names in a folder are on the disk only when the folder is.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Files that only their owner may read: they hold card numbers.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true).mode(0o600);
    options
}
