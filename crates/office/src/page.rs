//! What pages are made of, in one place to take it from.

pub(crate) use crate::access::{self, Address};
pub(crate) use crate::entered::{Entered, Query};
pub(crate) use crate::fields::Fields;
pub(crate) use crate::flash::Flash;
pub(crate) use crate::form::{Input, Mistakes, filled};
pub(crate) use crate::format::Formats;
pub(crate) use crate::frame::Frame;
pub(crate) use crate::page_error::PageError;
pub(crate) use crate::visit::{Answer, Visit};
pub(crate) use askama::Template;
pub(crate) use axum::extract::Path;
pub(crate) use axum::http::StatusCode;
pub(crate) use kernel::text::fill;
pub(crate) use serde_json::json;
pub(crate) use staff::audit::Change;
