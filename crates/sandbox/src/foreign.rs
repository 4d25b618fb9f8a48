//! A stand-in for a SecuTix that is not ours: the access control service as public
//! documents and public clients describe it, unlike our box office in every way that
//! they allow. What nobody described can be chosen ([`Way`]).
//!
//! It takes a call wholly or not at all, says `success`, wants integers as request ids,
//! withholds what it need not give (`null`), knows the four documented control results
//! only, and gives time zone and catalogue in shapes of its own.

mod http;
mod way;

pub use http::{foreign_router, serve_foreign};
pub use way::{UnknownWay, Way, ways};

use kernel::{Clock, ProductCode, SeasonCode, Zone};
use parking_lot::Mutex;
use secrecy::SecretString;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the stand-in is set up with.
#[derive(Debug, Clone)]
pub struct ForeignSettings {
    /// `sub` of the tokens that it takes.
    pub institution: String,
    /// `aud` of the tokens that it takes.
    pub operator: String,
    /// What signs them.
    pub password: SecretString,
    /// What it sells: products by season.
    pub seasons: BTreeMap<SeasonCode, BTreeSet<ProductCode>>,
    /// Its time zone.
    pub zone: Zone,
    /// What it dates tokens by.
    pub clock: Arc<dyn Clock>,
}

impl ForeignSettings {
    /// `iss` of the tokens under [`Way::Partner`].
    pub const PARTNER: &str = "PARTNER";
}

/// A control that it has kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptControl {
    /// `controlResult`.
    pub result: String,
    /// `controlDate`, as it came.
    pub date: String,
    /// `seasonCode`.
    pub season: String,
    /// `productCode`.
    pub product: String,
}

#[derive(Debug, Default)]
struct State {
    ways: BTreeSet<Way>,
    poison: BTreeSet<String>,
    kept: BTreeMap<String, Vec<KeptControl>>,
    calls: u64,
}

/// The stand-in. Clones share what they know.
#[derive(Debug, Clone)]
pub struct ForeignTicketing {
    settings: Arc<ForeignSettings>,
    state: Arc<Mutex<State>>,
}

impl ForeignTicketing {
    /// A stand-in that has taken nothing yet.
    #[must_use]
    pub fn new(settings: ForeignSettings, ways: impl IntoIterator<Item = Way>) -> Self {
        let ticketing = Self {
            settings: Arc::new(settings),
            state: Arc::default(),
        };
        ticketing.set_ways(ways);
        ticketing
    }

    /// Behaves so from now on.
    pub fn set_ways(&self, ways: impl IntoIterator<Item = Way>) {
        self.state.lock().ways = ways.into_iter().collect();
    }

    /// How it behaves.
    #[must_use]
    pub fn ways(&self) -> BTreeSet<Way> {
        self.state.lock().ways.clone()
    }

    /// Refuses every call that carries this barcode.
    pub fn poison(&self, barcode: &str) {
        self.state.lock().poison.insert(barcode.to_owned());
    }

    /// The controls that it has kept, by barcode.
    #[must_use]
    pub fn kept(&self) -> BTreeMap<String, Vec<KeptControl>> {
        self.state.lock().kept.clone()
    }

    /// How many calls came, good or bad.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state.lock().calls
    }

    fn has(&self, way: Way) -> bool {
        self.state.lock().ways.contains(&way)
    }
}
