//! A museum in this process: gate, box office, workers, back office, and a
//! stand-in Otipass behind them.

use crate::http::{Answer, answer, client};
use crate::office::TestDoctor;
use crate::villeneuve::{self, DEVICES, MAPPING, OPERATOR_PASSWORD, PASSES};
use crate::{Otipass, PATIENCE, eventually};
use books::reconciliation::{Reconciliation, Sides, reconcile};
use boxoffice::{BoxOffice, Organisation, catalogue, read_catalogue};
use db::testing::{TestDb, sqlite_in_memory};
use db::{Db, DbError, Tx, params};
use gate::decide::offline::OfflinePolicy;
use gate::{DeviceSettings, EnrolmentCode, Gate, InterfaceSettings, Site, WhenSilent};
use kernel::{Clock, ManualClock};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use office::{OfficeRole, SetUp};
use otipass::{Contract, OtipassClient, OtipassSettings, References, read_mapping};
use reqwest::{Client, Method, RequestBuilder};
use secutix::stx::Dialect;
use serde_json::{Value, json};
use server::{BoxOfficeRole, GateRole, Service};
use staff::Staff;
use staff::password::Cost;
use staff::provider::Provider;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};

type MakeProvider = Box<dyn FnOnce(&str) -> Provider>;

/// What differs from test to test.
pub struct Plan {
    /// What gate and box office are for; without one, there is only the back office.
    pub site: Option<Site>,
    /// The devices that have a token from the beginning.
    pub devices: &'static [&'static str],
    /// What becomes of a check that Otipass does not answer.
    pub when_silent: WhenSilent,
    /// How long Otipass has for its answer.
    pub decision_budget: Duration,
    /// What devices may decide without network.
    pub offline_policy: OfflinePolicy,
    /// Where ticketing is, if not in this service.
    pub ticketing: Option<String>,
    /// The pause between two runs of external sales; `None` if the test says when.
    pub external_sales_every: Option<Duration>,
    /// The address browsers are told of, if not the real one.
    pub url: Option<String>,
    /// Whose word on a visitor's address counts.
    pub proxies: Vec<IpAddr>,
    /// Makes the provider of identities, given the service's address.
    pub provider: Option<MakeProvider>,
    /// Examines the set-up.
    pub doctor: TestDoctor,
    /// Who manages the set-up.
    pub set_up: SetUp,
    /// What `/metrics` shows.
    pub prometheus: PrometheusHandle,
}

impl Default for Plan {
    /// The whole example museum, which sells at once.
    fn default() -> Self {
        Self {
            site: Some(villeneuve::site()),
            devices: &DEVICES,
            when_silent: WhenSilent::Admit,
            decision_budget: Duration::from_millis(1_500),
            offline_policy: OfflinePolicy::DetectionOnly,
            ticketing: None,
            external_sales_every: Some(Duration::from_millis(20)),
            url: None,
            proxies: Vec::new(),
            provider: None,
            doctor: TestDoctor(|_| Vec::new()),
            set_up: SetUp::default(),
            prometheus: PrometheusBuilder::new().build_recorder().handle(),
        }
    }
}

impl Plan {
    /// Nothing is set up, no device has a token, and nothing is sold by itself.
    pub fn empty() -> Self {
        Self {
            site: None,
            devices: &[],
            external_sales_every: None,
            ..Self::default()
        }
    }
}

/// A museum at work, at the time of a clock that the test moves.
pub struct Museum {
    /// Where it listens.
    pub address: SocketAddr,
    /// Accounts, sessions and the audit log.
    pub staff: Staff,
    /// Its partner.
    pub otipass: Otipass,
    /// What everything dates by.
    pub clock: ManualClock,
    /// Its database.
    pub test: TestDb,
    /// Who manages the set-up.
    pub set_up: SetUp,
    /// Asks it.
    pub http: Client,
    /// Ends it in order.
    pub shutdown: CancellationToken,
    gate: Option<Arc<Gate>>,
    box_office: Option<Arc<BoxOffice>>,
    serving: JoinHandle<()>,
    _folder: TempDir,
    _log: Option<DefaultGuard>,
}

/// What is logged on this thread is shown if the test fails, unless the test
/// looks at it itself.
fn log() -> Option<DefaultGuard> {
    let free = tracing::dispatcher::get_default(|now| now.is::<NoSubscriber>());
    let shown = tracing_subscriber::fmt().with_test_writer();
    let shown = shown.with_max_level(tracing::Level::WARN).finish();
    free.then(|| set_default(shown))
}

