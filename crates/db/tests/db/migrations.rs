//! Tables are brought up step by step, and only those that are known are used.

use db::testing::TestDb;
use db::{Db, DbError, Migration, Schema, params};
use kernel::Timestamp;

db::conformance! {
    steps_are_taken_once_and_in_order,
    a_broken_step_changes_nothing,
    only_the_schema_that_is_known_is_used,
    an_older_program_goes_on_where_a_step_says_so,
    what_is_append_only_stays,
}

const SCHEMA: &[Schema] = &[Schema {
    context: "test",
    migrations: &[THINGS],
}];

const THINGS: Migration = Migration {
    name: "things",
    works_from: 1,
    sql: "CREATE TABLE thing (
              id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
              name TEXT NOT NULL UNIQUE
          );",
};

fn now() -> Timestamp {
    "2026-07-14T07:00:00.114Z".parse().unwrap()
}

async fn with_schema(test: &TestDb) -> Db {
    test.db.migrate(SCHEMA, now()).await.unwrap();
    test.db.clone()
}

async fn names(db: &Db) -> Vec<String> {
    let read = db.read("names", |tx| {
        tx.column("SELECT name FROM thing ORDER BY id", params![])
    });
    read.await.map_err(|error: DbError| error).unwrap()
}

const SECOND: &[Schema] = &[
    Schema {
        context: "test",
        migrations: &[
            THINGS,
            Migration {
                name: "a second step",
                works_from: 2,
                sql: "ALTER TABLE thing ADD COLUMN colour TEXT;
                      INSERT INTO thing (name, colour) VALUES ('made by the step', 'red');",
            },
        ],
    },
    Schema {
        context: "other",
        migrations: &[],
    },
];

async fn steps_are_taken_once_and_in_order(test: TestDb) {
    let db = with_schema(&test).await;
    for _ in 0..2 {
        db.migrate(SECOND, now()).await.unwrap();
    }
    assert_eq!(names(&db).await, ["made by the step"]);
    let steps: Vec<i64> = db
        .read("steps", |tx| {
            tx.query(
                "SELECT version FROM schema_migration WHERE context = 'test' ORDER BY version",
                params![],
            )?
            .iter()
            .map(|row| row.get("version"))
            .collect::<Result<_, DbError>>()
        })
        .await
        .unwrap();
    assert_eq!(steps, [1, 2]);
}

const BROKEN: &[Schema] = &[Schema {
    context: "test",
    migrations: &[
        THINGS,
        Migration {
            name: "breaks half-way",
            works_from: 1,
            sql: "INSERT INTO thing (name) VALUES ('half'); INSERT INTO nowhere (x) VALUES (1);",
        },
    ],
}];

async fn a_broken_step_changes_nothing(test: TestDb) {
    let db = with_schema(&test).await;
    let error = db.migrate(BROKEN, now()).await.unwrap_err();
    assert!(matches!(error, DbError::Statement { .. }), "{error}");
    assert!(names(&db).await.is_empty());
}

const EDITED: &[Schema] = &[Schema {
    context: "test",
    migrations: &[Migration {
        name: "things",
        works_from: 1,
        sql: "CREATE TABLE thing (name TEXT NOT NULL)",
    }],
}];

async fn only_the_schema_that_is_known_is_used(test: TestDb) {
    let db = &test.db;
    let none = db.check(SCHEMA).await.unwrap_err();
    assert!(matches!(none, DbError::NoSchema), "{none}");
    db.migrate(SCHEMA, now()).await.unwrap();
    db.check(SCHEMA).await.unwrap();
    let older = db.check(SECOND).await.unwrap_err();
    assert!(
        matches!(
            older,
            DbError::OlderSchema {
                context: "test",
                found: 1,
                known: 2
            }
        ),
        "{older}"
    );
    for refused in [db.check(EDITED).await, db.migrate(EDITED, now()).await] {
        let edited = refused.unwrap_err();
        assert!(
            matches!(
                edited,
                DbError::EditedMigration {
                    context: "test",
                    version: 1
                }
            ),
            "{edited}"
        );
        assert!(
            edited.to_string().starts_with("step 1 of the test schema"),
            "{edited}"
        );
    }
    db.migrate(SECOND, now()).await.unwrap();
    db.check(SECOND).await.unwrap();
    for refused in [db.check(SCHEMA).await, db.migrate(SCHEMA, now()).await] {
        let newer = refused.unwrap_err();
        assert!(
            matches!(
                newer,
                DbError::NewerSchema {
                    context: "test",
                    found: 2,
                    known: 1
                }
            ),
            "{newer}"
        );
    }
}

