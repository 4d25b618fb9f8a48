//! The set-up changes while the service runs: it goes on at the same socket, and
//! what is in hand is finished.

use super::{Service, folder, slow, start_sandbox};
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{RequestBuilder, Response, StatusCode};
use sandbox::Fault;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpListener;

/// Site and catalogue are files; connection and mapping are the back office's.
const CONFIGURATION: &str = "[server]\nlisten = \"127.0.0.1:0\"\n\
    [set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n";
const MAPPING: &str = include_str!("../../../../examples/villeneuve/mapping.json");
const PASSWORD: &str = "a museum by the river";

const CONNECTION: &str = "/office/set-up/connection";

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9/api";

/// Ids of checks.
const IDS: [&str; 3] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-000000000003",
];

/// An administrator before the pages.
#[derive(Clone)]
struct Desk {
    http: reqwest::Client,
    url: String,
    cookie: String,
    csrf: String,
}

/// It goes nowhere by itself.
fn browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

/// The token of a page's forms, and its cookie if it sets one.
async fn token(page: Response) -> (String, Option<String>) {
    let cookie = page.headers().get(SET_COOKIE);
    let cookie = cookie.map(|cookie| {
        let text = cookie.to_str().expect("text");
        text.split(';').next().expect("a pair").to_owned()
    });
    let page = page.text().await.expect("a page");
    let (_, rest) = page
        .split_once("name=\"csrf\" value=\"")
        .expect("a form with its token");
    let (csrf, _) = rest.split_once('"').expect("its end");
    (csrf.to_owned(), cookie)
}

impl Desk {
    /// Makes the first account, by the secret that the service prints.
    async fn first(service: &mut Service) -> Self {
        let mut lines = service.output.by_ref().map(|line| line.expect("text"));
        lines
            .find(|line| line.starts_with("with this secret"))
            .expect("the word to the first");
        let secret = lines.nth(1).expect("the secret");
        let url = format!("http://{}", service.address);
        let http = browser();
        let page = http.get(format!("{url}/office/welcome"));
        let (csrf, cookie) = token(page.send().await.expect("a page")).await;
        let anonymous = Self {
            http,
            url,
            cookie: cookie.expect("a cookie"),
            csrf,
        };
        let fields = [
            ("secret", secret.trim()),
            ("name", "Camille Martin"),
            ("login", "camille"),
            ("password", PASSWORD),
            ("again", PASSWORD),
        ];
        let welcome = anonymous.post("/office/welcome", &fields).send().await;
        let welcome = welcome.expect("an answer");
        assert_eq!(welcome.status(), StatusCode::SEE_OTHER);
        let cookies = welcome.headers().get_all(SET_COOKIE).iter();
        let session = cookies
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .find(|cookie| cookie.starts_with("passerelle_session="))
            .expect("a session");
        let mut desk = Self {
            cookie: session.to_owned(),
            ..anonymous
        };
        let page = desk.http.get(format!("{}/office/me", desk.url));
        let page = page.header(COOKIE, &desk.cookie).send().await;
        desk.csrf = token(page.expect("a page")).await.0;
        desk
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let mut fields = fields.to_vec();
        fields.push(("csrf", &self.csrf));
        self.http
            .post(format!("{}{path}", self.url))
            .header(COOKIE, &self.cookie)
            .form(&fields)
    }

    /// Saves where Otipass is.
    fn connect(&self, otipass: &str) -> impl Future<Output = ()> + Send + 'static {
        let fields = [
            ("url", otipass),
            ("username", "villeneuve"),
            ("budget", "3000"),
            ("silent", "admit"),
        ];
        let request = self.post(CONNECTION, &fields);
        async move {
            let saved = request.send().await.expect("an answer");
            assert_eq!(saved.status(), StatusCode::OK);
        }
    }

    /// Saves connection and mapping, and waits until the gate is open.
    async fn set_up(&self, service: &Service, otipass: &str) {
        self.connect(otipass).await;
        let mapping = self.post("/office/set-up/mapping", &[("text", MAPPING)]);
        let saved = mapping.send().await.expect("an answer");
        assert_eq!(saved.status(), StatusCode::SEE_OTHER);
        service.until(|ready| ready["missing"].is_null()).await;
    }
}

