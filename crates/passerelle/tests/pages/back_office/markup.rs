//! Texts of others stay texts: markup in everything that people and scanners can
//! enter, then every page.

use super::{begin, check as check_now, device_posts, open};
use browser::{Browser, DESK, Tab};
use kernel::{Clock, SystemClock};
use office::access::ALL;
use serde_json::{Value, json};
use stage::villeneuve::{CATALOGUE, GOOD};
use stage::{PASSWORD, Program};
use std::collections::{BTreeMap, BTreeSet};

/// Ends an attribute, opens elements, and runs if any of it is taken for markup.
const MARKUP: &str = "\"'><img src=x onerror=pwned=1><script>pwned=1</script>";

const SITE_TABLE: &str =
    "sector;sector_name;door;device;forced_entry\nVN_AUG;{};VN_AUG_D1;PDA01;yes\n";

const MAPPING: &str = r#"{
  "OtipassProjectId": "villeneuve",
  "sectorInfos": {
    "VN_AUG": {
      "OtipassServiceId": "PCUMID000FSA5CD6",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FSA5CD6",
      "seasonCode": "VN26",
      "productCode": "PASSVN"
    }
  }
}
"#;

/// Forms that would end what the others need, and have no text of anybody's.
const LEFT_ALONE: [&str; 6] = [
    "/sign-out",
    "/disable",
    "/enable",
    "/reset",
    "/revoke",
    "/remove",
];

/// What is for those who are not signed in, or no page of its own.
const ELSEWHERE: [&str; 8] = [
    "/office",
    "/office/welcome",
    "/office/invitation",
    "/office/sign-in/code",
    "/office/provider",
    "/office/provider/back",
    "/office/assets/{version}/{name}",
    "/office/live",
];

