//! What the door did wins over an answer that was never heard; exits and forced
//! entries.

use crate::house::{
    EXPIRED, FORCES, GOOD, House, TWICE, exit, forced, house, id, now, scan, site, usual,
};
use db::testing::TestDb;
use db::{DbError, params};
use gate::decide::door_admitted;
use gate::decide::door_admitted::{Settled, Settlement, settle};
use gate::records::history;
use gate::records::ledger;
use gate::{
    CheckError, Declared, DeviceSettings, Direction, Freshness, Merged, Scan, Sending, WhenSilent,
};
use otipass::{EntriesLeft, References, Refusal};
use sandbox::Failure;

db::conformance! {
    an_exit_is_recorded_and_nothing_else,
    a_forced_entry_is_sold_and_declared_and_nobody_is_asked,
    settings_bind_a_device_online_and_not_its_journal,
    a_device_that_opened_after_a_refusal_has_admitted,
    a_device_that_refused_after_a_yes_has_turned_the_visitor_away,
    a_device_settles_a_check_that_is_open,
    a_visitor_came_through_the_door_of_that_moment,
    a_refusal_costs_no_entry_that_otipass_counted_unheard,
    a_refusal_of_the_device_is_kept_with_its_reason,
    whom_the_gate_cannot_recognise_any_more_it_does_not_forget,
    whom_the_gate_cannot_recognise_is_settled_by_hand_once,
    what_otipass_may_have_counted_is_not_counted_again,
    not_even_by_a_forgetful_partner,
}

async fn an_exit_is_recorded_and_nothing_else(test: TestDb) {
    let house = usual(test).await;
    house.set("PDA01", FORCES).await;
    for n in 1..=2 {
        let (check, freshness) = house
            .gate
            .deciding
            .check(exit(n, "PDA01", GOOD), Sending::default())
            .await
            .unwrap();
        assert_eq!(
            (check.decision.as_str(), freshness),
            ("exit", Freshness::First)
        );
        assert!(check.decision.opens() && !check.decision.is_admitted());
        assert_eq!(check.card.unwrap().reveal(), GOOD);
        assert_eq!(check.device_count_today, 0);
    }
    assert_eq!(
        house.outcome(&exit(3, "PDA01", "12345678")).await,
        "not_a_pass"
    );
    assert_eq!(
        house.brought(&exit(4, "PDA01", GOOD), "exit").await.0,
        "exit"
    );
    assert_eq!(house.sandbox.log().total.validations, 0);
    assert!(house.barcodes().await.is_empty());
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    let attendance = house.attendance().await;
    assert_eq!((attendance.checks, attendance.admitted), (4, 0));
    assert_eq!(attendance.by_outcome["exit"], 3);
    // The same id the other way is another scan.
    let conflict = house
        .gate
        .deciding
        .check(scan(1, "PDA01", GOOD), Sending::default())
        .await;
    assert!(matches!(conflict, Err(CheckError::Conflict(_))));
}

async fn a_forced_entry_is_sold_and_declared_and_nobody_is_asked(test: TestDb) {
    let house = usual(test).await;
    house.set("PDA01", FORCES).await;
    let (check, _) = house
        .gate
        .deciding
        .check(forced(1, "PDA01", EXPIRED), Sending::default())
        .await
        .unwrap();
    assert_eq!(check.decision.as_str(), "accepted_forced");
    assert_eq!(check.device_count_today, 1);
    assert_eq!(house.sandbox.log().total.validations, 0);
    assert_eq!(house.barcodes().await.len(), 1);
    let declared = house.gate.outbox.declare_next().await.unwrap();
    assert_eq!(declared, Declared::Disputed(Refusal::PassExpired));
    let outcome = house.outcome(&forced(2, "PDA01", "12345678")).await;
    assert_eq!(outcome, "not_a_pass");
    // The note is part of the scan.
    let other = Scan {
        forced_note: Some("another note".parse().unwrap()),
        ..forced(1, "PDA01", EXPIRED)
    };
    let conflict = house.gate.deciding.check(other, Sending::default()).await;
    assert!(matches!(conflict, Err(CheckError::Conflict(_))));
    let (again, freshness) = house
        .gate
        .deciding
        .check(forced(1, "PDA01", EXPIRED), Sending::default())
        .await
        .unwrap();
    assert_eq!((again, freshness), (check, Freshness::Repeated));
}

