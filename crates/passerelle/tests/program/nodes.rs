//! Several services on one database: none knows of another, and each may die at any
//! moment.

use super::{BIN, id};
use crate::old::{age, cards_in, with_card};
use db::{Db, DbError, Migration, Schema, params};
use gate::nodes::Node;
use kernel::{Clock, SystemClock};
use serde_json::{Value, json};
use stage::{Otipass, PATIENCE, Program, SET_UP, client, pass};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const NODES: usize = 3;
const DEVICES: [&str; 2] = ["PDA01", "PDA02"];
/// How many visitors each device has at a time.
const AT_A_TIME: usize = 6;
const KILLS: usize = 6;

/// More of them by hand: `PASSERELLE_TEST_VISITORS=20000`.
fn visitors() -> usize {
    let given = std::env::var("PASSERELLE_TEST_VISITORS");
    given.map_or(360, |count| count.parse().unwrap())
}

/// Not the beginning of a number of an order (10000…), which stays when cards go.
fn card(visitor: usize) -> String {
    stage::card(8_000_000 + visitor)
}

/// What a device hears of a check in the end, and whether it was ever told of an error
/// of the service's own.
struct Told {
    answer: Value,
    failed: bool,
    /// How often a node took it and was gone before its answer.
    lost: usize,
}

/// Sends a check to one node, and to the others if that one does not answer.
async fn told(
    http: reqwest::Client,
    nodes: Arc<Vec<String>>,
    first: usize,
    token: String,
    check: Value,
) -> Told {
    let (mut failed, mut lost) = (false, 0);
    for turn in first.. {
        let url = format!("{}/api/v1/checks", nodes[turn % nodes.len()]);
        let sent = http.post(url).bearer_auth(&token).json(&check).send().await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                lost += usize::from(!error.is_connect());
                continue;
            }
        };
        let status = answer.status().as_u16();
        failed |= status == 500;
        if let Ok(answer) = answer.json().await
            && status == 200
        {
            return Told {
                answer,
                failed,
                lost,
            };
        }
    }
    unreachable!("it goes on for ever")
}

/// The tables as a later version may have them, whose step these programs go on beside.
fn later() -> &'static [Schema] {
    let step = Migration {
        name: "of a later version",
        works_from: gate::SCHEMA.version(),
        sql: "ALTER TABLE gate_check ADD COLUMN later TEXT;\n\
              ALTER TABLE gate_intent ADD COLUMN later BIGINT NOT NULL DEFAULT 0;\n\
              CREATE TABLE gate_later (id BIGINT NOT NULL PRIMARY KEY);",
    };
    let migrations: Vec<_> = gate::SCHEMA
        .migrations
        .iter()
        .copied()
        .chain([step])
        .collect();
    let schemas = books::SCHEMAS.iter().map(|schema| match schema.context {
        "gate" => Schema {
            migrations: migrations.clone().leak(),
            ..*schema
        },
        _ => *schema,
    });
    schemas.collect::<Vec<_>>().leak()
}

