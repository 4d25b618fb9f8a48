//! Reading Otipass's list of passes, keeping it, and giving it to devices.

use super::store::{self, Head, Known, Lease, Told};
use super::{Content, ListBody, ListReason, PassKey, Whole, build};
use crate::{InterfaceSettings, OfflinePolicy};
use db::{Db, DbError};
use kernel::{Clock, Timestamp};
use otipass::pass_list::{Mark, PageQuery};
use otipass::{AskError, Partner};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The most passes a list may have. Three filters over as many take 3 MB.
pub const PASSES_LIMIT: usize = 2_000_000;
/// The most pages that are read.
const PAGES_LIMIT: usize = 10_000;
/// How long a page may take. Nobody stands at the gate for it.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often all passes are read, in milliseconds, and not only what has changed.
const ALL_AGAIN_MS: i64 = 24 * 60 * 60 * 1000;
/// How many passes one transaction keeps: checks wait for no longer than it takes.
const CHUNK: usize = 250;
/// How many passes are read from the database at a time.
const PAGE: u32 = 5_000;
/// Below so many changes since the last whole there is no new one.
const FEW_CHANGES: i64 = 1_000;

/// What a refresh came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// Another process is at it.
    Elsewhere,
    /// The list is as Otipass has it.
    Done {
        /// Its version.
        version: i64,
        /// Its date.
        dated: Timestamp,
        /// How many passes Otipass named.
        named: usize,
    },
}

