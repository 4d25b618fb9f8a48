//! What a journal hands over: checks that the device decided by itself, and
//! entries it took back.

use crate::{CancellationRequest, CheckAnswer, CheckRequest, Problem};
use kernel::CheckId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The most checks a batch may have, and the most cancellations.
pub const BATCH_LIMIT: usize = 500;

/// A journal's checks and cancellations, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// At most 500.
    #[schema(max_items = 500)]
    pub checks: Vec<CheckRequest>,
    /// At most 500; kept after the checks.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub cancellations: Vec<CancellationRequest>,
}

/// A [`BatchRequest`] as the server takes it: a part that cannot be read spoils
/// none of the others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchParts {
    /// Each a [`CheckRequest`] with an outcome, or so it should be.
    pub checks: Vec<Value>,
    /// Each a [`CancellationRequest`], or so it should be.
    #[serde(default)]
    pub cancellations: Vec<Value>,
}

/// What became of the checks and cancellations of a batch, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchAnswer {
    /// One for each check.
    pub results: Vec<BatchResult>,
    /// One for each cancellation.
    pub cancellations: Vec<CancellationResult>,
}

impl BatchAnswer {
    /// For each part of the batch, why it was put aside, if so.
    pub fn problems(&self) -> impl Iterator<Item = Option<&Problem>> {
        let checks = self.results.iter().map(|result| match result {
            BatchResult::Kept { .. } => None,
            BatchResult::Aside { problem, .. } => Some(problem),
        });
        let cancellations = self.cancellations.iter().map(|result| match result {
            CancellationResult::Kept { .. } => None,
            CancellationResult::Aside { problem, .. } => Some(problem),
        });
        checks.chain(cancellations)
    }
}

/// What became of one check of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum BatchResult {
    /// It is kept; the device may forget it.
    Kept {
        /// The decision it is kept with.
        answer: CheckAnswer,
    },
    /// It does not fit, and the server has put it aside as it came, for people to
    /// settle. The device may forget it.
    Aside {
        /// Its id, if it could be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Why: `body_invalid`, `check_id_conflict`, `code_too_long`, `note_invalid`,
        /// `clock_stands_still`, `enrolment_revoked` or `enrolment_unknown`.
        problem: Problem,
    },
}

/// What became of one cancellation of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum CancellationResult {
    /// It is kept; the device may forget it.
    Kept {
        /// The check that was cancelled.
        #[schema(value_type = Uuid)]
        check_id: CheckId,
    },
    /// It does not fit, and the server has put it aside as it came, for people to
    /// settle. The device may forget it.
    Aside {
        /// The check's id, if it could be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        check_id: Option<String>,
        /// Why: `body_invalid`, `check_unknown`, `not_cancellable`,
        /// `enrolment_revoked` or `enrolment_unknown`.
        problem: Problem,
    },
}
