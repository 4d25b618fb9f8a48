//! Which files of the set-up the database was last given: several nodes go by what one of
//! them loaded, and not by what the disk of the next to start says.

use crate::hash::sha256_hex;
use db::{DbError, Tx, params};

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
pub fn note(tx: &mut Tx<'_>, part: SetUpFile, text: &str) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_set_up_file (part, sha256) VALUES ($1, $2)
         ON CONFLICT (part) DO UPDATE SET sha256 = $2",
        params![part, sha256_hex(text)],
    )
}

/// Forgets what was loaded of a part that no file manages any more: named again, a file is
/// loaded anew.
pub fn forget(tx: &mut Tx<'_>, part: SetUpFile) -> Result<(), DbError> {
    tx.run(
        "DELETE FROM gate_set_up_file WHERE part = $1",
        params![part],
    )
}

/// Whether this text of a file is the one that is loaded; `None` if none ever was.
pub fn is_loaded(tx: &mut Tx<'_>, part: SetUpFile, text: &str) -> Result<Option<bool>, DbError> {
    let loaded: Option<String> = tx.value_opt(
        "SELECT sha256 FROM gate_set_up_file WHERE part = $1",
        params![part],
    )?;
    Ok(loaded.map(|sha256| sha256 == sha256_hex(text)))
}
