//! A real card before the first visitor.

use super::set_up::SetUp;
use sandbox::PassBook;
use serde_json::{Value, json};
use stage::pass;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const SERIAL: &str = "AB12345674";

/// A healthy set-up whose Otipass knows these passes.
fn with(rows: &[String]) -> SetUp {
    let set_up = SetUp::healthy();
    let rows = rows.concat();
    let passes = format!("number;status;duration_days;valid_until;services\n{rows}");
    let passes = PassBook::from_csv(passes.as_bytes()).unwrap();
    set_up
        .otipass
        .sandbox
        .change_passes(|known| *known = passes);
    set_up
}

async fn sample(set_up: &SetUp, code: &str) -> (i32, Value) {
    let (exit, printed) = set_up.examine(&["--json", "--sample", code]).await;
    (exit, serde_json::from_str(&printed).unwrap())
}

/// Nobody was asked what counts.
fn nothing_counted(set_up: &SetUp) -> u32 {
    let asked = set_up.otipass.sandbox.log().total;
    assert_eq!((asked.validations, asked.declarations), (0, 0));
    asked.inquiries
}

#[tokio::test]
async fn a_card_is_recognised_and_asked_about_without_counting_anything() {
    let set_up = with(&[pass("00029975", "active", "1")]);
    for code in ["00029975", "]C000029975\n", "villeneuve-00029975"] {
        let (exit, sample) = sample(&set_up, code).await;
        assert_eq!(exit, 0, "{sample}");
        assert_eq!(sample["card"], "00029975");
        assert_eq!(
            (&sample["known"], &sample["asked_as"]),
            (&json!(true), &json!("numotipass"))
        );
        let sectors = sample["sectors"].as_array().unwrap();
        assert_eq!(sectors.len(), 6);
        assert_eq!(
            sectors[0],
            json!({"sector": "VN_AUG", "admissible": true, "reason": null,
                   "valid_until": "2099-12-31", "entries_left": 1})
        );
        assert_eq!(sectors[1]["reason"], "service_not_included");
    }
    assert_eq!(nothing_counted(&set_up), 18);
    let (exit, page) = set_up.examine(&["--sample", "00029975"]).await;
    assert_eq!(exit, 0);
    assert!(
        page.starts_with("✔ The code is card number 00029975.\n"),
        "{page}"
    );
    assert!(
        page.contains("(VN_AUG)")
            && page.contains("  This pass may enter, until 2099-12-31, entries left: 1\n"),
        "{page}"
    );
    let (_, page) = set_up
        .examine(&["--sample", "00029975", "--language", "fr"])
        .await;
    assert!(
        page.contains("Rien n’a été compté. Il répondrait maintenant\u{a0}:\n"),
        "{page}"
    );
    assert_eq!(set_up.otipass.sandbox.passes().iter().count(), 1);
}

#[tokio::test]
async fn the_kind_of_number_is_found_by_a_card_and_holds_when_it_is_written() {
    let set_up = with(&[pass(SERIAL, "active", "*")]);
    let (exit, sample_before) = sample(&set_up, "ab12345674").await;
    assert_eq!(exit, 1);
    assert_eq!(sample_before["card"], Value::Null);
    let proposal = &sample_before["proposal"];
    assert_eq!(
        proposal["changes"],
        json!([{"where": "mapping", "write": "\"NumType\": \"serial\""}])
    );
    assert_eq!(sample_before["known"], true, "Otipass knows it as a serial");
    let (_, page) = set_up.examine(&["--sample", SERIAL]).await;
    assert!(
        page.contains("in the mapping parameters: \"NumType\": \"serial\"\n"),
        "{page}"
    );
    let write = proposal["changes"][0]["write"].as_str().unwrap();
    let project = "\"OtipassProjectId\": \"villeneuve\",";
    set_up.replace("mapping.json", project, &format!("{project} {write},"));
    let (exit, sample_after) = sample(&set_up, "ab12345674").await;
    assert_eq!((exit, &sample_after["card"]), (0, &json!(SERIAL)));
    nothing_counted(&set_up);
}

#[tokio::test]
async fn another_length_is_proposed_and_holds_when_it_is_written() {
    let set_up = with(&[pass("4539578763621486", "active", "*")]);
    let (exit, sample_before) = sample(&set_up, "4539578763621486").await;
    assert_eq!(exit, 1);
    let change = &sample_before["proposal"]["changes"][0];
    assert_eq!(change["where"], "otipass");
    let write = change["write"].as_str().unwrap();
    set_up.replace(
        "passerelle.toml",
        "when_silent",
        &format!("{write}\nwhen_silent"),
    );
    let (exit, sample_after) = sample(&set_up, "4539578763621486").await;
    assert_eq!((exit, &sample_after["known"]), (0, &json!(true)));
}

#[tokio::test]
async fn what_nobody_knows_and_what_is_no_card_is_said() {
    let set_up = with(&[]);
    let (exit, unknown) = sample(&set_up, "00029975").await;
    assert_eq!((exit, &unknown["known"]), (1, &json!(false)));
    assert_eq!(nothing_counted(&set_up), 1, "once is enough");
    let (exit, none) = sample(&set_up, "BONJOUR").await;
    assert_eq!((exit, &none["proposal"]), (1, &Value::Null));
    // Not to be asked, and not to be reached.
    let (exit, offline) = set_up.examine(&["--offline", "--sample", "00029975"]).await;
    assert_eq!(exit, 0);
    assert!(
        offline.contains("– Otipass was not asked: --offline"),
        "{offline}"
    );
    set_up.secret("otipass.password", "another");
    let (exit, page) = set_up.examine(&["--sample", "00029975"]).await;
    assert_eq!(exit, 1);
    assert!(page.contains("! Otipass gave no answer: "), "{page}");
    set_up.write("mapping.json", "{\"OtipassProjectId\": \"villeneuve\"");
    let (_, page) = set_up.examine(&["--sample", "villeneuve-00029975"]).await;
    assert!(
        page.starts_with("✔ The code is card number 00029975.\n"),
        "{page}"
    );
    assert!(
        page.contains("the mapping parameters are missing"),
        "{page}"
    );
}

#[tokio::test]
async fn a_code_can_be_read_from_standard_input() {
    let set_up = with(&[pass("00029975", "active", "1")]);
    let mut command = Command::from(set_up.command(&["doctor", "--json", "--sample", "-"]));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"00029975\r\n").await.unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    let sample: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sample["card"], "00029975");
}
