//! Who decides, and what the visitor's next try is.

use super::stage::*;
use deviceapi::Direction;
use edge::agent::{AgentSettings, Delivered};
use edge::wire::Reply;
use edge::{DoorSettings, Errand, Event, Mode};
use serde_json::json;

#[test]
fn online_the_server_decides_and_nothing_is_left_to_send() {
    for (reply, open, outcome) in [
        (yes(PASS), true, "accepted"),
        (no("pass_expired"), false, "pass_expired"),
    ] {
        let mut stage = Stage::online();
        let errands = stage.scan(PASS);
        let check = asked(&errands);
        let (told_of, answer) = told(&stage.answer(check, reply));
        assert_eq!(told_of, Some(check));
        assert_eq!((answer.open, answer.outcome.as_str()), (open, outcome));
        stage.tell(check);
        assert_eq!(stage.door.status().unsent, 0);
        assert_eq!(stage.door.status().count_today, usize::from(open));
    }
}

#[test]
fn before_the_server_was_ever_reached_nobody_is_admitted() {
    let mut stage = Stage::new();
    let (check, answer) = told(&stage.scan(PASS));
    assert_eq!((check, answer.open), (None, false));
    assert_eq!(answer.outcome, "not_set_up");
    assert!(
        looks(&Stage::new().pass(0)),
        "it looks for the server at once"
    );
}

#[test]
fn the_first_silence_is_decided_here_and_the_next_visitor_does_not_wait() {
    let mut stage = Stage::online();
    let first = asked(&stage.scan(PASS));
    let (told_of, answer) = told(&stage.answer(first, Reply::Silent));
    assert_eq!(told_of, Some(first), "the id that the server may know");
    assert_eq!(
        (answer.open, answer.outcome.as_str()),
        (true, "accepted_offline")
    );
    assert_eq!(stage.mode(), Mode::Offline);
    stage.tell(first);
    let (_, answer) = told(&stage.scan(OTHER));
    assert!(answer.open);
    let (_, answer) = told(&stage.scan("12345675"));
    assert_eq!(
        (answer.open, answer.outcome.as_str()),
        (false, "not_a_pass")
    );
    assert_eq!(stage.door.status().unsent, 3);
    assert_eq!(stage.door.status().count_today, 2);
}

#[test]
fn a_late_answer_changes_nothing() {
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    stage.answer(check, Reply::Silent);
    assert_eq!(stage.answer(check, no("pass_blocked")), []);
    stage.tell(check);
    assert_eq!(stage.answer(check, yes(PASS)), []);
    assert_eq!(stage.door.status().unsent, 1);
}

#[test]
fn another_try_before_the_answer_is_the_same_scan() {
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    let mut again = stage.scan(PASS);
    again.retain(|errand| matches!(errand, Errand::Ask(_) | Errand::Tell { .. }));
    assert_eq!(again, [], "it is being asked");
    let (told_of, answer) = told(&stage.answer(check, yes(PASS)));
    assert_eq!((told_of, answer.open), (Some(check), true));
    let delivered = Delivered::Yes;
    let (told_of, answer) = told(&stage.step(Event::Told { check, delivered }));
    assert_eq!((told_of, answer.open, answer.same), (None, false, true));
    stage.pass(20_000);
    let another = asked(&stage.scan(PASS));
    assert_ne!(another, check, "told and taken away: this is another entry");
}

#[test]
fn whoever_waits_next_is_told_if_the_first_has_gone() {
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    stage.scan("villeneuve-12345674");
    assert!(told(&stage.answer(check, yes(PASS))).1.open);
    let delivered = Delivered::No;
    let (told_of, answer) = told(&stage.step(Event::Told { check, delivered }));
    assert_eq!((told_of, answer.open), (Some(check), true));
}

#[test]
fn an_answer_that_nobody_got_is_given_to_the_next_try() {
    let mut online = Stage::online();
    let check = asked(&online.scan(PASS));
    online.answer(check, yes(PASS));
    let mut offline = Stage::offline();
    let (here, _) = told(&offline.scan(PASS));
    for (mut stage, check, unsent) in [(online, check, 0), (offline, here.unwrap(), 2)] {
        let nobody = Event::Told {
            check,
            delivered: Delivered::No,
        };
        stage.step(nobody);
        stage.pass(10_000);
        let (told_of, answer) = told(&stage.scan(PASS));
        assert_eq!((told_of, answer.open), (Some(check), true));
        stage.tell(check);
        assert_eq!(stage.door.status().unsent, unsent);
    }
}

