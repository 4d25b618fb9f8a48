//! The sums over checks agree with a count over the checks, whatever happens.

use crate::house::{
    EXPIRED, FORCES, GOOD, House, TWICE, as_shown, exit, forced, id, now, scan, site, usual,
};
use db::testing::TestDb;
use gate::records::attendance;
use gate::{Cancellation, CheckError, Scan, Sending};
use kernel::BusinessDay;

db::conformance! {
    sums_agree_with_the_checks,
    a_cancelled_entry_leaves_the_hour_it_had_counted_for,
    a_conflict_counts_nothing,
}

const DISAGREE: [&str; 2] = [
    "SELECT COUNT(*) AS n FROM
        (SELECT device
         FROM (SELECT business_day, device, hour, sector, admitted, cancelled
               FROM gate_attendance_hour
               UNION ALL
               SELECT c.business_day, c.device, c.hour, c.sector,
                      -(CASE WHEN x.id IS NULL THEN 1 ELSE 0 END),
                      -(CASE WHEN x.id IS NULL THEN 0 ELSE 1 END)
               FROM gate_check c LEFT JOIN gate_cancellation x ON x.check_id = c.check_id
               WHERE c.admitted = 1) AS both_sides
         GROUP BY business_day, device, hour, sector
         HAVING SUM(admitted) <> 0 OR SUM(cancelled) <> 0) AS found",
    "SELECT COUNT(*) AS n FROM
        (SELECT device
         FROM (SELECT business_day, device, outcome, checks FROM gate_outcome_day
               UNION ALL
               SELECT c.business_day, c.device, c.outcome, -1
               FROM gate_check c LEFT JOIN gate_check f ON f.follows = c.check_id
               WHERE f.check_id IS NULL) AS both_sides
         GROUP BY business_day, device, outcome HAVING SUM(checks) <> 0) AS found",
];

async fn agree(house: &House) {
    for sql in DISAGREE {
        assert_eq!(house.count(sql).await, 0, "{sql}");
    }
}

fn day_of(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

fn cancellation(n: u128, of: &Scan) -> Cancellation {
    Cancellation {
        cause: None,
        id: format!("00000000-0000-4000-9000-{n:012x}").parse().unwrap(),
        check_id: of.id,
        device: of.device.clone(),
        device_time: of.device_time,
        sending: as_shown(),
    }
}

async fn sums_agree_with_the_checks(test: TestDb) {
    let house = usual(test).await;
    house.set("PDA01", FORCES).await;
    // Admitted, refused, no pass, out, by force; each asked for twice.
    for _ in 0..2 {
        assert_eq!(house.outcome(&scan(1, "PDA01", GOOD)).await, "accepted");
        let refused = house.outcome(&scan(2, "PDA01", EXPIRED)).await;
        assert_eq!(refused, "pass_expired");
        house.outcome(&scan(3, "PDA03", "12345678")).await;
        house.outcome(&exit(4, "PDA01", GOOD)).await;
        house.outcome(&forced(5, "PDA01", EXPIRED)).await;
        house.outcome(&scan(6, "PDA03", GOOD)).await;
    }
    agree(&house).await;
    // Refused by us, let in at the door, and taken back there.
    let unheard = scan(7, "PDA01", EXPIRED);
    house.outcome(&unheard).await;
    for _ in 0..2 {
        let told = house.brought(&unheard, "accepted_offline").await;
        assert_eq!(told.0, "accepted_offline");
        agree(&house).await;
    }
    house
        .gate
        .deciding
        .cancel(cancellation(1, &unheard))
        .await
        .unwrap();
    agree(&house).await;
    // Admitted by us, turned away at the door.
    let turned_away = scan(8, "PDA01", TWICE);
    assert_eq!(house.outcome(&turned_away).await, "accepted");
    for _ in 0..2 {
        house.bring(&turned_away, "already_used").await;
        agree(&house).await;
    }
    // Cancelled, and once more.
    for _ in 0..2 {
        let cancelled = house
            .gate
            .deciding
            .cancel(cancellation(2, &scan(1, "PDA01", GOOD)));
        cancelled.await.unwrap();
        agree(&house).await;
    }
    // A journal of yesterday, in which one id is known already.
    let late = |n, device, hours_ago: i64| Scan {
        device_time: (now().plus_ms(-hours_ago * 3_600_000)).into(),
        ..scan(n, device, TWICE)
    };
    let journal = [
        late(9, "PDA01", 24),
        late(10, "PDA03", 23),
        late(9, "PDA01", 24),
    ];
    for _ in 0..2 {
        house.merge(&journal).await;
        agree(&house).await;
    }
    let (from, to) = (day_of("2026-07-13"), day_of("2026-07-14"));
    let sums = attendance::attendance(&house.test.db, from, to)
        .await
        .unwrap();
    assert_eq!((sums.admitted, sums.cancelled), (4, 3));
    assert_eq!(sums.by_sector["VN_AUG"], 2);
    assert_eq!(sums.by_sector["VN_RAY"], 2);
    assert_eq!(sums.by_hour["11"], 3);
    assert_eq!(sums.by_hour["12"], 1);
    assert_eq!(sums.by_outcome["pass_expired"], 1, "not the overruled one");
    assert_eq!(sums.by_outcome["accepted_offline"], 3);
    assert_eq!(sums.checks, 10);
    let period = attendance::period(&house.test.db).await.unwrap();
    assert_eq!(period, Some((from, to)));
    let today = attendance::outcomes(&house.test.db, to).await.unwrap();
    assert_eq!(today.values().sum::<i64>(), 8);
    let admitted = attendance::admitted(&house.test.db, to).await.unwrap();
    assert_eq!(admitted.len(), 2);
    let of_device = house
        .gate
        .devices
        .count_today("PDA01".parse().unwrap())
        .await;
    assert_eq!(of_device.unwrap(), 1);
}

async fn a_cancelled_entry_leaves_the_hour_it_had_counted_for(test: TestDb) {
    let house = usual(test).await;
    let entry = scan(1, "PDA01", GOOD);
    assert_eq!(house.outcome(&entry).await, "accepted");
    // Meanwhile its device hangs on another door, and the clocks go otherwise.
    let mut other = site();
    other.devices.get_mut(&entry.device).unwrap().door = "VN_RAY_D1".parse().unwrap();
    other.zone = "Asia/Tokyo".parse().unwrap();
    house.change(other).await;
    let cancelled = house
        .gate
        .deciding
        .cancel(cancellation(1, &entry))
        .await
        .unwrap();
    assert_eq!(cancelled.device_count_today, 0);
    agree(&house).await;
    let sums = house.attendance().await;
    assert_eq!((sums.admitted, sums.cancelled), (0, 1));
    assert!(sums.by_sector.is_empty() && sums.by_hour.is_empty() && sums.by_device.is_empty());
}

async fn a_conflict_counts_nothing(test: TestDb) {
    let house = usual(test).await;
    assert_eq!(house.outcome(&scan(1, "PDA01", GOOD)).await, "accepted");
    let other = scan(1, "PDA01", TWICE);
    let conflict = house.gate.deciding.check(other, Sending::default()).await;
    assert!(matches!(conflict, Err(CheckError::Conflict(found)) if found == id(1)));
    agree(&house).await;
    assert_eq!(house.attendance().await.admitted, 1);
}
