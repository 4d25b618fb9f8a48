//! How the turnstile stands: a line, a page, and JSON. No card numbers.

use crate::agent::{Mode, Passage};
use crate::journal::Finding;
use deviceapi::{Direction, OfflinePolicy};
use kernel::text::fill;
use kernel::{Language, Timestamp, escaped};
use serde::Serialize;
use std::fmt::{Display, Write};

kernel::texts!(Texts in Fr, En {
    not_known: "Le serveur ne connaît plus cet appareil : personne n’est admis. Enrôlez-le de nouveau : passerelle edge enrol. Le journal est gardé.",
        "The server does not know this device any more, so nobody is admitted. Enrol it again: passerelle edge enrol. The journal is kept.";
    never_reached: "Cet appareil n’a jamais atteint son serveur : personne n’est admis. Vérifiez l’adresse et la ligne.",
        "This device has never reached its server, so nobody is admitted. Check URL and line.";
    not_mapped: "Le serveur dit qu’aucun pass n’est accepté à cette porte. Lancez passerelle doctor sur le serveur.",
        "The server says that no pass is accepted at this door. Run passerelle doctor on the server.";
    cannot_remember: "La dernière décision n’a pas pu être écrite : le disque ou le journal est plein. Sans réseau, personne n’est admis. Faites de la place, ou rétablissez la ligne.",
        "The last decision could not be remembered: disk or journal are full. Without network nobody is admitted. Make room, or restore the line.";
    no_reserve: "Le journal n’a plus de réserve : le disque est plein. Faites de la place avant que le reste soit pris.",
        "The journal has no reserve: the disk is full. Make room before the rest is used up.";
    server_refused: "Le serveur a refusé {count} élément(s). Remettez {file} à qui s’occupe du serveur.",
        "The server refused {count} item(s). Give {file} to whoever runs the server.";
    clock_off: "L’horloge de cette machine diffère de {seconds} s de celle du serveur. Réglez les deux par NTP.",
        "This machine's clock is off by {seconds} s against the server's. Set both by NTP.";
    clock_jumped: "L’horloge de cette machine a sauté de {seconds} s, à {to}. Réglez-la par NTP.",
        "This machine's clock jumped by {seconds} s to {to}. Set it by NTP.";
    title: "{device} est {mode}", "{device} is {mode}";
    this_device: "Cet appareil", "This device";
    online: "en ligne", "online";
    offline: "hors ligne", "offline";
    refused: "refusé", "refused";
    mode: "État", "Mode";
    since: "{mode} depuis {since}", "{mode} since {since}";
    site: "Site", "Site";
    door: "Porte", "Door";
    sector: "Secteur", "Sector";
    direction: "Sens", "Direction";
    entry: "entrée", "entry";
    exit: "sortie", "exit";
    without_network: "Sans réseau", "Without network";
    detection_only: "qui a un pass est admis", "whoever has a pass is let in";
    guarded: "qui a un pass est admis, sauf s’il est connu pour être refusé",
        "whoever has a pass is let in, unless it is known to be refused";
    let_in: "Admis aujourd’hui", "Let in today";
    passage: "Passage", "Passage";
    reopened: "Ouvert encore une fois aujourd’hui", "Opened once more today";
    not_passed: "Ouvertures sans passage aujourd’hui", "Openings without a passage today";
    reported: "la porte dit quand personne ne passe", "the door tells when nobody goes through";
    not_reported: "la porte ne dit pas si quelqu’un passe", "the door does not tell whether somebody goes through";
    unsent: "Contrôles à envoyer", "Unsent checks";
    oldest: "Le plus ancien", "Oldest unsent";
    cancellations: "Annulations à envoyer", "Unsent cancellations";
    set_aside: "Mis de côté", "Set aside";
    clock: "Horloge", "Clock";
    against_server: "{offset} ms par rapport au serveur", "{offset} ms against the server’s";
    time: "Heure de l’appareil", "Device’s time";
    unknown: "inconnu", "unknown";
    none: "aucun", "none";
});

