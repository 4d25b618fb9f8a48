//! Organisation, sectors, doors and devices, by form and by table.

use crate::house::House;
use crate::site_table::{self, ROWS};
use gate::{Direction, Site};
use kernel::Language;
use office::Managed;
use staff::{AuditFilter, Role};
use stage::{Browser, Plan};

pub const ORGANISATION: &str = "/office/set-up/organisation";
pub const DOORS: &str = "/office/set-up/doors";
pub const TABLE: &str = "/office/set-up/table";
const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x>";

pub const VILLENEUVE: [(&str, &str); 6] = [
    ("name", "Musées de Villeneuve"),
    ("institution", "VILLEN"),
    ("organisation", "VNMUSEES"),
    ("zone", "Europe/Paris"),
    ("currency", "eur"),
    ("language", "fr"),
];

pub async fn site(house: &House) -> Option<Site> {
    gate::site::interface::read_site(&house.test.db)
        .await
        .unwrap()
}

pub async fn gate_manager(house: &House) -> (Browser, String) {
    house.hire(Role::GateManager).await;
    let mut browser = house.signed_in("gate_manager").await;
    let csrf = browser.csrf(ORGANISATION).await;
    (browser, csrf)
}

pub async fn named(house: &House) -> (Browser, String) {
    let (mut browser, csrf) = gate_manager(house).await;
    let saved = browser.post(ORGANISATION, &csrf, &VILLENEUVE).await;
    assert_eq!(saved.leads_to(), DOORS, "the next step that is theirs");
    (browser, csrf)
}

/// What the audit log says of each change: action, of what, before, after.
pub async fn audit(house: &House) -> Vec<(String, String, String, String)> {
    let entries = house.staff.audit(AuditFilter::default(), 200).await;
    let text = |value: Option<serde_json::Value>| value.map_or(String::new(), |v| v.to_string());
    let entries = entries.unwrap().into_iter().rev();
    entries
        .map(|entry| {
            (
                entry.action,
                entry.of,
                text(entry.before),
                text(entry.after),
            )
        })
        .collect()
}

