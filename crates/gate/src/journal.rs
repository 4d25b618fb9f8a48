//! What the journals of devices deliver: checks that were decided at the door
//! without network, oldest first, in batches, as often as it takes.

use crate::check::{self, Check, CheckError, Deciding, Freshness, Mode, Scan};
use crate::decide::{self, Counted, Verdict};
use crate::{Admission, Decision, Gate, InterfaceSettings, Site, intent};
use db::Tx;
use kernel::{CheckId, Timestamp};
use std::sync::Arc;

/// The most checks one batch may have.
pub const BATCH_LIMIT: usize = 500;

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
    /// The database failed.
    #[error("the batch could not be kept")]
    Db(#[from] db::DbError),
}

impl Gate {
    /// Keeps the checks of a journal, in their order, in one transaction. Each
    /// that can be kept is, whatever becomes of the others.
    ///
    /// # Errors
    /// [`JournalError`]; nothing was kept then, and the device sends it again.
    pub async fn merge_journal(&self, scans: Vec<Scan>) -> Result<Vec<Merged>, JournalError> {
        if scans.len() > BATCH_LIMIT {
            return Err(JournalError::TooLarge(scans.len()));
        }
        let (site, settings) = (self.site(), Arc::clone(&self.settings));
        let now = self.clock.now();
        let merged = self
            .db
            .write("merge journal", move |tx| {
                let mut merged = Vec::with_capacity(scans.len());
                for scan in &scans {
                    let kept = keep(tx, scan, &site, &settings, now);
                    merged.push(match kept {
                        Ok((check, freshness)) => Merged::Kept(Box::new(check), freshness),
                        Err(CheckError::Db(error)) => return Err(JournalError::Db(error)),
                        Err(refused) => Merged::Refused(scan.id, refused),
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
        Ok(merged)
    }
}

/// Keeps one check of a journal. If Otipass was being asked about it when the
/// line broke, it is the pass that was recognised then.
fn keep(
    tx: &mut Tx<'_>,
    scan: &Scan,
    site: &Site,
    settings: &InterfaceSettings,
    now: Timestamp,
) -> Result<(Check, Freshness), CheckError> {
    scan.within_limits()?;
    let (recognised, counted) = match intent::find(tx, scan)? {
        Some(kept) => (Ok(kept), Counted::Maybe),
        None => (
            decide::recognise(&scan.code, &scan.device, site, settings),
            Counted::No,
        ),
    };
    let decision = match &recognised {
        Ok(_) => Decision::Admitted(Admission::AcceptedOffline),
        Err(reason) => Decision::Refused(*reason),
    };
    let deciding = Deciding {
        scan,
        mode: Mode::Offline,
        recognised: recognised.as_ref().ok(),
        verdict: Verdict::without_partner(decision),
        counted,
        arrived_at: now,
        decided_at: now,
    };
    check::record(tx, &deciding, site)
}
