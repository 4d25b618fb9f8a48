//! What both engines must do alike.

use db::testing::{TestDb, sqlite_on_disk};
use db::{Db, DbError, Held, Lease, Migration, Schema, Sums, params};
use kernel::{BusinessDay, CardNumber, CheckId, Money, SectorCode, Timestamp, VatRate};
use std::sync::Arc;
use tokio::sync::Barrier;

::db::conformance! {
    values_come_back_as_they_went,
    parameters_may_repeat_and_come_in_any_order,
    an_error_undoes_everything,
    a_panic_undoes_everything_and_the_database_lives_on,
    a_swallowed_failure_of_a_statement_is_not_half_committed,
    those_who_share_a_commit_do_not_share_a_failure,
    a_name_given_twice_goes_to_one,
    numbers_are_given_out_upwards,
    text_sorts_bytewise,
    a_read_cannot_write,
    a_wrong_column_or_count_is_an_error_that_shows_no_value,
    rows_are_read_as_what_they_are,
    sums_of_a_period_are_broken_down,
    those_who_say_one_word_come_one_after_the_other,
    one_process_has_a_right_until_it_lets_go,
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
              name TEXT NOT NULL UNIQUE,
              amount BIGINT,
              note TEXT,
              picture BLOB
          );
          CREATE INDEX thing_without_amount ON thing (id) WHERE amount IS NULL;",
};

fn now() -> Timestamp {
    "2026-07-14T07:00:00.114Z".parse().unwrap()
}

async fn with_schema(test: &TestDb) -> Db {
    test.db.migrate(SCHEMA, now()).await.unwrap();
    test.db.clone()
}

async fn insert(db: &Db, name: &str, amount: i64) -> Result<i64, DbError> {
    let name = name.to_owned();
    db.write("insert", move |tx| {
        tx.query_one(
            "INSERT INTO thing (name, amount) VALUES ($1, $2) RETURNING id",
            params![&name, amount],
        )?
        .get("id")
    })
    .await
}

async fn names(db: &Db) -> Vec<String> {
    db.read("names", |tx| {
        tx.query("SELECT name FROM thing ORDER BY name", params![])?
            .iter()
            .map(|row| row.get("name"))
            .collect::<Result<_, DbError>>()
    })
    .await
    .unwrap()
}

