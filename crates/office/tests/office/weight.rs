//! Pages stay light, also where there is much to show.

use crate::house::House;
use crate::matrix::access_table;
use staff::{Actor, Profile, Role};
use stage::Plan;
use stage::villeneuve::site;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The most bytes of a page with all it loads.
const WEIGHT_BYTES: usize = 150_000;

/// A whole city: 80 sectors, each with 2 doors of 5 devices.
fn city() -> String {
    let mut site = include_str!("../../../../examples/villeneuve/site.toml").to_owned();
    for sector in 0..80 {
        let code = format!("CITY_{sector:02}");
        writeln!(
            site,
            "[[sector]]\ncode = \"{code}\"\nname = \"Musée numéro {sector} de la ville et de son agglomération\""
        )
        .unwrap();
        for door in [1, 2] {
            writeln!(
                site,
                "[[door]]\ncode = \"{code}_D{door}\"\nsectors = [\"{code}\"]"
            )
            .unwrap();
            for device in 1..=5 {
                writeln!(
                    site,
                    "[[device]]\ncode = \"PDA_{sector:02}_{door}_{device}\"\ndoor = \"{code}_D{door}\""
                )
                .unwrap();
            }
        }
    }
    site
}

#[tokio::test]
async fn a_page_with_many_rows_is_light_and_loads_nothing_from_elsewhere() {
    let house = House::open(
        Plan {
            site: Some(site()),
            ..Plan::empty()
        },
        |_| (),
    )
    .await;
    house.hire(Role::Administrator).await;
    let (site, findings) = gate::read_site(&city());
    assert!(findings.is_empty());
    gate::Gate::apply_site(&house.test.db, site.unwrap())
        .await
        .unwrap();
    for n in 0..600 {
        let profile = Profile {
            name: format!("Une personne du musée numéro {n}"),
            login: format!("personne.{n}@musees-de-villeneuve.example"),
            role: Role::Finance,
        };
        let made = house.staff.create_account(&Actor::service(), profile).await;
        made.unwrap();
    }
    let mut browser = house.signed_in("administrator").await;
    // The gate takes the site up by itself.
    while !browser
        .get("/office/")
        .await
        .text
        .contains("of 813 devices")
    {
        tokio::task::yield_now().await;
    }
    for cell in access_table() {
        if cell.method != "GET" || cell.path.contains('{') {
            continue;
        }
        let page = browser.get(cell.path).await;
        let kind = page.headers.get("content-type");
        if !kind.is_some_and(|kind| kind.starts_with("text/html")) {
            continue;
        }
        let loaded: BTreeSet<&str> = page
            .text
            .split("\"/office/assets/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let mut bytes = page.text.len();
        for name in &loaded {
            let asset = browser.get(&format!("/office/assets/{name}")).await;
            assert_eq!(asset.status, 200);
            bytes += asset.text.len();
        }
        assert!(loaded.len() >= 2, "{}", cell.path);
        assert!(bytes < WEIGHT_BYTES, "{} weighs {bytes} bytes", cell.path);
    }
}
