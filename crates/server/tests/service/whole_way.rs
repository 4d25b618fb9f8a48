//! From the scan to the pending account, and what the books say of it.

use crate::house::cancellation;
use books::reconciliation::{Reconciliation, Sides, reconcile};
use boxoffice::pending_account::{Amount, statement};
use boxoffice::{HeldReason, catalogue, report};
use db::Db;
use db::testing::TestDb;
use gate::records::attendance::attendance;
use kernel::{BusinessDay, Money};
use stage::villeneuve::{AUG, CAS, EXPIRED, GEO, GOOD, UNLIMITED, id, scan};
use stage::{Museum, meddle};
use std::collections::BTreeMap;

db::conformance! {
    each_admission_is_sold_once_and_every_report_agrees,
    what_is_held_is_sold_by_itself_once_its_tariff_is_mapped,
    a_fault_planted_in_the_books_is_shouted_about,
    a_fault_planted_in_cancelled_entries_is_shouted_about,
}

fn today() -> BusinessDay {
    "2026-07-14".parse().unwrap()
}

fn amount(lines: i64, amount_minor: i64, vat_minor: i64) -> Amount {
    Amount {
        lines,
        amount_minor: Money::from_minor(amount_minor),
        vat_minor: Money::from_minor(vat_minor),
    }
}

fn named(pairs: &[(&str, i64)]) -> BTreeMap<String, i64> {
    let pairs = pairs.iter();
    pairs.map(|(name, n)| ((*name).to_owned(), *n)).collect()
}

async fn each_admission_is_sold_once_and_every_report_agrees(test: TestDb) {
    let house = Museum::usual(test).await;
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted");
    assert_eq!(house.outcome(AUG, 2, GOOD).await, "already_used");
    assert_eq!(house.outcome(AUG, 3, "nonsense").await, "not_a_pass");
    // The journal comes twice, the second time with one check more.
    let mut journal = vec![scan(4, GOOD), scan(5, "nonsense")];
    house.journal(GEO, journal.clone()).await;
    journal.push(scan(6, EXPIRED));
    house.journal(GEO, journal).await;
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted");
    let test = house.end().await;
    let db = &test.db;

    let books = reconcile(db, Sides::Both).await.unwrap();
    assert!(books.is_clean());
    assert_eq!(
        books,
        Reconciliation {
            sides: Sides::Both,
            accepted_checks: 3,
            control_barcodes: 3,
            in_flight: 0,
            cancelled: 0,
            cancellations_in_flight: 0,
            staged: 3,
            ready: 0,
            held: BTreeMap::new(),
            cancelled_unsold: 0,
            tickets: 3,
            cancelled_tickets: 0,
            orders: 3,
            account: amount(3, 950 + 2 * 475, 50 + 2 * 25),
            tickets_from_elsewhere: 0,
            disputed: 1,
            disputes_in_flight: 0,
            settled_by_hand: 0,
            asked: None,
            aside: 0,
            possible_pass_backs: 0,
            estimated_times: 0,
            runs_of_one_card: 0,
            // Its scans are ten minutes old, and nobody says so.
            clocks_off: 1,
            unexplained: 0,
            differences: Vec::new(),
        }
    );

    let attendance = attendance(db, today(), today()).await.unwrap();
    assert_eq!((attendance.checks, attendance.admitted), (6, 3));
    assert_eq!(
        attendance.by_outcome,
        named(&[
            ("accepted", 1),
            ("accepted_offline", 2),
            ("already_used", 1),
            ("not_a_pass", 2),
        ])
    );
    assert_eq!(attendance.by_sector, named(&[("VN_AUG", 1), ("VN_GEO", 2)]));
    assert_eq!(attendance.by_device, named(&[(AUG, 1), (GEO, 2)]));
    assert_eq!(attendance.by_hour, named(&[("10", 2), ("11", 1)]));

    let sales = report::sales(db, today(), today()).await.unwrap();
    let rows: Vec<_> = sales
        .rows
        .iter()
        .map(|row| {
            let sector = row.sector.as_ref().unwrap().as_str();
            (row.tariff.as_str(), sector, row.moved.net.tickets)
        })
        .collect();
    assert_eq!(
        rows,
        [("CITYPASS", "VN_AUG", 1), ("CITYLIGHT", "VN_GEO", 2)]
    );
    assert_eq!(sales.total.net.gross_minor, books.account.amount_minor);
    assert_eq!(sales.total.net.vat_minor, books.account.vat_minor);

    let owed = statement(db, today(), today()).await.unwrap();
    assert_eq!(owed.total, books.account);
    assert_eq!(owed.disputed_total, amount(1, 475, 25));
    assert_eq!(owed.undisputed_total, amount(2, 1_425, 75));
    assert_eq!(owed.disputed.len(), 1);
    let disputed = owed.disputed[0].barcode.reveal();
    assert_eq!(disputed, "OTI0175517220260714085006000");
    let tomorrow = today().plus_days(1);
    let none = statement(db, tomorrow, tomorrow).await.unwrap();
    assert_eq!((none.total.lines, none.disputed.len()), (0, 0));
}

