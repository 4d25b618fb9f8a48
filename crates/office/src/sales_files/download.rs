//! A file of external sales, or the report on it.

use super::file_page;
use crate::page::*;
use crate::table_file::Stems;
use axum::body::{Body, Bytes};
use boxoffice::ImportError;
use boxoffice::stx_file::{self, StxFile, StxFileId};
use futures_util::stream;
use std::io;

kernel::texts!(Texts in Fr, En {
    other_dialect: "Il n’y a pas de rapport : le fichier est écrit autrement que ne le dit maintenant [external_sales] dialect dans la configuration, et ses lignes ne s’y retrouvent pas. Téléchargez le fichier entier ; les raisons sont ci-dessous. Ou remettez le dialecte d’alors, redémarrez le service, et redemandez le rapport. Détail : {why}",
        "There is no report: the file is written otherwise than [external_sales] dialect in the configuration says now, and its rows are not found. Download the whole file; the reasons stand below. Or write the former dialect, restart the service, and ask for the report again. Detail: {why}";
});

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
    let report = match visit.box_office()?.report(&file).await {
        Ok(report) => report.ok_or(PageError::NotFound)?,
        Err(ImportError::Refused { source, .. }) => {
            let other = Texts::of(visit.language).other_dialect;
            let said = ("bad", fill(other, &[("why", &source)]));
            return file_page(&visit, id, 0, Some(said)).await;
        }
        Err(ImportError::Db(error)) => return Err(error.into()),
        Err(error) => return Err(PageError::internal(error)),
    };
    let name = format!("{}.{}.csv", file.name, Stems::of(visit.language).report);
    download(CSV, &name, Body::from(report))
}

async fn found(visit: &Visit, id: StxFileId) -> Result<StxFile, PageError> {
    visit.box_office()?;
    let file = stx_file::file(visit.db(), id).await?;
    file.ok_or(PageError::NotFound)
}
