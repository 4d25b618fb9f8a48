//! The gate: sectors, doors and devices; checks, decisions and control
//! barcodes; the offline journal's way in; the declarations to Otipass and the
//! queue to ticketing.
//!
//! What never goes in: prices, orders and accounts, and anything of HTTP.
//!
//! The rules that decide are pure; see [`decide`]. [`Gate`] puts them to work:
//! intent, ask, record.
//!
//! Architecture invariant: the gate knows nothing of orders, tariffs or money.
//! It hands control barcodes to the access control service and that is all
//! ticketing ever hears of it.

mod api;
pub mod decide;
pub mod devices;
mod gate;
mod hash;
mod json;
pub mod nodes;
pub mod outbox;
pub mod pass_list;
pub mod records;
pub mod site;

pub use api::{Told, problem};
pub use decide::Deciding;
pub use decide::cancellation::{CancelError, Cancellation, Obstacle};
pub use decide::check::{Check, CheckError, Freshness};
pub use decide::decision::{Admission, Decision, Reason};
pub use decide::journal::{JournalError, JournalItem, Merged};
pub use decide::look::LookError;
pub use decide::partner_window::{PartnerFailure, PartnerState};
pub use decide::repeat::Earlier;
pub use decide::scan::{ForcedNote, NoteInvalid, Scan, ScanRefused};
pub use decide::scan_time::{Certainty, ScanTime, Sending};
pub use deviceapi::{DeviceReport, DeviceSettings, Direction, Mode, OfflinePolicy};
pub use devices::Devices;
pub use devices::enrolment::{
    CODE_VALID_MS, EnrolError, EnrolmentCode, EnrolmentState, awaited, save_enrolment_code,
    state_of_code, state_of_enrolment,
};
pub use devices::report::{CLOCK_TOLERANCE_MS, DeviceState, devices};
pub use devices::token::{DeviceToken, Enrolled, TokenError, grant_token, revoke_tokens};
pub use gate::Gate;
pub use outbox::declaration::{DeclareError, Declared};
pub use outbox::delivery::{Delivered, DeliveryError, NOT_TOLD, resend_refused};
pub use outbox::lane::Kind;
pub use outbox::{Due, Outbox, Waiting};
pub use site::file::{examine_devices, read_site, write_site};
pub use site::found::ALL as FINDINGS;
pub use site::known::Holder;
pub use site::layout::{Device, Door, Site, SiteError};
pub use site::names::{Names, SiteNames};
pub use site::outline::{OutlinedDevice, SiteOutline, outline_site};
pub use site::settings::{InterfaceSettings, WhenSilent};

/// The gate's tables.
pub const SCHEMA: db::Schema = db::Schema {
    context: "gate",
    migrations: &[
        db::Migration {
            name: "the gate's tables",
            works_from: 1,
            sql: include_str!("../migrations/0001_gate.sql"),
        },
        db::Migration {
            name: "the pass list",
            works_from: 2,
            sql: include_str!("../migrations/0002_pass_list.sql"),
        },
        db::Migration {
            name: "trouble with ticketing",
            works_from: 3,
            sql: include_str!("../migrations/0003_ticketing_trouble.sql"),
        },
        db::Migration {
            name: "checks from the set-up",
            works_from: 4,
            sql: include_str!("../migrations/0004_test_check.sql"),
        },
        db::Migration {
            name: "processes on one database",
            works_from: 4,
            sql: include_str!("../migrations/0005_node.sql"),
        },
        db::Migration {
            name: "names of doors and devices",
            works_from: 5,
            sql: include_str!("../migrations/0006_names.sql"),
        },
        db::Migration {
            name: "wrong enrolment codes",
            works_from: 5,
            sql: include_str!("../migrations/0007_enrolment_throttle.sql"),
        },
        db::Migration {
            name: "files of the set-up",
            works_from: 5,
            sql: include_str!("../migrations/0008_set_up_file.sql"),
        },
    ],
};
