//! One visitor, one admission: the repeat window, two readers of one card at the
//! same time, and what a device did before its set-up changed.

use crate::house::{GOOD, House, TWICE, as_shown, exit, forced, id, now, scan, usual};
use db::testing::TestDb;
use gate::records::doubts::{Doubt, Doubts, doubts};
use gate::records::history::{CheckFilter, checks};
use gate::records::ledger;
use gate::site::revision::Meaning;
use gate::{Check, Gate, InterfaceSettings, JournalItem, Merged, Scan, Sending};
use sandbox::{Failure, Fault, PassBook};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

db::conformance! {
    a_card_is_admitted_once_within_the_window,
    an_exit_ends_the_window,
    one_more_person_is_no_repeat,
    what_was_taken_back_or_is_estimated_does_not_count,
    two_readers_of_one_card_ask_once,
    two_hundred_pairs_of_readers_sell_once_each,
    a_question_that_stays_open_is_decided_by_policy_and_marked,
    a_question_that_a_crash_left_holds_nobody_up,
    whoever_left_a_question_open_ends_it_although_another_waits,
    what_a_journal_brings_stands_and_is_marked,
    a_journal_is_booked_by_the_set_up_of_its_device,
    a_scan_is_dated_by_the_server,
    what_somebody_should_look_at_is_counted_and_listed,
}

/// The gate of the house with the usual window.
async fn with_window(house: &House) -> Arc<Gate> {
    let settings = InterfaceSettings {
        repeat_window: InterfaceSettings::DEFAULT_REPEAT_WINDOW,
        ..house.settings.clone()
    };
    let (db, clock) = (house.test.db.clone(), Arc::new(house.clock.clone()));
    Arc::new(
        Gate::open(db, clock, settings, house.client.clone(), "other")
            .await
            .unwrap(),
    )
}

async fn check(gate: &Gate, scan: Scan) -> Check {
    let (check, _) = gate.deciding.check(scan, Sending::default()).await.unwrap();
    check
}

async fn outcome(gate: &Gate, scan: Scan) -> &'static str {
    check(gate, scan).await.decision.as_str()
}

/// The seconds that the journal's scan lies before now.
async fn bring(gate: &Gate, scan: Scan, seconds_ago: i64, set_up: Option<i64>) -> Check {
    let item = JournalItem {
        sending: Sending {
            set_up,
            ..as_shown()
        },
        ..Scan {
            device_time: gate.now().plus_ms(-1_000 * seconds_ago).into(),
            ..scan
        }
        .into()
    };
    let merged = gate.deciding.merge_journal(vec![item]).await.unwrap();
    match merged.into_iter().next().unwrap() {
        Merged::Recorded(check, _) => *check,
        Merged::Refused(_, error) => panic!("{error}"),
    }
}

async fn a_card_is_admitted_once_within_the_window(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    assert_eq!(outcome(&gate, scan(1, "PDA01", TWICE)).await, "accepted");
    let asked = house.sandbox.log().total.validations;
    house.clock.advance_ms(60_000);
    let first = check(&gate, scan(2, "PDA01", TWICE)).await;
    assert_eq!(first.decision.as_str(), "just_admitted");
    let earlier = first.earlier.clone().unwrap();
    assert_eq!((earlier.check, earlier.at), (id(1), now()));
    assert_eq!(earlier.device.as_str(), "PDA01");
    // The same answer again, with when and where.
    assert_eq!(check(&gate, scan(2, "PDA01", TWICE)).await, first);
    assert_eq!(house.sandbox.log().total.validations, asked);
    assert_eq!(house.barcodes().await.len(), 1);
    // Elsewhere the card is asked about at once, and a millisecond later here too.
    assert_ne!(
        outcome(&gate, scan(3, "PDA03", TWICE)).await,
        "just_admitted"
    );
    house.clock.advance_ms(1);
    assert_eq!(outcome(&gate, scan(4, "PDA01", TWICE)).await, "accepted");
    house.clock.advance_ms(60_001);
    let used = check(&gate, scan(5, "PDA01", TWICE)).await;
    assert_eq!(used.decision.as_str(), "already_used");
    assert_eq!(used.earlier.unwrap().check, id(4));
}

