//! A scanner that was signed out, and what becomes of what it holds.

use super::{GOOD, House, stored};
use browser::{Browser, PHONE};
use serde_json::json;
use stage::card;

#[test]
fn a_revoked_scanner_admits_nobody_and_what_it_holds_goes_aside() {
    let mut house = House::open(&[card(1)]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    tab.wedge(GOOD, "Enter");
    tab.until_text("#unsent", "1");
    house.fine(&["device", "revoke", "PDA01"]);
    house.start();
    tab.until_text("#enrol-why", "signed out");
    tab.picture("signed-out");
    tab.until("document.querySelector('#enrol-unsent').textContent === ''");
    assert_eq!(house.attendance()["by_outcome"], json!({}));
    assert_eq!(house.reconciled()["aside"], 1);
    tab.reload();
    tab.until_text("#enrol-why", "signed out");

    tab.tap("#enrol-code");
    tab.insert(&house.enrolment_code("PDA02"));
    tab.tap("#enrol-go");
    tab.until_text("#where-device", "Guichet PDA02");
    tab.wedge(&card(1), "Enter");
    tab.until_text("#answer-words", "Welcome");
    assert_eq!(house.attendance()["by_outcome"], json!({"accepted": 1}));
}

#[test]
fn another_device_delivers_what_the_phone_did_as_the_former_one() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    tab.wedge(GOOD, "Enter");
    tab.until_text("#unsent", "1");
    house.start();
    // The journal finds no way out before the phone is another device.
    tab.run(
        "const real = globalThis.fetch;
         globalThis.fetch = (path, how) =>
             String(path).includes('batch') && !globalThis.through
                 ? Promise.reject(new TypeError('no way'))
                 : real(path, how);",
    );
    let code = house.enrolment_code("PDA02");
    tab.run(&format!("location.hash = '#enrol={code}'"));
    tab.until_text("#where-device", "PDA02");
    tab.until_text("#unsent", "1");
    assert_eq!(tab.text("#today"), "0", "PDA02 has admitted nobody");
    tab.run("globalThis.through = true");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    assert_eq!(house.attendance()["by_device"], json!({"PDA01": 1}));
}

#[test]
fn a_scan_with_a_revoked_token_admits_nobody() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.fine(&["device", "revoke", "PDA01"]);
    // A running service may take a second to hear of it.
    let token = stored(&tab, "token");
    tab.run(&format!(
        "globalThis.asking = setInterval(async () => {{
            const headers = {{authorization: 'Bearer ' + {token}}};
            const answer = await fetch('/api/v1/device', {{headers}});
            globalThis.revoked ||= answer.status === 401;
        }}, 50)"
    ));
    tab.until("globalThis.revoked");
    tab.run("clearInterval(asking)");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "This scanner was signed out");
    assert_eq!(house.attendance()["by_outcome"], json!({}));
    tab.press("Escape");
    tab.until_text("#enrol-why", "Let nobody in");
}

#[test]
fn another_devices_link_makes_it_that_device() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#today", "1");
    tab.press("Escape");
    // The imager reads the QR code of the link.
    tab.wedge(
        &format!("{}#enrol={}", house.scan(), house.enrolment_code("PDA02")),
        "Enter",
    );
    tab.until_text("#where-device", "PDA02");
    tab.until_text("#today", "0");
    tab.tap("#go-history");
    tab.until_text("#history-list", "Nothing was scanned yet");
}
