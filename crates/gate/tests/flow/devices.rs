//! Devices: enrolment, revocation, settings, and what they say of themselves.

use crate::house::{FORCES, GOOD, House, now, scan, usual};
use db::testing::TestDb;
use db::{DbError, params};
use gate::{
    CODE_VALID_MS, DeviceReport, DeviceToken, EnrolError, EnrolmentCode, Mode, Sending, TokenError,
    devices,
};
use std::net::{IpAddr, Ipv4Addr};

db::conformance! {
    a_code_enrols_one_device_once,
    a_code_expires,
    guessing_is_slowed_down,
    guesses_at_once_at_many_nodes_are_counted_one_by_one,
    who_has_many_networks_keeps_nobody_out,
    a_revoked_token_is_refused_at_once_here_and_soon_elsewhere,
    settings_are_taken_up_like_the_site,
    what_devices_say_of_themselves_is_kept,
}

/// Where codes come from.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const WRONG: &str =
    "SELECT COALESCE(MAX(wrong), 0) AS n FROM gate_enrolment_throttle WHERE party = 'all'";

fn code(n: u8) -> EnrolmentCode {
    EnrolmentCode::from_random([n; 16])
}

fn token(n: u8) -> DeviceToken {
    DeviceToken::from_random([n; 32])
}

async fn print_code(house: &House, n: u8, device: &str) -> Result<(), TokenError> {
    let saved = house.save_code(device, code(n)).await;
    saved.map(|expires_at| assert_eq!(expires_at.ms_since(now()), CODE_VALID_MS))
}

async fn a_code_enrols_one_device_once(test: TestDb) {
    let house = usual(test).await;
    print_code(&house, 1, "PDA01").await.unwrap();
    print_code(&house, 2, "PDA02").await.unwrap();
    let entered = code(1).reveal().to_lowercase();
    let device = house
        .gate
        .devices
        .enrol(&entered, token(1), HERE)
        .await
        .unwrap();
    assert_eq!(device.as_str(), "PDA01");
    let holder = house.gate.devices.holder_of(token(1)).await.unwrap();
    assert_eq!(holder.unwrap().device.as_str(), "PDA01");
    for wrong in [code(1).reveal(), code(3).reveal(), String::new()] {
        let refused = house.gate.devices.enrol(&wrong, token(9), HERE).await;
        assert!(matches!(refused, Err(EnrolError::CodeInvalid)), "{wrong}");
    }
    assert_eq!(house.gate.devices.holder_of(token(9)).await.unwrap(), None);
    let device = house
        .gate
        .devices
        .enrol(&code(2).reveal(), token(2), HERE)
        .await
        .unwrap();
    assert_eq!(device.as_str(), "PDA02");
    let kept = "SELECT COUNT(*) AS n FROM gate_enrolment_code WHERE LENGTH(code_sha256) = 64";
    assert_eq!(house.count(kept).await, 2, "only a hash is kept");
    let nobody = print_code(&house, 4, "PDA99").await.unwrap_err();
    assert!(nobody.to_string().contains("PDA99"));
}

async fn a_code_expires(test: TestDb) {
    let house = usual(test).await;
    print_code(&house, 1, "PDA01").await.unwrap();
    print_code(&house, 2, "PDA01").await.unwrap();
    house.clock.advance_ms(CODE_VALID_MS - 1);
    house
        .gate
        .devices
        .enrol(&code(1).reveal(), token(1), HERE)
        .await
        .unwrap();
    house.clock.advance_ms(1);
    let late = house
        .gate
        .devices
        .enrol(&code(2).reveal(), token(2), HERE)
        .await;
    assert!(matches!(late, Err(EnrolError::CodeInvalid)));
    // One of a clock that was ahead is not valid for longer than the rest.
    house.clock.set(now().plus_ms(3_600_000));
    house.save_code("PDA01", code(4)).await.unwrap();
    house.clock.set(now());
    let ahead = house
        .gate
        .devices
        .enrol(&code(4).reveal(), token(4), HERE)
        .await;
    assert!(matches!(ahead, Err(EnrolError::CodeInvalid)));
    // What became of codes is forgotten after a day.
    house.clock.set(now().plus_ms(3 * 86_400_000));
    house.save_code("PDA01", code(3)).await.unwrap();
    let kept = "SELECT COUNT(*) AS n FROM gate_enrolment_code";
    assert_eq!(house.count(kept).await, 1);
}

