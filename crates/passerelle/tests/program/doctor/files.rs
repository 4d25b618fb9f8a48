//! Set-ups with one mistake each in a file.

use super::set_up::{CASTLE, CASTLE_WITHOUT_DEVICES, SetUp};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const CONFIG: &str = "passerelle.toml";
const MAPPING: &str = "mapping.json";
const SITE: &str = "site.toml";
const CATALOGUE: &str = "catalogue.toml";

/// What is named, where, and in which file what is written instead of what.
type Damage = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

// One case, one line.
#[rustfmt::skip]
const DAMAGES: &[Damage] = &[
    ("url_without_api", "toml:17:1 ([otipass] url)", CONFIG, "/api\"", "\""),
    ("url_holds_project", "[otipass] url", CONFIG, "/api\"", "/api/Villeneuve\""),
    ("url_unreadable", "[otipass] url", CONFIG, "url = \"http://", "url = \"//"),
    ("url_not_http", "[otipass] url", CONFIG, "url = \"http://", "url = \"ftp://"),
    ("url_holds_credentials", "[otipass] url", CONFIG, "url = \"http://", "url = \"http://u:p@"),
    ("url_holds_query", "[otipass] url", CONFIG, "/api\"", "/api?lang=fr\""),
    ("url_missing", "[otipass] url", CONFIG, "url = \"http://", "url = \"\" # \"http://"),
    ("proxy_invalid", "[otipass] proxy", CONFIG, "when_silent", "proxy = \"http://:\"\nwhen_silent"),
    ("addition_in_number", "toml:25:1 ([otipass.additions] prefixes)", CONFIG, "[external_sales]", "[otipass.additions]\nprefixes = [\"NR:\", \"97\"]\n\n[external_sales]"),
    ("addition_in_number", "[otipass.additions] suffixes", CONFIG, "[external_sales]", "[otipass.additions]\nsuffixes = [\"00\"]\n\n[external_sales]"),
    ("interface_type_unknown", "[otipass] type", CONFIG, "when_silent", "type = \"WIFI\"\nwhen_silent"),
    ("config_broken", "passerelle.toml:22", CONFIG, "\"admit\"", "admit"),
    ("config_key_unknown", "passerelle.toml:5:1", CONFIG, "listen", "port = 3\nlisten"),
    ("config_key_unknown", "passerelle.toml:4:2", CONFIG, "[server]", "[servers]"),
    ("config_key_unknown", "passerelle.toml:4:1", CONFIG, "[server]", "speed = 3\n[server]"),
    ("config_key_unknown", "passerelle.toml:20:1", CONFIG, "password_file", "pasword_file"),
    ("config_key_unknown", "passerelle.toml:15:2", CONFIG, "[otipass]", "[otipas]"),
    ("config_value_wrong", "passerelle.toml:17:1", CONFIG, "url = \"http", "url = 5 # \"http"),
    ("quote_not_closed", "mapping.json:8:22", MAPPING, "\"PASSVN\"", "\"PASSVN"),
    ("config_value_wrong", "passerelle.toml:22:1", CONFIG, "when_silent = \"admit\"", "when_silent = \"wait\""),
    ("secret_in_config", "passerelle.toml:22:1", CONFIG, "when_silent", "api_key = \"Violets-are-s3cret\"\nwhen_silent"),
    ("secret_unreadable", "toml:20:1 ([otipass] password_file)", CONFIG, "otipass.password", "nowhere.password"),
    // The password itself in the wrong place: nothing may print it.
    ("secret_unreadable", "toml:20:1 ([otipass] password_file)", CONFIG, "otipass.password", "Violets-are-s3cret"),
    ("config_out_of_bounds", "toml:21:1 ([otipass] decision_budget_ms)", CONFIG, "= 1500", "= 0"),
    ("lengths_impossible", "toml:22:1 ([otipass] digits)", CONFIG, "when_silent", "digits = {min = 10, max = 8}\nwhen_silent"),
    ("lengths_impossible", "toml:22:1 ([otipass] letters)", CONFIG, "when_silent", "letters = {min = 3, max = 2}\nwhen_silent"),
    ("retention_too_short", "toml:31:1 ([retention] card_numbers_days)", CONFIG, "= 400", "= 10"),
    ("office_url_wrong", "toml:31:1 ([office] url)", CONFIG, "[retention]", "[office]\nurl = \"passerelle.example.org\"\n[retention]"),
    ("listen_elsewhere", "toml:5:1 ([server] listen)", CONFIG, "127.0.0.1:8480", "192.0.2.1:8480"),
    ("database_unwritable", "toml:8:1 ([database] url)", CONFIG, "sqlite:", "sqlite:site.toml/"),
    ("api_key_invalid", "[otipass] api_key_file", CONFIG, "password_file = \"otipass.password\"", "api_key_file = \"mapping.json\""),
    ("roles_missing", "[server] roles", CONFIG, "listen", "roles = []\nlisten"),
    ("database_unreachable", "[database] url", CONFIG, "sqlite:", "mysql:"),
    ("mapping_unreadable", "nowhere.json", CONFIG, "mapping.json", "nowhere.json"),
    ("site_unreadable", "nowhere.toml", CONFIG, "site.toml", "nowhere.toml"),
    ("catalogue_unreadable", "nowhere.toml", CONFIG, "catalogue.toml", "nowhere.toml"),
    ("ticketing_missing", "[access_control] url", CONFIG, "[database]", "roles = [\"gate\"]\n[access_control]\npassword_file = \"operator.password\"\n[database]"),
    ("operator_password_missing", "[access_control] password_file", CONFIG, "[database]", "roles = [\"box_office\"]\n[database]"),
    ("api_version_too_old", "[access_control] url", CONFIG, "[database]", "[access_control]\nurl = \"https://v.example.org/service/v1_3\"\npassword_file = \"operator.password\"\n[database]"),
    ("ticketing_url_wrong", "[access_control] url", CONFIG, "[database]", "[access_control]\nurl = \"v.example.org/v1_4\"\npassword_file = \"operator.password\"\n[database]"),
    ("dialect_invalid", "[external_sales] dialect", CONFIG, "[external_sales]", "[external_sales]\ndialect.columns = []"),
    ("comma_missing", "mapping.json:2", MAPPING, "\"villeneuve\",", "\"villeneuve\""),
    ("brace_not_closed", "mapping.json:", MAPPING, "    }\n  }\n}", "    }\n  }\n"),
    ("sector_given_twice", "mapping.json:10:5", MAPPING, "VN_RAY", "VN_AUG"),
    ("mapped_sector_unknown", "mapping.json:4:5", MAPPING, "VN_AUG", "VN_AUX"),
    ("service_space_mismatch", "mapping.json:6:26", MAPPING, "PROVIDER#PCUMID000FSA5CD6", "PROVIDER#PCUMID000FS4D3C1"),
    ("season_missing", "mapping.json:", MAPPING, "\"seasonCode\": \"VN26\",", ""),
    ("season_too_long", "mapping.json:7", MAPPING, "VN26", "VN26-2026"),
    ("season_unknown", "mapping.json:7:21", MAPPING, "VN26", "VN27"),
    ("product_missing", "mapping.json:8", MAPPING, "PASSVN", ""),
    ("product_too_long", "mapping.json:8", MAPPING, "PASSVN", "CITYPASSVN"),
    ("product_unknown", "mapping.json:8:22", MAPPING, "PASSVN", "PASSVN9"),
    ("sector_without_door", "site.toml:28:8", SITE, CASTLE, ""),
    ("sector_without_device", "site.toml:28:8", SITE, CASTLE, CASTLE_WITHOUT_DEVICES),
    ("device_without_sector", "site.toml:41", SITE, "[\"VN_AUG\"]", "[]"),
    ("device_with_several_sectors", "site.toml:41", SITE, "[\"VN_AUG\"]", "[\"VN_AUG\", \"VN_RAY\"]"),
    ("timezone_unknown", "site.toml:4", SITE, "Europe/Paris", "Paris"),
    ("site_file_broken", "site.toml:5", SITE, "\"EUR\"", "EUR"),
    ("not_open_pass", "mapping.json:8:22", CATALOGUE, "OPEN_PASS", "SEASON_TICKET"),
    ("tariff_not_mapped", "catalogue.toml:24:11", CATALOGUE, "[[tariff_mapping]]\nproduct = \"PASSVN\"\ntariff = \"CITYPASS\"", ""),
    ("tariff_unknown", "catalogue.toml:24:11", CATALOGUE, "tariff = \"CITYPASS\"", "tariff = \"CITYPAST\""),
    ("tariff_without_price", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950", ""),
    ("tariff_without_vat", "catalogue.toml:24:11", CATALOGUE, "vat_basis_points = 550", ""),
    ("tariff_not_valid", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950", "price_minor = 950\nvalid_until = 2020-12-31"),
    ("channel_missing", "catalogue.toml", CATALOGUE, "[sales_channel]\ncode = \"OTIPASS\"\ntype = \"STX_FILE\"", ""),
    ("channel_code_invalid", "catalogue.toml:", CATALOGUE, "\"OTIPASS\"", "\"Otipass\""),
    ("channel_type_invalid", "catalogue.toml:", CATALOGUE, "STX_FILE", "B2B"),
    ("contact_missing", "catalogue.toml", CATALOGUE, "[contact]\nnumber = \"000042\"\nname = \"Otipass\"\npayment_modes = [\"PENDING_ACCOUNT\"]", ""),
    ("contact_without_pending_account", "catalogue.toml:", CATALOGUE, "PENDING_ACCOUNT", "CASH"),
    ("catalogue_file_broken", "catalogue.toml:26", CATALOGUE, "950", "9,50"),
    ("wrong_type", "catalogue.toml:26:15", CATALOGUE, "950", "9.50"),
    ("given_twice", "catalogue.toml:13:8", CATALOGUE, "code = \"PASSVN2\"", "code = \"PASSVN\""),
];

#[tokio::test]
async fn each_mistake_in_a_file_is_named_alone() {
    for (code, place, file, good, bad) in DAMAGES {
        let set_up = SetUp::healthy();
        set_up.replace(file, good, bad);
        set_up.names(code, place).await;
    }
}

/// What the service starts with all the same: whoever opens the back office can
/// cure it there, and a partner may be away for a while only.
const SERVED: &[&str] = &[
    "sector_without_door",
    "sector_without_device",
    "device_without_sector",
    "device_with_several_sectors",
    "mapped_sector_unknown",
    "season_unknown",
    "product_unknown",
    "not_open_pass",
    "tariff_not_mapped",
    "tariff_unknown",
    "tariff_without_price",
    "tariff_without_vat",
    "tariff_not_valid",
    "channel_missing",
    "channel_code_invalid",
    "channel_type_invalid",
    "contact_missing",
    "contact_without_pending_account",
    "url_missing",
];

#[tokio::test]
async fn the_service_refuses_what_the_doctor_calls_a_mistake() {
    let mut otherwise = Vec::new();
    for (code, _, file, good, bad) in DAMAGES {
        let set_up = SetUp::healthy();
        set_up.replace(file, good, bad);
        let anywhere = set_up.read(CONFIG).replace("127.0.0.1:8480", "127.0.0.1:0");
        set_up.write(CONFIG, &anywhere);
        let mut command = Command::from(set_up.command(&["serve"]));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut service = command.kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(service.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap();
        let is_served = first.is_some_and(|line| line.starts_with("Passerelle serves"));
        if is_served {
            service.kill().await.unwrap();
        }
        let output = service.wait_with_output().await.unwrap();
        assert!(!output.status.success(), "{code}: {bad}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!told.contains("s3cret"), "{code}: {told}");
        if is_served != SERVED.contains(code) {
            otherwise.push((code, bad, told));
        }
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
}

#[tokio::test]
async fn what_is_forgiven_is_said() {
    let set_up = SetUp::healthy();
    set_up.replace("mapping.json", "{", "{ // from the sample");
    let findings = set_up.findings().await;
    assert!(
        findings.iter().all(|f| f.severity != "mistake"),
        "{findings:#?}"
    );
    let comment = findings
        .iter()
        .find(|f| f.code == "comment_left_in")
        .unwrap();
    assert_eq!(comment.severity, "note");
    assert!(comment.place.ends_with("mapping.json:1:3"), "{comment:?}");
}

#[tokio::test]
async fn the_code_that_is_meant_is_offered() {
    for (written, offered) in [
        ("VN_AUX", "VN_AUG"),
        ("vn_aug", "VN_AUG"),
        ("LOUVRE", "add the sector"),
    ] {
        let set_up = SetUp::healthy();
        set_up.replace("mapping.json", "VN_AUG", written);
        let finding = set_up
            .names("mapped_sector_unknown", "mapping.json:4:5")
            .await;
        assert!(finding.cure.contains(offered), "{}", finding.cure);
    }
}