async fn an_exit_ends_the_window(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    let device = gate::DeviceSettings {
        may_switch_direction: true,
        forced_entry: true,
        ..gate::DeviceSettings::default()
    };
    house.set("PDA01", device).await;
    gate.reload().await.unwrap();
    assert_eq!(outcome(&gate, scan(1, "PDA01", TWICE)).await, "accepted");
    house.clock.advance_ms(5_000);
    // Neither an exit nor a forced entry is held by the window.
    assert_eq!(
        outcome(&gate, forced(2, "PDA01", TWICE)).await,
        "accepted_forced"
    );
    assert_eq!(
        outcome(&gate, scan(3, "PDA01", TWICE)).await,
        "just_admitted"
    );
    assert_eq!(outcome(&gate, exit(4, "PDA01", TWICE)).await, "exit");
    house.clock.advance_ms(5_000);
    assert_eq!(outcome(&gate, scan(5, "PDA01", TWICE)).await, "accepted");
}

async fn one_more_person_is_no_repeat(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    assert_eq!(outcome(&gate, scan(1, "PDA01", TWICE)).await, "accepted");
    let one_more = Sending {
        one_more_than: Some(id(1)),
        ..Sending::default()
    };
    for (n, expected) in [(2, "accepted"), (3, "already_used")] {
        let scan = scan(n, "PDA01", TWICE);
        let (check, _) = gate.deciding.check(scan, one_more).await.unwrap();
        assert_eq!(check.decision.as_str(), expected);
        assert_eq!(check.earlier.is_some(), n == 3);
    }
    let device = gate::DeviceSettings {
        several_persons: false,
        ..gate::DeviceSettings::default()
    };
    house.set("PDA01", device).await;
    gate.reload().await.unwrap();
    let refused = gate.deciding.check(scan(4, "PDA01", GOOD), one_more).await;
    assert!(refused.unwrap_err().to_string().contains("several_persons"));
}

async fn what_was_taken_back_or_is_estimated_does_not_count(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    assert_eq!(outcome(&gate, scan(1, "PDA01", TWICE)).await, "accepted");
    let cancellation = gate::Cancellation {
        cause: None,
        id: "00000000-0000-4000-9000-000000000001".parse().unwrap(),
        check_id: id(1),
        device: "PDA01".parse().unwrap(),
        device_time: now().into(),
        sending: as_shown(),
    };
    gate.deciding.cancel(cancellation).await.unwrap();
    assert_eq!(outcome(&gate, scan(2, "PDA01", TWICE)).await, "accepted");
    // A journal whose device says nothing of its clock.
    let item = scan(3, "PDA02", GOOD).into();
    gate.deciding.merge_journal(vec![item]).await.unwrap();
    assert_eq!(outcome(&gate, scan(4, "PDA02", GOOD)).await, "accepted");
}

async fn two_readers_of_one_card_ask_once(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    let slow = Fault {
        latency_ms: 200,
        failure: None,
        requests: None,
    };
    house.sandbox.set_faults(vec![slow]).unwrap();
    let other = with_window(&house).await;
    let at_once = [
        (1, Arc::clone(&gate)),
        (2, Arc::clone(&gate)),
        // Another process on the same database.
        (3, other),
    ]
    .map(|(n, gate)| tokio::spawn(async move { check(&gate, scan(n, "PDA01", TWICE)).await }));
    let mut outcomes = Vec::new();
    for one in at_once {
        outcomes.push(one.await.unwrap().decision.as_str());
    }
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["accepted", "just_admitted", "just_admitted"]);
    assert_eq!(house.sandbox.log().total.validations, 1);
    assert_eq!(house.barcodes().await.len(), 1);
    let open = "SELECT COUNT(*) AS n FROM gate_open_question";
    assert_eq!(house.count(open).await, 0);
}

