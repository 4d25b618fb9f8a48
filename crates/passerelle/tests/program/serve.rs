//! The service as a process: what goes on when nobody listens to it, and when
//! it is asked to end.

mod attacks;
mod camera;
mod change_over;
mod connections;
pub mod tls;

use crate::{BIN, NOBODY, id};
use serde_json::json;
use stage::villeneuve::GOOD;
use stage::{Browser, Otipass, PASSWORD, Program, SET_UP, SOLD_SOON, eventually, pass};
use std::process::Stdio;

/// What Otipass knows: one pass, good for ever.
fn passes() -> String {
    pass(GOOD, "active", "*")
}

/// Somebody in the back office, and the request by which they watch the day.
async fn watching(service: &mut Program) -> (Browser, String) {
    let secret = service.service().secret();
    let mut browser = Browser::new(&service.url(""));
    browser.begin(&secret, "camille", PASSWORD).await;
    let (name, session) = (browser.cookie_name("session"), browser.session().unwrap());
    let host = service.url("").replace("http://", "");
    let watch =
        format!("GET /office/live HTTP/1.1\r\nhost: {host}\r\ncookie: {name}={session}\r\n\r\n");
    (browser, watch)
}

/// Waits until so many checks have been asked there.
async fn asked(otipass: &Otipass, checks: u32) {
    let what = format!("{checks} checks are asked");
    eventually(&what, async || {
        otipass.sandbox.log().total.validations >= checks
    })
    .await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_neither_a_check_nor_the_end() {
    // Each check logs a warning.
    let mut service = Program::new(BIN, "", &SET_UP.replace("OTIPASS", NOBODY));
    let mut command = service.command(&["serve"]);
    service.start_as(command.stderr(Stdio::piped()));
    drop(service.service().child.stderr.take());
    let answer = service.check(&service.token("PDA01"), &id(1), GOOD).await;
    assert_eq!(answer["outcome"], "accepted_unverified", "{answer}");
    service.stop();
}

#[tokio::test]
async fn a_check_in_hand_is_answered_before_the_end() {
    let mut service = Program::at_work(BIN, &passes(), SET_UP);
    service.otipass.delay(700);
    let answer = tokio::spawn(service.check(&service.token("PDA01"), &id(1), GOOD));
    asked(&service.otipass, 1).await;
    service.service().ask_to_end();
    let answer = answer.await.expect("the check is answered");
    assert_eq!(answer["outcome"], "accepted", "{answer}");
    assert!(service.service().ended());
    let report = service.json(&["report", "attendance"]);
    assert_eq!(report["by_outcome"]["accepted"], 1, "it was recorded too");
}

#[tokio::test]
async fn gate_and_box_office_run_apart_and_meet_over_the_access_control_service() {
    let set_up = SET_UP.replace("OTIPASS", NOBODY);
    let password = "[access_control]\npassword_file = \"operator.password\"\n";
    let apart = |roles: &str, more: &str| {
        let configuration = format!("roles = [\"{roles}\"]\n{set_up}{password}{more}");
        let mut service = Program::new(BIN, "", &configuration);
        service.write("operator.password", "correct horse\n");
        service.start();
        service
    };
    let mut box_office = apart("box_office", SOLD_SOON);
    let url = box_office.url(server::ACCESS_CONTROL_PATH);
    let mut gate = apart("gate", &format!("url = \"{url}\"\n"));
    let answer = gate.check(&gate.token("PDA01"), &id(1), GOOD).await;
    assert_eq!(answer["admitted"], true, "{answer}");
    gate.until("it is delivered", |ready| {
        ready["waiting"]["deliveries"] == 0
    })
    .await;
    box_office
        .until("it is sold", |ready| ready["waiting"]["staged_ready"] == 0)
        .await;
    let sales = box_office.json(&["report", "sales"]);
    assert_eq!(sales["total"]["tickets"], 1);
    assert_eq!(sales["total"]["gross_minor"], 950);
    for (service, sides) in [(&gate, "gate"), (&box_office, "box_office")] {
        let books = service.json(&["reconcile"]);
        assert_eq!(books["sides"], sides);
        assert_eq!(books["unexplained"], 0, "{books}");
    }
    let nobody = box_office.get("/api/v1/device").await;
    assert_eq!(nobody.status, 404, "the device API is the gate's");
    gate.stop();
    box_office.stop();
}

#[tokio::test]
async fn what_nobody_has_set_up_is_named_and_the_service_runs() {
    let service = Program::at_work(BIN, "", "");
    let ready = service.get("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["status"], "set_up_incomplete");
    assert_eq!(
        ready.json()["missing"],
        json!(["site", "connection", "mapping"])
    );
    let device = service.get("/api/v1/device").await;
    assert_eq!(device.told(), (503, "not_set_up".to_owned()));
    assert_eq!(service.get("/office/welcome").await.status, 200);
}