async fn settings_bind_a_device_online_and_not_its_journal(test: TestDb) {
    let house = usual(test).await;
    house.set("PDA01", FORCES).await;
    let done = [forced(1, "PDA01", TWICE), exit(2, "PDA01", TWICE)];
    for scan in &done {
        house
            .gate
            .deciding
            .check(scan.clone(), Sending::default())
            .await
            .unwrap();
    }
    house.set("PDA01", DeviceSettings::default()).await;
    for scan in done {
        let (_, freshness) = house
            .gate
            .deciding
            .check(scan, Sending::default())
            .await
            .unwrap();
        assert_eq!(
            freshness,
            Freshness::Repeated,
            "the same id, the same answer"
        );
    }
    let not_here = [forced(3, "PDA01", TWICE), exit(4, "PDA01", TWICE)];
    for scan in &not_here {
        let refused = house
            .gate
            .deciding
            .check(scan.clone(), Sending::default())
            .await;
        assert!(matches!(refused, Err(CheckError::NotPermitted(_))));
    }
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM gate_check").await, 2);
    for (scan, outcome) in not_here.iter().zip(["accepted_forced", "exit"]) {
        assert_eq!(
            house.brought(scan, outcome).await,
            (outcome, Freshness::First)
        );
    }
    let way_out = DeviceSettings {
        direction: Direction::Exit,
        ..DeviceSettings::default()
    };
    house.set("PDA02", way_out).await;
    assert_eq!(house.outcome(&exit(5, "PDA02", TWICE)).await, "exit");
    let entry = house
        .gate
        .deciding
        .check(scan(6, "PDA02", TWICE), Sending::default())
        .await;
    assert!(matches!(entry, Err(CheckError::NotPermitted(_))));
}

async fn a_device_that_opened_after_a_refusal_has_admitted(test: TestDb) {
    let house = usual(test).await;
    let unheard = scan(1, "PDA01", EXPIRED);
    assert_eq!(house.outcome(&unheard).await, "pass_expired");
    // The line broke before the refusal came, and the device decided by itself.
    let told = house.brought(&unheard, "accepted_offline").await;
    assert_eq!(told, ("accepted_offline", Freshness::First));
    for _ in 0..2 {
        let told = house.brought(&unheard, "accepted_offline").await;
        assert_eq!(told, ("accepted_offline", Freshness::Repeated));
        let (check, freshness) = house
            .gate
            .deciding
            .check(unheard.clone(), Sending::default())
            .await
            .unwrap();
        assert_eq!(check.scan, unheard);
        assert_eq!(check.device_count_today, 1);
        let told = (check.decision.as_str(), freshness);
        assert_eq!(told, ("accepted_offline", Freshness::Repeated));
    }
    let without = house
        .gate
        .deciding
        .merge_journal(vec![unheard.clone().into()])
        .await;
    assert!(
        matches!(&without.unwrap()[..], [Merged::Recorded(check, Freshness::Repeated)]
        if check.decision.is_admitted())
    );
    assert_eq!(house.barcodes().await, ["OTI0175517220260714090000000"]);
    // Otipass hears of it as of an entry of its own, and still says no.
    let declared = house.gate.outbox.declare_next().await.unwrap();
    assert_eq!(declared, Declared::Disputed(Refusal::PassExpired));
    let log = house.sandbox.log();
    assert_eq!(log.by_reference[&id(1)].declarations, 0);
    // The first row stands as it was written; one visitor was counted.
    let kept = "SELECT COUNT(*) AS n FROM gate_check WHERE outcome = 'pass_expired'";
    assert_eq!(house.count(kept).await, 1);
    let attendance = house.attendance().await;
    assert_eq!((attendance.checks, attendance.admitted), (1, 1));
    assert_eq!(attendance.by_outcome["accepted_offline"], 1);
    assert_eq!(ledger::without_barcode(&house.test.db).await.unwrap(), []);
    // Another scan under this id is still another scan.
    let other = Scan {
        code: GOOD.to_owned(),
        ..unheard
    };
    let conflict = house.gate.deciding.check(other, Sending::default()).await;
    assert!(matches!(conflict, Err(CheckError::Conflict(_))));
}

