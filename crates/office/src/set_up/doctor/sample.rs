//! Sample data of this page.

use super::*;
use crate::tests::finding;
use kernel::Place;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let parts = [
        Part::Configuration,
        Part::Mapping,
        Part::Site,
        Part::Database,
    ];
    let heading = |part| Heading {
        part,
        of: String::new(),
    };
    let parts = parts.map(heading).to_vec();
    let sick = |codes: &[&str]| Examination {
        parts: parts.clone(),
        findings: codes
            .iter()
            .map(|code| finding(code, Place::Database))
            .collect(),
    };
    let examinations = [
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
    crate::tests::html(
        examinations.map(|examined| Page::new(frame.clone(), &SetUp::default(), examined)),
    )
}
