//! Scanners that type: twelve of them, before they have taught the page how they type and
//! after, over both kinds of numbers.

use super::House;
use browser::{Browser, Held, PHONE, Phase, Stroke, Tab};
use stage::card;

/// What the code says that teaches the page.
const TEXT: &str = office::TEACHING_TEXT;

/// Where a keyboard has its characters: without shift, with it, and with the third level.
type Layout = [&'static str; 3];

const CODES: &str = "Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 \
    Minus Equal KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight \
    KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote KeyZ KeyX KeyC KeyV KeyB \
    KeyN KeyM Comma Period Slash Backslash";

const US: Layout = [
    "1234567890-=qwertyuiop[]asdfghjkl;'zxcvbnm,./\\",
    "!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?|",
    "                                              ",
];
const FR: Layout = [
    "&é\"'(-è_çà)=azertyuiop^$qsdfghjklmùwxcvbn,;:!*",
    "1234567890°+AZERTYUIOP¨£QSDFGHJKLM%WXCVBN?./§µ",
    " ~#{[|`\\^@]}                                  ",
];
const DE: Layout = [
    "1234567890ß´qwertzuiopü+asdfghjklöäyxcvbnm,.-#",
    "!\"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄYXCVBNM;:_'",
    "      {[]}\\            ~                      ",
];

#[derive(Clone, Copy)]
enum Types {
    /// Keys of this layout.
    Keys(Layout),
    /// The number pad, and for the rest keys of the United States.
    Pad,
    /// Alt, and the number of the character on the pad.
    Alt,
}

struct Scanner {
    types: Types,
    /// The layout of the computer, and whether its Caps Lock is on.
    computer: (Layout, bool),
    prefix: &'static str,
    suffix: &'static str,
    end: &'static str,
    pace_ms: u32,
}

const fn scanner(
    types: Types,
    computer: (Layout, bool),
    added: [&'static str; 2],
    end: &'static str,
    pace_ms: u32,
) -> Scanner {
    Scanner {
        types,
        computer,
        prefix: added[0],
        suffix: added[1],
        end,
        pace_ms,
    }
}

const SCANNERS: [Scanner; 12] = [
    scanner(Types::Keys(US), (US, false), ["", ""], "Enter", 2),
    scanner(Types::Keys(US), (FR, false), ["", ""], "Enter", 10),
    scanner(Types::Keys(FR), (US, false), ["", "#"], "Enter", 10),
    scanner(Types::Keys(FR), (DE, false), ["A", ""], "Tab", 30),
    scanner(Types::Keys(DE), (US, false), ["", ""], "", 10),
    scanner(Types::Keys(DE), (FR, true), ["]Q1", ""], "Enter", 120),
    scanner(Types::Keys(US), (DE, false), ["Q", "9"], "", 60),
    scanner(Types::Keys(FR), (FR, true), ["", ""], "Enter", 200),
    scanner(Types::Pad, (FR, false), ["", ""], "Enter", 10),
    scanner(Types::Pad, (US, true), ["W", ""], "", 120),
    scanner(Types::Alt, (FR, false), ["", ""], "Enter", 10),
    scanner(Types::Alt, (DE, true), ["ZY", "-"], "Tab", 5),
];

/// What is open while a code is read, and has the focus: nothing, a button that Enter
/// would press, a field.
const OPEN: [Option<(&str, &str)>; 4] = [
    None,
    Some(("#go-more", "#more")),
    Some(("#go-type", "#type")),
    Some(("#go-history", "#history")),
];

/// Which key of a layout has this character.
fn place(layout: &Layout, c: char) -> Option<(usize, usize)> {
    (0..3).find_map(|level| Some((level, layout[level].chars().position(|known| known == c)?)))
}

impl Scanner {
    fn strokes(&self, text: &str) -> Vec<Stroke> {
        let typed = format!("{}{text}{}", self.prefix, self.suffix);
        let keys = typed.chars().flat_map(|c| match self.types {
            Types::Keys(layout) => vec![self.key(&layout, c)],
            Types::Pad if c.is_ascii_digit() => vec![Stroke::of("End", &format!("Numpad{c}"))],
            Types::Pad => vec![self.key(&US, c)],
            Types::Alt => by_number(c),
        });
        let end = (!self.end.is_empty()).then(|| Stroke::of(self.end, self.end));
        let mut strokes: Vec<_> = keys.chain(end).collect();
        for stroke in &mut strokes {
            let goes_on = stroke.held.contains(&Held::Alt) || stroke.phase == Phase::Up;
            stroke.after_ms = if goes_on { 0 } else { self.pace_ms };
        }
        strokes
    }

    /// The key that has this character on the scanner's keyboard, and what it says on the
    /// computer's.
    fn key(&self, layout: &Layout, c: char) -> Stroke {
        let (level, at) = place(layout, c).unwrap_or_else(|| panic!("no key has {c}"));
        let (computer, caps) = &self.computer;
        let says = match computer[level].chars().nth(at).unwrap() {
            'a'..='z' | 'A'..='Z' if *caps => turned(computer[level].chars().nth(at).unwrap()),
            says => says,
        };
        let key = match says {
            '^' | '´' | '`' | '¨' => "Dead".to_owned(),
            says => says.to_string(),
        };
        let held: &[Held] = [&[][..], &[Held::Shift], &[Held::AltGr]][level];
        Stroke {
            held: held.to_vec(),
            ..Stroke::of(&key, CODES.split_whitespace().nth(at).unwrap())
        }
    }
}

fn turned(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}

/// Alt, held while the character's number is typed.
fn by_number(c: char) -> Vec<Stroke> {
    let phase = |phase| Stroke {
        phase,
        ..Stroke::of("Alt", "AltLeft")
    };
    let number = format!("0{}", u32::from(c));
    let digits = number.chars().map(|digit| Stroke {
        held: vec![Held::Alt],
        ..Stroke::of(&digit.to_string(), &format!("Numpad{digit}"))
    });
    let digits = std::iter::once(phase(Phase::Down)).chain(digits);
    digits.chain([phase(Phase::Up)]).collect()
}

/// Passes that bear letters, or none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    Plain,
    Serial,
}

/// What the page says to the keys.
struct Said {
    kind: String,
    card: String,
}

/// Opens what is to be open, and lets the scanner read.
fn read(tab: &Tab<'_>, scanner: &Scanner, code: &str, open: Option<(&str, &str)>) -> Said {
    if let Some((button, dialog)) = open {
        tab.tap(button);
        tab.until(&format!("document.querySelector('{dialog}').open"));
    }
    tab.strokes(&scanner.strokes(code));
    tab.until_shown("#answer");
    tab.until("document.querySelector('#answer').dataset.kind !== 'checking'");
    let of = |expression: &str| tab.run(expression).as_str().unwrap().to_owned();
    let said = Said {
        kind: of("document.querySelector('#answer').dataset.kind"),
        card: of("document.querySelector('#answer-facts .pass dd')?.textContent ?? ''"),
    };
    assert_eq!(
        tab.run("document.querySelectorAll('dialog[open]').length"),
        0,
        "a button was pressed"
    );
    tab.press("Escape");
    tab.until("document.querySelector('#answer').hidden");
    said
}

#[test]
fn before_a_scanner_is_taught_no_other_number_is_admitted_and_after_it_always_its_own() {
    all_scanners(Numbers::Plain);
}

#[test]
fn before_a_scanner_is_taught_no_other_letters_are_admitted_and_after_it_always_its_own() {
    all_scanners(Numbers::Serial);
}

fn all_scanners(numbers: Numbers) {
    let mut house = House::configured(&[], "repeat_window_s = 0\n");
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    house.kill();
    if numbers == Numbers::Serial {
        super::with_letters(&tab);
    }
    let letters = ["AW", "QZ", "P", "MY", "CP"].iter().cycle();
    let mut codes = letters.zip(0..).map(|(letters, serial)| match numbers {
        Numbers::Plain => card(serial),
        Numbers::Serial => format!("{letters}{}", card(serial)),
    });
    for (place, scanner) in SCANNERS.iter().enumerate() {
        let mut read_all = |is_taught: bool| {
            for (open, code) in OPEN.into_iter().zip(codes.by_ref()) {
                let Said { kind, card } = read(&tab, scanner, &code, open);
                let what = format!("scanner {place}, {code}, over {open:?}: {kind} {card}");
                match kind.as_str() {
                    "admitted" => assert_eq!(card, code, "{what}"),
                    _ => assert!(!is_taught && kind == "ambiguous", "{what}"),
                }
            }
        };
        read_all(false);
        tab.strokes(&scanner.strokes(TEXT));
        tab.until_text("#answer-words", "The scanner is known");
        tab.press("Escape");
        read_all(true);
        tab.tap("#go-more");
        tab.tap("#more-settings");
        tab.run("document.querySelector('#settings .teach').open = true");
        if place == 3 {
            tab.picture("taught");
            let shown = tab.text("#scanner-shown");
            assert_eq!(shown, "AZERTY · A… · Tab · 30 ms");
        }
        tab.tap("#scanner-forget");
        tab.until_text("#scanner-shown", "Not taught yet");
        tab.tap("#settings .close");
    }
}

#[test]
fn the_enrolment_link_works_in_any_layout_and_what_was_taught_stays() {
    let house = House::open(&[card(1)]);
    let browser = Browser::start(None);
    for scanner in [&SCANNERS[1], &SCANNERS[2], &SCANNERS[4], &SCANNERS[10]] {
        let tab = browser.tab(PHONE);
        tab.open(&house.scan());
        tab.until_shown("#enrol-code");
        let link = format!("{}#enrol={}", house.scan(), house.enrolment_code("PDA01"));
        tab.strokes(&scanner.strokes(&link));
        tab.until_text("#where-device", "PDA01");
        tab.until_text("#line", "Online");
        tab.tap("#go-more");
        tab.tap("#more-settings");
        tab.tap("#settings-enrol");
        tab.until_shown("#enrol-code");
        tab.strokes(&scanner.strokes(TEXT));
        tab.until_text("#enrol-scanner", "The scanner is known");
        tab.reload();
        tab.until_text("#line", "Online");
        tab.strokes(&scanner.strokes(&card(1)));
        tab.until_text("#answer-facts", &card(1));
        // The next one is as from the factory.
        tab.run("navigator.serviceWorker.getRegistration().then((worker) => worker.unregister())");
        tab.run("indexedDB.deleteDatabase('passerelle-scan')");
        tab.close();
    }
}

#[test]
fn a_scanner_whose_first_key_comes_well_before_the_rest_loses_none() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    tab.open(&house.scan());
    tab.until_shown("#enrol-code");
    let link = format!("{}#enrol={}", house.scan(), house.enrolment_code("PDA01"));
    let mut strokes = SCANNERS[1].strokes(&link);
    strokes[1].after_ms = 400;
    tab.strokes(&strokes);
    tab.until_text("#where-device", "PDA01");
}
