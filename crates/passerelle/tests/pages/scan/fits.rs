//! Every answer and dialog in every language, on a small phone, a large one, and one that
//! lies: an answer can be read without scrolling, and nothing is cut. The font of these
//! machines, DejaVu Sans, is wider than those of phones.

use super::{BLOCKED, GOOD, House};
use browser::{Browser, PHONE, Tab};
use serde_json::Value;

const SIZES: [(u32, u32); 3] = [(360, 640), (390, 844), (640, 360)];
const LANGUAGES: [&str; 5] = ["en", "fr", "de", "it", "es"];

/// What the page shows of an answer: the outcome, and what only some have.
const ANSWERS: [(&str, &str); 30] = [
    ("accepted", "{}"),
    ("accepted", "{nth: 9, count: 9}"),
    ("accepted_offline", "{alone: true}"),
    ("accepted_unverified", "{}"),
    ("accepted_forced", "{}"),
    ("exit", "{direction: 'exit'}"),
    ("not_a_pass", "{card: null}"),
    ("sector_not_mapped", "{}"),
    ("unknown_pass", "{}"),
    ("pass_not_sold", "{}"),
    ("pass_blocked", "{}"),
    ("pass_expired", "{}"),
    ("service_not_included", "{}"),
    ("already_used", "{used: '2026-07-14T07:00:00.000Z'}"),
    ("already_used", "{used: '2026-07-13T07:00:00.000Z'}"),
    ("just_admitted", "{used: '2026-07-14T09:59:13.000Z'}"),
    ("partner_unavailable", "{}"),
    ("ambiguous", "{}"),
    ("storage", "{}"),
    ("revoked", "{}"),
    ("forced_entry_not_allowed", "{}"),
    ("direction_not_allowed", "{}"),
    ("several_persons_not_allowed", "{}"),
    ("help_desk_not_allowed", "{}"),
    ("note_invalid", "{}"),
    ("busy", "{}"),
    ("not_cancellable", "{}"),
    ("other", "{}"),
    ("cancelled", "{}"),
    ("looked", "{look: {admissible: true}}"),
];

/// How dialogs and the other page are opened.
const DIALOGS: [(&str, &[&str]); 7] = [
    ("type", &["go-type"]),
    ("history", &["go-history"]),
    ("more", &["go-more"]),
    ("force", &["go-more", "more-force"]),
    ("cancel", &["go-more", "more-cancel"]),
    ("settings", &["go-more", "more-settings"]),
    ("enrol", &["go-more", "more-settings", "settings-enrol"]),
];

