//! What is known of the books, and kept for whoever looks: a comparison of
//! millions of barcodes takes minutes.

use books::reconciliation::Reconciliation;
use kernel::Timestamp;
use std::sync::Arc;

/// What is known by the comparisons of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Since when the books are being compared, if they are.
    pub(crate) running_since: Option<Timestamp>,
    /// The last result.
    pub(crate) last: Option<Arc<Made>>,
    /// Whether the last attempt ended without a result.
    pub(crate) failed: bool,
    /// Whether somebody has changed what a running comparison may have read.
    pub(crate) once_more: bool,
}

/// A result.
#[derive(Debug)]
pub(crate) struct Made {
    /// When the comparison began.
    pub(crate) at: Timestamp,
    pub(crate) books: Reconciliation,
}
