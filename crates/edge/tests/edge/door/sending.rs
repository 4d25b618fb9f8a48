//! The journal on its way to the server.

use super::stage::*;
use deviceapi::{BatchAnswer, DeviceReport, Direction, ProblemCode};
use edge::wire::Reply;
use edge::{Errand, Event, Mode};

fn offline_with(visitors: usize) -> Stage {
    let mut stage = Stage::offline();
    for visitor in 1..visitors {
        stage.visit(&card(visitor));
        stage.pass(10);
    }
    stage
}

fn reply(stage: &mut Stage, reply: Reply<BatchAnswer>) -> Vec<edge::Errand> {
    stage.step(Event::Sent { reply })
}

#[test]
fn the_oldest_go_first_with_their_own_times_and_at_most_500_together() {
    let mut stage = offline_with(720);
    let (checks, _) = sent(&stage.comes_online());
    assert_eq!(checks.len(), 500);
    let first = &checks[0];
    assert_eq!(first.scanned_at.to_string(), "2026-07-14T07:00:00.000Z");
    assert_eq!(first.outcome.as_deref(), Some("accepted_offline"));
    assert_eq!(first.direction, Direction::Entry);
    assert!(checks.is_sorted_by_key(|check| check.scanned_at));
    assert!(!sends(&stage.pass(1_000)), "one at a time");
    let (rest, _) = sent(&stage.batch(kept(500)));
    assert_eq!(rest.len(), 220);
    assert!(rest[0].scanned_at >= checks[499].scanned_at);
    assert!(!sends(&stage.batch(kept(220))));
    assert_eq!(stage.door.status().unsent, 0);
    assert_eq!(stage.restart().door.status().unsent, 0);
}

#[test]
fn what_the_server_puts_aside_stays_in_no_folder() {
    let mut stage = offline_with(4);
    stage.comes_online();
    let half = [kept(1), vec![aside(ProblemCode::CodeTooLong)]].concat();
    let again = stage.batch([half.clone(), half].concat());
    assert!(!sends(&again));
    let status = stage.door.status();
    assert_eq!((status.unsent, status.set_aside), (0, 0));
    assert_eq!(stage.restart().door.status().unsent, 0);
}

#[test]
fn each_check_names_the_enrolment_it_was_made_under() {
    let mut stage = offline_with(2);
    let (former, latter) = ("ab".repeat(32), "cd".repeat(32));
    stage.step(Event::NewToken { sha256: former });
    stage.visit(&card(11));
    stage.step(Event::NewToken { sha256: latter });
    stage.visit(&card(12));
    let (checks, _) = sent(&stage.comes_online());
    let named: Vec<_> = checks.iter().map(|check| check.enrolment).collect();
    // The rig's first token is no hash, so nothing names it.
    let name = |digits: &str| Some(digits.parse().unwrap());
    assert_eq!(
        named[named.len() - 2..],
        [
            name("abababab-abab-8bab-abab-abababababab"),
            name("cdcdcdcd-cdcd-8dcd-8dcd-cdcdcdcdcdcd")
        ]
    );
}

#[test]
fn under_a_revoked_token_the_journal_is_still_brought() {
    let mut stage = offline_with(3);
    stage.pass(1_000);
    let (checks, _) = sent(&stage.looked(token_invalid()));
    assert_eq!(stage.mode(), Mode::Refused);
    assert_eq!(checks.len(), 3);
    stage.batch(vec![aside(ProblemCode::EnrolmentRevoked); 3]);
    assert_eq!(
        (stage.door.status().unsent, stage.mode()),
        (0, Mode::Refused)
    );
}

#[test]
fn a_batch_without_answer_is_sent_again_and_smaller() {
    let mut stage = offline_with(400);
    stage.comes_online();
    for (heard, pause, next) in [
        (Reply::Silent, 1_000, 250),
        // An answer to something else is none.
        (Reply::Answer(answer(kept(1), &[])), 2_000, 125),
        (http(503, ProblemCode::Unavailable), 4_000, 125),
        (http(500, ProblemCode::Internal), 8_000, 125),
    ] {
        reply(&mut stage, heard);
        assert!(!sends(&stage.pass(pause - 1)), "{pause}");
        assert_eq!(sent(&stage.pass(1)).0.len(), next);
        assert_eq!(stage.mode(), Mode::Online, "checks are another matter");
    }
    assert_eq!(stage.door.status().unsent, 400);
}

