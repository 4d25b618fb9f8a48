//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    // One with all that documents are made of.
    let shown = document("operating").unwrap();
    let frame = frame.clone();
    html([Page { shown, frame }])
}
