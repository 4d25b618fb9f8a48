//! Card numbers, control barcodes, tokens and passwords stay where they belong.

use crate::house::{cancellation, save_code, set};
use db::params;
use db::testing::sqlite_on_disk;
use gate::records::ledger;
use gate::{DeviceSettings, EnrolmentCode};
use reqwest::Method;
use sandbox::Failure;
use secutix::client::Ticketing;
use secutix::wire::{ControlResult, ControlledTicket, ImportControlledTicketRequest};
use serde_json::json;
use stage::villeneuve::{
    AUG, CAS, EXPIRED, GEO, GOOD, OPERATOR_PASSWORD, OTIPASS_PASSWORD, UNLIMITED, id, scan,
    ticketing_client, token,
};
use stage::{Answer, Museum, Plan, answer};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What an agent writes of a visitor.
const NOTE: &str = "la dame au chapeau vert";

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Keeps everything that our crates, and the layer that traces requests, say
/// from now on in this process.
fn keep_the_log() -> Kept {
    let kept = Kept::default();
    let writer = kept.clone();
    let ours = "gate=trace,server=trace,boxoffice=trace,otipass=trace,secutix=trace,db=trace,\
                kernel=trace,tower_http=trace";
    tracing_subscriber::fmt()
        .with_env_filter(ours)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    kept
}

/// Bad requests of every kind, with what the caller said himself.
async fn bad_requests(house: &Museum) -> Vec<(Answer, Vec<&'static str>)> {
    let mut answers = Vec::new();
    let post = |path: &'static str, body: String| {
        answer(house.as_device(AUG, Method::POST, path).body(body))
    };
    // The id of a scan that someone else's pass was read in.
    let conflict = scan(1, UNLIMITED).to_string();
    let number = conflict.replace(&format!("\"{UNLIMITED}\""), "39131");
    for body in [
        conflict.clone(),
        number,
        conflict.replace("code", "card"),
        conflict.replace("2026", "year"),
        scan(30, &UNLIMITED.repeat(65)).to_string(),
        format!("{conflict}{}", " ".repeat(deviceapi::BODY_LIMIT_BYTES)),
    ] {
        answers.push((post("/api/v1/checks", body).await, vec![UNLIMITED]));
    }
    let batch = json!({ "checks": vec![conflict; 501] }).to_string();
    answers.push((post("/api/v1/checks/batch", batch).await, vec![UNLIMITED]));
    for path in ["/api/v1/nothing", "/api/v1/device?device_time=00029975"] {
        let request = house.as_device(AUG, Method::GET, path);
        answers.push((answer(request).await, vec![GOOD]));
    }
    let stranger = house.request(Method::GET, "/api/v1/device");
    let stranger = answer(stranger.bearer_auth("pst_not-a-token")).await;
    answers.push((stranger, vec![]));
    answers
}

