//! Devices: how they are enrolled, what they show to be let in, and what they
//! say of themselves.

pub(crate) mod enrolment;
pub(crate) mod report;
pub mod throttle;
pub(crate) mod token;

use crate::decide::tally;
use crate::site::known::KnownSite;
use db::{Db, DbError};
use kernel::{Clock, DeviceCode};
use std::sync::Arc;

/// What lets devices in, and hears what they say of themselves.
#[derive(Debug)]
pub struct Devices {
    pub(crate) db: Db,
    /// Who enrols may be anybody, and keeps no visitor waiting: by the other connections,
    /// and one at a time.
    pub(crate) strangers: Db,
    pub(crate) enrolling: tokio::sync::Mutex<()>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) known: Arc<KnownSite>,
}

impl Devices {
    /// How many visitors `device` has admitted today, without cancelled entries.
    pub async fn count_today(&self, device: DeviceCode) -> Result<i64, DbError> {
        let today = self.known.site().zone.business_day(self.clock.now());
        self.db
            .read("count today", move |tx| {
                tally::count_of_day(tx, &device, today).map(i64::from)
            })
            .await
    }
}
