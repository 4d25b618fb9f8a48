//! The end of card numbers, down to the bytes on the disk.

use super::{CARDS, alone, at_work, books, check, database, text};
use crate::old::{age, with_card};
use db::{Db, DbUrl};
use serde_json::Value;

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
    let db = Db::open(&DbUrl::SqliteFile(database(&house)))
        .await
        .unwrap();
    age(&db, 401).await;
    drop(db);
    let before = books(&house);
    let dry = run(&["--dry-run"]);
    assert_eq!(dry["checks"], 40);
    assert_eq!(dry["tickets"], 40);
    assert!(!with_card(&house.folder, &CARDS).is_empty());
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
    assert_eq!(with_card(&house.folder, &CARDS), Vec::<String>::new());
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
