//! What a service is set up with, who manages it, and the word that it has
//! changed.

use crate::access::{self, Address};
use crate::page_error::PageError;
use kernel::Seal;
use otipass::Contract;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::Notify;

/// A part of the set-up that nobody has given yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Organisation, sectors, doors and devices.
    Site,
    /// Where Otipass is.
    Connection,
    /// The mapping parameters.
    Mapping,
}

/// Who manages a part of the set-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Managed {
    /// The back office, in the database.
    #[default]
    Here,
    /// The file of this path, or the configuration itself.
    ByFile(String),
}

impl Managed {
    /// The file, if it is one that manages.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Here => None,
            Self::ByFile(path) => Some(path),
        }
    }

    /// Refuses a change of what a file manages.
    pub(crate) fn changeable(&self) -> Result<(), PageError> {
        match self {
            Self::Here => Ok(()),
            Self::ByFile(_) => Err(PageError::NotFound),
        }
    }
}

/// What the back office must know of the set-up to manage it.
#[derive(Debug, Clone, Default)]
pub struct SetUp {
    /// Organisation, sectors, doors and devices.
    pub site: Managed,
    /// The catalogue.
    pub catalogue: Managed,
    /// The mapping parameters.
    pub mapping: Managed,
    /// Where Otipass is, and the credentials.
    pub connection: Managed,
    /// How Otipass is spoken to.
    pub contract: Contract,
    /// The proxy on the way to Otipass.
    pub proxy: Option<String>,
    /// What secrets are sealed with.
    pub seal: Seal,
    /// Whether another's ticketing sells, so that nothing is to be set up for it here.
    pub sold_elsewhere: bool,
    /// The word that the service is to be put together again.
    pub take_up: TakeUp,
}

impl SetUp {
    /// Who manages what this page is about.
    pub(crate) fn of(&self, page: Address) -> &Managed {
        match page {
            access::CONNECTION => &self.connection,
            access::MAPPING => &self.mapping,
            access::ORGANISATION | access::PLACES => &self.site,
            access::CATALOGUE | access::TARIFF_MAPPING | access::BUYER => &self.catalogue,
            _ => &Managed::Here,
        }
    }
}

/// The word that what a service is made of has changed: whoever serves finishes
/// what is in hand and puts it together again.
#[derive(Debug, Clone, Default)]
pub struct TakeUp(Arc<Notify>);

impl TakeUp {
    /// Says that something has changed.
    pub fn changed(&self) {
        self.0.notify_one();
    }

    /// Waits until something has changed; what changed before counts.
    pub async fn wait(&self) {
        self.0.notified().await;
    }
}
