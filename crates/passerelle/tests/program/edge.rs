//! Turnstiles, server and the lines between them as real processes, while lines
//! break, processes are killed and a disk is full.
//!
//! Whoever was told OPEN has exactly one control barcode, ticket, order and
//! account line; nobody else has; nothing is left anywhere.

mod program;
mod proxy;
mod turnstile;

use crate::BIN;
use db::{Db, DbError, DbUrl, params};
use proxy::Line;
use stage::{Program, SET_UP, card, pass, wait};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use turnstile::{Disk, Turnstile};

const VISITORS: usize = 1_000;
/// Two scanners at each turnstile.
const LANES: usize = 2;
/// Something happens to a lane's turnstile or to the server each time so many
/// of its visitors have passed.
const CALM: usize = 9;

/// Short, so that a silent Otipass costs the test little.
const BUDGET_MS: u32 = 300;
/// Longer than that.
const SLOW_MS: u64 = 450;

/// Waits until `holds`, at most a minute.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// What a visitor was told in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Open,
    Closed,
}

/// The server at work, and every tenth visitor's pass is blocked.
fn open() -> Program {
    let status = |visitor| match visitor % 10 {
        9 => "invalid",
        _ => "active",
    };
    let passes = (0..VISITORS).map(|visitor| pass(&card(visitor), status(visitor), "1"));
    let configuration =
        format!("{SET_UP}decision_budget_ms = {BUDGET_MS}\n[external_sales]\nevery_s = 1\n");
    Program::at_work(BIN, &passes.collect::<String>(), &configuration)
}

#[test]
fn a_thousand_visitors_none_lost_none_twice() {
    // Another one for an hour of looking for trouble.
    let seed =
        std::env::var("TURNSTILE_TEST_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    let house = open();
    let turnstiles = [
        Turnstile::start(&house, "PDA01", Disk::Small),
        Turnstile::start(&house, "PDA02", Disk::Large),
    ];
    let (house, kills) = (Mutex::new(house), AtomicUsize::new(0));
    let told: Mutex<BTreeMap<String, Told>> = Mutex::default();
    std::thread::scope(|scope| {
        for lane in 0..turnstiles.len() * LANES {
            let (house, kills, told) = (&house, &kills, &told);
            let turnstile = &turnstiles[lane % turnstiles.len()];
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed + lane as u64);
                let visitors = (0..VISITORS).skip(lane).step_by(4);
                for (count, visitor) in visitors.enumerate() {
                    let pass = card(visitor);
                    let mut answer = None;
                    if count % CALM == CALM - 1 {
                        answer = something_happens(&mut random, (house, kills), turnstile, &pass);
                    }
                    let answer = answer.unwrap_or_else(|| turnstile.let_pass(&pass));
                    told.lock().unwrap().insert(pass, answer);
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    assert_eq!(told.len(), VISITORS);

    // Everything is put right, and everything drains.
    for turnstile in &turnstiles {
        turnstile.line(Line::Open);
        turnstile.empty_disk();
        turnstile.until_status("the journal is sent", |status| {
            status["mode"] == "online"
                && status["unsent"] == 0
                && status["unsent_cancellations"] == 0
        });
    }
    let house = house.into_inner().unwrap();
    house.otipass.sandbox.set_faults(Vec::new()).unwrap();
    wait(house.settle());
    let set_aside: Vec<_> = turnstiles
        .iter()
        .map(|t| t.status()["set_aside"].clone())
        .collect();
    assert_eq!(set_aside, [0, 0], "the server took everything");
    let books = house.json(&["reconcile"]);
    assert_eq!(books["unexplained"], 0, "{books:#}");

    let expected: BTreeMap<String, [i64; 4]> = told
        .iter()
        .filter(|(_, told)| **told == Told::Open)
        .map(|(pass, _)| (pass.clone(), [1; 4]))
        .collect();
    assert!(expected.len() > VISITORS / 2, "{}", expected.len());
    assert!(expected.len() < VISITORS, "some were refused");
    let found = books_by_pass(&house);
    let wrong: Vec<_> = expected
        .iter()
        .filter(|(pass, counts)| found.get(*pass) != Some(*counts))
        .map(|(pass, _)| (pass, found.get(pass)))
        .collect();
    assert_eq!(wrong, [], "was told OPEN, and has not one of each");
    let others: Vec<_> = found
        .keys()
        .filter(|p| !expected.contains_key(*p))
        .collect();
    assert_eq!(others, [] as [&String; 0], "was not told OPEN");
    let (killed, failures) = (kills.into_inner(), turnstiles.map(|t| t.kills()));
    eprintln!(
        "seed {seed}: {} let in; kills: server {killed}, turnstiles {failures:?}",
        expected.len()
    );
    assert!(killed > 0 && failures.iter().all(|kills| *kills > 0));
}

/// One thing goes wrong, or is put right. Perhaps the next visitor has an answer
/// already.
fn something_happens(
    random: &mut fastrand::Rng,
    (house, kills): (&Mutex<Program>, &AtomicUsize),
    turnstile: &Turnstile,
    next_visitor: &str,
) -> Option<Told> {
    match random.u8(..20) {
        0 => turnstile.line(Line::Cut),
        1 => turnstile.line(Line::Slow(random.u64(1..60))),
        2 => turnstile.line(Line::AnswersLost),
        3 => turnstile.line(Line::BlackHole),
        4..7 => return turnstile.kill_while(next_visitor, random.u64(..4_000)),
        7 | 8 => {
            let mut house = house.lock().unwrap();
            house.kill();
            house.start();
            kills.fetch_add(1, Ordering::Relaxed);
        }
        9 => turnstile.fill_disk(),
        10 => turnstile.empty_disk(),
        11 => house.lock().unwrap().otipass.delay(SLOW_MS),
        12 => {
            let house = house.lock().unwrap();
            house.otipass.sandbox.set_faults(Vec::new()).unwrap();
        }
        _ => {
            turnstile.line(Line::Open);
            turnstile.until_status("it finds back", |status| status["mode"] == "online");
        }
    }
    None
}

/// For each pass with an accepted check: how many control barcodes,
/// tickets, orders and account lines there are.
fn books_by_pass(house: &Program) -> BTreeMap<String, [i64; 4]> {
    let url = DbUrl::SqliteFile(house.path("passerelle.db"));
    wait(async {
        let db = Db::open(&url).await.unwrap();
        db.read("books by pass", |tx| {
            let rows = tx.query(
                "SELECT c.card, COUNT(b.barcode) AS barcodes, COUNT(t.id) AS tickets,
                        COUNT(DISTINCT t.order_id) AS orders, COUNT(a.id) AS account_lines
                 FROM gate_check c
                 LEFT JOIN gate_control_barcode b ON b.check_id = c.check_id
                 LEFT JOIN box_ticket t ON t.barcode = b.barcode
                 LEFT JOIN box_account_line a ON a.ticket_id = t.id
                 WHERE c.admitted = 1 GROUP BY c.card",
                params![],
            )?;
            let mut books = BTreeMap::new();
            for row in rows {
                let counts = [
                    row.get("barcodes")?,
                    row.get("tickets")?,
                    row.get("orders")?,
                    row.get("account_lines")?,
                ];
                books.insert(row.get::<String>("card")?, counts);
            }
            Ok::<_, DbError>(books)
        })
        .await
        .unwrap()
    })
}
