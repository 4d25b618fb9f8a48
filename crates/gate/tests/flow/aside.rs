//! The place aside: nothing that a device told a visitor "admitted" is dropped.

use crate::house::{EXPIRED, GOOD, House, TWICE, id, now, scan, usual};
use db::Tx;
use db::testing::TestDb;
use deviceapi::{BatchAnswer, BatchParts, BatchResult, CancellationResult};
use gate::decide::aside::{
    self, Aside, AsideError, BookAs, BookError, Dismissed, Kind, LIMIT_OF_DEVICE, Settlement,
};
use gate::{DeviceToken, Enrolled, JournalError};
use kernel::CheckId;
use serde_json::{Value, json};

db::conformance! {
    what_does_not_fit_goes_aside_as_it_came_and_stays_once,
    a_later_token_delivers_what_was_done_under_an_earlier_one,
    what_was_done_under_a_revoked_token_is_accepted_by_a_person,
    it_is_booked_as_what_it_was,
    what_was_no_entry_is_dismissed_with_a_note,
    what_is_in_the_books_is_neither_booked_again_nor_dismissed,
    it_is_booked_by_the_set_up_of_its_moment,
    a_cancellation_is_booked_after_its_check,
    there_is_room_for_so_many_of_a_device,
    whom_a_revoked_device_turned_away_is_not_sold,
}

fn token(n: u8) -> DeviceToken {
    DeviceToken::from_random([n; 32])
}

/// How the token's holder stands.
async fn enrolled(house: &House, token: DeviceToken) -> Enrolled {
    let enrolled = house.gate.devices.enrolled_by(token).await.unwrap();
    enrolled.unwrap()
}

/// A house with a device enrolled by token 1.
async fn with_scanner(test: TestDb) -> (House, Enrolled) {
    let house = usual(test).await;
    house.grant("PDA01", token(1)).await.unwrap();
    let enrolled = enrolled(&house, token(1)).await;
    (house, enrolled)
}

fn check(n: u128, code: &str) -> Value {
    json!({
        "id": id(n).to_string(), "code": code, "scanned_at": now().to_string(),
        "outcome": "accepted_offline", "offset_ms": 0,
    })
}

async fn brought(house: &House, by: &Enrolled, parts: BatchParts) -> BatchAnswer {
    house.gate.answer_batch(by.clone(), parts).await.unwrap()
}

/// What became of each check in a word: `kept`, or the code of its problem.
async fn checks(house: &House, by: &Enrolled, checks: Vec<Value>) -> Vec<String> {
    let parts = BatchParts {
        checks,
        cancellations: Vec::new(),
    };
    let answer = brought(house, by, parts).await;
    let word = |result: &BatchResult| match result {
        BatchResult::Kept { .. } => "kept".to_owned(),
        BatchResult::Aside { problem, .. } => problem.code.to_string(),
    };
    answer.results.iter().map(word).collect()
}

async fn waiting(house: &House) -> Vec<Aside> {
    aside::waiting(&house.test.db).await.unwrap()
}

async fn book(house: &House, id: CheckId, as_what: BookAs) -> Result<CheckId, BookError> {
    let merging = house.gate.deciding.merging();
    let work = move |tx: &mut Tx<'_>| merging.book(tx, id, &as_what, "Ada");
    house.test.db.write("book", work).await
}

async fn dismiss(house: &House, id: CheckId, note: &'static str) -> Dismissed {
    let merging = house.gate.deciding.merging();
    let work = move |tx: &mut Tx<'_>| merging.dismiss(tx, id, note, "Ada");
    let dismissed = house.test.db.write("dismiss", work).await;
    dismissed.map_err(|error: db::DbError| error).unwrap()
}

const SOLD: &str = "SELECT COUNT(*) AS n FROM gate_control_barcode";

