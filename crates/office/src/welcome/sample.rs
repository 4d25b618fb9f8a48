//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let invalid = vec![
        Invalid::Name,
        Invalid::Login,
        Invalid::Password(Weak::TooShort),
    ];
    let wrong = mistakes(AccountError::Invalid(invalid), frame.formats.language).unwrap();
    html([frame.clone(), frame.wrong("", wrong)].map(Page::first_run))
}

pub(crate) fn invitation_samples(frame: &Frame) -> Vec<String> {
    let account = crate::accounts::sample::account();
    let page = Page::invitation(frame.clone(), &account, "key");
    let gone = Gone {
        frame: frame.clone(),
    };
    vec![page.render().unwrap(), gone.render().unwrap()]
}
