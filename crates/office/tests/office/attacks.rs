//! What other sites, other people's texts and odd headers cannot do.

use crate::house::House;
use crate::matrix::access_table;
use reqwest::Method;
use staff::{Actor, Profile, Role};
use stage::{Browser, PASSWORD};
use std::collections::BTreeSet;

const SCRIPT: &str = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>";

async fn administrator(house: &House) -> Browser {
    house.hire(Role::Administrator).await;
    house.signed_in("administrator").await
}

const NEW: [(&str, &str); 3] = [
    ("name", "Eve"),
    ("login", "eve@x.example"),
    ("role", "administrator"),
];

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let house = House::empty().await;
    let mut browser = administrator(&house).await;
    let csrf = browser.csrf("/office/accounts/new").await;
    let others = house.hire(Role::Finance).await;
    let foreign = house
        .signed_in(&others.login)
        .await
        .csrf("/office/me")
        .await;
    let anonymous = house.browser().csrf("/office/sign-in").await;

    // Without the token, with another session's, or with one from before.
    for token in ["", "0", &foreign, &anonymous] {
        let answer = browser.post("/office/accounts/new", token, &NEW).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text.contains("This form is no longer valid"));
    }
    // With the token, but the browser says that another site sends it.
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://elsewhere.example"),
        ("origin", "null"),
    ] {
        let mut fields = NEW.to_vec();
        fields.push(("csrf", &csrf));
        let request = browser.request(Method::POST, "/office/accounts/new");
        let answer = browser
            .send(request.header(name, value).form(&fields))
            .await;
        assert_eq!(answer.status, 403, "{name}: {value}");
    }
    // In the address instead of the form, or as another kind of body.
    let path = format!("/office/accounts/new?csrf={csrf}");
    let answer = browser.post(&path, "", &NEW).await;
    assert_eq!(answer.status, 403);
    let request = browser.request(Method::POST, "/office/accounts/new");
    let body = format!("{{\"csrf\":\"{csrf}\"}}");
    let request = request.header("content-type", "text/plain").body(body);
    assert_eq!(browser.send(request).await.status, 403);
    assert_eq!(house.staff.accounts().await.unwrap().len(), 2);

    // And ours is taken: else all of this proves nothing.
    let answer = browser.post("/office/accounts/new", &csrf, &NEW).await;
    assert_eq!(answer.status, 200);
    assert_eq!(house.staff.accounts().await.unwrap().len(), 3);
    let mut fields = NEW.to_vec();
    fields[1].1 = "older@x.example";
    fields.push(("csrf", &csrf));
    let request = browser.request(Method::POST, "/office/accounts/new");
    let request = request.header("origin", house.url("")).form(&fields);
    assert_eq!(browser.send(request).await.status, 200, "an older browser");
}

#[tokio::test]
async fn signing_in_needs_a_form_of_ours_too() {
    let house = House::empty().await;
    house.hire(Role::Support).await;
    let mut browser = house.browser();
    let fields = [("login", "support"), ("password", PASSWORD)];
    let answer = browser.post("/office/sign-in", "", &fields).await;
    assert_eq!(answer.status, 403);
    let of_other = house.browser().csrf("/office/sign-in").await;
    browser.get("/office/sign-in").await;
    let answer = browser.post("/office/sign-in", &of_other, &fields).await;
    assert_eq!(answer.status, 403);
    // Nor is a file read, however small, of somebody who is not signed in.
    let csrf = browser.csrf("/office/sign-in").await;
    let request = browser.request(Method::POST, &format!("/office/sign-in?csrf={csrf}"));
    let request = request.header("content-type", "multipart/form-data; boundary=x");
    let file = "--x\r\ncontent-disposition: form-data; name=login\r\n\r\nsupport\r\n--x--";
    let answer = browser.send(request.body(file)).await;
    assert_eq!(answer.status, 403);
    assert!(browser.session().is_none());
}

#[tokio::test]
async fn a_proxy_that_is_not_named_is_told_of() {
    let house = House::staffed().await;
    let mut browser = house.signed_in("administrator").await;
    let request = browser.request(Method::GET, "/office/me");
    let request = request.header("x-forwarded-for", "192.0.2.1");
    assert_eq!(browser.send(request).await.status, 200);
    let today = browser.get("/office/").await.text;
    let said = "A proxy, 127.0.0.1, forwards requests and is not named";
    assert!(today.contains(said), "{today}");
}

