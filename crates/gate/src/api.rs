//! What devices ask of the gate and are told, in the words of the device API;
//! how it travels is someone else's matter.

use crate::decide::rules::NotPermitted;
use crate::decide::wording;
use crate::{
    Admissible, Admission, CancelError, Cancellation, Check, CheckError, Decision, EnrolError,
    ForcedNote, Freshness, Gate, JournalError, JournalItem, LastEntry, LookError, Merged,
    NoteInvalid, Reason, Scan, ScanRefused, Sending, Site, TokenError,
};
use db::DbError;
use deviceapi::{
    BATCH_LIMIT, BatchAnswer, BatchParts, BatchResult, CANCEL_WITHIN_MS, CancellationAnswer,
    CancellationRequest, CancellationResult, CheckAnswer, CheckRequest, Detection, DeviceReport,
    DeviceSnapshot, EarlierEntry, LookAnswer, LookEntry, LookRequest, Personal, Problem,
    ProblemCode,
};
use kernel::{DeviceCode, Language, causes};
use otipass::Refusal;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::error::Error;
use std::iter::successors;

impl Gate {
    /// Decides one scan, as [`Deciding::check`](crate::Deciding::check).
    pub async fn answer_check(
        &self,
        device: DeviceCode,
        request: CheckRequest,
    ) -> Result<CheckAnswer, CheckError> {
        let language = self.site().language_of(&device);
        let sending = sending(&request);
        let scan = scan(request, device)?;
        let (check, freshness) = self.deciding.check(scan, sending).await?;
        Ok(answer(&check, freshness, language))
    }

    /// Takes a journal: the checks in one transaction, then the cancellations in
    /// another; each that can be kept is, whatever becomes of the others.
    ///
    /// # Errors
    /// What was kept gets its first answer again.
    pub async fn answer_batch(
        &self,
        device: DeviceCode,
        batch: BatchParts,
    ) -> Result<BatchAnswer, JournalError> {
        if batch.checks.len() > BATCH_LIMIT {
            return Err(JournalError::TooLarge(batch.checks.len()));
        }
        if batch.cancellations.len() > BATCH_LIMIT {
            return Err(JournalError::TooManyCancellations(
                batch.cancellations.len(),
            ));
        }
        let language = self.site().language_of(&device);
        let (items, results) = sorted(batch.checks, "check", "id", |check| item(check, &device));
        let mut merged = self.deciding.merge_journal(items).await?.into_iter();
        let results = results.into_iter().filter_map(|refused| {
            Some(match refused {
                Some((id, problem)) => BatchResult::Refused { id, problem },
                None => match merged.next()? {
                    Merged::Recorded(check, freshness) => BatchResult::Kept {
                        answer: answer(&check, freshness, language),
                    },
                    Merged::Refused(id, error) => BatchResult::Refused {
                        id: Some(id.to_string()),
                        problem: problem(&error),
                    },
                },
            })
        });
        let results = results.collect();
        let cancellations = self.cancel_each(&device, batch.cancellations).await?;
        Ok(BatchAnswer {
            results,
            cancellations,
        })
    }

    async fn cancel_each(
        &self,
        device: &DeviceCode,
        parts: Vec<Value>,
    ) -> Result<Vec<CancellationResult>, JournalError> {
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let (items, results) = sorted(parts, "cancellation", "check_id", |request| {
            Ok(cancellation(request, device.clone()))
        });
        let ids: Vec<_> = items.iter().map(|item| item.check_id).collect();
        let merged = self.deciding.merge_cancellations(items).await?;
        let mut merged = ids.into_iter().zip(merged);
        let results = results.into_iter().filter_map(|refused| {
            Some(match refused {
                Some((check_id, problem)) => CancellationResult::Refused { check_id, problem },
                None => match merged.next()? {
                    (check_id, Ok(_)) => CancellationResult::Kept { check_id },
                    (check_id, Err(error)) => CancellationResult::Refused {
                        check_id: Some(check_id.to_string()),
                        problem: problem(&error),
                    },
                },
            })
        });
        Ok(results.collect())
    }

