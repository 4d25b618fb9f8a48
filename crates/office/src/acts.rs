//! What pages and commands change alike, each with its line in the audit log.

use boxoffice::{BoxOffice, ImportError, ImportReport, RunError, RunReport};
use db::{DbError, Tx};
use gate::{DeviceToken, EnrolmentCode, TokenError};
use kernel::{DeviceCode, Timestamp};
use serde_json::json;
use staff::{Author, Change};

/// Saves a code that enrols `device`, and says until when it is good.
pub async fn make_enrolment_code(
    author: &Author,
    device: &DeviceCode,
    code: &EnrolmentCode,
) -> Result<Timestamp, TokenError> {
    let codes = [(device.clone(), code.clone())];
    make_enrolment_codes(author, &codes, gate::CODE_VALID_MS).await
}

/// Saves codes that enrol a device each, all or none, and says until when they are good.
pub async fn make_enrolment_codes(
    author: &Author,
    codes: &[(DeviceCode, EnrolmentCode)],
    valid_ms: i64,
) -> Result<Timestamp, TokenError> {
    let (codes, now) = (codes.to_vec(), author.clock.now());
    let work = move |tx: &mut Tx<'_>| {
        let (mut expires_at, mut changes) = (now, Vec::new());
        for (device, code) in &codes {
            expires_at = gate::save_enrolment_code(tx, device, code, now, valid_ms)?;
            let change = Change::done("device.enrolment_begun", "device", device);
            changes.push(change.to(json!({ "expires_at": expires_at })));
        }
        Ok((expires_at, changes))
    };
    author.change("make enrolment codes", work).await
}

/// Gives `device` a token; earlier ones stay good.
pub async fn give_token(
    author: &Author,
    device: &DeviceCode,
    token: &DeviceToken,
) -> Result<(), TokenError> {
    let (device, token, now) = (device.clone(), token.clone(), author.clock.now());
    let work = move |tx: &mut Tx<'_>| {
        gate::grant_token(tx, &device, &token, now)?;
        Ok((
            (),
            vec![Change::done("device.token_given", "device", &device)],
        ))
    };
    author.change("give token", work).await
}

/// Takes back all tokens of `device`, and says how many there were.
pub async fn revoke_tokens(author: &Author, device: &DeviceCode) -> Result<u64, TokenError> {
    let (device, now) = (device.clone(), author.clock.now());
    let work = move |tx: &mut Tx<'_>| {
        let revoked = gate::revoke_tokens(tx, &device, now)?;
        let change =
            Change::done("device.revoked", "device", &device).to(json!({ "taken_back": revoked }));
        Ok((revoked, vec![change]))
    };
    author.change("revoke device", work).await
}

/// Sends to ticketing again what it refused, and says how many that were.
pub async fn send_again(author: &Author) -> Result<u64, DbError> {
    let work = |tx: &mut Tx<'_>| {
        let count = gate::resend_refused(tx)?;
        let change =
            Change::done("sales.sent_again", "sales", "OTIPASS").to(json!({ "count": count }));
        Ok((count, vec![change]))
    };
    author.change("send again", work).await
}

/// Sells what is ready.
///
/// # Errors
/// [`RunError`]; what is sold by then stays sold.
pub async fn sell(author: &Author, box_office: &BoxOffice) -> Result<RunReport, RunError> {
    // It takes many transactions, and may end in the midst of them.
    let begun = Change::done("sales.run_begun", "sales", "OTIPASS");
    author.note(begun).await?;
    let report = box_office.run_external_sales().await?;
    let done = Change::done("sales.run", "sales", "OTIPASS").to(json!({
        "tickets": report.tickets(),
        "released": report.reevaluated.released,
        "rejected": report.rejected(),
    }));
    author.note(done).await?;
    Ok(report)
}

/// Imports a sales file; `called` is its name where it came from, or its number
/// here. There is no report if there is no such file any more.
pub async fn import(
    author: &Author,
    action: &'static str,
    called: &str,
    importing: impl Future<Output = Result<Option<ImportReport>, ImportError>>,
) -> Result<Option<ImportReport>, ImportError> {
    // It takes many transactions, and may end in the midst of them.
    let begun = Change::done("sales.import_begun", "sales", called);
    author.note(begun).await.map_err(ImportError::Db)?;
    let imported = importing.await?;
    if let Some(report) = &imported {
        let done = Change::done(action, "sales", &report.name).to(json!({
            "called": called,
            "rows": report.rows,
            "tickets": report.tickets,
            "known": report.already_imported,
            "rejected": report.rejected_in_all(),
        }));
        author.note(done).await.map_err(ImportError::Db)?;
    }
    Ok(imported)
}