#[tokio::test]
async fn nobody_is_led_to_another_site_and_no_header_is_slipped_in() {
    let house = House::empty().await;
    house.hire(Role::Support).await;
    for next in [
        "https://elsewhere.example/",
        "//elsewhere.example/office/",
        "/office/\r\nset-cookie: passerelle_session=planted",
        "/office/%0d%0aset-cookie:x=y",
        "/office/\\elsewhere.example",
        "/office//elsewhere.example",
        "javascript:alert(1)",
    ] {
        let mut browser = house.browser();
        let csrf = browser.csrf("/office/sign-in").await;
        let fields = [("login", "support"), ("password", PASSWORD), ("next", next)];
        let answer = browser.post("/office/sign-in", &csrf, &fields).await;
        let to = answer.leads_to();
        assert!(to.starts_with("/office/"), "{next:?} {to:?}");
        assert!(!to.contains("//") && !to.contains('\\'), "{next:?} {to:?}");
        assert!(!to.contains('\r') && !to.contains('\n'), "{next:?} {to:?}");
        assert_eq!(answer.set_cookies.len(), 1, "{next:?} {answer:?}");
        assert!(!answer.set_cookies[0].contains("planted"));
    }
}

/// Ends a header and begins another, ends its quotation, and goes elsewhere.
const HEADERS: &str = "x\r\nset-cookie: planted=1\r\n\r\n\"; filename=\"planted.html";

/// The names of the fields of a page's forms.
fn fields(page: &str) -> impl Iterator<Item = &str> {
    let names = page.split(" name=\"").skip(1);
    names.filter_map(|rest| rest.split('"').next())
}

#[tokio::test]
async fn no_text_of_any_form_or_address_becomes_a_header() {
    let house = House::empty().await;
    let mut browser = administrator(&house).await;
    let other = house.hire(Role::Finance).await.id.to_string();
    let table = access_table();
    let path = |path: &str| path.replace("{id}", &other).replace("{name}", "office.css");
    // What the handlers of the table take: what its pages ask for, and more that
    // only links have.
    let mut names: BTreeSet<String> = ["next", "key", "state", "code", "before", "after"]
        .map(str::to_owned)
        .into();
    for cell in table.iter().filter(|cell| cell.method == "GET") {
        let page = browser.get(&path(cell.path)).await;
        names.extend(fields(&page.text).map(str::to_owned));
    }
    names.remove("csrf");
    assert!(names.len() > 15, "{names:?}");
    let hostile: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), HEADERS)).collect();
    for cell in &table {
        let mut browser = house.signed_in("administrator").await;
        let csrf = browser.csrf("/office/me").await;
        let path = path(cell.path);
        let query = form(&hostile);
        let mut answers = vec![browser.get(&format!("{path}?{query}")).await];
        if cell.method == "POST" {
            answers.push(browser.post(&path, &csrf, &hostile).await);
        }
        let odd = browser.request(Method::GET, &path);
        let odd = odd.header("host", "planted.example");
        let odd = odd.header("x-forwarded-host", "planted.example");
        answers.push(
            browser
                .send(odd.header("x-request-id", "\"planted\""))
                .await,
        );
        for answer in answers {
            assert_ne!(answer.status, 500, "{cell:?}");
            for (name, value) in &answer.headers {
                // It comes back as it was sent: one word.
                let echoed = name == "x-request-id" && value == "\"planted\"";
                // The way back after signing in is a part of an address.
                let encoded = name == "location" && value.starts_with("/office/sign-in?next=%2F");
                assert!(
                    !value.contains("planted") || echoed || encoded,
                    "{cell:?} {name}: {value}"
                );
                assert!(
                    !value.contains("%0D") || encoded,
                    "{cell:?} {name}: {value}"
                );
            }
            for cookie in &answer.set_cookies {
                assert!(!cookie.contains("planted"), "{cell:?} {cookie}");
            }
        }
    }
}

#[tokio::test]
async fn links_for_others_lead_here_whatever_the_browser_calls_us() {
    let house = House::empty().await;
    let mut browser = administrator(&house).await;
    let csrf = browser.csrf("/office/accounts/new").await;
    let mut fields = NEW.to_vec();
    fields.push(("csrf", &csrf));
    let request = browser.request(Method::POST, "/office/accounts/new");
    // At the port whose cookies it has.
    let host = house.url("").replace("http://127.0.0.1", "planted.example");
    let request = request.header("host", host).form(&fields);
    let answer = browser.send(request).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .text
            .contains(&format!("{}/office/invitation?key=", house.url("")))
    );
    assert!(!answer.text.contains("planted.example"));
}

#[tokio::test]
async fn a_cookie_of_someone_else_says_nothing_of_its_own() {
    let house = House::empty().await;
    let mut browser = house.browser();
    house.hire(Role::Support).await;
    let name = browser.cookie_name("flash");
    let script = SCRIPT.replace(['"', ';'], "");
    browser.cookies.insert(name, script);
    let page = browser.get("/office/sign-in").await;
    assert!(!page.text.contains("alert(") && !page.text.contains("class=\"flash\""));
}

