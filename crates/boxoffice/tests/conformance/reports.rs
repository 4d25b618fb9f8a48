//! What people read: sales, the account statement, and the ledger.

use crate::desk::{Desk, admission, admission_at, at, barcode, day, map, villeneuve_with};
use boxoffice::dispute::Noted;
use boxoffice::ledger::{Contradiction, page};
use boxoffice::pending_account::{self, Amount, statement};
use boxoffice::report::{period, sales};
use db::testing::{TestDb, sqlite_in_memory};
use kernel::Money;
use secutix::wire::ControlledTicket;

db::conformance! {
    sales_are_told_by_day_product_tariff_and_sector,
    the_statement_sets_disputed_lines_apart,
    each_contact_owes_its_own_lines,
    the_ledger_is_read_page_by_page_in_order,
    a_contradiction_is_found,
}

/// Two days, three products, two sectors.
async fn busy_desk(test: TestDb) -> Desk {
    let desk = Desk::open(test).await;
    map(desk.office.db(), "PASSVN3", "CITYLATE").await.unwrap();
    let mut tickets = Vec::new();
    for (number, (moment, product, sector)) in [
        ("2026-07-14T08:00:00Z", "PASSVN", "VN_AUG"),
        ("2026-07-14T08:00:00Z", "PASSVN", "VN_AUG"),
        ("2026-07-14T09:00:00Z", "PASSVN", "VN_RAY"),
        ("2026-07-14T21:59:59Z", "PASSVN2", "VN_AUG"),
        ("2026-07-14T22:00:00Z", "PASSVN2", "VN_AUG"),
        ("2026-07-15T08:00:00Z", "PASSVN3", "VN_AUG"),
    ]
    .into_iter()
    .enumerate()
    {
        tickets.push(ControlledTicket {
            product_code: product.parse().unwrap(),
            ac_identifier: sector.parse().unwrap(),
            ..admission_at(number, at(moment))
        });
    }
    desk.send(tickets).await;
    desk.office.run_external_sales().await.unwrap();
    desk
}

