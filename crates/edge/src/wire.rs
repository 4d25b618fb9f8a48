//! What the device API says, and what an answer means: pure, without I/O.
//!
//! See `docs/interfaces/device-api.md`. What is not an answer of the service,
//! such as the sign-in page of a network, is [`Reply::Silent`].

use gate::decide::offline::Knowledge;
use gate::{Direction, OfflinePolicy};
use kernel::{Additions, CardNumber, CheckId, DeviceCode, Language, Timestamp, Zone};
use otipass::{EntriesLeft, NumberFormat};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::journal::{Attempt, Batch};

/// What a device knows of itself: the answer of `GET /api/v1/device`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its code.
    pub device: DeviceCode,
    /// The code of its door.
    pub door: Option<String>,
    /// What people call the door.
    #[serde(default)]
    pub door_name: Option<String>,
    /// The code of its sector, if it leads to exactly one.
    pub sector: Option<String>,
    /// What people call the sector.
    #[serde(default)]
    pub sector_name: Option<String>,
    /// Whether passes are accepted there.
    pub mapped: bool,
    /// What people call the site.
    pub site: String,
    /// The organisation's time zone.
    pub timezone: Zone,
    /// The visitor's language.
    pub language: Language,
    /// How codes are recognised.
    pub detection: Detection,
    /// What it goes by without network.
    pub offline_policy: OfflinePolicy,
    /// How long the server may take, in milliseconds.
    pub decision_budget_ms: u64,
    /// How long an entry can be cancelled, in seconds.
    pub cancel_within_s: u32,
    /// The device's own settings.
    pub settings: DeviceSettings,
    /// The newest list of passes, under the guarded policy.
    #[serde(default)]
    pub pass_list_version: Option<i64>,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// How a pass is told from another code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// What may stand before a number, with a hyphen.
    pub project_id: String,
    /// Lengths, alphabet and checksum.
    pub format: NumberFormat,
    /// What scanners and code makers add to it.
    #[serde(default)]
    pub additions: Box<Additions>,
}

/// Settings of one device, as far as a turnstile needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceSettings {
    /// In or out.
    pub direction: Direction,
}

impl Snapshot {
    /// Whether nothing but the time differs.
    #[must_use]
    pub fn same_set_up(&self, other: Option<&Snapshot>) -> bool {
        other.is_some_and(|other| {
            let other = Self {
                server_time: self.server_time,
                ..other.clone()
            };
            *self == other
        })
    }

    /// What decisions without network need of it.
    #[must_use]
    pub fn knowledge(&self) -> Knowledge {
        Knowledge {
            project_id: self.detection.project_id.clone(),
            format: self.detection.format,
            additions: (*self.detection.additions).clone(),
            mapped: self.mapped,
            policy: self.offline_policy,
        }
    }
}

/// The server's decision on a check.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CheckAnswer {
    /// Whether the door opens.
    pub open: bool,
    /// Whether it is an entry that counts.
    pub admitted: bool,
    /// The outcome or reason.
    pub outcome: String,
    /// The same in the device's language.
    pub message: String,
    /// The pass, if it is one.
    #[serde(default)]
    pub pass_number: Option<CardNumber>,
    /// Its last day.
    #[serde(default)]
    pub valid_until: Option<String>,
    /// Entries left here.
    #[serde(default)]
    pub entries_left: Option<EntriesLeft>,
}

/// What became of the parts of a batch, in their order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BatchAnswer {
    /// One for each check.
    pub results: Vec<ItemResult>,
    /// One for each cancellation.
    #[serde(default)]
    pub cancellations: Vec<ItemResult>,
}

/// What became of a check or cancellation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ItemResult {
    /// The server has it.
    Kept,
    /// It will never be taken.
    Refused {
        /// Why.
        problem: Problem,
    },
}

/// An `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// The stable name.
    pub code: String,
    /// What happened, for people.
    #[serde(default)]
    pub title: String,
    /// Why, and what to do, for people.
    #[serde(default)]
    pub detail: String,
}

