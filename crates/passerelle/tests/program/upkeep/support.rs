//! What leaves the house in a support bundle, and what does not.

use super::{CARDS, OPERATOR_PASSWORD, OTIPASS_PASSWORD, alone, check, database, text};
use crate::id;
use serde_json::json;
use std::collections::BTreeMap;

const NOTE: &str = "Mme Durand lost her phone";

/// The pages of a bundle.
pub fn pages(archive: &[u8]) -> BTreeMap<String, String> {
    use std::io::Read;
    let mut archive = tar::Archive::new(archive);
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let name = name.strip_prefix("passerelle-support/").unwrap();
            (name.to_owned(), text)
        })
        .collect()
}

#[tokio::test]
async fn a_bundle_tells_of_the_house_and_not_of_its_visitors() {
    // Nobody listens on the discard port: each check leaves a warning.
    let mut house = alone("");
    house.start();
    let token = house.token("PDA01");
    for number in 0..4 {
        assert_eq!(check(&house, &token, number).await["admitted"], true);
    }
    let journal = json!({"checks": [{
        "id": id(9), "code": CARDS[0], "scanned_at": "2026-07-14T07:00:00.114Z",
        "forced_note": NOTE,
    }, {
        "id": id(10), "code": "29997502 is no pass", "scanned_at": "2026-07-14T07:00:01Z",
    }]});
    let sent = house.send(&token, "/api/v1/checks/batch", &journal);
    assert_eq!(sent.await.status, 200);

    let to = house.path("bundle.tar");
    let said = house
        .command(&["support-bundle", "--to", text(&to)])
        .env("PASSERELLE_OTIPASS__API_KEY", "the-key-of-the-house")
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(0), "{said:?}");
    let archive = std::fs::read(&to).unwrap();
    let all = String::from_utf8_lossy(&archive);
    let mut never = vec![
        OTIPASS_PASSWORD,
        OPERATOR_PASSWORD,
        &token,
        "the-key-of-the-house",
        NOTE,
        "29997502",
        "OTI0",
    ];
    never.extend(CARDS);
    for secret in never {
        assert!(!all.contains(secret), "the bundle holds {secret}");
    }
    let pages = pages(&archive);
    for (page, tells) in [
        ("README.txt", "look at them before you send"),
        (
            "configuration.json",
            "\"password_file\": \"otipass.password\"",
        ),
        ("configuration.json", "PASSERELLE_OTIPASS__API_KEY"),
        ("versions.json", "\"engine\": \"SQLite\""),
        ("doctor.txt", "Otipass"),
        ("events.jsonl", "Otipass could not be asked"),
        ("queues.json", "\"declarations\": 5"),
        ("devices.json", "PDA01"),
        ("reconciliation.json", "\"accepted_checks\": 5"),
    ] {
        assert!(pages[page].contains(tells), "{page}: {}", pages[page]);
    }
    let again = house.refused(&["support-bundle", "--to", text(&to), "--offline"]);
    assert!(again.contains("give another name"), "{again}");
}

#[test]
fn a_broken_house_has_a_bundle_too() {
    let house = alone("[otipas]\nunknwon = \"hunter2\"\n");
    let to = house.path("bundle.tar");
    house.fine(&["support-bundle", "--offline", "--to", text(&to)]);
    let archive = std::fs::read(&to).unwrap();
    let pages = pages(&archive);
    assert!(pages["configuration.json"].contains("unknwon"));
    assert!(!String::from_utf8_lossy(&archive).contains("hunter2"));
    assert!(pages["doctor.txt"].contains("otipas"));
    // And one that never ran.
    let house = alone("");
    let to = house.path("bundle.tar");
    house.fine(&["support-bundle", "--offline", "--to", text(&to)]);
    assert!(!database(&house).exists(), "looking makes nothing");
}
