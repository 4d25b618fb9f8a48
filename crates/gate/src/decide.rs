//! From a scan to its decision, and what the journals of devices add to it.
//!
//! [`rules`], [`barcode`], [`breaker`] and [`offline`] are pure: they know no
//! database, no clock and no network.

pub mod aside;
pub mod barcode;
pub mod breaker;
pub(crate) mod budget;
pub(crate) mod cancellation;
pub(crate) mod check;
pub(crate) mod decision;
pub mod door_admitted;
pub(crate) mod in_hand;
pub(crate) mod intent;
pub mod joining;
pub(crate) mod journal;
pub(crate) mod look;
pub mod offline;
pub(crate) mod online;
pub(crate) mod partner;
pub(crate) mod partner_window;
pub(crate) mod question;
pub(crate) mod record;
pub mod repeat;
pub mod rules;
pub(crate) mod scan;
pub mod scan_time;
pub(crate) mod tally;
pub mod wording;

use crate::decide::check::Check;
use crate::decide::in_hand::InHand;
use crate::decide::partner::PartnerLine;
use crate::decide::partner_window::PartnerState;
use crate::outbox::Due;
use crate::site::known::KnownSite;
use crate::{InterfaceSettings, Site};
use db::Db;
use kernel::{CardNumber, CheckId, Clock, SectorCode};
use std::sync::Arc;

/// What decides: checks as they come, the journals of devices, cancellations, and
/// what the help desk looks at.
#[derive(Debug)]
pub struct Deciding {
    /// For what a visitor waits for.
    pub(crate) db: Db,
    /// For what comes later, and much at a time.
    pub(crate) journals: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<InterfaceSettings>,
    pub(crate) known: Arc<KnownSite>,
    pub(crate) partner: PartnerLine,
    pub(crate) in_hand: InHand<CheckId>,
    /// Cards that are asked about, each at a sector.
    pub(crate) cards: InHand<(CardNumber, SectorCode)>,
    pub(crate) due: Arc<Due>,
    /// The name of this process among those that share the database.
    pub(crate) node: Arc<str>,
}

impl Deciding {
    /// Whether the breaker before Otipass is open.
    #[must_use]
    pub fn partner_is_spared(&self) -> bool {
        self.partner.is_spared()
    }

    /// How Otipass has answered visitors of late, and whether it is asked.
    #[must_use]
    pub fn partner_state(&self) -> PartnerState {
        self.partner.state()
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        self.known.site()
    }

    /// Wakes the workers and counts.
    pub(crate) fn note_decided(&self, check: &Check) {
        let outcome = check.decision.as_str();
        metrics::counter!("passerelle_checks_total", "outcome" => outcome).increment(1);
        if check.decision.is_admitted() {
            self.due.wake();
        }
    }
}