async fn a_device_that_refused_after_a_yes_has_turned_the_visitor_away(test: TestDb) {
    let house = usual(test).await;
    let unheard = scan(1, "PDA01", GOOD);
    assert_eq!(house.outcome(&unheard).await, "accepted");
    assert_eq!(house.entries_left(GOOD), Some(EntriesLeft::Count(0)));
    for _ in 0..2 {
        let told = house.brought(&unheard, "pass_blocked").await;
        assert_eq!(told, ("accepted", Freshness::Repeated));
    }
    assert_eq!(house.attendance().await.admitted, 0);
    assert_eq!(
        house
            .gate
            .devices
            .count_today("PDA01".parse().unwrap())
            .await
            .unwrap(),
        0
    );
    let waiting = house.gate.outbox.waiting().await.unwrap();
    assert_eq!((waiting.cancellations, waiting.give_backs), (1, 1));
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::GivenBack
    );
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    assert_eq!(house.entries_left(GOOD), Some(EntriesLeft::Count(1)));
    let entries = ledger::page(&house.test.db, None, 10).await.unwrap();
    assert_eq!(entries[0].cancelled, Some(ledger::Standing::InFlight));
    let cause = "SELECT COUNT(*) AS n FROM gate_cancellation WHERE cause = 'turned_away'";
    assert_eq!(house.count(cause).await, 1);
}

/// Leaves a check whose decision is open.
async fn leave_open(house: &House, n: u128, code: &'static str) {
    house
        .test
        .db
        .write("as a crash leaves it", move |tx| {
            tx.execute(
                "INSERT INTO gate_intent VALUES ($1, 'PDA01', $2, $3, $3, $3, $2, 'number', 'VN_AUG',
                     'PCUMID000FSA5CD6', 'PROVIDER#PCUMID000FSA5CD6', 'VN26', 'PASSVN', 1, NULL, 0, 0)",
                params![id(n), code, now()],
            )
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
}

async fn a_device_settles_a_check_that_is_open(test: TestDb) {
    let house = usual(test).await;
    leave_open(&house, 1, GOOD).await;
    leave_open(&house, 2, TWICE).await;
    let told = house.brought(&scan(1, "PDA01", GOOD), "already_used").await;
    assert_eq!(told, ("already_used", Freshness::First));
    let told = house
        .brought(&scan(2, "PDA01", TWICE), "accepted_offline")
        .await;
    assert_eq!(told, ("accepted_offline", Freshness::First));
    let waiting = house.gate.outbox.waiting().await.unwrap();
    assert_eq!((waiting.unresolved, waiting.declarations), (0, 1));
    assert_eq!((waiting.cancellations, waiting.give_backs), (0, 1));
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Taken
    );
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::GivenBack
    );
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    assert_eq!(house.barcodes().await.len(), 1);
}

async fn a_visitor_came_through_the_door_of_that_moment(test: TestDb) {
    let house = usual(test).await;
    let unheard = scan(1, "PDA01", EXPIRED);
    assert_eq!(house.outcome(&unheard).await, "pass_expired");
    let mut changed = site();
    let device = changed.devices.get_mut(&"PDA01".parse().unwrap()).unwrap();
    device.door = "VN_EXP_D1".parse().unwrap();
    house.change(changed).await;
    let (told, _) = house.brought(&unheard, "accepted_offline").await;
    assert_eq!(told, "accepted_offline");
    let sold_there = "SELECT COUNT(*) AS n FROM gate_control_barcode WHERE sector = 'VN_AUG'";
    assert_eq!(house.count(sold_there).await, 1);
}

async fn a_refusal_costs_no_entry_that_otipass_counted_unheard(test: TestDb) {
    let house = house(test, References::Honoured, WhenSilent::Refuse).await;
    house.fail_for(Failure::AnswerLost, Some(1));
    let refused = scan(1, "PDA01", GOOD);
    assert_eq!(house.outcome(&refused).await, "partner_unavailable");
    assert_eq!(house.entries_left(GOOD), Some(EntriesLeft::Count(0)));
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::GivenBack
    );
    assert_eq!(house.entries_left(GOOD), Some(EntriesLeft::Count(1)));
}

