//! The last entry is taken back.

use super::stage::*;
use edge::agent::{Delivered, Lane, OnceMore, Wish};
use edge::wire::Reply;
use edge::{Errand, Event};
use kernel::CheckId;

fn cancel(stage: &mut Stage) -> String {
    told(&stage.step(Event::Line(Lane { source: 1, line: 9 }, Wish::CancelLast)))
        .1
        .outcome
}

fn more(stage: &mut Stage) -> String {
    let (lane, what) = (Lane { source: 1, line: 9 }, OnceMore::Person);
    told(&stage.step(Event::Line(lane, Wish::OnceMore(what))))
        .1
        .outcome
}

/// A card is let in, online or offline, and its answer is on the way.
fn lets_in(stage: &mut Stage, code: &str) -> CheckId {
    let errands = stage.scan(code);
    let asked = errands.iter().find_map(|errand| match errand {
        Errand::Ask(request) => Some(request.id),
        _ => None,
    });
    let (check, answer) = match asked {
        Some(check) => told(&stage.answer(check, yes(code))),
        None => told(&errands),
    };
    assert!(answer.open, "{answer:?}");
    check.unwrap()
}

/// A visitor is let in and told so.
fn visit(stage: &mut Stage, code: &str) {
    let check = lets_in(stage, code);
    stage.tell(check);
}

#[test]
fn the_last_entry_can_be_taken_back() {
    let mut stage = Stage::offline();
    stage.visit(PASS);
    assert_eq!(cancel(&mut stage), "cancelled");
    assert_eq!(stage.door.status().count_today, 1, "the one before remains");
    let (checks, cancellations) = sent(&stage.comes_online());
    assert_eq!(
        (checks.len(), cancellations.len()),
        (2, 0),
        "the check goes first"
    );
    let (_, cancellations) = sent(&stage.batch(kept(2)));
    assert_eq!(cancellations[0].check_id, checks[1].id);
    let reply = Reply::Answer(super::stage::answer(Vec::new(), &[checks[1].id]));
    stage.step(Event::Sent { reply });
    assert_eq!(stage.door.status().unsent_cancellations, 0);
    visit(&mut stage, PASS);
    stage.pass(16 * 60 * 1000);
    assert_eq!(cancel(&mut stage), "nothing_to_cancel", "too late");
}

#[test]
fn whoever_went_in_before_stays_in_however_often_the_button_is_pressed() {
    for starts_again in [false, true] {
        for mut stage in [Stage::online(), Stage::offline()] {
            visit(&mut stage, PASS);
            visit(&mut stage, &card(1));
            assert_eq!(cancel(&mut stage), "cancelled");
            if starts_again {
                stage = stage.restart();
            }
            assert_eq!(cancel(&mut stage), "nothing_to_cancel");
            assert_eq!(more(&mut stage), "nobody_before");
            assert_eq!(stage.door.status().unsent_cancellations, 1);
            visit(&mut stage, &card(2));
            assert_eq!(cancel(&mut stage), "cancelled");
        }
    }
}

#[test]
fn an_entry_that_nobody_was_told_of_opens_nothing_once_it_is_taken_back() {
    for starts_again in [false, true] {
        for mut stage in [Stage::online(), Stage::offline()] {
            let check = lets_in(&mut stage, PASS);
            let delivered = Delivered::No;
            stage.step(Event::Told { check, delivered });
            assert_eq!(cancel(&mut stage), "cancelled");
            if starts_again {
                stage = stage.restart();
            }
            stage.pass(5_000);
            assert_ne!(lets_in(&mut stage, PASS), check);
        }
    }
}

#[test]
fn an_entry_that_is_taken_back_while_it_is_told_opens_nothing_more() {
    for delivered in [Delivered::Yes, Delivered::No] {
        let mut stage = Stage::online();
        let check = lets_in(&mut stage, PASS);
        stage.step(Event::Line(
            Lane { source: 1, line: 2 },
            Wish::Check(PASS.to_owned(), None),
        ));
        let errands = stage.step(Event::Line(Lane { source: 1, line: 9 }, Wish::CancelLast));
        let told: Vec<_> = errands
            .iter()
            .filter_map(|errand| match errand {
                Errand::Tell { lane, answer, .. } => Some((lane.line, answer.outcome.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(told, [(2, "cancelled"), (9, "cancelled")]);
        stage.step(Event::Told { check, delivered });
        stage.pass(4_000);
        assert_ne!(lets_in(&mut stage, PASS), check);
        assert_eq!(stage.door.status().count_today, 1);
    }
}

#[test]
fn midnight_changes_nothing() {
    for starts_again in [false, true] {
        let mut stage = Stage::offline();
        // Paris is two hours ahead in July.
        stage.pass((14 * 60 + 58) * 60_000);
        stage.visit(PASS);
        assert_eq!(stage.door.status().count_today, 2);
        stage.pass(5 * 60_000);
        assert_eq!(stage.door.status().count_today, 0);
        if starts_again {
            stage = stage.restart();
        }
        assert_eq!(cancel(&mut stage), "cancelled");
        assert_eq!(stage.door.status().unsent_cancellations, 1);
    }
}
