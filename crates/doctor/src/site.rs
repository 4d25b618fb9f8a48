//! Judges the site: whether each mapped sector can be entered, and each sector
//! is mapped.

use super::facts::Facts;
use super::source::SiteRead;
use crate::found;
use gate::{OutlinedDevice, SiteOutline};
use kernel::SectorCode;
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
            // What is no code, its reader tells.
            if code.parse::<SectorCode>().is_ok() && !may_be_there {
                findings.push(unknown(facts, site, sector, &mapped));
            }
            continue;
        };
        if outline.is_broken {
            continue;
        }
        let place = || place(facts, code, *at);
        let finding = if doors(outline, code).next().is_none() {
            found::sector_without_door(place(), code)
        } else if devices(outline, code).next().is_none() {
            found::sector_without_device(place(), code)
        } else {
            continue;
        };
        findings.push(finding.concerning(sector.code.at, None));
    }
    // An entry is missing from the list of sectors.
    let listed = mapping.reading.outline.sectors_at;
    let listed = listed.unwrap_or(Position::START);
    for (code, at) in &outline.sectors {
        // In a broken text it may stand where nobody can read it.
        let may_be_there =
            mapping.reading.mapping.is_none() && mapping.text.contains(code.as_str());
        if mapped.contains_key(code.as_str()) || may_be_there {
            continue;
        }
        let at_work = devices(outline, code)
            .filter(|device| device.is_entry && facts.enrolled().contains(&device.code))
            .map(|device| device.code.as_str());
        let at_work: Vec<_> = at_work.take(DEVICES).collect();
        let place = place(facts, code, *at);
        let finding = if !at_work.is_empty() {
            found::sector_at_work_not_mapped(place, code, at_work.join(", "))
        } else if doors(outline, code).next().is_some() {
            found::site_sector_not_mapped(place, code)
        } else {
            // Nobody comes to it yet.
            continue;
        };
        findings.push(finding.concerning(listed, None));
    }
}

/// As many devices are named at most.
const DEVICES: usize = 5;

/// The doors that lead to a sector.
fn doors<'o>(outline: &'o SiteOutline, sector: &'o str) -> impl Iterator<Item = &'o String> {
    let doors = outline.doors.iter();
    let doors = doors.filter(move |(_, sectors)| sectors.contains(sector));
    doors.map(|(door, _)| door)
}

/// The devices at the doors that lead to a sector.
fn devices<'o>(
    outline: &'o SiteOutline,
    sector: &'o str,
) -> impl Iterator<Item = &'o OutlinedDevice> {
    let leads = move |door: &String| doors(outline, sector).any(|known| known == door);
    outline
        .devices
        .iter()
        .filter(move |device| leads(&device.door))
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
