//! What is known of the day, and kept for all who watch it.

use gate::outbox::trouble::Trouble;
use gate::records::attendance::Admitted;
use gate::{DeviceState, PartnerState, Waiting, WhenSilent};
use kernel::{BusinessDay, Money, Timestamp};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The day at a moment. A part that this process has not is `None`.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) at: Timestamp,
    pub(crate) day: BusinessDay,
    /// The hour of the day at that moment, in the organisation's zone.
    pub(crate) hour: u8,
    /// Whether the set-up lacks something without which nobody is checked.
    pub(crate) set_up_lacks: bool,
    /// A proxy that is not named.
    pub(crate) unnamed_proxy: Option<IpAddr>,
    pub(crate) gate: Option<GateFacts>,
    pub(crate) sales: Option<SalesFacts>,
}

/// The gate's part.
#[derive(Debug, Clone)]
pub(crate) struct GateFacts {
    pub(crate) admitted: Admitted,
    /// The same weekday of last week, the whole day.
    pub(crate) last_week: Arc<Admitted>,
    pub(crate) outcomes: BTreeMap<String, i64>,
    pub(crate) devices: Vec<DeviceState>,
    pub(crate) waiting: Waiting,
    /// What ticketing takes none of at present.
    pub(crate) stopped: Vec<Trouble>,
    /// Control barcodes that ticketing refused.
    pub(crate) refused: i64,
    /// How much lies aside.
    pub(crate) aside: i64,
    pub(crate) partner: PartnerState,
    pub(crate) when_silent: WhenSilent,
}

/// The box office's part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SalesFacts {
    pub(crate) ready: i64,
    pub(crate) held: i64,
    pub(crate) sold: Money,
}

/// The one reader of the day: however many watch, the database is asked once in
/// five seconds, and not at all while nobody does.
#[derive(Debug, Default)]
pub(crate) struct Reader(pub(crate) Mutex<Kept>);

#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) facts: Option<Arc<Facts>>,
    pub(crate) last_week: Option<(BusinessDay, Timestamp, Arc<Admitted>)>,
}
