//! The doctor on set-ups that are healthy, broken in one way, or in many.

mod answers;
mod files;
mod healthy;
mod kept;
mod records;
mod sample;
pub mod set_up;
mod table;
mod tls;

use crate::BIN;
use set_up::{Finding, SetUp};
use stage::Program;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tokio::net::TcpListener;
use tokio::process::Command;

#[tokio::test]
async fn a_healthy_set_up_has_no_mistakes() {
    let set_up = SetUp::healthy();
    let findings = set_up.findings().await;
    let codes: Vec<_> = findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["site_sector_not_mapped", "database_not_there_yet"]);
    let (exit, page) = set_up.examine(&[]).await;
    assert_eq!(exit, 0);
    assert_eq!(page.matches('✔').count(), 6, "{page}");
    assert!(
        page.ends_with("No mistakes, 1 warning, 1 note. This set-up is ready.\n"),
        "{page}"
    );
}

#[tokio::test]
async fn the_doctor_speaks_french_and_explains_a_code() {
    let set_up = SetUp::healthy();
    let (exit, page) = set_up.examine(&["--offline", "--language", "fr"]).await;
    assert_eq!(exit, 0, "{page}");
    assert!(
        page.contains("– Billetterie") || page.contains("✔ Billetterie"),
        "{page}"
    );
    assert!(
        page.ends_with("Ce qui a pu être vérifié est prêt.\n"),
        "{page}"
    );
    let (exit, page) = set_up
        .examine(&["--explain", "site_sector_not_mapped", "--language", "fr"])
        .await;
    assert_eq!(exit, 0);
    assert!(
        page.starts_with("avertissement\u{a0}: site_sector_not_mapped\n"),
        "{page}"
    );
    assert!(page.contains("\n  → "), "{page}");
    let (exit, list) = set_up.examine(&["--offline", "--json"]).await;
    let list: Vec<Finding> = serde_json::from_str(&list).unwrap();
    assert_eq!(exit, 0);
    assert!(list.iter().any(|finding| finding.code == "not_checked"));
}

#[tokio::test]
async fn a_secret_that_all_may_read_is_a_warning() {
    let set_up = SetUp::healthy();
    set_up.append(table::CONFIG, "[secrets]\nkey_file = \"database.key\"\n");
    set_up.secret("database.key", &"k".repeat(40));
    for file in ["otipass.password", "database.key"] {
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(set_up.path(file), open).unwrap();
    }
    let findings = set_up.findings().await;
    let warnings = findings.iter().filter(|f| f.code == "secret_open_to_all");
    let cures: Vec<_> = warnings.map(|f| (&*f.severity, &f.cure)).collect();
    assert_eq!(cures.len(), 2, "{cures:?}");
    for ((severity, cure), file) in cures.into_iter().zip(["otipass.password", "database.key"]) {
        assert_eq!(severity, "warning");
        assert!(cure.contains("chmod 600") && cure.contains(file), "{cure}");
    }
}

#[tokio::test]
async fn offline_nobody_is_asked_and_that_is_said() {
    let set_up = SetUp::healthy();
    set_up.secret("otipass.password", "another");
    let (exit, page) = set_up.examine(&["--offline"]).await;
    assert_eq!(exit, 0, "{page}");
    assert!(
        page.contains("note: not_checked") && page.contains("--offline"),
        "{page}"
    );
    assert!(
        page.ends_with("What could be checked is ready.\n"),
        "{page}"
    );
}

#[tokio::test]
async fn a_configuration_that_is_not_there_is_named() {
    let set_up = SetUp::healthy();
    fs::remove_file(set_up.path("passerelle.toml")).unwrap();
    set_up.names("config_unreadable", "passerelle.toml").await;
}

