//! A gate on a database of its own, with a sandbox behind it over HTTP.

use db::testing::TestDb;
use db::{DbError, Tx, params};
use gate::records::attendance;
use gate::records::ledger;
use gate::{
    CODE_VALID_MS, DeviceSettings, DeviceToken, Direction, EnrolmentCode, Freshness, Gate,
    InterfaceSettings, JournalItem, Merged, Scan, Sending, TokenError, WhenSilent, grant_token,
    read_site, revoke_tokens, save_enrolment_code,
};
use kernel::{CheckId, Clock, ManualClock, Timestamp};
use otipass::{
    Contract, Credentials, EntriesLeft, OtipassClient, OtipassSettings, References, read_mapping,
};
use sandbox::{Failure, Fault, PassBook, Sandbox, SandboxSettings};
use std::sync::Arc;
use std::time::Duration;

const PASSES: &str = "number;status;duration_days;valid_until;services
00029975;active;7;2026-07-31;PCUMID000FSA5CD6:1,PCUMID000FS4D3C1:*
00039131;active;2;2026-07-31;PCUMID000FSA5CD6:2
01755172;expired;3;2026-06-15;PCUMID000FSA5CD6:1
";
pub const GOOD: &str = "00029975";
pub const TWICE: &str = "00039131";
pub const EXPIRED: &str = "01755172";

pub struct House {
    pub gate: Arc<Gate>,
    pub sandbox: Sandbox,
    pub clock: ManualClock,
    pub test: TestDb,
    pub settings: InterfaceSettings,
    pub client: Arc<OtipassClient>,
}

pub fn now() -> Timestamp {
    "2026-07-14T09:00:00.000Z".parse().unwrap()
}

pub fn site() -> gate::Site {
    read_site(include_str!("../../../../examples/villeneuve/site.toml"))
        .0
        .unwrap()
}

