//! Servers that fail, clocks that jump, and disks that are full.

use super::stage::*;
use deviceapi::{CheckRequest, Direction, ProblemCode};
use edge::wire::Reply;
use edge::{DoorSettings, Event, JournalSettings, Mode};
use kernel::{Language, Timestamp};

#[test]
fn each_fault_of_the_server_has_its_behaviour() {
    for (reply, open, outcome, mode) in [
        (Reply::Silent, true, "accepted_offline", Mode::Offline),
        (
            http(500, ProblemCode::Internal),
            true,
            "accepted_offline",
            Mode::Offline,
        ),
        (
            http(503, ProblemCode::Unavailable),
            true,
            "accepted_offline",
            Mode::Offline,
        ),
        (
            http(429, ProblemCode::TooManyAttempts),
            true,
            "accepted_offline",
            Mode::Offline,
        ),
        // One check that waits for Otipass says nothing of the others.
        (
            http(503, ProblemCode::CheckStaysOpen),
            true,
            "accepted_offline",
            Mode::Online,
        ),
        (
            http(422, ProblemCode::ClockStandsStill),
            true,
            "accepted_offline",
            Mode::Online,
        ),
        (
            http(403, ProblemCode::DirectionNotAllowed),
            false,
            "direction_not_allowed",
            Mode::Online,
        ),
        (token_invalid(), false, "token_invalid", Mode::Refused),
    ] {
        let mut stage = Stage::online();
        let check = asked(&stage.scan(PASS));
        let (_, answer) = told(&stage.answer(check, reply));
        assert_eq!((answer.open, answer.outcome.as_str()), (open, outcome));
        assert_eq!(stage.mode(), mode, "{outcome}");
        assert_eq!(stage.door.status().unsent, usize::from(open), "{outcome}");
    }
}

#[test]
fn it_finds_back_by_itself_and_pauses_in_between() {
    let mut stage = Stage::offline();
    // The pauses between looks that find nobody.
    for pause in [1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
        assert!(!looks(&stage.pass(pause - 1)), "{pause}");
        assert!(looks(&stage.pass(1)), "{pause}");
        assert!(!looks(&stage.pass(60_000)), "one at a time");
        stage.looked(Reply::Silent);
    }
    assert!(looks(&stage.pass(10_000)));
    stage.comes_online();
    assert_eq!(stage.mode(), Mode::Online);
    asked(&stage.scan(PASS));
    assert!(looks(&stage.pass(60_000)), "it keeps its snapshot fresh");
}

#[test]
fn the_server_says_how_long_it_wants_to_be_left_alone() {
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    let failing = Reply::Failing {
        code: None,
        retry_after_ms: 30_000,
    };
    stage.answer(check, failing);
    assert!(!looks(&stage.pass(29_999)));
    assert!(looks(&stage.pass(1)));
    // Some gateway on the way asks for a day; a minute is what it gets.
    stage.looked(Reply::Failing {
        code: None,
        retry_after_ms: 86_400_000,
    });
    assert!(!looks(&stage.pass(59_999)));
    assert!(looks(&stage.pass(1)));
}

#[test]
fn a_refused_token_admits_nobody_also_after_a_start_until_there_is_another() {
    let mut stage = Stage::offline();
    assert!(stage.visit(PASS).open);
    stage.pass(1_000);
    stage.looked(token_invalid());
    for _ in 0..2 {
        let (check, answer) = told(&stage.scan(PASS));
        assert_eq!((check, answer.outcome.as_str()), (None, "token_invalid"));
        assert_eq!(stage.door.status().unsent, 2, "the journal is kept");
        assert!(!stage.door.status().troubles(Language::En).is_empty());
        stage = stage.restart();
    }
    let sha256 = "another".to_owned();
    assert!(looks(&stage.step(Event::NewToken { sha256 })), "at once");
    assert_eq!(sent(&stage.comes_online()).0.len(), 2);
    asked(&stage.scan(&card(1)));
}

#[test]
fn a_late_word_on_the_old_token_says_nothing_of_the_new_one() {
    let mut stage = Stage::offline();
    assert!(sends(&stage.comes_online()), "a batch is under way");
    let check = asked(&stage.scan(PASS));
    let sha256 = "another".to_owned();
    stage.step(Event::NewToken { sha256 });
    stage.comes_online();
    let (told_of, answer) = told(&stage.answer(check, token_invalid()));
    assert_eq!(
        (told_of, answer.open),
        (Some(check), true),
        "who waits, waits no longer"
    );
    stage.tell(check);
    stage.step(Event::Sent {
        reply: token_invalid(),
    });
    assert_eq!(stage.mode(), Mode::Online);
    assert_eq!(sent(&stage.pass(1_000)).0.len(), 2, "it is brought again");
    stage.looked(token_invalid());
    assert_eq!(stage.mode(), Mode::Offline);
    assert!(looks(&stage.pass(1_000)));
}