/// How it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// `online`, `offline` or `refused`.
    pub mode: Mode,
    /// Since when.
    pub since: Timestamp,
    /// The device's time.
    pub now: Timestamp,
    /// The device's code; absent if it has never reached its server. The
    /// following come from the server too.
    pub device: Option<String>,
    /// What people call it, if not by its code.
    #[serde(skip)]
    pub device_name: Option<String>,
    /// What people call the site.
    pub site: Option<String>,
    /// The code of its door.
    pub door: Option<String>,
    /// What people call the door, if not by its code.
    #[serde(skip)]
    pub door_name: Option<String>,
    /// What people call the sector.
    pub sector: Option<String>,
    /// Whether passes are accepted there.
    pub mapped: Option<bool>,
    /// `entry` or `exit`.
    pub direction: Direction,
    /// `detection_only` or `guarded`.
    pub offline_policy: Option<OfflinePolicy>,
    /// Checks that wait for the server.
    pub unsent: usize,
    /// Cancellations that wait for the server.
    pub unsent_cancellations: usize,
    /// When the oldest waiting check was scanned.
    pub oldest_unsent: Option<Timestamp>,
    /// Visitors let in today.
    pub count_today: usize,
    /// What the door says of an opening: `reported` if its controller tells when nobody
    /// went through, else `unknown`.
    pub passage: &'static str,
    /// How often today it was opened once more under a check.
    pub reopened_today: usize,
    /// How often today nobody went through.
    pub not_passed_today: usize,
    /// How far the server's clock is ahead of the machine's, in milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// The last jump of the machine's clock by more than 30 s, in milliseconds.
    pub clock_jump_ms: Option<i64>,
    /// What the clock showed after it.
    pub clock_jump_to: Option<Timestamp>,
    /// Items that the server refused.
    pub set_aside: usize,
    /// Where they are.
    pub set_aside_file: String,
    /// Whether the last decision could be remembered.
    pub remembers: bool,
    /// Whether the journal has a reserve for the time when the disk is full.
    pub reserve: bool,
    /// What could not be read of the journal at the start.
    pub findings: Vec<Finding>,
}

/// What people call something, with its code behind it.
fn called(code: &Option<String>, name: &Option<String>, none: &str) -> String {
    match (code, name) {
        (Some(code), Some(name)) => format!("{name} ({code})"),
        (Some(code), None) => code.clone(),
        (None, _) => none.to_owned(),
    }
}

