//! The catalogue, and what the access control service takes.

use crate::desk::{Desk, admission, barcode, map, villeneuve, villeneuve_with};
use boxoffice::catalogue::{PaymentMode, is_staged, load_catalogue};
use boxoffice::{Catalogue, CatalogueAnswerError, CatalogueError, StagingError};
use db::Db;
use db::testing::TestDb;
use secutix::wire::{ControlOperationType, ControlResult, ControlledTicket, Offer, ReceivedTicket};

db::conformance! {
    the_catalogue_comes_back_as_it_went,
    what_a_file_does_not_name_stays,
    a_tariff_is_mapped_only_if_it_exists,
    a_barcode_is_staged_once_however_often_it_is_sent,
    a_barcode_with_other_content_is_refused_and_nothing_changes,
    refusals_at_the_gate_are_acknowledged_and_not_staged,
    an_item_that_cannot_be_read_does_not_take_the_others_with_it,
    a_batch_that_is_too_large_is_refused_whole,
    a_controlled_ticket_is_shown_with_its_control,
    the_access_control_catalogue_names_seasons_products_and_families,
}

async fn catalogue(db: &Db) -> Catalogue {
    db.read("catalogue", load_catalogue).await.unwrap()
}

async fn the_catalogue_comes_back_as_it_went(test: TestDb) {
    let desk = Desk::open(test).await;
    let first = catalogue(desk.office.db()).await;
    assert_eq!(first, villeneuve());
    desk.apply(villeneuve()).await;
    assert_eq!(catalogue(desk.office.db()).await, first);
}

async fn what_a_file_does_not_name_stays(test: TestDb) {
    let desk = Desk::open(test).await;
    let mut update = Catalogue::default();
    let mut dearer = villeneuve().tariffs[0].clone();
    dearer.price = Some(kernel::Money::from_minor(1050));
    dearer.valid_from = Some("2027-01-01".parse().unwrap());
    update.tariffs.push(dearer.clone());
    let mut contact = villeneuve().contacts[0].clone();
    contact.number = "000043".parse().unwrap();
    contact.payment_modes = vec![PaymentMode::Other("CASH".into())];
    update.contacts.push(contact.clone());
    update.buyer = Some(contact.number.clone());
    desk.apply(update).await;

    let mut expected = villeneuve();
    // But a tariff that it names has just the entries it gives: a corrected
    // first day leaves no wrong price behind.
    expected.tariffs[0] = dearer;
    expected.contacts.push(contact.clone());
    expected.buyer = Some(contact.number);
    assert_eq!(catalogue(desk.office.db()).await, expected);

    // A contact may pay just as the last file that names it says.
    desk.apply(villeneuve_with(|c| c.contacts[0].payment_modes.clear()))
        .await;
    let now = catalogue(desk.office.db()).await;
    assert!(now.contacts[0].payment_modes.is_empty());
    assert_eq!(now.buyer, villeneuve().buyer);
}

async fn a_tariff_is_mapped_only_if_it_exists(test: TestDb) {
    let desk = Desk::open(test).await;
    let db = desk.office.db();
    let unknown = map(db, "NOWHERE", "CITYLATE").await;
    assert!(matches!(
        unknown,
        Err(CatalogueError::ProductUnknown { .. })
    ));
    let unknown = map(db, "PASSVN3", "CITYPASS").await;
    assert!(matches!(unknown, Err(CatalogueError::TariffUnknown { .. })));
    assert_eq!(catalogue(db).await, villeneuve());
    map(db, "PASSVN3", "CITYLATE").await.unwrap();
    let mapped = catalogue(db).await;
    let product = "PASSVN3".parse().unwrap();
    assert_eq!(mapped.mapped_tariff(&product).unwrap().as_str(), "CITYLATE");
}

async fn a_barcode_is_staged_once_however_often_it_is_sent(test: TestDb) {
    let desk = Desk::open(test).await;
    for _ in 0..2 {
        let results = desk
            .send(vec![admission(1), admission(2), admission(1)])
            .await;
        let barcodes: Vec<_> = results.iter().map(|r| r.barcode.clone().unwrap()).collect();
        assert_eq!(
            barcodes,
            [1, 2, 1].map(|number| barcode(&admission(number)))
        );
        assert!(results.iter().all(|r| r.failure_reason.is_none()));
    }
    let counts = desk.counts().await;
    assert_eq!((counts.staged, counts.ready, counts.held), (2, 2, 0));
    // So their codes are in use.
    for (season, product, expected) in [
        ("VN26", None, true),
        ("VN26", Some("PASSVN"), true),
        ("VN26", Some("PASSVN2"), false),
        ("VN27", None, false),
    ] {
        let (season, product) = (season.parse().unwrap(), product.map(|p| p.parse().unwrap()));
        let read = move |tx: &mut db::Tx<'_>| is_staged(tx, &season, product.as_ref());
        assert_eq!(
            desk.office.db().read("staged", read).await.unwrap(),
            expected
        );
    }
}

