//! The recorded day through the real thing, with real processes killed for real.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A day with no more than visitors.
const DAY: &str = "villeneuve";
/// A day with clocks that are off, devices that are moved, cards shown twice.
const GATE_DAY: &str = "gate-day";

fn folder(day: &str) -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    examples.join(day)
}

fn passerelle(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_passerelle"))
        .args(arguments)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn expected(day: &str) -> Value {
    let expected = std::fs::read_to_string(folder(day).join("expected.json"));
    serde_json::from_str(&expected.unwrap()).unwrap()
}

struct Replayed {
    day: &'static str,
    folder: tempfile::TempDir,
}

impl Replayed {
    fn new(arguments: &[&str]) -> Self {
        Self::of(DAY, arguments)
    }

    fn of(day: &'static str, arguments: &[&str]) -> Self {
        let replayed = Self {
            day,
            folder: tempfile::tempdir().unwrap(),
        };
        replayed.comes_out_as_expected(arguments);
        replayed
    }

    /// The summary says more than some days expect.
    fn comes_out_as_expected(&self, arguments: &[&str]) {
        let summary = self.again(arguments);
        let Value::Object(expected) = expected(self.day) else {
            panic!("{} expects no fields", self.day);
        };
        for (field, value) in &expected {
            assert_eq!(summary[field], *value, "{field}");
        }
    }

    fn again(&self, arguments: &[&str]) -> Value {
        let (day, data) = (folder(self.day), self.folder.path());
        let mut all = vec![
            "replay",
            day.to_str().unwrap(),
            "--data",
            data.to_str().unwrap(),
        ];
        all.extend(arguments);
        json(&passerelle(&all))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let config = self.folder.path().join("passerelle.toml");
        let mut all = arguments.to_vec();
        all.extend(["--config", config.to_str().unwrap()]);
        passerelle(&all)
    }

    /// The STX_Files and reports, as they are exported.
    fn files(&self) -> BTreeMap<String, String> {
        let folder = self.folder.path().join("exported");
        let to = folder.to_str().unwrap();
        let exported = self.run(&["sales", "export", "--all", "--to", to]);
        assert!(exported.status.success(), "{exported:?}");
        let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
        let file = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        };
        entries.map(file).collect()
    }
}

#[test]
fn the_day_comes_out_as_expected_and_again_without_a_change() {
    let day = Replayed::new(&[]);
    let files = day.files();
    day.comes_out_as_expected(&[]);
    assert_eq!(day.files(), files, "a second replay sells nothing");
    what_was_held_is_sold_once_its_tariff_is_mapped(&day);
}

#[test]
fn the_day_comes_out_the_same_when_the_service_is_killed() {
    let day = Replayed::new(&["--kill", "12", "--seed", "7"]);
    let log = std::fs::read_to_string(day.folder.path().join("service.log")).unwrap();
    assert_eq!(
        log.matches("Passerelle serves").count(),
        13,
        "twelve kills, thirteen starts"
    );
    let books = json(&day.run(&["reconcile", "--format", "json"]));
    assert_eq!(books["unexplained"], 0);
    the_days_file_gives_the_same_orders_elsewhere_and_only_once(&day);
    of_a_damaged_file_exactly_the_damaged_rows_are_rejected(&day);
}

#[test]
fn a_day_of_clocks_and_moves_comes_out_the_same_when_the_service_is_killed() {
    let day = Replayed::of(GATE_DAY, &["--kill", "12", "--seed", "3"]);
    let books = json(&day.run(&["reconcile", "--format", "json"]));
    assert_eq!(books["unexplained"], 0);
}

#[test]
fn that_day_comes_out_the_same_by_three_services_on_postgresql() {
    let database = stage::wait(db::testing::postgres());
    let url = database.postgres_url();
    let more = ["--nodes", "3", "--kill", "6", "--seed", "5"];
    Replayed::of(GATE_DAY, &[&["--database", url], &more[..]].concat());
}

fn what_was_held_is_sold_once_its_tariff_is_mapped(day: &Replayed) {
    let before = json(&day.run(&["reconcile", "--format", "json"]));
    assert_eq!(before["held"]["tariff_not_mapped"], 333);
    assert!(
        day.run(&["sales", "map", "PASSVN3", "CITYLATE"])
            .status
            .success()
    );
    assert!(day.run(&["sales", "run"]).status.success());
    let books = json(&day.run(&["reconcile", "--format", "json"]));
    assert_eq!(books["held"], serde_json::json!({}));
    for field in [
        "accepted_checks",
        "control_barcodes",
        "staged",
        "tickets",
        "orders",
    ] {
        assert_eq!(books[field], 1838, "{field}");
    }
    assert_eq!(books["account"]["lines"], 1838);
    // 1,209 at 9.50, 296 at 4.75, 333 at 7.00; VAT is rounded ticket by ticket.
    let money = 1209 * 950 + 296 * 475 + 333 * 700;
    assert_eq!(books["account"]["amount_minor"], money);
    assert_eq!(
        books["account"]["vat_minor"],
        1209 * 50 + 296 * 25 + 333 * 36
    );
    let account = json(&day.run(&["report", "account", "--format", "json"]));
    assert_eq!(account["total"]["amount_minor"], money);
    let sales = json(&day.run(&["report", "sales", "--format", "json"]));
    assert_eq!(sales["total"]["tickets"], 1838);
    let again = day.run(&["sales", "run"]);
    assert!(
        String::from_utf8(again.stdout)
            .unwrap()
            .contains("Nothing was ready")
    );
}

