//! The document that describes the device API, and its page.

use db::testing::sqlite_in_memory;
use deviceapi::{EXAMPLES, ProblemCode};
use serde_json::{Value, json};
use stage::Museum;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_document_describes_every_route_and_every_problem() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let document = house.get("/api/openapi.json").await;
    assert_eq!(document.status, 200);
    let api = document.json();
    let routes: Vec<String> = api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{method} {path}"))
        })
        .collect();
    assert_eq!(
        routes,
        [
            "post /api/v1/cancellations",
            "post /api/v1/checks",
            "post /api/v1/checks/batch",
            "post /api/v1/decode",
            "get /api/v1/device",
            "post /api/v1/enrolments",
            "post /api/v1/look",
            "get /api/v1/pass-list",
        ]
    );
    for (path, route) in api["paths"].as_object().unwrap() {
        // Who enrols has no token yet.
        let enrols = path == "/api/v1/enrolments";
        for operation in route.as_object().unwrap().values() {
            let token = json!([{ "device_token": [] }]);
            let security = if enrols { Value::Null } else { token };
            assert_eq!(operation["security"], security, "{path}");
            let refusal = if enrols { "404" } else { "401" };
            for status in ["200", "400", refusal, "500", "503"] {
                assert!(
                    operation["responses"][status].is_object(),
                    "{path} {status}"
                );
            }
        }
    }
    for code in ProblemCode::ALL {
        assert!(document.text.contains(&format!("`{code}`")), "{code}");
    }
    let examples = examples_of(&api);
    for example in EXAMPLES {
        let value: Value = serde_json::from_str(example.text).unwrap();
        assert!(
            examples.contains(&(example.name, &value)),
            "{}",
            example.name
        );
    }
    house.end().await;
}

/// All examples of the document.
fn examples_of(document: &Value) -> Vec<(&str, &Value)> {
    let below = match document {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let own = document["examples"].as_object().into_iter().flatten();
    let own = own.map(|(name, example)| (name.as_str(), &example["value"]));
    own.chain(below.into_iter().flat_map(examples_of)).collect()
}

#[tokio::test]
async fn the_page_of_the_document_shows_all_of_it_and_loads_nothing() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let page = house.get("/api/docs").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.text, house.get("/api/docs/").await.text);
    let policy = &page.headers["content-security-policy"];
    assert!(policy.contains("default-src 'none'"), "{policy}");
    for loads in ["<script", "<link", "<img", "src=", "url("] {
        assert!(!page.text.contains(loads), "{loads}");
    }
    let mut links: BTreeSet<_> = page.text.split("href=\"").skip(1).collect();
    links = links
        .iter()
        .map(|after| after.split_once('"').unwrap().0)
        .collect();
    assert!(links.remove("/api/openapi.json"));
    for link in links {
        let place = format!("id=\"{}\"", link.strip_prefix('#').unwrap());
        assert!(page.text.contains(&place), "{link}");
    }
    let shown = page.text.replace("&#34;", "\"").replace("&#39;", "'");
    for example in EXAMPLES {
        assert!(shown.contains(example.text.trim_end()), "{}", example.name);
    }
    for code in ProblemCode::ALL {
        let code = format!("<code>{code}</code>");
        assert!(page.text.contains(&code), "{code}");
    }
    house.end().await;
}
