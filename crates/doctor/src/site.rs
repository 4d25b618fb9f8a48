//! Judges the site: whether each mapped sector can be entered, and each sector
//! is mapped.

use super::facts::Facts;
use super::source::SiteRead;
use crate::found;
use kernel::finding::{Finding, Part, Place, Position, Thing};
use otipass::OutlinedSector;
use std::collections::BTreeMap;

pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let missing = |place| Some(found::site_missing(place));
    let unreadable = found::site_unreadable;
    let site = facts
        .site
        .examine(Part::Site, &mut findings, unreadable, missing);
    if let Some(site) = site {
        against_mapping(facts, site, &mut findings);
    }
    findings
}

fn against_mapping(facts: &Facts, site: &SiteRead, findings: &mut Vec<Finding>) {
    let Ok(mapping) = &facts.mapping.read else {
        return;
    };
    let outlined = mapping.reading.outline.sectors.iter().rev();
    let mapped: BTreeMap<&str, &OutlinedSector> = outlined
        .map(|sector| (sector.code.text.as_str(), sector))
        .collect();
    let (outline, text) = (&site.outline, site.text.as_deref().unwrap_or_default());
    for (code, sector) in &mapped {
        let Some(at) = outline.sectors.get(*code) else {
            // In a broken file it may stand where nobody can read it.
            let may_be_there = outline.is_broken && text.contains(code);
            if !code.is_empty() && !may_be_there {
                findings.push(unknown(facts, site, sector, &mapped));
            }
            continue;
        };
        if outline.is_broken {
            continue;
        }
        let doors = outline.doors.iter();
        let mut doors = doors
            .filter(|(_, sectors)| sectors.contains(*code))
            .map(|(door, _)| door)
            .peekable();
        let place = || place(facts, code, *at);
        let finding = if doors.peek().is_none() {
            found::sector_without_door(place(), code)
        } else if !doors.any(|door| outline.linked_doors.contains(door)) {
            found::sector_without_device(place(), code)
        } else {
            continue;
        };
        findings.push(finding.concerning(sector.code.at, None));
    }
    for (code, at) in &outline.sectors {
        if !mapped.contains_key(code.as_str()) && !mapping.text.contains(code.as_str()) {
            let place = place(facts, code, *at);
            findings.push(found::site_sector_not_mapped(place, code));
        }
    }
}

fn place(facts: &Facts, sector: &str, at: Option<Position>) -> Place {
    match at {
        Some(at) => facts.site.at(at),
        None => facts.site.of(Thing::Sector(sector.to_owned())),
    }
}

fn unknown(
    facts: &Facts,
    site: &SiteRead,
    sector: &OutlinedSector,
    mapped: &BTreeMap<&str, &OutlinedSector>,
) -> Finding {
    let code = &sector.code.text;
    // What is mapped already is not meant a second time.
    let free = site.outline.sectors.keys().map(String::as_str);
    let meant = kernel::meant(code, free.filter(|known| !mapped.contains_key(known)));
    let place = facts.mapping.at(sector.code.at);
    let finding = match meant {
        Some(meant) => found::mapped_sector_misspelt(place, code, meant),
        None => found::mapped_sector_unknown(place, code),
    };
    finding.concerning(sector.code.at, meant)
}
