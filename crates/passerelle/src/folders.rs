//! The backups that lie in a house's folder when it begins.

use anyhow::{Context, Result};
use books::backup;
use config::Config;
use db::close_to_others;

/// Takes the rights of others from what an earlier version left to the umask.
///
/// # Errors
/// A folder cannot be read, or a file in it not changed.
pub fn close(config: &Config) -> Result<()> {
    for path in backup::files_in(&config.path(&config.backup.folder))? {
        let closed = close_to_others(&path);
        closed.with_context(|| format!("{} stays open to others", path.display()))?;
    }
    Ok(())
}