/// A number with a check digit that fits.
fn card(n: u32) -> String {
    let sum: u32 = format!("{n:07}")
        .bytes()
        .rev()
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, times)| {
            let value = u32::from(digit - b'0') * times;
            value / 10 + value % 10
        })
        .sum();
    format!("{n:07}{}", (10 - sum % 10) % 10)
}

/// How long a visitor may wait where two hundred pairs read at once: long enough for a
/// machine that has other things to do, or what somebody measures with.
fn budget() -> Duration {
    let given = std::env::var("PASSERELLE_TEST_BUDGET_MS").ok();
    Duration::from_millis(given.map_or(20_000, |ms| ms.parse().unwrap()))
}

async fn two_hundred_pairs_of_readers_sell_once_each(test: TestDb) {
    let mut house = usual(test).await;
    house.settings.decision_budget = budget();
    let mut site = (*house.gate.site()).clone();
    let usual = site.devices[&"PDA01".parse().unwrap()].clone();
    for reader in 1..=400 {
        let code = format!("READER{reader}").parse().unwrap();
        site.devices.insert(code, usual.clone());
    }
    house.change(site).await;
    let gate = with_window(&house).await;
    let mut passes = "number;status;duration_days;valid_until;services\n".to_owned();
    for n in 1..=232 {
        passes += &format!("{};active;2;2026-12-31;PCUMID000FSA5CD6:*\n", card(n));
    }
    let passes = PassBook::from_csv(passes.as_bytes()).unwrap();
    house.sandbox.change_passes(|book| *book = passes.clone());
    let at_once = |cards: std::ops::RangeInclusive<u32>| {
        let pairs = cards.flat_map(|n| [(n, 2 * n - 1), (n, 2 * n)]);
        let asked = pairs.map(|(n, reader)| {
            let device = format!("READER{}", (reader - 1) % 400 + 1);
            let (gate, scan) = (Arc::clone(&gate), scan(reader.into(), &device, &card(n)));
            tokio::spawn(async move { check(&gate, scan).await })
        });
        asked.collect::<Vec<_>>()
    };
    // The service is not just started.
    for one in at_once(201..=232) {
        one.await.unwrap();
    }
    let slow = Fault {
        latency_ms: 1_000,
        failure: None,
        requests: None,
    };
    house.sandbox.set_faults(vec![slow]).unwrap();
    let at_once = at_once(1..=200);
    let mut outcomes = BTreeMap::<_, u32>::new();
    for one in at_once {
        *outcomes
            .entry(one.await.unwrap().decision.as_str())
            .or_default() += 1;
    }
    let expected = BTreeMap::from([("accepted", 200), ("just_admitted", 200)]);
    assert_eq!(outcomes, expected);
    assert_eq!(house.barcodes().await.len(), 232);
    assert_eq!(house.sandbox.log().total.validations, 232);
}

async fn a_question_that_stays_open_is_decided_by_policy_and_marked(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    house
        .test
        .db
        .write("another process asks", |tx| {
            tx.execute(
                "INSERT INTO gate_open_question VALUES ('00039131', 'VN_AUG', $1, $2)",
                db::params![id(9), now().plus_ms(1_500)],
            )
        })
        .await
        .map_err(|error: db::DbError| error)
        .unwrap();
    let waited = check(&gate, scan(1, "PDA01", TWICE)).await;
    assert_eq!(waited.decision.as_str(), "accepted_unverified");
    let marked = "SELECT COUNT(*) AS n FROM gate_check WHERE admitted = 1 AND repeats IS NOT NULL";
    assert_eq!(house.count(marked).await, 1);
    assert_eq!(house.sandbox.log().total.validations, 0);
}

