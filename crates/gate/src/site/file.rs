//! The site file: an organisation's sectors, doors and devices as TOML.

use crate::site::change::is_currency;
use crate::{Device, DeviceSettings, Site};
use kernel::{DeviceCode, DoorCode, InvalidCode, Language, SectorCode};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;
use toml::Spanned;

/// A mistake in a site file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFinding {
    /// A stable name of the mistake.
    pub code: &'static str,
    /// The line it is in, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub cure: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    institution: Spanned<String>,
    organisation: Spanned<String>,
    name: String,
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
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoorEntry {
    code: Spanned<String>,
    sectors: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceEntry {
    code: Spanned<String>,
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
pub fn read_site(text: &str) -> (Option<Site>, Vec<SiteFinding>) {
    let mut reader = Reader {
        text,
        findings: Vec::new(),
        broken: false,
    };
    let site = reader.read();
    let site = site.filter(|_| !reader.broken);
    reader.findings.sort_by_key(|finding| finding.line);
    (site, reader.findings)
}

/// The site as a site file that [`read_site`] reads back.
#[must_use]
pub fn write_site(site: &Site) -> String {
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
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
    for (code, sectors) in &site.doors {
        let sectors: Vec<_> = sectors
            .iter()
            .map(|sector| format!("\"{sector}\""))
            .collect();
        let sectors = sectors.join(", ");
        file += &format!("\n[[door]]\ncode = \"{code}\"\nsectors = [{sectors}]\n");
    }
    for (code, device) in &site.devices {
        let DeviceSettings {
            direction,
            may_switch_direction,
            forced_entry,
            several_persons,
            help_desk,
            sound,
        } = device.settings;
        file += &format!(
            "\n[[device]]\ncode = \"{code}\"\ndoor = \"{}\"\n",
            device.door
        );
        if let Some(language) = device.language {
            file += &format!("language = \"{}\"\n", language.as_str());
        }
        file += &format!(
            "direction = \"{}\"\nswitch_direction = {may_switch_direction}\n\
             forced_entry = {forced_entry}\nseveral_persons = {several_persons}\n\
             help_desk = {help_desk}\nsound = {sound}\n",
            direction.as_str()
        );
    }
    file
}

struct Reader<'a> {
    text: &'a str,
    findings: Vec<SiteFinding>,
    broken: bool,
}

impl Reader<'_> {
    fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset.min(self.text.len())]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
    }

    fn note(&mut self, code: &'static str, offset: usize, what: String, cure: &str) {
        let line = self.line(offset);
        self.findings.push(SiteFinding {
            code,
            line,
            what,
            cure: cure.to_owned(),
        });
    }

    fn refuse(&mut self, code: &'static str, offset: usize, what: String, cure: &str) {
        self.broken = true;
        self.note(code, offset, what, cure);
    }

    /// Reads one value; a mistake is noted and reading goes on.
    fn value<T>(&mut self, field: &Spanned<String>, code: &'static str, cure: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        match field.get_ref().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(code, field.span().start, error.to_string(), cure);
                None
            }
        }
    }

    fn code<T: FromStr<Err = InvalidCode>>(&mut self, field: &Spanned<String>) -> Option<T> {
        self.value(
            field,
            "code_invalid",
            "Give the code as ticketing shows it.",
        )
    }

    fn read(&mut self) -> Option<Site> {
        let file: File = match toml::from_str(self.text) {
            Ok(file) => file,
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                self.refuse(
                    "site_file_broken",
                    offset,
                    format!("The site file cannot be read: {}.", error.message()),
                    "Correct this line; examples/villeneuve/site.toml shows a whole file.",
                );
                return None;
            }
        };
        let institution = self.code(&file.institution);
        let organisation = self.code(&file.organisation);
        let zone = self.value(
            &file.timezone,
            "timezone_unknown",
            "Give the zone's IANA name, such as Europe/Paris.",
        );
        let currency = file.currency.get_ref();
        if !is_currency(currency) {
            self.refuse(
                "currency_invalid",
                file.currency.span().start,
                format!("{currency:?} is no currency."),
                "Give its ISO 4217 code, such as EUR.",
            );
        }
        let language = file.language.as_ref().map(|l| self.language(l));
        let sectors = self.sectors(&file.sector);
        let doors = self.doors(&file.door, &sectors);
        let devices = self.devices(&file.device, &doors);
        Some(Site {
            institution: institution?,
            organisation: organisation?,
            name: file.name,
            zone: zone?,
            currency: file.currency.into_inner(),
            language: language.flatten().unwrap_or_default(),
            sectors,
            doors,
            devices,
        })
    }

    fn language(&mut self, field: &Spanned<String>) -> Option<Language> {
        self.value(
            field,
            "language_unknown",
            "Choose one of en, fr, de, it, es.",
        )
    }

    fn sectors(&mut self, entries: &[SectorEntry]) -> BTreeMap<SectorCode, String> {
        let mut sectors = BTreeMap::new();
        for entry in entries {
            let Some(code) = self.code::<SectorCode>(&entry.code) else {
                continue;
            };
            if sectors.insert(code.clone(), entry.name.clone()).is_some() {
                self.twice("sector", &code, entry.code.span().start);
            }
        }
        sectors
    }

    fn doors(
        &mut self,
        entries: &[DoorEntry],
        sectors: &BTreeMap<SectorCode, String>,
    ) -> BTreeMap<DoorCode, BTreeSet<SectorCode>> {
        let mut doors = BTreeMap::new();
        for entry in entries {
            let Some(code) = self.code::<DoorCode>(&entry.code) else {
                continue;
            };
            let mut leads_to = BTreeSet::new();
            for field in entry.sectors.get_ref() {
                let Some(sector) = self.code::<SectorCode>(field) else {
                    continue;
                };
                if !sectors.contains_key(&sector) {
                    self.refuse(
                        "sector_unknown",
                        field.span().start,
                        format!(
                            "Door {code} leads to the sector {sector}, which is not in this file."
                        ),
                        "Add a [[sector]] with this code, or correct the code.",
                    );
                }
                leads_to.insert(sector);
            }
            if doors.insert(code.clone(), leads_to).is_some() {
                self.twice("door", &code, entry.code.span().start);
            }
        }
        doors
    }

    fn devices(
        &mut self,
        entries: &[DeviceEntry],
        doors: &BTreeMap<DoorCode, BTreeSet<SectorCode>>,
    ) -> BTreeMap<DeviceCode, Device> {
        let mut devices = BTreeMap::new();
        for entry in entries {
            let language = entry.language.as_ref().and_then(|l| self.language(l));
            let settings = self.settings(entry);
            let (Some(code), Some(door)) = (
                self.code::<DeviceCode>(&entry.code),
                self.code::<DoorCode>(&entry.door),
            ) else {
                continue;
            };
            let at = entry.door.span().start;
            match doors.get(&door).map(BTreeSet::len) {
                Some(1) => {}
                None => self.refuse(
                    "door_unknown",
                    at,
                    format!(
                        "Device {code} is linked to the door {door}, which is not in this file."
                    ),
                    "Add a [[door]] with this code, or correct the code.",
                ),
                Some(0) => self.note(
                    "device_without_sector",
                    at,
                    format!("The door {door} of device {code} leads to no sector."),
                    "Give the door exactly one sector.",
                ),
                Some(count) => self.note(
                    "device_with_several_sectors",
                    at,
                    format!("The door {door} of device {code} leads to {count} sectors."),
                    "Link the device to a door with exactly one sector.",
                ),
            }
            let device = Device {
                door,
                language,
                settings,
            };
            if devices.insert(code.clone(), device).is_some() {
                self.twice("device", &code, entry.code.span().start);
            }
        }
        devices
    }

    fn settings(&mut self, entry: &DeviceEntry) -> DeviceSettings {
        let usual = DeviceSettings::default();
        let direction = entry.direction.as_ref().and_then(|direction| {
            self.value(direction, "direction_unknown", "Choose entry or exit.")
        });
        DeviceSettings {
            direction: direction.unwrap_or(usual.direction),
            may_switch_direction: entry.switch_direction.unwrap_or(usual.may_switch_direction),
            forced_entry: entry.forced_entry.unwrap_or(usual.forced_entry),
            several_persons: entry.several_persons.unwrap_or(usual.several_persons),
            help_desk: entry.help_desk.unwrap_or(usual.help_desk),
            sound: entry.sound.unwrap_or(usual.sound),
        }
    }

    fn twice(&mut self, kind: &str, code: &impl Display, offset: usize) {
        self.refuse(
            "code_given_twice",
            offset,
            format!("The {kind} {code} is given twice."),
            "Keep one of the two.",
        );
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
        let cases: [Damage<'_>; 11] = [
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
                    ("sector_unknown", 55),
                    ("sector_unknown", 63),
                ],
                false,
            ),
            (
                "code = \"PDA02\"",
                "code = \"PDA01\"",
                &[("code_given_twice", 48)],
                false,
            ),
            (
                "door = \"VN_AUG_D1\"",
                "door = \"VN_AUG_D9\"",
                &[("door_unknown", 41)],
                false,
            ),
            (
                "sectors = [\"VN_AUG\"]",
                "sectors = []",
                &[("device_without_sector", 41)],
                true,
            ),
            (
                "sectors = [\"VN_AUG\"]",
                "sectors = [\"VN_AUG\", \"VN_RAY\"]",
                &[("device_with_several_sectors", 41)],
                true,
            ),
        ];
        for (good, bad, expected, read) in cases {
            let (site, findings) = read_site(&VILLENEUVE.replacen(good, bad, 1));
            let found: Vec<_> = findings.iter().map(|f| (f.code, f.line)).collect();
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
    fn a_site_that_is_written_is_read_back() {
        let mut site = read_site(VILLENEUVE).0.unwrap();
        site.name = "L’\"Île\" \\ 1".to_owned();
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
