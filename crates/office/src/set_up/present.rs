//! The set-up as it is.

use super::catalogue_change::kept;
use super::line::mapping;
use crate::page::*;
use gate::site::interface::StoredInterface;
use otipass::Mapping;

/// Everything the pages of the set-up look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Present {
    pub(super) site: Option<Site>,
    pub(super) interface: StoredInterface,
    /// What the mapping parameters say, wherever they are.
    pub(super) mapping: Option<Mapping>,
    pub(super) catalogue: Catalogue,
}

impl Present {
    pub(super) async fn read(visit: &Visit) -> Result<Self, PageError> {
        let db = &visit.office.db;
        let interface = gate::site::interface::read(db).await?;
        Ok(Self {
            site: gate::site::interface::read_site(db).await?,
            mapping: mapping(&interface),
            interface,
            catalogue: kept(visit).await?,
        })
    }
}
