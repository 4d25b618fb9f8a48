//! A day as those see it who watch it, and checks that are looked up.

use crate::house::{EXPIRED, GOOD, TWICE, as_shown, id, now, scan, usual};
use db::testing::TestDb;
use gate::Cancellation;
use gate::Sending;
use gate::records::attendance::{admitted, outcomes, used_after};
use gate::records::history::{CheckFilter, checks, history, of_ids};

db::conformance! {
    a_day_counts_who_came_in_and_how_checks_were_decided,
    a_device_is_known_by_the_hours_of_the_weeks_before,
    checks_are_found_by_what_is_known_of_them,
    a_check_is_told_with_all_that_became_of_it,
}

fn cancellation(check: u128) -> Cancellation {
    Cancellation {
        cause: None,
        id: "00000000-0000-4000-9000-000000000001".parse().unwrap(),
        check_id: id(check),
        device: "PDA01".parse().unwrap(),
        device_time: (now().plus_ms(60_000)).into(),
        sending: as_shown(),
    }
}

async fn a_day_counts_who_came_in_and_how_checks_were_decided(test: TestDb) {
    let house = usual(test).await;
    for (n, code) in [(1, TWICE), (2, TWICE), (3, GOOD), (4, EXPIRED)] {
        house.outcome(&scan(n, "PDA01", code)).await;
    }
    house.gate.deciding.cancel(cancellation(1)).await.unwrap();
    let zone = house.gate.site().zone.clone();
    let today = zone.business_day(now());
    let db = &house.test.db;
    let came = admitted(db, today).await.unwrap();
    let hours: Vec<_> = came.values().cloned().collect();
    assert_eq!(hours, [[(zone.hour(now()), 2)].into()]);
    let decided = outcomes(db, today).await.unwrap();
    let expected = [("accepted", 3), ("pass_expired", 1)];
    assert_eq!(decided, expected.map(|(o, n)| (o.to_owned(), n)).into());
    let yesterday = today.plus_days(-1);
    assert!(admitted(db, yesterday).await.unwrap().is_empty());
    assert!(outcomes(db, yesterday).await.unwrap().is_empty());
    let asked = house.gate.deciding.partner_state();
    assert_eq!((asked.answered, asked.failed, asked.spared), (4, 0, false));
}

async fn a_device_is_known_by_the_hours_of_the_weeks_before(test: TestDb) {
    let house = usual(test).await;
    let outbox = &house.gate.outbox;
    assert_eq!(outbox.waiting_since().await.unwrap(), None);
    house.outcome(&scan(1, "PDA01", TWICE)).await;
    assert_eq!(outbox.waiting_since().await.unwrap(), Some(now()));
    let zone = house.gate.site().zone.clone();
    let (today, hour) = (zone.business_day(now()), zone.hour(now()));
    let db = &house.test.db;
    let used = async |past: i64, hour, days| {
        let used = used_after(db, today.plus_days(past), hour, days).await;
        used.unwrap().len()
    };
    for week in 1..5 {
        assert_eq!(used(7 * week, hour - 1, 1).await, 1, "week {week}");
    }
    // That hour itself may have been the last.
    assert_eq!(used(7, hour, 1).await, 0);
    assert_eq!(used(7, hour - 1, 2).await, 0);
    assert_eq!(used(6, hour - 1, 1).await, 0);
    assert_eq!(used(35, hour - 1, 1).await, 0);
}

async fn checks_are_found_by_what_is_known_of_them(test: TestDb) {
    let house = usual(test).await;
    let scans = [
        (1, "PDA01", TWICE),
        (2, "PDA02", TWICE),
        (3, "PDA01", GOOD),
        (4, "PDA01", EXPIRED),
    ];
    let mut arrived = Vec::new();
    for (n, device, code) in scans {
        house.outcome(&scan(n, device, code)).await;
        let (check, _) = house
            .gate
            .deciding
            .check(scan(n, device, code), Sending::default())
            .await
            .unwrap();
        arrived.push(check.arrived_at);
        // Two arrive in the same moment.
        if n != 2 {
            house.clock.advance_ms(1_000);
        }
    }
    let db = &house.test.db;
    let found = async |filter: CheckFilter, limit| {
        let found = checks(db, filter, limit).await.unwrap();
        found.iter().map(|check| check.id).collect::<Vec<_>>()
    };
    let all = CheckFilter::default;
    assert_eq!(found(all(), 9).await, [4, 3, 2, 1].map(id));
    let card = CheckFilter {
        card: TWICE.parse().ok(),
        ..all()
    };
    assert_eq!(found(card, 9).await, [2, 1].map(id));
    let device = CheckFilter {
        device: "PDA02".parse().ok(),
        ..all()
    };
    assert_eq!(found(device, 9).await, [id(2)]);
    let decision = CheckFilter {
        decision: "pass_expired".parse().ok(),
        ..all()
    };
    assert_eq!(found(decision, 9).await, [id(4)]);
    let between = CheckFilter {
        from: Some(arrived[1]),
        until: Some(arrived[3]),
        ..all()
    };
    assert_eq!(found(between, 9).await, [3, 2].map(id));
    // Page by page: each once.
    let mut seen = Vec::new();
    let mut before = None;
    while let Some(check) = checks(db, CheckFilter { before, ..all() }, 1)
        .await
        .unwrap()
        .pop()
    {
        before = Some((check.arrived_at, check.id));
        seen.push(check.id);
    }
    assert_eq!(seen, [4, 3, 2, 1].map(id));
    let named = of_ids(db, [3, 9, 1].map(id).into()).await.unwrap();
    let named: Vec<_> = named.iter().map(|check| check.id).collect();
    assert_eq!(named, [3, 1].map(id));
}

async fn a_check_is_told_with_all_that_became_of_it(test: TestDb) {
    let house = usual(test).await;
    for (n, code) in [(1, GOOD), (2, EXPIRED)] {
        house.outcome(&scan(n, "PDA01", code)).await;
    }
    house.clock.advance_ms(60_000);
    house.gate.deciding.cancel(cancellation(1)).await.unwrap();
    let db = &house.test.db;
    let told = history(db, id(1)).await.unwrap().unwrap();
    assert_eq!(told.check.id, id(1));
    assert!(told.check.cancelled);
    let barcode = told.barcode.unwrap();
    assert_eq!([barcode.barcode.reveal()], *house.barcodes().await);
    assert_eq!(
        told.cancellation.unwrap().cancelled_at,
        now().plus_ms(60_000)
    );
    assert_eq!(told.give_back.unwrap().told_at, None);
    let refused = history(db, id(2)).await.unwrap().unwrap();
    assert_eq!(refused.check.decision.as_str(), "pass_expired");
    assert_eq!((refused.barcode, refused.cancellation), (None, None));
    assert_eq!(history(db, id(9)).await.unwrap(), None);
}
