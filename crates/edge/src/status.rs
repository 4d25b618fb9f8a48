//! How the turnstile stands: a line, a page, and JSON. No card numbers.

use crate::agent::Mode;
use deviceapi::{Direction, OfflinePolicy};
use kernel::{Timestamp, escaped};
use serde::Serialize;
use std::fmt::{Display, Write};

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
    pub findings: Vec<String>,
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
        if !self.troubles().is_empty() {
            line.push_str(" · TROUBLE, see the status page");
        }
        line
    }

    /// What somebody should look after, in words.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        if self.mode == Mode::Refused {
            troubles.push(
                "The server does not know this device any more, so nobody is admitted. Enrol it \
                 again: passerelle edge enrol. The journal is kept."
                    .to_owned(),
            );
        }
        if self.device.is_none() {
            troubles.push(
                "This device has never reached its server, so nobody is admitted. Check URL and \
                 line."
                    .to_owned(),
            );
        }
        if self.mapped == Some(false) {
            troubles.push(
                "The server says that no pass is accepted at this door. Run passerelle doctor on \
                 the server."
                    .to_owned(),
            );
        }
        if !self.remembers {
            troubles.push(
                "The last decision could not be remembered: disk or journal are full. Without \
                 network nobody is admitted. Make room, or restore the line."
                    .to_owned(),
            );
        } else if !self.reserve {
            troubles.push(
                "The journal has no reserve: the disk is full. Make room before the rest is used \
                 up."
                .to_owned(),
            );
        }
        if self.set_aside > 0 {
            troubles.push(format!(
                "The server refused {} item(s). Give {} to whoever runs the server.",
                self.set_aside, self.set_aside_file
            ));
        }
        if let Some(offset) = self
            .clock_offset_ms
            .filter(|ms| ms.abs() > gate::CLOCK_TOLERANCE_MS)
        {
            troubles.push(format!(
                "This machine's clock is off by {} s against the server's. Set both by NTP.",
                offset.abs() / 1000
            ));
        }
        if let (Some(by), Some(to)) = (self.clock_jump_ms, self.clock_jump_to) {
            troubles.push(format!(
                "This machine's clock jumped by {} s to {to}. Set it by NTP.",
                by / 1000
            ));
        }
        troubles.extend(self.findings.iter().cloned());
        troubles
    }

    /// A page that refreshes itself, in plain HTML.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta http-equiv=\"refresh\" content=\"2\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><style>body{{font:1.1rem sans-serif;margin:2rem;max-width:48rem}}\
             th{{text-align:left;padding-right:2rem;font-weight:normal;color:#444}}\
             li{{color:#900}}</style><h1>{title}</h1>",
            title = escaped(&format!(
                "{} is {}",
                called(&self.device, &self.device_name, "This device"),
                self.mode
            ))
        );
        let troubles = self.troubles();
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
        row("Mode", &format!("{} since {}", self.mode, self.since));
        row("Site", &known(self.site.as_ref()));
        row("Door", &called(&self.door, &self.door_name, "unknown"));
        row("Sector", &known(self.sector.as_ref()));
        row("Direction", &self.direction);
        let without = self.offline_policy.map(|policy| match policy {
            OfflinePolicy::DetectionOnly => "whoever has a pass is let in",
            OfflinePolicy::Guarded => {
                "whoever has a pass is let in, unless it is known to be refused"
            }
        });
        row("Without network", &known(without));
        row("Let in today", &self.count_today);
        row("Passage", &self.passage);
        row("Opened once more today", &self.reopened_today);
        row("Nobody went through today", &self.not_passed_today);
        row("Unsent checks", &self.unsent);
        let oldest = self.oldest_unsent.map(|at| at.to_string());
        row("Oldest unsent", &oldest.as_deref().unwrap_or("none"));
        row("Unsent cancellations", &self.unsent_cancellations);
        row("Set aside", &self.set_aside);
        let offset = self.clock_offset_ms;
        let offset = offset.map(|ms| format!("{:+} ms against the server’s", -ms));
        row("Clock", &known(offset));
        row("Device’s time", &self.now);
        page.push_str("</table>");
        page
    }
}

fn known(value: Option<impl Display>) -> String {
    value.map_or("unknown".to_owned(), |value| value.to_string())
}
