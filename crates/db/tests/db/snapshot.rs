//! Copies of an SQLite file in use.

use db::snapshot::{InUse, copy, in_use};
use db::testing::{TestDb, sqlite_on_disk};
use db::{Db, DbError, DbUrl, Migration, Schema, params};
use std::path::PathBuf;

const SCHEMA: &[Schema] = &[Schema {
    context: "test",
    migrations: &[Migration {
        name: "things",
        works_from: 1,
        sql: "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
          CREATE TABLE part (thing BIGINT NOT NULL REFERENCES thing (id));",
    }],
}];

async fn with_things(count: i64) -> (TestDb, PathBuf) {
    let test = sqlite_on_disk().await;
    let now = "2026-07-14T07:00:00Z".parse().unwrap();
    test.db.migrate(SCHEMA, now).await.unwrap();
    add(&test.db, 0, count).await;
    let DbUrl::SqliteFile(path) = test.url.clone() else {
        panic!("a file")
    };
    (test, path)
}

async fn add(db: &Db, from: i64, to: i64) {
    let done: Result<(), DbError> = db
        .write("add", move |tx| {
            for id in from..to {
                tx.execute(
                    "INSERT INTO thing (id, name) VALUES ($1, $2)",
                    params![id, format!("OTI{id:08}")],
                )?;
            }
            Ok(())
        })
        .await;
    done.unwrap();
}

#[tokio::test]
async fn a_copy_is_one_moment_of_a_database_at_work() {
    let (test, path) = with_things(5_000).await;
    let to = path.with_extension("copy");
    let copied = tokio::task::spawn_blocking({
        let (path, to) = (path.clone(), to.clone());
        move || copy(&path, &to)
    });
    for n in 0..50 {
        add(&test.db, 5_000 + 10 * n, 5_010 + 10 * n).await;
    }
    copied.await.unwrap().unwrap();
    let copy = Db::open_read_only(&to).await.unwrap();
    assert_eq!(copy.damage().await.unwrap(), Vec::<String>::new());
    assert_eq!(copy.schema_versions().await.unwrap()["test"], 1);
    let rows = copy.rows_by_table().await.unwrap()["thing"];
    assert!((5_000..=5_500).contains(&rows), "{rows}");
    assert_eq!(rows % 10, 0, "no transaction is in it by half");
    let write: Result<u64, DbError> = copy
        .write("no", |tx| tx.execute("DELETE FROM thing", params![]))
        .await;
    assert!(write.is_err(), "it is there to be read");
}

#[tokio::test]
async fn a_copy_goes_over_nothing_and_fails_where_it_cannot_be_written() {
    let (_test, path) = with_things(1).await;
    let taken = path.with_extension("taken");
    std::fs::write(&taken, "something").unwrap();
    assert!(matches!(copy(&path, &taken), Err(DbError::Copy(_))));
    assert_eq!(std::fs::read(&taken).unwrap(), b"something");
    let nowhere = path.join("nowhere");
    assert!(matches!(copy(&path, &nowhere), Err(DbError::Copy(_))));
    assert!(copy(&nowhere, &path.with_extension("copy")).is_err());
}

#[tokio::test]
async fn damage_is_found() {
    let (_test, path) = with_things(5_000).await;
    let to = path.with_extension("copy");
    copy(&path, &to).unwrap();
    let mut bytes = std::fs::read(&to).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4_096].fill(0x5a);
    std::fs::write(&to, bytes).unwrap();
    let copy = Db::open_read_only(&to).await.unwrap();
    assert!(copy.damage().await.map_or(true, |found| !found.is_empty()));
}

#[tokio::test]
async fn damage_stays_although_another_page_is_good() {
    let (_test, path) = with_things(5_000).await;
    let to = path.with_extension("copy");
    copy(&path, &to).unwrap();
    let mut bytes = std::fs::read(&to).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 4_096].fill(0x5a);
    std::fs::write(&to, bytes).unwrap();
    let url = format!("sqlite:{}", to.display()).parse().unwrap();
    let db = Db::open(&url).await.unwrap();
    let write = async |sql: &'static str| -> Result<u64, DbError> {
        db.write("check", move |tx| tx.execute(sql, params![]))
            .await
    };
    write("DELETE FROM thing").await.unwrap_err();
    assert!(db.trouble().is_some());
    write("CREATE TABLE elsewhere (id BIGINT)").await.unwrap();
    assert!(db.trouble().is_some(), "the damage is there still");
}

#[tokio::test]
async fn who_has_a_file_open_is_known() {
    let (test, path) = with_things(1).await;
    assert_eq!(in_use(&path).unwrap(), InUse::Yes);
    let idle = Db::open(&test.url).await.unwrap();
    drop(test.db);
    assert_eq!(
        in_use(&path).unwrap(),
        InUse::Yes,
        "even by one who does nothing"
    );
    // Its threads end when their queue is closed.
    drop(idle);
    while in_use(&path).unwrap() == InUse::Yes {
        tokio::task::yield_now().await;
    }
    // The last takes the log with it; two that close at one moment leave it to each other.
    let log = PathBuf::from(format!("{}-wal", path.display()));
    std::fs::remove_file(log).ok();
    std::fs::write(&path, "this is no database, however long the text may be").unwrap();
    assert!(matches!(in_use(&path), Err(DbError::Unavailable(_))));
}

#[tokio::test]
async fn what_is_removed_is_overwritten() {
    let (test, path) = with_things(5_000).await;
    let done: Result<u64, DbError> = test
        .db
        .write("remove", |tx| {
            tx.execute("DELETE FROM thing WHERE id > 10", params![])?;
            tx.execute("UPDATE thing SET name = 'removed'", params![])
        })
        .await;
    assert_eq!(done.unwrap(), 11);
    drop(test.db);
    while in_use(&path).unwrap() == InUse::Yes {
        tokio::task::yield_now().await;
    }
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.windows(7).any(|window| window == b"removed"));
    assert!(!bytes.windows(7).any(|window| window == b"OTI0000"));
}
