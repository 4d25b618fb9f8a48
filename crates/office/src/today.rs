//! The start page: how the day goes, in one sentence, a few numbers, and what
//! is known of each device. It keeps itself up to date where there is
//! JavaScript; elsewhere a link loads it again.

mod causes;
mod facts;
mod live;
#[cfg(test)]
pub(crate) mod sample;
mod verdict;

pub(crate) use live::watch;

use super::day::{Facts, GateFacts};
use super::format::hour;
use super::plot::{Bar, Plot};
use crate::page::*;
use crate::stopped;
use gate::records::attendance::Admitted;
use gate::{PartnerFailure, WhenSilent};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use verdict::Concern;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    live: "en direct", "live";
    lost: "reconnexion…", "reconnecting…";
    well: "Tout va bien.", "All is well.";
    not_set_up: "La mise en service n’est pas terminée : aucune carte n’est contrôlée. Continuez-la.",
        "The set-up is not complete: no card is checked. Continue it.";
    why_silent: "Otipass ne répond pas. Si cela dure, appelez-le.", "Otipass does not answer. If it lasts, call them.";
    why_unreachable: "Otipass est injoignable. Vérifiez l’adresse, le réseau et le pare-feu.",
        "Otipass cannot be reached. Look at the address, the network and the firewall.";
    why_proxy: "Le proxy refuse de mener à Otipass. Laissez-y passer cet hôte.",
        "The proxy refuses the way to Otipass. Have this host let through there.";
    why_credentials: "Otipass refuse le nom d’utilisateur et le mot de passe, ou la clé d’API (HTTP {status}). Entrez ceux qu’Otipass a donnés pour ce projet.",
        "Otipass refuses the user name and password, or the API key (HTTP {status}). Enter those that Otipass gave for this project.";
    why_status: "Otipass répond par une erreur (HTTP {status}). Vérifiez l’adresse et le projet ; si cela dure, appelez Otipass.",
        "Otipass answers with an error (HTTP {status}). Look at the address and the project; if it lasts, call Otipass.";
    why_not_understood: "Otipass répond autre chose que ce qui est attendu. L’adresse est peut-être celle d’un autre service.",
        "Otipass answers something else than expected. The address may be another service’s.";
    silent_admit: "Les visiteurs entrent sans vérification, et les entrées lui seront déclarées.",
        "Visitors come in unverified, and the entries will be declared to it.";
    silent_refuse: "Les visiteurs sont refusés ; les agents peuvent laisser entrer avec une note.",
        "Visitors are refused; agents may let people in with a note.";
    partner_fails: "La plupart des demandes échouent.", "Most questions fail.";
    unresolved: "Contrôles qui attendent leur décision : {n}. Otipass ne répond sans doute pas ; ils sont repris d’eux-mêmes.",
        "Checks that wait for their decision: {n}. Otipass is probably silent; they are taken up by themselves.";
    node_silent: "Le service de {device} ne donne plus de nouvelles depuis {wait} et n’a pas été arrêté ; les autres continuent. Regardez sa machine, et redémarrez-le.",
        "The service at {device} has not been heard of for {wait} and was not stopped; the others go on. Look at its machine, and start it again.";
    device_silent: "{device} ne donne plus de nouvelles depuis {wait}. Vérifiez qu’il est allumé et qu’il a du réseau.",
        "{device} has not been heard of for {wait}. See whether it is switched on and has network.";
    device_keeps: "{device} garde des contrôles qu’il n’a pas envoyés : {n}. Ramenez-le sous le réseau et laissez-le allumé.",
        "{device} keeps checks that it has not sent: {n}. Bring it back to the network and leave it on.";
    device_offline: "{device} décide hors ligne. Vérifiez son réseau.",
        "{device} decides offline. Look at its network.";
    device_clock: "L’horloge de {device} est décalée de {off}. Réglez-la sur l’heure automatique.",
        "The clock of {device} is off by {off}. Set it to automatic time.";
    device_battery: "{device} n’a plus que {n} % de batterie. Mettez-le en charge.",
        "{device} has only {n}% of battery left. Charge it.";
    more_devices: "Autres remarques sur des appareils : {n}. Voyez le tableau des appareils, plus bas.",
        "More remarks on devices: {n}. See the table of devices below.";
    refused_there: "Entrées que la billetterie a refusées : {n}.", "Entries that ticketing has refused: {n}.";
    held: "Entrées qui ne peuvent pas être vendues : {n}.",
        "Entries that cannot be sold: {n}.";
    lies_aside: "Entrées mises de côté, que personne n’a réglées : {n}.", "Entries that lie aside and nobody has settled: {n}.";
    late: "{n} codes attendent de partir à la billetterie. Si le nombre monte encore, regardez si elle répond.",
        "{n} barcodes wait to go to ticketing. If the number keeps growing, look whether it answers.";
    undeclared: "{n} entrées restent à déclarer à Otipass. Si le nombre monte encore, regardez s’il répond.",
        "{n} entries have yet to be declared to Otipass. If the number keeps growing, look whether it answers.";
    unnamed_proxy: "Un proxy, {address}, transmet les demandes sans être nommé : tout le monde semble venir de lui, et les fautes de l’un font attendre les autres. Écrivez proxies = [\"{address}\"] sous [office] dans la configuration, puis redémarrez le service.",
        "A proxy, {address}, forwards requests and is not named: everybody seems to come from it, and one person’s mistakes make the others wait. Write proxies = [\"{address}\"] under [office] in the configuration, and restart the service.";
    backup_never: "Le service n’a pas encore pris de sauvegarde. Le journal du service dit pourquoi.",
        "The service has taken no backup yet. Its log says why.";
    backup_late: "La dernière sauvegarde date du {at}. Le journal du service dit pourquoi il n’y en a pas eu depuis.",
        "The last backup was taken at {at}. The service’s log says why there was none since.";
    disk: "Le disque de {folder} se remplit : il reste {n} Mo. Faites-y de la place, ou déplacez ce dossier.",
        "The disk of {folder} is filling: {n} MB are left. Make room on it, or move that folder.";
    certificate: "Le certificat du service est valable jusqu’au {at} : après, aucun appareil ne lui parle. Renouvelez-le.",
        "The service’s certificate is valid until {at}: after that, no device talks to it. Renew it.";
    notices_mail: "Depuis le {at}, aucun avis ne part par courrier. « passerelle notices test » dit pourquoi.",
        "Since {at}, no notice has got out by mail. “passerelle notices test” says why.";
    notices_webhook: "Depuis le {at}, aucun avis ne part par webhook. « passerelle notices test » dit pourquoi.",
        "Since {at}, no notice has got out by webhook. “passerelle notices test” says why.";
    week_note: "environ {n} il y a une semaine à {time}", "about {n} a week ago at {time}";
    refused: "Refus", "Refused";
    sold: "Vendu", "Sold";
    otipass: "Otipass", "Otipass";
    answers: "répond", "answers";
    answers_note: "médiane {median} ms, 95 % sous {p95} ms, échecs en 15 min : {failed}",
        "median {median} ms, 95% within {p95} ms, failed in 15 min: {failed}";
    not_asked: "pas interrogé", "not asked";
    not_asked_note: "il ne répond pas ; il est essayé de nouveau toutes les quelques secondes",
        "it does not answer; it is tried again every few seconds";
    no_answer_yet: "pas encore interrogé", "not asked yet";
    to_otipass: "À déclarer à Otipass", "To be declared to Otipass";
    ready: "Prêtes à vendre", "Ready to be sold";
    waiting: "En attente d’un remède", "Held, waiting for a cure";
    by_hour: "Entrées par heure", "Admitted by hour";
    by_sector_hour: "Par secteur et par heure", "By sector and hour";
    behind: "En coulisses", "Behind the scenes";
    last_week: "Même jour, semaine dernière", "Same day last week";
    small: "En petit : le même jour de la semaine dernière.", "In small: the same day last week.";
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
    clock: "Horloge", "Clock";
    silent: "muet", "silent";
    resting: "pas vu aujourd’hui", "not seen today";
    not_enrolled: "non enrôlé", "not enrolled";
});

