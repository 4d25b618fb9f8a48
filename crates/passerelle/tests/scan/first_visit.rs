//! The first visit: enrolment, installation, and the first scans.

use crate::browser::{Browser, PHONE};
use crate::house::{BLOCKED, GOOD, House};

#[test]
fn a_new_phone_is_enrolled_and_scans() {
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
    tab.until_text("#where-door", "Musée des Augustins");
    tab.until_text("#line", "Online");
    tab.picture("ready");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#answer-facts", GOOD);
    tab.until_text("#answer-facts", "December 31, 2099");
    tab.picture("admitted");
    tab.wedge(BLOCKED, "Tab");
    tab.until_text("#answer-words", "This pass is blocked");
    tab.picture("refused");
    tab.until_text("#today", "1");
    assert_eq!(house.attendance()["by_outcome"]["accepted"], 1);
    assert_eq!(house.attendance()["by_outcome"]["pass_blocked"], 1);
}
