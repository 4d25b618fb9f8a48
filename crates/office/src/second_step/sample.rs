//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let wrong = Mistakes::one("code", Texts::of(frame.formats.language).code_wrong);
    let frames = [frame.clone(), frame.wrong("", wrong)];
    html(frames.map(|frame| Page::new(frame, access::TODAY.path)))
}
