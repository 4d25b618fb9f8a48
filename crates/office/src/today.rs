//! The start page: how the day goes, in one sentence, a few numbers, and what
//! is known of each device. It keeps itself up to date where there is
//! JavaScript; elsewhere a link loads it again.

mod facts;
mod live;
#[cfg(test)]
pub(crate) mod sample;
mod verdict;

pub(crate) use live::watch;

use super::day::{Facts, GateFacts};
use super::{assets, format::Formats, outcome};
use crate::page::{Address, Answer, Frame, Template, Visit, access, fill};
use askama::filters::HtmlSafe;
use gate::records::attendance::Admitted;
use gate::{Decision, DeviceState, Mode, WhenSilent};
use kernel::Timestamp;
use std::cmp::Reverse;
use verdict::Concern;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    live: "en direct", "live";
    lost: "reconnexion…", "reconnecting…";
    well: "Tout va bien.", "All is well.";
    not_set_up: "La mise en service n’est pas terminée : aucune carte n’est contrôlée. Continuez-la.",
        "The set-up is not complete: no card is checked. Continue it.";
    silent_admit: "Otipass ne répond pas : les visiteurs entrent sans vérification et les entrées lui seront déclarées. Si cela dure, appelez Otipass.",
        "Otipass does not answer: visitors come in unverified, and the entries will be declared to it. If it lasts, call Otipass.";
    silent_refuse: "Otipass ne répond pas et les visiteurs sont refusés. Appelez Otipass ; les agents peuvent laisser entrer avec une note.",
        "Otipass does not answer, and visitors are refused. Call Otipass; agents may let people in with a note.";
    partner_fails: "La plupart des demandes à Otipass échouent. Regardez les dernières erreurs, puis appelez Otipass.",
        "Most questions to Otipass fail. Look at the recent errors, then call Otipass.";
    unresolved: "Contrôles qui attendent leur décision : {n}. Otipass ne répond sans doute pas ; ils sont repris d’eux-mêmes.",
        "Checks that wait for their decision: {n}. Otipass is probably silent; they are taken up by themselves.";
    device_silent: "{device} ne donne plus de nouvelles depuis {wait}. Vérifiez qu’il est allumé et qu’il a du réseau.",
        "{device} has not been heard of for {wait}. See whether it is switched on and has network.";
    device_keeps: "{device} garde des contrôles qu’il n’a pas envoyés : {n}. Ramenez-le sous le réseau et laissez-le allumé.",
        "{device} keeps checks that it has not sent: {n}. Bring it back to the network and leave it on.";
    device_offline: "{device} décide hors ligne. Vérifiez son réseau.",
        "{device} decides offline. Look at its network.";
    device_clock: "L’horloge de {device} est décalée de {wait}. Réglez-la sur l’heure automatique.",
        "The clock of {device} is off by {wait}. Set it to automatic time.";
    device_battery: "{device} n’a plus que {n} % de batterie. Mettez-le en charge.",
        "{device} has only {n}% of battery left. Charge it.";
    more_devices: "Autres remarques sur des appareils : {n}. Voyez le tableau des appareils, plus bas.",
        "More remarks on devices: {n}. See the table of devices below.";
    held: "Entrées qui ne peuvent pas être vendues : {n}.",
        "Entries that cannot be sold: {n}.";
    see: "Voir pourquoi, et que faire", "See why, and what to do";
    late: "{n} codes attendent de partir à la billetterie. Si le nombre monte encore, regardez si elle répond.",
        "{n} barcodes wait to go to ticketing. If the number keeps growing, look whether it answers.";
    undeclared: "{n} entrées restent à déclarer à Otipass. Si le nombre monte encore, regardez s’il répond.",
        "{n} entries have yet to be declared to Otipass. If the number keeps growing, look whether it answers.";
    week_note: "{n} il y a une semaine, à {hour} h 59", "{n} a week ago, by {hour}:59";
    refused: "Refus", "Refused";
    sold: "Vendu", "Sold";
    partner: "Otipass, réponse médiane", "Otipass, median answer";
    partner_note: "95 % sous {p95} ms · échecs en 15 min : {failed}",
        "95% within {p95} ms · failed in 15 min: {failed}";
    breaker: "Otipass, disjoncteur", "Otipass, breaker";
    open: "ouvert", "open";
    closed: "fermé", "closed";
    open_note: "Otipass n’est pas interrogé", "Otipass is not asked";
    closed_note: "Otipass est interrogé", "Otipass is asked";
    ms: "{n} ms", "{n} ms";
    to_otipass: "À déclarer à Otipass", "To be declared to Otipass";
    ready: "Prêtes à vendre", "Ready to be sold";
    waiting: "En attente d’un remède", "Held, waiting for a cure";
    by_sector: "Entrées par secteur et par heure", "Admitted by sector and hour";
    last_week: "Même jour, semaine dernière", "Same day last week";
    small: "En petit : le même jour de la semaine dernière.", "In small: the same day last week.";
    hour: "{n} h", "{n}:00";
    none_yet: "Personne n’est encore entré, ni aujourd’hui ni il y a une semaine.",
        "Nobody has come in, neither today nor a week ago.";
    by_outcome: "Décisions", "Decisions";
    no_check: "Aucun contrôle encore aujourd’hui.", "No check yet today.";
    no_device: "Aucun appareil n’est déclaré.", "There are no devices.";
    some_devices: "{shown} appareils sur {all}, ceux qui ont un souci d’abord.",
        "{shown} of {all} devices, those with a trouble first.";
    all_devices: "Voir tous les appareils", "See all devices";
    unsent: "Non envoyés", "Unsent";
    since: "depuis {time}", "since {time}";
    percent: "{n} %", "{n}%";
    clock: "Horloge", "Clock";
    silent: "muet", "silent";
    resting: "pas vu aujourd’hui", "not seen today";
    not_enrolled: "non enrôlé", "not enrolled";
});

