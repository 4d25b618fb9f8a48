//! Entries that are taken back: by the agent within 15 minutes, or by the gate
//! itself when a journal shows that the visitor was turned away. The check stays
//! as it was kept; ticketing and Otipass are told.

use crate::decide::Deciding;
use crate::decide::check::{self, Check, CheckError};
use crate::decide::scan_time::{self, ScanTime, Sending};
use crate::decide::tally;
use crate::hash::derived;
use crate::outbox::give_back;
use db::{DbError, Tx, params};
use deviceapi::{CANCEL_WITHIN_MS, CancelCause, CancellationAnswer, CancellationRequest};
use kernel::{CancellationId, CheckId, DeviceCode, DeviceTime, Timestamp};

/// A device takes back an entry it admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    /// The id the device chose.
    pub id: CancellationId,
    /// The check.
    pub check_id: CheckId,
    /// Why, if it was not the agent.
    pub cause: Option<CancelCause>,
    /// The device.
    pub device: DeviceCode,
    /// What its clock showed then.
    pub device_time: DeviceTime,
    /// How it is sent.
    pub sending: Sending,
}

impl Cancellation {
    /// What `device` asks for.
    #[must_use]
    pub fn of(request: CancellationRequest, device: DeviceCode) -> Self {
        Self {
            id: request.id,
            check_id: request.check_id,
            device,
            device_time: request.cancelled_at,
            cause: request.cause,
            sending: Sending {
                sent_at: request.sent_at,
                age_ms: request.age_ms,
                offset_ms: request.offset_ms,
                contact_at: request.contact_at,
                ..Sending::default()
            },
        }
    }
}

/// Why an entry was not cancelled. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// No such check is known.
    #[error("the check {0} is not kept here; send the check first, then its cancellation")]
    CheckUnknown(CheckId),
    /// The check is kept and cannot be cancelled.
    #[error("the check {0} cannot be cancelled: {1}")]
    NotCancellable(CheckId, Obstacle),
    /// The database failed.
    #[error("the cancellation could not be kept")]
    Db(#[from] DbError),
}

/// What stands against cancelling a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// No visitor was admitted.
    #[error("it admitted nobody")]
    NotAdmitted,
    /// Another device admitted the visitor.
    #[error("another device admitted the visitor; cancel it there")]
    OtherDevice,
    /// It was cancelled under another id, or by the gate itself.
    #[error("it was cancelled before")]
    CancelledBefore,
    /// The id was used for another check or another moment.
    #[error("the cancellation's id was used before for another one; a new one needs a new id")]
    IdTaken,
    /// More than 15 minutes have passed.
    #[error("an entry can be cancelled until 15 minutes after its scan")]
    TooLate,
}

kernel::words! {
    /// On whose word an entry was cancelled.
    enum Cause: "cause" {
        Agent = "agent",
        TurnedAway = "turned_away",
        NotPassed = "not_passed",
    }
}

impl From<Option<CancelCause>> for Cause {
    fn from(cause: Option<CancelCause>) -> Self {
        cause.map_or(Self::Agent, |CancelCause::NotPassed| Self::NotPassed)
    }
}

/// Whether `cancellation` may cancel `check`: a pure rule.
///
/// # Errors
/// The first [`Obstacle`].
fn cancellable(
    check: &Check,
    cancellation: &Cancellation,
    cancelled: ScanTime,
) -> Result<(), Obstacle> {
    // What is known of two times may leave the second before the first.
    let after_ms = cancelled.at.ms_since(check.scanned.at).max(0);
    let is_estimated = cancelled.is_estimated() || check.scanned.is_estimated();
    if !check.decision.is_admitted() {
        Err(Obstacle::NotAdmitted)
    } else if check.scan.device != cancellation.device {
        Err(Obstacle::OtherDevice)
    } else if after_ms > CANCEL_WITHIN_MS && !is_estimated {
        Err(Obstacle::TooLate)
    } else {
        Ok(())
    }
}

impl Deciding {
    /// Cancels an entry: voids its sale and gives it back at Otipass, both
    /// afterwards. The same id gets the first answer again.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn cancel(
        &self,
        cancellation: Cancellation,
    ) -> Result<CancellationAnswer, CancelError> {
        let now = self.clock.now();
        let cancelled = self
            .db
            .write("cancel", move |tx| {
                let Cancellation {
                    device_time,
                    sending,
                    ..
                } = &cancellation;
                let known = scan_time::of_journal(now, *device_time, sending);
                // It is sent at once: of a device that knows no better, it is of now.
                let cancelled = if known.is_estimated() {
                    scan_time::online(now, sending)
                } else {
                    known
                };
                record(tx, &cancellation, cancelled, now)
            })
            .await?;
        self.note_cancelled(&cancelled);
        Ok(cancelled)
    }

    pub(crate) fn note_cancelled(&self, cancelled: &CancellationAnswer) {
        if !cancelled.repeated {
            metrics::counter!("passerelle_cancellations_total").increment(1);
            self.due.wake();
        }
    }
}

/// The cancellation of a journal that shows the visitor was turned away.
pub(crate) fn turn_away(tx: &mut Tx<'_>, check: &Check, now: Timestamp) -> Result<(), CheckError> {
    if is_cancelled(tx, check.record)? {
        return Ok(());
    }
    let cancellation = Cancellation {
        id: derived(&format!("passerelle-turned-away:{}", check.record))?,
        check_id: check.scan.id,
        cause: None,
        device: check.scan.device.clone(),
        device_time: check.scan.device_time,
        sending: Sending::default(),
    };
    let cancelled_at = check.scanned.at;
    insert(
        tx,
        &cancellation,
        check,
        Cause::TurnedAway,
        cancelled_at,
        now,
    )?;
    Ok(())
}

