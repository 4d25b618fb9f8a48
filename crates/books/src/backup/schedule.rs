//! Backups that the service takes by itself.

use super::{Manifest, back_up, cannot_be, manifest, manifest_path, name};
use crate::reconciliation::Sides;
use anyhow::{Context, Result};
use kernel::Timestamp;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

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
/// Why it was not taken; the backups that there are stay.
pub async fn back_up_if_due(
    schedule: &BackupSchedule,
    now: Timestamp,
) -> Result<Option<BackupTaken>> {
    let every_ms = i64::try_from(schedule.every.as_millis()).unwrap_or(i64::MAX);
    if let Some((taken_at, _)) = taken(schedule)?.last()
        // A newest one from the future tells that the clock was put back.
        && (0..every_ms).contains(&now.ms_since(*taken_at))
    {
        return Ok(None);
    }
    let path = schedule.folder.join(name(now));
    let manifest = back_up(&schedule.database, &path, schedule.sides, now).await?;
    let keep = usize::try_from(schedule.keep.get()).unwrap_or(usize::MAX);
    let all = taken(schedule)?;
    let surplus = &all[..all.len().saturating_sub(keep)];
    let mut deleted = 0;
    for (_, old) in surplus.iter().filter(|(_, old)| *old != path) {
        // The manifest first: what is left of an interrupted deletion is no backup.
        for file in [&manifest_path(old), old] {
            std::fs::remove_file(file).with_context(cannot_be(file, "deleted"))?;
        }
        deleted += 1;
    }
    Ok(Some(BackupTaken {
        path,
        manifest,
        deleted,
    }))
}

/// Deletes the parts that a killed process left in the folder.
///
/// # Errors
/// The folder cannot be read, or a file not deleted.
pub fn clear_parts(schedule: &BackupSchedule) -> Result<()> {
    for path in ours(schedule, &[".db.part", ".db.part-journal", ".db.json.part"])? {
        std::fs::remove_file(&path).with_context(cannot_be(&path, "deleted"))?;
    }
    Ok(())
}

/// The backups in the folder, oldest first.
fn taken(schedule: &BackupSchedule) -> Result<Vec<(Timestamp, PathBuf)>> {
    let mut found: Vec<_> = ours(schedule, &[".db"])?
        .into_iter()
        .filter_map(|path| Some((manifest::read(&path).ok()?.taken_at, path)))
        .collect();
    found.sort();
    Ok(found)
}

/// The files in the folder that are named as we name them and end so.
fn ours(schedule: &BackupSchedule, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let folder = &schedule.folder;
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
