//! The import of STX_Files, ours and others'.

use crate::desk::{Desk, admission, barcode, day, villeneuve, villeneuve_with};
use boxoffice::StagedState;
use boxoffice::report::sales;
use boxoffice::stx_file::{FileState, files, rejections};
use boxoffice::{Catalogue, ImportError, ReceiveError, ledger};
use db::testing::{TestDb, sqlite_in_memory};
use secutix::stx::{FileRefusal, RowReason};

db::conformance! {
    the_file_of_a_run_gives_the_same_orders_in_an_empty_box_office,
    what_the_gate_hands_over_after_its_sale_is_called_sold,
    exactly_the_damaged_rows_are_rejected,
    damaged_rows_of_what_was_sold_are_rejected_too,
    what_is_sold_stays_known_whatever_the_catalogue_becomes,
    a_catalogue_is_replaced_as_a_whole,
    a_rejected_row_stays_staged_and_is_sold_by_the_next_run,
    rows_of_one_order_number_form_one_order,
    a_corrected_file_has_no_report,
    junk_is_counted_and_not_kept,
    an_interrupted_import_goes_on_under_its_record,
    a_file_that_cannot_be_used_changes_nothing,
    rows_are_sold_only_to_who_may_pay_later,
}

/// The STX_File of the admissions `0..rows`, written by a box office elsewhere.
pub async fn foreign_file(rows: usize) -> String {
    let elsewhere = Desk::open(sqlite_in_memory().await).await;
    elsewhere.stage(0..rows).await;
    elsewhere.text(elsewhere.written().await.id).await.unwrap()
}

async fn the_file_of_a_run_gives_the_same_orders_in_an_empty_box_office(test: TestDb) {
    let first = Desk::open(test).await;
    first.stage(0..620).await;
    let run = first.office.run_external_sales().await.unwrap();
    let text = first.text(run.files[0].file).await.unwrap();

    let second = Desk::open(sqlite_in_memory().await).await;
    let once = second.import(&text).await;
    assert_eq!((once.rows, once.orders, once.tickets), (620, 620, 620));
    assert_eq!(second.lines().await, first.lines().await);
    let counts = second.counts().await;
    assert_eq!(counts.account, first.counts().await.account);

    let twice = second.import(&text).await;
    assert_eq!((twice.tickets, twice.already_imported), (0, 620));
    assert_eq!(twice.rejected, []);
    assert_eq!(second.counts().await, counts);
    // And where it was written, too.
    assert_eq!(first.import(&text).await.already_imported, 620);
}

async fn what_the_gate_hands_over_after_its_sale_is_called_sold(test: TestDb) {
    let desk = Desk::open(test).await;
    assert_eq!(desk.import(foreign_file(3).await).await.tickets, 3);
    assert!(desk.sound_ledger().await.iter().all(|e| e.staged.is_none()));

    desk.stage(0..4).await;
    let (from, to) = (day("2026-07-14"), day("2026-07-14"));
    let sold = sales(desk.office.db(), from, to).await.unwrap();
    let sectors: Vec<_> = sold.rows.iter().map(|r| r.sector.clone()).collect();
    assert_eq!(sectors, [Some("VN_AUG".parse().unwrap())]);
    let states: Vec<_> = desk.sound_ledger().await.iter().map(|e| e.staged).collect();
    let [sold, ready] = [Some(StagedState::Sold), Some(StagedState::Ready)];
    assert_eq!(states, [sold, sold, sold, ready]);
    assert_eq!(desk.office.run_external_sales().await.unwrap().tickets(), 1);

    // Otherwise than it was sold, it is not taken.
    desk.import(foreign_file(5).await).await;
    let mut ticket = admission(4);
    ticket.product_code = "PASSVN2".parse().unwrap();
    let results = desk.send(vec![ticket]).await;
    assert!(
        results[0]
            .failure_reason
            .as_ref()
            .unwrap()
            .contains("productCode")
    );
    assert_eq!(desk.counts().await.staged, 4);
}