async fn what_is_held_is_sold_by_itself_once_its_tariff_is_mapped(test: TestDb) {
    let house = Museum::usual(test).await;
    for n in 1..=3 {
        assert_eq!(house.outcome(CAS, n, GOOD).await, "accepted");
    }
    assert_eq!(house.outcome(AUG, 4, UNLIMITED).await, "accepted");
    house.settle().await;
    let before = house.reconcile().await;
    assert!(before.is_clean(), "what is held is explained");
    assert_eq!(
        before.held,
        BTreeMap::from([(HeldReason::TariffNotMapped, 3)])
    );
    assert_eq!((before.staged, before.tickets), (4, 1));
    assert_eq!(before.account, amount(1, 950, 50));

    let (product, tariff) = ("PASSVN3".parse().unwrap(), "CITYLATE".parse().unwrap());
    let map = move |tx: &mut db::Tx<'_>| catalogue::map_tariff(tx, &product, &tariff);
    house.test.db.write("map", map).await.unwrap();
    house
        .until("nothing is held", |ready| {
            ready["waiting"]["staged_held"] == 0
        })
        .await;
    let test = house.end().await;
    let after = reconcile(&test.db, Sides::Both).await.unwrap();
    assert!(after.is_clean());
    assert_eq!(after.held, BTreeMap::new());
    assert_eq!((after.staged, after.tickets, after.orders), (4, 4, 4));
    assert_eq!(after.account, amount(4, 950 + 3 * 700, 50 + 3 * 36));
}

/// What the reconciliation finds, in order: each code with the number of its
/// check, or 0.
async fn found(db: &Db) -> Vec<(&'static str, u32)> {
    let books = reconcile(db, Sides::Both).await.unwrap();
    assert_eq!(books.unexplained, books.differences.len());
    assert_eq!(books.is_clean(), books.differences.is_empty());
    for difference in &books.differences {
        let (what, cure) = difference.words(kernel::Language::En);
        assert!(!what.is_empty() && !cure.is_empty());
        assert!(
            !difference.of.to_string().contains(UNLIMITED),
            "{}",
            difference.of
        );
    }
    let mut found: Vec<_> = books
        .differences
        .iter()
        .map(|difference| {
            let check = (1..=10).find(|n| difference.of.to_string().contains(&id(*n)));
            (difference.code, check.unwrap_or(0))
        })
        .collect();
    found.sort_unstable();
    found
}

/// What is done to the books of a check, and what is shouted then.
struct Fault {
    statements: &'static [&'static str],
    shouts: &'static [(&'static str, u32)],
}

