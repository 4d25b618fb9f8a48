//! A difference between the books that nothing explains, and what it is about.

use super::words::known;
use kernel::text::fill;
use kernel::{CheckId, ControlBarcode, Language, OrderNumber};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::fmt;

/// A difference that nothing explains.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// A stable name.
    pub code: &'static str,
    /// What it is about.
    pub of: Subject,
    /// What ticketing said, if it refused.
    pub said: Option<String>,
}

impl Difference {
    /// What is wrong, and what to do.
    #[must_use]
    pub fn words(&self, language: Language) -> (String, &'static str) {
        let (what, cure) = known(self.code, language).unwrap_or((self.code, ""));
        let said = self.said.as_deref().unwrap_or_default();
        (fill(what, &[("said", &said)]), cure)
    }
}

impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (what, cure) = self.words(Language::En);
        let mut fields = serializer.serialize_struct("Difference", 4)?;
        fields.serialize_field("code", self.code)?;
        fields.serialize_field("of", &self.of)?;
        fields.serialize_field("what", &what)?;
        fields.serialize_field("cure", cure)?;
        fields.end()
    }
}

/// The check, order or barcode that differs; written out, barcodes are masked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A check without control barcode.
    Check(CheckId),
    /// A check with its control barcode.
    Entry(CheckId, ControlBarcode),
    /// A barcode that the gate did not make, or whose gate is elsewhere.
    Barcode(ControlBarcode),
    /// An order.
    Order(OrderNumber),
    /// What was put aside, by its name there.
    Aside(CheckId),
}

impl Subject {
    /// The check, if it is about one.
    #[must_use]
    pub const fn check(&self) -> Option<CheckId> {
        match self {
            Self::Check(check) | Self::Entry(check, _) => Some(*check),
            Self::Barcode(_) | Self::Order(_) | Self::Aside(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check(check) => write!(f, "check {check}"),
            Self::Entry(check, barcode) => write!(f, "check {check} (barcode {barcode})"),
            Self::Barcode(barcode) => write!(f, "barcode {barcode}"),
            Self::Order(order) => write!(f, "order {order}"),
            Self::Aside(id) => write!(f, "set aside {id}"),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