/// The height of the plot, in its own units.
const PLOT: i64 = 100;
/// The width of an hour in it.
const HOUR: i64 = 40;
/// How many hours there is room for at least: one alone is no wall.
const FEWEST_HOURS: i64 = 10;
/// Devices in the table; all of a city's would make the page heavy, and it is
/// sent anew with each change.
const DEVICES: usize = 100;
/// Concerns of single devices in words: if there are more, they have one cause.
const DEVICE_CONCERNS: usize = 10;

struct Tile {
    label: &'static str,
    number: String,
    note: String,
}

/// What is not well, in words, and the page that says more.
struct Worry {
    text: String,
    place: Option<Address>,
}

/// An hour of the plot: now, and a week ago.
struct Bar {
    x: i64,
    now_y: i64,
    now_height: i64,
    past_y: i64,
    past_height: i64,
}

/// A sector of the table: the total, then each hour; now, and a week ago.
struct Row {
    sector: String,
    cells: Vec<(String, String)>,
}

struct DeviceLine {
    code: String,
    door: String,
    mode: &'static str,
    class: &'static str,
    seen: String,
    unsent: String,
    oldest: String,
    battery: String,
    battery_low: bool,
    clock: String,
    clock_off: bool,
}

/// What changes while one watches.
#[derive(Template)]
#[template(path = "today_parts.html")]
struct Parts {
    t: &'static Texts,
    concerns: Vec<Worry>,
    tiles: Vec<Tile>,
    has_gate: bool,
    hours: Vec<String>,
    width: i64,
    bars: Vec<Bar>,
    rows: Vec<Row>,
    outcomes: Vec<(&'static str, String)>,
    devices: Vec<DeviceLine>,
    /// Said where not all devices are shown.
    some_devices: Option<String>,
    sees_devices: bool,
}

impl HtmlSafe for Parts {}

#[derive(Template)]
#[template(path = "today.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    script: &'static str,
    day: String,
    parts: Parts,
}

impl Page {
    fn new(frame: Frame, facts: &Facts) -> Self {
        Self {
            t: Texts::of(frame.formats.language),
            script: assets::day_script(),
            day: frame.formats.day(facts.day),
            parts: Parts::new(&frame, facts),
            frame,
        }
    }
}