/// Twenty-four ways to damage a row, with the reason each must be rejected for.
/// Fields are counted from 0.
type Damage = fn(&mut Vec<String>);
const DAMAGES: [(&str, Damage); 24] = [
    ("institution_mismatch", |c| c[0] = "VILLENX".into()),
    ("organisation_mismatch", |c| c[1] = "OTHER".into()),
    ("too_long", |c| c[2] = "1".repeat(51)),
    ("invalid_date", |c| c[3] = "14/07/2026".into()),
    ("operation_not_sale", |c| c[4] = "RESERVATION".into()),
    ("unknown_value", |c| c[4] = "REFUND".into()),
    ("too_long", |c| c[5] = "x".repeat(2001)),
    ("contact_unknown", |c| c[6] = "000043".into()),
    ("invalid_number", |c| c[6] = "0000-42".into()),
    ("season_unknown", |c| c[7] = "VN62".into()),
    ("product_unknown", |c| c[8] = "PASSNV".into()),
    ("tariff_unknown", |c| c[9] = "CITYLIGHT".into()),
    ("price_mismatch", |c| c[10] = "905".into()),
    ("invalid_number", |c| c[10] = "9.50".into()),
    ("vat_mismatch", |c| c[11] = "2000".into()),
    ("state_not_controlled", |c| c[13] = "PRINTED".into()),
    ("generation_date_missing", |c| c[14].clear()),
    ("missing_value", |c| c[15].clear()),
    ("too_long", |c| c[15] = "9".repeat(51)),
    ("shipment_mode_missing", |c| c[18].clear()),
    ("wrong_field_count", |c| c.truncate(10)),
    ("wrong_field_count", |c| c.insert(5, "x".into())),
    ("unbalanced_quotes", |c| c[5] = "\"open".into()),
    ("price_mismatch,vat_mismatch", |c| {
        c[10] = "0".into();
        c[11] = "0".into();
        c[12].clear();
    }),
];

/// Damages every other row from line 3 on; gives the text, and the lines with
/// their reasons.
fn damaged(text: &str) -> (String, Vec<(u64, String)>) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut expected = Vec::new();
    for (number, (reason, damage)) in DAMAGES.iter().enumerate() {
        let at = 2 + 2 * number;
        let mut cells: Vec<String> = lines[at].split(';').map(str::to_owned).collect();
        damage(&mut cells);
        lines[at] = cells.join(";");
        expected.push((u64::try_from(at + 1).unwrap(), (*reason).to_owned()));
    }
    (lines.join("\n"), expected)
}

fn reasons(report: &boxoffice::ImportReport) -> Vec<(u64, String)> {
    let joined = |problems: &[secutix::stx::RowProblem]| {
        let codes: Vec<_> = problems
            .iter()
            .map(|p| p.reason)
            .map(RowReason::as_str)
            .collect();
        codes.join(",")
    };
    let rejected = report.rejected.iter();
    rejected.map(|r| (r.line, joined(&r.problems))).collect()
}

async fn exactly_the_damaged_rows_are_rejected(test: TestDb) {
    let desk = Desk::open(test).await;
    let (text, expected) = damaged(&foreign_file(100).await);
    let report = desk.import(text).await;
    assert_eq!(reasons(&report), expected);
    assert_eq!((report.rows, report.tickets), (100, 76));
    assert_eq!(desk.counts().await.account.amount_minor.minor(), 76 * 950);
    desk.sound_ledger().await;

    let kept = rejections(desk.office.db(), report.file, 0, 100)
        .await
        .unwrap();
    let kept_reasons: Vec<_> = kept
        .iter()
        .map(|r| (u64::try_from(r.line).unwrap(), r.reason.clone()))
        .collect();
    assert_eq!(kept_reasons, expected);
    let price = kept.iter().find(|r| r.reason == "price_mismatch").unwrap();
    assert!(price.explanation.contains("9.05"), "{}", price.explanation);
    assert!(price.explanation.contains("9.50"), "{}", price.explanation);
    for rejection in &kept {
        assert!(!rejection.explanation.contains("0260714"), "{rejection:?}");
    }
    let written = desk.report(report.file).await.unwrap();
    assert_eq!(written.lines().count(), 1 + DAMAGES.len());
    // Each as it stands in the file.
    let (line, reason) = &expected[0];
    let told = written.lines().nth(1).unwrap();
    assert!(told.starts_with(&format!("{line};{reason};")), "{told}");
    assert!(told.contains("VILLENX;VILLEN;"), "{told}");
    let record = &files(desk.office.db(), None, 1).await.unwrap()[0];
    assert_eq!(
        (record.rows, record.tickets, record.rejected, record.state),
        (100, 76, 24, FileState::Imported)
    );
}

async fn damaged_rows_of_what_was_sold_are_rejected_too(test: TestDb) {
    let desk = Desk::open(test).await;
    let text = foreign_file(100).await;
    desk.import(&text).await;
    let before = desk.counts().await;
    let (text, expected) = damaged(&text);
    let report = desk.import(text).await;
    let lines = |rows: &[(u64, String)]| rows.iter().map(|r| r.0).collect::<Vec<_>>();
    assert_eq!(lines(&reasons(&report)), lines(&expected));
    assert_eq!((report.tickets, report.already_imported), (0, 76));
    let conflicts = reasons(&report);
    assert!(
        conflicts
            .iter()
            .any(|(_, r)| r.contains("barcode_conflict"))
    );
    assert_eq!(desk.counts().await, before);
}

