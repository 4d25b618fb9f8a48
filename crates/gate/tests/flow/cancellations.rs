//! Entries that are taken back, on their way to ticketing and to Otipass.

use crate::house::{EXPIRED, FORCES, GOOD, House, TWICE, as_shown, forced, id, now, scan, usual};
use db::testing::TestDb;
use deviceapi::CancellationAnswer;
use gate::records::ledger;
use gate::{CancelError, Cancellation, Declared, Freshness, JournalError, Obstacle, Sending};
use kernel::{CancellationId, Timestamp};
use otipass::EntriesLeft;
use sandbox::Failure;
use secutix::client::{CallError, Outage, Ticketing};
use secutix::wire::{
    ControlResult, ImportControlledTicketAnswer, ImportControlledTicketRequest, StatusCode,
    TicketResult,
};
use std::sync::Mutex;

db::conformance! {
    an_entry_is_cancelled_once_and_answered_the_same_for_ever,
    why_an_entry_was_taken_back_is_kept,
    what_cannot_be_cancelled_changes_nothing,
    a_journal_of_cancellations_keeps_the_good_ones,
    ticketing_hears_of_a_cancellation_after_its_barcode,
    cancellations_and_barcodes_take_turns,
    a_cancellation_that_ticketing_refuses_holds_up_nothing,
    an_entry_is_declared_before_it_is_given_back,
    a_clock_that_was_ahead_holds_nothing_back,
    a_give_back_that_fails_is_due_again,
    a_cancellation_of_an_entry_that_followed_a_refusal,
}

fn cancellation(n: u128, check: u128, after_ms: i64) -> Cancellation {
    Cancellation {
        cause: None,
        id: cancellation_id(n),
        check_id: id(check),
        device: "PDA01".parse().unwrap(),
        device_time: (now().plus_ms(after_ms)).into(),
        sending: as_shown(),
    }
}

fn cancellation_id(n: u128) -> CancellationId {
    format!("00000000-0000-4000-9000-{n:012x}").parse().unwrap()
}

async fn cancel(house: &House, cancellation: Cancellation) -> Result<CancellationAnswer, Obstacle> {
    match house.gate.deciding.cancel(cancellation).await {
        Ok(cancelled) => Ok(cancelled),
        Err(CancelError::NotCancellable(_, obstacle)) => Err(obstacle),
        Err(error) => panic!("{error}"),
    }
}

async fn an_entry_is_cancelled_once_and_answered_the_same_for_ever(test: TestDb) {
    let house = usual(test).await;
    for n in 1..=2 {
        assert_eq!(house.outcome(&scan(n, "PDA01", TWICE)).await, "accepted");
    }
    let first = cancel(&house, cancellation(1, 1, 60_000)).await.unwrap();
    assert_eq!(first.check_id, id(1));
    assert_eq!((first.device_count_today, first.repeated), (1, false));
    // Others come and go; the same id gets the same answer.
    assert_eq!(house.outcome(&scan(3, "PDA01", GOOD)).await, "accepted");
    house.clock.advance_ms(86_400_000);
    let again = cancel(&house, cancellation(1, 1, 60_000)).await.unwrap();
    let expected = CancellationAnswer {
        repeated: true,
        ..first
    };
    assert_eq!(again, expected);
    // The check stays as it was kept.
    let (check, freshness) = house
        .gate
        .deciding
        .check(scan(1, "PDA01", TWICE), Sending::default())
        .await
        .unwrap();
    assert_eq!(
        (check.decision.as_str(), freshness),
        ("accepted", Freshness::Repeated)
    );
    let attendance = house.attendance().await;
    assert_eq!((attendance.admitted, attendance.cancelled), (2, 1));
    assert_eq!(attendance.by_sector["VN_AUG"], 2);
    assert_eq!(attendance.by_device["PDA01"], 2);
    assert_eq!(attendance.by_hour["11"], 2);
    let came =
        gate::records::attendance::visitors(&house.test.db, attendance.from, attendance.to).await;
    let came = came.unwrap();
    assert_eq!(came.hours.len(), 1);
    assert_eq!((came.hours[0].hour, came.hours[0].admitted), (11, 2));
    assert_eq!(came.by_sector, attendance.by_sector);
    assert_eq!(came.by_device, attendance.by_device);
    assert_eq!(house.entries_left(TWICE), Some(EntriesLeft::Count(0)));
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::GivenBack
    );
    assert_eq!(house.entries_left(TWICE), Some(EntriesLeft::Count(1)));
}

