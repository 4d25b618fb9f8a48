//! One rig that starts a museum for tests, benches and replays. It is not shipped.
//!
//! A [`Museum`] is a service in this process on a database of the test's, a
//! [`Program`] the built program in a folder of its own; behind both stands a
//! stand-in [`Otipass`]. What a single test needs stays with that test, and no
//! rule of the product is repeated here.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod http;
mod museum;
mod pages;
mod partner;
mod process;
mod program;
pub mod villeneuve;

pub use http::{Answer, Front, answer, client};
pub use museum::{Museum, Plan, count, meddle};
pub use pages::{Browser, PASSWORD};
pub use partner::{Otipass, card, pass};
pub use process::{Process, free_address, lines, show_log};
pub use program::{EXAMPLE, Program, SET_UP, SOLD_SOON};

use std::time::Duration;

/// Longer than anything here takes; it ends a test that would wait for ever.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until it is so.
pub async fn eventually(what: &str, is_so: impl AsyncFnMut() -> bool) {
    within(PATIENCE, what, is_so).await;
}

/// The same, for what may take as long as this.
pub async fn within(patience: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(5));
    let looking = async {
        while !is_so().await {
            look.tick().await;
        }
    };
    if tokio::time::timeout(patience, looking).await.is_err() {
        panic!("never came true: {what}");
    }
}

/// Does it where nothing else is asynchronous.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}
