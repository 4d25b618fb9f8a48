//! What devices ask of the gate and are told, in the words of the device API;
//! how it travels is someone else's matter.

use crate::decide::aside::{self, AsideError, Kind, NewAside};
use crate::decide::rules::NotPermitted;
use crate::decide::wording;
use crate::{
    CancelError, Cancellation, Check, CheckError, Decision, EnrolError, Enrolled, ForcedNote,
    Freshness, Gate, Holder, JournalError, JournalItem, LookError, Merged, NoteInvalid, Reason,
    Scan, ScanRefused, Sending, Site, TokenError,
};
use db::DbError;
use deviceapi::{
    BATCH_LIMIT, BatchAnswer, BatchParts, BatchResult, CANCEL_WITHIN_MS, CancellationResult,
    CheckAnswer, CheckRequest, DeviceReport, DeviceSnapshot, Direction, EarlierEntry, Personal,
    Problem, ProblemCode,
};
use kernel::{DeviceCode, EnrolmentId, Language, causes};
use otipass::Refusal;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

impl Gate {
    /// Decides one scan, as [`Deciding::check`](crate::Deciding::check).
    pub async fn answer_check(
        &self,
        device: DeviceCode,
        request: CheckRequest,
    ) -> Result<CheckAnswer, CheckError> {
        let site = self.site();
        let language = site.language_of(&device);
        let sending = sending(&request);
        let scan = scan(request, device)?;
        let (check, freshness) = self.deciding.check(scan, sending).await?;
        Ok(answer(&check, freshness, language, &site))
    }

    /// Takes the journal that whoever was enrolled so brings: the checks in one
    /// transaction, then the cancellations in another; each that can be kept is,
    /// whatever becomes of the others. What does not fit is put aside.
    ///
    /// # Errors
    /// What was kept gets its first answer again.
    pub async fn answer_batch(
        &self,
        bringer: Enrolled,
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
        let enrolments = self.enrolments(bringer, &batch).await?;
        let site = self.site();
        let language = site.language_of(&enrolments.bringer.holder.device);
        let checks = Parts::sorted(Kind::Check, batch.checks, &enrolments, item);
        let merged = self.deciding.merge_journal(checks.readable()).await?;
        let (results, mut aside) = checks.results(
            merged,
            |merged, _| match merged {
                Merged::Recorded(check, freshness) => Ok(BatchResult::Kept {
                    answer: answer(&check, freshness, language, &site),
                }),
                Merged::Refused(_, error) => Err(problem(&error)),
            },
            |id, problem| BatchResult::Aside { id, problem },
        );
        let cancellations = Parts::sorted(
            Kind::Cancellation,
            batch.cancellations,
            &enrolments,
            |one, device| Ok(Cancellation::of(one, device)),
        );
        let taken_back = cancellations.readable();
        let merged = self.deciding.merge_cancellations(taken_back).await?;
        let (cancellations, not_taken_back) = cancellations.results(
            merged,
            |merged, Cancellation { check_id, .. }| match merged {
                Ok(_) => Ok(CancellationResult::Kept { check_id }),
                Err(error) => Err(problem(&error)),
            },
            |check_id, problem| CancellationResult::Aside { check_id, problem },
        );
        aside.extend(not_taken_back);
        aside::put(&self.deciding.db, aside, self.now()).await?;
        Ok(BatchAnswer {
            results,
            cancellations,
        })
    }

    /// The enrolments that the parts name, and whose they were.
    async fn enrolments(
        &self,
        bringer: Enrolled,
        batch: &BatchParts,
    ) -> Result<Enrolments, DbError> {
        let parts = batch.checks.iter().chain(&batch.cancellations);
        let mut named: BTreeSet<EnrolmentId> = parts.filter_map(enrolment).collect();
        named.remove(&bringer.holder.enrolment);
        let others = self.devices.enrolments(named).await?;
        Ok(Enrolments { bringer, others })
    }