async fn a_question_that_a_crash_left_holds_nobody_up(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    // One ended long since; the other was opened by a clock that was days ahead.
    for until in [now(), now().plus_ms(172_800_000)] {
        house
            .test
            .db
            .write("as a crash leaves it", move |tx| {
                tx.execute("DELETE FROM gate_open_question", db::params![])?;
                tx.execute(
                    "INSERT INTO gate_open_question VALUES ('00029975', 'VN_AUG', $1, $2)",
                    db::params![id(9), until],
                )
            })
            .await
            .map_err(|error: db::DbError| error)
            .unwrap();
        let n = if until == now() { 1 } else { 2 };
        let answer = outcome(&gate, scan(n, "PDA01", GOOD)).await;
        assert_ne!(answer, "accepted_unverified");
        house.clock.advance_ms(60_001);
    }
    house.fail(Failure::Status(503));
}

async fn whoever_left_a_question_open_ends_it_although_another_waits(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    let slow = Fault {
        latency_ms: 60_000,
        failure: None,
        requests: None,
    };
    house.sandbox.set_faults(vec![slow]).unwrap();
    // The process stops in the midst of asking.
    let asked = check(&gate, scan(1, "PDA01", TWICE));
    let open = async {
        while house.count("SELECT COUNT(*) AS n FROM gate_intent").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = asked => panic!("it was answered"),
        () = open => {}
    }
    house.sandbox.set_faults(Vec::new()).unwrap();
    let (other, first) = tokio::join!(
        check(&gate, scan(2, "PDA02", TWICE)),
        check(&gate, scan(1, "PDA01", TWICE)),
    );
    let outcomes = [first, other].map(|check| check.decision.as_str());
    assert_eq!(outcomes, ["accepted", "just_admitted"]);
}

async fn what_a_journal_brings_stands_and_is_marked(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    assert_eq!(outcome(&gate, scan(1, "PDA01", TWICE)).await, "accepted");
    house.clock.advance_ms(600_000);
    // 30 s before the online entry, then 100 s after it, then forced.
    let early = bring(&gate, scan(2, "PDA01", TWICE), 630, None).await;
    assert_eq!(early.decision.as_str(), "accepted_offline");
    assert_eq!(early.earlier.map(|earlier| earlier.check), Some(id(1)));
    let later = bring(&gate, scan(3, "PDA01", TWICE), 500, None).await;
    assert_eq!(later.earlier, None);
    let by_hand = bring(&gate, forced(4, "PDA01", TWICE), 500, None).await;
    assert_eq!(by_hand.decision.as_str(), "accepted_forced");
    assert_eq!(by_hand.earlier, None);
    assert_eq!(house.barcodes().await.len(), 4);
}

async fn a_journal_is_booked_by_the_set_up_of_its_device(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    let before = gate.site_and_set_up().1;
    let mut moved = (*gate.site()).clone();
    let device = "PDA01".parse().unwrap();
    let meant = Meaning::of(&device, &moved, &gate.settings().mapping);
    moved.devices.get_mut(&device).unwrap().door = "VN_RAY_D1".parse().unwrap();
    house.change(moved).await;
    gate.reload().await.unwrap();
    assert_eq!(gate.site_and_set_up().1, before + 1);
    house.clock.advance_ms(600_000);
    let old = bring(&gate, scan(1, "PDA01", GOOD), 590, Some(before)).await;
    let new = bring(&gate, scan(2, "PDA01", GOOD), 400, Some(before + 1)).await;
    let unknown = bring(&gate, scan(3, "PDA01", GOOD), 200, Some(before + 7)).await;
    let sectors = [&old, &new, &unknown].map(|check| check.sector.clone().unwrap());
    assert_eq!(
        sectors.map(|sector| sector.to_string()),
        ["VN_AUG", "VN_RAY", "VN_RAY"]
    );
    let (sector, info) = meant.sector.unwrap();
    let ledger = ledger::page(&house.test.db, None, 10).await.unwrap();
    let first = ledger
        .iter()
        .min_by_key(|entry| entry.barcode.reveal().to_owned());
    assert_eq!(sector.as_str(), "VN_AUG");
    assert!(first.is_some());
    let product = "SELECT COUNT(*) AS n FROM gate_control_barcode
                   WHERE sector = 'VN_AUG' AND season = 'VN26' AND product = 'PASSVN'";
    assert_eq!(
        (info.season.as_str(), info.product.as_str()),
        ("VN26", "PASSVN")
    );
    assert_eq!(house.count(product).await, 1);
    // Opened again, nothing has changed: no revision is made.
    assert_eq!(with_window(&house).await.site_and_set_up().1, before + 1);
}

