//! What the agent may do besides scanning: forced entry, cancelling, exits, help
//! desk, looking back.

use super::{BLOCKED, GOOD, House, ONCE, feel, later};
use browser::{Browser, PHONE};
use serde_json::json;

#[test]
fn a_refused_visitor_is_let_in_with_a_reason() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(BLOCKED, "Enter");
    tab.until_text("#answer-words", "This pass is blocked");
    tab.tap("#answer-force");
    tab.until_shown("#force-note");
    tab.tap("#force-form .main");
    tab.until_text("#force-problem", "Say why");
    tab.tap("#force-reasons button:first-child");
    tab.picture("forced-entry");
    tab.tap("#force-form .main");
    tab.until_text("#answer-words", "Welcome (let in by hand)");
    tab.until_text("#today", "1");

    // By itself, without the service: the scan fills in the pass.
    house.kill();
    tab.press("Escape");
    tab.tap("#go-more");
    tab.picture("more");
    tab.tap("#more-force");
    tab.until_shown("#force-note");
    tab.wedge(GOOD, "Enter");
    tab.until(&format!(
        "document.querySelector('#force-code').value === '{GOOD}'"
    ));
    tab.tap("#force-note");
    tab.insert("The reader at the desk is broken");
    tab.tap("#force-form .main");
    tab.until_text("#answer-words", "Welcome (let in by hand)");
    tab.until_text("#unsent", "1");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    assert_eq!(
        house.attendance()["by_outcome"],
        json!({"accepted_forced": 2, "pass_blocked": 1})
    );
}

#[test]
fn the_last_entry_is_cancelled_online_and_offline() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    tab.until_text("#cancel-text", "no entry of the last 15 minutes");
    tab.tap("#cancel-keep");

    tab.wedge(GOOD, "Enter");
    tab.until_text("#today", "1");
    tab.press("Escape");
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    tab.until_text("#cancel-which", GOOD);
    tab.picture("cancel");
    tab.tap("#cancel-go");
    tab.until_text("#answer-words", "Entry cancelled");
    tab.until_text("#today", "0");
    assert_eq!(tab.text("#unsent"), "0", "the service knows");

    // An entry that the service knows, cancelled while it is away.
    tab.press("Escape");
    tab.wedge(ONCE, "Enter");
    tab.until_text("#today", "1");
    house.kill();
    tab.press("Escape");
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    tab.tap("#cancel-go");
    tab.until_text("#answer-words", "Entry cancelled");
    tab.until_text("#today", "0");
    tab.until_text("#unsent", "1");
    // And one that it does not know.
    tab.press("Escape");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#today", "1");
    tab.press("Escape");
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    tab.tap("#cancel-go");
    tab.until_text("#today", "0");
    tab.until_text("#unsent", "3");
    tab.press("Escape");
    tab.tap("#go-history");
    tab.until_text("#history-list", "cancelled");
    tab.picture("history");
    tab.tap("#history .close");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    tab.until_text("#today", "0");
    assert_eq!(house.unexplained(), 0);
    // The pass that had one entry has it again.
    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#answer-facts", ONCE);
}

#[test]
fn an_exit_is_recorded_and_the_direction_is_always_in_sight() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.tap("#go-more");
    tab.tap("#more-direction");
    tab.until_text("#notices", "EXIT");
    tab.picture("exit-ready");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Goodbye");
    tab.until("document.querySelector('#answer').dataset.kind === 'exit'");
    tab.picture("exit");
    assert_eq!(tab.text("#today"), "0", "nobody came in");
    tab.press("Escape");
    tab.tap("#notices button");
    tab.until("document.querySelector('#notices').textContent === ''");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    let outcomes = &house.attendance()["by_outcome"];
    assert_eq!(outcomes["accepted"], 1, "{outcomes}");
}

#[test]
fn the_help_desk_looks_and_records_nothing() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#today", "1");
    tab.press("Escape");
    tab.tap("#go-more");
    tab.tap("#more-look");
    tab.until_text("#notices", "HELP DESK");
    tab.picture("help-desk-ready");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "This pass may enter");
    tab.until_text("#answer-more", "Grande entrée · PDA01");
    tab.picture("help-desk");
    tab.wedge(BLOCKED, "Enter");
    tab.until_text("#answer-words", "This pass is blocked");
    house.kill();
    later(&tab, 4_000);
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-do", "only what this device knows");
    tab.until_text("#answer-more", "PDA01");
    assert_eq!(tab.text("#unsent"), "0");
    house.start();
    tab.press("Escape");
    tab.tap("#notices button");
    tab.until_text("#line", "Online");
    assert_eq!(house.attendance()["by_outcome"], json!({"accepted": 1}));
}

#[test]
fn the_history_is_searched_and_stays_after_a_reload() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.tap("#go-history");
    tab.until_text("#history-list", "Nothing was scanned yet");
    tab.tap("#history .close");
    feel(&tab);
    for (felt, code) in (1..).zip([GOOD, BLOCKED, ONCE]) {
        tab.wedge(code, "Enter");
        tab.until_text("#answer-facts", code);
        tab.until(&format!("felt.length === {felt}"));
    }
    tab.reload();
    tab.until_text("#line", "Online");
    tab.tap("#go-history");
    tab.until("document.querySelectorAll('#history-list li').length === 3");
    let first = tab.text("#history-list li");
    assert!(first.contains(ONCE), "the newest comes first: {first}");
    tab.tap("#history-search");
    tab.insert("BLOCK");
    tab.until("document.querySelectorAll('#history-list li').length === 1");
    tab.until_text("#history-list", BLOCKED);
    tab.insert("xyz");
    tab.until_text("#history-list", "Nothing found");
}

#[test]
fn what_a_device_may_not_do_is_not_offered() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA02");
    tab.wedge(BLOCKED, "Enter");
    tab.until_text("#answer-words", "This pass is blocked");
    assert_eq!(
        tab.run("document.querySelector('#answer-force').hidden"),
        true
    );
    tab.press("Escape");
    tab.tap("#go-more");
    tab.until_shown("#more-cancel");
    for button in ["#more-force", "#more-look", "#more-direction"] {
        assert_eq!(
            tab.run(&format!("document.querySelector('{button}').hidden")),
            true,
            "{button}"
        );
    }
}

#[test]
fn a_door_without_passes_says_so_before_the_first_visitor() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA13");
    tab.until_text("#notices", "Tell your manager");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Passes are not accepted at this door");
    tab.picture("no-passes-here");
}
