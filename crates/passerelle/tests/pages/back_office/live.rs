//! The day changes by itself.

use super::{begin, check, open};
use browser::{Browser, DESK, Tab};
use stage::SET_UP;
use stage::villeneuve::{GOOD, UNLIMITED};

/// Waits until the day says that so many were admitted.
fn until_admitted(tab: &Tab<'_>, count: u32) {
    tab.until(&format!(
        "[...document.querySelectorAll('.headline div')].some((tile) =>
            tile.querySelector('dt').textContent === 'Admitted'
            && parseInt(tile.querySelector('dd').textContent) === {count})"
    ));
}

#[test]
fn the_day_goes_on_by_itself_and_comes_back_after_a_restart() {
    let (mut house, secret) = open(SET_UP);
    let token = house.token("PDA01");
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    begin((&house, &secret), &tab, "Camille Martin");
    tab.open(&house.url("/office/"));
    tab.until("document.querySelector('#live').classList.contains('good')");
    until_admitted(&tab, 0);
    // It is the same page all the time.
    tab.run("window.loaded = 'once'");

    let answer = check(&house, &token, GOOD);
    assert_eq!(answer["admitted"], true, "{answer}");
    until_admitted(&tab, 1);
    tab.picture("office-live");
    house.kill();
    tab.until("!document.querySelector('#live').classList.contains('good')");
    tab.picture("office-live-lost");
    until_admitted(&tab, 1);
    house.start();
    let answer = check(&house, &token, UNLIMITED);
    assert_eq!(answer["admitted"], true, "{answer}");
    until_admitted(&tab, 2);
    tab.until("document.querySelector('#live').classList.contains('good')");
    assert_eq!(tab.run("window.loaded"), "once");
}