/// Every name in a text of the set-up is markup.
fn with_names(toml: &str) -> String {
    let lines = toml.lines().map(|line| {
        if line.starts_with("name = ") {
            format!("name = '''{MARKUP}'''\n")
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

/// The set-up, and a mapping with mistakes beside the one in use.
fn set_up(house: &Program, tab: &Tab<'_>) {
    tab.open(&house.url("/office/set-up/organisation"));
    tab.fill("name", MARKUP);
    tab.fill("institution", "VILLEN");
    tab.fill("organisation", "VILLEN");
    tab.submit("Save");
    let quoted = format!("\"{}\"", MARKUP.replace('"', "\"\""));
    for (path, text, button) in [
        (
            "/office/set-up/table",
            SITE_TABLE.replace("{}", &quoted),
            "Check",
        ),
        (
            "/office/set-up/catalogue/text",
            with_names(CATALOGUE),
            "Save",
        ),
    ] {
        tab.open(&house.url(path));
        tab.fill("text", &text);
        tab.submit(button);
        if button == "Check" {
            tab.submit("Yes, save this");
        }
        assert_eq!(
            tab.run("document.querySelector('.mistake, .verdict.bad') === null"),
            true
        );
    }
    tab.open(&house.url("/office/set-up/connection"));
    tab.fill("URL", &house.otipass.url);
    tab.fill("username", MARKUP);
    tab.fill("password", MARKUP);
    tab.submit("Save and try");
    tab.open(&house.url("/office/set-up/mapping"));
    tab.fill("text", MAPPING);
    tab.submit("Save");
    let broken = MAPPING.replacen("VN_AUG", &MARKUP.replace('"', "\\\""), 1);
    tab.open(&house.url("/office/set-up/mapping"));
    tab.fill("text", &broken);
    tab.submit("Save");
}

/// What scanners send: codes, notes, journals, enrolment codes, and their names
/// for themselves. Gives the id of an accepted check.
fn scan(house: &Program) -> String {
    let token = house.token("PDA01");
    let accepted = check_now(house, &token, GOOD);
    assert_eq!(accepted["admitted"], true, "{accepted}");
    assert_eq!(check_now(house, &token, MARKUP)["outcome"], "not_a_pass");
    let check = |n: u32, code: &str, fields: Value| {
        let mut check = json!({
            "id": format!("00000000-0000-4000-8000-{n:012}"),
            "code": code,
            "scanned_at": SystemClock.now(),
        });
        check
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        check
    };
    let forced = check(1, GOOD, json!({"forced_note": MARKUP}));
    let forced = device_posts(house, &token, "/api/v1/checks", &forced);
    assert_eq!(forced["outcome"], "accepted_forced", "{forced}");
    let journal = json!({"checks": [
        check(2, GOOD, json!({"outcome": "accepted_forced", "forced_note": MARKUP})),
        check(3, MARKUP, json!({"outcome": "accepted_offline"})),
        check(4, GOOD, json!({"outcome": MARKUP})),
    ]});
    let kept = device_posts(house, &token, "/api/v1/checks/batch", &journal);
    assert_eq!(kept["results"][1]["status"], "kept", "{kept}");
    device_posts(house, &token, "/api/v1/enrolment", &json!({"code": MARKUP}));
    accepted["id"].as_str().unwrap().to_owned()
}

/// A file from elsewhere with a name and rows of that kind.
fn sell(house: &Program, tab: &Tab<'_>) {
    let name = "STX_<img src=x onerror=pwned=1>.csv";
    let head = "INSTITUTION;ORGANIZATION;ORDER_NR;ORDER_DATE;OPERATION_TYPE;REMARK;\
        BUYING_CONTACT_NR;SEASON;PRODUCT;TARIFF;PRICE;VAT;PAYMENT_DATE;TICKET_STATE;\
        GENERATION_DATE;BARCODE;TAX_NUMBER;SHIPMENT_DATE;SHIPMENT_MODE";
    let field = format!("\"{}\"", MARKUP.replace('"', "\"\""));
    let row = [field.as_str(); 19].join(";");
    let path = house.path(name);
    std::fs::write(&path, format!("{head}\n{row}\n")).unwrap();
    let imported = house.run(&["sales", "import", path.to_str().unwrap()]);
    let said = String::from_utf8(imported.stdout).unwrap();
    assert!(said.contains("1 rejected"), "{said}");
    // And the same by the page, which keeps it beside its own.
    std::fs::write(&path, format!("{head}\n{row}\n\n")).unwrap();
    tab.open(&house.url("/office/sales-files"));
    tab.within("form[enctype]").attach("file", &path);
    tab.submit("Upload and import");
}

/// A colleague of that name, who signs in once with nothing right.
fn hire(house: &Program, tab: &Tab<'_>) {
    tab.open(&house.url("/office/accounts/new"));
    tab.fill("name", MARKUP);
    tab.fill("login", "eve@museum.example");
    tab.submit("Create the account and the link");
}

/// Looks for markup of ours on the page, and says whether the text was there.
fn look(tab: &Tab<'_>) -> bool {
    let found = tab.run(
        "(() => {
            const all = [...document.querySelectorAll('*')];
            const values = all.map((node) => node.value).filter((v) => typeof v === 'string');
            return {
                ran: typeof window.pwned !== 'undefined',
                ours: all.filter((node) => node.matches(\"[src='x']\")
                    || node.matches(\"script:not([src^='/office/assets/'])\")
                    || [...node.attributes].some(({name}) => name.startsWith('on')))
                    .map((node) => node.outerHTML.slice(0, 200)),
                shown: document.body.textContent.includes('onerror=pwned')
                    || values.some((value) => value.includes('onerror=pwned')),
            };
        })()",
    );
    assert_eq!(found["ran"], false, "{}", tab.path());
    assert_eq!(found["ours"], json!([]), "{}", tab.path());
    found["shown"] == true
}

/// Fills each text of each form of the page with markup and sends it, without
/// leaving the page; the answers must hold none of it as markup.
fn send_forms(tab: &Tab<'_>) {
    let answers = tab.run(&format!(
        "(async () => {{
            const answers = [];
            for (const form of document.querySelectorAll('form[method=post]')) {{
                const path = new URL(form.action).pathname;
                if ({left_alone}.some((end) => path.endsWith(end))) continue;
                const data = new URLSearchParams(new FormData(form));
                for (const field of form.querySelectorAll('input, textarea'))
                    if (['text', 'search', 'password', 'textarea', 'email', 'url'].includes(field.type))
                        data.set(field.name, {markup});
                const answer = await fetch(form.action, {{method: 'POST', body: data}});
                const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
                answers.push({{
                    path,
                    status: answer.status,
                    ours: [...page.querySelectorAll('*')].filter((node) => node.matches(\"[src='x']\")
                        || [...node.attributes].some(({{name}}) => name.startsWith('on')))
                        .map((node) => node.outerHTML.slice(0, 200)),
                }});
            }}
            return answers;
        }})()",
        left_alone = json!(LEFT_ALONE),
        markup = Value::from(MARKUP),
    ));
    for answer in answers.as_array().unwrap() {
        assert_eq!(answer["ours"], json!([]), "{answer}");
        assert_ne!(answer["status"], 500, "{answer}");
    }
}

/// Follows every link from these pages on, and gives the paths that were opened,
/// each with whether it showed the text.
fn every_page(
    (house, tab): (&Program, &Tab<'_>),
    starts: &[String],
    at_each: impl Fn(),
) -> BTreeMap<String, bool> {
    let mut seen = BTreeMap::new();
    let mut todo = starts.to_vec();
    let mut known: BTreeSet<String> = todo.iter().cloned().collect();
    while let Some(path) = todo.pop() {
        let kind = tab.run(&format!(
            "fetch({}).then(async (answer) => {{
                await answer.arrayBuffer();
                return answer.headers.get('content-type') ?? '';
            }})",
            Value::from(path.as_str())
        ));
        if !kind.as_str().unwrap().starts_with("text/html") {
            seen.insert(path, false);
            continue;
        }
        tab.open(&house.url(&path));
        let shown = look(tab);
        seen.insert(path, shown);
        let links = tab.run(
            "[...document.querySelectorAll('a[href]')]
                .map((link) => new URL(link.href))
                .filter((url) => url.origin === location.origin && url.pathname.startsWith('/office/'))
                .map((url) => url.pathname + url.search)",
        );
        for link in links.as_array().unwrap() {
            let link = link.as_str().unwrap().to_owned();
            let path = link.split('?').next().unwrap();
            if known.insert(path.to_owned()) {
                todo.push(link);
            }
        }
        at_each();
    }
    seen
}

