//! The help desk: what Otipass would say of a pass, and where it entered last.
//! Nothing is recorded, nothing is counted.

use crate::decide::budget::Budget;
use crate::decide::{Deciding, rules, scan, wording};
use crate::hash::derived;
use crate::{Admission, Decision, Reason, ScanRefused, Site};
use db::{DbError, Row, Tx, params};
use deviceapi::{LookAnswer, LookEntry};
use kernel::{CardNumber, CheckId, DeviceCode, InvalidId};
use otipass::{Answer, PassFacts, Question};
use std::sync::Arc;

/// How many of the last entries are shown.
const LAST_ENTRIES: u32 = 5;

/// Why there is nothing to see.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The device has no help desk.
    #[error("this device may not look at passes; its setting help_desk allows it")]
    NotAllowed,
    /// The code breaks a limit.
    #[error(transparent)]
    Refused(#[from] ScanRefused),
    /// No reference could be formed.
    #[error("the question to Otipass could not be formed")]
    Reference(#[from] InvalidId),
    /// The database failed.
    #[error("the last entries could not be read")]
    Db(#[from] DbError),
}

impl Deciding {
    /// Looks at the pass behind `code` as `device` would see it, within the
    /// decision budget. Otipass is not asked while the breaker spares visitors
    /// the wait.
    ///
    /// # Errors
    /// There is nothing to see then.
    pub async fn look(&self, device: &DeviceCode, code: &str) -> Result<LookAnswer, LookError> {
        let budget = Budget::start(self.settings.decision_budget);
        let site = self.site();
        if !site.settings_of(device).help_desk {
            return Err(LookError::NotAllowed);
        }
        scan::within_limit(code)?;
        let card = self.settings.detect(code);
        let last_entries = match card.clone() {
            Some(card) => {
                let site = Arc::clone(&site);
                let read = move |tx: &mut Tx<'_>| last_entries(tx, &card, &site);
                self.db.read("last entries", read).await?
            }
            None => Vec::new(),
        };
        let (decision, pass) = match rules::recognise(code, device, &site, &self.settings) {
            Err(reason) => (Some(Decision::Refused(reason)), PassFacts::default()),
            Ok(recognised) => {
                let now = self.clock.now();
                // It means nothing to Otipass; each inquiry has its own.
                let reference: CheckId = derived(&format!("passerelle-look:{device}:{now}"))?;
                let question = recognised.question(now, reference);
                self.inquire(&question, budget).await
            }
        };
        let language = site.language_of(device);
        let message = match decision.unwrap_or(Decision::Refused(Reason::PartnerUnavailable)) {
            Decision::Admitted(_) => wording::may_enter(language),
            other => wording::message(other, language),
        };
        Ok(LookAnswer {
            recognised: card.is_some(),
            pass_number: card,
            admissible: decision.map(Decision::is_admitted),
            outcome: decision.map(|decision| decision.to_string()),
            message: message.to_owned(),
            valid_until: pass.valid_until,
            entries_left: pass.entries_left,
            last_entries,
        })
    }

    /// What Otipass would say; nothing if it is silent.
    async fn inquire(&self, question: &Question, budget: Budget) -> (Option<Decision>, PassFacts) {
        match self.partner.inquire(question, budget).await {
            Some(Answer::Yes(pass)) => (Some(Decision::Admitted(Admission::Accepted)), pass),
            Some(Answer::No { refusal, pass }) => (
                Some(Decision::Refused(Reason::Partner(refusal))),
                pass.unwrap_or_default(),
            ),
            None => (None, PassFacts::default()),
        }
    }
}

fn last_entries(
    tx: &mut Tx<'_>,
    card: &CardNumber,
    site: &Site,
) -> Result<Vec<LookEntry>, DbError> {
    let rows = tx.query(
        "SELECT c.scanned_at, c.sector, c.device, c.outcome,
                CAST(CASE WHEN x.id IS NULL THEN 0 ELSE 1 END AS BIGINT) AS cancelled
         FROM gate_check c LEFT JOIN gate_cancellation x ON x.check_id = c.check_id
         WHERE c.card = $1 AND c.admitted = 1 ORDER BY c.scanned_at DESC LIMIT $2",
        params![card, LAST_ENTRIES],
    )?;
    let entry = |row: &Row| {
        let device: DeviceCode = row.get("device")?;
        let (door, door_name) = site.door_of(&device);
        Ok(LookEntry {
            at: row.get("scanned_at")?,
            sector: row.get("sector")?,
            door,
            door_name,
            device_name: site.name_of(&device),
            device,
            outcome: row.get::<Decision>("outcome")?.to_string(),
            cancelled: row.get("cancelled")?,
        })
    };
    rows.iter().map(entry).collect()
}
