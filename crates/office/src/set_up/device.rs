//! A device of the site: what it is and may do. How it comes to its token is in
//! `enrolment`.

use super::door::free;
use super::enrolment;
use super::organisation::LANGUAGES;
use super::thing::{Deed, Done, Names, Thing, Words, added, names};
use crate::page::*;
use gate::site::change::{NAME_LIMIT_CHARS, Wanted, remove_device, rename_device, save_device};
use gate::{Device, DeviceSettings};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Un appareil est un scanner, comme un téléphone, ou un tourniquet. Il s’enrôle ensuite par un code QR.",
        "A device is a scanner, such as a phone, or a turnstile. It is enrolled by a QR code afterwards.";
    code_hint: "Collez-le sur l’appareil : c’est par lui qu’on en parle.",
        "Stick it on the device: it is what people call it.";
    choose_one: "Choisissez la porte où se trouve cet appareil.", "Choose the door that this device stands at.";
    of_site: "celle de l’organisation", "that of the organisation";
    exit: "sortie (enregistrée, jamais vendue)", "exit (recorded, never sold)";
    switch: "L’agent peut changer de sens", "The agent may switch direction";
    forced: "L’agent peut faire entrer sans l’accord d’Otipass, avec une note",
        "The agent may let visitors in without Otipass, with a note";
    several: "L’agent peut faire entrer une personne de plus sur le même code", "The agent may let in one more person on the same code";
    desk: "L’agent peut consulter une carte sans entrée", "The agent may look at a pass without an entry";
    sound: "Sons", "Sounds";
});

/// The code that the next device gets unless told otherwise: `PDA01` …
pub(super) fn next_device(site: &Site) -> String {
    free("PDA", 2, |code| {
        site.devices.keys().any(|known| known.as_str() == code)
    })
}

impl Thing for Device {
    type Code = DeviceCode;

    const NEW: Address = access::NEW_DEVICE;
    const ONE: Address = access::DEVICE;
    const NAMES: Names = names!("device", "device");

    fn words(language: Language) -> Words {
        let t = Texts::of(language);
        Words {
            new: t.add_device,
            lead: t.lead,
            code_hint: t.code_hint,
            // Its page is that of its enrolment.
            ..Words::default()
        }
    }

    fn can_be_added(site: &Site) -> bool {
        !site.doors.is_empty()
    }

    fn proposed(site: &Site, _: &Entered) -> String {
        next_device(site)
    }

    fn is_there(site: &Site, code: &DeviceCode) -> bool {
        site.devices.contains_key(code)
    }

    fn names(of: &SiteNames) -> &gate::Names {
        &of.devices
    }

    fn inputs(frame: &Frame, site: &Site, code: Option<&DeviceCode>) -> Vec<Input> {
        let t = Texts::of(frame.formats.language);
        let device = code.and_then(|code| site.devices.get(code));
        let settings = device.map(|device| device.settings).unwrap_or_default();
        let name = device.and_then(|device| device.name.as_deref());
        let names = SiteNames::from(site);
        let doors = site.doors.iter().map(|(code, door)| {
            let (name, sectors) = (names.doors.of(code), names.sectors.of_each(&door.sectors));
            (code.to_string(), format!("{name} – {sectors}"))
        });
        let door = device.map_or("", |device| device.door.as_str());
        let languages = std::iter::once(("site", t.of_site)).chain(LANGUAGES);
        let language = device.and_then(|device| device.language);
        let language = language.map_or("site", Language::as_str);
        let direction = settings.direction.as_str();
        let directions = vec![("entry", t.entry), ("exit", t.exit)];
        let choice = |field, label, is: bool| {
            let is = if is { "yes" } else { "no" };
            Input::choice(field, label, is, vec![("yes", t.yes), ("no", t.no)])
        };
        vec![
            Input::text("name", t.name, name.unwrap_or_default()).hint(t.name_hint),
            Input::choice("door", t.door, door, doors.collect()).with_choose(frame.t.choose),
            Input::choice("language", t.language, language, languages.collect()),
            Input::choice("direction", t.direction, direction, directions),
            choice("switch", t.switch, settings.may_switch_direction),
            choice("forced", t.forced, settings.forced_entry),
            choice("several", t.several, settings.several_persons),
            choice("desk", t.desk, settings.help_desk),
            choice("sound", t.sound, settings.sound),
        ]
    }

    /// A field that is missing says what is usual.
    fn read(fields: &mut Fields<'_>, site: &Site, _: Deed<'_, DeviceCode>) -> Option<Self> {
        let door = fields.text("door").parse().ok();
        let door = door.filter(|code: &DoorCode| site.doors.contains_key(code));
        let wrong = Texts::of(fields.language).choose_one;
        let name = fields.some_name("name", NAME_LIMIT_CHARS);
        let door = fields.found("door", door, wrong)?;
        let usual = DeviceSettings::default();
        let yes = |field: &str, usual: bool| match fields.text(field) {
            "yes" => true,
            "no" => false,
            _ => usual,
        };
        Some(Self {
            name,
            door,
            language: fields.text("language").parse().ok(),
            settings: DeviceSettings {
                direction: fields.text("direction").parse().unwrap_or(usual.direction),
                may_switch_direction: yes("switch", usual.may_switch_direction),
                forced_entry: yes("forced", usual.forced_entry),
                several_persons: yes("several", usual.several_persons),
                help_desk: yes("desk", usual.help_desk),
                sound: yes("sound", usual.sound),
            },
        })
    }

    fn add(&self, tx: &mut Tx<'_>, code: &DeviceCode) -> Done<Vec<Change>> {
        save_device(tx, code, self, Wanted::New)?;
        Ok(vec![added::<Self>(code, json!(self))])
    }

    fn rename(tx: &mut Tx<'_>, from: &DeviceCode, to: &DeviceCode) -> Done<()> {
        rename_device(tx, from, to)
    }

    fn change(&self, tx: &mut Tx<'_>, code: &DeviceCode) -> Done<(Value, Value)> {
        Ok((
            json!(save_device(tx, code, self, Wanted::Known)?),
            json!(self),
        ))
    }

    fn remove(tx: &mut Tx<'_>, code: &DeviceCode, now: Timestamp) -> Done<Value> {
        Ok(json!(remove_device(tx, code, now)?))
    }

    fn after(code: &DeviceCode) -> String {
        access::DEVICE.of(code)
    }

    async fn page(visit: Visit, code: DeviceCode) -> Answer {
        enrolment::one(visit, code).await
    }
}
