//! The scanner page, with a sandbox in place of Otipass.

mod agent;
mod crashes;
mod first_visit;
mod fits;
mod foreign;
mod input;
mod keyboards;
mod offline;
mod phone;
mod presentations;
mod rules;
mod tokens;
mod update;
mod words;

use crate::BIN;
use browser::Tab;
use serde_json::Value;
use stage::{Program, SET_UP, pass, wait};
use std::ops::{Deref, DerefMut};

/// A pass with entries without end.
const GOOD: &str = "00029975";
/// The same pass, as its chip says it.
const CHIP: &str = "villeneuve-00029975";
/// A pass with one entry.
const ONCE: &str = "12345674";
/// A pass that is blocked.
const BLOCKED: &str = "87638409";

const SITE: &str = r#"
institution = "VILLEN"
organisation = "VILLEN"
name = "Musées de Villeneuve"
timezone = "Europe/Paris"
currency = "EUR"

[[sector]]
code = "VN_AUG"
name = "Musée des Augustins"

[[sector]]
code = "VN_EXP"
name = "Exposition"

[[door]]
code = "VN_AUG_D1"
name = "Grande entrée"
sectors = ["VN_AUG"]

[[door]]
code = "VN_EXP_D1"
sectors = ["VN_EXP"]

[[device]]
code = "PDA01"
door = "VN_AUG_D1"
forced_entry = true
switch_direction = true

[[device]]
code = "PDA02"
name = "Guichet PDA02"
door = "VN_AUG_D1"
help_desk = false

[[device]]
code = "PDA13"
door = "VN_EXP_D1"
"#;

/// The museum.
struct House(Program);

impl Deref for House {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl DerefMut for House {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.0
    }
}

impl House {
    /// Opens it, with passes that Otipass knows besides the usual three.
    fn open(more_passes: &[String]) -> Self {
        Self::configured(more_passes, "")
    }

    /// The same, with more in the configuration.
    fn configured(more_passes: &[String], configuration: &str) -> Self {
        let more = more_passes.iter().map(|number| pass(number, "active", "*"));
        let mut passes: String = more.collect();
        passes += &pass(GOOD, "active", "*");
        passes += &pass(ONCE, "active", "1");
        passes += &pass(BLOCKED, "invalid", "*");
        let mut program = Program::new(BIN, &passes, &format!("{SET_UP}{configuration}"));
        program.write("site.toml", SITE);
        program.start();
        Self(program)
    }

    /// The address of the scanner page. Browsers trust this name without TLS.
    fn scan(&self) -> String {
        format!("http://localhost:{}/scan", self.address.port())
    }

    /// The version of the page.
    fn version(&self) -> String {
        wait(self.get("/scan")).between("data-version=\"", "\"")
    }

    /// A fresh enrolment code.
    fn enrolment_code(&self, device: &str) -> String {
        self.fine(&["device", "enrol", device]).trim().to_owned()
    }

    /// Opens the page by an enrolment link, and waits until it is ready.
    fn enrol(&self, tab: &Tab<'_>, device: &str) {
        let (page, code) = (self.scan(), self.enrolment_code(device));
        tab.open(&format!("{page}#enrol={code}"));
        tab.until_text("#where-device", device);
        tab.until_text("#line", "Online");
        tab.until("navigator.serviceWorker.controller !== null");
    }

    /// The attendance report.
    fn attendance(&self) -> Value {
        self.json(&["report", "attendance"])
    }

    fn reconciled(&self) -> Value {
        let printed = self.run(&["reconcile", "--format", "json"]).stdout;
        serde_json::from_slice(&printed).unwrap()
    }

    /// How many differences the reconciliation cannot explain.
    fn unexplained(&self) -> Value {
        self.reconciled()["unexplained"].clone()
    }
}

/// Counts in `felt` how often the page makes itself heard. The picture comes first; what
/// is felt comes when all else is done and kept.
fn feel(tab: &Tab<'_>) {
    tab.run(
        "globalThis.felt = [];
        navigator.vibrate = (rhythm) => { felt.push(rhythm); return true; };",
    );
}

/// The page finds that so much time has passed, by both of its clocks, since its answer
/// was painted and told.
fn later(tab: &Tab<'_>, millis: u32) {
    tab.run(
        "new Promise((told) => {
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(told)));
        })",
    );
    tab.run(&format!(
        "for (const clock of [Date, performance]) {{
            const before = clock.now.bind(clock);
            clock.now = () => before() + {millis};
        }}"
    ));
}

/// The passes of this house bear letters, as far as this page knows. It starts again.
fn with_letters(tab: &Tab<'_>) {
    tab.run(
        "new Promise((done) => {
            indexedDB.open('passerelle-scan').onsuccess = ({target: {result}}) => {
                const meta = result.transaction('meta', 'readwrite').objectStore('meta');
                meta.get('snapshot').onsuccess = ({target: {result: snapshot}}) => {
                    snapshot.detection.format = {
                        num_type: 'serial', letters: {min: 1, max: 4}, digits: {min: 6, max: 12},
                        checksum: 'luhn',
                    };
                    meta.put(snapshot, 'snapshot').onsuccess = () => { result.close(); done(); };
                };
            };
        })",
    );
    tab.reload();
    tab.until_text("#line", "Offline");
}

/// What the page keeps under a name.
fn stored(tab: &Tab<'_>, name: &str) -> Value {
    tab.run(&format!(
        "new Promise((done) => {{
            indexedDB.open('passerelle-scan').onsuccess = ({{target: {{result}}}}) => {{
                const meta = result.transaction('meta').objectStore('meta');
                meta.get('{name}').onsuccess = ({{target}}) => {{
                    result.close();
                    done(target.result ?? null);
                }};
            }};
        }})"
    ))
}
