//! What can be told of a site, also where its file cannot be used.

use super::layout::Site;
use crate::Direction;
use kernel::finding::{Lines, Position};
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a site is about: codes, with their places where a file gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteOutline {
    /// The sectors.
    pub sectors: BTreeMap<String, Option<Position>>,
    /// Each door with the sectors it leads to.
    pub doors: BTreeMap<String, BTreeSet<String>>,
    /// The devices.
    pub devices: Vec<OutlinedDevice>,
    /// Whether parts of it may be missing here.
    pub is_broken: bool,
}

/// A device, with the door it stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlinedDevice {
    /// Its code; empty if it has none.
    pub code: String,
    /// The code of its door.
    pub door: String,
    /// Whether it lets visitors in.
    pub is_entry: bool,
}

impl From<&Site> for SiteOutline {
    fn from(site: &Site) -> Self {
        let doors = site.doors.iter().map(|(code, door)| {
            let sectors = door.sectors.iter().map(ToString::to_string);
            (code.to_string(), sectors.collect())
        });
        let sectors = site.sectors.keys().map(|code| (code.to_string(), None));
        let devices = site.devices.iter().map(|(code, device)| OutlinedDevice {
            code: code.to_string(),
            door: device.door.to_string(),
            is_entry: device.settings.direction == Direction::Entry
                || device.settings.may_switch_direction,
        });
        Self {
            sectors: sectors.collect(),
            doors: doors.collect(),
            devices: devices.collect(),
            is_broken: false,
        }
    }
}

/// What the text of a site file is about.
#[must_use]
pub fn outline_site(text: &str) -> SiteOutline {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut site = SiteOutline {
        is_broken: !errors.is_empty(),
        ..SiteOutline::default()
    };
    let root = root.get_ref();
    let lines = Lines::of(text);
    for table in tables(root, "sector") {
        if let Some((code, offset)) = table.get("code").and_then(written) {
            let at = lines.at(offset);
            site.sectors.entry(code).or_insert(Some(at));
        }
    }
    for table in tables(root, "door") {
        let Some((door, _)) = table.get("code").and_then(written) else {
            continue;
        };
        let sectors = table.get("sectors");
        let sectors = sectors.and_then(|list| list.get_ref().as_array());
        let sectors = sectors.into_iter().flat_map(|list| list.iter());
        let sectors = sectors.filter_map(written).map(|(sector, _)| sector);
        site.doors.entry(door).or_default().extend(sectors);
    }
    for table in tables(root, "device") {
        let text = |key| table.get(key).and_then(written).map(|(text, _)| text);
        let may_switch = table.get("switch_direction");
        let may_switch = may_switch.and_then(|is| is.get_ref().as_bool());
        site.devices.extend(text("door").map(|door| OutlinedDevice {
            code: text("code").unwrap_or_default(),
            door,
            is_entry: text("direction").as_deref() != Some(Direction::Exit.as_str())
                || may_switch == Some(true),
        }));
    }
    site
}

/// The tables of the list `[[name]]`.
fn tables<'t>(root: &'t DeTable<'t>, name: &str) -> impl Iterator<Item = &'t DeTable<'t>> {
    let list = root.get(name).and_then(|list| list.get_ref().as_array());
    list.into_iter()
        .flat_map(|list| list.iter())
        .filter_map(|entry| entry.get_ref().as_table())
}

/// A text, and the byte at which it begins.
fn written(value: &Spanned<DeValue<'_>>) -> Option<(String, usize)> {
    let text = value.get_ref().as_str()?;
    Some((text.trim().to_owned(), value.span().start))
}
