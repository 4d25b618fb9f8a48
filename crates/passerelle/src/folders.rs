//! The backups that lie in a house's folder when it begins: what tells of a database
//! that is not there.

use anyhow::{Context, Result, bail};
use books::backup;
use config::Config;
use db::{DbUrl, close_to_others};
use std::path::PathBuf;

/// # Errors
/// There is no database where it is to be, and there are backups of one: its disk may
/// not be mounted. An empty one would take its place unnoticed, as what marks it is gone
/// with it.
pub fn tell_of_no_other(config: &Config) -> Result<()> {
    let DbUrl::SqliteFile(path) = config.database_url()? else {
        return Ok(());
    };
    if std::fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let Some(left) = backups(config)?.into_iter().next() else {
        return Ok(());
    };
    bail!(
        "there is no database at {}, but {} of one; none is made in its place. Mount the disk it \
         lies on, or restore a backup (passerelle restore). To begin with an empty database on \
         purpose, move that folder away",
        path.display(),
        left.display()
    )
}

/// Takes the rights of others from what an earlier version left to the umask.
///
/// # Errors
/// A folder cannot be read, or a file in it not changed.
pub fn close(config: &Config) -> Result<()> {
    for path in backups(config)? {
        let closed = close_to_others(&path);
        closed.with_context(|| format!("{} stays open to others", path.display()))?;
    }
    Ok(())
}

fn backups(config: &Config) -> Result<Vec<PathBuf>> {
    backup::files_in(&config.path(&config.backup.folder))
}
