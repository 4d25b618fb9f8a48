//! Entries that the gate took back, before and after their sale.

use crate::desk::{Desk, admission, admission_at, at, barcode, day, villeneuve, villeneuve_with};
use boxoffice::Catalogue;
use boxoffice::StagedState;
use boxoffice::dispute::Noted;
use boxoffice::ledger::{Contradiction, page};
use boxoffice::pending_account::{self, Amount, LineKind, statement};
use boxoffice::report::{Moved, Sales, period, sales};
use boxoffice::stx_file::rejections;
use db::testing::{TestDb, sqlite_in_memory};
use kernel::{BusinessDay, Money};
use secutix::wire::{ControlOperationType, ControlResult, ControlledTicket, ValidityState};

db::conformance! {
    what_is_unsold_is_never_sold,
    what_is_held_is_never_resumed,
    what_is_sold_gets_one_counter_line,
    a_cancellation_of_what_nobody_knows_is_refused,
    a_cancellation_that_conflicts_is_refused_and_nothing_changes,
    a_batch_may_carry_a_control_and_its_cancellation,
    a_cancellation_between_writing_and_importing_is_rejected_there,
    a_strangers_row_of_a_cancelled_barcode_is_rejected,
    what_a_stranger_sold_is_cancelled_too,
    an_imported_file_stays_known_after_a_cancellation,
    a_day_that_is_over_stays_as_it_was,
    a_disputed_entry_that_was_cancelled_counts_once,
    lines_are_read_page_by_page_with_their_counter_lines,
    damage_to_a_cancelled_ticket_is_found,
}

/// The cancellation of an admission, `minutes` after it.
fn cancellation(of: &ControlledTicket, minutes: i64) -> ControlledTicket {
    ControlledTicket {
        control_date: of.control_date.plus_ms(minutes * 60_000),
        control_result: ControlResult::CancelledTicket,
        ..of.clone()
    }
}

fn amount(lines: i64, amount: i64, vat: i64) -> Amount {
    Amount {
        lines,
        amount_minor: Money::from_minor(amount),
        vat_minor: Money::from_minor(vat),
    }
}

fn sold(tickets: i64, gross: i64, vat: i64) -> Sales {
    Sales {
        tickets,
        gross_minor: Money::from_minor(gross),
        vat_minor: Money::from_minor(vat),
    }
}

/// Sends and expects that everything is taken.
async fn take(desk: &Desk, tickets: Vec<ControlledTicket>) {
    for result in desk.send(tickets).await {
        assert_eq!(result.failure_reason, None);
    }
}

async fn states(desk: &Desk) -> Vec<Option<StagedState>> {
    let entries = desk.sound_ledger().await;
    entries.into_iter().map(|entry| entry.staged).collect()
}

/// The sales of the days, after looking that they agree with the statement.
async fn moved(desk: &Desk, from: BusinessDay, to: BusinessDay) -> Moved {
    let report = sales(desk.office.db(), from, to).await.unwrap();
    let owed = statement(desk.office.db(), from, to).await;
    let owed = owed.unwrap();
    let net = report.total.net;
    assert_eq!(owed.total.amount_minor, net.gross_minor);
    assert_eq!(owed.total.vat_minor, net.vat_minor);
    assert_eq!(owed.sold.lines, report.total.sold.tickets);
    assert_eq!(owed.sold.amount_minor, report.total.sold.gross_minor);
    assert_eq!(owed.cancelled.lines, report.total.cancelled.tickets);
    assert_eq!(
        owed.cancelled.amount_minor,
        -report.total.cancelled.gross_minor
    );
    let by_rate = owed.by_vat_rate.iter();
    let by_rate = by_rate.fold(Money::ZERO, |sum, rate| sum + rate.amount.amount_minor);
    assert_eq!(by_rate, net.gross_minor);
    report.total
}

