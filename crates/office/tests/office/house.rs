//! A service with the back office alone, on a database of its own.

use crate::browser::{Answer, Browser};
use db::testing::{TestDb, sqlite_in_memory};
use doctor::support::{Bundle, Page};
use doctor::{Coming, Diagnosis, Doctor, Finding, Part, Question};
use kernel::{ManualClock, Timestamp};
use metrics_exporter_prometheus::PrometheusBuilder;
use office::OfficeRole;
use office::SetUp;
use otipass::{Contract, Credentials, OtipassClient, OtipassSettings};
use secutix::client::{AccessControlClient, ClientSettings};
use server::{GateRole, Service};
use staff::password::Cost;
use staff::provider::Provider;
use staff::{Actor, Profile, Role, Staff};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Good enough for everyone here.
pub const PASSWORD: &str = "a museum by the river";

pub struct House {
    pub url: String,
    pub staff: Staff,
    pub clock: ManualClock,
    pub test: TestDb,
    pub set_up: SetUp,
    _stop: DropGuard,
}

pub fn now() -> Timestamp {
    "2026-07-14T09:00:00.000Z".parse().unwrap()
}

/// Makes the provider, given the service's address.
type MakeProvider = Box<dyn FnOnce(&str) -> Provider>;

/// What the doctor finds in these mapping parameters; in the whole set-up if
/// there are none.
pub type Finds = fn(Option<&str>) -> Vec<Finding>;

/// What differs from test to test.
#[derive(Default)]
pub struct Plan {
    /// The address browsers are told of, if not the real one.
    pub url: Option<String>,
    pub proxies: Vec<IpAddr>,
    pub provider: Option<MakeProvider>,
    pub finds: Option<Finds>,
    /// Who manages the set-up.
    pub set_up: SetUp,
    /// Whether devices of the example site are served too.
    pub gate: bool,
}

/// A doctor that finds what the test says.
#[derive(Debug, Clone, Copy)]
pub struct TestDoctor(pub Finds);

impl Doctor for TestDoctor {
    fn examine(&self, question: Question) -> Coming<Diagnosis> {
        let mapping = match &question {
            Question::Everything(_) => None,
            Question::Mapping(text) => Some(text.as_str()),
        };
        let findings = (self.0)(mapping);
        let parts = vec![Part::Configuration, Part::Mapping, Part::Site];
        Box::pin(async move { Diagnosis { parts, findings } })
    }

    fn support_bundle(&self, _: Duration) -> Coming<Bundle> {
        let pages = vec![Page::of_text("README.txt", "look at 00029975")];
        let taken_at = now();
        Box::pin(async move { Bundle { taken_at, pages } })
    }
}

impl House {
    pub async fn usual() -> Self {
        Self::open(Plan::default()).await
    }

    pub async fn open(plan: Plan) -> Self {
        let clock = ManualClock::new(now());
        let test = sqlite_in_memory().await;
        gate::Gate::prepare(&test.db, &clock).await.unwrap();
        boxoffice::BoxOffice::prepare(&test.db, &clock)
            .await
            .unwrap();
        Staff::prepare(&test.db, &clock).await.unwrap();
        let shared = Arc::new(clock.clone());
        let staff = Staff::open(test.db.clone(), shared, Cost::LEAST)
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let gate = match plan.gate {
            true => Some(gate_of(&test, &clock).await),
            false => None,
        };
        let service = Service {
            gate,
            box_office: None,
            office: Some(OfficeRole {
                staff: staff.clone(),
                url: plan.url.unwrap_or_else(|| url.clone()),
                proxies: plan.proxies,
                provider: plan.provider.map(|make| make(&url)),
                site_name: "Musées de Villeneuve".to_owned(),
                zone: "Europe/Paris".parse().unwrap(),
                currency: "EUR".to_owned(),
                set_up: plan.set_up.clone(),
                doctor: Arc::new(TestDoctor(plan.finds.unwrap_or(|_| Vec::new()))),
            }),
            db: test.db.clone(),
            prometheus: PrometheusBuilder::new().build_recorder().handle(),
            upkeep: None,
            missing: Vec::new(),
        };
        let stop = CancellationToken::new();
        tokio::spawn(service.serve(listener, stop.clone()));
        Self {
            url,
            staff,
            clock,
            test,
            set_up: plan.set_up,
            _stop: stop.drop_guard(),
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// An account with the usual password, whose login is its role's name.
    pub async fn hire(&self, role: Role) -> staff::Account {
        self.hire_as(role.as_str(), role).await
    }

    pub async fn hire_as(&self, login: &str, role: Role) -> staff::Account {
        hire(&self.staff, login, role).await
    }

    /// A browser in which the account is signed in.
    pub async fn signed_in(&self, login: &str) -> Browser {
        let mut browser = self.browser();
        let answer = sign_in(&mut browser, login, PASSWORD).await;
        assert_eq!(answer.leads_to(), "/office/", "{answer:?}");
        browser
    }
}

/// A gate of the example site, whose Otipass and ticketing are not there.
async fn gate_of(test: &TestDb, clock: &ManualClock) -> GateRole {
    let site = gate::read_site(include_str!("../../../../examples/villeneuve/site.toml"));
    let site = site.0.unwrap();
    let institution = site.institution.clone();
    gate::Gate::apply_site(&test.db, site).await.unwrap();
    let mapping = include_str!("../../../../examples/villeneuve/mapping.json");
    let mapping = otipass::read_mapping(mapping).mapping.unwrap();
    let nowhere = "http://127.0.0.1:9/api".to_owned();
    let otipass = OtipassClient::new(OtipassSettings {
        base_url: nowhere.clone(),
        project_id: mapping.project_id.clone(),
        credentials: Credentials::ApiKey("key".into()),
        contract: Contract::default(),
        proxy: None,
        connect_timeout: Duration::from_secs(1),
    });
    let gate = gate::Gate::open(
        test.db.clone(),
        Arc::new(clock.clone()),
        gate::InterfaceSettings::new(mapping),
        Arc::new(otipass.unwrap()),
    );
    let settings = ClientSettings::new(nowhere, institution, "P".to_owned(), "secret".into());
    GateRole {
        gate: Arc::new(gate.await.unwrap()),
        ticketing: AccessControlClient::new(settings, Arc::new(clock.clone())).unwrap(),
        delivery_pause: Duration::from_millis(10),
    }
}

/// An account with the usual password.
pub async fn hire(staff: &Staff, login: &str, role: Role) -> staff::Account {
    let profile = Profile {
        name: format!("Person {login}"),
        login: login.to_owned(),
        role,
    };
    let actor = Actor::service();
    let invited = staff.create_account(&actor, profile).await.unwrap();
    let accepted = staff
        .accept_invitation(&invited.token, PASSWORD.into(), "192.0.2.1")
        .await;
    staff.account(accepted.unwrap()).await.unwrap()
}

pub async fn sign_in(browser: &mut Browser, login: &str, password: &str) -> Answer {
    let fields = [("login", login), ("password", password)];
    browser
        .submit("/office/sign-in", "/office/sign-in", &fields)
        .await
}
