//! What the journals of devices deliver: checks that were decided at the door
//! without network, oldest first, in batches, as often as it takes.

use crate::decide::Deciding;
use crate::decide::cancellation::{self, CancelError, Cancellation, Cancelled};
use crate::decide::check::{self, Check, CheckError, Freshness};
use crate::decide::door_admitted;
use crate::decide::intent;
use crate::decide::record::{self, NewCheck};
use crate::decide::rules::{self, Afterwards, Counted, Recognised, Verdict};
use crate::decide::scan::within_limit;
use crate::{Decision, InterfaceSettings, Mode, Reason, Scan, Site};
use db::{DbError, Tx};
use deviceapi::BATCH_LIMIT;
use kernel::{CheckId, Timestamp};
use std::sync::Arc;

/// One check of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalItem {
    /// What was scanned.
    pub scan: Scan,
    /// What the device told the visitor; `None` if it does not say, and the gate
    /// applies the offline rules itself.
    pub outcome: Option<Decision>,
}

impl From<Scan> for JournalItem {
    fn from(scan: Scan) -> Self {
        Self {
            scan,
            outcome: None,
        }
    }
}

/// What became of one check of a batch.
#[derive(Debug)]
pub enum Merged {
    /// It is recorded; the device may forget it.
    Recorded(Box<Check>, Freshness),
    /// Its id belongs to another scan, or it breaks a limit. It will never be
    /// taken; sending it again does not help.
    Refused(CheckId, CheckError),
}

/// Why a batch was not taken; nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Too many checks.
    #[error("the batch has {0} checks; at most {BATCH_LIMIT} are allowed")]
    TooLarge(usize),
    /// Too many cancellations.
    #[error("the batch has {0} cancellations; at most {BATCH_LIMIT} are allowed")]
    TooManyCancellations(usize),
    /// The database failed.
    #[error("the batch could not be kept")]
    Db(#[from] DbError),
}

impl Deciding {
    /// Records the checks of a journal, in their order, in one transaction. Each
    /// that can be recorded is, whatever becomes of the others. What the door did
    /// wins over an answer that was never heard; see [`rules::brought`] and
    /// [`rules::afterwards`].
    ///
    /// # Errors
    /// Nothing was recorded then, and the device sends it again.
    pub async fn merge_journal(
        &self,
        items: Vec<JournalItem>,
    ) -> Result<Vec<Merged>, JournalError> {
        if items.len() > BATCH_LIMIT {
            return Err(JournalError::TooLarge(items.len()));
        }
        let (site, settings) = (self.site(), Arc::clone(&self.settings));
        let now = self.clock.now();
        let merge = move |tx: &mut Tx<'_>, item: &JournalItem| {
            Ok(match merge(tx, item, &site, &settings, now) {
                Ok((check, freshness)) => Merged::Recorded(Box::new(check), freshness),
                Err(CheckError::Db(error)) => return Err(error),
                Err(refused) => Merged::Refused(item.scan.id, refused),
            })
        };
        let merged: Vec<Merged> = self
            .db
            .write("merge journal", move |tx| {
                items.iter().map(|item| merge(tx, item)).collect()
            })
            .await
            .map_err(JournalError::Db)?;
        for one in &merged {
            if let Merged::Recorded(check, Freshness::First) = one {
                self.note_decided(check);
            }
        }
        // An entry may have been cancelled, which is no new check.
        self.due.wake();
        Ok(merged)
    }

    /// Records the cancellations of a journal as [`merge_journal`](Self::merge_journal)
    /// does its checks.
    ///
    /// # Errors
    /// Nothing was recorded then, and the device sends it again.
    pub async fn merge_cancellations(
        &self,
        cancellations: Vec<Cancellation>,
    ) -> Result<Vec<Result<Cancelled, CancelError>>, JournalError> {
        if cancellations.len() > BATCH_LIMIT {
            return Err(JournalError::TooManyCancellations(cancellations.len()));
        }
        let now = self.clock.now();
        let merge =
            move |tx: &mut Tx<'_>, one: &Cancellation| match cancellation::record(tx, one, now) {
                Err(CancelError::Db(error)) => Err(error),
                merged => Ok(merged),
            };
        let merged: Vec<Result<Cancelled, CancelError>> = self
            .db
            .write("merge cancellations", move |tx| {
                cancellations.iter().map(|one| merge(tx, one)).collect()
            })
            .await
            .map_err(JournalError::Db)?;
        for cancelled in merged.iter().flatten() {
            self.note_cancelled(cancelled);
        }
        Ok(merged)
    }
}

