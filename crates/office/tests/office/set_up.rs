//! The set-up: texts with mistakes under their lines, and a password that
//! nothing erases.

use crate::house::House;
use secrecy::ExposeSecret;
use staff::{AuditFilter, Role};
use stage::Browser;
use stage::villeneuve::OTIPASS_PASSWORD;

const MAPPING: &str = include_str!("../../../../examples/villeneuve/mapping.json");
const CATALOGUE: &str = include_str!("../../../../examples/villeneuve/catalogue.toml");

#[tokio::test]
async fn a_catalogue_is_pasted_and_its_mistakes_stand_at_their_lines() {
    let house = House::empty().await;
    house.hire_as("mine", Role::Administrator).await;
    let mut browser = house.signed_in("mine").await;
    let csrf = browser.csrf("/office/set-up/catalogue/text").await;
    let to_do = browser.get("/office/set-up").await.text;
    assert_eq!(to_do.matches("to do").count(), 9);

    let wrong = CATALOGUE.replacen("= 950", "= 9,50", 1);
    let answer = browser
        .post("/office/set-up/catalogue/text", &csrf, &[("text", &wrong)])
        .await;
    assert!(answer.status == 422 && answer.text.contains("<li value=\"26\">"));
    let blank = CATALOGUE.replace("\"PASSVN2\"", "\"PASS 2\"");
    let answer = browser
        .post("/office/set-up/catalogue/text", &csrf, &[("text", &blank)])
        .await;
    assert!(
        answer.status == 422 && answer.text.contains("A code holds no space"),
        "{}",
        answer.text
    );
    let answer = browser
        .post(
            "/office/set-up/catalogue/text",
            &csrf,
            &[("text", CATALOGUE)],
        )
        .await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn the_password_stays_when_something_else_is_saved_and_is_never_shown() {
    let house = House::empty().await;
    house.hire_as("mine", Role::Administrator).await;
    let mut browser = house.signed_in("mine").await;
    let path = "/office/set-up/connection";
    let csrf = browser.csrf(path).await;
    let mut fields = vec![
        ("url", "http://127.0.0.1:9/api"),
        ("username", "villeneuve"),
        ("password", "0123 tide"),
        ("budget", "1500"),
        ("window", "60"),
        ("silent", "admit"),
    ];
    // A user name alone is no credentials, whatever was typed before the URL was mended.
    fields[2].1 = "";
    let alone = browser.post(path, &csrf, &fields).await;
    assert_eq!(alone.status, 422);
    assert!(
        alone.text.contains("Enter the password too"),
        "{}",
        alone.text
    );
    fields[2].1 = "0123 tide";
    // Nobody is there, which is seen before the mapping names a project.
    let tried = browser.post(path, &csrf, &fields).await;
    assert!(tried.text.contains("cannot be reached"), "{}", tried.text);
    let mut pages = vec![tried.text];
    browser
        .post("/office/set-up/mapping", &csrf, &[("text", MAPPING)])
        .await;
    // Left empty, with another budget; and refused, with a wrong URL.
    fields[2].1 = "";
    fields[3].1 = "900";
    let tried = browser.post(path, &csrf, &fields).await;
    assert_eq!(tried.status, 200);
    assert!(tried.text.contains("cannot be reached"), "{}", tried.text);
    fields[0].1 = "http://127.0.0.1:9/api/villeneuve";
    // A secret that was typed is gone with the page: it has to be there again.
    let (asked_again, must) = ("Enter it once more", r#"type="password" required"#);
    fields[2].1 = "1234 tide";
    let refused = browser.post(path, &csrf, &fields).await.text;
    assert!(
        refused.contains(asked_again) && refused.contains(must),
        "{refused}"
    );
    pages.push(refused);
    fields[2].1 = "";
    let refused = browser.post(path, &csrf, &fields).await;
    assert!(!refused.text.contains(must), "{}", refused.text);
    assert_eq!(refused.status, 422);
    // The button writes the URL that is meant, and the form's other fields count.
    assert!(
        refused
            .text
            .contains("name=\"instead\" value=\"http://127.0.0.1:9/api\"")
    );
    fields[3].1 = "800";
    fields.push(("instead", "http://127.0.0.1:9/api"));
    assert_eq!(browser.post(path, &csrf, &fields).await.status, 200);
    fields.pop();
    // Another server is not handed what was kept for this one.
    fields[0].1 = "http://127.0.0.2:9/api";
    let elsewhere = browser.post(path, &csrf, &fields).await;
    assert_eq!(elsewhere.status, 422);
    assert!(elsewhere.text.contains("Enter the secret again"));
    pages.push(elsewhere.text);
    pages.extend([tried.text, refused.text, browser.get(path).await.text]);
    pages.push(browser.get("/office/audit").await.text);
    // A French reader reads what the doctor would say, not an error's English.
    browser
        .post("/office/me/language", &csrf, &[("language", "fr")])
        .await;
    fields[0].1 = "http://127.0.0.1:9/api";
    let tried = browser.post(path, &csrf, &fields).await.text;
    assert!(tried.contains("Otipass à 127.0.0.1:"), "{tried}");
    pages.push(tried);

    let interface = gate::site::interface::read(&house.test.db).await.unwrap();
    assert_eq!(interface.connection.decision_budget_ms, 800);
    assert_eq!(interface.connection.url, "http://127.0.0.1:9/api");
    let password = interface.password.unwrap();
    assert_eq!(password.expose_secret(), "0123 tide");
    let audit = house
        .staff
        .audit(AuditFilter::default(), 100)
        .await
        .unwrap();
    assert!(
        audit
            .iter()
            .any(|entry| entry.action == "interface.changed")
    );
    pages.push(format!("{audit:?}"));
    for page in pages {
        assert!(!page.contains("tide"), "{page}");
    }
}

#[tokio::test]
async fn the_catalogue_is_filled_by_forms_until_an_entry_can_be_sold() {
    let house = House::empty().await;
    house.hire_as("mine", Role::Administrator).await;
    let mut browser = house.signed_in("mine").await;
    let csrf = browser.csrf("/office/set-up/mapping").await;
    browser
        .post("/office/set-up/mapping", &csrf, &[("text", MAPPING)])
        .await;

    // What the mapping parameters name is a click away.
    let catalogue = "/office/set-up/catalogue";
    let page = browser.get(catalogue).await.text;
    assert!(page.contains("the season VN26") && page.contains("the product PASSVN of VN26"));
    let taken = browser
        .post("/office/set-up/catalogue/wanted", &csrf, &[])
        .await;
    assert_eq!(taken.leads_to(), catalogue);
    let tariff = |price: &'static str| {
        [
            ("tariff_product", "PASSVN"),
            ("tariff_code", "CITYPASS"),
            ("tariff_price", price),
            ("tariff_vat", "5.5"),
        ]
    };
    let path = "/office/set-up/catalogue/tariff";
    let wrong = browser.post(path, &csrf, &tariff("gratis")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("Enter a price, such as 9.50"));
    assert!(
        wrong.text.contains("value=\"gratis\""),
        "what was entered stays"
    );
    assert_eq!(
        browser.post(path, &csrf, &tariff("9.50")).await.leads_to(),
        catalogue
    );
    // Added again, it is not overwritten: the page leads to where it is changed.
    let again = browser.post(path, &csrf, &tariff("95.00")).await;
    assert_eq!(again.status, 422);
    assert!(again.text.contains("exists already"), "{}", again.text);
    let edit = "/office/set-up/catalogue/edit?what=tariff+PASSVN+CITYPASS+";
    assert!(
        again.text.contains(&format!("href=\"{edit}\"")),
        "{}",
        again.text
    );
    let page = browser.get(edit).await.text;
    assert!(
        page.contains("value=\"9.50\"") && page.contains("value=\"5.50\""),
        "{page}"
    );
    browser.language = "fr";
    let french = browser.get(edit).await.text;
    assert!(french.contains("value=\"9,50\""), "{french}");
    browser.language = "en";
    assert!(!page.contains("name=\"tariff_code\""), "its code stays");
    assert!(page.contains("add it under the right code"), "{page}");
    let fields = [("tariff_price", "9.60"), ("tariff_vat", "5.5")];
    let saved = browser.post(edit, &csrf, &fields).await;
    assert_eq!(saved.leads_to(), catalogue);
    let fields = [("tariff_price", "9.50"), ("tariff_vat", "5.5")];
    browser.post(edit, &csrf, &fields).await;
    // A name is changed; a code that the mapping parameters name is not.
    let edit = "/office/set-up/catalogue/edit?what=season+VN26";
    let fields = [("season_code", "VN26"), ("season_name", "Saison 2026")];
    assert_eq!(
        browser.post(edit, &csrf, &fields).await.leads_to(),
        catalogue
    );
    let fields = [("season_code", "VN27"), ("season_name", "Saison 2026")];
    let refused = browser.post(edit, &csrf, &fields).await;
    assert!(
        refused.text.contains("the mapping parameters name it"),
        "{}",
        refused.text
    );
    let blank = [("season_code", "VN 26"), ("season_name", "Saison 2026")];
    let refused = browser.post(edit, &csrf, &blank).await;
    assert!(
        refused.text.contains("A code holds no space"),
        "{}",
        refused.text
    );
    // One that nothing names takes its products along.
    for (path, fields) in [
        (
            "season",
            vec![("season_code", "OLD"), ("season_name", "Old")],
        ),
        (
            "product",
            vec![
                ("product_season", "OLD"),
                ("product_code", "P"),
                ("product_name", "P"),
            ],
        ),
        (
            "edit?what=season+OLD",
            vec![("season_code", "OLDER"), ("season_name", "Older")],
        ),
        ("remove", vec![("what", "product OLDER P")]),
        ("remove", vec![("what", "season OLDER")]),
    ] {
        let path = format!("/office/set-up/catalogue/{path}");
        let done = browser.post(&path, &csrf, &fields).await;
        assert_eq!(done.status, 303, "{path}: {}", done.text);
    }
    let mapping = "/office/set-up/tariff-mapping";
    assert!(browser.get(mapping).await.text.contains("CITYPASS, €9.50"));
    let fields = [("tariff of PASSVN", "CITYPASS"), ("tariff of PASSVN2", "")];
    browser.post(mapping, &csrf, &fields).await;
    let buyer = "/office/set-up/buyer";
    browser
        .post("/office/set-up/buyer/channel", &csrf, &[])
        .await;
    let empty = [("contact_number", " "), ("contact_name", "Otipass")];
    let asked = browser.post(buyer, &csrf, &empty).await;
    assert!(asked.text.contains("Enter the contact’s number."));
    let wrong = [("contact_number", "42-a"), ("contact_name", "Otipass")];
    assert_eq!(browser.post(buyer, &csrf, &wrong).await.status, 422);
    let right = [("contact_number", "000042"), ("contact_name", "Otipass")];
    let saved = browser.post(buyer, &csrf, &right).await;
    assert_eq!(saved.leads_to(), "/office/set-up/organisation", "left open");
    let again = browser.post(buyer, &csrf, &right).await;
    assert_eq!(again.leads_to(), buyer);

    let db = &house.test.db;
    let stored = db
        .read("catalogue", boxoffice::catalogue::load_catalogue)
        .await
        .unwrap();
    let day = "2026-07-14".parse().unwrap();
    let sellable = boxoffice::readiness::readiness(
        &stored,
        &"VN26".parse().unwrap(),
        &"PASSVN".parse().unwrap(),
        day,
    );
    assert_eq!(sellable.unwrap().price.gross.minor(), 950);

    // The text says the same.
    let text = browser.get("/office/set-up/catalogue/text").await.text;
    assert!(text.contains("price_minor = 950"), "{text}");

    // A season with products stays; what is removed takes along what hangs on it.
    let path = "/office/set-up/catalogue/remove";
    let refused = browser.post(path, &csrf, &[("what", "season VN26")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("still has products"));
    browser
        .post(path, &csrf, &[("what", "product VN26 PASSVN")])
        .await;
    let stored = db
        .read("catalogue", boxoffice::catalogue::load_catalogue)
        .await
        .unwrap();
    assert_eq!((stored.tariffs, stored.tariff_mappings), (vec![], vec![]));

    let filter = AuditFilter {
        kind: Some("tariff".to_owned()),
        ..AuditFilter::default()
    };
    let audit = house.staff.audit(filter, 10).await.unwrap();
    assert_eq!(audit.len(), 3);
    let changed = &audit[1];
    assert_eq!(changed.before.as_ref().unwrap()["price_minor"], 950);
    assert_eq!(changed.after.as_ref().unwrap()["price_minor"], 960);
}

#[tokio::test]
async fn the_connection_step_says_what_the_last_try_said() {
    let house = House::empty().await;
    house.hire_as("mine", Role::Administrator).await;
    let mut browser = house.signed_in("mine").await;
    let path = "/office/set-up/connection";
    let csrf = browser.csrf(path).await;
    let url = house.otipass.url.clone();
    let mut fields = vec![
        ("url", url.as_str()),
        ("username", "villeneuve"),
        ("password", "wrong"),
        ("budget", "1500"),
        ("window", "60"),
        ("silent", "admit"),
    ];
    let saved = browser.post(path, &csrf, &fields).await;
    assert_eq!(saved.leads_to(), "/office/set-up/organisation");
    let page = browser.get(path).await.text;
    assert!(
        page.contains("This server answers; the credentials are"),
        "{page}"
    );
    let steps = async |browser: &mut Browser| browser.get("/office/set-up").await.text;
    let page = steps(&mut browser).await;
    assert!(
        page.contains("This server answers; the credentials are"),
        "{page}"
    );
    assert!(!page.contains(">done<"), "{page}");
    // With the mapping parameters, saved later, it can be asked.
    let mapping = "/office/set-up/mapping";
    browser.post(mapping, &csrf, &[("text", MAPPING)]).await;
    let refused = "refused the credentials";
    let page = browser.get(mapping).await.text;
    assert!(page.contains(refused), "{page}");
    let page = steps(&mut browser).await;
    assert!(
        page.contains(refused) && page.contains(">to be corrected<"),
        "{page}"
    );
    let page = browser.get(path).await.text;
    assert!(page.contains(refused), "{page}");
    fields[2].1 = OTIPASS_PASSWORD;
    let saved = browser.post(path, &csrf, &fields).await;
    assert_eq!(saved.leads_to(), path);
    let page = browser.get(path).await.text;
    assert!(page.contains("Otipass answers"), "{page}");
    let page = steps(&mut browser).await;
    assert!(
        page.contains("Otipass answers.") && !page.contains(refused),
        "{page}"
    );
    // Of two that do not work, the one before the first can be put back, with its secret.
    for (budget, secret) in [("900", "another"), ("800", "a third")] {
        (fields[0].1, fields[2].1, fields[3].1) = ("http://127.0.0.1:9/api", secret, budget);
        let page = browser.post(path, &csrf, &fields).await.text;
        assert!(page.contains("cannot be reached"), "{page}");
        assert!(page.contains(&format!("Put “{url}” back")), "{page}");
    }
    let put = [("former", "yes")];
    assert_eq!(browser.post(path, &csrf, &put).await.leads_to(), path);
    let page = browser.get(path).await.text;
    assert!(page.contains("Otipass answers"), "{page}");
    assert!(page.contains(&url) && !page.contains("Put “"), "{page}");
    // Nothing is left to put back.
    browser.post(path, &csrf, &put).await.leads_to();
}

#[tokio::test]
async fn the_sectors_of_the_mapping_are_a_click_away_with_their_doors_and_devices() {
    let house = House::empty().await;
    house.hire_as("mine", Role::Administrator).await;
    let mut browser = house.signed_in("mine").await;
    let csrf = browser.csrf("/office/set-up/mapping").await;
    for (path, fields) in [
        ("organisation", crate::site::VILLENEUVE.as_slice()),
        ("mapping", &[("text", MAPPING)]),
    ] {
        let path = format!("/office/set-up/{path}");
        let saved = browser.post(&path, &csrf, fields).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
    }
    // What a later step brings is not missed before.
    let page = browser.get("/office/set-up/mapping").await.text;
    assert!(page.contains("Nothing to say against it"), "{page}");
    let path = "/office/set-up/sectors-wanted";
    let long = "x".repeat(101);
    let wrong = [("name of VN_AUG", long.as_str())];
    let refused = browser.post(path, &csrf, &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("The name of VN_AUG must have"),
        "{}",
        refused.text
    );
    let named = [("name of VN_AUG", "Musée Auguste")];
    browser.post(path, &csrf, &named).await;
    let site = crate::site::site(&house).await.unwrap();
    let mapping = otipass::read_mapping(MAPPING).mapping.unwrap();
    assert_eq!(site.sectors.len(), mapping.sectors.len());
    assert_eq!(site.sectors[&"VN_AUG".parse().unwrap()], "Musée Auguste");
    for device in site.devices.keys() {
        assert!(site.sector_of(device).is_some(), "{device}");
    }
    assert_eq!(site.devices.len(), mapping.sectors.len());
    let page = browser.get("/office/set-up/doors").await.text;
    assert!(!page.contains("name=\"name of"), "{page}");
}