#[tokio::test]
async fn no_log_and_no_refusal_tells_what_is_personal_or_secret() {
    let log = keep_the_log();
    let plan = Plan {
        interface: |settings| settings.decision_budget = Duration::from_millis(200),
        ..Plan::default()
    };
    let house = Museum::open(sqlite_on_disk().await, plan).await;

    // A whole way, with all that goes wrong on it.
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted");
    assert_eq!(house.outcome(AUG, 2, GOOD).await, "already_used");
    assert_eq!(house.outcome(CAS, 3, GOOD).await, "accepted");
    for (n, failure) in (4..).zip([
        Failure::Status(500),
        Failure::HalfJson,
        Failure::Html,
        Failure::Empty,
        Failure::WrongContentType,
        Failure::AnswerLost,
        Failure::Silence,
    ]) {
        house.clock.advance_ms(6_000);
        house.otipass.fail(failure, Some(1));
        let outcome = house.outcome(AUG, n, UNLIMITED).await;
        assert!(outcome.starts_with("accepted"), "{outcome}");
        house.settle().await;
    }
    house.journal(GEO, vec![scan(20, EXPIRED)]).await;
    house.otipass.fail(Failure::Status(400), Some(1));
    house.journal(GEO, vec![scan(21, GOOD)]).await;
    house
        .until("one was declared in vain", |ready| {
            ready["waiting"]["declarations"] == 1
        })
        .await;
    house.clock.advance_ms(6_000);
    house.gate().outbox.due().declarations.notify_one();
    house.settle().await;

    // Ticketing has one of the barcodes with another product.
    let mut client = ticketing_client(
        house.url(server::ACCESS_CONTROL_PATH),
        OPERATOR_PASSWORD,
        &house.clock,
    );
    house.clock.advance_ms(40_000);
    let control_date = kernel::Clock::now(&house.clock);
    let ticket = ControlledTicket {
        ac_identifier: "VN_AUG".parse().unwrap(),
        barcode: format!("OTI{UNLIMITED}{}", control_date.compact())
            .parse()
            .unwrap(),
        control_date,
        control_result: ControlResult::Ok,
        failure_reason: None,
        season_code: "VN26".parse().unwrap(),
        product_code: "PASSVN2".parse().unwrap(),
    };
    let call = ImportControlledTicketRequest {
        request_id: "r1".to_owned(),
        controlled_tickets: vec![ticket],
    };
    client.import_controlled_ticket(&call).await.unwrap();
    assert_eq!(house.outcome(AUG, 40, UNLIMITED).await, "accepted");
    house.settle().await;
    let books = house.reconcile().await;
    let refused = books
        .differences
        .iter()
        .find(|d| d.code == "refused_by_ticketing");
    assert!(
        refused.unwrap().of.to_string().contains(&id(40)),
        "{books:?}"
    );

    // A forced entry with a note, a look, a cancellation, an enrolment.
    set(
        &house,
        AUG,
        DeviceSettings {
            forced_entry: true,
            ..DeviceSettings::default()
        },
    )
    .await;
    let mut forced = scan(42, EXPIRED);
    forced["forced_note"] = NOTE.into();
    assert_eq!(house.post(AUG, "/api/v1/checks", &forced).await.status, 200);
    let mut twice = scan(42, GOOD);
    twice["forced_note"] = NOTE.into();
    let conflict = house.post(AUG, "/api/v1/checks", &twice).await;
    assert!(!conflict.text.contains(NOTE));
    // The fault is for the look, not for the declaration of that entry.
    house.settle().await;
    house.otipass.fail(Failure::HalfJson, Some(1));
    for code in [GOOD, EXPIRED] {
        let look = house
            .post(AUG, "/api/v1/look", &json!({"code": code}))
            .await;
        assert_eq!(look.status, 200);
    }
    house
        .post(AUG, "/api/v1/cancellations", &cancellation(1, 42))
        .await;
    let code = EnrolmentCode::from_random([9; 16]);
    save_code(&house, AUG, code.clone()).await;
    let enrolled = house.request(Method::POST, "/api/v1/enrolments");
    let enrolled = answer(enrolled.json(&json!({"code": code.reveal()})))
        .await
        .json();
    let new_token = enrolled["token"].as_str().unwrap().to_owned();
    house.settle().await;

    // Who may not, and what is no request.
    client = ticketing_client(
        house.url(server::ACCESS_CONTROL_PATH),
        "guessed",
        &house.clock,
    );
    assert!(client.import_controlled_ticket(&call).await.is_err());
    let bad = bad_requests(&house).await;

    // A database that fails in the middle.
    let barcodes: Vec<String> = ledger::page(&house.test.db, None, 1_000)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.barcode.reveal().to_owned())
        .collect();
    assert_eq!(barcodes.len(), 13);
    house
        .test
        .db
        .write("break it", |tx| {
            tx.execute("ALTER TABLE gate_control_barcode RENAME TO lost", params![])
        })
        .await
        .map_err(|error: db::DbError| error)
        .unwrap();
    let failed = house
        .post(AUG, "/api/v1/checks", &scan(41, UNLIMITED))
        .await;
    assert_eq!(failed.problem(), "internal");
    house.stop().await;

    let cards = [GOOD, UNLIMITED, EXPIRED];
    let code = code.reveal();
    let tokens = [AUG, GEO, CAS].map(|device| token(device).reveal().to_owned());
    let secrets: Vec<&str> = cards
        .into_iter()
        .chain(barcodes.iter().map(String::as_str))
        .chain(tokens.iter().map(String::as_str))
        .chain([OTIPASS_PASSWORD, OPERATOR_PASSWORD, "guessed", "eyJ"])
        .chain([NOTE, new_token.as_str(), code.as_str()])
        .collect();
    for (answer, own) in bad.iter().chain([&(failed, vec![])]) {
        assert!((400..600).contains(&answer.status), "{answer:?}");
        for secret in secrets.iter().filter(|secret| !own.contains(secret)) {
            assert!(!answer.text.contains(secret), "{secret} in {answer:?}");
        }
    }
    let log = log.text();
    for spoken in [
        "Otipass could not be asked",
        "an entry was not declared",
        "ticketing refused control barcodes",
        "a call to the access control service was refused",
        "a request failed",
        "external sales",
        "a device was enrolled",
        "the help desk has no answer",
    ] {
        assert!(
            log.contains(spoken),
            "the log is silent on: {spoken}\n{log}"
        );
    }
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the log tells {secret}");
    }
}
