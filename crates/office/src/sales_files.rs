//! The files of external sales: what was written and what came in, with the
//! report of each, row by row.

pub(crate) mod download;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod upload;
mod words;

use super::selling::{Said, sell};
use crate::page::*;
use boxoffice::stx_file::{FileState, StxFile, StxFileId, StxRejection, file, files, rejections};
use boxoffice::{ImportKind, REJECTIONS_KEPT};
use std::collections::BTreeSet;
use words::words;

/// Rows on a page.
const ROWS: u32 = 50;
/// How many rejected rows of a file there can be on pages.
const KEPT: i64 = REJECTIONS_KEPT as i64;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    why: "Les ventes externes passent par des fichiers : ceux que ce service écrit et importe lui-même, et ceux que vous envoyez. Une ligne fait une commande avec un billet.",
        "External sales go through files: those that this service writes and imports itself, and those that you upload. One row makes one order with one ticket.";
    run: "Vendre maintenant", "Run external sales now";
    run_hint: "Vend tout de suite ce qui est prêt, sans attendre le prochain passage.",
        "Sells what is ready at once, without waiting for the next run.";
    upload: "Envoyer un fichier", "Upload a file";
    upload_hint: "Un fichier STX d’un autre revendeur ou corrigé à la main, de 64 Mio au plus. Il est importé aussitôt ; une ligne déjà connue ne change rien.",
        "An STX_File of another reseller, or corrected by hand, 64 MiB at most. It is imported at once; a row that is known already changes nothing.";
    send: "Envoyer et importer", "Upload and import";
    all: "Tous les fichiers", "All files";
    none: "Aucun fichier encore.", "No files yet.";
    recorded: "Enregistré", "Recorded";
    kind: "Origine", "From";
    ours: "ce service", "this service";
    brought: "envoyé", "uploaded";
    written: "import non terminé", "import unfinished";
    imported: "importé", "imported";
    in_part: "importé en partie", "imported in part";
    abandoned: "abandonné", "given up";
    rows: "Lignes", "Rows";
    tickets: "Billets", "Tickets";
    known: "Déjà connues", "Known already";
    rejected: "Rejetées", "Rejected";
    imported_at: "Importé", "Imported";
    not_yet: "pas encore", "not yet";
    removed: "Le contenu en a été effacé le {at}, avec ses numéros de carte.",
        "Its content was removed on {at}, with the card numbers in it.";
    gone: "Le contenu du fichier n’est pas gardé.", "The file’s content is not kept.";
    download: "Télécharger le fichier", "Download the file";
    download_report: "Télécharger les lignes rejetées", "Download the rejected rows";
    personal: "Ces fichiers contiennent des numéros de carte : gardez-les comme tels.",
        "These files hold card numbers: keep them accordingly.";
    again: "Importer à nouveau", "Import again";
    again_hint: "Après correction du catalogue : les lignes rejetées sont reprises, les autres ne changent rien.",
        "After the catalogue was cured: rejected rows are taken up, the others change nothing.";
    report: "Lignes rejetées", "Rejected rows";
    no_rejected: "Aucune ligne n’est rejetée.", "No row is rejected.";
    next: "Lignes suivantes", "Next lines";
    more: "Et {n} autres lignes rejetées, qui ne sont pas gardées. Corrigez celles-ci et importez le fichier à nouveau.",
        "And {n} more rejected rows, which are not kept. Correct these and import the file again.";
});

#[derive(Template)]
#[template(path = "sales_files.html")]
struct ListPage {
    kept: bool,
    said: Option<Said>,
    files: Vec<StxFile>,
    pager: Pager,
    frame: Frame,
}

impl ListPage {
    fn new(
        frame: Frame,
        kept: bool,
        present: Option<StxFileId>,
        mut files: Vec<StxFile>,
        said: Option<Said>,
    ) -> Self {
        let next = cut(&mut files, ROWS as usize).map(|file| file.id);
        Self {
            kept,
            said,
            files,
            pager: Pager::new(&frame, access::SALES_FILES, &[], present, next),
            frame,
        }
    }
}

/// The list, after something was done.
async fn list_page(visit: &Visit, present: Option<StxFileId>, said: Option<Said>) -> Answer {
    let kept = visit.office.box_office.is_some();
    let found = match kept {
        true => files(visit.db(), present, ROWS + 1).await?,
        false => Vec::new(),
    };
    visit.page(&ListPage::new(visit.frame(), kept, present, found, said))
}

pub(crate) async fn list(visit: Visit, Query(query): Query) -> Answer {
    list_page(&visit, query.read("before"), None).await
}

pub(crate) async fn run(visit: Visit) -> Answer {
    let said = sell(&visit).await?;
    list_page(&visit, None, Some(said)).await
}

/// Why a row was rejected, and what to do; a reason without words stands as its code.
fn told(rejection: &StxRejection, language: Language) -> (Vec<&str>, Vec<&'static str>) {
    let (mut reasons, mut unnamed, mut cures) = (Vec::new(), Vec::new(), Vec::new());
    for code in rejection.reason.split(',') {
        match words(code, language) {
            None => unnamed.push(code),
            Some((name, cure)) => {
                reasons.push(name);
                cures.push(cure);
            }
        }
    }
    reasons.append(&mut unnamed);
    let mut seen = BTreeSet::new();
    cures.retain(|cure| seen.insert(*cure));
    (reasons, cures)
}

#[derive(Template)]
#[template(path = "sales_file.html")]
struct FilePage {
    said: Option<Said>,
    file: StxFile,
    rejected: Vec<StxRejection>,
    next: Option<i64>,
    /// Rejected rows that are not kept.
    more: i64,
    frame: Frame,
}

impl FilePage {
    fn new(
        frame: Frame,
        file: StxFile,
        mut rejected: Vec<StxRejection>,
        said: Option<Said>,
    ) -> Self {
        Self {
            said,
            more: (file.rejected - KEPT).max(0),
            file,
            next: cut(&mut rejected, ROWS as usize).map(|last| last.line),
            rejected,
            frame,
        }
    }
}

async fn file_page(visit: &Visit, id: StxFileId, after: i64, said: Option<Said>) -> Answer {
    visit.box_office()?;
    let file = file(visit.db(), id).await?.ok_or(PageError::NotFound)?;
    let found = rejections(visit.db(), id, after, ROWS + 1).await?;
    visit.page(&FilePage::new(visit.frame(), file, found, said))
}

pub(crate) async fn show(visit: Visit, Id(id): Id<StxFileId>, Query(query): Query) -> Answer {
    file_page(&visit, id, query.read("after").unwrap_or(0), None).await
}
