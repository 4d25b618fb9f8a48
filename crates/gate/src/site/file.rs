//! The site file: an organisation's sectors, doors and devices as TOML.

use crate::site::change::{NAME_LIMIT_CHARS, is_currency, is_name};
use crate::site::{form, found};
use crate::{Device, DeviceSettings, Door, Site};
use kernel::finding::{Finding, Lines, Phrase, Place, Position, Repeated, Thing};
use kernel::{DeviceCode, DoorCode, InvalidCode, SectorCode};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    institution: Spanned<String>,
    organisation: Spanned<String>,
    name: Spanned<String>,
    timezone: Spanned<String>,
    currency: Spanned<String>,
    language: Option<Spanned<String>>,
    #[serde(default)]
    sector: Vec<SectorEntry>,
    #[serde(default)]
    door: Vec<DoorEntry>,
    #[serde(default)]
    device: Vec<DeviceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectorEntry {
    code: Spanned<String>,
    name: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoorEntry {
    code: Spanned<String>,
    name: Option<Spanned<String>>,
    sectors: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceEntry {
    code: Spanned<String>,
    name: Option<Spanned<String>>,
    door: Spanned<String>,
    language: Option<Spanned<String>>,
    direction: Option<Spanned<String>>,
    switch_direction: Option<bool>,
    forced_entry: Option<bool>,
    several_persons: Option<bool>,
    help_desk: Option<bool>,
    sound: Option<bool>,
}

/// Reads a site file. All its mistakes are found in one go; with any that
/// keeps it from being read there is no site.
///
/// A device whose door leads to no sector or to several is reported and still
/// read: its checks are answered with `sector_not_mapped`.
#[must_use]
pub fn read_site(text: &str) -> (Option<Site>, Vec<Finding>) {
    let mut reader = Reader {
        text,
        lines: Lines::of(text),
        findings: Vec::new(),
        broken: false,
        lacks_entries: false,
    };
    let site = reader.read();
    let site = site.filter(|_| !reader.broken);
    reader.findings.sort_by_key(|finding| finding.place.line());
    (site, reader.findings)
}

/// Finds the devices whose doors lead to no sector, or to several.
#[must_use]
pub fn examine_devices(
    doors: &BTreeMap<DoorCode, Door>,
    devices: &BTreeMap<DeviceCode, Device>,
) -> Vec<Finding> {
    let found = |(code, device): (&DeviceCode, &Device)| {
        let place = Place::Thing(Thing::Device(code.to_string()));
        let door = &device.door;
        match doors.get(door)?.sectors.len() {
            0 => Some(found::device_without_sector(place, door, code)),
            1 => None,
            count => Some(found::device_with_several_sectors(place, door, code, count)),
        }
    };
    devices.iter().filter_map(found).collect()
}

/// The site as a site file that [`read_site`] reads back.
#[must_use]
pub fn write_site(site: &Site) -> String {
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let named = |name: &Option<String>| {
        let name = name
            .as_deref()
            .map(|name| format!("name = {}\n", text(name)));
        name.unwrap_or_default()
    };
    let mut file = format!(
        "institution = \"{}\"\norganisation = \"{}\"\nname = {}\ntimezone = \"{}\"\n\
         currency = \"{}\"\nlanguage = \"{}\"\n",
        site.institution,
        site.organisation,
        text(&site.name),
        site.zone.name(),
        site.currency,
        site.language.as_str()
    );
    for (code, name) in &site.sectors {
        file += &format!("\n[[sector]]\ncode = \"{code}\"\nname = {}\n", text(name));
    }
    for (code, door) in &site.doors {
        let sectors = door.sectors.iter().map(|sector| format!("\"{sector}\""));
        let sectors = sectors.collect::<Vec<_>>().join(", ");
        let name = named(&door.name);
        file += &format!("\n[[door]]\ncode = \"{code}\"\n{name}sectors = [{sectors}]\n");
    }
    for (code, device) in &site.devices {
        file += &format!(
            "\n[[device]]\ncode = \"{code}\"\n{}door = \"{}\"\n",
            named(&device.name),
            device.door
        );
        if let Some(language) = device.language {
            file += &format!("language = \"{}\"\n", language.as_str());
        }
        let mut settings = device.settings;
        file += &format!("direction = \"{}\"\n", settings.direction.as_str());
        for (key, switch) in DeviceSettings::SWITCHES {
            file += &format!("{key} = {}\n", switch(&mut settings));
        }
    }
    file
}

struct Reader<'a> {
    text: &'a str,
    lines: Lines<'a>,
    findings: Vec<Finding>,
    broken: bool,
    /// Whether some could not be read, so that who names them is not to blame.
    lacks_entries: bool,
}

impl Reader<'_> {
    fn at<T>(&self, field: &Spanned<T>) -> Position {
        self.lines.at(field.span().start)
    }

    fn refuse(&mut self, finding: Finding) {
        self.broken = true;
        self.findings.push(finding);
    }

    /// Reads one value; a mistake is noted and reading goes on.
    fn value<T: FromStr>(
        &mut self,
        field: &Spanned<String>,
        found: impl FnOnce(Position, Phrase) -> Finding,
    ) -> Option<T> {
        let value = field.get_ref().parse().ok();
        if value.is_none() {
            self.refuse(found(self.at(field), Phrase::quoted(field.get_ref())));
        }
        value
    }

    fn code<T: FromStr<Err = InvalidCode>>(&mut self, field: &Spanned<String>) -> Option<T> {
        let code: Result<T, _> = field.get_ref().parse();
        if let Err(error) = &code {
            self.refuse(found::code_invalid(self.at(field), error.phrase()));
        }
        code.ok()
    }

    fn name(&mut self, field: &Spanned<String>) -> String {
        if !is_name(field.get_ref()) {
            self.refuse(found::name_invalid(self.at(field), NAME_LIMIT_CHARS));
        }
        field.get_ref().clone()
    }

    fn refuse_form(&mut self, error: &toml::de::Error) {
        let offset = error.span().map_or(0, |span| span.start);
        let why = Phrase::of_reader(error.message(), "ce n’est pas du TOML");
        self.refuse(match self.lines.repeated(offset, error.message()) {
            Some(Repeated { offset, what, line }) => {
                found::site_file_repeated(self.lines.at(offset), what, line)
            }
            None => found::site_file_broken(self.lines.at(offset), why),
        });
    }

    fn read(&mut self) -> Option<Site> {
        // So that it is not told of once more.
        let usual = |key: &str| if key == "currency" { "EUR" } else { "UTC" };
        let (file, lacks_entries) =
            form::read::<File>(self.text, usual, |error| self.refuse_form(error));
        let file = file?;
        self.lacks_entries = lacks_entries;
        let institution = self.code(&file.institution);
        let organisation = self.code(&file.organisation);
        let name = self.name(&file.name);
        let zone = self.value(&file.timezone, found::timezone_unknown);
        let currency = file.currency.get_ref();
        if !is_currency(currency) {
            let at = self.at(&file.currency);
            self.refuse(found::currency_invalid(at, Phrase::quoted(currency)));
        }
        let language = file.language.as_ref();
        let language = language.map(|field| self.value(field, found::language_unknown));
        let sectors = self.sectors(&file.sector);
        let doors = self.doors(&file.door, &sectors);
        let devices = self.devices(&file.device, &doors);
        Some(Site {
            institution: institution?,
            organisation: organisation?,
            name,
            zone: zone?,
            currency: file.currency.into_inner(),
            language: language.flatten().unwrap_or_default(),
            sectors,
            doors,
            devices,
        })
    }

    fn sectors(&mut self, entries: &[SectorEntry]) -> BTreeMap<SectorCode, String> {
        let mut sectors = BTreeMap::new();
        for entry in entries {
            let Some(code) = self.code::<SectorCode>(&entry.code) else {
                continue;
            };
            let name = self.name(&entry.name);
            if sectors.insert(code.clone(), name).is_some() {
                self.twice(&entry.code, Thing::Sector(code.to_string()));
            }
        }
        sectors
    }

    fn doors(
        &mut self,
        entries: &[DoorEntry],
        sectors: &BTreeMap<SectorCode, String>,
    ) -> BTreeMap<DoorCode, Door> {
        let mut doors = BTreeMap::new();
        for entry in entries {
            let Some(code) = self.code::<DoorCode>(&entry.code) else {
                continue;
            };
            let mut door = Door {
                name: entry.name.as_ref().map(|name| self.name(name)),
                sectors: BTreeSet::new(),
            };
            for field in entry.sectors.get_ref() {
                let Some(sector) = self.code::<SectorCode>(field) else {
                    continue;
                };
                if !sectors.contains_key(&sector) && !self.lacks_entries {
                    self.refuse(found::sector_unknown(self.at(field), &code, &sector));
                }
                door.sectors.insert(sector);
            }
            if doors.insert(code.clone(), door).is_some() {
                self.twice(&entry.code, Thing::Door(code.to_string()));
            }
        }
        doors
    }

    fn devices(
        &mut self,
        entries: &[DeviceEntry],
        doors: &BTreeMap<DoorCode, Door>,
    ) -> BTreeMap<DeviceCode, Device> {
        let (mut devices, mut places) = (BTreeMap::new(), BTreeMap::new());
        for entry in entries {
            let language = entry.language.as_ref();
            let language = language.and_then(|l| self.value(l, found::language_unknown));
            let settings = self.settings(entry);
            let name = entry.name.as_ref().map(|name| self.name(name));
            let (Some(code), Some(door)) = (
                self.code::<DeviceCode>(&entry.code),
                self.code::<DoorCode>(&entry.door),
            ) else {
                continue;
            };
            let at = self.at(&entry.door);
            if !doors.contains_key(&door) && !self.lacks_entries {
                self.refuse(found::door_unknown(at, &code, &door));
            }
            places.insert(Thing::Device(code.to_string()), at);
            let device = Device {
                name,
                door,
                language,
                settings,
            };
            if devices.insert(code.clone(), device).is_some() {
                self.twice(&entry.code, Thing::Device(code.to_string()));
            }
        }
        for finding in examine_devices(doors, &devices) {
            self.findings.push(finding.within(&places));
        }
        devices
    }

    fn settings(&mut self, entry: &DeviceEntry) -> DeviceSettings {
        let usual = DeviceSettings::default();
        let direction = entry.direction.as_ref();
        let direction = direction.and_then(|field| self.value(field, found::direction_unknown));
        DeviceSettings {
            direction: direction.unwrap_or(usual.direction),
            may_switch_direction: entry.switch_direction.unwrap_or(usual.may_switch_direction),
            forced_entry: entry.forced_entry.unwrap_or(usual.forced_entry),
            several_persons: entry.several_persons.unwrap_or(usual.several_persons),
            help_desk: entry.help_desk.unwrap_or(usual.help_desk),
            sound: entry.sound.unwrap_or(usual.sound),
        }
    }

    fn twice(&mut self, field: &Spanned<String>, thing: Thing) {
        self.refuse(found::code_given_twice(self.at(field), thing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VILLENEUVE: &str = include_str!("../../../../examples/villeneuve/site.toml");

    #[test]
    fn the_example_site_is_read_without_findings() {
        let (site, findings) = read_site(VILLENEUVE);
        assert_eq!(findings, []);
        let site = site.unwrap();
        assert_eq!(
            (site.sectors.len(), site.doors.len(), site.devices.len()),
            (7, 13, 13)
        );
        let sector = site.sector_of(&"PDA13".parse().unwrap()).unwrap();
        assert_eq!(sector.as_str(), "VN_EXP");
        assert_eq!(site.sector_of(&"PDA99".parse().unwrap()), None);
    }

    /// What is written instead of what, the findings with their lines, and
    /// whether the site is still read.
    type Damage<'a> = (&'a str, &'a str, &'a [(&'a str, usize)], bool);

    #[test]
    fn each_mistake_is_named_with_its_line() {
        let long = format!("name = \"{}\"", "é".repeat(NAME_LIMIT_CHARS + 1));
        let cases: [Damage<'_>; 14] = [
            (
                "name = \"Vn_Aug\"",
                "name = \"\"",
                &[("name_invalid", 9)],
                false,
            ),
            (
                "name = \"Grande entrée Aug\"",
                &long,
                &[("name_invalid", 37)],
                false,
            ),
            (
                "code = \"PDA01\"",
                "code = \"PDA01\"\nname = \"a\\nb\"",
                &[("name_invalid", 42)],
                false,
            ),
            (
                "timezone = \"Europe/Paris\"",
                "timezone = \"Paris\"",
                &[("timezone_unknown", 4)],
                false,
            ),
            ("\"EUR\"", "\"Euro\"", &[("currency_invalid", 5)], false),
            (
                "\"EUR\"",
                "\"EUR\"\nlanguage = \"nl\"",
                &[("language_unknown", 6)],
                false,
            ),
            (
                "\"EUR\"",
                "\"EUR\"\ncolour = 1",
                &[("site_file_broken", 6)],
                false,
            ),
            ("\"EUR\"", "EUR", &[("site_file_broken", 5)], false),
            (
                "institution = \"VILLEN\"",
                "institution = \"VILLENEUVE-LA-GRANDE\"",
                &[("code_invalid", 1)],
                false,
            ),
            (
                "code = \"VN_RAY\"",
                "code = \"VN_AUG\"",
                &[
                    ("code_given_twice", 12),
                    ("sector_unknown", 58),
                    ("sector_unknown", 67),
                ],
                false,
            ),
            (
                "code = \"PDA02\"",
                "code = \"PDA01\"",
                &[("code_given_twice", 50)],
                false,
            ),
            (
                "door = \"VN_AUG_D1\"",
                "door = \"VN_AUG_D9\"",
                &[("door_unknown", 42)],
                false,
            ),
            (
                "sectors = [\"VN_AUG\"]",
                "sectors = []",
                &[("device_without_sector", 42)],
                true,
            ),
            (
                "sectors = [\"VN_AUG\"]",
                "sectors = [\"VN_AUG\", \"VN_RAY\"]",
                &[("device_with_several_sectors", 42)],
                true,
            ),
        ];
        for (good, bad, expected, read) in cases {
            let (site, findings) = read_site(&VILLENEUVE.replacen(good, bad, 1));
            let found: Vec<_> = findings.iter().map(|f| (f.code, f.place.line())).collect();
            assert_eq!(found, expected, "{bad}");
            assert_eq!(site.is_some(), read, "{bad}");
        }
    }

    #[test]
    fn a_device_may_do_what_its_entry_says() {
        let device = "code = \"PDA01\"\n";
        let settings = "direction = \"exit\"\nswitch_direction = true\nforced_entry = true\nseveral_persons = false\n\
                        help_desk = false\nsound = false\n";
        let text = VILLENEUVE.replacen(device, &format!("{device}{settings}"), 1);
        let (site, findings) = read_site(&text);
        assert_eq!(findings, []);
        let site = site.unwrap();
        let all = DeviceSettings {
            direction: crate::Direction::Exit,
            may_switch_direction: true,
            forced_entry: true,
            several_persons: false,
            help_desk: false,
            sound: false,
        };
        assert_eq!(site.settings_of(&"PDA01".parse().unwrap()), all);
        let usual = DeviceSettings::default();
        assert_eq!(site.settings_of(&"PDA03".parse().unwrap()), usual);
        let (site, findings) = read_site(&text.replacen("\"exit\"", "\"out\"", 1));
        assert!(site.is_none());
        assert_eq!(findings[0].code, "direction_unknown");
    }

    #[test]
    fn languages_may_be_in_capitals() {
        let device = "code = \"PDA01\"\n";
        let text = VILLENEUVE
            .replacen("\"EUR\"", "\"EUR\"\nlanguage = \"FR\"", 1)
            .replacen(device, &format!("{device}language = \"De\"\n"), 1);
        let (site, findings) = read_site(&text);
        assert_eq!(findings, []);
        let site = site.unwrap();
        assert_eq!(site.language, kernel::Language::Fr);
        let language = site.language_of(&"PDA01".parse().unwrap());
        assert_eq!(language, kernel::Language::De);
    }

    #[test]
    fn a_site_that_is_written_is_read_back() {
        let mut site = read_site(VILLENEUVE).0.unwrap();
        site.name = "L’\"Île\" \\ 1".to_owned();
        let device = site.devices.get_mut(&"PDA01".parse().unwrap()).unwrap();
        device.name = Some("Le \"premier\"".to_owned());
        assert_eq!(read_site(&write_site(&site)), (Some(site), Vec::new()));
    }

    #[test]
    fn all_mistakes_are_found_in_one_go() {
        let text = VILLENEUVE
            .replacen("Europe/Paris", "Paris", 1)
            .replacen("\"EUR\"", "\"€\"", 1)
            .replacen("door = \"VN_AUG_D1\"", "door = \"NOWHERE\"", 1);
        let (site, findings) = read_site(&text);
        assert!(site.is_none());
        let codes: Vec<_> = findings.iter().map(|f| f.code).collect();
        assert_eq!(
            codes,
            ["timezone_unknown", "currency_invalid", "door_unknown"]
        );
    }
}