#[tokio::test]
async fn from_an_empty_database_to_a_site_by_forms() {
    let house = House::empty().await;
    let (mut browser, csrf) = gate_manager(&house).await;
    // Nothing can be added before the organisation, and the page says so.
    let page = browser.get(DOORS).await;
    assert!(page.text.contains("has not been named yet"), "{page:?}");
    let to = browser.post("/office/set-up/new-sector", &csrf, &[("code", "A")]);
    assert_eq!(to.await.leads_to(), DOORS);

    // Paris and euros are chosen already; all mistakes stand at their fields.
    let page = browser.get(ORGANISATION).await.text;
    assert!(page.contains("<option value=\"Europe/Paris\" selected>"));
    assert!(page.contains("value=\"EUR\""));
    let wrong = [
        ("name", ""),
        ("institution", "VILLENEUVE-LA-GRANDE"),
        ("organisation", "A;B"),
        ("zone", "Europe/Nowhere"),
        ("currency", "EURO"),
    ];
    let refused = browser.post(ORGANISATION, &csrf, &wrong).await;
    assert_eq!(refused.status, 422);
    for field in ["name", "institution", "organisation", "zone", "currency"] {
        let mistake = format!("id=\"{field}-mistake\"");
        assert!(refused.text.contains(&mistake), "{field}: {}", refused.text);
    }
    assert!(refused.text.contains("has 20 characters, at most 15"));
    assert!(refused.text.contains("value=\"VILLENEUVE-LA-GRANDE\""));
    assert_eq!(site(&house).await, None);

    let saved = browser.post(ORGANISATION, &csrf, &VILLENEUVE).await;
    assert_eq!(saved.leads_to(), DOORS, "the next step that is theirs");
    // The running service is told, once.
    house.set_up.take_up.wait().await;
    let kept = site(&house).await.unwrap();
    assert_eq!(kept.organisation.as_str(), "VNMUSEES");
    assert_eq!(
        (kept.currency.as_str(), kept.language),
        ("EUR", Language::Fr)
    );

    // A sector with its first door and device; then one by one.
    let sector = [
        ("code", "VN_AUG"),
        ("name", "Musée Auguste"),
        ("with", "both"),
    ];
    let added = browser
        .post("/office/set-up/new-sector", &csrf, &sector)
        .await;
    assert_eq!(added.leads_to(), DOORS);
    let door = [
        ("code", "VN_AUG_D2"),
        ("name", " Porte <arrière> "),
        ("sector", "VN_AUG"),
    ];
    let page = browser.get("/office/set-up/new-door?sector=VN_AUG").await;
    assert!(page.text.contains("value=\"VN_AUG_D2\""), "the next code");
    let added = browser.post("/office/set-up/new-door", &csrf, &door).await;
    assert_eq!(added.leads_to(), DOORS);
    let device = [
        ("code", "TURN/1"),
        ("name", "Tourniquet"),
        ("door", "VN_AUG_D2"),
        ("language", "de"),
        ("direction", "exit"),
        ("forced", "yes"),
        ("sound", "no"),
    ];
    let page = browser
        .get("/office/set-up/new-device?door=VN_AUG_D2")
        .await;
    assert!(page.text.contains("value=\"PDA02\""), "the next code");
    assert!(page.text.contains("<option value=\"VN_AUG_D2\" selected>"));
    let added = browser
        .post("/office/set-up/new-device", &csrf, &device)
        .await;
    let of_device = added.leads_to().to_owned();
    assert_eq!(of_device, "/office/set-up/devices/TURN%2F1");
    let kept = site(&house).await.unwrap();
    assert_eq!(kept.sectors[&"VN_AUG".parse().unwrap()], "Musée Auguste");
    let sector_of = |device: &str| kept.sector_of(&device.parse().unwrap()).cloned();
    assert_eq!(sector_of("PDA01").unwrap().as_str(), "VN_AUG");
    let called = |door: &str| kept.doors[&door.parse().unwrap()].name.clone().unwrap();
    assert_eq!(called("VN_AUG_D1"), "Entrance – Musée Auguste");
    assert_eq!(called("VN_AUG_D2"), "Porte <arrière>");
    let turnstile = &kept.devices[&"TURN/1".parse().unwrap()];
    assert_eq!(turnstile.name.as_deref(), Some("Tourniquet"));
    // Wherever they are shown, name and code stand there.
    let sheet = "/office/set-up/enrolment-sheet";
    for path in [DOORS, "/office/set-up/devices", sheet, &of_device] {
        let page = browser.get(path).await.text;
        for name in ["Porte &#60;arrière&#62; (VN_AUG_D2)", "Tourniquet (TURN/1)"] {
            assert!(page.contains(name), "{path} {name}: {page}");
        }
    }
    assert_eq!(turnstile.language, Some(Language::De));
    let settings = turnstile.settings;
    assert_eq!(settings.direction, Direction::Exit);
    assert!(settings.forced_entry && settings.help_desk && !settings.sound);

    // What is taken is refused at its field, and what was entered stays.
    let refused = browser
        .post("/office/set-up/new-sector", &csrf, &sector)
        .await;
    assert!(refused.status == 422 && refused.text.contains("id=\"code-mistake\""));
    assert!(refused.text.contains("value=\"Musée Auguste\""));
    let refused = browser
        .post("/office/set-up/new-device", &csrf, &device)
        .await;
    assert!(refused.status == 422 && refused.text.contains("This code is taken"));

    let long = "é".repeat(101);
    let door = [("name", long.as_str()), ("sector", "VN_AUG")];
    let refused = browser
        .post("/office/set-up/doors/VN_AUG_D2", &csrf, &door)
        .await;
    let title = "<h1>Door Porte &#60;arrière&#62; (VN_AUG_D2)";
    assert!(refused.text.contains("Enter a name of at most 100") && refused.text.contains(title));

    // And changed.
    let path = "/office/set-up/sectors/VN_AUG";
    browser.post(path, &csrf, &[("name", "Auguste")]).await;
    let moved = [
        ("door", "VN_AUG_D1"),
        ("language", "site"),
        ("direction", "entry"),
    ];
    let saved = browser.post(&of_device, &csrf, &moved).await;
    assert_eq!(saved.leads_to(), of_device);
    let kept = site(&house).await.unwrap();
    assert_eq!(kept.sectors[&"VN_AUG".parse().unwrap()], "Auguste");
    let turnstile = &kept.devices[&"TURN/1".parse().unwrap()];
    assert_eq!((turnstile.language, &turnstile.name), (None, &None));

    // The service goes on as it is: only the organisation concerns it.
    let nothing = tokio::time::timeout(std::time::Duration::ZERO, house.set_up.take_up.wait());
    assert!(nothing.await.is_err());

    // Who did what, from what to what.
    let log = audit(&house).await;
    let find = |action: &str, of: &str| {
        let found = log.iter().find(|entry| entry.0 == action && entry.1 == of);
        let found = found.unwrap_or_else(|| panic!("{action} {of}: {log:?}"));
        (found.2.as_str(), found.3.as_str())
    };
    let (before, after) = find("organisation.changed", "VNMUSEES");
    assert!(before.is_empty() && after.contains("Europe/Paris"));
    let named = |name: &str| format!("{{\"name\":\"{name}\"}}");
    let added = (String::new(), named("Musée Auguste"));
    assert_eq!(find("sector.added", "VN_AUG"), (&*added.0, &*added.1));
    let changed = (named("Musée Auguste"), named("Auguste"));
    assert_eq!(find("sector.changed", "VN_AUG"), (&*changed.0, &*changed.1));
    find("door.added", "VN_AUG_D1");
    find("device.added", "PDA01");
    let (before, after) = find("device.changed", "TURN/1");
    assert!(before.contains("\"door\":\"VN_AUG_D2\"") && before.contains("\"language\":\"de\""));
    assert!(before.contains("\"name\":\"Tourniquet\""));
    assert!(after.contains("\"door\":\"VN_AUG_D1\"") && after.contains("\"language\":null"));
}