async fn why_an_entry_was_taken_back_is_kept(test: TestDb) {
    let house = usual(test).await;
    let not_passed = Some(deviceapi::CancelCause::NotPassed);
    for (n, cause, kept) in [(1, None, "agent"), (2, not_passed, "not_passed")] {
        assert_eq!(house.outcome(&scan(n, "PDA01", TWICE)).await, "accepted");
        let one = Cancellation {
            cause,
            ..cancellation(n, n, 60_000)
        };
        cancel(&house, one).await.unwrap();
        let story = gate::records::history::history(&house.test.db, id(n))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(story.cancellation.unwrap().cause, kept);
    }
}

async fn what_cannot_be_cancelled_changes_nothing(test: TestDb) {
    let house = usual(test).await;
    assert_eq!(house.outcome(&scan(1, "PDA01", GOOD)).await, "accepted");
    assert_eq!(
        house.outcome(&scan(2, "PDA01", EXPIRED)).await,
        "pass_expired"
    );
    let unknown = house.gate.deciding.cancel(cancellation(1, 9, 0)).await;
    assert!(matches!(unknown, Err(CancelError::CheckUnknown(check)) if check == id(9)));
    let other_device = Cancellation {
        device: "PDA02".parse().unwrap(),
        ..cancellation(1, 1, 0)
    };
    house.clock.advance_ms(1_000_000);
    for (cancellation, obstacle) in [
        (cancellation(1, 2, 0), Obstacle::NotAdmitted),
        (other_device, Obstacle::OtherDevice),
        (cancellation(1, 1, 900_001), Obstacle::TooLate),
    ] {
        assert_eq!(cancel(&house, cancellation).await, Err(obstacle));
    }
    let kept = "SELECT COUNT(*) AS n FROM gate_cancellation";
    assert_eq!(house.count(kept).await, 0);
    assert_eq!(house.attendance().await.admitted, 1);
    cancel(&house, cancellation(1, 1, 900_000)).await.unwrap();
    for (cancellation, obstacle) in [
        (cancellation(2, 1, 0), Obstacle::CancelledBefore),
        (cancellation(1, 1, 5), Obstacle::IdTaken),
        (cancellation(1, 2, 900_000), Obstacle::IdTaken),
    ] {
        assert_eq!(cancel(&house, cancellation).await, Err(obstacle));
    }
    assert_eq!(house.count(kept).await, 1);
}

async fn a_journal_of_cancellations_keeps_the_good_ones(test: TestDb) {
    let house = usual(test).await;
    for n in 1..=2 {
        assert_eq!(house.outcome(&scan(n, "PDA01", TWICE)).await, "accepted");
    }
    let journal = || {
        vec![
            cancellation(1, 1, 0),
            cancellation(2, 9, 0),
            cancellation(3, 2, 0),
        ]
    };
    for repeated in [false, true] {
        let merged = house
            .gate
            .deciding
            .merge_cancellations(journal())
            .await
            .unwrap();
        assert!(
            matches!(&merged[..], [Ok(first), Err(CancelError::CheckUnknown(_)), Ok(second)]
                if first.repeated == repeated && second.repeated == repeated
                && (first.device_count_today, second.device_count_today) == (1, 0))
        );
    }
    let too_many = (0..501).map(|n| cancellation(n, 1, 0)).collect();
    let refused = house.gate.deciding.merge_cancellations(too_many).await;
    assert!(matches!(
        refused,
        Err(JournalError::TooManyCancellations(501))
    ));
}

/// Ticketing that notes what it is sent.
#[derive(Default)]
struct Noted {
    calls: Mutex<Vec<Vec<(String, ControlResult, Timestamp)>>>,
    /// What it answers each item of this kind with.
    refuses: Option<ControlResult>,
    down: bool,
}

