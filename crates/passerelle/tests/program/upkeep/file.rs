//! The files of a house: who may read them, and what happens when they go.

use super::{alone, at_work, check, database, set_up, text};
use crate::BIN;
use db::snapshot::InUse;
use reqwest::Method;
use serde_json::json;
use stage::{Program, eventually};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files in a folder and in those within.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => BTreeSet::from([path]),
        })
        .collect()
}

/// The same command, where whatever is made may be read and written by all.
fn for_all(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

fn run_for_all(house: &Program, arguments: &[&str]) {
    let output = for_all(&house.command(arguments)).output().unwrap();
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{output:?}"
    );
}

#[tokio::test]
async fn what_a_house_writes_is_for_its_owner_only() {
    let mut house = set_up("");
    let before = files(&house.folder);
    let mut service = for_all(&house.command(&["serve"]));
    house.start_as(&mut service);
    let token = house.token("PDA01");
    for number in 0..5 {
        check(&house, &token, number).await;
    }
    house.settle().await;
    let exported = house.path("exported");
    let export = ["sales", "export", "--all", "--to", text(&exported)];
    run_for_all(&house, &export);
    let written = files(&exported);
    let sold = written.iter().find(|path| text(path).ends_with(".stx.csv"));
    // A file that comes back with a row that nobody can take leaves a report.
    let junk = house.path("junk.stx.csv");
    let sold = std::fs::read_to_string(sold.expect("a file of sales")).unwrap();
    let header = sold.lines().next().unwrap();
    std::fs::write(&junk, format!("{header}\njunk\n")).unwrap();
    run_for_all(&house, &["sales", "import", text(&junk)]);
    run_for_all(&house, &export);
    let said = house.refused(&["sales", "export", "99", "--to", text(&exported)]);
    assert!(said.contains("there is no STX_File 99"), "{said}");
    run_for_all(&house, &["backup", "--to", text(&house.path("copy.db"))]);
    let bundle = house.path("bundle.tar");
    run_for_all(
        &house,
        &["support-bundle", "--offline", "--to", text(&bundle)],
    );
    let restored = house.path("restored.db");
    let restore = [
        "restore",
        text(&house.path("copy.db")),
        "--to",
        text(&restored),
    ]
    .map(str::to_owned);
    run_for_all(&house, &restore.each_ref().map(String::as_str));
    let mut seen = Vec::new();
    for path in files(&house.folder) {
        if before.contains(&path) || path == junk {
            continue;
        }
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
        seen.push(text(&path).to_owned());
    }
    for suffix in [
        "passerelle.db",
        "-wal",
        "-shm",
        ".stx.csv",
        ".report.csv",
        "copy.db",
        "copy.db.json",
        "bundle.tar",
        "restored.db",
    ] {
        assert!(
            seen.iter().any(|name| name.ends_with(suffix)),
            "{suffix}: {seen:?}"
        );
    }
}

#[test]
fn what_an_earlier_version_left_open_is_closed() {
    let mut house = alone("");
    house.fine(&["apply"]);
    let open = |path: &Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    };
    let backups = house.path("backup");
    let left = [
        database(&house),
        backups.join("passerelle-20260714T070000.db"),
        backups.join("passerelle-20260714T070000.db.json"),
    ];
    std::fs::create_dir_all(&backups).unwrap();
    for path in &left {
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        open(path);
    }
    house.start();
    for path in left {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn no_empty_database_takes_the_place_of_one_whose_folder_is_gone() {
    let mut house = alone("");
    let backups = house.path("backup");
    std::fs::create_dir_all(&backups).unwrap();
    let backup = backups.join("passerelle-20260714T070000.db");
    std::fs::write(&backup, "").unwrap();
    for command in ["serve", "apply"] {
        let said = house.refused(&[command]);
        assert!(
            said.contains("none is made in its place") && said.contains(text(&backup)),
            "{said}"
        );
        assert!(!database(&house).exists());
    }
    std::fs::remove_file(&backup).unwrap();
    house.start();
}

#[test]
fn a_database_by_another_name_is_the_same() {
    let mut house = alone("");
    house.start();
    let link = house.path("link.db");
    std::os::unix::fs::symlink(database(&house), &link).unwrap();
    let second = house
        .command(&["serve"])
        .env(
            "PASSERELLE_DATABASE__URL",
            format!("sqlite:{}", link.display()),
        )
        .env("PASSERELLE_SERVER__LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(said.contains("works on"), "{said}");
}

/// Until the service says that its database is gone: so long and no longer.
async fn noticed(house: &Program) {
    eventually("the log says so", async || {
        house
            .log()
            .contains("is no longer the file that was opened")
    })
    .await;
    let ready = house.get("/health/ready").await;
    assert_eq!(ready.status, 503, "{}", ready.text);
    assert!(
        ready.text.contains("deleted, moved or replaced"),
        "{}",
        ready.text
    );
}

#[tokio::test]
async fn a_database_that_is_moved_under_the_service_admits_nobody() {
    let mut house = at_work("");
    let token = house.token("PDA01");
    assert_eq!(check(&house, &token, 0).await["admitted"], true);
    let (there, elsewhere) = (database(&house), house.path("elsewhere.db"));
    std::fs::rename(&there, &elsewhere).unwrap();
    let refused = check(&house, &token, 1).await;
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&json!(503), &json!("unavailable"))
    );
    noticed(&house).await;
    // Its log lies there; what was restored beside it would swallow that.
    std::fs::rename(&elsewhere, &there).unwrap();
    eventually("it is ready again", async || {
        house.get("/health/ready").await.status == 200
    })
    .await;
    assert_eq!(check(&house, &token, 1).await["admitted"], true);
    house.settle().await;
    house.stop();
    assert_eq!(super::books(&house)["accepted_checks"], 2);
}

