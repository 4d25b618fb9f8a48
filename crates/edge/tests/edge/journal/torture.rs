//! Random operations, power cuts at any byte, and damage.

use super::{at, attempt, cancellation_id, decided, entry, id, open, taken_back, waiting};
use deviceapi::Personal;
use edge::Journal;
use edge::journal::TakenBack;
use edge::journal::{Decided, Finding, Sequence};
use proptest::prelude::*;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

#[derive(Debug, Clone)]
enum Operation {
    Ask,
    Decide {
        code_bytes: usize,
    },
    Tell,
    Cancel,
    /// The server takes the oldest so many.
    Settle {
        count: usize,
    },
    Maintain,
    /// The process is killed: the operating system keeps what was written.
    Kill,
    /// The power goes: of what was not synced, this share survives, in per
    /// cent, and what follows is zeros or what the disk held.
    PowerCut {
        survives: usize,
        leaves: u8,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => Just(Operation::Ask),
        8 => (1..3_000_usize).prop_map(|code_bytes| Operation::Decide { code_bytes }),
        6 => Just(Operation::Tell),
        1 => Just(Operation::Cancel),
        2 => (1..40_usize).prop_map(|count| Operation::Settle { count }),
        2 => Just(Operation::Maintain),
        1 => Just(Operation::Kill),
        1 => (0..=100_usize, prop_oneof![Just(0_u8), any::<u8>()])
            .prop_map(|(survives, leaves)| Operation::PowerCut { survives, leaves }),
    ]
}

/// What must be in the journal.
#[derive(Default)]
struct Model {
    next: u32,
    /// Decided and not known to be settled, oldest first.
    unsent: Vec<Decided>,
    /// Settled since the last sync: after a power cut they may be back.
    settled_lately: Vec<Decided>,
    cancelled: Vec<TakenBack>,
}

/// Takes away what a power cut may take.
fn cut(journal: Journal, survives: usize, leaves: u8) {
    let tail = journal.tail();
    drop(journal);
    let open = tail.written - tail.synced;
    let kept = tail.synced + open * survives / 100;
    let garbage = vec![leaves; tail.written - kept];
    let file = OpenOptions::new().write(true).open(tail.segment).unwrap();
    file.write_all_at(&garbage, kept.try_into().unwrap())
        .unwrap();
}

fn run(folder: &Path, operations: &[Operation]) -> Result<(), TestCaseError> {
    let (mut journal, _) = open(folder);
    let mut model = Model::default();
    for operation in operations {
        match operation {
            Operation::Ask => {
                model.next += 1;
                // Refused when what is left is kept for decisions.
                let _ = journal.asked(&attempt(model.next));
            }
            Operation::Decide { code_bytes } => {
                model.next += 1;
                let mut check = decided(model.next);
                check.attempt.request.code = Personal("x".repeat(*code_bytes));
                journal.decide(&check).unwrap();
                prop_assert_eq!(journal.tail().synced, journal.tail().written);
                model.unsent.push(check);
                model.settled_lately.clear();
            }
            Operation::Tell => drop(journal.told(id(model.next.into()), None)),
            Operation::Cancel => {
                let cancellation = taken_back(
                    cancellation_id(u128::from(model.next) + (1 << 64)),
                    id(model.next.into()),
                    at(i64::from(model.next)),
                );
                journal.cancel(cancellation).unwrap();
                model.cancelled.push(cancellation);
                model.settled_lately.clear();
            }
            Operation::Settle { count } => {
                let batch = journal.batch(*count, usize::MAX).unwrap();
                let settled: Vec<Sequence> = batch.checks.iter().map(|(s, _)| *s).collect();
                journal.settle(&settled).unwrap();
                model
                    .settled_lately
                    .extend(model.unsent.drain(..settled.len()));
            }
            Operation::Maintain => journal.maintain(at(0)).unwrap(),
            Operation::Kill => {
                drop(journal);
                let (again, recovered) = open(folder);
                journal = again;
                prop_assert_eq!(recovered.findings, []);
            }
            Operation::PowerCut { survives, leaves } => {
                cut(journal, *survives, *leaves);
                let (again, recovered) = open(folder);
                journal = again;
                let torn = |finding: &Finding| matches!(finding, Finding::Torn(_));
                prop_assert!(recovered.findings.iter().all(torn), "{recovered:?}");
                // Settling may be lost, a decision may not.
                let back = journal.unsent() - model.unsent.len();
                let lately = std::mem::take(&mut model.settled_lately);
                let back = lately.len().checked_sub(back).unwrap();
                model.unsent.splice(..0, lately.into_iter().skip(back));
            }
        }
        prop_assert_eq!(journal.unsent(), model.unsent.len());
    }
    prop_assert_eq!(&waiting(&journal), &model.unsent);
    drop(journal);
    let (journal, _) = open(folder);
    prop_assert_eq!(&waiting(&journal), &model.unsent);
    prop_assert_eq!(journal.unsent_cancellations(), model.cancelled.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_decided_is_there_once_and_in_order(
        operations in prop::collection::vec(operation(), 1..160),
    ) {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &operations)?;
    }
}