#[tokio::test]
async fn what_is_saved_is_taken_up_and_what_is_in_hand_is_finished() {
    let (sandbox, otipass) = start_sandbox().await;
    let mut service = Service::in_folder(folder(CONFIGURATION));
    let desk = Desk::first(&mut service).await;
    let early = service.check_as(IDS[0]).await;
    assert_eq!(early["code"], "not_set_up", "{early}");
    desk.set_up(&service, &otipass).await;
    let first = service.check_as(IDS[0]).await;
    assert_eq!(first["outcome"], "accepted", "{first}");

    // Otipass takes its time with a check, and meanwhile it is said to be elsewhere.
    sandbox.set_faults(vec![slow()]).expect("a fault");
    let asked = sandbox.log().total.validations;
    let in_hand = tokio::spawn(service.check_as(IDS[1]));
    let mut look = tokio::time::interval(Duration::from_millis(5));
    while sandbox.log().total.validations == asked {
        look.tick().await;
    }
    desk.connect(NOBODY).await;
    let next = tokio::spawn(service.check_as(IDS[2]));
    let in_hand = in_hand.await.expect("the check in hand is answered");
    assert_eq!(in_hand["outcome"], "accepted", "{in_hand}");
    // Who comes in between waits, and is not refused.
    let next = next.await.expect("the next is answered");
    assert_eq!(next["admitted"], true, "{next}");
    sandbox.set_faults(Vec::new()).expect("no faults");
    service.ask_to_end();
    assert!(service.ended());
    let report = service.run(&["report", "attendance", "--format", "json"]);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["admitted"], 3, "each counts once: {report}");
}

#[tokio::test]
async fn changes_while_another_is_taken_up_are_not_lost() {
    let (here, otipass) = start_sandbox().await;
    let (elsewhere, other) = start_sandbox().await;
    let mut service = Service::in_folder(folder(CONFIGURATION));
    let desk = Desk::first(&mut service).await;
    desk.set_up(&service, &otipass).await;
    // As long as this check is in hand, the first change is under way: the second
    // waits for it, the third for the second.
    let very_slow = Fault {
        latency_ms: 2_500,
        ..Fault::default()
    };
    here.set_faults(vec![very_slow]).expect("a fault");
    let in_hand = tokio::spawn(service.check_as(IDS[0]));
    let mut look = tokio::time::interval(Duration::from_millis(5));
    while here.log().total.validations == 0 {
        look.tick().await;
    }
    for to in [NOBODY, NOBODY, NOBODY, &other] {
        desk.connect(to).await;
    }
    let in_hand = in_hand.await.expect("the check in hand is answered");
    assert_eq!(in_hand["outcome"], "accepted", "{in_hand}");
    // The gate asks where the last change says, as soon as it is taken up.
    while elsewhere.log().total.validations == 0 {
        let id = uuid::Uuid::new_v4().to_string();
        let answer = service.check_as(&id).await;
        assert_eq!(answer["admitted"], true, "{answer}");
    }
}

#[tokio::test]
async fn a_change_counts_also_if_the_browser_hangs_up_before_its_answer() {
    let (_here, otipass) = start_sandbox().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let other = format!("http://{}/api", silent.local_addr().expect("its address"));
    let mut service = Service::in_folder(folder(CONFIGURATION));
    let desk = Desk::first(&mut service).await;
    desk.set_up(&service, &otipass).await;
    // It is saved, then tried, which takes longer than this one waits.
    let change = tokio::spawn(desk.connect(&other));
    let _trying = silent.accept().await.expect("it is tried");
    change.abort();
    // From some moment on, the gate asks there.
    loop {
        let id = uuid::Uuid::new_v4().to_string();
        tokio::select! {
            asked = silent.accept() => {
                asked.expect("the gate's question");
                return;
            }
            answer = service.check_as(&id) => assert_eq!(answer["admitted"], true, "{answer}"),
        }
    }
}
