//! The site, changed one by one and by table.

mod table;

use crate::house::{House, now, site, usual};
use db::testing::TestDb;
use db::{Db, Tx};
use gate::site::change::{
    SiteChangeError, Wanted, remove_device, remove_door, remove_sector, save_device, save_door,
    save_organisation, save_sector,
};
use gate::site::table::read_site_table;
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
