//! One presentation is one check, before a camera and under a trigger.

use super::{BLOCKED, CHIP, GOOD, House, ONCE, feel, later, with_letters};
use crate::film::{self, Code, FRAMES_PER_SECOND, Symbology};
use browser::{Browser, PHONE, Tab};
use serde_json::{Value, json};
use stage::card;

const POSTER: &str = "https://example.org/exposition";
/// No pass and no ticket bears such a code, so it is not even looked for.
const BOOK: &str = "4006381333931";
const SECOND: u32 = FRAMES_PER_SECOND;

/// Who reads the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frames {
    /// The decoder in the page, if the program was built with it, else the service.
    AsTheyCome,
    /// The service, because the browser has no WebAssembly.
    ByTheService,
}

/// How it stands with the line while the camera is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Good,
    Down,
    ComesAndGoes,
}

/// What came of a film that was before the camera for so many seconds.
fn filmed(scenes: &[(u32, &[Code<'_>])], seconds: u32, frames: Frames, line: Line) -> Value {
    let mut house = House::open(&[card(1)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.y4m");
    film::write(&path, scenes);
    let browser = Browser::start(Some(&path));
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    match line {
        Line::Down => {
            assert!(
                server::has_decoder(),
                "nobody reads these frames: cargo xtask decoder"
            );
            house.kill();
        }
        Line::Good => {}
        // Of every other question the answer is lost, first of that which admits, and the
        // page finds the service back at once.
        Line::ComesAndGoes => drop(tab.run(
            "let asked = 0;
            globalThis.fetch = new Proxy(fetch, { apply: async (ask, self, [url, ...rest]) => {
                const answer = await Reflect.apply(ask, self, [url, ...rest]);
                asked += String(url).endsWith('/checks') ? 1 : 0;
                if (String(url).endsWith('/checks') && asked % 2 === 1) {
                    setTimeout(() => dispatchEvent(new Event('online')), 200);
                    throw new TypeError('no line');
                }
                return answer;
            } })",
        )),
    }
    if frames == Frames::ByTheService {
        tab.run("delete globalThis.WebAssembly");
    }
    tab.tap("#go-camera");
    tab.until(&format!(
        "document.querySelector('#video').currentTime > {seconds}"
    ));
    tab.tap("#go-camera");
    if line == Line::Down {
        house.start();
    }
    tab.run("dispatchEvent(new Event('online'))");
    tab.until_text("#line", "Online");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    assert_eq!(house.unexplained(), 0);
    house.attendance()["by_outcome"].clone()
}

#[test]
fn a_card_with_two_codes_is_one_sale() {
    let scenes: &[(u32, &[Code<'_>])] = &[
        (3, &[(Symbology::QrCode, CHIP)]),
        (3, &[(Symbology::Code128, GOOD)]),
    ];
    let came = filmed(scenes, 10, Frames::AsTheyCome, Line::Good);
    assert_eq!(came, json!({"accepted": 1}));
    let came = filmed(scenes, 10, Frames::AsTheyCome, Line::Down);
    assert_eq!(came, json!({"accepted_offline": 1}));
}

#[test]
fn two_cards_in_one_hand_are_two_sales() {
    let other = card(1);
    let scenes: &[(u32, &[Code<'_>])] = &[
        (3, &[(Symbology::QrCode, CHIP)]),
        (3, &[(Symbology::Code128, &other)]),
    ];
    let came = filmed(scenes, 6, Frames::AsTheyCome, Line::Good);
    assert_eq!(came, json!({"accepted": 2}));
    let came = filmed(scenes, 6, Frames::AsTheyCome, Line::Down);
    assert_eq!(came, json!({"accepted_offline": 2}));
}

#[test]
fn a_poster_beside_the_card_sells_nothing() {
    let scenes: &[(u32, &[Code<'_>])] = &[
        (3, &[(Symbology::QrCode, CHIP), (Symbology::QrCode, POSTER)]),
        (3, &[(Symbology::QrCode, CHIP)]),
        (3, &[(Symbology::QrCode, POSTER)]),
    ];
    let came = filmed(scenes, 6, Frames::AsTheyCome, Line::Good);
    assert_eq!(came, json!({"accepted": 1, "not_a_pass": 1}));
    let came = filmed(scenes, 6, Frames::AsTheyCome, Line::Down);
    assert_eq!(came, json!({"accepted_offline": 1, "not_a_pass": 1}));
}

#[test]
fn glare_misread_frames_and_a_book_sell_nothing() {
    let scenes: &[(u32, &[Code<'_>])] = &[
        (5, &[(Symbology::Code128, GOOD)]),
        (1, &[(Symbology::Code128, ONCE)]),
        (5, &[(Symbology::Code128, GOOD)]),
        (SECOND, &[]),
        (5, &[(Symbology::Code128, GOOD)]),
        (1, &[(Symbology::Code128, "54321")]),
        (5, &[(Symbology::Ean13, BOOK)]),
    ];
    for frames in [Frames::AsTheyCome, Frames::ByTheService] {
        let mut came = filmed(scenes, 8, frames, Line::Good);
        // Who reads a frame a second loses the card from sight, and asks about it again.
        came.as_object_mut().unwrap().remove("just_admitted");
        assert_eq!(came, json!({"accepted": 1}), "{frames:?}");
    }
}

#[test]
fn a_card_that_is_taken_away_and_shown_again_is_one_sale() {
    let scenes: &[(u32, &[Code<'_>])] = &[
        (2 * SECOND, &[(Symbology::QrCode, CHIP)]),
        (4 * SECOND, &[]),
    ];
    for (line, outcome) in [
        (Line::Good, "accepted"),
        (Line::Down, "accepted_offline"),
        (Line::ComesAndGoes, "accepted"),
    ] {
        let came = filmed(scenes, 14, Frames::AsTheyCome, line);
        let again = came["just_admitted"].as_i64();
        assert!(again.is_some_and(|again| again >= 1), "{line:?}: {came}");
        assert_eq!(
            came,
            json!({outcome: 1, "just_admitted": again}),
            "{line:?}"
        );
    }
}

#[test]
fn the_camera_can_always_be_switched_off_and_comes_back_after_the_phone_was_locked() {
    let house = House::open(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.y4m");
    film::write(&path, &[(5, &[(Symbology::QrCode, POSTER)])]);
    let browser = Browser::start(Some(&path));
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.tap("#go-camera");
    tab.until_text("#answer-words", "This code is not a pass");
    let lock = |hidden: bool| {
        tab.run(&format!(
            "Object.defineProperty(document, 'hidden', {{configurable: true, value: {hidden}}});
            document.dispatchEvent(new Event('visibilitychange'))"
        ));
    };
    lock(true);
    tab.until("document.querySelector('#video').srcObject === null");
    lock(false);
    tab.until("document.querySelector('#video').srcObject?.active === true");
    assert_eq!(tab.run("document.querySelector('#answer').hidden"), false);
    tab.tap("#go-camera");
    tab.until("document.querySelector('#video').srcObject === null");
    // Once somebody has switched it off it stays off.
    lock(true);
    lock(false);
    assert_eq!(
        tab.run("document.querySelector('#video').srcObject"),
        Value::Null
    );
}

#[test]
fn a_trigger_that_is_pulled_again_is_the_same_check_and_shows_its_answer_in_silence() {
    let mut house = House::open(&[card(1)]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    feel(&tab);
    // The picture comes first; what is felt comes when all else is done.
    let felt = |tab: &Tab<'_>, times: u32| tab.until(&format!("felt.length === {times}"));
    for code in [GOOD, CHIP, GOOD, "]C000029975"] {
        tab.wedge(code, "Enter");
        tab.until_text("#answer-facts", GOOD);
    }
    felt(&tab, 1);
    // The answer was closed; the agent looks for it.
    tab.press("Escape");
    tab.wedge(CHIP, "Enter");
    tab.until_text("#answer-facts", GOOD);
    // Another card; then the first one once more: it stays in the background.
    tab.wedge(&card(1), "Enter");
    tab.until_text("#answer-facts", &card(1));
    tab.wedge(GOOD, "Enter");
    tab.wedge("no pass", "Enter");
    tab.until_text("#answer-words", "This code is not a pass");
    felt(&tab, 3);
    // Each read renews, a second after the other.
    for _ in 0..12 {
        later(&tab, 1_000);
        tab.wedge("no pass", "Enter");
    }
    tab.until_text("#today", "2");
    let came = |house: &House| house.attendance()["by_outcome"].clone();
    assert_eq!(came(&house), json!({"accepted": 2, "not_a_pass": 1}));
    house.kill();
    for _ in 0..3 {
        tab.wedge(BLOCKED, "Enter");
        tab.until_text("#answer-facts", BLOCKED);
        later(&tab, 2_000);
    }
    later(&tab, 1_200);
    tab.wedge(BLOCKED, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    felt(&tab, 5);
    tab.until_text("#unsent", "2");
    later(&tab, 61_000);
    tab.wedge(BLOCKED, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    tab.until_text("#unsent", "3");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    let expected =
        json!({"accepted": 2, "accepted_offline": 2, "just_admitted": 1, "not_a_pass": 1});
    assert_eq!(came(&house), expected);
}

#[test]
fn the_window_stands_when_the_clock_is_put_right() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    later(&tab, 20_000);
    tab.run("const slow = Date.now; Date.now = () => slow() + 3_600_000; true");
    tab.wedge(CHIP, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    // Twenty, and as long as it took.
    tab.until("/2\\d s ago/.test(document.querySelector('#answer-facts').textContent)");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    let expected = json!({"accepted_offline": 1, "just_admitted": 1});
    assert_eq!(house.attendance()["by_outcome"], expected);
}

#[test]
fn one_more_person_on_the_same_code_is_a_check_of_its_own() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.tap("#answer-one-more");
    tab.picture("several");
    tab.tap("#several-keys button:nth-child(3)");
    tab.until_text("#answer-facts", "3 / 3");
    tab.picture("one-more-person");
    tab.until_text("#today", "4");
    // The window holds a read, and the agent says that it is somebody else.
    later(&tab, 4_000);
    tab.wedge(CHIP, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    tab.until_text("#answer-facts", "s ago · PDA01");
    tab.until("document.querySelector('#answer').dataset.kind === 'just'");
    tab.picture("just-admitted");
    tab.tap("#answer-one-more");
    tab.tap("#several-keys button:nth-child(1)");
    tab.until_text("#today", "5");
    house.kill();
    later(&tab, 4_000);
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    tab.tap("#answer-one-more");
    tab.tap("#several-keys button:nth-child(2)");
    tab.until_text("#answer-facts", "2 / 2");
    tab.until_text("#today", "7");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    let came = &house.attendance()["by_outcome"];
    assert_eq!(
        *came,
        json!({"accepted": 5, "accepted_offline": 2, "just_admitted": 2})
    );
    assert_eq!(house.unexplained(), 0);
}

#[test]
fn a_pass_with_one_entry_takes_one_person_and_may_be_asked_about_again() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-words", "Welcome");
    assert_eq!(
        tab.run("document.querySelector('#answer-one-more').hidden"),
        true
    );
    // Pressed twice as soon as it is there, which is once meant.
    tab.run(
        "const again = document.querySelector('#answer-again');
        const pressed = new MutationObserver(() => {
            if (again.hidden) return;
            pressed.disconnect();
            setTimeout(() => { for (const _ of [1, 2]) again.click(); });
        });
        pressed.observe(again, { attributes: true });",
    );
    tab.wedge(BLOCKED, "Enter");
    tab.until_text("#answer-words", "This pass is blocked");
    assert_eq!(
        tab.run("document.querySelector('#answer-one-more').hidden"),
        true
    );
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-facts", GOOD);
    let came = &house.attendance()["by_outcome"];
    assert_eq!(*came, json!({"accepted": 2, "pass_blocked": 2}));
}

#[test]
fn after_a_cancellation_the_card_is_asked_about_anew() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.press("Escape");
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    tab.tap("#cancel-go");
    tab.until_text("#answer-words", "Entry cancelled");
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#today", "1");
    let came = house.attendance();
    assert_eq!(
        (&came["admitted"], &came["cancelled"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn keys_that_can_mean_two_passes_let_nobody_in() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    with_letters(&tab);
    feel(&tab);
    // A computer whose keyboard is AZERTY has A where others have Q.
    let typed = |letters: &[(&str, &str)]| {
        let digits = ONCE
            .chars()
            .map(|digit| (digit.to_string(), format!("Digit{digit}")));
        let letters = letters
            .iter()
            .map(|(key, code)| ((*key).to_owned(), format!("Key{code}")));
        let enter = ("Enter".to_owned(), "Enter".to_owned());
        letters.chain(digits).chain([enter]).collect::<Vec<_>>()
    };
    tab.keys(&typed(&[("A", "Q"), ("W", "Z")]));
    tab.until_text("#answer-words", "This code can be two passes");
    tab.until_text("#answer-do", "type the number on the pass");
    tab.picture("ambiguous");
    assert_eq!(tab.run("felt.length"), 1);
    assert_eq!(tab.text("#unsent"), "0");
    // The scanner may have added the C.
    tab.press("Escape");
    tab.keys(&typed(&[("C", "C"), ("P", "P")]));
    tab.until_text("#answer-words", "This code can be two passes");
    tab.until_text("#notices", "does not know the scanner");
    // The scanner may have added the 9.
    tab.press("Escape");
    tab.wedge("P100000249", "Enter");
    tab.until_text("#answer-words", "This code can be two passes");
    // All layouts have P in one place.
    tab.keys(&typed(&[("P", "P")]));
    tab.until_text("#answer-facts", &format!("P{ONCE}"));
    // What a person types is taken literally.
    tab.tap("#answer-close");
    tab.tap("#go-type");
    tab.tap("#type-code");
    tab.insert(&format!("AW{ONCE}"));
    tab.tap("#type-form .main");
    tab.until_text("#answer-facts", &format!("AW{ONCE}"));
    tab.until_text("#unsent", "2");
}

#[test]
fn offline_an_exit_ends_the_window_and_a_cancelled_person_leaves_the_others_in_it() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    let enters = |words: &str| {
        later(&tab, 4_000);
        tab.wedge(GOOD, "Enter");
        tab.until_text("#answer-words", words);
        tab.press("Escape");
    };
    let turns = || {
        tab.tap("#go-more");
        tab.tap("#more-direction");
    };
    enters("Welcome (offline)");
    turns();
    enters("Goodbye");
    turns();
    enters("Welcome (offline)");
    // One more person, who is taken back: the first one stands.
    later(&tab, 4_000);
    tab.wedge(GOOD, "Enter");
    tab.tap("#answer-one-more");
    tab.tap("#several-keys button:nth-child(1)");
    tab.until_text("#today", "3");
    tab.press("Escape");
    tab.tap("#go-more");
    tab.tap("#more-cancel");
    tab.tap("#cancel-go");
    tab.until_text("#today", "2");
    tab.press("Escape");
    enters("This pass was admitted here just now");
    house.start();
    tab.until("document.querySelector('#unsent').textContent === '0'");
    tab.until_text("#today", "2");
    assert_eq!(house.unexplained(), 0);
}

#[test]
fn what_the_service_has_not_heard_of_is_not_sold_again_when_the_line_is_back() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    // The line is back, and slow with what is large.
    tab.run(
        "globalThis.waits = new Promise((go) => { globalThis.go = go; });
        globalThis.fetch = new Proxy(fetch, { apply: async (ask, self, [url, ...rest]) => {
            if (String(url).endsWith('/batch')) await waits;
            return Reflect.apply(ask, self, [url, ...rest]);
        } }); true",
    );
    house.start();
    tab.run("dispatchEvent(new Event('online'))");
    tab.until_text("#line", "Online");
    later(&tab, 10_000);
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "This pass was admitted here just now");
    tab.run("go()");
    tab.until("document.querySelector('#unsent').textContent === '0'");
    let expected = json!({"accepted_offline": 1, "just_admitted": 1});
    assert_eq!(house.attendance()["by_outcome"], expected);
}
