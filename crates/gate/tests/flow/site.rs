//! The site, changed one by one and by table.

use crate::house::{House, now, site, usual};
use db::testing::TestDb;
use db::{Db, Tx};
use gate::site::change::{
    SiteChangeError, Wanted, remove_device, remove_door, remove_sector, save_device, save_door,
    save_organisation, save_sector,
};
use gate::site::table::{ROWS_LIMIT, read_site_table, site_table_text, write_site_table};
use gate::{
    CODE_VALID_MS, Device, DeviceSettings, DeviceToken, Direction, Door, EnrolmentCode, Site,
    SiteError, SiteNames, state_of_code, state_of_enrolment,
};
use kernel::{
    Clock, DeviceCode, DoorCode, Finding, Language, ManualClock, Organisation, Place, SectorCode,
};
use std::net::Ipv4Addr;

db::conformance! {
    a_site_grows_one_by_one,
    nothing_is_added_before_the_organisation_has_a_name,
    what_hangs_on_something_keeps_it,
    a_removed_device_loses_its_token_and_keeps_its_checks,
    a_running_gate_takes_each_change_up,
    what_became_of_a_code_is_known,
    a_table_adds_and_updates_and_the_rest_stays,
    what_is_written_is_read_back,
    a_setting_of_a_newer_version_stays,
}

fn sector(code: &str) -> SectorCode {
    code.parse().unwrap()
}

fn door(code: &str) -> DoorCode {
    code.parse().unwrap()
}

fn device(code: &str) -> DeviceCode {
    code.parse().unwrap()
}

fn at(code: &str) -> Device {
    Device {
        name: Some("Lecteur".to_owned()),
        door: door(code),
        language: Some(Language::De),
        settings: DeviceSettings {
            direction: Direction::Exit,
            ..DeviceSettings::default()
        },
    }
}

fn to(code: &str) -> Door {
    Door {
        name: Some(format!("Vers {code}")),
        sectors: [sector(code)].into(),
    }
}

fn organisation(name: &str) -> Organisation {
    Organisation {
        name: name.to_owned(),
        ..site().whose()
    }
}

