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
pub use schedule::{BackupSchedule, BackupTaken, back_up_if_due, clear_parts, files_in, taken};

use crate::SCHEMAS;
use crate::reconciliation::Sides;
use anyhow::{Context, Result, bail, ensure};
use db::{Db, DbUrl, snapshot};
use kernel::Timestamp;
use std::io;
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

const COPY_DAMAGED: &str = "the copy of the database is damaged; look at the disk, and check the \
                            database itself with PRAGMA integrity_check.";

/// What a failed work on a file is told with.
fn cannot_be<'a>(path: &'a Path, doing: &'a str) -> impl Fn() -> String + 'a {
    move || {
        let path = path.display();
        format!("{path} cannot be {doing}; check disk space and rights")
    }
}

/// The file of an embedded database.
///
/// # Errors
/// It is not; the command that backs up the other kind is told.
pub fn embedded(url: &DbUrl) -> Result<&Path> {
    match url {
        DbUrl::SqliteFile(path) => Ok(path),
        DbUrl::SqliteMemory => bail!(
            "this database is not embedded; sqlite::memory: keeps nothing; name a file in \
             [database] url"
        ),
        DbUrl::Postgres(url) => bail!(
            "this database is not embedded; back it up with its own tool: pg_dump --format=custom \
             --file=passerelle.dump '{}' (the password by PGPASSWORD or ~/.pgpass); back with \
             pg_restore --no-owner --dbname=… passerelle.dump",
            without_password(url)
        ),
    }
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
/// Why it was not taken; nothing is left of it then.
pub async fn back_up(from: &Path, to: &Path, sides: Sides, now: Timestamp) -> Result<Manifest> {
    let manifest_to = manifest_path(to);
    for path in [to, &manifest_to] {
        ensure!(
            !path.exists(),
            "{} exists already; give another name",
            path.display()
        );
    }
    make_folder_of(to)?;
    let part = PartFile::new(to)?;
    let before = {
        let live = Db::open_read_only(from).await?;
        live.check(SCHEMAS).await?;
        let before = live.rows_by_table().await?;
        let (from, to) = (from.to_owned(), part.0.clone());
        blocking(move || {
            // It holds card numbers: for the eyes of its owner only.
            kernel::owner_only()
                .create_new(true)
                .open(&to)
                .with_context(cannot_be(&to, "written"))?;
            Ok(snapshot::copy(&from, &to)?)
        })
        .await?;
        before
    };
    let copied = manifest::read_back(&part.0, sides, now).await?;
    if let Some(table) = ONLY_GROW
        .iter()
        .find(|table| copied.rows.get(**table) < before.get(**table))
    {
        bail!("{COPY_DAMAGED} It has fewer rows of {table} than there were.");
    }
    let manifest_part = PartFile::new(&manifest_to)?;
    manifest::write(&copied, &manifest_part.0)?;
    part.becomes(to)?;
    if let Err(error) = manifest_part.becomes(&manifest_to) {
        // A file without manifest is no backup; leave none behind.
        let _ = std::fs::remove_file(to);
        return Err(error);
    }
    Ok(copied)
}

fn make_folder_of(file: &Path) -> Result<()> {
    let folder = kernel::folder_of(file);
    std::fs::create_dir_all(folder)
        .and_then(|()| kernel::as_its_folder(folder))
        .with_context(cannot_be(folder, "made"))
}

/// A file under another name, gone unless it becomes what it is to be.
struct PartFile(PathBuf);

impl PartFile {
    /// Makes room for the part of `of`.
    fn new(of: &Path) -> Result<Self> {
        let part = Self(kernel::beside(of, ".part"));
        match std::fs::remove_file(&part.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(cannot_be(&part.0, "removed"))
            }
            _ => Ok(part),
        }
    }

    /// Gives it its name, durably.
    fn becomes(self, to: &Path) -> Result<()> {
        kernel::as_its_folder(&self.0)
            .and_then(|()| std::fs::rename(&self.0, to))
            .and_then(|()| std::fs::File::open(kernel::folder_of(to))?.sync_all())
            .with_context(cannot_be(to, "named"))
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // Gone already if it has its name.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs what blocks on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
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
