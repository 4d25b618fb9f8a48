//! Set-ups that the back office keeps in the database: the same mistakes, named
//! at the places where people see them.

use super::set_up::{CASTLE, CASTLE_WITHOUT_DEVICES, SetUp, empty_db};
use super::table::{self, CATALOGUE, CONFIG, MAPPING, SITE};

#[tokio::test]
async fn a_healthy_one_has_no_mistakes() {
    let set_up = SetUp::healthy();
    set_up.move_in().await;
    let findings = set_up.findings().await;
    let codes: Vec<_> = findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["site_sector_not_mapped"]);
    let (_, page) = set_up.examine(&[]).await;
    for shown in [
        "the mapping parameters (back office)",
        "the site (back office)",
        "the catalogue (back office)",
        "/api\n",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

/// What is named, where, and in which file what is written instead of what
/// before the set-up moves into the back office.
pub type Damage = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const CONNECTION: &str = "the connection to Otipass (back office)";
const LINE_2: &str = "the draft of the mapping parameters (back office), line 2";
const DRAFT: &str = "the draft of the mapping parameters (back office), line";
const LINE_4: &str = "the mapping parameters (back office), line 4";
const LINE_7: &str = "the mapping parameters (back office), line 7";
const LINE_8: &str = "the mapping parameters (back office), line 8";
const THE_SITE: &str = "the site (back office)";
const THE_CATALOGUE: &str = "the catalogue (back office)";

// One case, one line.
#[rustfmt::skip]
pub const DAMAGES: &[Damage] = &[
    ("url_without_api", CONNECTION, CONFIG, "/api\"", "\""),
    ("url_holds_project", CONNECTION, CONFIG, "/api\"", "/api/Villeneuve\""),
    ("url_missing", CONNECTION, CONFIG, "url = \"http://", "# url = \"http://"),
    ("comma_missing", LINE_2, MAPPING, "\"villeneuve\",", "\"villeneuve\""),
    ("mapping_empty", "the draft of the mapping parameters (back office), line 1", MAPPING, "", ""),
    ("brace_not_closed", DRAFT, MAPPING, "    }\n  }\n}", "    }\n  }\n"),
    ("sector_given_twice", DRAFT, MAPPING, "VN_RAY", "VN_AUG"),
    ("service_space_mismatch", DRAFT, MAPPING, "PROVIDER#PCUMID000FSA5CD6", "PROVIDER#PCUMID000FS4D3C1"),
    ("season_missing", DRAFT, MAPPING, "\"seasonCode\": \"VN26\",", ""),
    ("season_too_long", DRAFT, MAPPING, "VN26", "VN26-2026"),
    ("product_missing", DRAFT, MAPPING, "PASSVN", ""),
    ("product_too_long", DRAFT, MAPPING, "PASSVN", "CITYPASSVN"),
    ("mapped_sector_unknown", LINE_4, MAPPING, "VN_AUG", "VN_AUX"),
    ("season_unknown", LINE_7, MAPPING, "VN26", "VN27"),
    ("product_unknown", LINE_8, MAPPING, "PASSVN", "PASSVN9"),
    ("not_open_pass", LINE_8, CATALOGUE, "OPEN_PASS", "SEASON_TICKET"),
    ("sector_without_door", THE_SITE, SITE, CASTLE, ""),
    ("sector_without_device", THE_SITE, SITE, CASTLE, CASTLE_WITHOUT_DEVICES),
    ("device_without_sector", THE_SITE, SITE, "[\"VN_AUG\"]", "[]"),
    ("device_with_several_sectors", THE_SITE, SITE, "[\"VN_AUG\"]", "[\"VN_AUG\", \"VN_RAY\"]"),
    ("site_missing", THE_SITE, SITE, "Europe/Paris", "Paris"),
    ("tariff_not_mapped", THE_CATALOGUE, CATALOGUE, "[[tariff_mapping]]\nproduct = \"PASSVN\"\ntariff = \"CITYPASS\"", ""),
    ("tariff_unknown", THE_CATALOGUE, CATALOGUE, "tariff = \"CITYPASS\"", "tariff = \"CITYPAST\""),
    ("tariff_without_price", THE_CATALOGUE, CATALOGUE, "price_minor = 950", ""),
    ("tariff_without_vat", THE_CATALOGUE, CATALOGUE, "vat_basis_points = 550", ""),
    ("tariff_not_valid", THE_CATALOGUE, CATALOGUE, "price_minor = 950", "price_minor = 950\nvalid_until = 2020-12-31"),
    ("channel_missing", THE_CATALOGUE, CATALOGUE, "[sales_channel]\ncode = \"OTIPASS\"\ntype = \"STX_FILE\"", ""),
    ("channel_code_invalid", THE_CATALOGUE, CATALOGUE, "\"OTIPASS\"", "\"Otipass\""),
    ("channel_type_invalid", THE_CATALOGUE, CATALOGUE, "STX_FILE", "B2B"),
    ("contact_missing", THE_CATALOGUE, CATALOGUE, "[contact]\nnumber = \"000042\"\nname = \"Otipass\"\npayment_modes = [\"PENDING_ACCOUNT\"]", ""),
    ("contact_without_pending_account", THE_CATALOGUE, CATALOGUE, "PENDING_ACCOUNT", "CASH"),
];

#[tokio::test]
async fn each_mistake_is_named_in_both_languages_served_and_cured_by_entering_it_anew() {
    let mut otherwise = Vec::new();
    for (code, place, file, good, bad) in DAMAGES {
        let set_up = SetUp::healthy();
        let files = [CONFIG, SITE, CATALOGUE, MAPPING, "otipass.password"];
        let healthy = files.map(|file| (file, set_up.read(file)));
        match *code {
            "mapping_empty" => std::fs::write(set_up.path(file), "").unwrap(),
            _ => set_up.replace(file, good, bad),
        }
        drop(set_up.move_in().await);
        let place = format!("{place}:");
        if let Err(wrong) = table::named(&set_up, code, &place, "").await {
            otherwise.push(format!("{code}: {wrong}"));
        }
        // As its page has it entered.
        for (file, text) in healthy {
            set_up.write(file, &text);
        }
        drop(set_up.move_in().await);
        if let Err(wrong) = table::cured(&set_up, code).await {
            otherwise.push(format!("{code}: {wrong}"));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

#[tokio::test]
async fn the_stored_credentials_are_tried() {
    let set_up = SetUp::healthy();
    let db = set_up.move_in().await;
    let done: Result<_, db::DbError> = db
        .write("test", |tx| {
            let sql = "UPDATE gate_interface SET password = 'another'";
            tx.execute(sql, db::params![])
        })
        .await;
    done.unwrap();
    let refused = set_up.names("credentials_refused", CONNECTION).await;
    assert!(!format!("{refused:?}").contains("another"));
}

#[tokio::test]
async fn what_nobody_has_entered_is_missing_and_what_nobody_can_read_is_not_checked() {
    let set_up = SetUp::healthy();
    let config = "[database]\nurl = \"sqlite:passerelle.db\"\n[backup]\nevery_h = 24\n";
    std::fs::write(set_up.path(CONFIG), config).unwrap();
    let findings = set_up.findings().await;
    assert!(
        findings.iter().all(|f| f.severity == "note"),
        "{findings:#?}"
    );
    let unseen = findings.iter().filter(|f| f.code == "not_checked");
    assert_eq!(unseen.count(), 4, "{findings:#?}");
    // Before the first start, what is to be done is said, and not that all is ready.
    assert!(findings.iter().any(|f| f.code == "set_up_not_begun"));
    let (exit, page) = set_up.examine(&[]).await;
    assert_eq!(exit, 3);
    assert!(page.contains("/office/ and follow the set-up"), "{page}");
    assert!(
        page.ends_with("then follow the set-up on its pages.\n"),
        "{page}"
    );

    empty_db(&set_up).await;
    let mistakes = set_up.mistakes().await;
    let codes: Vec<_> = mistakes.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "url_missing",
            "mapping_empty",
            "site_missing",
            "channel_missing",
            "contact_missing"
        ]
    );
}

#[tokio::test]
async fn half_an_interface_by_file_is_one_without_url() {
    let set_up = SetUp::healthy();
    set_up.replace(CONFIG, "url = \"http://", "# url = \"http://");
    empty_db(&set_up).await;
    set_up.names("url_missing", "[otipass] url").await;
}

#[tokio::test]
async fn what_is_wrong_with_the_key_of_its_secrets_is_named() {
    let set_up = SetUp::healthy();
    drop(set_up.move_in().await);
    let codes = async || {
        let findings = set_up.findings().await;
        findings.into_iter().map(|f| f.code).collect::<Vec<_>>()
    };
    set_up.append(CONFIG, "[secrets]\nkey_file = \"one.key\"\n");
    set_up.secret("one.key", &"1".repeat(64));
    set_up.secret("two.key", &"2".repeat(64));
    assert!(codes().await.contains(&"secrets_not_sealed".to_owned()));
    let printed = set_up.fine(&["secrets", "rekey"]);
    assert!(printed.starts_with("1 secret"), "{printed}");
    assert_eq!(codes().await, ["site_sector_not_mapped"]);
    let kept = rusqlite::Connection::open(set_up.path("passerelle.db")).unwrap();
    let read = "SELECT password FROM gate_interface";
    let kept: String = kept.query_row(read, [], |row| row.get(0)).unwrap();
    assert!(kept.starts_with("sealed1:"), "{kept}");

    // Under another key, in two steps.
    let two = set_up.path("two.key");
    set_up.fine(&["secrets", "rekey", "--to", two.to_str().unwrap()]);
    set_up.names("database_key_wrong", "key_file").await;
    set_up.refused(&["secrets", "rekey"]);
    set_up.replace(CONFIG, "one.key", "two.key");
    assert_eq!(codes().await, ["site_sector_not_mapped"]);

    set_up.secret("two.key", "short");
    set_up.names("database_key_short", "key_file").await;
    set_up.replace(CONFIG, "key_file = \"two.key\"", "");
    set_up.names("database_key_missing", "key_file").await;
}
