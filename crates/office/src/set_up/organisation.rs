//! Whose site it is, and how it counts: the first step of the set-up.

#[cfg(test)]
pub(crate) mod sample;

use super::form_page::FormPage;
use super::site_change::{self, code, site};
use crate::access;
use crate::entered::Entered;
use crate::flash::Flash;
use crate::form::{Input, Mistakes};
use crate::frame::Frame;
use crate::page_error::PageError;
use crate::visit::{Answer, Visit};
use gate::site::change::{NAME_LIMIT_CHARS, Organisation, is_currency, is_name, save_organisation};
use gate::{Site, SiteError};
use kernel::text::fill;
use kernel::{InstitutionCode, Language as Agents, OrganisationCode, Zone};
use serde_json::json;
use staff::audit::Change;

kernel::texts!(Texts in Fr, En {
    title: "Organisation", "Organisation";
    back: "Mise en service", "Set-up";
    lead: "Le musée ou l’établissement dont les visiteurs entrent par ces portes. Les deux codes sont ceux de la billetterie.",
        "The museum whose visitors come in by these doors. Both codes are those of the ticketing.";
    name: "Nom", "Name";
    name_hint: "Tel que le lisent vos collègues et votre partenaire.", "As your colleagues and your partner read it.";
    name_wrong: "Entrez un nom de {limit} caractères au plus.", "Enter a name of at most {limit} characters.";
    institution: "Code de l’institution", "Institution code";
    institution_hint: "Le niveau supérieur de la billetterie, 15 caractères au plus.",
        "The upper level of the ticketing, at most 15 characters.";
    organisation: "Code de l’organisation", "Organisation code";
    organisation_hint: "Le niveau inférieur, 15 caractères au plus. Souvent le même.",
        "The lower level, at most 15 characters. Often the same.";
    zone: "Fuseau horaire", "Time zone";
    zone_hint: "Les jours et les heures des rapports sont comptés selon lui.",
        "Days and hours of reports are counted by it.";
    zone_wrong: "Choisissez un fuseau de la liste.", "Choose a zone of the list.";
    currency: "Monnaie", "Currency";
    currency_hint: "Code ISO 4217, trois lettres.", "ISO 4217 code, three letters.";
    currency_wrong: "Ce n’est pas le code d’une monnaie. Entrez par exemple EUR ou CHF.",
        "This is not the code of a currency. Enter EUR or CHF, for instance.";
    language: "Langue des agents", "Language of the agents";
    language_hint: "Ce que lisent les agents aux portes. Un appareil peut en avoir une autre.",
        "What agents read at the doors. A device may have another.";
});

/// Where most museums with a city pass are.
const USUAL_ZONE: &str = "Europe/Paris";
const USUAL_CURRENCY: &str = "EUR";

/// What agents' languages are called, each in its own.
pub(super) const LANGUAGES: [(&str, &str); 5] = [
    ("fr", "Français"),
    ("en", "English"),
    ("de", "Deutsch"),
    ("it", "Italiano"),
    ("es", "Español"),
];

fn page(
    frame: Frame,
    file: Option<&str>,
    present: Option<&Organisation>,
    entered: Option<&Entered>,
    mistakes: Mistakes,
) -> FormPage {
    let t = Texts::of(frame.formats.language);
    let says = |field: &str, kept: Option<&str>, usual: &str| match (entered, kept) {
        (Some(entered), _) => entered.text(field).to_owned(),
        (None, kept) => kept.unwrap_or(usual).to_owned(),
    };
    let name = says("name", present.map(|p| p.name.as_str()), "");
    let institution = present.map(|p| p.institution.as_str());
    let institution = says("institution", institution, "");
    let organisation = present.map(|p| p.organisation.as_str());
    let organisation = says("organisation", organisation, "");
    let zone = says("zone", present.map(|p| p.zone.name()), USUAL_ZONE);
    let currency = present.map(|p| p.currency.as_str());
    let currency = says("currency", currency, USUAL_CURRENCY);
    let language = present.map(|p| p.language.as_str());
    let language = says("language", language, frame.language());
    let inputs = vec![
        Input::text("name", t.name, &name).hint(t.name_hint),
        Input::text("institution", t.institution, &institution).hint(t.institution_hint),
        Input::text("organisation", t.organisation, &organisation).hint(t.organisation_hint),
        Input::choice("zone", t.zone, &zone, zones(&zone)).hint(t.zone_hint),
        Input::text("currency", t.currency, &currency).hint(t.currency_hint),
        Input::choice("language", t.language, &language, LANGUAGES.into()).hint(t.language_hint),
    ];
    let at = (access::ORGANISATION.to_string(), access::ORGANISATION);
    let fields = (inputs, mistakes);
    let mut page = FormPage::about(frame, t.title.to_owned(), at, file, fields);
    page.up = (access::SET_UP, t.back);
    page.lead = t.lead;
    page
}

