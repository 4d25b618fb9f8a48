//! Every page of the table, with sample data, in both languages and for each
//! role: whole, accessible in what can be read off the text, and light.

mod seen;

use super::access::{self, Address, Who};
use super::frame::Frame;
use super::{
    accounts, aside, assets, attendance, audit, checks, error_page, help, me, queue,
    reconciliation, sales, sales_files, second_step, set_up, sign_in, statement, support, today,
    welcome,
};
use askama::Template;
use kernel::{Finding, Language, Place, Say};
use staff::Role;
use std::collections::BTreeSet;

/// The most bytes of a page with all it loads.
const WEIGHT_BYTES: usize = 150_000;

/// Elements without an end.
const VOID: [&str; 6] = ["meta", "link", "img", "input", "br", "wbr"];
/// Parts of a picture that may end themselves.
const PICTURE: [&str; 2] = ["path", "rect"];

/// What is done at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Look,
    /// A form is sent, which is answered with a page of its own.
    Act,
}

use Deed::{Act, Look};

/// A page's HTML with sample data, in its states.
type Samples = fn(&Frame) -> Vec<String>;

/// Every page there is.
#[rustfmt::skip]
const PAGES: &[(Deed, Address, Samples)] = &[
    (Look, access::WELCOME, welcome::sample::samples),
    (Look, access::INVITATION, welcome::sample::invitation_samples),
    (Look, access::SIGN_IN, sign_in::sample::samples),
    (Look, access::SECOND_STEP, second_step::sample::samples),
    (Look, access::TODAY, today::sample::samples),
    (Look, access::CHECKS, checks::sample::samples),
    (Act, access::CHECKS, checks::sample::card_samples),
    (Look, access::CHECK, checks::story::sample::samples),
    (Look, access::SALES, sales::sample::samples),
    (Look, access::ATTENDANCE, attendance::sample::samples),
    (Look, access::STATEMENT, statement::sample::samples),
    (Look, access::RECONCILIATION, reconciliation::sample::samples),
    (Look, access::QUEUE, queue::sample::samples),
    (Look, access::QUEUE_LIST, queue::list::sample::samples),
    (Act, access::TRY_AGAIN, queue::sample::said_samples),
    (Act, access::SEND_AGAIN, queue::sample::said_samples),
    (Look, access::ASIDE, aside::sample::samples),
    (Act, access::ASIDE, aside::sample::said_samples),
    (Look, access::ASIDE_ONE, aside::sample::one_samples),
    (Look, access::SALES_FILES, sales_files::sample::samples),
    (Act, access::SALES_FILES, sales_files::sample::said_samples),
    (Act, access::SALES_RUN, sales_files::sample::said_samples),
    (Look, access::SALES_FILE, sales_files::sample::file_samples),
    (Act, access::SALES_FILE_AGAIN, sales_files::sample::again_samples),
    (Look, access::ME, me::sample::samples),
    (Act, access::TWO_STEPS, me::two_steps::sample::samples),
    (Act, access::TWO_STEPS_CONFIRM, me::two_steps::sample::code_samples),
    (Look, access::SET_UP, set_up::sample::samples),
    (Look, access::ORGANISATION, set_up::organisation::sample::samples),
    (Look, access::PLACES, set_up::places::sample::samples),
    (Look, access::NEW_SECTOR, set_up::thing::sample::new_sector),
    (Look, access::SECTOR, set_up::thing::sample::sector),
    (Look, access::NEW_DOOR, set_up::thing::sample::new_door),
    (Look, access::DOOR, set_up::thing::sample::door),
    (Look, access::NEW_DEVICE, set_up::thing::sample::new_device),
    (Look, access::DEVICES, set_up::devices::sample::samples),
    (Look, access::DEVICE, set_up::enrolment::sample::samples),
    (Act, access::DEVICE_ENROL, set_up::enrolment::sample::code_samples),
    (Look, access::DEVICE_REVOKE, set_up::enrolment::sample::revoke_samples),
    (Look, access::DEVICE_REMOVE, set_up::enrolment::sample::remove_samples),
    (Look, access::ENROL_SHEET, set_up::sheet::sample::samples),
    (Act, access::ENROL_SHEET, set_up::sheet::sample::sheet_samples),
    (Look, access::SITE_TABLE, set_up::table::sample::samples),
    (Act, access::SITE_TABLE, set_up::table::sample::plan_samples),
    (Look, access::CONNECTION, set_up::connection::sample::samples),
    (Act, access::CONNECTION, set_up::connection::sample::samples),
    (Look, access::MAPPING, set_up::mapping::sample::samples),
    (Look, access::CATALOGUE, set_up::catalogue::sample::samples),
    (Look, access::CATALOGUE_EDIT, set_up::catalogue::sample::edit_samples),
    (Look, access::CATALOGUE_TEXT, set_up::parts::sample::samples),
    (Look, access::TARIFF_MAPPING, set_up::tariff_mapping::sample::samples),
    (Look, access::BUYER, set_up::buyer::sample::samples),
    (Look, access::TEST_CARD, set_up::test_card::sample::samples),
    (Look, access::TESTED, set_up::test_card::sample::outcome_samples),
    (Look, access::DOCTOR, set_up::doctor::sample::samples),
    (Look, access::HELP, help::sample::samples),
    (Look, access::SUPPORT, support::sample::samples),
    (Look, access::ACCOUNTS, accounts::sample::list_samples),
    (Look, access::NEW_ACCOUNT, accounts::sample::new_samples),
    (Act, access::NEW_ACCOUNT, accounts::sample::invited_samples),
    (Look, access::ACCOUNT, accounts::sample::one_samples),
    (Act, access::ACCOUNT_RESET, accounts::sample::invited_samples),
    (Look, access::AUDIT, audit::sample::samples),
];