#[test]
fn after_a_crash_the_next_try_keeps_the_id() {
    // Asked, and the answer never came.
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    let mut stage = stage.restart();
    stage.comes_online();
    assert_eq!(asked(&stage.scan(PASS)), check);

    // Decided, and nobody was told.
    let mut stage = Stage::offline();
    let (check, _) = told(&stage.scan(PASS));
    let mut stage = stage.restart();
    assert_eq!(told(&stage.scan(PASS)).0, check);
    assert_eq!(stage.door.status().unsent, 2, "it is there once");

    // Nobody came back: it is not sent, and the id is not used again.
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    let mut stage = stage.restart();
    assert!(!sends(&stage.comes_online()));
    stage.pass(6 * 60 * 1000);
    assert_ne!(asked(&stage.scan(PASS)), check);
}

/// The server may have said yes, and that was told, before the power went.
#[test]
fn a_refusal_after_a_crash_takes_back_no_entry_of_before() {
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    stage.looked(Reply::Answer(snapshot(|s| s["mapped"] = false.into())));
    let mut stage = stage.restart();
    assert_eq!(stage.mode(), Mode::Offline);
    let (refused, answer) = told(&stage.scan(PASS));
    assert_eq!(answer.outcome, "sector_not_mapped");
    assert_ne!(refused, Some(check));

    // What opens the door is the same entry.
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    let mut stage = stage.restart();
    let (admitted, answer) = told(&stage.scan(PASS));
    assert_eq!((admitted, answer.open), (Some(check), true));
}

#[test]
fn it_decides_without_network_right_after_a_start() {
    let mut stage = Stage::online().restart();
    assert_eq!(stage.mode(), Mode::Offline);
    assert!(stage.visit(PASS).open, "it kept what it knew of itself");
    let mut stage = stage.restart();
    assert_eq!(stage.door.status().count_today, 1);
    assert!(sends(&stage.comes_online()));
}

#[test]
fn an_exit_is_recorded_and_opens() {
    let mut stage = Stage::online();
    let errands = stage.scan_to(PASS, Some(Direction::Exit));
    let Some(Errand::Ask(attempt)) = errands.first() else {
        panic!("{errands:?}");
    };
    assert_eq!(attempt.direction, Direction::Exit);
    let mut stage = Stage::with(DoorSettings {
        agent: AgentSettings {
            direction: Some(Direction::Exit),
            ..AgentSettings::default()
        },
        ..SETTINGS
    });
    stage.comes_online();
    let check = asked(&stage.scan(PASS));
    let (_, answer) = told(&stage.answer(check, Reply::Silent));
    assert_eq!((answer.open, answer.outcome.as_str()), (true, "exit"));
    assert_eq!(stage.door.status().count_today, 0);
    assert_eq!(stage.door.status().unsent, 1);
}

#[test]
fn guarded_refuses_who_went_in_today_and_who_is_listed() {
    let mut stage = Stage::new();
    stage.looked(Reply::Answer(snapshot(|s| {
        s["offline_policy"] = json!("guarded");
        s["door"] = json!("D1");
        s["door_name"] = json!("Main entrance");
    })));
    let page = stage.door.status().page(kernel::Language::En);
    assert!(page.contains("Main entrance (D1)") && !page.contains("guarded"));
    let check = asked(&stage.scan(PASS));
    stage.answer(check, yes(PASS));
    stage.tell(check);
    let check = asked(&stage.scan(OTHER));
    assert!(told(&stage.answer(check, Reply::Silent)).1.open);
    stage.pass(61_000);
    for _ in 0..2 {
        assert_eq!(told(&stage.scan(PASS)).1.outcome, "already_used");
        stage = stage.restart();
    }
    let list: edge::agent::PassList = Box::new(|_, _| Some(otipass::Refusal::PassBlocked));
    stage.door.use_pass_list(Some(list));
    assert_eq!(told(&stage.scan("12583241")).1.outcome, "pass_blocked");
    stage.pass(24 * 3_600_000);
    stage.door.use_pass_list(None);
    assert!(told(&stage.scan(PASS)).1.open, "another day");
}

#[test]
fn an_answer_to_another_check_is_none() {
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    let Reply::Answer(other) = yes(PASS) else {
        panic!("yes is an answer");
    };
    assert_ne!(other.id, check);
    let reply = Reply::Answer(other);
    let (_, answer) = told(&stage.step(Event::Answered { check, reply }));
    assert_eq!(
        (answer.open, answer.outcome.as_str()),
        (true, "accepted_offline")
    );
    assert_eq!(stage.mode(), Mode::Offline);
}