/// Records one check of a journal.
fn merge(
    tx: &mut Tx<'_>,
    item: &JournalItem,
    site: &Site,
    settings: &InterfaceSettings,
    now: Timestamp,
) -> Result<(Check, Freshness), CheckError> {
    let scan = &item.scan;
    within_limit(&scan.code)?;
    match check::find(tx, scan)? {
        None => {
            let check = insert_undecided(tx, item, site, settings, now)?;
            Ok((check, Freshness::First))
        }
        Some(first) => merge_decided(tx, item, first, site, settings, now),
    }
}

/// If Otipass was being asked about it when the line broke, it is the pass that
/// was recognised then, and Otipass may have counted the entry.
fn insert_undecided(
    tx: &mut Tx<'_>,
    item: &JournalItem,
    site: &Site,
    settings: &InterfaceSettings,
    now: Timestamp,
) -> Result<Check, CheckError> {
    let scan = &item.scan;
    let (recognised, counted) = match intent::find(tx, scan)? {
        Some(asked) => (Ok(asked), Counted::Maybe),
        None => (
            rules::recognise(&scan.code, &scan.device, site, settings),
            Counted::No,
        ),
    };
    let brought = rules::brought(item.outcome, rules::at_the_door(scan), is_pass(&recognised));
    let new = NewCheck {
        scan,
        mode: Mode::Offline,
        recognised: recognised.as_ref().ok(),
        verdict: Verdict::without_partner(brought.decision),
        counted,
        arrived_at: now,
        decided_at: now,
    };
    let check = record::insert(tx, &new, site, None)?;
    if brought.door_admitted {
        door_admitted::mark(tx, scan.id, item.outcome, now)?;
    }
    Ok(check)
}

fn merge_decided(
    tx: &mut Tx<'_>,
    item: &JournalItem,
    first: Check,
    site: &Site,
    settings: &InterfaceSettings,
    now: Timestamp,
) -> Result<(Check, Freshness), CheckError> {
    let scan = &item.scan;
    let recognised = match recognised_before(&first, settings) {
        Some(recognised) => Ok(recognised),
        None => rules::recognise(&scan.code, &scan.device, site, settings),
    };
    let opened = rules::at_the_door(scan);
    match rules::afterwards(first.decision, item.outcome, opened, is_pass(&recognised)) {
        Afterwards::Keep => {}
        Afterwards::FollowUp(decision) => {
            // Marked before the gate could recognise it, it stays so: the
            // device has had its answer.
            if !door_admitted::is_marked(tx, scan.id)? {
                let new = NewCheck {
                    scan,
                    mode: Mode::Offline,
                    recognised: recognised.as_ref().ok(),
                    verdict: Verdict::without_partner(decision),
                    // What Otipass may have counted of the refusal is given back
                    // first; this entry counts by itself.
                    counted: Counted::No,
                    arrived_at: now,
                    decided_at: now,
                };
                let check = record::insert(tx, &new, site, Some(scan.id))?;
                return Ok((check, Freshness::First));
            }
        }
        Afterwards::DoorAdmitted => door_admitted::mark(tx, scan.id, item.outcome, now)?,
        Afterwards::TurnedAway => cancellation::turn_away(tx, &first, now)?,
    }
    Ok((first, Freshness::Repeated))
}

/// What a check was recognised as when it was decided. Its device may hang on
/// another door by now; the visitor did not come through that one.
fn recognised_before(first: &Check, settings: &InterfaceSettings) -> Option<Recognised> {
    let sector = first.sector.clone()?;
    Some(Recognised {
        card: first.card.clone()?,
        num_type: settings.format.num_type,
        info: settings.mapping.sectors.get(&sector)?.clone(),
        sector,
    })
}

fn is_pass(recognised: &Result<Recognised, Reason>) -> Result<(), Reason> {
    recognised.as_ref().map(drop).map_err(|reason| *reason)
}
