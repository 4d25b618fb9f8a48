//! A door whose clock, server and visitors are the test's.

use edge::agent::{Answer, Delivered, Lane};
use edge::wire::{BatchAnswer, CheckAnswer, HttpAnswer, Reply, Snapshot};
use edge::{Door, DoorSettings, Errand, Event, JournalSettings, Mode, Moment};
use gate::Direction;
use kernel::{CheckId, Timestamp};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

pub const PASS: &str = "12345674";
pub const OTHER: &str = "00029975";
pub const SETTINGS: DoorSettings = DoorSettings {
    agent: edge::agent::AgentSettings {
        direction: None,
        language: None,
    },
    journal: JournalSettings {
        limit_checks: 1_000,
        segment_bytes: 64 * 1024,
    },
};

pub struct Stage {
    pub door: Door,
    pub now: Moment,
    pub folder: tempfile::TempDir,
    settings: DoorSettings,
}

static IDS: AtomicU64 = AtomicU64::new(1);

fn ids() -> edge::agent::Ids {
    Box::new(|| {
        let number = IDS.fetch_add(1, Ordering::Relaxed);
        CheckId::from_uuid(uuid::Uuid::from_u128(number.into()))
    })
}

fn open(folder: &Path, settings: DoorSettings, now: Moment) -> Door {
    Door::open(folder, settings, "token".to_owned(), ids(), now).unwrap()
}

impl Stage {
    /// A door that has never reached its server.
    pub fn new() -> Self {
        Self::with(SETTINGS)
    }

    pub fn with(settings: DoorSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-07-14T07:00:00.000Z".parse().unwrap();
        let now = Moment {
            wall: start,
            up_ms: 1_000,
        };
        Self {
            door: open(folder.path(), settings, now),
            now,
            folder,
            settings,
        }
    }

    /// A door that has just reached its server.
    pub fn online() -> Self {
        let mut stage = Self::new();
        stage.comes_online();
        stage
    }

    /// A door that knows its server, and whose line is down.
    pub fn offline() -> Self {
        let mut stage = Self::online();
        let id = asked(&stage.scan(OTHER));
        stage.answer(id, Reply::Silent);
        stage.tell(id);
        assert_eq!(stage.mode(), Mode::Offline);
        stage
    }

    pub fn comes_online(&mut self) -> Vec<Errand> {
        self.looked(Reply::Answer(snapshot(|_| ())))
    }

    pub fn looked(&mut self, reply: Reply<Snapshot>) -> Vec<Errand> {
        let sent = self.now;
        self.step(Event::Looked { reply, sent })
    }

    pub fn step(&mut self, event: Event) -> Vec<Errand> {
        self.door.step(event, self.now)
    }

    /// Time passes on both clocks.
    pub fn pass(&mut self, millis: u64) -> Vec<Errand> {
        self.now.up_ms += millis;
        self.now.wall = self.now.wall.plus_ms(millis.try_into().unwrap());
        self.step(Event::Tick)
    }

    pub fn scan(&mut self, code: &str) -> Vec<Errand> {
        self.scan_to(code, None)
    }

    pub fn scan_to(&mut self, code: &str, direction: Option<Direction>) -> Vec<Errand> {
        self.step(Event::Scan {
            lane: Lane(1),
            code: code.to_owned(),
            direction,
        })
    }

    pub fn answer(&mut self, check: CheckId, reply: Reply<CheckAnswer>) -> Vec<Errand> {
        self.step(Event::Answered { check, reply })
    }

    /// The visitor has the answer.
    pub fn tell(&mut self, check: CheckId) {
        self.step(Event::Told {
            check,
            delivered: Delivered::Yes,
        });
    }

    /// A visitor comes, is decided and told.
    pub fn visit(&mut self, code: &str) -> Answer {
        let (check, answer) = told(&self.scan(code));
        self.tell(check.unwrap());
        answer
    }

    pub fn batch(&mut self, results: Value) -> Vec<Errand> {
        let answer: BatchAnswer = serde_json::from_value(results).unwrap();
        self.step(Event::Sent {
            reply: Reply::Answer(answer),
        })
    }

