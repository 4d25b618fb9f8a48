//! Every code the doctor can give stands in its document.

use stage::EXAMPLE;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(EXAMPLE).join("../..")
}

/// The names in quotation marks in a source, without its tests.
fn names_in(source: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    code.split('"')
        .filter(|word| word.contains('_') && word.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .filter(|word| !word.ends_with('_'))
        .map(str::to_owned)
        .collect()
}

/// Names in those sources that are keys and words of files, not codes.
const NO_CODES: &[&str] = &[
    "access_control",
    "api_key",
    "api_key_file",
    "channel_invalid",
    "contact_invalid",
    "external_sales",
    "password_file",
    "payment_modes",
    "price_minor",
    "sales_channel",
    "snake_case",
    "tariff_mapping",
    "tls_certificate",
    "valid_from",
    "valid_until",
    "vat_basis_points",
];

#[test]
fn every_code_is_explained() {
    let sources = [
        "crates/passerelle/src/doctor/configuration.rs",
        "crates/passerelle/src/doctor/examine.rs",
        "crates/passerelle/src/doctor/partner.rs",
        "crates/passerelle/src/doctor/selling.rs",
        "crates/passerelle/src/doctor/site.rs",
        "crates/passerelle/src/doctor/source.rs",
        "crates/passerelle/src/doctor/tls.rs",
        "crates/otipass/src/finding.rs",
        "crates/otipass/src/json.rs",
        "crates/otipass/src/mapping.rs",
        "crates/otipass/src/url.rs",
        "crates/gate/src/site/file.rs",
        "crates/boxoffice/src/catalogue_file.rs",
        "crates/boxoffice/src/doctor.rs",
        "crates/boxoffice/src/readiness.rs",
        "crates/server/src/doctor.rs",
    ];
    let page = fs::read_to_string(repository().join("docs/doctor.md")).unwrap();
    let explained: BTreeSet<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| line.split('`').nth(1))
        .filter(|name| !name.starts_with("--"))
        .collect();
    let names: BTreeSet<String> = sources
        .iter()
        .flat_map(|path| names_in(&fs::read_to_string(repository().join(path)).unwrap()))
        .collect();
    let (others, codes): (BTreeSet<_>, BTreeSet<_>) = names
        .into_iter()
        .partition(|name| NO_CODES.contains(&name.as_str()));
    assert_eq!(
        others.len(),
        NO_CODES.len(),
        "only these are no codes: {others:?}"
    );
    assert!(codes.len() > 100, "the sources are read: {codes:?}");
    let missing: Vec<_> = codes
        .iter()
        .filter(|code| !explained.contains(code.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/doctor.md does not explain {missing:?}"
    );
    let stale: Vec<_> = explained
        .iter()
        .filter(|code| !codes.contains(**code))
        .collect();
    assert!(
        stale.is_empty(),
        "docs/doctor.md explains what no longer exists: {stale:?}"
    );
}
