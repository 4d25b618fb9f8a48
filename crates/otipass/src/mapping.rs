//! The mapping parameters: which sector is which Otipass service, and what it
//! sells.

use crate::{NumType, ServiceId, SpaceId};
use kernel::{ProductCode, SeasonCode, SectorCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Mapping parameters that were understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// `OtipassProjectId`: the city pass, as it stands in the paths of Otipass.
    pub project_id: String,
    /// `NumType`: what kind of number the cards bear.
    pub num_type: NumType,
    /// `sectorInfos`: what each mapped sector is to Otipass and to ticketing.
    pub sectors: BTreeMap<SectorCode, SectorInfo>,
}

/// What one sector is to Otipass and to ticketing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectorInfo {
    /// `OtipassServiceId`, in capitals.
    pub service_id: ServiceId,
    /// `OtipassPSpaceId`, in capitals; belongs to `service_id`.
    pub space_id: SpaceId,
    /// `seasonCode`.
    pub season: SeasonCode,
    /// `productCode`: what an admission here sells.
    pub product: ProductCode,
}

/// Whether a finding stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The meaning was clear; it should be tidied up all the same.
    Note,
    /// The mapping cannot be used until this is cured.
    Mistake,
}

/// Something to say about one place of a mapping text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingFinding {
    /// Whether it stands in the way.
    pub severity: Severity,
    /// A name that never changes, such as `sector_given_twice`.
    pub code: &'static str,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1; a byte-order mark does not count.
    pub column: usize,
    /// What was found, in one sentence.
    pub what: String,
    /// What to do about it, in one sentence.
    pub cure: String,
}

/// What came of reading a mapping text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The mapping, if there was no mistake.
    pub mapping: Option<Mapping>,
    /// Everything there is to say, in the order of the text.
    pub findings: Vec<MappingFinding>,
}