    pub fn mode(&self) -> Mode {
        self.door.agent().mode().0
    }

    /// The process ends and another begins.
    pub fn restart(self) -> Self {
        let Self {
            door,
            now,
            folder,
            settings,
        } = self;
        drop(door);
        let now = Moment {
            up_ms: 1_000,
            ..now
        };
        Self {
            door: open(folder.path(), settings, now),
            now,
            folder,
            settings,
        }
    }
}

pub fn snapshot(change: impl FnOnce(&mut Value)) -> Snapshot {
    let mut snapshot = json!({
        "device": "TURN01", "door": "VN_AUG_D1", "sector": "VN_AUG", "mapped": true,
        "site": "Musées de Villeneuve", "timezone": "Europe/Paris", "language": "fr",
        "detection": {"project_id": "villeneuve", "format": {
            "num_type": "number", "letters": {"min": 0, "max": 0},
            "digits": {"min": 8, "max": 8}, "checksum": "luhn"}},
        "offline_policy": "detection_only", "decision_budget_ms": 1500,
        "cancel_within_s": 900, "settings": {"direction": "entry", "sound": true},
        "admitted_today": 3, "server_time": "2026-07-14T07:00:00.250Z",
    });
    change(&mut snapshot);
    serde_json::from_value(snapshot).unwrap()
}

pub fn yes(pass: &str) -> Reply<CheckAnswer> {
    let answer = json!({
        "open": true, "admitted": true, "outcome": "accepted", "message": "Bienvenue",
        "pass_number": pass, "entries_left": 2, "valid_until": "2026-07-16",
    });
    Reply::Answer(serde_json::from_value(answer).unwrap())
}

pub fn no(reason: &str) -> Reply<CheckAnswer> {
    let answer = json!({
        "open": false, "admitted": false, "outcome": reason, "message": "Non",
        "pass_number": PASS,
    });
    Reply::Answer(serde_json::from_value(answer).unwrap())
}

/// A reply as the service spells it.
pub fn http<T: serde::de::DeserializeOwned>(status: u16, code: &str) -> Reply<T> {
    Reply::of(Some(&HttpAnswer {
        status,
        content_type: "application/problem+json".to_owned(),
        retry_after_s: None,
        signature: None,
        body: json!({ "code": code, "title": "Title" }).to_string().into(),
    }))
}

/// The id of the one check that the server is to be asked about.
pub fn asked(errands: &[Errand]) -> CheckId {
    let mut ids = errands.iter().filter_map(|errand| match errand {
        Errand::Ask(attempt) => Some(attempt.id),
        _ => None,
    });
    let id = ids
        .next()
        .unwrap_or_else(|| panic!("nothing is asked: {errands:?}"));
    assert_eq!(ids.next(), None);
    id
}

/// The one answer that is told.
pub fn told(errands: &[Errand]) -> (Option<CheckId>, Answer) {
    let mut answers = errands.iter().filter_map(|errand| match errand {
        Errand::Tell { check, answer, .. } => Some((*check, answer.clone())),
        _ => None,
    });
    let answer = answers
        .next()
        .unwrap_or_else(|| panic!("nothing is told: {errands:?}"));
    assert_eq!(answers.next(), None, "one answer only");
    answer
}

/// The checks and cancellations that are sent.
pub fn sent(errands: &[Errand]) -> (Vec<Value>, Vec<Value>) {
    let body = errands.iter().find_map(|errand| match errand {
        Errand::Send(body) => Some(body),
        _ => None,
    });
    let body = body.unwrap_or_else(|| panic!("nothing is sent: {errands:?}"));
    let list = |name: &str| body[name].as_array().unwrap().clone();
    (list("checks"), list("cancellations"))
}

pub fn sends(errands: &[Errand]) -> bool {
    errands.iter().any(|e| matches!(e, Errand::Send(_)))
}

pub fn looks(errands: &[Errand]) -> bool {
    errands.iter().any(|e| matches!(e, Errand::Look(_)))
}

pub fn kept(count: usize) -> Value {
    json!({ "results": vec![json!({"status": "kept"}); count] })
}