#[tokio::test]
async fn what_something_hangs_on_is_not_removed() {
    let house = House::empty().await;
    let (mut browser, csrf) = named(&house).await;
    let sector = [("code", "VN_AUG"), ("name", "Auguste")];
    browser
        .post("/office/set-up/new-sector", &csrf, &sector)
        .await;
    let (of_sector, of_door) = (
        "/office/set-up/sectors/VN_AUG",
        "/office/set-up/doors/VN_AUG_D1",
    );
    for (path, why) in [
        (of_sector, "Doors lead to this sector: VN_AUG_D1"),
        (of_door, "Devices stand at this door: PDA01"),
    ] {
        let page = browser.get(path).await.text;
        assert!(page.contains(why) && !page.contains("/remove\""), "{page}");
        let refused = browser.post(&format!("{path}/remove"), &csrf, &[]).await;
        assert!(
            refused.status == 422 && refused.text.contains(why),
            "{refused:?}"
        );
    }
    let of_device = "/office/set-up/devices/PDA01/remove";
    let sure = browser.get(of_device).await.text;
    assert!(sure.contains("Its checks stay in all reports"), "{sure}");
    for path in [
        of_device,
        "/office/set-up/doors/VN_AUG_D1/remove",
        "/office/set-up/sectors/VN_AUG/remove",
    ] {
        let removed = browser.post(path, &csrf, &[]).await;
        assert_eq!(removed.leads_to(), DOORS);
        // Once is all.
        assert_eq!(browser.post(path, &csrf, &[]).await.status, 404, "{path}");
    }
    let left = site(&house).await.unwrap();
    assert!(left.sectors.is_empty() && left.doors.is_empty() && left.devices.is_empty());
    let log = audit(&house).await;
    let removed = log.iter().filter(|entry| entry.0.ends_with(".removed"));
    let removed: Vec<_> = removed
        .map(|e| (e.1.as_str(), e.2.is_empty(), e.3.as_str()))
        .collect();
    let expected = ["PDA01", "VN_AUG_D1", "VN_AUG"].map(|of| (of, false, ""));
    assert_eq!(removed, expected);
}

