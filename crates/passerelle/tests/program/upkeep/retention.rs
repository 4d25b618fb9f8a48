//! The end of card numbers, down to the bytes on the disk.

use super::{CARDS, alone, at_work, books, check, database, text};
use db::{Db, DbError, DbUrl, params};
use serde_json::Value;
use std::path::Path;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Makes everything in the database so many days older.
async fn age(database: &Path, days: i64) {
    let db = Db::open(&DbUrl::SqliteFile(database.to_owned()))
        .await
        .unwrap();
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
fn with_card(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(with_card(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        if CARDS.iter().any(|card| text.contains(card)) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn card_numbers_go_from_the_disk_and_the_books_agree() {
    let mut house = at_work("");
    let token = house.token("PDA01");
    for number in 0..40 {
        check(&house, &token, number).await;
    }
    house.settle().await;
    house.stop();
    let run = |arguments: &[&str]| -> Value {
        let arguments = [&["retention", "run", "--format", "json"], arguments].concat();
        serde_json::from_str(&house.fine(&arguments)).unwrap()
    };
    assert_eq!(run(&[])["checks"], 0, "nothing is old enough");
    age(&database(&house), 401).await;
    let before = books(&house);
    let dry = run(&["--dry-run"]);
    assert_eq!(dry["checks"], 40);
    assert_eq!(dry["tickets"], 40);
    assert!(!with_card(&house.folder).is_empty());
    let wet = run(&[]);
    assert_eq!(wet["checks"], 40);
    assert!(wet["files"].as_u64().unwrap() > 0, "{wet}");
    // Without its number nobody sees that a card came again and again.
    let mut after = books(&house);
    let runs = std::mem::replace(
        &mut after["runs_of_one_card"],
        before["runs_of_one_card"].clone(),
    );
    assert_eq!(after, before);
    after["runs_of_one_card"] = runs;
    // Unused space of the file may hold pieces; a copy has none.
    let (copy, database) = (house.path("copy.db"), database(&house));
    house.fine(&["backup", "--to", text(&copy)]);
    house.fine(&["restore", text(&copy), "--to", text(&database), "--replace"]);
    let aside = std::fs::read_dir(&house.folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| text(path).contains("before-restore"));
    std::fs::remove_file(aside.unwrap()).unwrap();
    assert_eq!(with_card(&house.folder), Vec::<String>::new());
    assert_eq!(books(&house), after);
    assert_eq!(run(&[])["checks"], 0);
    let said = house.fine(&["retention", "run"]);
    assert!(said.contains("older than 400 days"), "{said}");
}

#[test]
fn a_time_that_is_too_short_or_none_is_told() {
    for (days, why) in [(7, "card_numbers_days = 30 or more"), (0, "stay for ever")] {
        let more = format!("[retention]\ncard_numbers_days = {days}\n");
        let house = alone(&more);
        let said = house.refused(&["retention", "run"]);
        assert!(said.contains(why), "{said}");
    }
}