#[test]
fn an_id_that_belongs_to_another_scan_is_replaced() {
    let mut stage = Stage::online();
    let first = asked(&stage.scan(PASS));
    let second = asked(&stage.answer(first, http(409, ProblemCode::CheckIdConflict)));
    assert_ne!(second, first);
    let (_, answer) = told(&stage.answer(second, yes(PASS)));
    assert!(answer.open);

    let mut stage = Stage::online();
    let first = asked(&stage.scan(PASS));
    let second = asked(&stage.answer(first, http(409, ProblemCode::CheckIdConflict)));
    let errands = stage.answer(second, http(409, ProblemCode::CheckIdConflict));
    assert!(told(&errands).1.open, "the visitor does not wait for that");
}

#[test]
fn a_full_journal_admits_nobody_by_itself_and_still_asks() {
    let journal = JournalSettings {
        limit_checks: 1,
        ..SETTINGS.journal
    };
    let mut stage = Stage::with(DoorSettings {
        journal,
        ..SETTINGS
    });
    stage.comes_online();
    let check = asked(&stage.scan(PASS));
    stage.answer(check, Reply::Silent);
    stage.tell(check);
    let (check, answer) = told(&stage.scan(OTHER));
    assert_eq!((check, answer.open), (None, false));
    assert_eq!(answer.outcome, "cannot_remember");
    assert_eq!(stage.door.status().count_today, 1);
    assert!(!stage.door.status().remembers);
    // A refusal and an exit are never sold: they stay what they are.
    assert_eq!(told(&stage.scan("12345675")).1.outcome, "not_a_pass");
    let (_, answer) = told(&stage.scan_to(PASS, Some(Direction::Exit)));
    assert!(answer.open, "nobody is kept inside");

    stage.comes_online();
    let check = asked(&stage.scan(OTHER));
    assert!(told(&stage.answer(check, yes(OTHER))).1.open);
}

#[test]
fn a_full_disk_is_as_a_full_journal() {
    let stage = Stage::online();
    let folder = stage.folder.path().join("journal.new/full");
    std::fs::remove_file(stage.folder.path().join("journal.spare")).unwrap();
    let mut stage = stage.restart();
    std::fs::create_dir_all(folder).unwrap();
    let mut opened = 0;
    let answer = loop {
        let (check, answer) = told(&stage.scan(&card(opened + 1)));
        let Some(check) = check else { break answer };
        assert!(answer.open);
        stage.tell(check);
        opened += 1;
    };
    assert_eq!(answer.outcome, "cannot_remember");
    assert!(opened > 50);
    let status = stage.door.status();
    assert_eq!((status.unsent, status.reserve), (opened, false));
    let errands = stage.comes_online();
    assert_eq!(sent(&errands).0.len(), opened, "nothing of it is lost");
    let check = asked(&stage.scan(OTHER));
    assert!(told(&stage.answer(check, yes(OTHER))).1.open);
}

#[test]
fn a_clock_that_jumps_costs_no_age_and_a_start_of_the_machine_only_that() {
    let mut stage = Stage::offline();
    stage.visit(PASS);
    stage.now.wall = stage.now.wall.plus_ms(-3_600_000);
    stage.pass(1_000);
    assert_eq!(stage.door.status().clock_jump_ms, Some(-3_600_000));
    stage.visit(&card(1));
    // The process starts again, and the clock is set meanwhile.
    let mut stage = stage.restart();
    stage.now.wall = stage.now.wall.plus_ms(7_200_000);
    stage.pass(1_000);
    assert_eq!(stage.door.status().clock_jump_ms, Some(7_200_000));
    stage.visit(&card(2));
    let (checks, _) = sent(&stage.comes_online());
    let status = stage.door.status();
    assert!(status.clock_offset_ms.unwrap() < -3_600_000);
    for language in [Language::En, Language::Fr] {
        let troubles = status.troubles(language);
        assert_eq!(troubles.len(), 2, "{troubles:?}");
    }
    let told = |check: &CheckRequest| (check.scanned_at.to_string(), check.age_ms);
    let clock = |text: &str| text.to_owned();
    assert_eq!(
        checks.iter().map(told).collect::<Vec<_>>(),
        [
            (clock("2026-07-14T07:00:00.000Z"), Some(2_000)),
            (clock("2026-07-14T07:00:00.000Z"), Some(2_000)),
            (clock("2026-07-14T06:00:01.000Z"), Some(1_000)),
            (clock("2026-07-14T08:00:02.000Z"), Some(0)),
        ]
    );
    let server_ahead: Vec<_> = checks.iter().map(|check| check.offset_ms).collect();
    assert_eq!(
        server_ahead,
        [Some(250), Some(250), None, None],
        "by the life of the clock"
    );
    let contact: Timestamp = "2026-07-14T07:00:00.250Z".parse().unwrap();
    assert!(checks.iter().all(|check| check.contact_at == Some(contact)));
    assert!(checks.iter().all(|check| check.set_up == Some(7)));
    // The machine starts again: how long ago that was, nobody knows.
    stage.now.boot = uuid::Uuid::from_u128(1);
    stage.now.up_ms = 5;
    stage.step(Event::Sent {
        reply: Reply::Silent,
    });
    let mut stage = stage.restart();
    let (checks, _) = sent(&stage.comes_online());
    assert!(checks.iter().all(|check| check.age_ms.is_none()));
}
