//! One presentation, one check; and what the door says of an opening.

use super::stage::*;
use deviceapi::{CancelCause, Direction, ProblemCode};
use edge::agent::{Delivered, Lane, OnceMore, Passage, Went, Wish};
use edge::wire::Reply;
use edge::{DoorSettings, Event, Mode};
use kernel::CheckId;

/// What happens at a door.
type Happening<'a> = &'a dyn Fn(&mut Stage);

const CHIP: &str = "villeneuve-12345674";

/// A door that has just reached its server and says this of an opening.
fn online(passage: Passage) -> Stage {
    let mut settings: DoorSettings = SETTINGS;
    settings.agent.passage = passage;
    let mut stage = Stage::with(settings);
    stage.comes_online();
    stage
}

/// A card is admitted by the server.
fn admitted(stage: &mut Stage, code: &str) -> CheckId {
    let check = asked(&stage.scan(code));
    assert!(told(&stage.answer(check, yes(PASS))).1.open);
    stage.tell(check);
    check
}

/// What a read is told: the outcome, and how the door stands.
fn heard(stage: &mut Stage, code: &str) -> (Option<CheckId>, &'static str) {
    let (check, answer) = told(&stage.scan(code));
    let word = match (answer.open, answer.same) {
        (true, false) => "open",
        (false, false) => "closed",
        (false, true) => "same",
        (true, true) => "both",
    };
    if let Some(check) = check {
        stage.tell(check);
    }
    (check, word)
}

fn reports(stage: &mut Stage, went: Went) -> String {
    reports_from(stage, 1, went)
}

fn reports_from(stage: &mut Stage, source: u64, went: Went) -> String {
    let lane = Lane { source, line: 2 };
    told(&stage.step(Event::Line(lane, Wish::Passage(went))))
        .1
        .outcome
}

#[test]
fn the_same_card_read_five_times_opens_once_online_and_offline() {
    let mut online = Stage::online();
    admitted(&mut online, PASS);
    let mut offline = Stage::offline();
    assert_eq!(heard(&mut offline, PASS).1, "open");
    for (mut stage, unsent) in [(online, 0), (offline, 2)] {
        for code in [PASS, CHIP, "]C012345674", "1234 5674"] {
            stage.pass(2_900);
            assert_eq!(heard(&mut stage, code), (None, "same"));
        }
        let status = stage.door.status();
        assert_eq!(status.unsent, unsent);
        assert_eq!(status.count_today, if unsent == 0 { 1 } else { 2 });
    }
}

#[test]
fn two_cards_in_turns_are_two_checks() {
    let mut stage = Stage::offline();
    stage.pass(20_000);
    assert_eq!(heard(&mut stage, PASS).1, "open");
    assert_eq!(heard(&mut stage, &card(7)).1, "open");
    for _ in 0..10 {
        stage.pass(100);
        assert_eq!(heard(&mut stage, CHIP).1, "same");
        assert_eq!(heard(&mut stage, &card(7)).1, "same");
    }
    assert_eq!(stage.door.status().unsent, 3);
}

#[test]
fn a_final_refusal_joins_and_nobody_could_say_does_not() {
    for (reply, joins) in [
        (no("pass_blocked"), true),
        (no("just_admitted"), true),
        (no("partner_unavailable"), false),
    ] {
        let mut stage = Stage::online();
        let check = asked(&stage.scan(PASS));
        stage.answer(check, reply);
        stage.tell(check);
        stage.pass(1_000);
        if joins {
            assert_eq!(heard(&mut stage, CHIP), (None, "same"));
        } else {
            assert_ne!(asked(&stage.scan(CHIP)), check);
        }
    }
}

#[test]
fn an_answer_that_nobody_was_told_is_taken_up_in_another_form_also_after_a_start() {
    let mut stage = Stage::online();
    let check = asked(&stage.scan(PASS));
    let mut stage = stage.restart();
    stage.comes_online();
    stage.pass(240_000);
    assert_eq!(asked(&stage.scan(CHIP)), check);
}