async fn what_is_sold_stays_known_whatever_the_catalogue_becomes(test: TestDb) {
    let desk = Desk::open(test).await;
    let text = foreign_file(20).await;
    for round in 0..2 {
        let report = desk.import(&text).await;
        let already = if round == 0 { 0 } else { 20 };
        assert_eq!(report.already_imported, already);
        assert_eq!(report.rejected.len(), 0);
        desk.apply(villeneuve_with(|c| {
            c.contacts[0].payment_modes.clear();
            c.tariffs[0].price = Some(kernel::Money::from_minor(1050));
        }))
        .await;
    }
}

async fn a_catalogue_is_replaced_as_a_whole(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..3).await;
    let has_sold = || boxoffice::report::has_sold(desk.office.db());
    assert!(!has_sold().await.unwrap());
    desk.office.run_external_sales().await.unwrap();
    assert!(has_sold().await.unwrap());
    let sold = desk.counts().await;
    let wanted = villeneuve_with(|c| {
        c.seasons[0].name = "Another name".to_owned();
        c.products.remove(0);
        c.tariffs.retain(|t| t.product.as_str() != "PASSVN");
        c.tariff_mappings.remove(0);
        c.sales_channels.clear();
    });
    let replacing = wanted.clone();
    desk.office
        .db()
        .write("replace", move |tx| {
            boxoffice::catalogue::replace_catalogue(tx, &replacing)
        })
        .await
        .unwrap();
    let load = boxoffice::catalogue::load_catalogue;
    let present = desk.office.db().read("catalogue", load).await;
    assert_eq!(present.unwrap(), wanted);
    assert_eq!(desk.counts().await, sold, "what is sold stays");
}

async fn a_rejected_row_stays_staged_and_is_sold_by_the_next_run(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..4).await;
    let text = desk.text(desk.written().await.id).await.unwrap();
    // The scan time of the first row and the product of the second are not what
    // the gate said; the third costs too little.
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replacen("CONTROLLED;2026-07-14 09", "CONTROLLED;2026-07-14 10", 1);
    lines[2] = lines[2].replacen("PASSVN;CITYPASS;950", "PASSVN2;CITYLIGHT;475", 1);
    lines[3] = lines[3].replacen(";950;", ";949;", 1);
    let report = desk.import(lines.join("\r\n")).await;
    let expected = [
        (2, "barcode_conflict"),
        (3, "barcode_conflict"),
        (4, "price_mismatch"),
    ];
    assert_eq!(
        reasons(&report),
        expected.map(|(line, r)| (line, r.to_owned()))
    );
    assert_eq!((report.tickets, desk.counts().await.ready), (1, 3));

    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!((run.resumed[0].tickets, run.tickets()), (3, 3));
    assert_eq!(desk.counts().await.orders, 4);
    desk.sound_ledger().await;
}

async fn rows_of_one_order_number_form_one_order(test: TestDb) {
    let second_buyer = |c: &mut Catalogue| {
        let mut contact = c.contacts[0].clone();
        contact.number = "000043".parse().unwrap();
        c.contacts.push(contact);
    };
    let desk = Desk::open_with(test, villeneuve_with(second_buyer)).await;
    let text = foreign_file(5).await;
    let mut lines: Vec<Vec<String>> = text
        .lines()
        .map(|line| line.split(';').map(str::to_owned).collect())
        .collect();
    // Rows 1 to 3 are one order; row 4 takes its number for another buyer, row 5
    // for another date.
    for cells in &mut lines[1..5] {
        cells[2] = "R-1".into();
    }
    lines[4][6] = "000043".into();
    lines[5][2] = "R-1".into();
    lines[5][3] = "2026-07-13".into();
    let text: Vec<String> = lines.iter().map(|cells| cells.join(";")).collect();
    let report = desk.import(text.join("\n")).await;
    assert_eq!((report.orders, report.tickets), (1, 3));
    let taken = || "order_number_taken".to_owned();
    assert_eq!(reasons(&report), [(5, taken()), (6, taken())]);
    desk.sound_ledger().await;
}

async fn a_corrected_file_has_no_report(test: TestDb) {
    let desk = Desk::open(test).await;
    let good = foreign_file(2).await;
    let bad = good.replacen("VILLEN;", "VILLENX;", 1);
    let report = desk.import(&bad).await;
    assert!(desk.report(report.file).await.is_some());
    let report = desk.import(&good).await;
    assert_eq!((report.tickets, report.already_imported), (1, 1));
    assert_eq!(desk.report(report.file).await, None);
}