/// A screen of its own on the page, which shows what it is told, and says what does not
/// fit.
fn prepare(tab: &Tab<'_>) {
    tab.run(
        "(async () => {
            const at = `/scan/${document.body.dataset.version}/`;
            const [{Screen}, {Words}] =
                await Promise.all([import(`${at}screen.js`), import(`${at}i18n.js`)]);
            const words = await Words.load();
            const nothing = () => {};
            const screen = new Screen({
                words, sound: {play: nothing}, timezone: () => 'Europe/Paris',
                dayOf: (moment) => new Date(moment).toISOString().slice(0, 10),
                onForce: nothing, onAgain: nothing, onMore: nothing, onDone: nothing,
            });
            const settings = {several_persons: true, forced_entry: true};
            const TROUBLES = [
                'storage', 'revoked', 'forced_entry_not_allowed', 'direction_not_allowed',
                'several_persons_not_allowed', 'help_desk_not_allowed', 'note_invalid', 'busy',
                'not_cancellable', 'other',
            ];
            globalThis.shows = (language, outcome, {used, nth, count, ...more}) => {
                words.use(language);
                words.fill(document);
                if (outcome === 'ambiguous') return screen.ambiguous();
                if (outcome === 'cancelled') {
                    return screen.done(words.t('cancel_done'), 'WXYZ123456789012');
                }
                if (outcome === 'looked') {
                    const look = {
                        recognised: true, pass_number: 'WXYZ123456789012', valid_until: '2026-09-28',
                        entries_left: 'unlimited', last_entries: [], ...more.look,
                    };
                    return screen.looked({look, alone: true}, {timezone: 'Europe/Paris', news: 'new'});
                }
                if (TROUBLES.includes(outcome)) return screen.trouble(outcome);
                const open = outcome.startsWith('accepted') || outcome === 'exit';
                const answer = {
                    id: 'x', outcome, open, admitted: open && outcome !== 'exit', direction: 'entry',
                    card: 'WXYZ123456789012', validUntil: '2026-09-28', entriesLeft: 'unlimited',
                    decidedAt: '2026-07-14T10:00:00.000Z', alone: false,
                    earlier: used ? {check_id: 'y', device: 'TURNSTILE-NORTH-12', at: used} : null,
                    ...more,
                };
                screen.decided(answer, {settings, news: 'new', nth, count});
            };
            globalThis.waits = (language) => {
                screen.close();
                words.use(language);
                words.fill(document);
                document.querySelector('#go-camera-words').textContent = words.t('camera');
                document.querySelector('#ready-hint').textContent = words.t('ready_exit');
            };
            globalThis.asks = () => {
                const dialog = document.querySelector('#several');
                const keys = Array.from({length: 9}, (_, index) => {
                    const key = document.createElement('button');
                    key.textContent = index + 1;
                    return key;
                });
                document.querySelector('#several-which').textContent = 'WXYZ123456789012';
                document.querySelector('#several-keys').replaceChildren(...keys);
                dialog.showModal();
                return dialog.scrollHeight > dialog.clientHeight + 1 ? ['the dialog scrolls'] : [];
            };
            globalThis.cut = () => {
                const wrong = [];
                const shown = (node) => node.checkVisibility();
                const inside = document.querySelector('#answer-in');
                if (inside.scrollHeight > inside.clientHeight + 1) {
                    wrong.push(`${inside.scrollHeight - inside.clientHeight} px must be scrolled`);
                }
                const {left, right} = inside.getBoundingClientRect();
                for (const node of inside.querySelectorAll('p, dt:not(.unseen), dd, .shape')) {
                    const box = node.getBoundingClientRect();
                    if (shown(node) && (box.left < left || box.right > right)) {
                        wrong.push(`${node.textContent} stands out`);
                    }
                }
                for (const node of document.querySelectorAll(
                    '#answer button, #answer-words, #answer-do, #answer-facts dd, nav button, header, header .row'
                )) {
                    // A word that is broken would be as wide as it is.
                    node.style.overflowWrap = 'normal';
                    const label = node.textContent.trim();
                    if (shown(node) && node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0) {
                        wrong.push(`${label} is cut`);
                    }
                    node.style.overflowWrap = '';
                }
                const area = document.querySelector('#stage').getBoundingClientRect();
                for (const button of document.querySelectorAll('#answer button')) {
                    const box = button.getBoundingClientRect();
                    if (shown(button) && (box.bottom > area.bottom + 1 || box.height < 44)) {
                        wrong.push(`${button.textContent} is out of reach`);
                    }
                }
                return wrong;
            };
        })()",
    );
}

