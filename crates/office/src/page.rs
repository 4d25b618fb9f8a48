//! What pages are made of: a page takes all of it.

pub(crate) use crate::access::{self, Address};
pub(crate) use crate::entered::{Entered, Id, Query};
pub(crate) use crate::fields::Fields;
pub(crate) use crate::flash::Flash;
pub(crate) use crate::form::{Input, Mistakes};
pub(crate) use crate::format::Formats;
pub(crate) use crate::frame::Frame;
pub(crate) use crate::managed::{Managed, SetUp};
pub(crate) use crate::outcome;
pub(crate) use crate::page_error::PageError;
pub(crate) use crate::pager::{Pager, cut, days};
pub(crate) use crate::visit::{Answer, Visit, download};
pub(crate) use askama::Template;
pub(crate) use askama::filters::HtmlSafe;
pub(crate) use axum::extract::Path;
pub(crate) use axum::http::{StatusCode, header};
pub(crate) use axum::response::{IntoResponse, Response};
pub(crate) use boxoffice::Catalogue;
pub(crate) use db::{DbError, Tx};
pub(crate) use gate::{Decision, DeviceState, Mode, Site, SiteNames};
pub(crate) use kernel::text::fill;
pub(crate) use kernel::{BusinessDay, CheckId, DeviceCode, DoorCode, Language, SectorCode};
pub(crate) use kernel::{Timestamp, causes};
pub(crate) use serde_json::{Value, json};
pub(crate) use staff::Change;
pub(crate) use std::time::Duration;