impl Parts {
    fn new(frame: &Frame, facts: &Facts) -> Self {
        let formats = &frame.formats;
        let t = Texts::of(formats.language);
        let mut parts = Self {
            t,
            concerns: worries(t, formats, &verdict::concerns(facts, &formats.zone)),
            tiles: Vec::new(),
            has_gate: facts.gate.is_some(),
            hours: Vec::new(),
            width: 0,
            bars: Vec::new(),
            rows: Vec::new(),
            outcomes: Vec::new(),
            devices: Vec::new(),
            some_devices: None,
            sees_devices: frame.may_look(access::DEVICES),
        };
        let mut tiles = Vec::new();
        let mut tile = |label, number, note| {
            tiles.push(Tile {
                label,
                number,
                note,
            });
        };
        if let Some(gate) = &facts.gate {
            parts.plot(gate, formats);
            parts.outcomes = outcomes(gate, formats);
            parts.devices = devices(t, gate, formats, facts.at);
            let (shown, all) = (parts.devices.len(), gate.devices.len());
            parts.some_devices = (shown < all).then(|| {
                let (shown, all) = (formats.count(shown), formats.count(all));
                fill(t.some_devices, &[("shown", &shown), ("all", &all)])
            });
            let until = |admitted: &Admitted, hour| sum(admitted, |_, h| h <= hour);
            let week = formats.number(until(&gate.last_week, facts.hour));
            let hour = facts.hour.to_string();
            let note = fill(t.week_note, &[("n", &week), ("hour", &hour)]);
            tile(
                t.admitted,
                formats.number(sum(&gate.admitted, |_, _| true)),
                note,
            );
            tile(t.refused, formats.number(refused(gate)), String::new());
        }
        if let Some(sales) = &facts.sales {
            tile(t.sold, formats.money(sales.sold), String::new());
        }
        if let Some(gate) = &facts.gate {
            let partner = &gate.partner;
            let ms = |ms: Option<u64>| {
                ms.and_then(|ms| i64::try_from(ms).ok())
                    .map_or_else(|| "–".to_owned(), |ms| formats.number(ms))
            };
            let note = [
                ("p95", ms(partner.p95_ms)),
                ("failed", partner.failed.to_string()),
            ];
            let note = note.each_ref().map(|(name, value)| (*name, value.as_str()));
            tile(
                t.partner,
                fill(t.ms, &[("n", &ms(partner.median_ms))]),
                fill(t.partner_note, &note),
            );
            let (word, note) = if partner.spared {
                (t.open, t.open_note)
            } else {
                (t.closed, t.closed_note)
            };
            tile(t.breaker, word.to_owned(), note.to_owned());
            let waiting = &gate.waiting;
            let deliveries = waiting.deliveries + waiting.cancellations;
            tile(t.to_ticketing, formats.number(deliveries), String::new());
            let declarations = waiting.declarations + waiting.give_backs;
            tile(t.to_otipass, formats.number(declarations), String::new());
        }
        if let Some(sales) = &facts.sales {
            tile(t.ready, formats.number(sales.ready), String::new());
            tile(t.waiting, formats.number(sales.held), String::new());
        }
        parts.tiles = tiles;
        parts
    }

    /// The plot and its table: all hours from the first to the last with a
    /// visitor, today or a week ago.
    fn plot(&mut self, gate: &GateFacts, formats: &Formats) {
        let hours = || {
            let both = [&gate.admitted, gate.last_week.as_ref()];
            both.into_iter()
                .flat_map(|admitted| admitted.values().flat_map(|hours| hours.keys().copied()))
        };
        let (Some(first), Some(last)) = (hours().min(), hours().max()) else {
            return;
        };
        let of_hour = |admitted: &Admitted, hour| sum(admitted, |_, h| h == hour);
        let most = (first..=last)
            .flat_map(|h| [of_hour(&gate.admitted, h), of_hour(&gate.last_week, h)])
            .max();
        let most = most.unwrap_or(1).max(1);
        let height = |n: i64| n * PLOT / most;
        let mut sectors: Vec<_> = gate.admitted.keys().chain(gate.last_week.keys()).collect();
        sectors.sort();
        sectors.dedup();
        let row = |sector: Option<&kernel::SectorCode>| {
            let cell = |wanted: Option<u8>| {
                let of = |admitted: &Admitted| {
                    let n = sum(admitted, |s, h| {
                        sector.is_none_or(|sector| sector.as_str() == s)
                            && wanted.is_none_or(|wanted| wanted == h)
                    });
                    formats.number(n)
                };
                (of(&gate.admitted), of(&gate.last_week))
            };
            Row {
                sector: sector.map_or_else(|| self.t.all.to_owned(), ToString::to_string),
                cells: std::iter::once(None)
                    .chain((first..=last).map(Some))
                    .map(cell)
                    .collect(),
            }
        };
        self.rows = sectors.iter().map(|sector| row(Some(sector))).collect();
        if self.rows.len() > 1 {
            self.rows.insert(0, row(None));
        }
        self.hours = (first..=last)
            .map(|hour| fill(self.t.hour, &[("n", &hour.to_string())]))
            .collect();
        self.bars = (first..=last)
            .map(|hour| {
                let now = height(of_hour(&gate.admitted, hour));
                let past = height(of_hour(&gate.last_week, hour));
                Bar {
                    x: i64::from(hour - first) * HOUR + 4,
                    now_y: PLOT - now,
                    now_height: now,
                    past_y: PLOT - past,
                    past_height: past,
                }
            })
            .collect();
        self.width = (i64::from(last - first) + 1).max(FEWEST_HOURS) * HOUR;
    }
}

