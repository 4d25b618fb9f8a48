//! PostgreSQL that hangs, moves or is held up: who asks hears of it in time, and
//! nothing has to be started again.

use db::testing::TestDb;
use db::{Db, DbError, DbUrl, Migration, Schema, params};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const SCHEMA: &[Schema] = &[Schema {
    context: "test",
    migrations: &[Migration {
        name: "things",
        works_from: 1,
        sql: "CREATE TABLE thing (name TEXT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL);
              INSERT INTO thing (name, amount) VALUES ('a', 0), ('b', 0);",
    }],
}];

/// Longer than anything here may take: a test that hangs says so.
const HANGS: Duration = Duration::from_secs(30);

/// A way to the server for tests that can be frozen: it takes connections and bytes as
/// a stopped process does, and nothing comes of it.
struct Way {
    address: SocketAddr,
    frozen: watch::Sender<bool>,
}

impl Way {
    async fn open() -> Self {
        let server = crate::server();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let frozen = watch::Sender::new(false);
        let is_frozen = frozen.subscribe();
        tokio::spawn(async move {
            loop {
                let (mut here, _) = listener.accept().await.unwrap();
                let mut is_frozen = is_frozen.clone();
                tokio::spawn(async move {
                    let mut there = TcpStream::connect(server).await.unwrap();
                    let stopped = async {
                        let _ = is_frozen.wait_for(|frozen| *frozen).await.map(drop);
                    };
                    let ended = tokio::select! {
                        biased;
                        () = stopped => false,
                        _ = tokio::io::copy_bidirectional(&mut here, &mut there) => true,
                    };
                    if !ended {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        Self { address, frozen }
    }

    fn freeze(&self) {
        self.frozen.send_replace(true);
    }

    fn thaw(&self) {
        self.frozen.send_replace(false);
    }
}

async fn with_things() -> TestDb {
    let test = db::testing::postgres().await;
    let made = test.db.migrate(SCHEMA, kernel::Timestamp::MIN);
    made.await.unwrap();
    test
}

/// The test's database by other ways, one after the other.
async fn by(test: &TestDb, ways: &[&Way]) -> Db {
    let url = by_url(test, ways, "");
    Db::open(&url).await.unwrap()
}

fn by_url(test: &TestDb, ways: &[&Way], more: &str) -> DbUrl {
    let hosts: Vec<_> = ways.iter().map(|way| way.address.to_string()).collect();
    crate::url_at(test, &hosts.join(","), more)
}

async fn add(db: &Db, name: &'static str) -> Result<u64, DbError> {
    let added = db.write("add", move |tx| {
        tx.execute(
            "UPDATE thing SET amount = amount + 1 WHERE name = $1",
            params![name],
        )
    });
    tokio::time::timeout(HANGS, added).await.expect("it hangs")
}

async fn amount(db: &Db, name: &'static str) -> i64 {
    db.read("amount", move |tx| {
        tx.value::<i64>("SELECT amount FROM thing WHERE name = $1", params![name])
    })
    .await
    .map_err(|error: DbError| error)
    .unwrap()
}

#[tokio::test]
async fn a_frozen_server_is_left_for_the_next() {
    let test = with_things().await;
    let (first, second) = (Way::open().await, Way::open().await);
    let db = by(&test, &[&first, &second]).await;
    add(&db.urgent(), "a").await.unwrap();
    // A page's statement that was under way when it froze is not left to its own long
    // time: connections go elsewhere, and so does it.
    add(&db, "b").await.unwrap();
    first.freeze();
    let (urgent, rest) = (db.urgent(), db.clone());
    let (urgent, rest) = tokio::join!(add(&urgent, "a"), add(&rest, "b"));
    assert_eq!((urgent.unwrap(), rest.unwrap()), (1, 1));
    assert_eq!((amount(&db, "a").await, amount(&db, "b").await), (2, 2));
    // And back.
    first.thaw();
    second.freeze();
    add(&db.urgent(), "a").await.unwrap();
    assert_eq!(amount(&db, "a").await, 3);
}

#[tokio::test]
async fn while_all_are_frozen_everybody_hears_it_and_afterwards_it_works() {
    let test = with_things().await;
    let way = Way::open().await;
    let db = by(&test, &[&way]).await.urgent();
    add(&db, "a").await.unwrap();
    way.freeze();
    let waiting: Vec<_> = (0..40)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { add(&db, "a").await })
        })
        .collect();
    for one in waiting {
        let error = one.await.unwrap().unwrap_err();
        assert!(error.is_of_the_store(), "{error:?}");
    }
    assert!(db.trouble().is_some());
    way.thaw();
    add(&db, "a").await.unwrap();
    assert!(db.trouble().is_none());
    assert_eq!(amount(&db, "a").await, 2);
}

#[tokio::test]
async fn a_commit_without_answer_is_unknown_and_not_done_twice() {
    let test = with_things().await;
    let (first, second) = (Way::open().await, Way::open().await);
    let db = by(&test, &[&first, &second]).await.urgent();
    let freeze = first.frozen.clone();
    let added: Result<u64, DbError> = db
        .write("add", move |tx| {
            let added = tx.execute("UPDATE thing SET amount = amount + 1", params![])?;
            freeze.send_replace(true);
            Ok(added)
        })
        .await;
    assert!(matches!(added, Err(DbError::CommitUnknown(_))), "{added:?}");
    // The server never heard of the commit.
    assert_eq!(amount(&db, "a").await, 0);
}

/// Two transactions that wait for each other: one of them is run again.
#[tokio::test]
async fn a_deadlock_is_no_failure() {
    let test = with_things().await;
    let met = std::sync::Arc::new(std::sync::Barrier::new(2));
    let both = ["ab", "ba"].map(|order| {
        let (db, met) = (test.db.clone(), std::sync::Arc::clone(&met));
        let first = std::sync::atomic::AtomicBool::new(true);
        tokio::spawn(async move {
            db.write("both", move |tx| {
                for name in order.chars() {
                    tx.execute(
                        "UPDATE thing SET amount = amount + 1 WHERE name = $1",
                        params![name.to_string()],
                    )?;
                    // Both have one row, the first time.
                    if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                        met.wait();
                    }
                }
                Ok::<_, DbError>(())
            })
            .await
        })
    });
    for one in both {
        tokio::time::timeout(HANGS, one)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
    assert_eq!(
        (amount(&test.db, "a").await, amount(&test.db, "b").await),
        (2, 2)
    );
}

#[tokio::test]
async fn a_forgotten_transaction_keeps_nobody_else_waiting() {
    let test = with_things().await;
    let (holds, held) = tokio::sync::oneshot::channel();
    let (forget, remembered) = std::sync::mpsc::channel::<()>();
    let (holds, remembered) = (
        std::sync::Mutex::new(Some(holds)),
        std::sync::Mutex::new(remembered),
    );
    let other = test.db.clone();
    let forgotten = tokio::spawn(async move {
        other
            .write("forgotten", move |tx| {
                tx.execute("UPDATE thing SET amount = 9 WHERE name = 'a'", params![])?;
                if let Some(holds) = holds.lock().unwrap().take() {
                    holds.send(()).unwrap();
                    let _ = remembered.lock().unwrap().recv();
                }
                Ok::<_, DbError>(())
            })
            .await
    });
    held.await.unwrap();
    let db = test.db.urgent();
    let (blocked, free) = tokio::join!(add(&db, "a"), add(&db, "b"));
    assert!(blocked.unwrap_err().is_of_the_store());
    assert_eq!(free.unwrap(), 1);
    assert!(db.trouble().is_none(), "the database works");
    drop(forget);
    forgotten.await.unwrap().unwrap();
    add(&db, "a").await.unwrap();
    assert_eq!(amount(&db, "a").await, 10);
}

#[tokio::test]
async fn behind_a_pooler_no_statement_needs_its_connection_again() {
    let test = with_things().await;
    let way = Way::open().await;
    let pooled = Db::open(&by_url(&test, &[&way], "&pgbouncer=true"))
        .await
        .unwrap();
    for _ in 0..3 {
        add(&pooled, "a").await.unwrap();
    }
    let rows = pooled.read("rows", |tx| {
        let prepared = tx.query("SELECT name FROM pg_prepared_statements", params![])?;
        let none: Option<String> = None;
        let some = tx.query(
            "SELECT name, amount FROM thing WHERE amount > $1 AND name = COALESCE($2, name)
             ORDER BY name LIMIT $3",
            params![0i64, none, 5i64],
        )?;
        Ok::<_, DbError>((prepared.len(), some.len()))
    });
    assert_eq!(rows.await.unwrap(), (0, 1));
}

#[tokio::test]
async fn what_is_wrong_with_a_url_is_said() {
    for (url, said) in [
        (
            "postgres://u@127.0.0.1/x?pgbouncer=1",
            "pgbouncer is true or false",
        ),
        ("postgres://u@/x", "names no host"),
        (
            "postgres://u@127.0.0.1/x?sslrootcert=/nowhere.pem",
            "/nowhere.pem",
        ),
    ] {
        let error = Db::open(&DbUrl::Postgres(url.to_owned()))
            .await
            .unwrap_err();
        let told = kernel::causes(&error);
        assert!(told.contains(said), "{url}: {told}");
    }
}