#[test]
fn a_scan_is_open_until_its_answer_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, recovered) = open(folder.path());
    assert_eq!(recovered, Default::default());
    for number in 1..=3 {
        journal.asked(&attempt(number)).unwrap();
    }
    journal.decide(&decided(2)).unwrap();
    journal.told(id(3), Some(entry(3))).unwrap();
    drop(journal);
    let (mut journal, recovered) = open(folder.path());
    let open_ids: Vec<_> = recovered
        .open
        .iter()
        .map(|o| o.attempt().request.id)
        .collect();
    assert_eq!(open_ids, [id(1), id(2)]);
    assert_eq!(recovered.entries, [entry(2), entry(3)]);
    journal.told(id(2), None).unwrap();
    let cancellation = taken_back(cancellation_id(99), id(3), at(9));
    journal.cancel(cancellation).unwrap();
    drop(journal);
    let (journal, recovered) = open(folder.path());
    assert_eq!(recovered.open.len(), 1);
    assert_eq!(recovered.entries, [entry(2)], "the other was cancelled");
    assert_eq!(waiting(&journal), [decided(2)]);
}

#[test]
fn a_cancellation_waits_for_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    let check = journal.decide(&decided(1)).unwrap();
    let cancellation = taken_back(cancellation_id(2), id(1), at(9));
    journal.cancel(cancellation).unwrap();
    assert_eq!(journal.batch(10, 1_000).unwrap().cancellations, []);
    journal.settle(&[check]).unwrap();
    let batch = journal.batch(10, 1_000).unwrap();
    let [(sequence, sent)] = batch.cancellations[..] else {
        panic!("{batch:?}");
    };
    assert_eq!(sent, cancellation);
    journal.settle(&[sequence]).unwrap();
    assert_eq!(journal.unsent_cancellations(), 0);
}

#[test]
fn damage_is_reported_and_costs_only_what_it_hit() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    for number in 1..=10 {
        journal.decide(&decided(number)).unwrap();
    }
    let segment = journal.tail().segment;
    drop(journal);
    let bytes = std::fs::read(&segment).unwrap();
    let hit = String::from_utf8_lossy(&bytes)
        .find("villeneuve-00000004")
        .unwrap();
    let file = OpenOptions::new().write(true).open(&segment).unwrap();
    file.write_all_at(b"#", hit.try_into().unwrap()).unwrap();
    let (mut journal, recovered) = open(folder.path());
    assert_eq!(recovered.findings, [Finding::Damaged(segment.clone())]);
    let numbers = [1, 2, 3, 5, 6, 7, 8, 9, 10];
    assert_eq!(waiting(&journal), numbers.map(decided));

    // It goes on, and the damaged file is kept when it is done with.
    let batch = journal.batch(100, usize::MAX).unwrap();
    let settled: Vec<_> = batch.checks.iter().map(|(s, _)| *s).collect();
    journal.settle(&settled).unwrap();
    for number in 11..700 {
        let sequence = journal.decide(&decided(number)).unwrap();
        journal.settle(&[sequence]).unwrap();
        journal.maintain(at(1_000_000)).unwrap();
    }
    assert!(segment.with_extension("damaged").exists());
    drop(journal);
    let (journal, recovered) = open(folder.path());
    assert_eq!(recovered.findings, []);
    assert_eq!(waiting(&journal), []);
}
