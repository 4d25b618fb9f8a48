//! All rows go from one database to another while the first is in use.

use db::testing::{TestDb, postgres, sqlite_on_disk};
use db::{Db, DbError, Migration, Passed, Schema, Transfer, params};
use kernel::Timestamp;

const SCHEMA: &[Schema] = &[Schema {
    context: "test",
    migrations: &[Migration {
        name: "things",
        works_from: 1,
        // The one that is referred to comes last by its name.
        sql: "CREATE TABLE zoo (
                  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                  name TEXT NOT NULL UNIQUE,
                  picture BLOB
              );
              CREATE TABLE animal (
                  zoo BIGINT NOT NULL REFERENCES zoo (id),
                  name TEXT NOT NULL,
                  age BIGINT,
                  PRIMARY KEY (zoo, name)
              );
              CREATE TABLE diary (
                  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                  word TEXT NOT NULL
              );
APPEND ONLY diary;
",
    }],
}];

fn now() -> Timestamp {
    "2026-07-14T07:00:00.114Z".parse().unwrap()
}

async fn write(db: &Db, sql: &'static [&'static str]) {
    let done: Result<(), DbError> = db
        .write("test", move |tx| {
            sql.iter()
                .try_for_each(|sql| tx.execute(sql, params![]).map(drop))
        })
        .await;
    done.unwrap();
}

/// All rows, each as a text.
async fn all(db: &Db) -> Vec<String> {
    let read: Result<Vec<String>, DbError> = db
        .read("all", |tx| {
            let mut rows = Vec::new();
            for (sql, columns) in [
                ("SELECT * FROM zoo ORDER BY id", "zoo"),
                ("SELECT * FROM animal ORDER BY zoo, name", "animal"),
                ("SELECT * FROM diary ORDER BY id", "diary"),
            ] {
                let found = tx.query(sql, params![])?;
                rows.extend(found.iter().map(|row| format!("{columns} {row:?}")));
            }
            Ok(rows)
        })
        .await;
    read.unwrap()
}

async fn from_to(from: TestDb, to: TestDb) {
    from.db.migrate(SCHEMA, now()).await.unwrap();
    write(
        &from.db,
        &[
            "INSERT INTO zoo (name, picture) VALUES ('', NULL), ('É', NULL), ('gone', NULL)",
            "DELETE FROM zoo WHERE name = 'gone'",
            "INSERT INTO diary (word) VALUES ('begun'), ('done')",
        ],
    )
    .await;
    let filled: Result<(), DbError> = from
        .db
        .write("fill", |tx| {
            let picture = "UPDATE zoo SET picture = $1 WHERE id = 2";
            tx.execute(picture, params![db::Value::Bytes(vec![0, 255, 7])])?;
            for n in 0..2_345 {
                let animal = "INSERT INTO animal (zoo, name, age) VALUES (1, $1, $2)";
                tx.execute(
                    animal,
                    params![format!("a{n}"), (n % 3 != 0).then_some(i64::from(n))],
                )?;
            }
            Ok(())
        })
        .await;
    filled.unwrap();

    // One that does not end leaves what the next one throws away.
    let begin = async || Transfer::begin(from.db.clone(), to.db.clone(), SCHEMA, now()).await;
    begin().await.unwrap().pass().await.unwrap();
    for refused in [
        to.db.check(SCHEMA).await,
        to.db.migrate(SCHEMA, now()).await,
    ] {
        assert!(matches!(refused, Err(DbError::Filling)), "{refused:?}");
    }
    let mut transfer = begin().await.unwrap();
    let rows = 2 + 2 + 2_345;
    let first = transfer.pass().await.unwrap();
    assert_eq!(
        first,
        Passed {
            rows,
            changed: rows
        }
    );
    assert_eq!(all(&to.db).await, all(&from.db).await);
    let second = transfer.pass().await.unwrap();
    assert_eq!(second, Passed { rows, changed: 0 });

    write(
        &from.db,
        &[
            "UPDATE animal SET age = -1 WHERE name = 'a1500'",
            "DELETE FROM animal WHERE name IN ('a0', 'a2344', 'a999')",
            "INSERT INTO animal (zoo, name, age) VALUES (2, 'new', 1), (1, 'a9995', 2)",
            "INSERT INTO zoo (name) VALUES ('taken')",
            "UPDATE zoo SET name = 'other' WHERE name = 'É'",
            "INSERT INTO zoo (name) VALUES ('É')",
            "INSERT INTO diary (word) VALUES ('later')",
        ],
    )
    .await;
    let third = transfer.pass().await.unwrap();
    assert_eq!(third.changed, 1 + 3 + 2 + 3 + 1);
    assert_eq!(all(&to.db).await, all(&from.db).await);

    // A number that was given out and taken back is not given out again, and what must
    // not be changed is not.
    transfer.leave("elsewhere".to_owned(), now()).await.unwrap();
    let moved = from.db.check(SCHEMA).await.unwrap_err();
    assert!(moved.to_string().contains("moved to elsewhere"), "{moved}");
    assert_eq!(transfer.pass().await.unwrap().changed, 0);
    transfer.end().await.unwrap();
    to.db.check(SCHEMA).await.unwrap();
    write(&to.db, &["INSERT INTO zoo (name) VALUES ('next')"]).await;
    let id: Result<i64, DbError> = to
        .db
        .read("id", |tx| {
            tx.value("SELECT id FROM zoo WHERE name = 'next'", params![])
        })
        .await;
    assert_eq!(id.unwrap(), 6);
    let refused: Result<u64, DbError> = to
        .db
        .write("edit", |tx| {
            tx.execute("UPDATE diary SET word = ''", params![])
        })
        .await;
    assert!(refused.is_err());

    // Neither one that is in use nor one that was left is moved into.
    let back = Transfer::begin(to.db.clone(), from.db.clone(), SCHEMA, now()).await;
    assert!(matches!(back, Err(DbError::Moved { .. })), "{back:?}");
    let full = Transfer::begin(from.db.clone(), to.db.clone(), SCHEMA, now()).await;
    let full = full.unwrap_err().to_string();
    assert!(full.contains("there are rows in"), "{full}");
}

#[tokio::test]
async fn from_a_file_to_a_server() {
    from_to(sqlite_on_disk().await, postgres().await).await;
}

#[tokio::test]
async fn from_a_server_to_a_file() {
    from_to(postgres().await, sqlite_on_disk().await).await;
}