    /// Takes back an entry, as [`Deciding::cancel`](crate::Deciding::cancel).
    pub async fn answer_cancellation(
        &self,
        device: DeviceCode,
        request: CancellationRequest,
    ) -> Result<CancellationAnswer, CancelError> {
        let cancelled = self.deciding.cancel(cancellation(request, device)).await?;
        Ok(CancellationAnswer {
            check_id: cancelled.check_id,
            cancelled_at: cancelled.cancelled_at,
            device_count_today: cancelled.device_count_today,
            repeated: cancelled.freshness == Freshness::Repeated,
        })
    }

    /// Looks at a pass, as [`Deciding::look`](crate::Deciding::look).
    pub async fn answer_look(
        &self,
        device: &DeviceCode,
        request: &LookRequest,
    ) -> Result<LookAnswer, LookError> {
        let site = self.site();
        let language = site.language_of(device);
        let look = self.deciding.look(device, &request.code.0).await?;
        let decision = match look.admissible {
            Admissible::Yes => Some(Decision::Admitted(Admission::Accepted)),
            Admissible::No(reason) => Some(Decision::Refused(reason)),
            Admissible::Unknown => None,
        };
        let message = match look.admissible {
            Admissible::Yes => wording::may_enter(language),
            Admissible::No(reason) => wording::message(Decision::Refused(reason), language),
            Admissible::Unknown => {
                wording::message(Decision::Refused(Reason::PartnerUnavailable), language)
            }
        };
        let entries = look.last_entries.into_iter();
        Ok(LookAnswer {
            recognised: look.card.is_some(),
            pass_number: look.card,
            admissible: decision.map(Decision::is_admitted),
            outcome: decision.map(|decision| decision.as_str().to_owned()),
            message: message.to_owned(),
            valid_until: look.pass.valid_until,
            entries_left: look.pass.entries_left,
            last_entries: entries.map(|entry| looked_at(entry, &site)).collect(),
        })
    }

    /// What a device has to know of itself, after what it says of itself was
    /// noted.
    pub async fn snapshot(
        &self,
        device: DeviceCode,
        report: DeviceReport,
    ) -> Result<DeviceSnapshot, DbError> {
        self.devices.note_seen(device.clone(), report).await?;
        let pass_list_version = self.pass_lists.version().await?;
        let admitted_today = self.devices.count_today(device.clone()).await?;
        let settings = self.settings();
        let (site, set_up) = self.site_and_set_up();
        let sector = site.sector_of(&device);
        let budget_ms = settings.decision_budget.as_millis();
        Ok(DeviceSnapshot {
            door: site.devices.get(&device).map(|d| d.door.clone()),
            sector: sector.cloned(),
            sector_name: sector.and_then(|sector| site.sectors.get(sector)).cloned(),
            mapped: sector.is_some_and(|sector| settings.mapping.sectors.contains_key(sector)),
            site: site.name.clone(),
            timezone: site.zone.clone(),
            language: site.language_of(&device),
            set_up,
            repeat_window_ms: settings.repeat_window_ms(),
            settings: site.settings_of(&device),
            detection: Detection {
                project_id: settings.mapping.project_id.clone(),
                format: settings.format,
                additions: settings.additions.clone(),
            },
            offline_policy: settings.offline_policy,
            pass_list_version,
            cancel_within_s: CANCEL_WITHIN_MS / 1_000,
            decision_budget_ms: u64::try_from(budget_ms).unwrap_or(u64::MAX),
            admitted_today,
            server_time: self.now(),
            device,
        })
    }
}

fn note(text: Option<Personal>) -> Result<Option<ForcedNote>, NoteInvalid> {
    text.map(|note| note.0.parse()).transpose()
}

