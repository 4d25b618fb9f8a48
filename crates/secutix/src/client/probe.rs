//! Asking each harmless method once, to see what a service makes of us, and we of it.

use super::{AccessControlClient, Answered, CallError, Outage};
use crate::wire::{
    Catalogue, GetAccessControlCatalogRequest, GetControlledTicketRequest, GetTimeZoneRequest,
    ImportControlledTicketAnswer, ImportControlledTicketRequest, ReadTicketAnswer, StatusCode,
    TimeZoneAnswer,
};
use kernel::ControlBarcode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// The most of an answer that is kept, in characters.
const MAX_BODY_CHARS: usize = 20_000;
/// A barcode that no ticket has.
const NOBODYS: &str = "OTIPROBE";

/// What one method came to.
#[derive(Debug)]
pub struct Probe {
    /// Its name.
    pub method: &'static str,
    /// What was sent, without the token.
    pub request: Value,
    /// How long the answer took.
    pub took: Duration,
    /// The HTTP status; `None` if there was no answer.
    pub http_status: Option<u16>,
    /// What kind of answer it says it is.
    pub content_type: Option<String>,
    /// Our clock against theirs, as far as whole seconds tell; above 0 if ours is fast.
    pub clock_offset_s: Option<i64>,
    /// The answer as it came, but long numbers, tokens and secrets.
    pub body: String,
    /// What we make of it.
    pub understood: Result<Understood, CallError>,
}

/// What an answer says that we understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Understood {
    /// A time zone, by its name.
    TimeZone(String),
    /// Seasons and products.
    Catalogue(Catalogue),
    /// There is no such ticket, as must be.
    NoSuchTicket,
    /// There is such a ticket, which nobody expected.
    Ticket,
    /// A call without tickets was taken.
    Taken,
}

impl AccessControlClient {
    /// Asks for the time zone, the catalogue and a ticket that nobody has, and hands
    /// over no control at all. Nothing is changed there. What every call would come to
    /// ends it: no connection, no token taken, too many calls.
    pub async fn probe(&self) -> Vec<Probe> {
        let request_id = || "probe".to_owned();
        let zone = GetTimeZoneRequest {
            request_id: request_id(),
        };
        let zone = self.probe_one("getTimeZone", &zone, |answer: TimeZoneAnswer| {
            Understood::TimeZone(answer.time_zone.name().to_owned())
        });
        let mut probes = vec![zone.await];
        if probes.iter().any(is_final) {
            return probes;
        }
        let catalogue = GetAccessControlCatalogRequest {
            request_id: request_id(),
            season_code: None,
        };
        let made = Understood::Catalogue;
        let catalogue = self.probe_one("getAccessControlCatalog", &catalogue, made);
        probes.push(catalogue.await);
        if probes.iter().any(is_final) {
            return probes;
        }
        if let Ok(barcode) = NOBODYS.parse::<ControlBarcode>() {
            let ticket = GetControlledTicketRequest {
                bar_code_or_tax_number: barcode,
            };
            let made = |_: ReadTicketAnswer| Understood::Ticket;
            let mut probe = self.probe_one("getControlledTicket", &ticket, made).await;
            if let Err(CallError::Refused {
                status: StatusCode::TicketNotFound,
                ..
            }) = probe.understood
            {
                probe.understood = Ok(Understood::NoSuchTicket);
            }
            probes.push(probe);
        }
        if probes.iter().any(is_final) {
            return probes;
        }
        let none = ImportControlledTicketRequest {
            request_id: request_id(),
            controlled_tickets: Vec::new(),
        };
        let made = |_: ImportControlledTicketAnswer| Understood::Taken;
        probes.push(self.probe_one("importControlledTicket", &none, made).await);
        probes
    }

    async fn probe_one<A: DeserializeOwned>(
        &self,
        method: &'static str,
        request: &impl serde::Serialize,
        made: impl FnOnce(A) -> Understood,
    ) -> Probe {
        let begun = Instant::now();
        let written = self.written(request);
        let (request, answered) = match written {
            Ok(request) => {
                let answered = self.ask(method, &request).await;
                (request, answered)
            }
            Err(error) => (Value::Null, Err(error)),
        };
        let took = begun.elapsed();
        let head = answered.as_ref().ok();
        let now = self.clock.now();
        Probe {
            method,
            request,
            took,
            http_status: head.map(|answered| answered.http_status.as_u16()),
            content_type: head.and_then(|answered| answered.content_type.clone()),
            clock_offset_s: head
                .and_then(|answered| answered.date)
                .map(|date| now.ms_since(date) / 1_000),
            body: head.map(|head| self.shown(head)).unwrap_or_default(),
            understood: answered.and_then(|answered| answered.read().map(made)),
        }
    }

    /// The body for people who help: it may repeat a card number, or the head of the call.
    fn shown(&self, answered: &Answered) -> String {
        let text = String::from_utf8_lossy(&answered.body);
        self.scrubber.text(&text, MAX_BODY_CHARS)
    }
}

/// Whether each further call would come to the same.
const fn is_final(probe: &Probe) -> bool {
    matches!(
        probe.understood,
        Err(CallError::RateLimited { .. }
            | CallError::Unauthorised
            | CallError::ProxyCredentials
            | CallError::Unavailable(Outage::NotReached(_) | Outage::NotReachedByProxy { .. }))
    )
}
