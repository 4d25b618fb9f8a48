//! A service that is gone, and comes back.

use super::{BLOCKED, GOOD, House, ONCE, later};
use browser::{Browser, PHONE, Tab};
use sandbox::Fault;
use serde_json::json;
use stage::card;

#[test]
fn the_queue_goes_on_without_the_service_and_across_a_reload() {
    let mut house = House::open(&[card(1), card(2), card(3)]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");

    house.kill();
    tab.wedge(&card(1), "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until_text("#answer-facts", &card(1));
    tab.until_text("#line", "Offline");
    tab.picture("offline-admitted");
    tab.wedge("not a pass", "Enter");
    tab.until_text("#answer-words", "This code is not a pass");
    tab.press("Escape");
    tab.until_text("#unsent", "2");
    tab.until_text("#today", "2");
    tab.picture("offline-ready");

    tab.reload();
    tab.until_text("#unsent", "2");
    tab.until_text("#today", "2");
    tab.wedge(&card(2), "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until_text("#unsent", "3");

    house.start();
    tab.until_text("#line", "Online");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    tab.until_text("#today", "3");
    let outcomes = &house.attendance()["by_outcome"];
    assert_eq!(outcomes["accepted"], 1, "{outcomes}");
    assert_eq!(outcomes["accepted_offline"], 2, "{outcomes}");
    assert_eq!(outcomes["not_a_pass"], 1, "{outcomes}");
    tab.wedge(&card(3), "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#today", "4");
    assert_eq!(tab.text("#answer-words"), "Welcome", "online again");
}

#[test]
fn two_hundred_scans_without_the_service_all_arrive_once() {
    let passes: Vec<String> = (0..200).map(card).collect();
    let mut house = House::open(&passes);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    for (index, pass) in passes.iter().enumerate() {
        tab.wedge(pass, "Enter");
        tab.until_text("#answer-facts", pass);
        if index == 99 {
            tab.reload();
            tab.until_text("#unsent", "100");
        }
    }
    tab.until_text("#unsent", "200");
    tab.until_text("#today", "200");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    tab.until_text("#today", "200");
    let outcomes = &house.attendance()["by_outcome"];
    assert_eq!(*outcomes, json!({"accepted_offline": 200}));
    assert_eq!(house.unexplained(), 0);
}

#[test]
fn an_attempt_that_a_crash_left_open_keeps_its_id() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    // The service hears the check, and the answer never comes: the page dies.
    tab.run(
        "globalThis.fetch = new Proxy(fetch, { apply: (ask, self, [url, ...rest]) => {
            const answer = Reflect.apply(ask, self, [url, ...rest]);
            if (!String(url).endsWith('/checks')) return answer;
            return answer.then(() => { globalThis.heard = true; return new Promise(() => {}); });
        } })",
    );
    tab.wedge(GOOD, "Enter");
    tab.until("globalThis.heard === true");
    tab.reload();
    tab.until_text("#line", "Online");
    assert_eq!(tab.text("#unsent"), "0", "nobody was told anything");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#today", "1");
    assert_eq!(house.attendance()["by_outcome"], json!({"accepted": 1}));
    // Once there was an answer, the same pass is asked about anew.
    later(&tab, 4_000);
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    tab.until_text("#answer-facts", "PDA01");
    assert_eq!(tab.text("#today"), "1");
}

#[test]
fn something_in_between_that_asks_for_a_login_is_no_answer() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    for (visitor, answer) in (0..).zip([
        "new Response('<h1>Log in</h1>', {status: 401, headers: {'content-type': 'text/html'}})",
        "new Response('<h1>Welcome</h1>', {status: 200, headers: {'content-type': 'text/html'}})",
        "new Response('{\"code\": \"internal\"}', {status: 500, headers: {'content-type': 'application/problem+json'}})",
        "new Response('not JSON', {status: 200, headers: {'content-type': 'application/json'}})",
    ]) {
        tab.until_text("#line", "Online");
        tab.run(&format!(
            "globalThis.real ??= fetch; globalThis.fetch = () => Promise.resolve({answer})"
        ));
        tab.wedge(&card(visitor), "Enter");
        tab.until_text("#answer-facts", &card(visitor));
        tab.until_text("#answer-words", "Welcome (offline)");
        tab.until_text("#line", "Offline");
        tab.run("globalThis.fetch = real; dispatchEvent(new Event('online'))");
        tab.until("document.querySelector('#unsent').textContent === '0'");
        tab.until("document.querySelector('#answer').hidden");
    }
    assert_eq!(
        house.attendance()["by_outcome"],
        json!({"accepted_offline": 4})
    );
}