    /// What a device has to know of itself, after what it says of itself was
    /// noted.
    pub async fn snapshot(
        &self,
        holder: Holder,
        report: DeviceReport,
    ) -> Result<DeviceSnapshot, DbError> {
        let Holder { device, enrolment } = holder;
        self.devices.note_seen(device.clone(), report).await?;
        let pass_list_version = self.pass_lists.version().await?;
        let admitted_today = self.devices.count_today(device.clone()).await?;
        let settings = self.settings();
        let (site, set_up) = self.site_and_set_up();
        let sector = site.sector_of(&device);
        let (door, door_name) = site.door_of(&device);
        let budget_ms = settings.decision_budget.as_millis();
        Ok(DeviceSnapshot {
            device_name: site.name_of(&device),
            door,
            door_name,
            sector: sector.cloned(),
            sector_name: sector.and_then(|sector| site.sectors.get(sector)).cloned(),
            mapped: sector.is_some_and(|sector| settings.mapping.sectors.contains_key(sector)),
            site: site.name.clone(),
            timezone: site.zone.clone(),
            language: site.language_of(&device),
            set_up,
            enrolment: Some(enrolment),
            repeat_window_ms: settings.repeat_window_ms(),
            settings: site.settings_of(&device),
            detection: settings.detection.clone(),
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

fn item(check: CheckRequest, device: DeviceCode) -> Result<JournalItem, Problem> {
    let outcome = check.outcome.as_ref().map(|outcome| outcome.parse());
    let outcome = outcome.transpose();
    let outcome = outcome.map_err(|error| unreadable(Kind::Check, &error))?;
    if outcome == Some(Decision::Exit) && check.direction == Direction::Entry {
        let detail = "This check cannot be read: its outcome is exit, and its direction is not.";
        return Err(Problem::new(ProblemCode::BodyInvalid, detail));
    }
    Ok(JournalItem {
        outcome,
        sending: sending(&check),
        scan: scan(check, device).map_err(|error| problem(&error))?,
    })
}

/// The enrolments by which the parts of a journal were made.
struct Enrolments {
    bringer: Enrolled,
    /// Those that parts name and that are known.
    others: BTreeMap<EnrolmentId, Enrolled>,
}

impl Enrolments {
    /// The device that a part was made with, or whose aside it goes to, and why.
    fn device(&self, part: &Value) -> (&DeviceCode, Option<Problem>) {
        let own = &self.bringer.holder;
        let enrolled = match enrolment(part) {
            Some(named) if named != own.enrolment => match self.others.get(&named) {
                Some(enrolled) => enrolled,
                None => return (&own.device, Some(ProblemCode::EnrolmentUnknown.into())),
            },
            _ => &self.bringer,
        };
        // Whoever brings it under a revoked token may have made it up.
        let revoked = enrolled.revoked_at.or(self.bringer.revoked_at);
        let revoked = revoked.map(|_| ProblemCode::EnrolmentRevoked.into());
        (&enrolled.holder.device, revoked)
    }
}

/// The enrolment that a part names; one that cannot be read spoils the part later.
fn enrolment(part: &Value) -> Option<EnrolmentId> {
    part.get("enrolment")?.as_str()?.parse().ok()
}

/// The parts of a journal that are of one kind.
struct Parts<T> {
    kind: Kind,
    parts: Vec<Part<T>>,
}

/// One of them: as it came, and what it means.
struct Part<T> {
    device: DeviceCode,
    body: Value,
    read: Result<T, Problem>,
}

impl<T: Clone> Parts<T> {
    /// Reads them as far as they can be.
    fn sorted<P: DeserializeOwned>(
        kind: Kind,
        parts: Vec<Value>,
        enrolments: &Enrolments,
        read: impl Fn(P, DeviceCode) -> Result<T, Problem>,
    ) -> Self {
        let sort = |body: Value| {
            let (device, against) = enrolments.device(&body);
            let part = P::deserialize(&body).map_err(|error| unreadable(kind, &error));
            Part {
                device: device.clone(),
                read: match against {
                    Some(problem) => Err(problem),
                    None => part.and_then(|part| read(part, device.clone())),
                },
                body,
            }
        };
        let parts = parts.into_iter().map(sort).collect();
        Self { kind, parts }
    }

    fn readable(&self) -> Vec<T> {
        let read = self.parts.iter().filter_map(|part| part.read.as_ref().ok());
        read.cloned().collect()
    }

    /// What became of each, with what of it goes aside; `merged` is what became of those
    /// that can be read.
    fn results<M, R>(
        self,
        merged: Vec<M>,
        kept: impl Fn(M, T) -> Result<R, Problem>,
        put_aside: impl Fn(Option<String>, Problem) -> R,
    ) -> (Vec<R>, Vec<NewAside>) {
        let mut merged = merged.into_iter();
        let mut aside = Vec::new();
        let kind = self.kind;
        let id = match kind {
            Kind::Check => "id",
            Kind::Cancellation => "check_id",
        };
        let result = |part: Part<T>| {
            let result = match part.read {
                Err(problem) => Err(problem),
                Ok(read) => kept(merged.next()?, read),
            };
            Some(result.unwrap_or_else(|problem| {
                // As far as it can be read.
                let id = part.body.get(id).and_then(Value::as_str);
                let result = put_aside(id.map(str::to_owned), problem.clone());
                aside.push(NewAside {
                    kind,
                    device: part.device,
                    body: part.body,
                    problem,
                });
                result
            }))
        };
        let results = self.parts.into_iter().map_while(result).collect();
        (results, aside)
    }
}

fn unreadable(kind: Kind, error: &dyn Error) -> Problem {
    let detail = format!("This {kind} cannot be read: {error}.");
    Problem::new(ProblemCode::BodyInvalid, detail)
}

fn answer(check: &Check, freshness: Freshness, language: Language, site: &Site) -> CheckAnswer {
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
            device_name: site.name_of(&earlier.device),
            device: earlier.device.clone(),
            at: earlier.at,
        }),
        device_count_today: check.device_count_today,
        decided_at: check.decided_at,
        repeated: freshness == Freshness::Repeated,
    }
}

/// An error that a device is told of.
pub trait Told: Error {
    /// What it is to the device; `None` if the fault is ours.
    fn code(&self) -> Option<ProblemCode> {
        None
    }
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
    if DbError::is_behind(error) {
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
            Self::Aside(AsideError::Full(_)) => Some(ProblemCode::AsideFull),
            Self::Aside(AsideError::Name(_) | AsideError::Db(_)) | Self::Db(_) => None,
        }
    }
}

impl Told for TokenError {}

impl Told for DbError {}
