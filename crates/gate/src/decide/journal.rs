//! What the journals of devices deliver: checks that were decided at the door
//! without network, oldest first, in batches, as often as it takes.

use crate::decide::Deciding;
use crate::decide::aside::AsideError;
use crate::decide::cancellation::{self, CancelError, Cancellation};
use crate::decide::check::{self, Check, CheckError, Freshness};
use crate::decide::door_admitted;
use crate::decide::intent;
use crate::decide::record::{self, NewCheck};
use crate::decide::repeat::{Earlier, Near};
use crate::decide::rules::{self, Afterwards, Counted, Recognised, Verdict};
use crate::decide::scan::within_limit;
use crate::decide::scan_time::{self, ScanTime, Sending};
use crate::site::revision::{self, Meaning};
use crate::{Admission, Decision, InterfaceSettings, Mode, Reason, Scan, Site};
use db::{DbError, Tx};
use deviceapi::{BATCH_LIMIT, CancellationAnswer};
use kernel::{CheckId, Timestamp};
use std::sync::Arc;

/// One check of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalItem {
    /// What was scanned.
    pub scan: Scan,
    /// How it is sent.
    pub sending: Sending,
    /// What the device told the visitor; `None` if it does not say, and the gate
    /// applies the offline rules itself.
    pub outcome: Option<Decision>,
}

impl From<Scan> for JournalItem {
    fn from(scan: Scan) -> Self {
        Self {
            scan,
            sending: Sending::default(),
            outcome: None,
        }
    }
}

/// What became of one check of a batch.
#[derive(Debug)]
pub enum Merged {
    /// It is recorded; the device may forget it.
    Recorded(Box<Check>, Freshness),
    /// Its id belongs to another scan, or it breaks a limit: it goes aside.
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
    /// What does not fit could not be put aside.
    #[error(transparent)]
    Aside(#[from] AsideError),
    /// The database failed.
    #[error("the batch could not be kept")]
    Db(#[from] DbError),
}

impl Deciding {
    /// By what a journal would be merged now.
    #[must_use]
    pub fn merging(&self) -> Merging {
        let (site, set_up) = self.known.site_and_revision();
        Merging {
            site,
            settings: Arc::clone(&self.settings),
            set_up,
            now: self.clock.now(),
        }
    }

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
        let merging = self.merging();
        let merge = move |tx: &mut Tx<'_>, item: &JournalItem| {
            Ok(match merging.merge(tx, item) {
                Ok((check, freshness)) => Merged::Recorded(Box::new(check), freshness),
                Err(CheckError::Db(error)) => return Err(error),
                Err(refused) => Merged::Refused(item.scan.id, refused),
            })
        };
        let merged: Vec<Merged> = self
            .journals
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
    ) -> Result<Vec<Result<CancellationAnswer, CancelError>>, JournalError> {
        if cancellations.len() > BATCH_LIMIT {
            return Err(JournalError::TooManyCancellations(cancellations.len()));
        }
        if cancellations.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let merge = move |tx: &mut Tx<'_>, one: &Cancellation| {
            let cancelled = scan_time::of_journal(now, one.device_time, &one.sending);
            match cancellation::record(tx, one, cancelled, now) {
                Err(CancelError::Db(error)) => Err(error),
                merged => Ok(merged),
            }
        };
        let merged: Vec<Result<CancellationAnswer, CancelError>> = self
            .journals
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

/// By what a journal is merged, and what lies aside is booked.
#[derive(Debug)]
pub struct Merging {
    site: Arc<Site>,
    pub(crate) settings: Arc<InterfaceSettings>,
    /// The set-up's revision in which they are so.
    set_up: i64,
    pub(crate) now: Timestamp,
}

/// What a check of a journal means, by the set-up that its device had.
pub(crate) struct Understood {
    pub(crate) recognised: Result<Recognised, Reason>,
    pub(crate) scanned: ScanTime,
    set_up: i64,
}

impl Merging {
    /// Records one check.
    fn merge(&self, tx: &mut Tx<'_>, item: &JournalItem) -> Result<(Check, Freshness), CheckError> {
        within_limit(&item.scan.code)?;
        match check::find(tx, &item.scan)? {
            None => Ok((self.insert_undecided(tx, item)?, Freshness::First)),
            Some(first) => self.merge_decided(tx, item, first),
        }
    }

    /// If Otipass was being asked about it when the line broke, it is the pass that
    /// was recognised then, and Otipass may have counted the entry.
    fn insert_undecided(&self, tx: &mut Tx<'_>, item: &JournalItem) -> Result<Check, CheckError> {
        let scan = &item.scan;
        let (understood, counted) = match intent::find(tx, scan)? {
            Some(open) => {
                let understood = Understood {
                    recognised: Ok(open.recognised),
                    scanned: open.scanned,
                    set_up: open.set_up,
                };
                (understood, Counted::Maybe)
            }
            None => (self.understand(tx, item)?, Counted::No),
        };
        let is_pass = is_pass(&understood.recognised);
        let brought = rules::brought(item.outcome, rules::at_the_door(scan), is_pass);
        let check = self.insert(tx, item, &understood, brought.decision, counted, None)?;
        if brought.door_admitted {
            door_admitted::mark(tx, scan.id, item.outcome, self.now)?;
        }
        Ok(check)
    }

