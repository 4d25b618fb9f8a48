//! The words every part of Passerelle shares, and nothing else: codes, card
//! numbers and check ids, [`Money`], [`Timestamp`], [`BusinessDay`], [`Zone`]
//! and the [`Clock`].

mod clock;
mod code;
mod id;
mod money;
mod pass;
mod time;

pub use clock::{Clock, ManualClock, SystemClock};
pub use code::{
    ContactNumber, DeviceCode, DoorCode, InstitutionCode, InvalidCode, OrderNumber,
    OrganisationCode, ProductCode, SalesChannelCode, SeasonCode, SectorCode, TariffCode,
};
pub use id::{
    CancellationId, CardNumber, CheckId, ControlBarcode, InvalidId, InvalidPseudonymKey,
    PseudonymKey,
};
pub use money::{Money, VatRate};
pub use pass::{Checksum, EntriesLeft, Lengths, NumType, NumberFormat};
pub use time::{BusinessDay, InvalidTime, Timestamp, Zone};
