use kernel::{ControlBarcode, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `getControlledTicket`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetControlledTicketRequest {
    /// The barcode. The service's own field also takes a tax number, which
    /// control barcodes do not have.
    pub bar_code_or_tax_number: ControlBarcode,
}

/// What `getControlledTicket` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlledTicketAnswer {
    /// The ticket.
    pub controlled_ticket_data: ControlledTicketData,
}

/// A ticket and the controls it went through. Fields documented; those are left out that
/// may be absent and of which a control barcode has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlledTicketData {
    /// Its barcode.
    pub barcode: ControlBarcode,
    /// Whether it is itself a container.
    #[serde(default)]
    pub container_ticket: bool,
    /// Its controls, oldest first.
    #[serde(default)]
    pub control_operations: Vec<ControlOperation>,
    /// Whether it is a duplicate.
    #[serde(default)]
    pub duplicate: bool,
    /// Whether it still counts.
    pub state: ValidityState,
    /// Who made it.
    pub ticket_kind: TicketKind,
}

/// What is read of what another's `getControlledTicket` gives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadTicketAnswer {
    /// The ticket.
    pub controlled_ticket_data: ReadTicket,
}

/// What is read of a ticket: of what is withheld, or not documented, nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReadTicket {
    /// Whether it still counts.
    #[serde(deserialize_with = "super::if_understood")]
    pub state: Option<ValidityState>,
    /// What kinds of control it went through.
    #[serde(deserialize_with = "control_types")]
    pub control_operations: Vec<Option<ControlOperationType>>,
}

fn control_types<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Option<ControlOperationType>>, D::Error> {
    let operations = Value::deserialize(deserializer)?;
    let types = operations.as_array().into_iter().flatten().map(|done| {
        let control_type = done.get("controlOperationType")?;
        ControlOperationType::deserialize(control_type).ok()
    });
    Ok(types.collect())
}

/// One control of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlOperation {
    /// What kind of control.
    pub control_operation_type: ControlOperationType,
    /// When, UTC.
    pub operation_date_time: Timestamp,
}

/// `controlOperationType`. Documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ControlOperationType {
    /// Admitted online.
    Ok,
    /// Admitted without a line.
    OfflineOk,
    /// Refused online.
    Fail,
    /// Refused without a line.
    OfflineFail,
    /// The ticket had been invalidated.
    InvalidatedTicket,
    /// The ticket had been cancelled.
    CancelledTicket,
}

/// `state` of a controlled ticket. Documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ValidityState {
    /// It counts.
    Valid,
    /// It was cancelled.
    Cancelled,
}

kernel::open_words! {
    /// `ticketKind`. Only `THIRD_PARTY` is documented: tickets printed elsewhere.
    pub enum TicketKind {
        /// Printed elsewhere: every control barcode.
        ThirdParty = "THIRD_PARTY",
    }
}
