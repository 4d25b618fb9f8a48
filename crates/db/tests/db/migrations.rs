//! Tables are brought up step by step, and only those that are known are used.

use db::testing::TestDb;
use db::{Db, DbError, Migration, Schema, params};
use kernel::Timestamp;

db::conformance! {
    steps_are_taken_once_and_in_order,
    a_broken_step_changes_nothing,
    only_the_schema_that_is_known_is_used,
}

const SCHEMA: &[Schema] = &[Schema {
    context: "test",
    migrations: &[THINGS],
}];

const THINGS: Migration = Migration {
    name: "things",
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