#[tokio::test]
async fn a_door_without_its_one_sector_is_a_mistake_with_a_cure() {
    let house = House::empty().await;
    let (mut browser, csrf) = named(&house).await;
    let mut astray = site(&house).await.unwrap();
    for sector in ["VN_AUG", "VN_RAY"] {
        let code = sector.parse().unwrap();
        astray.sectors.insert(code, sector.to_owned());
    }
    let sectors = astray.sectors.keys().cloned().collect();
    let both = gate::Door {
        name: None,
        sectors,
    };
    astray.doors.insert("BOTH".parse().unwrap(), both);
    let none = gate::Door::default();
    astray.doors.insert("NONE".parse().unwrap(), none);
    gate::Gate::apply_site(&house.test.db, astray)
        .await
        .unwrap();
    let page = browser.get(DOORS).await.text;
    assert!(page.contains("NONE leads to no sector"), "{page}");
    assert!(page.contains("BOTH leads to several sectors (VN_AUG, VN_RAY)"));
    for door in ["BOTH", "NONE"] {
        let path = format!("/office/set-up/doors/{door}");
        assert!(page.contains(&format!("<a href=\"{path}\">Correct it</a>")));
        let refused = browser.post(&path, &csrf, &[("sector", "")]).await;
        assert!(refused.status == 422 && refused.text.contains("Choose the sector"));
        let cured = browser.post(&path, &csrf, &[("sector", "VN_RAY")]).await;
        assert_eq!(cured.leads_to(), DOORS);
    }
    let page = browser.get(DOORS).await.text;
    assert!(!page.contains("Correct it"), "{page}");
}

#[tokio::test]
async fn codes_change_until_something_names_them() {
    let house = House::empty().await;
    let (mut browser, csrf) = named(&house).await;
    site_table::take(&mut browser, &csrf, ROWS).await;
    for (path, code, rest) in [
        ("sectors/VN_RAY", "VN_RAI", ("name", "Rayonnages")),
        ("doors/VN_AUG_D1", "AUG_1", ("sector", "VN_AUG")),
        ("devices/PDA02", "TURN2", ("door", "AUG_1")),
    ] {
        let path = format!("/office/set-up/{path}");
        assert!(browser.get(&path).await.text.contains("name=\"code\""));
        let blank = browser.post(&path, &csrf, &[("code", "A B"), rest]).await;
        assert!(
            blank.text.contains("A code holds no space"),
            "{}",
            blank.text
        );
        let saved = browser.post(&path, &csrf, &[("code", code), rest]).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
    }
    let kept = site(&house).await.unwrap();
    assert_eq!(kept.sectors[&"VN_RAI".parse().unwrap()], "Rayonnages");
    let door = &kept.doors[&"VN_RAY_D1".parse().unwrap()];
    assert!(door.sectors.contains(&"VN_RAI".parse().unwrap()));
    for device in ["PDA01", "TURN2"] {
        let device = &kept.devices[&device.parse().unwrap()];
        assert_eq!(device.door.as_str(), "AUG_1");
    }
    // What is taken, and what is enrolled.
    let taken = [("code", "PDA01"), ("door", "AUG_1")];
    let refused = browser
        .post("/office/set-up/devices/TURN2", &csrf, &taken)
        .await;
    assert!(
        refused.text.contains("This code is taken"),
        "{}",
        refused.text
    );
    let grant = |tx: &mut db::Tx<'_>| {
        let token = gate::DeviceToken::from_random([7; 32]);
        let now = kernel::Timestamp::from_millis_clamped(1_784_019_600_000);
        gate::grant_token(tx, &"TURN2".parse().unwrap(), &token, now)
    };
    house.test.db.write("grant", grant).await.unwrap();
    let again = [("code", "TURN3"), ("door", "AUG_1")];
    let refused = browser
        .post("/office/set-up/devices/TURN2", &csrf, &again)
        .await;
    assert!(
        refused.text.contains("was enrolled under it"),
        "{}",
        refused.text
    );
    let log = audit(&house).await;
    let renamed = log
        .iter()
        .find(|entry| entry.1 == "TURN2" && entry.0 == "device.changed");
    assert!(renamed.unwrap().2.contains("PDA02"));
}

