//! Files from elsewhere in the folder of the STX_Files.

use crate::desk::{Desk, villeneuve};
use crate::import::foreign_file;
use boxoffice::stx_file::{FileState, StxFileId, file, files};
use boxoffice::stx_folder::{Incoming, ReceiveError, files_in};
use boxoffice::{ImportError, ImportKind};
use db::testing::TestDb;

db::conformance! {
    a_file_that_came_in_is_imported_once_and_may_come_again,
    what_is_refused_leaves_nothing_behind,
    a_stored_file_is_imported_again_after_a_cure,
    an_interrupted_import_of_the_same_content_goes_on,
    an_interrupted_import_that_nobody_brings_again_goes_on_by_itself,
    an_import_that_the_end_of_the_service_cuts_off_goes_on,
    what_comes_again_after_its_file_was_lost_has_one_record,
    another_file_of_that_name_is_not_taken_for_it,
    a_file_from_elsewhere_that_cannot_be_ended_stops_no_sales,
}

async fn received(desk: &Desk, called: &str, content: &str) -> Incoming {
    let mut incoming = desk.office.receive(called).await.unwrap();
    // In pieces, as they come over the network.
    for piece in content.as_bytes().chunks(100) {
        incoming.take(piece).await.unwrap();
    }
    incoming.ended().await.unwrap();
    incoming
}

