//! The pass list from Otipass to a device, on every engine.

use crate::house::{House, usual};
use db::testing::TestDb;
use db::{DbError, params};
use gate::OfflinePolicy;
use gate::pass_list::{DeviceList, ListBody, ListReason, PassKey, RefreshError, Refreshed, sign};
use gate::{DeviceToken, Gate, InterfaceSettings};
use kernel::{CardNumber, Timestamp};
use otipass::{Refusal, luhn_fits};
use sandbox::{Failure, Fault, Pass, PassBook, PassStatus};
use std::collections::BTreeMap;
use std::sync::Arc;

db::conformance! {
    a_device_follows_otipass_by_differences,
    without_the_policy_there_is_no_list,
    many_changes_make_a_new_whole,
    a_new_pass_that_the_filters_take_is_an_exception,
    what_is_no_longer_named_is_no_longer_refused,
    a_reading_that_breaks_off_changes_nothing,
    one_process_at_a_time_refreshes,
    whatever_changes_no_good_pass_is_refused,
}

/// The `n`th card number: seven digits and their check digit.
fn card(n: u32) -> CardNumber {
    let mut numbers = (0..10).map(|check| format!("{n:07}{check}"));
    let number = numbers.find(|number| luhn_fits(number));
    number.unwrap().parse().unwrap()
}

fn pass(number: CardNumber, status: PassStatus) -> Pass {
    Pass {
        number,
        status,
        duration_days: 3,
        valid_until: None,
        services: BTreeMap::new(),
    }
}

/// Every fourth is good, the others are refused in turn.
fn status(n: u32) -> PassStatus {
    match n % 4 {
        0 => PassStatus::Active,
        1 => PassStatus::Invalid,
        2 => PassStatus::Expired,
        _ => PassStatus::Created,
    }
}

fn book(count: u32) -> PassBook {
    let mut book = PassBook::default();
    for n in 0..count {
        book.insert(pass(card(n), status(n)));
    }
    book
}

fn token() -> DeviceToken {
    DeviceToken::from_random([7; 32])
}

/// A gate with the policy `guarded`, before a sandbox with these passes.
async fn guarded(test: TestDb, passes: PassBook) -> (House, Gate) {
    let house = usual(test).await;
    house.sandbox.change_passes(|known| *known = passes);
    let gate = another(&house).await;
    (house, gate)
}

/// Another process, or another life of the same.
async fn another(house: &House) -> Gate {
    let settings = InterfaceSettings {
        offline_policy: OfflinePolicy::Guarded,
        ..house.settings.clone()
    };
    let clock = Arc::new(house.clock.clone());
    Gate::open(
        house.test.db.clone(),
        clock,
        settings,
        house.client.clone(),
        "gate",
    )
    .await
    .unwrap()
}

/// Refreshes and gives the version.
async fn refresh(gate: &Gate) -> i64 {
    let Refreshed::Done { version, dated, .. } = gate.pass_lists.refresh().await.unwrap() else {
        panic!("another process is at it");
    };
    assert_eq!(dated, gate.now());
    assert_eq!(gate.pass_lists.version().await.unwrap(), Some(version));
    version
}

async fn body(gate: &Gate, since: Option<i64>) -> ListBody {
    gate.pass_lists.list(since).await.unwrap().unwrap()
}

/// A device that asks as devices do.
struct Device(Option<DeviceList>);

impl Device {
    /// Asks until there is nothing new; gives how many entries came in
    /// differences.
    async fn follow(&mut self, gate: &Gate) -> usize {
        let mut entries = 0;
        loop {
            let since = self.0.as_ref().map(DeviceList::version);
            let body = body(gate, since).await;
            if let ListBody::Difference(difference) = &body {
                let added = ListReason::ALL.map(|reason| difference.added.get(reason).len());
                entries += added.iter().sum::<usize>();
                entries += difference.removed.len() + difference.exceptions.len();
            }
            let whole = matches!(body, ListBody::Whole(_));
            let bytes = serde_json::to_vec(&body).unwrap();
            let signature = sign(&bytes, &token());
            match &mut self.0 {
                Some(list) => list.apply(&bytes, &signature, &token()).unwrap(),
                none => *none = Some(DeviceList::open(&bytes, &signature, &token()).unwrap()),
            }
            if !whole {
                return entries;
            }
        }
    }

    fn refusal(&self, n: u32, now: Timestamp) -> Option<Refusal> {
        self.0.as_ref().unwrap().refusal(&card(n), now)
    }
}

fn set(house: &House, n: u32, status: PassStatus) {
    house.sandbox.change_passes(|passes| {
        passes.insert(pass(card(n), status));
    });
}

