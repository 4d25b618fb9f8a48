//! A partner that answers by the card, or not at all.

use otipass::pass_list::{PageQuery, PassPage};
use otipass::{Answer, AskError, Asking, Call, Partner, PassFacts, Question, Refusal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What the visitors hold; the last one is blocked.
pub const CARDS: [&str; 4] = ["00029975", "00039131", "00179333", "00193276"];

#[derive(Debug, Default)]
pub struct Sayer {
    pub silent: AtomicBool,
}

impl Sayer {
    fn say<T: Send + 'static>(&self, word: T) -> Asking<'_, T> {
        let silent = self.silent.load(Ordering::SeqCst);
        Box::pin(async move {
            if silent {
                return Err(AskError::HttpStatus {
                    host: "localhost".to_owned(),
                    status: 503,
                });
            }
            Ok(word)
        })
    }
}

fn answer(question: &Question) -> Answer {
    if question.card.reveal() == CARDS[3] {
        return Answer::No {
            refusal: Refusal::PassBlocked,
            pass: None,
        };
    }
    Answer::Yes(PassFacts::default())
}

impl Partner for Sayer {
    fn ask<'a>(&'a self, call: Call, question: &'a Question, _: Duration) -> Asking<'a, Answer> {
        self.say(match call {
            Call::Cancellation => Answer::Yes(PassFacts::default()),
            _ => answer(question),
        })
    }

    fn pass_page<'a>(&'a self, _: &'a PageQuery, _: Duration) -> Asking<'a, PassPage> {
        unreachable!("nobody asks for the list")
    }
}
