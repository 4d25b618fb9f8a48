//! Every page as people see it: in a real browser, on a desk, a tablet and a phone,
//! in light and in dark, in both languages, held against the rules of accessibility (WCAG 2.0 to 2.2,
//! A and AA) as far as axe can tell.
//!
//! `PASSERELLE_SCREENSHOTS=DIR` keeps a picture of each.

use super::{Frame, Page, help, pages_of};
use crate::access::Who;
use crate::assets;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use browser::{Browser, DESK, PHONE, Screen, TABLET, Tab, Theme};
use kernel::Language;
use serde_json::{Value, json};
use staff::Role;
use std::collections::{BTreeMap, BTreeSet};

/// Where axe is; `cargo xtask test` says so, or that it is `unreachable`.
const VARIABLE: &str = "PASSERELLE_TEST_AXE";

/// What axe looks for, by its own words for it.
const RULES: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

#[test]
fn every_page_fits_and_axe_finds_nothing_serious() {
    // In the dark only colours are others.
    look_at_all(Language::En, DESK, |theme| {
        Some(match theme {
            Theme::Light => json!({"type": "tag", "values": RULES}),
            Theme::Dark => json!({"type": "rule", "values": ["color-contrast"]}),
        })
    });
}

#[test]
fn every_page_fits_in_longer_words_and_a_finger() {
    // Colours and roles are those of the desk.
    look_at_all(Language::Fr, PHONE, |theme| match theme {
        Theme::Light => Some(json!({"type": "rule", "values": ["target-size"]})),
        Theme::Dark => None,
    });
}

#[test]
fn tables_of_documents_fit_a_tablet() {
    let browser = Browser::start(None);
    let tab = browser.tab(TABLET);
    let frame = Frame::sample(Language::En, Some(Role::Administrator));
    for html in help::sample::all(&frame) {
        let page = Page {
            name: String::new(),
            language: Language::En,
            html,
        };
        lay(&tab, &page);
        let wide = tab.run(
            "[...document.querySelectorAll('.table')]
                .filter((table) => table.scrollWidth > table.clientWidth)
                .map((table) => `${document.title}: ${table.scrollWidth} of ${table.clientWidth} points, ${table.innerText.slice(0, 200)}`)",
        );
        assert_eq!(wide, json!([]));
    }
}

/// On all screens; `rules` says what axe looks for in each theme on the last of them, if it
/// looks.
fn look_at_all(language: Language, last: Screen, rules: fn(Theme) -> Option<Value>) {
    let mut screens = [DESK, TABLET, PHONE];
    screens.sort_by_key(|screen| screen.width == last.width);
    let browser = Browser::start(None);
    let tab = browser.tab(screens[0]);
    tab.run("document.open(); document.write('<!doctype html><html><head></head><body></body></html>'); document.close()");
    let axe = with_axe(&tab);
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut of_route = BTreeMap::new();
    for page in pages_of(language, most) {
        let count = of_route.entry(page.name.clone()).or_insert(0);
        *count += 1;
        // Some forms answer with the page that they are on.
        if !seen.insert(page.html.clone()) {
            continue;
        }
        lay(&tab, &page);
        for screen in screens {
            tab.show_on(screen);
            let place = format!("{} ({count}), {}", page.name, screen.width);
            faults.extend(too_wide(&tab).map(|what| format!("{place}: {what}")));
            for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
                tab.show_in(theme);
                let picture = format!("{}{count}-{}-{name}", words(&page.name), screen.width);
                tab.whole_picture(&picture);
                let rules = rules(theme).filter(|_| axe && screen.width == last.width);
                if let Some(rules) = rules {
                    let found = axe_faults(&tab, &rules);
                    faults.extend(found.map(|what| format!("{place}, {name}: {what}")));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The name of a page as part of a file's name.
fn words(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("{word}-"))
        .collect()
}

/// Of all who may open a page, the one who sees most of it.
fn most(who: Who) -> Vec<Option<Role>> {
    match who {
        Who::Everybody => vec![None],
        Who::Roles(roles) => roles.first().copied().map(Some).into_iter().collect(),
    }
}

/// Lays the page before the browser, with its styles.
fn lay(tab: &Tab<'_>, page: &Page) {
    let icon = BASE64_STANDARD.encode(assets::text("icon.svg"));
    let icon = format!("data:image/svg+xml;base64,{icon}");
    let html = Value::from(page.html.replace(assets::address("icon.svg"), &icon));
    let styles = Value::from(assets::text("office.css"));
    tab.run(&format!(
        "(() => {{
            const page = new DOMParser().parseFromString({html}, 'text/html');
            const styles = document.createElement('style');
            styles.textContent = {styles};
            document.documentElement.lang = page.documentElement.lang;
            document.head.replaceChildren(...page.head.childNodes, styles);
            document.body.replaceWith(page.body);
            scrollTo(0, 0);
        }})()"
    ));
}

/// What stands out of the screen, if anything does.
fn too_wide(tab: &Tab<'_>) -> impl Iterator<Item = String> + use<> {
    let found = tab.run(
        "(() => {
            const root = document.documentElement;
            if (root.scrollWidth <= root.clientWidth) return [];
            const wide = [...document.body.querySelectorAll('*')].filter((node) =>
                node.checkVisibility() && node.getBoundingClientRect().right > root.clientWidth + 1);
            return [`${root.scrollWidth - root.clientWidth} points wider than the screen: `
                + wide.slice(0, 3).map((node) => node.outerHTML.slice(0, 120)).join(' … ')];
        })()",
    );
    serde_json::from_value::<Vec<String>>(found)
        .unwrap()
        .into_iter()
}

/// Gives the browser axe, unless it was out of reach.
fn with_axe(tab: &Tab<'_>) -> bool {
    let path = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{VARIABLE} does not say where axe is; `cargo xtask test` sets it, and by hand: \
             cargo xtask axe; export {VARIABLE}=$PWD/target/axe-core-…/axe.min.js"
        )
    });
    if path == "unreachable" {
        return false;
    }
    let code = std::fs::read_to_string(path).unwrap();
    tab.run(&format!("{code}; typeof axe.run"));
    true
}

/// What axe finds serious or critical on the page.
fn axe_faults(tab: &Tab<'_>, rules: &Value) -> impl Iterator<Item = String> + use<> {
    let options = json!({
        "runOnly": rules,
        "resultTypes": ["violations"],
        // Off unless named: how far apart what is tapped stands.
        "rules": {"target-size": {"enabled": rules["values"] != json!(["color-contrast"])}},
        "preload": false,
    });
    let found = tab.run(&format!(
        "axe.run(document, {options}).then(({{violations}}) => violations
            .filter((rule) => ['serious', 'critical'].includes(rule.impact))
            .flatMap((rule) => rule.nodes.map((node) =>
                `${{rule.id}} (${{rule.impact}}): ${{node.html.slice(0, 160)}} ${{node.failureSummary}}`)))"
    ));
    serde_json::from_value::<Vec<String>>(found)
        .unwrap()
        .into_iter()
}