async fn values_come_back_as_they_went(test: TestDb) {
    let db = with_schema(&test).await;
    db.write("values", |tx| {
        let card: CardNumber = "00029975".parse().unwrap();
        let day: BusinessDay = "2026-07-14".parse().unwrap();
        let check: CheckId = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3".parse().unwrap();
        let sector: SectorCode = "VN_AUG".parse().unwrap();
        for (name, amount) in [
            ("moment", db::Value::from(now())),
            ("money", Money::from_minor(-950).into()),
            ("vat", VatRate::from_basis_points(550).into()),
            ("truth", true.into()),
            ("largest", i64::MAX.into()),
            ("smallest", i64::MIN.into()),
        ] {
            tx.execute(
                "INSERT INTO thing (name, amount) VALUES ($1, $2)",
                &[name.into(), amount],
            )?;
        }
        for (name, note) in [
            ("card", db::Value::from(&card)),
            ("day", day.into()),
            ("check", check.into()),
            ("sector", (&sector).into()),
            ("hostile", "'; DROP TABLE thing;-- é \u{1F3AB} $1".into()),
            ("empty", "".into()),
            ("nothing", None::<String>.into()),
        ] {
            tx.execute(
                "INSERT INTO thing (name, note) VALUES ($1, $2)",
                &[name.into(), note],
            )?;
        }
        for (name, picture) in [
            ("every byte", Some((0..=u8::MAX).collect::<Vec<_>>())),
            ("no byte", Some(Vec::new())),
            ("no picture", None),
        ] {
            tx.execute(
                "INSERT INTO thing (name, picture) VALUES ($1, $2)",
                params![name, picture.as_deref()],
            )?;
            let sql = "SELECT picture FROM thing WHERE name = $1";
            assert_eq!(tx.value::<Option<Vec<u8>>>(sql, params![name])?, picture);
            assert!(tx.value::<i64>(sql, params![name]).is_err());
        }
        let amount = |tx: &mut db::Tx<'_>, name: &str| {
            tx.query_one("SELECT amount FROM thing WHERE name = $1", params![name])
        };
        assert_eq!(amount(tx, "moment")?.get::<Timestamp>("amount")?, now());
        assert_eq!(amount(tx, "money")?.get::<Money>("amount")?.minor(), -950);
        assert_eq!(
            amount(tx, "vat")?.get::<VatRate>("amount")?,
            VatRate::from_basis_points(550)
        );
        assert!(amount(tx, "truth")?.get::<bool>("amount")?);
        assert_eq!(amount(tx, "largest")?.get::<i64>("amount")?, i64::MAX);
        assert_eq!(amount(tx, "smallest")?.get::<i64>("amount")?, i64::MIN);
        let note = |tx: &mut db::Tx<'_>, name: &str| {
            tx.query_one("SELECT note FROM thing WHERE name = $1", params![name])
        };
        assert_eq!(note(tx, "card")?.get::<CardNumber>("note")?, card);
        assert_eq!(note(tx, "day")?.get::<BusinessDay>("note")?, day);
        assert_eq!(note(tx, "check")?.get::<CheckId>("note")?, check);
        assert_eq!(note(tx, "sector")?.get::<SectorCode>("note")?, sector);
        assert_eq!(
            note(tx, "hostile")?.get::<String>("note")?,
            "'; DROP TABLE thing;-- é \u{1F3AB} $1"
        );
        assert_eq!(
            note(tx, "empty")?.get::<Option<String>>("note")?.as_deref(),
            Some("")
        );
        assert_eq!(note(tx, "nothing")?.get::<Option<String>>("note")?, None);
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
}

async fn parameters_may_repeat_and_come_in_any_order(test: TestDb) {
    let db = with_schema(&test).await;
    let row = db
        .write("order", |tx| {
            tx.execute(
                "INSERT INTO thing (note, amount, name) VALUES ($3, $2, $1)",
                params!["a", 7i64, "x"],
            )?;
            tx.query_one(
                "SELECT note FROM thing WHERE amount = $2 AND name = $1 AND name = $1",
                params!["a", 7i64],
            )
        })
        .await;
    assert_eq!(row.unwrap().get::<String>("note").unwrap(), "x");
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("refused")]
    ByRule,
    #[error(transparent)]
    Db(#[from] DbError),
}

async fn an_error_undoes_everything(test: TestDb) {
    let db = with_schema(&test).await;
    let refused: Result<(), Refused> = db
        .write("refuse", |tx| {
            tx.execute("INSERT INTO thing (name) VALUES ('gone')", params![])?;
            Err(Refused::ByRule)
        })
        .await;
    assert!(matches!(refused, Err(Refused::ByRule)));
    assert!(names(&db).await.is_empty());
}

async fn a_panic_undoes_everything_and_the_database_lives_on(test: TestDb) {
    let db = with_schema(&test).await;
    let panicked: Result<(), DbError> = db
        .write("panic", |tx| {
            tx.execute("INSERT INTO thing (name) VALUES ('gone')", params![])?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(panicked, Err(DbError::Panicked { name: "panic" })));
    insert(&db, "kept", 1).await.unwrap();
    assert_eq!(names(&db).await, ["kept"]);
}

async fn a_swallowed_failure_of_a_statement_is_not_half_committed(test: TestDb) {
    let db = with_schema(&test).await;
    let done: Result<(), DbError> = db
        .write("swallow", |tx| {
            tx.execute("INSERT INTO thing (name) VALUES ('first')", params![])?;
            let failed = tx.execute("INSERT INTO thing (name) VALUES (NULL)", params![]);
            assert!(matches!(failed, Err(DbError::Statement { .. })));
            let after = tx.execute("INSERT INTO thing (name) VALUES ('after')", params![]);
            assert!(after.is_err(), "no statement runs after a failed one");
            Ok(())
        })
        .await;
    assert!(matches!(done, Err(DbError::Statement { .. })));
    assert!(names(&db).await.is_empty());
}

async fn those_who_share_a_commit_do_not_share_a_failure(test: TestDb) {
    let db = with_schema(&test).await;
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write("odd ones fail", move |tx| {
                    tx.execute(
                        "INSERT INTO thing (name) VALUES ($1)",
                        params![format!("{n:02}")],
                    )?;
                    if n % 2 == 1 {
                        return Err(Refused::ByRule);
                    }
                    Ok(())
                })
                .await
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().is_ok(), n % 2 == 0, "{n}");
    }
    let kept: Vec<String> = (0..64).step_by(2).map(|n| format!("{n:02}")).collect();
    assert_eq!(names(&db).await, kept);
}

