//! What is seen at each minute, as a table and as a picture.

use crate::fleet::Minute;
use serde_json::Value;
use stage::Program;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const COLUMNS: [&str; 15] = [
    "answered",
    "unanswered",
    "by_journal",
    "unverified",
    "p50_us",
    "p99_us",
    "longest_us",
    "memory_kb",
    "descriptors",
    "wal_kb",
    "database_kb",
    "in_flight",
    "ready",
    "unexplained",
    "reconcile_ms",
];

/// What must not grow.
const BOUNDED: [&str; 3] = ["memory_kb", "descriptors", "wal_kb"];

/// A minute.
pub struct Row {
    fault: &'static str,
    figures: [u64; COLUMNS.len()],
}

impl Row {
    pub fn of(
        fault: &'static str,
        minute: &Minute,
        program: &mut Program,
        books: &Value,
        reconciled: Duration,
    ) -> Self {
        let mut took = minute.took_us.clone();
        took.sort_unstable();
        let at = |percent: usize| {
            let place = (took.len() * percent / 100).min(took.len().saturating_sub(1));
            u64::try_from(took.get(place).copied().unwrap_or_default()).unwrap()
        };
        let id = program.service().child.id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        // Its own: not what it has of the program and of files.
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let memory = memory.unwrap().trim_end_matches("kB").trim();
        let descriptors = fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
        let kb = |file| fs::metadata(program.path(file)).map_or(0, |file| file.len() / 1024);
        let count = |field: &str| books[field].as_u64().unwrap();
        Self {
            fault,
            figures: [
                took.len() as u64,
                minute.unanswered,
                minute.by_journal,
                minute.unverified,
                at(50),
                at(99),
                at(100),
                memory.parse().unwrap(),
                descriptors as u64,
                kb("passerelle.db-wal"),
                kb("passerelle.db"),
                count("in_flight"),
                count("ready"),
                count("unexplained"),
                u64::try_from(reconciled.as_millis()).unwrap(),
            ],
        }
    }
}

/// All minutes.
pub struct Figures {
    folder: PathBuf,
    rows: Vec<Row>,
}

impl Figures {
    pub fn new(folder: &Path) -> Self {
        println!("minute  {:16} {}", "fault", COLUMNS.join("  "));
        Self {
            folder: folder.to_owned(),
            rows: Vec::new(),
        }
    }

    /// Prints a minute, and keeps table and picture as they are by now.
    pub fn add(&mut self, row: Row) {
        let cells = COLUMNS.iter().zip(row.figures);
        let cells = cells.map(|(name, figure)| format!("{figure:>width$}", width = name.len()));
        let cells: Vec<_> = cells.collect();
        let minute = self.rows.len() + 1;
        println!("{minute:6}  {:16} {}", row.fault, cells.join("  "));
        self.rows.push(row);
        fs::write(self.folder.join("soak.csv"), self.table()).unwrap();
        fs::write(self.folder.join("soak.svg"), self.picture()).unwrap();
    }

    fn table(&self) -> String {
        let mut text = format!("minute,fault,{}\n", COLUMNS.join(","));
        for (number, row) in self.rows.iter().enumerate() {
            let figures = row.figures.map(|figure| figure.to_string()).join(",");
            writeln!(text, "{},{},{figures}", number + 1, row.fault).unwrap();
        }
        text
    }

    /// What is bounded, in the first ten minutes and in the last ten before the
    /// service lost its memory.
    pub fn growth(&self, ends_at: &[&str]) -> String {
        let ended = self
            .rows
            .iter()
            .position(|row| ends_at.contains(&row.fault));
        let life = &self.rows[..ended.unwrap_or(self.rows.len())];
        let ten = life.len().min(10);
        let mut text =
            String::from("Most in the first ten minutes of its first life, and in the last:");
        for (column, name) in COLUMNS.iter().enumerate() {
            if BOUNDED.contains(name) {
                let most = |rows: &[Row]| rows.iter().map(|row| row.figures[column]).max();
                let [first, last] = [&life[..ten], &life[life.len() - ten..]];
                let [first, last] = [first, last].map(|rows| most(rows).unwrap_or_default());
                write!(text, " {name} {first} and {last};").unwrap();
            }
        }
        text
    }

    /// One below the other, each from nought to its most; behind them, what went wrong.
    fn picture(&self) -> String {
        const HEIGHT: u64 = 90;
        let (step, count) = (16, self.rows.len() as u64);
        let (width, height) = (step * count + 220, (HEIGHT + 30) * 15 + 110);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        );
        for (minute, row) in self.rows.iter().enumerate() {
            let x = step * minute as u64 + 10;
            if row.fault != "calm" {
                writeln!(
                    svg,
                    "<rect x=\"{x}\" y=\"100\" width=\"{step}\" height=\"100%\" fill=\"#f2ece4\"/>\n\
                     <text transform=\"translate({} 96) rotate(-70)\">{}</text>",
                    x + 12,
                    row.fault.replace('\'', "’")
                )
                .unwrap();
            }
        }
        for (column, name) in COLUMNS.iter().enumerate() {
            let most = self.rows.iter().map(|row| row.figures[column]).max();
            let most = most.unwrap_or_default();
            let bottom = (HEIGHT + 30) * (column as u64 + 1) + 100;
            let mut points = String::new();
            for (minute, row) in self.rows.iter().enumerate() {
                let x = step * minute as u64 + 10 + step / 2;
                let y = bottom - row.figures[column] * HEIGHT / most.max(1);
                write!(points, "{x},{y} ").unwrap();
            }
            let (left, middle) = (step * count + 20, bottom - HEIGHT / 2);
            writeln!(
                svg,
                "<path d=\"M10 {bottom}h{}\" stroke=\"#999\"/>\n\
                 <polyline points=\"{points}\" fill=\"none\" stroke=\"#1a5fb4\" stroke-width=\"1.5\"/>\n\
                 <text x=\"{left}\" y=\"{middle}\">{name}</text>\n\
                 <text x=\"{left}\" y=\"{}\" fill=\"#666\">at most {most}</text>",
                step * count,
                middle + 16
            )
            .unwrap();
        }
        svg + "</svg>\n"
    }
}