/// Everything in the database, as text, without the pseudonyms, whose digits are any.
async fn everything(db: &Db) -> String {
    let read: Result<Vec<String>, DbError> = db
        .read("everything", |tx| {
            let tables: Vec<String> = tx.column(
                "SELECT table_name FROM information_schema.tables
                 WHERE table_schema = current_schema()",
                params![],
            )?;
            let mut all = Vec::new();
            for table in tables {
                let sql = format!("SELECT CAST(t AS TEXT) AS row FROM {table} t");
                all.extend(tx.column::<String>(&sql, params![])?);
            }
            Ok(all)
        })
        .await;
    let text = read.unwrap().join("\n");
    let (first, after) = text.split_once("removed-").unwrap_or((&text, ""));
    let after = after
        .split("removed-")
        .map(|rest| rest.get(40..).unwrap_or_default());
    first.to_owned() + &after.collect::<String>()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_that_are_killed_sell_each_visitor_one_ticket() {
    let count = visitors();
    let visitors = u32::try_from(count).unwrap();
    let database = db::testing::postgres().await;
    let url = database.postgres_url();
    // Whoever asks about one of them twice hears that it is used.
    let passes: String = (0..count).map(|n| pass(&card(n), "active", "1")).collect();
    let otipass = Otipass::forgetful(&passes);
    let configuration = format!(
        "[database]\nurl = {url:?}\n[retention]\ncard_numbers_days = 400\n{}decision_budget_ms = 10000\ncontract = {{ references = \"ignored\" }}\n\
         [external_sales]\nevery_s = 1\n",
        SET_UP.replace("OTIPASS", &otipass.url)
    );
    let mut nodes: Vec<_> = (0..NODES)
        .map(|_| Program::new(BIN, "", &configuration))
        .collect();
    for node in &mut nodes {
        node.start();
    }
    let tokens: BTreeMap<_, _> = DEVICES
        .into_iter()
        .map(|device| (device, nodes[0].token(device)))
        .collect();
    let urls: Arc<Vec<_>> = Arc::new(nodes.iter().map(|node| node.url("")).collect());
    let (http, done) = (client(), Arc::new(AtomicUsize::new(0)));
    let lost = Arc::new(AtomicUsize::new(0));
    let lines = DEVICES.len() * AT_A_TIME;
    let asking: Vec<_> = (0..lines)
        .map(|line| {
            let (http, urls, done) = (http.clone(), Arc::clone(&urls), Arc::clone(&done));
            let lost = Arc::clone(&lost);
            let token = tokens[DEVICES[line % DEVICES.len()]].clone();
            tokio::spawn(async move {
                for visitor in (line..count).step_by(lines) {
                    let now = SystemClock.now();
                    let check =
                        json!({"id": id(u32::try_from(visitor).unwrap()), "code": card(visitor), "scanned_at": now});
                    let at = |node: usize| {
                        let (http, urls) = (http.clone(), Arc::clone(&urls));
                        told(http, urls, node, token.clone(), check.clone())
                    };
                    let first = at(visitor);
                    let told = if visitor % 10 == 0 {
                        let (first, second) = tokio::join!(first, at(visitor + 1));
                        assert_eq!(first.answer["outcome"], second.answer["outcome"]);
                        assert!(!second.failed);
                        lost.fetch_add(second.lost, Ordering::Relaxed);
                        first
                    } else {
                        first.await
                    };
                    assert!(!told.failed, "visitor {visitor}");
                    assert_eq!(told.answer["admitted"], true, "{}", told.answer);
                    lost.fetch_add(told.lost, Ordering::Relaxed);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for kill in 0..KILLS {
        let due = count * (kill + 1) / (KILLS + 1);
        stage::eventually("the visitors come", async || {
            done.load(Ordering::Relaxed) >= due
        })
        .await;
        let node = &mut nodes[kill % NODES];
        node.kill();
        if kill == KILLS / 2 {
            // In the midst of it one of a later version brings the tables up to its own.
            database
                .db
                .migrate(later(), SystemClock.now())
                .await
                .unwrap();
        }
        tokio::task::block_in_place(|| node.start());
    }
    for line in asking {
        line.await.unwrap();
    }
    for node in &nodes {
        node.settle_within(PATIENCE * (1 + visitors / 1_000)).await;
    }
    let books = nodes[1].json(&["reconcile"]);
    assert_eq!(books["unexplained"], 0, "{books}");
    assert_eq!(books["accepted_checks"], count, "{books}");
    assert_eq!(books["tickets"], count, "{books}");
    let there = gate::nodes::list(&database.db, SystemClock.now())
        .await
        .unwrap();
    assert_eq!(there.len(), NODES, "{there:?}");
    let is_there = |node: &Node| node.silent_ms(SystemClock.now()).is_none();
    assert!(there.iter().all(is_there), "{there:?}");
    let asked = otipass.sandbox.log().total;
    // A node that dies takes what it has heard with it.
    let lost = u32::try_from(lost.load(Ordering::Relaxed)).unwrap();
    eprintln!("{count} visitors, {KILLS} kills, {lost} answers lost: {asked:?}");
    assert!(asked.validations <= visitors + lost, "{asked:?}");
    assert!(asked.declarations <= lost, "{asked:?}");

    // After the time of card numbers, none is left: not in the database, and not on the
    // disk of any node.
    age(&database.db, 401).await;
    let cards: Vec<_> = (0..count).map(card).collect();
    assert!(everything(&database.db).await.contains(&cards[0]));
    let removed = nodes[2].fine(&["retention", "run"]);
    assert!(removed.contains(&format!("{count} checks")), "{removed}");
    let left = everything(&database.db).await;
    assert_eq!(cards_in(left.as_bytes(), &cards), BTreeSet::new());
    for node in &nodes {
        assert_eq!(with_card(&node.folder, &cards), Vec::<String>::new());
    }
}

/// What a device of that node hears: whether its sector takes passes, and the site's name.
async fn goes_by(node: &Program, token: &str) -> (bool, String) {
    let request = node.request(reqwest::Method::GET, "/api/v1/device");
    let told = stage::answer(request.bearer_auth(token)).await.json();
    let site = told["site"].as_str().unwrap().to_owned();
    (told["mapped"] == true, site)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_loads_all_go_by_and_a_node_with_older_files_changes_nothing() {
    const FORMER: (bool, &str) = (true, "Musées de Villeneuve");
    const LATER: (bool, &str) = (false, "Musées de la ville");
    let database = db::testing::postgres().await;
    let url = database.postgres_url();
    let otipass = Otipass::open("");
    let set_up = SET_UP.replace("OTIPASS", &otipass.url);
    let configuration = format!("[database]\nurl = {url:?}\n{set_up}");
    let mut nodes: Vec<_> = (0..2)
        .map(|_| Program::new(BIN, "", &configuration))
        .collect();
    for node in &mut nodes {
        node.start();
    }
    let token = nodes[0].token("PDA01");
    let all_go_by = async |nodes: &[Program], (mapped, site): (bool, &str)| {
        stage::eventually("all go by it", async || {
            let expected = (mapped, site.to_owned());
            let first = goes_by(&nodes[0], &token).await == expected;
            first && goes_by(&nodes[1], &token).await == expected
        })
        .await;
    };
    all_go_by(&nodes, FORMER).await;

    nodes[0].replace("site.toml", FORMER.1, LATER.1);
    nodes[0].replace("mapping.json", "\"VN_AUG\"", "\"VN_OTHER\"");
    nodes[0].fine(&["apply"]);
    all_go_by(&nodes, LATER).await;

    nodes[1].stop();
    nodes[1].start();
    all_go_by(&nodes, LATER).await;
    let log = nodes[1].log();
    let told = log.matches("is not the one that was loaded last").count();
    assert_eq!(told, 2, "{log}");
    let examined = nodes[1].run(&["doctor", "--json"]);
    let examined = String::from_utf8(examined.stdout).unwrap();
    assert_eq!(examined.matches("file_not_loaded").count(), 2, "{examined}");

    // Where somebody says so, they hold again.
    nodes[1].fine(&["apply"]);
    all_go_by(&nodes, FORMER).await;
    let examined = nodes[1].run(&["doctor", "--json"]);
    let examined = String::from_utf8(examined.stdout).unwrap();
    assert!(!examined.contains("file_not_loaded"), "{examined}");

    // What the pages took meanwhile gives way to a file that is named again.
    for node in &mut nodes {
        node.stop();
    }
    let named = "mapping = \"mapping.json\"\n";
    nodes[1].replace("passerelle.toml", named, "");
    nodes[1].start();
    let by_page = nodes[1]
        .read("mapping.json")
        .replace("\"VN_AUG\"", "\"VN_OTHER\"");
    let save = move |tx: &mut db::Tx<'_>| gate::site::interface::save_mapping(tx, &by_page);
    database.db.write("page", save).await.unwrap();
    stage::eventually("it goes by the page", async || {
        !goes_by(&nodes[1], &token).await.0
    })
    .await;
    nodes[1].stop();
    nodes[1].replace(
        "passerelle.toml",
        "[set_up]\n",
        &format!("[set_up]\n{named}"),
    );
    nodes[1].start();
    stage::eventually("it goes by its file", async || {
        goes_by(&nodes[1], &token).await.0
    })
    .await;
}
