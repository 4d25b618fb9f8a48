//! All rows go from one database to another while the first is in use.

use db::testing::{TestDb, postgres, sqlite_on_disk};
use db::{Db, DbError, DbUrl, Migration, Passed, Schema, Transfer, params};
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
    let mut number = 0;
    let mut begin = async || {
        number += 1;
        let run = format!("move-{number}");
        Transfer::begin(from.db.clone(), to.db.clone(), SCHEMA, run, now()).await
    };
    let mut first = begin().await.unwrap();
    first.pass(now(), |_| ()).await.unwrap();
    for refused in [
        to.db.check(SCHEMA).await,
        to.db.migrate(SCHEMA, now()).await,
    ] {
        assert!(matches!(refused, Err(DbError::Filling)), "{refused:?}");
    }
    let mut transfer = begin().await.unwrap();
    let rows = 2 + 2 + 2_345;
    let all_new = transfer.pass(now(), |_| ()).await.unwrap();
    let passed = |changed| Passed {
        rows,
        changed,
        with_nul: 0,
    };
    assert_eq!(all_new, passed(rows));
    assert_eq!(all(&to.db).await, all(&from.db).await);
    let second = transfer.pass(now(), |_| ()).await.unwrap();
    assert_eq!(second, passed(0));

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
    let third = transfer.pass(now(), |_| ()).await.unwrap();
    assert_eq!(third.changed, 1 + 3 + 2 + 3 + 1);
    assert_eq!(all(&to.db).await, all(&from.db).await);
    // Whoever was overtaken writes nothing any more.
    assert!(matches!(
        first.pass(now(), |_| ()).await,
        Err(DbError::Filling)
    ));

    // Names change places, and what was referred to goes: no order of rows does that, so
    // everything goes once more. Meanwhile somebody has touched the target.
    write(
        &from.db,
        &[
            "UPDATE zoo SET name = 'between' WHERE id = 1",
            "UPDATE zoo SET name = '' WHERE id = 2",
            "UPDATE zoo SET name = 'other' WHERE id = 1",
            "UPDATE animal SET zoo = 5 WHERE zoo = 2",
        ],
    )
    .await;
    write(&to.db, &["DELETE FROM animal WHERE name = 'a700'"]).await;
    transfer
        .close(&from.db, "elsewhere".to_owned(), now())
        .await
        .unwrap();
    for (db, table) in [(&from.db, "zoo"), (&from.db, "animal"), (&from.db, "diary")] {
        let late: Result<u64, DbError> = db
            .write("late", move |tx| {
                let sql = format!("DELETE FROM {table}");
                tx.execute(&sql, params![])
            })
            .await;
        assert!(late.is_err(), "nobody writes to {table} any more");
    }
    // A forgotten node has no turn at anything, and says that it is not its fault.
    let turn: Result<u64, DbError> = from
        .db
        .write("turn", |tx| {
            tx.execute("INSERT INTO lease VALUES ('delivery', 'me', 0)", params![])
        })
        .await;
    let late = turn.unwrap_err();
    let is_server = matches!(from.url, DbUrl::Postgres(_));
    assert_eq!(late.is_of_the_store(), is_server, "{late}");
    let moved = from.db.check(SCHEMA).await.unwrap_err();
    assert!(moved.to_string().contains("left for elsewhere"), "{moved}");
    // Broken off here, it is taken back, or taken up.
    Transfer::give_up(&from.db, &to.db, "elsewhere", SCHEMA, now())
        .await
        .unwrap();
    write(&from.db, &["INSERT INTO diary (word) VALUES ('given up')"]).await;
    transfer
        .close(&from.db, "elsewhere".to_owned(), now())
        .await
        .unwrap();
    let overtaken = transfer;
    let mut transfer = begin().await.unwrap();
    transfer.pass(now(), |_| ()).await.unwrap();
    transfer
        .close(&from.db, "elsewhere".to_owned(), now())
        .await
        .unwrap();
    // One that another run took the place of opens nothing again.
    for refused in [overtaken.stay(&from.db).await, from.db.check(SCHEMA).await] {
        assert!(matches!(refused, Err(DbError::Moved { .. })), "{refused:?}");
    }
    write(&to.db, &["DELETE FROM animal WHERE name = 'a701'"]).await;
    let last = transfer.last_pass(now(), |_| ()).await.unwrap();
    assert_eq!(last.changed, 1, "{last:?}");
    transfer.end().await.unwrap();
    assert_eq!(all(&to.db).await, all(&from.db).await);
    let given_up = Transfer::give_up(&from.db, &to.db, "elsewhere", SCHEMA, now()).await;
    assert!(
        matches!(given_up, Err(DbError::Moved { .. })),
        "{given_up:?}"
    );

    // A number that was given out and taken back is not given out again, and what must
    // not be changed is not.
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
    let begin = async |from: &Db, to: &Db| {
        Transfer::begin(from.clone(), to.clone(), SCHEMA, "later".to_owned(), now()).await
    };
    let back = begin(&to.db, &from.db).await;
    assert!(matches!(back, Err(DbError::Moved { .. })), "{back:?}");
    let left = begin(&from.db, &to.db).await;
    assert!(matches!(left, Err(DbError::Moved { .. })), "{left:?}");
    let full = begin(&to.db, &to.db).await.unwrap_err().to_string();
    assert!(full.contains("there are rows in"), "{full}");
}