async fn write<T, F>(db: &Db, work: F) -> Result<T, SiteChangeError>
where
    F: Fn(&mut Tx<'_>) -> Result<T, SiteChangeError> + Send + 'static,
    T: Send + 'static,
{
    db.write("change", work).await
}

async fn load(db: &Db) -> Site {
    db.read("load", Site::load).await.unwrap()
}

async fn named(test: &TestDb) {
    let clock = ManualClock::new(now());
    test.db.migrate(&[gate::SCHEMA], clock.now()).await.unwrap();
    write(&test.db, |tx| {
        Ok(save_organisation(tx, &organisation("Villeneuve"))?)
    })
    .await
    .unwrap();
}

async fn a_site_grows_one_by_one(test: TestDb) {
    named(&test).await;
    let db = &test.db;
    write(db, |tx| {
        save_sector(tx, &sector("VN_AUG"), "Musée Auguste", Wanted::New)?;
        save_sector(tx, &sector("VN_RAY"), "Rayonnages", Wanted::New)?;
        save_door(tx, &door("D1"), &to("VN_AUG"), Wanted::New)?;
        save_device(tx, &device("PDA01"), &at("D1"), Wanted::New)
    })
    .await
    .unwrap();
    let grown = load(db).await;
    assert_eq!(grown.whose(), organisation("Villeneuve"));
    assert_eq!(grown.sectors[&sector("VN_AUG")], "Musée Auguste");
    assert_eq!(grown.sector_of(&device("PDA01")), Some(&sector("VN_AUG")));
    assert_eq!(grown.devices[&device("PDA01")], at("D1"));

    // Each change says what was before.
    let befores = write(db, |tx| {
        save_organisation(tx, &organisation("Villeneuve-la-Grande"))?;
        save_door(tx, &door("D2"), &to("VN_RAY"), Wanted::New)?;
        Ok((
            save_sector(tx, &sector("VN_AUG"), "Auguste", Wanted::Known)?,
            save_door(tx, &door("D1"), &to("VN_RAY"), Wanted::Known)?,
            save_device(tx, &device("PDA01"), &at("D2"), Wanted::Known)?,
        ))
    })
    .await
    .unwrap();
    assert_eq!(befores.0, Some("Musée Auguste".to_owned()));
    assert_eq!(befores.1, Some(to("VN_AUG")));
    assert_eq!(befores.2, Some(at("D1")));
    let changed = load(db).await;
    assert_eq!(changed.name, "Villeneuve-la-Grande");
    assert_eq!(changed.sectors[&sector("VN_AUG")], "Auguste");
    assert_eq!(changed.doors[&door("D1")], to("VN_RAY"));
    let names = SiteNames::read(db).await.unwrap();
    assert_eq!(names.sectors.of("VN_RAY"), "Rayonnages (VN_RAY)");
    assert_eq!(names.doors.of("D1"), "Vers VN_RAY (D1)");
    assert_eq!(names.devices.short("PDA01"), "Lecteur");
    assert_eq!(changed.devices[&device("PDA01")], at("D2"));

    // What is there already, or is not, is refused, and changes nothing.
    write(db, |tx| {
        let (aug, d1, pda) = (sector("VN_AUG"), door("D1"), device("PDA01"));
        let (nowhere, d9, pda9) = (sector("NO"), door("D9"), device("PDA99"));
        use SiteChangeError::{Taken, Unknown, UnknownDoor, UnknownSector};
        assert!(matches!(
            save_sector(tx, &aug, "x", Wanted::New),
            Err(Taken)
        ));
        assert!(matches!(
            save_door(tx, &d1, &to("VN_AUG"), Wanted::New),
            Err(Taken)
        ));
        assert!(matches!(
            save_device(tx, &pda, &at("D1"), Wanted::New),
            Err(Taken)
        ));
        assert!(matches!(
            save_sector(tx, &nowhere, "x", Wanted::Known),
            Err(Unknown)
        ));
        assert!(matches!(
            save_door(tx, &d9, &to("VN_AUG"), Wanted::Known),
            Err(Unknown)
        ));
        assert!(matches!(
            save_device(tx, &pda9, &at("D1"), Wanted::Known),
            Err(Unknown)
        ));
        let refused = save_door(tx, &d9, &to("NO"), Wanted::New);
        assert!(matches!(refused, Err(UnknownSector(code)) if code == nowhere));
        let refused = save_door(tx, &d1, &to("NO"), Wanted::Known);
        assert!(matches!(refused, Err(UnknownSector(_))));
        let refused = save_device(tx, &pda9, &at("D9"), Wanted::New);
        assert!(matches!(refused, Err(UnknownDoor(code)) if code == d9));
        let refused = save_device(tx, &pda, &at("D9"), Wanted::Known);
        assert!(matches!(refused, Err(UnknownDoor(_))));
        assert!(matches!(remove_sector(tx, &nowhere), Err(Unknown)));
        assert!(matches!(remove_door(tx, &d9), Err(Unknown)));
        assert!(matches!(
            remove_device(tx, &pda9, crate::house::now()),
            Err(Unknown)
        ));
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(load(db).await, changed);
}

async fn nothing_is_added_before_the_organisation_has_a_name(test: TestDb) {
    let clock = ManualClock::new(now());
    test.db.migrate(&[gate::SCHEMA], clock.now()).await.unwrap();
    let refused = write(&test.db, |tx| {
        save_sector(tx, &sector("VN_AUG"), "x", Wanted::New)
    })
    .await;
    let missing = SiteChangeError::Site(SiteError::Missing);
    assert_eq!(refused.unwrap_err().to_string(), missing.to_string());
    let table = read_site_table("sector;sector_name;door;device\nVN_AUG;;;").unwrap();
    let refused = test.db.write("table", move |tx| table.save(tx)).await;
    assert!(matches!(refused, Err(SiteError::Missing)));
}

async fn what_hangs_on_something_keeps_it(test: TestDb) {
    named(&test).await;
    write(&test.db, |tx| {
        save_sector(tx, &sector("VN_AUG"), "Auguste", Wanted::New)?;
        save_door(tx, &door("D1"), &to("VN_AUG"), Wanted::New)?;
        save_device(tx, &device("PDA01"), &at("D1"), Wanted::New)
    })
    .await
    .unwrap();
    write(&test.db, |tx| {
        let refused = remove_sector(tx, &sector("VN_AUG"));
        assert!(matches!(refused, Err(SiteChangeError::HasDoors(doors)) if doors == [door("D1")]));
        let refused = remove_door(tx, &door("D1"));
        assert!(matches!(refused, Err(SiteChangeError::HasDevices(at)) if at == [device("PDA01")]));
        Ok(())
    })
    .await
    .unwrap();
    let befores = write(&test.db, |tx| {
        Ok((
            remove_device(tx, &device("PDA01"), crate::house::now())?,
            remove_door(tx, &door("D1"))?,
            remove_sector(tx, &sector("VN_AUG"))?,
        ))
    })
    .await
    .unwrap();
    assert_eq!(befores.0, at("D1"));
    assert_eq!(befores.1, to("VN_AUG"));
    assert_eq!(befores.2, "Auguste");
    let left = load(&test.db).await;
    assert!(left.sectors.is_empty() && left.doors.is_empty() && left.devices.is_empty());
}

async fn a_removed_device_loses_its_token_and_keeps_its_checks(test: TestDb) {
    let house = usual(test).await;
    let scan = crate::house::scan(1, "PDA01", crate::house::GOOD);
    assert_eq!(house.outcome(&scan).await, "accepted");
    let token = || DeviceToken::from_random([1; 32]);
    let db = &house.test.db;
    let code = EnrolmentCode::from_random([1; 16]);
    house.grant("PDA01", token()).await.unwrap();
    house.save_code("PDA01", code.clone()).await.unwrap();
    assert!(
        house
            .gate
            .devices
            .holder_of(token())
            .await
            .unwrap()
            .is_some()
    );
    write(db, |tx| {
        remove_device(tx, &device("PDA01"), crate::house::now()).map(drop)
    })
    .await
    .unwrap();
    house.gate.reload().await.unwrap();
    assert_eq!(house.gate.devices.holder_of(token()).await.unwrap(), None);
    let refused = house
        .gate
        .devices
        .enrol(&code.reveal(), token(), Ipv4Addr::LOCALHOST.into())
        .await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM gate_check").await, 1);
    // What it did by then is known as its, though it is gone.
    let gone = house
        .gate
        .devices
        .enrolled_by(token())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(gone.holder.device, device("PDA01"));
    assert!(gone.revoked_at.is_some());
}

async fn a_running_gate_takes_each_change_up(test: TestDb) {
    let house = usual(test).await;
    let scan = |n| crate::house::scan(n, "PDA01", crate::house::GOOD);
    let seen = async |house: &House| {
        house.gate.reload().await.unwrap();
        house.gate.site()
    };
    let db = &house.test.db;
    write(db, |tx| {
        save_sector(tx, &sector("VN_NEW"), "New", Wanted::New)
    })
    .await
    .unwrap();
    assert!(seen(&house).await.sectors.contains_key(&sector("VN_NEW")));
    write(db, |tx| {
        save_door(tx, &door("VN_AUG_D1"), &to("VN_NEW"), Wanted::Known).map(drop)
    })
    .await
    .unwrap();
    let site = seen(&house).await;
    assert_eq!(site.sector_of(&device("PDA01")), Some(&sector("VN_NEW")));
    assert_eq!(house.outcome(&scan(1)).await, "sector_not_mapped");
    write(db, |tx| {
        let device = device("PDA01");
        save_device(tx, &device, &at("VN_AUG_D1"), Wanted::Known).map(drop)
    })
    .await
    .unwrap();
    let site = seen(&house).await;
    assert_eq!(
        site.settings_of(&device("PDA01")).direction,
        Direction::Exit
    );
}

async fn what_became_of_a_code_is_known(test: TestDb) {
    let house = usual(test).await;
    let (of, code) = (device("PDA01"), EnrolmentCode::from_random([1; 16]));
    let state = async |of: &DeviceCode, code: &EnrolmentCode| {
        let (of, code) = (of.clone(), code.clone());
        let read = move |tx: &mut Tx<'_>| {
            Ok::<_, db::DbError>((state_of_enrolment(tx, &of)?, state_of_code(tx, &of, &code)?))
        };
        house.test.db.read("states", read).await.unwrap()
    };
    assert_eq!(state(&of, &code).await, (None, None));
    let saved = house.save_code("PDA01", code.clone()).await;
    let expires_at = saved.unwrap();
    assert_eq!(expires_at.ms_since(now()), CODE_VALID_MS);
    let (last, this) = state(&of, &code).await;
    assert_eq!(last, this);
    let last = last.unwrap();
    assert_eq!((last.created_at, last.used_at), (now(), None));
    assert_eq!(last.expires_at, expires_at);
    assert_eq!(state(&device("PDA02"), &code).await, (None, None));

    house.clock.advance_ms(1_000);
    let token = DeviceToken::from_random([1; 32]);
    house
        .gate
        .devices
        .enrol(&code.reveal(), token, Ipv4Addr::LOCALHOST.into())
        .await
        .unwrap();
    let used = Some(now().plus_ms(1_000));
    assert_eq!(state(&of, &code).await.1.unwrap().used_at, used);
    // The last one is meant.
    house.clock.advance_ms(1_000);
    let another = EnrolmentCode::from_random([2; 16]);
    house.save_code("PDA01", another).await.unwrap();
    let (last, this) = state(&of, &code).await;
    assert_eq!(last.unwrap().used_at, None);
    assert_eq!(this.unwrap().used_at, used);

    assert_eq!(house.revoke("PDA01").await.unwrap(), 1);
    assert_eq!(house.revoke("PDA01").await.unwrap(), 0);
    assert!(house.revoke("PDA99").await.is_err());
}

const TABLE: &str = "\u{feff}Sector;Sector name;door;device;language;forced_entry;Door name;device_name\r\n\
    VN_AUG;Musée Auguste;VN_AUG_D1;PDA01;de;OUI;;Un\r\n\
    \r\n\
    ;;;;;;;\r\n\
    VN_AUG;;VN_AUG_D1;PDA90;;;;\r\n\
    VN_AUG;;VN_AUG_D2;PDA02;;yes;Sortie;\r\n\
    VN_NEW;\"Rue; Neuve\";NEW_D1;;;;Neuve;\r\n\
    EMPTY;;;;;;;\r\n";

async fn a_table_adds_and_updates_and_the_rest_stays(test: TestDb) {
    let house = usual(test).await;
    let mut before = site();
    let pda = before.devices.get_mut(&device("PDA01")).unwrap();
    pda.settings.sound = false;
    pda.settings.forced_entry = false;
    house.change(before.clone()).await;
    let table = read_site_table(TABLE).unwrap();
    let told = house.test.db.write("table", move |tx| table.save(tx)).await;
    assert_eq!(told.unwrap(), before);
    let mut expected = before;
    let name = |site: &mut Site, code, name: &str| site.sectors.insert(sector(code), name.into());
    name(&mut expected, "VN_AUG", "Musée Auguste");
    name(&mut expected, "VN_NEW", "Rue; Neuve");
    name(&mut expected, "EMPTY", "EMPTY");
    let new = Door {
        name: Some("Neuve".to_owned()),
        ..to("VN_NEW")
    };
    expected.doors.insert(door("NEW_D1"), new);
    // An empty cell leaves the name as it is.
    let exit = expected.doors.get_mut(&door("VN_AUG_D2")).unwrap();
    exit.name = Some("Sortie".to_owned());
    // A column that is not there leaves what is: the sound.
    let pda = expected.devices.get_mut(&device("PDA01")).unwrap();
    pda.name = Some("Un".to_owned());
    pda.language = Some(Language::De);
    pda.settings.forced_entry = true;
    let usual = Device {
        name: None,
        door: door("VN_AUG_D1"),
        language: None,
        settings: DeviceSettings::default(),
    };
    expected.devices.insert(device("PDA90"), usual);
    assert_eq!(load(&house.test.db).await, expected);
    house.gate.reload().await.unwrap();
    assert_eq!(*house.gate.site(), expected);

    // An empty cell says what is usual.
    let table = "sector;sector_name;door;device;language\nVN_AUG;;VN_AUG_D1;PDA01;";
    let table = read_site_table(table).unwrap();
    let save = move |tx: &mut Tx<'_>| table.save(tx);
    house.test.db.write("table", save).await.unwrap();
    let kept = load(&house.test.db).await;
    let pda = &kept.devices[&device("PDA01")];
    assert_eq!((pda.language, pda.settings.forced_entry), (None, true));
    assert_eq!(kept.sectors[&sector("VN_AUG")], "Musée Auguste");
}

async fn what_is_written_is_read_back(test: TestDb) {
    named(&test).await;
    let mut all = Site {
        name: "Villeneuve".to_owned(),
        ..site()
    };
    // What a spreadsheet would take for a formula stays text.
    all.sectors
        .insert(sector("=1+1"), "+33 \"Rue\"; Neuve".to_owned());
    all.sectors.insert(sector("'@x"), "@".to_owned());
    let pda = all.devices.get_mut(&device("PDA01")).unwrap();
    *pda = at("VN_AUG_D1");
    let text = write_site_table(&all);
    assert!(text.contains("'=1+1;\"'+33 \"\"Rue\"\"; Neuve\""), "{text}");
    let table = read_site_table(&text).unwrap();
    test.db
        .write("table", move |tx| table.save(tx))
        .await
        .unwrap();
    assert_eq!(load(&test.db).await, all);
}

/// Each finding as line, column, and the name of the mistake or what is wrong in
/// detail.
fn findings(text: &str) -> Vec<(usize, &'static str, String)> {
    let of = |finding: Finding| {
        let Place::Cell { line, column, .. } = finding.place else {
            panic!("{finding:?} is in no cell");
        };
        let has_detail = [
            "name_differs",
            "door_elsewhere",
            "code_given_twice",
            "code_invalid",
        ];
        let mistake = if has_detail.contains(&finding.code) {
            finding.what(Language::En)
        } else {
            finding.code.to_owned()
        };
        (line, column, mistake)
    };
    let found = read_site_table(text).unwrap_err();
    found.into_iter().map(of).collect()
}

/// A table, and what is found in it.
type Case<'a> = (String, Vec<(usize, &'static str, &'a str)>);

#[test]
fn each_mistake_of_a_table_is_found_with_its_line_and_column() {
    const HEAD: &str = "sector,sector_name,door,device,language,direction,sound\n";
    let (long, many) = ("x".repeat(101), "A".repeat(41));
    let too_long = format!(
        "As to a code, the sector code \"{many}\" has 41 characters; at most 40 are allowed."
    );
    let cases: [Case<'_>; 20] = [
        (String::new(), vec![(1, "", "table_empty")]),
        (" \n\n".to_owned(), vec![(1, "", "table_empty")]),
        (HEAD.to_owned(), vec![(1, "", "table_empty")]),
        (
            "sector,sector_name,door\nA,,".to_owned(),
            vec![(1, "device", "column_missing")],
        ),
        (
            "\nsector,sector_name,door,device,colour,door,\nA,,,,,,".to_owned(),
            vec![(2, "", "column_unknown"), (2, "door", "column_twice")],
        ),
        (format!("{HEAD}A,,,,,,,,x"), vec![(2, "", "too_many_cells")]),
        (
            format!("{HEAD}{many},,,,,,"),
            vec![(2, "sector", &too_long)],
        ),
        (
            "sep=,\r\nsector,sector_name,door,device\r\nA;B,,,".to_owned(),
            vec![(
                3,
                "sector",
                "As to a code, the sector code \"A;B\" holds the character ';', which a code cannot hold.",
            )],
        ),
        (
            format!("{HEAD}A,,\"2,99975E+21\",PDA01,,,"),
            vec![(
                2,
                "door",
                "A spreadsheet has shortened a long number to this; its last digits are lost.",
            )],
        ),
        (
            format!("{HEAD}A,{long},,,,,"),
            vec![(2, "sector_name", "name_invalid")],
        ),
        (
            format!("{HEAD}A,One,,,,,\n\n\nA,Two,,,,,"),
            vec![(
                5,
                "sector_name",
                "There is another name for this in line 2.",
            )],
        ),
        (
            format!(
                "sector,sector_name,door,device,door_name,device_name\nA,,D1,P1,One,{long}\nA,,D1,P2,Two,"
            ),
            vec![
                (2, "device_name", "name_invalid"),
                (3, "door_name", "There is another name for this in line 2."),
            ],
        ),
        (
            format!("{HEAD},,D1,,,,"),
            vec![(2, "sector", "door_without_sector")],
        ),
        (
            format!("{HEAD}A,,,PDA01,,,"),
            vec![(2, "door", "device_without_door")],
        ),
        (
            format!("{HEAD}A,\"a\nb\",D1,,,,\nB,,D1,,,,"),
            vec![
                (2, "sector_name", "name_invalid"),
                (4, "door", "This door leads to A in line 2."),
            ],
        ),
        (
            format!("{HEAD}A,,D1,PDA01,,,\nA,,D1,PDA01,,,"),
            vec![(3, "device", "This device is in line 2 already.")],
        ),
        (
            format!("{HEAD}A,,D1,PDA01,nl,,"),
            vec![(2, "language", "language_unknown")],
        ),
        (
            format!("{HEAD}A,,D1,PDA01,,in,"),
            vec![(2, "direction", "direction_unknown")],
        ),
        (
            format!("{HEAD}A,,D1,PDA01,,,loud"),
            vec![(2, "sound", "not_yes_or_no")],
        ),
        ("x".repeat(1024 * 1024 + 1), vec![(1, "", "table_too_long")]),
    ];
    for (text, expected) in cases {
        let shown: String = text.chars().take(200).collect();
        let found = findings(&text);
        let found: Vec<_> = found
            .iter()
            .map(|(l, c, mistake)| (*l, *c, mistake.as_str()))
            .collect();
        assert_eq!(found, expected, "{shown:?}");
    }
}

#[test]
fn a_tables_file_is_read_as_spreadsheets_save_it() {
    let text = "sector;sector_name;door;device\nA;Musée;;\n";
    let unicode = format!("\u{feff}{text}").replace(';', "\t");
    let unicode: Vec<u8> = unicode.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let windows = b"sector;sector_name;door;device\nA;Mus\xe9e;;\n";
    for file in [text.as_bytes(), &unicode, windows] {
        let read = site_table_text(file).unwrap();
        assert_eq!(read.replace('\t', ";"), text);
        assert!(read_site_table(&read).is_ok());
    }
    for (file, code, line) in [
        (&b"PK\x03\x04"[..], "table_workbook", 1),
        (b"sector;Mus\xc3\xa9e\nMus\xe9e\n", "table_letters", 2),
    ] {
        let found = &site_table_text(file).unwrap_err()[0];
        let at = matches!(found.place, Place::Cell { line: at, .. } if at == line);
        assert!(found.code == code && at, "{found:?}");
    }
}

#[test]
fn a_table_has_two_thousand_rows_at_most() {
    let rows = |count: usize| -> String {
        let rows = (0..count).map(|n| format!("A\t\tD1\tPDA{n}\n"));
        format!(
            "sector\tsector_name\tdoor\tdevice\n{}",
            rows.collect::<String>()
        )
    };
    assert!(read_site_table(&rows(ROWS_LIMIT)).is_ok());
    let found = findings(&rows(ROWS_LIMIT + 1));
    assert_eq!(found, [(ROWS_LIMIT + 2, "", "table_too_long".to_owned())]);
}

/// Where an older node saves a device beside a newer one, it keeps what it does not know.
async fn a_setting_of_a_newer_version_stays(test: TestDb) {
    let house = usual(test).await;
    let settings = "SELECT settings FROM gate_device WHERE code = 'PDA01'";
    let kept: String = house
        .test
        .db
        .write("newer", move |tx| {
            tx.execute(
                "UPDATE gate_device SET settings = '{\"sound\":false,\"torch\":true}' WHERE code = 'PDA01'",
                db::params![],
            )?;
            let usual = DeviceSettings::default();
            let read = Site::load(tx)?.settings_of(&device("PDA01"));
            assert_eq!(read, DeviceSettings { sound: false, ..usual });
            save_device(tx, &device("PDA01"), &at("VN_AUG_D1"), Wanted::Known)?;
            let saved = Site::load(tx)?.settings_of(&device("PDA01"));
            assert_eq!(saved, at("VN_AUG_D1").settings);
            Ok::<_, SiteChangeError>(tx.value(settings, db::params![])?)
        })
        .await
        .unwrap();
    assert!(kept.contains("\"torch\":true"), "{kept}");
}
