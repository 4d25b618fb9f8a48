//! What lies in a house's folders when it begins: what tells of a database that is
//! not there, and what an earlier life left behind.

use anyhow::{Context, Result, bail};
use books::backup;
use boxoffice::stx_folder;
use config::{Config, Role};
use db::{DbUrl, close_to_others};
use kernel::is_left_over;
use std::path::{Path, PathBuf};

/// # Errors
/// There is no database where it is to be, and there are backups or files of sales of
/// one: its disk may not be mounted. An empty one would take its place unnoticed, as
/// what marks it is gone with it.
pub fn tell_of_no_other(config: &Config) -> Result<()> {
    let DbUrl::SqliteFile(path) = config.database_url()? else {
        return Ok(());
    };
    if std::fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let Some(left) = kept(config)?.into_iter().find(|path| is_of_database(path)) else {
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

/// Removes what of uploads was cut off with the process, and takes the rights of others
/// from what an earlier version left to the umask. Unless this process is `alone`, others
/// may just be receiving some.
///
/// # Errors
/// A folder cannot be read, or a file in it not changed.
pub fn tidy(config: &Config, alone: bool) -> Result<()> {
    if config.has(Role::BoxOffice) {
        let folder = sales(config);
        for part in read(&folder)?.parts {
            if alone || is_left_over(&part) {
                let removed = std::fs::remove_file(&part);
                removed.with_context(|| format!("{} cannot be deleted", part.display()))?;
            }
        }
    }
    for path in kept(config)? {
        let closed = close_to_others(&path);
        closed.with_context(|| format!("{} stays open to others", path.display()))?;
    }
    Ok(())
}

fn kept(config: &Config) -> Result<Vec<PathBuf>> {
    let mut kept = backup::files_in(&config.path(&config.backup.folder))?;
    if config.has(Role::BoxOffice) {
        kept.extend(read(&sales(config))?.kept);
    }
    Ok(kept)
}

fn sales(config: &Config) -> PathBuf {
    config.path(&config.external_sales.folder)
}

fn read(folder: &Path) -> Result<stx_folder::FilesInFolder> {
    let read = stx_folder::files_in(folder);
    read.with_context(|| format!("{} cannot be read; check its rights", folder.display()))
}

/// Whether only a database leaves such a file.
fn is_of_database(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        ["passerelle-", "OTIPASS_", "UPLOAD_"]
            .iter()
            .any(|begins| name.starts_with(begins))
    })
}
