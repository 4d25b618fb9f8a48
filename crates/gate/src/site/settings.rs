use crate::OfflinePolicy;
use deviceapi::Detection;
use kernel::{Additions, CardNumber};
use otipass::{Mapping, NumberFormat, References};
use std::time::Duration;

kernel::words! {
    /// What the site does when Otipass is silent, unreachable or failing.
    #[derive(Default)]
    pub enum WhenSilent: "policy for silence" {
        /// Let the visitor in and settle later.
        #[default]
        Admit = "admit",
        /// Turn the visitor away.
        Refuse = "refuse",
    }
}

/// The Otipass interface, as far as decisions depend on it.
#[derive(Debug, Clone)]
pub struct InterfaceSettings {
    /// The mapping parameters.
    pub mapping: Mapping,
    /// How a pass is told from another code.
    pub detection: Detection,
    /// How long a visitor may wait for an answer, from the arrival of the check.
    pub decision_budget: Duration,
    /// For how long a card that was admitted at a sector is not admitted there
    /// again; zero switches it off.
    pub repeat_window: Duration,
    /// What to do when Otipass does not answer within it.
    pub when_silent: WhenSilent,
    /// Whether Otipass answers a repeated reference as it did the first time.
    pub references: References,
    /// What devices go by without network.
    pub offline_policy: OfflinePolicy,
}

impl InterfaceSettings {
    /// The decision budget unless configured.
    pub const DEFAULT_DECISION_BUDGET: Duration = Duration::from_millis(1500);

    /// The repeat window unless configured.
    pub const DEFAULT_REPEAT_WINDOW: Duration = Duration::from_secs(60);

    /// The defaults around `mapping`.
    #[must_use]
    pub fn new(mapping: Mapping) -> Self {
        Self {
            detection: Detection {
                project_id: mapping.project_id.clone(),
                format: NumberFormat::of(mapping.num_type),
                additions: Additions::default(),
            },
            mapping,
            decision_budget: Self::DEFAULT_DECISION_BUDGET,
            when_silent: WhenSilent::default(),
            references: References::Honoured,
            offline_policy: OfflinePolicy::default(),
            repeat_window: Self::DEFAULT_REPEAT_WINDOW,
        }
    }

    /// The card number in `code`, if it is a pass.
    #[must_use]
    pub fn detect(&self, code: &str) -> Option<CardNumber> {
        detect(code, &self.detection)
    }

    pub(crate) fn decision_budget_ms(&self) -> i64 {
        i64::try_from(self.decision_budget.as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn repeat_window_ms(&self) -> i64 {
        i64::try_from(self.repeat_window.as_millis()).unwrap_or(i64::MAX)
    }
}

/// The card number in `code`, if that makes it a pass.
pub(crate) fn detect(code: &str, by: &Detection) -> Option<CardNumber> {
    otipass::detect(code, &by.project_id, &by.format, &by.additions)
}