impl Museum {
    /// The whole example museum on this database.
    pub async fn usual(test: TestDb) -> Self {
        Self::open(test, Plan::default()).await
    }

    /// A back office in which nothing is set up.
    pub async fn empty() -> Self {
        Self::planned(Plan::empty()).await
    }

    /// A museum of this plan on SQLite in memory.
    pub async fn planned(plan: Plan) -> Self {
        Self::open(sqlite_in_memory().await, plan).await
    }

    /// A museum of this plan on this database.
    pub async fn open(test: TestDb, plan: Plan) -> Self {
        let log = log();
        let clock = ManualClock::new(villeneuve::now());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let credentials = Some(villeneuve::credentials());
        let otipass = Otipass::with(PASSES, Arc::clone(&shared), credentials);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let folder = TempDir::new().unwrap();

        prepare(&test.db, &clock, &plan).await;
        let staff = Staff::open(test.db.clone(), Arc::clone(&shared), Cost::LEAST);
        let staff = staff.await.unwrap();
        let (mut gate, mut box_office) = (None, None);
        if let Some(site) = &plan.site {
            gate = Some(Arc::new(open_gate(&test, &shared, &otipass, &plan).await));
            let files = folder.path().join("stx");
            let opened = BoxOffice::open(
                test.db.clone(),
                Arc::clone(&shared),
                Organisation {
                    institution: site.institution.clone(),
                    organisation: site.organisation.clone(),
                    zone: site.zone.clone(),
                    currency: site.currency.clone(),
                },
                files,
                Dialect::default(),
            );
            box_office = Some(Arc::new(opened.await.unwrap()));
        }
        let own = format!("{url}{}", server::ACCESS_CONTROL_PATH);
        let ticketing = plan.ticketing.unwrap_or(own);
        let service = Service {
            gate: gate.clone().map(|gate| GateRole {
                gate,
                ticketing: villeneuve::ticketing_client(ticketing, OPERATOR_PASSWORD, &clock),
                delivery_pause: Duration::from_millis(10),
            }),
            box_office: box_office.clone().map(|box_office| BoxOfficeRole {
                box_office,
                caller: villeneuve::caller(),
                clock: shared,
                external_sales_every: plan.external_sales_every,
            }),
            office: Some(OfficeRole {
                staff: staff.clone(),
                provider: plan.provider.map(|make| make(&url)),
                url: plan.url.unwrap_or(url),
                proxies: plan.proxies,
                site_name: "Musées de Villeneuve".to_owned(),
                zone: villeneuve::zone(),
                currency: "EUR".to_owned(),
                set_up: plan.set_up.clone(),
                doctor: Arc::new(plan.doctor),
            }),
            db: test.db.clone(),
            prometheus: plan.prometheus,
            upkeep: None,
            missing: Vec::new(),
            clock_by_request: None,
        };
        let shutdown = CancellationToken::new();
        Self {
            address,
            staff,
            otipass,
            clock,
            set_up: plan.set_up,
            http: client(),
            serving: tokio::spawn(service.serve(listener, shutdown.clone())),
            shutdown,
            gate,
            box_office,
            test,
            _folder: folder,
            _log: log,
        }
    }

    /// The gate.
    ///
    /// # Panics
    /// If no site is set up; as the next.
    pub fn gate(&self) -> &Arc<Gate> {
        self.gate.as_ref().expect("a site was planned")
    }

    /// The box office.
    pub fn box_office(&self) -> &Arc<BoxOffice> {
        self.box_office.as_ref().expect("a site was planned")
    }

    /// An address of the service.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request of nobody in particular.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// A request that `device` makes.
    pub fn as_device(&self, device: &str, method: Method, path: &str) -> RequestBuilder {
        let token = villeneuve::token(device);
        self.request(method, path).bearer_auth(token.reveal())
    }

    /// Asks for a page or a document.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// Sends what `device` has to say.
    pub async fn post(&self, device: &str, path: &str, body: &Value) -> Answer {
        answer(self.as_device(device, Method::POST, path).json(body)).await
    }

    /// Changes what `device` may do.
    pub async fn set(&self, device: &str, settings: DeviceSettings) {
        let mut site = (*self.gate().site()).clone();
        let device = device.parse().unwrap();
        site.devices.get_mut(&device).unwrap().settings = settings;
        Gate::apply_site(&self.test.db, site).await.unwrap();
        self.gate().reload().await.unwrap();
    }