#[tokio::test]
async fn a_wrong_variable_is_named_and_hides_nothing() {
    let set_up = SetUp::healthy();
    set_up.replace("catalogue.toml", "PENDING_ACCOUNT", "CASH");
    let mut command = set_up.command(&["doctor", "--format", "json"]);
    command.env("PASSERELLE_OTIPASS__COLOUR", "red");
    let output = Command::from(command).output();
    let findings: Vec<Finding> = serde_json::from_slice(&output.await.unwrap().stdout).unwrap();
    let mistakes = findings.iter().filter(|f| f.severity == "mistake");
    let found: Vec<_> = mistakes
        .map(|f| (f.code.as_str(), f.place.as_str()))
        .collect();
    assert_eq!(
        found[0],
        ("environment_wrong", "PASSERELLE_OTIPASS__COLOUR")
    );
    assert_eq!(found[1].0, "contact_without_pending_account");
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn a_variable_that_nothing_reads_is_named_with_the_one_that_is_meant() {
    let set_up = SetUp::healthy();
    for arguments in [&["doctor", "--offline"][..], &["serve"]] {
        let mut command = set_up.command(arguments);
        command.env("PASSERELLE_OTIPASS_PASSWORD", "Violets-are-s3cret");
        let output = Command::from(command).output().await.unwrap();
        assert!(!output.status.success());
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        for name in [
            "PASSERELLE_OTIPASS_PASSWORD",
            "PASSERELLE_OTIPASS__PASSWORD",
        ] {
            assert!(told.contains(name), "{told}");
        }
        assert!(!told.contains("s3cret"), "{told}");
    }
}

#[tokio::test]
async fn what_an_editor_adds_to_a_secret_is_named() {
    for odd in ["\u{feff}Violets", "\"Violets\"", "Violets\nare"] {
        let set_up = SetUp::healthy();
        set_up.secret("otipass.password", odd);
        let findings = set_up.findings().await;
        let warning = findings.iter().find(|f| f.code == "secret_odd").unwrap();
        assert!(
            warning
                .place
                .contains("toml:20:1 ([otipass] password_file)")
        );
        assert!(!warning.what.contains("Violets"), "{warning:?}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_named_unless_the_service_itself_has_it() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let set_up = SetUp::healthy();
    let address = other.local_addr().unwrap().to_string();
    set_up.replace("passerelle.toml", "127.0.0.1:8480", &address);
    set_up
        .names("listen_in_use", "toml:5:1 ([server] listen)")
        .await;
    let service = Program::at_work(BIN, "", "");
    set_up.replace("passerelle.toml", &address, &service.address.to_string());
    assert_eq!(set_up.mistakes().await, []);
}

#[tokio::test]
async fn a_set_up_without_backups_is_a_warning_until_there_is_one() {
    let set_up = SetUp::healthy();
    set_up.replace("passerelle.toml", "every_h = 24", "every_h = 0");
    let is_missing = async || {
        let findings = set_up.findings().await;
        findings
            .iter()
            .any(|f| f.code == "backup_missing" && f.severity == "warning")
    };
    assert!(is_missing().await);
    fs::create_dir(set_up.path("backup")).unwrap();
    assert!(is_missing().await);
    set_up.write("backup/passerelle-20260714T070000.db", "");
    assert!(!is_missing().await);
}

#[tokio::test]
async fn many_mistakes_are_named_at_once() {
    let set_up = SetUp::healthy();
    set_up.replace("mapping.json", "\"villeneuve\",", "\"villeneuve\"");
    set_up.replace("mapping.json", "VN_GEO", "VN_GEX");
    set_up.replace("passerelle.toml", "/api\"", "\"");
    set_up.replace("site.toml", "[\"VN_AUG\"]", "[\"VN_AUG\", \"VN_RAY\"]");
    set_up.replace("catalogue.toml", "price_minor = 950", "");
    set_up.replace("catalogue.toml", "\"OTIPASS\"", "\"Otipass\"");
    let mistakes = set_up.mistakes().await;
    let codes: BTreeSet<_> = mistakes.iter().map(|f| f.code.as_str()).collect();
    let expected = [
        "channel_code_invalid",
        "comma_missing",
        "device_with_several_sectors",
        "mapped_sector_unknown",
        "tariff_without_price",
        "url_without_api",
    ];
    assert_eq!(codes, expected.into());
    assert_eq!(mistakes.len(), expected.len());
    let (exit, page) = set_up.examine(&[]).await;
    assert_eq!(exit, 1);
    assert!(expected.iter().all(|code| page.contains(code)), "{page}");
    assert!(page.contains("\n6 mistakes, "), "{page}");
}