async fn what_is_unsold_is_never_sold(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..3).await;
    for _ in 0..2 {
        take(&desk, vec![cancellation(&admission(1), 5)]).await;
        let counts = desk.counts().await;
        assert_eq!(
            (counts.staged, counts.ready, counts.cancelled_unsold),
            (3, 2, 1)
        );
    }
    let waiting = desk.office.waiting().await.unwrap();
    assert_eq!((waiting.ready, waiting.held), (2, 0));
    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!((run.tickets(), run.rejected()), (2, 0));
    assert_eq!(
        states(&desk).await,
        [StagedState::Sold, StagedState::Cancelled, StagedState::Sold].map(Some)
    );
    // The control comes once more, because its answer was lost.
    desk.stage(0..3).await;
    let again = desk.office.run_external_sales().await.unwrap();
    assert_eq!(again, Default::default());
    let counts = desk.counts().await;
    assert_eq!((counts.tickets, counts.cancelled_tickets), (2, 0));
    assert_eq!(counts.account, amount(2, 1900, 100));

    let shown = desk.office.controlled_ticket(barcode(&admission(1))).await;
    let shown = shown.unwrap().unwrap();
    assert_eq!(shown.state, ValidityState::Cancelled);
}

async fn what_is_held_is_never_resumed(test: TestDb) {
    let desk = Desk::open_with(test, Catalogue::default()).await;
    desk.stage(0..2).await;
    take(&desk, vec![cancellation(&admission(0), 1)]).await;
    let counts = desk.counts().await;
    assert_eq!((counts.held, counts.cancelled_unsold), (1, 1));
    desk.apply(villeneuve()).await;
    let moved = desk.office.reevaluate().await.unwrap();
    assert_eq!(moved.released, 1);
    // Nor held again when the catalogue breaks.
    desk.apply(villeneuve_with(|c| c.products.clear())).await;
    desk.office.reevaluate().await.unwrap();
    desk.apply(villeneuve()).await;
    assert_eq!(desk.office.run_external_sales().await.unwrap().tickets(), 1);
    let [cancelled, sold] = [Some(StagedState::Cancelled), Some(StagedState::Sold)];
    assert_eq!(states(&desk).await, [cancelled, sold]);
}

async fn what_is_sold_gets_one_counter_line(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..3).await;
    desk.office.run_external_sales().await.unwrap();
    let before = desk.lines().await;
    for _ in 0..2 {
        take(&desk, vec![cancellation(&admission(1), 15)]).await;
        let after = desk.lines().await;
        assert_eq!(after.len(), 4);
        let (sale, counter) = (&after[1], &after[2]);
        assert_eq!(
            [&after[0], sale, &after[3]],
            [&before[0], &before[1], &before[2]]
        );
        assert_eq!(counter.kind, LineKind::Cancellation);
        assert_eq!(counter.barcode, sale.barcode);
        assert_eq!(counter.order_number, sale.order_number);
        assert_eq!(counter.amount_minor, -sale.amount_minor);
        assert_eq!(counter.vat_minor, -sale.vat_minor);
        let counts = desk.counts().await;
        assert_eq!(
            (counts.orders, counts.tickets, counts.cancelled_tickets),
            (3, 3, 1)
        );
        assert_eq!(counts.account, amount(4, 1900, 100));
        assert_eq!(states(&desk).await, [Some(StagedState::Sold); 3]);
    }
    let today = day("2026-07-14");
    assert_eq!(
        moved(&desk, today, today).await,
        Moved {
            sold: sold(3, 2850, 150),
            cancelled: sold(1, 950, 50),
            net: sold(2, 1900, 100),
        }
    );

    let ticket = admission(1);
    let shown = desk.office.controlled_ticket(barcode(&ticket)).await;
    let shown = shown.unwrap().unwrap();
    assert_eq!(shown.state, ValidityState::Cancelled);
    let operations: Vec<_> = shown
        .control_operations
        .iter()
        .map(|o| (o.control_operation_type, o.operation_date_time))
        .collect();
    assert_eq!(
        operations,
        [
            (ControlOperationType::Ok, ticket.control_date),
            (
                ControlOperationType::CancelledTicket,
                ticket.control_date.plus_ms(15 * 60_000)
            ),
        ]
    );
    let other = desk.office.controlled_ticket(barcode(&admission(2))).await;
    let other = other.unwrap().unwrap();
    assert_eq!(other.state, ValidityState::Valid);
    assert_eq!(other.control_operations.len(), 1);
}