/// What only leads elsewhere, or is no page.
const NO_PAGES: &[Address] = &[
    access::PROVIDER,
    access::FROM_PROVIDER,
    access::ASSET,
    access::OFFICE,
    access::LIVE,
    access::SALES_TABLE,
    access::ATTENDANCE_TABLE,
    access::STATEMENT_TABLE,
    access::AUDIT_TABLE,
    access::CHECKS_TABLE,
    access::RECONCILIATION_TABLE,
    access::STATEMENT_PDF,
    access::SALES_FILE_ITSELF,
    access::SALES_FILE_REPORT,
    access::SITE_TABLE_CSV,
    access::SUPPORT_BUNDLE,
];

/// A finding of the doctor, about something in angle brackets.
pub(super) fn finding(code: &str, place: Place) -> Finding {
    let mut catalogue = doctor::catalogue();
    let entry = catalogue.find(|entry| entry.code == code).unwrap();
    let values = entry.slots.iter().map(|slot| format!("<b>{slot}").say());
    Finding::of(entry, place, values.collect())
}

/// Pages as HTML.
pub(super) fn html<P: Template>(pages: impl IntoIterator<Item = P>) -> Vec<String> {
    let pages = pages.into_iter();
    pages.map(|page| page.render().unwrap()).collect()
}

struct Page {
    name: String,
    language: Language,
    html: String,
}

/// All pages in both languages, as each role sees them.
fn pages() -> Vec<Page> {
    let all = |who: Who| match who {
        Who::Everybody => vec![None],
        Who::Roles(roles) => roles.iter().copied().map(Some).collect(),
    };
    let pages = staff::LANGUAGES.map(|language| pages_of(language, all));
    pages.into_iter().flatten().collect()
}

/// All pages in one language, as these roles of each see them.
fn pages_of(language: Language, roles: fn(Who) -> Vec<Option<Role>>) -> Vec<Page> {
    let mut pages = Vec::new();
    for (deed, address, samples) in PAGES {
        let who = match deed {
            Look => address.look,
            Act => address.act,
        };
        for role in roles(who.unwrap()) {
            let name = format!("{deed:?} {address} {role:?} {language:?}");
            let samples = samples(&Frame::sample(language, role));
            assert!(!samples.is_empty(), "{name} has no sample");
            pages.extend(samples.into_iter().map(|html| Page {
                name: name.clone(),
                language,
                html,
            }));
        }
    }
    for role in [None, Some(Role::Support)] {
        let samples = error_page::sample::samples(&Frame::sample(language, role));
        pages.extend(samples.into_iter().map(|html| Page {
            name: format!("an error {role:?} {language:?}"),
            language,
            html,
        }));
    }
    pages
}

/// The start tags with their attributes, after a look whether all elements end
/// in order.
fn tags(page: &Page) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    let mut open = Vec::new();
    for piece in page.html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| {
            panic!("{}: a tag without end: {piece}", page.name);
        });
        if let Some(ended) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(ended), "{}", page.name);
            continue;
        }
        let (name, attributes) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
        if name.starts_with('!') {
            continue;
        }
        let is_void = VOID.contains(&name) || PICTURE.contains(&name) && tag.ends_with('/');
        if !is_void {
            open.push(name.to_owned());
        }
        tags.push((name.to_owned(), attributes.to_owned()));
    }
    assert!(open.is_empty(), "{}: never ended: {open:?}", page.name);
    tags
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = format_split(attributes, name)?;
    rest.split_once('"').map(|(value, _)| value)
}

fn format_split<'a>(attributes: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let padded = format!("{name}=\"");
    attributes
        .match_indices(&padded)
        .find(|(at, _)| *at == 0 || attributes[..*at].ends_with(' '))
        .map(|(at, found)| (&attributes[..at], &attributes[at + found.len()..]))
}

