//! The files of external sales: what was written and what came in, with the
//! report of each, row by row.

pub(crate) mod download;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod upload;
mod words;

use super::pager::Pager;
use super::selling::{Said, sell};
use crate::page::{
    Answer, Entered, Formats, Frame, Mistakes, PageError, Path, Query, Template, Visit, access,
};
use boxoffice::ImportKind;
use boxoffice::stx_file::{FileState, StxFile, StxFileId, StxRejection, file, files, rejections};
use kernel::Timestamp;
use words::words;

/// Rows on a page.
const ROWS: u32 = 50;

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
    written: "import non terminé", "import not ended";
    imported: "importé", "imported";
    in_part: "importé en partie", "imported in part";
    abandoned: "abandonné", "given up";
    rows: "Lignes", "Rows";
    tickets: "Billets", "Tickets";
    known: "Déjà connues", "Known already";
    rejected: "Rejetées", "Rejected";
    imported_at: "Importé", "Imported";
    not_yet: "pas encore", "not yet";
    removed: "Les numéros de carte en ont été effacés le {at}.",
        "The card numbers in it were removed on {at}.";
    gone: "Le fichier n’est plus dans le dossier de ce service.", "The file is not in this service’s folder.";
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
});

struct Line {
    id: i64,
    name: String,
    recorded: String,
    kind: &'static str,
    state: (&'static str, &'static str),
    rows: String,
    orders: String,
    tickets: String,
    known: String,
    rejected: String,
    has_rejected: bool,
    imported: String,
}

