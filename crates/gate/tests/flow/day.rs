//! A day as those see it who watch it.

use crate::house::{EXPIRED, GOOD, TWICE, id, now, scan, usual};
use db::testing::TestDb;
use gate::{Cancellation, day};

db::conformance! {
    a_day_counts_who_came_in_and_how_checks_were_decided,
}

async fn a_day_counts_who_came_in_and_how_checks_were_decided(test: TestDb) {
    let house = usual(test).await;
    for (n, code) in [(1, TWICE), (2, TWICE), (3, GOOD), (4, EXPIRED)] {
        house.outcome(&scan(n, "PDA01", code)).await;
    }
    let cancellation = Cancellation {
        id: "00000000-0000-4000-9000-000000000001".parse().unwrap(),
        check_id: id(1),
        device: "PDA01".parse().unwrap(),
        cancelled_at: now().plus_ms(60_000),
    };
    house.gate.cancel(cancellation).await.unwrap();
    let zone = house.gate.site().zone.clone();
    let today = zone.business_day(now());
    let db = &house.test.db;
    let admitted = day::admitted(db, today).await.unwrap();
    let hours: Vec<_> = admitted.values().cloned().collect();
    assert_eq!(hours, [[(zone.hour(now()), 2)].into()]);
    let outcomes = day::outcomes(db, today).await.unwrap();
    let expected = [("accepted", 3), ("pass_expired", 1)];
    assert_eq!(outcomes, expected.map(|(o, n)| (o.to_owned(), n)).into());
    let yesterday = today.plus_days(-1);
    assert!(day::admitted(db, yesterday).await.unwrap().is_empty());
    assert!(day::outcomes(db, yesterday).await.unwrap().is_empty());
    let asked = house.gate.partner_state();
    assert_eq!((asked.answered, asked.failed, asked.spared), (4, 0, false));
}
