//! Sample data of this page.

use super::*;
use crate::tests::finding;
use kernel::Position;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let good = include_str!("../../../../../examples/villeneuve/mapping.json");
    let bad = good
        .replacen("VN_AUG", "VN_AUX<b>", 1)
        .replacen("\"villeneuve\",", "\"villeneuve\" // <b>", 1)
        .replacen("VN_RAY", "VN_GEO", 1);
    let at = Position {
        line: 8,
        column: 22,
    };
    let unknown = finding("product_unknown", at.into()).concerning(at, Some("PASSVN2"));
    let set_up = crate::SetUp::default();
    let by_file = Managed::ByFile("mapping.json".to_owned());
    let by_file = frame.clone().managed_by(&by_file);
    let t = Texts::of(frame.formats.language);
    let page = |text: &str, findings: &[Finding]| {
        let remarks = remarks(text, findings, &set_up, frame);
        Page::new(frame.clone(), text.to_owned(), &remarks, t.well)
    };
    [
        Page::new(frame.clone(), String::new(), &[], t.well),
        page(good, &[]),
        page(good, std::slice::from_ref(&unknown)),
        page(&bad, &[unknown]),
        Page {
            verdict: Some(("bad", t.moved.to_owned())),
            ..page(&bad, &[])
        },
        Page::new(by_file, String::new(), &[], t.well),
    ]
    .iter()
    .map(|page| page.render().unwrap())
    // In a text of JSON, braces are no places that nobody filled in.
    .map(|html| html.replace(['{', '}'], ""))
    .collect()
}