    /// Sends the scan `n` and gives the decision.
    pub async fn check(&self, device: &str, n: u32, code: &str) -> Value {
        let scan = villeneuve::scan(n, code);
        let answer = self.post(device, "/api/v1/checks", &scan).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// The same, in one word.
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

    /// Waits until the service says that it waits for nothing but for cures.
    pub async fn settle(&self) {
        let queues = [
            "deliveries",
            "declarations",
            "cancellations",
            "give_backs",
            "unresolved",
            "disputes",
            "staged_ready",
        ];
        let empty = |waiting: &Value| queues.iter().all(|queue| waiting[queue] == 0);
        self.until("all queues are empty", empty).await;
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

    /// Both sides of the books, compared.
    pub async fn reconcile(&self) -> Reconciliation {
        reconcile(&self.test.db, Sides::Both).await.unwrap()
    }

    /// Saves a code that enrols `device`.
    pub async fn save_code(&self, device: &str, code: EnrolmentCode) {
        let (device, now) = (device.parse().unwrap(), self.clock.now());
        let save = move |tx: &mut Tx<'_>| gate::save_enrolment_code(tx, &device, &code, now);
        self.test.db.write("save code", save).await.unwrap();
    }

    /// Takes the tokens of `device` back, as another process would.
    pub async fn revoke(&self, device: &str) -> u64 {
        let (device, now) = (device.parse().unwrap(), self.clock.now());
        let revoke = move |tx: &mut Tx<'_>| gate::revoke_tokens(tx, &device, now);
        self.test.db.write("revoke", revoke).await.unwrap()
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &'static str) -> i64 {
        count(&self.test.db, table).await
    }

    /// Settles, shuts down in order, and looks whether anything was left.
    pub async fn end(self) -> TestDb {
        self.settle().await;
        let (gate, box_office) = (Arc::clone(self.gate()), Arc::clone(self.box_office()));
        let test = self.stop().await;
        let waiting = gate.outbox.waiting().await.unwrap();
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
        let ended = tokio::time::timeout(PATIENCE, self.serving).await;
        ended.expect("the service ends when it is told to").unwrap();
        self.test
    }
}

/// Brings the database to what the plan says.
async fn prepare(db: &Db, clock: &ManualClock, plan: &Plan) {
    Gate::prepare(db, clock).await.unwrap();
    BoxOffice::prepare(db, clock).await.unwrap();
    Staff::prepare(db, clock).await.unwrap();
    if let Some(site) = plan.site.clone() {
        Gate::apply_site(db, site).await.unwrap();
        let read = read_catalogue(villeneuve::CATALOGUE).unwrap();
        catalogue::apply_catalogue(db, read).await.unwrap();
    }
    for device in plan.devices {
        let (code, token) = (device.parse().unwrap(), villeneuve::token(device));
        let now = clock.now();
        let grant = move |tx: &mut Tx<'_>| gate::grant_token(tx, &code, &token, now);
        db.write("grant token", grant).await.unwrap();
    }
}

async fn open_gate(test: &TestDb, clock: &Arc<dyn Clock>, otipass: &Otipass, plan: &Plan) -> Gate {
    let mapping = read_mapping(MAPPING).mapping.unwrap();
    let client = OtipassClient::new(OtipassSettings {
        base_url: otipass.url.clone(),
        project_id: mapping.project_id.clone(),
        credentials: villeneuve::credentials(),
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
    let (db, clock) = (test.db.clone(), Arc::clone(clock));
    let gate = Gate::open(db, clock, settings, Arc::new(client.unwrap()));
    gate.await.unwrap()
}

/// How many rows a table has.
pub async fn count(db: &Db, table: &'static str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM {table}");
    let count = db.read("count", move |tx| tx.query_one(&sql, params![])?.get("n"));
    count.await.map_err(|error: DbError| error).unwrap()
}

/// Changes the database behind everyone's back, and says how many rows it met.
/// `$1` is the check id `n`; `BARCODE` and `TICKET` stand for what it led to.
pub async fn meddle(db: &Db, n: u32, statement: &str) -> u64 {
    let ticket = "(SELECT id FROM box_ticket WHERE barcode = BARCODE)";
    let barcode = "(SELECT barcode FROM gate_control_barcode WHERE check_id = $1)";
    let sql = statement
        .replace("TICKET", ticket)
        .replace("BARCODE", barcode);
    let id = villeneuve::id(n);
    let changed = db.write("meddle", move |tx| tx.execute(&sql, params![&id]));
    changed.await.map_err(|error: DbError| error).unwrap()
}