/// For the checks 1 to 9, in their order; 6 to 9 were cancelled after their sale.
const CANCELLED_FAULTS: [Fault; 9] = [
    Fault {
        statements: &["UPDATE box_staged SET cancelled_at = controlled_at WHERE barcode = BARCODE"],
        shouts: &[("cancelled_but_valid", 1), ("cancelled_without_gate", 1)],
    },
    Fault {
        statements: &[
            "INSERT INTO gate_door_admitted (check_id, outcome, arrived_at)
             VALUES ($1, 'accepted_offline', 1)",
        ],
        shouts: &[("admitted_not_recognised", 2)],
    },
    Fault {
        statements: &["INSERT INTO box_account_line
                 (ticket_id, kind, contact, amount_minor, vat_minor, business_day, booked_at)
             SELECT ticket_id, 'CANCELLATION', contact, -amount_minor, -vat_minor, business_day, 1
             FROM box_account_line WHERE ticket_id = TICKET"],
        shouts: &[("counter_line_without_cancellation", 3)],
    },
    Fault {
        statements: &["UPDATE box_ticket SET cancelled_on = business_day WHERE barcode = BARCODE"],
        shouts: &[("valid_but_cancelled", 4)],
    },
    Fault {
        statements: &["INSERT INTO gate_cancellation
                 (check_id, id, device, cause, device_time, cancelled_at, arrived_at,
                  device_count_today, delivered_at)
             VALUES ($1, 'x', 'PDA01', 'agent', 1, 1, 1, 0, 1)"],
        shouts: &[("cancelled_not_booked", 5)],
    },
    Fault {
        statements: &["UPDATE gate_cancellation SET refused = 'conflict' WHERE check_id = $1"],
        shouts: &[("cancellation_refused", 6)],
    },
    Fault {
        statements: &[
            "DELETE FROM box_account_line WHERE ticket_id = TICKET AND kind = 'CANCELLATION'",
        ],
        shouts: &[("cancelled_without_counter_line", 7)],
    },
    Fault {
        statements: &["UPDATE box_account_line SET vat_minor = vat_minor + 1
             WHERE ticket_id = TICKET AND kind = 'CANCELLATION'"],
        shouts: &[("counter_amount_differs", 8)],
    },
    Fault {
        statements: &["UPDATE box_ticket SET cancelled_on = NULL WHERE barcode = BARCODE"],
        shouts: &[("cancelled_but_valid", 9)],
    },
];

async fn a_fault_planted_in_cancelled_entries_is_shouted_about(test: TestDb) {
    let house = Museum::usual(test).await;
    for n in 1..=9 {
        assert_eq!(house.outcome(AUG, n, UNLIMITED).await, "accepted");
    }
    house
        .until("all are sold", |ready| {
            ready["waiting"]["deliveries"] == 0 && ready["waiting"]["staged_ready"] == 0
        })
        .await;
    for n in 6..=9 {
        let path = "/api/v1/cancellations";
        let answer = house.post(AUG, path, &cancellation(n + 10, n)).await;
        assert_eq!(answer.status, 200);
    }
    house.settle().await;
    let test = house.end().await;
    let db = &test.db;
    assert_eq!(found(db).await, []);
    let books = reconcile(db, Sides::Both).await.unwrap();
    assert_eq!((books.cancelled, books.cancellations_in_flight), (4, 0));
    assert_eq!((books.tickets, books.cancelled_tickets), (9, 4));
    assert_eq!(books.account, amount(13, 5 * 950, 5 * 50));
    let mut expected = Vec::new();
    for (n, fault) in (1..).zip(CANCELLED_FAULTS) {
        for statement in fault.statements {
            assert_eq!(meddle(db, n, statement).await, 1, "{statement}");
        }
        expected.extend(fault.shouts);
        expected.sort_unstable();
        assert_eq!(found(db).await, expected, "after {:?}", fault.statements);
    }
}

/// For the checks from 1 on, in their order.
const FAULTS: [Fault; 10] = [
    Fault {
        statements: &["DELETE FROM box_staged WHERE barcode = BARCODE"],
        shouts: &[("delivered_not_staged", 1)],
    },
    Fault {
        statements: &["DELETE FROM gate_control_barcode WHERE check_id = $1"],
        shouts: &[("check_without_barcode", 2), ("staged_without_check", 0)],
    },
    Fault {
        statements: &["DELETE FROM box_account_line WHERE ticket_id = TICKET"],
        shouts: &[("ticket_without_line", 3)],
    },
    Fault {
        statements: &[
            "UPDATE box_account_line SET amount_minor = amount_minor + 1 WHERE ticket_id = TICKET",
            "UPDATE box_staged SET disputed = 1 WHERE barcode = BARCODE",
        ],
        shouts: &[("amount_differs", 4), ("dispute_without_gate", 4)],
    },
    Fault {
        statements: &[
            "UPDATE box_ticket SET vat_minor = vat_minor - 1 WHERE barcode = BARCODE",
            "INSERT INTO gate_declaration
                 (check_id, maybe_counted, attempts, due_at, declared_at, disputed,
                  dispute_told_at)
             SELECT check_id, 0, 1, 1, 1, 'pass_expired', controlled_at
             FROM gate_control_barcode WHERE check_id = $1",
        ],
        shouts: &[("amount_differs", 5), ("dispute_not_noted", 5)],
    },
    Fault {
        statements: &["UPDATE gate_control_barcode SET refused = 'conflict' WHERE check_id = $1"],
        shouts: &[("refused_by_ticketing", 6)],
    },
    Fault {
        statements: &["UPDATE box_staged SET state = 'ready' WHERE barcode = BARCODE"],
        shouts: &[("ticket_but_unsold", 7)],
    },
    Fault {
        statements: &["UPDATE gate_control_barcode SET barcode = 'OTI1' WHERE check_id = $1"],
        shouts: &[("delivered_not_staged", 8), ("staged_without_check", 0)],
    },
    Fault {
        statements: &[
            "DELETE FROM box_account_line WHERE ticket_id = TICKET",
            "DELETE FROM box_ticket WHERE barcode = BARCODE",
        ],
        shouts: &[("order_without_ticket", 0), ("sold_without_ticket", 9)],
    },
    Fault {
        statements: &["INSERT INTO box_disputed_line
                 (barcode, kind, business_day, order_number, contact, season, product, tariff,
                  vat_basis_points, amount_minor, vat_minor)
             SELECT BARCODE, kind, business_day, '1', contact, 'VN26', 'PASSVN', 'CITYPASS', 550,
                    amount_minor, vat_minor
             FROM box_account_line WHERE ticket_id = TICKET"],
        shouts: &[("set_apart_differs", 10)],
    },
];

async fn a_fault_planted_in_the_books_is_shouted_about(test: TestDb) {
    let house = Museum::usual(test).await;
    for n in 1..=10 {
        assert_eq!(house.outcome(AUG, n, UNLIMITED).await, "accepted");
    }
    // Nobody may cure what is planted now.
    let test = house.end().await;
    let db = &test.db;
    assert_eq!(found(db).await, []);
    let mut expected = Vec::new();
    for (n, fault) in (1..).zip(FAULTS) {
        for statement in fault.statements {
            assert_eq!(meddle(db, n, statement).await, 1, "{statement}");
        }
        expected.extend(fault.shouts);
        expected.sort_unstable();
        assert_eq!(found(db).await, expected, "after {:?}", fault.statements);
    }
}
