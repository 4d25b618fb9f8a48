//! Reading what a service answers that may not be ours: any field may be withheld and
//! is `null` then, numbers and texts stand for each other, words come in any case.

use super::error::{CallError, Outage};
use crate::mask::Scrubber;
use crate::wire::{ControlledTicket, ImportControlledTicketAnswer, StatusCode, TicketResult};
use kernel::{ControlBarcode, Timestamp};
use reqwest::{Response, StatusCode as HttpStatus, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

/// The longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 300;
/// The longest code or other single word that is kept, in characters.
const MAX_CODE_CHARS: usize = 60;

/// An answer as it came.
pub(super) struct Answered {
    /// For what it may repeat of the call.
    pub(super) scrubber: Scrubber,
    pub(super) http_status: HttpStatus,
    pub(super) content_type: Option<String>,
    /// The other side's clock.
    pub(super) date: Option<Timestamp>,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// `statusCode` and `statusDetail`.
struct Said {
    status: StatusCode,
    detail: String,
}

impl Answered {
    /// What the head of an answer says that comes at `now`.
    pub(super) fn begun(response: &Response, now: Timestamp, scrubber: &Scrubber) -> Self {
        let text = |name| response.headers().get(name)?.to_str().ok().map(str::trim);
        let date = text(header::DATE).and_then(moment);
        let retry_after = text(header::RETRY_AFTER).and_then(|text| match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => {
                // A moment by their clock, which need not be ours.
                let wait_ms = moment(text)?.ms_since(date.unwrap_or(now));
                u64::try_from(wait_ms).ok().map(Duration::from_millis)
            }
        });
        Self {
            scrubber: scrubber.clone(),
            http_status: response.status(),
            content_type: text(header::CONTENT_TYPE)
                .map(|text| scrubber.text(text, MAX_CODE_CHARS)),
            date,
            retry_after,
            body: Vec::new(),
        }
    }

    /// What the HTTP status alone says.
    const fn by_status(&self) -> Option<CallError> {
        let retry_after = self.retry_after;
        Some(match self.http_status.as_u16() {
            401 => CallError::Unauthorised,
            407 => CallError::ProxyCredentials,
            429 | 509 => CallError::RateLimited { retry_after },
            http_status @ (408 | 500..=599) => CallError::Unavailable(Outage::Status {
                http_status,
                retry_after,
            }),
            _ => return None,
        })
    }

    /// What the answer gives, if it says that the call was done. Its status comes
    /// first, because a failed one has no more.
    pub(super) fn read<A: DeserializeOwned>(&self) -> Result<A, CallError> {
        if let Some(error) = self.by_status() {
            return Err(error);
        }
        if !self.http_status.is_success() {
            return Err(self.refusal());
        }
        let answer = self.json().map_err(|error| self.not_understood(&error))?;
        let Some(said) = self.said(&answer) else {
            return Err(CallError::NotUnderstood {
                what: "its answer has no statusCode".to_owned(),
            });
        };
        match said.status {
            StatusCode::Ok => {
                let names = names(&answer);
                let names = names.iter().map(|name| self.scrubber.name(name)).collect();
                serde_json::from_value(answer).map_err(|error| CallError::UnusualAnswer {
                    what: self.reason(&error.to_string()),
                    names,
                })
            }
            StatusCode::InternalError => Err(CallError::Unavailable(Outage::Internal {
                detail: said.detail,
            })),
            _ => Err(self.refused(said)),
        }
    }

    /// A 3xx or 4xx answer, which may come from a proxy and be anything.
    fn refusal(&self) -> CallError {
        let http_status = self.http_status;
        if let Some(said) = self.json().ok().and_then(|answer| self.said(&answer)) {
            return self.refused(said);
        }
        if http_status.is_redirection() {
            return CallError::NotUnderstood {
                what: format!("it redirects elsewhere (HTTP {})", http_status.as_u16()),
            };
        }
        self.refused(Said {
            status: StatusCode::Other(format!("HTTP {}", http_status.as_u16())),
            detail: match http_status {
                HttpStatus::NOT_FOUND => "the URL is not the service's; check it up to its version",
                HttpStatus::FORBIDDEN => {
                    "the operator lacks the right, or a proxy on the way blocks the address"
                }
                _ => "it gives no reason",
            }
            .to_owned(),
        })
    }

    fn refused(&self, Said { status, detail }: Said) -> CallError {
        CallError::Refused {
            http_status: self.http_status.as_u16(),
            status,
            detail,
        }
    }

    fn json(&self) -> serde_json::Result<Value> {
        Ok(tolerant(serde_json::from_slice(&self.body)?).unwrap_or_default())
    }

    fn reason(&self, text: &str) -> String {
        self.scrubber.text(text, MAX_REASON_CHARS)
    }

    fn said(&self, answer: &Value) -> Option<Said> {
        let status = match StatusCode::meant(answer.get("statusCode")?.as_str()?) {
            StatusCode::Other(text) => StatusCode::Other(self.scrubber.text(&text, MAX_CODE_CHARS)),
            known => known,
        };
        let detail = match answer.get("statusDetail").and_then(Value::as_str) {
            Some(detail) => self.reason(detail),
            None => "it gives no reason".to_owned(),
        };
        Some(Said { status, detail })
    }

    fn not_understood(&self, error: &serde_json::Error) -> CallError {
        let what = match (self.body.len(), error.is_eof()) {
            (0, _) => "its answer is empty".to_owned(),
            (bytes, true) => format!("its answer ends in the middle, after {bytes} bytes"),
            (_, false) => "its answer cannot be read, for it is no JSON".to_owned(),
        };
        CallError::NotUnderstood { what }
    }
}

/// A date of HTTP.
fn moment(text: &str) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Timestamp::from_millis(date.timestamp().as_millisecond())
}

