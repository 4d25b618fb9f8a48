//! A file of external sales, or the report beside it, as it stands on the disk.

use super::file_id;
use crate::page::{Answer, PageError, Path, Visit};
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use boxoffice::stx_file::report_of;
use futures_util::stream;
use std::io;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// How many bytes are read at a time.
const PIECE_BYTES: usize = 64 * 1024;

pub(crate) async fn file(visit: Visit, Path(id): Path<String>) -> Answer {
    let (name, path) = stored(&visit, &id).await?;
    send(&name, File::open(path).await).await
}

pub(crate) async fn report(visit: Visit, Path(id): Path<String>) -> Answer {
    let (name, path) = stored(&visit, &id).await?;
    send(
        &format!("{name}.report.csv"),
        File::open(report_of(&path)).await,
    )
    .await
}

async fn stored(visit: &Visit, id: &str) -> Result<(String, std::path::PathBuf), PageError> {
    let Some(box_office) = &visit.office.box_office else {
        return Err(PageError::NotFound);
    };
    let stored = box_office.stored(file_id(id)?).await?;
    let (file, path) = stored.ok_or(PageError::NotFound)?;
    Ok((file.name, path))
}

async fn send(name: &str, opened: io::Result<File>) -> Answer {
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PageError::NotFound),
        Err(error) => return Err(PageError::internal(error)),
    };
    // A name of ours, or of a file imported where it stood.
    let name: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(PageError::internal)?;
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE_BYTES];
        let count = file.read(&mut piece).await?;
        piece.truncate(count);
        Ok::<_, io::Error>((count > 0).then(|| (Bytes::from(piece), file)))
    });
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok((
        [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        Body::from_stream(pieces),
    )
        .into_response())
}
