//! `passerelle demo`, without visitors of its own.

use crate::{BIN, id};
use kernel::{Clock, SystemClock};
use serde_json::{Value, json};
use stage::{Process, answer, client, eventually, wait};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn the_demo_says_if_phones_cannot_read_without_network() {
    let mut demo = Command::new(BIN);
    demo.args(["demo", "--visitors", "0"]).args([
        "--listen",
        "127.0.0.1:0",
        "--sandbox",
        "127.0.0.1:0",
    ]);
    let output = demo.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("back office"), "{printed}");
    let warned = printed.contains("`cargo xtask decoder`");
    assert_eq!(warned, !server::has_decoder(), "{printed}");
}

/// The way of an entry ends at the "yes" of a ticketing that is not ours, and a season
/// that it does not know stands in the reconciliation.
#[test]
fn a_demo_whose_ticketing_is_not_ours_delivers_to_it() {
    let mut demo = Command::new(BIN);
    demo.args([
        "demo",
        "--ticketing",
        "foreign",
        "--ways",
        "http_400,sparse",
    ]);
    for address in ["--listen", "--sandbox", "--foreign"] {
        demo.args([address, "127.0.0.1:0"]);
    }
    let mut demo = Process::start(&mut demo);
    let service = demo
        .line_with("device API")
        .split_whitespace()
        .last()
        .unwrap()
        .to_owned();
    let service = service.replace("/docs", "/v1");
    let token = demo.line_with("Authorization: Bearer ");
    let token = token
        .split("Bearer ")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap()
        .to_owned();
    let kept_at = demo
        .line_with("what it has taken")
        .split_whitespace()
        .last()
        .unwrap()
        .to_owned();
    let ways_at = kept_at.replace("/kept", "/ways");
    let config = demo.line_with("ticketing probe");
    let config = config.split("--config ").nth(1).unwrap().trim().to_owned();
    let password = std::path::Path::new(&config).with_file_name("operator.password");
    let mode = std::fs::metadata(password).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let http = client();
    wait(async {
        let bring = async |n: u32| {
            let check = json!({"id": id(n), "code": "12345674", "scanned_at": SystemClock.now(),
                               "outcome": "accepted_offline"});
            let journal = json!({ "checks": [check] });
            let sent = http.post(format!("{service}/checks/batch")).json(&journal);
            let merged = answer(sent.bearer_auth(&token)).await;
            assert_eq!(merged.status, 200, "{merged:?}");
        };
        let ours = async || {
            let kept: Value = answer(http.get(&kept_at)).await.json();
            let kept = kept.as_object().unwrap().keys();
            kept.filter(|barcode| barcode.starts_with("OTI12345674"))
                .count()
        };
        bring(1).await;
        eventually("ticketing has taken it", async || ours().await == 1).await;
        let set = http.put(&ways_at).body("no_season");
        assert_eq!(answer(set).await.status, 204);
        bring(2).await;
        eventually("the reconciliation says why it waits", async || {
            let mut reconcile = Command::new(BIN);
            let output = reconcile.args(["reconcile", "--config", &config]).output();
            let printed = String::from_utf8(output.unwrap().stdout).unwrap();
            printed.contains("no product PASSVN in season VN26")
        })
        .await;
        assert_eq!(ours().await, 1);
    });
    demo.ask_to_end();
    assert!(demo.ended());
}

/// Nothing that is asked for is left out in silence, and what does not fit is told with
/// what would.
#[test]
fn the_demo_says_what_a_way_of_ticketing_needs() {
    let demo = |more: &[&str]| {
        let mut demo = Command::new(BIN);
        demo.args(["demo", "--visitors", "0"]).args(more);
        for address in ["--listen", "--sandbox", "--foreign"] {
            demo.args([address, "127.0.0.1:0"]);
        }
        demo.output().unwrap()
    };
    let own = demo(&["--ways", "partner"]);
    let complaint = String::from_utf8(own.stderr).unwrap();
    assert!(
        !own.status.success() && complaint.contains("--ticketing foreign"),
        "{complaint}"
    );
    let foreign = demo(&["--ticketing", "foreign", "--ways", "partner,sparse"]);
    let printed = String::from_utf8(foreign.stdout).unwrap();
    assert!(foreign.status.success(), "{printed}");
    for says in ["issuer = \"PARTNER\"", "doctor --config"] {
        assert!(printed.contains(says), "{says}: {printed}");
    }
}