#[tokio::test]
async fn a_script_in_a_text_stays_text() {
    let house = House::empty().await;
    let mut browser = administrator(&house).await;
    let profile = |name: &str| Profile {
        name: name.to_owned(),
        login: "target@x.example".to_owned(),
        role: Role::Finance,
    };
    // The name of an account: on its pages, in the audit log, in the frame.
    let created = browser
        .submit(
            "/office/accounts/new",
            "/office/accounts/new",
            &[
                ("name", SCRIPT),
                ("login", "target@x.example"),
                ("role", "finance"),
            ],
        )
        .await;
    assert_eq!(created.status, 200);
    let accounts = house.staff.accounts().await.unwrap();
    let target = accounts.iter().find(|a| a.name == SCRIPT).unwrap();
    let key = created.between("?key=", "<");
    let chosen = [
        ("key", key.as_str()),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let mut theirs = house.browser();
    theirs
        .submit(
            &format!("/office/invitation?key={key}"),
            "/office/invitation",
            &chosen,
        )
        .await
        .leads_to();
    theirs
        .sign_in("target@x.example", PASSWORD)
        .await
        .leads_to();
    let one = format!("/office/accounts/{}", target.id);
    let mut pages = vec![created];
    for path in ["/office/accounts", one.as_str(), "/office/audit"] {
        pages.push(browser.get(path).await);
    }
    for path in ["/office/", "/office/me", "/office/audit", "/office/nothing"] {
        pages.push(theirs.get(path).await);
    }
    // What is refused comes back to be corrected.
    let fields = [("name", SCRIPT), ("login", SCRIPT), ("role", SCRIPT)];
    pages.push(
        browser
            .submit("/office/accounts/new", "/office/accounts/new", &fields)
            .await,
    );
    pages.push(browser.submit(&one, &one, &fields).await);
    pages.push(house.browser().sign_in(SCRIPT, SCRIPT).await);
    // Before and after of anything, by whoever.
    let actor = Actor {
        account: None,
        name: SCRIPT.to_owned(),
        address: SCRIPT.to_owned(),
    };
    house
        .staff
        .change_account(&actor, target.id, profile("Plain"))
        .await
        .unwrap();
    pages.push(browser.get("/office/audit").await);
    let query = form(&[
        ("kind", SCRIPT),
        ("who", SCRIPT),
        ("from", SCRIPT),
        ("before", SCRIPT),
    ]);
    pages.push(browser.get(&format!("/office/audit?{query}")).await);
    pages.push(
        house
            .browser()
            .get(&format!("/office/sign-in?{}", form(&[("next", SCRIPT)])))
            .await,
    );
    pages.push(
        house
            .browser()
            .get(&format!("/office/invitation?{}", form(&[("key", SCRIPT)])))
            .await,
    );

    let mut seen = 0;
    for page in &pages {
        // Our own scripts are files; any other would be somebody's text.
        let own = "<script type=\"module\" src=\"/office/assets/";
        let others = page.text.replace(own, "");
        assert!(!others.contains("<script"), "{}", page.text);
        assert!(!page.text.contains("<img src=x"), "{}", page.text);
        assert!(!page.text.contains("\"'>"), "{}", page.text);
        seen += page.text.matches("alert(").count();
        let policy = &page.headers["content-security-policy"];
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"));
    }
    assert!(seen > 8, "the text itself was shown: {seen}");
}

fn form(fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().map(|(name, value)| {
        let value: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        format!("{name}={value}")
    });
    fields.collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_it() {
    let house = House::empty().await;
    let mut browser = administrator(&house).await;
    let style = browser
        .get("/office/")
        .await
        .between("stylesheet\" href=\"", "\"");
    for path in [
        "/office/",
        "/office/nothing",
        "/office/sign-in",
        style.as_str(),
    ] {
        let answer = browser.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        let kept = &answer.headers["cache-control"];
        if path == style {
            assert!(kept.contains("immutable"));
            // What others are handed too brings nobody's cookie.
            let alone = house.browser().get(&style).await;
            assert!(alone.set_cookies.is_empty(), "{alone:?}");
            assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
        } else {
            assert_eq!(kept, "no-store");
        }
    }
}

#[tokio::test]
async fn a_huge_form_is_refused_in_words() {
    let house = House::empty().await;
    let mut browser = administrator(&house).await;
    let csrf = browser.csrf("/office/me").await;
    let name = "x".repeat(2 * 1024 * 1024);
    let fields = [("name", name.as_str()), ("login", "long")];
    let answer = browser.post("/office/accounts/new", &csrf, &fields).await;
    assert_eq!(answer.status, 413);
    assert!(answer.text.contains("That is too long"), "{answer:?}");
    // Each field takes far more room than its bytes.
    let many = vec![("a", ""); 3_000];
    let answer = browser.post("/office/accounts/new", &csrf, &many).await;
    assert_eq!(answer.status, 413);

    let mut anyone = house.browser();
    let csrf = anyone.csrf("/office/sign-in").await;
    let login = "x".repeat(20 * 1024);
    let fields = [("login", login.as_str()), ("password", "p")];
    let answer = anyone.post("/office/sign-in", &csrf, &fields).await;
    assert_eq!(answer.status, 413);
}