#[test]
fn every_page_renders_in_both_languages() {
    for page in pages() {
        let name = &page.name;
        let html = &page.html;
        let lang = format!("<html lang=\"{}\">", page.language.as_str());
        assert!(html.contains(&lang), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one heading");
        assert!(
            !html.contains('{') && !html.contains('}'),
            "{name}: a place not filled in"
        );
        assert!(!html.contains("<b>"), "{name}: text that became markup");
        let weight = html.len() + assets::weight();
        assert!(weight < WEIGHT_BYTES, "{name} weighs {weight} bytes");
    }
}

#[test]
fn the_languages_are_not_each_other() {
    let pages = pages();
    let of = |language: Language| -> Vec<&str> {
        let pages = pages.iter().filter(|page| page.language == language);
        pages.map(|page| page.html.as_str()).collect()
    };
    let (fr, en) = (of(Language::Fr), of(Language::En));
    assert_eq!(fr.len(), en.len());
    for (fr, en) in fr.iter().zip(&en) {
        let title = |html: &str| {
            let (_, rest) = html.split_once("<title>").unwrap();
            rest.split_once('<').unwrap().0.to_owned()
        };
        assert_ne!(fr, en, "{}", title(fr));
    }
}

#[test]
fn what_can_be_read_off_the_text_is_accessible() {
    for page in pages() {
        let name = &page.name;
        let tags = tags(&page);
        let mut ids = BTreeSet::new();
        for (_, attributes) in &tags {
            if let Some(id) = attribute(attributes, "id") {
                assert!(ids.insert(id), "{name}: the id {id} twice");
            }
        }
        let labels: BTreeSet<&str> = tags
            .iter()
            .filter(|(tag, _)| tag == "label")
            .filter_map(|(_, attributes)| attribute(attributes, "for"))
            .collect();
        for (tag, attributes) in &tags {
            match tag.as_str() {
                "input" | "select" | "textarea"
                    if attribute(attributes, "type") != Some("hidden") =>
                {
                    let id = attribute(attributes, "id").unwrap_or_default();
                    assert!(labels.contains(id), "{name}: no label for {attributes}");
                }
                "th" => assert!(attribute(attributes, "scope").is_some(), "{name}: th"),
                "img" => assert!(attributes.contains("alt="), "{name}: img"),
                _ => {}
            }
            for reference in ["aria-describedby", "aria-labelledby", "popovertarget"] {
                for id in attribute(attributes, reference)
                    .unwrap_or_default()
                    .split(' ')
                {
                    assert!(
                        id.is_empty() || ids.contains(id),
                        "{name}: nothing is #{id}"
                    );
                }
            }
        }
    }
}

#[test]
fn no_link_is_called_by_an_id() {
    for page in pages() {
        for link in page.html.split("<a ").skip(1) {
            let (_, text) = link.split("</a>").next().unwrap().split_once('>').unwrap();
            let mut words = text.split(char::is_whitespace);
            let is_id = |word: &str| word.parse::<kernel::CheckId>().is_ok();
            assert!(!words.any(is_id), "{}: {text}", page.name);
        }
    }
}

#[test]
fn no_page_has_scripts_or_styles_of_its_own() {
    for page in pages() {
        for (tag, attributes) in tags(&page) {
            let name = &page.name;
            assert!(tag != "style", "{name}");
            assert!(tag != "script" || attributes.contains("src="), "{name}");
            assert!(
                attribute(&attributes, "style").is_none(),
                "{name}: {attributes}"
            );
            assert!(
                !attributes.starts_with("on") && !attributes.contains(" on"),
                "{name}"
            );
        }
    }
}

#[test]
fn no_page_loads_anything_from_elsewhere() {
    for page in pages() {
        for (tag, attributes) in tags(&page) {
            let loads = match tag.as_str() {
                "link" => attribute(&attributes, "href"),
                "base" | "iframe" | "object" | "embed" => Some("another document"),
                _ => attribute(&attributes, "src").or(attribute(&attributes, "srcset")),
            };
            let ours = loads.is_none_or(|address| address.starts_with("/office/assets/"));
            assert!(ours, "{}: <{tag} {attributes}>", page.name);
        }
    }
}

#[test]
fn every_form_that_changes_something_brings_its_token() {
    for page in pages() {
        let posts = page.html.matches("method=\"post\"").count();
        let tokens = page.html.matches("name=\"csrf\"").count();
        assert_eq!(posts, tokens, "{}", page.name);
    }
}

#[test]
fn every_page_has_its_samples() {
    for address in access::ALL.iter().filter(|address| address.look.is_some()) {
        let has_sample = PAGES
            .iter()
            .any(|(deed, of, _)| *deed == Look && of == address);
        let is_none = NO_PAGES.contains(address);
        assert!(has_sample != is_none, "{address}");
    }
}