/// How many hours there is room for at least: one alone is no wall.
const FEWEST_HOURS: u8 = 10;
/// Devices in the table; all of a city's would make the page heavy, and it is
/// sent anew with each change.
const DEVICES: usize = 100;
/// Concerns of single devices in words: if there are more, they have one cause.
const DEVICE_CONCERNS: usize = 10;

/// What changes while one watches.
#[derive(Template)]
#[template(path = "today_parts.html")]
struct Parts<'a> {
    facts: &'a Facts,
    formats: Formats,
    /// What is not well, in words, and the page that says more.
    concerns: Vec<(String, Option<Address>)>,
    hours: Vec<u8>,
    /// Visitors by hour, beside those of a week ago.
    plot: Option<Plot>,
    /// A sector: the total, then each hour; now, and a week ago.
    rows: Vec<(String, Vec<(i64, i64)>)>,
    /// The decisions by outcome, the most frequent first.
    outcomes: Vec<(Decision, i64)>,
    /// The first [`DEVICES`] by code, those with a trouble first.
    devices: Vec<&'a DeviceState>,
    /// Said where not all devices are shown.
    some_devices: Option<String>,
    sees_devices: bool,
}

impl HtmlSafe for Parts<'_> {}

#[derive(Template)]
#[template(path = "today.html")]
struct Page<'a> {
    parts: Parts<'a>,
    frame: Frame,
}

