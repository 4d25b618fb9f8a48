//! Sectors, doors and devices as a table: pasted or uploaded, with all its
//! mistakes at once, or downloaded as it is.

#[cfg(test)]
pub(crate) mod sample;

use super::site_change::{self, invalid, site};
use crate::access;
use crate::flash::Flash;
use crate::frame::Frame;
use crate::page_error::PageError;
use crate::uploaded::Uploaded;
use crate::visit::{Answer, Visit};
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use gate::Site;
use gate::site::change::NAME_LIMIT_CHARS;
use gate::site::table::{Column, Finding, Mistake, ROWS_LIMIT, read_site_table, write_site_table};
use kernel::text::fill;
use kernel::{InvalidCode, Language};
use serde_json::json;
use staff::audit::Change;

kernel::texts!(Texts in Fr, En {
    title: "Secteurs, portes et appareils en tableau", "Sectors, doors and devices as a table";
    back: "Secteurs et portes", "Sectors and doors";
    lead: "Une ligne par appareil. Ce qui est dans le tableau est ajouté ou mis à jour ; ce qui n’y est pas reste. S’il y a une erreur, rien n’est enregistré.",
        "A row for each device. What is in the table is added or updated; what is not in it stays. If there is a mistake, nothing is saved.";
    form: "La première ligne nomme les colonnes, séparées par des points-virgules, des virgules ou des tabulations ; les quatre premières suffisent :",
        "The first line names the columns, with semicolons, commas or tabs between them; the first four are enough:";
    limits: "{rows} lignes et 1 Mio au plus. Tout le format : docs/interfaces/site-table.md.",
        "At most {rows} rows and 1 MiB. The whole format: docs/interfaces/site-table.md.";
    download: "Télécharger le tableau actuel", "Download the present table";
    by_file: "Cette partie est gérée par un fichier et se modifie dans celui-ci :",
        "This part is managed by a file, and is changed there:";
    no_site: "L’organisation n’est pas encore nommée. Commencez par elle.",
        "The organisation has not been named yet. Begin with it.";
    file: "Un fichier CSV", "A CSV file";
    text: "Ou le texte, collé d’un tableur", "Or the text, pasted from a spreadsheet";
    save: "Vérifier et enregistrer", "Check and save";
    refused: "À corriger : {n}. Rien n’a été enregistré.", "To be corrected: {n}. Nothing was saved.";
    mistakes: "Erreurs", "Mistakes";
    line: "Ligne", "Line";
    column: "Colonne", "Column";
    value: "Contenu", "Cell";
    what: "Ce qui ne va pas, et que faire", "What is wrong, and what to do";
    more: "Et {n} de plus.", "And {n} more.";
    empty: "Le tableau est vide. Collez-le, ou choisissez un fichier.", "The table is empty. Paste it, or choose a file.";
    too_long: "Le tableau a plus de {rows} lignes ou plus de 1 Mio. Divisez-le.",
        "The table has more than {rows} rows, or more than 1 MiB. Divide it.";
    column_missing: "Cette colonne manque. Ajoutez-la à la première ligne.", "This column is missing. Add it to the first line.";
    column_unknown: "Il n’y a pas de telle colonne. Corrigez son nom ou supprimez-la ; les colonnes sont : {columns}.",
        "There is no such column. Correct its name or take it out; the columns are: {columns}.";
    column_twice: "Cette colonne vient deux fois. N’en gardez qu’une.", "This column comes twice. Keep one of the two.";
    too_many: "Cette ligne a plus de cellules que la première. Un séparateur est de trop, ou un texte manque de guillemets.",
        "This row has more cells than the first. There is a separator too many, or a text lacks its quotes.";
    name: "Un nom a {limit} caractères au plus, sans retour à la ligne. Raccourcissez-le.",
        "A name has at most {limit} characters, without line breaks. Shorten it.";
    name_differs: "Ce secteur a un autre nom à la ligne {line}. Donnez-lui le même partout, ou laissez la cellule vide.",
        "This sector has another name in line {line}. Give it the same everywhere, or leave the cell empty.";
    door_without: "Cette porte ne mène à aucun secteur. Entrez le code de son secteur.",
        "This door leads to no sector. Enter the code of its sector.";
    device_without: "Cet appareil n’a pas de porte. Entrez le code de sa porte.",
        "This device has no door. Enter the code of its door.";
    elsewhere: "Cette porte mène à {sector} à la ligne {line}. Une porte mène à un seul secteur : corrigez-en une, ou donnez un autre code à celle-ci.",
        "This door leads to {sector} in line {line}. A door leads to one sector: correct one of them, or give this one another code.";
    twice: "Cet appareil est déjà à la ligne {line}. N’en gardez qu’un, ou donnez-lui un autre code.",
        "This device is in line {line} already. Keep one of them, or give this one another code.";
    language: "Ce n’est pas une langue des agents. Choisissez en, fr, de, it ou es.",
        "This is no language of the agents. Choose en, fr, de, it or es.";
    direction: "Choisissez entry (entrée) ou exit (sortie).", "Choose entry or exit.";
    yes_or_no: "Entrez yes (oui) ou no (non).", "Enter yes or no.";
});

/// Mistakes that are shown; who has more has one cause, mostly.
const SHOWN: usize = 100;
/// The most bytes of a refused text that are shown again.
const SHOWN_BYTES: usize = 40_000;

#[derive(Template)]
#[template(path = "table.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    file: Option<String>,
    begun: bool,
    may_save: bool,
    columns: [&'static str; 10],
    limits: String,
    refused: Option<String>,
    rows: Vec<Row>,
    more: Option<String>,
    text: String,
}

