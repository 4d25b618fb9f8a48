//! Sample data of this page.

use super::*;

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
        enrolled: true,
    };
    [
        (SetUp::default(), Present::default(), Proven::default()),
        (
            SetUp::default(),
            catalogue::sample::present(),
            Proven::default(),
        ),
        (by_file, Present::default(), proven),
    ]
    .into_iter()
    .map(|(set_up, present, proven)| {
        Page::new(frame.clone(), &set_up, &present, proven)
            .render()
            .unwrap()
    })
    .collect()
}
