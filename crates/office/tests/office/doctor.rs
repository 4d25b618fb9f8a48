//! The doctor's page, and the support bundle.

use crate::house::{House, finding};
use kernel::finding::{Kept, Thing};
use kernel::{Finding, Place, Position};
use staff::Role;

const PATH: &str = "/office/set-up/doctor";

/// Of the whole set-up.
fn sick(mapping: Option<&str>) -> Vec<Finding> {
    assert_eq!(mapping, None);
    let sector = || Place::Part(Kept::Site, Thing::Sector("VN_AUG".to_owned()));
    let mapped = finding("sector_without_door", sector());
    vec![
        finding("secret_open_to_all", Place::File("secret".into(), None)),
        finding("site_sector_not_mapped", sector()),
        mapped.concerning(Position { line: 4, column: 5 }, None),
    ]
}

#[tokio::test]
async fn the_gravest_comes_first_with_the_way_to_its_cure() {
    let house = House::sick(sick).await;
    for role in [Role::Administrator, Role::GateManager, Role::Support] {
        house.hire(role).await;
        let mut browser = house.signed_in(role.as_str()).await;
        let page = browser.get(PATH).await;
        assert_eq!(page.status, 200);
        let text = &page.text;
        assert!(text.contains("One mistake is to be cured"), "{text}");
        assert!(
            text.contains("Nothing to say of: Mapping parameters"),
            "{text}"
        );
        assert!(text.contains("&#60;sector_without_door&#62;"), "{text}");
        let at = |code: &str| text.find(&format!("<code>{code}</code>")).unwrap();
        assert!(at("sector_without_door") < at("site_sector_not_mapped"));
        assert!(at("site_sector_not_mapped") < at("secret_open_to_all"));
        // Where somebody may go, the page leads there.
        let leads = |path: &str| text.contains(&format!("<a href=\"{path}\">"));
        assert!(leads("/office/set-up/doors"));
        assert_eq!(leads("/office/set-up/mapping"), role != Role::GateManager);
    }
}

#[tokio::test]
async fn the_page_speaks_french_and_in_every_detail() {
    let house = House::sick(sick).await;
    house.hire(Role::Administrator).await;
    let mut browser = house.signed_in("administrator").await;
    let csrf = browser.csrf("/office/me").await;
    let fields = [("language", "fr")];
    browser.post("/office/me/language", &csrf, &fields).await;
    let page = browser.get(PATH).await.text;
    assert!(page.contains("Une erreur est à corriger"), "{page}");
    let what = "Le secteur &#60;sector_without_door&#62; est dans les paramètres, mais aucune porte n’y mène";
    assert!(page.contains(what), "{page}");
    assert!(
        page.contains("le site (pages de gestion), le secteur VN_AUG"),
        "{page}"
    );
    assert!(!page.contains("lang=\"en\""), "{page}");
}

#[tokio::test]
async fn a_healthy_house_is_told_so() {
    let house = House::empty().await;
    house.hire(Role::Support).await;
    let mut browser = house.signed_in("support").await;
    let page = browser.get(PATH).await.text;
    assert!(page.contains("All is ready."), "{page}");
}

#[tokio::test]
async fn the_bundle_is_a_file_to_download() {
    let house = House::empty().await;
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
    assert!(file.contains("look at …") && !file.contains("00029975"));
}
