//! External sales runs: what is held, what is sold, and what a crash leaves.

use crate::desk::{Desk, admission, admission_at, at, map, villeneuve, villeneuve_with};
use boxoffice::catalogue::ChannelType;
use boxoffice::stx_file::{FileState, files};
use boxoffice::{Catalogue, HeldReason};
use db::testing::TestDb;
use kernel::{Money, ProductCode};
use secutix::stx::{DateFormat, Dialect, HeaderLine, PriceFactor};
use secutix::wire::{ControlledTicket, ProductFamily};

db::conformance! {
    each_reason_holds_until_it_is_cured,
    what_was_ready_is_held_when_the_catalogue_changes,
    a_mapped_tariff_releases_what_is_held,
    a_run_sells_each_ready_barcode_once,
    a_file_that_was_written_and_not_imported_is_resumed,
    a_file_that_was_half_imported_is_finished,
    a_file_that_cannot_be_read_any_more_is_given_up,
    a_file_of_ours_waits_for_its_channel,
    a_dialect_that_cuts_times_to_seconds_loses_nothing,
    concurrent_runs_sell_nothing_twice,
    the_price_is_that_of_the_day_of_the_scan,
    what_is_free_of_charge_is_sold_too,
    an_order_number_that_a_stranger_bears_is_avoided,
}

/// The catalogue after a change that holds every scan.
fn broken(reason: HeldReason) -> Catalogue {
    villeneuve_with(|c| match reason {
        HeldReason::SeasonUnknown => c.seasons.clear(),
        HeldReason::ProductUnknown => c.products.clear(),
        HeldReason::NotOpenPass => {
            c.products[0].family = ProductFamily::Other("SINGLE_ENTRY".into());
        }
        HeldReason::TariffNotMapped => c.tariff_mappings.clear(),
        HeldReason::TariffUnknown => c.tariffs.clear(),
        HeldReason::TariffNotValid => c.tariffs[0].price = None,
        HeldReason::ChannelInvalid => {
            c.sales_channels[0].code = "Otipass".parse().unwrap();
        }
        HeldReason::ContactInvalid => c.contacts[0].payment_modes.clear(),
    })
}

async fn each_reason_holds_until_it_is_cured(test: TestDb) {
    // One database for all reasons: each begins with a catalogue of its own.
    let desk = Desk::open_with(test, Catalogue::default()).await;
    for (number, reason) in HeldReason::ALL.into_iter().enumerate() {
        desk.office
            .db()
            .write("empty the catalogue", |tx| {
                for sql in [
                    "DELETE FROM box_season",
                    "DELETE FROM box_product",
                    "DELETE FROM box_tariff",
                    "DELETE FROM box_tariff_mapping",
                    "DELETE FROM box_sales_channel",
                    "DELETE FROM box_contact_payment_mode",
                    "DELETE FROM box_contact",
                ] {
                    tx.execute(sql, &[])?;
                }
                Ok::<_, db::DbError>(())
            })
            .await
            .unwrap();
        desk.apply(broken(reason)).await;
        desk.send(vec![admission(number)]).await;
        for _ in 0..2 {
            let counts = desk.counts().await;
            assert_eq!(counts.held_reasons, [(reason, 1)].into());
            assert_eq!((counts.held, counts.ready), (1, 0), "{reason}");
            let run = desk.office.run_external_sales().await.unwrap();
            assert_eq!(run.tickets(), 0, "{reason}");
        }
        desk.apply(villeneuve()).await;
        let run = desk.office.run_external_sales().await.unwrap();
        assert_eq!(
            (run.reevaluated.released, run.tickets()),
            (1, 1),
            "{reason}"
        );
        assert_eq!(desk.counts().await.held, 0, "{reason}");
    }
    desk.sound_ledger().await;
}

async fn what_was_ready_is_held_when_the_catalogue_changes(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..3).await;
    desk.apply(broken(HeldReason::NotOpenPass)).await;
    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!((run.reevaluated.held, run.tickets()), (3, 0));
    // From one reason to another.
    desk.apply(broken(HeldReason::TariffNotValid)).await;
    desk.office.run_external_sales().await.unwrap();
    let held = desk.counts().await.held_reasons;
    assert_eq!(held, [(HeldReason::TariffNotValid, 3)].into());
    assert!(files(desk.office.db(), None, 10).await.unwrap().is_empty());
}

async fn a_mapped_tariff_releases_what_is_held(test: TestDb) {
    let desk = Desk::open(test).await;
    let product: ProductCode = "PASSVN3".parse().unwrap();
    let tickets = (0..5).map(|number| ControlledTicket {
        product_code: product.clone(),
        ..admission(number)
    });
    desk.send(tickets.collect()).await;
    desk.stage(5..8).await;
    let waiting = desk.office.waiting().await.unwrap();
    assert_eq!((waiting.ready, waiting.held), (3, 5));
    assert_eq!(desk.office.run_external_sales().await.unwrap().tickets(), 3);
    assert_eq!(desk.counts().await.held, 5);
    map(desk.office.db(), "PASSVN3", "CITYLATE").await.unwrap();
    assert_eq!(desk.office.run_external_sales().await.unwrap().tickets(), 5);
    let counts = desk.counts().await;
    assert_eq!((counts.held, counts.ready, counts.orders), (0, 0, 8));
    let waiting = desk.office.waiting().await.unwrap();
    assert_eq!((waiting.ready, waiting.held), (0, 0));
    assert_eq!(counts.account.amount_minor.minor(), 3 * 950 + 5 * 700);
}

