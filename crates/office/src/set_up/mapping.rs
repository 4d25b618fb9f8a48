//! The mapping parameters: pasted as they are, with what the reader and the
//! doctor say under the lines, and a button for each cure that one click can do.
//!
//! A cure works on the text as it stands in the form, saved or not.

mod remark;
#[cfg(test)]
pub(crate) mod sample;

use super::line::line;
use super::lines::remarked;
use super::present::Present;
use super::site_change::{self, refused as stands_in_the_way};
use super::step::Bar;
use crate::findings::Way;
use crate::last_try::Line;
use crate::page::*;
use gate::site::change::rename_sector;
use gate::site::interface::StoredInterface;
use kernel::finding::{Finding, Severity};
use remark::{MappingRemark, chosen, mended, remarks};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    label: "Les paramètres", "The parameters";
    hint: "Collez-les tels quels. Les commentaires et les virgules de trop ne gênent pas.",
        "Paste them as they are. Comments and extra commas do no harm.";
    not_taken_up: "Pas encore pris en compte : corrigez d’abord ce qui suit. Le texte est gardé.",
        "Not taken up yet: first correct what follows. The text is kept.";
    taken_up_but: "Pris en compte, mais des visiteurs ou des ventes en souffriront :",
        "Taken up, but visitors or sales will suffer from this:";
    look_at: "Pris en compte. Ceci est à regarder :", "Taken up. Have a look at this:";
    well: "Pris en compte. Rien à redire.", "Taken up. Nothing to say against it.";
    well_so_far: "Pris en compte. Ce que le catalogue n’a pas encore vient aux étapes suivantes.",
        "Taken up. What the catalogue lacks comes with the next steps.";
    moved: "Le texte a changé depuis que cette correction a été proposée. Rien n’a été modifié ; choisissez de nouveau.",
        "The text has changed since this cure was offered. Nothing was changed; choose again.";
    tidy: "Nettoyer le texte", "Tidy up the text";
    tidy_hint: "Supprime les commentaires, les virgules de trop et le reste de ce qui est seulement remarqué. Le sens ne change pas.",
        "Takes out comments, extra commas and the rest of what is only noted. The meaning stays.";
    to_page: "Corriger sur la page", "Cure it on the page";
});

