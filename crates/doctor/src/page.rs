//! What people read.

use super::facts::Facts;
use super::finding::NOT_CHECKED;
use config::Role;
use kernel::Language;
use kernel::finding::{Finding, Part, Severity, Told};
use std::fmt::Write;

/// A part of the set-up with the file or key people know it by.
pub struct Heading {
    pub part: Part,
    name: &'static str,
    of: String,
}

/// The parts that this set-up has.
pub fn headings(config_path: &str, facts: Option<&Facts>) -> Vec<Heading> {
    let heading = |part, name, of| Heading { part, name, of };
    let mut headings = vec![heading(
        Part::Configuration,
        "Configuration",
        config_path.to_owned(),
    )];
    let Some(facts) = facts else { return headings };
    let (gate, box_office) = (
        facts.config.has(Role::Gate),
        facts.config.has(Role::BoxOffice),
    );
    if gate {
        let otipass = shown(&facts.interface.url);
        headings.push(heading(Part::Otipass, "Otipass", otipass));
        let mapping = facts.mapping.place().in_language(Language::En);
        headings.push(heading(Part::Mapping, "Mapping parameters", mapping));
    }
    headings.push(heading(
        Part::Site,
        "Site",
        facts.site.place().in_language(Language::En),
    ));
    if box_office {
        let catalogue = facts.catalogue.place().in_language(Language::En);
        headings.push(heading(Part::Catalogue, "Catalogue", catalogue));
    }
    let ticketing = match &facts.config.access_control.url {
        Some(url) => shown(url),
        None if facts.is_its_own_ticketing() => "this process itself".to_owned(),
        None => String::new(),
    };
    headings.push(heading(Part::Ticketing, "Ticketing", ticketing));
    headings.push(heading(Part::Database, "Database", String::new()));
    headings
}

/// A URL, unless it may hold a secret.
fn shown(url: &str) -> String {
    if url.contains(['@', '?', '#']) {
        return String::new();
    }
    url.to_owned()
}

/// The whole page.
pub fn page(headings: &[Heading], findings: &[Finding]) -> String {
    let mut page = String::new();
    for heading in headings {
        let of_part: Vec<_> = findings.iter().filter(|f| f.part == heading.part).collect();
        let worst = of_part.iter().map(|finding| finding.severity).min();
        let mark = match worst {
            Some(Severity::Mistake) => "✘",
            Some(Severity::Warning) => "!",
            _ if of_part.iter().any(|f| f.code == NOT_CHECKED) => "–",
            _ => "✔",
        };
        let line = format!("{mark} {:<19} {}", heading.name, heading.of);
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
    page.push_str(&summary(findings));
    page
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
