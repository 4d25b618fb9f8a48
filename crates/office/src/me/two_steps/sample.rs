//! Sample data of this page.

use super::*;
use crate::tests::html;
use staff::{AccountError, Invalid};

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let secret = TotpSecret::new().unwrap();
    let wrong = AccountError::Invalid(vec![Invalid::Code]);
    let wrong = mistakes(wrong, frame.formats.language).unwrap();
    let key = Some((&secret, "camille@museum.example"));
    html([
        Begun::new(frame.clone(), key),
        Begun::new(frame.wrong("", wrong), None),
    ])
}

pub(crate) fn code_samples(frame: &Frame) -> Vec<String> {
    let codes = (0..10).map(|_| staff::Token::presented("ABCDE-FGHJK"));
    let page = Codes {
        frame: frame.clone(),
        codes: RecoveryCodes(codes.collect()),
    };
    html([page])
}
