//! What an answer of the device API means: pure, without I/O.
//!
//! See `docs/interfaces/device-api.md`. What is not an answer of the service,
//! such as the sign-in page of a network, is [`Reply::Silent`].

use deviceapi::{DeviceSnapshot, Problem, ProblemCode};
use kernel::CheckId;
use serde::de::DeserializeOwned;

/// Whether nothing but the moment differs.
pub(crate) fn same_set_up(one: &DeviceSnapshot, other: &DeviceSnapshot) -> bool {
    let other = DeviceSnapshot {
        server_time: one.server_time,
        admitted_today: one.admitted_today,
        ..other.clone()
    };
    *one == other
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
        code: Option<ProblemCode>,
        /// How long to wait before it is asked again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The service does not know the token with this SHA-256 any more.
    TokenInvalid(String),
    /// The service refuses this request for good.
    Problem(Problem),
}

impl<T: DeserializeOwned> Reply<T> {
    /// What `answer` means to the device that presented the token with this SHA-256;
    /// `None` is no answer within the time.
    #[must_use]
    pub fn of(answer: Option<&HttpAnswer>, token_sha256: &str) -> Self {
        let Some(answer) = answer else {
            return Reply::Silent;
        };
        let media_type = answer.content_type.split(';').next().unwrap_or("").trim();
        let problem = (media_type == "application/problem+json")
            .then(|| serde_json::from_slice::<Problem>(&answer.body).ok())
            .flatten()
            // A gateway on the way may speak of problems, too.
            .filter(Problem::is_ours);
        match (answer.status, problem) {
            (200, _) if media_type == "application/json" => {
                serde_json::from_slice(&answer.body).map_or(Reply::Silent, Reply::Answer)
            }
            (401, Some(problem)) if problem.code == ProblemCode::TokenInvalid => {
                Reply::TokenInvalid(token_sha256.to_owned())
            }
            (429 | 500.., problem) => Reply::Failing {
                code: problem.map(|problem| problem.code),
                retry_after_ms: answer.retry_after_s.unwrap_or(1).saturating_mul(1000),
            },
            (400..=499, Some(problem)) => Reply::Problem(problem),
            _ => Reply::Silent,
        }
    }
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
    use deviceapi::BatchAnswer;

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
    const KEPT: &str = r#"{"results":[],"cancellations":[]}"#;

    fn named(code: ProblemCode) -> String {
        serde_json::to_string(&Problem::from(code)).unwrap()
    }

    #[test]
    fn each_answer_has_its_meaning() {
        let token = named(ProblemCode::TokenInvalid);
        let conflict = named(ProblemCode::CheckIdConflict);
        let busy = named(ProblemCode::Busy);
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
            let found = match Reply::<BatchAnswer>::of(Some(&answer), "") {
                Reply::Answer(_) => "answer",
                Reply::Silent => "silent",
                Reply::Failing { .. } => "failing",
                Reply::TokenInvalid(_) => "token",
                Reply::Problem(_) => "problem",
            };
            assert_eq!(found, meaning, "{answer:?}");
        }
        assert_eq!(Reply::<BatchAnswer>::of(None, ""), Reply::Silent);
    }

    #[test]
    fn the_wait_is_the_servers_word_or_a_second() {
        let mut answer = http(503, PROBLEM, &named(ProblemCode::Unavailable));
        for (said, expected) in [(None, 1_000), (Some(7), 7_000)] {
            answer.retry_after_s = said;
            let Reply::Failing {
                code,
                retry_after_ms,
            } = Reply::<BatchAnswer>::of(Some(&answer), "")
            else {
                panic!("it fails");
            };
            assert_eq!(
                (code, retry_after_ms),
                (Some(ProblemCode::Unavailable), expected)
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
