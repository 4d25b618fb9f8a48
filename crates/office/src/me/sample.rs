//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let language = frame.formats.language;
    let one = crate::accounts::sample::account();
    let two = Account {
        two_steps: true,
        language: Some(language),
        ..one.clone()
    };
    let by_provider = Account {
        has_password: false,
        ..one.clone()
    };
    let wrong = mistakes(&[staff::Invalid::PresentPassword], language);
    [
        (one, wrong),
        (two, Mistakes::default()),
        (by_provider, Mistakes::default()),
    ]
    .into_iter()
    .map(|(account, mistakes)| {
        Page::new(frame.clone(), account, 9, mistakes)
            .render()
            .unwrap()
    })
    .collect()
}
