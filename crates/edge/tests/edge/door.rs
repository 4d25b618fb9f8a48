//! The door: what the turnstile does with each scan, answer, silence and fault,
//! played without network and without waiting.

mod cancelling;
mod deciding;
mod faults;
mod passing;
mod sending;
mod stage;