#[test]
fn a_replay_keeps_away_from_what_is_somebody_elses() {
    let day = folder(DAY);
    let elsewhere = empty_box_office();
    let data = elsewhere.folder.path().to_str().unwrap();
    let refused = passerelle(&["replay", day.to_str().unwrap(), "--data", data]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("choose an empty folder"), "{said}");
    let config = std::fs::read_to_string(elsewhere.folder.path().join("passerelle.toml")).unwrap();
    assert!(config.starts_with("# Passerelle for the museums of Villeneuve"));
}

/// All rows of the day's STX_Files in one, header first.
fn stx_lines(day: &Replayed) -> Vec<String> {
    let mut lines = Vec::new();
    for text in day.files().values() {
        let skip = usize::from(!lines.is_empty());
        lines.extend(text.lines().skip(skip).map(str::to_owned));
    }
    assert_eq!(lines.len(), 1 + 1505);
    lines
}

/// A box office with the same catalogue, in which nothing was ever sold.
fn empty_box_office() -> Replayed {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "site.toml",
        "catalogue.toml",
        "mapping.json",
        "passerelle.toml",
    ] {
        std::fs::copy(self::folder(DAY).join(file), folder.path().join(file)).unwrap();
    }
    let box_office = Replayed { day: DAY, folder };
    assert!(box_office.run(&["apply"]).status.success());
    box_office
}

fn import(box_office: &Replayed, lines: &[String]) -> (Output, String) {
    let file = box_office.folder.path().join("upload.csv");
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let output = box_office.run(&["sales", "import", file.to_str().unwrap()]);
    let mut files = box_office.files().into_iter();
    let report = files.find(|(name, _)| name.ends_with(".report.csv"));
    (output, report.unwrap_or_default().1)
}

fn sold(box_office: &Replayed) -> Value {
    json(&box_office.run(&["report", "sales", "--format", "json"]))["total"].clone()
}

fn the_days_file_gives_the_same_orders_elsewhere_and_only_once(day: &Replayed) {
    let lines = stx_lines(day);
    let elsewhere = empty_box_office();
    for round in 0..2 {
        let (output, report) = import(&elsewhere, &lines);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        assert_eq!(report, "");
        let counts = if round == 0 {
            "1505 orders with 1505 tickets made, 0 known already, 0 rejected"
        } else {
            "0 orders with 0 tickets made, 1505 known already, 0 rejected"
        };
        assert!(said.contains(counts), "{said}");
        assert_eq!(sold(&elsewhere), sold(day));
    }
    let books = json(&elsewhere.run(&["reconcile", "--format", "json"]));
    assert_eq!(books["tickets_from_elsewhere"], 1505);
    assert_eq!(books["account"]["amount_minor"], 1_289_150);
    assert_eq!(books["unexplained"], 0);
}

/// A column, and what is written there instead.
const DAMAGES: [(&str, &str); 20] = [
    ("INSTITUTION", "ELSEWHERE"),
    ("ORGANIZATION", "MUCH-TOO-LONG-A-CODE"),
    (
        "ORDER_NR",
        "an order number of more than fifty characters, which is too long",
    ),
    ("ORDER_DATE", "07/14/2026"),
    ("OPERATION_TYPE", "SALES"),
    ("OPERATION_TYPE", "RESERVATION"),
    ("BUYING_CONTACT_NR", "000043"),
    ("SEASON", "VN99"),
    ("EVENT", "NOSUCH"),
    ("EVENT", "MUCHTOOLONG"),
    ("TARIFF", "NOSUCH"),
    ("PRICE", "9,50"),
    ("PRICE", "-950"),
    ("PRICE", "951"),
    ("VAT", "2000"),
    ("PAYMENT_DATE", "yesterday"),
    ("TICKET_STATE", "USED"),
    ("GENERATION_DATE", ""),
    ("BARCODE", "a barcode with spaces"),
    ("SHIPMENT_MODE", ""),
];

fn of_a_damaged_file_exactly_the_damaged_rows_are_rejected(day: &Replayed) {
    let mut lines = stx_lines(day);
    let columns: Vec<String> = lines[0].split(';').map(str::to_owned).collect();
    let mut damaged = Vec::new();
    for (n, (column, instead)) in DAMAGES.into_iter().enumerate() {
        let line = 10 + n * 70;
        let at = columns.iter().position(|name| name == column).unwrap();
        let mut fields: Vec<String> = lines[line].split(';').map(str::to_owned).collect();
        assert_ne!(fields[at], instead);
        fields[at] = instead.to_owned();
        lines[line] = fields.join(";");
        // Lines count from 1, and the header is the first.
        damaged.push((line + 1).to_string());
    }
    let elsewhere = empty_box_office();
    let (output, report) = import(&elsewhere, &lines);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("1485 tickets made, 0 known already, 20 rejected"),
        "{said}"
    );
    let mut rejected = Vec::new();
    for row in report.lines().skip(1) {
        let mut fields = row.split(';');
        let line = fields.next().unwrap().to_owned();
        let reason = fields.next().unwrap();
        assert!(!reason.is_empty(), "{row}");
        if rejected.last() != Some(&line) {
            rejected.push(line);
        }
    }
    assert_eq!(rejected, damaged);
    // The whole file afterwards brings the missing ones, and no other twice.
    let (output, _) = import(&elsewhere, &stx_lines(day));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("20 tickets made, 1485 known already, 0 rejected"),
        "{said}"
    );
    assert_eq!(sold(&elsewhere), sold(day));
}