async fn what_does_not_fit_goes_aside_as_it_came_and_stays_once(test: TestDb) {
    let (house, pda) = with_scanner(test).await;
    let known = check(1, GOOD);
    assert_eq!(checks(&house, &pda, vec![known]).await, ["kept"]);
    let mut timeless = check(2, GOOD);
    timeless["scanned_at"] = "yesterday".into();
    let long = check(3, &"x".repeat(600));
    let mut noted = check(4, GOOD);
    noted["forced_note"] = " ".into();
    let mut spoken = check(5, GOOD);
    spoken["outcome"] = "let_in".into();
    let conflict = check(1, TWICE);
    let refused = json!({ "id": 7, "outcome": "not_a_pass" });
    let all = vec![
        timeless,
        long,
        noted,
        spoken,
        conflict,
        refused,
        check(6, TWICE),
    ];
    let codes = [
        "body_invalid",
        "code_too_long",
        "note_invalid",
        "body_invalid",
        "check_id_conflict",
        "body_invalid",
        "kept",
    ];
    assert_eq!(checks(&house, &pda, all.clone()).await, codes);
    let first = waiting(&house).await;
    // Whom the device told no is nobody's entry.
    assert_eq!(first.len(), 5);
    // The answer was lost, and it comes again, with what belongs to the sending.
    let mut again = all;
    for part in &mut again {
        part["age_ms"] = 5_000.into();
    }
    assert_eq!(checks(&house, &pda, again).await, codes);
    assert_eq!(waiting(&house).await, first);

    let long = first
        .iter()
        .find(|a| a.reason.as_str() == "code_too_long")
        .unwrap();
    assert_eq!(long.readable().code.unwrap().len(), 512);
    assert_eq!((long.kind, long.device.as_str()), (Kind::Check, "PDA01"));
    let timeless = first.iter().find(|a| a.body.contains("yesterday")).unwrap();
    assert!(timeless.readable().scanned.is_estimated());
    assert_eq!(house.count(SOLD).await, 2);
}

async fn a_later_token_delivers_what_was_done_under_an_earlier_one(test: TestDb) {
    let (house, former) = with_scanner(test).await;
    // The same phone, as another device at another sector.
    house.grant("PDA03", token(2)).await.unwrap();
    let latter = enrolled(&house, token(2)).await;
    let named = |n, code, by: &Enrolled| {
        let mut check = check(n, code);
        check["enrolment"] = by.holder.enrolment.to_string().into();
        check
    };
    let mut stranger = check(3, TWICE);
    stranger["enrolment"] = "00000000-0000-4000-8000-00000000cafe".into();
    let journal = vec![named(1, GOOD, &former), named(2, TWICE, &latter), stranger];
    let kept = checks(&house, &latter, journal).await;
    assert_eq!(kept, ["kept", "kept", "enrolment_unknown"]);
    let at = |device: &'static str| match device {
        "PDA01" => {
            "SELECT COUNT(*) AS n FROM gate_check WHERE device = 'PDA01' AND card = '00029975'"
        }
        _ => "SELECT COUNT(*) AS n FROM gate_check WHERE device = 'PDA03' AND card = '00039131'",
    };
    assert_eq!(
        (
            house.count(at("PDA01")).await,
            house.count(at("PDA03")).await
        ),
        (1, 1)
    );
    // An entry is taken back where it was made.
    let taken_back = json!({
        "id": id(9).to_string(), "check_id": id(1).to_string(), "cancelled_at": now().to_string(),
        "enrolment": former.holder.enrolment.to_string(),
    });
    let parts = BatchParts {
        checks: Vec::new(),
        cancellations: vec![taken_back],
    };
    let answer = brought(&house, &latter, parts).await;
    let kept = &answer.cancellations[0];
    assert!(matches!(kept, CancellationResult::Kept { .. }), "{kept:?}");
}

async fn what_was_done_under_a_revoked_token_is_accepted_by_a_person(test: TestDb) {
    let (house, _) = with_scanner(test).await;
    house.revoke("PDA01").await.unwrap();
    let revoked = enrolled(&house, token(1)).await;
    assert!(revoked.revoked_at.is_some());
    let journal = vec![check(1, GOOD)];
    assert_eq!(
        checks(&house, &revoked, journal).await,
        ["enrolment_revoked"]
    );
    assert_eq!(house.count(SOLD).await, 0);
    let [one] = &waiting(&house).await[..] else {
        panic!()
    };
    assert_eq!(
        book(&house, one.id, BookAs::default()).await.unwrap(),
        id(1)
    );
    assert_eq!(house.count(SOLD).await, 1);
    assert!(waiting(&house).await.is_empty());
    // Nobody books it twice, whoever brings it again.
    let twice = book(&house, one.id, BookAs::default()).await;
    assert!(matches!(twice, Err(BookError::Settled)), "{twice:?}");
    house.grant("PDA01", token(2)).await.unwrap();
    let now_enrolled = enrolled(&house, token(2)).await;
    assert_eq!(
        checks(&house, &now_enrolled, vec![check(1, GOOD)]).await,
        ["kept"]
    );
    assert_eq!(house.count(SOLD).await, 1);
}