async fn a_refusal_of_the_device_is_kept_with_its_reason(test: TestDb) {
    let house = usual(test).await;
    for (n, outcome) in [(1, "pass_blocked"), (2, "already_used"), (3, "not_a_pass")] {
        let told = house.brought(&scan(n, "PDA01", GOOD), outcome).await;
        assert_eq!(told, (outcome, Freshness::First));
    }
    assert!(house.barcodes().await.is_empty());
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    let offline =
        "SELECT COUNT(*) AS n FROM gate_check WHERE mode = 'offline' AND card = '00029975'";
    assert_eq!(house.count(offline).await, 3);
}

async fn whom_the_gate_cannot_recognise_any_more_it_does_not_forget(test: TestDb) {
    let house = usual(test).await;
    let refused = scan(1, "PDA13", GOOD);
    assert_eq!(house.outcome(&refused).await, "sector_not_mapped");
    for scan in [&refused, &scan(2, "PDA13", GOOD)] {
        for round in 0..2 {
            let (told, _) = house.brought(scan, "accepted_offline").await;
            assert_eq!(told, "sector_not_mapped", "{round}");
        }
    }
    let marked = door_admitted::unsettled(&house.test.db).await.unwrap();
    assert_eq!(marked, [id(1), id(2)]);
    // The device has had its answer: a sector that is mapped later changes none.
    let mut changed = site();
    let device = changed.devices.get_mut(&"PDA13".parse().unwrap()).unwrap();
    device.door = "VN_AUG_D1".parse().unwrap();
    house.change(changed).await;
    let (told, _) = house.brought(&refused, "accepted_offline").await;
    assert_eq!(told, "sector_not_mapped");
    assert!(house.barcodes().await.is_empty());
    // A visitor who could not leave is nobody's sale.
    house.brought(&exit(3, "PDA99", GOOD), "exit").await;
    assert_eq!(
        door_admitted::unsettled(&house.test.db)
            .await
            .unwrap()
            .len(),
        2
    );
}

async fn whom_the_gate_cannot_recognise_is_settled_by_hand_once(test: TestDb) {
    let house = usual(test).await;
    let db = &house.test.db;
    for n in 1..=2 {
        house
            .brought(&scan(n, "PDA13", GOOD), "accepted_offline")
            .await;
    }
    let settle = async |n, note: &str| {
        let settlement = Settlement {
            at: now(),
            by: "Camille".to_owned(),
            note: note.to_owned(),
        };
        let settled = db.write("settle", move |tx| settle(tx, id(n), &settlement));
        let settled: Result<Settled, DbError> = settled.await;
        settled.unwrap()
    };
    assert_eq!(settle(1, "sold at the desk").await, Settled::Now);
    assert_eq!(settle(1, "something else").await, Settled::Before);
    assert_eq!(settle(9, "").await, Settled::Unknown);
    // The device says it once more: it stays settled.
    house
        .brought(&scan(1, "PDA13", GOOD), "accepted_offline")
        .await;
    assert_eq!(door_admitted::unsettled(db).await.unwrap(), [id(2)]);
    assert_eq!(door_admitted::settled(db).await.unwrap(), 1);
    let told = history::history(db, id(1)).await.unwrap().unwrap();
    assert_eq!(told.settlement.unwrap().note, "sold at the desk");
    let told = history::history(db, id(2)).await.unwrap().unwrap();
    assert!(told.door_admitted && told.settlement.is_none());
}

async fn what_otipass_may_have_counted_is_not_counted_again(test: TestDb) {
    counted_once(test, References::Honoured).await;
}

async fn not_even_by_a_forgetful_partner(test: TestDb) {
    counted_once(test, References::Ignored).await;
}

async fn counted_once(test: TestDb, references: References) {
    let house = house(test, references, WhenSilent::Refuse).await;
    house.fail_for(Failure::AnswerLost, Some(1));
    let unheard = scan(1, "PDA01", GOOD);
    assert_eq!(house.outcome(&unheard).await, "partner_unavailable");
    let (told, _) = house.brought(&unheard, "accepted_offline").await;
    assert_eq!(told, "accepted_offline");
    // Otipass counted it when it was asked, so that goes back first, and the
    // entry is no dispute.
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::GivenBack
    );
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Taken
    );
    assert_eq!(house.entries_left(GOOD), Some(EntriesLeft::Count(0)));
}
