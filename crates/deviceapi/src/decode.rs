//! Frames of a camera.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was read in a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecodeAnswer {
    /// Empty if nothing can be read; one code at most today.
    pub codes: Vec<DecodedCode>,
}

/// A code in a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecodedCode {
    /// `qr_code`, `code_128`, `data_matrix`, `pdf_417` or `aztec`.
    pub format: String,
    /// What it says: the `code` of a check.
    pub text: String,
}
