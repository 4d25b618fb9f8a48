//! What the server will never take: kept beside the journal for a person.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "set-aside.jsonl";

/// One item that the server refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAsideItem {
    /// When it was set aside.
    pub at: Timestamp,
    /// `check` or `cancellation`.
    pub what: String,
    /// The item as it was sent. May hold a card number.
    pub item: Value,
    /// The code of the server's problem.
    pub problem: String,
    /// What the server says of it.
    pub detail: String,
}

/// The file `set-aside.jsonl` in the journal's folder: one item a line.
#[derive(Debug)]
pub struct SetAside {
    path: PathBuf,
    file: File,
    count: usize,
}

impl SetAside {
    /// Opens the file, or begins it.
    ///
    /// # Errors
    /// If it cannot be read or made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let file = super::segment::private().append(true).open(&path)?;
        let count = std::fs::read_to_string(&path)?.lines().count();
        Ok(Self { path, file, count })
    }

    /// Adds an item. It is on the disk when this returns.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn add(&mut self, item: &SetAsideItem) -> io::Result<()> {
        let mut line = serde_json::to_vec(item)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.count += 1;
        Ok(())
    }

    /// How many items there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Where they are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
