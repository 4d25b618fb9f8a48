//! The file of an embedded database: for its owner's eyes only, known from its
//! first day on, and there as long as somebody writes to it.

use crate::DbError;
use kernel::{as_its_folder, folder_of};
use std::fs::{File, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A log that is worth being folded in while it is quiet, in bytes.
const LONG_LOG: u64 = 1 << 20;
/// Rights of anybody but the owner.
const OF_OTHERS: u32 = 0o077;
/// What SQLite keeps beside the file.
pub const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];
/// What stands in the mark.
const MARK: &str = "A database of Passerelle was made here. If it is gone, the service does not start, so that no \
                    empty one takes its place unnoticed:\nput it back, or restore a backup (passerelle restore). \
                    Delete this file to begin with an empty database on purpose.\n";

/// The path of what stands beside the file, by whatever name it is called: SQLite keeps
/// its own files beside the one that a link leads to.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    kernel::beside(&real(path), suffix)
}

/// The one name of a file, also where it is gone.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(path) {
        return real;
    }
    let folder = folder_of(path);
    let leads_to = std::fs::read_link(path).map(|to| folder.join(to));
    let path = leads_to.as_deref().unwrap_or(path);
    let folder = folder_of(path);
    match (std::fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// The mark beside a database: it is locked while a service works on it, and has
/// content once there was a database.
pub(crate) fn mark_of(path: &Path) -> PathBuf {
    beside(path, ".mark")
}

/// The right to be the only service on an SQLite file, as long as it lives.
#[derive(Debug)]
pub struct Alone {
    /// The lock goes with it.
    mark: File,
    path: PathBuf,
}

impl Drop for Alone {
    fn drop(&mut self) {
        // Where no database came of it, nothing is to stay behind.
        if self.mark.metadata().is_ok_and(|mark| mark.len() == 0) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Alone {
    /// Takes it for the file at `path`, whose folder is made if there is none.
    ///
    /// # Errors
    /// [`DbError::Taken`] if another process has it; [`DbError::Unavailable`].
    pub fn on(path: &Path) -> Result<Self, DbError> {
        make_folder_of(path)?;
        let at = mark_of(path);
        let mark = open_mark(&at).map_err(|error| unwritten(path, error))?;
        match mark.try_lock() {
            Ok(()) => Ok(Self { mark, path: at }),
            Err(TryLockError::WouldBlock) => Err(DbError::Taken { path: path.into() }),
            Err(TryLockError::Error(error)) => Err(DbError::unavailable(error)),
        }
    }
}

/// Whether there is a database at `path`, or never was one.
///
/// # Errors
/// [`DbError::Missing`].
pub fn not_missing(path: &Path) -> Result<(), DbError> {
    let mark = std::fs::metadata(mark_of(path));
    let known = mark.is_ok_and(|mark| mark.len() > 0);
    // SQLite takes an empty file for an empty database.
    let there = std::fs::metadata(path).is_ok_and(|file| file.len() > 0);
    if there || !known {
        return Ok(());
    }
    Err(DbError::Missing {
        path: path.into(),
        mark: mark_of(path).into(),
    })
}

/// Makes the file at `path` if there is none and there never was one, and takes
/// it from the eyes of others.
pub(crate) fn ready(path: &Path) -> Result<(), DbError> {
    make_folder_of(path)?;
    not_missing(path)?;
    // SQLite gives its other files the rights of this one. One that is there is not
    // opened: with that, the locks of an SQLite in this process would go.
    match kernel::owner_only().create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(unwritten(path, error));
        }
        _ => {}
    }
    as_its_folder(path).map_err(DbError::unavailable)?;
    for suffix in COMPANIONS.into_iter().chain([""]) {
        close(&beside(path, suffix)).map_err(DbError::unavailable)?;
    }
    Ok(())
}

/// Notes that there is a database at `path`.
pub(crate) fn mark(path: &Path) -> Result<(), DbError> {
    let write = || {
        let mut mark = open_mark(&mark_of(path))?;
        if mark.metadata()?.len() == 0 {
            mark.write_all(MARK.as_bytes())?;
            mark.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|error: io::Error| DbError::unavailable(error))
}

/// Opens the mark at `at`, and makes it if there is none.
fn open_mark(at: &Path) -> io::Result<File> {
    let mark = kernel::owner_only().create(true).open(at)?;
    as_its_folder(at)?;
    Ok(mark)
}

fn make_folder_of(path: &Path) -> Result<(), DbError> {
    std::fs::create_dir_all(folder_of(path)).map_err(|error| unwritten(path, error))
}

/// Why nothing is written for the file at `path`.
fn unwritten(path: &Path, error: io::Error) -> DbError {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => DbError::ReadOnly { path: path.into() },
        _ => DbError::unavailable(error),
    }
}

/// Takes away the rights of others, which an earlier version left to the umask.
///
/// # Errors
/// Of the disk; that there is no such file is none.
pub fn close(path: &Path) -> io::Result<()> {
    let mode = match std::fs::metadata(path) {
        Ok(file) => file.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if mode & OF_OTHERS == 0 {
        return Ok(());
    }
    match std::fs::set_permissions(path, Permissions::from_mode(mode & !OF_OTHERS)) {
        // Whoever only has leave to write in it has no say over its rights.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let path = path.display();
            tracing::warn!(%path, "others may read this file; let its owner run chmod 600");
            Ok(())
        }
        done => done,
    }
}

/// The files that one process has opened.
pub(crate) struct Opened {
    path: PathBuf,
    files: Vec<(PathBuf, Option<Identity>)>,
}

/// Device and number of a file.
type Identity = (u64, u64);

impl Opened {
    /// What stands there at present, after SQLite has opened it.
    pub(crate) fn at(path: &Path) -> Self {
        let files = ["", "-wal", "-shm"].map(|suffix| beside(path, suffix));
        Self {
            path: path.into(),
            files: files.map(|file| (file.clone(), identity(&file))).into(),
        }
    }

    pub(crate) fn has_long_log(&self) -> bool {
        let log = std::fs::metadata(beside(&self.path, "-wal"));
        log.is_ok_and(|log| log.len() > LONG_LOG)
    }

    /// Whether all of it is still there. SQLite itself goes on with files that
    /// have no name any more, and whatever it takes then is lost.
    ///
    /// # Errors
    /// [`DbError::Gone`].
    pub(crate) fn is_there(&self) -> Result<(), DbError> {
        if self.files.iter().all(|(path, id)| identity(path) == *id) {
            Ok(())
        } else {
            Err(DbError::Gone {
                path: self.path.as_path().into(),
            })
        }
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_may_be_written_the_folder_to_allow_is_named() {
        let refused = io::ErrorKind::ReadOnlyFilesystem.into();
        let said = unwritten(Path::new("/srv/p/p.db"), refused).to_string();
        assert!(said.contains("/srv/p/p.db") && said.contains("ReadWritePaths=/srv/p "));
    }
}
