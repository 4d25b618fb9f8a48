//! The server's desk: what the device API does with a request, without HTTP.

use crate::planted::Planted;
use deviceapi::{
    BatchAnswer, BatchParts, BatchRequest, BatchResult, CancellationAnswer, CancellationRequest,
    CheckAnswer, CheckRequest, DeviceReport, DeviceSnapshot, Problem, ProblemCode,
};
use edge::wire;
use gate::{Cancellation, DeviceToken, Enrolled, Gate, Holder, Obstacle, Told};
use kernel::{EntriesLeft, causes};

/// A request of a device.
#[derive(Debug, Clone)]
pub enum Message {
    /// `POST /checks`.
    Check(CheckRequest),
    /// `POST /checks/batch`.
    Batch(BatchRequest),
    /// `POST /cancellations`.
    Cancel(CancellationRequest),
    /// `GET /device`.
    Device(DeviceReport),
}

/// What the server answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The decision on a check.
    Check(CheckAnswer),
    /// What became of each part of a batch.
    Batch(BatchAnswer),
    /// The entry is cancelled.
    Cancelled(CancellationAnswer),
    /// The device's snapshot.
    Snapshot(Box<DeviceSnapshot>),
}

/// What a device hears.
pub type Reply = wire::Reply<Answer>;

/// Whether the device's settings stand against a check.
#[must_use]
pub fn is_not_permitted(problem: &Problem) -> bool {
    matches!(
        problem.code,
        ProblemCode::ForcedEntryNotAllowed | ProblemCode::DirectionNotAllowed
    )
}

/// Whether an entry is not cancelled because nobody was admitted.
#[must_use]
pub fn nobody_was_admitted(problem: &Problem) -> bool {
    problem.detail.contains(&Obstacle::NotAdmitted.to_string())
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
    let holder = async |token| {
        let holder = gate.devices.holder_of(token).await;
        holder.map_err(|error| causes(&error))
    };
    let unknown = Ok(Reply::TokenInvalid(token.sha256()));
    match message {
        Message::Batch(request) => {
            let bringer = gate.devices.bringer(token).await;
            match bringer.map_err(|error| causes(&error))? {
                Some(bringer) => batch(gate, bringer, request, planted).await,
                None => unknown,
            }
        }
        Message::Check(request) => match holder(token).await? {
            Some(holder) => check(gate, holder, request, planted).await,
            None => unknown,
        },
        Message::Cancel(request) => match holder(token).await? {
            Some(holder) => {
                let cancellation = Cancellation::of(request, holder.device);
                let cancelled = gate.deciding.cancel(cancellation).await;
                told(cancelled.map(Answer::Cancelled))
            }
            None => unknown,
        },
        Message::Device(report) => match holder(token).await? {
            Some(holder) => {
                let snapshot = gate.snapshot(holder, report).await;
                told(snapshot.map(Box::new).map(Answer::Snapshot))
            }
            None => unknown,
        },
    }
}

const fn at_present(holder: Holder) -> Enrolled {
    Enrolled {
        holder,
        revoked_at: None,
    }
}

async fn check(
    gate: &Gate,
    holder: Holder,
    mut request: CheckRequest,
    planted: Option<Planted>,
) -> Result<Reply, String> {
    let asked = request.clone();
    if planted == Some(Planted::TwoQuestions) {
        request.one_more_than = Some(request.id);
    }
    let mut answer = gate.answer_check(holder.device.clone(), request).await;
    if let Ok(answer) = &mut answer {
        if planted == Some(Planted::ChangedAnswer) && answer.repeated {
            answer.entries_left = Some(EntriesLeft::Count(u32::MAX));
        }
        let refused = !answer.open && !answer.repeated;
        if planted == Some(Planted::RefusedButSold) && refused {
            let sold = CheckRequest {
                outcome: Some("accepted_offline".to_owned()),
                ..asked
            };
            let request = BatchRequest {
                checks: vec![sold],
                cancellations: Vec::new(),
            };
            let sold = gate
                .answer_batch(at_present(holder), parts(&request)?)
                .await;
            sold.map_err(|error| causes(&error))?;
        }
    }
    told(answer.map(Answer::Check))
}

async fn batch(
    gate: &Gate,
    bringer: Enrolled,
    mut request: BatchRequest,
    planted: Option<Planted>,
) -> Result<Reply, String> {
    for check in &mut request.checks {
        match planted {
            // As if no device's clock were ever off.
            Some(Planted::DeviceTime) => (check.age_ms, check.offset_ms) = (None, Some(0)),
            Some(Planted::TodaysSetUp) => check.set_up = None,
            _ => {}
        }
    }
    let loses = planted == Some(Planted::LostJournalEntry) && request.checks.len() > 1;
    let lost = loses.then(|| request.checks.pop()).flatten();
    let mut answer = gate.answer_batch(bringer, parts(&request)?).await;
    if let (Some(lost), Ok(answer)) = (lost, &mut answer) {
        // As if it were kept.
        let mut result = answer.results.last().cloned();
        if let Some(BatchResult::Kept { answer }) = &mut result {
            answer.id = lost.id;
        }
        answer.results.extend(result);
    }
    told(answer.map(Answer::Batch))
}

/// As it comes over the line.
fn parts(batch: &BatchRequest) -> Result<BatchParts, String> {
    serde_json::to_value(batch)
        .and_then(serde_json::from_value)
        .map_err(|error| causes(&error))
}

/// What the device is told; a fault of the server is told to nobody.
fn told<E: Told + 'static>(answered: Result<Answer, E>) -> Result<Reply, String> {
    let error = match answered {
        Ok(answer) => return Ok(Reply::Answer(answer)),
        Err(error) => error,
    };
    let code = error.code().ok_or_else(|| causes(&error))?;
    Ok(if code.status() < 500 {
        Reply::Problem(gate::problem(&error))
    } else {
        Reply::Failing {
            code: Some(code),
            retry_after_ms: 1_000,
        }
    })
}
