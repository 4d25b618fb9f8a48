//! Sample data of this page.

use super::*;
use crate::tests::html;

fn samples(frame: &Frame, part: Part) -> Vec<String> {
    let remark = Remark {
        line: 2,
        is_mistake: true,
        text: "There is no sector <b>.".to_owned(),
    };
    let text = "\"VN_AUX\":\n\"<b>\"\n".to_owned();
    html([
        Page::new(frame.clone(), part, None, text.clone(), &[]),
        Page::new(frame.clone(), part, None, text.clone(), &[remark]),
        Page::new(frame.clone(), part, Some("site.toml"), text, &[]),
        Page::new(frame.clone(), part, None, "#\n".repeat(SHOWN_BYTES), &[]).light(),
    ])
}

pub(crate) fn site_samples(frame: &Frame) -> Vec<String> {
    samples(frame, Part::Site)
}

pub(crate) fn catalogue_samples(frame: &Frame) -> Vec<String> {
    samples(frame, Part::Catalogue)
}
