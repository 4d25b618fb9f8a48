//! Backups that the service takes by itself.

use super::{Manifest, back_up, cannot_be, manifest, manifest_path, name};
use crate::reconciliation::Sides;
use anyhow::{Context, Result};
use kernel::{Timestamp, causes};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A part that nobody has written to for so long is left over: whoever takes a backup
/// writes to it all the time.
const LEFT_AFTER: Duration = Duration::from_secs(3_600);

/// When and where the service backs up its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSchedule {
    /// The embedded database.
    pub database: PathBuf,
    /// Where the backups go.
    pub folder: PathBuf,
    /// From one backup to the next.
    pub every: Duration,
    /// How many are kept; older ones are deleted.
    pub keep: NonZeroU32,
    /// Whose books it holds.
    pub sides: Sides,
}

/// A backup that was taken because it was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupTaken {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
    /// How many older ones were deleted for it.
    pub deleted: usize,
}

/// Takes a backup if the newest in the folder is older than it may be, then
/// deletes what is more than may be kept. Only files that this names, with a
/// manifest beside them, count and are deleted.
///
/// # Errors
/// Why it was not taken; the backups that there are stay. What cannot be deleted is logged.
pub async fn back_up_if_due(
    schedule: &BackupSchedule,
    now: Timestamp,
) -> Result<Option<BackupTaken>> {
    let every_ms = i64::try_from(schedule.every.as_millis()).unwrap_or(i64::MAX);
    // One from the future tells that the clock was put back.
    let newest = taken(&schedule.folder)?
        .into_iter()
        .rfind(|(at, _)| *at <= now);
    if newest.is_some_and(|(at, _)| now.ms_since(at) < every_ms) {
        return Ok(None);
    }
    let path = schedule.folder.join(name(now));
    let manifest = back_up(&schedule.database, &path, schedule.sides, now).await?;
    let keep = usize::try_from(schedule.keep.get()).unwrap_or(usize::MAX);
    let mut all = taken(&schedule.folder)?;
    // Those from the future count as the oldest, or those of days would go for them.
    all.sort_by_key(|(at, _)| *at <= now);
    let surplus = &all[..all.len().saturating_sub(keep)];
    let mut deleted = 0;
    for (_, old) in surplus.iter().filter(|(_, old)| *old != path) {
        // The manifest first: what is left of an interrupted deletion is no backup.
        let gone = [&manifest_path(old), old].into_iter().all(|file| {
            let removed = std::fs::remove_file(file).with_context(cannot_be(file, "deleted"));
            if let Err(error) = &removed {
                tracing::warn!(error = causes(&**error), "an old backup stays");
            }
            removed.is_ok()
        });
        deleted += usize::from(gone);
    }
    Ok(Some(BackupTaken {
        path,
        manifest,
        deleted,
    }))
}

/// Deletes the parts that a killed process left in the folder. What was written to not long
/// ago may be another's, who is at it.
///
/// # Errors
/// The folder cannot be read, or a file not deleted.
pub fn clear_parts(schedule: &BackupSchedule) -> Result<()> {
    for path in ours(
        &schedule.folder,
        &[".db.part", ".db.part-journal", ".db.json.part"],
    )? {
        if is_left_over(&path) {
            std::fs::remove_file(&path).with_context(cannot_be(&path, "deleted"))?;
        }
    }
    Ok(())
}

fn is_left_over(part: &Path) -> bool {
    let written = std::fs::metadata(part).and_then(|part| part.modified());
    written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= LEFT_AFTER))
}

/// The backups in a folder, with their manifests.
///
/// # Errors
/// The folder cannot be read; that there is none is no error.
pub fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    // A file there holds none; whoever takes one says that it cannot.
    if folder.is_file() {
        return Ok(Vec::new());
    }
    ours(folder, &[".db", ".db.json"])
}

/// The backups in the folder that have a manifest, and when they were taken; oldest first.
///
/// # Errors
/// The folder cannot be read; that there is none is no error.
pub fn taken(folder: &Path) -> Result<Vec<(Timestamp, PathBuf)>> {
    let mut found: Vec<_> = ours(folder, &[".db"])?
        .into_iter()
        .filter_map(|path| Some((manifest::read(&path).ok()?.taken_at, path)))
        .collect();
    found.sort();
    Ok(found)
}

/// The files in the folder that are named as we name them and end so.
fn ours(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot_be(folder, "read"))? {
        let path = entry.with_context(cannot_be(folder, "read"))?.path();
        let is_ours = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| {
                name.starts_with("passerelle-") && endings.iter().any(|end| name.ends_with(end))
            });
        if is_ours {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SCHEMAS;
    use db::Db;

    fn at(hour: i64, minute: i64) -> Timestamp {
        let begun: Timestamp = "2026-07-01T07:00:00Z".parse().unwrap();
        begun.plus_ms((hour * 60 + minute) * 60_000)
    }

    async fn daily(folder: &Path, keep: u32) -> BackupSchedule {
        let database = folder.join("passerelle.db");
        let url = format!("sqlite:{}", database.display());
        let db = Db::open(&url.parse().unwrap()).await.unwrap();
        db.migrate(SCHEMAS, at(0, 0)).await.unwrap();
        BackupSchedule {
            database,
            folder: folder.join("backup"),
            every: Duration::from_secs(24 * 3_600),
            keep: NonZeroU32::new(keep).unwrap(),
            sides: Sides::default(),
        }
    }

    #[tokio::test]
    async fn an_old_one_that_cannot_be_deleted_makes_no_failure_of_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let schedule = daily(folder.path(), 1).await;
        let first = back_up_if_due(&schedule, at(0, 0)).await.unwrap().unwrap();
        std::fs::remove_file(&first.path).unwrap();
        std::fs::create_dir(&first.path).unwrap();
        let second = back_up_if_due(&schedule, at(24, 0)).await.unwrap().unwrap();
        assert_eq!(second.deleted, 0);
        assert!(first.path.exists() && second.path.exists());
    }

    #[tokio::test]
    async fn only_a_part_that_nobody_is_at_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let schedule = daily(folder.path(), 1).await;
        std::fs::create_dir(&schedule.folder).unwrap();
        let [old, new] = ["20260701T070000", "20260702T070000"].map(|stamp| {
            let path = schedule.folder.join(format!("passerelle-{stamp}.db.part"));
            std::fs::write(&path, "x").unwrap();
            path
        });
        let file = std::fs::File::options().write(true).open(&old).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        let hours = Duration::from_secs(2 * 3_600);
        file.set_modified(written - hours).unwrap();
        clear_parts(&schedule).unwrap();
        assert!(!old.exists() && new.exists());
    }

    #[tokio::test]
    async fn a_clock_that_was_ahead_costs_no_backup_of_other_days() {
        let folder = tempfile::tempdir().unwrap();
        let schedule = daily(folder.path(), 7).await;
        let due = async |now| back_up_if_due(&schedule, now).await.unwrap().is_some();
        for day in 0..7 {
            assert!(due(at(24 * day, 0)).await);
        }
        // Two days ahead for a minute, then right again.
        assert!(due(at(24 * 8, 0)).await);
        for minute in 1..9 {
            assert!(!due(at(24 * 6, minute)).await);
        }
        assert!(due(at(24 * 7, 0)).await);
        let kept = taken(&schedule.folder).unwrap();
        let days: Vec<_> = kept.iter().map(|(taken_at, _)| *taken_at).collect();
        let daily: Vec<_> = (1..=7).map(|day| at(24 * day, 0)).collect();
        assert_eq!(days, daily, "that of the future goes first");
    }
}