#[test]
fn what_spoils_every_batch_is_found_and_set_aside() {
    let mut stage = offline_with(40);
    let mut errands = stage.comes_online();
    let spoilt = sent(&errands).0[25].id;
    while sends(&errands) {
        let (checks, _) = sent(&errands);
        errands = if checks.iter().any(|check| check.id == spoilt) {
            reply(&mut stage, http(400, ProblemCode::BodyInvalid))
        } else {
            stage.batch(kept(checks.len()))
        };
    }
    let status = stage.door.status();
    assert_eq!((status.unsent, status.set_aside), (0, 1));
}

#[test]
fn what_is_refused_and_cannot_be_set_aside_is_sent_again_after_a_pause() {
    let stage = offline_with(1);
    let file = stage.folder.path().join("set-aside.jsonl");
    std::fs::remove_file(&file).unwrap();
    // It takes numbers only.
    std::os::unix::fs::symlink("/proc/self/oom_score_adj", file).unwrap();
    let mut stage = stage.restart();
    let mut errands = stage.comes_online();
    let mut halves = 0;
    while sends(&errands) {
        halves += 1;
        assert!(halves < 20, "it is sent again and again");
        errands = reply(&mut stage, http(400, ProblemCode::BodyInvalid));
    }
    assert_eq!(stage.door.status().unsent, 1, "it stays in the journal");
    assert!(!sends(&stage.pass(59_000)));
    assert!(sends(&stage.pass(1_000)));
}

#[test]
fn what_is_set_aside_after_a_torn_line_begins_a_line() {
    let stage = offline_with(1);
    let file = stage.folder.path().join("set-aside.jsonl");
    std::fs::write(&file, "{\"at\": \"2026-07").unwrap();
    let mut stage = stage.restart();
    let mut errands = stage.comes_online();
    while sends(&errands) {
        errands = reply(&mut stage, http(400, ProblemCode::BodyInvalid));
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    let item: edge::journal::SetAsideItem = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(item.what, "check");
}

#[test]
fn a_token_that_is_refused_with_a_batch_is_refused_for_all() {
    let mut stage = offline_with(3);
    stage.comes_online();
    reply(&mut stage, token_invalid());
    assert_eq!(stage.mode(), Mode::Refused);
    assert_eq!(told(&stage.scan(OTHER)).1.outcome, "token_invalid");
    assert_eq!(stage.door.status().unsent, 3);
}

#[test]
fn whoever_waits_does_not_wait_for_the_journal() {
    let mut stage = offline_with(3);
    stage.comes_online();
    reply(&mut stage, Reply::Silent);
    let spare = stage.folder.path().join("journal.spare");
    std::fs::remove_file(&spare).unwrap();
    stage.now.up_ms += 10_000;
    let errands = stage.scan(&card(40));
    let check = asked(&errands);
    assert!(!sends(&errands) && !spare.exists());
    let errands = stage.answer(check, yes(&card(40)));
    assert!(told(&errands).1.open && !sends(&errands) && !spare.exists());
    assert!(sends(&stage.pass(0)));
    assert!(spare.exists());
}

#[test]
fn a_device_that_comes_online_says_so_at_once() {
    let mut stage = Stage::offline();
    let first = stage.pass(60_000);
    assert_eq!(reported(&first).mode, Some(deviceapi::Mode::Offline));
    let then = stage.comes_online();
    assert_eq!(reported(&then).mode, Some(deviceapi::Mode::Online));
    assert!(!looks(&stage.comes_online()) && !looks(&stage.pass(59_999)));
    assert!(looks(&stage.pass(1)));
}

fn reported(errands: &[Errand]) -> &DeviceReport {
    let look = errands.iter().find_map(|errand| match errand {
        Errand::Look(report) => Some(report),
        _ => None,
    });
    look.unwrap_or_else(|| panic!("{errands:?}"))
}

#[test]
fn the_server_is_told_how_the_device_stands() {
    let mut stage = offline_with(3);
    let errands = stage.pass(60_000);
    let report = reported(&errands);
    let offline = deviceapi::Mode::Offline;
    assert_eq!((report.unsent, report.mode), (Some(3), Some(offline)));
    assert_eq!(
        report.oldest_unsent.unwrap().to_string(),
        "2026-07-14T07:00:00.000Z"
    );
    let line = stage.door.status().line();
    assert!(
        line.starts_with("TURN01 · offline · today 3 · unsent 3 (oldest 2026-07-14T07:00:00.000Z)"),
        "{line}"
    );
}
