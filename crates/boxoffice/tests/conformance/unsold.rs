//! What waits for its sale, by reason and one by one.

use crate::desk::{Desk, admission, villeneuve, villeneuve_with};
use boxoffice::HeldReason;
use boxoffice::unsold::{Unsold, held, list};
use db::testing::TestDb;
use std::collections::BTreeSet;

db::conformance! {
    what_is_held_is_counted_by_reason_and_listed_page_by_page,
}

async fn what_is_held_is_counted_by_reason_and_listed_page_by_page(test: TestDb) {
    let poor = villeneuve_with(|catalogue| catalogue.tariff_mappings.clear());
    let desk = Desk::open_with(test, poor).await;
    let db = desk.office.db();
    assert_eq!(held(db).await.unwrap(), []);
    desk.stage(0..3).await;
    desk.clock.advance_ms(60_000);
    let mut strange = admission(3);
    strange.season_code = "VN99".parse().unwrap();
    desk.send(vec![strange]).await;
    let reasons = held(db).await.unwrap();
    let told: Vec<_> = reasons.iter().map(|h| (h.reason, h.count)).collect();
    let expected = [
        (HeldReason::TariffNotMapped, 3),
        (HeldReason::SeasonUnknown, 1),
    ];
    assert_eq!(told, expected);
    assert_eq!(reasons[1].since.ms_since(reasons[0].since), 60_000);
    assert_eq!(list(db, Unsold::Ready, None, 10).await.unwrap(), []);

    let waiting = Unsold::Held(HeldReason::TariffNotMapped);
    let first = list(db, waiting, None, 2).await.unwrap();
    let rest = list(db, waiting, Some(first[1].id), 2).await.unwrap();
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert!(first[0].id > first[1].id, "the latest first");
    let ids: BTreeSet<_> = first.iter().chain(&rest).map(|line| line.id).collect();
    assert_eq!(ids.len(), 3);

    desk.apply(villeneuve()).await;
    desk.office.reevaluate().await.unwrap();
    assert_eq!(held(db).await.unwrap().len(), 1);
    let ready = list(db, Unsold::Ready, None, 10).await.unwrap();
    assert_eq!(
        ready.iter().map(|line| line.id).collect::<BTreeSet<_>>(),
        ids
    );
}
