//! The document of all findings: `docs/doctor.md` has a table for each part, made
//! of the catalogue of findings.

use kernel::finding::Entry;

/// All that can be found in a set-up, in the order of the document.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    let all = [
        crate::found::ALL,
        config::FINDINGS,
        otipass::FINDINGS,
        gate::FINDINGS,
        boxoffice::FINDINGS,
    ];
    all.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::finding::{Part, Severity};
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write;
    use std::fs;
    use std::path::Path;

    /// The headings of the parts in the document.
    const HEADINGS: [(Part, &str); 7] = [
        (Part::Configuration, "## Configuration"),
        (Part::Otipass, "## Otipass"),
        (Part::Mapping, "## Mapping parameters"),
        (Part::Site, "## Site"),
        (Part::Catalogue, "## Catalogue"),
        (Part::Ticketing, "## Ticketing"),
        (Part::Database, "## Database"),
    ];

    /// A cure without what is filled in where something was found.
    fn in_general(cure: &str) -> String {
        cure.replace(['{', '}'], "*").replace('<', "\\<")
    }

    fn table(part: Part) -> String {
        let mut table = "| code | what it means | cure |\n|---|---|---|\n".to_owned();
        for entry in catalogue().filter(|entry| entry.part == part && !entry.meaning.is_empty()) {
            let gravity = match entry.severity {
                Severity::Mistake => "",
                Severity::Warning => "warning: ",
                Severity::Note => "note: ",
            };
            let (code, meaning, cure) = (entry.code, entry.meaning, in_general(entry.en[1]));
            writeln!(table, "| `{code}` | {gravity}{meaning} | {cure} |").unwrap();
        }
        table
    }

    /// The document with the tables that the catalogue makes.
    fn made(document: &str) -> String {
        let mut made = String::new();
        let (mut table_of, mut in_table) = (None, false);
        for line in document.lines() {
            if line.starts_with("## ") {
                let part = HEADINGS.iter().find(|(_, heading)| line == *heading);
                table_of = part.map(|(part, _)| *part);
            }
            let is_row = table_of.is_some() && line.starts_with('|');
            if is_row && !in_table {
                made += &table_of.map(table).unwrap();
            }
            in_table = is_row;
            if !is_row {
                made += line;
                made.push('\n');
            }
        }
        made
    }

    /// `PASSERELLE_WRITE_DOCUMENTS=1` writes what is missing.
    #[test]
    fn the_document_is_what_the_catalogue_makes() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/doctor.md");
        let document = fs::read_to_string(&path).unwrap();
        let made = made(&document);
        for (part, heading) in HEADINGS {
            assert!(
                made.contains(heading) && made.contains(&table(part)),
                "{heading}"
            );
        }
        if std::env::var_os("PASSERELLE_WRITE_DOCUMENTS").is_some() {
            fs::write(&path, &made).unwrap();
            return;
        }
        assert!(
            document == made,
            "docs/doctor.md differs from the catalogue of findings; run this test with \
             PASSERELLE_WRITE_DOCUMENTS=1"
        );
    }

    #[test]
    fn each_code_is_explained_once_in_each_part() {
        let mut explained = BTreeSet::new();
        let mut severities = BTreeMap::new();
        for entry in catalogue() {
            let key = (entry.part, entry.code);
            if !entry.meaning.is_empty() {
                assert!(explained.insert(key), "{} is explained twice", entry.code);
            }
            let severity = severities.entry(key).or_insert(entry.severity);
            assert_eq!(*severity, entry.severity, "{}", entry.code);
            for text in [entry.en, entry.fr].concat() {
                assert!(text.ends_with(['.', '}']), "{}: {text}", entry.code);
            }
        }
        assert!(explained.len() > 140, "{}", explained.len());
    }
}
