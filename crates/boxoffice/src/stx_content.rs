//! What stands in an STX_File: rows of the database, each a part of it, so that no
//! file is held in memory. Whoever writes one puts its parts there first, and they
//! count for nothing; then one transaction records the file and gives it them.

use crate::stx_file::StxFileId;
use db::{Db, DbError, Tx, params};
use kernel::{Timestamp, hex};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Seek, SeekFrom};
use tokio::runtime::Handle;

/// How many bytes a part has; the last may have less.
const PART_BYTES: u64 = 256 * 1024;

/// How long after its last part one without a file is left alone.
const LEFT_AFTER_MS: i64 = 60 * 60 * 1000;

/// How many parts are removed in one step.
const PARTS_AT_ONCE: i64 = 8;

kernel::row_number! {
    /// The number of a content.
    pub struct ContentId;
}

/// Why there is no more to be put where the parts before are.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PutError {
    /// They are gone: the last one came too long ago.
    #[error("what came of the file before is removed already")]
    Left,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A content that comes in; none of it counts yet.
#[derive(Debug)]
pub(crate) struct ContentWriter {
    db: Db,
    id: Option<ContentId>,
    parts: i64,
    held: Vec<u8>,
    bytes: u64,
    hash: Sha256,
}

/// A content that is all there, for the file it is recorded with.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) id: ContentId,
    bytes: u32,
    pub(crate) sha256: String,
}

impl Arrived {
    pub(crate) fn content(&self, db: &Db) -> Content {
        Content::new(db.clone(), self.id, self.bytes)
    }
}

impl ContentWriter {
    pub(crate) fn new(db: Db) -> Self {
        Self {
            db,
            id: None,
            parts: 0,
            held: Vec::new(),
            bytes: 0,
            hash: Sha256::new(),
        }
    }

    /// How many bytes came.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the next piece.
    pub(crate) async fn take(&mut self, piece: &[u8], now: Timestamp) -> Result<(), PutError> {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        let mut rest = piece;
        while !rest.is_empty() {
            let room = PART_BYTES - self.held.len() as u64;
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let (piece, behind) = rest.split_at(room.min(rest.len()));
            self.held.extend_from_slice(piece);
            rest = behind;
            if self.held.len() as u64 == PART_BYTES {
                self.put(now).await?;
            }
        }
        Ok(())
    }

    /// Its end.
    pub(crate) async fn end(mut self, now: Timestamp) -> Result<Arrived, PutError> {
        let id = self.put(now).await?;
        Ok(Arrived {
            id,
            bytes: u32::try_from(self.bytes).unwrap_or(u32::MAX),
            sha256: hex(self.hash.finalize()),
        })
    }

    async fn put(&mut self, now: Timestamp) -> Result<ContentId, PutError> {
        let (begun, part, bytes) = (self.id, self.parts, std::mem::take(&mut self.held));
        let put = move |tx: &mut Tx<'_>| {
            let id = match begun {
                None => tx.value(
                    "INSERT INTO box_stx_content (byte_count, came_at) VALUES (0, $1) RETURNING id",
                    params![now],
                )?,
                Some(id) => {
                    let there = tx.execute(
                        "UPDATE box_stx_content SET came_at = $2 WHERE id = $1 AND came_at > 0",
                        params![id, now],
                    )?;
                    if there == 0 {
                        return Err(PutError::Left);
                    }
                    id
                }
            };
            tx.execute(
                "INSERT INTO box_stx_part (content_id, part, bytes) VALUES ($1, $2, $3)",
                params![id, part, bytes.as_slice()],
            )?;
            Ok::<ContentId, PutError>(id)
        };
        let id = self.db.write("part of stx file", put).await?;
        self.parts += 1;
        self.id = Some(id);
        Ok(id)
    }
}

/// Makes what arrived the content of a file that is just recorded.
pub(crate) fn give(tx: &mut Tx<'_>, arrived: &Arrived, file: StxFileId) -> Result<(), PutError> {
    let given = tx.execute(
        "UPDATE box_stx_content SET stx_file_id = $2, byte_count = $3
         WHERE id = $1 AND stx_file_id IS NULL AND came_at > 0",
        params![arrived.id, file, arrived.bytes],
    )?;
    if given == 0 {
        return Err(PutError::Left);
    }
    Ok(())
}

