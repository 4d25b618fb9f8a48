//! The first run, signing in and out, how long a session lasts, and how wrong
//! attempts slow the next ones down.

use crate::house::House;
use staff::session::{IDLE_MS, LONGEST_MS};
use staff::{Role, Token};
use stage::{Answer, Browser, PASSWORD, Plan};

async fn take_welcome(browser: &mut Browser, secret: &str, login: &str) -> Answer {
    let fields = [
        ("secret", secret),
        ("name", "Camille Martin"),
        ("login", login),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    browser
        .submit("/office/welcome", "/office/welcome", &fields)
        .await
}

#[tokio::test]
async fn the_secret_makes_the_first_administrator_once() {
    let house = House::empty().await;
    let secret = house.staff.open_welcome().await.unwrap().unwrap();
    let mut browser = house.browser();
    assert_eq!(browser.get("/office/").await.leads_to(), "/office/welcome");

    for wrong in ["", "AAAAA-AAAAA-AAAAA-AAAAA"] {
        let refused = take_welcome(&mut browser, wrong, "camille").await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("This secret is not right"));
    }
    assert!(!house.staff.has_accounts().await.unwrap());

    let sloppy = secret.reveal().to_lowercase().replace('-', " ");
    let taken = take_welcome(&mut browser, &sloppy, "camille").await;
    assert_eq!(taken.leads_to(), "/office/set-up", "nothing is set up yet");
    let page = browser.get("/office/").await;
    assert!(page.text.contains("Camille Martin") && page.text.contains("Administrator"));

    // It is used up, and a new start gives no other.
    let mut other = house.browser();
    assert_eq!(
        other.get("/office/welcome").await.leads_to(),
        "/office/sign-in"
    );
    let csrf = other.csrf("/office/sign-in").await;
    let fields = [
        ("secret", secret.reveal()),
        ("name", "Eve"),
        ("login", "eve"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let again = other.post("/office/welcome", &csrf, &fields).await;
    assert_eq!(again.status, 422);
    assert_eq!(house.staff.accounts().await.unwrap().len(), 1);
    assert!(house.staff.open_welcome().await.unwrap().is_none());
}

#[tokio::test]
async fn the_first_run_names_every_mistake_at_once() {
    let house = House::empty().await;
    let secret = house.staff.open_welcome().await.unwrap().unwrap();
    let mut browser = house.browser();
    let fields = [
        ("secret", secret.reveal()),
        ("name", " "),
        ("login", "a b"),
        ("password", "short"),
        ("again", "short"),
    ];
    let refused = browser
        .submit("/office/welcome", "/office/welcome", &fields)
        .await;
    assert_eq!(refused.status, 422);
    for field in ["name", "login", "password"] {
        let mistake = format!("id=\"{field}-mistake\"");
        assert!(refused.text.contains(&mistake), "{field}");
    }
    assert!(!refused.text.contains("short\""), "no password comes back");
    assert!(!house.staff.has_accounts().await.unwrap());
}

#[tokio::test]
async fn signing_in_leads_to_the_page_that_was_wanted_and_out_ends_the_session() {
    let house = House::empty().await;
    house.hire(Role::Administrator).await;
    let mut browser = house.browser();
    let sent = browser.get("/office/audit?kind=account").await;
    assert_eq!(
        sent.leads_to(),
        "/office/sign-in?next=%2Foffice%2Faudit%3Fkind%3Daccount"
    );
    let form = browser.get(sent.leads_to()).await;
    let next = form.field("next").unwrap();
    let csrf = form.field("csrf").unwrap();
    let fields = [
        ("login", " Administrator "),
        ("password", PASSWORD),
        ("next", next.as_str()),
    ];
    let inside = browser.post("/office/sign-in", &csrf, &fields).await;
    assert_eq!(inside.leads_to(), "/office/audit?kind=account");
    assert_eq!(browser.get("/office/audit").await.status, 200);

    let stolen = browser.clone();
    let out = browser.submit("/office/", "/office/sign-out", &[]).await;
    assert_eq!(out.leads_to(), "/office/sign-in");
    assert!(browser.session().is_none());
    let mut stolen = stolen;
    let sent = stolen.get("/office/").await;
    assert_eq!(
        sent.leads_to(),
        "/office/sign-in",
        "the old cookie is worth nothing"
    );
    let page = browser.get("/office/sign-in").await;
    assert!(page.text.contains("You have signed out."));
    let page = browser.get("/office/sign-in").await;
    assert!(
        !page.text.contains("You have signed out."),
        "it is said once"
    );
}

#[tokio::test]
async fn nothing_tells_whether_there_is_an_account() {
    let house = House::empty().await;
    let admin = house.hire(Role::Administrator).await;
    let gone = house.hire(Role::Finance).await;
    let actor = staff::Actor::service();
    house.staff.disable(&actor, gone.id).await.unwrap();
    let invited = staff::Profile {
        name: "Invited".to_owned(),
        login: "invited".to_owned(),
        role: Role::Support,
    };
    house.staff.create_account(&actor, invited).await.unwrap();
    let mut pages = Vec::new();
    for login in [admin.login.as_str(), "finance", "invited", "nobody"] {
        let password = if login == "finance" {
            PASSWORD
        } else {
            "wrong"
        };
        for _ in 0..6 {
            let mut browser = house.browser();
            let answer = browser.sign_in(login, password).await;
            assert!(browser.session().is_none());
            let text = answer.text.replace(&format!("value=\"{login}\""), "LOGIN");
            let csrf = answer.field("csrf").unwrap();
            pages.push((answer.status, text.replace(&csrf, "CSRF")));
        }
    }
    for of_login in pages.chunks(6) {
        assert_eq!(of_login, &pages[..6]);
    }
    assert_eq!(pages[0].0, 422);
    assert_eq!(pages[5].0, 429);
}

#[tokio::test]
async fn wrong_attempts_slow_the_account_down_but_not_the_others() {
    let house = House::empty().await;
    house.hire(Role::Administrator).await;
    house.hire(Role::Finance).await;
    let mut browser = house.browser();
    for _ in 0..5 {
        let answer = browser.sign_in("administrator", "wrong").await;
        assert_eq!(answer.status, 422);
    }
    let stopped = browser.sign_in("ADMINISTRATOR ", PASSWORD).await;
    assert_eq!(stopped.status, 429, "not even with the right password");
    assert!(stopped.text.contains("15\u{a0}seconds"), "{}", stopped.text);
    house
        .browser()
        .sign_in("finance", PASSWORD)
        .await
        .leads_to();

    house.clock.advance_ms(15_000);
    let answer = browser.sign_in("administrator", "wrong").await;
    assert_eq!(answer.status, 422);
    let answer = browser.sign_in("administrator", PASSWORD).await;
    assert_eq!(answer.status, 429);
    house.clock.advance_ms(30_000);
    browser.sign_in("administrator", PASSWORD).await.leads_to();
    // All is forgotten.
    let answer = house.browser().sign_in("administrator", "wrong").await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn wrong_attempts_at_many_accounts_slow_the_address_down() {
    let trusted = "127.0.0.1".parse().unwrap();
    let house = House::open(Plan::empty(), |office| office.proxies = vec![trusted]).await;
    house.hire(Role::Administrator).await;
    let mut browser = house.browser();
    let csrf = browser.csrf("/office/sign-in").await;
    let from = |browser: &Browser, address: &str, login: &str, password: &str| {
        browser
            .request(reqwest::Method::POST, "/office/sign-in")
            // A visitor may put anything before what our proxy adds.
            .header("x-forwarded-for", format!("203.0.113.99, {address}"))
            .form(&[("login", login), ("password", password), ("csrf", &csrf)])
    };
    for n in 0..30 {
        let request = from(&browser, "198.51.100.7", &format!("guess{n}"), "wrong");
        assert_eq!(browser.send(request).await.status, 422);
    }
    let request = from(&browser, "198.51.100.7", "administrator", PASSWORD);
    assert_eq!(browser.send(request).await.status, 429);
    let request = from(&browser, "198.51.100.8", "administrator", PASSWORD);
    assert_eq!(browser.send(request).await.status, 303);
}

#[tokio::test]
async fn many_attempts_at_once_gain_nothing() {
    let house = House::empty().await;
    house.hire(Role::Administrator).await;
    let browser = house.browser();
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut browser = browser.clone();
        attempts.spawn(async move { browser.sign_in("administrator", "wrong").await.status });
    }
    let statuses = attempts.join_all().await;
    let looked_at = statuses.iter().filter(|status| **status == 422).count();
    assert_eq!(looked_at, 5, "{statuses:?}");
}

#[tokio::test]
async fn a_session_ends_unused_and_at_the_latest_after_a_day() {
    let house = House::empty().await;
    house.hire(Role::Support).await;
    let mut idle = house.signed_in("support").await;
    house.clock.advance_ms(IDLE_MS - 1);
    assert_eq!(idle.get("/office/").await.status, 200);
    house.clock.advance_ms(IDLE_MS - 1);
    assert_eq!(idle.get("/office/").await.status, 200, "use keeps it");
    house.clock.advance_ms(IDLE_MS);
    assert_eq!(idle.get("/office/").await.status, 303);

    let mut busy = house.signed_in("support").await;
    let hour = 3_600_000;
    for _ in 1..LONGEST_MS / hour {
        house.clock.advance_ms(hour);
        assert_eq!(busy.get("/office/").await.status, 200);
    }
    house.clock.advance_ms(hour);
    assert_eq!(busy.get("/office/").await.status, 303);
}

#[tokio::test]
async fn a_token_chosen_by_someone_else_becomes_no_session() {
    let house = House::empty().await;
    house.hire(Role::Support).await;
    let mut victim = house.browser();
    let planted = Token::new().unwrap().reveal().to_owned();
    let name = victim.cookie_name("session");
    victim.cookies.insert(name.clone(), planted.clone());
    victim.sign_in("support", PASSWORD).await.leads_to();
    let first = victim.session().unwrap().clone();
    assert_ne!(first, planted);
    let mut attacker = house.browser();
    attacker.cookies.insert(name.clone(), planted);
    assert_eq!(attacker.get("/office/").await.status, 303);

    // Nor does the session before live on beside the one after.
    let csrf = victim.csrf("/office/").await;
    let fields = [("login", "support"), ("password", PASSWORD)];
    victim
        .post("/office/sign-in", &csrf, &fields)
        .await
        .leads_to();
    assert_ne!(victim.session().unwrap(), &first);
    attacker.cookies.insert(name, first);
    assert_eq!(attacker.get("/office/").await.status, 303);
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_of_http_if_there_is_https() {
    let house = House::empty().await;
    house.hire(Role::Support).await;
    let mut browser = house.browser();
    let answer = browser.sign_in("support", PASSWORD).await;
    let session = &answer.set_cookies[0];
    // One that serves another museum at another port of the host has its own.
    let name = browser.cookie_name("session");
    assert!(session.starts_with(&format!("{name}=")), "{session}");
    assert!(session.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400"));

    let secure = House::open(Plan::empty(), |office| {
        office.url = "https://passerelle.museum.example".to_owned()
    })
    .await;
    secure.hire(Role::Support).await;
    let mut browser = secure.browser();
    let answer = browser.sign_in("support", PASSWORD).await;
    let session = &answer.set_cookies[0];
    assert!(
        session.starts_with(&format!("__Host-{}=", browser.cookie_name("session"))),
        "{session}"
    );
    assert!(session.ends_with("; Secure"), "{session}");
    assert!(answer.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn the_language_is_the_browsers_until_someone_chooses() {
    let house = House::empty().await;
    house.hire(Role::Support).await;
    let mut browser = house.signed_in("support").await;
    browser.language = "fr-FR,fr;q=0.9,en;q=0.5";
    let page = browser.get("/office/").await;
    assert!(page.text.contains("<html lang=\"fr\">"));
    let file = browser.get("/office/checks/table/csv").await;
    let name = "attachment; filename=\"controles.csv\"";
    assert_eq!(file.headers["content-disposition"], name);
    let fields = [("language", "en")];
    let saved = browser
        .submit("/office/me", "/office/me/language", &fields)
        .await;
    assert_eq!(saved.leads_to(), "/office/me");
    let page = browser.get("/office/me").await;
    assert!(page.text.contains("<html lang=\"en\">") && page.text.contains("It is saved."));
    assert_eq!(page.text.matches(">Language<").count(), 1);
    let file = browser.get("/office/checks/table/csv").await;
    let name = "attachment; filename=\"checks.csv\"";
    assert_eq!(file.headers["content-disposition"], name);
}
