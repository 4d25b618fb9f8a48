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
    /// The last line was not finished, when the disk was full or the power went.
    torn: bool,
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
        let text = std::fs::read_to_string(&path)?;
        Ok(Self {
            path,
            file,
            torn: !text.is_empty() && !text.ends_with('\n'),
            count: text.lines().count(),
        })
    }

    /// Adds an item. It is on the disk when this returns.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn add(&mut self, item: &SetAsideItem) -> io::Result<()> {
        let mut line = Vec::new();
        if self.torn {
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, item)?;
        line.push(b'\n');
        self.torn = true;
        self.file.write_all(&line)?;
        self.torn = false;
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
