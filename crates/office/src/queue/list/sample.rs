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
        let lines = checks.iter().map(|check| match list {
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
                of_explained(formats, of, &found)
            }
            List::Unsold(_) => (
                7,
                line(formats, check.arrived_at, Some(check), "VN26".to_owned()),
            ),
        });
        // One is long; one has come to its end.
        let rows = if word == "refused" { 51 } else { 3 };
        let lines = lines.cycle().take(rows).collect();
        pages.push(Page::new(frame.clone(), list, word, Some(9), lines));
    }
    let list = List::named("ready").unwrap();
    pages.push(Page::new(frame.clone(), list, "ready", None, Vec::new()));
    pages.iter().map(|page| page.render().unwrap()).collect()
}