#[tokio::test]
async fn a_sector_that_a_file_maps_keeps_its_code_until_the_file_is_corrected() {
    let plan = Plan {
        external_sales_every: None,
        ..Plan::default()
    };
    let house = House::open(plan, |office| {
        office.set_up.mapping = Managed::ByFile("mapping.json".to_owned());
    });
    let house = house.await;
    house.hire(Role::Administrator).await;
    let mut browser = house.signed_in("administrator").await;
    let csrf = browser.csrf(DOORS).await;
    let loaded = include_str!("../../../../examples/villeneuve/mapping.json");
    let load = move |tx: &mut db::Tx<'_>| gate::site::interface::save_mapping(tx, loaded);
    house.test.db.write("load", load).await.unwrap();
    // The example's file names every sector but one.
    for (sector, code, is_mapped) in [("VN_AUG", "VN_AUX", true), ("VN_EXP", "VN_EXO", false)] {
        let path = format!("/office/set-up/sectors/{sector}");
        let fields = [("code", code), ("name", "Salle")];
        let answer = browser.post(&path, &csrf, &fields).await;
        let says = "First correct it in that file and load it by";
        assert_eq!(
            answer.status,
            if is_mapped { 422 } else { 303 },
            "{answer:?}"
        );
        assert_eq!(answer.text.contains(says), is_mapped, "{}", answer.text);
        assert_eq!(answer.text.contains("mapping.json"), is_mapped);
        let kept = site(&house).await.unwrap();
        assert_eq!(
            kept.sectors.contains_key(&code.parse().unwrap()),
            !is_mapped
        );
    }
}

#[tokio::test]
async fn support_looks_and_changes_nothing() {
    let house = House::empty().await;
    let (mut browser, csrf) = named(&house).await;
    site_table::take(&mut browser, &csrf, ROWS).await;
    house.hire(Role::Support).await;
    let mut support = house.signed_in("support").await;
    let csrf = support.csrf("/office/me").await;
    for path in [
        ORGANISATION,
        DOORS,
        TABLE,
        "/office/set-up/devices",
        "/office/set-up/devices/PDA01",
    ] {
        let page = support.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let posts = page.text.matches("method=\"post\"").count();
        assert_eq!(posts, 1, "{path}: only the sign-out");
        for what in [
            "new-sector",
            "new-door",
            "new-device",
            "/remove",
            "/revoke",
            "/enrol\"",
        ] {
            assert!(!page.text.contains(what), "{path}: {what}");
        }
    }
    assert!(
        support
            .get("/office/set-up/table.csv")
            .await
            .text
            .contains("PDA01")
    );
    let before = site(&house).await;
    for path in [
        ORGANISATION,
        TABLE,
        "/office/set-up/devices/PDA01",
        "/office/set-up/devices/PDA01/enrol",
        "/office/set-up/devices/PDA01/revoke",
        "/office/set-up/devices/PDA01/remove",
    ] {
        assert_eq!(
            support.post(path, &csrf, &VILLENEUVE).await.status,
            403,
            "{path}"
        );
    }
    assert_eq!(site(&house).await, before);
}

#[tokio::test]
async fn what_a_file_manages_is_shown_and_not_changed() {
    let house = House::open(
        Plan {
            site: Some(stage::villeneuve::site()),
            ..Plan::empty()
        },
        |office| office.set_up.site = Managed::ByFile("/etc/passerelle/site.toml".to_owned()),
    )
    .await;
    let (mut browser, csrf) = gate_manager(&house).await;
    let pages = [
        ORGANISATION,
        DOORS,
        TABLE,
        "/office/set-up/sectors/VN_AUG",
        "/office/set-up/doors/VN_AUG_D1",
        "/office/set-up/devices/PDA01",
    ];
    for path in pages {
        let page = browser.get(path).await.text;
        assert!(page.contains("/etc/passerelle/site.toml"), "{path}: {page}");
        let posts = page.matches("method=\"post\"").count();
        // Enrolling goes on.
        let expected = if path.contains("/devices/") { 2 } else { 1 };
        assert_eq!(posts, expected, "{path}: {page}");
    }
    let before = site(&house).await;
    for (path, fields) in [
        (ORGANISATION, &VILLENEUVE[..]),
        (TABLE, &[("text", ROWS)]),
        (
            "/office/set-up/new-sector",
            &[("code", "NEW"), ("name", "New")],
        ),
        (
            "/office/set-up/new-door",
            &[("code", "NEW"), ("sector", "VN_AUG")],
        ),
        (
            "/office/set-up/new-device",
            &[("code", "NEW"), ("door", "VN_AUG_D1")],
        ),
        ("/office/set-up/sectors/VN_AUG", &[("name", "New")]),
        ("/office/set-up/doors/VN_AUG_D1", &[("sector", "VN_RAY")]),
        ("/office/set-up/devices/PDA01", &[("door", "VN_AUG_D2")]),
        ("/office/set-up/devices/PDA01/remove", &[]),
        ("/office/set-up/sectors/VN_AUG/remove", &[]),
        ("/office/set-up/doors/VN_AUG_D1/remove", &[]),
    ] {
        let refused = browser.post(path, &csrf, fields).await;
        assert_eq!(refused.status, 404, "{path}");
    }
    assert_eq!(site(&house).await, before);
    let made = browser
        .post("/office/set-up/devices/PDA01/enrol", &csrf, &[])
        .await;
    assert!(made.status == 200 && made.text.contains("<svg"));
}