async fn it_is_booked_as_what_it_was(test: TestDb) {
    let (house, pda) = with_scanner(test).await;
    checks(&house, &pda, vec![check(1, GOOD)]).await;
    let mut broken = check(2, "a smudge");
    broken["scanned_at"] = "2026-99-99".into();
    checks(&house, &pda, vec![check(1, TWICE), broken]).await;
    let aside = waiting(&house).await;
    let of = |reason: &str| {
        aside
            .iter()
            .find(|a| a.reason.as_str() == reason)
            .unwrap()
            .id
    };
    // Its own id is another check's.
    let booked = book(&house, of("check_id_conflict"), BookAs::default())
        .await
        .unwrap();
    assert_ne!(booked, id(1));
    let smudge = of("body_invalid");
    let not = book(&house, smudge, BookAs::default()).await;
    assert!(matches!(not, Err(BookError::NotRecognised(_))), "{not:?}");
    let as_what = BookAs {
        device: Some("PDA03".parse().unwrap()),
        code: Some(EXPIRED.to_owned()),
        scanned_at: Some(now().plus_ms(-3_600_000)),
    };
    assert_eq!(book(&house, smudge, as_what).await.unwrap(), id(2));
    assert_eq!(house.count(SOLD).await, 3);
    let found = house
        .count(
            "SELECT COUNT(*) AS n FROM gate_check
             WHERE device = 'PDA03' AND card = '01755172' AND time_estimated = 1
               AND outcome = 'accepted_offline'",
        )
        .await;
    assert_eq!(found, 1);
    let settled = aside::settled(&house.test.db).await.unwrap();
    assert!(
        settled
            .iter()
            .all(|one| one.settlement == Some(Settlement::Booked))
    );
    assert_eq!(settled[0].settled_by.as_deref(), Some("Ada"));
}

async fn what_was_no_entry_is_dismissed_with_a_note(test: TestDb) {
    let (house, pda) = with_scanner(test).await;
    let mut noted = check(1, GOOD);
    noted["forced_note"] = "".into();
    checks(&house, &pda, vec![noted]).await;
    let one = waiting(&house).await[0].id;
    let dismissed = async |note: &'static str| dismiss(&house, one, note).await;
    assert_eq!(
        dismissed("pass 0002 9975 was a test").await,
        Dismissed::HoldsCode
    );
    assert_eq!(dismissed("a test before opening").await, Dismissed::Now);
    assert_eq!(dismissed("again").await, Dismissed::Before);
    let settled = aside::settled(&house.test.db).await.unwrap();
    assert_eq!(settled[0].note.as_deref(), Some("a test before opening"));
    assert_eq!(
        (house.count(SOLD).await, waiting(&house).await.len()),
        (0, 0)
    );
}

async fn a_cancellation_is_booked_after_its_check(test: TestDb) {
    let (house, _) = with_scanner(test).await;
    house.revoke("PDA01").await.unwrap();
    let revoked = enrolled(&house, token(1)).await;
    let taken_back = json!({
        "id": id(9).to_string(), "check_id": id(1).to_string(),
        "cancelled_at": now().plus_ms(60_000).to_string(), "offset_ms": 0,
    });
    house.clock.advance_ms(120_000);
    let parts = BatchParts {
        checks: vec![check(1, GOOD)],
        cancellations: vec![taken_back],
    };
    let answer = brought(&house, &revoked, parts).await;
    let aside = &answer.cancellations[0];
    assert!(
        matches!(aside, CancellationResult::Aside { .. }),
        "{aside:?}"
    );
    let both = waiting(&house).await;
    let of = |kind| both.iter().find(|one| one.kind == kind).unwrap().id;
    let early = book(&house, of(Kind::Cancellation), BookAs::default()).await;
    assert!(matches!(early, Err(BookError::Cancel(_))), "{early:?}");
    for kind in [Kind::Check, Kind::Cancellation] {
        assert_eq!(
            book(&house, of(kind), BookAs::default()).await.unwrap(),
            id(1)
        );
    }
    let cancelled = "SELECT COUNT(*) AS n FROM gate_cancellation";
    assert_eq!(house.count(cancelled).await, 1);
}

async fn there_is_room_for_so_many_of_a_device(test: TestDb) {
    let (house, pda) = with_scanner(test).await;
    let fill = |tx: &mut Tx<'_>| {
        tx.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
             INSERT INTO gate_aside (id, device, kind, reason, detail, body, sha256, arrived_at)
             SELECT CAST(i AS TEXT), 'PDA01', 'check', 'body_invalid', '', '{}', '', 0 FROM n",
            db::params![LIMIT_OF_DEVICE - 1],
        )
    };
    house.test.db.write("fill", fill).await.unwrap();
    let journal = |n| BatchParts {
        checks: vec![check(n, GOOD), check(n + 1, &"x".repeat(513))],
        cancellations: Vec::new(),
    };
    brought(&house, &pda, journal(1)).await;
    let full = house
        .gate
        .answer_batch(pda.clone(), journal(3))
        .await
        .unwrap_err();
    assert!(
        matches!(full, JournalError::Aside(AsideError::Full(_))),
        "{full:?}"
    );
    // What fits is kept all the same, and another device has room of its own.
    assert_eq!(house.count(SOLD).await, 2);
    house.grant("PDA03", token(3)).await.unwrap();
    let other = enrolled(&house, token(3)).await;
    brought(&house, &other, journal(5)).await;
}