#[test]
fn offline_the_window_is_kept_over_its_own_admissions() {
    // How it comes about, how long after, and what is said then.
    let exit = |stage: &mut Stage| {
        let (check, _) = told(&stage.scan_to(PASS, Some(Direction::Exit)));
        stage.tell(check.unwrap());
    };
    let cancel = |stage: &mut Stage| {
        stage.step(Event::Line(Lane { source: 1, line: 1 }, Wish::CancelLast));
    };
    let nothing = |_: &mut Stage| ();
    // The clock that people set is put right.
    let forward = |stage: &mut Stage| stage.now.wall = stage.now.wall.plus_ms(3_600_000);
    let back = |stage: &mut Stage| stage.now.wall = stage.now.wall.plus_ms(-3_600_000);
    let cases: [(Happening, u64, &str); 9] = [
        (&forward, 20_000, "just_admitted"),
        (&forward, 60_001, "accepted_offline"),
        (&back, 20_000, "just_admitted"),
        (&back, 60_001, "accepted_offline"),
        (&nothing, 20_000, "just_admitted"),
        (&nothing, 60_000, "just_admitted"),
        (&nothing, 60_001, "accepted_offline"),
        (&exit, 20_000, "accepted_offline"),
        (&cancel, 20_000, "accepted_offline"),
    ];
    for (between, after_ms, outcome) in cases {
        let mut online = Stage::online();
        let first = admitted(&mut online, PASS);
        online.answer(first, Reply::Silent);
        let mut offline = Stage::offline();
        heard(&mut offline, PASS);
        for mut stage in [online, offline] {
            assert_eq!(stage.mode(), Mode::Offline);
            between(&mut stage);
            stage.pass(after_ms);
            assert_eq!(told(&stage.scan(PASS)).1.outcome, outcome, "{after_ms} ms");
        }
    }
    let mut stage = Stage::offline();
    heard(&mut stage, PASS);
    let mut stage = stage.restart();
    stage.pass(5_000);
    assert_eq!(told(&stage.scan(PASS)).1.outcome, "just_admitted");
}

#[test]
fn what_the_server_has_not_heard_of_is_not_sold_again_when_the_line_is_back() {
    let mut stage = Stage::offline();
    heard(&mut stage, PASS);
    assert!(sends(&stage.comes_online()));
    stage.pass(20_000);
    let (check, answer) = told(&stage.scan(PASS));
    assert_eq!(answer.outcome, "just_admitted");
    stage.tell(check.unwrap());
    // One that was let in by the server is the server's to judge.
    let other = asked(&stage.scan(&card(9)));
    stage.answer(other, yes(&card(9)));
    stage.tell(other);
    stage.batch(kept(2));
    stage.pass(20_000);
    asked(&stage.scan(PASS));
    asked(&stage.scan(&card(9)));
}

#[test]
fn what_the_server_put_aside_it_has_not_heard_of() {
    let mut stage = Stage::offline();
    heard(&mut stage, PASS);
    stage.comes_online();
    stage.batch([kept(1), vec![aside(ProblemCode::EnrolmentRevoked)]].concat());
    stage.pass(20_000);
    assert_eq!(told(&stage.scan(PASS)).1.outcome, "just_admitted");
}

#[test]
fn where_passage_is_unknown_the_door_opens_once_more() {
    for (reopen_ms, shown_after_ms, opens) in [
        (10_000, 3_001, true),
        (10_000, 10_000, true),
        (10_000, 10_001, false),
        (4_000, 5_000, false),
        (0, 3_001, false),
    ] {
        let mut stage = online(Passage::Unknown { reopen_ms });
        let check = admitted(&mut stage, PASS);
        stage.pass(shown_after_ms);
        if opens {
            assert_eq!(heard(&mut stage, CHIP), (Some(check), "open"));
            assert_eq!(heard(&mut stage, PASS), (None, "same"));
            assert_eq!(stage.door.status().reopened_today, 1);
            stage.pass(5_000);
        }
        assert_ne!(asked(&stage.scan(PASS)), check, "{shown_after_ms} ms");
        assert_eq!(stage.door.status().count_today, 1);
    }
}

#[test]
fn an_opening_that_nobody_got_is_still_to_come() {
    let mut stage = online(Passage::default());
    let check = admitted(&mut stage, PASS);
    stage.pass(4_000);
    let (told_of, answer) = told(&stage.scan(PASS));
    assert_eq!(
        (told_of, answer.open, answer.reopened),
        (Some(check), true, true)
    );
    assert_eq!(heard(&mut stage, CHIP), (None, "same"), "it is on its way");
    let delivered = Delivered::No;
    stage.step(Event::Told { check, delivered });
    assert_eq!(heard(&mut stage, PASS), (Some(check), "open"));
}

