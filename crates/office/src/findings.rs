//! The doctor's findings for people: with the way to the page where each is cured.

use super::frame::Frame;
use crate::access::{
    Address, BUYER, CATALOGUE, CONNECTION, MAPPING, ORGANISATION, PLACES, TARIFF_MAPPING,
};
use crate::coded::said;
use crate::set_up::step::words;
use crate::{Managed, SetUp};
use kernel::finding::{Finding, Part, Severity};

/// A part's name for people.
pub(crate) fn part_name(part: &Part, frame: &Frame) -> &'static str {
    said!(frame.formats.language, part, {
        Part::Configuration => "Configuration", "Configuration";
        Part::Otipass => "Connexion à Otipass", "Connection to Otipass";
        Part::Mapping => "Paramètres de correspondance", "Mapping parameters";
        Part::Site => "Organisation, secteurs, portes, appareils", "Organisation, sectors, doors, devices";
        Part::Catalogue => "Catalogue, tarifs, canal et contact", "Catalogue, tariffs, channel and contact";
        Part::Ticketing => "Billetterie", "Ticketing";
        Part::Database => "Base de données", "Database";
    })
}

/// How grave it is: a class for the eye, and a word.
pub(crate) fn gravity(severity: &Severity, frame: &Frame) -> (&'static str, &'static str) {
    let class = match severity {
        Severity::Mistake => "bad",
        Severity::Warning => "warn",
        Severity::Note => "",
    };
    (class, doctor::gravity(*severity, frame.formats.language))
}

/// A page where something is cured, and its name.
pub(crate) type Way = (Address, &'static str);

/// The pages where a finding is cured, of those that the person may use; none
/// where files manage what it concerns.
pub(crate) fn ways(finding: &Finding, set_up: &SetUp, frame: &Frame) -> Vec<Way> {
    let own = page_of(finding.part, finding.code);
    let mapped = finding.mapped_at.map(|_| MAPPING);
    let mut ways = Vec::new();
    for path in own.into_iter().chain(mapped) {
        let way = (path, words(path, frame.formats.language).0);
        if *set_up.of(path) == Managed::Here && frame.may_look(path) && !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

/// The page for what a finding is of; none for what no page manages.
fn page_of(part: Part, code: &str) -> Option<Address> {
    let page = match (part, code) {
        (Part::Configuration | Part::Ticketing | Part::Database, _) => return None,
        (Part::Otipass, _) => CONNECTION,
        // The site is right; the mapping parameters lack it.
        (Part::Mapping, _)
        | (Part::Site, "site_sector_not_mapped" | "sector_at_work_not_mapped") => MAPPING,
        (
            Part::Site,
            "site_missing" | "timezone_unknown" | "currency_invalid" | "language_unknown",
        ) => ORGANISATION,
        (Part::Site, _) => PLACES,
        (Part::Catalogue, "tariff_not_mapped" | "tariff_unknown") => TARIFF_MAPPING,
        (Part::Catalogue, code) if code.starts_with("channel_") || code.starts_with("contact_") => {
            BUYER
        }
        (Part::Catalogue, _) => CATALOGUE,
    };
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_leads_to_a_page() {
        for page in [
            CONNECTION,
            MAPPING,
            ORGANISATION,
            PLACES,
            CATALOGUE,
            TARIFF_MAPPING,
            BUYER,
        ] {
            assert!(page.look.is_some(), "{page}");
        }
        for (part, code, page) in [
            (Part::Configuration, "roles_missing", None),
            (Part::Site, "site_sector_not_mapped", Some(MAPPING)),
            (Part::Site, "sector_without_door", Some(PLACES)),
            (Part::Site, "site_missing", Some(ORGANISATION)),
            (Part::Catalogue, "product_unknown", Some(CATALOGUE)),
            (Part::Catalogue, "tariff_not_mapped", Some(TARIFF_MAPPING)),
            (Part::Catalogue, "contact_missing", Some(BUYER)),
        ] {
            assert_eq!(page_of(part, code), page, "{code}");
        }
    }
}