/// How many of those counted are wanted, by sector and hour.
fn sum(admitted: &Admitted, wanted: impl Fn(&str, u8) -> bool) -> i64 {
    admitted
        .iter()
        .flat_map(|(sector, hours)| hours.iter().map(move |(hour, n)| (sector, *hour, n)))
        .filter(|(sector, hour, _)| wanted(sector.as_str(), *hour))
        .map(|(_, _, n)| n)
        .sum()
}

/// Checks that opened no door.
fn refused(gate: &GateFacts) -> i64 {
    let known = |outcome: &str| outcome.parse::<Decision>().ok();
    gate.outcomes
        .iter()
        .filter(|(outcome, _)| known(outcome).is_some_and(|decision| !decision.opens()))
        .map(|(_, checks)| checks)
        .sum()
}

/// The decisions by outcome, the most frequent first.
fn outcomes(gate: &GateFacts, formats: &Formats) -> Vec<(&'static str, String)> {
    let mut found: Vec<(Decision, i64)> = gate
        .outcomes
        .iter()
        .filter_map(|(outcome, n)| Some((outcome.parse().ok()?, *n)))
        .collect();
    found.sort_by_key(|(_, n)| Reverse(*n));
    found
        .into_iter()
        .map(|(decision, n)| (outcome::name(decision, formats.language), formats.number(n)))
        .collect()
}

/// The first [`DEVICES`] by code, those with a trouble first.
fn devices(
    t: &'static Texts,
    gate: &GateFacts,
    formats: &Formats,
    now: Timestamp,
) -> Vec<DeviceLine> {
    let line = |device: &DeviceState| {
        let zone = &formats.zone;
        let (class, mode) = if device.tokens == 0 {
            ("", t.not_enrolled)
        } else if !verdict::is_at_work(device, now, zone) {
            ("", t.resting)
        } else if verdict::is_silent(device, now, zone) {
            ("bad", t.silent)
        } else if device.mode == Some(Mode::Offline) {
            ("bad", t.offline)
        } else {
            ("good", t.online)
        };
        let moment = |at: Timestamp| {
            if zone.business_day(at) == zone.business_day(now) {
                formats.time(at)
            } else {
                formats.moment(at)
            }
        };
        let dash = || "–".to_owned();
        DeviceLine {
            code: device.device.to_string(),
            door: device.door.to_string(),
            mode,
            class,
            seen: device.seen_at.map_or_else(|| t.never.to_owned(), moment),
            unsent: device
                .unsent
                .map_or_else(dash, |n| formats.number(n.into())),
            oldest: device
                .oldest_unsent_at
                .map(|at| fill(t.since, &[("time", &moment(at))]))
                .unwrap_or_default(),
            battery: device.battery_percent.map_or_else(dash, |percent| {
                fill(t.percent, &[("n", &percent.to_string())])
            }),
            battery_low: verdict::is_battery_low(device),
            clock: device.clock_offset_ms.map_or_else(dash, |ms| {
                let sign = if ms > 0 { "+" } else { "" };
                format!("{sign}{} s", formats.number(ms / 1_000))
            }),
            clock_off: verdict::is_clock_off(device),
        }
    };
    let mut devices: Vec<&DeviceState> = gate.devices.iter().collect();
    if devices.len() > DEVICES {
        devices.sort_by_key(|device| !verdict::is_troubled(device, now, &formats.zone));
        devices.truncate(DEVICES);
    }
    devices.into_iter().map(line).collect()
}