async fn a_barcode_with_other_content_is_refused_and_nothing_changes(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.send(vec![admission(1)]).await;
    type Change = fn(&mut ControlledTicket);
    let changes: [(&str, Change); 5] = [
        ("seasonCode", |t| t.season_code = "VN27".parse().unwrap()),
        ("productCode", |t| {
            t.product_code = "PASSVN2".parse().unwrap()
        }),
        ("acIdentifier", |t| {
            t.ac_identifier = "VN_RAY".parse().unwrap()
        }),
        ("controlDate", |t| {
            t.control_date = t.control_date.plus_ms(1)
        }),
        ("controlResult", |t| {
            t.control_result = ControlResult::OfflineOk
        }),
    ];
    for sold in [false, true] {
        for (field, change) in changes {
            let mut other = admission(1);
            change(&mut other);
            let results = desk.send(vec![other, admission(1)]).await;
            let refusal = results[0].failure_reason.as_ref().unwrap();
            assert!(refusal.starts_with("conflict:"), "{refusal}");
            assert!(refusal.contains(field), "{refusal}");
            assert!(!refusal.contains("0000000120260714"), "{refusal}");
            assert_eq!(results[1].failure_reason, None);
        }
        if !sold {
            desk.office.run_external_sales().await.unwrap();
        }
    }
    let counts = desk.counts().await;
    assert_eq!((counts.staged, counts.tickets), (1, 1));
    assert_eq!(desk.lines().await[0].product.as_str(), "PASSVN");
}

async fn refusals_at_the_gate_are_acknowledged_and_not_staged(test: TestDb) {
    let desk = Desk::open(test).await;
    let tickets = [ControlResult::Fail, ControlResult::OfflineFail]
        .into_iter()
        .enumerate()
        .map(|(number, result)| ControlledTicket {
            control_result: result,
            failure_reason: Some("already_used".to_owned()),
            ..admission(number)
        });
    let results = desk.send(tickets.collect()).await;
    assert!(results.iter().all(|r| r.failure_reason.is_none()));
    assert_eq!(desk.counts().await.staged, 0);
}

async fn an_item_that_cannot_be_read_does_not_take_the_others_with_it(test: TestDb) {
    let desk = Desk::open(test).await;
    let good = serde_json::to_value(admission(1)).unwrap();
    let mut bad = serde_json::to_value(admission(2)).unwrap();
    bad["productCode"] = "MUCHTOOLONG".into();
    let tickets: Vec<ReceivedTicket> = serde_json::from_value(vec![bad, good].into()).unwrap();
    let answer = desk.office.import_controlled(tickets).await.unwrap();
    assert!(answer.ticket_results[0].failure_reason.is_some());
    assert_eq!(answer.ticket_results[1].failure_reason, None);
    assert_eq!(desk.counts().await.staged, 1);
}

async fn a_batch_that_is_too_large_is_refused_whole(test: TestDb) {
    let desk = Desk::open(test).await;
    let tickets = (0..501).map(|n| ReceivedTicket::WellFormed(admission(n)));
    let refused = desk.office.import_controlled(tickets.collect()).await;
    assert!(matches!(refused, Err(StagingError::TooMany { count: 501 })));
    assert_eq!(desk.counts().await.staged, 0);
}

async fn a_controlled_ticket_is_shown_with_its_control(test: TestDb) {
    let desk = Desk::open(test).await;
    let offline = ControlledTicket {
        control_result: ControlResult::OfflineOk,
        ..admission(2)
    };
    desk.send(vec![admission(1), offline]).await;
    for (number, expected) in [
        (1, Some(ControlOperationType::Ok)),
        (2, Some(ControlOperationType::OfflineOk)),
        (3, None),
    ] {
        let ticket = admission(number);
        let shown = desk.office.controlled_ticket(barcode(&ticket)).await;
        let controls = shown.unwrap().map(|shown| {
            assert_eq!(shown.barcode, ticket.barcode);
            assert_eq!(
                shown.control_operations[0].operation_date_time,
                ticket.control_date
            );
            shown.control_operations[0].control_operation_type
        });
        assert_eq!(controls, expected, "{number}");
    }
}

async fn the_access_control_catalogue_names_seasons_products_and_families(test: TestDb) {
    let other = secutix::wire::ProductFamily::Other("SINGLE_ENTRY".to_owned());
    let desk = Desk::open_with(
        test,
        villeneuve_with(|c| c.products[1].family = other.clone()),
    )
    .await;
    let season = "VN26".parse().unwrap();
    for asked in [None, Some(&season)] {
        let answer = desk.office.access_control_catalogue(asked.cloned()).await;
        let answer = answer.unwrap();
        for (product, expected) in [
            ("PASSVN", Offer::OpenPass),
            ("PASSVN2", Offer::NotOpenPass),
            ("PASSVN9", Offer::ProductUnknown),
        ] {
            assert_eq!(answer.find(&season, &product.parse().unwrap()), expected);
        }
    }
    let unknown = desk
        .office
        .access_control_catalogue(Some("VN99".parse().unwrap()))
        .await;
    assert!(matches!(
        unknown,
        Err(CatalogueAnswerError::SeasonNotFound { .. })
    ));
    assert_eq!(desk.office.time_zone().time_zone.name(), "Europe/Paris");
}
