//! The help desk.

use crate::house::now;
use crate::house::{EXPIRED, GOOD, as_shown, scan, usual};
use db::testing::TestDb;
use gate::{Cancellation, Decision, DeviceSettings, LookError, Reason};
use kernel::DeviceCode;
use otipass::{EntriesLeft, Refusal};
use sandbox::Failure;

db::conformance! {
    a_look_changes_nothing,
    the_last_entries_of_a_card_are_shown,
    a_silent_otipass_is_no_answer_and_moves_no_breaker,
    a_device_without_help_desk_sees_nothing,
}

fn device() -> DeviceCode {
    "PDA01".parse().unwrap()
}

async fn a_look_changes_nothing(test: TestDb) {
    let house = usual(test).await;
    for _ in 0..3 {
        let look = house.gate.deciding.look(&device(), GOOD).await.unwrap();
        assert_eq!(look.admissible, Some(true));
        assert_eq!(look.pass_number.unwrap().reveal(), GOOD);
        assert_eq!(look.entries_left, Some(EntriesLeft::Count(1)));
        assert_eq!(look.valid_until.unwrap().to_string(), "2026-07-31");
        assert_eq!(look.last_entries, []);
    }
    let unmapped = "PDA13".parse().unwrap();
    for (device, code, reason) in [
        (device(), EXPIRED, Reason::Partner(Refusal::PassExpired)),
        (device(), "nonsense", Reason::NotAPass),
        (unmapped, GOOD, Reason::SectorNotMapped),
    ] {
        let look = house.gate.deciding.look(&device, code).await.unwrap();
        let refused = Decision::Refused(reason).to_string();
        assert_eq!(
            (look.admissible, look.outcome),
            (Some(false), Some(refused))
        );
    }
    assert_eq!(house.sandbox.log().total.inquiries, 4);
    assert_eq!(house.sandbox.log().total.validations, 0);
    for table in ["gate_check", "gate_intent", "gate_give_back"] {
        let kept = match table {
            "gate_check" => "SELECT COUNT(*) AS n FROM gate_check",
            "gate_intent" => "SELECT COUNT(*) AS n FROM gate_intent",
            _ => "SELECT COUNT(*) AS n FROM gate_give_back",
        };
        assert_eq!(house.count(kept).await, 0, "{table}");
    }
    let too_long = house.gate.deciding.look(&device(), &"9".repeat(513)).await;
    assert!(matches!(too_long, Err(LookError::Refused(_))));
}

async fn the_last_entries_of_a_card_are_shown(test: TestDb) {
    let house = usual(test).await;
    for n in 1..=7_u32 {
        let mut scan = scan(n.into(), "PDA01", GOOD);
        scan.device_time = now().plus_ms(i64::from(n) * 1_000 - 60_000).into();
        house.merge(&[scan]).await;
    }
    let cancellation = Cancellation {
        cause: None,
        id: "00000000-0000-4000-9000-000000000001".parse().unwrap(),
        check_id: scan(7, "PDA01", GOOD).id,
        device: device(),
        device_time: now().into(),
        sending: as_shown(),
    };
    house.gate.deciding.cancel(cancellation).await.unwrap();
    let look = house.gate.deciding.look(&device(), GOOD).await.unwrap();
    let entries: Vec<_> = look
        .last_entries
        .iter()
        .map(|entry| (entry.at.ms_since(now()) + 60_000, entry.cancelled))
        .collect();
    assert_eq!(
        entries,
        [
            (7_000, true),
            (6_000, false),
            (5_000, false),
            (4_000, false),
            (3_000, false)
        ]
    );
    assert_eq!(look.last_entries[0].sector.as_str(), "VN_AUG");
    assert_eq!(look.last_entries[0].outcome, "accepted_offline");
}

async fn a_silent_otipass_is_no_answer_and_moves_no_breaker(test: TestDb) {
    let house = usual(test).await;
    house.fail(Failure::Status(500));
    for _ in 0..5 {
        let look = house.gate.deciding.look(&device(), GOOD).await.unwrap();
        assert_eq!((look.admissible, look.outcome), (None, None));
        assert!(
            !house.gate.deciding.partner_is_spared(),
            "visitors are still asked about"
        );
    }
    // Visitors find Otipass silent: the help desk does not wait for it either.
    for n in 1..=3 {
        house.outcome(&scan(n, "PDA01", GOOD)).await;
    }
    assert!(house.gate.deciding.partner_is_spared());
    let asked = house.sandbox.log().total.inquiries;
    let look = house.gate.deciding.look(&device(), GOOD).await.unwrap();
    assert_eq!((look.admissible, look.outcome), (None, None));
    assert_eq!(house.sandbox.log().total.inquiries, asked);
    // After a while it may try, and leaves the visitors' own try to them.
    house.sandbox.set_faults(vec![]).unwrap();
    house.clock.advance_ms(5_000);
    let look = house.gate.deciding.look(&device(), GOOD).await.unwrap();
    assert_eq!(look.admissible, Some(true));
    assert!(house.gate.deciding.partner_is_spared());
    assert_eq!(house.outcome(&scan(9, "PDA01", GOOD)).await, "accepted");
}

async fn a_device_without_help_desk_sees_nothing(test: TestDb) {
    let house = usual(test).await;
    let without = DeviceSettings {
        help_desk: false,
        ..DeviceSettings::default()
    };
    house.set("PDA01", without).await;
    let look = house.gate.deciding.look(&device(), GOOD).await;
    assert!(matches!(look, Err(LookError::NotAllowed)));
    assert_eq!(house.sandbox.log().total.inquiries, 0);
}
