//! Every answer in every language, on a small phone, a large one, and one that lies: it
//! can be read without scrolling, and nothing is cut.

use super::House;
use browser::{Browser, PHONE, Tab};
use serde_json::Value;

const SIZES: [(u32, u32); 3] = [(360, 640), (390, 844), (640, 360)];
const LANGUAGES: [&str; 5] = ["en", "fr", "de", "it", "es"];

/// What the page shows of an answer: the outcome, and what only some have.
const ANSWERS: [(&str, &str); 20] = [
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
    ("trouble", "{}"),
    ("busy", "{}"),
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
            globalThis.shows = (language, outcome, {used, nth, count, ...more}) => {
                words.use(language);
                words.fill(document);
                if (outcome === 'ambiguous') return screen.ambiguous();
                if (outcome === 'trouble') return screen.trouble('storage');
                if (outcome === 'busy') return screen.trouble('busy');
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
