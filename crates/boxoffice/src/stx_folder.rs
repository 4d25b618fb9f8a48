//! The folder of the STX_Files: what stands in it can be taken out, and files
//! from elsewhere are put beside our own under a name that we choose.

use crate::stx_file::{self, FileState, ImportKind, StxFile, StxFileId, name_is_written, on_disk};
use crate::{BoxOffice, ImportError, ImportReport};
use db::{DbError, params};
use kernel::{Timestamp, hex};
use secutix::stx::MAX_FILE_BYTES;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

/// How many characters of the sender's name for a file stay in ours.
const NAME_CHARS: usize = 40;
/// What the name of each begins with.
const UPLOAD: &str = "UPLOAD_";
/// How many files of the same moment and name there may be.
const NAMESAKES: u32 = 1_000;

/// Why a file from elsewhere was not taken; nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// More than 64 MiB.
    #[error("the file has more than {} MiB; split it", MAX_FILE_BYTES / (1024 * 1024))]
    TooLarge,
    /// It has no content.
    #[error("the file is empty; choose another")]
    Empty,
    /// The disk.
    #[error("the file cannot be kept; check disk space and rights of the folder for STX_Files")]
    Disk(#[from] io::Error),
}

/// What one is called until all of it is there.
const PART: &str = ".part";

/// A file that comes in from elsewhere. It goes from the folder when this is
/// dropped before its import has begun.
#[derive(Debug)]
pub struct Incoming {
    /// Where it is at present.
    path: PathBuf,
    name: String,
    file: tokio::fs::File,
    bytes: u64,
    hash: Sha256,
    /// Whether it stays in the folder.
    stays: bool,
}

impl Incoming {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`ReceiveError`]; drop it then.
    pub async fn take(&mut self, piece: &[u8]) -> Result<(), ReceiveError> {
        self.bytes += piece.len() as u64;
        if self.bytes > MAX_FILE_BYTES {
            return Err(ReceiveError::TooLarge);
        }
        self.hash.update(piece);
        Ok(self.file.write_all(piece).await?)
    }

    /// Its end: all of it is on the disk.
    ///
    /// # Errors
    /// [`ReceiveError`]; drop it then.
    pub async fn ended(&mut self) -> Result<(), ReceiveError> {
        if self.bytes == 0 {
            return Err(ReceiveError::Empty);
        }
        self.file.flush().await?;
        self.file.sync_all().await?;
        let whole = self.path.with_file_name(&self.name);
        tokio::fs::rename(&self.path, &whole).await?;
        self.path = whole;
        let path = self.path.clone();
        Ok(on_disk(move || name_is_written(&path)).await?)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "a refused file stays in the folder; delete it");
        }
    }
}