async fn guessing_is_slowed_down(test: TestDb) {
    let house = usual(test).await;
    print_code(&house, 1, "PDA01").await.unwrap();
    for _ in 0..20 {
        let wrong = house
            .gate
            .devices
            .enrol(&code(9).reveal(), token(9), HERE)
            .await;
        assert!(matches!(wrong, Err(EnrolError::CodeInvalid)));
    }
    let right = house
        .gate
        .devices
        .enrol(&code(1).reveal(), token(1), HERE)
        .await;
    assert!(matches!(right, Err(EnrolError::TooManyAttempts)));
    let at_another_node = house.restarted(std::time::Duration::from_secs(1)).await;
    let right = at_another_node
        .devices
        .enrol(&code(1).reveal(), token(1), HERE)
        .await;
    assert!(matches!(right, Err(EnrolError::TooManyAttempts)));
    // Who asks from elsewhere is not kept out.
    print_code(&house, 2, "PDA02").await.unwrap();
    let elsewhere = Ipv4Addr::new(192, 0, 2, 1).into();
    let other = house
        .gate
        .devices
        .enrol(&code(2).reveal(), token(2), elsewhere)
        .await;
    assert_eq!(other.unwrap().as_str(), "PDA02");
    house.clock.advance_ms(60_000);
    house
        .gate
        .devices
        .enrol(&code(1).reveal(), token(1), HERE)
        .await
        .unwrap();
}

async fn guesses_at_once_at_many_nodes_are_counted_one_by_one(test: TestDb) {
    let house = usual(test).await;
    let second = std::time::Duration::from_secs(1);
    let mut nodes = Vec::new();
    for _ in 0..6 {
        nodes.push(house.restarted(second).await);
    }
    let mut guesses = tokio::task::JoinSet::new();
    for n in 0..60 {
        let node = std::sync::Arc::clone(&nodes[n % 6]);
        guesses.spawn(async move {
            let wrong = code(9).reveal();
            let guess = node.devices.enrol(&wrong, token(9), HERE).await;
            matches!(guess, Err(EnrolError::CodeInvalid))
        });
    }
    let heard = guesses.join_all().await;
    assert_eq!(heard.into_iter().filter(|heard| *heard).count(), 20);
}

async fn who_has_many_networks_keeps_nobody_out(test: TestDb) {
    let house = usual(test).await;
    let heard = async |from: &str| {
        let wrong = code(9).reveal();
        let from = from.parse().unwrap();
        let tried = house.gate.devices.enrol(&wrong, token(9), from).await;
        matches!(tried, Err(EnrolError::CodeInvalid))
    };
    // What is no code at all guesses nothing.
    let nothing = house.gate.devices.enrol("", token(9), HERE).await;
    assert!(matches!(nothing, Err(EnrolError::CodeInvalid)));
    assert_eq!(house.count(WRONG).await, 0);
    let mut of_one_site = 0;
    for network in 0..6 {
        for _ in 0..20 {
            let from = format!("2001:db8:7:{network:x}::");
            of_one_site += u32::from(heard(&from).await);
        }
    }
    assert_eq!(of_one_site, 100);
    assert_eq!(house.count(WRONG).await, 100);
    // With many sites it hears no more of any of them, and all others are.
    let all_wrong = async |wrong: i64| {
        let all = house.test.db.write("all", move |tx| {
            let sql = "UPDATE gate_enrolment_throttle SET wrong = $1 WHERE party = 'all'";
            tx.execute(sql, params![wrong])
        });
        let all: Result<_, DbError> = all.await;
        assert_eq!(all.unwrap(), 1);
    };
    all_wrong(1_000).await;
    assert!(!heard("2001:db8:7:9::").await, "its site was heard");
    assert!(heard("192.0.2.7").await && heard("2001:db8:99::").await);
    assert!(!heard("192.0.2.7").await && !heard("2001:db8:99:1::").await);
    all_wrong(20_000).await;
    assert!(!heard("192.0.2.8").await);
    // The next minute is a new one, and so is the one to which a clock is set back.
    house.clock.advance_ms(60_000);
    assert!(heard("192.0.2.8").await);
    house.clock.set(now().plus_ms(-3_600_000));
    assert!(heard("192.0.2.8").await);
    assert_eq!(house.count(WRONG).await, 1, "older ones are gone");
}

