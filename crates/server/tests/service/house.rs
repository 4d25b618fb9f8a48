//! A service on a database of its own, served on loopback, with a sandbox
//! behind it.

use books::reconciliation::{Reconciliation, Sides, reconcile};
use boxoffice::{BoxOffice, Organisation, catalogue, read_catalogue};
use db::testing::TestDb;
use db::{Db, DbError, params};
use gate::decide::offline::OfflinePolicy;
use gate::{DeviceSettings, DeviceToken, Gate, InterfaceSettings, Site, WhenSilent, read_site};
use kernel::{Clock, Language, ManualClock, Timestamp};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use office::OfficeRole;
use otipass::{Contract, Credentials, OtipassClient, OtipassSettings, References, read_mapping};
use reqwest::{Method, RequestBuilder};
use sandbox::{Failure, Fault, PassBook, Sandbox, SandboxSettings};
use secutix::client::{AccessControlClient, ClientSettings};
use secutix::stx::Dialect;
use secutix::token::ExpectedCaller;
use serde_json::{Value, json};
use server::{BoxOfficeRole, GateRole, Service};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PASSES: &str = "number;status;duration_days;valid_until;services
00029975;active;7;2026-07-31;PCUMID000FSA5CD6:1,PCUMID000FS25165:*,PCUMID000FS3031D:*
00039131;active;2;2026-07-31;PCUMID000FSA5CD6:*
00292151;inactive;3;;PCUMID000FSA5CD6:1
01755172;expired;3;2026-06-15;PCUMID000FSA5CD6:1
";
/// One entry to VN_AUG; any number to VN_GEO and VN_CAS.
pub const GOOD: &str = "00029975";
/// Any number of entries to VN_AUG.
pub const UNLIMITED: &str = "00039131";
/// Starts its three days with its first use.
pub const UNUSED: &str = "00292151";
pub const EXPIRED: &str = "01755172";

/// Sells PASSVN.
pub const AUG: &str = "PDA01";
/// The same, for an agent who reads German.
pub const AUG_IN_GERMAN: &str = "PDA02";
/// Sells PASSVN2.
pub const GEO: &str = "PDA09";
/// Sells PASSVN3, which has no tariff yet.
pub const CAS: &str = "PDA11";
/// Leads to a sector that is not mapped.
pub const EXP: &str = "PDA13";

pub const OTIPASS_USER: &str = "villeneuve";
pub const OTIPASS_PASSWORD: &str = "otipass-secret-a7f3";
pub const OPERATOR: &str = "PASSERELLE";
pub const OPERATOR_PASSWORD: &str = "operator-secret-9c41";

/// Longer than anything here takes; it ends a test that would wait for ever.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// What differs from test to test.
pub struct Plan {
    pub when_silent: WhenSilent,
    pub decision_budget: Duration,
    pub offline_policy: OfflinePolicy,
    /// Where ticketing is, if not in this service.
    pub ticketing: Option<String>,
    pub external_sales_every: Option<Duration>,
    /// The back office, if it is there too.
    pub office: Option<OfficeRole>,
    pub prometheus: PrometheusHandle,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            when_silent: WhenSilent::Admit,
            decision_budget: Duration::from_millis(1_500),
            offline_policy: OfflinePolicy::DetectionOnly,
            ticketing: None,
            external_sales_every: Some(Duration::from_millis(20)),
            office: None,
            prometheus: PrometheusBuilder::new().build_recorder().handle(),
        }
    }
}

pub struct House {
    pub address: SocketAddr,
    pub gate: Arc<Gate>,
    pub box_office: Arc<BoxOffice>,
    pub sandbox: Sandbox,
    pub clock: ManualClock,
    pub test: TestDb,
    pub http: reqwest::Client,
    pub shutdown: CancellationToken,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code of a problem, after a look at its form.
    pub fn problem(&self) -> String {
        let problem = self.json();
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(problem["status"], self.status);
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("urn:passerelle:problem:{code}"));
        for text in ["title", "detail"] {
            assert!(!problem[text].as_str().unwrap().is_empty(), "{problem}");
        }
        code
    }
}

