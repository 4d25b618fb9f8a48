//! One barcode with all that was made of it.

use crate::desk::{Desk, admission, barcode};
use boxoffice::history::{History, history};
use db::testing::TestDb;
use kernel::Money;

db::conformance! {
    a_barcode_is_told_as_far_as_it_came,
}

async fn a_barcode_is_told_as_far_as_it_came(test: TestDb) {
    let desk = Desk::open(test).await;
    let told = async || {
        let told = history(desk.office.db(), barcode(&admission(0))).await;
        told.unwrap()
    };
    assert_eq!(told().await, History::default());
    desk.stage(0..1).await;
    let staged = told().await;
    assert_eq!(staged.staged.unwrap().state, boxoffice::StagedState::Ready);
    assert_eq!(staged.sale, None);
    desk.office.run_external_sales().await.unwrap();
    let sold = told().await;
    assert_eq!(sold.staged.unwrap().state, boxoffice::StagedState::Sold);
    let sale = sold.sale.unwrap();
    assert_eq!(sale.price, Money::from_minor(950));
    assert!(sale.file_imported_at.is_some());
    let lines: Vec<_> = sold.lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(lines, ["SALE"]);
    assert_eq!(sold.lines[0].amount, sale.price);
}
