//! Sample data of these pages.

use super::*;
use crate::tests::html;

fn aside(n: u32, kind: &str, reason: &str) -> Aside {
    let at: Timestamp = "2026-07-14T07:00:00.114Z".parse().unwrap();
    Aside {
        id: format!("1d426cfd-51d7-490e-9ba3-{n:012}").parse().unwrap(),
        device: "PDA01".parse().unwrap(),
        kind: kind.parse().unwrap(),
        reason: reason.parse().unwrap(),
        detail: "This <b>check</b> cannot be read.".to_owned(),
        body: r#"{"code":"<b>00029975","outcome":"accepted_offline"}"#.to_owned(),
        sha256: "5f".repeat(32),
        arrived_at: at,
        settled_at: None,
        settled_by: None,
        settlement: None,
        note: None,
        check: None,
    }
}

fn dismissed() -> Aside {
    Aside {
        settled_at: Some(Timestamp::MIN),
        settled_by: Some("<b>Ada".to_owned()),
        settlement: Some(Settlement::Dismissed),
        note: Some("a <b>test".to_owned()),
        body: String::new(),
        ..aside(9, "check", "body_invalid")
    }
}

fn booked() -> Aside {
    Aside {
        settlement: Some(Settlement::Booked),
        check: Some("1d426cfd-51d7-490e-9ba3-000000000001".parse().unwrap()),
        note: None,
        ..dismissed()
    }
}

fn page(frame: &Frame, waiting: Vec<Aside>, settled: Vec<Aside>, said: Option<String>) -> Page {
    Page {
        said,
        count: waiting.len().try_into().unwrap(),
        groups: vec![Group {
            device: "PDA01".parse().unwrap(),
            reason: "enrolment_revoked".parse().unwrap(),
            count: 2,
        }],
        waiting,
        settled,
        names: SiteNames::default(),
        frame: frame.clone(),
    }
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let waiting = vec![
        aside(1, "check", "enrolment_revoked"),
        aside(2, "check", "enrolment_revoked"),
        aside(3, "cancellation", "check_unknown"),
    ];
    let full = page(frame, waiting, vec![dismissed(), booked()], None);
    html([full, page(frame, Vec::new(), Vec::new(), None)])
}

/// The page after several were booked at once.
pub(crate) fn said_samples(frame: &Frame) -> Vec<String> {
    html([page(
        frame,
        Vec::new(),
        Vec::new(),
        Some("<b>3</b>".to_owned()),
    )])
}

pub(crate) fn one_samples(frame: &Frame) -> Vec<String> {
    let names = SiteNames::from(&crate::set_up::places::sample::site());
    let one = |frame: &Frame, aside| {
        let links = Links::new(frame, &names, crate::checks::sample::checks());
        One::new(frame.clone(), aside, names.clone(), links)
    };
    let wrong = frame.wrong("code=<b>", Mistakes::one("code", "<b>no pass"));
    let lying = aside(1, "check", "body_invalid");
    html([
        one(frame, lying.clone()),
        one(&wrong, lying),
        one(frame, aside(3, "cancellation", "check_unknown")),
        one(frame, dismissed()),
        one(frame, booked()),
    ])
}
