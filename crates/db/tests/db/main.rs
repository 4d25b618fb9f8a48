//! What both engines must do alike, and copies of a file in use.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod failover;
mod migrations;
mod snapshot;
mod tls;
mod transfer;

use db::DbUrl;
use db::testing::{POSTGRES, TestDb};
use std::net::SocketAddr;

/// Where the server for tests listens.
fn server() -> SocketAddr {
    let server = std::env::var(POSTGRES).unwrap();
    let server = server.split('@').nth(1).unwrap();
    server.split('/').next().unwrap().parse().unwrap()
}

/// The test's database at other hosts, with `more` behind its options.
fn url_at(test: &TestDb, hosts: &str, more: &str) -> DbUrl {
    let (before, after) = test.postgres_url().split_once('@').unwrap();
    let (_, after) = after.split_once('/').unwrap();
    DbUrl::Postgres(format!("{before}@{hosts}/{after}{more}"))
}
