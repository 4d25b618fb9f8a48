//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let formats = &frame.formats;
    let checks = crate::checks::sample::checks();
    let mut pages = Vec::new();
    for word in [
        "in_flight",
        "refused",
        "disputed",
        "cancelled",
        "cancellations_in_flight",
        "cancellations_refused",
        "ready",
        "tariff_not_mapped",
    ] {
        let list = List::named(word).unwrap();
        let line = |check: &CheckLine| match list {
            List::Explained(of) => {
                let why = match of {
                    Explained::Disputed => "pass_expired",
                    Explained::Cancelled => "agent",
                    Explained::CancellationInFlight => "turned_away",
                    _ => "<b>conflict</b>",
                };
                let found = ExplainedLine {
                    seq: 7,
                    check: check.clone(),
                    why: Some(why.to_owned()),
                };
                of_explained(formats, of, found)
            }
            List::Unsold(_) => Line {
                key: 7,
                at: check.arrived_at,
                pass: check.card.as_ref().map(ToString::to_string),
                check: Some(check.clone()),
                detail: "VN26".to_owned(),
            },
        };
        // One is long; one has come to its end.
        let rows = if word == "refused" { 51 } else { 3 };
        let lines = checks.iter().cycle().take(rows).map(line).collect();
        pages.push(Page::new(frame.clone(), list, word, Some(9), lines));
    }
    let list = List::named("ready").unwrap();
    pages.push(Page::new(frame.clone(), list, "ready", None, Vec::new()));
    pages.iter().map(|page| page.render().unwrap()).collect()
}