async fn a_device_follows_otipass_by_differences(test: TestDb) {
    let (house, gate) = guarded(test, book(40)).await;
    assert_eq!(gate.pass_lists.list(None).await.unwrap(), None);
    assert_eq!(gate.pass_lists.version().await.unwrap(), None);
    assert_eq!(refresh(&gate).await, 1);
    let mut device = Device(None);
    assert_eq!(device.follow(&gate).await, 0);
    let now = gate.now();
    assert_eq!(device.refusal(0, now), None);
    assert_eq!(device.refusal(1, now), Some(Refusal::PassBlocked));
    assert_eq!(device.refusal(2, now), Some(Refusal::PassExpired));
    assert_eq!(device.refusal(3, now), Some(Refusal::PassNotSold));

    // Nothing new: the same version with a new date.
    house.clock.advance_ms(300_000);
    assert_eq!(refresh(&gate).await, 1);
    assert_eq!(device.follow(&gate).await, 0);
    let list = device.0.as_ref().unwrap();
    assert_eq!((list.version(), list.dated()), (1, gate.now()));
    let ListBody::Whole(whole) = body(&gate, None).await else {
        panic!("a whole");
    };
    assert_eq!(whole.dated, gate.now(), "it is still as Otipass has it");

    set(&house, 0, PassStatus::Invalid);
    set(&house, 3, PassStatus::Inactive);
    set(&house, 7, PassStatus::Undefined);
    set(&house, 41, PassStatus::Created);
    house.clock.advance_ms(300_000);
    assert_eq!(refresh(&gate).await, 2);
    assert_eq!(device.follow(&gate).await, 4);
    let now = gate.now();
    assert_eq!(device.refusal(0, now), Some(Refusal::PassBlocked));
    assert_eq!(device.refusal(3, now), None);
    assert_eq!(device.refusal(7, now), None);
    assert_eq!(device.refusal(41, now), Some(Refusal::PassNotSold));

    set(&house, 0, PassStatus::Active);
    assert_eq!(refresh(&another(&house).await).await, 3);
    assert_eq!(device.follow(&gate).await, 1);
    assert_eq!(device.refusal(0, now), None);
    // A device that was away for a while, a new one, and two that are lost.
    for (since, whole) in [
        (Some(1), false),
        (None, true),
        (Some(0), true),
        (Some(99), true),
    ] {
        match body(&gate, since).await {
            ListBody::Difference(difference) => {
                assert!(!whole);
                assert_eq!((difference.since, difference.version), (1, 3));
            }
            ListBody::Whole(list) => {
                assert!(whole);
                assert_eq!(list.version, 1);
            }
        }
    }
    let mut fresh = Device(None);
    fresh.follow(&gate).await;
    for n in 0..42 {
        assert_eq!(fresh.refusal(n, now), device.refusal(n, now), "{n}");
    }
}

async fn without_the_policy_there_is_no_list(test: TestDb) {
    let (house, gate) = guarded(test, book(4)).await;
    refresh(&gate).await;
    assert_eq!(house.gate.pass_lists.list(None).await.unwrap(), None);
    assert_eq!(house.gate.pass_lists.version().await.unwrap(), None);
}

async fn many_changes_make_a_new_whole(test: TestDb) {
    let (house, gate) = guarded(test, book(2_000)).await;
    refresh(&gate).await;
    let mut device = Device(None);
    device.follow(&gate).await;
    house.sandbox.change_passes(|passes| {
        for n in 0..1_000 {
            passes.insert(pass(card(n), status(n + 1)));
        }
    });
    refresh(&gate).await;
    assert!(matches!(
        body(&gate, Some(1)).await,
        ListBody::Difference(_)
    ));
    assert_eq!(device.follow(&gate).await, 1_000);
    set(&house, 0, PassStatus::Active);
    set(&house, 1_001, PassStatus::Active);
    let version = refresh(&gate).await;
    let ListBody::Whole(whole) = body(&gate, Some(2)).await else {
        panic!("too much has changed for a difference");
    };
    assert_eq!((whole.version, version), (3, 3));
    assert_eq!(device.follow(&gate).await, 0);
    let now = gate.now();
    assert_eq!(device.refusal(0, now), None);
    assert_eq!(device.refusal(1_001, now), None);
    for n in 2..1_000 {
        let good = status(n + 1) == PassStatus::Active;
        let said = device.refusal(n, now);
        assert!(!good || said.is_none(), "{n}: {said:?}");
    }
    // What was told before the whole is not told again.
    set(&house, 1, PassStatus::Active);
    refresh(&gate).await;
    assert_eq!(device.follow(&gate).await, 1);
}

