//! The statements behind the pages, as the service itself logs them, and how
//! SQLite goes about each.

use crate::browser::{Visit, Visitor};
use crate::pages::Page;
use crate::seed::DATABASE;
use crate::serve;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use serde_json::Value;
use stage::{PATIENCE, Program};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::Receiver;

/// What only the first and only the last statement behind `/health/ready` say.
const OF_READY: (&str, &str) = ("UPDATE schema_migration", "AS untold");

/// What is told of a statement.
#[derive(Default)]
struct Told<'p> {
    pages: Vec<&'p str>,
    longest_us: u64,
}

/// Asks for each page once and prints the plans of the statements that ran, the
/// longest first.
pub async fn print(house: &mut Program, pages: &[Page]) {
    let log = serve(house, "error,db::statement=trace");
    let mut browser = Visitor::signed_in(house).await;
    let mut statements: BTreeMap<String, Told> = BTreeMap::new();
    for page in pages {
        let visit = &page.visits[0];
        browser.visit(visit).await;
        logged(&log, &mut browser).await;
        browser.visit(visit).await;
        for line in logged(&log, &mut browser).await {
            let Ok(line) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            let (Some(sql), Some(took_us)) = (line["sql"].as_str(), line["took_us"].as_u64())
            else {
                continue;
            };
            let sql: Vec<&str> = sql.split_whitespace().collect();
            let told = statements.entry(sql.join(" ")).or_default();
            told.longest_us = told.longest_us.max(took_us);
            if told.pages.last() != Some(&page.name.as_str()) {
                told.pages.push(&page.name);
            }
        }
    }
    house.kill();
    let mut statements: Vec<_> = statements.into_iter().collect();
    statements.sort_by_key(|(_, told)| std::cmp::Reverse(told.longest_us));
    println!("\nThe statements behind the pages, and how SQLite goes about them:");
    for (sql, told) in statements {
        let others = told.pages.len().saturating_sub(3);
        let mut pages = told.pages[..told.pages.len() - others].join("; ");
        if others > 0 {
            pages += &format!("; and {others} more");
        }
        println!("\n{sql}\n  {} µs; {pages}", told.longest_us);
        for step in plan(&house.path(DATABASE), &sql) {
            println!("  {step}");
        }
    }
}

/// What was logged since this was last asked. What the service logs of a page it
/// logs before it answers; the end is what it logs of another address then.
async fn logged(log: &Receiver<String>, browser: &mut Visitor) -> Vec<String> {
    let ready = Visit::Page("/health/ready".to_owned());
    browser.visit(&ready).await;
    let (first, last) = OF_READY;
    let of_page = lines_before(log, first);
    lines_before(log, last);
    of_page
}

fn lines_before(log: &Receiver<String>, mark: &str) -> Vec<String> {
    std::iter::from_fn(|| {
        let line = log.recv_timeout(PATIENCE);
        Some(line.expect("the service logs what it is asked"))
    })
    .take_while(|line| !line.contains(mark))
    .collect()
}

/// The steps of SQLite's plan, as the service's own connections would have it.
fn plan(database: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(database).unwrap();
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .unwrap();
    let mut explain = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let mut rows = explain.raw_query();
    let mut steps = Vec::new();
    let mut depth: BTreeMap<i64, usize> = BTreeMap::new();
    while let Some(row) = rows.next().unwrap() {
        let (id, parent): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        let detail: String = row.get(3).unwrap();
        let level = depth.get(&parent).map_or(0, |level| level + 1);
        depth.insert(id, level);
        steps.push(format!("{}{detail}", "  ".repeat(level)));
    }
    steps
}