pub fn now() -> Timestamp {
    "2026-07-14T09:00:00.000Z".parse().unwrap()
}

/// The check id with the number `n`.
pub fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// What a device sends for its scan `n`: one second after the other.
pub fn scan(n: u32, code: &str) -> Value {
    let scanned_at = now().plus_ms(i64::from(n) * 1_000);
    json!({"id": id(n), "code": code, "scanned_at": scanned_at})
}

pub fn token(device: &str) -> DeviceToken {
    let mut bytes = [7; 32];
    for (to, from) in bytes.iter_mut().zip(device.bytes()) {
        *to = from;
    }
    DeviceToken::from_random(bytes)
}

pub fn site() -> Site {
    let (site, findings) = read_site(include_str!("../../../../examples/villeneuve/site.toml"));
    assert!(findings.is_empty());
    let mut site = site.unwrap();
    site.language = Language::Fr;
    let german = site.devices.get_mut(&AUG_IN_GERMAN.parse().unwrap());
    german.unwrap().language = Some(Language::De);
    site
}

pub fn caller() -> ExpectedCaller {
    ExpectedCaller {
        institution: "VILLEN".parse().unwrap(),
        operator: OPERATOR.to_owned(),
        issuer: "VILLEN".to_owned(),
        password: OPERATOR_PASSWORD.into(),
    }
}

/// A client of the access control service at `url`, fast enough for a test.
pub fn ticketing_client(url: String, password: &str, clock: &ManualClock) -> AccessControlClient {
    let settings = ClientSettings {
        calls_per_minute: NonZeroU32::new(60_000).unwrap(),
        ..ClientSettings::new(
            url,
            caller().institution,
            caller().operator,
            password.into(),
        )
    };
    AccessControlClient::new(settings, Arc::new(clock.clone())).unwrap()
}