async fn a_cancellation_of_what_nobody_knows_is_refused(test: TestDb) {
    let desk = Desk::open(test).await;
    let results = desk
        .send(vec![cancellation(&admission(1), 5), admission(2)])
        .await;
    let refusal = results[0].failure_reason.as_ref().unwrap();
    assert!(refusal.starts_with("unknown:"), "{refusal}");
    assert!(!refusal.contains("0000000120260714"), "{refusal}");
    assert_eq!(results[1].failure_reason, None);
    // It does not keep the control from being taken, in the right order.
    take(&desk, vec![admission(1)]).await;
    assert_eq!(states(&desk).await, [Some(StagedState::Ready); 2]);
}

async fn a_cancellation_that_conflicts_is_refused_and_nothing_changes(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..2).await;
    take(&desk, vec![cancellation(&admission(0), 5)]).await;
    let entries = desk.sound_ledger().await;
    type Change = fn(&mut ControlledTicket);
    let changes: [(usize, &str, Change); 5] = [
        (1, "seasonCode", |t| t.season_code = "VN27".parse().unwrap()),
        (1, "productCode", |t| {
            t.product_code = "PASSVN2".parse().unwrap();
        }),
        (1, "acIdentifier", |t| {
            t.ac_identifier = "VN_RAY".parse().unwrap();
        }),
        (0, "productCode", |t| {
            t.product_code = "PASSVN2".parse().unwrap();
        }),
        (0, "controlDate", |t| {
            t.control_date = t.control_date.plus_ms(1);
        }),
    ];
    for (number, field, change) in changes {
        let mut other = cancellation(&admission(number), 5);
        change(&mut other);
        let results = desk.send(vec![other]).await;
        let refusal = results[0].failure_reason.as_ref().unwrap();
        assert!(refusal.starts_with("conflict:"), "{refusal}");
        assert!(refusal.contains(field), "{refusal}");
        assert_eq!(desk.sound_ledger().await, entries, "{field}");
    }
}

async fn a_batch_may_carry_a_control_and_its_cancellation(test: TestDb) {
    let desk = Desk::open(test).await;
    let ticket = admission(0);
    take(&desk, vec![ticket.clone(), cancellation(&ticket, 0)]).await;
    assert_eq!(states(&desk).await, [Some(StagedState::Cancelled)]);
}

async fn a_cancellation_between_writing_and_importing_is_rejected_there(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..3).await;
    let file = desk.written().await;
    assert_eq!(file.rows, 3);
    take(&desk, vec![cancellation(&admission(1), 5)]).await;
    let run = desk.office.run_external_sales().await.unwrap();
    // What was cancelled in time is no fault of the run's.
    assert_eq!((run.tickets(), run.rejected()), (2, 0));
    let kept = rejections(desk.office.db(), file.id, 0, 100).await.unwrap();
    let reasons: Vec<_> = kept.iter().map(|r| (r.line, r.reason.as_str())).collect();
    assert_eq!(reasons, [(3, "barcode_cancelled")]);
    assert_eq!(run.resumed[0].rejected.len(), 1);
    let report = desk.report(file.id).await.unwrap();
    assert!(report.contains("barcode_cancelled"), "{report}");
    let [sold, cancelled] = [Some(StagedState::Sold), Some(StagedState::Cancelled)];
    assert_eq!(states(&desk).await, [sold, cancelled, sold]);
    let again = desk.office.run_external_sales().await.unwrap();
    assert_eq!(again, Default::default());
    assert_eq!(desk.counts().await.account, amount(2, 1900, 100));
}

