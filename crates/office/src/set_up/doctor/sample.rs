//! Sample data of this page.

use super::*;
use crate::tests::finding;
use kernel::Place;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let parts = vec![
        Part::Configuration,
        Part::Mapping,
        Part::Site,
        Part::Database,
    ];
    let sick = |codes: &[&str]| Diagnosis {
        parts: parts.clone(),
        findings: codes
            .iter()
            .map(|code| finding(code, Place::Database))
            .collect(),
    };
    let diagnoses = [
        Some(sick(&[])),
        Some(sick(&["mapped_sector_unknown"])),
        Some(sick(&[
            "site_sector_not_mapped",
            "secret_open_to_all",
            "mapped_sector_unknown",
            "mapped_sector_unknown",
        ])),
        Some(sick(&[NOT_CHECKED])),
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