/// A cancellation that is recorded.
struct Known {
    record: CheckId,
    device: DeviceCode,
    device_time: DeviceTime,
    cancelled_at: Timestamp,
    device_count_today: u32,
}

db::from_row! { Known { record = "check_id", device, device_time, cancelled_at, device_count_today } }

pub(crate) fn record(
    tx: &mut Tx<'_>,
    cancellation: &Cancellation,
    cancelled: ScanTime,
    now: Timestamp,
) -> Result<CancellationAnswer, CancelError> {
    let id = cancellation.check_id;
    let not = |obstacle| CancelError::NotCancellable(id, obstacle);
    let check = check::load(tx, id)?.ok_or(CancelError::CheckUnknown(id))?;
    let known = tx.query_opt_as::<Known>(
        "SELECT check_id, device, device_time, cancelled_at, device_count_today
         FROM gate_cancellation
         WHERE id = $1",
        params![cancellation.id],
    )?;
    if let Some(known) = known {
        let same = known.record == check.record
            && known.device == cancellation.device
            && known.device_time == cancellation.device_time;
        if !same {
            return Err(not(Obstacle::IdTaken));
        }
        return Ok(CancellationAnswer {
            check_id: id,
            cancelled_at: known.cancelled_at,
            device_count_today: known.device_count_today,
            repeated: true,
        });
    }
    cancellable(&check, cancellation, cancelled).map_err(not)?;
    if is_cancelled(tx, check.record)? {
        return Err(not(Obstacle::CancelledBefore));
    }
    let cause = cancellation.cause.into();
    let device_count_today = insert(tx, cancellation, &check, cause, cancelled.at, now)?;
    Ok(CancellationAnswer {
        check_id: id,
        cancelled_at: cancelled.at,
        device_count_today,
        repeated: false,
    })
}

fn insert(
    tx: &mut Tx<'_>,
    cancellation: &Cancellation,
    check: &Check,
    cause: Cause,
    cancelled_at: Timestamp,
    now: Timestamp,
) -> Result<u32, DbError> {
    let day = tally::cancelled(tx, check.record)?;
    let count = tally::count_of_day(tx, &check.scan.device, day)?;
    tx.execute(
        "INSERT INTO gate_cancellation (check_id, id, device, cause, device_time, cancelled_at,
                                        arrived_at, device_count_today)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            check.record,
            cancellation.id,
            &cancellation.device,
            cause,
            cancellation.device_time,
            cancelled_at,
            now,
            count,
        ],
    )?;
    give_back::owe(tx, check.record, now)?;
    Ok(count)
}

fn is_cancelled(tx: &mut Tx<'_>, record: CheckId) -> Result<bool, DbError> {
    tx.exists(
        "SELECT id FROM gate_cancellation WHERE check_id = $1",
        params![record],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::scan_time::Certainty;
    use crate::{Admission, Decision, Direction, Reason, Scan};
    use otipass::PassFacts;

    fn at(ms: i64) -> Timestamp {
        Timestamp::MIN.plus_ms(1_000_000 + ms)
    }

    fn known(ms: i64) -> ScanTime {
        ScanTime {
            at: at(ms),
            certainty: Certainty::Known,
        }
    }

    fn check(decision: Decision) -> Check {
        let id: CheckId = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3".parse().unwrap();
        Check {
            scan: Scan {
                id,
                device: "PDA01".parse().unwrap(),
                code: String::new(),
                device_time: at(0).into(),
                direction: Direction::Entry,
                forced_note: None,
            },
            scanned: known(0),
            set_up: 1,
            earlier: None,
            arrived_at: at(0),
            decided_at: at(0),
            decision,
            card: None,
            sector: None,
            pass: PassFacts::default(),
            device_count_today: 1,
            record: id,
        }
    }

    #[test]
    fn an_entry_is_cancelled_by_its_own_device_within_fifteen_minutes() {
        let admitted = Decision::Admitted(Admission::AcceptedForced);
        let refused = Decision::Refused(Reason::NotAPass);
        for (decision, device, after_ms, expected) in [
            (admitted, "PDA01", 0, Ok(())),
            (admitted, "PDA01", 900_000, Ok(())),
            (admitted, "PDA01", 900_001, Err(Obstacle::TooLate)),
            (admitted, "PDA01", -1, Ok(())),
            (admitted, "PDA02", 0, Err(Obstacle::OtherDevice)),
            (refused, "PDA01", 0, Err(Obstacle::NotAdmitted)),
            (Decision::Exit, "PDA01", 0, Err(Obstacle::NotAdmitted)),
        ] {
            let check = check(decision);
            let cancellation = Cancellation {
                cause: None,
                id: "07737f53-58fe-4de3-a6f3-e57ee4b6c619".parse().unwrap(),
                check_id: check.scan.id,
                device: device.parse().unwrap(),
                device_time: at(0).into(),
                sending: Sending::default(),
            };
            let cancelled = known(after_ms);
            assert_eq!(cancellable(&check, &cancellation, cancelled), expected);
            // How long after is not known of an estimate: the agent was there.
            let estimated = ScanTime {
                certainty: Certainty::Estimated,
                ..cancelled
            };
            let expected = expected.or_else(|obstacle| match obstacle {
                Obstacle::TooLate => Ok(()),
                other => Err(other),
            });
            assert_eq!(cancellable(&check, &cancellation, estimated), expected);
        }
    }
}