async fn a_new_pass_that_the_filters_take_is_an_exception(test: TestDb) {
    let (house, gate) = guarded(test, book(400)).await;
    refresh(&gate).await;
    let mut device = Device(None);
    device.follow(&gate).await;
    let now = gate.now();
    let taken: Vec<u32> = (1_000_000..)
        .filter(|n| device.refusal(*n, now).is_some())
        .take(3)
        .collect();
    for n in [taken[0], taken[1], 999] {
        set(&house, n, PassStatus::Active);
    }
    refresh(&gate).await;
    let ListBody::Difference(difference) = body(&gate, Some(1)).await else {
        panic!("a difference");
    };
    let mut expected = [0, 1].map(|i| PassKey::of(&card(taken[i])));
    let mut exceptions = difference.exceptions.clone();
    expected.sort_unstable();
    exceptions.sort_unstable();
    assert_eq!(exceptions, expected);
    assert!(difference.removed.is_empty());
    device.follow(&gate).await;
    assert_eq!(device.refusal(taken[0], now), None);
    assert_eq!(device.refusal(taken[1], now), None);
    assert!(device.refusal(taken[2], now).is_some(), "nobody knows it");
}

async fn what_is_no_longer_named_is_no_longer_refused(test: TestDb) {
    let (house, gate) = guarded(test, book(40)).await;
    refresh(&gate).await;
    let mut device = Device(None);
    device.follow(&gate).await;
    house.sandbox.change_passes(|passes| *passes = book(21));
    // Differences don't tell of it, but once a day all passes are read.
    house.clock.advance_ms(24 * 60 * 60 * 1000 - 1);
    refresh(&gate).await;
    device.follow(&gate).await;
    assert_eq!(device.refusal(21, gate.now()), Some(Refusal::PassBlocked));
    house.clock.advance_ms(1);
    refresh(&gate).await;
    assert_eq!(device.follow(&gate).await, 15);
    assert_eq!(device.refusal(21, gate.now()), None);
    assert_eq!(device.refusal(17, gate.now()), Some(Refusal::PassBlocked));
}

async fn a_reading_that_breaks_off_changes_nothing(test: TestDb) {
    // Two pages.
    let (house, gate) = guarded(test, book(5_001)).await;
    let break_off = |after: u32| {
        let good = Fault {
            requests: Some(after),
            ..Fault::default()
        };
        let bad = Fault {
            failure: Some(Failure::HalfJson),
            requests: Some(1),
            latency_ms: 0,
        };
        house.sandbox.set_faults(vec![good, bad]).unwrap();
    };
    for after in [0, 1] {
        break_off(after);
        let failed = gate.pass_lists.refresh().await;
        assert!(matches!(failed, Err(RefreshError::Ask(_))), "{failed:?}");
        assert_eq!(gate.pass_lists.version().await.unwrap(), None);
        let kept = house.count("SELECT COUNT(*) AS n FROM gate_pass").await;
        assert_eq!(kept, 0);
    }
    let done = gate.pass_lists.refresh().await.unwrap();
    let (version, dated, named) = (1, gate.now(), 5_001);
    assert_eq!(
        done,
        Refreshed::Done {
            version,
            dated,
            named
        }
    );
    let kept = house.count("SELECT COUNT(*) AS n FROM gate_pass").await;
    assert_eq!(kept, 5_001);
}

async fn one_process_at_a_time_refreshes(test: TestDb) {
    let (house, gate) = guarded(test, book(4)).await;
    refresh(&gate).await;
    let until = gate.now().plus_ms(600_000);
    let leased: Result<u64, DbError> = house
        .test
        .db
        .write("as if another were at it", move |tx| {
            tx.execute(
                "UPDATE gate_pass_list SET leased_until = $1 WHERE id = 1",
                params![until],
            )
        })
        .await;
    assert_eq!(leased.unwrap(), 1);
    set(&house, 0, PassStatus::Invalid);
    house.clock.advance_ms(599_999);
    let elsewhere = gate.pass_lists.refresh().await.unwrap();
    assert_eq!(elsewhere, Refreshed::Elsewhere);
    assert_eq!(gate.pass_lists.version().await.unwrap(), Some(1));
    // It died: the next one takes over.
    house.clock.advance_ms(1);
    assert_eq!(refresh(&gate).await, 2);
    assert_eq!(refresh(&gate).await, 2);
}

async fn whatever_changes_no_good_pass_is_refused(test: TestDb) {
    let (house, mut gate) = guarded(test, book(600)).await;
    let (mut often, mut seldom) = (Device(None), Device(None));
    let mut chance = 12_345_u32;
    let mut next = |below: u32| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (chance >> 8) % below
    };
    for step in 0..12 {
        for _ in 0..next(200) {
            set(&house, next(1_500), status(next(4)));
        }
        house.clock.advance_ms(i64::from(next(9)) * 3_600_000);
        refresh(&gate).await;
        often.follow(&gate).await;
        if step % 4 == 3 {
            seldom.follow(&gate).await;
            gate = another(&house).await;
            let now = gate.now();
            let passes = house.sandbox.passes();
            for n in 0..1_500 {
                let state = passes.get(&card(n)).map(|pass| pass.status);
                for device in [&often, &seldom] {
                    let said = device.refusal(n, now);
                    match state {
                        Some(PassStatus::Active) => assert_eq!(said, None, "{n} at {step}"),
                        Some(PassStatus::Invalid | PassStatus::Expired) => {
                            assert!(said.is_some(), "{n} at {step}");
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
