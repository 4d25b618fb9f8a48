//! Backups of the embedded database: one file with a manifest beside it, taken
//! while the service runs, believed only after it was read back.
//!
//! A backup has its name only when all of it is on the disk and verified, and
//! its manifest comes last: a file without manifest is no backup.

mod manifest;
mod restore;
mod schedule;

pub use manifest::{Books, Manifest, manifest_path, verify};
pub use restore::{Existing, Restored, restore};
pub use schedule::{BackupSchedule, Kept, back_up_if_due, clear_parts};

use crate::SCHEMAS;
use crate::reconciliation::Sides;
use db::{Db, DbError, DbUrl, snapshot};
use kernel::Timestamp;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Tables that only grow. Whatever was answered before a backup began must be
/// in it, so it has no fewer rows of these.
const ONLY_GROW: [&str; 5] = [
    "gate_check",
    "gate_control_barcode",
    "box_staged",
    "box_ticket",
    "box_account_line",
];

/// Why there is no backup, or no restored database. Nothing was replaced, and no
/// part of a file is left.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Not an embedded database.
    #[error("this database is not embedded; back it up with its own tool: {command}")]
    NotEmbedded {
        /// The command.
        command: String,
    },
    /// There is a file of this name.
    #[error("{} exists already; give another name", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be read, written or named.
    #[error("{} cannot be {doing}; check disk space and rights", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What could not be done to it.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The database could not be copied or read.
    #[error("the database could not be copied or read")]
    Db(#[from] DbError),
    /// What was written is not what was read: the disk or the memory is faulty.
    #[error(
        "the copy of the database is damaged ({what}); look at the disk, and check the database \
         itself with PRAGMA integrity_check"
    )]
    CopyDamaged {
        /// The first findings.
        what: String,
    },
    /// No manifest beside the backup.
    #[error(
        "{} is missing; a backup is the two files together: copy both", path.display()
    )]
    NoManifest {
        /// Where it should be.
        path: PathBuf,
    },
    /// The manifest cannot be understood.
    #[error("{} is no manifest of a backup that this version knows; take another backup", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The file is not the one that was taken.
    #[error(
        "the backup {} is damaged: {what}; it is not used. Take another backup, or another copy \
         of this one",
        path.display()
    )]
    Damaged {
        /// The backup.
        path: PathBuf,
        /// In what it differs.
        what: String,
    },
    /// Made by a newer version of this program.
    #[error(
        "the backup was made by a newer version of this program ({made_by}; {context} schema \
         {found}, this version knows {known}); restore it with that version"
    )]
    Newer {
        /// The version.
        made_by: String,
        /// Whose tables.
        context: String,
        /// The version of these.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// Somebody works on the database that is to be replaced.
    #[error("{} is in use; stop the service first", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// There is a database already.
    #[error(
        "there is a database at {} already, with {rows} rows; it is left as it is. To restore all \
         the same, stop the service and give --replace: the database that is there is moved aside, \
         not deleted",
        path.display()
    )]
    NotEmpty {
        /// The database.
        path: PathBuf,
        /// How many rows it has.
        rows: i64,
    },
}

impl BackupError {
    fn file(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            path: path.to_owned(),
            doing,
            source,
        }
    }
}

/// The file of an embedded database.
///
/// # Errors
/// [`BackupError::NotEmbedded`] with the command that backs up the other kind.
pub fn embedded(url: &DbUrl) -> Result<&Path, BackupError> {
    let command = match url {
        DbUrl::SqliteFile(path) => return Ok(path),
        DbUrl::SqliteMemory => {
            "sqlite::memory: keeps nothing; name a file in [database] url".into()
        }
        DbUrl::Postgres(url) => format!(
            "pg_dump --format=custom --file=passerelle.dump '{}' (the password by PGPASSWORD or \
             ~/.pgpass); back with pg_restore --no-owner --dbname=… passerelle.dump",
            without_password(url)
        ),
    };
    Err(BackupError::NotEmbedded { command })
}

