//! An online check: intent, ask, record; and what is left of one that was cut off.

use crate::decide::Deciding;
use crate::decide::budget::Budget;
use crate::decide::check::{Check, CheckError, Freshness};
use crate::decide::in_hand::Alone;
use crate::decide::intent::{self, Arrival, Asker, Begun, Open};
use crate::decide::partner::{RECOVERY_TIMEOUT, Retried};
use crate::decide::record::{self, NewCheck};
use crate::decide::repeat::{self, Earlier};
use crate::decide::rules::{self, Asked, Counted, Intent, Recognised, StaysOpen};
use crate::decide::scan::within_limit;
use crate::decide::scan_time::Sending;
use crate::{Decision, Mode, Reason, Scan};
use kernel::{CardNumber, CheckId, SectorCode, Timestamp};
use otipass::Refusal;
use std::sync::Arc;
use std::time::Duration;

/// How many intents one sweep of recovery resolves.
const RECOVERY_BATCH: u32 = 100;
/// How much later than the budget the answer may be recorded, in milliseconds: so long
/// nobody else asks, also by a clock that is ahead.
const RECORDED_WITHIN_MS: i64 = 1_000;
/// How often a check that waits for another process looks whether it is decided.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Deciding {
    /// Decides an online check: intent, ask, record. The same id gets the first
    /// answer again. Two devices that read one card at the same time ask once: the
    /// other waits, within its budget.
    ///
    /// # Errors
    /// Nothing was decided then.
    pub async fn check(
        &self,
        scan: Scan,
        sending: Sending,
    ) -> Result<(Check, Freshness), CheckError> {
        within_limit(&scan.code)?;
        let arrived_at = self.clock.now();
        let budget = Budget::start(self.settings.decision_budget);
        let _alone = self.in_hand.alone_with(scan.id).await;
        let mut card = self.alone_with_card(&scan, &sending, budget).await;
        loop {
            match self.begin(&scan, sending, arrived_at).await? {
                Begun::Decided(check, freshness) => {
                    if freshness == Freshness::First {
                        self.note_decided(&check);
                    }
                    return Ok((*check, freshness));
                }
                Begun::Ask(intent, open) => {
                    let question = open.recognised.question(open.scanned.at, scan.id);
                    let asked = self.partner.ask(&question, budget).await;
                    return self.record(scan, open, &asked, intent, arrived_at).await;
                }
                // Another process has it, or nobody any more.
                Begun::Elsewhere(_) | Begun::Wait(..) if let Some(left) = budget.for_waiting() => {
                    // Whoever can end that may wait for this card here.
                    drop(card.take());
                    tokio::time::sleep(left.min(LOOK_AGAIN)).await;
                }
                Begun::Wait(other, open) => {
                    tracing::warn!(
                        check = %scan.id,
                        "another check of this card stays open; the site's policy decides"
                    );
                    return self.in_doubt(scan, open, other, arrived_at).await;
                }
                Begun::Elsewhere(open) => {
                    tracing::warn!(
                        check = %scan.id,
                        "another process asks about this check and does not end; the site's policy \
                         decides"
                    );
                    let asked = Asked::Silent(Counted::Maybe);
                    let intent = Intent::Unresolved;
                    return self.record(scan, open, &asked, intent, arrived_at).await;
                }
            }
        }
    }

    /// Waits for another check of the card in this process, as long as there is time:
    /// what holds is its open question.
    async fn alone_with_card(
        &self,
        scan: &Scan,
        sending: &Sending,
        budget: Budget,
    ) -> Option<Alone<'_, (CardNumber, SectorCode)>> {
        if sending.one_more_than.is_some()
            || self.settings.repeat_window_ms() == 0
            || rules::without_asking(scan).is_some()
        {
            return None;
        }
        let site = self.site();
        let recognised = rules::recognise(&scan.code, &scan.device, &site, &self.settings);
        let Recognised { card, sector, .. } = recognised.ok()?;
        let alone = self.cards.alone_with((card, sector));
        tokio::time::timeout(budget.for_waiting()?, alone)
            .await
            .ok()
    }

    async fn begin(
        &self,
        scan: &Scan,
        sending: Sending,
        arrived_at: Timestamp,
    ) -> Result<Begun, CheckError> {
        let (scan, settings) = (scan.clone(), Arc::clone(&self.settings));
        let (site, set_up) = self.known.site_and_revision();
        let recognised = rules::recognise(&scan.code, &scan.device, &site, &settings);
        let clock = Arc::clone(&self.clock);
        let node = Arc::clone(&self.node);
        let for_ms = settings.decision_budget_ms() + RECORDED_WITHIN_MS;
        self.db
            .write("begin check", move |tx| {
                // Anew, should the transaction have to be run again.
                let now = clock.now();
                let arrival = Arrival {
                    asker: Asker {
                        node: Arc::clone(&node),
                        now,
                        for_ms,
                    },
                    scan: &scan,
                    sending: &sending,
                    recognised: &recognised,
                    set_up,
                    at: arrived_at,
                };
                intent::begin(tx, &arrival, &site, &settings)
            })
            .await
    }

    /// Decides a check by the site's policy, because the question about its card is
    /// still open for `other`: nobody knows whether that visitor is this one.
    async fn in_doubt(
        &self,
        scan: Scan,
        open: Open,
        other: CheckId,
        arrived_at: Timestamp,
    ) -> Result<(Check, Freshness), CheckError> {
        let doubt = Earlier {
            check: other,
            device: scan.device.clone(),
            at: open.scanned.at,
        };
        let asked = Asked::Silent(Counted::No);
        self.record_with(scan, open, &asked, Intent::Fresh, arrived_at, Some(doubt))
            .await
    }

    /// Asks Otipass about the intents that arrived before `before` and were left
    /// without a decision, under the same reference; not those that another process
    /// asks about. Says how many were resolved; those Otipass does not answer about
    /// stay.
    ///
    /// # Errors
    /// What was not resolved yet stays open.
    pub async fn recover(&self, before: Timestamp) -> Result<usize, CheckError> {
        let asker = || Asker {
            node: Arc::clone(&self.node),
            now: self.clock.now(),
            for_ms: i64::try_from(RECOVERY_TIMEOUT.as_millis()).unwrap_or(i64::MAX),
        };
        let now = asker();
        let open = self
            .db
            .read("unresolved intents", move |tx| {
                intent::unresolved(tx, before, &now, RECOVERY_BATCH)
            })
            .await?;
        let mut resolved = 0;
        for id in open {
            let _alone = self.in_hand.alone_with(id).await;
            // Its device, or another process, may have come back meanwhile.
            let now = asker();
            let taken = self
                .db
                .write("take intent", move |tx| intent::take(tx, id, &now))
                .await?;
            let Some(open) = taken else { continue };
            let known = &open.open;
            let question = known.recognised.question(known.scanned.at, open.scan.id);
            match self.partner.ask_again(&question).await {
                Retried::Answered(answer) => {
                    let asked = Asked::Answered(answer);
                    let (scan, open, arrived_at) = (open.scan, open.open, open.arrived_at);
                    self.record(scan, open, &asked, Intent::Unresolved, arrived_at)
                        .await?;
                    resolved += 1;
                }
                Retried::StaysOpen => {}
                Retried::Outage => break,
            }
        }
        Ok(resolved)
    }

    async fn record(
        &self,
        scan: Scan,
        open: Open,
        asked: &Asked,
        intent: Intent,
        arrived_at: Timestamp,
    ) -> Result<(Check, Freshness), CheckError> {
        self.record_with(scan, open, asked, intent, arrived_at, None)
            .await
    }

    async fn record_with(
        &self,
        scan: Scan,
        open: Open,
        asked: &Asked,
        intent: Intent,
        arrived_at: Timestamp,
        doubt: Option<Earlier>,
    ) -> Result<(Check, Freshness), CheckError> {
        let settings = &self.settings;
        let verdict = rules::decide(asked, intent, settings.references, settings.when_silent)
            .map_err(|StaysOpen| CheckError::StaysOpen(scan.id))?;
        let counted = match asked {
            Asked::Answered(_) => Counted::No,
            Asked::Silent(counted) => counted.after(intent),
        };
        let site = self.site();
        let decided_at = self.clock.now();
        let (check, freshness) = self
            .db
            .write("record decision", move |tx| {
                let Recognised { card, sector, .. } = &open.recognised;
                let is_used =
                    verdict.decision == Decision::Refused(Reason::Partner(Refusal::AlreadyUsed));
                let new = NewCheck {
                    scan: &scan,
                    mode: Mode::Online,
                    recognised: Some(&open.recognised),
                    verdict,
                    counted,
                    scanned: open.scanned,
                    set_up: open.set_up,
                    one_more_than: open.one_more_than,
                    earlier: match &doubt {
                        None if is_used => repeat::latest(tx, card, sector)?,
                        doubt => doubt.clone(),
                    },
                    arrived_at,
                    decided_at,
                };
                record::record(tx, &new, &site)
            })
            .await?;
        if freshness == Freshness::First {
            self.note_decided(&check);
        }
        Ok((check, freshness))
    }
}
