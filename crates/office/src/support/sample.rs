//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    vec![Page::new(frame.clone()).render().unwrap()]
}
