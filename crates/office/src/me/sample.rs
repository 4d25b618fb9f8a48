//! Sample data of this page.

use super::*;
use crate::tests::html;
use staff::{AccountError, Invalid};

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
    let wrong = AccountError::Invalid(vec![Invalid::PresentPassword]);
    let wrong = mistakes(wrong, language).unwrap();
    html([
        Page::new(frame.wrong("", wrong), one, 9),
        Page::new(frame.clone(), two, 9),
        Page::new(frame.clone(), by_provider, 9),
    ])
}
