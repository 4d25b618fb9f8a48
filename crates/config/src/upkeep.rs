//! What the service does for itself.

use super::Config;
use db::DbUrl;
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// `[backup]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// From one backup to the next, in hours; 0 leaves them to `passerelle
    /// backup`.
    pub every_h: u32,
    /// How many of its own the service keeps.
    pub keep: NonZeroU32,
    /// Where they go.
    pub folder: PathBuf,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            every_h: 0,
            keep: NonZeroU32::MIN.saturating_add(6),
            folder: "backup".into(),
        }
    }
}

/// `[retention]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// For how many days card numbers stay; 0 keeps them for ever.
    pub card_numbers_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            card_numbers_days: 400,
        }
    }
}

/// `[support]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Support {
    /// Where the service keeps its latest warnings and errors; by default beside
    /// an embedded database.
    pub events_file: Option<PathBuf>,
}

impl Config {
    /// Where the service keeps its latest warnings and errors, if anywhere.
    #[must_use]
    pub fn events_file(&self) -> Option<PathBuf> {
        if let Some(file) = &self.support.events_file {
            return Some(self.path(file));
        }
        let Ok(DbUrl::SqliteFile(database)) = self.database_url() else {
            return None;
        };
        Some(kernel::beside(&database, ".events.jsonl"))
    }
}
