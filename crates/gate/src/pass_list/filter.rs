//! The filters, and the exceptions that keep them from refusing a good pass.

use super::{ByReason, Content, ListReason, PassKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;
use xorf::{BinaryFuse8, Descriptor, Filter as _};

/// A binary fuse filter over [`PassKey`]s, as `xorf` 0.13 makes it: it has each
/// key it was made of, and about one in 256 of all others.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "WireFilter", into = "WireFilter")]
pub struct Filter(BinaryFuse8);

/// The JSON of a filter.
#[derive(Clone, Serialize, Deserialize)]
struct WireFilter {
    /// In decimal digits: JSON's numbers lose the last ones elsewhere.
    seed: String,
    segment_length: u32,
    segment_length_mask: u32,
    segment_count_length: u32,
    /// Base64, one byte each.
    fingerprints: String,
}

/// A filter that leads outside of its own fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the filter's numbers do not belong together")]
pub struct InvalidFilter;

/// No filter was found for these keys: as good as impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no filter could be made of the refused passes")]
pub struct ConstructionFailed;

impl Filter {
    /// A filter over distinct keys.
    pub fn of(keys: &[PassKey]) -> Result<Self, ConstructionFailed> {
        let keys: Vec<u64> = keys.iter().map(|key| key.0).collect();
        BinaryFuse8::try_from(keys)
            .map(Self)
            .map_err(|_| ConstructionFailed)
    }

    /// Whether the key is in it, or is one of those that it takes for one.
    #[must_use]
    pub fn has(&self, key: PassKey) -> bool {
        self.0.contains(&key.0)
    }

    /// Its size: one byte a fingerprint.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.fingerprints.len()
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.0.descriptor == other.0.descriptor && self.0.fingerprints == other.0.fingerprints
    }
}

impl Eq for Filter {}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({} bytes)", self.bytes())
    }
}

impl From<Filter> for WireFilter {
    fn from(filter: Filter) -> Self {
        let descriptor = filter.0.descriptor;
        Self {
            seed: descriptor.seed.to_string(),
            segment_length: descriptor.segment_length,
            segment_length_mask: descriptor.segment_length_mask,
            segment_count_length: descriptor.segment_count_length,
            fingerprints: STANDARD.encode(&filter.0.fingerprints),
        }
    }
}

impl TryFrom<WireFilter> for Filter {
    type Error = InvalidFilter;

    /// Looking into a filter must never lead outside of its fingerprints,
    /// whoever sent it.
    fn try_from(wire: WireFilter) -> Result<Self, InvalidFilter> {
        let fingerprints = STANDARD
            .decode(&wire.fingerprints)
            .map_err(|_| InvalidFilter)?;
        let (length, count_length) = (wire.segment_length, wire.segment_count_length);
        let whole = u64::from(count_length) + 2 * u64::from(length);
        let fits = length.is_power_of_two()
            && wire.segment_length_mask == length - 1
            && count_length > 0
            && count_length.is_multiple_of(length)
            && u64::try_from(fingerprints.len()) == Ok(whole)
            && u32::try_from(whole).is_ok();
        if !fits {
            return Err(InvalidFilter);
        }
        Ok(Self(BinaryFuse8 {
            descriptor: Descriptor {
                seed: wire.seed.parse().map_err(|_| InvalidFilter)?,
                segment_length: length,
                segment_length_mask: wire.segment_length_mask,
                segment_count_length: count_length,
            },
            fingerprints: fingerprints.into(),
        }))
    }
}

impl Content {
    /// What the filters alone make of a key, in the order of a device.
    pub(super) fn filtered(&self, key: PassKey) -> impl Iterator<Item = ListReason> + '_ {
        ListReason::ALL.into_iter().filter(move |reason| {
            let filter = self.filters.get(*reason).as_ref();
            filter.is_some_and(|filter| filter.has(key))
        })
    }

    /// Whether a pass that Otipass knows needs an exception, lest the filters
    /// refuse what it is not refused for. One that is not sold is believed for
    /// an hour only, so it must not be taken for a blocked or expired one, which
    /// is believed for a day: it may have been sold meanwhile.
    pub(super) fn takes_wrongly(&self, key: PassKey, reason: Option<ListReason>) -> bool {
        match reason {
            None => self.filtered(key).next().is_some(),
            Some(ListReason::NotSold) => self
                .filtered(key)
                .any(|filtered| filtered != ListReason::NotSold),
            Some(ListReason::Blocked | ListReason::Expired) => false,
        }
    }
}

/// The filters over the refused among all known passes, each key once, with
/// their exceptions.
pub fn build(passes: &[(PassKey, Option<ListReason>)]) -> Result<Content, ConstructionFailed> {
    let mut filters: ByReason<Option<Filter>> = ByReason::default();
    for reason in ListReason::ALL {
        let keys: Vec<_> = passes
            .iter()
            .filter(|(_, found)| *found == Some(reason))
            .map(|(key, _)| *key)
            .collect();
        if !keys.is_empty() {
            *filters.get_mut(reason) = Some(Filter::of(&keys)?);
        }
    }
    let mut content = Content {
        filters,
        exceptions: Vec::new(),
    };
    content.exceptions = passes
        .iter()
        .filter(|(key, reason)| content.takes_wrongly(*key, *reason))
        .map(|(key, _)| *key)
        .collect();
    content.exceptions.sort_unstable();
    Ok(content)
}