#[test]
fn one_tab_works_and_another_waits_for_its_turn() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let first = browser.tab(PHONE);
    house.enrol(&first, "PDA01");
    let second = browser.tab(PHONE);
    second.open(&house.scan());
    second.until_text("#unable-title", "open in another tab");
    second.picture("other-tab");
    first.close();
    ready(&second);
    second.wedge(GOOD, "Enter");
    second.until_text("#answer-words", "Welcome");
}

fn ready(tab: &Tab<'_>) {
    tab.until_text("#where-device", "PDA01");
    tab.until_text("#line", "Online");
}

#[test]
fn a_full_disk_admits_nobody_unseen() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    // From now on nothing can be written.
    tab.run(
        "IDBObjectStore.prototype.put = function () { throw new DOMException('', 'QuotaExceededError'); }",
    );
    // The service has another disk.
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    house.kill();
    tab.until("document.querySelector('#answer').hidden");
    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-words", "The entry could not be kept");
    tab.picture("storage-full");
}

#[test]
fn a_slow_partner_is_waited_for_in_sight() {
    let house = House::open(&[]);
    let slow = Fault {
        latency_ms: 10_000,
        ..Fault::default()
    };
    house.otipass.sandbox.set_faults(vec![slow]).unwrap();
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Checking");
    tab.picture("checking");
    tab.until_text("#answer-words", "Welcome (checked later)");
    tab.until_text("#line", "Online");
    assert_eq!(tab.text("#unsent"), "0", "the service decided");
}

#[test]
fn a_guarded_scanner_refuses_offline_what_it_knows() {
    let mut house = House::configured(
        &[],
        "repeat_window_s = 0\n[gate]\noffline_policy = \"guarded\"\n",
    );
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    // The list comes when the service has fetched it from Otipass.
    tab.run(
        "(async () => {
            globalThis.look = setInterval(() => {
                indexedDB.open('passerelle-scan').onsuccess = ({target: {result}}) => {
                    const meta = result.transaction('meta').objectStore('meta');
                    meta.get('list').onsuccess = ({target}) => {
                        result.close();
                        globalThis.listed ||= target.result !== undefined;
                        if (!globalThis.listed) dispatchEvent(new Event('online'));
                    };
                };
            }, 100);
        })()",
    );
    tab.until("globalThis.listed");
    tab.run("clearInterval(look)");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    house.kill();
    tab.until("document.querySelector('#answer').hidden");
    tab.wedge(BLOCKED, "Enter");
    tab.until_text("#answer-words", "This pass is blocked");
    tab.reload();
    tab.until_text("#unsent", "1");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "This pass has already been used here");
    tab.wedge(&card(5), "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    assert_eq!(
        house.attendance()["by_outcome"],
        json!({"accepted": 1, "accepted_offline": 1, "already_used": 1, "pass_blocked": 1})
    );
}

#[test]
fn what_does_not_fit_goes_to_the_service_and_stays_on_no_phone() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    for number in [card(1), card(2), card(3)] {
        tab.wedge(&number, "Enter");
        tab.until_text("#answer-facts", &number);
    }
    // A fault in the device: the second scan bears the id of the first.
    tab.run(
        "new Promise((done) => {
            indexedDB.open('passerelle-scan').onsuccess = ({target: {result}}) => {
                const journal = result.transaction('journal', 'readwrite').objectStore('journal');
                journal.getAll().onsuccess = ({target: {result: [first, second]}}) => {
                    second.id = first.id;
                    journal.put(second).onsuccess = () => { result.close(); done(); };
                };
            };
        })",
    );
    tab.reload();
    tab.until_text("#unsent", "3");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    assert_eq!(
        house.attendance()["by_outcome"],
        json!({"accepted_offline": 2})
    );
    let books = house.reconciled();
    assert_eq!(
        (&books["aside"], &books["unexplained"]),
        (&json!(1), &json!(1))
    );
    tab.reload();
    tab.until_text("#where-device", "PDA01");
    tab.until("document.querySelector('#unsent').textContent === '0'");
}
