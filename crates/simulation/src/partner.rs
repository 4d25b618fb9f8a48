//! Otipass of a story: the sandbox's own rules and memory, in one process, with
//! a mood.

use crate::operation::PartnerMood;
use crate::site;
use db::testing::Steps;
use kernel::{CheckId, ManualClock};
use otipass::pass_list::{PageQuery, PassPage};
use otipass::{Answer, AskError, Asking, Call, Partner, Question};
use parking_lot::Mutex;
use sandbox::Sandbox;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const HOST: &str = "otipass.example";

/// The stand-in, as the gate sees it. Clones share their state.
#[derive(Debug, Clone)]
pub struct Otipass {
    sandbox: Sandbox,
    clock: ManualClock,
    steps: Steps,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    mood: PartnerMood,
    counted: HashMap<CheckId, i64>,
}

impl Otipass {
    /// In a good mood.
    #[must_use]
    pub fn new(sandbox: Sandbox, clock: ManualClock, steps: Steps) -> Self {
        Self {
            sandbox,
            clock,
            steps,
            state: Arc::new(Mutex::new(State {
                mood: PartnerMood::Answers,
                counted: HashMap::new(),
            })),
        }
    }

    /// Changes its mood.
    pub fn set_mood(&self, mood: PartnerMood) {
        self.state.lock().mood = mood;
    }

    /// How many entries of the cards of [`site::counted_cards`] it has counted
    /// under each reference, less those it has given back.
    #[must_use]
    pub fn counted(&self) -> HashMap<CheckId, i64> {
        self.state.lock().counted.clone()
    }

    fn work(&self, call: Call, question: &Question) -> Result<Answer, AskError> {
        let followed = site::counted_cards().any(|card| card == question.card.reveal());
        let left = || {
            let mut left = 0;
            if followed {
                self.sandbox
                    .change_passes(|book| left = site::left(book.get(&question.card)));
            }
            left
        };
        let before = left();
        let answer = self.sandbox.answer(call, question);
        let used = before.cast_signed() - left().cast_signed();
        if used != 0 {
            *self
                .state
                .lock()
                .counted
                .entry(question.reference)
                .or_default() += used;
        }
        answer.map_err(|_| status(409))
    }

    async fn answer(
        &self,
        call: Call,
        question: &Question,
        within: Duration,
    ) -> Result<Answer, AskError> {
        self.steps.take().await;
        let mood = self.state.lock().mood;
        let answer = match mood {
            PartnerMood::Answers => self.work(call, question),
            PartnerMood::Slow => {
                self.pass_time(within / 2).await;
                self.work(call, question)
            }
            PartnerMood::SilentAndCounts => {
                let heard = self.work(call, question);
                self.pass_time(within).await;
                heard.and(Err(self.timed_out(within)))
            }
            PartnerMood::Silent => {
                self.pass_time(within).await;
                Err(self.timed_out(within))
            }
            PartnerMood::AnswerLost => {
                let heard = self.work(call, question);
                heard.and(Err(AskError::AnswerLost {
                    host: HOST.to_owned(),
                    source: broken(),
                }))
            }
            PartnerMood::Unreachable => Err(AskError::Unreachable {
                host: HOST.to_owned(),
                source: broken(),
            }),
            PartnerMood::Fails => Err(status(503)),
            PartnerMood::Refuses => Err(status(400)),
        };
        self.steps.take().await;
        answer
    }

    async fn pass_time(&self, how_long: Duration) {
        let millis = i64::try_from(how_long.as_millis()).unwrap_or(i64::MAX);
        self.clock.advance_ms(millis);
        tokio::time::advance(how_long).await;
    }

    fn timed_out(&self, within: Duration) -> AskError {
        AskError::TimedOut {
            host: HOST.to_owned(),
            within_ms: within.as_millis(),
            source: broken(),
        }
    }
}

fn status(status: u16) -> AskError {
    AskError::HttpStatus {
        host: HOST.to_owned(),
        status,
    }
}

/// Some error of the HTTP client; which one makes no difference.
fn broken() -> reqwest::Error {
    loop {
        if let Err(error) = reqwest::Proxy::all("no address") {
            return error;
        }
    }
}

impl Partner for Otipass {
    fn ask<'a>(
        &'a self,
        call: Call,
        question: &'a Question,
        within: Duration,
    ) -> Asking<'a, Answer> {
        Box::pin(self.answer(call, question, within))
    }

    fn pass_page<'a>(&'a self, _: &'a PageQuery, _: Duration) -> Asking<'a, PassPage> {
        Box::pin(async { Err(status(404)) })
    }
}
