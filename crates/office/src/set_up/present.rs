//! The set-up as it is.

use super::catalogue_change::kept;
use crate::page::*;
use gate::site::interface::StoredInterface;

/// Everything the pages of the set-up look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Present {
    pub(super) site: Option<Site>,
    pub(super) interface: StoredInterface,
    pub(super) catalogue: Catalogue,
}

impl Present {
    pub(super) async fn read(visit: &Visit) -> Result<Self, PageError> {
        let db = &visit.office.db;
        Ok(Self {
            site: gate::site::interface::read_site(db).await?,
            interface: gate::site::interface::read(db).await?,
            catalogue: kept(visit).await?,
        })
    }
}
