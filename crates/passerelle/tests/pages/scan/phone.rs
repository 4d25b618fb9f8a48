//! A phone's life between two visitors: whatever befalls it, whom it let in is known to
//! the service in the end, once.

use super::{House, later};
use browser::{Browser, PHONE, Tab};
use serde_json::json;
use stage::card;

/// Lets this visitor in without network.
fn admits(tab: &Tab<'_>, number: usize) {
    tab.wedge(&card(number), "Enter");
    tab.until_text("#answer-facts", &card(number));
    tab.until_text("#answer-words", "Welcome (offline)");
    // And is on the disk as told.
    tab.press("Escape");
}

/// The service comes back, hears of so many, and of no more.
fn arrive(mut house: House, tab: &Tab<'_>, count: usize) {
    house.start();
    tab.run("dispatchEvent(new Event('online'))");
    tab.until_text("#line", "Online");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    tab.until_text("#today", &count.to_string());
    let came = &house.attendance()["by_outcome"];
    assert_eq!(*came, json!({"accepted_offline": count}));
    assert_eq!(house.unexplained(), 0);
}

fn offline(house: &mut House, tab: &Tab<'_>) {
    house.enrol(tab, "PDA01");
    house.kill();
}

/// The connection to its storage that the page uses, as `held` on the page, from the next
/// write on.
fn hold_storage(tab: &Tab<'_>) {
    tab.run(
        "const real = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (...rest) {
            globalThis.held = this;
            return real.apply(this, rest);
        }; true",
    );
}

#[test]
fn a_phone_that_was_locked_goes_on_and_sends() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    offline(&mut house, &tab);
    admits(&tab, 1);
    for state in ["frozen", "active", "frozen", "active"] {
        tab.call("Page.setWebLifecycleState", json!({"state": state}));
    }
    // It slept for two hours.
    later(&tab, 2 * 3_600_000);
    admits(&tab, 2);
    arrive(house, &tab, 2);
}

#[test]
fn a_tab_that_was_discarded_or_ran_out_of_memory_has_lost_nothing() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let first = browser.tab(PHONE);
    offline(&mut house, &first);
    admits(&first, 1);
    first.close();
    let second = browser.tab(PHONE);
    second.open(&house.scan());
    second.until_text("#unsent", "1");
    admits(&second, 2);
    second.crash();
    let third = browser.tab(PHONE);
    third.open(&house.scan());
    third.until_text("#unsent", "2");
    admits(&third, 3);
    arrive(house, &third, 3);
}

#[test]
fn a_tab_that_waits_takes_over_what_the_other_has_not_sent() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let first = browser.tab(PHONE);
    offline(&mut house, &first);
    let second = browser.tab(PHONE);
    second.open(&house.scan());
    second.until_text("#unable-title", "open in another tab");
    admits(&first, 1);
    // Somebody sets the clock, by a year and a bit.
    first.run("const was = Date.now; Date.now = () => was() + 4e10; true");
    admits(&first, 2);
    first.close();
    second.until_text("#unsent", "2");
    admits(&second, 3);
    house.start();
    second.run("dispatchEvent(new Event('online'))");
    second.until("document.querySelector('#unsent').textContent === '0'");
    let came = &house.attendance()["by_outcome"];
    assert_eq!(*came, json!({"accepted_offline": 3}));
    assert_eq!(house.unexplained(), 0);
}

#[test]
fn a_storage_that_was_closed_is_opened_again_and_counts_nothing_twice() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    offline(&mut house, &tab);
    hold_storage(&tab);
    admits(&tab, 1);
    tab.run("held.close()");
    admits(&tab, 2);
    tab.until_text("#today", "2");
    // It is closed when the decision is on the disk, and before the page hears of that.
    tab.run(
        "const {get, set} = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'oncomplete');
        let torn = false;
        Object.defineProperty(IDBTransaction.prototype, 'oncomplete', {get, set(done) {
            set.call(this, (event) => {
                if (torn) return done.call(this, event);
                torn = true;
                this.db.close();
                this.onabort(event);
            });
        }}) && true",
    );
    admits(&tab, 3);
    tab.until_text("#unsent", "3");
    tab.until_text("#today", "3");
    tab.reload();
    tab.until_text("#unsent", "3");
    tab.until_text("#today", "3");
    arrive(house, &tab, 3);
}

#[test]
fn a_storage_that_was_thrown_away_under_the_page_is_written_again() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    offline(&mut house, &tab);
    admits(&tab, 1);
    admits(&tab, 2);
    let origin = tab.run("location.origin");
    let storage = json!({"origin": origin, "storageTypes": "indexeddb"});
    tab.call("Storage.clearDataForOrigin", storage);
    admits(&tab, 3);
    tab.until_text("#unsent", "3");
    tab.reload();
    tab.until_text("#where-device", "PDA01");
    tab.until_text("#unsent", "3");
    arrive(house, &tab, 3);
}

#[test]
fn what_could_not_be_written_again_is_written_before_anything_else() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    offline(&mut house, &tab);
    admits(&tab, 1);
    tab.run(
        "const put = IDBObjectStore.prototype.put;
        globalThis.refused = 0;
        IDBObjectStore.prototype.put = function (...rest) {
            if (this.name !== 'meta' || globalThis.refused > 0) return put.apply(this, rest);
            globalThis.refused += 1;
            throw new Error('not now');
        }; true",
    );
    let origin = tab.run("location.origin");
    let storage = json!({"origin": origin, "storageTypes": "indexeddb"});
    tab.call("Storage.clearDataForOrigin", storage);
    admits(&tab, 2);
    assert_eq!(tab.run("refused"), 1);
    tab.reload();
    tab.until_text("#where-device", "PDA01");
    tab.until_text("#unsent", "2");
    arrive(house, &tab, 2);
}

#[test]
fn a_storage_that_cannot_be_opened_is_not_called_full() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    offline(&mut house, &tab);
    hold_storage(&tab);
    admits(&tab, 1);
    tab.run("const open = indexedDB.open; IDBFactory.prototype.open = () => { throw new Error('gone'); }; held.close()");
    tab.wedge(&card(2), "Enter");
    tab.until_text("#answer-words", "That did not work");
    assert_eq!(tab.text("#today"), "1", "nobody is let in unseen");
    tab.press("Escape");
    tab.run("IDBFactory.prototype.open = open; true");
    admits(&tab, 2);
    arrive(house, &tab, 2);
}
