//! A file of external sales, or the report on it.

use crate::page::*;
use axum::body::{Body, Bytes};
use boxoffice::stx_file::{self, StxFile, StxFileId};
use futures_util::stream;
use std::io;

const CSV: &str = "text/csv; charset=utf-8";

pub(crate) async fn file(visit: Visit, Id(id): Id<StxFileId>) -> Answer {
    let file = found(&visit, id).await?;
    let content = file.content(visit.db()).ok_or(PageError::NotFound)?;
    let parts = stream::try_unfold((content, 0), |(content, number)| async move {
        let part = content.part(number).await?.map(Bytes::from);
        Ok::<_, io::Error>(part.map(|part| (part, (content, number + 1))))
    });
    download(CSV, &file.name, Body::from_stream(parts))
}

pub(crate) async fn report(visit: Visit, Id(id): Id<StxFileId>) -> Answer {
    let file = found(&visit, id).await?;
    let report = visit.box_office()?.report(&file).await;
    let report = report.map_err(PageError::internal)?;
    let report = report.ok_or(PageError::NotFound)?;
    let name = format!("{}.report.csv", file.name);
    download(CSV, &name, Body::from(report))
}

async fn found(visit: &Visit, id: StxFileId) -> Result<StxFile, PageError> {
    visit.box_office()?;
    let file = stx_file::file(visit.db(), id).await?;
    file.ok_or(PageError::NotFound)
}