impl<'a> Page<'a> {
    fn new(frame: Frame, facts: &'a Facts) -> Self {
        Self {
            parts: Parts::new(&frame, facts),
            frame,
        }
    }
}

impl<'a> Parts<'a> {
    fn new(frame: &Frame, facts: &'a Facts) -> Self {
        let formats = &frame.formats;
        let t = Texts::of(formats.language);
        let mut concerns = worries(t, formats, facts);
        for (_, page) in &mut concerns {
            *page = page.filter(|page| frame.may_look(*page));
        }
        let gate = facts.gate.as_ref();
        let outcomes = gate.into_iter().flat_map(|gate| &gate.outcomes);
        let outcomes = outcomes.filter_map(|(outcome, n)| Some((outcome.parse().ok()?, *n)));
        let mut outcomes: Vec<_> = outcomes.collect();
        outcomes.sort_by_key(|(_, n)| Reverse(*n));
        let mut devices: Vec<_> = gate.into_iter().flat_map(|gate| &gate.devices).collect();
        let mut some_devices = None;
        if devices.len() > DEVICES {
            let (shown, all) = (formats.count(DEVICES), formats.count(devices.len()));
            some_devices = Some(fill(t.some_devices, &[("shown", &shown), ("all", &all)]));
            devices.sort_by_key(|device| !verdict::is_troubled(device, facts.at, &formats.zone));
            devices.truncate(DEVICES);
        }
        let mut parts = Self {
            facts,
            formats: formats.clone(),
            concerns,
            hours: Vec::new(),
            plot: None,
            rows: Vec::new(),
            outcomes,
            devices,
            some_devices,
            sees_devices: frame.may_look(access::DEVICES),
        };
        if let Some(gate) = gate {
            parts.plot(gate);
        }
        parts
    }

    /// How many came, and about how many had come a week ago by this time: what is
    /// stored is whole hours.
    fn came(&self, gate: &GateFacts) -> (i64, i64) {
        let (now, minute, _) = self.formats.zone.time_of_day(self.facts.at);
        let week = |wanted: &dyn Fn(u8) -> bool| sum(&gate.last_week, &|_, hour| wanted(hour));
        let by_now = week(&|hour| hour < now) + week(&|hour| hour == now) * i64::from(minute) / 60;
        (sum(&gate.admitted, &|_, _| true), by_now)
    }

    /// Milliseconds, if they are known.
    fn ms(&self, ms: &Option<u64>) -> String {
        ms.map_or_else(|| "–".to_owned(), |ms| self.formats.count(ms))
    }

    /// The plot and its table: all hours from the first to the last with a
    /// visitor, today or a week ago.
    fn plot(&mut self, gate: &GateFacts) {
        let t = Texts::of(self.formats.language);
        let both = [&gate.admitted, gate.last_week.as_ref()];
        let hours = || {
            both.into_iter()
                .flat_map(|of| of.values().flat_map(|hours| hours.keys()))
        };
        let (Some(&first), Some(&last)) = (hours().min(), hours().max()) else {
            return;
        };
        self.hours = (first..=last).collect();
        let of_hours =
            |wanted: &dyn Fn(&str, u8) -> bool| (sum(both[0], wanted), sum(both[1], wanted));
        let by_hour = self.hours.iter().map(|hour| of_hours(&|_, h| h == *hour));
        let by_hour: Vec<_> = by_hour.collect();
        let formats = &self.formats;
        let empty = (last + 1..).take(usize::from(FEWEST_HOURS.saturating_sub(last - first + 1)));
        let drawn = self
            .hours
            .iter()
            .copied()
            .chain(empty.filter(|hour| *hour < 24));
        let drawn = drawn.enumerate().map(|(place, hour)| {
            let (now, past) = by_hour.get(place).copied().unwrap_or_default();
            let bar = |value| Bar {
                label: self::hour(hour),
                value,
                shown: formats.number(value),
            };
            (bar(now), bar(past))
        });
        let drawn: Vec<_> = drawn.collect();
        let scale = |value| formats.number(value);
        self.plot = Some(Plot::pairs("by-hour", t.by_hour, t.most, &drawn, &scale));
        let sectors: BTreeSet<_> = both.into_iter().flat_map(|of| of.keys()).collect();
        let row = |sector: &SectorCode| {
            let of = |hour: Option<u8>| {
                of_hours(&|s, h| s == sector.as_str() && hour.is_none_or(|hour| hour == h))
            };
            let hours = self.hours.iter().map(|hour| of(Some(*hour)));
            let cells = std::iter::once(of(None)).chain(hours).collect();
            (self.facts.names.sectors.short(sector), cells)
        };
        self.rows = sectors.iter().map(|sector| row(sector)).collect();
        if self.rows.len() > 1 {
            let cells = std::iter::once(of_hours(&|_, _| true))
                .chain(by_hour)
                .collect();
            self.rows.insert(0, (t.all.to_owned(), cells));
        }
    }

