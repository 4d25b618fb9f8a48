//! The browser itself: it does what a person does, and says what it can't find.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use browser::{Browser, DESK, PHONE, Tab, Theme};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

const FORM: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Form</title>
<style>@media (prefers-color-scheme: dark) { body { color: rgb(1, 2, 3) } }</style>
<nav><a href="next.html">Go on</a></nav>
<form id="a" action="next.html">
<label for="name">Name <small>of the museum</small></label><input id="name" name="who" value="old">
<label>Day <input type="date" name="day"></label>
<label>Text <textarea name="text">old</textarea></label>
<label>Kind <select name="kind"><option value="p">Painting</option><option value="s">Sculpture</option></select></label>
<label><input type="checkbox" name="open"> Open on Mondays</label>
<label>List <input type="file" name="list"></label>
<button>Save</button>
</form>
<form id="b" action="form.html"><label>Name <input name="other"></label><button>Save</button></form>
"#;

const NEXT: &str = "<!doctype html><html lang=\"en\"><title>Next</title><h1>Next</h1>";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("form.html"), FORM).unwrap();
    std::fs::write(folder.path().join("next.html"), NEXT).unwrap();
    folder
}

fn open(tab: &Tab<'_>, folder: &Path) {
    tab.open(&format!("file://{}", folder.join("form.html").display()));
}

#[test]
fn a_form_is_filled_in_by_its_labels() {
    let folder = folder();
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    open(&tab, folder.path());
    let part = tab.within("#a");
    part.fill("Name of the museum", "Musée d’Orsay & <b>");
    part.fill("day", "2026-07-14");
    part.fill("Text", "two\nlines");
    part.choose("Kind", "Sculpture");
    part.tick("Open on Mondays");
    part.tick("Open on Mondays");
    part.attach("List", &folder.path().join("next.html"));
    tab.whole_picture("browser-form");
    part.submit("Save");
    assert_eq!(tab.text("h1"), "Next");
    let sent = tab.run("Object.fromEntries(new URLSearchParams(location.search))");
    assert_eq!(sent["who"], "Musée d’Orsay & <b>");
    assert_eq!(sent["day"], "2026-07-14");
    assert_eq!(sent["text"], "two\r\nlines");
    assert_eq!(sent["kind"], "s");
    assert_eq!(sent["open"], "on");
    assert_eq!(sent["list"], "next.html");

    open(&tab, folder.path());
    tab.within("#a").fill("Name of the museum", "");
    assert_eq!(tab.run("document.querySelector('#name').value"), "");
    tab.follow("Go on");
    assert!(tab.path().ends_with("/next.html"));
}

#[test]
fn screens_and_themes_are_what_they_say() {
    let folder = folder();
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    open(&tab, folder.path());
    let colour = "getComputedStyle(document.body).color";
    assert_eq!(tab.run("innerWidth"), 1280);
    assert_eq!(tab.run(colour), "rgb(0, 0, 0)");
    tab.show_in(Theme::Dark);
    tab.show_on(PHONE);
    assert_eq!(tab.run("screen.width"), 390);
    assert_eq!(tab.run(colour), "rgb(1, 2, 3)");
    tab.show_in(Theme::Light);
    assert_eq!(tab.run(colour), "rgb(0, 0, 0)");
}

#[test]
fn what_is_not_there_or_there_twice_is_named() {
    let folder = folder();
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    open(&tab, folder.path());
    for (wanted, act) in [
        (
            "0 are named Colour",
            &(|| tab.fill("Colour", "red")) as &dyn Fn(),
        ),
        ("2 are named Save", &|| tab.submit("Save")),
        ("Painting, Sculpture", &|| tab.choose("kind", "Poem")),
    ] {
        let refused = catch_unwind(AssertUnwindSafe(act)).unwrap_err();
        let said = refused.downcast_ref::<String>().unwrap();
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn what_a_page_complains_of_is_kept() {
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    tab.run("setTimeout(() => { throw new Error('odd'); })");
    tab.run("new Promise((done) => setTimeout(done))");
    let complaints = browser.take_complaints();
    assert!(complaints[0].contains("odd"), "{complaints:?}");
    assert!(browser.take_complaints().is_empty());
}

/// A page that gives a field the focus has done so before anything is typed:
/// else the browser complains, and the focus may leave a field being filled in.
#[test]
fn a_page_has_come_when_its_field_has_the_focus() {
    const ASKS: &str = "<!doctype html><html lang=\"en\"><title>Asks</title>\
        <form><label>First <input name=\"first\"></label>\
        <label>Second <input name=\"second\" autofocus></label>\
        <button>Again</button></form>";
    let folder = folder();
    let page = folder.path().join("asks.html");
    std::fs::write(&page, ASKS).unwrap();
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    tab.open(&format!("file://{}", page.display()));
    for _ in 0..20 {
        tab.fill("First", "typed at once");
        tab.submit("Again");
    }
    let behind = browser.tab(DESK);
    behind.open(&format!("file://{}", page.display()));
    tab.reload();
    assert_eq!(browser.take_complaints(), [""; 0]);
}
