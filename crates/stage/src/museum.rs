//! A museum in this process: gate, box office, workers, back office, and a
//! stand-in Otipass behind them.

use crate::http::{Answer, Front};
use crate::villeneuve::{self, DEVICES, MAPPING, OPERATOR_PASSWORD, PASSES};
use crate::{Otipass, PATIENCE};
use books::reconciliation::{Reconciliation, Sides, reconcile};
use boxoffice::{BoxOffice, catalogue, read_catalogue};
use db::testing::TestDb;
use db::{Db, DbError, Tx, params};
use gate::{Gate, InterfaceSettings, Site, WhenSilent};
use kernel::{Clock, ManualClock, Zone};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use office::{Day, OfficeRole, Watched};
use otipass::{Contract, OtipassClient, OtipassSettings, References, read_mapping};
use reqwest::{Method, RequestBuilder};
use secutix::stx::Dialect;
use serde_json::{Value, json};
use server::{BoxOfficeRole, GateRole, Service};
use std::net::TcpListener;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};

/// What differs from test to test.
pub struct Plan {
    /// Where the service will listen.
    pub listener: TcpListener,
    /// What everything dates by.
    pub clock: ManualClock,
    /// What gate and box office are for, if they are there.
    pub site: Option<Site>,
    /// The devices that have a token from the beginning.
    pub devices: &'static [&'static str],
    /// Changes how the gate goes about its checks.
    pub interface: fn(&mut InterfaceSettings),
    /// Where ticketing is, if not in this service.
    pub ticketing: Option<String>,
    /// The pause between two runs of external sales; `None` if the test says when.
    pub external_sales_every: Option<Duration>,
    /// The back office, if it is there too.
    pub office: Option<OfficeRole>,
    /// What `/metrics` shows.
    pub prometheus: PrometheusHandle,
}

impl Default for Plan {
    /// Gate and box office of the example museum, which sells at once.
    fn default() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            clock: ManualClock::new(villeneuve::now()),
            site: Some(villeneuve::site()),
            devices: &DEVICES,
            interface: |_| (),
            ticketing: None,
            external_sales_every: Some(Duration::from_millis(20)),
            office: None,
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

    /// Where the service will be.
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }
}

/// A museum at work, at the time of a clock that the test moves.
pub struct Museum {
    /// Its partner.
    pub otipass: Otipass,
    /// What everything dates by.
    pub clock: ManualClock,
    /// Its database.
    pub test: TestDb,
    front: Front,
    gate: Option<Arc<Gate>>,
    box_office: Option<Arc<BoxOffice>>,
    shutdown: CancellationToken,
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

impl Deref for Museum {
    type Target = Front;

    fn deref(&self) -> &Front {
        &self.front
    }
}

impl Museum {
    /// The whole example museum on this database.
    pub async fn usual(test: TestDb) -> Self {
        Self::open(test, Plan::default()).await
    }

    /// A museum of this plan on this database.
    pub async fn open(test: TestDb, plan: Plan) -> Self {
        let log = log();
        let shared: Arc<dyn Clock> = Arc::new(plan.clock.clone());
        let credentials = Some(villeneuve::credentials());
        let otipass = Otipass::with(PASSES, Arc::clone(&shared), credentials);
        let url = plan.url();
        let folder = TempDir::new().unwrap();
        prepare(&test.db, &plan).await;
        let (mut gate, mut box_office) = (None, None);
        if let Some(site) = &plan.site {
            gate = Some(Arc::new(open_gate(&test, &shared, &otipass, &plan).await));
            let opened = BoxOffice::open(
                test.db.clone(),
                Arc::clone(&shared),
                site.whose(),
                Dialect::default(),
            );
            box_office = Some(Arc::new(opened.unwrap()));
        }
        let own = format!("{url}{}", server::ACCESS_CONTROL_PATH);
        let ticketing = plan.ticketing.unwrap_or(own);
        let zone = plan
            .site
            .as_ref()
            .map_or_else(Zone::utc, |site| site.zone.clone());
        let day = Day::new(Watched {
            db: test.db.clone(),
            gate: gate.clone(),
            box_office: box_office.clone(),
            set_up_lacks: false,
            zone,
            clock: Arc::clone(&shared),
            vitals: Default::default(),
        });
        let service = Service {
            node: "museum".to_owned(),
            gate: gate.clone().map(|gate| GateRole {
                gate,
                ticketing: villeneuve::ticketing_client(ticketing, OPERATOR_PASSWORD, &plan.clock),
                delivery_pause: Duration::from_millis(10),
                // Only the built program can: see `Program`.
                picture_reader: "/dev/null".into(),
                proxies: vec![villeneuve::PROXY],
            }),
            box_office: box_office.clone().map(|box_office| BoxOfficeRole {
                box_office,
                caller: villeneuve::caller(),
                clock: shared,
                external_sales_every: plan.external_sales_every,
            }),
            office: plan.office,
            db: test.db.clone(),
            prometheus: plan.prometheus,
            upkeep: None,
            day: Arc::new(day),
            notices: None,
            missing: Vec::new(),
            clock_by_request: None,
        };
        let shutdown = CancellationToken::new();
        let front = Front::at(plan.listener.local_addr().unwrap());
        plan.listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(plan.listener).unwrap();
        Self {
            front,
            otipass,
            clock: plan.clock,
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

    /// A request that `device` makes.
    pub fn as_device(&self, device: &str, method: Method, path: &str) -> RequestBuilder {
        let token = villeneuve::token(device);
        self.request(method, path).bearer_auth(token.reveal())
    }

    /// Sends what `device` has to say.
    pub async fn post(&self, device: &str, path: &str, body: &Value) -> Answer {
        self.send(villeneuve::token(device).reveal(), path, body)
            .await
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

    /// Both sides of the books, compared.
    pub async fn reconcile(&self) -> Reconciliation {
        reconcile(&self.test.db, Sides::Both).await.unwrap()
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
async fn prepare(db: &Db, plan: &Plan) {
    db.migrate(books::SCHEMAS, plan.clock.now()).await.unwrap();
    if let Some(site) = plan.site.clone() {
        Gate::apply_site(db, site).await.unwrap();
        let read = read_catalogue(villeneuve::CATALOGUE).unwrap();
        catalogue::apply_catalogue(db, read).await.unwrap();
    }
    for device in plan.devices {
        let (code, token) = (device.parse().unwrap(), villeneuve::token(device));
        let now = plan.clock.now();
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
    let mut settings = InterfaceSettings {
        references: References::Honoured,
        when_silent: WhenSilent::Admit,
        decision_budget: Duration::from_millis(1_500),
        // One card stands for many visitors here.
        repeat_window: Duration::ZERO,
        ..InterfaceSettings::new(mapping)
    };
    (plan.interface)(&mut settings);
    let (db, clock) = (test.db.clone(), Arc::clone(clock));
    let gate = Gate::open(db, clock, settings, Arc::new(client.unwrap()), "museum");
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
