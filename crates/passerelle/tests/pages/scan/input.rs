//! The ways a code comes in: keyboard wedge, camera, fingers.

use super::{BLOCKED, GOOD, House, ONCE};
use crate::film::{self, Symbology};
use browser::{Browser, PHONE, Tab};
use serde_json::json;
use stage::card;

#[test]
fn a_wedge_works_wherever_the_focus_is_and_presses_nothing() {
    let house = House::open(&[card(3)]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");

    // On a button that Enter would press.
    tab.run("document.querySelector('#go-history').focus()");
    tab.wedge(&format!("villeneuve-{GOOD}"), "Enter");
    tab.until_text("#answer-facts", GOOD);
    assert_eq!(tab.run("document.querySelector('#history').open"), false);

    // In a field where somebody has begun to type.
    tab.press("Escape");
    tab.tap("#go-history");
    tab.tap("#history-search");
    tab.insert("12");
    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-facts", ONCE);
    assert_eq!(tab.run("document.querySelector('#history').open"), false);
    assert_eq!(
        tab.run("document.querySelector('#history-search').value"),
        "12"
    );

    // Nothing has the focus.
    tab.run("document.activeElement.blur()");
    tab.wedge("https://example.org/a b", "Tab");
    tab.until_text("#answer-words", "This code is not a pass");
    tab.picture("not-a-pass");

    // A scanner set to another keyboard than the computer: AZERTY gives these.
    let azerty = ["à", "&", "é", "\"", "'", "(", "-", "è", "_", "ç"];
    let key = |digit: char| {
        let place = usize::try_from(digit.to_digit(10).unwrap()).unwrap();
        (azerty[place].to_owned(), format!("Digit{digit}"))
    };
    let mut keys: Vec<_> = card(3).chars().map(key).collect();
    keys.push(("Enter".to_owned(), "Enter".to_owned()));
    tab.keys(&keys);
    tab.until_text("#answer-facts", &card(3));

    // A handheld that hands over its text without keys.
    tab.press("Escape");
    tab.until("document.activeElement.id === 'scan'");
    tab.insert(&card(7));
    tab.until_text("#answer-words", "This pass is unknown");
    tab.until_text("#answer-facts", &card(7));
    assert_eq!(tab.run("document.querySelector('#scan').value"), "");
}

#[test]
fn a_space_before_the_code_presses_nothing_and_one_alone_does() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.tap("#answer-one-more");
    tab.until("document.activeElement.textContent === '1'");
    tab.wedge(&format!(" {BLOCKED}"), "Enter");
    tab.until_text("#answer-facts", BLOCKED);
    tab.until_text("#today", "1");
    tab.press("Escape");
    tab.run("document.querySelector('#go-history').focus()");
    tab.press(" ");
    tab.until("document.querySelector('#history').open");
    let came = &house.attendance()["by_outcome"];
    assert_eq!(*came, json!({"accepted": 1, "pass_blocked": 1}));
}

#[test]
fn a_scan_that_cannot_wait_is_not_dropped_without_a_word() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.run("globalThis.fetch = () => new Promise(() => {}); true");
    for number in 0..21 {
        tab.wedge(&card(number), "Enter");
    }
    tab.until_text("#answer-words", "Checking");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Too many scans at once");
    tab.until_text("#answer-do", "was not checked");
}

#[test]
fn a_number_is_typed_by_thumb() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.tap("#go-type");
    for digit in "000299751".chars() {
        let place = if digit == '0' {
            10
        } else {
            digit.to_digit(10).unwrap()
        };
        tab.tap(&format!("#keypad button:nth-child({place})"));
    }
    tab.picture("type");
    tab.tap("#keypad button.wide");
    tab.tap("#type-form .main");
    tab.until_text("#answer-facts", GOOD);
    tab.until_text("#answer-words", "Welcome");
    tab.press("Escape");
    // On a keyboard, in the same field.
    tab.tap("#go-type");
    tab.tap("#type-code");
    tab.insert(ONCE);
    tab.tap("#type-form .main");
    tab.until_text("#answer-facts", ONCE);
}

#[test]
fn the_camera_reads_a_qr_code() {
    camera_reads(Symbology::QrCode, "camera-qr");
}

#[test]
fn the_camera_reads_a_code_128() {
    camera_reads(Symbology::Code128, "camera-code128");
}

fn camera_reads(symbology: Symbology, picture: &str) {
    let house = House::configured(&[], "repeat_window_s = 0\n");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.y4m");
    film::write(&path, &[(5, &[(symbology, GOOD)])]);
    let browser = Browser::start(Some(&path));
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    assert_eq!(
        tab.run("document.querySelector('#video').srcObject"),
        serde_json::Value::Null
    );
    tab.tap("#go-camera");
    tab.until_text("#answer-facts", GOOD);
    // The card stays before the camera: it is one scan.
    tab.until("document.querySelector('#answer').hidden");
    tab.until_shown("#video");
    tab.picture(picture);
    tab.tap("#go-camera");
    tab.until("document.querySelector('#video').hidden");
    assert_eq!(house.attendance()["by_outcome"]["accepted"], 1);
    without_network(house, &tab);
}

/// With the decoder in the program the camera needs no service, also after a
/// reload; without it the page says what to do instead.
fn without_network(mut house: House, tab: &Tab<'_>) {
    let list = "fetch('/scan/decoder/files.json').then((answer) => answer.ok)";
    let has_decoder = tab.run(list) == true;
    house.kill();
    tab.reload();
    tab.until_text("#line", "Offline");
    tab.tap("#go-camera");
    if has_decoder {
        tab.until_text("#answer-words", "Welcome (offline)");
        tab.until_text("#answer-facts", GOOD);
    } else {
        tab.until_text("#camera-problem", "Type the number");
    }
}
