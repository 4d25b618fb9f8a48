//! Durable writes a second with group commit, against one commit for each.
//! `cargo xtask bench db`

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use db::{Db, DbError, DbUrl, params};
use kernel::{Clock, SystemClock};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const RUN: Duration = Duration::from_secs(3);
const WRITERS: [usize; 4] = [1, 16, 64, 256];
const TABLE: &str = "CREATE TABLE written (id TEXT NOT NULL PRIMARY KEY, writer BIGINT NOT NULL)";
const INSERT: &str = "INSERT INTO written (id, writer) VALUES ($1, $2)";
const SCHEMA: &[db::Schema] = &[db::Schema {
    context: "bench",
    migrations: &[db::Migration {
        name: "written",
        works_from: 1,
        sql: TABLE,
    }],
}];

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir_in(".").unwrap();
    println!("Durable writes a second, for {} s each\n", RUN.as_secs());
    println!(
        "fdatasync of 4 KiB: {} µs (median of 200)\n",
        fdatasync_us(folder.path())
    );
    println!("writers  one commit each  group commit  ratio");
    for writers in WRITERS {
        let alone =
            one_commit_each(&folder.path().join(format!("alone-{writers}.db")), writers).await;
        let url = DbUrl::SqliteFile(folder.path().join(format!("group-{writers}.db")));
        let grouped = through_db(&url, writers).await;
        print_row(writers, alone, grouped);
    }
    if let Ok(server) = std::env::var("PASSERELLE_TEST_POSTGRES") {
        println!("\nPostgreSQL, which gathers commits by itself: writers, writes a second");
        for writers in WRITERS {
            let writes = through_db(&DbUrl::Postgres(server.clone()), writers).await;
            println!("{writers:7}  {writes:15}");
        }
    }
}

fn print_row(writers: usize, alone: u64, grouped: u64) {
    let tenths = grouped * 10 / alone.max(1);
    println!(
        "{writers:7}  {alone:15}  {grouped:12}  {:3}.{}",
        tenths / 10,
        tenths % 10
    );
}

fn fdatasync_us(folder: &Path) -> u128 {
    use std::io::Write;
    let mut file = std::fs::File::create(folder.join("sync")).unwrap();
    let mut times: Vec<_> = (0..200)
        .map(|_| {
            file.write_all(&[0; 4096]).unwrap();
            let start = Instant::now();
            file.sync_data().unwrap();
            start.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The same statement through [`Db`].
async fn through_db(url: &DbUrl, writers: usize) -> u64 {
    let db = Db::open(url).await.unwrap();
    db.migrate(SCHEMA, SystemClock.now()).await.unwrap();
    db.write("empty", |tx| tx.execute("DELETE FROM written", params![]))
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    let written = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + RUN;
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (db, written) = (db.clone(), Arc::clone(&written));
            tokio::spawn(async move {
                let mut number = 0;
                while Instant::now() < end {
                    let id = format!("{writer}-{number}");
                    let writer = i64::try_from(writer).unwrap();
                    db.write("insert", move |tx| tx.execute(INSERT, params![&id, writer]))
                        .await
                        .map_err(|error: DbError| error)
                        .unwrap();
                    number += 1;
                    written.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    written.load(Ordering::Relaxed) / RUN.as_secs()
}

/// What it is measured against: each writer commits for itself, one after the
/// other, with the same settings.
async fn one_commit_each(path: &Path, writers: usize) -> u64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {TABLE}"
        ))
        .unwrap();
    let connection = Arc::new(Mutex::new(connection));
    let written = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + RUN;
    let threads: Vec<_> = (0..writers)
        .map(|writer| {
            let (connection, written) = (Arc::clone(&connection), Arc::clone(&written));
            std::thread::spawn(move || {
                let mut number = 0;
                while Instant::now() < end {
                    let connection = connection.lock().unwrap();
                    let mut insert = connection
                        .prepare_cached("INSERT INTO written (id, writer) VALUES (?1, ?2)")
                        .unwrap();
                    insert
                        .execute((format!("{writer}-{number}"), i64::try_from(writer).unwrap()))
                        .unwrap();
                    number += 1;
                    written.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    written.load(Ordering::Relaxed) / RUN.as_secs()
}