/// What of the sender's name for a file may stand in ours: nothing that means
/// anything to a file system.
fn harmless(called: &str) -> String {
    let stem = called.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = stem.split('.').next().unwrap_or_default();
    let mut name = String::new();
    for c in stem.chars().take(NAME_CHARS) {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// `UPLOAD_<yyyyMMddTHHmmss>_<number>[_<what the sender calls it>].stx.csv`, the
/// time in UTC.
fn name(called: &str, now: Timestamp, number: u32) -> String {
    let stamp = now.file_stamp();
    match harmless(called).as_str() {
        "" => format!("{UPLOAD}{stamp}_{number}.stx.csv"),
        called => format!("{UPLOAD}{stamp}_{number}_{called}.stx.csv"),
    }
}

/// What is ours in the folder of the STX_Files: the files, their reports, and what an
/// upload left behind that was cut off with the process.
///
/// # Errors
/// The folder cannot be read; that there is none is no error.
pub fn files_in(folder: &Path) -> io::Result<FilesInFolder> {
    let mut found = FilesInFolder::default();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        match name.unwrap_or_default() {
            name if name.starts_with(UPLOAD) && name.ends_with(PART) => found.parts.push(path),
            name if name.ends_with(".csv") => found.kept.push(path),
            _ => {}
        }
    }
    Ok(found)
}

/// What is ours in the folder of the STX_Files.
#[derive(Debug, Default)]
pub struct FilesInFolder {
    /// STX_Files and reports on them.
    pub kept: Vec<PathBuf>,
    /// Of uploads that are under way, or were when the process was killed.
    pub parts: Vec<PathBuf>,
}

impl BoxOffice {
    /// Begins to take a file from elsewhere; `called` is what its sender calls
    /// it. No file is ever overwritten.
    ///
    /// # Errors
    /// [`ReceiveError::Disk`].
    pub async fn receive(&self, called: &str) -> Result<Incoming, ReceiveError> {
        let now = self.clock.now();
        for number in 1..=NAMESAKES {
            let name = name(called, now, number);
            let path = self.files_dir.join(format!("{name}{PART}"));
            let mut options = tokio::fs::OpenOptions::from(kernel::owner_only());
            match options.create_new(true).open(&path).await {
                // Only the one whose part it is gives that name.
                Ok(_) if self.files_dir.join(&name).exists() => {
                    tokio::fs::remove_file(&path).await?;
                }
                Ok(file) => {
                    return Ok(Incoming {
                        path,
                        name,
                        file,
                        bytes: 0,
                        hash: Sha256::new(),
                        stays: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists).into())
    }

    /// Imports a file that came in whole, as [`Self::import_file`] does. One that
    /// is refused as a whole goes from the folder; any other stays in it.
    pub async fn import_incoming(
        &self,
        mut incoming: Incoming,
    ) -> Result<ImportReport, ImportError> {
        let sha256 = hex(incoming.hash.clone().finalize());
        // The same content, whose import was interrupted: that one goes on.
        let begun = self.db.read("import that did not end", move |tx| {
            stx_file::begun(tx, &sha256).map_err(ImportError::Db)
        });
        if let Some(id) = begun.await?
            && let Some((_, path)) = self.stored(id).await?
        {
            return self.import_recorded(id, &path).await;
        }
        // The service may end meanwhile; what has begun is ended later.
        incoming.stays = true;
        let imported = self.import_file(&incoming.path, ImportKind::Upload).await;
        incoming.stays = match &imported {
            Ok(_) => true,
            Err(ImportError::Refused { .. } | ImportError::ChannelInvalid) => false,
            Err(_) => self
                .is_recorded(incoming.name.clone())
                .await
                .unwrap_or(true),
        };
        imported
    }

    /// Imports a file that stands in the folder once more, under its record: rows
    /// whose cause was cured are taken now. `None` if it does not stand there as
    /// it was, or its card numbers were removed.
    pub async fn import_again(&self, id: StxFileId) -> Result<Option<ImportReport>, ImportError> {
        match self.stored(id).await? {
            Some((file, path))
                if file.card_removed_at.is_none() && file.state != FileState::Abandoned =>
            {
                self.import_recorded(id, &path).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The record of a file with the file itself, if it stands in the folder as
    /// it was recorded. A name alone says nothing: a file that was imported where
    /// it stood may have the name of another.
    ///
    /// # Errors
    /// [`DbError`]; a file that cannot be read counts as not there.
    pub async fn stored(&self, id: StxFileId) -> Result<Option<(StxFile, PathBuf)>, DbError> {
        let Some(file) = stx_file::file(&self.db, id).await? else {
            return Ok(None);
        };
        if file.name.is_empty() || Path::new(&file.name).components().count() != 1 {
            return Ok(None);
        }
        let path = self.files_dir.join(&file.name);
        let of = path.clone();
        let read = on_disk(move || stx_file::sha256(&mut std::fs::File::open(of)?));
        let read = read.await;
        Ok(match read {
            Ok(sha256) if sha256 == file.sha256 => Some((file, path)),
            _ => None,
        })
    }

    async fn is_recorded(&self, name: String) -> Result<bool, DbError> {
        let recorded = self.db.read("recorded stx file", move |tx| {
            tx.column::<StxFileId>(
                "SELECT id FROM box_stx_file WHERE name = $1 LIMIT 1",
                params![&name],
            )
        });
        Ok(!recorded.await?.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_senders_name_means_anything_to_a_file_system() {
        for (called, ours) in [
            ("ventes juin.csv", "ventes-juin"),
            ("../../etc/passwd", "passwd"),
            ("..\\x", "x"),
            ("..", ""),
            ("", ""),
            ("é\0\n\"<b>.stx.csv", "b"),
            (".hidden", ""),
            ("A--B__c", "a-b-c"),
        ] {
            assert_eq!(harmless(called), ours, "{called:?}");
        }
        assert_eq!(harmless(&"x".repeat(5_000)).len(), NAME_CHARS);
        let now = "2026-07-14T07:00:00.114Z".parse().unwrap();
        assert_eq!(
            name("a/B.csv", now, 2),
            "UPLOAD_20260714T070000_2_b.stx.csv"
        );
        assert_eq!(name("..", now, 1), "UPLOAD_20260714T070000_1.stx.csv");
    }
}