async fn a_revoked_token_is_refused_at_once_here_and_soon_elsewhere(test: TestDb) {
    let house = usual(test).await;
    let elsewhere = house.restarted(std::time::Duration::from_secs(1)).await;
    house.grant("PDA01", token(1)).await.unwrap();
    for gate in [&house.gate, &elsewhere] {
        assert!(gate.devices.holder_of(token(1)).await.unwrap().is_some());
    }
    assert_eq!(house.revoke("PDA01").await.unwrap(), 1);
    house.gate.reload().await.unwrap();
    assert_eq!(house.gate.devices.holder_of(token(1)).await.unwrap(), None);
    elsewhere.reload().await.unwrap();
    assert_eq!(elsewhere.devices.holder_of(token(1)).await.unwrap(), None);
    // A new token works in both, before and after they look at the site again.
    house.grant("PDA01", token(2)).await.unwrap();
    assert!(
        house
            .gate
            .devices
            .holder_of(token(2))
            .await
            .unwrap()
            .is_some()
    );
    house.gate.reload().await.unwrap();
    assert!(
        house
            .gate
            .devices
            .holder_of(token(2))
            .await
            .unwrap()
            .is_some()
    );
}

async fn settings_are_taken_up_like_the_site(test: TestDb) {
    let house = usual(test).await;
    let device = "PDA01".parse().unwrap();
    assert_eq!(house.gate.site().settings_of(&device), Default::default());
    house.set("PDA01", FORCES).await;
    assert_eq!(house.gate.site().settings_of(&device), FORCES);
    let unknown = "PDA99".parse().unwrap();
    assert_eq!(house.gate.site().settings_of(&unknown), Default::default());
}

async fn what_devices_say_of_themselves_is_kept(test: TestDb) {
    let house = usual(test).await;
    let device: kernel::DeviceCode = "PDA01".parse().unwrap();
    let state = async || {
        let all = devices(&house.test.db).await.unwrap();
        assert_eq!(all.len(), 13);
        all.into_iter().next().unwrap()
    };
    let unheard = state().await;
    assert_eq!(
        (unheard.seen_at, unheard.unsent, unheard.tokens),
        (None, None, 0)
    );
    assert_eq!(unheard.sectors, ["VN_AUG".parse().unwrap()]);
    let report = DeviceReport {
        device_time: Some(now().plus_ms(-250).into()),
        unsent: Some(12),
        oldest_unsent: Some(now().plus_ms(-60_000)),
        battery_percent: Some(41),
        mode: Some(Mode::Offline),
    };
    house
        .gate
        .devices
        .note_seen(device.clone(), report)
        .await
        .unwrap();
    let said = state().await;
    assert_eq!(
        (said.seen_at, said.clock_offset_ms),
        (Some(now()), Some(-250))
    );
    assert_eq!((said.unsent, said.battery_percent), (Some(12), Some(41)));
    assert_eq!(said.oldest_unsent_at, Some(now().plus_ms(-60_000)));
    assert_eq!(said.mode, Some(Mode::Offline));
    // What it does not say stays; an empty journal has no oldest check.
    house.clock.advance_ms(1_000);
    let silent = DeviceReport::default();
    house
        .gate
        .devices
        .note_seen(device.clone(), silent)
        .await
        .unwrap();
    let later = state().await;
    assert_eq!(later.seen_at, Some(now().plus_ms(1_000)));
    assert_eq!((later.unsent, later.mode), (said.unsent, said.mode));
    assert_eq!(later.oldest_unsent_at, said.oldest_unsent_at);
    let emptied = DeviceReport {
        unsent: Some(0),
        ..DeviceReport::default()
    };
    house.gate.devices.note_seen(device, emptied).await.unwrap();
    assert_eq!(state().await.oldest_unsent_at, None);
    // A check is a sign of life too.
    house.clock.advance_ms(1_000);
    house
        .gate
        .deciding
        .check(scan(1, "PDA01", GOOD), Sending::default())
        .await
        .unwrap();
    let checked = state().await;
    assert_eq!(checked.seen_at, Some(now().plus_ms(2_000)));
    // It showed a clock that is two seconds slow.
    assert_eq!(checked.clock_offset_ms, Some(-2_000));
    // One that somebody made in its name, from the set-up, is none.
    house.clock.advance_ms(60_000);
    let test = scan(2, "PDA01", GOOD);
    house.gate.devices.note_test(test.id).await.unwrap();
    let checked = house.gate.deciding.check(test, Sending::default());
    checked.await.unwrap();
    let after = state().await;
    assert_eq!(after.seen_at, Some(now().plus_ms(2_000)));
    assert_eq!(after.clock_offset_ms, Some(-2_000));
}