impl Line {
    fn new(formats: &Formats, file: &StxFile) -> Self {
        let t = Texts::of(formats.language);
        Self {
            id: file.id.0,
            name: file.name.clone(),
            recorded: formats.moment(file.created_at),
            kind: match file.kind {
                ImportKind::Run => t.ours,
                ImportKind::Upload => t.brought,
            },
            state: match file.state {
                FileState::Written => ("", t.written),
                FileState::Imported if file.rejected == 0 => ("good", t.imported),
                FileState::Imported => ("bad", t.in_part),
                FileState::Abandoned => ("", t.abandoned),
            },
            rows: formats.number(file.rows),
            orders: formats.number(file.orders),
            tickets: formats.number(file.tickets),
            known: formats.number(file.already_imported),
            rejected: formats.number(file.rejected),
            has_rejected: file.rejected > 0,
            imported: match file.imported_at {
                Some(at) => formats.moment(at),
                None => t.not_yet.to_owned(),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "sales_files.html")]
struct ListPage {
    frame: Frame,
    t: &'static Texts,
    kept: bool,
    said: Option<Said>,
    mistakes: Mistakes,
    lines: Vec<Line>,
    pager: Pager,
}

impl ListPage {
    fn new(
        frame: Frame,
        kept: bool,
        present: Option<i64>,
        found: &[StxFile],
        said: Option<Said>,
        mistakes: Mistakes,
    ) -> Self {
        let shown = found.iter().take(ROWS as usize);
        let lines: Vec<_> = shown.map(|file| Line::new(&frame.formats, file)).collect();
        let more = found.len() > ROWS as usize;
        let next = lines.last().filter(|_| more).map(|line| line.id);
        Self {
            t: Texts::of(frame.formats.language),
            kept,
            said,
            mistakes,
            lines,
            pager: Pager::new(&frame, access::SALES_FILES, &[], present, next),
            frame,
        }
    }
}

/// The list, after something was done.
async fn list_page(
    visit: &Visit,
    present: Option<i64>,
    said: Option<Said>,
    mistakes: Mistakes,
) -> Result<ListPage, PageError> {
    let kept = visit.office.box_office.is_some();
    let mut found = Vec::new();
    if kept {
        found = files(&visit.office.db, present.map(StxFileId), ROWS + 1).await?;
    }
    Ok(ListPage::new(
        visit.frame(),
        kept,
        present,
        &found,
        said,
        mistakes,
    ))
}

pub(crate) async fn list(visit: Visit, Query(query): Query) -> Answer {
    let present = number(&query, "before");
    visit.page(&list_page(&visit, present, None, Mistakes::default()).await?)
}

fn number(query: &Entered, name: &str) -> Option<i64> {
    query.some(name).and_then(|number| number.parse().ok())
}

pub(crate) async fn run(visit: Visit) -> Answer {
    let said = sell(&visit).await?;
    visit.page(&list_page(&visit, None, Some(said), Mistakes::default()).await?)
}

/// A rejected row.
struct Rejected {
    line: String,
    reasons: Vec<&'static str>,
    unnamed: Vec<String>,
    cures: Vec<&'static str>,
    explanation: String,
}

impl Rejected {
    fn new(formats: &Formats, rejection: &StxRejection) -> Self {
        let mut rejected = Self {
            line: formats.number(rejection.line),
            reasons: Vec::new(),
            unnamed: Vec::new(),
            cures: Vec::new(),
            explanation: rejection.explanation.clone(),
        };
        for code in rejection.reason.split(',') {
            let Some((name, cure)) = words(code, formats.language) else {
                rejected.unnamed.push(code.to_owned());
                continue;
            };
            rejected.reasons.push(name);
            if !rejected.cures.contains(&cure) {
                rejected.cures.push(cure);
            }
        }
        rejected
    }
}

#[derive(Template)]
#[template(path = "sales_file.html")]
struct FilePage {
    frame: Frame,
    t: &'static Texts,
    said: Option<Said>,
    id: i64,
    line: Line,
    removed: Option<String>,
    is_there: bool,
    may_again: bool,
    rejected: Vec<Rejected>,
    next: Option<i64>,
}

impl FilePage {
    fn new(
        frame: Frame,
        file: &StxFile,
        found: &[StxRejection],
        is_there: bool,
        said: Option<Said>,
    ) -> Self {
        let formats = &frame.formats;
        let t = Texts::of(formats.language);
        let shown = found.get(..ROWS as usize).unwrap_or(found);
        let more = found.len() > shown.len();
        let removed = |at: Timestamp| {
            let at = formats.moment(at);
            kernel::text::fill(t.removed, &[("at", &at)])
        };
        Self {
            said,
            id: file.id.0,
            line: Line::new(formats, file),
            removed: file.card_removed_at.map(removed),
            is_there,
            may_again: is_there
                && file.card_removed_at.is_none()
                && (file.rejected > 0 || file.state == FileState::Written),
            rejected: shown.iter().map(|r| Rejected::new(formats, r)).collect(),
            next: shown.last().filter(|_| more).map(|last| last.line),
            t,
            frame,
        }
    }
}

async fn file_page(
    visit: &Visit,
    id: StxFileId,
    after: i64,
    said: Option<Said>,
) -> Result<FilePage, PageError> {
    let Some(box_office) = &visit.office.box_office else {
        return Err(PageError::NotFound);
    };
    let db = &visit.office.db;
    let file = file(db, id).await?.ok_or(PageError::NotFound)?;
    let found = rejections(db, id, after, ROWS + 1).await?;
    // Whether it is still the same is looked at when somebody wants it.
    let path = box_office.files_dir().join(&file.name);
    let is_there =
        !file.name.is_empty() && tokio::fs::metadata(path).await.is_ok_and(|of| of.is_file());
    Ok(FilePage::new(visit.frame(), &file, &found, is_there, said))
}

fn file_id(text: &str) -> Result<StxFileId, PageError> {
    text.parse().map(StxFileId).map_err(|_| PageError::NotFound)
}

pub(crate) async fn show(visit: Visit, Path(id): Path<String>, Query(query): Query) -> Answer {
    let after = number(&query, "after").unwrap_or(0);
    visit.page(&file_page(&visit, file_id(&id)?, after, None).await?)
}
