//! What someone is here for.

use kernel::Language;

kernel::words! {
    /// What an account may do follows from its one role.
    #[derive(PartialOrd, Ord)]
    pub enum Role: "role" {
        /// Sets everything up, and gives others their accounts.
        Administrator = "administrator",
        /// Runs the gates.
        GateManager = "gate_manager",
        /// Closes the books.
        Finance = "finance",
        /// Looks at everything when it hurts, and changes nothing.
        Support = "support",
    }
}

/// The languages that the back office can be read in.
pub const LANGUAGES: [Language; 2] = [Language::Fr, Language::En];