#[test]
fn every_answer_can_be_read_in_every_language_at_every_size() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    prepare(&tab);
    let mut wrong = Vec::new();
    for (width, height) in SIZES {
        let mut screen = PHONE;
        (screen.width, screen.height) = (width, height);
        tab.show_on(screen);
        for filming in [false, true] {
            tab.run(&format!(
                "document.querySelector('#stage').classList.toggle('filming', {filming})"
            ));
            for language in LANGUAGES {
                tab.run(&format!("waits('{language}')"));
                let camera = if filming { "-camera" } else { "" };
                let at = format!("{width}x{height}{camera}-{language}");
                let mut found = vec![tab.run("cut()")];
                tab.picture(&format!("fits-{at}-ready"));
                if !filming {
                    found.push(tab.run("asks()"));
                    tab.picture(&format!("fits-{at}-several"));
                    tab.run("document.querySelector('#several').close()");
                }
                found.retain(|found| *found != Value::Array(Vec::new()));
                if !found.is_empty() {
                    wrong.push(format!("{width}×{height}{camera} {language}: {found:?}"));
                }
                for (place, (outcome, more)) in ANSWERS.iter().enumerate() {
                    tab.run(&format!("shows('{language}', '{outcome}', {more})"));
                    let found = tab.run("cut()");
                    if found != Value::Array(Vec::new()) {
                        wrong.push(format!(
                            "{width}×{height}{camera} {language} {outcome} {place}: {found}"
                        ));
                    }
                    tab.picture(&format!("fits-{at}-{place:02}-{outcome}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} do not fit:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_dialog_can_be_read_in_every_language_at_every_size() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    for code in [BLOCKED, GOOD] {
        tab.wedge(code, "Enter");
        tab.until_text("#answer-facts", code);
        tab.press("Escape");
    }
    tab.run(
        "globalThis.opens = (...ids) => { for (const id of ids) document.getElementById(id).click(); };
        globalThis.speaks = (language) => {
            const choice = document.querySelector('#settings-language');
            choice.value = language;
            choice.dispatchEvent(new Event('change'));
        };
        globalThis.cutIn = (id) => {
            const all = document.getElementById(id);
            const wrong = all.checkVisibility() ? [] : ['it is not open'];
            for (const details of all.querySelectorAll('details')) details.open = true;
            if (all.scrollWidth > all.clientWidth + 1) wrong.push('it must be moved sideways');
            const edge = all.getBoundingClientRect();
            for (const node of all.querySelectorAll('h1, h2, h3, p, label, button, summary, span, dt, dd, li')) {
                const {left, right, height} = node.getBoundingClientRect();
                if (!node.checkVisibility() || node.closest('.unseen') !== null) continue;
                const isCut = node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0;
                if (isCut || left < edge.left - 1 || right > edge.right + 1) {
                    wrong.push(`${node.textContent.trim()} is cut`);
                }
                if (node.tagName === 'BUTTON' && height < 44) {
                    wrong.push(`${node.textContent.trim()} is no larger than ${height}`);
                }
            }
            const pen = document.createElement('canvas').getContext('2d');
            for (const field of all.querySelectorAll('input[placeholder]')) {
                const hint = getComputedStyle(field, '::placeholder');
                pen.font = `${hint.fontWeight} ${hint.fontSize} ${hint.fontFamily}`;
                pen.letterSpacing = hint.letterSpacing === 'normal' ? '0px' : hint.letterSpacing;
                const inside = getComputedStyle(field);
                const room = field.clientWidth - parseFloat(inside.paddingLeft) - parseFloat(inside.paddingRight);
                if (pen.measureText(field.placeholder).width > room) {
                    wrong.push(`${field.placeholder} is cut`);
                }
            }
            return wrong;
        }; true",
    );
    opens(&tab, DIALOGS[5].1);
    let mut wrong = Vec::new();
    for (width, height) in SIZES {
        let mut screen = PHONE;
        (screen.width, screen.height) = (width, height);
        tab.show_on(screen);
        for language in LANGUAGES {
            tab.run(&format!("speaks('{language}')"));
            for (id, ways) in DIALOGS {
                opens(&tab, ways);
                let found = tab.run(&format!("cutIn('{id}')"));
                if found != Value::Array(Vec::new()) {
                    wrong.push(format!("{width}×{height} {language} {id}: {found}"));
                }
                tab.picture(&format!("fits-{width}x{height}-{language}-dialog-{id}"));
                tab.run("document.querySelector('dialog[open] .close')?.click()");
            }
            tab.tap("#enrol-back");
            // Both notices that say that a scan means something else.
            for button in ["more-look", "more-direction"] {
                opens(&tab, &["go-more", button]);
            }
            let found = tab.run("cutIn('notices')");
            if found != Value::Array(Vec::new()) {
                wrong.push(format!("{width}×{height} {language} notices: {found}"));
            }
            tab.picture(&format!("fits-{width}x{height}-{language}-notices"));
            tab.run("document.querySelectorAll('#notices button').forEach((key) => key.click())");
            tab.run("document.querySelectorAll('#notices button').forEach((key) => key.click())");
        }
    }
    assert!(
        wrong.is_empty(),
        "{} do not fit:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn opens(tab: &Tab<'_>, ways: &[&str]) {
    tab.run(&format!("opens('{}')", ways.join("', '")));
}
