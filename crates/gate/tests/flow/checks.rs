//! Online checks: intent, ask, record, and what crashes and silence leave.

use crate::house::{EXPIRED, GOOD, House, TWICE, house, id, now, scan, site, usual};
use db::testing::TestDb;
use db::{DbError, params};
use gate::records::attendance;
use gate::{CheckError, Declared, Freshness, Gate, Merged, Scan, Sending, WhenSilent};
use kernel::Timestamp;
use otipass::References;
use sandbox::Failure;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

db::conformance! {
    a_pass_is_asked_about_and_remembered,
    what_is_no_pass_or_not_mapped_is_refused_without_asking,
    the_same_id_gets_the_first_answer_and_asks_nobody,
    the_same_id_with_another_scan_changes_nothing,
    a_code_beyond_the_limits_changes_nothing,
    a_nul_that_a_scanner_adds_is_a_control_character,
    a_device_whose_clock_stands_still_does_not_stop_the_gate,
    many_retries_at_once_ask_once,
    two_cards_in_the_same_millisecond_have_two_barcodes,
    silence_admits_and_is_declared_later,
    silence_refuses_where_the_site_says_so,
    a_lost_answer_is_recovered_under_the_same_reference,
    a_lost_answer_of_a_forgetful_partner_is_no_refusal,
    an_open_check_is_asked_as_it_was_although_the_site_has_changed,
    an_open_check_is_not_refused_for_ever_while_otipass_is_silent,
    a_journal_that_brings_an_open_check_admits_it,
    a_check_that_a_journal_cannot_bring_stays_open,
    one_open_check_that_cannot_be_asked_does_not_hold_up_the_others,
}

async fn a_pass_is_asked_about_and_remembered(test: TestDb) {
    let house = usual(test).await;
    let (check, freshness) = house
        .gate
        .deciding
        .check(
            scan(1, "PDA01", " Villeneuve-00029975\r\n"),
            Sending::default(),
        )
        .await
        .unwrap();
    assert_eq!(freshness, Freshness::First);
    assert_eq!(check.decision.as_str(), "accepted");
    assert_eq!(check.card.as_ref().unwrap().reveal(), GOOD);
    assert_eq!(check.sector.as_ref().unwrap().as_str(), "VN_AUG");
    assert_eq!(check.device_count_today, 1);
    assert_eq!(check.pass.valid_until.unwrap().to_string(), "2026-07-31");
    assert_eq!(house.barcodes().await, ["OTI0002997520260714090000000"]);
    // The one entry is used; another scan says so, and the expired pass too.
    assert_eq!(house.outcome(&scan(2, "PDA01", GOOD)).await, "already_used");
    assert_eq!(
        house.outcome(&scan(3, "PDA01", EXPIRED)).await,
        "pass_expired"
    );
    assert_eq!(
        house.outcome(&scan(4, "PDA01", "00179333")).await,
        "unknown_pass"
    );
    assert_eq!(
        house.outcome(&scan(5, "PDA05", GOOD)).await,
        "service_not_included"
    );
    assert_eq!(house.sandbox.log().total.validations, 5);
    let day = "2026-07-14".parse().unwrap();
    let attendance = attendance::attendance(&house.test.db, day, day)
        .await
        .unwrap();
    assert_eq!((attendance.checks, attendance.admitted), (5, 1));
    assert_eq!(attendance.by_hour, BTreeMap::from([("11".to_owned(), 1)]));
    assert_eq!(
        attendance.by_sector,
        BTreeMap::from([("VN_AUG".to_owned(), 1)])
    );
    assert_eq!(
        attendance.by_device,
        BTreeMap::from([("PDA01".to_owned(), 1)])
    );
    assert_eq!(
        house.count("SELECT COUNT(*) AS n FROM gate_intent").await,
        0
    );
}