async fn a_strangers_row_of_a_cancelled_barcode_is_rejected(test: TestDb) {
    let elsewhere = Desk::open(sqlite_in_memory().await).await;
    elsewhere.stage(0..2).await;
    let text = elsewhere.text(elsewhere.written().await.id).await.unwrap();

    let desk = Desk::open(test).await;
    desk.stage(0..1).await;
    take(&desk, vec![cancellation(&admission(0), 5)]).await;
    for (tickets, known) in [(1, 0), (0, 1)] {
        let report = desk.import(&text).await;
        assert_eq!((report.tickets, report.already_imported), (tickets, known));
        let [rejection] = &report.rejected[..] else {
            panic!("{:?}", report.rejected);
        };
        assert_eq!(rejection.line, 2);
        assert_eq!(rejection.problems[0].reason.as_str(), "barcode_cancelled");
    }
    assert_eq!(states(&desk).await, [Some(StagedState::Cancelled), None]);
}

async fn what_a_stranger_sold_is_cancelled_too(test: TestDb) {
    let elsewhere = Desk::open(sqlite_in_memory().await).await;
    elsewhere.stage(0..1).await;
    let text = elsewhere.text(elsewhere.written().await.id).await.unwrap();
    let desk = Desk::open(test).await;
    desk.import(&text).await;
    take(&desk, vec![admission(0), cancellation(&admission(0), 5)]).await;
    assert_eq!(states(&desk).await, [Some(StagedState::Sold)]);
    assert_eq!(desk.counts().await.account, amount(2, 0, 0));
}

async fn an_imported_file_stays_known_after_a_cancellation(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..2).await;
    let run = desk.office.run_external_sales().await.unwrap();
    take(&desk, vec![cancellation(&admission(0), 5)]).await;
    let counts = desk.counts().await;
    let text = desk.text(run.files[0].file).await.unwrap();
    let again = desk.import(&text).await;
    assert_eq!((again.already_imported, again.rejected.len()), (2, 0));
    assert_eq!(desk.counts().await, counts);
}

async fn a_day_that_is_over_stays_as_it_was(test: TestDb) {
    let desk = Desk::open(test).await;
    // Ten minutes before and after midnight in Paris.
    let late = admission_at(1, at("2026-07-14T21:55:00Z"));
    take(&desk, vec![admission(0), late.clone()]).await;
    desk.office.run_external_sales().await.unwrap();
    let (first, second) = (day("2026-07-14"), day("2026-07-15"));
    let settled = statement(desk.office.db(), first, first).await;
    let reported = sales(desk.office.db(), first, first).await.unwrap();
    take(&desk, vec![cancellation(&late, 10)]).await;
    let now = statement(desk.office.db(), first, first).await;
    assert_eq!(now.unwrap(), settled.unwrap());
    let now = sales(desk.office.db(), first, first).await.unwrap();
    assert_eq!(now, reported);

    assert_eq!(
        moved(&desk, second, second).await,
        Moved {
            sold: Sales::default(),
            cancelled: sold(1, 950, 50),
            net: sold(-1, -950, -50),
        }
    );
    assert_eq!(moved(&desk, first, second).await.net, sold(1, 950, 50));
    let known = period(desk.office.db()).await.unwrap();
    assert_eq!(known, Some((first, second)));
    let later = statement(desk.office.db(), second, second).await;
    let later = later.unwrap();
    assert_eq!(later.rows.len(), 1);
    assert_eq!(later.rows[0].kind, LineKind::Cancellation);
    assert_eq!(later.rows[0].price_minor, Money::from_minor(950));
    assert_eq!(later.rows[0].amount, amount(1, -950, -50));
    let json = serde_json::to_value(&later.rows[0]).unwrap();
    assert_eq!(json["kind"], "CANCELLATION");
}

