//! Sample data of this page.

use super::*;
use kernel::finding::Phrase;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let by_file = SetUp {
        site: Managed::ByFile("site.toml".to_owned()),
        catalogue: Managed::ByFile("catalogue.toml".to_owned()),
        mapping: Managed::ByFile("mapping.json".to_owned()),
        connection: Managed::ByFile("[otipass]".to_owned()),
        ..SetUp::default()
    };
    let proven = Proven {
        sold: true,
        delivered: true,
        enrolled: true,
    };
    let elsewhere = SetUp {
        sold_elsewhere: true,
        ..SetUp::default()
    };
    [
        (
            SetUp::default(),
            Present::default(),
            Proven::default(),
            None,
        ),
        (
            SetUp::default(),
            catalogue::sample::present(),
            Proven::default(),
            Some(Line::Reached),
        ),
        (
            SetUp::default(),
            catalogue::sample::present(),
            proven,
            Some(Line::Bad(Phrase::new("It is <b>.", "C’est <b>."))),
        ),
        (by_file, Present::default(), proven, None),
        (elsewhere, Present::default(), proven, Some(Line::Well)),
    ]
    .into_iter()
    .map(|(set_up, present, proven, line)| {
        Page::new(frame.clone(), &set_up, &present, proven, line)
            .render()
            .unwrap()
    })
    .collect()
}
