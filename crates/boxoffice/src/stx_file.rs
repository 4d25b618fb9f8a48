//! The STX_Files: what was written, what came in, and what became of them.

use db::{Db, DbError, Tx, params};
use kernel::Timestamp;
use secutix::stx::{Dialect, StxRow, StxWriteError, StxWriter};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

kernel::row_number! {
    /// The number of a file's record.
    pub struct StxFileId;
}

kernel::words! {
    /// How far a file has come.
    pub enum FileState: "state of a file" {
        /// It is there, or about to be; its import has not ended.
        Written = "WRITTEN",
        /// Each of its rows was taken or rejected.
        Imported = "IMPORTED",
        /// It never appeared, or could not be read; its barcodes go into another.
        Abandoned = "ABANDONED",
    }
}

kernel::words! {
    /// Who wrote a file.
    pub enum ImportKind: "kind of file" {
        /// A run of ours.
        Run = "RUN",
        /// Anyone; it was brought from elsewhere.
        Upload = "UPLOAD",
    }
}

/// The record of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StxFile {
    /// Its number.
    pub id: StxFileId,
    /// Its name, without folder.
    pub name: String,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
    /// Who wrote it.
    pub kind: ImportKind,
    /// How far it has come.
    pub state: FileState,
    /// Rows, good or bad, without the header line.
    pub rows: i64,
    /// Orders it made.
    pub orders: i64,
    /// Tickets it made.
    pub tickets: i64,
    /// Rows whose barcode was sold before, in the last import of it.
    pub already_imported: i64,
    /// Rows rejected, in the last import of it.
    pub rejected: i64,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its import ended.
    pub imported_at: Option<Timestamp>,
    /// When the card numbers in it were removed; pseudonyms stand there since.
    pub card_removed_at: Option<Timestamp>,
}

/// A rejected row, as it is kept: without the row itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StxRejection {
    /// Its line in the file; the header line is 1.
    pub line: i64,
    /// Stable codes of what is wrong, joined by commas.
    pub reason: String,
    /// What is wrong and what to do.
    pub explanation: String,
}

db::from_row! {
    StxFile {
        id, name, sha256, kind, state, rows = "row_count", orders = "order_count",
        tickets = "ticket_count", already_imported = "already_count",
        rejected = "rejected_count", created_at, imported_at, card_removed_at
    }
    StxRejection { line, reason, explanation }
}

/// Why no file was written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk.
    #[error(
        "the STX_File {} cannot be written; check disk space and rights, then run the sales again",
        path.display()
    )]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The format.
    #[error("a sale cannot be put into an STX_File")]
    Format(#[from] StxWriteError),
    /// The database failed.
    #[error("the sales that are due could not be read or recorded")]
    Db(#[from] DbError),
}

/// The files recorded before `before`, newest first, at most `limit`.
pub async fn files(
    db: &Db,
    before: Option<StxFileId>,
    limit: u32,
) -> Result<Vec<StxFile>, DbError> {
    let before = before.map_or(i64::MAX, |id| id.0);
    db.read("stx files", move |tx| {
        tx.query_as(
            "SELECT * FROM box_stx_file WHERE id < $1 ORDER BY id DESC LIMIT $2",
            params![before, limit],
        )
    })
    .await
}

/// One file; `None` if there is none of this number.
pub async fn file(db: &Db, id: StxFileId) -> Result<Option<StxFile>, DbError> {
    db.read("stx file", move |tx| {
        tx.query_opt_as("SELECT * FROM box_stx_file WHERE id = $1", params![id])
    })
    .await
}

/// The rows of a file that were rejected when it was imported last, behind the
/// line `after`, at most `limit`.
pub async fn rejections(
    db: &Db,
    file: StxFileId,
    after: i64,
    limit: u32,
) -> Result<Vec<StxRejection>, DbError> {
    db.read("stx rejections", move |tx| {
        tx.query_as(
            "SELECT line, reason, explanation FROM box_stx_rejection
             WHERE stx_file_id = $1 AND line > $2 ORDER BY line LIMIT $3",
            params![file, after, limit],
        )
    })
    .await
}

/// Records a file that is about to be imported and gives its number.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    name: &str,
    sha256: &str,
    kind: ImportKind,
    now: Timestamp,
) -> Result<StxFileId, DbError> {
    tx.query_one(
        "INSERT INTO box_stx_file
             (name, sha256, kind, state, row_count, order_count, ticket_count, already_count,
              rejected_count, created_at)
         VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, $5) RETURNING id",
        params![name, sha256, kind, FileState::Written, now],
    )?
    .get("id")
}

/// The file of this content whose import has begun and not ended, if there is one.
pub(crate) fn begun(tx: &mut Tx<'_>, sha256: &str) -> Result<Option<StxFileId>, DbError> {
    tx.value(
        "SELECT MIN(id) AS id FROM box_stx_file WHERE state = 'WRITTEN' AND sha256 = $1",
        params![sha256],
    )
}

/// Where the report of the rejected rows stands: beside the file.
#[must_use]
pub fn report_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".report.csv");
    name.into()
}

/// What stands in a file of these rows.
pub(crate) fn content<'a>(
    rows: impl Iterator<Item = &'a StxRow>,
    dialect: &Dialect,
) -> Result<Vec<u8>, StxWriteError> {
    let mut writer = StxWriter::new(Vec::new(), dialect.clone())?;
    for row in rows {
        writer.write(row)?;
    }
    writer.finish()
}

/// Runs what waits for the disk on a thread of its own.
pub(crate) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)?
}

/// What the disk did not do with the file `path`.
pub(crate) fn disk(path: &Path) -> impl FnOnce(io::Error) -> FileError + use<> {
    let path = path.to_owned();
    move |source| FileError::Disk { path, source }
}

/// What a file is called while it is written.
pub(crate) fn part(path: &Path) -> PathBuf {
    path.with_extension("part")
}

/// Writes the file under another name, waits for the disk, and names it.
pub(crate) async fn put_in_place(path: PathBuf, content: Vec<u8>) -> Result<(), FileError> {
    let failed = disk(&path);
    let write = move || {
        let part = part(&path);
        let mut file = anew(&part)?;
        file.write_all(&content)?;
        file.sync_all()?;
        std::fs::rename(&part, &path)?;
        name_is_written(&path)
    };
    on_disk(write).await.map_err(failed)
}

/// Sees to it that a file's name is on the disk, as its content is.
pub(crate) fn name_is_written(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Removes a file that may be gone already.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A new file in the place of what is there; it holds card numbers, so it is for
/// its owner's eyes only.
pub(crate) fn anew(path: &Path) -> io::Result<File> {
    remove_if_there(path)?;
    kernel::owner_only().create_new(true).open(path)
}

/// The SHA-256 of all of a file, in hex.
pub(crate) fn sha256(file: &mut File) -> io::Result<String> {
    let mut hashed = Hashed(Sha256::new());
    io::copy(file, &mut hashed)?;
    Ok(kernel::hex(hashed.0.finalize()))
}

struct Hashed(Sha256);

impl io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
