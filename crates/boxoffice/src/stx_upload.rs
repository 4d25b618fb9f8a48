//! Files from elsewhere: they come in piece by piece, under a name that we choose.

use crate::catalogue::load_catalogue;
use crate::readiness::channel_is_valid;
use crate::stx_content::{self, Arrived, ContentWriter, PutError};
use crate::stx_file::{self, ImportKind, StxFileId};
use crate::{BoxOffice, ImportError, ImportReport};
use db::DbError;
use kernel::{Clock, Timestamp, causes};
use secutix::stx::MAX_FILE_BYTES;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// How many characters of the sender's name for a file stay in ours.
const NAME_CHARS: usize = 40;
/// How many bytes of a file on a disk are read at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a file from elsewhere was not taken; nothing of it counts.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// More than 64 MiB.
    #[error("the file has more than {} MiB; split it", MAX_FILE_BYTES / (1024 * 1024))]
    TooLarge,
    /// It has no content.
    #[error("the file is empty; choose another")]
    Empty,
    /// An hour went by without a piece of it.
    #[error("the file came too slowly; bring it again")]
    Left,
    /// The database failed.
    #[error("the file cannot be kept in the database; bring it again")]
    Db(#[from] DbError),
}

impl From<PutError> for ReceiveError {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Left => Self::Left,
            PutError::Db(error) => Self::Db(error),
        }
    }
}

/// A file that comes in from elsewhere. It counts for nothing until its end, and
/// what is left of it without one is removed after an hour.
#[derive(Debug)]
pub struct Incoming {
    content: ContentWriter,
    clock: Arc<dyn Clock>,
    called: String,
}

/// A file from elsewhere that is all there.
#[derive(Debug)]
pub struct Received {
    content: Arrived,
    called: String,
}

impl Incoming {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`ReceiveError`]; drop it then.
    pub async fn take(&mut self, piece: &[u8]) -> Result<(), ReceiveError> {
        if self.content.bytes() + piece.len() as u64 > MAX_FILE_BYTES {
            return Err(ReceiveError::TooLarge);
        }
        Ok(self.content.take(piece, self.clock.now()).await?)
    }

    /// Its end: all of it is in the database.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub async fn ended(self) -> Result<Received, ReceiveError> {
        if self.content.bytes() == 0 {
            return Err(ReceiveError::Empty);
        }
        Ok(Received {
            content: self.content.end(self.clock.now()).await?,
            called: self.called,
        })
    }
}

/// What of the sender's name for a file may stand in ours: nothing that means
/// anything to a file system.
fn harmless(called: &str) -> String {
    let stem = called.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = stem.split('.').next().unwrap_or_default();
    let mut name = String::new();
    for c in stem.chars().take(NAME_CHARS) {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// `UPLOAD_<yyyyMMddTHHmmss>_<id>[_<what the sender calls it>].stx.csv`, the time in
/// UTC.
fn name(called: &str, now: Timestamp, id: StxFileId) -> String {
    let stamp = now.file_stamp();
    match harmless(called).as_str() {
        "" => format!("UPLOAD_{stamp}_{id}.stx.csv"),
        called => format!("UPLOAD_{stamp}_{id}_{called}.stx.csv"),
    }
}

impl BoxOffice {
    /// Begins to take a file from elsewhere; `called` is what its sender calls it.
    #[must_use]
    pub fn receive(&self, called: &str) -> Incoming {
        Incoming {
            content: ContentWriter::new(self.db.clone()),
            clock: Arc::clone(&self.clock),
            called: called.to_owned(),
        }
    }

    /// Imports a file that came in. A row whose barcode was sold just so is counted
    /// and changes nothing, so a file may come as often as one likes. Rows that cannot
    /// be taken are rejected, each with its line and reasons; the others go through.
    pub async fn import_received(&self, received: Received) -> Result<ImportReport, ImportError> {
        let id = received.content.id;
        let recorded = self.record(received).await;
        if recorded.is_err() {
            let refused = self
                .db
                .write("refused stx file", move |tx| stx_content::refuse(tx, id));
            if let Err(error) = refused.await {
                tracing::warn!(
                    error = causes(&error),
                    "a refused file goes in an hour only"
                );
            }
        }
        self.clear_left().await;
        self.import_recorded(recorded?).await
    }

    /// Removes what of files is left.
    pub(crate) async fn clear_left(&self) {
        if let Err(error) = stx_content::remove_left(&self.db, self.clock.now()).await {
            tracing::warn!(
                error = causes(&error),
                "what is left of files of sales stays for now"
            );
        }
    }

    /// Records a file that came in and can be read as one.
    async fn record(
        &self,
        Received { content, called }: Received,
    ) -> Result<StxFileId, ImportError> {
        self.rows(&called, content.content(&self.db)).await?;
        let now = self.clock.now();
        self.db
            .write("record stx file", move |tx| {
                if !channel_is_valid(&load_catalogue(tx)?) {
                    return Err(ImportError::ChannelInvalid);
                }
                // The same, whose import was interrupted: that one goes on.
                if let Some(begun) = stx_file::begun(tx, &content.sha256)? {
                    stx_content::refuse(tx, content.id)?;
                    return Ok(begun);
                }
                let named = |id| name(&called, now, id);
                Ok(
                    stx_file::insert(tx, &content, ImportKind::Upload, now, named)
                        .map_err(ReceiveError::from)?,
                )
            })
            .await
    }

    /// Takes a file from a disk, and imports it as [`Self::import_received`] does.
    pub async fn import_file(&self, path: &Path) -> Result<ImportReport, ImportError> {
        let called = path.file_name().unwrap_or_default().to_string_lossy();
        let unread = |error| ImportError::unread(&called, error);
        let mut file = tokio::fs::File::open(path).await.map_err(unread)?;
        if file.metadata().await.map_err(unread)?.len() > MAX_FILE_BYTES {
            return Err(ReceiveError::TooLarge.into());
        }
        let mut incoming = self.receive(&called);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match file.read(&mut piece).await.map_err(unread)? {
                0 => break,
                count => incoming.take(&piece[..count]).await?,
            }
        }
        self.import_received(incoming.ended().await?).await
    }

    /// Imports a file once more, under its record: rows whose cause was cured are
    /// taken now. `None` if its content is gone.
    pub async fn import_again(&self, id: StxFileId) -> Result<Option<ImportReport>, ImportError> {
        match stx_file::file(&self.db, id).await? {
            Some(file) if file.content_id.is_some() => self.import_recorded(id).await.map(Some),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_senders_name_means_anything_to_a_file_system() {
        for (called, ours) in [
            ("ventes juin.csv", "ventes-juin"),
            ("../../etc/passwd", "passwd"),
            ("..\\x", "x"),
            ("..", ""),
            ("", ""),
            ("é\0\n\"<b>.stx.csv", "b"),
            (".hidden", ""),
            ("A--B__c", "a-b-c"),
        ] {
            assert_eq!(harmless(called), ours, "{called:?}");
        }
        assert_eq!(harmless(&"x".repeat(5_000)).len(), NAME_CHARS);
        let now = "2026-07-14T07:00:00.114Z".parse().unwrap();
        assert_eq!(
            name("a/B.csv", now, StxFileId(2)),
            "UPLOAD_20260714T070000_2_b.stx.csv"
        );
        assert_eq!(
            name("..", now, StxFileId(1)),
            "UPLOAD_20260714T070000_1.stx.csv"
        );
    }
}
