//! A barcode that the gate handed over, and where it stands.

use crate::HeldReason;
use db::{DbError, FromRow, Row, Tx, params};
use kernel::{BusinessDay, ControlBarcode, ProductCode, SeasonCode, SectorCode, Timestamp};
use secutix::wire::TicketResult;
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

impl FromRow for StagedState {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Self::of(row)?.ok_or_else(|| DbError::Column {
            column: "state".to_owned(),
            problem: "is of a barcode that was never staged".to_owned(),
        })
    }
}

kernel::words! {
    /// How the gate admitted.
    pub(crate) enum Control: "control result" {
        Online = "OK",
        Offline = "OFFLINE_OK",
    }
}

/// A staged barcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staged {
    pub season: SeasonCode,
    pub product: ProductCode,
    pub sector: SectorCode,
    pub control_result: Control,
    pub controlled_at: Timestamp,
    pub business_day: BusinessDay,
    /// When the entry was taken back, if it was.
    pub cancelled_at: Option<Timestamp>,
}

db::from_row! {
    Staged { season, product, sector, control_result, controlled_at, business_day, cancelled_at }
}

pub(crate) fn find(tx: &mut Tx<'_>, barcode: &ControlBarcode) -> Result<Option<Staged>, DbError> {
    tx.query_opt_as(
        "SELECT season, product, sector, control_result, controlled_at, business_day, cancelled_at
         FROM box_staged WHERE barcode = $1",
        params![barcode],
    )
}

/// The refusal of an item that is otherwise than what its barcode stands for.
pub(crate) fn conflict(barcode: &ControlBarcode, differences: &[&str]) -> TicketResult {
    TicketResult::refused(
        Some(barcode.clone()),
        format!(
            "conflict: this barcode was taken before with another {}; the first stays as it is. \
             Give each control a barcode of its own.",
            differences.join(", ")
        ),
    )
}