/// Why the list was not refreshed. Devices go on with the last one, as long as
/// it is young enough.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Otipass did not give it.
    #[error("Otipass did not give its list of passes")]
    Ask(#[from] AskError),
    /// More passes than a device could hold.
    #[error(
        "Otipass names more than {PASSES_LIMIT} passes, too many for devices; set offline_policy to \
         detection_only"
    )]
    TooMany,
    /// Pages that contradict each other or do not end.
    #[error("the pages of Otipass's list of passes do not fit together; they are read again later")]
    Pages,
    /// No filter could be made.
    #[error(transparent)]
    Construction(#[from] super::ConstructionFailed),
    /// The filters could not be written as JSON.
    #[error("the pass list could not be written")]
    Json(#[from] serde_json::Error),
    /// The process is ending.
    #[error("the pass list was not finished, because the service ends")]
    Ended(#[from] tokio::task::JoinError),
    /// The database failed.
    #[error("the pass list could not be kept")]
    Db(#[from] DbError),
}

/// Otipass's list, read to its end.
struct Reading {
    all: bool,
    state: Mark,
    passes: HashMap<PassKey, Option<ListReason>>,
}

/// Reads Otipass's list, and gives devices theirs. Nothing of it is in memory: which
/// process reads is a lease in the database.
#[derive(Debug)]
pub struct PassLists {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<InterfaceSettings>,
    pub(crate) otipass: Arc<dyn Partner>,
}

impl PassLists {
    /// Brings the pass list up to Otipass's: reads what has changed, or once a
    /// day all passes, keeps it, and makes new filters when enough has changed.
    ///
    /// # Errors
    /// The list stays as it was.
    pub async fn refresh(&self) -> Result<Refreshed, RefreshError> {
        let now = self.clock.now();
        let leased = self
            .db
            .write("lease pass list", move |tx| store::lease(tx, now));
        let Some((lease, before)) = leased.await? else {
            return Ok(Refreshed::Elsewhere);
        };
        let refreshed = self.refresh_leased(lease, before, now).await;
        if refreshed.is_err() {
            let released = self
                .db
                .write("release pass list", move |tx| store::release(tx, lease));
            released.await?;
        }
        refreshed
    }

    async fn refresh_leased(
        &self,
        lease: Lease,
        before: Head,
        dated: Timestamp,
    ) -> Result<Refreshed, RefreshError> {
        // Or so far ahead, by a clock that was set back since.
        let due = dated.ms_since(before.all_read_at).abs() >= ALL_AGAIN_MS;
        let since = before.state.clone().filter(|_| !due);
        let reading = self
            .read_passes(since.and_then(|s| s.try_into().ok()))
            .await?;
        let named = reading.passes.len();
        let all = reading.all;
        let state = reading.state.as_str().to_owned();
        if !self.save_passes(lease, reading, before.version + 1).await? {
            return Ok(Refreshed::Elsewhere);
        }

        let whole_version = before.whole_version;
        let counted = self
            .db
            .read("count passes", move |tx| store::counts(tx, whole_version));
        let (known, changed) = counted.await?;
        let whole = if whole_version == 0 || changed > FEW_CHANGES.max(known / 100) {
            Some(self.build_whole().await?)
        } else {
            None
        };
        let read = store::Read {
            dated,
            state,
            all,
            whole,
        };
        let version = self
            .db
            .write("conclude pass list", move |tx| {
                store::conclude(tx, lease, &before, &read)
            })
            .await?;
        Ok(match version {
            Some(version) => Refreshed::Done {
                version,
                dated,
                named,
            },
            None => Refreshed::Elsewhere,
        })
    }

    async fn read_passes(&self, since: Option<Mark>) -> Result<Reading, RefreshError> {
        let mut query = PageQuery {
            num_type: self.settings.mapping.num_type,
            since,
            after: None,
        };
        let mut read: Option<Reading> = None;
        for _ in 0..PAGES_LIMIT {
            let page = self.otipass.pass_page(&query, PAGE_TIMEOUT).await?;
            let mut reading = read.take().unwrap_or_else(|| Reading {
                all: page.whole,
                state: page.state,
                passes: HashMap::new(),
            });
            for pass in &page.passes {
                let reason = pass.refusal.and_then(ListReason::of);
                // Should two numbers share a key, neither is refused.
                reading
                    .passes
                    .entry(PassKey::of(&pass.number))
                    .and_modify(|known| *known = known.filter(|known| Some(*known) == reason))
                    .or_insert(reason);
            }
            if reading.passes.len() > PASSES_LIMIT {
                return Err(RefreshError::TooMany);
            }
            if page.whole != reading.all {
                return Err(RefreshError::Pages);
            }
            if page.next.is_none() {
                return Ok(reading);
            }
            query.after = page.next;
            read = Some(reading);
        }
        Err(RefreshError::Pages)
    }

    /// Saves what is new in the reading. A pass that Otipass no longer names is
    /// refused no more.
    async fn save_passes(
        &self,
        lease: Lease,
        reading: Reading,
        version: i64,
    ) -> Result<bool, DbError> {
        let mut changes = reading.passes;
        let mut after = None;
        let mut more = reading.all;
        while more {
            let page = self
                .db
                .read("known passes", move |tx| store::page(tx, after, PAGE));
            let page = page.await?;
            after = page.last().map(|(key, _)| *key);
            more = after.is_some();
            for (key, reason) in page {
                match changes.get(&key) {
                    Some(same) if *same == reason => {
                        changes.remove(&key);
                    }
                    None if reason.is_some() => {
                        changes.insert(key, None);
                    }
                    _ => {}
                }
            }
        }
        if changes.is_empty() {
            return Ok(true);
        }
        let content = self.db.read("pass filters", store::whole).await?;
        let mut changes: Vec<(Known, Told)> = changes
            .into_iter()
            .map(|(key, reason)| {
                let wrong = content
                    .as_ref()
                    .is_some_and(|content| content.takes_wrongly(key, reason));
                let told = if wrong {
                    Told::TakenWrongly
                } else {
                    Told::Nothing
                };
                ((key, reason), told)
            })
            .collect();
        // In the order of the index.
        changes.sort_unstable_by_key(|((key, _), _)| key.0.cast_signed());
        while !changes.is_empty() {
            let chunk = changes.split_off(changes.len().saturating_sub(CHUNK));
            let kept = self.db.write("save passes", move |tx| {
                store::save(tx, lease, &chunk, version)
            });
            if !kept.await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn build_whole(&self) -> Result<String, RefreshError> {
        let mut passes: Vec<Known> = Vec::new();
        loop {
            let after = passes.last().map(|(key, _)| *key);
            let page = self
                .db
                .read("known passes", move |tx| store::page(tx, after, PAGE));
            let page = page.await?;
            if page.is_empty() {
                break;
            }
            passes.extend(page);
        }
        tokio::task::spawn_blocking(move || {
            let content: Content = build(&passes)?;
            Ok(serde_json::to_string(&content)?)
        })
        .await?
    }

    /// The list for a device that has the version `since`: a difference, or a
    /// whole. `None` with another policy than `guarded`, or before the first
    /// reading.
    pub async fn list(&self, since: Option<i64>) -> Result<Option<ListBody>, DbError> {
        if self.settings.offline_policy != OfflinePolicy::Guarded {
            return Ok(None);
        }
        self.db
            .read("pass list", move |tx| {
                let Some(head) = store::head(tx)? else {
                    return Ok(None);
                };
                let known = head.whole_version..=head.version;
                if let Some(since) = since.filter(|since| known.contains(since)) {
                    let difference = store::difference(tx, &head, since)?;
                    return Ok(Some(ListBody::Difference(difference)));
                }
                Ok(store::whole(tx)?.map(|content| {
                    ListBody::Whole(Whole {
                        version: head.whole_version,
                        dated: head.whole_dated,
                        content,
                    })
                }))
            })
            .await
    }

    /// The version of the list, if devices are given one.
    pub async fn version(&self) -> Result<Option<i64>, DbError> {
        if self.settings.offline_policy != OfflinePolicy::Guarded {
            return Ok(None);
        }
        let head = self.db.read("pass list version", store::head).await?;
        Ok(head.map(|head| head.version))
    }
}
