//! How the scanner page stands 20,000 unsent entries, in a browser as it is and in one
//! whose processor is slowed four times: from the last key of a scan to the painted
//! picture, the reload, and the sending beside scanning. `cargo xtask bench scan`;
//! `cargo xtask bench scan -- 5000` for fewer. On a machine that does other work the slowed
//! one is slower than any phone: what others take is multiplied, too.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(
    clippy::float_arithmetic,
    reason = "the browser tells its times in fractions of a millisecond"
)]

use browser::{Browser, PHONE, Tab};
use serde_json::{Value, json};
use stage::{Program, SET_UP, card};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const UNSENT: usize = 20_000;
const SCANS: usize = 100;
const SLOWED: u32 = 4;
/// What a gate needs.
const PICTURE: Duration = Duration::from_millis(100);
const RELOAD: Duration = Duration::from_secs(2);
const SENDING: Duration = Duration::from_secs(120);

/// Notes when the page is ready with its journal, and how long each answer takes from the
/// last key to the frame that shows it.
const WATCH: &str = "
    globalThis.times = [];
    let pressed = 0;
    addEventListener('keydown', ({key, timeStamp}) => {
        if (key === 'Enter') pressed = timeStamp;
    }, {capture: true});
    const painted = (then) => requestAnimationFrame(() => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = () => then(performance.now());
        port2.postMessage(null);
    });
    addEventListener('DOMContentLoaded', () => {
        let shown = '';
        new MutationObserver(() => {
            const unsent = document.querySelector('#unsent');
            if (globalThis.readyAt === undefined && unsent.textContent !== '0') {
                globalThis.readyAt = 0;
                painted((now) => { globalThis.readyAt = now; });
            }
            const number = document.querySelector('#answer-facts .pass dd')?.textContent ?? '';
            if (number === shown || document.querySelector('#answer').hidden) return;
            shown = number;
            painted((now) => times.push([number, now - pressed]));
        }).observe(document, {subtree: true, childList: true, attributes: true});
    });
";

fn main() -> ExitCode {
    let unsent = std::env::args()
        .find_map(|word| word.parse().ok())
        .unwrap_or(UNSENT);
    let configuration = format!("{SET_UP}repeat_window_s = 0\n");
    let mut house = Program::at_work(env!("CARGO_BIN_EXE_passerelle"), "", &configuration);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    tab.call(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({"source": WATCH}),
    );
    let page = format!("http://localhost:{}/scan", house.address.port());
    let code = house.fine(&["device", "enrol", "PDA01"]);
    tab.open(&format!("{page}#enrol={}", code.trim()));
    tab.until_text("#line", "Online");
    tab.until("navigator.serviceWorker.controller !== null");
    house.kill();
    scan(&tab, 0);
    tab.call("Performance.enable", json!({"timeDomain": "threadTicks"}));
    let mut is_slow = false;
    let mut first = 1;
    for unsent in [0, unsent] {
        keep(&tab, unsent);
        for rate in [1, SLOWED] {
            println!("\n{unsent} unsent, processor slowed {rate} times; ms");
            tab.call("Emulation.setCPUThrottlingRate", json!({"rate": rate}));
            let reloads = (0..5).map(|_| reload(&tab)).collect();
            is_slow |= print("reload", RELOAD, reloads);
            is_slow |= print("picture", PICTURE, scans(&tab, first));
            first += SCANS;
        }
    }

    house.start();
    let begun = Instant::now();
    tab.run("dispatchEvent(new Event('online'))");
    tab.until_text("#line", "Online");
    let mut beside = Vec::new();
    while tab.text("#unsent") != "0" {
        beside.push(scan(&tab, 2_000 + beside.len()));
    }
    let took = begun.elapsed();
    println!("\nbeside the sending, slowed");
    // The service is asked meanwhile, so there is no aim for the page alone.
    print("picture", Duration::MAX, beside);
    is_slow |= took > SENDING;
    let aim = if took > SENDING { "  TOO SLOW" } else { "" };
    println!(
        "{unsent} and more were sent in {:.1} s{aim}",
        took.as_secs_f64()
    );
    if is_slow {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Milliseconds until it can scan again.
fn reload(tab: &Tab<'_>) -> f64 {
    tab.reload();
    tab.until("globalThis.readyAt > 0");
    tab.run("readyAt").as_f64().unwrap()
}

/// So many scans, one after the other. What the page's own thread was busy for each is
/// printed beside: a machine with other work makes only the picture late.
fn scans(tab: &Tab<'_>, first: usize) -> Vec<f64> {
    let before = busy_ms(tab);
    let times = (first..first + SCANS)
        .map(|number| scan(tab, number))
        .collect();
    let each = (busy_ms(tab) - before) / 100.0;
    println!("page busy with each {each:10.0}");
    times
}

/// How long the page's own thread had the processor by now.
fn busy_ms(tab: &Tab<'_>) -> f64 {
    let metrics = tab.call("Performance.getMetrics", json!({}));
    let metrics = metrics["metrics"].as_array().unwrap();
    let busy = metrics
        .iter()
        .find(|metric| metric["name"] == "TaskDuration");
    busy.unwrap()["value"].as_f64().unwrap() * 1_000.0
}

/// Milliseconds from the last key to the picture.
fn scan(tab: &Tab<'_>, number: usize) -> f64 {
    let number = card(100_000 + number);
    tab.wedge(&number, "Enter");
    tab.until(&format!("times.at(-1)?.[0] === '{number}'"));
    let took = tab.run("times.at(-1)[1]").as_f64().unwrap();
    tab.press("Escape");
    took
}

/// Puts so many entries into the page's journal, each as one that it has made.
fn keep(tab: &Tab<'_>, count: usize) {
    let cards: Vec<Value> = (0..count).map(|number| card(number).into()).collect();
    let cards = Value::from(cards);
    tab.run(&format!(
        "new Promise((done) => {{
            indexedDB.open('passerelle-scan').onsuccess = ({{target: {{result}}}}) => {{
                const stores = result.transaction(['journal', 'entered'], 'readwrite');
                const [journal, entered] = ['journal', 'entered'].map((name) => stores.objectStore(name));
                journal.getAll().onsuccess = ({{target: {{result: known}}}}) => {{
                    const {{when, ...entry}} = known.at(-1);
                    for (const [index, card] of {cards}.entries()) {{
                        const id = crypto.randomUUID();
                        const at = new Date(Date.parse(entry.scanned_at) - 1_000 * index).toISOString();
                        const seq = entry.seq + 1 + index;
                        journal.put({{...entry, when, seq, id, code: card, card, scanned_at: at, told: true}});
                        entered.put({{card, id, at, when}});
                    }}
                }};
                stores.oncomplete = () => {{ result.close(); done(); }};
            }};
        }})"
    ));
}

/// Whether it is too slow.
fn print(what: &str, aim: Duration, mut times: Vec<f64>) -> bool {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
    let is_slow = Duration::from_secs_f64(at(95) / 1_000.0) > aim;
    println!(
        "{what:8} p50 {:6.0}  p95 {:6.0}  longest {:6.0}{}",
        at(50),
        at(95),
        at(100),
        if is_slow { "  TOO SLOW" } else { "" }
    );
    is_slow
}
