//! Every page as people see it: in a real browser, on a desk and on a phone, in
//! light and in dark, held against the rules of accessibility (WCAG 2.0 to 2.2,
//! A and AA) as far as axe can tell.
//!
//! `PASSERELLE_SCREENSHOTS=DIR` keeps a picture of each.

use super::{Page, pages_of};
use crate::back_office::assets;
use crate::back_office::routes::Who;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use browser::{Browser, DESK, PHONE, Screen, Tab, Theme};
use serde_json::{Value, json};
use staff::{Language, Role};
use std::collections::BTreeMap;

/// Where axe is; `cargo xtask test` says so, or that it is `unreachable`.
const VARIABLE: &str = "PASSERELLE_TEST_AXE";

/// What axe looks for, by its own words for it.
const RULES: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// How a page is looked at; each has its language, for the lengths of its words.
const VIEWS: [(&str, Screen, Theme, Language); 4] = [
    ("desk-light", DESK, Theme::Light, Language::Fr),
    ("desk-dark", DESK, Theme::Dark, Language::En),
    ("phone-light", PHONE, Theme::Light, Language::En),
    ("phone-dark", PHONE, Theme::Dark, Language::Fr),
];

#[test]
fn every_page_fits_its_screen_and_axe_finds_nothing_serious() {
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    tab.run("document.open(); document.write('<!doctype html><html><head></head><body></body></html>'); document.close()");
    let axe = with_axe(&tab);
    let mut faults = Vec::new();
    for (view, screen, theme, language) in VIEWS {
        tab.show_on(screen);
        tab.show_in(theme);
        let mut of_route = BTreeMap::new();
        for page in pages_of(language, most) {
            let count = of_route.entry(page.name.clone()).or_insert(0);
            *count += 1;
            lay(&tab, &page);
            let name: String = page
                .name
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(|word| format!("{word}-"))
                .collect();
            tab.whole_picture(&format!("{name}{count}-{view}"));
            let place = format!("{view}, {} ({count})", page.name);
            faults.extend(too_wide(&tab).map(|what| format!("{place}: {what}")));
            if axe {
                faults.extend(axe_faults(&tab).map(|what| format!("{place}: {what}")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
    let html = Value::from(page.html.replace(assets::icon(), &icon));
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
fn axe_faults(tab: &Tab<'_>) -> impl Iterator<Item = String> + use<> {
    let options = json!({
        "runOnly": {"type": "tag", "values": RULES},
        "resultTypes": ["violations"],
        // Off unless named: how far apart what is tapped stands.
        "rules": {"target-size": {"enabled": true}},
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
