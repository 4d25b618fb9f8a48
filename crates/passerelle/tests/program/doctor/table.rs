//! What holds of every broken set-up: it is named at its place in both languages,
//! its cure works when it is followed, and the service starts just where nothing
//! is wrong that only the files can cure.

mod config;
mod house;
mod mapping;
mod state;

use super::kept::DAMAGES;
use super::set_up::SetUp;
use doctor::{Doctor, Reach, Surroundings};
use kernel::finding::{Finding, Severity};
use kernel::{Language, Place, SystemClock};
use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Less than the program has: who is silent here is silent for good.
const PATIENCE: Duration = Duration::from_secs(3);

pub const CONFIG: &str = "passerelle.toml";
pub const MAPPING: &str = "mapping.json";
pub const SITE: &str = "site.toml";
pub const CATALOGUE: &str = "catalogue.toml";

/// How the test follows a cure.
#[derive(Debug, Clone, Copy)]
pub enum Cure {
    /// On the named line, this becomes that.
    OnLine(&'static str, &'static str),
    /// The named line is taken out.
    Gone,
    /// The text in quotes, or the word, at the named place becomes this.
    Word(&'static str),
    /// This is written at the named place.
    Insert(&'static str),
    /// What the finding proposes takes the place of what stands at its place.
    Meant,
    /// In this file, this becomes that.
    In(&'static str, &'static str, &'static str),
    /// What the page of the mapping parameters offers to write is written.
    Offered,
    /// What only people can know again: the file as it was.
    AsItWas,
}

/// What is named, where, in which file what is written instead of what, a part of
/// the cure, and how it is followed.
pub type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Cure,
);

/// What the service starts with all the same: whoever opens the back office can
/// cure it there, and a partner may be away for a while only.
const SERVED: &[&str] = &[
    "barcodes_refused",
    "channel_code_invalid",
    "channel_missing",
    "channel_type_invalid",
    "contact_missing",
    "contact_without_pending_account",
    "credentials_refused",
    "database_key_missing",
    "database_key_wrong",
    "device_clock_off",
    "device_with_several_sectors",
    "device_without_sector",
    "mapped_sector_unknown",
    "not_open_pass",
    "num_type_missing",
    "otipass_not_found",
    "otipass_not_understood",
    "otipass_silent",
    "otipass_unreachable",
    "product_unknown",
    "project_mismatch",
    "proxy_refused",
    "season_unknown",
    "server_clock_off",
    "sector_at_work_not_mapped",
    "sector_without_device",
    "sector_without_door",
    "tariff_not_mapped",
    "tariff_not_valid",
    "tariff_unknown",
    "tariff_without_price",
    "tariff_without_vat",
    // The running service takes renewed files.
    "tls_certificate_expired",
    "tls_certificate_not_yet_valid",
    "ticketing_busy",
    "ticketing_credentials_refused",
    "ticketing_names_none",
    "ticketing_proxy_refused",
    "ticketing_refused",
    "ticketing_takes_none",
    "ticketing_unreachable",
    "url_missing",
];

/// What else is wrong for the same reason, and goes with it.
#[rustfmt::skip]
const CONSEQUENCES: &[(&str, &[&str])] = &[
    ("api_version_not_in_url", &["ticketing_unreachable"]),
    ("catalogue_file_too_large", &["season_unknown", "channel_missing", "contact_missing"]),
    ("mail_in_clear", &["mail_unreachable"]),
    ("ticketing_names_no", &["ticketing_shape_unknown"]),
    ("webhook_wrong", &["webhook_unreachable"]),
    ("secret_odd", &["credentials_refused"]),
    ("too_many_findings", &["colon_missing"]),
    ("backup_of_server", &["database_unreachable"]),
    ("code_given_twice", &["door_unknown", "sector_unknown"]),
    (
        "comment_not_closed",
        &["project_missing", "sectors_missing", "brace_not_closed"],
    ),
    (
        "config_broken",
        &["config_key_unknown", "site_unreadable", "url_without_api"],
    ),
    ("control_character", &["season_invalid"]),
    ("credentials_missing", &["credentials_refused"]),
    (
        "nested_too_deep",
        &["brace_not_closed", "product_missing", "wrong_type"],
    ),
    (
        "text_cut",
        &[
            "product_missing",
            "season_missing",
            "service_space_mismatch",
        ],
    ),
];

/// What a healthy set-up of the example has to say, of no interest here.
const ALWAYS: [&str; 3] = [
    "site_sector_not_mapped",
    "database_not_there_yet",
    "not_checked",
];

/// The findings beyond those of a healthy set-up.
pub async fn examined(set_up: &SetUp) -> Vec<Finding> {
    let doctor = Doctor {
        config: set_up.path(CONFIG),
        surroundings: Surroundings::Nothing,
        db: None,
        clock: Arc::new(SystemClock),
    };
    let mut findings = doctor.examine(Reach::Online, PATIENCE).await.findings;
    findings.retain(|f| !ALWAYS.contains(&f.code) || f.severity == Severity::Mistake);
    findings
}

/// Tries each case and tells of all that are otherwise.
pub async fn hold(cases: &[Case]) {
    let mut otherwise = Vec::new();
    for case in cases {
        let set_up = SetUp::healthy();
        let (code, place, file, good, bad, says, cure) = *case;
        let before = set_up.read(file);
        damage(&set_up, file, good, bad);
        let follow = |set_up: &SetUp, finding: &Finding| match cure {
            Cure::AsItWas => set_up.write(file, &before),
            Cure::Offered => {
                let offered = otipass::cure::cures(&set_up.read(file), finding);
                set_up.write(file, &offered.first().expect("a cure").text);
            }
            _ => follow(set_up, finding, cure),
        };
        if let Err(wrong) = holds(&set_up, code, place, says, follow).await {
            otherwise.push(format!("{code} {bad:?}: {wrong}"));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

/// Writes one text instead of another, once.
pub fn damage(set_up: &SetUp, file: &str, good: &str, bad: &str) {
    let text = set_up.read(file);
    assert!(text.contains(good), "{file}: {good:?}");
    set_up.write(file, &text.replacen(good, bad, 1));
}

/// Whether a set-up with one fault is as every one has to be.
pub async fn holds(
    set_up: &SetUp,
    code: &str,
    place: &str,
    says: &str,
    follow: impl FnOnce(&SetUp, &Finding),
) -> Result<(), String> {
    let finding = named(set_up, code, place, says).await?;
    follow(set_up, &finding);
    cured(set_up, code).await
}

/// What else is wrong for the same reason as `code`.
fn consequences(code: &str) -> &'static [&'static str] {
    let of = CONSEQUENCES.iter().find(|(of, _)| *of == code);
    of.map_or(&[], |(_, codes)| codes)
}

/// The one thing that is wrong, if it is named as it has to be and the service sees it
/// alike.
pub async fn named(set_up: &SetUp, code: &str, place: &str, says: &str) -> Result<Finding, String> {
    let findings = examined(set_up).await;
    let of_code = findings.iter().find(|f| f.code == code);
    let Some(finding) = of_code else {
        return Err(format!("is not found: {findings:#?}"));
    };
    let others = findings.iter().filter(|f| f.severity <= finding.severity);
    let consequences = consequences(code);
    let mut codes = others.clone().map(|f| f.code);
    if codes.any(|other| other != code && !consequences.contains(&other)) {
        let told: Vec<_> = others.map(ToString::to_string).collect();
        return Err(format!("is not named alone: {told:#?}"));
    }
    let told = finding.told(Language::En);
    let is_there = match place.strip_suffix(':') {
        Some(file) => told.place.contains(file),
        None => told.place.ends_with(place),
    };
    if place.is_empty() || !is_there {
        return Err(format!("PLACE {}", told.place));
    }
    if !told.cure.contains(says) {
        return Err(format!("the cure is {}", told.cure));
    }
    french(finding)?;
    let is_in_office = |f: &Finding| matches!(f.place, Place::Stored(..) | Place::Part(..));
    let is_served = findings
        .iter()
        .all(|f| f.severity != Severity::Mistake || SERVED.contains(&f.code) || is_in_office(f));
    match serves(set_up).await {
        (served, _) if served == is_served => {}
        (_, told) => return Err(format!("served: {}; {told}", !is_served)),
    }
    Ok(finding.clone())
}

/// Whether nothing is wrong any more, once a cure is followed.
pub async fn cured(set_up: &SetUp, code: &str) -> Result<(), String> {
    let left = examined(set_up).await;
    let left: Vec<_> = left
        .iter()
        .filter(|f| f.severity < Severity::Note || f.code == code)
        .filter(|f| !consequences(code).contains(&f.code))
        .map(ToString::to_string)
        .collect();
    match left.is_empty() {
        true => Ok(()),
        false => Err(format!("the cure does not help: {left:#?}")),
    }
}

/// Follows a cure at the place that the finding names.
fn follow(set_up: &SetUp, finding: &Finding, cure: Cure) {
    if let Cure::In(file, from, to) = cure {
        return damage(set_up, file, from, to);
    }
    let place = &finding.place;
    let path = match place {
        Place::File(path, _) | Place::Key { file: path, .. } => path,
        _ => panic!("no file: {place:?}"),
    };
    let at = place.position().expect("a position");
    let text = fs::read_to_string(path).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let line = &mut lines[at.line - 1];
    let column = line.char_indices().nth(at.column - 1);
    let column = column.map_or(line.len(), |(byte, _)| byte);
    match cure {
        Cure::OnLine(from, to) => {
            let from_at = line.rfind(from).expect("what the line holds");
            line.replace_range(from_at..from_at + from.len(), to);
        }
        Cure::Gone => line.clear(),
        Cure::Word(new) => line.replace_range(word(line, column), new),
        Cure::Meant => {
            let meant = finding.meant.as_ref().expect("what is meant");
            let range = word(line, column);
            let new = match line[range.clone()].starts_with('"') {
                true => format!("\"{meant}\""),
                false => meant.clone(),
            };
            line.replace_range(range, &new);
        }
        Cure::Insert(new) => line.insert_str(column, new),
        Cure::In(..) | Cure::AsItWas | Cure::Offered => unreachable!(),
    }
    fs::write(path, lines.join("\n")).unwrap();
}

/// The text in quotes, or the word, that begins there.
fn word(line: &str, from: usize) -> std::ops::Range<usize> {
    let rest = &line[from..];
    let length = match rest.strip_prefix('"') {
        Some(inner) => inner.find('"').map_or(rest.len(), |end| end + 2),
        None if rest.starts_with(['{', '}', '[', ']']) => 1,
        None => rest
            .find(|c: char| c.is_whitespace() || ",:{}[]=".contains(c))
            .unwrap_or(rest.len()),
    };
    from..from + length
}

/// Words that no French sentence has.
const ENGLISH: [&str; 14] = [
    "the", "is", "are", "this", "that", "and", "not", "with", "must", "cannot", "which", "has",
    "expected", "nothing",
];

/// Whether a finding's French texts are French, and its place the same.
pub fn french(finding: &Finding) -> Result<(), String> {
    let told = finding.told(Language::Fr);
    if let Some(at) = finding.place.position() {
        let numbers = [at.line, at.column].map(|number| number.to_string());
        if !numbers.iter().all(|number| told.place.contains(number)) {
            return Err(format!("the French place is {}", told.place));
        }
    }
    let english = finding.told(Language::En);
    for (text, other) in [(&told.what, &english.what), (&told.cure, &english.cure)] {
        let is_english = |word: &str| ENGLISH.contains(&word);
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        // What stands in the file may be torn itself.
        let marks = [" :", " ;", " ?", " !", " »", "« "];
        let is_torn = finding.code != "wrong_quotes" && marks.iter().any(|m| text.contains(m));
        let slot = has_slot(text);
        if words.any(is_english) || is_torn || slot || text == other || text.len() < 10 {
            return Err(format!("the French is {text}"));
        }
    }
    Ok(())
}

/// Whether a text still has a slot that nobody has filled.
fn has_slot(text: &str) -> bool {
    text.split('{').skip(1).any(|rest| {
        rest.split_once('}').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        })
    })
}

/// Whether the service starts, and what it says if it does not.
pub async fn serves(set_up: &SetUp) -> (bool, String) {
    let config = fs::read_to_string(set_up.path(CONFIG));
    let had_database = set_up.path("passerelle.db").exists();
    if let Ok(config) = &config {
        let here = "listen = \"127.0.0.1:0\"";
        let config = match config.contains("[server]") {
            true => config.replace("127.0.0.1:8480", "127.0.0.1:0"),
            false => format!("{config}\n[server]\n{here}\n"),
        };
        set_up.write(CONFIG, &config);
    }
    let mut command = Command::from(set_up.command(&["serve"]));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut service = command.kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(service.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap();
    let is_served = first.is_some_and(|line| line.starts_with("Passerelle serves"));
    if is_served {
        service.kill().await.unwrap();
    }
    let output = service.wait_with_output().await.unwrap();
    assert!(!output.status.success(), "it ends by itself");
    if let Ok(config) = &config {
        set_up.write(CONFIG, config);
    }
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!told.contains("s3cret"), "{told}");
    if !had_database {
        // Nor what marks that there was one.
        for entry in fs::read_dir(set_up.path("")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with("passerelle.db") {
                fs::remove_file(path).unwrap();
            }
        }
    }
    (is_served, told)
}

/// What the tests beside this table provoke: variables, which one process has for all of
/// them, a damaged file, and what a healthy set-up has to say.
const ELSEWHERE: &[&str] = &[
    "database_being_filled",
    "database_damaged",
    "database_left",
    "database_not_there_yet",
    "environment_misspelt",
    "environment_wrong",
    "file_not_loaded",
    "not_checked",
    "site_sector_not_mapped",
];

/// What needs another machine than the one that tests: a full disk, another user.
const ON_OTHER_MACHINES: &[&str] = &[
    "config_forbidden",
    "disk_full",
    "listen_forbidden",
    "listen_impossible",
    "tls_unavailable",
];

#[test]
fn every_finding_is_provoked() {
    let cases = [
        config::READ,
        config::MACHINE,
        config::PARTNERS,
        mapping::SYNTAX,
        mapping::VALUES,
        house::SITES,
        house::CATALOGUES,
    ];
    let cases = cases.into_iter().flatten().map(|case| case.0);
    let states = [
        state::FOUND,
        state::REMEMBERED,
        state::ANSWERED,
        state::SEALED,
    ];
    let states = states.into_iter().flatten().map(|state| state.0);
    let kept = DAMAGES.iter().map(|damage| damage.0);
    let codes: Vec<_> = cases.chain(states).chain(kept).collect();
    assert!(codes.len() >= 150, "{} broken set-ups", codes.len());
    let untried: Vec<_> = doctor::catalogue()
        .filter(|entry| !entry.meaning.is_empty())
        .map(|entry| entry.code)
        .filter(|code| {
            ![&codes[..], ELSEWHERE, ON_OTHER_MACHINES]
                .concat()
                .contains(code)
        })
        .collect();
    assert_eq!(untried, [""; 0]);
}
