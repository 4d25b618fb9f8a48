//! Sample data of the pages of things.

use super::*;
use crate::set_up::places::sample::site;
use crate::set_up::sector::Sector;
use crate::tests::html;
use gate::{Device, Door};

/// Pages to add one: what was entered, and the field that is wrong.
fn new_pages<T: Thing>(frame: &Frame, cases: [(&str, Option<&'static str>); 2]) -> Vec<String> {
    html(cases.map(|(entered, wrong)| {
        let mistakes = wrong.map(|field| Mistakes::one(field, "Choose <b>."));
        let frame = frame.wrong(entered, mistakes.unwrap_or_default());
        new_page::<T>(frame, &site())
    }))
}

/// Pages of one: its code, whether a file manages it, and what was entered.
fn one_pages<T: Thing>(frame: &Frame, cases: &[(&str, bool, &str)]) -> Vec<String> {
    html(cases.iter().map(|(code, by_file, entered)| {
        let code: T::Code = code.parse().unwrap();
        let by_file = by_file.then(|| Managed::ByFile("site.toml".to_owned()));
        let frame = frame.wrong(entered, Mistakes::default());
        one_page::<T>(
            frame.managed_by(&by_file.unwrap_or_default()),
            &site(),
            &code,
        )
    }))
}

pub(crate) fn new_sector(frame: &Frame) -> Vec<String> {
    let wrong = "code=<b>&name=<b>&door=<b>&device=<b>";
    new_pages::<Sector>(frame, [("", None), (wrong, Some("device"))])
}

pub(crate) fn sector(frame: &Frame) -> Vec<String> {
    let entered = "name=Rayonnages <b>";
    let cases = [
        ("VN_AUG", false, ""),
        ("VN_RAY", false, entered),
        ("VN_RAY", true, entered),
        ("EMPTY", false, ""),
    ];
    one_pages::<Sector>(frame, &cases)
}

pub(crate) fn new_door(frame: &Frame) -> Vec<String> {
    let cases = [("sector=VN_AUG", None), ("code=<b>", Some("sector"))];
    new_pages::<Door>(frame, cases)
}

pub(crate) fn door(frame: &Frame) -> Vec<String> {
    let cases = [
        ("VN_AUG_D1", false, ""),
        ("EVERYWHERE", false, ""),
        ("NOWHERE", true, ""),
    ];
    one_pages::<Door>(frame, &cases)
}

pub(crate) fn new_device(frame: &Frame) -> Vec<String> {
    let cases = [("door=VN_AUG_D1", None), ("code=<b>", Some("door"))];
    new_pages::<Device>(frame, cases)
}
