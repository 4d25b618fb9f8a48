//! A message: in words, and as JSON.

use crate::digest::{Digest, Line};
use kernel::text::fill;
use kernel::{Language, Timestamp, Zone, without_numbers};
use serde_json::{Value, json};

/// The most lines of a kind in words; if there are more, they have one cause.
const LINES: usize = 20;

/// Whose notices they are.
#[derive(Debug, Clone)]
pub struct About {
    /// The organisation's name.
    pub site: String,
    /// Where the back office is, if there is one.
    pub office: Option<String>,
    /// English or French.
    pub language: Language,
    /// What moments are written in.
    pub zone: Zone,
}

/// What is sent. Nothing in it may be a card number.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// It in one line.
    pub subject: String,
    /// All of it, for people.
    pub text: String,
    /// All of it, for programs.
    pub json: Value,
}

kernel::texts!(Texts in Fr, En {
    name: "Passerelle, {site} : {what}", "Passerelle, {site}: {what}";
    nameless: "Passerelle : {what}", "Passerelle: {what}";
    more: "{first} (et {n} de plus)", "{first} (and {n} more)";
    over: "terminé : {title}", "over: {title}";
    still: "encore : {title}", "still: {title}";
    begun_heading: "Nouveau :", "New:";
    over_heading: "Terminé :", "Over:";
    standing_heading: "Toujours en cours :", "Still standing:";
    since: "depuis le {at} : {what}", "since {at}: {what}";
    and_more: "et {n} de plus", "and {n} more";
    test: "message d’essai", "test message";
    test_text: "Ce message d’essai est arrivé : les avis de Passerelle arriveront ainsi.",
        "This test message has arrived: notices of Passerelle will arrive like this.";
});

impl Message {
    pub(crate) fn of(digest: &Digest, about: &About, now: Timestamp) -> Self {
        let t = Texts::of(about.language);
        let (lines, text) = match digest {
            Digest { begun, .. } if !begun.is_empty() => (begun, "{title}"),
            Digest { over, .. } if !over.is_empty() => (over, t.over),
            Digest { standing, .. } => (standing, t.still),
        };
        let first = lines.first().map_or("", |line| &line.title);
        let first = fill(text, &[("title", &first)]);
        let what = match lines.len() {
            0 | 1 => first,
            n => fill(t.more, &[("first", &first), ("n", &(n - 1))]),
        };
        let mut paragraphs = Vec::new();
        for (heading, lines) in [
            (t.begun_heading, &digest.begun),
            (t.over_heading, &digest.over),
            (t.standing_heading, &digest.standing),
        ] {
            paragraphs.extend(about.paragraph(heading, lines));
        }
        let line = |line: &Line| {
            let (code, of) = line.key.split_once(':').unwrap_or((&line.key, ""));
            json!({
                "cause": code,
                "of": of,
                "since": line.since,
                "title": without_numbers(&line.title),
                "what": without_numbers(&line.what),
            })
        };
        let list = |lines: &[Line]| lines.iter().map(line).collect::<Vec<_>>();
        let parts = [&digest.begun, &digest.over, &digest.standing].map(|lines| list(lines));
        about.message(&what, &paragraphs.join("\n\n"), now, parts)
    }

    /// One that tells that messages arrive.
    #[must_use]
    pub fn test(about: &About, now: Timestamp) -> Self {
        let t = Texts::of(about.language);
        about.message(t.test, t.test_text, now, Default::default())
    }
}

impl About {
    fn message(
        &self,
        what: &str,
        text: &str,
        now: Timestamp,
        [begun, over, standing]: [Vec<Value>; 3],
    ) -> Message {
        let t = Texts::of(self.language);
        let name = match self.site.as_str() {
            "" => t.nameless,
            _ => t.name,
        };
        let subject = fill(name, &[("site", &self.site), ("what", &what)]);
        // A header is one line.
        let subject = without_numbers(&subject).replace(char::is_control, " ");
        let mut text = without_numbers(text);
        if let Some(office) = &self.office {
            text = format!("{text}\n\n{office}");
        }
        text = format!("{subject}\n\n{text}\n");
        let json = json!({
            "site": self.site,
            "at": now,
            "language": self.language,
            "subject": subject,
            "text": text,
            "begun": begun,
            "over": over,
            "standing": standing,
            "office": self.office,
        });
        Message {
            subject,
            text,
            json,
        }
    }

    fn paragraph(&self, heading: &str, lines: &[Line]) -> Option<String> {
        let t = Texts::of(self.language);
        let mut paragraph = vec![heading.to_owned()];
        for line in lines.iter().take(LINES) {
            let what = match line.what.as_str() {
                "" => &line.title,
                what => what,
            };
            let said = match line.since {
                None => what.to_owned(),
                Some(since) => {
                    let at = self.moment(since);
                    fill(t.since, &[("at", &at), ("what", &what)])
                }
            };
            paragraph.push(format!("- {said}"));
        }
        if lines.len() > LINES {
            let n = lines.len() - LINES;
            paragraph.push(format!("- {}", fill(t.and_more, &[("n", &n)])));
        }
        (!lines.is_empty()).then(|| paragraph.join("\n"))
    }

    /// Day and time in the organisation's zone.
    fn moment(&self, at: Timestamp) -> String {
        let (hour, minute, _) = self.zone.time_of_day(at);
        let (year, month, day) = self.zone.business_day(at).parts();
        match self.language {
            Language::Fr => format!("{day:02}/{month:02}/{year}, {hour:02}:{minute:02}"),
            _ => format!("{year}-{month:02}-{day:02}, {hour:02}:{minute:02}"),
        }
    }
}
