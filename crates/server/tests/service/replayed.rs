//! The examples of `docs/interfaces/device-api.md`, sent as they stand there.

use db::testing::sqlite_in_memory;
use reqwest::Method;
use serde_json::Value;
use stage::villeneuve::AUG;
use stage::{Museum, answer};

const DOCUMENT: &str = include_str!("../../../../docs/interfaces/device-api.md");

/// A request of the document, and the answer that stands behind it.
struct Exchange {
    path: String,
    body: Option<String>,
    answer: Value,
}

/// The text of the fenced blocks of a kind, with where each ends.
fn blocks(kind: &str) -> Vec<(usize, &'static str)> {
    let fence = format!("```{kind}\n");
    let begins = DOCUMENT
        .match_indices(&fence)
        .map(|(at, _)| at + fence.len());
    let text = |from: usize| DOCUMENT[from..].split("```").next().unwrap();
    begins
        .map(|from| (from + text(from).len(), text(from)))
        .collect()
}

fn exchanges() -> Vec<Exchange> {
    let answers = blocks("json");
    let read = |(end, text): (usize, &'static str)| {
        let (_, rest) = text.split_once("$URL/")?;
        let path = rest.split([' ', '"', '?']).next()?;
        let body = text.split_once("-d '").map(|(_, body)| body);
        let body = body.map(|body| body.rsplit_once('\'').unwrap().0.to_owned());
        let (_, answer) = answers.iter().find(|(at, _)| *at > end)?;
        Some(Exchange {
            path: path.to_owned(),
            body,
            answer: serde_json::from_str(answer).ok()?,
        })
    };
    blocks("sh").into_iter().filter_map(read).collect()
}

/// What `said` promises and `given` does not hold: the same fields, and in words that
/// programs go by the same words.
fn differs(said: &Value, given: &Value, at: &str, found: &mut Vec<String>) {
    match (said, given) {
        (Value::Object(said), Value::Object(given)) => {
            for (name, said) in said.iter().filter(|(name, _)| *name != "…") {
                let at = format!("{at}.{name}");
                match given.get(name) {
                    Some(given) => differs(said, given, &at, found),
                    None => found.push(format!("{at} is missing")),
                }
            }
        }
        (Value::Array(said), Value::Array(given)) => {
            if said.len() != given.len() && !at.ends_with("last_entries") {
                found.push(format!(
                    "{at} has {} parts, not {}",
                    given.len(),
                    said.len()
                ));
            }
            for (n, (said, given)) in said.iter().zip(given).enumerate() {
                differs(said, given, &format!("{at}[{n}]"), found);
            }
        }
        (Value::String(said), Value::String(given)) => {
            let word = ["status", "code", "outcome", "check_id", "id", "direction"];
            if word.iter().any(|word| at.ends_with(&format!(".{word}"))) && said != given {
                found.push(format!("{at} is {given}, not {said}"));
            }
        }
        (said, given) => {
            let same = std::mem::discriminant(said) == std::mem::discriminant(given);
            if !same && !said.is_null() && !given.is_null() {
                found.push(format!("{at} is {given}, not like {said}"));
            }
        }
    }
}

#[tokio::test]
async fn what_the_document_sends_is_answered_as_it_says() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let mut paths = Vec::new();
    for exchange in exchanges() {
        // A code is good once, a picture is no text, and this site has no list.
        if ["enrolments", "decode", "pass-list"].contains(&exchange.path.as_str()) {
            continue;
        }
        let method = match exchange.body {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let path = format!("/api/v1/{}", exchange.path);
        let request = house.as_device(AUG, method, &path);
        let request = match exchange.body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body),
            None => request,
        };
        let answered = answer(request).await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text);
        let mut found = Vec::new();
        differs(
            &exchange.answer,
            &answered.json(),
            &exchange.path,
            &mut found,
        );
        assert!(found.is_empty(), "{path}: {found:#?} in {}", answered.text);
        paths.push(exchange.path);
    }
    paths.sort();
    assert_eq!(
        paths,
        ["cancellations", "checks", "checks/batch", "device", "look"]
    );
    house.end().await;
}