    /// Records an admission that a person vouches for, unless it is known.
    pub(crate) fn admit(
        &self,
        tx: &mut Tx<'_>,
        item: &JournalItem,
        understood: &Understood,
        decision: Decision,
    ) -> Result<CheckId, CheckError> {
        within_limit(&item.scan.code)?;
        if let Some(first) = check::find(tx, &item.scan)? {
            let (check, _) = self.merge_decided(tx, item, first)?;
            return Ok(check.scan.id);
        }
        let counted = match intent::find(tx, &item.scan)? {
            Some(_) => Counted::Maybe,
            None => Counted::No,
        };
        let check = self.insert(tx, item, understood, decision, counted, None)?;
        Ok(check.scan.id)
    }

    fn merge_decided(
        &self,
        tx: &mut Tx<'_>,
        item: &JournalItem,
        first: Check,
    ) -> Result<(Check, Freshness), CheckError> {
        let scan = &item.scan;
        let understood = match self.recognised_before(tx, &first)? {
            Some(recognised) => Understood {
                recognised: Ok(recognised),
                scanned: first.scanned,
                set_up: first.set_up,
            },
            // The first time that was computed stands.
            None => Understood {
                scanned: first.scanned,
                ..self.understand(tx, item)?
            },
        };
        let opened = rules::at_the_door(scan);
        let is_pass = is_pass(&understood.recognised);
        match rules::afterwards(first.decision, item.outcome, opened, is_pass) {
            Afterwards::Keep => {}
            Afterwards::FollowUp(decision) => {
                // Marked before the gate could recognise it, it stays so: the
                // device has had its answer.
                if !door_admitted::is_marked(tx, scan.id)? {
                    // What Otipass may have counted of the refusal is given back
                    // first; this entry counts by itself.
                    let (counted, follows) = (Counted::No, Some(scan.id));
                    let check = self.insert(tx, item, &understood, decision, counted, follows)?;
                    return Ok((check, Freshness::First));
                }
            }
            Afterwards::DoorAdmitted => {
                door_admitted::mark(tx, scan.id, item.outcome, self.now)?;
            }
            Afterwards::TurnedAway => cancellation::turn_away(tx, &first, self.now)?,
        }
        Ok((first, Freshness::Repeated))
    }

    fn insert(
        &self,
        tx: &mut Tx<'_>,
        item: &JournalItem,
        understood: &Understood,
        decision: Decision,
        counted: Counted,
        follows: Option<CheckId>,
    ) -> Result<Check, CheckError> {
        let recognised = understood.recognised.as_ref().ok();
        let earlier = match recognised {
            // One more person on a code is none.
            Some(recognised) if item.sending.one_more_than.is_none() => {
                self.passed_back(tx, recognised, understood, decision)?
            }
            _ => None,
        };
        let new = NewCheck {
            scan: &item.scan,
            mode: Mode::Offline,
            recognised,
            verdict: Verdict::without_partner(decision),
            counted,
            scanned: understood.scanned,
            set_up: understood.set_up,
            one_more_than: item.sending.one_more_than,
            earlier,
            arrived_at: self.now,
            decided_at: self.now,
        };
        record::insert(tx, &new, &self.site, follows)
    }

    /// The admission by which this one is a possible pass-back: it stands, and is
    /// marked. A forced entry never is, nor one whose time is an estimate.
    fn passed_back(
        &self,
        tx: &mut Tx<'_>,
        recognised: &Recognised,
        understood: &Understood,
        decision: Decision,
    ) -> Result<Option<Earlier>, DbError> {
        let offline = decision == Decision::Admitted(Admission::AcceptedOffline);
        if !offline || understood.scanned.is_estimated() {
            return Ok(None);
        }
        let near = Near {
            card: &recognised.card,
            sector: &recognised.sector,
            at: understood.scanned.at,
            window_ms: self.settings.repeat_window_ms(),
        };
        near.earlier(tx)
    }

    /// By the set-up that the device had heard of; by the present one, if it does
    /// not say, or names one that never was.
    pub(crate) fn understand(
        &self,
        tx: &mut Tx<'_>,
        item: &JournalItem,
    ) -> Result<Understood, DbError> {
        let JournalItem { scan, sending, .. } = item;
        let present = || {
            let meaning = Meaning::of(&scan.device, &self.site, &self.settings.mapping);
            (meaning, self.settings.detection.clone(), self.set_up)
        };
        let named = match sending.set_up {
            Some(set_up) => {
                let meant = revision::meant(tx, &scan.device, set_up)?;
                meant.map(|(meaning, detection)| (meaning, detection, set_up))
            }
            None => None,
        };
        let (meaning, detection, set_up) = named.unwrap_or_else(present);
        Ok(Understood {
            recognised: rules::recognise_at(&scan.code, meaning, &detection),
            scanned: scan_time::of_journal(self.now, scan.device_time, sending),
            set_up,
        })
    }

    /// What a check was recognised as when it was decided. Its device may hang on
    /// another door by now; the visitor did not come through that one.
    fn recognised_before(
        &self,
        tx: &mut Tx<'_>,
        first: &Check,
    ) -> Result<Option<Recognised>, DbError> {
        let (Some(card), Some(_)) = (&first.card, &first.sector) else {
            return Ok(None);
        };
        let meant = revision::meant(tx, &first.scan.device, first.set_up)?;
        Ok(meant.and_then(|(meaning, detection)| {
            let (sector, info) = meaning.sector?;
            Some(Recognised {
                card: card.clone(),
                num_type: detection.format.num_type,
                sector,
                info,
            })
        }))
    }
}

fn is_pass(recognised: &Result<Recognised, Reason>) -> Result<(), Reason> {
    recognised.as_ref().map(drop).map_err(|reason| *reason)
}
