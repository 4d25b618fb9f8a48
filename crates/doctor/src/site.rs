//! Judges the site: whether each mapped sector can be entered, and each sector
//! is mapped.

use super::facts::Facts;
use super::gathered::{Finding, Findings, Part, Position, position};
use super::sketch::SketchedSector;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::{DeTable, DeValue};

/// What can be told from a site file, also where it cannot be used.
#[derive(Debug, Default)]
struct SiteSketch {
    sectors: BTreeMap<String, Position>,
    /// Each door with the sectors it leads to.
    doors: BTreeMap<String, BTreeSet<String>>,
    /// The doors that devices are linked to.
    linked_doors: BTreeSet<String>,
    /// Whether parts of it may be missing here.
    is_broken: bool,
}

pub fn examine(facts: &Facts) -> Vec<Finding> {
    let file = &facts.site;
    let mut findings = Findings::of(Part::Site);
    let unreadable = |findings: &mut Findings, place, error: &std::io::Error| {
        findings.mistake(
            "site_unreadable",
            place,
            format!("The site file cannot be read: {error}."),
            "Give its path in [set_up] site.",
        );
    };
    let missing = |findings: &mut Findings, place| {
        findings.mistake(
            "site_missing",
            place,
            "Nobody has entered organisation, sectors, doors and devices yet.",
            "Enter them in the back office, on the page Set-up.",
        );
    };
    let Some(text) = file.text_or_why(&mut findings, unreadable, missing) else {
        return findings.into_list();
    };
    let (_, mistakes) = gate::read_site(text);
    for mistake in mistakes {
        let place = file.on_line(mistake.line);
        let mut what = mistake.what;
        if !what.ends_with('.') {
            what.push('.');
        }
        findings.mistake(mistake.code, place, what, mistake.cure);
    }
    against_mapping(facts, &sketch(text), text, &mut findings);
    findings.into_list()
}

fn against_mapping(facts: &Facts, site: &SiteSketch, text: &str, findings: &mut Findings) {
    let mapped: BTreeMap<&str, &SketchedSector> = facts
        .sketch
        .sectors
        .iter()
        .rev()
        .map(|sector| (sector.code.text.as_str(), sector))
        .collect();
    let Ok(mapping_text) = &facts.mapping.text else {
        return;
    };
    for (code, sector) in &mapped {
        let Some(at) = site.sectors.get(*code) else {
            // In a broken file it may stand where nobody can read it.
            let may_be_there = site.is_broken && text.contains(code);
            if !code.is_empty() && !may_be_there {
                unknown(facts, site, sector, findings);
            }
            continue;
        };
        let doors: Vec<_> = site
            .doors
            .iter()
            .filter(|(_, sectors)| sectors.contains(*code))
            .map(|(door, _)| door)
            .collect();
        if site.is_broken {
            continue;
        }
        if doors.is_empty() {
            findings.mistake(
                "sector_without_door",
                facts.site.at(*at),
                format!("The sector {code} is mapped, but no door leads to it: nobody can be admitted there."),
                "Add a door that leads to it, or take the sector out of the mapping parameters.",
            );
            findings.concerning(sector.code.at, None);
        } else if !doors.iter().any(|door| site.linked_doors.contains(*door)) {
            findings.mistake(
                "sector_without_device",
                facts.site.at(*at),
                format!("The sector {code} is mapped, but no device is linked to a door of it: nobody can be admitted there."),
                "Add a device at one of its doors, or take the sector out of the mapping parameters.",
            );
            findings.concerning(sector.code.at, None);
        }
    }
    for (code, at) in &site.sectors {
        if !mapped.contains_key(code.as_str()) && !mapping_text.contains(code.as_str()) {
            findings.note(
                "site_sector_not_mapped",
                facts.site.at(*at),
                format!("The sector {code} is not mapped: its devices answer sector_not_mapped to every pass."),
                "Add it to sectorInfos of the mapping parameters if passes are to be accepted there.",
            );
        }
    }
}

fn unknown(facts: &Facts, site: &SiteSketch, sector: &SketchedSector, findings: &mut Findings) {
    let code = &sector.code.text;
    // What is mapped already is not meant a second time.
    let mapped = |known: &&str| {
        let mut sectors = facts.sketch.sectors.iter();
        sectors.any(|sector| sector.code.text == **known)
    };
    let free = site.sectors.keys().map(String::as_str);
    let meant = otipass::spelling::meant(code, free.filter(|known| !mapped(known)));
    let cure = match meant {
        Some(known) => {
            format!("Write {known} if that is meant; else add the sector to the site.")
        }
        None => "Correct the code, or add the sector to the site.".to_owned(),
    };
    findings.mistake(
        "mapped_sector_unknown",
        facts.mapping.at(sector.code.at),
        format!("The mapping parameters name the sector {code}, which the site does not have."),
        cure,
    );
    findings.concerning(sector.code.at, meant);
}

fn sketch(text: &str) -> SiteSketch {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut site = SiteSketch {
        is_broken: !errors.is_empty(),
        ..SiteSketch::default()
    };
    let root = root.get_ref();
    for table in tables(root, "sector") {
        if let Some((code, offset)) = text_at(table, "code") {
            let at = position(text, offset);
            site.sectors.entry(code).or_insert(at);
        }
    }
    for table in tables(root, "door") {
        let Some((door, _)) = text_at(table, "code") else {
            continue;
        };
        let sectors = table
            .get("sectors")
            .and_then(|list| list.get_ref().as_array());
        let sectors = sectors
            .into_iter()
            .flat_map(|list| list.iter())
            .filter_map(|sector| sector.get_ref().as_str())
            .map(|sector| sector.trim().to_owned());
        site.doors.entry(door).or_default().extend(sectors);
    }
    for table in tables(root, "device") {
        site.linked_doors
            .extend(text_at(table, "door").map(|(door, _)| door));
    }
    site
}

/// The tables of the list `[[name]]`.
pub fn tables<'t>(root: &'t DeTable<'t>, name: &str) -> impl Iterator<Item = &'t DeTable<'t>> {
    let list = root.get(name).and_then(|list| list.get_ref().as_array());
    list.into_iter()
        .flat_map(|list| list.iter())
        .filter_map(|entry| entry.get_ref().as_table())
}

/// The text under `key`, and the byte at which it begins.
pub fn text_at(table: &DeTable<'_>, key: &str) -> Option<(String, usize)> {
    let value = table.get(key)?;
    let DeValue::String(text) = value.get_ref() else {
        return None;
    };
    Some((text.trim().to_owned(), value.span().start))
}
