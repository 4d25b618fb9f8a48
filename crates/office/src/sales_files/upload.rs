//! A file that came from elsewhere: streamed into the database, under a name of ours,
//! and imported at once.

use super::{file_page, list_page};
use crate::acts;
use crate::page::*;
use crate::selling::carried_on;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use boxoffice::stx_file::StxFileId;
use boxoffice::{BoxOffice, ImportError, ImportReport, ReceiveError, Received};
use kernel::table::NoTable;
use secutix::stx::{FileNote, FileRefusal, MAX_FILE_BYTES};
use std::sync::Arc;

/// The most bytes of the form: a file of the greatest size, and what is around it.
pub(crate) const LIMIT_BYTES: usize = 64 * 1024 * 1024 + 64 * 1024;
const _: () = assert!(LIMIT_BYTES as u64 > MAX_FILE_BYTES);
/// The most characters of the sender's name for a file that the audit log keeps.
const CALLED_CHARS: usize = 200;

kernel::texts!(Texts in Fr, En {
    none: "Choisissez d’abord un fichier.", "First choose a file.";
    empty: "Le fichier est vide : choisissez-en un autre.", "The file is empty: choose another.";
    large: "Le fichier dépasse 64 Mio : partagez-le en plusieurs.", "The file has more than 64 MiB: split it.";
    broken: "Le fichier n’est pas arrivé en entier : vérifiez le réseau et envoyez-le à nouveau. Rien n’a été changé.",
        "The file did not come whole: look at the network and upload it again. Nothing was changed.";
    unkept: "Le fichier ne peut pas être gardé dans la base : le journal du service dit pourquoi. Envoyez-le à nouveau ensuite.",
        "The file cannot be kept in the database: the service’s log says why. Upload it again then.";
    letters: "À la ligne {line}, le fichier n’est pas écrit comme le reste, et ses lettres ne peuvent pas être lues : enregistrez-le comme « CSV UTF-8 » et envoyez-le à nouveau.",
        "At line {line} the file is not written like the rest of it, and its letters cannot be read: save it as “CSV UTF-8” and upload it again.";
    workbook: "C’est le classeur d’un tableur : ouvrez-le dans le tableur, enregistrez la feuille comme « CSV UTF-8 » et envoyez ce fichier.",
        "This is the workbook of a spreadsheet: open it there, save the sheet as “CSV UTF-8” and upload that file.";
    imported: "Le fichier est importé.", "The file is imported.";
    windows: "Il n’est pas en UTF-8 et a été lu en Windows-1252 : si des accents sont devenus d’autres lettres, enregistrez-le comme « CSV UTF-8 ».",
        "It is not UTF-8 and was read as Windows-1252: if accents have become other letters, save it as “CSV UTF-8”.";
    ignored: "Ces colonnes appartiennent à d’autres imports et n’ont pas été lues : {columns}.",
        "These columns belong to other imports and were not read: {columns}.";
    header: "La première ligne ne peut pas être lue ; ce n’est peut-être pas un fichier STX. Rien n’a été changé. Détail : {why}",
        "The header line cannot be used; perhaps this is no STX_File. Nothing was changed. Detail: {why}";
    refused: "Le fichier ne peut pas être importé. Rien n’a été changé. Détail : {why}",
        "The file cannot be imported. Nothing was changed. Detail: {why}";
    channel: "Le canal de vente OTIPASS de type STX_FILE n’existe pas : créez-le dans la mise en service, puis envoyez le fichier à nouveau.",
        "There is no sales channel OTIPASS of type STX_FILE: make it in the set-up, then upload the file again.";
    goes_on: "Le fichier est long : l’import continue. Rechargez la page dans un moment.",
        "The file is long: its import goes on. Load the page again in a while.";
    removed: "Le contenu du fichier n’est plus là : envoyez-le à nouveau.",
        "The file’s content is there no more: upload it again.";
    stopped: "L’import s’est arrêté, et ce qui est pris le reste. Le journal du service dit pourquoi. Importez à nouveau ensuite.",
        "The import stopped, and what it took stays. The service’s log says why. Then import again.";
    again: "Importé à nouveau.", "Imported again.";
});

/// The file that the form brought, and what it was called; or what is wrong.
async fn brought(
    box_office: &BoxOffice,
    t: &'static Texts,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(Received, String), &'static str> {
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => t.large,
        _ => t.broken,
    };
    let refused = |error: ReceiveError| not_received(t, &error);
    let mut form = form.map_err(|_| t.none)?;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let called = field.file_name().unwrap_or_default().to_owned();
        let mut incoming = box_office.receive(&called);
        while let Some(piece) = field.chunk().await.map_err(broken)? {
            incoming.take(&piece).await.map_err(refused)?;
        }
        return match incoming.ended().await {
            Ok(received) => Ok((received, called)),
            // A browser sends a form without a file as an empty one.
            Err(ReceiveError::Empty) if called.is_empty() => Err(t.none),
            Err(error) => Err(refused(error)),
        };
    }
    Err(t.none)
}

