//! Backups of a house at work, and houses made of them.

use super::{alone, at_work, books, check, database, set_up, text};
use crate::BIN;
use serde_json::Value;
use stage::{Program, eventually};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

const CLIENTS: usize = 16;

fn manifest(backup: &Path) -> Value {
    let text = std::fs::read_to_string(format!("{}.json", backup.display())).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The files in a folder.
fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_holds_what_was_answered_and_makes_a_house() {
    let house = Arc::new(at_work(""));
    let token = house.token("PDA01");
    let (next, answered) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(Mutex::new(Vec::new())),
    );
    let enough = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (house, token) = (Arc::clone(&house), token.clone());
            let (next, answered) = (Arc::clone(&next), Arc::clone(&answered));
            let enough = Arc::clone(&enough);
            tokio::spawn(async move {
                while !enough.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let answer = check(&house, &token, number).await;
                    assert_eq!(answer["admitted"], true, "{answer}");
                    answered.lock().unwrap().push(number);
                }
            })
        })
        .collect();
    let many = async |count: usize| {
        let what = format!("{count} are answered");
        eventually(&what, async || answered.lock().unwrap().len() >= count).await;
    };
    many(300).await;
    let before = answered.lock().unwrap().clone();
    let backup = house.path("copy.db");
    let taking = tokio::task::spawn_blocking({
        let (house, backup) = (Arc::clone(&house), backup.clone());
        move || house.fine(&["backup", "--to", text(&backup)])
    });
    let said = taking.await.unwrap();
    assert!(said.contains("read back and whole"), "{said}");
    many(before.len() + 50).await;
    enough.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    let admitted = answered.lock().unwrap().len();
    let manifest = manifest(&backup);
    let kept = manifest["books"]["accepted_checks"].as_u64().unwrap();
    assert!(kept >= before.len() as u64, "{manifest}");
    assert!(kept <= admitted as u64, "{manifest}");
    assert_eq!(manifest["books"]["unexplained"], 0, "{manifest}");

    // Elsewhere, with another Otipass: what was decided is answered again, and
    // what was on its way arrives.
    let mut elsewhere = set_up("");
    let restored = elsewhere.fine(&[
        "restore",
        text(&backup),
        "--to",
        text(&database(&elsewhere)),
    ]);
    assert!(restored.contains("Start the service on it"), "{restored}");
    elsewhere.start();
    for number in before {
        let mut answer = check(&elsewhere, &token, number).await;
        // The test's scan times differ, so a kept id is a conflict.
        assert_eq!(
            answer["code"].take(),
            "check_id_conflict",
            "{number}: {answer}"
        );
    }
    elsewhere.settle().await;
    let books = books(&elsewhere);
    assert_eq!(books["unexplained"], 0, "{books}");
    // Checks that Otipass was being asked about are decided now.
    let kept = kept + manifest["rows"]["gate_intent"].as_u64().unwrap();
    assert_eq!(books["accepted_checks"].as_u64(), Some(kept), "{books}");
    assert_eq!(books["tickets"].as_u64(), Some(kept), "{books}");
}

