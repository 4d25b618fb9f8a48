//! Codes change as long as nothing that was done names them; and what a table would
//! change is what it changes.

use crate::house::{GOOD, House, scan, usual};
use db::Tx;
use db::testing::TestDb;
use gate::DeviceToken;
use gate::site::change::{SiteChangeError, Use, rename_device, rename_door, rename_sector};
use gate::site::interface::save_mapping;
use gate::site::table::{Becomes, Kind, TableChange, read_site_table};
use kernel::{DeviceCode, DoorCode, SectorCode};

db::conformance! {
    what_stands_on_a_code_follows_it,
    what_was_done_keeps_its_code,
    a_table_changes_what_it_said_it_would,
}

async fn change<F>(house: &House, work: F) -> Result<(), SiteChangeError>
where
    F: Fn(&mut Tx<'_>) -> Result<(), SiteChangeError> + Send + 'static,
{
    let done = house.test.db.write("rename", work).await;
    house.gate.reload().await.unwrap();
    done
}

fn sectors(from: &str, to: &str) -> [SectorCode; 2] {
    [from, to].map(|code| code.parse().unwrap())
}

fn doors(from: &str, to: &str) -> [DoorCode; 2] {
    [from, to].map(|code| code.parse().unwrap())
}

fn devices(from: &str, to: &str) -> [DeviceCode; 2] {
    [from, to].map(|code| code.parse().unwrap())
}

async fn what_stands_on_a_code_follows_it(test: TestDb) {
    let house = usual(test).await;
    house
        .save_code("PDA03", gate::EnrolmentCode::from_random([3; 16]))
        .await
        .unwrap();
    change(&house, |tx| {
        let [from, to] = sectors("VN_RAY", "VN_RAI");
        rename_sector(tx, &from, &to)?;
        let [from, to] = doors("VN_RAY_D1", "RAI_1");
        rename_door(tx, &from, &to)?;
        let [from, to] = devices("PDA03", "PDA33");
        rename_device(tx, &from, &to)
    })
    .await
    .unwrap();
    let site = house.gate.site();
    let [ray, rai] = sectors("VN_RAY", "VN_RAI");
    assert!(site.sectors.contains_key(&rai) && !site.sectors.contains_key(&ray));
    let [gone, device] = devices("PDA03", "PDA33");
    assert_eq!(site.sector_of(&device), Some(&rai));
    let [_, door] = doors("VN_RAY_D1", "RAI_1");
    assert_eq!(site.devices[&device].door, door);
    let name = site.doors[&door].name.as_deref();
    assert_eq!(name, Some("Grande entrée Ray"));
    assert!(!site.devices.contains_key(&gone));
    let others = site
        .doors
        .values()
        .filter(|door| door.sectors.contains(&rai));
    assert_eq!(others.count(), 2, "both doors lead to it as before");
}

async fn what_was_done_keeps_its_code(test: TestDb) {
    let house = usual(test).await;
    let taken = change(&house, |tx| {
        let [from, to] = sectors("VN_RAY", "VN_AUG");
        rename_sector(tx, &from, &to)
    });
    assert!(matches!(taken.await, Err(SiteChangeError::Taken)));
    assert_eq!(house.outcome(&scan(1, "PDA01", GOOD)).await, "accepted");
    for refused in [
        change(&house, |tx| {
            let [from, to] = sectors("VN_AUG", "VN_AUX");
            rename_sector(tx, &from, &to)
        })
        .await,
        change(&house, |tx| {
            let [from, to] = doors("VN_AUG_D1", "AUG");
            rename_door(tx, &from, &to)
        })
        .await,
        change(&house, |tx| {
            let [from, to] = devices("PDA01", "PDA91");
            rename_device(tx, &from, &to)
        })
        .await,
    ] {
        assert!(
            matches!(refused, Err(SiteChangeError::InUse(Use::Checks))),
            "{refused:?}"
        );
    }
    house
        .grant("PDA02", DeviceToken::from_random([2; 32]))
        .await
        .unwrap();
    let enrolled = change(&house, |tx| {
        let [from, to] = devices("PDA02", "PDA92");
        rename_device(tx, &from, &to)
    });
    let enrolled = enrolled.await;
    assert!(matches!(enrolled, Err(SiteChangeError::InUse(Use::Tokens))));
    let mapping = include_str!("../../../../examples/villeneuve/mapping.json");
    let mapped = change(&house, |tx| {
        save_mapping(tx, mapping)?;
        let [from, to] = sectors("VN_RAY", "VN_RAI");
        rename_sector(tx, &from, &to)
    });
    let mapped = mapped.await;
    assert!(matches!(mapped, Err(SiteChangeError::InUse(Use::Mapping))));
}

async fn a_table_changes_what_it_said_it_would(test: TestDb) {
    let house = usual(test).await;
    let rows = "sector;sector_name;door;device;sound;door_name;device_name\n\
                VN_AUG;Auguste;VN_AUG_D2;PDA01;no;;Un\nVN_RAI;;VN_AUG_D1;;;Ailleurs;\n";
    let table = read_site_table(rows).unwrap();
    let before = house.gate.site().clone();
    let slips = table.lookalikes(&before);
    let [slip] = slips.as_slice() else {
        panic!("{slips:?}")
    };
    assert_eq!(
        (slip.code.as_str(), slip.known.as_str()),
        ("VN_RAI", "VN_RAY")
    );
    let table = table.corrected(slip).unwrap();
    let changes = table.changes(&before);
    let named = |from: &str, to: &str| Becomes::Named {
        from: from.to_owned(),
        to: to.to_owned(),
    };
    let moved = |from: &str, to: &str| Becomes::Moved {
        from: vec![from.to_owned()],
        to: to.to_owned(),
    };
    let [aug, _] = sectors("VN_AUG", "VN_RAY");
    let expected = [
        (
            Kind::Sector,
            "VN_AUG",
            named(&before.sectors[&aug], "Auguste"),
        ),
        (
            Kind::Door,
            "VN_AUG_D1",
            named("Grande entrée Aug", "Ailleurs"),
        ),
        (Kind::Door, "VN_AUG_D1", moved("VN_AUG", "VN_RAY")),
        (Kind::Device, "PDA01", named("PDA01", "Un")),
        (Kind::Device, "PDA01", Becomes::Set),
        (Kind::Device, "PDA01", moved("VN_AUG_D1", "VN_AUG_D2")),
    ];
    let expected = expected.map(|(kind, code, becomes)| TableChange {
        kind,
        code: code.to_owned(),
        becomes,
    });
    assert_eq!(changes, expected);
    let taken = table.clone();
    change(&house, move |tx| Ok(taken.save(tx).map(drop)?))
        .await
        .unwrap();
    assert_eq!(table.changes(&house.gate.site()), []);
}
