//! Devices: how they are enrolled, what they show to be let in, and what they
//! say of themselves.

pub(crate) mod enrolment;
pub(crate) mod report;
pub(crate) mod token;