#[test]
fn whoever_went_out_and_comes_in_again_is_another_check() {
    let mut stage = online(Passage::default());
    let check = admitted(&mut stage, PASS);
    stage.pass(1_000);
    let exit = asked(&stage.scan_to(PASS, Some(Direction::Exit)));
    stage.answer(exit, Reply::Silent);
    stage.tell(exit);
    stage.comes_online();
    let again = asked(&stage.scan(PASS));
    assert!(again != check && again != exit);
}

#[test]
fn a_refusal_never_opens_later() {
    let mut stage = online(Passage::default());
    let check = asked(&stage.scan(PASS));
    stage.answer(check, no("pass_blocked"));
    stage.tell(check);
    stage.pass(4_000);
    assert_ne!(asked(&stage.scan(PASS)), check);
}

#[test]
fn nobody_went_through_so_the_card_opens_again_under_its_check() {
    let mut stage = online(Passage::Reported);
    assert_eq!(reports(&mut stage, Went::Nowhere), "nothing_opened");
    let check = admitted(&mut stage, PASS);
    assert_eq!(heard(&mut stage, PASS), (None, "same"));
    // It is so again and again, within the window.
    for _ in 0..3 {
        stage.pass(5_000);
        assert_eq!(reports(&mut stage, Went::Nowhere), "not_passed");
        stage.pass(4_000);
        assert_eq!(heard(&mut stage, CHIP), (Some(check), "open"));
    }
    assert_eq!(reports(&mut stage, Went::Through), "passed");
    assert_eq!(reports(&mut stage, Went::Nowhere), "nothing_opened");
    let status = stage.door.status();
    assert_eq!((status.count_today, status.unsent_cancellations), (1, 0));
    assert_eq!((status.reopened_today, status.not_passed_today), (3, 3));
    stage.pass(70_000);
    assert_eq!(stage.door.status().unsent_cancellations, 0);
    assert_ne!(asked(&stage.scan(PASS)), check);
}

#[test]
fn each_of_several_controllers_speaks_of_its_own_door() {
    let mut stage = online(Passage::Reported);
    let first = admitted(&mut stage, PASS);
    // At another door, a moment later.
    let errands = stage.step(Event::Line(
        Lane { source: 2, line: 1 },
        Wish::Check(card(7), None),
    ));
    let second = asked(&errands);
    stage.answer(second, yes(&card(7)));
    stage.tell(second);
    assert_eq!(reports_from(&mut stage, 1, Went::Nowhere), "not_passed");
    assert_eq!(reports_from(&mut stage, 1, Went::Nowhere), "nothing_opened");
    // The other has connected anew; what it says again means nothing.
    ends(&mut stage, 2);
    assert_eq!(reports_from(&mut stage, 3, Went::Nowhere), "not_passed");
    assert_eq!(reports_from(&mut stage, 3, Went::Nowhere), "nothing_opened");
    stage.pass(5_000);
    assert_eq!(heard(&mut stage, PASS), (Some(first), "open"));
    let errands = stage.pass(60_000);
    let (_, cancellations) = sent(&errands);
    let void: Vec<_> = cancellations.iter().map(|c| c.check_id).collect();
    assert_eq!(void, [second]);
}

fn ends(stage: &mut Stage, source: u64) {
    let lane = Lane { source, line: 0 };
    let went = Went::Ended;
    assert!(
        stage
            .step(Event::Line(lane, Wish::Passage(went)))
            .is_empty()
    );
}

#[test]
fn a_controller_with_a_connection_for_each_line_speaks_of_its_last_visitor() {
    let mut stage = online(Passage::Reported);
    let mut last = None;
    for visitor in 1..=4 {
        let lane = Lane {
            source: visitor,
            line: 1,
        };
        let (code, direction) = (card(visitor.try_into().unwrap()), None);
        let read = Event::Line(lane, Wish::Check(code.clone(), direction));
        let check = asked(&stage.step(read));
        stage.answer(check, yes(&code));
        stage.tell(check);
        ends(&mut stage, visitor);
        stage.pass(10_000);
        last = Some((check, code));
    }
    assert_eq!(reports_from(&mut stage, 9, Went::Nowhere), "not_passed");
    let (check, code) = last.unwrap();
    assert_eq!(heard(&mut stage, &code), (Some(check), "open"));
}

