//! The whole service over HTTP: gate, box office, workers and a sandbox.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access_control;
mod api_document;
mod bad_requests;
mod camera;
mod cancellations;
mod device_api;
mod devices;
mod directions;
mod house;
mod look;
mod pass_list;
mod privacy;
mod replayed;
mod scan_page;
mod trouble;
mod whole_way;