pub async fn house(test: TestDb, references: References, when_silent: WhenSilent) -> House {
    let clock = ManualClock::new(now());
    let contract = Contract {
        references,
        ..Contract::default()
    };
    let sandbox = Sandbox::new(
        PassBook::from_csv(PASSES.as_bytes()).unwrap(),
        SandboxSettings {
            contract: contract.clone(),
            ..SandboxSettings::new(
                "villeneuve",
                "Europe/Paris".parse().unwrap(),
                Arc::new(clock.clone()),
            )
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/api", listener.local_addr().unwrap());
    tokio::spawn(sandbox::serve(
        listener,
        sandbox.clone(),
        std::future::pending(),
    ));
    let mapping = read_mapping(include_str!("../../../../examples/villeneuve/mapping.json"))
        .mapping
        .unwrap();
    let client = Arc::new(
        OtipassClient::new(OtipassSettings {
            base_url,
            project_id: mapping.project_id.clone(),
            credentials: Credentials::ApiKey("key".into()),
            contract,
            proxy: None,
            connect_timeout: Duration::from_secs(1),
        })
        .unwrap(),
    );
    let settings = InterfaceSettings {
        references,
        when_silent,
        decision_budget: Duration::from_millis(1_500),
        // Whoever tests the window opens it.
        repeat_window: Duration::ZERO,
        ..InterfaceSettings::new(mapping)
    };
    test.db.migrate(&[gate::SCHEMA], clock.now()).await.unwrap();
    Gate::apply_site(&test.db, site()).await.unwrap();
    let gate = Gate::open(
        test.db.clone(),
        Arc::new(clock.clone()),
        settings.clone(),
        client.clone(),
        "gate",
    )
    .await
    .unwrap();
    House {
        gate: Arc::new(gate),
        sandbox,
        clock,
        test,
        settings,
        client,
    }
}

pub async fn usual(test: TestDb) -> House {
    house(test, References::Honoured, WhenSilent::Admit).await
}

impl House {
    /// Another life of the same gate: what a restart after a crash would see,
    /// with less patience.
    pub async fn restarted(&self, decision_budget: Duration) -> Arc<Gate> {
        let settings = InterfaceSettings {
            decision_budget,
            ..self.settings.clone()
        };
        let clock = Arc::new(self.clock.clone());
        let db = self.test.db.clone();
        Arc::new(
            Gate::open(db, clock, settings, self.client.clone(), "gate")
                .await
                .unwrap(),
        )
    }

    pub fn fail(&self, failure: Failure) {
        self.fail_for(failure, None);
    }

    pub fn fail_for(&self, failure: Failure, requests: Option<u32>) {
        self.sandbox
            .set_faults(vec![Fault {
                latency_ms: 0,
                failure: Some(failure),
                requests,
            }])
            .unwrap();
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        self.test
            .db
            .read("count", move |tx| tx.query_one(sql, params![])?.get("n"))
            .await
            .map_err(|error: DbError| error)
            .unwrap()
    }

    pub async fn barcodes(&self) -> Vec<String> {
        ledger::page(&self.test.db, None, 1_000)
            .await
            .unwrap()
            .into_iter()
            .map(|entry| entry.barcode.reveal().to_owned())
            .collect()
    }

    pub async fn save_code(
        &self,
        device: &str,
        code: EnrolmentCode,
    ) -> Result<Timestamp, TokenError> {
        let (device, now) = (device.parse().unwrap(), self.clock.now());
        let save =
            move |tx: &mut Tx<'_>| save_enrolment_code(tx, &device, &code, now, CODE_VALID_MS);
        self.test.db.write("save code", save).await
    }

    pub async fn grant(&self, device: &str, token: DeviceToken) -> Result<(), TokenError> {
        let (device, now) = (device.parse().unwrap(), self.clock.now());
        let grant = move |tx: &mut Tx<'_>| grant_token(tx, &device, &token, now);
        self.test.db.write("grant", grant).await
    }

    /// Takes the tokens of `device` back, as another process would.
    pub async fn revoke(&self, device: &str) -> Result<u64, TokenError> {
        let (device, now) = (device.parse().unwrap(), self.clock.now());
        let revoke = move |tx: &mut Tx<'_>| revoke_tokens(tx, &device, now);
        self.test.db.write("revoke", revoke).await
    }

    /// Changes what `device` may do.
    pub async fn set(&self, device: &str, settings: DeviceSettings) {
        let mut site = (*self.gate.site()).clone();
        let device = device.parse().unwrap();
        site.devices.get_mut(&device).unwrap().settings = settings;
        self.change(site).await;
    }

    /// Applies another site, and has the gate take it up.
    pub async fn change(&self, site: gate::Site) {
        Gate::apply_site(&self.test.db, site).await.unwrap();
        self.gate.reload().await.unwrap();
    }

    /// Entries left of a pass for the sector that `PDA01` leads to.
    pub fn entries_left(&self, card: &str) -> Option<EntriesLeft> {
        let passes = self.sandbox.passes();
        let pass = passes.get(&card.parse().unwrap()).unwrap();
        let service = "PCUMID000FSA5CD6".parse().unwrap();
        pass.services.get(&service).copied()
    }

    pub async fn attendance(&self) -> attendance::Attendance {
        let day = "2026-07-14".parse().unwrap();
        attendance::attendance(&self.test.db, day, day)
            .await
            .unwrap()
    }

    /// What becomes of one item of a journal.
    pub async fn bring(&self, scan: &Scan, outcome: &str) -> Merged {
        let item = JournalItem {
            scan: scan.clone(),
            sending: as_shown(),
            outcome: Some(outcome.parse().unwrap()),
        };
        let mut merged = self.gate.deciding.merge_journal(vec![item]).await.unwrap();
        merged.remove(0)
    }

    /// The same in words.
    pub async fn brought(&self, scan: &Scan, outcome: &str) -> (&'static str, Freshness) {
        match self.bring(scan, outcome).await {
            Merged::Recorded(check, freshness) => {
                assert_eq!(check.scan, *scan, "the device's own scan and id");
                (check.decision.as_str(), freshness)
            }
            Merged::Refused(_, error) => panic!("{error}"),
        }
    }

    pub async fn merge(&self, journal: &[Scan]) -> Vec<Merged> {
        let items = journal.iter().cloned().map(as_item).collect();
        self.gate.deciding.merge_journal(items).await.unwrap()
    }

    pub async fn outcome(&self, scan: &Scan) -> &'static str {
        self.gate
            .deciding
            .check(scan.clone(), Sending::default())
            .await
            .unwrap()
            .0
            .decision
            .as_str()
    }
}

pub fn id(n: u128) -> CheckId {
    format!("00000000-0000-4000-8000-{n:012x}").parse().unwrap()
}

/// A device whose clock is right.
pub fn as_shown() -> Sending {
    Sending {
        offset_ms: Some(0),
        ..Sending::default()
    }
}

/// What a journal brings of such a device.
pub fn as_item(scan: Scan) -> JournalItem {
    JournalItem {
        sending: as_shown(),
        ..scan.into()
    }
}

pub fn scan(n: u128, device: &str, code: &str) -> Scan {
    Scan {
        id: id(n),
        device: device.parse().unwrap(),
        code: code.to_owned(),
        device_time: (now()).into(),
        direction: Direction::Entry,
        forced_note: None,
    }
}

pub fn exit(n: u128, device: &str, code: &str) -> Scan {
    Scan {
        direction: Direction::Exit,
        ..scan(n, device, code)
    }
}

pub fn forced(n: u128, device: &str, code: &str) -> Scan {
    Scan {
        forced_note: Some("came with a group".parse().unwrap()),
        ..scan(n, device, code)
    }
}

pub const FORCES: DeviceSettings = DeviceSettings {
    direction: Direction::Entry,
    may_switch_direction: true,
    forced_entry: true,
    several_persons: true,
    help_desk: true,
    sound: true,
};