async fn a_scan_is_dated_by_the_server(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    let dead = Scan {
        device_time: "1970-01-01T00:03:00Z".parse().unwrap(),
        ..scan(1, "PDA01", TWICE)
    };
    let sending = Sending {
        age_ms: Some(1_500),
        ..Sending::default()
    };
    let (online, _) = gate.deciding.check(dead.clone(), sending).await.unwrap();
    assert_eq!(online.scanned.at, now().plus_ms(-1_500));
    assert_eq!(
        house.barcodes().await,
        ["OTI0003913120260714085958500"],
        "no wrong clock reaches a barcode"
    );
    // Sent again a minute later, with another age: the first time stands.
    house.clock.advance_ms(60_000);
    let (again, _) = gate.deciding.check(dead, Sending::default()).await.unwrap();
    assert_eq!(again.scanned, online.scanned);
    // A journal without a word of its clock is an estimate.
    let item = Scan {
        device_time: "2099-01-01T00:00:00Z".parse().unwrap(),
        ..scan(2, "PDA02", GOOD)
    };
    let merged = gate
        .deciding
        .merge_journal(vec![item.into()])
        .await
        .unwrap();
    let Merged::Recorded(check, _) = &merged[0] else {
        panic!("{merged:?}");
    };
    assert!(check.scanned.is_estimated());
    assert_eq!(check.scanned.at, gate.now());
    assert_eq!(
        check.scan.device_time.to_string(),
        "2099-01-01T00:00:00.000Z"
    );
}

async fn what_somebody_should_look_at_is_counted_and_listed(test: TestDb) {
    let house = usual(test).await;
    let gate = with_window(&house).await;
    // A clock 40 s slow, and a second entry of the card within the window.
    let slow = Scan {
        device_time: now().plus_ms(-40_000).into(),
        ..scan(1, "PDA01", GOOD)
    };
    check(&gate, slow).await;
    house.clock.advance_ms(10_000);
    bring(&gate, scan(2, "PDA02", GOOD), 5, None).await;
    // Of another card nobody knows when it was.
    let unknown = JournalItem::from(scan(3, "PDA02", TWICE));
    gate.deciding.merge_journal(vec![unknown]).await.unwrap();
    for n in 4..=8 {
        house.clock.advance_ms(1_000);
        assert_eq!(
            outcome(&gate, scan(n, "PDA02", GOOD)).await,
            "just_admitted"
        );
    }
    let db = &house.test.db;
    let expected = Doubts {
        possible_pass_backs: 1,
        estimated_times: 1,
        runs: 1,
        clocks_off: 1,
    };
    assert_eq!(doubts(db).await.unwrap(), expected);
    for (doubt, of) in [
        (Doubt::PossiblePassBack, 2),
        (Doubt::EstimatedTime, 3),
        (Doubt::Run, 8),
    ] {
        let filter = CheckFilter {
            doubt: Some(doubt),
            ..CheckFilter::default()
        };
        let found = checks(db, filter, 10).await.unwrap();
        let found: Vec<_> = found.iter().map(|check| check.id).collect();
        assert_eq!(found, [id(of)], "{doubt}");
    }
}
