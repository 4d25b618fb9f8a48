//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let all = [
        Invalid::Name,
        Invalid::Login,
        Invalid::Password(Weak::TooShort),
    ];
    [Mistakes::default(), mistakes(&all, frame.formats.language)]
        .into_iter()
        .map(|mistakes| {
            let entered = Entered::default();
            Page::first_run(frame.clone(), &entered, mistakes)
                .render()
                .unwrap()
        })
        .collect()
}

pub(crate) fn invitation_samples(frame: &Frame) -> Vec<String> {
    let account = crate::accounts::sample::account();
    let t = Texts::of(frame.formats.language);
    let page = Page::invitation(frame.clone(), &account, "key", Mistakes::default());
    let gone = Gone {
        frame: frame.clone(),
        t,
    };
    vec![page.render().unwrap(), gone.render().unwrap()]
}