fn scan(request: CheckRequest, device: DeviceCode) -> Result<Scan, NoteInvalid> {
    Ok(Scan {
        id: request.id,
        device,
        code: request.code.0,
        device_time: request.scanned_at,
        direction: request.direction,
        forced_note: note(request.forced_note)?,
    })
}

const fn sending(request: &CheckRequest) -> Sending {
    Sending {
        sent_at: request.sent_at,
        age_ms: request.age_ms,
        offset_ms: request.offset_ms,
        contact_at: request.contact_at,
        set_up: request.set_up,
        one_more_than: request.one_more_than,
    }
}

fn item(check: CheckRequest, device: &DeviceCode) -> Result<JournalItem, Problem> {
    let outcome = check.outcome.as_ref().map(|outcome| outcome.parse());
    let outcome = outcome.transpose();
    Ok(JournalItem {
        outcome: outcome.map_err(|error| unreadable("check", &error))?,
        sending: sending(&check),
        scan: scan(check, device.clone()).map_err(|error| problem(&error))?,
    })
}

fn cancellation(request: CancellationRequest, device: DeviceCode) -> Cancellation {
    Cancellation {
        id: request.id,
        check_id: request.check_id,
        cause: request.cause,
        device,
        device_time: request.cancelled_at,
        sending: Sending {
            sent_at: request.sent_at,
            age_ms: request.age_ms,
            offset_ms: request.offset_ms,
            contact_at: request.contact_at,
            ..Sending::default()
        },
    }
}

/// The parts of a batch that can be read, and for each part in its order what
/// stands against it, with its id as far as it can be read.
#[expect(clippy::type_complexity, reason = "it is taken apart at once")]
fn sorted<P: DeserializeOwned, T>(
    parts: Vec<Value>,
    what: &str,
    id: &str,
    read: impl Fn(P) -> Result<T, Problem>,
) -> (Vec<T>, Vec<Option<(Option<String>, Problem)>>) {
    let mut items = Vec::with_capacity(parts.len());
    let mut refused = Vec::with_capacity(parts.len());
    for part in parts {
        let id = part.get(id).and_then(Value::as_str).map(str::to_owned);
        let part = serde_json::from_value(part).map_err(|error| unreadable(what, &error));
        refused.push(match part.and_then(&read) {
            Ok(item) => {
                items.push(item);
                None
            }
            Err(problem) => Some((id, problem)),
        });
    }
    (items, refused)
}

fn unreadable(what: &str, error: &dyn Error) -> Problem {
    let detail = format!("This {what} cannot be read: {error}.");
    Problem::new(ProblemCode::BodyInvalid, detail)
}

fn answer(check: &Check, freshness: Freshness, language: Language) -> CheckAnswer {
    // Beside an admission it is a mark for the books.
    let stands_against_it = matches!(
        check.decision,
        Decision::Refused(Reason::JustAdmitted | Reason::Partner(Refusal::AlreadyUsed))
    );
    let earlier = check.earlier.as_ref().filter(|_| stands_against_it);
    CheckAnswer {
        id: check.scan.id,
        open: check.decision.opens(),
        admitted: check.decision.is_admitted(),
        direction: check.scan.direction,
        outcome: check.decision.as_str().to_owned(),
        message: wording::message(check.decision, language).to_owned(),
        pass_number: check.card.clone(),
        valid_until: check.pass.valid_until,
        entries_left: check.pass.entries_left,
        earlier: earlier.map(|earlier| EarlierEntry {
            check_id: earlier.check,
            device: earlier.device.clone(),
            at: earlier.at,
        }),
        device_count_today: check.device_count_today,
        decided_at: check.decided_at,
        repeated: freshness == Freshness::Repeated,
    }
}

fn looked_at(entry: LastEntry, site: &Site) -> LookEntry {
    LookEntry {
        at: entry.at,
        sector: entry.sector,
        door: site.devices.get(&entry.device).map(|d| d.door.clone()),
        device: entry.device,
        outcome: entry.decision.as_str().to_owned(),
        cancelled: entry.cancelled,
    }
}