/// Ten million lines of it in 40 MB made gigabytes of memory, database and report.
async fn junk_is_counted_and_not_kept(test: TestDb) {
    let desk = Desk::open(test).await;
    let good = foreign_file(2).await;
    let (header, rows) = good.split_once('\n').unwrap();
    let junk = "abc\n".repeat(250_000);
    let report = desk.import(format!("{header}\n{junk}{rows}")).await;
    assert_eq!((report.rows, report.tickets), (250_002, 2));
    assert_eq!(
        (report.rejected.len(), report.rejected_more),
        (1_000, 249_000)
    );
    let record = &files(desk.office.db(), None, 1).await.unwrap()[0];
    assert_eq!((record.rows, record.rejected), (250_002, 250_000));
    let kept = rejections(desk.office.db(), report.file, 0, 9_999).await;
    assert_eq!(kept.unwrap().len(), 1_000);
    let written = desk.report(report.file).await.unwrap();
    assert_eq!(written.lines().count(), 1 + 1_000 + 1);
    assert!(written.lines().last().unwrap().contains("and 249000 more"));
}

async fn an_interrupted_import_goes_on_under_its_record(test: TestDb) {
    let no_credit = villeneuve_with(|c| c.contacts[0].payment_modes.clear());
    let desk = Desk::open_with(test, no_credit).await;
    let text = foreign_file(3).await;
    let first = desk.import(&text).await;
    assert_eq!(first.rejected.len(), 3);
    desk.apply(villeneuve()).await;
    for (tickets, already_imported) in [(3, 0), (0, 3)] {
        let id = first.file.0;
        desk.office
            .db()
            .write("as if it had not ended", move |tx| {
                tx.execute(
                    "UPDATE box_stx_file SET state = 'WRITTEN' WHERE id = $1",
                    db::params![id],
                )
            })
            .await
            .map_err(|error: db::DbError| error)
            .unwrap();
        // A run leaves it to who brought it.
        let run = desk.office.run_external_sales().await.unwrap();
        assert_eq!(run, Default::default());
        let again = desk.import(&text).await;
        assert_eq!(again.file, first.file);
        assert_eq!(again.tickets, tickets);
        assert_eq!(again.already_imported, already_imported);
        let kept = rejections(desk.office.db(), first.file, 0, 100)
            .await
            .unwrap();
        assert_eq!(kept, []);
    }
    let records = files(desk.office.db(), None, 10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].tickets, records[0].already_imported), (3, 0));
}

async fn a_file_that_cannot_be_used_changes_nothing(test: TestDb) {
    let desk = Desk::open(test).await;
    let text = foreign_file(2).await;
    let large = desk.file("large.csv", "");
    let sparse = std::fs::File::options().write(true).open(&large).unwrap();
    sparse.set_len(64 * 1024 * 1024 + 1).unwrap();
    let refused = [
        (large, "TooLarge"),
        (desk.file("empty.csv", ""), "Empty"),
        (
            desk.file("header.csv", text.replacen("BARCODE", "CODE", 1)),
            "Header",
        ),
        (
            desk.file("mixed.csv", [text.as_bytes(), b"\xc3\xa9\xe9"].concat()),
            "NoTable",
        ),
        (desk.folder.path().join("nowhere.csv"), "Unread"),
    ];
    for (path, expected) in &refused {
        let found = match desk.office.import_file(path).await.unwrap_err() {
            ImportError::Unread { .. } => "Unread",
            ImportError::Receive(ReceiveError::TooLarge) => "TooLarge",
            ImportError::Receive(ReceiveError::Empty) => "Empty",
            ImportError::Refused { source, .. } => match source {
                FileRefusal::NoTable(_) => "NoTable",
                FileRefusal::Header { .. } => "Header",
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(found, *expected);
    }
    assert!(files(desk.office.db(), None, 10).await.unwrap().is_empty());

    let nothing = Desk::open_with(sqlite_in_memory().await, Catalogue::default()).await;
    let path = nothing.file("file.csv", text);
    let refused = nothing.office.import_file(&path).await;
    assert!(matches!(refused, Err(ImportError::ChannelInvalid)));
    assert_eq!(nothing.counts().await.tickets, 0);
}

async fn rows_are_sold_only_to_who_may_pay_later(test: TestDb) {
    let no_credit = villeneuve_with(|c| c.contacts[0].payment_modes.clear());
    let desk = Desk::open_with(test, no_credit).await;
    let report = desk.import(foreign_file(1).await).await;
    let expected = [(2, "contact_without_pending_account".to_owned())];
    assert_eq!(reasons(&report), expected);
    let entries = ledger::page(desk.office.db(), None, 10).await.unwrap();
    assert_eq!(entries, []);
    let shown = desk.office.controlled_ticket(barcode(&admission(0))).await;
    assert_eq!(shown.unwrap(), None);
}
