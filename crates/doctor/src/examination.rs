//! What came of an examination, and the page that people read of it.

use super::facts::Facts;
use config::Role;
use kernel::Language;
use kernel::finding::{Finding, Part, Place, Severity, Told};
use std::fmt::Write;
use std::path::Path;

/// The code of what was left out.
pub const NOT_CHECKED: &str = "not_checked";
/// The code of a set-up that nobody has begun.
const NOT_BEGUN: &str = "set_up_not_begun";

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
    pub(crate) fn new(
        config: &Path,
        facts: Option<&Facts>,
        findings: Vec<Finding>,
        language: Language,
    ) -> Self {
        let heading = |part, of| Heading { part, of };
        let place = |place: Place| place.in_language(language);
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
                None if facts.is_its_own_ticketing() => Texts::of(language).itself.to_owned(),
                None => String::new(),
            };
            parts.push(heading(Part::Ticketing, ticketing));
            parts.push(heading(Part::Database, String::new()));
        }
        Self { parts, findings }
    }

    /// Whether nothing of it has been set up yet.
    #[must_use]
    pub fn is_not_begun(&self) -> bool {
        self.findings.iter().any(|f| f.code == NOT_BEGUN)
    }

    /// The page for people, in English or French.
    #[must_use]
    pub fn page(&self, language: Language) -> String {
        let mut page = String::new();
        let names = self
            .parts
            .iter()
            .map(|heading| name(heading.part, language));
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
        for Heading { part, of } in &self.parts {
            let of_part: Vec<_> = self.findings.iter().filter(|f| f.part == *part).collect();
            let worst = of_part.iter().map(|finding| finding.severity).min();
            let mark = match worst {
                Some(Severity::Mistake) => "✘",
                Some(Severity::Warning) => "!",
                _ if of_part.iter().any(|f| f.code == NOT_CHECKED) => "–",
                _ => "✔",
            };
            let line = format!("{mark} {:<width$}  {of}", name(*part, language));
            // Writing to a text cannot fail.
            let _ = writeln!(page, "{}", line.trim_end());
            for finding in &of_part {
                page.push_str(&paragraph(finding, language));
            }
            if !of_part.is_empty() {
                page.push('\n');
            }
        }
        if !page.ends_with("\n\n") {
            page.push('\n');
        }
        page.push_str(&summary(&self.findings, language));
        page
    }
}

kernel::texts!(Texts in Fr, En {
    configuration: "Configuration", "Configuration";
    otipass: "Otipass", "Otipass";
    mapping: "Paramètres de correspondance", "Mapping parameters";
    site: "Site", "Site";
    catalogue: "Catalogue", "Catalogue";
    ticketing: "Billetterie", "Ticketing";
    database: "Base de données", "Database";
    mistake: "erreur", "mistake";
    warning: "avertissement", "warning";
    note: "remarque", "note";
    colon: " :", ":";
    at: "où :", "at";
    cure: "Corrigez les erreurs avant le premier visiteur ; « passerelle doctor --explain CODE » explique chacune.",
        "Cure the mistakes before the first visitor arrives; `passerelle doctor --explain CODE` explains each.";
    not_begun: "La configuration est bonne, et rien n’est encore mis en service : démarrez le service, puis suivez la mise en service dans ses pages.",
        "The configuration is right, and nothing is set up yet: start the service, then follow the set-up on its pages.";
    itself: "ce service lui-même", "this process itself";
    partly: "Ce qui a pu être vérifié est prêt.", "What could be checked is ready.";
    ready: "Cette installation est prête.", "This set-up is ready.";
});

const fn name(part: Part, language: Language) -> &'static str {
    let t = Texts::of(language);
    match part {
        Part::Configuration => t.configuration,
        Part::Otipass => t.otipass,
        Part::Mapping => t.mapping,
        Part::Site => t.site,
        Part::Catalogue => t.catalogue,
        Part::Ticketing => t.ticketing,
        Part::Database => t.database,
    }
}

/// What a finding of this severity is called.
#[must_use]
pub const fn gravity(severity: Severity, language: Language) -> &'static str {
    let t = Texts::of(language);
    match severity {
        Severity::Mistake => t.mistake,
        Severity::Warning => t.warning,
        Severity::Note => t.note,
    }
}

/// A URL, unless it may hold a secret.
fn shown(url: &str) -> String {
    if url.contains(['@', '?', '#']) {
        return String::new();
    }
    url.to_owned()
}

/// How grave a finding is, and its code.
#[must_use]
pub fn headline(severity: Severity, code: &str, language: Language) -> String {
    let colon = Texts::of(language).colon;
    format!("{}{colon} {code}", gravity(severity, language))
}

fn paragraph(finding: &Finding, language: Language) -> String {
    let Told {
        severity,
        code,
        place,
        what,
        cure,
        ..
    } = finding.told(language);
    let (headline, at) = (headline(severity, code, language), Texts::of(language).at);
    format!("\n    {headline}\n      {at} {place}\n      {what}\n      → {cure}\n")
}

fn summary(findings: &[Finding], language: Language) -> String {
    let t = Texts::of(language);
    let count = |severity: &Severity| {
        let count = findings.iter().filter(|f| f.severity == *severity).count();
        let one = gravity(*severity, language);
        match (count, language) {
            (0, Language::Fr) => format!("0 {one}"),
            (0, _) => format!("no {one}s"),
            (1, _) => format!("1 {one}"),
            (count, _) => format!("{count} {one}s"),
        }
    };
    let severities = [Severity::Mistake, Severity::Warning, Severity::Note];
    let mut counts = severities.iter().map(count).collect::<Vec<_>>().join(", ");
    counts[..1].make_ascii_uppercase();
    let verdict = if findings.iter().any(|f| f.severity == Severity::Mistake) {
        t.cure
    } else if findings.iter().any(|f| f.code == NOT_BEGUN) {
        t.not_begun
    } else if findings.iter().any(|f| f.code == NOT_CHECKED) {
        t.partly
    } else {
        t.ready
    };
    format!("{counts}. {verdict}\n")
}
