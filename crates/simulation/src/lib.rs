//! The operation simulation: a museum's devices, server, Otipass and box office
//! on a virtual clock, in one thread, driven by a story that is made of a seed.
//!
//! What never goes in: a rule of the product, repeated: what is played is only
//! what surrounds it.
//!
//! What decides and what stores is the real thing: [`gate::Gate`] and
//! [`boxoffice::BoxOffice`] on SQLite in memory, [`edge::Door`] with its journal
//! on a real disk, the sandbox's rules. What is played is the network, the
//! clock, the visitors, and death.
//!
//! - [`generator`] makes a script of a seed; [`operation`] says what can happen.
//! - [`story`] plays a script in a [`world`] and tells what broke.
//! - [`model`] is what people at the doors know; [`rules`] compare it with what
//!   the databases say.
//! - [`bookkeeping`] runs the reconciliation, the retention and the way of disputes,
//!   and looks at what they did; [`closing`] ends a story with them.
//! - [`shrink`] leaves out of a broken story what it does not need.
//! - [`planted`] bugs show that broken stories are found.

pub mod bookkeeping;
pub mod broken;
pub mod closing;
pub mod desk;
pub mod fleet;
pub mod generator;
pub mod handheld;
pub mod house;
pub mod model;
pub mod operation;
pub mod partner;
pub mod planted;
pub mod rules;
pub mod shrink;
pub mod site;
pub mod story;
pub mod tally;
pub mod ticketing;
pub mod trade;
pub mod turnstile;
pub mod world;

pub use broken::Broken;
pub use planted::Planted;
