//! The set-up changes while the service runs: it goes on at the same socket, and
//! what is in hand is finished.

use super::{asked, passes};
use crate::{BIN, NOBODY, id};
use stage::villeneuve::{GOOD, MAPPING};
use stage::{Browser, Otipass, PASSWORD, Program, eventually};
use tokio::net::TcpListener;

/// Site and catalogue are files; connection and mapping are the back office's.
const CONFIGURATION: &str = "[set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n";

/// An administrator before the pages of a service.
#[derive(Clone)]
struct Desk {
    browser: Browser,
    csrf: String,
}

/// A service that somebody has begun to set up, and a device's token.
async fn begun() -> (Program, Desk, String) {
    let mut service = Program::at_work(BIN, &passes(), CONFIGURATION);
    let secret = service.service().secret();
    let mut browser = Browser::new(&service.url(""));
    browser.begin(&secret, "camille", PASSWORD).await.leads_to();
    let csrf = browser.csrf("/office/me").await;
    let token = service.token("PDA01");
    (service, Desk { browser, csrf }, token)
}

impl Desk {
    /// Saves where Otipass is.
    async fn connect(mut self, otipass: String) {
        let fields = [
            ("url", otipass.as_str()),
            ("username", "villeneuve"),
            ("password", "open sesame"),
            ("budget", "3000"),
            ("window", "0"),
            ("silent", "admit"),
        ];
        let path = "/office/set-up/connection";
        let saved = self.browser.post(path, &self.csrf, &fields).await;
        // Led on, or told what came of the try.
        assert!([200, 303].contains(&saved.status), "{}", saved.text);
    }

    /// Saves connection and mapping, and waits until the gate is open.
    async fn set_up(&mut self, service: &Program) {
        self.clone().connect(service.otipass.url.clone()).await;
        let fields = [("text", MAPPING)];
        let path = "/office/set-up/mapping";
        self.browser
            .post(path, &self.csrf, &fields)
            .await
            .leads_to();
        let what = "nothing is missing";
        eventually(what, async || {
            service.get("/health/ready").await.status == 200
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_saved_is_taken_up_and_what_is_in_hand_is_finished() {
    let (mut service, mut desk, token) = begun().await;
    let early = service.check(&token, &id(1), GOOD).await;
    assert_eq!(early["code"], "not_set_up", "{early}");
    desk.set_up(&service).await;
    let first = service.check(&token, &id(1), GOOD).await;
    assert_eq!(first["outcome"], "accepted", "{first}");

    // Otipass takes its time with a check, and meanwhile it is said to be elsewhere.
    service.otipass.delay(700);
    let before = service.otipass.sandbox.log().total.validations;
    let in_hand = tokio::spawn(service.check(&token, &id(2), GOOD));
    asked(&service.otipass, before + 1).await;
    desk.connect(NOBODY.to_owned()).await;
    let next = tokio::spawn(service.check(&token, &id(3), GOOD));
    let in_hand = in_hand.await.expect("the check in hand is answered");
    assert_eq!(in_hand["outcome"], "accepted", "{in_hand}");
    // Who comes in between waits, and is not refused.
    let next = next.await.expect("the next is answered");
    assert_eq!(next["admitted"], true, "{next}");
    service.stop();
    let report = service.json(&["report", "attendance"]);
    assert_eq!(report["admitted"], 3, "each counts once: {report}");
}

#[tokio::test]
async fn secrets_under_another_key_close_no_gate() {
    let (mut service, mut desk, token) = begun().await;
    desk.set_up(&service).await;
    // A gate that is still being made would miss its secret.
    let before = service.check(&token, &id(1), GOOD).await;
    assert_eq!(before["outcome"], "accepted", "{before}");
    service.write("next.key", &"2".repeat(64));
    let next = service.path("next.key");
    let database = rusqlite::Connection::open(service.path("passerelle.db")).unwrap();
    let revision = || {
        let read = "SELECT revision FROM gate_interface";
        database
            .query_row(read, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let before = revision();
    let said = service.fine(&["secrets", "rekey", "--to", next.to_str().unwrap()]);
    assert!(said.starts_with("1 secret"), "{said}");
    assert_eq!(revision(), before, "it is no change of the interface");
    // What is one cannot be taken up without the key, and costs no gate.
    database
        .execute("UPDATE gate_interface SET revision = revision + 1", [])
        .unwrap();
    eventually("the log says so", async || {
        service.log().contains("goes on as it was")
    })
    .await;
    let admitted = service.check(&token, &id(2), GOOD).await;
    assert_eq!(admitted["outcome"], "accepted", "{admitted}");
    service.stop();
    let told = service.log().matches("goes on as it was").count();
    assert_eq!(told, 1, "once, however often it is tried");
}

#[tokio::test]
async fn changes_while_another_is_taken_up_are_not_lost() {
    let elsewhere = Otipass::open(&passes());
    let (service, mut desk, token) = begun().await;
    desk.set_up(&service).await;
    // As long as this check is in hand, the first change is under way: the second
    // waits for it, the third for the second.
    service.otipass.delay(2_500);
    let in_hand = tokio::spawn(service.check(&token, &id(1), GOOD));
    asked(&service.otipass, 1).await;
    for to in [NOBODY, NOBODY, NOBODY, &elsewhere.url] {
        desk.clone().connect(to.to_owned()).await;
    }
    let in_hand = in_hand.await.expect("the check in hand is answered");
    assert_eq!(in_hand["outcome"], "accepted", "{in_hand}");
    // The gate asks where the last change says, as soon as it is taken up.
    let mut checks = 2..;
    while elsewhere.sandbox.log().total.validations == 0 {
        let next = id(checks.next().expect("a number"));
        let answer = service.check(&token, &next, GOOD).await;
        assert_eq!(answer["admitted"], true, "{answer}");
    }
}

#[tokio::test]
async fn a_change_counts_also_if_the_browser_hangs_up_before_its_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let other = format!("http://{}/api", silent.local_addr().expect("its address"));
    let (service, mut desk, token) = begun().await;
    desk.set_up(&service).await;
    // It is saved, then tried, which takes longer than this one waits.
    let change = tokio::spawn(desk.connect(other));
    let _trying = silent.accept().await.expect("it is tried");
    change.abort();
    // From some moment on, the gate asks there.
    for check in 1.. {
        let next = id(check);
        tokio::select! {
            asked = silent.accept() => {
                asked.expect("the gate's question");
                return;
            }
            answer = service.check(&token, &next, GOOD) => {
                assert_eq!(answer["admitted"], true, "{answer}");
            }
        }
    }
}
