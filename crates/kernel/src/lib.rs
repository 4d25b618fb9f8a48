//! The words every part of Passerelle shares, and nothing else: codes, card
//! numbers and check ids, [`Money`], [`Timestamp`], [`BusinessDay`], [`Zone`]
//! and the [`Clock`]; how an enum is a word outside ([`words!`]) and a type is
//! text there ([`as_text!`]); [`Language`] and texts in several ([`texts!`]);
//! an error with its [`causes`], and texts escaped for other formats; what is
//! wrong with a set-up, a [`Finding`]; and what a [`table`] is before anyone asks for its
//! meaning.
//!
//! What never goes in: anything that only one room needs, and anything that asks the
//! network, a disk or a database.

mod additions;
mod causes;
mod clock;
mod code;
mod device_time;
mod escape;
pub mod finding;
mod id;
mod language;
mod money;
mod network;
mod organisation;
mod owner;
mod pass;
pub mod seal;
mod spelling;
pub mod table;
pub mod text;
mod time;
mod value;
mod word;

pub use additions::{Additions, NoUrlPattern, UrlPattern};
pub use causes::causes;
pub use clock::{CLOCK_AHEAD_MS, Clock, ManualClock, SystemClock};
pub use code::{
    ContactNumber, DeviceCode, DoorCode, InstitutionCode, InvalidCode, OrderNumber,
    OrganisationCode, ProductCode, SalesChannelCode, SeasonCode, SectorCode, TariffCode,
};
pub use device_time::DeviceTime;
pub use escape::{
    escaped, from_hex, from_no_formula, hex, no_formula, percent_encoded, without_numbers,
};
pub use finding::{Finding, Part, Phrase, Place, Position, Say, Severity};
pub use id::{
    CancellationId, CardNumber, CheckId, ControlBarcode, EnrolmentId, InvalidId,
    InvalidPseudonymKey, PseudonymKey,
};
pub use language::Language;
pub use money::{Money, VatRate};
pub use network::{is_this_machine, network, site};
pub use organisation::Organisation;
pub use owner::{as_its_folder, beside, folder_of, owner_only, replace};
pub use pass::{Checksum, EntriesLeft, Lengths, NumType, NumberFormat};
pub use seal::{Seal, SealError};
pub use spelling::{is_slip, meant};
pub use time::{BusinessDay, InvalidTime, Timestamp, Zone};
#[doc(hidden)]
pub use value::outside;
pub use value::{FromValue, Value};
pub use word::{Case, UnknownWord, Word};