/// Whether a path is of this row of the table.
fn is_of(row: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap();
    let (row, path): (Vec<_>, Vec<_>) = (row.split('/').collect(), path.split('/').collect());
    row.len() == path.len()
        && row
            .iter()
            .zip(&path)
            .all(|(row, path)| row == path || row.starts_with('{') && !path.is_empty())
}

#[test]
fn markup_in_any_text_stays_text_on_every_page() {
    let (house, secret) = open("");
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    let odd = json!({"userAgent": MARKUP, "acceptLanguage": "en"});
    tab.call("Network.setUserAgentOverride", odd);
    begin((&house, &secret), &tab, MARKUP);
    set_up(&house, &tab);
    hire(&house, &tab);
    let accepted = scan(&house);
    sell(&house, &tab);

    let starts = [
        "/office/".to_owned(),
        "/office/sign-in".to_owned(),
        // After the test card, a form leads here.
        format!("/office/set-up/test-card/{accepted}"),
        // Where something waits, or says that nothing does.
        "/office/queue/in_flight".to_owned(),
        "/office/queue/tariff_not_mapped".to_owned(),
    ];
    let pages = every_page((&house, &tab), &starts, || ());
    for address in ALL.iter().filter(|address| address.look.is_some()) {
        let path = address.path;
        assert!(
            ELSEWHERE.contains(&path) || pages.keys().any(|page| is_of(path, page)),
            "no page leads to {path}; they lead to {:#?}",
            pages.keys()
        );
    }
    for path in [
        "/office/accounts",
        "/office/audit",
        "/office/set-up/mapping",
    ] {
        assert!(pages[path], "{path} shows the text itself");
    }
    let shown = pages.values().filter(|shown| **shown).count();
    assert!(shown * 4 > pages.len() * 3, "{shown} of {}", pages.len());

    // And now through each form that there is.
    every_page((&house, &tab), &starts, || send_forms(&tab));
    every_page((&house, &tab), &starts, || ());

    // From outside: a login that is refused, and addresses.
    tab.call("Network.clearBrowserCookies", json!({}));
    let text: String = MARKUP.bytes().map(|b| format!("%{b:02x}")).collect();
    for path in [
        format!("/office/sign-in?next={text}"),
        format!("/office/invitation?key={text}"),
        format!("/office/{text}"),
        "/office/sign-in".to_owned(),
    ] {
        tab.open(&house.url(&path));
        look(&tab);
        send_forms(&tab);
    }
    tab.fill("login", MARKUP);
    tab.fill("password", PASSWORD);
    tab.submit("Sign in");
    look(&tab);
    // At its end the browser says whether any page complained, such as of what
    // the content security policy stopped.
}
