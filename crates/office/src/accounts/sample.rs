//! Sample data of this page.

use super::*;
use crate::tests::html;
use kernel::Timestamp;
use staff::Invalid;

/// An account for sample pages.
pub(crate) fn account() -> Account {
    let at = Timestamp::from_millis_clamped(1_784_019_600_000);
    Account {
        id: AccountId(7),
        name: "Camille Martin <b>".to_owned(),
        login: "camille@museum.example".to_owned(),
        role: Role::GateManager,
        language: None,
        has_password: true,
        two_steps: false,
        created_at: at,
        signed_in_at: Some(at),
        disabled_at: None,
    }
}

pub(crate) fn list_samples(frame: &Frame) -> Vec<String> {
    let disabled = Account {
        disabled_at: Some(account().created_at),
        ..account()
    };
    let invited = Account {
        signed_in_at: None,
        ..account()
    };
    let many = many();
    html([
        List::new(frame.clone(), vec![account(), disabled, invited], None),
        List::new(frame.clone(), many, Some(AccountId(1))),
    ])
}

/// Two accounts more than a page holds.
pub(crate) fn many() -> Vec<Account> {
    (1..)
        .take(ROWS + 2)
        .map(|number| Account {
            id: AccountId(number),
            ..account()
        })
        .collect()
}

pub(crate) fn new_samples(frame: &Frame) -> Vec<String> {
    let invalid = AccountError::Invalid(vec![Invalid::Name, Invalid::LoginTaken]);
    let wrong = mistakes(invalid, frame.formats.language).unwrap();
    html([frame.clone(), frame.wrong("", wrong)].map(|frame| One::new(frame, None)))
}

pub(crate) fn one_samples(frame: &Frame) -> Vec<String> {
    let last = Mistakes::one("role", Texts::of(frame.formats.language).last);
    let disabled = Account {
        disabled_at: Some(account().created_at),
        two_steps: true,
        ..account()
    };
    html([
        One::new(frame.clone(), Some(account())),
        One::new(frame.wrong("", last), Some(disabled)),
    ])
}

pub(crate) fn invited_samples(frame: &Frame) -> Vec<String> {
    let invited = Invited {
        account: account(),
        token: staff::Token::presented("k3y"),
    };
    let page = Link {
        frame: frame.clone(),
        invited: &invited,
        url: "https://passerelle.example",
    };
    html([page])
}
