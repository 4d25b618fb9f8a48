//! Files from elsewhere, and what of them is left.

use crate::desk::{Desk, day, morning, villeneuve};
use crate::import::foreign_file;
use boxoffice::retention::{self, Run};
use boxoffice::stx_file::{FileState, StxFileId, file, files, rejections};
use boxoffice::{ImportError, ImportKind, ReceiveError, Received};
use db::testing::TestDb;
use kernel::Timestamp;

db::conformance! {
    a_file_that_came_in_is_imported_once_and_may_come_again,
    what_is_refused_leaves_nothing_behind,
    what_never_came_whole_counts_for_nothing_and_goes_in_an_hour,
    a_file_of_many_parts_comes_back_as_it_went,
    a_file_is_imported_again_after_a_cure,
    an_interrupted_import_of_the_same_content_goes_on,
    an_interrupted_import_that_nobody_brings_again_goes_on_by_itself,
    an_import_that_the_end_of_the_service_cuts_off_goes_on,
    what_stands_in_files_goes_after_its_time,
}

async fn received(desk: &Desk, called: &str, content: &str) -> Received {
    let mut incoming = desk.office.receive(called);
    // In pieces, as they come over the network.
    for piece in content.as_bytes().chunks(100) {
        incoming.take(piece).await.unwrap();
    }
    incoming.ended().await.unwrap()
}

async fn a_file_that_came_in_is_imported_once_and_may_come_again(test: TestDb) {
    let desk = Desk::open(test).await;
    let text = foreign_file(3).await;
    let incoming = received(&desk, "../x.csv", &text).await;
    let first = desk.office.import_received(incoming).await.unwrap();
    assert_eq!((first.tickets, first.already_imported), (3, 0));
    let before = desk.counts().await;
    let incoming = received(&desk, "../x.csv", &text).await;
    let again = desk.office.import_received(incoming).await.unwrap();
    assert_eq!((again.tickets, again.already_imported), (0, 3));
    assert_eq!(desk.counts().await, before);
    let names = [
        "UPLOAD_20260714T070000_1_x.stx.csv",
        "UPLOAD_20260714T070000_2_x.stx.csv",
    ];
    let listed = files(desk.office.db(), None, 9).await.unwrap();
    let listed: Vec<_> = listed.iter().rev().map(|file| &*file.name).collect();
    assert_eq!(listed, names);

    let db = desk.office.db();
    let listed = files(db, None, 1).await.unwrap();
    assert_eq!(
        (listed[0].id, listed[0].kind),
        (again.file, ImportKind::Upload)
    );
    let older = files(db, Some(again.file), 10).await.unwrap();
    assert_eq!(older.iter().map(|f| f.id).collect::<Vec<_>>(), [first.file]);
    assert_eq!(file(db, StxFileId(99)).await.unwrap(), None);
    assert_eq!(desk.text(first.file).await, Some(text));
}

async fn what_is_refused_leaves_nothing_behind(test: TestDb) {
    let desk = Desk::open(test).await;
    let incoming = received(&desk, "x", "no such file").await;
    let refused = desk.office.import_received(incoming).await;
    assert!(
        matches!(refused, Err(ImportError::Refused { .. })),
        "{refused:?}"
    );
    let empty = desk.office.receive("x");
    assert!(matches!(empty.ended().await, Err(ReceiveError::Empty)));
    assert_eq!(files(desk.office.db(), None, 10).await.unwrap(), []);
    assert_eq!(desk.parts().await, 0);
}

async fn what_never_came_whole_counts_for_nothing_and_goes_in_an_hour(test: TestDb) {
    let desk = Desk::open(test).await;
    let mebibyte = vec![b'x'; 1024 * 1024];
    let mut large = desk.office.receive("x");
    for _ in 0..64 {
        large.take(&mebibyte).await.unwrap();
    }
    assert!(matches!(
        large.take(b"x").await,
        Err(ReceiveError::TooLarge)
    ));
    drop(large);
    // Whoever sends it goes away in the middle of it, or the process is killed.
    let mut left = desk.office.receive("x");
    left.take(&mebibyte).await.unwrap();
    let mut slow = desk.office.receive("x");
    slow.take(&mebibyte).await.unwrap();
    assert_eq!(desk.parts().await, 64 * 4 + 4 + 4);
    assert_eq!(files(desk.office.db(), None, 10).await.unwrap(), []);
    assert_eq!(
        desk.office.run_external_sales().await.unwrap(),
        Default::default()
    );
    desk.clock.advance_ms(30 * 60_000);
    slow.take(&mebibyte).await.unwrap();
    desk.clock.advance_ms(31 * 60_000);
    desk.second().await.run_external_sales().await.unwrap();
    assert_eq!(desk.parts().await, 8);
    desk.clock.advance_ms(60 * 60_000);
    desk.office.run_external_sales().await.unwrap();
    assert_eq!(desk.parts().await, 0);
    assert!(matches!(slow.ended().await, Err(ReceiveError::Left)));
}

async fn a_file_of_many_parts_comes_back_as_it_went(test: TestDb) {
    let desk = Desk::open(test).await;
    let text = foreign_file(2_500).await;
    assert!(text.len() > 256 * 1024, "{}", text.len());
    let first = desk.import(&text).await;
    assert_eq!((first.rows, first.tickets), (2_500, 2_500));
    assert_eq!(desk.text(first.file).await, Some(text));
}