/// What two rows of the source make of each other is met row by row.
async fn places_change(from: TestDb, to: TestDb) {
    from.db.migrate(SCHEMA, now()).await.unwrap();

    write(
        &from.db,
        &[
            "INSERT INTO zoo (name) VALUES ('a'), ('b'), ('c')",
            "INSERT INTO animal (zoo, name) VALUES (3, 'x')",
        ],
    )
    .await;
    let (one, other) = (from.db.clone(), to.db.clone());
    let mut transfer = Transfer::begin(one, other, SCHEMA, "it".to_owned(), now())
        .await
        .unwrap();
    transfer.pass(now(), |_| ()).await.unwrap();
    write(
        &from.db,
        &[
            "UPDATE zoo SET name = '' WHERE id = 1",
            "UPDATE zoo SET name = 'a' WHERE id = 2",
            "UPDATE zoo SET name = 'b' WHERE id = 1",
            "UPDATE animal SET zoo = 1",
            "DELETE FROM zoo WHERE id = 3",
        ],
    )
    .await;
    transfer
        .close(&from.db, "there".to_owned(), now())
        .await
        .unwrap();
    transfer.last_pass(now(), |_| ()).await.unwrap();
    transfer.end().await.unwrap();
    assert_eq!(all(&to.db).await, all(&from.db).await);
}

/// A later program's tables hold what this one knows nothing of.
async fn not_of_a_later_version(from: TestDb, to: TestDb) {
    const LATER: &[Schema] = &[Schema {
        context: "test",
        migrations: &[
            SCHEMA[0].migrations[0],
            Migration {
                name: "more",
                works_from: 1,
                sql: "ALTER TABLE zoo ADD COLUMN since BIGINT;",
            },
        ],
    }];
    from.db.migrate(SCHEMA, now()).await.unwrap();
    let begin = || {
        let (one, other) = (from.db.clone(), to.db.clone());
        Transfer::begin(one, other, SCHEMA, "it".to_owned(), now())
    };
    let transfer = begin().await.unwrap();
    from.db.migrate(LATER, now()).await.unwrap();
    from.db.check(SCHEMA).await.unwrap();
    let closed = transfer.close(&from.db, "there".to_owned(), now()).await;
    for refused in [closed, begin().await.map(drop)] {
        assert!(
            matches!(refused, Err(DbError::NewerSchema { .. })),
            "{refused:?}"
        );
    }
    write(&from.db, &["INSERT INTO zoo (name, since) VALUES ('a', 1)"]).await;
}

#[tokio::test]
async fn from_a_file_to_a_server() {
    from_to(sqlite_on_disk().await, postgres().await).await;
}

#[tokio::test]
async fn from_a_server_to_a_file() {
    from_to(postgres().await, sqlite_on_disk().await).await;
}

#[tokio::test]
async fn rows_that_change_places_go_as_a_whole() {
    places_change(sqlite_on_disk().await, postgres().await).await;
    places_change(postgres().await, sqlite_on_disk().await).await;
}

#[tokio::test]
async fn a_later_versions_rows_are_left_to_it() {
    not_of_a_later_version(sqlite_on_disk().await, postgres().await).await;
}

/// Whoever reads does not wait for one who cannot write.
#[tokio::test]
async fn what_cannot_be_written_is_an_error_at_once() {
    let (from, to) = (sqlite_on_disk().await, postgres().await);
    from.db.migrate(SCHEMA, now()).await.unwrap();
    write(
        &from.db,
        &[
            "INSERT INTO zoo (name) VALUES ('a')",
            "INSERT INTO animal (zoo, name)
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
             SELECT 1, 'b' || i FROM n",
        ],
    )
    .await;
    let (one, other) = (from.db.clone(), to.db.clone());
    let begun = Transfer::begin(one, other, SCHEMA, "it".to_owned(), now()).await;
    let mut transfer = begun.unwrap();
    write(&to.db, &["ALTER TABLE animal ADD CHECK (name <> 'b7')"]).await;
    let refused = transfer.pass(now(), |_| ()).await;
    assert!(
        matches!(refused, Err(DbError::Statement { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_character_that_postgresql_lacks_goes_as_its_picture() {
    let (from, to) = (sqlite_on_disk().await, postgres().await);
    from.db.migrate(SCHEMA, now()).await.unwrap();
    write(
        &from.db,
        &["INSERT INTO zoo (name) VALUES ('a'), ('b' || char(0))"],
    )
    .await;
    let (one, other) = (from.db.clone(), to.db.clone());
    let begun = Transfer::begin(one, other, SCHEMA, "it".to_owned(), now()).await;
    let mut transfer = begun.unwrap();
    for changed in [2, 0] {
        let passed = transfer.last_pass(now(), |_| ()).await.unwrap();
        assert_eq!((passed.changed, passed.with_nul), (changed, 1));
    }
    let name: Result<String, DbError> = to
        .db
        .read("name", |tx| {
            tx.value("SELECT name FROM zoo WHERE id = 2", params![])
        })
        .await;
    assert_eq!(name.unwrap(), "b\u{2400}");
}
