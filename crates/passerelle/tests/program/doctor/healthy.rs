//! Healthy set-ups of many kinds: nobody is blamed, and each is served.

use super::set_up::{SetUp, empty_db};
use super::table::{CATALOGUE, CONFIG, MAPPING, SITE, serves};
use super::{answers, tls};
use doctor::{Doctor, PATIENCE, Reach, Surroundings};
use kernel::SystemClock;
use kernel::finding::Severity;
use std::fs;
use std::sync::Arc;

const SECTORS: &str = "\"sectorInfos\": {";
/// The sector that the example maps to nothing.
pub const EXHIBITION: &str = "\"sectorInfos\": {
    \"VN_EXP\": {\"OtipassServiceId\": \"PCUMID000FSEEEEE\", \"OtipassPSpaceId\": \"PROVIDER#PCUMID000FSEEEEE\",
                 \"seasonCode\": \"VN26\", \"productCode\": \"PASSVN\"},";

/// The example with all of its sectors mapped.
fn healthy() -> SetUp {
    let set_up = SetUp::healthy();
    set_up.replace(MAPPING, SECTORS, EXHIBITION);
    set_up
}

async fn is_unblamed(kind: &str, set_up: &SetUp) {
    // Before the first start, and after it.
    for _ in 0..2 {
        assert_eq!(blamed(set_up).await, [""; 0], "{kind}");
        let (is_served, told) = serves(set_up).await;
        assert!(is_served, "{kind}: {told}");
    }
}

/// All that somebody should look at.
async fn blamed(set_up: &SetUp) -> Vec<String> {
    let doctor = Doctor {
        config: set_up.path(CONFIG),
        surroundings: Surroundings::Nothing,
        db: None,
        clock: Arc::new(SystemClock),
    };
    let findings = doctor.examine(Reach::Online, PATIENCE).await.findings;
    let blamed = findings.iter().filter(|f| f.severity < Severity::Note);
    blamed.map(ToString::to_string).collect()
}

#[tokio::test]
async fn by_files() {
    is_unblamed("all by files", &healthy()).await;

    let set_up = healthy();
    let config = set_up.read(CONFIG);
    let kept = [
        "url = ",
        "site",
        "catalogue",
        "mapping",
        "username",
        "password_file",
        "every_h",
        "[",
    ];
    let lines = config
        .lines()
        .filter(|line| kept.iter().any(|key| line.starts_with(key)));
    let lines: Vec<_> = lines.collect();
    set_up.write(CONFIG, &lines.join("\n"));
    set_up.replace(CONFIG, "[server]", "[server]\nlisten = \"127.0.0.1:8480\"");
    is_unblamed("the fewest keys", &set_up).await;

    let set_up = healthy();
    for file in [CONFIG, SITE, CATALOGUE, MAPPING] {
        let text = set_up.read(file).replace('\n', "\r\n");
        set_up.write(file, &format!("\u{feff}{text}"));
    }
    is_unblamed("files of a Windows editor", &set_up).await;

    let set_up = healthy();
    for file in [SITE, CATALOGUE, MAPPING] {
        let text = format!("\u{feff}{}", set_up.read(file));
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(set_up.path(file), bytes).unwrap();
    }
    is_unblamed("files in UTF-16", &set_up).await;

    let set_up = healthy();
    let site = set_up.read(SITE).replace('é', "\u{1}");
    let bytes = site.bytes().map(|b| if b == 1 { 0xe9 } else { b });
    fs::write(set_up.path(SITE), bytes.collect::<Vec<_>>()).unwrap();
    is_unblamed("a site in Windows-1252", &set_up).await;

    let set_up = healthy();
    set_up.replace(SITE, "\"EUR\"", "\"EUR\"\nlanguage = \"fr\"");
    set_up.append(CONFIG, "[notices]\nlanguage = \"fr\"\n");
    is_unblamed("French", &set_up).await;

    let set_up = healthy();
    set_up.replace(MAPPING, "{", "{ // from the sample\n");
    set_up.replace(MAPPING, "\"PASSVN\"\n", "\"PASSVN\", // a pass\n");
    is_unblamed("a mapping with comments", &set_up).await;

    let set_up = healthy();
    set_up.replace(
        SITE,
        "[[door]]",
        "[[door]]\ncode = \"COURT\"\nsectors = [\"VN_AUG\", \"VN_RAY\"]\n\n[[door]]",
    );
    is_unblamed("a door to two sectors", &set_up).await;

    let set_up = healthy();
    set_up.replace(CATALOGUE, "price_minor = 950\nvat_basis_points = 550", "price_minor = 950\nvat_basis_points = 550\nvalid_until = 2098-12-31\n\n[[tariff]]\nproduct = \"PASSVN\"\ncode = \"CITYPASS\"\nprice_minor = 1050\nvat_basis_points = 550\nvalid_from = 2099-01-01");
    is_unblamed("a price that changes", &set_up).await;
}