/// Two steps later: one that adds, and one that takes away.
const ADDED: &[Schema] = &[Schema {
    context: "test",
    migrations: &[THINGS, COLOUR],
}];
const TAKEN_AWAY: &[Schema] = &[Schema {
    context: "test",
    migrations: &[
        THINGS,
        COLOUR,
        Migration {
            name: "no names",
            works_from: 2,
            sql: "ALTER TABLE thing DROP COLUMN size;",
        },
    ],
}];
const COLOUR: Migration = Migration {
    name: "colours",
    works_from: 1,
    sql: "ALTER TABLE thing ADD COLUMN colour TEXT;\nALTER TABLE thing ADD COLUMN size BIGINT;",
};

async fn an_older_program_goes_on_where_a_step_says_so(test: TestDb) {
    let db = with_schema(&test).await;
    db.migrate(ADDED, now()).await.unwrap();
    for fine in [db.check(SCHEMA).await, db.migrate(SCHEMA, now()).await] {
        fine.unwrap();
    }
    // What it took before is still what it must be.
    let edited = db.check(EDITED).await.unwrap_err();
    assert!(
        matches!(edited, DbError::EditedMigration { .. }),
        "{edited}"
    );
    db.migrate(TAKEN_AWAY, now()).await.unwrap();
    db.check(ADDED).await.unwrap();
    let newer = db.check(SCHEMA).await.unwrap_err();
    assert!(
        matches!(
            newer,
            DbError::NewerSchema {
                found: 3,
                known: 1,
                ..
            }
        ),
        "{newer}"
    );
}

const LOG: &[Schema] = &[Schema {
    context: "log",
    migrations: &[Migration {
        name: "a log",
        works_from: 1,
        sql: "CREATE TABLE log (\n    word TEXT NOT NULL PRIMARY KEY -- of whom;\n);\n\nAPPEND ONLY log;\n",
    }],
}];

async fn what_is_append_only_stays(test: TestDb) {
    test.db.migrate(LOG, now()).await.unwrap();
    let run = async |sql: &'static str| {
        let done = test.db.write("log", move |tx| tx.execute(sql, params![]));
        done.await
    };
    assert_eq!(
        run("INSERT INTO log (word) VALUES ('said')").await.unwrap(),
        1
    );
    for sql in ["UPDATE log SET word = 'else'", "DELETE FROM log"] {
        let refused: DbError = run(sql).await.unwrap_err();
        let why = kernel::causes(&refused);
        assert!(why.contains("log is append only"), "{why}");
    }
}

/// Whoever holds a table keeps a step waiting, and the step keeps nobody else waiting for
/// longer than a visitor would stand there.
#[tokio::test]
async fn a_step_waits_for_a_table_in_short_tries() {
    let test = db::testing::postgres().await;
    let db = with_schema(&test).await;
    let (hold, held) = std::sync::mpsc::channel();
    let (let_go, end) = std::sync::mpsc::channel::<()>();
    let end = std::sync::Mutex::new(end);
    let holder = tokio::spawn({
        let db = db.clone();
        async move {
            let read = db.read("a long report", move |tx| {
                tx.query("SELECT name FROM thing", params![])?;
                let _ = hold.send(());
                let _ = end.lock().unwrap().recv();
                Ok::<_, DbError>(())
            });
            read.await
        }
    });
    tokio::task::spawn_blocking(move || held.recv())
        .await
        .unwrap()
        .unwrap();
    let step = tokio::spawn({
        let db = db.clone();
        async move { db.migrate(ADDED, now()).await }
    });
    // Everybody behind the step is let through, from before it comes until it has waited
    // for a while.
    let urgent = db.urgent();
    let (mut number, mut seen) = (0, 0);
    while seen < 3 {
        number += 1;
        let name = format!("visitor {number}");
        let written: Result<u64, DbError> = urgent
            .write("visitor", move |tx| {
                tx.execute("INSERT INTO thing (name) VALUES ($1)", params![&name])
            })
            .await;
        written.unwrap();
        let waiting: Result<i64, DbError> = urgent
            .read("who waits", |tx| {
                tx.value(
                    "SELECT COUNT(*) FROM pg_stat_activity
                     WHERE application_name = current_setting('application_name')
                       AND wait_event_type = 'Lock' AND query LIKE 'ALTER%'",
                    params![],
                )
            })
            .await;
        seen += waiting.unwrap();
    }
    assert!(!step.is_finished(), "the report still reads the table");

    drop(let_go);
    holder.await.unwrap().unwrap();
    step.await.unwrap().unwrap();
    db.check(ADDED).await.unwrap();
}
