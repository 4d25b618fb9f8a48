//! Whose site it is, and how it counts: the first step of the set-up.

#[cfg(test)]
pub(crate) mod sample;

use super::form_page::FormPage;
use super::site_change::{self, site};
use crate::page::*;
use gate::SiteError;
use gate::site::change::{NAME_LIMIT_CHARS, is_currency, save_organisation};
use kernel::{Language as Agents, Organisation, Zone};
use std::collections::BTreeSet;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Organisation", "Organisation";
    lead: "Le musée ou l’établissement dont les visiteurs entrent par ces portes. Les deux codes sont ceux de la billetterie.",
        "The museum whose visitors come in by these doors. Both codes are those of the ticketing.";
    name_hint: "Tel que le lisent vos collègues et votre partenaire.", "As your colleagues and your partner read it.";
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

fn page(frame: Frame, present: Option<&Organisation>) -> FormPage {
    let t = Texts::of(frame.formats.language);
    let name = present.map_or("", |p| &p.name);
    let institution = present.map_or("", |p| p.institution.as_str());
    let organisation = present.map_or("", |p| p.organisation.as_str());
    let zone = present.map_or(USUAL_ZONE, |p| p.zone.name());
    let zones = zones(frame.entered.some("zone").unwrap_or(zone));
    let currency = present.map_or(USUAL_CURRENCY, |p| &p.currency);
    let language = present.map_or(frame.formats.language, |p| p.language);
    let inputs = vec![
        Input::text("name", t.name, name).hint(t.name_hint),
        Input::text("institution", t.institution, institution).hint(t.institution_hint),
        Input::text("organisation", t.organisation, organisation).hint(t.organisation_hint),
        Input::choice("zone", t.zone, zone, zones).hint(t.zone_hint),
        Input::text("currency", t.currency, currency).hint(t.currency_hint),
        Input::choice("language", t.language, language.as_str(), LANGUAGES.into())
            .hint(t.language_hint),
    ];
    let up = frame.t.set_up;
    let at = (access::ORGANISATION.to_string(), access::ORGANISATION);
    let mut page = FormPage::about(frame, t.title.to_owned(), at, inputs);
    page.up = (access::SET_UP, up);
    page.lead = t.lead;
    page
}

/// The zones to choose from: the usual one, Europe, then the world. Old names of
/// other zones and those without a place are left out, but for the present one.
fn zones(present: &str) -> Vec<(String, String)> {
    let known = Zone::known_names();
    let of = |area: &'static str| {
        let is_there = move |name: &&String| {
            let place = name.strip_prefix(area);
            place.is_some_and(|place| place.starts_with('/'))
        };
        known.iter().filter(is_there).map(String::as_str)
    };
    let mut names = vec![USUAL_ZONE];
    names.extend(AREAS.into_iter().flat_map(of));
    names.push("UTC");
    names.extend(Some(present).filter(|name| name.parse::<Zone>().is_ok()));
    let mut seen = BTreeSet::new();
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
    let frame = visit.frame().managed_by(&visit.set_up().site);
    visit.page(&page(frame, present.as_ref()))
}

fn read(fields: &mut Fields<'_>) -> Option<Organisation> {
    let t = Texts::of(fields.language);
    let name = fields.name("name", NAME_LIMIT_CHARS);
    let institution = fields.code("institution");
    let organisation = fields.code("organisation");
    let zone = fields.text("zone").parse().ok();
    let zone = fields.found("zone", zone, t.zone_wrong);
    let currency = fields.text("currency").to_uppercase();
    let currency = Some(currency).filter(|currency| is_currency(currency));
    let currency = fields.found("currency", currency, t.currency_wrong);
    Some(Organisation {
        institution: institution?,
        organisation: organisation?,
        name: name?,
        zone: zone?,
        currency: currency?,
        language: fields.text("language").parse().unwrap_or(Agents::En),
    })
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    visit.set_up().site.changeable()?;
    let organisation = match Fields::read(&entered, visit.language, read) {
        Ok(organisation) => organisation,
        Err(mistakes) => return show(visit.wrong(entered, mistakes)).await,
    };
    let work = move |tx: &mut Tx<'_>| {
        let before = match Site::load(tx) {
            Ok(site) => Some(site.whose()),
            Err(SiteError::Missing) => None,
            Err(error) => return Err(error.into()),
        };
        save_organisation(tx, &organisation)?;
        let mut change = Change::done("organisation.changed", "site", &organisation.organisation)
            .to(json!(organisation));
        change.before = before.as_ref().map(|before| json!(before));
        Ok((before.as_ref() != Some(&organisation), vec![change]))
    };
    let changed = site_change::change(&visit, "set up organisation", work).await?;
    let changed = changed.map_err(PageError::internal)?;
    if changed {
        visit.set_up().take_up.changed();
    }
    Ok(visit.go_with(access::ORGANISATION, Flash::Saved))
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
