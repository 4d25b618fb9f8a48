//! What is known of the day, and kept for all who watch it.

use boxoffice::BoxOffice;
use db::Db;
use doctor::{Ailments, Vitals};
use gate::nodes::Node;
use gate::outbox::trouble::Trouble;
use gate::records::attendance::Admitted;
use gate::{DeviceState, Gate, PartnerState, SiteNames, Waiting, WhenSilent};
use kernel::{BusinessDay, Clock, Money, Timestamp, Zone};
use notices::Failing;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// The day at a moment. A part that this process has not is `None`.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) at: Timestamp,
    pub(crate) day: BusinessDay,
    /// Whether the set-up lacks something without which nobody is checked.
    pub(crate) set_up_lacks: bool,
    /// A proxy that is not named.
    pub(crate) unnamed_proxy: Option<IpAddr>,
    /// The processes on the database; none if there is only this one.
    pub(crate) nodes: Vec<Node>,
    /// What is not well with the machine.
    pub(crate) ailments: Ailments,
    /// The ways by which notices do not get out.
    pub(crate) failing: Vec<Failing>,
    /// What people call what the site has.
    pub(crate) names: SiteNames,
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
    /// When the oldest control barcode on its way to ticketing was made.
    pub(crate) waiting_since: Option<Timestamp>,
    /// What ticketing takes none of at present.
    pub(crate) stopped: Vec<Trouble>,
    /// Control barcodes that ticketing refused.
    pub(crate) refused: i64,
    /// How much lies aside.
    pub(crate) aside: i64,
    /// How Otipass answers all processes on the database.
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

/// What the day is read from.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The database.
    pub db: Db,
    /// The gate, if this process has it.
    pub gate: Option<Arc<Gate>>,
    /// The box office, if this process has it.
    pub box_office: Option<Arc<BoxOffice>>,
    /// Whether the set-up lacks something without which nobody is checked.
    pub set_up_lacks: bool,
    /// What days and hours are those of.
    pub zone: Zone,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What becomes trouble on the machine.
    pub vitals: Vitals,
}

/// The one reader of the day: however many watch, the database is asked once in
/// five seconds, and not at all while nobody does.
#[derive(Debug)]
pub struct Day {
    pub(crate) of: Watched,
    /// A proxy that brought a request and is not named; it stands until a restart, which
    /// naming it takes.
    pub(crate) unnamed_proxy: OnceLock<IpAddr>,
    pub(crate) kept: Mutex<Kept>,
}

impl Day {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(of: Watched) -> Self {
        Self {
            of,
            unnamed_proxy: OnceLock::new(),
            kept: Mutex::default(),
        }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.of.clock.now()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) facts: Option<Arc<Facts>>,
    pub(crate) last_week: Option<(BusinessDay, Timestamp, Arc<Admitted>)>,
}
