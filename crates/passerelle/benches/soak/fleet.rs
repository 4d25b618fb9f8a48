//! Ten devices, and what visitors do at their doors.

use kernel::{Clock, SystemClock};
use reqwest::Client;
use serde_json::{Value, json};
use stage::{Program, card};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{interval, sleep};
use uuid::Uuid;

/// From one visitor to the next: 50 in a second.
const PACE: Duration = Duration::from_millis(20);
/// How long a device waits for an answer, and for that on a journal.
const PATIENCE: Duration = Duration::from_secs(3);
const PATIENCE_FOR_BATCH: Duration = Duration::from_secs(30);
/// From one delivery of a journal to the next, and the most it brings.
const DELIVERY: Duration = Duration::from_secs(5);
const BATCH: usize = 200;
const HOUR_MS: i64 = 3_600_000;

/// What happened since the last look.
#[derive(Default)]
pub struct Minute {
    /// How long answers took, in microseconds.
    pub took_us: Vec<u128>,
    /// Checks that were not answered, and decided at the door.
    pub unanswered: u64,
    /// Checks that journals brought.
    pub by_journal: u64,
    /// Answers without Otipass's word.
    pub unverified: u64,
}

/// What happened at the doors in all.
#[derive(Debug, Default, Clone, Copy)]
pub struct Door {
    /// Visitors with a code.
    pub scans: i64,
    /// Who was let in.
    pub let_in: i64,
    /// Whose entry was taken back.
    pub taken_back: i64,
    /// What the service put aside.
    pub aside: usize,
    /// Repeated questions that had another answer.
    pub contradicted: u64,
}

struct Device {
    token: String,
    /// How far its clock is ahead.
    ahead_ms: i64,
    /// Checks and cancellations that the service has yet to hear of, with when
    /// they happened.
    journal: Mutex<[Vec<(Value, Instant)>; 2]>,
}

impl Device {
    fn write(&self, kind: usize, row: Value, at: Instant) {
        self.journal.lock().unwrap()[kind].push((row, at));
    }

    /// The row as it is sent now.
    fn stamped(&self, (row, at): &(Value, Instant)) -> Value {
        let mut row = row.clone();
        row["sent_at"] = json!(SystemClock.now().plus_ms(self.ahead_ms));
        row["age_ms"] = json!(u64::try_from(at.elapsed().as_millis()).unwrap());
        row
    }
}

/// All devices.
pub struct Fleet {
    http: Client,
    url: String,
    devices: Vec<Device>,
    cut_off: AtomicBool,
    closed: AtomicBool,
    minute: Mutex<Minute>,
    door: Mutex<Door>,
}

impl Fleet {
    pub fn of(program: &Program) -> Self {
        let device = |number| Device {
            token: program.token(&format!("PDA{number:02}")),
            ahead_ms: match number {
                9 => 48 * HOUR_MS,
                10 => -3 * HOUR_MS,
                _ => 0,
            },
            journal: Mutex::default(),
        };
        Self {
            http: stage::client(),
            url: program.url("/api/v1"),
            devices: (1..=10).map(device).collect(),
            cut_off: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            minute: Mutex::default(),
            door: Mutex::default(),
        }
    }

    /// Whether the line between devices and service is cut.
    pub fn cut_off(&self, cut: bool) {
        self.cut_off.store(cut, Ordering::Relaxed);
    }

