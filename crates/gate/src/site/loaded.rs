//! Which files of the set-up the database was last given: several nodes go by what one of
//! them loaded, and not by what the disk of the next to start says.

use crate::hash::sha256_hex;
use db::{DbError, Tx, params};
use kernel::Timestamp;

kernel::words! {
    /// A part of the set-up that a file may hold.
    pub enum SetUpFile: "file of the set-up" {
        /// Organisation, sectors, doors and devices.
        Site = "site",
        /// What is sold.
        Catalogue = "catalogue",
        /// The mapping parameters.
        Mapping = "mapping",
    }
}

/// Notes that this text of a file is loaded.
pub fn note(tx: &mut Tx<'_>, part: SetUpFile, text: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO gate_set_up_file (part, sha256, loaded_at) VALUES ($1, $2, $3)
         ON CONFLICT (part) DO UPDATE SET sha256 = $2, loaded_at = $3",
        params![part, sha256_hex(text), now],
    )
    .map(drop)
}

/// Forgets what was loaded of a part that no file manages any more: named again, a file is
/// loaded anew.
pub fn forget(tx: &mut Tx<'_>, part: SetUpFile) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM gate_set_up_file WHERE part = $1",
        params![part],
    )
    .map(drop)
}

/// Whether this text of a file is the one that is loaded; `None` if none ever was.
pub fn is_loaded(tx: &mut Tx<'_>, part: SetUpFile, text: &str) -> Result<Option<bool>, DbError> {
    let loaded = tx.query_opt(
        "SELECT sha256 FROM gate_set_up_file WHERE part = $1",
        params![part],
    )?;
    let loaded = loaded.map(|row| row.get::<String>("sha256")).transpose()?;
    Ok(loaded.map(|sha256| sha256 == sha256_hex(text)))
}
