//! Limits: of the journal, and of the disk.

use super::{at, attempt, decided, id, open, waiting};
use edge::journal::{JournalError, OpenError};
use edge::{Journal, JournalSettings};
use std::path::Path;

/// From here on nothing new can be made in the folder, as on a full disk: what
/// a reserve is written to is taken by a folder that is not empty.
fn fill(folder: &Path) {
    std::fs::create_dir_all(folder.join("journal.new/full")).unwrap();
}

fn empty(folder: &Path) {
    std::fs::remove_dir_all(folder.join("journal.new")).unwrap();
}

#[test]
fn a_journal_belongs_to_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let refused = Journal::open(folder.path(), JournalSettings::default()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
    drop(journal);
    open(folder.path());
}

#[test]
fn a_full_journal_says_so_and_takes_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let settings = JournalSettings {
        limit_checks: 3,
        ..JournalSettings::default()
    };
    let (mut journal, _) = Journal::open(folder.path(), settings).unwrap();
    let first = journal.decide(&decided(1)).unwrap();
    journal.decide(&decided(2)).unwrap();
    journal.decide(&decided(3)).unwrap();
    let full = journal.decide(&decided(4)).unwrap_err();
    assert!(matches!(full, JournalError::Full(3)), "{full}");
    journal.settle(&[first]).unwrap();
    journal.decide(&decided(4)).unwrap();
    assert_eq!(waiting(&journal), [2, 3, 4].map(decided));
}

#[test]
fn a_full_disk_takes_the_reserve_first_and_nothing_that_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.maintain(at(0)).unwrap();
    assert!(journal.has_reserve());
    fill(folder.path());
    let mut told = Vec::new();
    let error = loop {
        let number = told.len().try_into().unwrap();
        match journal.decide(&decided(number)) {
            Ok(_) => told.push(decided(number)),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, JournalError::Disk(_)), "{error}");
    // One segment and the reserve of 64 KiB each held this much.
    assert!(told.len() > 300, "{}", told.len());
    assert!(journal.maintain(at(0)).is_err(), "the reserve is missing");
    // What may be lost does not use up what is left.
    assert!(journal.asked(&attempt(9_999)).is_err());
    assert!(journal.told(id(1), None).is_err());
    assert_eq!(waiting(&journal), told);

    // The server takes all of it: that makes room, without any from the disk.
    let batch = journal.batch(usize::MAX, usize::MAX).unwrap();
    let settled: Vec<_> = batch.checks.iter().map(|(s, _)| *s).collect();
    let _ = journal.settle(&settled);
    empty(folder.path());
    journal.decide(&decided(5_000)).unwrap();
    journal.maintain(at(1_000_000)).unwrap();
    assert!(journal.has_reserve());
    assert_eq!(waiting(&journal), [decided(5_000)]);
    drop(journal);
    let (journal, recovered) = open(folder.path());
    assert_eq!(recovered.findings, []);
    assert!(waiting(&journal).contains(&decided(5_000)));
}

#[test]
fn a_reserve_that_somebody_removed_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let spare = folder.path().join("journal.spare");
    let (mut journal, _) = open(folder.path());
    journal.maintain(at(0)).unwrap();
    std::fs::remove_file(&spare).unwrap();
    for number in 1..500 {
        journal.decide(&decided(number)).unwrap();
    }
    journal.maintain(at(0)).unwrap();
    std::fs::remove_file(&spare).unwrap();
    journal.maintain(at(0)).unwrap();
    assert!(spare.exists() && journal.has_reserve());
}

#[test]
fn space_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    for number in 1..3_000 {
        let sequence = journal.decide(&decided(number)).unwrap();
        journal
            .told(decided(number).attempt.request.id, None)
            .unwrap();
        journal.settle(&[sequence]).unwrap();
        journal.maintain(at(i64::from(number) - 100)).unwrap();
    }
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(files <= 5, "{files} files");
    drop(journal);
    let (mut journal, recovered) = open(folder.path());
    assert_eq!(waiting(&journal), []);
    assert!(recovered.entries.len() >= 100, "what is wanted is kept");
    let sequence = journal.decide(&decided(3_000)).unwrap();
    assert_eq!(sequence, 3_000, "numbers are not given twice");
}

#[test]
fn a_reserve_that_was_interrupted_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.decide(&decided(1)).unwrap();
    drop(journal);
    std::fs::write(folder.path().join("journal.new"), b"half").unwrap();
    std::fs::write(folder.path().join("journal.spare"), b"PJ1\nhalf a head").unwrap();
    let (mut journal, recovered) = open(folder.path());
    assert_eq!(recovered.findings, []);
    journal.maintain(at(0)).unwrap();
    assert_eq!(waiting(&journal), [decided(1)]);
}