    /// No more visitors come.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub fn door(&self) -> Door {
        *self.door.lock().unwrap()
    }

    /// What happened since this was asked last.
    pub fn minute(&self) -> Minute {
        std::mem::take(&mut self.minute.lock().unwrap())
    }

    /// Asks the service; `None` if the device hears nothing that it can use. A line that is
    /// cut lets some of it through, and no answer back.
    async fn ask(&self, device: &Device, path: &str, body: &Value) -> Option<Value> {
        let mut patience = match path {
            "checks/batch" => PATIENCE_FOR_BATCH,
            _ => PATIENCE,
        };
        if self.cut_off.load(Ordering::Relaxed) {
            patience = Duration::from_millis(fastrand::u64(..20));
        }
        let request = self.http.post(format!("{}/{path}", self.url));
        let request = request.bearer_auth(&device.token).json(body);
        let answer = request.timeout(patience).send().await.ok()?;
        match answer.status().as_u16() {
            200 => answer.json().await.ok(),
            _ => None,
        }
    }

    /// The visitor `n`: most are asked about at once, of these some twice and some have
    /// their entry taken back; some come while the device has no network.
    async fn visit(&self, n: usize) {
        let device = &self.devices[n % self.devices.len()];
        let now = Instant::now();
        // One in forty holds something else, one in forty a card that nobody knows.
        let (code, is_pass) = match fastrand::u8(..40) {
            0 => ("https://museum.example/tickets".to_owned(), false),
            1 => (card(900_000), true),
            _ => (card(fastrand::usize(..super::CARDS)), true),
        };
        let scanned_at = SystemClock.now().plus_ms(device.ahead_ms);
        let id = Uuid::new_v4();
        let row = json!({"id": id, "code": code, "scanned_at": scanned_at});
        let check = device.stamped(&(row.clone(), now));
        self.door.lock().unwrap().scans += 1;
        let answer = match n % 20 {
            0 | 1 => None,
            _ => self.ask(device, "checks", &check).await,
        };
        let let_in = answer.as_ref().map_or(is_pass, |a| a["admitted"] == true);
        self.door.lock().unwrap().let_in += i64::from(let_in);
        {
            let mut minute = self.minute.lock().unwrap();
            match &answer {
                Some(answer) => {
                    minute.took_us.push(now.elapsed().as_micros());
                    let unverified = answer["outcome"] == "accepted_unverified";
                    minute.unverified += u64::from(unverified);
                }
                None => minute.unanswered += u64::from(n % 20 > 1),
            }
        }
        match answer {
            None => {
                let told = if is_pass {
                    "accepted_offline"
                } else {
                    "not_a_pass"
                };
                let mut row = row;
                row["outcome"] = json!(told);
                device.write(0, row, now);
            }
            Some(first) if n % 20 == 2 => {
                let again = self.ask(device, "checks", &check).await;
                let differs = again.is_some_and(|again| again["outcome"] != first["outcome"]);
                self.door.lock().unwrap().contradicted += u64::from(differs);
            }
            Some(_) if n % 20 == 3 && let_in => {
                let at = SystemClock.now().plus_ms(device.ahead_ms);
                let back = json!({"id": Uuid::new_v4(), "check_id": id, "cancelled_at": at});
                let entry = (back, Instant::now());
                let asked = device.stamped(&entry);
                if self.ask(device, "cancellations", &asked).await.is_none() {
                    device.write(1, entry.0, entry.1);
                }
                self.door.lock().unwrap().taken_back += 1;
            }
            Some(_) => {}
        }
    }

    /// Hands over what stands in the journal of a device; whether nothing is left.
    async fn deliver(&self, device: &Device) -> bool {
        let parts = device.journal.lock().unwrap().each_ref().map(|rows| {
            let rows = rows.iter().take(BATCH);
            rows.map(|row| device.stamped(row)).collect::<Vec<_>>()
        });
        let [checks, cancellations] = parts.each_ref().map(Vec::len);
        if checks + cancellations == 0 {
            return true;
        }
        let body = json!({"checks": parts[0], "cancellations": parts[1]});
        if let Some(answer) = self.ask(device, "checks/batch", &body).await {
            let mut journal = device.journal.lock().unwrap();
            journal[0].drain(..checks);
            journal[1].drain(..cancellations);
            let results = ["results", "cancellations"].map(|part| &answer[part]);
            let results = results.iter().flat_map(|part| part.as_array().unwrap());
            let aside: Vec<_> = results.filter(|part| part["status"] != "kept").collect();
            if !aside.is_empty() {
                eprintln!("put aside: {aside:?}");
            }
            self.door.lock().unwrap().aside += aside.len();
            self.minute.lock().unwrap().by_journal += checks as u64;
        }
        false
    }
}

/// Has visitors come until the doors are closed, and ends when the service has heard
/// of all of them.
pub fn work(fleet: &Arc<Fleet>) -> JoinHandle<()> {
    let fleet = Arc::clone(fleet);
    tokio::spawn(async move {
        let mut delivering = JoinSet::new();
        for number in 0..fleet.devices.len() {
            let fleet = Arc::clone(&fleet);
            delivering.spawn(async move {
                let closed = || fleet.closed.load(Ordering::Relaxed);
                while !(fleet.deliver(&fleet.devices[number]).await && closed()) {
                    sleep(DELIVERY).await;
                }
            });
        }
        let (mut visits, mut pace) = (JoinSet::new(), interval(PACE));
        for n in 0.. {
            pace.tick().await;
            if fleet.closed.load(Ordering::Relaxed) {
                break;
            }
            let fleet = Arc::clone(&fleet);
            visits.spawn(async move { fleet.visit(n).await });
            while let Some(ended) = visits.try_join_next() {
                ended.unwrap();
            }
        }
        visits.join_all().await;
        delivering.join_all().await;
        // What the last visits left.
        for device in &fleet.devices {
            while !fleet.deliver(device).await {}
        }
    })
}
