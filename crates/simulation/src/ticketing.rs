//! The way to ticketing of a story, with a mood: the real box office behind it, or a
//! ticketing elsewhere, of which nothing is known but its "yes" and what it tells when
//! it is asked.

use crate::operation::TicketingMood;
use crate::planted::Planted;
use boxoffice::BoxOffice;
use db::testing::Steps;
use kernel::{ControlBarcode, Timestamp};
use parking_lot::Mutex;
use secutix::client::{CallError, Outage, Ticketing};
use secutix::wire::{
    ControlOperation, ControlOperationType, ControlResult, ControlledTicket,
    ImportControlledTicketAnswer, ImportControlledTicketRequest, ReadTicket, ReceivedTicket,
    StatusCode, TicketResult, ValidityState,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A ticketing elsewhere: what it has kept.
#[derive(Debug, Default, Clone)]
pub struct Abroad(Arc<Mutex<Kept>>);

type Kept = BTreeMap<ControlBarcode, Vec<ControlOperation>>;

impl Abroad {
    /// How many entries it has. A cancellation that comes when the card number is gone
    /// names a barcode that it does not know.
    #[must_use]
    pub fn count(&self) -> usize {
        use ControlOperationType::{OfflineOk, Ok};
        let entered =
            |done: &ControlOperation| [Ok, OfflineOk].contains(&done.control_operation_type);
        let kept = self.0.lock();
        kept.values().filter(|all| all.iter().any(entered)).count()
    }

    /// Whether it has this control of the barcode.
    #[must_use]
    pub fn has(&self, barcode: &ControlBarcode, of: ControlOperationType, at: Timestamp) -> bool {
        let wanted = ControlOperation {
            control_operation_type: of,
            operation_date_time: at,
        };
        let kept = self.0.lock();
        kept.get(barcode)
            .is_some_and(|controls| controls.contains(&wanted))
    }

    /// What it tells when it is asked.
    #[must_use]
    pub fn tells(&self, barcode: &ControlBarcode) -> Option<ReadTicket> {
        let kept = self.0.lock();
        let controls = kept.get(barcode)?.iter();
        let controls: Vec<_> = controls.map(|done| done.control_operation_type).collect();
        let is_cancelled = controls.contains(&ControlOperationType::CancelledTicket);
        Some(ReadTicket {
            state: Some(match is_cancelled {
                true => ValidityState::Cancelled,
                false => ValidityState::Valid,
            }),
            control_operations: controls.into_iter().map(Some).collect(),
        })
    }

    fn take(&self, tickets: &[ControlledTicket]) {
        use ControlOperationType as T;
        for ticket in tickets {
            let done = ControlOperation {
                control_operation_type: match ticket.control_result {
                    ControlResult::Ok => T::Ok,
                    ControlResult::OfflineOk => T::OfflineOk,
                    ControlResult::Fail => T::Fail,
                    ControlResult::OfflineFail => T::OfflineFail,
                    ControlResult::CancelledTicket => T::CancelledTicket,
                },
                operation_date_time: ticket.control_date,
            };
            let mut kept = self.0.lock();
            let controls = kept.entry(ticket.barcode.clone()).or_default();
            if !controls.contains(&done) {
                controls.push(done);
            }
        }
    }
}

/// The box office, as the gate reaches it.
pub struct Way {
    /// The box office.
    pub box_office: Arc<BoxOffice>,
    /// The ticketing elsewhere, if it is there.
    pub abroad: Option<Abroad>,
    /// How it answers, with its number.
    pub mood: (TicketingMood, u8),
    /// Where a process may die.
    pub steps: Steps,
    /// What is wrong with this way.
    pub planted: Option<Planted>,
}

impl Ticketing for Way {
    async fn import_controlled_ticket(
        &self,
        request: &ImportControlledTicketRequest,
    ) -> Result<ImportControlledTicketAnswer, CallError> {
        self.steps.take().await;
        let tickets = &request.controlled_tickets;
        let (mood, number) = self.mood;
        let refused = match mood {
            TicketingMood::Down => Some(CallError::Unavailable(Outage::Status {
                http_status: 503,
                retry_after: None,
            })),
            TicketingMood::TooManyCalls => Some(CallError::RateLimited { retry_after: None }),
            TicketingMood::RefusesAll => Some(invalid()),
            TicketingMood::SmallCalls if tickets.len() > usize::from(number.max(1)) => {
                Some(CallError::Refused {
                    http_status: 413,
                    status: StatusCode::TooManyTickets,
                    detail: "too many tickets".to_owned(),
                })
            }
            TicketingMood::Dislikes => {
                let end = char::from(b'0' + number % 10);
                let mut barcodes = tickets.iter().map(|ticket| ticket.barcode.reveal());
                barcodes.any(|barcode| barcode.ends_with(end)).then(invalid)
            }
            _ => None,
        };
        if let Some(refused) = refused {
            return Err(refused);
        }
        let mut answer = self.take(tickets).await?;
        self.steps.take().await;
        match mood {
            TicketingMood::AnswerLost => {
                Err(CallError::Unavailable(Outage::TimedOut { timeout_ms: 1 }))
            }
            TicketingMood::NoResults => {
                // Only for calls of which everything was taken.
                if answer
                    .ticket_results
                    .iter()
                    .all(|r| r.failure_reason.is_none())
                {
                    answer.ticket_results.clear();
                }
                Ok(answer)
            }
            TicketingMood::HalfResults => {
                let half = answer.ticket_results.len().div_ceil(2);
                answer.ticket_results.truncate(half);
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }
}

impl Way {
    async fn take(
        &self,
        tickets: &[ControlledTicket],
    ) -> Result<ImportControlledTicketAnswer, CallError> {
        let mut sent: Vec<ControlledTicket> = tickets.to_vec();
        match self.planted {
            Some(Planted::DoubleSale) => {
                let twin = tickets
                    .iter()
                    .filter(|ticket| ticket.control_result == ControlResult::OfflineOk)
                    .find_map(|ticket| {
                        Some(ControlledTicket {
                            barcode: twin(&ticket.barcode)?,
                            ..ticket.clone()
                        })
                    });
                sent.extend(twin);
            }
            Some(Planted::LostDelivery) => {
                let many = sent.len() > 2;
                sent.retain(|ticket| !many || !ticket.barcode.reveal().ends_with('7'));
            }
            Some(Planted::CancelledStillSold) => {
                sent.retain(|ticket| ticket.control_result != ControlResult::CancelledTicket);
            }
            _ => {}
        }
        if let Some(abroad) = &self.abroad {
            if self.planted == Some(Planted::LostAbroad) {
                sent.retain(|ticket| !ticket.barcode.reveal().ends_with('7'));
            }
            abroad.take(&sent);
            // It says no more than that all is taken.
            return Ok(ImportControlledTicketAnswer {
                ticket_results: Vec::new(),
            });
        }
        let sent_wrong = sent != tickets;
        let received = sent.into_iter().map(ReceivedTicket::WellFormed).collect();
        let taken = self.box_office.import_controlled(received).await;
        let mut answer = taken.map_err(|error| {
            CallError::Unavailable(Outage::Internal {
                detail: error.to_string(),
            })
        })?;
        if sent_wrong {
            // As if all were well.
            answer.ticket_results = tickets
                .iter()
                .map(|ticket| TicketResult::accepted(ticket.barcode.clone()))
                .collect();
        }
        Ok(answer)
    }
}

/// Another barcode for the same entry.
fn twin(barcode: &ControlBarcode) -> Option<ControlBarcode> {
    barcode.reveal().replacen("OTI", "OTJ", 1).parse().ok()
}

fn invalid() -> CallError {
    CallError::Refused {
        http_status: 400,
        status: StatusCode::InvalidRequest,
        detail: "this call cannot be read".to_owned(),
    }
}
