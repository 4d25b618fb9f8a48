//! Sectors, doors and devices as a table: pasted or uploaded, with all its
//! mistakes at once, or downloaded as it is.

mod plan;
#[cfg(test)]
pub(crate) mod sample;

use plan::Plan;

use super::site_change::{self, site};
use crate::page::*;
use crate::table_file::Stems;
use crate::uploaded::Uploaded;
use gate::site::table::{ROWS_LIMIT, read_site_table, site_table_text, write_site_table};
use kernel::{Finding, Place};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Secteurs, portes et appareils en tableau", "Sectors, doors and devices as a table";
    lead: "Une ligne par appareil. Ce qui est dans le tableau est ajouté ou mis à jour ; ce qui n’y est pas reste. Vous verrez ce qui changerait avant que rien ne soit enregistré.",
        "A row for each device. What is in the table is added or updated; what is not in it stays. You will see what would change before anything is saved.";
    form: "La première ligne nomme les colonnes, séparées par des points-virgules, des virgules ou des tabulations ; les quatre premières suffisent :",
        "The first line names the columns, with semicolons, commas or tabs between them; the first four are enough:";
    limits: "{rows} lignes et 1 Mio au plus. L’aide de cette page dit toute la forme.",
        "At most {rows} rows and 1 MiB. The help of this page tells the whole form.";
    download: "Télécharger le tableau actuel", "Download the present table";
    file: "Un fichier CSV", "A CSV file";
    text: "Ou le texte, collé d’un tableur", "Or the text, pasted from a spreadsheet";
    save: "Vérifier", "Check";
    refused: "À corriger : {n}. Rien n’a été enregistré.", "To be corrected: {n}. Nothing was saved.";
    mistakes: "Erreurs", "Mistakes";
    column: "Colonne", "Column";
    value: "Contenu", "Cell";
    what: "Ce qui ne va pas, et que faire", "What is wrong, and what to do";
});

/// Mistakes that are shown; who has more has one cause, mostly.
const SHOWN: usize = 100;
/// The most bytes of a refused text that are shown again.
const SHOWN_BYTES: usize = 40_000;

#[derive(Template)]
#[template(path = "table.html")]
struct Page {
    begun: bool,
    found: Vec<Finding>,
    text: String,
    frame: Frame,
}

impl Page {
    fn new(frame: Frame, begun: bool, text: &str, found: Vec<Finding>) -> Self {
        let text = Some(text).filter(|text| text.len() <= SHOWN_BYTES);
        Self {
            begun,
            found,
            text: text.unwrap_or_default().to_owned(),
            frame,
        }
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let begun = site(&visit).await?.is_some();
    let frame = visit.frame().managed_by(&visit.set_up().site);
    visit.page(&Page::new(frame, begun, "", Vec::new()))
}

pub(crate) async fn export(visit: Visit) -> Answer {
    let site = site(&visit).await?.ok_or(PageError::NotFound)?;
    // Spreadsheets know by the mark that it is UTF-8.
    let text = format!("\u{feff}{}", write_site_table(&site));
    let name = format!("{}.csv", Stems::of(visit.language).site);
    download("text/csv; charset=utf-8", &name, text)
}

pub(crate) async fn save(visit: Visit, uploaded: Uploaded) -> Answer {
    visit.set_up().site.changeable()?;
    let site = site(&visit).await?;
    let text = match &uploaded.file {
        Some(bytes) => site_table_text(bytes),
        None => Ok(uploaded.fields.text("text").to_owned()),
    };
    let read = text.as_deref().map_err(Vec::clone);
    let (table, site) = match (read.and_then(read_site_table), site) {
        (Ok(table), Some(site)) => (table, site),
        (read, site) => {
            let text = text.unwrap_or_default();
            let found = read.err().unwrap_or_default();
            let visit = visit.wrong(Entered::default(), Mistakes::default());
            let page = Page::new(visit.frame(), site.is_some(), &text, found);
            return visit.page(&page);
        }
    };
    let text = text.unwrap_or_default();
    let plan = Plan::new(visit.frame(), table, &site, text, &uploaded.fields);
    if plan.changes.is_empty() && plan.asked.is_empty() {
        return Ok(visit.go_with(access::PLACES, Flash::Unchanged));
    }
    if !plan.is_agreed(&uploaded.fields) {
        return visit.page(&plan);
    }
    let (table, agreed) = (plan.table, plan.changes);
    let work = move |tx: &mut Tx<'_>| {
        let before = Site::load(tx)?;
        if table.changes(&before) != agreed {
            return Ok((false, Vec::new()));
        }
        table.save(tx)?;
        let after = Site::load(tx)?;
        let change = Change::done("site.table_taken", "site", &after.organisation)
            .from(json!({ "table": write_site_table(&before) }))
            .to(json!({ "table": write_site_table(&after) }));
        Ok((true, vec![change]))
    };
    let saved = site_change::change(&visit, "take site table", work).await?;
    if !saved.map_err(PageError::internal)? {
        // Somebody has changed the site meanwhile: it would be another change.
        return Err(PageError::Stale);
    }
    Ok(visit.go_with(access::PLACES, Flash::Saved))
}
