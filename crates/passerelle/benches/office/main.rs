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

use browser::Browser;
use kernel::{BusinessDay, Clock, SystemClock, Zone};
use pages::Page;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

const CHECKS: i64 = 5_000_000;
/// How often each page is asked for, after some that do not count.
const VISITS: usize = 40;
const WARM_UP: usize = 3;
/// A page that is kept for five seconds is asked for less often, after it is
/// forgotten.
const VISITS_OF_KEPT: usize = 10;
const FORGOTTEN: Duration = Duration::from_millis(5_100);
/// How long what the service prints or logs may take through the pipe.
const PATIENCE: Duration = Duration::from_secs(10);
/// What each page is to stay below.
const AIM: Duration = Duration::from_millis(300);

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let checks = std::env::args()
        .find_map(|word| word.parse().ok())
        .unwrap_or(CHECKS);
    let zone: Zone = "Europe/Paris".parse().unwrap();
    let last = zone.business_day(SystemClock.now());
    let house = House::built(checks, last, &zone);
    println!("Database: {} MB", house.size() / 1_000_000);

    let (pages, unknown) = pages::pages(&house.database(), last);
    let service = house.serve("error");
    let mut browser = service.browser().await;
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
    drop(service);

    let begun = Instant::now();
    let reconciled = house.passerelle(&["reconcile"]).output().unwrap();
    println!(
        "\npasserelle reconcile, {:.0?}, {}:\n{}",
        begun.elapsed(),
        reconciled.status,
        String::from_utf8_lossy(&reconciled.stdout)
    );
    plans::print(&house, &pages).await;
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

async fn measure(browser: &mut Browser, page: &Page) -> Measured {
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

/// A folder with a configuration and the database of a year.
struct House(PathBuf);

impl House {
    fn built(checks: i64, last: BusinessDay, zone: &Zone) -> Self {
        let house = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("office-{checks}")));
        if seed::is_whole(&house.0, checks, last) {
            println!("Seeded before: {}", house.0.display());
            return house;
        }
        if house.0.exists() {
            std::fs::remove_dir_all(&house.0).unwrap();
        }
        std::fs::create_dir_all(&house.0).unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/villeneuve");
        for file in ["site.toml", "mapping.json", "catalogue.toml"] {
            std::fs::copy(example.join(file), house.0.join(file)).unwrap();
        }
        // Nobody listens at Otipass's address, nothing is sold, no card goes: the
        // year stays as it is.
        std::fs::write(
            house.0.join("passerelle.toml"),
            "[server]\nlisten = \"127.0.0.1:0\"\n\
             [set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n\
             mapping = \"mapping.json\"\n\
             [otipass]\nurl = \"http://127.0.0.1:9/api\"\nusername = \"bench\"\n\
             [external_sales]\nevery_s = 0\n\
             [retention]\ncard_numbers_days = 0\n",
        )
        .unwrap();
        let applied = house.passerelle(&["apply"]).status().unwrap();
        assert!(applied.success());
        seed::seed(&house.0, checks, last, zone);
        house
    }

    fn database(&self) -> PathBuf {
        self.0.join(seed::DATABASE)
    }

    fn size(&self) -> u64 {
        std::fs::metadata(self.database()).unwrap().len()
    }

    fn passerelle(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command
            .args(words)
            .arg("--config")
            .arg(self.0.join("passerelle.toml"))
            .env("PASSERELLE_LOG", "error");
        command
    }

    fn serve(&self, log: &str) -> Service {
        let mut command = self.passerelle(&["serve"]);
        command.env("PASSERELLE_LOG", log);
        Service::start(command)
    }
}

/// A service at work. What it prints and logs is kept.
struct Service {
    child: Child,
    url: String,
    printed: Receiver<String>,
    logged: Receiver<String>,
}

/// What comes through the pipe, line by line.
fn lines(pipe: impl BufRead + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in pipe.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Service {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = lines(BufReader::new(child.stdout.take().unwrap()));
        let first = printed.recv().expect("it says where it listens");
        let (_, url) = first.split_once("http://").unwrap();
        Self {
            url: format!("http://{}", url.trim()),
            printed,
            logged: lines(BufReader::new(child.stderr.take().unwrap())),
            child,
        }
    }

    async fn browser(&self) -> Browser {
        // The secret stands alone on its line, in groups of five.
        let is_secret = |line: &str| {
            line.split('-').count() == 4 && line.split('-').all(|group| group.len() == 5)
        };
        Browser::signed_in(&self.url, || {
            let mut printed = std::iter::from_fn(|| self.printed.recv_timeout(PATIENCE).ok());
            let found = printed.find(|line| is_secret(line.trim()));
            found.expect("the secret is printed").trim().to_owned()
        })
        .await
    }
}
