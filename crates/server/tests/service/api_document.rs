//! The document that describes the device API, and its page.

use db::testing::sqlite_in_memory;
use serde_json::{Value, json};
use stage::Museum;
use std::collections::BTreeSet;

/// The codes that `problem.rs` can give, as they stand in its text: each comes
/// right after its status.
fn problem_codes() -> BTreeSet<&'static str> {
    include_str!("../../src/problem.rs")
        .split("StatusCode::")
        .skip(1)
        .filter_map(|after| {
            let (_, after) = after.split_once(',')?;
            let (code, _) = after.trim_start().strip_prefix('"')?.split_once('"')?;
            Some(code)
        })
        .collect()
}

#[tokio::test]
async fn the_document_describes_every_route_and_every_problem() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let document = house.get("/api/openapi.json").await;
    assert_eq!(document.status, 200);
    let api = document.json();
    assert_eq!(
        api,
        serde_json::from_str::<Value>(&server::openapi_json().unwrap()).unwrap()
    );
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
    let codes = problem_codes();
    assert_eq!(codes.len(), 26, "{codes:?}");
    for code in codes {
        assert!(document.text.contains(&format!("`{code}`")), "{code}");
    }
    house.end().await;
}

#[tokio::test]
async fn the_page_of_the_document_loads_nothing_from_elsewhere() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let moved = house.get("/api/docs").await;
    assert_eq!(moved.status, 303);
    assert_eq!(moved.headers["location"], "/api/docs/");
    let page = house.get("/api/docs/").await;
    assert_eq!(page.status, 200);
    let mut loaded = BTreeSet::new();
    for attribute in ["src=\"", "href=\""] {
        for after in page.text.split(attribute).skip(1) {
            loaded.insert(after.split_once('"').unwrap().0);
        }
    }
    assert!(loaded.len() >= 3, "{loaded:?}");
    for name in loaded {
        let name = name.trim_start_matches("./");
        assert!(!name.contains("//"), "{name}");
        let file = house.get(&format!("/api/docs/{name}")).await;
        assert_eq!(file.status, 200, "{name}");
    }
    let set_up = house.get("/api/docs/swagger-initializer.js").await.text;
    assert!(set_up.contains("\"/api/openapi.json\""), "{set_up}");
    assert!(!set_up.contains("://"), "{set_up}");
    // Unless told otherwise, the page has a stranger look at the document.
    assert!(set_up.contains("\"validatorUrl\": \"none\""), "{set_up}");
    house.end().await;
}
