//! What came of an examination, and the page that people read of it.

use super::facts::Facts;
use config::Role;
use kernel::Language;
use kernel::finding::{Finding, Part, Place, Severity, Told};
use std::fmt::Write;
use std::path::Path;

/// The code of what was left out.
pub const NOT_CHECKED: &str = "not_checked";

/// What the doctor found, and where he looked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    /// The parts that this set-up has; all of them were looked at.
    pub parts: Vec<Heading>,
    /// What there is to say, part by part, the gravest first.
    pub findings: Vec<Finding>,
}

/// A part of the set-up with the file or key people know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The part.
    pub part: Part,
    /// The file or key; empty if there is none.
    pub of: String,
}

impl Examination {
    pub(crate) fn new(config: &Path, facts: Option<&Facts>, findings: Vec<Finding>) -> Self {
        let heading = |part, of| Heading { part, of };
        let place = |place: Place| place.in_language(Language::En);
        let config = config.display().to_string();
        let mut parts = vec![heading(Part::Configuration, config)];
        if let Some(facts) = facts {
            if facts.config.has(Role::Gate) {
                parts.push(heading(Part::Otipass, shown(&facts.interface.url)));
                parts.push(heading(Part::Mapping, place(facts.mapping.place())));
            }
            parts.push(heading(Part::Site, place(facts.site.place())));
            if facts.config.has(Role::BoxOffice) {
                parts.push(heading(Part::Catalogue, place(facts.catalogue.place())));
            }
            let ticketing = match &facts.config.access_control.url {
                Some(url) => shown(url),
                None if facts.is_its_own_ticketing() => "this process itself".to_owned(),
                None => String::new(),
            };
            parts.push(heading(Part::Ticketing, ticketing));
            parts.push(heading(Part::Database, String::new()));
        }
        Self { parts, findings }
    }

    /// The page for people.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = String::new();
        for Heading { part, of } in &self.parts {
            let of_part: Vec<_> = self.findings.iter().filter(|f| f.part == *part).collect();
            let worst = of_part.iter().map(|finding| finding.severity).min();
            let mark = match worst {
                Some(Severity::Mistake) => "✘",
                Some(Severity::Warning) => "!",
                _ if of_part.iter().any(|f| f.code == NOT_CHECKED) => "–",
                _ => "✔",
            };
            let line = format!("{mark} {:<19} {of}", name(*part));
            // Writing to a text cannot fail.
            let _ = writeln!(page, "{}", line.trim_end());
            for finding in &of_part {
                page.push_str(&paragraph(finding));
            }
            if !of_part.is_empty() {
                page.push('\n');
            }
        }
        if !page.ends_with("\n\n") {
            page.push('\n');
        }
        page.push_str(&summary(&self.findings));
        page
    }
}

const fn name(part: Part) -> &'static str {
    match part {
        Part::Configuration => "Configuration",
        Part::Otipass => "Otipass",
        Part::Mapping => "Mapping parameters",
        Part::Site => "Site",
        Part::Catalogue => "Catalogue",
        Part::Ticketing => "Ticketing",
        Part::Database => "Database",
    }
}

/// A URL, unless it may hold a secret.
fn shown(url: &str) -> String {
    if url.contains(['@', '?', '#']) {
        return String::new();
    }
    url.to_owned()
}

fn paragraph(finding: &Finding) -> String {
    let Told {
        severity,
        code,
        place,
        what,
        cure,
        ..
    } = finding.told(Language::En);
    format!("\n    {severity}: {code}\n      at {place}\n      {what}\n      → {cure}\n")
}

fn summary(findings: &[Finding]) -> String {
    let count = |severity, one: &str| {
        let count = findings.iter().filter(|f| f.severity == severity).count();
        match count {
            0 => format!("no {one}s"),
            1 => format!("1 {one}"),
            count => format!("{count} {one}s"),
        }
    };
    let mut counts = [
        count(Severity::Mistake, "mistake"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note"),
    ]
    .join(", ");
    counts[..1].make_ascii_uppercase();
    let verdict = if findings.iter().any(|f| f.severity == Severity::Mistake) {
        "Cure the mistakes before the first visitor arrives; docs/doctor.md explains each."
    } else if findings.iter().any(|f| f.code == NOT_CHECKED) {
        "What could be checked is ready."
    } else {
        "This set-up is ready."
    };
    format!("{counts}. {verdict}\n")
}
