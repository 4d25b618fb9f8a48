//! The help desk: what Otipass would say of a pass, and where it entered last.
//! Nothing is recorded, nothing is counted.

use crate::decide::budget::Budget;
use crate::decide::{Deciding, rules, scan};
use crate::hash::derived;
use crate::{Decision, Reason, ScanRefused};
use db::{DbError, Tx, params};
use kernel::{CardNumber, CheckId, DeviceCode, InvalidId, SectorCode, Timestamp};
use otipass::{Answer, PassFacts, Question};

/// How many of the last entries are shown.
const LAST_ENTRIES: u32 = 5;

/// What the help desk sees of a pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The pass, if the code is one.
    pub card: Option<CardNumber>,
    /// Whether it could enter here now.
    pub admissible: Admissible,
    /// Validity and entries left, if Otipass said.
    pub pass: PassFacts,
    /// Its last entries at this site, newest first.
    pub last_entries: Vec<LastEntry>,
}

/// Whether a pass could enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admissible {
    /// Otipass would say yes.
    Yes,
    /// It would be refused.
    No(Reason),
    /// Otipass is silent.
    Unknown,
}

/// One entry of a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastEntry {
    /// When it was scanned.
    pub at: Timestamp,
    /// Where.
    pub sector: SectorCode,
    /// At which device.
    pub device: DeviceCode,
    /// On whose word.
    pub decision: Decision,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

db::from_row! {
    LastEntry { at = "scanned_at", sector, device, decision = "outcome", cancelled }
}

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
    pub async fn look(&self, device: &DeviceCode, code: &str) -> Result<Look, LookError> {
        let budget = Budget::start(self.settings.decision_budget);
        let site = self.site();
        if !site.settings_of(device).help_desk {
            return Err(LookError::NotAllowed);
        }
        scan::within_limit(code)?;
        let card = self.settings.detect(code);
        let last_entries = match card.clone() {
            Some(card) => {
                self.db
                    .read("last entries", move |tx| last_entries(tx, &card))
                    .await?
            }
            None => Vec::new(),
        };
        let (admissible, pass) = match rules::recognise(code, device, &site, &self.settings) {
            Err(reason) => (Admissible::No(reason), PassFacts::default()),
            Ok(recognised) => {
                let now = self.clock.now();
                // It means nothing to Otipass; each inquiry has its own.
                let reference: CheckId = derived(&format!("passerelle-look:{device}:{now}"))?;
                let question = recognised.question(now, reference);
                self.inquire(&question, budget).await
            }
        };
        Ok(Look {
            card,
            admissible,
            pass,
            last_entries,
        })
    }

    async fn inquire(&self, question: &Question, budget: Budget) -> (Admissible, PassFacts) {
        match self.partner.inquire(question, budget).await {
            Some(Answer::Yes(pass)) => (Admissible::Yes, pass),
            Some(Answer::No { refusal, pass }) => (
                Admissible::No(Reason::Partner(refusal)),
                pass.unwrap_or_default(),
            ),
            None => (Admissible::Unknown, PassFacts::default()),
        }
    }
}

fn last_entries(tx: &mut Tx<'_>, card: &CardNumber) -> Result<Vec<LastEntry>, DbError> {
    tx.query_as(
        "SELECT c.scanned_at, c.sector, c.device, c.outcome,
                CAST(CASE WHEN x.id IS NULL THEN 0 ELSE 1 END AS BIGINT) AS cancelled
         FROM gate_check c LEFT JOIN gate_cancellation x ON x.check_id = c.check_id
         WHERE c.card = $1 AND c.admitted = 1 ORDER BY c.scanned_at DESC LIMIT $2",
        params![card, LAST_ENTRIES],
    )
}