async fn whom_a_revoked_device_turned_away_is_not_sold(test: TestDb) {
    let (house, _) = with_scanner(test).await;
    // The answer was lost, and the device decided otherwise.
    assert_eq!(house.outcome(&scan(1, "PDA01", GOOD)).await, "accepted");
    house.revoke("PDA01").await.unwrap();
    let revoked = enrolled(&house, token(1)).await;
    let mut shut = check(1, GOOD);
    shut["outcome"] = "pass_blocked".into();
    let mut other = check(2, TWICE);
    other["outcome"] = "pass_blocked".into();
    checks(&house, &revoked, vec![shut, other]).await;
    // Nobody has anything to say of the one whom nobody had let in.
    let [one] = &waiting(&house).await[..] else {
        panic!()
    };
    assert_eq!(
        book(&house, one.id, BookAs::default()).await.unwrap(),
        id(1)
    );
    let turned_away = "SELECT COUNT(*) AS n FROM gate_cancellation WHERE cause = 'turned_away'";
    assert_eq!(house.count(turned_away).await, 1);
}

async fn what_is_in_the_books_is_neither_booked_again_nor_dismissed(test: TestDb) {
    let (house, pda) = with_scanner(test).await;
    assert_eq!(checks(&house, &pda, vec![check(1, GOOD)]).await, ["kept"]);
    // The answer was lost, and the token taken back.
    house.revoke("PDA01").await.unwrap();
    let revoked = enrolled(&house, token(1)).await;
    checks(&house, &revoked, vec![check(1, GOOD)]).await;
    let one = waiting(&house).await[0].id;
    let corrected = BookAs {
        device: Some("PDA03".parse().unwrap()),
        ..BookAs::default()
    };
    let twice = book(&house, one, corrected).await;
    assert!(matches!(twice, Err(BookError::InTheBooks(_))), "{twice:?}");
    assert_eq!(dismiss(&house, one, "a test").await, Dismissed::InTheBooks);
    assert_eq!(book(&house, one, BookAs::default()).await.unwrap(), id(1));
    assert_eq!(house.count(SOLD).await, 1);
    // Nor does another enrolment's name help whoever has a revoked token.
    house.grant("PDA03", token(3)).await.unwrap();
    let mut made_up = check(2, TWICE);
    made_up["enrolment"] = token(3).enrolment().to_string().into();
    let codes = checks(&house, &revoked, vec![made_up]).await;
    assert_eq!(codes, ["enrolment_revoked"]);
    // A note names nobody, whatever the code was.
    let one = waiting(&house).await[0].id;
    let note = "it was 0172 5172-x, 01755172 really";
    assert_eq!(dismiss(&house, one, note).await, Dismissed::HoldsCode);
}

async fn it_is_booked_by_the_set_up_of_its_moment(test: TestDb) {
    let (house, pda) = with_scanner(test).await;
    let broken = |n| {
        let mut broken = check(n, GOOD);
        broken["forced_note"] = "".into();
        broken
    };
    checks(&house, &pda, vec![broken(1)]).await;
    let mut stranger = broken(2);
    stranger["enrolment"] = "00000000-0000-4000-8000-00000000cafe".into();
    stranger["set_up"] = 9_999.into();
    checks(&house, &pda, vec![stranger]).await;
    // An hour later the device hangs elsewhere.
    house.clock.advance_ms(3_600_000);
    let mut site = (*house.gate.site()).clone();
    let moved = site.devices.get_mut(&"PDA01".parse().unwrap()).unwrap();
    moved.door = "VN_RAY_D1".parse().unwrap();
    house.change(site).await;
    let lying = waiting(&house).await;
    let of = |reason: &str| {
        lying
            .iter()
            .find(|a| a.reason.as_str() == reason)
            .unwrap()
            .id
    };
    book(&house, of("note_invalid"), BookAs::default())
        .await
        .unwrap();
    // Whose it was, nobody knows.
    let unknown = of("enrolment_unknown");
    let nobodys = book(&house, unknown, BookAs::default()).await;
    assert!(
        matches!(nobodys, Err(BookError::DeviceUnknown)),
        "{nobodys:?}"
    );
    let as_what = BookAs {
        device: Some("PDA01".parse().unwrap()),
        ..BookAs::default()
    };
    book(&house, unknown, as_what).await.unwrap();
    let there = "SELECT COUNT(*) AS n FROM gate_check WHERE sector = 'VN_AUG' AND admitted = 1";
    assert_eq!(house.count(there).await, 2);
}
