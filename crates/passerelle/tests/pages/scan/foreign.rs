//! Something in between that answers in the service's stead, in JSON, and all is well.

use super::{BLOCKED, GOOD, House, stored};
use browser::{Browser, PHONE, Tab};
use serde_json::json;
use stage::card;

/// What is asked at a path that ends so gets this answer; nothing, and the service answers
/// again.
fn answer(tab: &Tab<'_>, path: &str, body: Option<&str>) {
    let body = body.map_or("null".into(), |body| format!("{body:?}"));
    tab.run(&format!(
        "globalThis.real ??= fetch;
        globalThis.fetch = (url, how) => {{
            const body = String(url).endsWith('/{path}') ? {body} : null;
            const headers = {{'content-type': 'application/json'}};
            return body === null ? real(url, how) : Promise.resolve(new Response(body, {{headers}}));
        }}; true"
    ));
}

#[test]
fn a_cancellation_is_kept_until_the_service_has_heard_it() {
    let house = House::open(&[card(1), card(2), card(3)]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    for (visitor, body) in [
        (1, "{}"),
        (2, "null"),
        (3, r#"{"check_id": "x", "device_count_today": 0}"#),
    ] {
        tab.until_text("#line", "Online");
        tab.wedge(&card(visitor), "Enter");
        tab.until_text("#answer-facts", &card(visitor));
        tab.until_text("#today", "1");
        tab.press("Escape");
        answer(&tab, "cancellations", Some(body));
        tab.tap("#go-more");
        tab.tap("#more-cancel");
        tab.tap("#cancel-go");
        tab.until_text("#answer-words", "Entry cancelled");
        tab.until("document.querySelector('#today').textContent === '0'");
        answer(&tab, "cancellations", None);
        tab.run("dispatchEvent(new Event('online'))");
        tab.until("document.querySelector('#unsent').textContent === '0'");
        tab.press("Escape");
    }
    let came = house.attendance();
    assert_eq!(
        (&came["admitted"], &came["cancelled"]),
        (&json!(0), &json!(3))
    );
    assert_eq!(house.unexplained(), 0);
}

#[test]
fn a_scanner_at_work_stays_one_if_it_is_no_enrolment_that_answers() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#today", "1");
    let token = stored(&tab, "token");
    for body in [
        "{}",
        "null",
        r#"{"device": "PDA02", "token": "x"}"#,
        r#"{"device": 5, "token": "x", "enrolment": "y"}"#,
    ] {
        answer(&tab, "enrolments", Some(body));
        tab.run("location.hash = '#enrol=ABCDEFGH'");
        tab.until_text("#enrol-problem", "No connection");
        tab.tap("#enrol-back");
    }
    assert_eq!(stored(&tab, "token"), token);
    tab.until_text("#today", "1");
    tab.wedge(BLOCKED, "Enter");
    tab.until_text("#answer-words", "This pass is blocked");
}

#[test]
fn the_help_desk_says_what_it_knows_if_it_is_not_the_service_that_answers() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.tap("#go-more");
    tab.tap("#more-look");
    for (visitor, body) in (1..).zip([
        "null",
        r#"{"last_entries": 5}"#,
        r#"{"recognised": true, "admissible": true, "last_entries": 5}"#,
        r#"{"recognised": true, "admissible": true, "last_entries": [null]}"#,
    ]) {
        tab.until_text("#line", "Online");
        answer(&tab, "look", Some(body));
        tab.wedge(&card(visitor), "Enter");
        tab.until_text("#answer-facts", &card(visitor));
        tab.until_text("#answer-do", "only what this device knows");
        answer(&tab, "look", None);
        tab.run("dispatchEvent(new Event('online'))");
    }
    tab.until_text("#line", "Online");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-facts", GOOD);
    tab.until_text("#answer-words", "This pass may enter");
}

#[test]
fn a_service_of_ours_that_takes_no_checks_is_none() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    // A proxy leads to one that sells, and has no gate.
    tab.run(
        "globalThis.real = fetch;
        globalThis.fetch = () => Promise.resolve(new Response(
            '{\"type\": \"urn:passerelle:problem:not_found\", \"code\": \"not_found\"}',
            {status: 404, headers: {'content-type': 'application/problem+json'}},
        )); true",
    );
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until_text("#line", "Offline");
    tab.until_text("#unsent", "1");
    tab.run("globalThis.fetch = real; dispatchEvent(new Event('online'))");
    tab.until_text("#line", "Online");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    assert_eq!(house.attendance()["admitted"], 1);
}
