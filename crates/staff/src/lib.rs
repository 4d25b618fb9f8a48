//! Who may use the back office: accounts and their roles, sign-in with one step
//! or two or by an OpenID Connect provider, sessions, and the audit log.
//!
//! What never goes in: what people do once they are in, but for the line that it
//! leaves in the audit log.
//!
//! The rules that decide are pure: [`throttle`], [`totp`] and the judgement of
//! passwords know no database, and are handed the time.

pub mod account;
pub mod audit;
mod identity;
pub mod password;
pub mod provider;
mod recover;
mod role;
mod second_step;
pub mod secret;
pub mod session;
mod sign_in;
pub mod throttle;
pub mod totp;
mod welcome;

pub use account::{Account, AccountError, AccountId, Invalid, Invited, Profile};
pub use audit::{Actor, AuditEntry, AuditFilter, Author, Change};
pub use identity::{Attempt, IdentityError, Roles};
pub use role::{LANGUAGES, Role};
pub use second_step::{RecoveryCodes, reseal};
pub use secret::Token;
pub use session::{Session, Step};
pub use sign_in::{SignIn, SignInError, SignedIn};

use db::Db;
use kernel::{Clock, Seal};
use password::{Cost, PasswordError, Passwords};
use std::sync::Arc;

/// The tables.
pub const SCHEMA: db::Schema = db::Schema {
    context: "staff",
    migrations: &[db::Migration {
        name: "accounts, sessions and the audit log",
        works_from: 1,
        sql: include_str!("../migrations/0001_staff.sql"),
    }],
};

/// Those who may use the back office.
#[derive(Debug, Clone)]
pub struct Staff {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) passwords: Passwords,
    pub(crate) seal: Seal,
}

impl Staff {
    /// Those in the database; new passwords are kept at `cost`, and the seeds of
    /// apps as they are.
    pub async fn open(db: Db, clock: Arc<dyn Clock>, cost: Cost) -> Result<Self, PasswordError> {
        let passwords = Passwords::new(cost).await?;
        Ok(Self {
            db,
            clock,
            passwords,
            seal: Seal::default(),
        })
    }

    /// The same, with the seeds of apps under this.
    #[must_use]
    pub fn sealed(self, seal: Seal) -> Self {
        Self { seal, ..self }
    }

    /// The present moment, by the clock that dates sessions and the log.
    #[must_use]
    pub fn now(&self) -> kernel::Timestamp {
        self.clock.now()
    }
}
