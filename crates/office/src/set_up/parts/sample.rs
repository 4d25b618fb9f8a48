//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let remark = Remark {
        line: 2,
        text: "There is no season <b>.".to_owned(),
    };
    let text = "\"VN_AUX\":\n\"<b>\"\n".to_owned();
    let page = |file, text, remarks: &[Remark]| Page::new(frame.clone(), file, text, remarks);
    html([
        page(None, text.clone(), &[]),
        page(None, text.clone(), &[remark]),
        page(Some("catalogue.toml"), text, &[]),
        page(None, "#\n".repeat(SHOWN_BYTES), &[]).light(),
    ])
}
