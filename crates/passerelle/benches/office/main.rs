//! How long each page and report of the back office takes on the database of a
//! year. `cargo xtask bench office`; `cargo xtask bench office -- 100000` for a
//! smaller year.
//!
//! The service is a process of its own on SQLite on disk, asked over HTTP with a
//! real session. The database is kept under `target/tmp` for the next run of the
//! same day. Afterwards a service that logs its statements is asked for each page
//! once more, and the plan of each statement is printed.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod browser;
mod pages;
mod plans;
mod seed;

use browser::Visitor;
use kernel::{BusinessDay, Clock, SystemClock, Zone};
use pages::Page;
use stage::{Program, SET_UP};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

const CHECKS: i64 = 5_000_000;
/// How often each page is asked for, after some that do not count.
const VISITS: usize = 40;
const WARM_UP: usize = 3;
/// A page that is kept for five seconds is asked for less often, after it is
/// forgotten.
const VISITS_OF_KEPT: usize = 10;
const FORGOTTEN: Duration = Duration::from_millis(5_100);
/// What each page is to stay below.
const AIM: Duration = Duration::from_millis(300);

#[tokio::main]
async fn main() {
    let checks = std::env::args()
        .find_map(|word| word.parse().ok())
        .unwrap_or(CHECKS);
    let zone: Zone = "Europe/Paris".parse().unwrap();
    let last = zone.business_day(SystemClock.now());
    let mut house = built(checks, last, &zone);
    let database = house.path(seed::DATABASE);
    let size = std::fs::metadata(&database).unwrap().len();
    println!("Database: {} MB", size / 1_000_000);

    let (pages, unknown) = pages::pages(&database, last);
    let _log = serve(&mut house, "error");
    let mut browser = Visitor::signed_in(&mut house).await;
    println!(
        "\n{:52} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "page", "first ms", "p50 ms", "p95 ms", "longest", "kB"
    );
    let mut slow = 0;
    for page in &pages {
        let measured = measure(&mut browser, page).await;
        slow += usize::from(measured.p95 > AIM);
        measured.print(&page.name);
    }
    for path in unknown {
        println!("{path:52} not measured: nobody says in `pages.rs` what {{…}} stands for");
    }
    println!(
        "\n{slow} of {} over {} ms at the 95th percentile",
        pages.len(),
        AIM.as_millis()
    );
    house.kill();

    let begun = Instant::now();
    let reconciled = house.run(&["reconcile"]);
    println!(
        "\npasserelle reconcile, {:.0?}, {}:\n{}",
        begun.elapsed(),
        reconciled.status,
        String::from_utf8_lossy(&reconciled.stdout)
    );
    plans::print(&mut house, &pages).await;
}

struct Measured {
    /// The longest of the first looks, which may read from the disk.
    first: Duration,
    p50: Duration,
    p95: Duration,
    longest: Duration,
    bytes: usize,
    status: u16,
}

async fn measure(browser: &mut Visitor, page: &Page) -> Measured {
    let (warm_up, visits) = if page.kept {
        (1, VISITS_OF_KEPT)
    } else {
        // Each address once, whatever it holds.
        (WARM_UP.max(page.visits.len()), VISITS)
    };
    let mut first = Duration::ZERO;
    let mut times = Vec::new();
    let (mut bytes, mut status) = (0, 200);
    for (number, visit) in page
        .visits
        .iter()
        .cycle()
        .take(warm_up + visits)
        .enumerate()
    {
        if page.kept {
            tokio::time::sleep(FORGOTTEN).await;
        }
        let answer = browser.visit(visit).await;
        if answer.status != 200 {
            status = answer.status;
        }
        bytes = bytes.max(answer.bytes);
        if number >= warm_up {
            times.push(answer.took);
        } else {
            first = first.max(answer.took);
        }
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
    Measured {
        first,
        p50: at(50),
        p95: at(95),
        longest: at(100),
        bytes,
        status,
    }
}

impl Measured {
    fn print(&self, name: &str) {
        let ms = |time: Duration| format!("{}.{}", time.as_millis(), time.as_micros() / 100 % 10);
        let mut notes = String::new();
        if self.p95 > AIM {
            notes += "  TOO SLOW";
        }
        if self.status != 200 {
            notes += &format!("  answered {}", self.status);
        }
        println!(
            "{name:52} {:>8} {:>8} {:>8} {:>8} {:>8}{notes}",
            ms(self.first),
            ms(self.p50),
            ms(self.p95),
            ms(self.longest),
            self.bytes / 1_000
        );
    }
}

/// The database of a year, in a folder that stays for the next run of the day.
fn built(checks: i64, last: BusinessDay, zone: &Zone) -> Program {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("office-{checks}"));
    let seeded = seed::is_whole(&folder, checks, last);
    if !seeded && folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    // Nobody listens at Otipass's address, nothing is sold, no card goes: the
    // year stays as it is.
    let set_up = SET_UP.replace("OTIPASS", "http://127.0.0.1:9/api");
    let configuration = format!(
        "{set_up}username = \"bench\"\n[external_sales]\nevery_s = 0\n\
         [retention]\ncard_numbers_days = 0\n"
    );
    let house = Program::at(
        env!("CARGO_BIN_EXE_passerelle"),
        &folder,
        "",
        &configuration,
    );
    if seeded {
        println!("Seeded before: {}", folder.display());
    } else {
        house.fine(&["apply"]);
        seed::seed(&folder, checks, last, zone);
    }
    house
}

/// Starts the service. What it logs at this level comes line by line.
fn serve(house: &mut Program, log: &str) -> Receiver<String> {
    let mut command = house.command(&["serve"]);
    house.start_as(command.env("PASSERELLE_LOG", log).stderr(Stdio::piped()));
    let child = &mut house.service().child;
    stage::lines(child.stderr.take().unwrap())
}
