//! An online check: intent, ask, record; and what is left of one that was cut off.

use crate::decide::Deciding;
use crate::decide::budget::Budget;
use crate::decide::check::{Check, CheckError, Freshness};
use crate::decide::intent::{self, Begun};
use crate::decide::partner::Retried;
use crate::decide::record::{self, NewCheck};
use crate::decide::rules::{self, Asked, Counted, Intent, Recognised, StaysOpen};
use crate::decide::scan::within_limit;
use crate::{Mode, Scan};
use kernel::Timestamp;

/// How many intents one sweep of recovery resolves.
const RECOVERY_BATCH: u32 = 100;

impl Deciding {
    /// Decides an online check: intent, ask, record. The same id gets the first
    /// answer again.
    ///
    /// # Errors
    /// Nothing was decided then.
    pub async fn check(&self, scan: Scan) -> Result<(Check, Freshness), CheckError> {
        within_limit(&scan.code)?;
        let arrived_at = self.clock.now();
        let budget = Budget::start(self.settings.decision_budget);
        let _alone = self.in_hand.alone_with(scan.id).await;
        let begun = {
            let (scan, site) = (scan.clone(), self.site());
            let recognised = rules::recognise(&scan.code, &scan.device, &site, &self.settings);
            self.db
                .write("begin check", move |tx| {
                    intent::begin(tx, &scan, &recognised, arrived_at, &site)
                })
                .await?
        };
        let (intent, recognised) = match begun {
            Begun::Ask(intent, recognised) => (intent, recognised),
            Begun::Decided(check, freshness) => {
                if freshness == Freshness::First {
                    self.note_decided(&check);
                }
                return Ok((*check, freshness));
            }
        };
        let question = recognised.question(scan.scanned_at, scan.id);
        let asked = self.partner.ask(&question, budget).await;
        self.record(scan, recognised, &asked, intent, arrived_at)
            .await
    }

    /// Asks Otipass about the intents that arrived before `before` and were left
    /// without a decision, under the same reference. Says how many were
    /// resolved; those Otipass does not answer about stay.
    ///
    /// # Errors
    /// What was not resolved yet stays open.
    pub async fn recover(&self, before: Timestamp) -> Result<usize, CheckError> {
        let open = self
            .db
            .read("unresolved intents", move |tx| {
                intent::unresolved(tx, before, RECOVERY_BATCH)
            })
            .await?;
        let mut resolved = 0;
        for id in open {
            let _alone = self.in_hand.alone_with(id).await;
            // Its device may have come back meanwhile.
            let still_open = self
                .db
                .read("unresolved intent", move |tx| intent::load(tx, id))
                .await?;
            let Some(open) = still_open else { continue };
            let question = open.recognised.question(open.scan.scanned_at, open.scan.id);
            match self.partner.ask_again(&question).await {
                Retried::Answered(answer) => {
                    let asked = Asked::Answered(answer);
                    let (scan, recognised) = (open.scan, open.recognised);
                    let (intent, arrived_at) = (Intent::Unresolved, open.arrived_at);
                    self.record(scan, recognised, &asked, intent, arrived_at)
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
        recognised: Recognised,
        asked: &Asked,
        intent: Intent,
        arrived_at: Timestamp,
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
                let new = NewCheck {
                    scan: &scan,
                    mode: Mode::Online,
                    recognised: Some(&recognised),
                    verdict,
                    counted,
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
