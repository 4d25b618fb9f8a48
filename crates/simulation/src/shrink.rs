//! Leaves out of a broken story what it does not need.

use crate::Broken;
use crate::generator::Script;
use crate::operation::{Act, Line, Manner, Operation, Patience, Shape, Way};

/// How often a shorter story may be tried.
const TRIES: usize = 2_000;

/// The shortest script found that breaks the same rule, and how it breaks it.
pub fn shrink(
    script: &Script,
    broken: &Broken,
    mut play: impl FnMut(&Script) -> Option<Broken>,
) -> (Script, Broken) {
    let mut best = (script.clone(), broken.clone());
    let mut tries = 0;
    let mut better = |script: &Script, best: &mut (Script, Broken)| {
        tries += 1;
        let same = (tries <= TRIES)
            .then(|| play(script))
            .flatten()
            .filter(|found| found.rule == broken.rule);
        match same {
            Some(found) => {
                *best = (script.clone(), found);
                true
            }
            None => false,
        }
    };
    let mut part = script.operations.len().div_ceil(2);
    while part > 0 {
        let mut at = 0;
        let mut shorter = false;
        while at < best.0.operations.len() {
            let mut candidate = best.0.clone();
            let end = (at + part).min(candidate.operations.len());
            candidate.operations.drain(at..end);
            if better(&candidate, &mut best) {
                shorter = true;
            } else {
                at += part;
            }
        }
        if part == 1 && !shorter {
            break;
        }
        part = if part == 1 { 1 } else { part / 2 };
    }
    let mut at = 0;
    while at < best.0.operations.len() {
        for simple in simpler(best.0.operations[at]) {
            let mut candidate = best.0.clone();
            candidate.operations[at] = simple;
            better(&candidate, &mut best);
        }
        at += 1;
    }
    best
}

/// The same with less trouble in it.
fn simpler(operation: Operation) -> Vec<Operation> {
    let mut simple = Vec::new();
    let mut add = |candidate: Operation| {
        if candidate != operation {
            simple.push(candidate);
        }
    };
    match operation {
        Operation::At { device, act, line } => {
            let mut at = |act, line| add(Operation::At { device, act, line });
            match act {
                Act::Scan {
                    card,
                    way,
                    patience,
                } => {
                    let scan = |card, way, patience| Act::Scan {
                        card,
                        way,
                        patience,
                    };
                    at(scan(0, Way::In, Patience::Decides), Line::Good);
                    at(scan(0, way, patience), line);
                    at(scan(card, Way::In, patience), line);
                    at(act, Line::Good);
                    at(scan(card, way, Patience::Decides), line);
                }
                Act::Flush(_) => at(Act::Flush(Shape::Whole), Line::Good),
                Act::Cancel(_) => at(Act::Cancel(Manner::InTime), Line::Good),
                Act::Retry | Act::Refresh => at(act, Line::Good),
            }
        }
        Operation::Work { worker, .. } => add(Operation::Work {
            worker,
            dies_after: None,
        }),
        Operation::Wait { .. } => add(Operation::Wait { seconds: 1 }),
        _ => {}
    }
    simple
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::script;

    #[test]
    fn only_what_breaks_the_rule_is_left() {
        let whole = script(7, 300);
        let is_needed =
            |operation: &Operation| matches!(operation, Operation::ServerDies | Operation::Late);
        let play = |script: &Script| {
            let mut needed = script.operations.iter().filter(|o| is_needed(o));
            let (first, second) = (needed.next()?, needed.next()?);
            Some(Broken::new("rule", format!("{first:?} {second:?}")))
        };
        let broken = play(&whole).unwrap();
        let (short, _) = shrink(&whole, &broken, play);
        assert_eq!(short.operations.len(), 2);
        assert!(short.operations.iter().all(is_needed));
    }
}
