//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let page = Page {
        frame: frame.clone(),
    };
    vec![page.render().unwrap()]
}
