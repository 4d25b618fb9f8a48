//! Only `serve` and `apply` bring tables up to date: every other command opens
//! what is there, or says why not.

use super::{alone, database, text};
use rusqlite::Connection;
use std::path::Path;

const COMMANDS: [&[&str]; 7] = [
    &["report", "account"],
    &["reconcile"],
    &["device", "list"],
    &["device", "token", "PDA01"],
    &["sales", "run"],
    &["retention", "run"],
    &["backup", "--to", "never.db"],
];

/// The tables with their definitions, and the steps that were taken.
fn schema(database: &Path) -> Vec<String> {
    let connection = Connection::open(database).unwrap();
    let mut lines = Vec::new();
    for sql in [
        "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY 1",
        "SELECT context || version || sha256 FROM schema_migration ORDER BY 1",
    ] {
        let Ok(mut query) = connection.prepare(sql) else {
            continue;
        };
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        lines.extend(rows.map(Result::unwrap));
    }
    lines
}

#[test]
fn a_database_of_another_version_is_left_as_it_is() {
    let house = alone("");
    let refused = |why: &str| {
        for command in COMMANDS {
            let said = house.refused(command);
            assert!(said.contains(why), "{command:?}: {said}");
        }
    };
    refused("there is no database at");
    let database = database(&house);
    let changed = |sql: &str| {
        let connection = Connection::open(&database).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    for (change, why) in [
        ("PRAGMA journal_mode = WAL", "the database is empty"),
        (
            "DELETE FROM schema_migration WHERE context = 'staff'",
            "an older version of this program (staff schema 0, this version needs 1)",
        ),
        (
            "INSERT INTO schema_migration VALUES ('gate', 99, 'a step of tomorrow', '', 99, 0)",
            "a newer version of this program (gate schema ",
        ),
        (
            "UPDATE schema_migration SET sha256 = 'another' WHERE context = 'boxoffice'",
            "step 1 of the boxoffice schema is not the one that this database took",
        ),
    ] {
        changed(change);
        let before = schema(&database);
        refused(why);
        house.run(&["doctor", "--offline"]);
        let bundle = house.path("bundle.tar");
        house.fine(&["support-bundle", "--offline", "--to", text(&bundle)]);
        assert_eq!(schema(&database), before, "{why}");
        let mark = house.path("passerelle.db.mark");
        for file in [&database, &bundle, &mark] {
            std::fs::remove_file(file).unwrap();
        }
        house.fine(&["apply"]);
    }
}