/// Who reads and then writes, at the same moment as others: the word stands for the
/// one writer of SQLite.
async fn those_who_say_one_word_come_one_after_the_other(test: TestDb) {
    let db = with_schema(&test).await;
    insert(&db, "counter", 0).await.unwrap();
    let start = Arc::new(Barrier::new(16));
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (db, start) = (db.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                for _ in 0..5 {
                    db.write("increment", |tx| {
                        tx.one_at_a_time("counter")?;
                        let amount: i64 = tx
                            .query_one(
                                "SELECT amount FROM thing WHERE name = 'counter'",
                                params![],
                            )?
                            .get("amount")?;
                        tx.execute(
                            "UPDATE thing SET amount = $1 WHERE name = 'counter'",
                            params![amount + 1],
                        )
                    })
                    .await
                    .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let total: i64 = db
        .read("total", |tx| {
            tx.query_one(
                "SELECT CAST(SUM(amount) AS BIGINT) AS total FROM thing",
                params![],
            )?
            .get("total")
        })
        .await
        .unwrap();
    assert_eq!(total, 80);
}

async fn one_process_has_a_right_until_it_lets_go(test: TestDb) {
    let db = with_schema(&test).await;
    let of = |holder: &str| Lease::new(db.clone(), "sales", holder.to_owned());
    let (first, second) = (of("first"), of("second"));
    let at = |seconds: i64| now().plus_ms(seconds * 1_000);
    assert_eq!(first.take(at(0)).await.unwrap(), Held::Still);
    assert_eq!(first.take(at(9)).await.unwrap(), Held::Still);
    if db.is_alone() {
        return;
    }
    assert_eq!(second.take(at(10)).await.unwrap(), Held::Elsewhere);
    // It was not renewed.
    assert_eq!(second.take(at(19)).await.unwrap(), Held::Anew);
    assert_eq!(first.take(at(20)).await.unwrap(), Held::Elsewhere);
    second.release().await.unwrap();
    assert_eq!(first.take(at(21)).await.unwrap(), Held::Anew);
    // A clock was set back by a day.
    assert_eq!(second.take(at(-86_400)).await.unwrap(), Held::Anew);
}

async fn a_name_given_twice_goes_to_one(test: TestDb) {
    let db = with_schema(&test).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write("claim", |tx| {
                    tx.execute(
                        "INSERT INTO thing (name) VALUES ('one') ON CONFLICT (name) DO NOTHING",
                        params![],
                    )
                })
                .await
                .map_err(|error: DbError| error)
                .unwrap()
            })
        })
        .collect();
    let mut claimed = 0;
    for task in tasks {
        claimed += task.await.unwrap();
    }
    assert_eq!(claimed, 1);
}

async fn numbers_are_given_out_upwards(test: TestDb) {
    let db = with_schema(&test).await;
    let first = insert(&db, "a", 1).await.unwrap();
    let second = insert(&db, "b", 2).await.unwrap();
    assert!(0 < first && first < second);
}

