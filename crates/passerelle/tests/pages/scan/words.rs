//! Five languages, and nothing in any of them that a volunteer cannot read.

use super::{BLOCKED, GOOD, House};
use browser::{Browser, PHONE, Tab};

const LANGUAGES: [(&str, &str, &str); 5] = [
    ("fr", "Prêt", "Ce pass est bloqué"),
    ("de", "Bereit", "Dieser Pass ist gesperrt"),
    ("it", "Pronto", "Questo pass è bloccato"),
    ("es", "Listo", "Este pase está bloqueado"),
    ("en", "Ready", "This pass is blocked"),
];

#[test]
fn the_page_speaks_five_languages() {
    let mut house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    house.enrol(&tab, "PDA01");
    for (code, ready, blocked) in LANGUAGES {
        tab.tap("#go-more");
        tab.tap("#more-settings");
        tab.until_shown("#settings-language");
        tab.run(&format!(
            "(() => {{
                const choice = document.querySelector('#settings-language');
                choice.value = '{code}';
                choice.dispatchEvent(new Event('change'));
            }})()"
        ));
        tab.until(&format!("document.documentElement.lang === '{code}'"));
        if code == "fr" {
            tab.picture("settings");
        }
        tab.tap("#settings .buttons .close");
        tab.until_text("#ready-title", ready);
        tab.wedge(BLOCKED, "Enter");
        tab.until_text("#answer-words", blocked);
        tab.picture(&format!("refused-{code}"));
        nothing_technical(&tab);
        tab.press("Escape");
    }
    house.kill();
    tab.wedge(GOOD, "Enter");
    tab.until_text("#answer-words", "Welcome (offline)");
    nothing_technical(&tab);
    tab.reload();
    tab.until_text("#ready-title", "Ready");
    assert_eq!(
        tab.run("document.documentElement.lang"),
        "en",
        "the choice stays"
    );
}

fn nothing_technical(tab: &Tab<'_>) {
    let shown = tab.run("document.body.innerText");
    let shown = shown.as_str().unwrap();
    for word in [
        "http",
        "Error",
        "undefined",
        "null",
        "NaN",
        "{",
        "404",
        "500",
        "503",
    ] {
        assert!(!shown.contains(word), "{word} in {shown}");
    }
    let empty = tab.run(
        "[...document.querySelectorAll('[data-t], button')]
            .filter((node) => node.checkVisibility() && !node.textContent && !node.ariaLabel)
            .map((node) => node.outerHTML)",
    );
    assert_eq!(empty, serde_json::json!([]));
}
