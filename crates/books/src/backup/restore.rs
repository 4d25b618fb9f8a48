//! A database from a backup.

use super::{COPY_DAMAGED, Manifest, PartFile, blocking, cannot_be, manifest, verify};
use anyhow::{Context, Result, bail, ensure};
use db::snapshot::{self, InUse};
use db::{Alone, COMPANIONS, Db, DbError};
use kernel::{Timestamp, beside};
use std::io;
use std::path::{Path, PathBuf};

/// What becomes of a database that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is restored, unless it has no rows.
    Keep,
    /// It is moved aside.
    MoveAside,
}

/// A restored database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What it holds.
    pub manifest: Manifest,
    /// Where the database that was there is now.
    pub aside: Option<PathBuf>,
}

/// Restores the backup `file` as the database `to`, after it was verified. A
/// database that somebody works on is never touched; one with rows is moved
/// aside only if told so; one without rows is moved aside too. An empty file is
/// none. `now` is part of
/// the name it gets.
///
/// # Errors
/// Why not; what was there stands as it stood.
pub async fn restore(
    file: &Path,
    to: &Path,
    existing: Existing,
    now: Timestamp,
) -> Result<Restored> {
    let manifest = verify(file).await?;
    // SQLite takes an empty file for an empty database, and deletes the log of another
    // beside it.
    let there = std::fs::metadata(to).is_ok_and(|file| file.len() > 0);
    let alone = Alone::on(to);
    if let Err(DbError::Taken { .. }) = &alone {
        bail!("{} is in use; stop the service first", to.display());
    }
    let _alone = alone?;
    if there {
        may_be_replaced(to, existing).await?;
    } else {
        nothing_left_of_another(to)?;
    }
    let part = PartFile::new(to)?;
    let (from, copy) = (file.to_owned(), part.0.clone());
    blocking(move || {
        // Not with the rights of the backup, which somebody may have copied about.
        let write = || {
            let mut made = kernel::owner_only().create_new(true).open(&copy)?;
            io::copy(&mut std::fs::File::open(&from)?, &mut made)?;
            made.sync_all()
        };
        write().with_context(cannot_be(&copy, "written"))
    })
    .await?;
    if manifest::digest(&part.0).await?.0 != manifest.sha256 {
        bail!("{COPY_DAMAGED} It is not what was read.");
    }
    let aside = beside(to, &format!(".before-restore-{}", now.compact()));
    replace(to, &aside, part)?;
    Ok(Restored {
        manifest,
        aside: there.then_some(aside),
    })
}

/// Gives the part its name; what is there is moved aside.
///
/// # Errors
/// What was there is there again.
fn replace(to: &Path, aside: &Path, part: PartFile) -> Result<()> {
    // Of a damaged one its log is left, which would be taken for the new one's.
    let files = COMPANIONS.into_iter().chain([""]);
    let mut files = files.map(|suffix| (beside(to, suffix), beside(aside, suffix)));
    let back = files.clone();
    let replaced = files
        .try_for_each(|(there, aside)| move_if_there(&there, &aside))
        .and_then(|()| part.becomes(to));
    if replaced.is_err() {
        for (there, aside) in back {
            move_if_there(&aside, &there)?;
        }
    }
    replaced
}

/// # Errors
/// There are files of a database that is not there itself: a service may still work
/// on it, or it was moved without what it took last.
fn nothing_left_of_another(to: &Path) -> Result<()> {
    for suffix in COMPANIONS {
        let left = beside(to, suffix);
        ensure!(
            !left.exists(),
            "{} lies there without its database, which may hold the latest checks; nothing is \
             restored. Stop whatever works on that database; if it was moved, move this file \
             after it, else move it away, then restore again",
            left.display()
        );
    }
    Ok(())
}

/// # Errors
/// It is in use, or holds rows and is to stay.
async fn may_be_replaced(to: &Path, existing: Existing) -> Result<()> {
    let path = to.to_owned();
    let in_use = blocking(move || Ok(snapshot::in_use(&path))).await?;
    match in_use {
        Ok(InUse::No) => {}
        Ok(InUse::Yes) => bail!("{} is in use; stop the service first", to.display()),
        // A damaged database is why people restore.
        Err(DbError::Unavailable(_)) if existing == Existing::MoveAside => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    if existing == Existing::MoveAside {
        return Ok(());
    }
    let rows = Db::open_read_only(to).await?.rows_by_table().await?;
    // What migrations note of themselves is no content.
    let own = rows.get("schema_migration").copied().unwrap_or_default();
    let rows = rows.values().sum::<i64>() - own;
    ensure!(
        rows == 0,
        "there is a database at {} already, with {rows} rows; it is left as it is. To restore all \
         the same, stop the service and give --replace: the database that is there is moved aside, \
         not deleted",
        to.display()
    );
    Ok(())
}

fn move_if_there(from: &Path, to: &Path) -> Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(cannot_be(from, "moved aside"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_replaced_stands_with_its_logs() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("passerelle.db");
        for suffix in ["", "-wal"] {
            std::fs::write(beside(&to, suffix), suffix).unwrap();
        }
        let gone = PartFile::new(&to).unwrap();
        replace(&to, &folder.path().join("aside"), gone).unwrap_err();
        let left = std::fs::read_dir(&folder).unwrap();
        let mut left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["passerelle.db", "passerelle.db-wal"]);
        assert_eq!(std::fs::read(beside(&to, "-wal")).unwrap(), b"-wal");
    }
}