async fn text_sorts_bytewise(test: TestDb) {
    let db = with_schema(&test).await;
    for name in ["b", "a", "B", "é", "_", "A", "a1", "10", "9"] {
        insert(&db, name, 0).await.unwrap();
    }
    assert_eq!(
        names(&db).await,
        ["10", "9", "A", "B", "_", "a", "a1", "b", "é"]
    );
}

async fn a_read_cannot_write(test: TestDb) {
    let db = with_schema(&test).await;
    if test.url == db::DbUrl::SqliteMemory {
        // Reads of a database in memory share the writer's connection.
        return;
    }
    let written: Result<u64, DbError> = db
        .read("write", |tx| {
            tx.execute("INSERT INTO thing (name) VALUES ('x')", params![])
        })
        .await;
    assert!(written.is_err());
    assert!(names(&db).await.is_empty());
}

async fn a_wrong_column_or_count_is_an_error_that_shows_no_value(test: TestDb) {
    let db = with_schema(&test).await;
    insert(&db, "secret", 1).await.unwrap();
    insert(&db, "other", 1).await.unwrap();
    let errors = db
        .read("errors", |tx| {
            let row = tx.query_one("SELECT * FROM thing WHERE name = 'secret'", params![])?;
            Ok::<_, DbError>([
                row.get::<i64>("name").unwrap_err(),
                row.get::<String>("nowhere").unwrap_err(),
                row.get::<BusinessDay>("amount").unwrap_err(),
                tx.query_one("SELECT * FROM thing", params![]).unwrap_err(),
                tx.query_one("SELECT * FROM thing WHERE amount = $1", params![5i64])
                    .unwrap_err(),
                tx.query_opt("SELECT * FROM thing WHERE amount = 1", params![])
                    .unwrap_err(),
            ])
        })
        .await
        .unwrap();
    for error in errors {
        assert!(
            matches!(error, DbError::Column { .. } | DbError::RowCount { .. }),
            "{error}"
        );
        assert!(!error.to_string().contains("secret") || matches!(error, DbError::RowCount { .. }));
    }
    let count: Result<_, DbError> = db
        .read("too few", |tx| {
            tx.query("SELECT * FROM thing WHERE name = $1", params![])
        })
        .await;
    assert!(count.is_err());
}

#[derive(Debug, PartialEq)]
struct Named {
    name: String,
    worth: Worth,
}

#[derive(Debug, PartialEq)]
struct Worth {
    minor: Option<i64>,
}

db::from_row! {
    Worth { minor = "amount" }
    Named { name; worth }
}

