//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let finding = |part, severity, code| Finding {
        part,
        severity,
        code,
        place: "mapping.json:4:5".to_owned(),
        what: "The sector <b> is not there.".to_owned(),
        cure: "Write VN_AUG.".to_owned(),
        mapped_at: None,
        meant: None,
    };
    let parts = vec![
        Part::Configuration,
        Part::Mapping,
        Part::Site,
        Part::Database,
    ];
    let sick = |findings| Diagnosis {
        parts: parts.clone(),
        findings,
    };
    let mistake = finding(Part::Mapping, Severity::Mistake, "mapped_sector_unknown");
    let diagnoses = [
        Some(sick(Vec::new())),
        Some(sick(vec![mistake.clone()])),
        Some(sick(vec![
            finding(Part::Site, Severity::Note, "site_sector_not_mapped"),
            finding(Part::Configuration, Severity::Warning, "secret_open_to_all"),
            mistake.clone(),
            mistake,
        ])),
        Some(sick(vec![finding(
            Part::Otipass,
            Severity::Note,
            NOT_CHECKED,
        )])),
        None,
    ];
    diagnoses
        .iter()
        .map(|diagnosis| {
            Page::new(frame.clone(), &SetUp::default(), diagnosis.as_ref())
                .render()
                .unwrap()
        })
        .collect()
}