#[tokio::test]
async fn by_what_is_read_and_who_is_told() {
    let set_up = healthy();
    set_up.replace(MAPPING, "{", "{ \"NumType\": \"serial\",");
    set_up.replace(
        CONFIG,
        "when_silent",
        "letters = {min = 2, max = 2}\ndigits = {min = 8, max = 10}\nwhen_silent",
    );
    is_unblamed("serials", &set_up).await;

    let set_up = healthy();
    set_up.append(
        CONFIG,
        "[otipass.additions]\nprefixes = [\"NR:\", \"PASS-\"]\nsuffixes = [\"#\"]\n",
    );
    is_unblamed("a scanner that adds texts", &set_up).await;

    let set_up = healthy();
    set_up.replace(CONFIG, "\"admit\"", "\"refuse\"");
    set_up.append(
        CONFIG,
        "[gate]\noffline_policy = \"guarded\"\n[office]\nenabled = false\n",
    );
    is_unblamed("a strict gate without pages", &set_up).await;

    let set_up = healthy();
    let hook = format!("[notices]\nwebhook = \"{}\"\n", set_up.otipass.url);
    let support = "[support]\nevents_file = \"events.jsonl\"\n";
    set_up.append(CONFIG, &(hook + support));
    is_unblamed("notices", &set_up).await;

    let set_up = healthy();
    let url = set_up.otipass.url.clone();
    let origin = url.trim_end_matches("/api");
    set_up.replace(
        CONFIG,
        "when_silent",
        &format!("proxy = \"{origin}\"\nwhen_silent"),
    );
    is_unblamed("a proxy", &set_up).await;

    let (certificate, key) = tls::issue(-3, 60);
    let set_up = tls::with_certificate(&certificate, &key).await;
    set_up.replace(MAPPING, SECTORS, EXHIBITION);
    set_up.append(
        CONFIG,
        "[office]\nurl = \"https://passerelle.example.org\"\n",
    );
    is_unblamed("https", &set_up).await;
}

#[tokio::test]
async fn by_pages() {
    let set_up = healthy();
    drop(set_up.move_in().await);
    is_unblamed("all by pages", &set_up).await;

    set_up.append(CONFIG, "[secrets]\nkey_file = \"one.key\"\n");
    set_up.secret("one.key", &"1".repeat(64));
    set_up.fine(&["secrets", "rekey"]);
    is_unblamed("sealed secrets", &set_up).await;
}

#[tokio::test]
async fn by_processes() {
    let seasons = answers::families("OPEN_PASS");
    let set_up = answers::with_ticketing(axum::http::StatusCode::OK, seasons).await;
    set_up.replace(MAPPING, SECTORS, EXHIBITION);
    is_unblamed("a gate alone, its box office elsewhere", &set_up).await;

    let set_up = healthy();
    set_up.replace(CONFIG, "listen", "roles = [\"box_office\"]\nlisten");
    set_up.append(
        CONFIG,
        "[access_control]\npassword_file = \"operator.password\"\n",
    );
    is_unblamed("a box office alone", &set_up).await;

    let database = db::testing::postgres().await;
    let url = database.postgres_url();
    let replicas = [healthy(), healthy()];
    for replica in &replicas {
        replica.replace(CONFIG, "sqlite:passerelle.db", url);
        replica.replace(CONFIG, "every_h = 24", "every_h = 0");
    }
    is_unblamed("PostgreSQL", &replicas[0]).await;
    is_unblamed("a replica", &replicas[1]).await;
}

#[tokio::test]
async fn by_halves() {
    // The site by pages, the rest by files.
    let set_up = healthy();
    let db = set_up.db().await;
    drop(db);
    set_up.replace(CONFIG, "site = \"site.toml\"\n", "");
    is_unblamed("the site by pages", &set_up).await;

    let set_up = healthy();
    drop(empty_db(&set_up).await);
    is_unblamed("a database in which nothing is", &set_up).await;
}
