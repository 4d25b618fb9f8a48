//! Sample data of this page.

use super::*;
use boxoffice::StagedState;
use boxoffice::history::{LineHistory, SaleHistory, StagedHistory};
use gate::decide::door_admitted::Settlement;
use gate::records::history::{
    BarcodeHistory, CancellationHistory, DeclarationHistory, GiveBackHistory,
};
use kernel::Money;

/// A check of which all was made that can be, and one of which nothing was.
pub(crate) fn histories(frame: &Frame) -> Vec<(History, Sales)> {
    let checks = crate::checks::sample::checks();
    let plain = checks.iter().map(|check| History {
        check: check.clone(),
        device_time: check.scanned_at.into(),
        is_estimated: false,
        repeats: None,
        forced_note: Some("<b>groupe scolaire</b>".to_owned()),
        business_day: frame.formats.zone.business_day(check.scanned_at),
        valid_until: Some("2026-07-15".to_owned()),
        entries_left: Some("1".to_owned()),
        follows: Some(check.id),
        followed_by: None,
        door_admitted: true,
        settlement: (check.card.is_none()).then(|| Settlement {
            at: check.decided_at.plus_ms(7_200_000),
            by: "Camille Martin".to_owned(),
            note: "<b>vendu à la caisse</b>".to_owned(),
        }),
        card_removed_at: None,
        barcode: None,
        declaration: None,
        cancellation: None,
        give_back: None,
    });
    let mut pages: Vec<(History, Sales)> = plain.map(|gate| (gate, Sales::default())).collect();
    let (gate, sales) = &mut pages[0];
    let at = gate.check.decided_at;
    whole(gate, at);
    *sales = sold(at);
    pages
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let frame = frame.wrong("note=<b>", Mistakes::one("note", "<b>"));
    let told = histories(&frame);
    let names = SiteNames::from(&crate::set_up::places::sample::site());
    let page = |told| {
        let links = Links::new(&frame, &names, crate::checks::sample::checks());
        Page::new(frame.clone(), names.clone(), links, told)
    };
    crate::tests::html(told.into_iter().map(page))
}

/// A check of which all was made that can be.
fn whole(gate: &mut History, at: Timestamp) {
    gate.barcode = Some(BarcodeHistory {
        barcode: "OTI0002997520260714070000114".parse().unwrap(),
        season: "VN26".parse().unwrap(),
        product: "PASSVN".parse().unwrap(),
        controlled_at: at,
        delivered_at: Some(at.plus_ms(900)),
        refused: None,
    });
    gate.door_admitted = false;
    gate.follows = None;
    gate.declaration = Some(DeclarationHistory {
        attempts: 2,
        due_at: at,
        declared_at: Some(at.plus_ms(4_000)),
        disputed: Some("pass_not_sold".to_owned()),
    });
    gate.cancellation = Some(CancellationHistory {
        cause: "agent".to_owned(),
        cancelled_at: at.plus_ms(60_000),
        arrived_at: at.plus_ms(60_050),
        delivered_at: None,
        refused: None,
    });
    gate.give_back = Some(GiveBackHistory {
        attempts: 1,
        due_at: at.plus_ms(90_000),
        told_at: None,
    });
}

fn sold(at: Timestamp) -> Sales {
    let (price, vat) = (Money::from_minor(950), Money::from_minor(50));
    Sales {
        staged: Some(StagedHistory {
            state: StagedState::Sold,
            received_at: at.plus_ms(950),
            cancelled_at: None,
        }),
        sale: Some(SaleHistory {
            ticket: 12_345,
            product: "PASSVN".parse().unwrap(),
            tariff: "CITYPASS".parse().unwrap(),
            price,
            vat,
            cancelled_on: None,
            order: "OTI-1".parse().unwrap(),
            contact: "7".parse().unwrap(),
            order_created_at: at.plus_ms(3_600_000),
            file: "STX_File_20260714.csv".to_owned(),
            file_created_at: at.plus_ms(3_500_000),
            file_imported_at: Some(at.plus_ms(3_600_000)),
        }),
        lines: vec![LineHistory {
            kind: LineKind::Sale,
            amount: price,
            vat,
            business_day: "2026-07-14".parse().unwrap(),
            booked_at: at.plus_ms(3_600_000),
        }],
    }
}