async fn sales_are_told_by_day_product_tariff_and_sector(test: TestDb) {
    let desk = busy_desk(test).await;
    let db = desk.office.db();
    let all = sales(db, day("2026-07-14"), day("2026-07-15"))
        .await
        .unwrap();
    let rows: Vec<_> = all
        .rows
        .iter()
        .map(|row| {
            let sector = row.sector.as_ref().unwrap().as_str();
            let sales = row.moved.net;
            assert_eq!(sales, row.moved.sold);
            format!(
                "{} {} {} {} {sector} {} {} {}",
                row.business_day,
                row.season,
                row.product,
                row.tariff,
                sales.tickets,
                sales.gross_minor,
                sales.vat_minor
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "2026-07-14 VN26 PASSVN CITYPASS VN_AUG 2 19.00 1.00",
            "2026-07-14 VN26 PASSVN CITYPASS VN_RAY 1 9.50 0.50",
            "2026-07-14 VN26 PASSVN2 CITYLIGHT VN_AUG 1 4.75 0.25",
            "2026-07-15 VN26 PASSVN2 CITYLIGHT VN_AUG 1 4.75 0.25",
            "2026-07-15 VN26 PASSVN3 CITYLATE VN_AUG 1 7.00 0.36",
        ]
    );
    assert_eq!(all.total.net.tickets, 6);
    assert_eq!(all.total.net.gross_minor.minor(), 4500);
    assert_eq!(all.total.net.vat_minor.minor(), 236);
    let first = sales(db, day("2026-07-14"), day("2026-07-14"))
        .await
        .unwrap();
    assert_eq!(first.total.net.tickets, 4);
    let none = sales(db, day("2026-07-16"), day("2026-07-14"))
        .await
        .unwrap();
    assert_eq!((none.rows.len(), none.total.net.tickets), (0, 0));
    assert_eq!(
        period(db).await.unwrap(),
        Some((day("2026-07-14"), day("2026-07-15")))
    );
    let json = serde_json::to_value(&all.rows[0]).unwrap();
    assert_eq!(json["business_day"], "2026-07-14");
    assert_eq!(json["sold"]["gross_minor"], 1900);
    assert_eq!(json["cancelled"]["tickets"], 0);
    assert_eq!(json["gross_minor"], 1900, "what is left");
}

async fn the_statement_sets_disputed_lines_apart(test: TestDb) {
    let desk = busy_desk(test).await;
    let db = desk.office.db();
    let lines = desk.lines().await;
    // The last one is of another day. Told twice, it counts once.
    for place in [0, 3, 5, 3] {
        assert_eq!(desk.dispute(&lines[place].barcode).await, Noted::Yes);
    }
    assert_eq!(desk.dispute(&barcode(&admission(99))).await, Noted::Unknown);
    let statement = statement(db, day("2026-07-14"), day("2026-07-14")).await;
    let statement = statement.unwrap();
    let amount = |lines, amount, vat| Amount {
        lines,
        amount_minor: Money::from_minor(amount),
        vat_minor: Money::from_minor(vat),
    };
    assert_eq!(statement.total, amount(4, 3325, 175));
    assert_eq!(statement.disputed, [lines[0].clone(), lines[3].clone()]);
    assert_eq!(statement.disputed_total, amount(2, 1425, 75));
    assert_eq!(statement.undisputed_total, amount(2, 1900, 100));
    let by_rate: Vec<_> = statement
        .by_vat_rate
        .iter()
        .map(|v| (v.vat_basis_points.basis_points(), v.amount))
        .collect();
    assert_eq!(by_rate, [(550, amount(4, 3325, 175))]);
    let rows: Vec<_> = statement.rows.iter().map(|r| r.amount.lines).collect();
    assert_eq!(rows, [3, 1]);
    let total = pending_account::total(db).await.unwrap();
    assert_eq!(total, amount(6, 4500, 236));
}

async fn each_contact_owes_its_own_lines(test: TestDb) {
    let desk = busy_desk(test).await;
    let (first, second) = ("000042".parse().unwrap(), "000043".parse().unwrap());
    // Another buyer from now on, and entries that are not sold yet.
    desk.apply(villeneuve_with(|c| {
        let mut contact = c.contacts[0].clone();
        contact.number = "000043".parse().unwrap();
        c.buyer = Some(contact.number.clone());
        c.contacts.push(contact);
    }))
    .await;
    let later = |numbers: std::ops::Range<usize>| {
        let moment = at("2026-07-14T10:00:00Z");
        numbers
            .map(|number| admission_at(number, moment))
            .collect::<Vec<_>>()
    };
    desk.send(later(20..23)).await;
    desk.office.run_external_sales().await.unwrap();
    desk.send(later(30..32)).await;
    let line = barcode(&later(20..21)[0]);
    assert_eq!(desk.dispute(&line).await, Noted::Yes);

    let db = desk.office.db();
    let whole = statement(db, day("2026-07-14"), day("2026-07-15")).await;
    let whole = whole.unwrap();
    assert_eq!((whole.total.lines, whole.unsold), (9, 2));
    let lines: Vec<_> = whole
        .by_contact
        .iter()
        .map(|total| (&total.contact, total.amount.lines))
        .collect();
    assert_eq!(lines, [(&first, 6), (&second, 3)]);
    let one = whole.clone().of_contact(&first);
    let other = whole.clone().of_contact(&second);
    assert_eq!((one.total.lines, one.disputed_total.lines), (6, 0));
    assert_eq!((other.total.lines, other.disputed_total.lines), (3, 1));
    assert_eq!(other.undisputed_total.lines, 2);
    assert_eq!(
        one.total.amount_minor + other.total.amount_minor,
        whole.total.amount_minor
    );
    desk.sums_agree().await;
}

async fn the_ledger_is_read_page_by_page_in_order(test: TestDb) {
    let elsewhere = Desk::open(sqlite_in_memory().await).await;
    elsewhere.stage(0..9).await;
    let text = elsewhere.text(elsewhere.written().await.id).await;
    let desk = Desk::open(test).await;
    // 0 to 8 sold by a stranger's file, 5 to 14 staged by the gate.
    assert_eq!(desk.import(text.unwrap()).await.tickets, 9);
    desk.stage(5..15).await;
    let whole = desk.sound_ledger().await;
    assert_eq!(whole.len(), 15);
    assert!(whole.is_sorted_by(|a, b| a.barcode < b.barcode));
    assert_eq!(whole.iter().filter(|e| e.staged.is_none()).count(), 5);
    assert_eq!(whole.iter().filter(|e| e.ticket.is_none()).count(), 6);

    let mut paged = Vec::new();
    loop {
        let after = paged
            .last()
            .map(|e: &boxoffice::ledger::BoxOfficeEntry| e.barcode.clone());
        let next = page(desk.office.db(), after, 4).await.unwrap();
        assert!(next.len() <= 4);
        if next.is_empty() {
            break;
        }
        paged.extend(next);
    }
    assert_eq!(paged, whole);
}

async fn a_contradiction_is_found(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..2).await;
    desk.office.run_external_sales().await.unwrap();
    let damage = |sql: &'static str| {
        let db = desk.office.db().clone();
        async move {
            let done: Result<u64, db::DbError> =
                db.write("damage", move |tx| tx.execute(sql, &[])).await;
            assert_eq!(done.unwrap(), 1);
            let entries = page(&db, None, 10).await.unwrap();
            let found = entries.iter().filter_map(|e| e.contradiction());
            found.collect::<Vec<_>>()
        }
    };
    assert_eq!(
        damage("UPDATE box_account_line SET amount_minor = 1 WHERE id = 1").await,
        [Contradiction::AmountDiffers]
    );
    assert_eq!(
        damage("DELETE FROM box_account_line WHERE id = 1").await,
        [Contradiction::TicketWithoutLine]
    );
    assert_eq!(
        damage("UPDATE box_staged SET state = 'ready' WHERE id = 2").await,
        [
            Contradiction::TicketWithoutLine,
            Contradiction::TicketButUnsold
        ]
    );
    assert_eq!(
        damage("DELETE FROM box_ticket WHERE id = 1").await,
        [
            Contradiction::SoldWithoutTicket,
            Contradiction::TicketButUnsold
        ]
    );
    let lone = boxoffice::ledger::orders_without_ticket(desk.office.db()).await;
    assert_eq!(lone.unwrap().len(), 1);
}
