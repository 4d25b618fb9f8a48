//! Sample data of this page.

use super::*;
use crate::comparison::Made;
use crate::tests::html;
use boxoffice::HeldReason;
use std::sync::Arc;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let at = Timestamp::from_millis_clamped(1_784_012_400_114);
    let running = State {
        running_since: Some(at),
        failed: true,
        ..State::default()
    };
    let full = State {
        last: Some(Arc::new(made(at))),
        running_since: Some(at),
        ..State::default()
    };
    let mut clean = made(at);
    clean.books.unexplained = 0;
    clean.books.differences.clear();
    let clean = State {
        last: Some(Arc::new(clean)),
        ..State::default()
    };
    let mut gate = made(at);
    gate.books.sides = Sides::Gate;
    let gate = State {
        last: Some(Arc::new(gate)),
        ..State::default()
    };
    let page = |kept, state: &State, from| Page {
        kept,
        stopped: Vec::new(),
        state: state.clone(),
        from,
        links: Links::new(
            frame,
            &SiteNames::default(),
            crate::checks::sample::checks(),
        ),
        frame: frame.clone(),
    };
    html([
        page(true, &full, 0),
        page(true, &full, 50),
        page(true, &clean, 0),
        page(true, &running, 0),
        Page {
            stopped: crate::today::sample::stopped(at),
            ..page(true, &gate, 0)
        },
        page(false, &State::default(), 0),
    ])
}

/// Books such as a small museum's, with something wrong in each way.
pub(super) fn made(at: Timestamp) -> Made {
    let check = "1d426cfd-51d7-490e-9ba3-000000000001".parse().unwrap();
    let barcode: kernel::ControlBarcode = "OTI0002997520260714070000114".parse().unwrap();
    let difference = |code, of| Difference {
        code,
        of,
        said: Some("<b>conflict</b>".to_owned()),
    };
    let mut differences = vec![
        difference(
            "order_without_ticket",
            Subject::Order("OTI-1".parse().unwrap()),
        ),
        difference("staged_without_check", Subject::Barcode(barcode.clone())),
        difference("admitted_not_recognised", Subject::Check(check)),
    ];
    let refused = difference("refused_by_ticketing", Subject::Entry(check, barcode));
    differences.extend(std::iter::repeat_n(refused, 60));
    Made {
        at,
        books: Reconciliation {
            asked: None,
            sides: Sides::Both,
            accepted_checks: 12_345,
            control_barcodes: 12_345,
            in_flight: 3,
            cancelled: 2,
            cancellations_in_flight: 1,
            staged: 12_342,
            ready: 7,
            held: [(HeldReason::TariffNotMapped, 65)].into(),
            cancelled_unsold: 1,
            tickets: 12_270,
            cancelled_tickets: 1,
            orders: 12_270,
            account: boxoffice::pending_account::Amount::default(),
            tickets_from_elsewhere: 1,
            disputed: 16,
            disputes_in_flight: 2,
            settled_by_hand: 1,
            aside: 1,
            possible_pass_backs: 3,
            estimated_times: 3,
            runs_of_one_card: 3,
            clocks_off: 3,
            unexplained: 2_000,
            differences,
        },
    }
}
