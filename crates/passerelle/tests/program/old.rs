//! What has become old, and what is left of it.

use db::{Db, DbError, params};
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
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        if cards.iter().any(|card| text.contains(card.as_ref())) {
            found.push(path.display().to_string());
        }
    }
    found
}
