//! The server's desk: what the device API does with a request, without HTTP.

use crate::planted::Planted;
use edge::wire::Snapshot;
use gate::decide::rules::NotPermitted;
use gate::{
    CancelError, Cancellation, Cancelled, Check, CheckError, Decision, DeviceToken, Freshness,
    Gate, JournalItem, Merged, Obstacle, Scan,
};
use kernel::{CheckId, DeviceCode};
use otipass::EntriesLeft;
use serde_json::json;

/// A request of a device. The device in it is the one its token names.
#[derive(Debug, Clone)]
pub enum Message {
    /// `POST /checks`.
    Check(Scan),
    /// `POST /checks/batch`.
    Batch(Vec<JournalItem>, Vec<Cancellation>),
    /// `POST /cancellations`.
    Cancel(Cancellation),
    /// `GET /device`.
    Device(DeviceCode),
}

/// What the server says.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The answer to a check.
    Check(Box<Check>),
    /// What became of each part of a batch.
    Batch(
        Vec<Result<Box<Check>, (CheckId, Problem)>>,
        Vec<Result<Cancelled, Problem>>,
    ),
    /// The entry is cancelled.
    Cancelled(Cancelled),
    /// The device's snapshot.
    Snapshot(Box<Snapshot>),
    /// 401.
    TokenInvalid,
    /// Another 4xx.
    Problem(Problem),
    /// 503.
    Failing(&'static str),
}

const FORCED_NOT_ALLOWED: &str = "forced_entry_not_allowed";
const DIRECTION_NOT_ALLOWED: &str = "direction_not_allowed";

/// The code of a problem, and what stands against a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The code.
    pub code: &'static str,
    /// What stands against it.
    pub obstacle: Option<Obstacle>,
}

impl Problem {
    /// Whether the device's settings stand against the check.
    #[must_use]
    pub fn is_not_permitted(self) -> bool {
        [FORCED_NOT_ALLOWED, DIRECTION_NOT_ALLOWED].contains(&self.code)
    }
}

const fn problem(code: &'static str) -> Problem {
    Problem {
        code,
        obstacle: None,
    }
}

/// Answers a request that came with `token`.
///
/// # Errors
/// What would be a 500.
pub async fn answer(
    gate: &Gate,
    token: DeviceToken,
    message: Message,
    planted: Option<Planted>,
) -> Result<Reply, String> {
    let holder = gate.devices.holder_of(token).await;
    let Some(device) = holder.map_err(|error| kernel::causes(&error))? else {
        return Ok(Reply::TokenInvalid);
    };
    match message {
        Message::Check(scan) => check(gate, Scan { device, ..scan }, planted).await,
        Message::Batch(items, cancellations) => {
            batch(gate, &device, items, cancellations, planted).await
        }
        Message::Cancel(cancellation) => {
            let cancellation = Cancellation {
                device,
                ..cancellation
            };
            Ok(match gate.deciding.cancel(cancellation).await {
                Ok(cancelled) => Reply::Cancelled(cancelled),
                Err(error) => Reply::Problem(cancel_problem(&error)?),
            })
        }
        Message::Device(_) => snapshot(gate, &device)
            .map(Box::new)
            .map(Reply::Snapshot)
            .ok_or_else(|| "the device's snapshot cannot be made".to_owned()),
    }
}

async fn check(gate: &Gate, scan: Scan, planted: Option<Planted>) -> Result<Reply, String> {
    match gate.deciding.check(scan.clone()).await {
        Ok((mut check, freshness)) => {
            if planted == Some(Planted::ChangedAnswer) && freshness == Freshness::Repeated {
                check.pass.entries_left = Some(EntriesLeft::Count(u32::MAX));
            }
            let refused = !check.decision.opens();
            if planted == Some(Planted::RefusedButSold) && refused && freshness == Freshness::First
            {
                let item = JournalItem {
                    scan,
                    outcome: Some(Decision::Admitted(gate::Admission::AcceptedOffline)),
                };
                let sold = gate.deciding.merge_journal(vec![item]).await;
                sold.map_err(|error| kernel::causes(&error))?;
            }
            Ok(Reply::Check(Box::new(check)))
        }
        Err(CheckError::StaysOpen(_)) => Ok(Reply::Failing("check_stays_open")),
        Err(error) => Ok(Reply::Problem(check_problem(&error)?)),
    }
}

