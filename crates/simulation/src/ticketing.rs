//! The way to ticketing of a story: the real box office behind it, with a mood.

use crate::operation::TicketingMood;
use crate::planted::Planted;
use boxoffice::BoxOffice;
use db::testing::Steps;
use kernel::ControlBarcode;
use secutix::client::{CallError, Outage, Ticketing};
use secutix::wire::{
    ControlResult, ControlledTicket, ImportControlledTicketAnswer, ImportControlledTicketRequest,
    ReceivedTicket, StatusCode, TicketResult,
};
use std::sync::Arc;

/// The box office, as the gate reaches it.
pub struct Way {
    /// The box office.
    pub box_office: Arc<BoxOffice>,
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
