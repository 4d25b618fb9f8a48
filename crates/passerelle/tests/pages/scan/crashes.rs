//! A page that dies between two steps, or is taken back in one: what it knows afterwards
//! is one visitor, one check.

use super::{CHIP, GOOD, House, ONCE, feel, later};
use browser::{Browser, PHONE, Tab};
use serde_json::json;

/// The page reads a code and dies when that is on its disk, as the last of so many
/// decisions, and before anybody is told.
fn dies_untold(tab: &Tab<'_>, code: &str, decided: usize) {
    tab.run("Object.defineProperty(IDBTransaction.prototype, 'oncomplete', {set() {}}) && true");
    tab.wedge(code, "Enter");
    tab.run(&format!(
        "new Promise((done) => {{
            const look = () => indexedDB.open('passerelle-scan').onsuccess = ({{target: {{result}}}}) => {{
                const journal = result.transaction('journal').objectStore('journal');
                journal.getAll().onsuccess = ({{target: {{result: all}}}}) => {{
                    result.close();
                    if (all.filter(({{outcome}}) => outcome !== undefined).length === {decided}) done();
                    else setTimeout(look, 20);
                }};
            }};
            look();
        }})"
    ));
    tab.reload();
}

#[test]
fn what_was_decided_and_told_nobody_is_told_to_the_next_read() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    dies_untold(&tab, CHIP, 2);
    tab.until_text("#unsent", "2");
    feel(&tab);
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until_text("#answer-facts", GOOD);
    // The picture comes first; it is told when it is felt.
    tab.until("felt.length === 1");
    assert_eq!(tab.text("#unsent"), "2", "it is the same check");
    later(&tab, 4_000);
    tab.wedge(CHIP, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    let expected = json!({"accepted_offline": 2, "just_admitted": 1});
    assert_eq!(house.attendance()["by_outcome"], expected);
}

#[test]
fn what_was_sent_and_told_nobody_is_told_to_the_next_read() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    dies_untold(&tab, CHIP, 2);
    house.start();
    tab.run("dispatchEvent(new Event('online'))");
    tab.until_text("#line", "Online");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    tab.until_text("#today", "2");
    assert_eq!(
        house.attendance()["by_outcome"],
        json!({"accepted_offline": 2})
    );
    feel(&tab);
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until("felt.length === 1");
    later(&tab, 4_000);
    tab.wedge(CHIP, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    // Told, and written down as told: else the next read would be the same check.
    tab.until("felt.length === 2");
    // It knows of the visitor also when it has died again.
    house.kill();
    tab.reload();
    tab.until_text("#line", "Offline");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    // The picture comes first, and what is to be sent is written behind it.
    tab.until_text("#unsent", "1");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    let expected = json!({"accepted_offline": 2, "just_admitted": 2});
    assert_eq!(house.attendance()["by_outcome"], expected);
    assert_eq!(house.unexplained(), 0);
}

/// From now on nothing that is told is written down as told, nor forgotten: as when the
/// power goes between an answer and the disk.
fn loses_what_is_told(tab: &Tab<'_>) {
    tab.run(
        "const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value, ...rest) {
            const written = value?.told === true ? {...value, told: false} : value;
            return put.call(this, written, ...rest);
        };
        IDBObjectStore.prototype.delete = function (key) { return this.get(key); };
        true",
    );
}

#[test]
fn an_answer_that_the_power_took_does_not_stand_against_itself() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    loses_what_is_told(&tab);
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#today", "1");
    house.kill();
    tab.reload();
    tab.until_text("#line", "Offline");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    house.start();
    tab.run("dispatchEvent(new Event('online'))");
    tab.until_text("#line", "Online");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    let came = house.attendance();
    assert_eq!(
        (&came["admitted"], &came["by_outcome"]),
        (&json!(1), &json!({"accepted": 1}))
    );
    assert_eq!(house.unexplained(), 0);
}

#[test]
fn one_more_person_whom_nobody_was_told_of_is_told_to_the_next_read() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until_text("#unsent", "1");
    loses_what_is_told(&tab);
    tab.tap("#answer-one-more");
    tab.tap("#several-keys button:nth-child(1)");
    tab.until_text("#unsent", "2");
    tab.reload();
    tab.until_text("#unsent", "2");
    tab.wedge(CHIP, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    house.start();
    tab.run("dispatchEvent(new Event('online'))");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    assert_eq!(
        house.attendance()["by_outcome"],
        json!({"accepted_offline": 2})
    );
}

#[test]
fn what_was_taken_back_is_told_to_nobody() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    loses_what_is_told(&tab);
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until_text("#today", "1");
    tab.reload();
    tab.until_text("#unsent", "1");
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    tab.tap("#cancel-go");
    tab.until_text("#answer-words", "Entry cancelled");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until_text("#unsent", "3");
    house.start();
    tab.run("dispatchEvent(new Event('online'))");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    let came = house.attendance();
    assert_eq!(
        (&came["admitted"], &came["cancelled"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(house.unexplained(), 0);
}

#[test]
fn while_an_entry_is_taken_back_none_is_taken_back_twice_and_no_answer_is_hidden() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#today", "1");
    tab.press("Escape");
    // The service takes its time over cancellations.
    tab.run(
        "const real = fetch;
        globalThis.goes = new Promise((go) => { globalThis.go = go; });
        globalThis.fetch = async (path, ...rest) => {
            if (path.endsWith('cancellations')) await goes;
            return real(path, ...rest);
        }; true",
    );
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    tab.run("for (const _ of [1, 2]) document.querySelector('#cancel-go').click()");
    tab.until("document.querySelector('#answer').dataset.kind === 'checking'");
    tab.press("Escape");
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    assert_eq!(tab.run("document.querySelector('#cancel-go').hidden"), true);
    tab.tap("#cancel-keep");
    feel(&tab);
    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-facts", ONCE);
    tab.run("go()");
    tab.until_text("#today", "1");
    tab.until_text("#answer-facts", ONCE);
    let came = house.attendance();
    assert_eq!(
        (&came["admitted"], &came["cancelled"], &came["aside"]),
        (&json!(1), &json!(1), &json!(null))
    );
}
