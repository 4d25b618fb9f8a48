//! The partner behind the gate, as the gate sees it.

use crate::pass_list::{PageQuery, PassPage};
use crate::{Answer, AskError, OtipassClient, Question};
use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

/// An answer on its way.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, AskError>> + Send + 'a>>;

/// Whoever answers for passes. [`OtipassClient`] does so over HTTP; a simulation
/// on a virtual clock puts its own in this place, which loses answers without a
/// socket.
pub trait Partner: Debug + Send + Sync {
    /// Asks whether the holder may enter, and counts the entry if so.
    fn validate<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer>;

    /// Tells of an entry that happened; the answer says what a validation would
    /// have said.
    fn declare<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer>;

    /// Asks what a validation would say; counts nothing.
    fn inquire<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer>;

    /// Takes back the entry that was counted under the question's reference, if
    /// there is one.
    fn cancel<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, ()>;

    /// Reads a page of the list of all passes.
    fn pass_page<'a>(&'a self, query: &'a PageQuery, within: Duration) -> Asking<'a, PassPage>;
}

impl Partner for OtipassClient {
    fn validate<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer> {
        Box::pin(self.validate(question, within))
    }

    fn declare<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer> {
        Box::pin(self.declare(question, within))
    }

    fn inquire<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, Answer> {
        Box::pin(self.inquire(question, within))
    }

    fn cancel<'a>(&'a self, question: &'a Question, within: Duration) -> Asking<'a, ()> {
        Box::pin(self.cancel(question, within))
    }

    fn pass_page<'a>(&'a self, query: &'a PageQuery, within: Duration) -> Asking<'a, PassPage> {
        Box::pin(self.pass_page(query, within))
    }
}