    /// How a device is doing: a class, and a word.
    fn mode(&self, device: &DeviceState) -> (&'static str, &'static str) {
        let (t, zone) = (Texts::of(self.formats.language), &self.formats.zone);
        if device.tokens == 0 {
            ("", t.not_enrolled)
        } else if !verdict::is_at_work(device, self.facts.at, zone) {
            ("", t.resting)
        } else if verdict::is_silent(device, self.facts.at, zone) {
            ("bad", t.silent)
        } else if device.mode == Some(Mode::Offline) {
            ("bad", t.offline)
        } else {
            ("good", t.online)
        }
    }

    /// A moment: of today its time alone.
    fn moment(&self, at: Timestamp) -> String {
        let zone = &self.formats.zone;
        if zone.business_day(at) == zone.business_day(self.facts.at) {
            self.formats.time(at)
        } else {
            self.formats.moment(at)
        }
    }
}

/// How many of those counted are wanted, by sector and hour.
fn sum(admitted: &Admitted, wanted: &dyn Fn(&str, u8) -> bool) -> i64 {
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

/// The concerns in words, the worst first; of single devices at most
/// [`DEVICE_CONCERNS`].
fn worries(t: &Texts, formats: &Formats, facts: &Facts) -> Vec<(String, Option<Address>)> {
    let (mut worries, mut of_devices) = (Vec::new(), 0);
    for concern in &verdict::concerns(facts, &formats.zone) {
        let (_, _, page) = concern.kind();
        of_devices += usize::from(concern.device().is_some());
        if concern.device().is_none() || of_devices <= DEVICE_CONCERNS {
            worries.push((words(t, formats, &facts.names, concern), page));
        }
    }
    if of_devices > DEVICE_CONCERNS {
        let more = formats.count(of_devices - DEVICE_CONCERNS);
        worries.push((fill(t.more_devices, &[("n", &more)]), None));
    }
    worries
}

/// A concern in words, with what to do.
fn words(t: &Texts, formats: &Formats, names: &SiteNames, concern: &Concern) -> String {
    let of_place = |text: &str, place: &str, n: i64| {
        let (number, wait) = (formats.number(n), formats.wait(n.saturating_abs()));
        fill(text, &[("device", &place), ("n", &number), ("wait", &wait)])
    };
    let of_device = |text, device: &str, n| of_place(text, &names.devices.of(device), n);
    let number = |text: &str, n: &i64| of_place(text, "", *n);
    let at = |text: &str, at: Timestamp| fill(text, &[("at", &formats.moment(at))]);
    match concern {
        Concern::NotSetUp => t.not_set_up.to_owned(),
        Concern::PartnerSilent(WhenSilent::Admit, failure) => why(t, *failure, t.silent_admit),
        Concern::PartnerSilent(WhenSilent::Refuse, failure) => why(t, *failure, t.silent_refuse),
        Concern::PartnerFails(failure) => why(t, *failure, t.partner_fails),
        Concern::NodeSilent { place, ms } => of_place(t.node_silent, place, *ms),
        Concern::Unresolved(n) => number(t.unresolved, n),
        Concern::Silent { device, ms } => of_device(t.device_silent, device, *ms),
        Concern::Keeps { device, checks } => of_device(t.device_keeps, device, *checks),
        Concern::Stopped(stopped) => stopped::sentence(stopped, formats).unwrap_or_default(),
        Concern::Refused(n) => number(t.refused_there, n),
        Concern::Held(n) => number(t.held, n),
        Concern::Aside(n) => number(t.lies_aside, n),
        Concern::Late(n) => number(t.late, n),
        Concern::UnnamedProxy(address) => fill(t.unnamed_proxy, &[("address", address)]),
        Concern::Undeclared(n) => number(t.undeclared, n),
        Concern::BackupLate(None) => t.backup_never.to_owned(),
        Concern::BackupLate(Some(last)) => at(t.backup_late, *last),
        Concern::CertificateEnds(ends) => at(t.certificate, *ends),
        Concern::NoticesFail { way, since } if way == "mail" => at(t.notices_mail, *since),
        Concern::NoticesFail { since, .. } => at(t.notices_webhook, *since),
        Concern::DiskFilling { folder, left_mb } => {
            let left = formats.number(left_mb);
            fill(t.disk, &[("folder", folder), ("n", &left)])
        }
        Concern::Offline { device } => of_device(t.device_offline, device, 0),
        Concern::Clock { device, ms } => {
            let (device, off) = (names.devices.of(device), formats.clock(*ms));
            fill(t.device_clock, &[("device", &device), ("off", &off)])
        }
        Concern::Battery { device, percent } => of_device(t.device_battery, device, *percent),
    }
}

/// Why Otipass gives no answer, what to do, and what comes of it.
fn why(t: &Texts, failure: Option<PartnerFailure>, what: &str) -> String {
    let status = |text: &str, status: u16| fill(text, &[("status", &status)]);
    let why = match failure {
        None | Some(PartnerFailure::Silent) => t.why_silent.to_owned(),
        Some(PartnerFailure::Unreachable) => t.why_unreachable.to_owned(),
        Some(PartnerFailure::ProxyRefused) => t.why_proxy.to_owned(),
        Some(PartnerFailure::CredentialsRefused { status: n }) => status(t.why_credentials, n),
        Some(PartnerFailure::HttpStatus { status: n }) => status(t.why_status, n),
        Some(PartnerFailure::NotUnderstood) => t.why_not_understood.to_owned(),
    };
    format!("{why} {what}")
}

pub(crate) async fn lead(visit: Visit) -> Answer {
    Ok(visit.go(access::TODAY))
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let facts = visit.office.day.facts().await?;
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
    fn last_week_is_told_up_to_the_same_time_of_the_day() {
        // 2 × 41 × (10 + 9 + 8 + 7 + 6) until 14:00, and a twelfth of the 410 until 15:00.
        let facts = sample::calm();
        let parts = Parts::new(&english(), &facts);
        assert_eq!(parts.came(facts.gate.as_ref().unwrap()).1, 3_280 + 34);
        let page = parts.render().unwrap();
        assert!(page.contains("about 3,314 a week ago at 14:05"), "{page}");
    }

    #[test]
    fn a_clock_that_is_off_is_told_in_one_form() {
        let page = Parts::new(&english(), &sample::troubled())
            .render()
            .unwrap();
        assert_eq!(page.matches("is off by +75\u{a0}s").count(), 2);
        assert!(page.contains(">+75\u{a0}s</td>"));
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
        assert_eq!(parts.devices[0].device.as_str(), troubled);
        assert_eq!(parts.devices[1].device.as_str(), "PDA000");
        assert_eq!(parts.concerns.len(), 1);
        let said = parts.some_devices.unwrap();
        assert!(
            said.starts_with(&format!("{DEVICES} of {all} devices")),
            "{said}"
        );
    }

    #[test]
    fn a_failing_otipass_is_told_with_its_cause_in_the_readers_language() {
        let mut facts = sample::calm();
        let partner = &mut facts.gate.as_mut().unwrap().partner;
        partner.spared = true;
        partner.why = Some(PartnerFailure::CredentialsRefused { status: 401 });
        for (language, said) in [
            (Language::En, "refuses the user name and password"),
            (
                Language::Fr,
                "refuse le nom d’utilisateur et le mot de passe",
            ),
        ] {
            for (role, page) in [
                (Role::Administrator, Some(access::CONNECTION)),
                (Role::GateManager, None),
            ] {
                let frame = Frame::sample(language, Some(role));
                let parts = Parts::new(&frame, &facts);
                let (text, leads) = &parts.concerns[0];
                assert!(text.contains(said) && text.contains("HTTP 401"), "{text}");
                assert_eq!(*leads, page);
            }
        }
    }

    #[test]
    fn of_many_troubles_of_devices_the_first_are_in_words_and_the_others_counted() {
        let facts = sample::crowded();
        let all = facts.gate.as_ref().unwrap().devices.len();
        let parts = Parts::new(&english(), &facts);
        assert_eq!(parts.concerns.len(), DEVICE_CONCERNS + 1);
        let last = &parts.concerns[DEVICE_CONCERNS].0;
        let more = format!("More remarks on devices: {}.", all - DEVICE_CONCERNS);
        assert!(last.starts_with(&more), "{last}");
        assert!(
            Parts::new(&english(), &sample::calm())
                .some_devices
                .is_none()
        );
    }
}
