//! The files of the scanner page: how they are cached, and what they may do.

use db::testing::sqlite_in_memory;
use reqwest::Method;
use stage::Museum;

/// The address of the page's first script, which bears the version.
fn script(page: &str) -> &str {
    let start = page.find("/scan/").unwrap();
    let script = page[start..]
        .split('"')
        .find(|part| part.ends_with("main.js"));
    script.unwrap()
}

#[tokio::test]
async fn the_page_is_asked_for_each_time_and_its_files_never_change() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let page = house.get("/scan").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["cache-control"], "no-cache");
    assert_eq!(
        page.headers["permissions-policy"],
        "camera=(self), microphone=()"
    );
    let policy = &page.headers["content-security-policy"];
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"));

    let tag = page.headers["etag"].clone();
    let again = house
        .request(Method::GET, "/scan")
        .header("if-none-match", tag);
    assert_eq!(again.send().await.unwrap().status(), 304);

    let script = script(&page.text).to_owned();
    let file = house.get(&script).await;
    assert_eq!(file.status, 200);
    assert_eq!(
        file.headers["content-type"],
        "text/javascript; charset=utf-8"
    );
    assert!(file.headers["cache-control"].contains("immutable"));

    let other = script.replacen("/scan/", "/scan/0", 1);
    assert_eq!(house.get(&other).await.problem(), "not_found");

    let worker = house.get("/scan/sw.js").await;
    assert_eq!(worker.headers["service-worker-allowed"], "/scan");
    assert!(worker.text.contains(&script), "it keeps every file");
    house.end().await;
}
