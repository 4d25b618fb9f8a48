//! The partner behind the gate, as the gate sees it.

use crate::error::AskError;
use crate::pass_list::{PageQuery, PassPage};
use crate::{Answer, Call, Question};
use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

/// An answer on its way.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, AskError>> + Send + 'a>>;

/// Whoever answers for passes. [`OtipassClient`](crate::OtipassClient) does so over
/// HTTP; a simulation on a virtual clock puts its own in this place, which loses answers
/// without a socket.
///
/// Everything fails if no answer came `within` the time given; see [`AskError`].
pub trait Partner: Debug + Send + Sync {
    /// Asks in one of these ways. A cancellation is answered with yes or fails.
    fn ask<'a>(
        &'a self,
        call: Call,
        question: &'a Question,
        within: Duration,
    ) -> Asking<'a, Answer>;

    /// Reads a page of the list of all passes; changes nothing.
    fn pass_page<'a>(&'a self, query: &'a PageQuery, within: Duration) -> Asking<'a, PassPage>;

    /// Asks whether the holder may enter, and counts the entry if so.
    fn validate<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer> {
        self.ask(Call::Validation, question, within)
    }

    /// Tells of an entry that happened; the answer says what a validation would
    /// have said.
    fn declare<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer> {
        self.ask(Call::Declaration, question, within)
    }

    /// Asks whether the holder could enter now; counts nothing, whatever the
    /// answer. The entries left are those before this entry.
    fn inquire<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer> {
        self.ask(Call::Inquiry, question, within)
    }

    /// Takes back the entry that was counted under the question's reference, if
    /// there is one: the pass holder gets it back. May be repeated.
    fn cancel<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer> {
        self.ask(Call::Cancellation, question, within)
    }
}
