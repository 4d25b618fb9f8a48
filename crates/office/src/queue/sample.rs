//! Sample data of this page.

use super::*;
use crate::tests::html;
use boxoffice::HeldReason;
use gate::outbox::trouble::Cause;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let at = kernel::Timestamp::from_millis_clamped(1_784_012_400_114);
    let held = HeldReason::ALL.map(|reason| Held {
        reason,
        count: 1_234,
        since: at,
    });
    let kind = gate::Kind {
        sector: "VN_AUG".parse().unwrap(),
        season: "VN27".parse().unwrap(),
        product: "PASSVN".parse().unwrap(),
    };
    let stopped = [Stopped::Line, Stopped::Cancellations, Stopped::Kind(kind)];
    let stopped = stopped.map(|of| Trouble {
        cause: match of {
            Stopped::Line => Cause::TokenRefused,
            _ => Cause::Refused,
        },
        of,
        since: at,
        latest: at,
        reason: "E17: <b>no</b> season VN27".to_owned(),
    });
    let full = Queue {
        held: Some(held.into()),
        ready: 3,
        refused: Some(Refusals {
            barcodes: 2,
            cancellations: 1,
        }),
        stopped: stopped.into(),
        on_the_way: Some(Waiting {
            deliveries: 12,
            declarations: 3,
            cancellations: 0,
            give_backs: 0,
            unresolved: 1,
        }),
    };
    let calm = Queue {
        held: Some(Vec::new()),
        refused: Some(Refusals::default()),
        stopped: Vec::new(),
        on_the_way: full.on_the_way,
        ready: 0,
    };
    html([full, calm, Queue::default()].map(|queue| page(frame, queue, None)))
}

fn page(frame: &Frame, queue: Queue, said: Option<Said>) -> Page {
    let frame = frame.clone();
    Page { said, queue, frame }
}

/// The page after one of its buttons.
pub(crate) fn said_samples(frame: &Frame) -> Vec<String> {
    let said = Some(("good", "<b>3</b>".to_owned()));
    html([page(frame, Queue::default(), said)])
}