/// A house at rest with some sales, and a backup of it.
async fn with_backup() -> (Program, PathBuf) {
    let house = at_work("");
    let token = house.token("PDA01");
    for number in 0..5 {
        check(&house, &token, number).await;
    }
    house.settle().await;
    let backup = house.path("copy.db");
    house.fine(&["backup", "--to", text(&backup)]);
    (house, backup)
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_refused_and_makes_nothing() {
    let (house, backup) = with_backup().await;
    let to = house.path("restored.db");
    let whole = std::fs::read(&backup).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let torn = whole[..middle].to_vec();
    for (content, why) in [
        (flipped, "SHA-256"),
        (torn, "bytes"),
        (Vec::new(), "0 bytes"),
    ] {
        std::fs::write(&backup, content).unwrap();
        let said = house.refused(&["restore", text(&backup), "--to", text(&to)]);
        assert!(said.contains("is damaged") && said.contains(why), "{said}");
        assert!(!to.exists());
    }
    std::fs::write(&backup, whole).unwrap();
    let good = manifest(&backup);
    let manifest = house.path("copy.db.json");
    let with = |section: &str, key: &str, value: u32| {
        let mut manifest = good.clone();
        assert!(manifest[section][key].is_u64());
        manifest[section][key] = value.into();
        manifest.to_string()
    };
    // A manifest that was tampered with to fit another file.
    let other = with("rows", "gate_check", 6);
    let newer = with("schemas", "gate", 99);
    for (content, why) in [
        (other, "its rows are not those"),
        (newer, "newer version"),
        ("{".to_owned(), "is no manifest"),
    ] {
        std::fs::write(&manifest, content).unwrap();
        let said = house.refused(&["restore", text(&backup), "--to", text(&to)]);
        assert!(said.contains(why), "{said}");
    }
    std::fs::remove_file(&manifest).unwrap();
    let said = house.refused(&["restore", text(&backup), "--to", text(&to)]);
    assert!(said.contains("copy both"), "{said}");
    assert!(!to.exists());
}

#[tokio::test]
async fn a_database_that_is_there_is_never_lost() {
    let (mut house, backup) = with_backup().await;
    let (from, to) = (text(&backup), database(&house));
    let token = house.token("PDA01");
    check(&house, &token, 5).await;
    house.settle().await;
    for replace in [&["--replace"][..], &[]] {
        let restore = [&["restore", from, "--to", text(&to)], replace].concat();
        let said = house.refused(&restore);
        assert!(said.contains("in use; stop the service"), "{said}");
    }
    house.stop();
    let said = house.refused(&["restore", from, "--to", text(&to)]);
    assert!(said.contains("give --replace"), "{said}");
    assert_eq!(books(&house)["tickets"], 6, "it stands as it stood");
    let url = format!("sqlite:{}", to.display());
    let said = house.fine(&["restore", from, "--to", &url, "--replace"]);
    assert_eq!(books(&house)["tickets"], 5);
    let aside = files(&house.folder);
    let aside = aside
        .iter()
        .find(|name| name.contains(".before-restore-"))
        .unwrap();
    assert!(said.contains(aside), "{said}");
    let aside = house.path(aside);
    // And back again: what was moved aside is all of it.
    std::fs::rename(aside, &to).unwrap();
    assert_eq!(books(&house)["tickets"], 6);
    // One that holds nothing may be replaced.
    let empty = house.path("empty.db");
    std::fs::write(&empty, "").unwrap();
    // A log beside it is another's, and may hold the latest checks.
    let log = house.path("empty.db-wal");
    std::fs::write(&log, "the latest checks").unwrap();
    for replace in [&["--replace"][..], &[]] {
        let said = house.refused(&[&["restore", from, "--to", text(&empty)], replace].concat());
        assert!(said.contains("without its database"), "{said}");
        assert_eq!(std::fs::read(&log).unwrap(), b"the latest checks");
    }
    std::fs::remove_file(&log).unwrap();
    house.fine(&["restore", from, "--to", text(&empty)]);
}

/// Runs a command that may write files of so many blocks of 1,024 bytes, as on a
/// disk that is nearly full.
fn with_room_for(house: &Program, blocks: u32, arguments: &[&str]) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    Command::new("bash")
        .args(["-c", &script, BIN])
        .args(arguments)
        .env("PASSERELLE_CONFIG", house.path("passerelle.toml"))
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_full_disk_leaves_no_half_backup_and_no_half_database() {
    let (house, backup) = with_backup().await;
    let folder = house.path("nearly-full");
    std::fs::create_dir(&folder).unwrap();
    let to = folder.join("copy.db");
    for (arguments, name) in [
        (["backup", "--to", text(&to)].to_vec(), "backup"),
        (
            ["restore", text(&backup), "--to", text(&to)].to_vec(),
            "restore",
        ),
    ] {
        let output = with_room_for(&house, 16, &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains("disk space"), "{name}: {said}");
        assert_eq!(files(&folder), BTreeSet::new(), "{name}");
    }
    // Room for the database, and none for the name: the folder is gone.
    house.fine(&["backup", "--to", text(&folder)]);
    let there = files(&folder);
    assert_eq!(there.len(), 2, "{there:?}");
    let said = house.refused(&["backup", "--to", text(&backup)]);
    assert!(said.contains("exists already"), "{said}");
}

#[tokio::test]
async fn the_service_backs_up_by_itself_and_keeps_so_many() {
    let mut house = at_work("[backup]\nevery_h = 1\nkeep = 2\n");
    let folder = house.path("backup");
    eventually("a backup is complete", async || {
        folder.exists() && files(&folder).iter().any(|f| f.ends_with(".json"))
    })
    .await;
    house.stop();
    let taken = files(&folder);
    assert_eq!(taken.len(), 2, "{taken:?}");
    // The start of the next life finds it young enough.
    house.start();
    let token = house.token("PDA01");
    check(&house, &token, 1).await;
    house.stop();
    assert_eq!(files(&folder), taken);
    // Where nothing can be written, the log is loud and the service goes on.
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    house.start();
    eventually("the log is loud", async || {
        house.log().contains("NO BACKUP")
    })
    .await;
    check(&house, &token, 2).await;
    let metrics = house.get("/metrics").await.text;
    assert!(metrics.contains("passerelle_backups_total{result=\"failed\"} 1"));
}

#[test]
fn postgresql_is_told_its_own_tool() {
    let house = alone("");
    let output = house
        .command(&["backup"])
        .env(
            "PASSERELLE_DATABASE__URL",
            "postgres://me:hidden@db.example.org/p",
        )
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("pg_dump --format=custom"), "{said}");
    assert!(said.contains("postgres://me@db.example.org/p"), "{said}");
    assert!(!said.contains("hidden"), "{said}");
}
