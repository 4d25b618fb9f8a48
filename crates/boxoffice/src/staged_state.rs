//! Where a barcode that the gate handed over stands.

use crate::HeldReason;
use db::{DbError, Row};
use serde::Serialize;

/// Where a staged barcode stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StagedState {
    /// The next run sells it.
    Ready,
    /// It waits until the cause is cured.
    Held(HeldReason),
    /// It has its ticket.
    Sold,
    /// Its entry was taken back before it was sold; it never is.
    Cancelled,
}

kernel::words! {
    /// The state without the reason: the column `state` of a staged barcode. Some
    /// statements name it as text, where an index is only over one of them.
    pub(crate) enum StateWord: "state of a barcode" {
        Ready = "ready",
        Held = "held",
        Sold = "sold",
        Cancelled = "cancelled",
    }
}

impl StagedState {
    /// What the columns `state` and `held_reason` say; `None` where a barcode was
    /// never staged.
    pub(crate) fn of(row: &Row) -> Result<Option<Self>, DbError> {
        let Some(word) = row.get("state")? else {
            return Ok(None);
        };
        Ok(Some(match word {
            StateWord::Ready => Self::Ready,
            StateWord::Held => Self::Held(row.get("held_reason")?),
            StateWord::Sold => Self::Sold,
            StateWord::Cancelled => Self::Cancelled,
        }))
    }

    /// The columns `state` and `held_reason`.
    pub(crate) const fn columns(self) -> (StateWord, Option<HeldReason>) {
        match self {
            Self::Ready => (StateWord::Ready, None),
            Self::Held(reason) => (StateWord::Held, Some(reason)),
            Self::Sold => (StateWord::Sold, None),
            Self::Cancelled => (StateWord::Cancelled, None),
        }
    }

    /// Why it is held, if it is.
    #[must_use]
    pub const fn held(self) -> Option<HeldReason> {
        self.columns().1
    }

    /// The state of what is not sold: ready, or held for a reason.
    pub(crate) fn unsold(held: Option<HeldReason>) -> Self {
        held.map_or(Self::Ready, Self::Held)
    }
}