impl Ticketing for Noted {
    async fn import_controlled_ticket(
        &self,
        request: &ImportControlledTicketRequest,
    ) -> Result<ImportControlledTicketAnswer, CallError> {
        if self.down {
            return Err(CallError::Unavailable(Outage::TimedOut { timeout_ms: 1 }));
        }
        let tickets = &request.controlled_tickets;
        if tickets
            .iter()
            .any(|ticket| Some(ticket.control_result) == self.refuses)
        {
            return Err(CallError::Refused {
                http_status: 400,
                status: StatusCode::InvalidRequest,
                detail: "controlResult".to_owned(),
            });
        }
        let call = tickets
            .iter()
            .map(|t| {
                (
                    t.barcode.reveal().to_owned(),
                    t.control_result,
                    t.control_date,
                )
            })
            .collect();
        self.calls.lock().unwrap().push(call);
        Ok(ImportControlledTicketAnswer {
            ticket_results: tickets
                .iter()
                .map(|ticket| TicketResult::accepted(ticket.barcode.clone()))
                .collect(),
        })
    }
}

impl Noted {
    fn kinds(&self) -> Vec<Vec<ControlResult>> {
        let calls = self.calls.lock().unwrap();
        let kinds = |call: &Vec<(_, ControlResult, _)>| call.iter().map(|(_, k, _)| *k).collect();
        calls.iter().map(kinds).collect()
    }
}

async fn deliver_all(house: &House, ticketing: &Noted) {
    while house
        .gate
        .outbox
        .deliver_next(ticketing)
        .await
        .unwrap()
        .taken
        > 0
    {}
}

async fn ticketing_hears_of_a_cancellation_after_its_barcode(test: TestDb) {
    let house = usual(test).await;
    house.outcome(&scan(1, "PDA01", GOOD)).await;
    house.clock.advance_ms(60_000);
    cancel(&house, cancellation(1, 1, 60_000)).await.unwrap();
    let ticketing = Noted::default();
    deliver_all(&house, &ticketing).await;
    let barcode = "OTI0002997520260714090000000".to_owned();
    assert_eq!(
        *ticketing.calls.lock().unwrap(),
        [
            vec![(barcode.clone(), ControlResult::Ok, now())],
            vec![(
                barcode,
                ControlResult::CancelledTicket,
                now().plus_ms(60_000)
            )],
        ]
    );
    assert_eq!(house.gate.outbox.waiting().await.unwrap().cancellations, 0);
    let entries = ledger::page(&house.test.db, None, 10).await.unwrap();
    assert_eq!(entries[0].cancelled, Some(ledger::Standing::Delivered));
    assert_eq!(entries[0].standing, ledger::Standing::Delivered);
    assert!(ledger::has_delivered(&house.test.db).await.unwrap());
    deliver_all(&house, &ticketing).await;
    assert_eq!(ticketing.kinds().len(), 2);
}

async fn cancellations_and_barcodes_take_turns(test: TestDb) {
    let house = usual(test).await;
    let ticketing = Noted::default();
    house
        .gate
        .deciding
        .merge_journal(vec![scan(1, "PDA01", GOOD).into()])
        .await
        .unwrap();
    deliver_all(&house, &ticketing).await;
    cancel(&house, cancellation(1, 1, 0)).await.unwrap();
    // However many visitors come, a cancellation waits for one call at most.
    for n in 2..=4 {
        house
            .gate
            .deciding
            .merge_journal(vec![scan(n, "PDA01", TWICE).into()])
            .await
            .unwrap();
        house.gate.outbox.deliver_next(&ticketing).await.unwrap();
    }
    let kinds: Vec<_> = ticketing.kinds().into_iter().flatten().collect();
    assert!(
        kinds[..3].contains(&ControlResult::CancelledTicket),
        "{kinds:?}"
    );
    // An outage loses none of it.
    house.merge(&[scan(5, "PDA01", TWICE)]).await;
    let down = Noted {
        down: true,
        ..Noted::default()
    };
    assert!(house.gate.outbox.deliver_next(&down).await.is_err());
    deliver_all(&house, &ticketing).await;
    assert_eq!(ticketing.kinds().into_iter().flatten().count(), 6);
}

