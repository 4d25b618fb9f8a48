//! Examines a whole set-up and names each mistake with its cure, all at once.
//!
//! What never goes in: a change of anything that stays. It looks; only to see
//! whether a folder can be written, it writes a file there and removes it.
//!
//! Facts are gathered first: files, secrets, database, and what Otipass and
//! ticketing answer. Then they are judged, without any I/O. A part that cannot
//! be read hides nothing that another part can tell.

pub mod bundle;
mod configuration;
mod database;
mod doctor;
mod document;
pub mod events;
mod examination;
mod examine;
mod facts;
mod found;
mod live;
mod notices;
mod partner;
mod phrases;
mod probe;
mod sample;
mod selling;
mod site;
mod source;
pub mod support;
mod tls;
mod vitals;

pub use config::Surroundings;
pub use configuration::told;
pub use database::{Reach, gone, set_up_files};
pub use doctor::{Doctor, PATIENCE};
pub use document::catalogue;
pub use examination::{Examination, Heading, NOT_CHECKED, gravity, headline};
pub use partner::{Asked, otipass_failure};
pub use probe::runs_at;
pub use sample::{Inquiry, Sample};
pub use vitals::{Ailments, Vitals};