pub(crate) async fn take(visit: Visit, form: Result<Multipart, MultipartRejection>) -> Answer {
    let box_office = Arc::clone(visit.box_office()?);
    let t = Texts::of(visit.language);
    let (received, called) = match brought(&box_office, t, form).await {
        Ok(brought) => brought,
        Err(what) => return wrong(visit, what.to_owned()).await,
    };
    let importing = async move { box_office.import_received(received).await.map(Some) };
    let called: String = called.chars().take(CALLED_CHARS).collect();
    match import(&visit, "sales.uploaded", called, importing).await? {
        None => {
            let said = ("good", t.goes_on.to_owned());
            list_page(&visit, None, Some(said)).await
        }
        Some(Ok(Some(report))) if !report.notes.is_empty() => {
            let said = noted(t, &report.notes);
            file_page(&visit, report.file, 0, Some(("good", said))).await
        }
        Some(Ok(Some(report))) => {
            let path = access::SALES_FILE.of(report.file.0);
            Ok(visit.go_with(path, Flash::Imported))
        }
        Some(Ok(None)) => Err(PageError::NotFound),
        Some(Err(error)) => wrong(visit, refusal(t, &error)).await,
    }
}

pub(crate) async fn again(visit: Visit, Id(id): Id<StxFileId>) -> Answer {
    let box_office = Arc::clone(visit.box_office()?);
    let t = Texts::of(visit.language);
    let importing = async move { box_office.import_again(id).await };
    let of = id.0.to_string();
    let imported = import(&visit, "sales.imported_again", of, importing).await?;
    let said = match imported {
        None => ("good", t.goes_on.to_owned()),
        Some(Ok(Some(_))) => ("good", t.again.to_owned()),
        Some(Ok(None)) => ("bad", t.removed.to_owned()),
        Some(Err(error)) => ("bad", refusal(t, &error)),
    };
    file_page(&visit, id, 0, Some(said)).await
}

async fn wrong(visit: Visit, what: String) -> Answer {
    let visit = visit.wrong(Entered::default(), Mistakes::one("file", what));
    list_page(&visit, None, None).await
}

/// Imports, and notes it in the audit log; `called` is the file's name where it came
/// from, or its number here. `None` if it goes on.
async fn import(
    visit: &Visit,
    action: &'static str,
    called: String,
    importing: impl Future<Output = Result<Option<ImportReport>, ImportError>> + Send + 'static,
) -> Result<Option<Result<Option<ImportReport>, ImportError>>, PageError> {
    let author = visit.author()?;
    let importing = async move { acts::import(&author, action, &called, importing).await };
    carried_on(&visit.office, importing).await
}

/// That it was imported, and how it was read.
fn noted(t: &'static Texts, notes: &[FileNote]) -> String {
    let notes = notes.iter().map(|note| match note {
        FileNote::WindowsLetters => t.windows.to_owned(),
        FileNote::Ignored(columns) => fill(t.ignored, &[("columns", &columns.join(", "))]),
    });
    let mut said = vec![t.imported.to_owned()];
    said.extend(notes);
    said.join(" ")
}

/// Why the file is not there.
fn not_received(t: &'static Texts, error: &ReceiveError) -> &'static str {
    match error {
        ReceiveError::TooLarge => t.large,
        ReceiveError::Empty => t.empty,
        ReceiveError::Left => t.broken,
        ReceiveError::Db(_) => {
            tracing::error!(
                error = causes(error),
                "a file from elsewhere cannot be kept"
            );
            t.unkept
        }
    }
}

/// Why nothing was imported, or not all.
fn refusal(t: &'static Texts, error: &ImportError) -> String {
    match error {
        ImportError::ChannelInvalid => t.channel.to_owned(),
        ImportError::Refused { source, .. } => match source {
            FileRefusal::TooLarge => t.large.to_owned(),
            FileRefusal::NoTable(NoTable::Workbook) => t.workbook.to_owned(),
            FileRefusal::NoTable(NoTable::Letters { line }) => fill(t.letters, &[("line", line)]),
            FileRefusal::Header { .. } => fill(t.header, &[("why", source)]),
            FileRefusal::Io(_) | FileRefusal::Dialect(_) => fill(t.refused, &[("why", source)]),
        },
        ImportError::Receive(error) => not_received(t, error).to_owned(),
        ImportError::Unread { .. } | ImportError::Db(_) => {
            tracing::error!(error = causes(error), "an import stopped");
            t.stopped.to_owned()
        }
    }
}
