//! Certificates that are healthy, broken or too old.

use super::set_up::SetUp;
use kernel::{Clock, SystemClock};
use rcgen::{CertificateParams, Issuer, KeyPair};
use std::fs;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;

const DAY_MS: i64 = 86_400_000;

/// A certificate of a private authority and its key in PEM, valid on the days from and
/// until so many days from now.
pub fn issue(from_days: i64, until_days: i64) -> (String, String) {
    let (parameters, key) = asked_for(from_days, until_days);
    let mut authority = CertificateParams::default();
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Villeneuve");
    let authority = Issuer::new(authority, KeyPair::generate().unwrap());
    let certificate = parameters.signed_by(&key, &authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// The same, that nobody but itself vouches for.
pub fn self_signed() -> (String, String) {
    let (parameters, key) = asked_for(-3, 60);
    (
        parameters.self_signed(&key).unwrap().pem(),
        key.serialize_pem(),
    )
}

fn asked_for(from_days: i64, until_days: i64) -> (CertificateParams, KeyPair) {
    let mut parameters = CertificateParams::new(["passerelle.example.org".to_owned()]).unwrap();
    let day = |days: i64| {
        let moment = SystemClock.now().plus_ms(days * DAY_MS).to_string();
        let number = |range: Range<usize>| moment[range].parse::<u8>().unwrap();
        rcgen::date_time_ymd(moment[..4].parse().unwrap(), number(5..7), number(8..10))
    };
    (parameters.not_before, parameters.not_after) = (day(from_days), day(until_days));
    (parameters, KeyPair::generate().unwrap())
}

pub async fn with_certificate(certificate: &str, key: &str) -> SetUp {
    let set_up = SetUp::healthy();
    let keys = "tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\nlisten";
    set_up.replace("passerelle.toml", "listen", keys);
    fs::write(set_up.path("tls.pem"), certificate).unwrap();
    set_up.secret("tls.key", key.trim_end());
    set_up
}

#[tokio::test]
async fn a_good_certificate_is_nothing_to_talk_about() {
    let (certificate, key) = issue(-3, 60);
    let set_up = with_certificate(&certificate, &key).await;
    set_up.replace("passerelle.toml", "127.0.0.1:8480", "0.0.0.0:8443");
    let findings = set_up.findings().await;
    let codes: Vec<_> = findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["site_sector_not_mapped", "database_not_there_yet"]);
}

#[tokio::test]
async fn a_certificate_for_another_name_than_the_back_office_s_is_a_warning() {
    let (certificate, key) = issue(-3, 60);
    for (host, is_other) in [("passerelle", false), ("billetterie", true)] {
        let set_up = with_certificate(&certificate, &key).await;
        let office = format!("\n[office]\nurl = \"https://{host}.example.org:8443/\"\n");
        set_up.append("passerelle.toml", &office);
        let findings = set_up.findings().await;
        let code = "tls_certificate_of_another";
        let found = findings
            .iter()
            .filter(|f| f.code == code && f.severity == "warning");
        assert_eq!(found.count() == 1, is_other, "{findings:#?}");
    }
}

#[tokio::test]
async fn what_cannot_be_served_with_is_named() {
    let (good, good_key) = issue(-3, 60);
    let (other, other_key) = issue(-3, 60);
    assert_ne!(good, other);
    let (old, old_key) = issue(-30, -2);
    let (early, early_key) = issue(2, 60);
    // One case, one line.
    #[rustfmt::skip]
    let cases = [
        ("tls_certificate_invalid", "tls.pem", "", good_key.as_str()),
        ("tls_certificate_invalid", "tls.pem", &good_key, &good_key),
        ("tls_key_invalid", "tls.key", &good, &good),
        ("tls_key_mismatch", "tls.key", &good, &other_key),
        ("tls_certificate_expired", "passerelle.toml:5:1 ([server] tls_certificate)", &old, &old_key),
        ("tls_certificate_not_yet_valid", "[server] tls_certificate", &early, &early_key),
    ];
    for (code, place, certificate, key) in cases {
        let set_up = with_certificate(certificate, key).await;
        let finding = set_up.names(code, place).await;
        let secret = key.lines().nth(1).unwrap();
        assert!(!finding.what.contains(secret), "{finding:?}");
    }
    for file in ["tls.pem", "tls.key"] {
        let set_up = with_certificate(&good, &good_key).await;
        fs::remove_file(set_up.path(file)).unwrap();
        set_up.names("tls_unreadable", file).await;
    }
    for (line, missing) in [
        ("tls_key = \"tls.key\"\n", "[server] tls_key"),
        (
            "tls_certificate = \"tls.pem\"\n",
            "[server] tls_certificate",
        ),
    ] {
        let set_up = with_certificate(&good, &good_key).await;
        set_up.replace("passerelle.toml", line, "");
        set_up.names("tls_incomplete", missing).await;
    }
    let set_up = with_certificate(&good, &good_key).await;
    set_up.replace("passerelle.toml", "tls_key", "tls_kye");
    set_up
        .names("config_key_unknown", "passerelle.toml:6:1")
        .await;
}

#[tokio::test]
async fn what_is_about_to_go_wrong_is_said() {
    let (certificate, key) = issue(-60, 5);
    let set_up = with_certificate(&certificate, &key).await;
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(set_up.path("tls.key"), open).unwrap();
    let findings = set_up.findings().await;
    let warnings: Vec<_> = findings
        .iter()
        .filter(|finding| finding.severity == "warning")
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(
        warnings,
        [
            "secret_open_to_all",
            "tls_certificate_expires_soon",
            "site_sector_not_mapped"
        ]
    );

    let set_up = SetUp::healthy();
    set_up.replace("passerelle.toml", "127.0.0.1:8480", "0.0.0.0:8480");
    let findings = set_up.findings().await;
    let note = findings.iter().find(|f| f.code == "plain_http_on_network");
    let note = note.unwrap();
    assert_eq!(note.severity, "note");
    assert!(note.place.ends_with("([server] listen)"), "{note:?}");
}