async fn a_file_is_imported_again_after_a_cure(test: TestDb) {
    let mut poor = villeneuve();
    poor.tariffs.clear();
    let desk = Desk::open_with(test, poor).await;
    let incoming = received(&desk, "x.csv", &foreign_file(2).await).await;
    let first = desk.office.import_received(incoming).await.unwrap();
    assert_eq!((first.tickets, first.rejected.len()), (0, 2));
    assert_eq!(desk.report(first.file).await.unwrap().lines().count(), 3);
    desk.apply(villeneuve()).await;
    let again = desk.office.import_again(first.file).await.unwrap().unwrap();
    assert_eq!(
        (again.file, again.tickets, again.rejected.len()),
        (first.file, 2, 0)
    );
    assert_eq!(desk.report(first.file).await, None);
    assert_eq!(desk.office.import_again(StxFileId(99)).await.unwrap(), None);
}

/// The import of the one file there is has not ended.
async fn as_if_interrupted(desk: &Desk) {
    let interrupt = "UPDATE box_stx_file SET state = 'WRITTEN'";
    let done = desk
        .office
        .db()
        .write("interrupt", move |tx| tx.execute(interrupt, db::params![]));
    let done: Result<u64, db::DbError> = done.await;
    assert_eq!(done.unwrap(), 1);
}

async fn an_interrupted_import_of_the_same_content_goes_on(test: TestDb) {
    let desk = Desk::open(test).await;
    let text = foreign_file(2).await;
    let incoming = received(&desk, "x.csv", &text).await;
    let first = desk.office.import_received(incoming).await.unwrap();
    as_if_interrupted(&desk).await;
    let incoming = received(&desk, "x.csv", &text).await;
    let again = desk.office.import_received(incoming).await.unwrap();
    assert_eq!((again.file, again.already_imported), (first.file, 2));
    assert_eq!(desk.parts().await, 1);
}

async fn an_interrupted_import_that_nobody_brings_again_goes_on_by_itself(test: TestDb) {
    let desk = Desk::open(test).await;
    let incoming = received(&desk, "x.csv", &foreign_file(2).await).await;
    let first = desk.office.import_received(incoming).await.unwrap();
    as_if_interrupted(&desk).await;
    // Whoever brought it may still be at it.
    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!(run.resumed, []);
    desk.clock.advance_ms(11 * 60_000);
    let run = desk.office.run_external_sales().await.unwrap();
    let [resumed] = &run.resumed[..] else {
        panic!("{run:?}");
    };
    assert_eq!((resumed.file, resumed.already_imported), (first.file, 2));
    let state = files(desk.office.db(), None, 1).await.unwrap()[0].state;
    assert_eq!(state, FileState::Imported);
}

async fn an_import_that_the_end_of_the_service_cuts_off_goes_on(test: TestDb) {
    let desk = Desk::open(test).await;
    let incoming = received(&desk, "x.csv", &foreign_file(2).await).await;
    let mut import = Box::pin(desk.office.import_received(incoming));
    while files(desk.office.db(), None, 1).await.unwrap().is_empty() {
        tokio::select! {
            biased;
            ended = &mut import => panic!("{ended:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    drop(import);
    desk.clock.advance_ms(11 * 60_000);
    // On any node.
    let run = desk.second().await.run_external_sales().await.unwrap();
    let sold: u64 = run.resumed.iter().map(|file| file.tickets).sum();
    assert_eq!(sold, 2, "{run:?}");
}

async fn what_stands_in_files_goes_after_its_time(test: TestDb) {
    let desk = Desk::open(test).await;
    desk.stage(0..3).await;
    let run = desk.office.run_external_sales().await.unwrap();
    let bad = foreign_file(5).await.replacen("VILLEN;", "VILLENX;", 1);
    let upload = desk.import(&bad).await.file;
    desk.stage(6..7).await;
    let unfinished = desk.written().await.id;
    let db = desk.office.db();
    let go = |before: Timestamp, run| retention::files(db, before, morning(), run);
    let later = morning().plus_ms(1);
    assert_eq!(go(morning(), Run::Remove).await.unwrap(), 0);
    assert_eq!(go(later, Run::Dry).await.unwrap(), 2);
    assert_eq!(go(later, Run::Remove).await.unwrap(), 2);
    assert_eq!(go(later, Run::Remove).await.unwrap(), 0);
    for id in [run.files[0].file, upload] {
        assert_eq!(desk.text(id).await, None);
        assert_eq!(desk.report(id).await, None);
        assert_eq!(desk.office.import_again(id).await.unwrap(), None);
        let file = file(db, id).await.unwrap().unwrap();
        assert_eq!(file.card_removed_at, Some(morning()));
    }
    assert_eq!(rejections(db, upload, 0, 9).await.unwrap().len(), 1);
    assert!(desk.text(unfinished).await.is_some());
    assert_eq!(desk.office.run_external_sales().await.unwrap().tickets(), 1);
    assert_eq!(desk.lines().await.len(), 3 + 2 + 1);
    assert_eq!(desk.lines().await[0].business_day, day("2026-07-14"));
}
