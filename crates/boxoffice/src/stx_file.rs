//! The STX_Files: what was written, what came in, and what became of them.

use crate::stx_content::{self, Arrived, Content, ContentId, PutError};
use db::{Db, DbError, Tx, params};
use kernel::Timestamp;
use serde::Serialize;

kernel::row_number! {
    /// The number of a file's record.
    pub struct StxFileId;
}

kernel::words! {
    /// How far a file has come.
    pub enum FileState: "state of a file" {
        /// It is there; its import has not ended.
        Written = "WRITTEN",
        /// Each of its rows was taken or rejected.
        Imported = "IMPORTED",
        /// It could not be read; barcodes of ours in it go into another.
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
    /// Its name.
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
    /// When its content was removed, with the card numbers in it.
    pub card_removed_at: Option<Timestamp>,
    /// How many bytes it has; 0 if its content is gone.
    pub bytes: u32,
    /// What stands in it.
    #[serde(skip)]
    pub content_id: Option<ContentId>,
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
        rejected = "rejected_count", created_at, imported_at, card_removed_at,
        bytes = "byte_count", content_id
    }
    StxRejection { line, reason, explanation }
}

impl StxFile {
    /// What stands in it; `None` if that is gone.
    #[must_use]
    pub fn content(&self, db: &Db) -> Option<Content> {
        let content = |id| Content::new(db.clone(), id, self.bytes);
        self.content_id.map(content)
    }
}

/// The files of which some of this is so, in some order.
pub(crate) fn select(
    tx: &mut Tx<'_>,
    which: &str,
    params: &[db::Value],
) -> Result<Vec<StxFile>, DbError> {
    let sql = format!(
        "SELECT f.*, c.id AS content_id, COALESCE(c.byte_count, 0) AS byte_count
         FROM box_stx_file f LEFT JOIN box_stx_content c ON c.stx_file_id = f.id {which}"
    );
    tx.query_as(&sql, params)
}

/// The files recorded before `before`, newest first, at most `limit`.
pub async fn files(
    db: &Db,
    before: Option<StxFileId>,
    limit: u32,
) -> Result<Vec<StxFile>, DbError> {
    let before = before.map_or(i64::MAX, |id| id.0);
    db.read("stx files", move |tx| {
        let which = "WHERE f.id < $1 ORDER BY f.id DESC LIMIT $2";
        select(tx, which, params![before, limit])
    })
    .await
}

/// One file; `None` if there is none of this number.
pub async fn file(db: &Db, id: StxFileId) -> Result<Option<StxFile>, DbError> {
    db.read("stx file", move |tx| one(tx, id)).await
}

pub(crate) fn one(tx: &mut Tx<'_>, id: StxFileId) -> Result<Option<StxFile>, DbError> {
    let found = select(tx, "WHERE f.id = $1", params![id])?;
    Ok(found.into_iter().next())
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

/// Records a file, whose content arrived, under the name that its number gives it.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    content: &Arrived,
    kind: ImportKind,
    now: Timestamp,
    name: impl Fn(StxFileId) -> String,
) -> Result<StxFileId, PutError> {
    let id = tx.value(
        "INSERT INTO box_stx_file
             (name, sha256, kind, state, row_count, order_count, ticket_count, already_count,
              rejected_count, created_at)
         VALUES ('', $1, $2, $3, 0, 0, 0, 0, 0, $4) RETURNING id",
        params![&content.sha256, kind, FileState::Written, now],
    )?;
    tx.execute(
        "UPDATE box_stx_file SET name = $2 WHERE id = $1",
        params![id, name(id)],
    )?;
    stx_content::give(tx, content, id)?;
    Ok(id)
}

/// The file of this content whose import has begun and not ended, if there is one.
pub(crate) fn begun(tx: &mut Tx<'_>, sha256: &str) -> Result<Option<StxFileId>, DbError> {
    tx.value(
        "SELECT MIN(id) AS id FROM box_stx_file WHERE state = 'WRITTEN' AND sha256 = $1",
        params![sha256],
    )
}
