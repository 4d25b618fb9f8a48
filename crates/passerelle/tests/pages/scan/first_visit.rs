//! The first visit: enrolment, installation, and the first scans.

use super::{BLOCKED, GOOD, House, ONCE};
use browser::{Browser, HANDHELD, PHONE};

#[test]
fn a_new_phone_is_enrolled_by_a_typed_code_and_scans() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    tab.open(&house.scan());
    tab.until_shown("#enrol-code");
    tab.picture("enrolment");
    tab.tap("#enrol-code");
    tab.insert("ABCD");
    tab.tap("#enrol-go");
    tab.until_text("#enrol-problem", "8 letters and digits");
    tab.run("document.querySelector('#enrol-code').value = ''");
    tab.insert("abcd-efgh");
    tab.press("Enter");
    tab.until_text("#enrol-problem", "not valid, or no longer");
    tab.picture("enrolment-refused");
    tab.run("document.querySelector('#enrol-code').value = ''");
    tab.insert(&house.enrolment_code("PDA01").to_lowercase());
    tab.tap("#enrol-go");
    tab.until_text("#where-device", "PDA01");
    tab.until_text("#where-door", "Grande entrée");
    tab.until_text("#line", "Online");
    tab.until("document.activeElement.id === 'scan'");
    tab.picture("ready");

    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#answer-facts", ONCE);
    tab.until_text("#answer-facts", "December 31, 2099");
    tab.until_text("#answer-facts", "Entries left0");
    assert!(tab.text("#say-calm").contains("Welcome"), "it is said too");
    tab.picture("admitted");
    tab.wedge(BLOCKED, "Tab");
    tab.until_text("#answer-words", "This pass is blocked");
    assert_eq!(
        tab.run("document.querySelector('#answer').dataset.kind"),
        "refused"
    );
    assert!(tab.text("#say-loud").contains("blocked"), "it is said too");
    tab.until_text("#today", "1");
    tab.picture("refused");
    tab.press("Escape");
    tab.until("document.querySelector('#answer').hidden");
    tab.until("document.activeElement.id === 'scan'");
    assert_eq!(house.attendance()["by_outcome"]["accepted"], 1);
    assert_eq!(house.attendance()["by_outcome"]["pass_blocked"], 1);
}

#[test]
fn the_page_can_be_installed_and_opens_without_the_service() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(HANDHELD);
    house.enrol(&tab, "PDA01");
    assert_eq!(
        tab.run("location.hash"),
        "",
        "a reload does not enrol again"
    );
    tab.picture("handheld-ready");
    let manifest = tab.call("Page.getAppManifest", serde_json::json!({}));
    assert_eq!(manifest["errors"], serde_json::json!([]), "{manifest}");
    assert!(manifest["url"].as_str().unwrap().contains("/scan/"));
    let missing = tab.call("Page.getInstallabilityErrors", serde_json::json!({}));
    assert_eq!(missing["installabilityErrors"], serde_json::json!([]));

    house.kill();
    tab.reload();
    tab.until_text("#where-device", "PDA01");
    tab.until_text("#line", "Offline");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.picture("handheld-offline");
}

#[test]
fn an_answer_goes_by_itself() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until("document.querySelector('#answer').hidden");
    tab.until("document.activeElement.id === 'scan'");
}
