//! Seeds that once broke a rule. They are played with every test.

/// A seed that found something.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// What it found.
    pub name: &'static str,
    /// The seed.
    pub seed: u64,
    /// How many operations it needs.
    pub operations: usize,
}

/// Every seed that found something.
pub const KEPT: &[Kept] = &[];
