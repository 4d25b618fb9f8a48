//! The line to Otipass while somebody waits: asked, unless the breaker spares
//! visitors the wait.

use crate::decide::breaker::{Breaker, Failure};
use crate::decide::budget::Budget;
use crate::decide::partner_window::{PartnerState, PartnerWindow};
use crate::decide::rules::{Asked, Counted};
use kernel::{Clock, causes};
use otipass::{Answer, AskError, Partner, Question};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long recovery waits for an answer. Nobody stands at the gate for it.
pub(crate) const RECOVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// Otipass, and how it has answered of late.
#[derive(Debug)]
pub(crate) struct PartnerLine {
    otipass: Arc<dyn Partner>,
    clock: Arc<dyn Clock>,
    /// In memory: each process learns from its own visitors, one of them at a time,
    /// that Otipass is silent.
    breaker: Mutex<Breaker>,
    /// In memory, for the people who watch this process.
    window: Mutex<PartnerWindow>,
}

/// What came of asking about an open check.
pub(crate) enum Retried {
    Answered(Answer),
    /// This one stays open; others may fare better.
    StaysOpen,
    /// No other would fare better now.
    Outage,
}

impl PartnerLine {
    pub(crate) fn new(otipass: Arc<dyn Partner>, clock: Arc<dyn Clock>) -> Self {
        Self {
            otipass,
            clock,
            breaker: Mutex::default(),
            window: Mutex::default(),
        }
    }

    /// Asks for a visitor, within what is left of the budget.
    pub(crate) async fn ask(&self, question: &Question, budget: Budget) -> Asked {
        let check = question.reference;
        let Some(within) = budget.for_asking() else {
            tracing::warn!(%check, "the database was too slow to leave time for asking Otipass");
            return Asked::Silent(Counted::No);
        };
        if !self.breaker.lock().may_ask(self.clock.now()) {
            count("spared");
            return Asked::Silent(Counted::No);
        }
        let asked_at = Instant::now();
        let answer = self.otipass.validate(question, within).await;
        let now = self.clock.now();
        match answer {
            Ok(answer) => {
                self.breaker.lock().answered();
                count("answered");
                let took = asked_at.elapsed();
                metrics::histogram!("passerelle_partner_seconds").record(took);
                self.window.lock().note(now, Ok(took));
                Asked::Answered(answer)
            }
            Err(error) => {
                let failure = if budget.was_long_since(asked_at) {
                    Failure::Silent
                } else {
                    Failure::Quick
                };
                self.breaker.lock().failed(failure, now);
                self.window.lock().note(now, Err((&error).into()));
                count("failed");
                tracing::warn!(
                    %check,
                    error = causes(&error),
                    "Otipass could not be asked; the site's policy decides"
                );
                Asked::Silent(counted(&error))
            }
        }
    }

    /// Asks about an open check that nobody waits for. With the breaker open this
    /// question is the one that tries. With it closed its failure is no visitor's
    /// business.
    pub(crate) async fn ask_again(&self, question: &Question) -> Retried {
        let trying = self.is_spared();
        if !self.breaker.lock().may_ask(self.clock.now()) {
            return Retried::Outage;
        }
        match self.otipass.validate(question, RECOVERY_TIMEOUT).await {
            Ok(answer) => {
                self.breaker.lock().answered();
                Retried::Answered(answer)
            }
            Err(error) => {
                let check = question.reference;
                tracing::warn!(%check, error = causes(&error), "an open check stays open");
                if trying {
                    self.breaker
                        .lock()
                        .failed(Failure::Silent, self.clock.now());
                }
                if is_outage(&error) {
                    Retried::Outage
                } else {
                    Retried::StaysOpen
                }
            }
        }
    }

    /// Inquires for the help desk. Not while visitors are spared the wait; and
    /// neither answer nor silence moves the breaker: an inquiry goes to an address
    /// of its own, and must not send visitors to a partner that answers inquiries
    /// only, nor keep them from one that answers validations only.
    pub(crate) async fn inquire(&self, question: &Question, budget: Budget) -> Option<Answer> {
        let within = budget.for_asking()?;
        if !self.breaker.lock().would_ask(self.clock.now()) {
            return None;
        }
        let answer = self.otipass.inquire(question, within).await;
        answer
            .inspect_err(|error| {
                let error = causes(error);
                tracing::warn!(error, "the help desk has no answer of Otipass");
            })
            .ok()
    }

    /// Whether visitors are spared the wait.
    pub(crate) fn is_spared(&self) -> bool {
        self.breaker.lock().is_open()
    }

    pub(crate) fn state(&self) -> PartnerState {
        let spared = self.is_spared();
        self.window.lock().state(self.clock.now(), spared)
    }
}

fn count(result: &'static str) {
    metrics::counter!("passerelle_partner_calls_total", "result" => result).increment(1);
}

/// Whether Otipass may have counted what it failed to answer.
pub(crate) const fn counted(error: &AskError) -> Counted {
    match error {
        AskError::Unreachable { .. }
        | AskError::ProxyRefused { .. }
        | AskError::CredentialsRefused { .. }
        | AskError::HttpStatus { .. } => Counted::No,
        AskError::TimedOut { .. }
        | AskError::AnswerLost { .. }
        | AskError::NotUnderstood { .. } => Counted::Maybe,
    }
}

/// Whether asking anything else would fail the same way now.
pub(crate) const fn is_outage(error: &AskError) -> bool {
    match error {
        AskError::TimedOut { .. }
        | AskError::Unreachable { .. }
        | AskError::ProxyRefused { .. }
        | AskError::CredentialsRefused { .. } => true,
        AskError::HttpStatus { status, .. } => *status >= 500 || *status == 429,
        AskError::AnswerLost { .. } | AskError::NotUnderstood { .. } => false,
    }
}