/// The concerns in words, the worst first; of single devices at most
/// [`DEVICE_CONCERNS`].
fn worries(t: &Texts, formats: &Formats, concerns: &[Concern]) -> Vec<Worry> {
    let (mut worries, mut of_devices) = (Vec::new(), 0);
    for concern in concerns {
        if concern.is_of_device() {
            of_devices += 1;
            if of_devices > DEVICE_CONCERNS {
                continue;
            }
        }
        worries.push(Worry {
            text: words(t, formats, concern),
            place: place(concern),
        });
    }
    if of_devices > DEVICE_CONCERNS {
        let more = formats.count(of_devices - DEVICE_CONCERNS);
        worries.push(Worry {
            text: fill(t.more_devices, &[("n", &more)]),
            place: None,
        });
    }
    worries
}

/// A concern in words, with what to do.
fn words(t: &Texts, formats: &Formats, concern: &Concern) -> String {
    let number = |text: &str, n: i64| fill(text, &[("n", &formats.number(n))]);
    let waited = |text: &str, device: &str, ms: i64| {
        let wait = formats.wait(ms.saturating_abs());
        fill(text, &[("device", device), ("wait", &wait)])
    };
    let counted = |text: &str, device: &str, n: i64| {
        fill(text, &[("device", device), ("n", &formats.number(n))])
    };
    match concern {
        Concern::NotSetUp => t.not_set_up.to_owned(),
        Concern::PartnerSilent(WhenSilent::Admit) => t.silent_admit.to_owned(),
        Concern::PartnerSilent(WhenSilent::Refuse) => t.silent_refuse.to_owned(),
        Concern::PartnerFails => t.partner_fails.to_owned(),
        Concern::Unresolved(n) => number(t.unresolved, *n),
        Concern::Silent { device, ms } => waited(t.device_silent, device, *ms),
        Concern::Keeps { device, checks } => counted(t.device_keeps, device, *checks),
        Concern::Held(n) => number(t.held, *n),
        Concern::Late(n) => number(t.late, *n),
        Concern::Undeclared(n) => number(t.undeclared, *n),
        Concern::Offline { device } => fill(t.device_offline, &[("device", device)]),
        Concern::Clock { device, ms } => waited(t.device_clock, device, *ms),
        Concern::Battery { device, percent } => counted(t.device_battery, device, *percent),
    }
}

/// The page on which something can be done about it.
const fn place(concern: &Concern) -> Option<Address> {
    match concern {
        Concern::Held(_) | Concern::Late(_) | Concern::Undeclared(_) => Some(access::QUEUE),
        _ => None,
    }
}

pub(crate) async fn lead(visit: Visit) -> Answer {
    Ok(visit.go(access::TODAY))
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let facts = visit.office.day.facts(&visit.office).await?;
    visit.page(&Page::new(visit.frame(), &facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;
    use staff::Role;

    fn english() -> Frame {
        Frame::sample(Language::En, Some(Role::GateManager))
    }

    #[test]
    fn of_many_devices_those_with_a_trouble_come_first() {
        let mut facts = sample::crowded();
        let devices = &mut facts.gate.as_mut().unwrap().devices;
        let all = devices.len();
        assert!(all > DEVICES);
        for device in devices.iter_mut() {
            device.battery_percent = Some(80);
        }
        devices.last_mut().unwrap().battery_percent = Some(3);
        let troubled = devices.last().unwrap().device.to_string();

        let parts = Parts::new(&english(), &facts);
        assert_eq!(parts.devices.len(), DEVICES);
        assert_eq!(parts.devices[0].code, troubled);
        assert_eq!(parts.devices[1].code, "PDA000");
        assert_eq!(parts.concerns.len(), 1);
        let said = parts.some_devices.unwrap();
        assert!(
            said.starts_with(&format!("{DEVICES} of {all} devices")),
            "{said}"
        );
    }

    #[test]
    fn of_many_troubles_of_devices_the_first_are_in_words_and_the_others_counted() {
        let facts = sample::crowded();
        let all = facts.gate.as_ref().unwrap().devices.len();
        let parts = Parts::new(&english(), &facts);
        assert_eq!(parts.concerns.len(), DEVICE_CONCERNS + 1);
        let last = &parts.concerns[DEVICE_CONCERNS].text;
        let more = format!("More remarks on devices: {}.", all - DEVICE_CONCERNS);
        assert!(last.starts_with(&more), "{last}");
        assert!(
            Parts::new(&english(), &sample::calm())
                .some_devices
                .is_none()
        );
    }
}