async fn a_disputed_entry_that_was_cancelled_counts_once(test: TestDb) {
    let desk = Desk::open(test).await;
    let late = admission_at(1, at("2026-07-14T21:55:00Z"));
    take(&desk, vec![admission(0), late.clone(), admission(2)]).await;
    // Told of before the sale, and between sale and cancellation.
    assert_eq!(desk.dispute(&barcode(&late)).await, Noted::Yes);
    desk.office.run_external_sales().await.unwrap();
    assert_eq!(desk.dispute(&barcode(&admission(0))).await, Noted::Yes);
    take(
        &desk,
        vec![cancellation(&admission(0), 5), cancellation(&late, 10)],
    )
    .await;
    let (first, second) = (day("2026-07-14"), day("2026-07-15"));
    for (from, to, total, disputes, lines) in [
        // Of 0, both lines; of the late one, the sale.
        (first, first, amount(4, 1900, 100), amount(3, 950, 50), 3),
        (
            second,
            second,
            amount(1, -950, -50),
            amount(1, -950, -50),
            1,
        ),
        (first, second, amount(5, 950, 50), amount(4, 0, 0), 4),
    ] {
        let owed = statement(desk.office.db(), from, to).await;
        let owed = owed.unwrap();
        assert_eq!(owed.total, total);
        assert_eq!(owed.disputed_total, disputes);
        assert_eq!(owed.disputed.len(), lines);
        assert_eq!(
            owed.undisputed_total.amount_minor + owed.disputed_total.amount_minor,
            owed.total.amount_minor
        );
        let sum = owed.sold.amount_minor + owed.cancelled.amount_minor;
        assert_eq!(sum, owed.total.amount_minor);
    }
}

async fn lines_are_read_page_by_page_with_their_counter_lines(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..5).await;
    desk.office.run_external_sales().await.unwrap();
    let cancelled = [0, 1, 4].map(|number| cancellation(&admission(number), 5));
    take(&desk, cancelled.to_vec()).await;
    let whole = desk.lines().await;
    assert_eq!(whole.len(), 8);
    for limit in 1..4 {
        let mut paged: Vec<pending_account::StatementLine> = Vec::new();
        loop {
            let after = paged.last().map(|line| (line.barcode.clone(), line.kind));
            let (from, to) = (day("2026-07-14"), day("2026-07-14"));
            let next = pending_account::lines(desk.office.db(), from, to, after, limit).await;
            let next = next.unwrap();
            if next.is_empty() {
                break;
            }
            paged.extend(next);
        }
        assert_eq!(paged, whole, "by {limit}");
    }
}

async fn damage_to_a_cancelled_ticket_is_found(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..2).await;
    desk.office.run_external_sales().await.unwrap();
    take(&desk, vec![cancellation(&admission(0), 5)]).await;
    desk.sound_ledger().await;
    for (damage, found, repair) in [
        (
            "UPDATE box_ticket SET cancelled_on = NULL WHERE id = 1",
            Contradiction::CancelledButValid,
            "UPDATE box_ticket SET cancelled_on = '2026-07-14' WHERE id = 1",
        ),
        (
            "UPDATE box_staged SET cancelled_at = NULL WHERE id = 1",
            Contradiction::ValidButCancelled,
            "UPDATE box_staged SET cancelled_at = 1784012700114 WHERE id = 1",
        ),
        (
            "UPDATE box_account_line SET amount_minor = -1 WHERE kind = 'CANCELLATION'",
            Contradiction::CounterAmountDiffers,
            "UPDATE box_account_line SET amount_minor = -950 WHERE kind = 'CANCELLATION'",
        ),
        (
            "UPDATE box_account_line SET ticket_id = 2 WHERE kind = 'CANCELLATION'",
            Contradiction::CancelledWithoutCounterLine,
            "UPDATE box_account_line SET ticket_id = 1 WHERE kind = 'CANCELLATION'",
        ),
    ] {
        for (sql, expected) in [(damage, Some(found)), (repair, None)] {
            let done: Result<u64, db::DbError> = desk
                .office
                .db()
                .write("damage", move |tx| tx.execute(sql, &[]))
                .await;
            assert_eq!(done.unwrap(), 1, "{sql}");
            let entries = page(desk.office.db(), None, 10).await.unwrap();
            assert_eq!(entries[0].contradiction(), expected, "{sql}");
        }
    }
}
