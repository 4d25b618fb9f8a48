//! What the journals of devices deliver: checks that were decided at the door
//! without network, oldest first, in batches, as often as it takes.

use crate::decide::cancellation;
use crate::decide::check::{self, Check, CheckError, Deciding, Freshness};
use crate::decide::door_admitted;
use crate::decide::intent;
use crate::decide::rules::{self, Afterwards, Counted, Recognised, Verdict};
use crate::{Decision, Gate, InterfaceSettings, Mode, Reason, Scan, Site};
use db::{DbError, Tx};
use kernel::{CheckId, Timestamp};
use std::sync::Arc;

/// The most checks, and the most cancellations, one batch may have.
pub const BATCH_LIMIT: usize = 500;

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
    /// It is kept; the device may forget it.
    Kept(Box<Check>, Freshness),
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

impl Gate {
    /// Keeps the checks of a journal, in their order, in one transaction. Each
    /// that can be kept is, whatever becomes of the others. What the door did
    /// wins over an answer that was never heard; see [`rules::brought`] and
    /// [`rules::afterwards`].
    ///
    /// # Errors
    /// [`JournalError`]; nothing was kept then, and the device sends it again.
    pub async fn merge_journal(
        &self,
        items: Vec<JournalItem>,
    ) -> Result<Vec<Merged>, JournalError> {
        if items.len() > BATCH_LIMIT {
            return Err(JournalError::TooLarge(items.len()));
        }
        let (site, settings) = (self.site(), Arc::clone(&self.settings));
        let now = self.clock.now();
        let merged = self
            .db
            .write("merge journal", move |tx| {
                let mut merged = Vec::with_capacity(items.len());
                for item in &items {
                    let kept = keep(tx, item, &site, &settings, now);
                    merged.push(match kept {
                        Ok((check, freshness)) => Merged::Kept(Box::new(check), freshness),
                        Err(CheckError::Db(error)) => return Err(JournalError::Db(error)),
                        Err(refused) => Merged::Refused(item.scan.id, refused),
                    });
                }
                Ok(merged)
            })
            .await?;
        for one in &merged {
            if let Merged::Kept(check, Freshness::First) = one {
                self.note_decided(check);
            }
        }
        // An entry may have been cancelled, which is no new check.
        self.delivery_due.notify_one();
        self.declaration_due.notify_one();
        Ok(merged)
    }
}

/// Keeps one check of a journal.
fn keep(
    tx: &mut Tx<'_>,
    item: &JournalItem,
    site: &Site,
    settings: &InterfaceSettings,
    now: Timestamp,
) -> Result<(Check, Freshness), CheckError> {
    let scan = &item.scan;
    scan.within_limits()?;
    match check::find(tx, scan)? {
        None => {
            let check = keep_undecided(tx, item, site, settings, now)?;
            Ok((check, Freshness::First))
        }
        Some(first) => keep_decided(tx, item, first, site, settings, now),
    }
}

/// If Otipass was being asked about it when the line broke, it is the pass that
/// was recognised then, and Otipass may have counted the entry.
fn keep_undecided(
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
    let deciding = Deciding {
        scan,
        mode: Mode::Offline,
        recognised: recognised.as_ref().ok(),
        verdict: Verdict::without_partner(brought.decision),
        counted,
        arrived_at: now,
        decided_at: now,
    };
    let check = check::insert(tx, &deciding, site, None)?;
    if brought.door_admitted {
        door_admitted::mark(tx, item, now)?;
    }
    Ok(check)
}

fn keep_decided(
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
                let deciding = Deciding {
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
                let check = check::insert(tx, &deciding, site, Some(scan.id))?;
                return Ok((check, Freshness::First));
            }
        }
        Afterwards::DoorAdmitted => door_admitted::mark(tx, item, now)?,
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
