//! Sample data of this page.

use super::*;

/// All of these pages, for the test that renders them.
pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    use PageError::{Busy, Forbidden, Internal, NotFound, Stale, TooLarge, TooMany};
    [
        NotFound,
        Forbidden,
        Stale,
        TooMany { wait_ms: 15_000 },
        Busy,
        TooLarge,
        Internal,
    ]
    .iter()
    .map(|error| {
        ErrorPage::new(error, frame.clone(), "7f3a")
            .render()
            .unwrap()
    })
    .collect()
}