#[tokio::test]
async fn a_database_that_is_gone_is_not_made_again() {
    let mut house = at_work("");
    let token = house.token("PDA01");
    check(&house, &token, 0).await;
    house.settle().await;
    let backup = house.path("copy.db");
    house.fine(&["backup", "--to", text(&backup)]);
    let there = database(&house);
    std::fs::remove_file(&there).unwrap();
    // Nobody asks for anything: it is noticed all the same.
    noticed(&house).await;
    let restore = ["restore", text(&backup), "--to", text(&there)];
    let said = house.refused(&restore);
    assert!(said.contains("in use; stop the service"), "{said}");
    house.kill();
    let said = house.refused(&["serve"]);
    assert!(said.contains("none is made in its place"), "{said}");
    assert!(house.run(&["doctor", "--offline"]).status.code() == Some(1));
    assert!(!there.exists());
    let said = house.refused(&restore);
    assert!(
        said.contains("passerelle.db-wal lies there without its database"),
        "{said}"
    );
    for suffix in ["-wal", "-shm"] {
        std::fs::remove_file(format!("{}{suffix}", there.display())).unwrap();
    }
    house.fine(&restore);
    house.start();
    eventually("the new process answers", async || {
        let asked = house.request(Method::GET, "/health/ready").send();
        asked.await.is_ok_and(|answer| answer.status().is_success())
    })
    .await;
    house.stop();
    // Anew, on purpose.
    std::fs::remove_file(&there).unwrap();
    house.refused(&["serve"]);
    std::fs::remove_file(house.path("passerelle.db.mark")).unwrap();
    house.start();
}

#[test]
fn a_second_service_on_the_same_database_stops() {
    let house = at_work("");
    let mut second = house.command(&["serve"]);
    second.env("PASSERELLE_SERVER__LISTEN", "127.0.0.1:0");
    let output = second.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("another service works on the database"),
        "{said}"
    );
}

#[tokio::test]
async fn a_long_log_is_emptied_when_it_is_quiet() {
    let house = at_work("");
    let token = house.token("PDA01");
    let log = house.path("passerelle.db-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let mut number = 0;
    while length() < 2 << 20 {
        check(&house, &token, number).await;
        number += 1;
    }
    eventually("the log is short", async || length() < 1 << 20).await;
}

/// Overwrites the first page of a table with zeros, as a disk does.
async fn damage(file: &Path, table: &'static str) {
    // What is still in the log goes into the file.
    assert_eq!(db::snapshot::in_use(file).unwrap(), InUse::No);
    let db = db::Db::open_read_only(file).await.unwrap();
    let place = db.read("place", move |tx| {
        tx.value::<i64>(
            "SELECT rootpage FROM sqlite_schema WHERE name = $1",
            &[table.into()],
        )
    });
    let page: Result<i64, db::DbError> = place.await;
    let page = page.unwrap();
    let mut bytes = std::fs::read(file).unwrap();
    let at = (usize::try_from(page).unwrap() - 1) * 4_096;
    bytes[at..at + 4_096].fill(0);
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_database_is_not_ready_and_the_doctor_says_so() {
    let mut house = at_work("");
    let token = house.token("PDA01");
    check(&house, &token, 0).await;
    house.settle().await;
    house.stop();
    let fine = house.run(&["doctor", "--offline"]);
    let fine = String::from_utf8(fine.stdout).unwrap();
    assert!(fine.contains("✔ Database"), "{fine}");
    damage(&database(&house), "gate_check").await;
    let said = house.run(&["doctor", "--offline"]);
    assert_eq!(said.status.code(), Some(1));
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("database_damaged"), "{said}");
    house.start();
    let refused = check(&house, &token, 1).await;
    assert_eq!(refused["status"], 503, "{refused}");
    let ready = house.get("/health/ready").await;
    assert_eq!(ready.status, 503, "{}", ready.text);
}

#[tokio::test]
async fn a_full_disk_is_not_ready() {
    let mut house = set_up("");
    house.fine(&["apply"]);
    let serve = house.command(&["serve"]);
    let mut shell = Command::new("bash");
    shell.args([
        "-c",
        "trap '' XFSZ; ulimit -f 1400; exec \"$0\" \"$@\"",
        BIN,
        "serve",
    ]);
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let token = house.token("PDA01");
    house.start_as(&mut shell);
    let mut number = 0;
    let refused = loop {
        let answer = check(&house, &token, number).await;
        if answer["admitted"] != true {
            break answer;
        }
        number += 1;
    };
    assert_eq!(refused["status"], 503, "{refused}");
    let ready = house.get("/health/ready").await;
    assert_eq!(ready.status, 503, "{}", ready.text);
}
