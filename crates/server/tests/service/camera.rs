//! The decoder that browsers run.

use db::testing::sqlite_in_memory;
use reqwest::Method;
use stage::{Museum, answer};

const LIST: &str = "/scan/decoder/files.json";

#[tokio::test]
async fn the_decoder_is_served_whole_or_not_at_all() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let list = house.get(LIST).await;
    let module = house.get("/scan/decoder/decoder.js").await;
    if list.status == 404 {
        // Built without `cargo xtask decoder`: the page sends its frames here.
        assert_eq!(list.problem(), "not_found");
        assert_eq!(module.problem(), "not_found");
    } else {
        let urls: Vec<String> = serde_json::from_str(&list.text).unwrap();
        assert_eq!(urls[0], "/scan/decoder/decoder.js");
        assert_eq!(urls.len(), 5);
        for url in urls {
            let file = answer(house.request(Method::GET, &url)).await;
            assert_eq!(file.status, 200, "{url}");
            let expected = match url.rsplit_once('.').unwrap().1 {
                "js" => "text/javascript; charset=utf-8",
                "wasm" => "application/wasm",
                _ => "text/plain; charset=utf-8",
            };
            assert_eq!(file.headers["content-type"], expected, "{url}");
            let is_versioned = url.contains("/zxing-wasm-");
            let caching = &file.headers["cache-control"];
            assert_eq!(caching.contains("immutable"), is_versioned, "{url}");
        }
        // What the module imports stands beside it.
        for import in module.text.split('"').filter(|text| text.starts_with("./")) {
            let url = format!("/scan/decoder/{}", import.trim_start_matches("./"));
            assert!(list.text.contains(&url), "{url}");
        }
    }
    let nothing = house.get("/scan/decoder/../../etc/passwd").await;
    assert_eq!(nothing.status, 404);
    house.end().await;
}
