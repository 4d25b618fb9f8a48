//! What journals deliver and Otipass is told, tokens, and the site.

use crate::house::{EXPIRED, GOOD, TWICE, scan, site, usual};
use db::testing::TestDb;
use gate::records::ledger;
use gate::{CheckError, Declared, DeviceToken, Freshness, Gate, Merged};
use sandbox::Failure;

db::conformance! {
    a_journal_is_merged_in_order_and_as_often_as_it_takes,
    a_journal_with_bad_checks_keeps_the_good_ones,
    a_disputed_entry_stays_admitted,
    a_declaration_that_fails_is_due_again,
    tokens_are_granted_once_and_revoked_at_once,
    the_site_is_taken_up_again_when_it_changes,
}

async fn a_journal_is_merged_in_order_and_as_often_as_it_takes(test: TestDb) {
    let house = usual(test).await;
    let journal = vec![
        scan(1, "PDA01", GOOD),
        scan(2, "PDA01", GOOD),
        scan(3, "PDA01", "nonsense"),
        scan(4, "PDA13", TWICE),
        scan(1, "PDA01", GOOD),
    ];
    for round in 0..3 {
        let merged = house.merge(&journal).await;
        let told: Vec<_> = merged
            .iter()
            .map(|one| match one {
                Merged::Recorded(check, freshness) => (check.decision.as_str(), *freshness),
                Merged::Refused(..) => panic!("all of it is good"),
            })
            .collect();
        let fresh = if round == 0 {
            Freshness::First
        } else {
            Freshness::Repeated
        };
        assert_eq!(
            told,
            [
                ("accepted_offline", fresh),
                ("accepted_offline", fresh),
                ("not_a_pass", fresh),
                ("sector_not_mapped", fresh),
                ("accepted_offline", Freshness::Repeated),
            ]
        );
    }
    assert_eq!(
        house.barcodes().await,
        [
            "OTI0002997520260714090000000",
            "OTI0002997520260714090000001"
        ]
    );
    assert_eq!(house.gate.outbox.waiting().await.unwrap().declarations, 2);
    let too_many = (0..501).map(|n| scan(n, "PDA01", GOOD).into()).collect();
    assert!(house.gate.deciding.merge_journal(too_many).await.is_err());
}

async fn a_journal_with_bad_checks_keeps_the_good_ones(test: TestDb) {
    let house = usual(test).await;
    let journal = vec![
        scan(1, "PDA01", GOOD),
        scan(2, "PDA01", &"x".repeat(513)),
        scan(1, "PDA01", TWICE),
        scan(3, "PDA01", TWICE),
    ];
    let merged = house.merge(&journal).await;
    assert!(matches!(
        &merged[..],
        [
            Merged::Recorded(_, Freshness::First),
            Merged::Refused(_, CheckError::Refused(_)),
            Merged::Refused(_, CheckError::Conflict(_)),
            Merged::Recorded(_, Freshness::First),
        ]
    ));
    assert_eq!(house.barcodes().await.len(), 2);
}

async fn a_disputed_entry_stays_admitted(test: TestDb) {
    let house = usual(test).await;
    house
        .gate
        .deciding
        .merge_journal(vec![scan(1, "PDA01", EXPIRED).into()])
        .await
        .unwrap();
    let declared = house.gate.outbox.declare_next().await.unwrap();
    assert_eq!(declared, Declared::Disputed(otipass::Refusal::PassExpired));
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    let ledger = ledger::page(&house.test.db, None, 10).await.unwrap();
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0].disputed.as_deref(), Some("pass_expired"));
    assert_eq!(ledger[0].standing, ledger::Standing::InFlight);
    assert!(!ledger::has_delivered(&house.test.db).await.unwrap());
    assert_eq!(ledger::accepted_checks(&house.test.db).await.unwrap(), 1);
    assert_eq!(ledger::without_barcode(&house.test.db).await.unwrap(), []);
}

async fn a_declaration_that_fails_is_due_again(test: TestDb) {
    let house = usual(test).await;
    house
        .gate
        .deciding
        .merge_journal(vec![scan(1, "PDA01", GOOD).into()])
        .await
        .unwrap();
    house.fail_for(Failure::Status(500), Some(1));
    assert!(house.gate.outbox.declare_next().await.is_err());
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    assert_eq!(house.gate.outbox.waiting().await.unwrap().declarations, 1);
    house.clock.advance_ms(1_000);
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Taken
    );
    assert_eq!(house.gate.outbox.waiting().await.unwrap().declarations, 0);
}

async fn tokens_are_granted_once_and_revoked_at_once(test: TestDb) {
    let house = usual(test).await;
    let token = DeviceToken::from_random([7; 32]);
    assert_eq!(
        house.gate.devices.holder_of(token.clone()).await.unwrap(),
        None
    );
    let device: kernel::DeviceCode = "PDA01".parse().unwrap();
    house.grant("PDA01", token.clone()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(
            house
                .gate
                .devices
                .holder_of(token.clone())
                .await
                .unwrap()
                .map(|holder| holder.device),
            Some(device.clone())
        );
    }
    let kept = house
        .count("SELECT COUNT(*) AS n FROM gate_device_token WHERE token_sha256 LIKE 'pst%'")
        .await;
    assert_eq!(kept, 0, "only a hash is kept");
    assert_eq!(house.revoke("PDA01").await.unwrap(), 1);
    house.gate.reload().await.unwrap();
    assert_eq!(
        house.gate.devices.holder_of(token.clone()).await.unwrap(),
        None
    );
    let nobody = house.grant("PDA99", token).await;
    assert!(nobody.unwrap_err().to_string().contains("PDA99"));
}

async fn the_site_is_taken_up_again_when_it_changes(test: TestDb) {
    let house = usual(test).await;
    assert_eq!(*house.gate.site(), site());
    let mut changed = site();
    let device = changed.devices.get_mut(&"PDA13".parse().unwrap()).unwrap();
    device.door = "VN_AUG_D1".parse().unwrap();
    Gate::apply_site(&house.test.db, changed.clone())
        .await
        .unwrap();
    assert_eq!(
        house.outcome(&scan(1, "PDA13", GOOD)).await,
        "sector_not_mapped"
    );
    house.gate.reload().await.unwrap();
    assert_eq!(*house.gate.site(), changed);
    assert_eq!(house.outcome(&scan(2, "PDA13", GOOD)).await, "accepted");
}