struct Row {
    line: usize,
    column: &'static str,
    value: String,
    what: String,
}

impl Page {
    fn new(frame: Frame, file: Option<&str>, begun: bool, text: &str, found: &[Finding]) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let number = |n: usize| frame.formats.count(n);
        let row = |finding: &Finding| Row {
            line: finding.line,
            column: finding.column.map_or("", Column::as_str),
            value: finding.value.clone(),
            what: what(&finding.mistake, language),
        };
        let more = found.len().saturating_sub(SHOWN);
        Self {
            file: file.map(str::to_owned),
            begun,
            may_save: file.is_none() && frame.may_act(access::SITE_TABLE),
            columns: Column::ALL.map(Column::as_str),
            limits: fill(t.limits, &[("rows", &number(ROWS_LIMIT))]),
            refused: Some(found.len())
                .filter(|n| *n > 0)
                .map(|n| fill(t.refused, &[("n", &number(n))])),
            rows: found.iter().take(SHOWN).map(row).collect(),
            more: Some(more)
                .filter(|more| *more > 0)
                .map(|more| fill(t.more, &[("n", &number(more))])),
            text: Some(text)
                .filter(|text| text.len() <= SHOWN_BYTES)
                .unwrap_or_default()
                .to_owned(),
            frame,
            t,
        }
    }
}

/// What is wrong, and what to do.
fn what(mistake: &Mistake, language: Language) -> String {
    let t = Texts::of(language);
    let at = |text: &str, line: &usize| fill(text, &[("line", &line.to_string())]);
    let plain = match mistake {
        Mistake::Code(error @ InvalidCode::Empty { .. })
        | Mistake::Code(error @ InvalidCode::TooLong { .. })
        | Mistake::Code(error @ InvalidCode::Character { .. }) => return invalid(error, language),
        Mistake::TooLong => return fill(t.too_long, &[("rows", &ROWS_LIMIT.to_string())]),
        Mistake::ColumnUnknown(_) => {
            let columns = Column::ALL.map(Column::as_str).join(", ");
            return fill(t.column_unknown, &[("columns", &columns)]);
        }
        Mistake::Name => return fill(t.name, &[("limit", &NAME_LIMIT_CHARS.to_string())]),
        Mistake::NameDiffers { line } => return at(t.name_differs, line),
        Mistake::DeviceTwice { line } => return at(t.twice, line),
        Mistake::DoorElsewhere { line, sector } => {
            let line = line.to_string();
            let values = [("line", line.as_str()), ("sector", sector.as_str())];
            return fill(t.elsewhere, &values);
        }
        Mistake::Empty => t.empty,
        Mistake::ColumnMissing => t.column_missing,
        Mistake::ColumnTwice => t.column_twice,
        Mistake::TooManyCells => t.too_many,
        Mistake::DoorWithoutSector => t.door_without,
        Mistake::DeviceWithoutDoor => t.device_without,
        Mistake::Language => t.language,
        Mistake::Direction => t.direction,
        Mistake::YesOrNo => t.yes_or_no,
    };
    plain.to_owned()
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let begun = site(&visit).await?.is_some();
    let file = site_change::file(&visit);
    visit.page(&Page::new(visit.frame(), file, begun, "", &[]))
}

pub(crate) async fn export(visit: Visit) -> Answer {
    let site = site(&visit).await?.ok_or(PageError::NotFound)?;
    // Spreadsheets know by the mark that it is UTF-8.
    let text = format!("\u{feff}{}", write_site_table(&site));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"site-table.csv\"",
        ),
    ];
    Ok((headers, text).into_response())
}

pub(crate) async fn save(visit: Visit, uploaded: Uploaded) -> Answer {
    if site_change::file(&visit).is_some() {
        return Err(PageError::NotFound);
    }
    let begun = site(&visit).await?.is_some();
    let text = match &uploaded.file {
        Some(bytes) => decoded(bytes),
        None => uploaded.fields.text("text").to_owned(),
    };
    let table = match read_site_table(&text) {
        Ok(table) if begun => table,
        read => {
            let found = read.err().unwrap_or_default();
            let page = Page::new(visit.frame(), None, begun, &text, &found);
            return visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let work = move |tx: &mut db::Tx<'_>| {
        let before = table.save(tx)?;
        let after = Site::load(tx)?;
        let change = Change::done("site.table_taken", "site", &after.organisation)
            .from(json!({ "table": write_site_table(&before) }))
            .to(json!({ "table": write_site_table(&after) }));
        Ok(((), vec![change]))
    };
    let saved = site_change::change(&visit, "take site table", work).await?;
    saved.map_err(PageError::internal)?;
    Ok(visit.go_with(access::PLACES, Flash::Saved))
}

/// The text of a file: UTF-8, or what spreadsheets on Windows save as CSV where
/// they are not asked for UTF-8 (Windows-1252).
fn decoded(bytes: &[u8]) -> String {
    /// What stands at 0x80 to 0x9F; what is not used there stays a control
    /// character, and is found as such.
    const UPPER: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(|byte| match byte {
                0x80..=0x9f => UPPER
                    .chars()
                    .nth(usize::from(byte - 0x80))
                    .unwrap_or_default(),
                other => char::from(*other),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_save_is_read() {
        assert_eq!(decoded("Musée d’Orsay".as_bytes()), "Musée d’Orsay");
        assert_eq!(decoded(b"Mus\xe9e d\x92Orsay \x80"), "Musée d’Orsay €");
    }
}