/// A PostgreSQL URL as one may show it.
fn without_password(url: &str) -> String {
    let (base, options) = url.split_once('?').unwrap_or((url, ""));
    let shown = match base.split_once("://").and_then(|(scheme, rest)| {
        let (user, host) = rest.rsplit_once('@')?;
        Some((scheme, user.split(':').next()?, host))
    }) {
        Some((scheme, user, host)) => format!("{scheme}://{user}@{host}"),
        None => base.to_owned(),
    };
    let options: Vec<_> = options
        .split('&')
        .filter(|option| !option.is_empty() && !option.starts_with("password="))
        .collect();
    if options.is_empty() {
        shown
    } else {
        format!("{shown}?{}", options.join("&"))
    }
}

/// The name of a backup taken at `now`: `passerelle-<yyyyMMddTHHmmss>.db`, in
/// UTC.
#[must_use]
pub fn name(now: Timestamp) -> String {
    format!("passerelle-{}.db", now.file_stamp())
}

/// Takes a backup of the embedded database `from` to the new file `to`, with its
/// manifest beside it. The service goes on meanwhile: reading a snapshot stops
/// nobody. The copy is read back before it gets its name: damage, references,
/// versions of the tables, rows, and the reconciliation of its books, whose
/// outcome is noted and refuses nothing (a backup is faithful, not right).
///
/// # Errors
/// [`BackupError`]; nothing is left of it then.
pub async fn back_up(
    from: &Path,
    to: &Path,
    sides: Sides,
    now: Timestamp,
) -> Result<Manifest, BackupError> {
    let manifest_to = manifest_path(to);
    for path in [to, &manifest_to] {
        if path.exists() {
            return Err(BackupError::Exists {
                path: path.to_owned(),
            });
        }
    }
    if let Some(folder) = to.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(BackupError::file(folder, "made"))?;
    }
    let part = Part::new(to)?;
    let before = {
        let live = Db::open_read_only(from).await?;
        live.check(SCHEMAS).await?;
        let before = live.rows_by_table().await?;
        let (from, to) = (from.to_owned(), part.0.clone());
        blocking(move || {
            // It holds card numbers: for the eyes of its owner only.
            std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&to)
                .map_err(BackupError::file(&to, "written"))?;
            snapshot::copy(&from, &to).map_err(BackupError::Db)
        })
        .await?;
        before
    };
    let copied = manifest::read_back(&part.0, sides, now).await?;
    if let Some(table) = ONLY_GROW
        .iter()
        .find(|table| copied.rows.get(**table) < before.get(**table))
    {
        return Err(BackupError::CopyDamaged {
            what: format!("it has fewer rows of {table} than there were"),
        });
    }
    let manifest_part = Part::new(&manifest_to)?;
    manifest::write(&copied, &manifest_part.0)?;
    part.becomes(to)?;
    if let Err(error) = manifest_part.becomes(&manifest_to) {
        // A file without manifest is no backup; leave none behind.
        let _ = std::fs::remove_file(to);
        return Err(error);
    }
    Ok(copied)
}

/// A file under another name, gone unless it becomes what it is to be.
struct Part(PathBuf);

impl Part {
    /// Makes room for the part of `of`.
    fn new(of: &Path) -> Result<Self, BackupError> {
        let mut name = of.as_os_str().to_owned();
        name.push(".part");
        let part = Self(name.into());
        match std::fs::remove_file(&part.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(BackupError::file(&part.0, "removed")(error))
            }
            _ => Ok(part),
        }
    }

    /// Gives it its name, durably.
    fn becomes(self, to: &Path) -> Result<(), BackupError> {
        let folder = match to.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        std::fs::rename(&self.0, to)
            .and_then(|()| std::fs::File::open(folder)?.sync_all())
            .map_err(BackupError::file(to, "named"))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already if it has its name.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs what blocks on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| BackupError::Db(DbError::Closed))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            (
                "postgres://me:pw@db.example.org/p",
                "postgres://me@db.example.org/p",
            ),
            (
                "postgres://me:p@w@db/p?password=x&sslmode=disable",
                "postgres://me@db/p?sslmode=disable",
            ),
            ("postgres://db/p", "postgres://db/p"),
        ] {
            assert_eq!(without_password(url), shown);
            let refusal = embedded(&DbUrl::Postgres(url.to_owned())).unwrap_err();
            assert!(refusal.to_string().contains(shown), "{refusal}");
        }
    }

    #[test]
    fn a_backup_is_named_after_its_moment() {
        let now = "2026-07-14T07:00:00.114Z".parse().unwrap();
        assert_eq!(name(now), "passerelle-20260714T070000.db");
    }
}