async fn what_is_no_pass_or_not_mapped_is_refused_without_asking(test: TestDb) {
    let house = usual(test).await;
    for (n, (device, code, outcome)) in [
        ("PDA01", "12345678", "not_a_pass"),
        ("PDA01", "", "not_a_pass"),
        ("PDA01", "'; DROP TABLE gate_check;--", "not_a_pass"),
        ("PDA13", "é0002997", "not_a_pass"),
        ("PDA13", GOOD, "sector_not_mapped"),
        ("PDA99", GOOD, "sector_not_mapped"),
    ]
    .into_iter()
    .enumerate()
    {
        let scan = scan(n as u128, device, code);
        assert_eq!(house.outcome(&scan).await, outcome, "{code} at {device}");
    }
    assert_eq!(house.sandbox.log().total.validations, 0);
    assert_eq!(house.count("SELECT COUNT(*) AS n FROM gate_check").await, 6);
    assert!(house.barcodes().await.is_empty());
}

async fn the_same_id_gets_the_first_answer_and_asks_nobody(test: TestDb) {
    let house = usual(test).await;
    for (n, code) in [(1, GOOD), (2, EXPIRED), (3, "nonsense")] {
        let scan = scan(n, "PDA01", code);
        let (first, _) = house
            .gate
            .deciding
            .check(scan.clone(), Sending::default())
            .await
            .unwrap();
        house.clock.advance_ms(86_400_000);
        let asked = house.sandbox.log().total;
        let (again, freshness) = house
            .gate
            .deciding
            .check(scan.clone(), Sending::default())
            .await
            .unwrap();
        assert_eq!((again, freshness), (first.clone(), Freshness::Repeated));
        assert_eq!(house.sandbox.log().total, asked);
        // Nor does the journal change it.
        let merged = house
            .gate
            .deciding
            .merge_journal(vec![scan.into()])
            .await
            .unwrap();
        assert!(
            matches!(&merged[..], [Merged::Recorded(check, Freshness::Repeated)] if **check == first)
        );
    }
}

async fn the_same_id_with_another_scan_changes_nothing(test: TestDb) {
    let house = usual(test).await;
    let first = scan(1, "PDA01", GOOD);
    let (answer, _) = house
        .gate
        .deciding
        .check(first.clone(), Sending::default())
        .await
        .unwrap();
    let others = [
        Scan {
            code: TWICE.to_owned(),
            ..first.clone()
        },
        Scan {
            device: "PDA02".parse().unwrap(),
            ..first.clone()
        },
        Scan {
            device_time: (now().plus_ms(1)).into(),
            ..first.clone()
        },
        Scan {
            code: "nonsense".to_owned(),
            ..first.clone()
        },
    ];
    for other in others {
        let conflict = house
            .gate
            .deciding
            .check(other.clone(), Sending::default())
            .await
            .unwrap_err();
        assert!(matches!(conflict, CheckError::Conflict(at) if at == id(1)));
        let merged = house
            .gate
            .deciding
            .merge_journal(vec![other.into()])
            .await
            .unwrap();
        assert!(
            matches!(merged[..], [Merged::Refused(at, CheckError::Conflict(_))] if at == id(1))
        );
    }
    assert_eq!(
        house
            .gate
            .deciding
            .check(first, Sending::default())
            .await
            .unwrap()
            .0,
        answer
    );
    assert_eq!(house.barcodes().await.len(), 1);
    assert_eq!(house.sandbox.log().total.validations, 1);
}

async fn a_code_beyond_the_limits_changes_nothing(test: TestDb) {
    let house = usual(test).await;
    let refused = house
        .gate
        .deciding
        .check(scan(1, "PDA01", &"9".repeat(513)), Sending::default())
        .await;
    assert!(matches!(refused, Err(CheckError::Refused(_))));
    assert_eq!(
        house.outcome(&scan(1, "PDA01", &"9".repeat(512))).await,
        "not_a_pass"
    );
}

async fn a_nul_that_a_scanner_adds_is_a_control_character(test: TestDb) {
    let house = usual(test).await;
    let ended = scan(1, "PDA01", "00029975\0");
    assert_eq!(house.outcome(&ended).await, "accepted");
    assert_eq!(house.outcome(&ended).await, "accepted");
    let merged = house
        .gate
        .deciding
        .merge_journal(vec![ended.into()])
        .await
        .unwrap();
    assert!(matches!(
        merged[..],
        [Merged::Recorded(_, Freshness::Repeated)]
    ));
    let inside = scan(2, "PDA01", "0002\09975");
    assert_eq!(house.outcome(&inside).await, "not_a_pass");
}