/// What arrived goes to no file: it is left, and removed with what else is.
pub(crate) fn refuse(tx: &mut Tx<'_>, id: ContentId) -> Result<(), DbError> {
    let sql = "UPDATE box_stx_content SET came_at = 0 WHERE id = $1 AND stx_file_id IS NULL";
    tx.run(sql, params![id])
}

/// What stands in a file is no more its content: it is left, and removed with what else is.
pub(crate) fn remove(tx: &mut Tx<'_>, file: StxFileId) -> Result<u64, DbError> {
    let sql = "UPDATE box_stx_content SET stx_file_id = NULL, came_at = 0 WHERE stx_file_id = $1";
    tx.execute(sql, params![file])
}

/// Removes what is left, and what was left in the midst of coming in, a little at a time:
/// others wait for the database meanwhile.
pub(crate) async fn remove_left(db: &Db, now: Timestamp) -> Result<(), DbError> {
    // One from far ahead tells that the clock was set back.
    let (before, after) = (now.plus_ms(-LEFT_AFTER_MS), now.plus_ms(LEFT_AFTER_MS));
    db.write("stx files left in the midst", move |tx| {
        tx.run(
            "UPDATE box_stx_content SET came_at = 0
             WHERE stx_file_id IS NULL AND came_at <> 0 AND (came_at < $1 OR came_at > $2)",
            params![before, after],
        )
    })
    .await?;
    // Nobody goes on with what is left.
    let some = |tx: &mut Tx<'_>| {
        let left: Option<ContentId> = tx.value_opt(
            "SELECT id FROM box_stx_content
             WHERE stx_file_id IS NULL AND came_at = 0 ORDER BY id LIMIT 1",
            params![],
        )?;
        let Some(id) = left else { return Ok(false) };
        let parts = tx.execute(
            "DELETE FROM box_stx_part WHERE content_id = $1 AND part IN
                 (SELECT part FROM box_stx_part WHERE content_id = $1 ORDER BY part LIMIT $2)",
            params![id, PARTS_AT_ONCE],
        )?;
        if parts == 0 {
            tx.execute("DELETE FROM box_stx_content WHERE id = $1", params![id])?;
        }
        Ok(true)
    };
    while db.write("left of an stx file", some).await? {}
    Ok(())
}

/// What stands in a file.
#[derive(Debug, Clone)]
pub struct Content {
    db: Db,
    id: ContentId,
    bytes: u64,
}

impl Content {
    pub(crate) fn new(db: Db, id: ContentId, bytes: u32) -> Self {
        let bytes = bytes.into();
        Self { db, id, bytes }
    }

    /// The part of this number, from 0 on; `None` behind the last.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if it was removed meanwhile; or what the database
    /// said.
    pub async fn part(&self, number: u64) -> io::Result<Option<Vec<u8>>> {
        let stored = i64::try_from(number).ok();
        let Some(part) = stored.filter(|_| number * PART_BYTES < self.bytes) else {
            return Ok(None);
        };
        let id = self.id;
        let read = move |tx: &mut Tx<'_>| {
            tx.column(
                "SELECT bytes FROM box_stx_part WHERE content_id = $1 AND part = $2",
                params![id, part],
            )
        };
        let found = self.db.read("part of stx file", read).await;
        let found: Vec<Vec<u8>> = found.map_err(|error: DbError| io::Error::other(error))?;
        match found.into_iter().next() {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "what stood in the file was removed",
            )),
        }
    }

    /// Reads it on a thread that may wait; to be called where the runtime is.
    pub(crate) fn reader(self) -> ContentReader {
        ContentReader {
            content: self,
            runtime: Handle::current(),
            at: 0,
            held: None,
        }
    }
}

/// A content as a file.
#[derive(Debug)]
pub(crate) struct ContentReader {
    content: Content,
    runtime: Handle,
    at: u64,
    /// The part that was read last, with its number.
    held: Option<(u64, Vec<u8>)>,
}

impl Read for ContentReader {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let number = self.at / PART_BYTES;
        if self.held.as_ref().is_none_or(|(held, _)| *held != number) {
            let part = self.runtime.block_on(self.content.part(number))?;
            self.held = part.map(|part| (number, part));
        }
        let Some((_, part)) = &self.held else {
            return Ok(0);
        };
        let from = usize::try_from(self.at % PART_BYTES).unwrap_or(usize::MAX);
        let count = part.get(from..).unwrap_or_default().read(to)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for ContentReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(behind) => self.content.bytes.checked_add_signed(behind),
            SeekFrom::Current(behind) => self.at.checked_add_signed(behind),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