async fn a_run_sells_each_ready_barcode_once(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..1203).await;
    let run = desk.office.run_external_sales().await.unwrap();
    let [file] = &run.files[..] else {
        panic!("one file")
    };
    assert_eq!((file.rows, file.orders, file.tickets), (1203, 1203, 1203));
    assert_eq!((file.already_imported, file.rejected.len()), (0, 0));
    let counts = desk.counts().await;
    assert_eq!(
        (counts.orders, counts.tickets, counts.ready),
        (1203, 1203, 0)
    );
    assert_eq!(counts.account.lines, 1203);
    assert_eq!(counts.account.amount_minor, Money::from_minor(1203 * 950));
    assert_eq!(counts.account.vat_minor, Money::from_minor(1203 * 50));
    assert_eq!(desk.sound_ledger().await.len(), 1203);

    let record = &files(desk.office.db(), None, 10).await.unwrap()[0];
    assert_eq!(record.state, FileState::Imported);
    assert_eq!((record.orders, record.tickets), (1203, 1203));
    assert_eq!(
        record.name,
        format!("OTIPASS_20260714T070000_{}.stx.csv", record.id.0)
    );

    let again = desk.office.run_external_sales().await.unwrap();
    assert_eq!(again, Default::default());
    assert_eq!(desk.counts().await, counts);
}

async fn a_file_that_was_written_and_not_imported_is_resumed(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..7).await;
    let file = desk.written().await;
    assert_eq!(file.rows, 7);
    desk.stage(7..9).await;
    let run = desk.second().await.run_external_sales().await.unwrap();
    let resumed: Vec<_> = run.resumed.iter().map(|f| (f.file, f.tickets)).collect();
    assert_eq!(resumed, [(file.id, 7)]);
    assert_eq!(run.tickets(), 9);
    assert_eq!(desk.counts().await.orders, 9);
    desk.sound_ledger().await;
}

async fn a_file_that_was_half_imported_is_finished(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..7).await;
    let file = desk.written().await;
    let text = desk.text(file.id).await.unwrap();
    let first_rows: String = text.split_inclusive('\n').take(4).collect();
    assert_eq!(desk.import(first_rows).await.tickets, 3);
    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!(run.resumed[0].already_imported, 3);
    assert_eq!((run.resumed[0].tickets, run.files.len()), (4, 0));
    assert_eq!(desk.counts().await.orders, 7);
    desk.sound_ledger().await;
}

async fn a_file_that_cannot_be_read_any_more_is_given_up(test: TestDb) {
    let without = Dialect {
        header: HeaderLine::Absent,
        ..Dialect::default()
    };
    let desk = Desk::open_speaking(test, villeneuve(), without).await;
    desk.stage(0..3).await;
    desk.written().await;
    // Killed before its import, and begun again in another dialect.
    let office = desk.second().await;
    let run = office.run_external_sales().await.unwrap();
    assert_eq!((run.resumed.len(), run.tickets()), (0, 3));
    let files = files(desk.office.db(), None, 10).await.unwrap();
    let states: Vec<_> = files.iter().map(|f| (f.state, f.bytes > 0)).collect();
    assert_eq!(
        states,
        [(FileState::Imported, true), (FileState::Abandoned, false)]
    );
}

async fn a_file_of_ours_waits_for_its_channel(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..3).await;
    let file = desk.written().await;
    for channel_type in ["B2B", "STX_FILE"] {
        desk.apply(villeneuve_with(|c| {
            c.sales_channels[0].channel_type = channel_type.into();
        }))
        .await;
        let run = desk.office.run_external_sales().await.unwrap();
        let sold = if channel_type == "STX_FILE" { 3 } else { 0 };
        assert_eq!(run.tickets(), sold, "{channel_type}");
        let resumed: Vec<_> = run.resumed.iter().map(|f| f.file).collect();
        let expected = if sold == 3 { vec![file.id] } else { vec![] };
        assert_eq!(resumed, expected, "{channel_type}");
    }
    desk.sound_ledger().await;
}

