use crate::mask::without_numbers;
use kernel::{ControlBarcode, ProductCode, SeasonCode, SectorCode, Timestamp};
use serde::{Deserialize, Serialize};

/// The most tickets one `importControlledTicket` call may carry.
pub const MAX_CONTROLLED_TICKETS: usize = 500;

/// `controlResult`: how the control at the gate ended. Values documented as
/// control operation types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ControlResult {
    /// Admitted online.
    Ok,
    /// Admitted by a device without a line.
    OfflineOk,
    /// Refused online.
    Fail,
    /// Refused by a device without a line.
    OfflineFail,
    /// The entry was cancelled after its barcode was handed over: `controlDate`
    /// is the moment of the cancellation (assumed: the word is documented as a
    /// control operation type, its meaning here is not).
    CancelledTicket,
}

/// One item of `importControlledTicket`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlledTicket {
    /// Who controlled. We send the sector code (assumed: the field is
    /// documented, its content is the access control system's choice).
    pub ac_identifier: SectorCode,
    /// The control barcode.
    pub barcode: ControlBarcode,
    /// When it was scanned, UTC with milliseconds.
    pub control_date: Timestamp,
    /// How the control ended.
    pub control_result: ControlResult,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// The season of the third-party barcode (assumed for v1.4).
    pub season_code: SeasonCode,
    /// The product of the third-party barcode (assumed for v1.4).
    pub product_code: ProductCode,
}

/// `importControlledTicket` as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportControlledTicketRequest {
    /// The caller's id of this call.
    pub request_id: String,
    /// At most [`MAX_CONTROLLED_TICKETS`].
    pub controlled_tickets: Vec<ControlledTicket>,
}

/// `importControlledTicket` as it is received: a ticket that cannot be read
/// does not take the others with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportControlledTicketCall {
    /// The caller's id of this call.
    #[serde(default, deserialize_with = "super::request_id")]
    pub request_id: String,
    /// In the order of the request. The receiver refuses a call with more than
    /// [`MAX_CONTROLLED_TICKETS`].
    pub controlled_tickets: Vec<ReceivedTicket>,
}

/// One received item, readable or not.
#[derive(Debug, Clone)]
pub enum ReceivedTicket {
    /// Every field is as it must be.
    WellFormed(ControlledTicket),
    /// Some field is missing or wrong; this is the answer to give.
    Malformed(TicketResult),
}

impl<'de> Deserialize<'de> for ReceivedTicket {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let item = serde_json::Value::deserialize(deserializer)?;
        Ok(match ControlledTicket::deserialize(&item) {
            Ok(ticket) => Self::WellFormed(ticket),
            Err(error) => Self::Malformed(TicketResult::refused(
                item.get("barcode")
                    .and_then(|barcode| barcode.as_str()?.parse().ok()),
                format!(
                    "this item cannot be read: {}; correct it and send it again",
                    without_numbers(&error.to_string(), 300)
                ),
            )),
        })
    }
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketResult {
    /// The barcode of the item; absent if it could not be read.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "super::if_understood"
    )]
    pub barcode: Option<ControlBarcode>,
    /// Why the item was refused; absent if it was taken, now or before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
}

impl TicketResult {
    /// The item was taken, now or by an earlier call.
    #[must_use]
    pub fn accepted(barcode: ControlBarcode) -> Self {
        Self {
            barcode: Some(barcode),
            failure_reason: None,
        }
    }

    /// The item was not taken, and sending it again as it is will not help.
    #[must_use]
    pub fn refused(barcode: Option<ControlBarcode>, failure_reason: String) -> Self {
        Self {
            barcode,
            failure_reason: Some(failure_reason),
        }
    }
}

/// What `importControlledTicket` gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportControlledTicketAnswer {
    /// One result per item, in the order of the request. Assumed; a service
    /// that answers `OK` without it has taken all of them.
    #[serde(default)]
    pub ticket_results: Vec<TicketResult>,
}