async fn rows_are_read_as_what_they_are(test: TestDb) {
    let db = with_schema(&test).await;
    insert(&db, "a", 1).await.unwrap();
    insert(&db, "b", 2).await.unwrap();
    db.read("typed", |tx| {
        let b = |minor| Named {
            name: "b".to_owned(),
            worth: Worth { minor },
        };
        let all = "SELECT name, amount FROM thing ORDER BY name DESC";
        assert_eq!(tx.query_as::<Named>(all, params![])?[0], b(Some(2)));
        let one = "SELECT name, amount FROM thing WHERE name = $1";
        assert_eq!(tx.query_opt_as(one, params!["b"])?, Some(b(Some(2))));
        assert_eq!(tx.query_opt_as::<Named>(one, params!["c"])?, None);
        let amounts: Vec<i64> = tx.column("SELECT amount FROM thing ORDER BY id", params![])?;
        assert_eq!(amounts, [1, 2]);
        let count: i64 = tx.value("SELECT COUNT(*) AS n FROM thing", params![])?;
        assert_eq!(count, 2);
        let two = tx.column::<String>(all, params![]).unwrap_err();
        assert!(two.to_string().contains("name, amount"), "{two}");
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
}

async fn sums_of_a_period_are_broken_down(test: TestDb) {
    const DAYS: Sums = Sums {
        table: "counted",
        of: &["seen", "paid"],
    };
    const TABLE: &[Schema] = &[Schema {
        context: "test",
        migrations: &[Migration {
            name: "counted",
            works_from: 1,
            sql: "CREATE TABLE counted (business_day TEXT NOT NULL, place TEXT NOT NULL,
                                        seen BIGINT NOT NULL, paid BIGINT NOT NULL);",
        }],
    }];
    let day = |text: &str| text.parse::<BusinessDay>().unwrap();
    let db = &test.db;
    db.migrate(TABLE, now()).await.unwrap();
    let days = db.read("days", |tx| DAYS.days(tx)).await.unwrap();
    assert_eq!(days, None);
    db.write("counted", |tx| {
        tx.execute(
            "INSERT INTO counted (business_day, place, seen, paid) VALUES
             ('2026-07-13', 'B', 1, 10), ('2026-07-14', 'B', 2, 20), ('2026-07-14', 'A', 3, 0),
             ('2026-07-14', 'C', 1, 5), ('2026-07-15', 'C', -1, -5), ('2026-07-16', 'A', 9, 9)",
            params![],
        )
    })
    .await
    .unwrap();
    let days = db.read("days", |tx| DAYS.days(tx)).await.unwrap();
    assert_eq!(days, Some((day("2026-07-13"), day("2026-07-16"))));
    let (from, to) = (day("2026-07-13"), day("2026-07-15"));
    let rows = db.read("sums", move |tx| DAYS.by(tx, "place", from, to));
    let rows = rows.await.unwrap();
    let read = |row: &db::Row| {
        let name: String = row.get("place").unwrap();
        (
            name,
            row.get::<i64>("seen").unwrap(),
            row.get::<i64>("paid").unwrap(),
        )
    };
    let rows: Vec<_> = rows.iter().map(read).collect();
    assert_eq!(rows, [("A".to_owned(), 3, 0), ("B".to_owned(), 3, 30)]);
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let test = sqlite_on_disk().await;
    let db = with_schema(&test).await;
    insert(&db, "kept", 1).await.unwrap();
    let again = Db::open(&test.url).await.unwrap();
    assert_eq!(names(&again).await, ["kept"]);
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_and_a_password_never_shown() {
    for text in ["", "sqlite:", "mysql://x", "passerelle.db"] {
        assert!(
            matches!(text.parse::<db::DbUrl>(), Err(DbError::Url)),
            "{text}"
        );
    }
    let url: db::DbUrl = "postgres://me:secret@localhost/x".parse().unwrap();
    assert!(!format!("{url:?}").contains("secret"));
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_says_so() {
    let url = db::DbUrl::SqliteFile("/proc/nowhere/passerelle.db".into());
    assert!(matches!(Db::open(&url).await, Err(DbError::Unavailable(_))));
}

#[tokio::test]
async fn a_connection_that_died_is_replaced_before_anyone_notices() {
    let test = db::testing::postgres().await;
    let db = with_schema(&test).await;
    for round in 0..12 {
        let others: Result<_, DbError> = db
            .write("end the other sessions", |tx| {
                tx.query(
                    "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
                     JOIN pg_stat_activity me ON me.pid = pg_backend_pid()
                     WHERE a.pid <> me.pid AND a.application_name = me.application_name",
                    params![],
                )
            })
            .await;
        others.unwrap();
        insert(&db, &format!("{round:02}"), 1).await.unwrap();
    }
    assert_eq!(names(&db).await.len(), 12);
}

#[tokio::test]
async fn those_who_wait_behind_another_process_are_told_together() {
    let test = sqlite_on_disk().await;
    let db = with_schema(&test).await;
    let db::DbUrl::SqliteFile(path) = &test.url else {
        panic!("it is a file");
    };
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let db = db.clone();
            tokio::spawn(async move { insert(&db, &format!("{n}"), 1).await })
        })
        .collect();
    for one in waiting {
        let busy = one.await.unwrap();
        assert!(matches!(busy, Err(DbError::Busy { .. })), "{busy:?}");
    }
    other.execute_batch("ROLLBACK").unwrap();
    insert(&db, "after", 1).await.unwrap();
}