async fn a_cancellation_that_ticketing_refuses_holds_up_nothing(test: TestDb) {
    let house = usual(test).await;
    let ticketing = Noted {
        refuses: Some(ControlResult::CancelledTicket),
        ..Noted::default()
    };
    house.outcome(&scan(1, "PDA01", GOOD)).await;
    deliver_all(&house, &ticketing).await;
    cancel(&house, cancellation(1, 1, 0)).await.unwrap();
    let delivered = house.gate.outbox.deliver_next(&ticketing).await.unwrap();
    assert_eq!(
        (delivered.taken, delivered.refused),
        (0, 1),
        "it took the barcode"
    );
    let entries = ledger::page(&house.test.db, None, 10).await.unwrap();
    let refused = ledger::Standing::Refused("controlResult".to_owned());
    assert_eq!(entries[0].cancelled, Some(refused));
    assert_eq!(house.gate.outbox.waiting().await.unwrap().cancellations, 0);
    // Once cured, it is sent again.
    let resent = house.test.db.write("resend", gate::resend_refused);
    assert_eq!(resent.await.unwrap(), 1);
    deliver_all(&house, &Noted::default()).await;
    let entries = ledger::page(&house.test.db, None, 10).await.unwrap();
    assert_eq!(entries[0].cancelled, Some(ledger::Standing::Delivered));
}

async fn an_entry_is_declared_before_it_is_given_back(test: TestDb) {
    let house = usual(test).await;
    house.set("PDA01", FORCES).await;
    house
        .gate
        .deciding
        .check(forced(1, "PDA01", GOOD), Sending::default())
        .await
        .unwrap();
    cancel(&house, cancellation(1, 1, 0)).await.unwrap();
    house.fail_for(Failure::Status(500), Some(1));
    assert!(house.gate.outbox.declare_next().await.is_err());
    // The declaration waits, and so does what depends on it.
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    let waiting = house.gate.outbox.waiting().await.unwrap();
    assert_eq!((waiting.declarations, waiting.give_backs), (1, 1));
    house.clock.advance_ms(1_000);
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Taken
    );
    assert_eq!(house.entries_left(GOOD), Some(EntriesLeft::Count(0)));
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::GivenBack
    );
    assert_eq!(house.entries_left(GOOD), Some(EntriesLeft::Count(1)));
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
}

async fn a_clock_that_was_ahead_holds_nothing_back(test: TestDb) {
    const TWO_DAYS_MS: i64 = 2 * 86_400_000;
    let house = usual(test).await;
    house.set("PDA01", FORCES).await;
    house.clock.advance_ms(TWO_DAYS_MS);
    let forced = forced(1, "PDA01", GOOD);
    let deciding = &house.gate.deciding;
    deciding.check(forced, Sending::default()).await.unwrap();
    cancel(&house, cancellation(1, 1, 0)).await.unwrap();
    house.fail_for(Failure::Status(500), Some(1));
    assert!(house.gate.outbox.declare_next().await.is_err());
    house.clock.advance_ms(-TWO_DAYS_MS);
    for done in [Declared::Taken, Declared::GivenBack, Declared::Nothing] {
        assert_eq!(house.gate.outbox.declare_next().await.unwrap(), done);
    }
}

async fn a_give_back_that_fails_is_due_again(test: TestDb) {
    let house = usual(test).await;
    house.outcome(&scan(1, "PDA01", GOOD)).await;
    cancel(&house, cancellation(1, 1, 0)).await.unwrap();
    house.fail_for(Failure::AnswerLost, Some(1));
    assert!(house.gate.outbox.declare_next().await.is_err());
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Nothing
    );
    house.clock.advance_ms(1_000);
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::GivenBack
    );
    assert_eq!(
        house.entries_left(GOOD),
        Some(EntriesLeft::Count(1)),
        "once"
    );
}

async fn a_cancellation_of_an_entry_that_followed_a_refusal(test: TestDb) {
    let house = usual(test).await;
    let unheard = scan(1, "PDA01", EXPIRED);
    assert_eq!(house.outcome(&unheard).await, "pass_expired");
    house.brought(&unheard, "accepted_offline").await;
    let cancelled = cancel(&house, cancellation(1, 1, 0)).await.unwrap();
    assert_eq!(
        (cancelled.check_id, cancelled.device_count_today),
        (id(1), 0)
    );
    let ticketing = Noted::default();
    deliver_all(&house, &ticketing).await;
    assert_eq!(ticketing.kinds().len(), 2);
    assert!(matches!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::Disputed(_)
    ));
    assert_eq!(
        house.gate.outbox.declare_next().await.unwrap(),
        Declared::GivenBack
    );
    let asked = house.sandbox.log().by_reference;
    let told: Vec<_> = asked
        .values()
        .map(|asked| (asked.validations, asked.declarations, asked.cancellations))
        .collect();
    assert_eq!(told, [(1, 0, 0), (0, 1, 1)]);
}
