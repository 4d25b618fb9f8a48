//! A door whose clock, server and visitors are the test's.

use deviceapi::{
    BatchAnswer, BatchResult, CancellationRequest, CancellationResult, CheckAnswer, CheckRequest,
    DeviceSnapshot, Direction, Problem, ProblemCode,
};
use edge::agent::{Answer, Delivered, Lane, Passage, Wish};
use edge::wire::{HttpAnswer, Reply};
use edge::{Door, DoorSettings, Errand, Event, JournalSettings, Mode, Moment};
use kernel::{CheckId, Language, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

pub const PASS: &str = "12345674";
pub const OTHER: &str = "00029975";
const TOKEN: &str = "token";
pub const SETTINGS: DoorSettings = DoorSettings {
    agent: edge::agent::AgentSettings {
        direction: None,
        language: None,
        first_language: Language::En,
        passage: Passage::Unknown { reopen_ms: 10_000 },
    },
    journal: JournalSettings {
        limit_checks: 1_000,
        segment_bytes: 64 * 1024,
    },
};

/// The pass with this number of the made ones.
pub fn card(number: usize) -> String {
    let digits = format!("{number:07}");
    let fits = |check: &u8| otipass::luhn_fits(&format!("{digits}{check}"));
    let check = (0..10).find(fits).unwrap();
    format!("{digits}{check}")
}

pub struct Stage {
    pub door: Door,
    pub now: Moment,
    pub folder: tempfile::TempDir,
    settings: DoorSettings,
    /// The checks of the batch that was sent last.
    sent: Vec<CheckId>,
}

static IDS: AtomicU64 = AtomicU64::new(1);

fn ids() -> edge::agent::Ids {
    Box::new(|| uuid::Uuid::from_u128(IDS.fetch_add(1, Ordering::Relaxed).into()))
}

fn open(folder: &Path, settings: DoorSettings, now: Moment) -> Door {
    Door::open(folder, settings, TOKEN.to_owned(), ids(), now).unwrap()
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
            boot: uuid::Uuid::nil(),
        };
        Self {
            door: open(folder.path(), settings, now),
            now,
            folder,
            settings,
            sent: Vec::new(),
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
        let mut errands = self.looked(Reply::Answer(snapshot(|_| ())));
        // It says at once that it is online now.
        if looks(&errands) {
            errands.extend(self.looked(Reply::Answer(snapshot(|_| ()))));
        }
        errands
    }

    pub fn looked(&mut self, reply: Reply<Box<DeviceSnapshot>>) -> Vec<Errand> {
        let sent = self.now;
        self.step(Event::Looked { reply, sent })
    }

    pub fn step(&mut self, event: Event) -> Vec<Errand> {
        let errands = self.door.step(event, self.now);
        if sends(&errands) {
            let (checks, _) = sent(&errands);
            self.sent = checks.iter().map(|check| check.id).collect();
        }
        errands
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
        self.step(Event::Line(
            Lane { source: 1, line: 1 },
            Wish::Check(code.to_owned(), direction),
        ))
    }

    pub fn answer(&mut self, check: CheckId, reply: Reply<CheckAnswer>) -> Vec<Errand> {
        let reply = match reply {
            Reply::Answer(answer) => Reply::Answer(CheckAnswer {
                id: check,
                ..answer
            }),
            reply => reply,
        };
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

    /// The server has taken a position on each check of a batch.
    pub fn batch(&mut self, mut results: Vec<BatchResult>) -> Vec<Errand> {
        for (result, id) in results.iter_mut().zip(&self.sent) {
            if let BatchResult::Kept { answer } = result {
                answer.id = *id;
            }
        }
        let reply = Reply::Answer(answer(results, &[]));
        self.step(Event::Sent { reply })
    }

    pub fn mode(&self) -> Mode {
        self.door.status().mode
    }

    /// The process ends and another begins.
    pub fn restart(self) -> Self {
        let Self {
            door,
            now,
            folder,
            settings,
            sent: _,
        } = self;
        drop(door);
        Self {
            door: open(folder.path(), settings, now),
            now,
            folder,
            settings,
            sent: Vec::new(),
        }
    }
}

/// An example of the device API, changed.
fn example<T: DeserializeOwned>(name: &str, change: impl FnOnce(&mut Value)) -> T {
    let mut examples = deviceapi::EXAMPLES.iter();
    let example = examples.find(|example| example.name == name).unwrap();
    let mut message = serde_json::from_str(example.text).unwrap();
    change(&mut message);
    serde_json::from_value(message).unwrap()
}

pub fn snapshot(change: impl FnOnce(&mut Value)) -> Box<DeviceSnapshot> {
    example("device", |snapshot| {
        snapshot["device"] = json!("TURN01");
        snapshot["language"] = json!("fr");
        snapshot["server_time"] = json!("2026-07-14T07:00:00.250Z");
        change(snapshot);
    })
}

pub fn yes(pass: &str) -> Reply<CheckAnswer> {
    Reply::Answer(example("accepted", |answer| {
        answer["message"] = json!("Bienvenue");
        answer["pass_number"] = json!(pass);
        answer["entries_left"] = json!(2);
    }))
}

pub fn no(reason: &str) -> Reply<CheckAnswer> {
    Reply::Answer(example("pass_blocked", |answer| {
        answer["outcome"] = json!(reason);
        answer["message"] = json!("Non");
        answer["pass_number"] = json!(PASS);
    }))
}

/// A reply as the service spells it, to the token of the door's beginning.
pub fn http<T: DeserializeOwned>(status: u16, code: ProblemCode) -> Reply<T> {
    let answer = HttpAnswer {
        status,
        content_type: "application/problem+json".to_owned(),
        retry_after_s: None,
        signature: None,
        body: json!(Problem::from(code)).to_string().into(),
    };
    Reply::of(Some(&answer), TOKEN)
}

/// The service does not know the token of the door's beginning.
pub fn token_invalid<T: DeserializeOwned>() -> Reply<T> {
    http(401, ProblemCode::TokenInvalid)
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
pub fn sent(errands: &[Errand]) -> (Vec<CheckRequest>, Vec<CancellationRequest>) {
    let batch = errands.iter().find_map(|errand| match errand {
        Errand::Send(batch) => Some(batch.clone()),
        _ => None,
    });
    let batch = batch.unwrap_or_else(|| panic!("nothing is sent: {errands:?}"));
    (batch.checks, batch.cancellations)
}

pub fn sends(errands: &[Errand]) -> bool {
    errands.iter().any(|e| matches!(e, Errand::Send(_)))
}

pub fn looks(errands: &[Errand]) -> bool {
    errands.iter().any(|e| matches!(e, Errand::Look(_)))
}

/// So many checks are kept.
pub fn kept(count: usize) -> Vec<BatchResult> {
    let answer = example("accepted_offline", |_| ());
    vec![BatchResult::Kept { answer }; count]
}

/// A check is put aside by the server.
pub fn aside(code: ProblemCode) -> BatchResult {
    BatchResult::Aside {
        id: None,
        problem: code.into(),
    }
}

/// What becomes of the checks, and of a cancellation of each of these.
pub fn answer(results: Vec<BatchResult>, cancelled: &[CheckId]) -> BatchAnswer {
    let cancelled = cancelled
        .iter()
        .map(|check| CancellationResult::Kept { check_id: *check });
    BatchAnswer {
        results,
        cancellations: cancelled.collect(),
    }
}
