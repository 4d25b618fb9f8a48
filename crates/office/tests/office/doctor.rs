//! The doctor's page, and the support bundle.

use crate::house::House;
use staff::Role;
use stage::Plan;
use stage::villeneuve::{OPERATOR_PASSWORD, OTIPASS_PASSWORD};

const PATH: &str = "/office/set-up/doctor";

/// A museum that passes with one mistake: its mapping parameters name a sector that
/// it does not have.
async fn sick() -> House {
    let museum = House::open(Plan::default(), |_| ()).await;
    let config = format!(
        "[otipass]\nurl = \"{}\"\nusername = \"villeneuve\"\npassword_file = \"open.secret\"\n\
         [set_up]\nmapping = \"mapping.json\"\n",
        museum.otipass.url
    );
    let info = r#"{"OtipassServiceId": "PCUMID000FSA5CD6", "OtipassPSpaceId": "PROVIDER#PCUMID000FSA5CD6",
        "seasonCode": "VN26", "productCode": "PASSVN"}"#;
    let mapping = format!(
        r#"{{"OtipassProjectId": "villeneuve", "sectorInfos": {{"VN_AUG": {info}, "<b>": {info}}}}}"#
    );
    // Nobody works at the sectors that it leaves out.
    let revoke = |tx: &mut db::Tx<'_>| {
        let now = kernel::Timestamp::from_millis_clamped(1_784_019_600_000);
        for n in 1..=13 {
            let device = format!("PDA{n:02}").parse().unwrap();
            gate::revoke_tokens(tx, &device, now)?;
        }
        Ok::<_, gate::TokenError>(())
    };
    museum.test.db.write("revoke", revoke).await.unwrap();
    museum.write("passerelle.toml", &config, 0o600);
    museum.write("open.secret", OTIPASS_PASSWORD, 0o644);
    museum.write("mapping.json", &mapping, 0o600);
    museum
}

#[tokio::test]
async fn the_gravest_comes_first_with_the_way_to_its_cure() {
    let house = sick().await;
    for role in [Role::Administrator, Role::GateManager, Role::Support] {
        house.hire(role).await;
        let mut browser = house.signed_in(role.as_str()).await;
        let page = browser.get(PATH).await;
        assert_eq!(page.status, 200);
        let text = &page.text;
        assert!(text.contains("One mistake is to be cured"), "{text}");
        let (_, clean) = text.split_once("Nothing to remark on:").unwrap();
        assert!(clean.contains("Mapping parameters"), "{text}");
        assert!(text.contains("the sector &#60;b&#62;"), "{text}");
        let at = |code: &str| text.find(&format!("<code>{code}</code>")).unwrap();
        assert!(at("mapped_sector_unknown") < at("site_sector_not_mapped"));
        assert!(at("site_sector_not_mapped") < at("secret_open_to_all"));
        // Where somebody may go, the page leads there.
        let leads = |path: &str| text.contains(&format!("<a href=\"{path}\">"));
        assert!(leads("/office/set-up/doors"));
        assert_eq!(leads("/office/set-up/mapping"), role != Role::GateManager);
    }
}

#[tokio::test]
async fn the_page_speaks_french_in_every_detail() {
    let house = sick().await;
    house.hire(Role::Administrator).await;
    let mut browser = house.signed_in("administrator").await;
    let csrf = browser.csrf("/office/me").await;
    let fields = [("language", "fr")];
    browser.post("/office/me/language", &csrf, &fields).await;
    let page = browser.get(PATH).await.text;
    assert!(page.contains("Une erreur est à corriger"), "{page}");
    let what =
        "Les paramètres de correspondance nomment le secteur &#60;b&#62;, que le site n’a pas.";
    assert!(page.contains(what), "{page}");
    let place = "le site (pages de gestion), le secteur VN_CAS";
    assert!(page.contains(place), "{page}");
    assert!(!page.contains("lang=\"en\""), "{page}");
}

#[tokio::test]
async fn a_healthy_house_is_told_so() {
    let house = House::open(Plan::default(), |_| ()).await;
    let config = "[server]\nroles = [\"box_office\"]\n[access_control]\npassword_file = \"secret\"\n\
                  [backup]\nevery_h = 24\n";
    house.write("passerelle.toml", config, 0o600);
    house.write("secret", OPERATOR_PASSWORD, 0o600);
    house.hire(Role::Support).await;
    let mut browser = house.signed_in("support").await;
    let page = browser.get(PATH).await.text;
    assert!(page.contains("All is ready."), "{page}");
}

#[tokio::test]
async fn the_bundle_is_a_file_to_download() {
    let house = House::empty().await;
    house.write(
        "passerelle.toml",
        "[otipass]\nusername = \"00029975\"\n",
        0o600,
    );
    house.hire(Role::Support).await;
    let mut browser = house.signed_in("support").await;
    let page = browser.get("/office/support").await.text;
    assert!(
        page.contains("href=\"/office/support/bundle.tar\""),
        "{page}"
    );
    let request = browser.request(reqwest::Method::GET, "/office/support/bundle.tar");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-tar");
    assert_eq!(
        answer.headers()["content-disposition"],
        "attachment; filename=\"passerelle-support-20260714T090000.tar\""
    );
    let file = answer.bytes().await.unwrap();
    let file = String::from_utf8_lossy(&file);
    assert!(file.contains("passerelle-support/README.txt"));
    assert!(file.contains("\"username\": \"…\"") && !file.contains("00029975"));
}