async fn a_dialect_that_cuts_times_to_seconds_loses_nothing(test: TestDb) {
    let dialect = Dialect {
        dates: DateFormat::LocalDots,
        price_factor: PriceFactor::Thousand,
        ..Dialect::default()
    };
    let desk = Desk::open_speaking(test, villeneuve(), dialect).await;
    // The second and third show the same time on clocks that are put back.
    let scans = [
        "2026-07-14T22:00:00.123Z",
        "2026-10-25T00:30:00.456Z",
        "2026-10-25T01:30:00.456Z",
    ];
    let tickets = scans.iter().enumerate();
    let tickets = tickets.map(|(number, moment)| admission_at(number, at(moment)));
    desk.send(tickets.collect()).await;
    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!((run.tickets(), run.files[0].rejected.len()), (3, 0));
    let lines = desk.lines().await;
    let days: Vec<_> = lines.iter().map(|l| l.business_day.to_string()).collect();
    assert_eq!(days, ["2026-07-15", "2026-10-25", "2026-10-25"]);
    for (line, moment) in lines.iter().zip(scans) {
        let shown = desk.office.controlled_ticket(line.barcode.clone()).await;
        let control = shown.unwrap().unwrap().control_operations[0];
        assert_eq!(control.operation_date_time, at(moment));
    }
    let text = desk.text(run.files[0].file).await.unwrap();
    assert_eq!(desk.import(text).await.already_imported, 3);
}

async fn concurrent_runs_sell_nothing_twice(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..300).await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let office = desk.second().await;
        runs.push(tokio::spawn(
            async move { office.run_external_sales().await },
        ));
    }
    let mut tickets = 0;
    for run in runs {
        tickets += run.await.unwrap().unwrap().tickets();
    }
    assert_eq!(tickets, 300);
    let counts = desk.counts().await;
    assert_eq!((counts.orders, counts.tickets), (300, 300));
    assert_eq!(counts.account.amount_minor.minor(), 300 * 950);
    desk.sound_ledger().await;
}

async fn the_price_is_that_of_the_day_of_the_scan(test: TestDb) {
    // The dearer price begins on the day on which clocks go forward, and ends on
    // that on which they go back.
    let desk = Desk::open_with(
        test,
        villeneuve_with(|c| {
            let mut dearer = c.tariffs[0].clone();
            dearer.price = Some(Money::from_minor(1050));
            dearer.valid_from = Some("2026-03-29".parse().unwrap());
            dearer.valid_until = Some("2026-10-25".parse().unwrap());
            c.tariffs.push(dearer);
        }),
    )
    .await;
    let scans = [
        ("2026-03-28T22:59:59.999Z", "2026-03-28", 950),
        ("2026-03-28T23:00:00Z", "2026-03-29", 1050),
        ("2026-03-29T21:59:59.999Z", "2026-03-29", 1050),
        ("2026-03-29T22:00:00Z", "2026-03-30", 1050),
        ("2026-10-25T00:30:00Z", "2026-10-25", 1050),
        ("2026-10-25T01:30:00Z", "2026-10-25", 1050),
        ("2026-10-25T22:59:59.999Z", "2026-10-25", 1050),
        ("2026-10-25T23:00:00Z", "2026-10-26", 950),
    ];
    let tickets = scans
        .iter()
        .enumerate()
        .map(|(number, (moment, ..))| admission_at(number, at(moment)));
    desk.send(tickets.collect()).await;
    desk.office.run_external_sales().await.unwrap();
    let lines = desk.lines().await;
    assert_eq!(lines.len(), scans.len());
    for (line, (moment, day, price)) in lines.iter().zip(scans) {
        assert_eq!(line.business_day.to_string(), day, "{moment}");
        assert_eq!(line.amount_minor.minor(), price, "{moment}");
    }
}

async fn what_is_free_of_charge_is_sold_too(test: TestDb) {
    let free = villeneuve_with(|c| c.tariffs[0].price = Some(Money::ZERO));
    let desk = Desk::open_with(test, free).await;
    desk.stage(0..2).await;
    assert_eq!(desk.office.run_external_sales().await.unwrap().tickets(), 2);
    let account = desk.counts().await.account;
    assert_eq!((account.lines, account.amount_minor.minor()), (2, 0));
}

async fn an_order_number_that_a_stranger_bears_is_avoided(test: TestDb) {
    let elsewhere = Desk::open(db::testing::sqlite_in_memory().await).await;
    elsewhere.stage(10..12).await;
    let text = elsewhere.text(elsewhere.written().await.id).await;
    // The stranger has our first number, and our second choice of it.
    let text = text.unwrap().replacen("1000000002", "1000000001002", 1);

    let desk = Desk::open(test).await;
    assert_eq!(desk.import(text).await.orders, 2);
    desk.stage(0..2).await;
    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!(run.files[0].rejected, []);
    assert_eq!(run.files[0].orders, 2);
    let mut numbers: Vec<_> = desk
        .lines()
        .await
        .into_iter()
        .map(|l| l.order_number)
        .collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 4, "{numbers:?}");
}

/// A channel of another type does not do either.
#[tokio::test]
async fn a_channel_of_another_type_holds() {
    let other = villeneuve_with(|c| {
        c.sales_channels[0].channel_type = ChannelType::Other("B2B".into());
    });
    let desk = Desk::open_with(db::testing::sqlite_in_memory().await, other).await;
    desk.stage(0..1).await;
    let held = desk.counts().await.held_reasons;
    assert_eq!(held, [(HeldReason::ChannelInvalid, 1)].into());
}
