//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let at = kernel::Position { line: 2, column: 1 };
    let found = crate::tests::finding("season_unknown", at.into());
    let text = "\"VN_AUX\":\n\"<b>\"\n".to_owned();
    let (here, by_file) = (Managed::Here, Managed::ByFile("catalogue.toml".to_owned()));
    let page = |managed, text, found: &[Finding]| {
        Page::new(frame.clone().managed_by(managed), text, found)
    };
    html([
        page(&here, text.clone(), &[]),
        page(&here, text.clone(), &[found]),
        page(&by_file, text, &[]),
        page(&here, "#\n".repeat(SHOWN_BYTES), &[]).light(),
    ])
}