fn check_problem(error: &CheckError) -> Result<Problem, String> {
    match error {
        CheckError::Conflict(_) => Ok(problem("check_id_conflict")),
        CheckError::Refused(gate::ScanRefused::CodeTooLong { .. }) => Ok(problem("code_too_long")),
        CheckError::Refused(gate::ScanRefused::ClockStandsStill) => {
            Ok(problem("clock_stands_still"))
        }
        CheckError::NotPermitted(NotPermitted::ForcedEntry) => Ok(problem(FORCED_NOT_ALLOWED)),
        CheckError::NotPermitted(NotPermitted::Direction) => Ok(problem(DIRECTION_NOT_ALLOWED)),
        error => Err(kernel::causes(error)),
    }
}

fn cancel_problem(error: &CancelError) -> Result<Problem, String> {
    match error {
        CancelError::CheckUnknown(_) => Ok(problem("check_unknown")),
        CancelError::NotCancellable(_, obstacle) => Ok(Problem {
            code: "not_cancellable",
            obstacle: Some(*obstacle),
        }),
        error => Err(kernel::causes(error)),
    }
}

async fn batch(
    gate: &Gate,
    device: &DeviceCode,
    mut items: Vec<JournalItem>,
    mut cancellations: Vec<Cancellation>,
    planted: Option<Planted>,
) -> Result<Reply, String> {
    for item in &mut items {
        item.scan.device.clone_from(device);
    }
    for cancellation in &mut cancellations {
        cancellation.device.clone_from(device);
    }
    let ids: Vec<_> = items.iter().map(|item| item.scan.id).collect();
    if planted == Some(Planted::LostJournalEntry) && items.len() > 1 {
        items.pop();
    }
    let merged = gate.deciding.merge_journal(items).await;
    let merged = merged.map_err(|error| kernel::causes(&error))?;
    let mut results = Vec::with_capacity(ids.len());
    for one in merged {
        results.push(match one {
            Merged::Recorded(check, _) => Ok(check),
            Merged::Refused(id, error) => Err((id, check_problem(&error)?)),
        });
    }
    if let (true, Some(last)) = (results.len() < ids.len(), results.last().cloned()) {
        results.push(last);
    }
    let cancelled = gate.deciding.merge_cancellations(cancellations).await;
    let cancelled = cancelled.map_err(|error| kernel::causes(&error))?;
    let cancelled = cancelled
        .into_iter()
        .map(|one| match one {
            Ok(cancelled) => Ok(Ok(cancelled)),
            Err(error) => cancel_problem(&error).map(Err),
        })
        .collect::<Result<_, String>>()?;
    Ok(Reply::Batch(results, cancelled))
}

fn snapshot(gate: &Gate, device: &DeviceCode) -> Option<Snapshot> {
    let (site, settings) = (gate.site(), gate.settings());
    let sector = site.sector_of(device);
    let at = site.devices.get(device)?;
    serde_json::from_value(json!({
        "device": device,
        "door": at.door,
        "sector": sector,
        "mapped": sector.is_some_and(|s| settings.mapping.sectors.contains_key(s)),
        "site": site.name,
        "timezone": site.zone,
        "language": site.language.as_str(),
        "detection": {
            "project_id": settings.mapping.project_id,
            "format": settings.format,
        },
        "offline_policy": "detection_only",
        "decision_budget_ms": 1500,
        "cancel_within_s": deviceapi::CANCEL_WITHIN_MS / 1000,
        "settings": { "direction": at.settings.direction },
        "server_time": gate.now(),
    }))
    .ok()
}