/// An answer as it came over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The media type, with or without parameters.
    pub content_type: String,
    /// The header `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    /// The header `x-passerelle-signature` of a list of passes.
    pub signature: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What an answer means to the device.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply<T> {
    /// The service answered.
    Answer(T),
    /// No answer, or none of the service: the line is down.
    Silent,
    /// The service cannot do it at the moment.
    Failing {
        /// The code of its problem, if it said one.
        code: Option<String>,
        /// How long to wait before it is asked again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The service does not know the token any more.
    TokenInvalid,
    /// The service refuses this request for good.
    Problem(Problem),
}

impl<T: DeserializeOwned> Reply<T> {
    /// What `answer` means; `None` is no answer within the time.
    #[must_use]
    pub fn of(answer: Option<&HttpAnswer>) -> Self {
        let Some(answer) = answer else {
            return Reply::Silent;
        };
        let media_type = answer.content_type.split(';').next().unwrap_or("").trim();
        let problem = (media_type == "application/problem+json")
            .then(|| serde_json::from_slice::<Problem>(&answer.body).ok())
            .flatten();
        match (answer.status, problem) {
            (200, _) if media_type == "application/json" => {
                serde_json::from_slice(&answer.body).map_or(Reply::Silent, Reply::Answer)
            }
            (401, Some(problem)) if problem.code == "token_invalid" => Reply::TokenInvalid,
            (429 | 500.., problem) => Reply::Failing {
                code: problem.map(|problem| problem.code),
                retry_after_ms: answer.retry_after_s.unwrap_or(1).saturating_mul(1000),
            },
            (400..=499, Some(problem)) => Reply::Problem(problem),
            _ => Reply::Silent,
        }
    }
}

/// The body of `POST /api/v1/checks`.
#[must_use]
pub fn check_body(attempt: &Attempt) -> serde_json::Value {
    serde_json::json!({
        "id": attempt.id,
        "code": attempt.code,
        "scanned_at": attempt.scanned_at,
        "direction": attempt.direction,
    })
}

/// The body of `POST /api/v1/checks/batch`.
#[must_use]
pub fn batch_body(batch: &Batch) -> serde_json::Value {
    let checks: Vec<_> = batch
        .checks
        .iter()
        .map(|(_, check)| {
            let mut body = check_body(&check.attempt);
            body["outcome"] = check.outcome.as_str().into();
            body
        })
        .collect();
    let cancellations: Vec<_> = batch
        .cancellations
        .iter()
        .map(|(_, cancellation)| serde_json::json!(cancellation))
        .collect();
    serde_json::json!({ "checks": checks, "cancellations": cancellations })
}

/// The id under which a check is sent whose own id belongs to another scan. It
/// follows from the first, so that a device that repeats itself does not count
/// a visitor twice. `None` if the first is itself such an id: then something
/// else is wrong.
#[must_use]
pub fn another_id(first: CheckId) -> Option<CheckId> {
    use sha2::{Digest, Sha256};
    // Ids made here have version 8, where devices choose others.
    let made_here = first.to_string().as_bytes().get(14) == Some(&b'8');
    let hash = Sha256::digest(format!("passerelle-edge-another-id:{first}"));
    let bytes = std::array::from_fn(|index| hash[index]);
    let another = CheckId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid());
    (!made_here).then_some(another)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, content_type: &str, body: &str) -> HttpAnswer {
        HttpAnswer {
            status,
            content_type: content_type.to_owned(),
            retry_after_s: None,
            signature: None,
            body: body.as_bytes().to_vec(),
        }
    }

    const JSON: &str = "application/json";
    const PROBLEM: &str = "application/problem+json";
    const KEPT: &str = r#"{"results":[{"status":"kept","answer":{"id":"…"}}]}"#;

    #[test]
    fn each_answer_has_its_meaning() {
        let named = |code: &str| format!(r#"{{"code":"{code}","status":0,"type":"urn:x"}}"#);
        let (token, conflict, busy) = (
            named("token_invalid"),
            named("check_id_conflict"),
            named("busy"),
        );
        for (meaning, answer) in [
            ("answer", http(200, JSON, KEPT)),
            ("answer", http(200, "application/json; charset=utf-8", KEPT)),
            ("silent", http(200, "text/html", KEPT)),
            ("silent", http(200, JSON, "<html>")),
            ("silent", http(302, "text/html", "")),
            ("silent", http(401, "text/html", "sign in")),
            ("silent", http(401, JSON, &token)),
            ("silent", http(404, "text/html", "not found")),
            ("silent", http(407, "text/html", "")),
            ("token", http(401, PROBLEM, &token)),
            ("problem", http(401, PROBLEM, &conflict)),
            ("problem", http(409, PROBLEM, &conflict)),
            ("failing", http(429, "text/plain", "")),
            ("failing", http(500, "text/html", "")),
            ("failing", http(502, "text/html", "")),
            ("failing", http(503, PROBLEM, &busy)),
        ] {
            let found = match Reply::<BatchAnswer>::of(Some(&answer)) {
                Reply::Answer(answer) => {
                    assert_eq!(answer.results, [ItemResult::Kept]);
                    "answer"
                }
                Reply::Silent => "silent",
                Reply::Failing { .. } => "failing",
                Reply::TokenInvalid => "token",
                Reply::Problem(_) => "problem",
            };
            assert_eq!(found, meaning, "{answer:?}");
        }
        assert_eq!(Reply::<BatchAnswer>::of(None), Reply::Silent);
    }

    #[test]
    fn the_wait_is_the_servers_word_or_a_second() {
        let mut answer = http(503, PROBLEM, r#"{"code":"unavailable"}"#);
        for (said, expected) in [(None, 1_000), (Some(7), 7_000)] {
            answer.retry_after_s = said;
            let Reply::Failing {
                code,
                retry_after_ms,
            } = Reply::<BatchAnswer>::of(Some(&answer))
            else {
                panic!("it fails");
            };
            assert_eq!(
                (code.as_deref(), retry_after_ms),
                (Some("unavailable"), expected)
            );
        }
    }

    #[test]
    fn another_id_is_always_the_same_one() {
        let first: CheckId = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3".parse().unwrap();
        let another = another_id(first).unwrap();
        assert_ne!(another, first);
        assert_eq!(another_id(first), Some(another));
        assert_eq!(another_id(another), None);
    }
}
