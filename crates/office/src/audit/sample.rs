//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let account = crate::accounts::sample::account();
    let entry = |id, action: &str, before: Option<Value>, after: Option<Value>| AuditEntry {
        id,
        at: account.created_at,
        account: Some(account.id),
        who: account.name.clone(),
        address: "192.0.2.7".to_owned(),
        action: action.to_owned(),
        kind: action.split('.').next().unwrap_or_default().to_owned(),
        of: "7".to_owned(),
        before,
        after,
    };
    let role = |role: &str| Some(serde_json::json!({"role": role, "name": "Camille"}));
    let entries = vec![
        entry(3, "account.changed", role("support"), role("finance")),
        entry(
            2,
            "session.signed_in",
            None,
            Some(serde_json::json!({"by": "password"})),
        ),
        entry(
            1,
            "mapping.changed",
            Some("a".into()),
            Some("b".repeat(300).into()),
        ),
    ];
    let full = b"who=7&kind=account&from=2026-07-01&to=2026-07-14&before=90";
    let (full, nothing) = (Entered::parse(full), Entered::default());
    let people = || vec![account.clone()];
    html([
        Page::new(frame.clone(), &full, people(), entries, Some(1)),
        Page::new(frame.clone(), &nothing, people(), Vec::new(), None),
    ])
}
