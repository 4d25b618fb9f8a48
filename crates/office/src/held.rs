//! Where what holds barcodes is cured.

use crate::page::*;
use boxoffice::HeldReason;

/// The page of the set-up where that is done.
pub(crate) const fn place(reason: HeldReason) -> Address {
    match reason {
        HeldReason::SeasonUnknown
        | HeldReason::ProductUnknown
        | HeldReason::NotOpenPass
        | HeldReason::TariffNotValid => access::CATALOGUE,
        HeldReason::TariffNotMapped | HeldReason::TariffUnknown => access::TARIFF_MAPPING,
        HeldReason::ChannelInvalid | HeldReason::ContactInvalid => access::BUYER,
    }
}
