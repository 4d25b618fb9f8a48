//! Sample data of this page.

use super::*;
use crate::tests::html;
use staff::Invalid;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let secret = TotpSecret::new().unwrap();
    let wrong = mistakes(&[Invalid::Code], frame.formats.language);
    let key = Some((&secret, "camille@museum.example"));
    html([
        Begun::new(frame.clone(), key, Mistakes::default()),
        Begun::new(frame.clone(), None, wrong),
    ])
}

pub(crate) fn code_samples(frame: &Frame) -> Vec<String> {
    let codes = (0..10).map(|_| staff::Token::presented("ABCDE-FGHJK"));
    let page = Codes {
        t: Texts::of(frame.formats.language),
        frame: frame.clone(),
        codes: RecoveryCodes(codes.collect()),
    };
    html([page])
}
