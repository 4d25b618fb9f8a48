//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    // One with all that documents are made of.
    page(frame, document("operating").unwrap())
}

pub(crate) fn all(frame: &Frame) -> Vec<String> {
    let pages = DOCUMENTS.iter().flat_map(|shown| page(frame, shown));
    pages.collect()
}

fn page(frame: &Frame, shown: &'static Document) -> Vec<String> {
    let frame = frame.clone();
    html([Page { shown, frame }])
}