async fn a_device_whose_clock_stands_still_does_not_stop_the_gate(test: TestDb) {
    let house = usual(test).await;
    // No moment follows the last.
    house.clock.set(Timestamp::MAX);
    let last = Scan {
        device_time: (Timestamp::MAX).into(),
        ..scan(1, "PDA01", TWICE)
    };
    let next = Scan {
        id: id(2),
        ..last.clone()
    };
    let merged = house
        .gate
        .deciding
        .merge_journal(vec![last.into(), next.into()])
        .await
        .unwrap();
    house.clock.set(now());
    assert!(matches!(
        &merged[..],
        [
            Merged::Recorded(..),
            Merged::Refused(_, CheckError::Refused(_))
        ]
    ));
    assert_eq!(house.outcome(&scan(3, "PDA01", GOOD)).await, "accepted");
}

async fn many_retries_at_once_ask_once(test: TestDb) {
    let house = usual(test).await;
    let checks: Vec<_> = (0..12)
        .map(|_| {
            let gate = Arc::clone(&house.gate);
            tokio::spawn(async move {
                gate.deciding
                    .check(scan(1, "PDA01", GOOD), Sending::default())
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut first = 0;
    for check in checks {
        let (check, freshness) = check.await.unwrap();
        assert_eq!(check.decision.as_str(), "accepted");
        first += u32::from(freshness == Freshness::First);
    }
    assert_eq!(first, 1);
    assert_eq!(house.sandbox.log().total.validations, 1);
    assert_eq!(house.barcodes().await.len(), 1);
}

async fn two_cards_in_the_same_millisecond_have_two_barcodes(test: TestDb) {
    let house = usual(test).await;
    for n in 1..=2 {
        assert_eq!(house.outcome(&scan(n, "PDA01", TWICE)).await, "accepted");
    }
    assert_eq!(
        house.barcodes().await,
        [
            "OTI0003913120260714090000000",
            "OTI0003913120260714090000001"
        ]
    );
}

async fn silence_admits_and_is_declared_later(test: TestDb) {
    let house = usual(test).await;
    let gate = &house.gate;
    house.fail(Failure::Silence);
    let (check, _) = gate
        .deciding
        .check(scan(1, "PDA01", GOOD), Sending::default())
        .await
        .unwrap();
    assert_eq!(check.decision.as_str(), "accepted_unverified");
    // The breaker spares the next visitor the wait, and the partner the question.
    assert!(gate.deciding.partner_is_spared());
    let asked = house.sandbox.log().total.validations;
    let (check, _) = gate
        .deciding
        .check(scan(2, "PDA02", TWICE), Sending::default())
        .await
        .unwrap();
    assert_eq!(check.decision.as_str(), "accepted_unverified");
    assert_eq!(house.sandbox.log().total.validations, asked);
    assert_eq!(house.barcodes().await.len(), 2);
    house.sandbox.set_faults(vec![]).unwrap();
    assert_eq!(gate.outbox.declare_next().await.unwrap(), Declared::Taken);
    assert_eq!(gate.outbox.declare_next().await.unwrap(), Declared::Taken);
    assert_eq!(gate.outbox.declare_next().await.unwrap(), Declared::Nothing);
    // After a while one visitor tries, and the breaker closes.
    house.clock.advance_ms(5_000);
    assert_eq!(house.outcome(&scan(3, "PDA01", GOOD)).await, "already_used");
    assert!(!gate.deciding.partner_is_spared());
}

async fn silence_refuses_where_the_site_says_so(test: TestDb) {
    let house = house(test, References::Honoured, WhenSilent::Refuse).await;
    house.fail(Failure::Status(503));
    assert_eq!(
        house.outcome(&scan(1, "PDA01", GOOD)).await,
        "partner_unavailable"
    );
    assert!(house.barcodes().await.is_empty());
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    // A refusal is kept: the same id gets it again, also when Otipass is back.
    house.sandbox.set_faults(vec![]).unwrap();
    assert_eq!(
        house.outcome(&scan(1, "PDA01", GOOD)).await,
        "partner_unavailable"
    );
    assert_eq!(house.outcome(&scan(2, "PDA01", GOOD)).await, "accepted");
}

/// Leaves an intent whose question Otipass has answered with yes, as a crash
/// between its answer and our record does.
async fn crash_after_yes(house: &House) -> Scan {
    let scan = scan(1, "PDA01", GOOD);
    house.fail_for(Failure::AnswerLost, Some(1));
    let gate = Arc::clone(&house.gate);
    let interrupted = scan.clone();
    let check =
        tokio::spawn(async move { gate.deciding.check(interrupted, Sending::default()).await });
    while house.sandbox.log().total.validations == 0 {
        tokio::task::yield_now().await;
    }
    check.abort();
    let _ = check.await;
    // Whether the abort came before or after the record, put back what a crash
    // before it leaves: the intent and nothing else.
    house
        .test
        .db
        .write("as a crash leaves it", |tx| {
            for table in [
                "gate_check",
                "gate_control_barcode",
                "gate_declaration",
                "gate_intent",
            ] {
                tx.execute(&format!("DELETE FROM {table}"), params![])?;
            }
            tx.execute(
                "INSERT INTO gate_intent VALUES ($1, 'PDA01', $2, $3, $3, $3, $2, 'number', 'VN_AUG',
                     'PCUMID000FSA5CD6', 'PROVIDER#PCUMID000FSA5CD6', 'VN26', 'PASSVN', 1, NULL, 0, 0)",
                params![id(1), GOOD, now()],
            )
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    scan
}

async fn a_lost_answer_is_recovered_under_the_same_reference(test: TestDb) {
    let house = usual(test).await;
    let scan = crash_after_yes(&house).await;
    let gate = house.restarted(Duration::from_millis(1_500)).await;
    assert_eq!(gate.outbox.waiting().await.unwrap().unresolved, 1);
    assert_eq!(gate.deciding.recover(now().plus_ms(1)).await.unwrap(), 1);
    assert_eq!(gate.outbox.waiting().await.unwrap().unresolved, 0);
    let (check, freshness) = gate.deciding.check(scan, Sending::default()).await.unwrap();
    assert_eq!(
        (check.decision.as_str(), freshness),
        ("accepted", Freshness::Repeated)
    );
    assert_eq!(house.barcodes().await, ["OTI0002997520260714090000000"]);
}

async fn a_lost_answer_of_a_forgetful_partner_is_no_refusal(test: TestDb) {
    let house = house(test, References::Ignored, WhenSilent::Admit).await;
    let scan = crash_after_yes(&house).await;
    let gate = house.restarted(Duration::from_millis(1_500)).await;
    // The device asks again before recovery does.
    let (check, freshness) = gate.deciding.check(scan, Sending::default()).await.unwrap();
    assert_eq!(
        (check.decision.as_str(), freshness),
        ("accepted", Freshness::First)
    );
    assert_eq!(gate.deciding.recover(now().plus_ms(1)).await.unwrap(), 0);
    assert_eq!(house.barcodes().await.len(), 1);
}

async fn an_open_check_is_asked_as_it_was_although_the_site_has_changed(test: TestDb) {
    let house = usual(test).await;
    let scan = crash_after_yes(&house).await;
    let mut changed = site();
    let device = changed.devices.get_mut(&"PDA01".parse().unwrap()).unwrap();
    device.door = "VN_EXP_D1".parse().unwrap();
    Gate::apply_site(&house.test.db, changed).await.unwrap();
    let gate = house.restarted(Duration::from_millis(1_500)).await;
    let (check, _) = gate.deciding.check(scan, Sending::default()).await.unwrap();
    assert_eq!(check.decision.as_str(), "accepted");
    assert_eq!(check.sector.unwrap().as_str(), "VN_AUG");
}

async fn an_open_check_is_not_refused_for_ever_while_otipass_is_silent(test: TestDb) {
    let house = house(test, References::Honoured, WhenSilent::Refuse).await;
    let scan = crash_after_yes(&house).await;
    let gate = house.restarted(Duration::from_millis(1_500)).await;
    house.fail(Failure::Status(503));
    let open = gate.deciding.check(scan.clone(), Sending::default()).await;
    assert!(matches!(open, Err(CheckError::StaysOpen(at)) if at == id(1)));
    assert_eq!(gate.deciding.recover(now().plus_ms(1)).await.unwrap(), 0);
    house.sandbox.set_faults(vec![]).unwrap();
    assert_eq!(
        gate.deciding
            .check(scan, Sending::default())
            .await
            .unwrap()
            .0
            .decision
            .as_str(),
        "accepted"
    );
}

async fn a_journal_that_brings_an_open_check_admits_it(test: TestDb) {
    let house = house(test, References::Ignored, WhenSilent::Admit).await;
    let scan = crash_after_yes(&house).await;
    let merged = house
        .gate
        .deciding
        .merge_journal(vec![scan.into()])
        .await
        .unwrap();
    assert!(
        matches!(&merged[..], [Merged::Recorded(check, Freshness::First)]
        if check.decision.as_str() == "accepted_offline")
    );
    assert_eq!(house.gate.outbox.waiting().await.unwrap().unresolved, 0);
    // Otipass has counted it and says so: no dispute.
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Taken
    );
    assert_eq!(house.barcodes().await.len(), 1);
}

async fn a_check_that_a_journal_cannot_bring_stays_open(test: TestDb) {
    let house = usual(test).await;
    house.clock.set(Timestamp::MAX);
    let last = Scan {
        device_time: (Timestamp::MAX).into(),
        ..scan(1, "PDA01", GOOD)
    };
    house
        .gate
        .deciding
        .merge_journal(vec![last.clone().into()])
        .await
        .unwrap();
    house
        .test
        .db
        .write("as a crash leaves it", |tx| {
            tx.execute(
                "INSERT INTO gate_intent VALUES ($1, 'PDA01', $2, $3, $3, $3, $2, 'number', 'VN_AUG',
                     'PCUMID000FSA5CD6', 'PROVIDER#PCUMID000FSA5CD6', 'VN26', 'PASSVN', 1, NULL, 0, 0)",
                params![id(2), GOOD, Timestamp::MAX],
            )
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    // Its barcode is taken and there is none after it.
    let merged = house
        .gate
        .deciding
        .merge_journal(vec![Scan { id: id(2), ..last }.into()])
        .await;
    assert!(matches!(merged.unwrap()[..], [Merged::Refused(..)]));
    assert_eq!(house.gate.outbox.waiting().await.unwrap().unresolved, 1);
}

async fn one_open_check_that_cannot_be_asked_does_not_hold_up_the_others(test: TestDb) {
    let house = usual(test).await;
    for n in 1..=3 {
        house
            .test
            .db
            .write("as a crash leaves it", move |tx| {
                tx.execute(
                    "INSERT INTO gate_intent VALUES ($1, 'PDA01', $2, $3, $3, $3, $2, 'number',
                         'VN_AUG', 'PCUMID000FSA5CD6', 'PROVIDER#PCUMID000FSA5CD6', 'VN26',
                         'PASSVN', 1, NULL, 0, 0)",
                    params![id(n), TWICE, now()],
                )
            })
            .await
            .map_err(|error: DbError| error)
            .unwrap();
    }
    house.fail_for(Failure::HalfJson, Some(1));
    assert_eq!(
        house.gate.deciding.recover(now().plus_ms(1)).await.unwrap(),
        2
    );
    assert!(
        !house.gate.deciding.partner_is_spared(),
        "visitors are still asked about"
    );
    assert_eq!(house.gate.outbox.waiting().await.unwrap().unresolved, 1);
    assert_eq!(
        house.gate.deciding.recover(now().plus_ms(1)).await.unwrap(),
        1
    );
}
