//! What has become old, and what is left of it.

use db::{Db, DbError, params};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Makes everything in the database so many days older.
pub async fn age(db: &Db, days: i64) {
    let done: Result<(), DbError> = db
        .write("age", move |tx| {
            for (table, column) in [
                ("gate_check", "arrived_at"),
                ("gate_check", "scanned_at"),
                ("box_staged", "received_at"),
                ("box_staged", "controlled_at"),
                ("box_order", "created_at"),
                ("box_ticket", "controlled_at"),
                ("box_stx_file", "created_at"),
                ("box_stx_file", "imported_at"),
            ] {
                let sql = format!("UPDATE {table} SET {column} = {column} - $1");
                tx.execute(&sql, params![days * DAY_MS])?;
            }
            Ok(())
        })
        .await;
    done.unwrap();
}

/// The files below a folder that hold one of the card numbers.
pub fn with_card<T: AsRef<str>>(folder: &Path, cards: &[T]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(with_card(&path, cards));
            continue;
        }
        if !cards_in(&std::fs::read(&path).unwrap(), cards).is_empty() {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Which of these numbers, all equally long, are somewhere in there.
pub fn cards_in<'c, T: AsRef<str>>(bytes: &[u8], cards: &'c [T]) -> BTreeSet<&'c str> {
    let known: HashMap<&[u8], &str> = (cards.iter().map(AsRef::as_ref))
        .map(|card| (card.as_bytes(), card))
        .collect();
    let length = cards[0].as_ref().len();
    assert!(known.keys().all(|card| card.len() == length));
    let windows = bytes.windows(length);
    windows.filter_map(|of| known.get(of).copied()).collect()
}