/// An error that a device is told of.
pub trait Told: Error {
    /// What it is to the device; `None` if the fault is ours.
    fn code(&self) -> Option<ProblemCode>;
}

/// What a device is told of an error. Of a fault of ours it learns no more than
/// whether to send again, and the log everything.
#[must_use]
pub fn problem<E: Told + 'static>(error: &E) -> Problem {
    let Some(code) = error.code() else {
        return fault(error).into();
    };
    let said = match code {
        ProblemCode::CheckIdConflict | ProblemCode::NotCancellable => " Nothing was changed.",
        ProblemCode::BatchTooLarge => " Nothing was kept; send smaller batches.",
        _ => "",
    };
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let sentence: String = first.chain(letters).collect();
    Problem::new(code, format!("{sentence}.{said}"))
}

/// Whether it may go by: the database took nothing at the moment.
fn fault(error: &(dyn Error + 'static)) -> ProblemCode {
    let passes = successors(Some(error), |error| (**error).source())
        .find_map(|error| error.downcast_ref::<DbError>())
        .is_some_and(|error| {
            matches!(
                error,
                DbError::Unavailable(_)
                    | DbError::Busy { .. }
                    | DbError::Commit(_)
                    | DbError::CommitUnknown(_)
                    | DbError::Closed
            )
        });
    if passes {
        tracing::error!(error = causes(error), "the database did not take a request");
        ProblemCode::Unavailable
    } else {
        tracing::error!(error = causes(error), "a request failed");
        ProblemCode::Internal
    }
}

impl Told for CheckError {
    fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Note(invalid) => invalid.code(),
            Self::StaysOpen(_) => Some(ProblemCode::CheckStaysOpen),
            Self::Conflict(_) => Some(ProblemCode::CheckIdConflict),
            Self::NotPermitted(NotPermitted::ForcedEntry) => {
                Some(ProblemCode::ForcedEntryNotAllowed)
            }
            Self::NotPermitted(NotPermitted::Direction) => Some(ProblemCode::DirectionNotAllowed),
            Self::NotPermitted(NotPermitted::SeveralPersons) => {
                Some(ProblemCode::SeveralPersonsNotAllowed)
            }
            Self::Db(_) | Self::Barcode(_) => None,
        }
    }
}

impl Told for ScanRefused {
    fn code(&self) -> Option<ProblemCode> {
        Some(match self {
            Self::CodeTooLong { .. } => ProblemCode::CodeTooLong,
            Self::ClockStandsStill => ProblemCode::ClockStandsStill,
        })
    }
}

impl Told for NoteInvalid {
    fn code(&self) -> Option<ProblemCode> {
        Some(ProblemCode::NoteInvalid)
    }
}

impl Told for CancelError {
    fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::CheckUnknown(_) => Some(ProblemCode::CheckUnknown),
            Self::NotCancellable(..) => Some(ProblemCode::NotCancellable),
            Self::Db(_) => None,
        }
    }
}

impl Told for LookError {
    fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::NotAllowed => Some(ProblemCode::HelpDeskNotAllowed),
            Self::Refused(refused) => refused.code(),
            Self::Db(_) | Self::Reference(_) => None,
        }
    }
}

impl Told for EnrolError {
    fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::CodeInvalid => Some(ProblemCode::EnrolmentCodeInvalid),
            Self::TooManyAttempts => Some(ProblemCode::TooManyAttempts),
            Self::Db(_) => None,
        }
    }
}

impl Told for JournalError {
    fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::TooLarge(_) | Self::TooManyCancellations(_) => Some(ProblemCode::BatchTooLarge),
            Self::Db(_) => None,
        }
    }
}

impl Told for TokenError {
    fn code(&self) -> Option<ProblemCode> {
        None
    }
}

impl Told for DbError {
    fn code(&self) -> Option<ProblemCode> {
        None
    }
}
