//! A file of external sales, or the report beside it, as it stands on the disk.

use crate::page::*;
use axum::body::{Body, Bytes};
use boxoffice::stx_file::{StxFileId, report_of};
use futures_util::stream;
use std::io;
use std::path::PathBuf;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// How many bytes are read at a time.
const PIECE_BYTES: usize = 64 * 1024;

pub(crate) async fn file(visit: Visit, Id(id): Id<StxFileId>) -> Answer {
    let (name, path) = stored(&visit, id).await?;
    send(&name, File::open(path).await)
}

pub(crate) async fn report(visit: Visit, Id(id): Id<StxFileId>) -> Answer {
    let (name, path) = stored(&visit, id).await?;
    let opened = File::open(report_of(&path)).await;
    send(&format!("{name}.report.csv"), opened)
}

async fn stored(visit: &Visit, id: StxFileId) -> Result<(String, PathBuf), PageError> {
    let stored = visit.box_office()?.stored(id).await?;
    let (file, path) = stored.ok_or(PageError::NotFound)?;
    Ok((file.name, path))
}

fn send(name: &str, opened: io::Result<File>) -> Answer {
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PageError::NotFound),
        Err(error) => return Err(PageError::internal(error)),
    };
    // A name of ours, or of a file imported where it stood.
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    let name = name.replace(|c| !is_plain(c), "_");
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE_BYTES];
        let count = file.read(&mut piece).await?;
        piece.truncate(count);
        Ok::<_, io::Error>((count > 0).then(|| (Bytes::from(piece), file)))
    });
    download("text/csv; charset=utf-8", &name, Body::from_stream(pieces))
}