/// What the button that tidies up sends.
const TIDY: &str = "tidy";
/// The doctor asks nobody here; what is slow is the database.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "mapping.html")]
struct Page {
    verdict: Option<(&'static str, String)>,
    text: String,
    /// Number, text and remarks of each line that has some.
    lines: Vec<(usize, String, Vec<MappingRemark>)>,
    can_tidy: bool,
    /// What is wrong with the line to Otipass, tried with the project that these name.
    line: Option<String>,
    frame: Frame,
}

/// How long Otipass may take while somebody waits for the page.
const PATIENCE: Duration = Duration::from_secs(3);

impl Page {
    /// The page of a text; `well` is what is said if there is nothing to say against it.
    fn new(frame: Frame, text: String, remarks: &[MappingRemark], well: &str) -> Self {
        let t = Texts::of(frame.formats.language);
        let verdict = match remarks.iter().map(|remark| remark.severity).min() {
            _ if remarks.iter().any(|remark| remark.keeps_from_use) => {
                Some(("bad", t.not_taken_up))
            }
            Some(Severity::Mistake) => Some(("bad", t.taken_up_but)),
            Some(Severity::Warning) => Some(("warn", t.look_at)),
            _ => (!text.is_empty()).then_some(("good", well)),
        };
        Self {
            lines: remarked(&text, remarks, |remark| remark.line),
            can_tidy: otipass::cure::tidied(&text).is_some(),
            line: None,
            verdict: verdict.map(|(kind, words)| (kind, words.to_owned())),
            text,
            frame,
        }
    }
}

/// What the doctor has to say of these mapping parameters, and whether it misses what a
/// later step brings.
async fn examined(visit: &Visit, text: &str) -> Result<(Vec<Finding>, bool), PageError> {
    let doctor = &visit.office.role.doctor;
    let coming = doctor.examine_mapping(text.to_owned());
    let mut findings = match tokio::time::timeout(LIMIT, coming).await {
        Ok(findings) => findings,
        // What the reader says is there all the same.
        Err(_) => {
            tracing::warn!("the doctor did not look at the mapping parameters in time");
            Vec::new()
        }
    };
    let found = findings.len();
    let present = Present::read(visit).await?;
    findings.retain(|finding| !is_to_come(finding, &present));
    let is_more_to_come = findings.len() < found;
    Ok((findings, is_more_to_come))
}

/// Whether a later step brings what is missed here, and nothing was entered there yet.
fn is_to_come(finding: &Finding, present: &Present) -> bool {
    let catalogue = &present.catalogue;
    let site = present.site.as_ref();
    match finding.code {
        "mapped_sector_unknown" => site.is_none_or(|site| site.sectors.is_empty()),
        "season_unknown" => catalogue.seasons.is_empty(),
        "product_unknown" => catalogue.products.is_empty(),
        "tariff_not_mapped" => catalogue.tariff_mappings.is_empty(),
        _ => false,
    }
}

async fn page(visit: &Visit, text: String) -> Result<Page, PageError> {
    let (findings, is_more_to_come) = examined(visit, &text).await?;
    let t = Texts::of(visit.language);
    let well = match is_more_to_come {
        true => t.well_so_far,
        false => t.well,
    };
    let frame = visit.frame();
    let remarks = remarks(&text, &findings, visit.set_up(), &frame);
    Ok(Page::new(frame, text, &remarks, well))
}

/// What is wrong with the line to Otipass, by the project that is named now.
async fn bad_line(visit: &Visit, interface: &StoredInterface) -> Option<String> {
    match line(visit, interface, PATIENCE).await? {
        Line::Bad(why) => Some(why.in_language(visit.language).to_owned()),
        Line::Well | Line::Reached => None,
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let frame = visit.frame().managed_by(&visit.set_up().mapping);
    let interface = gate::site::interface::read(visit.db()).await?;
    let text = (interface.mapping_draft.clone()).or_else(|| interface.mapping.clone());
    match text {
        Some(text) if frame.managed == Managed::Here => {
            let line = match interface.mapping_draft {
                None => bad_line(&visit, &interface).await,
                Some(_) => None,
            };
            let page = page(&visit, text).await?;
            visit.page(&Page { line, ..page })
        }
        // Nothing is wrong with what nobody has written yet.
        _ => visit.page(&Page::new(frame, String::new(), &[], "")),
    }
}

/// Gives a sector of the site another code, or says what stands in the way.
async fn mend_site(
    visit: &Visit,
    wrong: SectorCode,
    right: SectorCode,
) -> Result<Result<(), String>, PageError> {
    let work = move |tx: &mut Tx<'_>| {
        rename_sector(tx, &wrong, &right)?;
        let change = Change::done("sector.changed", "site", &right)
            .from(json!({ "code": wrong.as_str() }))
            .to(json!({ "code": right.as_str() }));
        Ok(((), vec![change]))
    };
    let done = site_change::change(visit, "rename sector", work).await?;
    Ok(done.map_err(|why| stands_in_the_way(&why, visit.language)))
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    visit.set_up().mapping.changeable()?;
    // The text comes back, perhaps with why nothing was done.
    let refused = async |visit: Visit, text, why: Option<String>| {
        let visit = visit.wrong(Entered::default(), Mistakes::default());
        let mut page = page(&visit, text).await?;
        page.verdict = why.map(|why| ("bad", why)).or(page.verdict);
        visit.page(&page)
    };
    // Line ends as files have them.
    let mut text = entered.text("text").replace("\r\n", "\n");
    if let Some(cure) = entered.some("cure") {
        let cured = if cure == TIDY {
            otipass::cure::tidied(&text)
        } else {
            let (findings, _) = examined(&visit, &text).await?;
            match mended(&text, &findings, cure) {
                Some((wrong, right)) => match mend_site(&visit, wrong, right).await? {
                    Ok(()) => Some(text.clone()),
                    Err(why) => return refused(visit, text, Some(why)).await,
                },
                None => chosen(&text, &findings, cure),
            }
        };
        match cured {
            Some(cured) => text = cured,
            None => {
                let moved = Texts::of(visit.language).moved.to_owned();
                return refused(visit, text, Some(moved)).await;
            }
        }
    }
    let kept = text.clone();
    let save = move |tx: &mut Tx<'_>| {
        let before = gate::site::interface::load(tx)?;
        gate::site::interface::save_mapping(tx, &kept)?;
        let after = gate::site::interface::load(tx)?;
        let change = Change::done("mapping.changed", "mapping", "OTIPASS")
            .from(json!({ "mapping": before.mapping, "draft": before.mapping_draft }))
            .to(json!({ "mapping": after.mapping, "draft": after.mapping_draft }));
        Ok::<_, DbError>((after, vec![change]))
    };
    let kept = visit.change("set up mapping", save).await??;
    if kept.mapping_draft.is_some() {
        return refused(visit, text, None).await;
    }
    visit.set_up().take_up.changed();
    let (findings, _) = examined(&visit, &text).await?;
    let is_mistake =
        |finding: &Finding| finding.mapped_at.is_some() && finding.severity == Severity::Mistake;
    // Nobody is led on past what is to be corrected here.
    let is_well = !findings.iter().any(is_mistake) && bad_line(&visit, &kept).await.is_none();
    let to = if is_well { "" } else { "#remarks" };
    Ok(visit.go_with(format!("{}{to}", access::MAPPING), Flash::Saved))
}
