//! What explains the differences between the books, down to the single check.

use crate::house::{EXPIRED, House, TWICE, as_shown, id, now, scan, usual};
use db::testing::TestDb;
use db::{DbError, params};
use gate::Cancellation;
use gate::records::explained::{Explained, Refusals, list, of_barcodes, refusals};

db::conformance! {
    each_list_holds_its_checks_the_latest_first_and_is_paged,
    the_checks_of_barcodes_are_found,
}

async fn meddle(house: &House, sql: &'static str) {
    let done = house
        .test
        .db
        .write("meddle", move |tx| tx.execute(sql, params![]));
    let done: Result<u64, DbError> = done.await;
    assert!(done.unwrap() > 0, "{sql}");
}

/// The numbers of the checks in a list, with what is said of them.
async fn told(house: &House, explained: Explained) -> Vec<(u128, Option<String>)> {
    let lines = list(&house.test.db, explained, None, 10).await.unwrap();
    let mut paged = Vec::new();
    let mut before = None;
    // The same, one by one.
    while let [line] = &list(&house.test.db, explained, before, 1).await.unwrap()[..] {
        before = Some(line.seq);
        paged.push(line.clone());
    }
    assert_eq!(lines, paged);
    let number = |line: &gate::records::explained::ExplainedLine| {
        (1..9).find(|n| id(*n) == line.check.id).unwrap()
    };
    lines
        .iter()
        .map(|line| (number(line), line.why.clone()))
        .collect()
}

async fn each_list_holds_its_checks_the_latest_first_and_is_paged(test: TestDb) {
    let house = usual(test).await;
    for n in 1..=2 {
        house.outcome(&scan(n, "PDA01", TWICE)).await;
    }
    house
        .brought(&scan(3, "PDA01", EXPIRED), "accepted_offline")
        .await;
    let why = |text: &str| Some(text.to_owned());
    assert_eq!(
        told(&house, Explained::InFlight).await,
        [(3, None), (2, None), (1, None)]
    );
    for nothing in [
        Explained::Refused,
        Explained::Disputed,
        Explained::Cancelled,
        Explained::CancellationInFlight,
        Explained::CancellationRefused,
    ] {
        assert_eq!(told(&house, nothing).await, [], "{nothing:?}");
    }
    house.gate.outbox.declare_next().await.unwrap();
    assert_eq!(
        told(&house, Explained::Disputed).await,
        [(3, why("pass_expired"))]
    );

    let cancellation = Cancellation {
        cause: None,
        id: "00000000-0000-4000-9000-000000000001".parse().unwrap(),
        check_id: id(1),
        device: "PDA01".parse().unwrap(),
        device_time: (now().plus_ms(60_000)).into(),
        sending: as_shown(),
    };
    house.gate.deciding.cancel(cancellation).await.unwrap();
    let agent = [(1, why("agent"))];
    assert_eq!(told(&house, Explained::Cancelled).await, agent);
    assert_eq!(told(&house, Explained::CancellationInFlight).await, agent);
    assert_eq!(refusals(&house.test.db).await.unwrap(), Refusals::default());

    meddle(
        &house,
        "UPDATE gate_cancellation SET refused = 'unheard of'",
    )
    .await;
    meddle(
        &house,
        "UPDATE gate_control_barcode SET refused = 'conflict' WHERE seq > 1",
    )
    .await;
    assert_eq!(
        told(&house, Explained::CancellationRefused).await,
        [(1, why("unheard of"))]
    );
    assert_eq!(told(&house, Explained::CancellationInFlight).await, []);
    let conflict = [(3, why("conflict")), (2, why("conflict"))];
    assert_eq!(told(&house, Explained::Refused).await, conflict);
    assert_eq!(told(&house, Explained::InFlight).await, [(1, None)]);
    let refused = refusals(&house.test.db).await.unwrap();
    assert_eq!((refused.barcodes, refused.cancellations), (2, 1));
}

async fn the_checks_of_barcodes_are_found(test: TestDb) {
    let house = usual(test).await;
    house.outcome(&scan(1, "PDA01", TWICE)).await;
    let ours = house.barcodes().await[0]
        .parse::<kernel::ControlBarcode>()
        .unwrap();
    let strange = "OTI1".parse().unwrap();
    let found = of_barcodes(&house.test.db, vec![ours.clone(), strange])
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[&ours].id, id(1));
}