/// The zones to choose from: the usual one, Europe, then the world. Old names of
/// other zones and those without a place are left out, but for the present one.
fn zones(present: &str) -> Vec<(String, String)> {
    let known = Zone::known_names();
    let places: Vec<&String> = known
        .iter()
        .filter(|name| {
            AREAS.iter().any(|area| {
                name.strip_prefix(area)
                    .is_some_and(|place| place.starts_with('/'))
            })
        })
        .collect();
    let of = |area: &'static str| {
        let places = places.iter();
        places.filter(move |name| name.starts_with(area))
    };
    let mut names: Vec<&str> = vec![USUAL_ZONE];
    names.extend(AREAS.iter().flat_map(|area| of(area)).map(|n| n.as_str()));
    names.push("UTC");
    if !present.is_empty() && present.parse::<Zone>().is_ok() && !names.contains(&present) {
        names.push(present);
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let shown = |name: &str| (name.to_owned(), name.replace('_', " "));
    names.into_iter().map(shown).collect()
}

const AREAS: [&str; 9] = [
    "Europe",
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Indian",
    "Pacific",
];

pub(crate) async fn show(visit: Visit) -> Answer {
    let present = site(&visit).await?.map(|site| site.whose());
    let file = site_change::file(&visit);
    let nothing = Mistakes::default();
    visit.page(&page(visit.frame(), file, present.as_ref(), None, nothing))
}

fn read(visit: &Visit, entered: &Entered) -> Result<Organisation, Mistakes> {
    let language = visit.language;
    let t = Texts::of(language);
    let mut mistakes = Mistakes::default();
    let name = entered.text("name").trim().to_owned();
    if !is_name(&name) {
        let limit = NAME_LIMIT_CHARS.to_string();
        mistakes.add("name", fill(t.name_wrong, &[("limit", &limit)]));
    }
    let institution = code::<InstitutionCode>(entered, "institution", &mut mistakes, language);
    let organisation = code::<OrganisationCode>(entered, "organisation", &mut mistakes, language);
    let zone = entered.text("zone").trim().parse::<Zone>().ok();
    if zone.is_none() {
        mistakes.add("zone", t.zone_wrong);
    }
    let currency = entered.text("currency").trim().to_uppercase();
    if !is_currency(&currency) {
        mistakes.add("currency", t.currency_wrong);
    }
    match (institution, organisation, zone) {
        (Some(institution), Some(organisation), Some(zone)) if mistakes.0.is_empty() => {
            Ok(Organisation {
                institution,
                organisation,
                name,
                zone,
                currency,
                language: entered.text("language").parse().unwrap_or(Agents::En),
            })
        }
        _ => Err(mistakes),
    }
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    if site_change::file(&visit).is_some() {
        return Err(PageError::NotFound);
    }
    let organisation = match read(&visit, &entered) {
        Ok(organisation) => organisation,
        Err(mistakes) => {
            return page(visit.frame(), None, None, Some(&entered), mistakes).answer(&visit);
        }
    };
    let work = move |tx: &mut db::Tx<'_>| {
        let before = match Site::load(tx) {
            Ok(site) => Some(site.whose()),
            Err(SiteError::Missing) => None,
            Err(error) => return Err(error.into()),
        };
        save_organisation(tx, &organisation)?;
        let mut change = Change::done("organisation.changed", "site", &organisation.organisation)
            .to(json!(organisation));
        if let Some(before) = &before {
            change = change.from(json!(before));
        }
        Ok((before.as_ref() != Some(&organisation), vec![change]))
    };
    let changed = site_change::change(&visit, "set up organisation", work).await?;
    let changed = changed.map_err(PageError::internal)?;
    if changed {
        visit.set_up().take_up.changed();
    }
    Ok(visit.go_with(access::SET_UP, Flash::Saved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paris_comes_first_and_no_zone_twice() {
        let zones = zones("Etc/GMT-3");
        assert_eq!(zones[0], ("Europe/Paris".into(), "Europe/Paris".into()));
        assert_eq!(zones.last().unwrap().0, "Etc/GMT-3");
        let mut names: Vec<_> = zones.iter().map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| name.parse::<Zone>().is_ok()));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 300, "{count}");
        assert!(names.iter().any(|name| *name == "America/Cayenne"));
    }
}