/// The names of the files that stand in the folder.
fn there(desk: &Desk) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(desk.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn a_file_that_came_in_is_imported_once_and_may_come_again(test: TestDb) {
    let desk = Desk::open(test).await;
    let text = foreign_file(3).await;
    let incoming = received(&desk, "../x.csv", &text).await;
    let first = desk.office.import_incoming(incoming).await.unwrap();
    assert_eq!((first.tickets, first.already_imported), (3, 0));
    let before = desk.counts().await;
    let incoming = received(&desk, "../x.csv", &text).await;
    let again = desk.office.import_incoming(incoming).await.unwrap();
    assert_eq!((again.tickets, again.already_imported), (0, 3));
    assert_eq!(desk.counts().await, before);
    let names = [
        "UPLOAD_20260714T070000_1_x.stx.csv",
        "UPLOAD_20260714T070000_2_x.stx.csv",
    ];
    assert_eq!(there(&desk), names);

    let db = desk.office.db();
    let listed = files(db, None, 1).await.unwrap();
    assert_eq!(
        (listed[0].id, listed[0].kind),
        (again.file, ImportKind::Upload)
    );
    let older = files(db, Some(again.file), 10).await.unwrap();
    assert_eq!(older.iter().map(|f| f.id).collect::<Vec<_>>(), [first.file]);
    assert_eq!(file(db, StxFileId(99)).await.unwrap(), None);
    let (record, path) = desk.office.stored(first.file).await.unwrap().unwrap();
    assert_eq!(record.name, names[0]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    // Another content under its name is not it.
    std::fs::write(&path, "x").unwrap();
    assert_eq!(desk.office.stored(first.file).await.unwrap(), None);
    assert_eq!(desk.office.import_again(first.file).await.unwrap(), None);
}

async fn what_is_refused_leaves_nothing_behind(test: TestDb) {
    let desk = Desk::open(test).await;
    let incoming = received(&desk, "x", "no such file").await;
    let refused = desk.office.import_incoming(incoming).await;
    assert!(
        matches!(refused, Err(ImportError::Refused { .. })),
        "{refused:?}"
    );
    let mut empty = desk.office.receive("x").await.unwrap();
    assert!(matches!(empty.ended().await, Err(ReceiveError::Empty)));
    drop(empty);
    let mut large = desk.office.receive("x").await.unwrap();
    let mebibyte = vec![b'x'; 1024 * 1024];
    for _ in 0..64 {
        large.take(&mebibyte).await.unwrap();
    }
    assert!(matches!(
        large.take(b"x").await,
        Err(ReceiveError::TooLarge)
    ));
    drop(large);
    // Whoever sends it goes away in the middle of it.
    let mut left = desk.office.receive("x").await.unwrap();
    left.take(b"INSTITUTION").await.unwrap();
    // Were the process killed now, this is what would lie there, and be known as that.
    let lies = files_in(desk.folder.path()).unwrap();
    assert_eq!((lies.parts.len(), lies.kept.len()), (1, 0), "{lies:?}");
    drop(left);
    assert_eq!(there(&desk), Vec::<String>::new());
    assert_eq!(files(desk.office.db(), None, 10).await.unwrap(), []);
}

async fn a_stored_file_is_imported_again_after_a_cure(test: TestDb) {
    let mut poor = villeneuve();
    poor.tariffs.clear();
    let desk = Desk::open_with(test, poor).await;
    let incoming = received(&desk, "x.csv", &foreign_file(2).await).await;
    let first = desk.office.import_incoming(incoming).await.unwrap();
    assert_eq!((first.tickets, first.rejected.len()), (0, 2));
    assert_eq!(there(&desk).len(), 2, "the file and its report");
    desk.apply(villeneuve()).await;
    let again = desk.office.import_again(first.file).await.unwrap().unwrap();
    assert_eq!(
        (again.file, again.tickets, again.rejected.len()),
        (first.file, 2, 0)
    );
    assert_eq!(there(&desk).len(), 1);
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
    let first = desk.office.import_incoming(incoming).await.unwrap();
    as_if_interrupted(&desk).await;
    let incoming = received(&desk, "x.csv", &text).await;
    let again = desk.office.import_incoming(incoming).await.unwrap();
    assert_eq!((again.file, again.already_imported), (first.file, 2));
    assert_eq!(there(&desk).len(), 1);
}

async fn an_interrupted_import_that_nobody_brings_again_goes_on_by_itself(test: TestDb) {
    let desk = Desk::open(test).await;
    let incoming = received(&desk, "x.csv", &foreign_file(2).await).await;
    let first = desk.office.import_incoming(incoming).await.unwrap();
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
    let mut import = Box::pin(desk.office.import_incoming(incoming));
    while files(desk.office.db(), None, 1).await.unwrap().is_empty() {
        tokio::select! {
            biased;
            ended = &mut import => panic!("{ended:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    drop(import);
    assert_eq!(there(&desk).len(), 1);
    desk.clock.advance_ms(11 * 60_000);
    let run = desk.office.run_external_sales().await.unwrap();
    let sold: u64 = run.resumed.iter().map(|file| file.tickets).sum();
    assert_eq!(sold, 2, "{run:?}");
}

async fn what_comes_again_after_its_file_was_lost_has_one_record(test: TestDb) {
    let desk = Desk::open(test).await;
    let text = foreign_file(2).await;
    let incoming = received(&desk, "x.csv", &text).await;
    let first = desk.office.import_incoming(incoming).await.unwrap();
    as_if_interrupted(&desk).await;
    std::fs::remove_file(first.path).unwrap();
    let incoming = received(&desk, "y.csv", &text).await;
    let again = desk.office.import_incoming(incoming).await.unwrap();
    assert_eq!(again.file, first.file);
    let (_, path) = desk.office.stored(first.file).await.unwrap().unwrap();
    assert_eq!(path, again.path);
}

async fn another_file_of_that_name_is_not_taken_for_it(test: TestDb) {
    let desk = Desk::open(test).await;
    let incoming = received(&desk, "x.csv", &foreign_file(2).await).await;
    let first = desk.office.import_incoming(incoming).await.unwrap();
    as_if_interrupted(&desk).await;
    std::fs::write(first.path, foreign_file(3).await).unwrap();
    desk.clock.advance_ms(11 * 60_000);
    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!(run.resumed, []);
    let state = files(desk.office.db(), None, 1).await.unwrap()[0].state;
    assert_eq!(state, FileState::Written);
}

async fn a_file_from_elsewhere_that_cannot_be_ended_stops_no_sales(test: TestDb) {
    let mut poor = villeneuve();
    poor.tariffs.clear();
    let desk = Desk::open_with(test, poor).await;
    let incoming = received(&desk, "x.csv", &foreign_file(1).await).await;
    let first = desk.office.import_incoming(incoming).await.unwrap();
    as_if_interrupted(&desk).await;
    // Nothing can be written in the report's place.
    let report = first.report.unwrap();
    std::fs::remove_file(&report).unwrap();
    std::fs::create_dir_all(report.join("x")).unwrap();
    desk.clock.advance_ms(11 * 60_000);
    let run = desk.office.run_external_sales().await.unwrap();
    assert_eq!(run.resumed, []);
    let state = files(desk.office.db(), None, 1).await.unwrap()[0].state;
    assert_eq!(state, FileState::Written, "the next run tries again");
}
