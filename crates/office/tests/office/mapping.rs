//! The mapping parameters: pasted as they are, and cured through the page.

use crate::house::House;
use gate::site::interface::StoredInterface;
use staff::{AuditFilter, Role};
use stage::{Answer, Browser, Plan};

const MAPPING: &str = include_str!("../../../../examples/villeneuve/mapping.json");
const PATH: &str = "/office/set-up/mapping";

/// A museum whose doctor looks at sectors, and not at what they sell.
async fn museum() -> House {
    let plan = Plan {
        external_sales_every: None,
        ..Plan::default()
    };
    let house = House::open(plan, |_| ()).await;
    house.write("passerelle.toml", "[server]\nroles = [\"gate\"]\n", 0o600);
    house
}

/// An administrator at the page.
async fn at_the_page(house: &House) -> (Browser, String) {
    house.hire_as("mine", Role::Administrator).await;
    let mut browser = house.signed_in("mine").await;
    let csrf = browser.csrf(PATH).await;
    (browser, csrf)
}

async fn kept(house: &House) -> StoredInterface {
    gate::site::interface::read(&house.test.db).await.unwrap()
}

/// What the button sends that has this label.
fn button(answer: &Answer, label: &str) -> String {
    let text = &answer.text;
    let (before, _) = text
        .split_once(&format!(">{label}</button>"))
        .unwrap_or_else(|| panic!("no button {label}: {text}"));
    let (_, value) = before.rsplit_once("value=\"").unwrap();
    value.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_the_doctor_finds_is_cured_by_one_click_and_taken_up() {
    let house = museum().await;
    let (mut browser, csrf) = at_the_page(&house).await;
    let wrong = MAPPING.replacen("VN_AUG", "VN_AUX", 1);
    let saved = browser.post(PATH, &csrf, &[("text", &wrong)]).await;
    assert_eq!(
        saved.status, 303,
        "the doctor keeps nothing from being saved"
    );
    let page = browser.get(PATH).await;
    assert!(page.text.contains("<li value=\"4\">"), "{}", page.text);
    assert!(page.text.contains("visitors or sales will suffer"));
    assert!(page.text.contains("href=\"/office/set-up/doors\""));
    let cure = button(&page, "Write “VN_AUG” instead of “VN_AUX”");
    // The form holds what is not saved: it counts, not what is kept.
    let typed = wrong.replacen("PASSVN2", "PASSVN3", 1);
    let fields = [("text", typed.as_str()), ("cure", cure.as_str())];
    let answer = browser.post(PATH, &csrf, &fields).await;
    assert_eq!(answer.status, 303);
    let expected = MAPPING.replacen("PASSVN2", "PASSVN3", 1);
    assert_eq!(kept(&house).await.mapping, Some(expected));
    let page = browser.get(PATH).await;
    // A sector of the museum takes no passes, and has a scanner that lets people in.
    assert!(
        page.text.contains("where devices are enrolled (PDA13)"),
        "{}",
        page.text
    );
    assert_eq!(page.text.matches("<li value=").count(), 1);
    // Browsers end lines otherwise.
    let dos = MAPPING.replace('\n', "\r\n");
    browser.post(PATH, &csrf, &[("text", &dos)]).await;
    assert_eq!(kept(&house).await.mapping.as_deref(), Some(MAPPING));
    let changes = house.staff.audit(AuditFilter::default(), 100).await;
    let changes = changes.unwrap().into_iter();
    assert_eq!(changes.filter(|c| c.action == "mapping.changed").count(), 3);
}

#[tokio::test]
async fn six_mistakes_are_cured_one_by_one_and_nothing_else_changes() {
    let house = museum().await;
    let (mut browser, csrf) = at_the_page(&house).await;
    let mut text = MAPPING
        .replacen(
            "\"villeneuve\",",
            "\"https://pass.example.org/api/villeneuve\"",
            1,
        )
        .replacen("VN_AUG", "VN_AUX", 1)
        .replacen("PROVIDER#PCUMID000FSA5CD6", "PCUMID000FSA5CD6", 1)
        .replacen(
            "\"seasonCode\": \"VN26\",",
            "\"SeasonCode\": \"VN26\",, // season",
            1,
        );
    assert_eq!(kept(&house).await.mapping, None);
    for label in [
        "Write “,” here",
        "Write “villeneuve” instead of “https://pass.example.org/api/villeneuve”",
        "Write “PROVIDER#PCUMID000FSA5CD6” instead of “PCUMID000FSA5CD6”",
        "Write “VN_AUG” instead of “VN_AUX”",
        "Tidy up the text",
    ] {
        let page = browser.post(PATH, &csrf, &[("text", &text)]).await;
        let page = if page.status == 303 {
            browser.get(PATH).await
        } else {
            assert_eq!(page.status, 422);
            assert!(page.text.contains("Not taken up yet"), "{}", page.text);
            page
        };
        let cure = button(&page, label);
        let fields = [("text", text.as_str()), ("cure", cure.as_str())];
        browser.post(PATH, &csrf, &fields).await;
        let kept = kept(&house).await;
        text = kept.mapping_draft.or(kept.mapping).unwrap();
    }
    assert_eq!(text, MAPPING);
    assert_eq!(kept(&house).await.mapping_draft, None);
}

#[tokio::test]
async fn what_a_cut_text_lost_is_named() {
    let house = museum().await;
    let (mut browser, csrf) = at_the_page(&house).await;
    let (cut, _) = MAPPING.split_once("\"VN_CAS\"").unwrap();
    let page = browser.post(PATH, &csrf, &[("text", cut)]).await;
    assert_eq!(page.status, 422);
    assert!(
        page.text.contains("seems to have been cut"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("Write “}” here"), "{}", page.text);
    // Closed by hand, it can be used, and lacks a sector that a door leads to.
    let closed = format!("{}}}}}", cut.trim_end().trim_end_matches(','));
    let saved = browser.post(PATH, &csrf, &[("text", &closed)]).await;
    assert_eq!(saved.status, 303);
    let page = browser.get(PATH).await.text;
    assert!(page.contains("do not name the sector VN_CAS"), "{page}");
    assert!(!page.contains("Nothing to say against it"), "{page}");
    let twice = format!("{MAPPING}{MAPPING}");
    let page = browser.post(PATH, &csrf, &[("text", &twice)]).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("pasted twice"), "{}", page.text);
}

#[tokio::test]
async fn a_slip_is_mended_on_either_side() {
    let house = museum().await;
    let (mut browser, csrf) = at_the_page(&house).await;
    let sectors = async || {
        let site = gate::site::interface::read_site(&house.test.db).await;
        let sectors = site.unwrap().unwrap().sectors.into_keys();
        sectors.map(|code| code.to_string()).collect::<Vec<_>>()
    };
    browser.post(PATH, &csrf, &[("text", MAPPING)]).await;
    // The mapping parameters name the sector: they would lose it.
    let path = "/office/set-up/sectors/VN_AUG";
    let fields = [("code", "VN_AUX"), ("name", "Auguste")];
    let refused = browser.post(path, &csrf, &fields).await;
    assert!(
        refused.text.contains("the mapping parameters name it"),
        "{}",
        refused.text
    );
    let right = MAPPING.replacen("VN_AUG", "VN_AUX", 1);
    browser.post(PATH, &csrf, &[("text", &right)]).await;
    let page = browser.get(PATH).await;
    let cure = button(&page, "In the site: rename “VN_AUG” to “VN_AUX”");
    let fields = [("text", right.as_str()), ("cure", cure.as_str())];
    assert_eq!(browser.post(PATH, &csrf, &fields).await.status, 303);
    assert_eq!(kept(&house).await.mapping.as_ref(), Some(&right));
    let now = sectors().await;
    assert!(now.contains(&"VN_AUX".to_owned()) && !now.contains(&"VN_AUG".to_owned()));
    let site = gate::site::interface::read_site(&house.test.db).await;
    let site = site.unwrap().unwrap();
    let door = &site.doors[&"VN_AUG_D1".parse().unwrap()];
    assert!(door.sectors.contains(&"VN_AUX".parse().unwrap()));
}

#[tokio::test]
async fn of_two_entries_one_is_chosen() {
    let house = House::empty().await;
    let (mut browser, csrf) = at_the_page(&house).await;
    let twice = MAPPING.replacen("VN_RAY", "VN_AUG", 1);
    let page = browser.post(PATH, &csrf, &[("text", &twice)]).await;
    assert_eq!(page.status, 422);
    button(&page, "Keep the entry of line 4");
    let cure = button(&page, "Keep the entry of line 10");
    let fields = [("text", twice.as_str()), ("cure", cure.as_str())];
    assert_eq!(browser.post(PATH, &csrf, &fields).await.status, 303);
    let mapping = kept(&house).await.mapping.unwrap();
    let mapping = otipass::read_mapping(&mapping).mapping.unwrap();
    let kept = &mapping.sectors[&"VN_AUG".parse().unwrap()];
    assert_eq!(kept.service_id.as_str(), "PCUMID000FS4D3C1");
}

#[tokio::test]
async fn a_cure_that_is_no_longer_there_changes_nothing() {
    let house = House::empty().await;
    let (mut browser, csrf) = at_the_page(&house).await;
    for cure in [
        "comma_missing 2 34 0",
        "tidy",
        "tidy 1",
        "x y z 0",
        "comma_missing 2 34 99999999999999999999",
    ] {
        let fields = [("text", MAPPING), ("cure", cure)];
        let page = browser.post(PATH, &csrf, &fields).await;
        assert_eq!(page.status, 422, "{cure}");
        assert!(page.text.contains("The text has changed"), "{cure}");
    }
    assert_eq!(kept(&house).await.mapping, None);
    assert_eq!(kept(&house).await.mapping_draft, None);
}

#[tokio::test]
async fn a_draft_leaves_what_works_as_it_is() {
    let house = House::empty().await;
    let (mut browser, csrf) = at_the_page(&house).await;
    browser.post(PATH, &csrf, &[("text", MAPPING)]).await;
    let answer = browser.post(PATH, &csrf, &[("text", "{")]).await;
    assert_eq!(answer.status, 422);
    let kept = kept(&house).await;
    assert_eq!(kept.mapping.as_deref(), Some(MAPPING));
    assert_eq!(kept.mapping_draft.as_deref(), Some("{"));
    // It is taken up again where it was left.
    assert!(browser.get(PATH).await.text.contains("Not taken up yet"));
}

#[tokio::test]
async fn a_file_is_not_changed_here() {
    let house = House::open(Plan::empty(), |office| {
        office.set_up.mapping = office::Managed::ByFile("mapping.json".to_owned())
    })
    .await;
    house.hire_as("mine", Role::Administrator).await;
    let mut browser = house.signed_in("mine").await;
    let page = browser.get(PATH).await;
    assert!(page.text.contains("mapping.json") && !page.text.contains("<textarea"));
    let csrf = browser.csrf("/office/me").await;
    let answer = browser.post(PATH, &csrf, &[("text", MAPPING)]).await;
    assert_eq!(answer.status, 404);
    assert_eq!(kept(&house).await.mapping, None);
}