impl Status {
    /// One line.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!(
            "{} · {} · today {} · unsent {}",
            self.device.as_deref().unwrap_or("not set up"),
            self.mode,
            self.count_today,
            self.unsent + self.unsent_cancellations,
        );
        // Writing to a string cannot fail.
        if let Some(oldest) = self.oldest_unsent {
            let _ = write!(line, " (oldest {oldest})");
        }
        if let Some(offset) = self.clock_offset_ms {
            let _ = write!(line, " · clock {:+} ms", -offset);
        }
        let _ = write!(line, " · set aside {}", self.set_aside);
        if !self.troubles(Language::En).is_empty() {
            line.push_str(" · TROUBLE, see the status page");
        }
        line
    }

    /// What somebody should look after, in words.
    #[must_use]
    pub fn troubles(&self, language: Language) -> Vec<String> {
        let t = Texts::of(language);
        let clock_off_ms = self.clock_offset_ms.unwrap_or_default().abs();
        let plain = [
            (self.mode == Mode::Refused, t.not_known),
            (self.device.is_none(), t.never_reached),
            (self.mapped == Some(false), t.not_mapped),
            (!self.remembers, t.cannot_remember),
            (self.remembers && !self.reserve, t.no_reserve),
        ];
        let plain = plain.into_iter().filter(|(is_so, _)| *is_so);
        let mut troubles: Vec<_> = plain.map(|(_, text)| text.to_owned()).collect();
        if self.set_aside > 0 {
            let values: &[(&str, &dyn Display)] =
                &[("count", &self.set_aside), ("file", &self.set_aside_file)];
            troubles.push(fill(t.server_refused, values));
        }
        if clock_off_ms > gate::CLOCK_TOLERANCE_MS {
            troubles.push(fill(t.clock_off, &[("seconds", &(clock_off_ms / 1000))]));
        }
        if let (Some(by), Some(to)) = (self.clock_jump_ms, self.clock_jump_to) {
            let values: &[(&str, &dyn Display)] = &[("seconds", &(by / 1000)), ("to", &to)];
            troubles.push(fill(t.clock_jumped, values));
        }
        troubles.extend(self.findings.iter().map(|finding| finding.told(language)));
        troubles
    }

    /// A page that refreshes itself, in plain HTML.
    #[must_use]
    pub fn page(&self, language: Language) -> String {
        let t = Texts::of(language);
        let mode = match self.mode {
            Mode::Online => t.online,
            Mode::Offline => t.offline,
            Mode::Refused => t.refused,
        };
        let device = called(&self.device, &self.device_name, t.this_device);
        let title = fill(t.title, &[("device", &device), ("mode", &mode)]);
        let mut page = format!(
            "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\">\
             <meta http-equiv=\"refresh\" content=\"2\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><style>body{{font:1.1rem sans-serif;margin:2rem;max-width:48rem}}\
             th{{text-align:left;padding-right:2rem;font-weight:normal;color:#444}}\
             li{{color:#900}}</style><h1>{title}</h1>",
            title = escaped(&title)
        );
        let troubles = self.troubles(language);
        if !troubles.is_empty() {
            page.push_str("<ul>");
            for trouble in &troubles {
                let _ = write!(page, "<li>{}</li>", escaped(trouble));
            }
            page.push_str("</ul>");
        }
        page.push_str("<table>");
        // Writing to a string cannot fail.
        let mut row = |name, value: &dyn Display| {
            let _ = write!(page, "<tr><th>{name}<td>{}", escaped(&value.to_string()));
        };
        let known = |value: Option<String>| value.unwrap_or_else(|| t.unknown.to_owned());
        row(
            t.mode,
            &fill(t.since, &[("mode", &mode), ("since", &self.since)]),
        );
        row(t.site, &known(self.site.clone()));
        row(t.door, &called(&self.door, &self.door_name, t.unknown));
        row(t.sector, &known(self.sector.clone()));
        let direction = match self.direction {
            Direction::Entry => t.entry,
            Direction::Exit => t.exit,
        };
        row(t.direction, &direction);
        let without = self.offline_policy.map(|policy| match policy {
            OfflinePolicy::DetectionOnly => t.detection_only,
            OfflinePolicy::Guarded => t.guarded,
        });
        row(t.without_network, &without.unwrap_or(t.unknown));
        row(t.let_in, &self.count_today);
        let passage = match self.passage == Passage::Reported.as_str() {
            true => t.reported,
            false => t.not_reported,
        };
        row(t.passage, &passage);
        row(t.reopened, &self.reopened_today);
        row(t.not_passed, &self.not_passed_today);
        row(t.unsent, &self.unsent);
        let oldest = self.oldest_unsent.map(|at| at.to_string());
        row(t.oldest, &oldest.as_deref().unwrap_or(t.none));
        row(t.cancellations, &self.unsent_cancellations);
        row(t.set_aside, &self.set_aside);
        let clock = self.clock_offset_ms.map(|offset| {
            let ahead = format!("{:+}", -offset);
            fill(t.against_server, &[("offset", &ahead)])
        });
        row(t.clock, &known(clock));
        row(t.time, &self.now);
        page.push_str("</table>");
        page
    }
}