async fn start_sandbox(clock: &ManualClock) -> (Sandbox, String) {
    let settings = SandboxSettings {
        credentials: Some(credentials()),
        ..SandboxSettings::new(
            "villeneuve",
            "Europe/Paris".parse().unwrap(),
            Arc::new(clock.clone()),
        )
    };
    let sandbox = Sandbox::new(PassBook::from_csv(PASSES.as_bytes()).unwrap(), settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let never = std::future::pending();
    tokio::spawn(sandbox::serve(listener, sandbox.clone(), never));
    (sandbox, url)
}

fn credentials() -> Credentials {
    Credentials::Basic {
        username: OTIPASS_USER.to_owned(),
        password: OTIPASS_PASSWORD.into(),
    }
}

async fn set_up(db: &Db, clock: &ManualClock) {
    Gate::prepare(db, clock).await.unwrap();
    BoxOffice::prepare(db, clock).await.unwrap();
    Gate::apply_site(db, site()).await.unwrap();
    let text = include_str!("../../../../examples/villeneuve/catalogue.toml");
    let read = read_catalogue(text).unwrap();
    catalogue::apply_catalogue(db, read).await.unwrap();
    for device in [AUG, AUG_IN_GERMAN, GEO, CAS, EXP] {
        let code = device.parse().unwrap();
        let granted = Gate::grant_token(db, clock, code, token(device)).await;
        granted.unwrap();
    }
}

impl House {
    pub async fn usual(test: TestDb) -> Self {
        Self::open(test, Plan::default()).await
    }

    pub async fn open(test: TestDb, plan: Plan) -> Self {
        let clock = ManualClock::new(now());
        let (sandbox, otipass_url) = start_sandbox(&clock).await;
        set_up(&test.db, &clock).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let folder = TempDir::new().unwrap();

        let own = format!("http://{address}{}", server::ACCESS_CONTROL_PATH);
        let ticketing_url = plan.ticketing.unwrap_or(own);
        let ticketing = ticketing_client(ticketing_url, OPERATOR_PASSWORD, &clock);
        let mapping = read_mapping(include_str!("../../../../examples/villeneuve/mapping.json"));
        let mapping = mapping.mapping.unwrap();
        let otipass = OtipassClient::new(OtipassSettings {
            base_url: otipass_url,
            project_id: mapping.project_id.clone(),
            credentials: credentials(),
            contract: Contract::default(),
            proxy: None,
            connect_timeout: Duration::from_secs(1),
        });
        let settings = InterfaceSettings {
            references: References::Honoured,
            when_silent: plan.when_silent,
            decision_budget: plan.decision_budget,
            offline_policy: plan.offline_policy,
            ..InterfaceSettings::new(mapping)
        };
        let db = test.db.clone();
        let gate = Gate::open(
            db,
            Arc::new(clock.clone()),
            settings,
            Arc::new(otipass.unwrap()),
        )
        .await;
        let gate = Arc::new(gate.unwrap());
        let box_office = Arc::new(open_box_office(&test.db, &clock, &folder).await);
        let service = Service {
            gate: Some(GateRole {
                gate: Arc::clone(&gate),
                ticketing,
                delivery_pause: Duration::from_millis(10),
            }),
            box_office: Some(BoxOfficeRole {
                box_office: Arc::clone(&box_office),
                caller: caller(),
                clock: Arc::new(clock.clone()) as Arc<dyn Clock>,
                external_sales_every: plan.external_sales_every,
            }),
            office: plan.office,
            db: test.db.clone(),
            prometheus: plan.prometheus,
            upkeep: None,
            missing: Vec::new(),
        };
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(service.serve(listener, shutdown.clone()));
        Self {
            address,
            gate,
            box_office,
            sandbox,
            clock,
            test,
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            shutdown,
            serving,
            _folder: folder,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// A request that `device` makes.
    pub fn as_device(&self, device: &str, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path)
            .bearer_auth(token(device).reveal())
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, device: &str, path: &str, body: &Value) -> Answer {
        answer(self.as_device(device, Method::POST, path).json(body)).await
    }

    /// Changes what `device` may do.
    pub async fn set(&self, device: &str, settings: DeviceSettings) {
        let mut site = (*self.gate.site()).clone();
        let device = device.parse().unwrap();
        site.devices.get_mut(&device).unwrap().settings = settings;
        Gate::apply_site(&self.test.db, site).await.unwrap();
        self.gate.refresh().await.unwrap();
    }

    /// Sends the scan `n` and gives the decision.
    pub async fn check(&self, device: &str, n: u32, code: &str) -> Value {
        let answer = self.post(device, "/api/v1/checks", &scan(n, code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub async fn outcome(&self, device: &str, n: u32, code: &str) -> String {
        let decision = self.check(device, n, code).await;
        decision["outcome"].as_str().unwrap().to_owned()
    }

    /// Hands over a journal and gives the results.
    pub async fn journal(&self, device: &str, checks: Vec<Value>) -> Vec<Value> {
        let body = json!({ "checks": checks });
        let answer = self.post(device, "/api/v1/checks/batch", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["results"].as_array().unwrap().clone()
    }

    pub fn fail(&self, failure: Failure, requests: Option<u32>) {
        self.fault(Fault {
            latency_ms: 0,
            failure: Some(failure),
            requests,
        });
    }

    pub fn fault(&self, fault: Fault) {
        self.sandbox.set_faults(vec![fault]).unwrap();
    }

    /// Waits until the service says that it waits for nothing but for cures.
    pub async fn settle(&self) {
        self.until("all queues are empty", |waiting| {
            [
                "deliveries",
                "declarations",
                "cancellations",
                "give_backs",
                "unresolved",
                "disputes",
                "staged_ready",
            ]
            .iter()
            .all(|queue| waiting[queue] == 0)
        })
        .await;
    }

    /// Waits until what `/health/ready` counts is as it should be.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        eventually(what, async || {
            let ready = self.get("/health/ready").await;
            assert_eq!(ready.status, 200, "{ready:?}");
            holds(&ready.json()["waiting"])
        })
        .await;
    }

    pub async fn reconcile(&self) -> Reconciliation {
        reconcile(&self.test.db, Sides::Both).await.unwrap()
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        count(&self.test.db, table).await
    }

    /// Settles, shuts down in order, and looks whether anything was left.
    pub async fn end(self) -> TestDb {
        self.settle().await;
        let (gate, box_office) = (Arc::clone(&self.gate), Arc::clone(&self.box_office));
        let test = self.stop().await;
        let waiting = gate.waiting().await.unwrap();
        let left = (
            waiting.deliveries,
            waiting.declarations + waiting.cancellations + waiting.give_backs,
            waiting.unresolved,
            box_office.waiting().await.unwrap().ready,
        );
        assert_eq!(left, (0, 0, 0, 0));
        test
    }

    /// Shuts down in order, whatever waits.
    pub async fn stop(self) -> TestDb {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.serving)
            .await
            .expect("the service ends when it is told to")
            .unwrap();
        self.test
    }
}

async fn open_box_office(db: &Db, clock: &ManualClock, folder: &TempDir) -> BoxOffice {
    let site = site();
    let organisation = Organisation {
        institution: site.institution,
        organisation: site.organisation,
        zone: site.zone,
        currency: site.currency,
    };
    let files = folder.path().join("stx");
    let clock = Arc::new(clock.clone());
    let opened = BoxOffice::open(db.clone(), clock, organisation, files, Dialect::default());
    opened.await.unwrap()
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let headers = response.headers().iter();
    Answer {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        text: response.text().await.unwrap(),
    }
}

/// Looks again and again until it is so.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(5));
    let looking = async {
        while !is_so().await {
            look.tick().await;
        }
    };
    if tokio::time::timeout(PATIENCE, looking).await.is_err() {
        panic!("never came true: {what}");
    }
}

pub async fn count(db: &Db, table: &'static str) -> i64 {
    db.read("count", move |tx| {
        tx.query_one(&format!("SELECT COUNT(*) AS n FROM {table}"), params![])?
            .get("n")
    })
    .await
    .map_err(|error: DbError| error)
    .unwrap()
}

/// Changes the database behind everyone's back, and says how many rows it met.
/// `$1` is the check id `n`; `BARCODE` and `TICKET` stand for what it led to.
pub async fn meddle(db: &Db, n: u32, statement: &str) -> u64 {
    let sql = statement
        .replace(
            "TICKET",
            "(SELECT id FROM box_ticket WHERE barcode = BARCODE)",
        )
        .replace(
            "BARCODE",
            "(SELECT barcode FROM gate_control_barcode WHERE check_id = $1)",
        );
    db.write("meddle", move |tx| tx.execute(&sql, params![id(n)]))
        .await
        .map_err(|error: DbError| error)
        .unwrap()
}

/// What a device sends to cancel its check `check`, a minute after the scan.
pub fn cancellation(n: u32, check: u32) -> Value {
    let cancelled_at = now().plus_ms(i64::from(check) * 1_000 + 60_000);
    json!({
        "id": format!("00000000-0000-4000-9000-{n:012}"),
        "check_id": id(check),
        "cancelled_at": cancelled_at,
    })
}

/// An answer's status and what it says: its outcome, or the code of its problem.
pub fn told(answer: &Answer) -> (u16, String) {
    let said = match answer.status {
        200 => answer.json()["outcome"].as_str().unwrap_or("").to_owned(),
        _ => answer.problem(),
    };
    (answer.status, said)
}