#[test]
fn who_has_connected_anew_beside_several_doors_takes_nobody_back() {
    let mut stage = online(Passage::Reported);
    for (source, code) in [(1, PASS.to_owned()), (2, card(7))] {
        let lane = Lane { source, line: 1 };
        let direction = None;
        let read = Event::Line(lane, Wish::Check(code.clone(), direction));
        let check = asked(&stage.step(read));
        stage.answer(check, yes(&code));
        stage.tell(check);
    }
    assert_eq!(reports_from(&mut stage, 3, Went::Nowhere), "nothing_opened");
}

#[test]
fn nobody_went_through_and_nobody_came_back_so_the_check_is_void() {
    for starts_again in [false, true] {
        let mut stage = online(Passage::Reported);
        let check = admitted(&mut stage, PASS);
        stage.pass(5_000);
        reports(&mut stage, Went::Nowhere);
        let errands = if starts_again {
            stage = stage.restart();
            stage.comes_online()
        } else {
            stage.pass(55_000);
            let waiting = stage.door.status().unsent_cancellations;
            assert_eq!(waiting, 0, "60 s are within");
            stage.pass(1)
        };
        let (_, cancellations) = sent(&errands);
        assert_eq!(cancellations[0].check_id, check);
        assert_eq!(cancellations[0].cause, Some(CancelCause::NotPassed));
        assert_eq!(stage.door.status().count_today, 0);
        assert_ne!(asked(&stage.scan(PASS)), check);
    }
}

#[test]
fn a_card_whose_door_nobody_went_through_opens_nothing_on_the_word_of_a_lost_token() {
    let mut stage = online(Passage::Reported);
    admitted(&mut stage, PASS);
    reports(&mut stage, Went::Nowhere);
    stage.looked(token_invalid());
    let (check, answer) = told(&stage.scan(PASS));
    assert_eq!((check, answer.outcome.as_str()), (None, "token_invalid"));
}

fn wants(stage: &mut Stage, what: OnceMore) -> Vec<edge::Errand> {
    let lane = Lane { source: 1, line: 3 };
    stage.step(Event::Line(lane, Wish::OnceMore(what)))
}

#[test]
fn one_more_person_is_a_check_that_names_the_last_entry_online_and_offline() {
    let mut stage = Stage::online();
    let nobody = told(&wants(&mut stage, OnceMore::Person)).1;
    assert_eq!(
        (nobody.open, nobody.outcome.as_str()),
        (false, "nobody_before")
    );
    let first = admitted(&mut stage, CHIP);
    let errands = wants(&mut stage, OnceMore::Person);
    let [edge::Errand::Ask(request)] = &errands[..] else {
        panic!("{errands:?}");
    };
    assert_eq!(request.one_more_than, Some(first));
    assert_eq!(
        (request.code.0.as_str(), request.direction),
        (PASS, Direction::Entry)
    );
    let second = request.id;
    assert!(told(&stage.answer(second, yes(PASS))).1.open);
    stage.tell(second);
    // The card is still there: it is the second one's now.
    assert_eq!(heard(&mut stage, PASS), (None, "same"));
    assert_eq!(stage.door.status().count_today, 2);

    let mut stage = Stage::offline();
    assert_eq!(heard(&mut stage, PASS).1, "open");
    let unsent = stage.door.status().unsent;
    for more in 1..=3 {
        let (check, answer) = told(&wants(&mut stage, OnceMore::Person));
        assert_eq!(
            (answer.open, answer.outcome.as_str()),
            (true, "accepted_offline")
        );
        stage.tell(check.unwrap());
        assert_eq!(stage.door.status().unsent, unsent + more);
    }
}

#[test]
fn after_again_the_next_read_is_asked_about_anew() {
    let mut stage = Stage::online();
    let nobody = told(&wants(&mut stage, OnceMore::Check)).1;
    assert_eq!(nobody.outcome, "nobody_before");
    let check = asked(&stage.scan(PASS));
    stage.answer(check, no("pass_blocked"));
    stage.tell(check);
    assert_eq!(heard(&mut stage, CHIP), (None, "same"));
    assert_eq!(told(&wants(&mut stage, OnceMore::Check)).1.outcome, "again");
    assert_ne!(asked(&stage.scan(CHIP)), check);
}