#[tokio::test]
async fn a_script_in_each_text_stays_text() {
    let house = House::empty().await;
    let (mut browser, csrf) = named(&house).await;
    let code = "<script>alert(1)</script>\"'><img/src=x>";
    let mut pages = Vec::new();
    let saved = |name| [&[("name", name)][..], &VILLENEUVE[1..]].concat();
    pages.push(browser.post(ORGANISATION, &csrf, &saved(SCRIPT)).await);
    let all = [("code", code), ("name", SCRIPT), ("with", "none")];
    pages.push(browser.post("/office/set-up/new-sector", &csrf, &all).await);
    let door = [("code", code), ("sector", code)];
    pages.push(browser.post("/office/set-up/new-door", &csrf, &door).await);
    let device = [("code", code), ("door", code)];
    let added = browser
        .post("/office/set-up/new-device", &csrf, &device)
        .await;
    let of_device = added.leads_to().to_owned();
    let kept = site(&house).await.unwrap();
    assert_eq!(kept.name, SCRIPT);
    assert_eq!(kept.devices.keys().next().unwrap().as_str(), code);
    let part = of_device.rsplit_once('/').unwrap().1;
    for path in [
        ORGANISATION,
        DOORS,
        TABLE,
        "/office/set-up/devices",
        "/office/set-up/new-door",
        "/office/set-up/new-device",
        "/office/audit",
        &of_device,
        &format!("{of_device}/revoke"),
        &format!("{of_device}/remove"),
        &format!("/office/set-up/sectors/{part}"),
        &format!("/office/set-up/doors/{part}"),
        &format!("/office/set-up/new-door?sector={part}&code={part}"),
        &format!("/office/set-up/new-device?door={part}&code={part}"),
        &format!("/office/set-up/devices?after={part}"),
    ] {
        let page = browser.get(path).await;
        // Only administrators see the log.
        assert!(
            page.status == 200 || path == "/office/audit",
            "{path} {}",
            page.status
        );
        pages.push(page);
    }
    // What is refused comes back to be corrected.
    let refused: Vec<_> = VILLENEUVE
        .iter()
        .map(|(field, _)| (*field, SCRIPT))
        .collect();
    pages.push(browser.post(ORGANISATION, &csrf, &refused).await);
    let refused = [
        ("code", "x;"),
        ("name", SCRIPT),
        ("door", SCRIPT),
        ("device", SCRIPT),
    ];
    pages.push(
        browser
            .post("/office/set-up/new-sector", &csrf, &refused)
            .await,
    );
    let rows = format!("sector;sector_name;door;device;{SCRIPT}\n;;\"{code}\";;\n");
    pages.push(browser.post(TABLE, &csrf, &[("text", &rows)]).await);
    pages.push(
        browser
            .post(&format!("{of_device}/enrol"), &csrf, &[])
            .await,
    );
    let mut seen = 0;
    for page in &pages {
        assert!(!page.text.contains("<script"), "{}", page.text);
        assert!(!page.text.contains("<img src=x"), "{}", page.text);
        seen += page.text.matches("alert(").count();
    }
    assert!(seen > 20, "the text itself was shown: {seen}");
}