/// `value` with numbers as texts and without what is `null`.
fn tolerant(value: Value) -> Option<Value> {
    Some(match value {
        Value::Null => return None,
        Value::Number(number) => Value::String(number.to_string()),
        Value::Array(items) => items.into_iter().filter_map(tolerant).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, tolerant(value)?)))
            .collect(),
        other => other,
    })
}

/// What an answer of any shape names: its texts, and the names under which it has
/// several things.
fn names(answer: &Value) -> BTreeSet<String> {
    let of_every_answer = ["requestId", "statusCode", "statusDetail"];
    let mut names = BTreeSet::new();
    let mut open: Vec<&Value> = Vec::new();
    let fields = answer.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, _)| !of_every_answer.contains(&name.as_str())) {
        note(name, value, &mut names);
        open.push(value);
    }
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                for (name, value) in fields {
                    note(name, value, &mut names);
                    open.push(value);
                }
            }
            Value::String(text) => drop(names.insert(text.clone())),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    names
}

fn note(name: &str, value: &Value, names: &mut BTreeSet<String>) {
    if value.is_array() || value.is_object() {
        names.insert(name.to_owned());
    }
}

/// What became of the tickets of a call that was done: one result for each that was
/// `sent`, in their order, or none at all if all were taken. A result belongs to the
/// ticket whose barcode it bears, in any case, or to the one in its place if it bears
/// none that was sent.
pub(super) fn results(
    answer: ImportControlledTicketAnswer,
    sent: &[ControlledTicket],
    scrubber: &Scrubber,
) -> Result<Vec<TicketResult>, CallError> {
    let mut results = answer.ticket_results;
    for result in &mut results {
        // What strangers write may repeat a barcode; people read it later. Some say
        // "OK" where they have no reason.
        result.failure_reason = result
            .failure_reason
            .take()
            .filter(|reason| !reason.trim().is_empty())
            .filter(|reason| StatusCode::meant(reason) != StatusCode::Ok)
            .map(|reason| scrubber.text(&reason, MAX_REASON_CHARS));
    }
    if results.is_empty() {
        return Ok(results);
    }
    let key = |barcode: &ControlBarcode| barcode.reveal().to_ascii_uppercase();
    let sent_keys: HashSet<_> = sent.iter().map(|ticket| key(&ticket.barcode)).collect();
    // Whose barcode a result bears, if it is one of those that were sent.
    let named = |result: &TicketResult| {
        let key = result.barcode.as_ref().map(key);
        key.filter(|key| sent_keys.contains(key))
    };
    let by_name: HashMap<_, _> = results
        .iter()
        .map(|result| (named(result), result))
        .collect();
    let has_one_each = results.len() == sent.len();
    // A call is all or nothing: who only lists what failed has taken the others.
    let lists_failures = results.len() < sent.len()
        && results
            .iter()
            .all(|result| named(result).is_some() && result.failure_reason.is_some());
    let result_of = |(place, ticket): (usize, &ControlledTicket)| {
        let own = Some(key(&ticket.barcode));
        let in_place = results.get(place).filter(|_| has_one_each);
        let result = in_place
            .filter(|result| named(result) == own)
            .or_else(|| by_name.get(&own).copied())
            .or_else(|| in_place.filter(|result| named(result).is_none()));
        let is_known = result.is_some() || lists_failures;
        is_known.then(|| TicketResult {
            barcode: Some(ticket.barcode.clone()),
            failure_reason: result.and_then(|result| result.failure_reason.clone()),
        })
    };
    let found = match has_one_each || lists_failures {
        true => sent.iter().enumerate().map(result_of).collect(),
        false => None,
    };
    found.ok_or_else(|| CallError::UnusualAnswer {
        what: format!(
            "it gives {} results for {} tickets, and not one for each",
            results.len(),
            sent.len()
        ),
        names: BTreeSet::new(),
    })
}
