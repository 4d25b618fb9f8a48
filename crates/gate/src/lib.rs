//! The gate: sectors, doors and devices; checks, decisions and control
//! barcodes; the offline journal's way in; the declarations to Otipass and the
//! queue to ticketing.
//!
//! The rules that decide are pure: [`decide`], [`barcode`] and [`breaker`] know
//! no database, no clock and no network. [`Gate`] puts them to work: intent,
//! ask, record.
//!
//! Architecture invariant: the gate knows nothing of orders, tariffs or money.
//! It hands control barcodes to the access control service and that is all
//! ticketing ever hears of it.

pub mod attendance;
pub mod barcode;
pub mod breaker;
mod budget;
mod cancellation;
mod check;
pub mod day;
pub mod decide;
mod decision;
mod declaration;
mod delivery;
mod device_report;
mod device_token;
pub mod dispute;
pub mod door_admitted;
mod enrolment;
pub mod explained;
mod gate;
mod give_back;
pub mod history;
mod intent;
pub mod interface;
mod journal;
pub mod ledger;
mod look;
pub mod offline;
mod partner_window;
pub mod pass_list;
pub mod retention;
mod scan;
mod settings;
mod site;
pub mod site_change;
mod site_file;
pub mod site_table;
pub mod symptoms;
mod tally;
pub mod wording;

pub use cancellation::{CANCEL_WITHIN_MS, CancelError, Cancellation, Cancelled, Obstacle};
pub use check::{Check, CheckError, Freshness};
pub use decision::{Admission, Decision, Direction, Reason, UnknownDirection, UnknownOutcome};
pub use declaration::{DeclareError, Declared};
pub use delivery::{Delivered, DeliveryError, resend_refused};
pub use device_report::{DeviceReport, DeviceState, devices};
pub use device_token::{DeviceToken, TokenError, revoke_tokens};
pub use enrolment::{
    CODE_VALID_MS, EnrolError, EnrolmentCode, EnrolmentState, keep_enrolment_code, state_of_code,
    state_of_enrolment,
};
pub use gate::{Gate, GateError, Waiting, causes};
pub use journal::{BATCH_LIMIT, JournalError, JournalItem, Merged};
pub use look::{Admissible, LastEntry, Look, LookError};
pub use partner_window::PartnerState;
pub use scan::{CODE_LIMIT_BYTES, ForcedNote, Mode, NoteInvalid, Scan, ScanRefused};
pub use settings::{InterfaceSettings, WhenSilent};
pub use site::{Device, DeviceSettings, Site, SiteError};
pub use site_file::{SiteFinding, read_site, write_site};
pub use wording::Language;

/// The gate's schema, for [`db::Db::migrate`] under the context `gate`.
pub const MIGRATIONS: &[db::Migration] = &[
    db::Migration {
        name: "the gate's tables",
        sql: include_str!("../migrations/0001_gate.sql"),
    },
    db::Migration {
        name: "the pass list",
        sql: include_str!("../migrations/0002_pass_list.sql"),
    },
];
