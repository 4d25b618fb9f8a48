//! Requests and answers of the access control service v1.4 over REST.
//!
//! Every method is a POST of one JSON object to `{base url}/{method}` and
//! answers one JSON object, camelCase, with `requestId`, `statusCode` and
//! `statusDetail` beside what the method gives. Both sides use these types.

mod catalogue;
mod controlled_ticket;
mod import;
mod status;

pub use catalogue::{
    Catalogue, CatalogueProduct, CatalogueSeason, GetAccessControlCatalogRequest,
    GetTimeZoneRequest, Offer, ProductFamily, TimeZoneAnswer,
};
pub use controlled_ticket::{
    ControlOperation, ControlOperationType, ControlledTicketAnswer, ControlledTicketData,
    GetControlledTicketRequest, ReadTicket, ReadTicketAnswer, TicketKind, ValidityState,
};
pub use import::{
    ControlResult, ControlledTicket, ImportControlledTicketAnswer, ImportControlledTicketCall,
    ImportControlledTicketRequest, MAX_CONTROLLED_TICKETS, ReceivedTicket, TicketResult,
};
pub use status::{Answer, AnswerStatus, StatusCode};

/// Reads something that nobody needs: what cannot be understood is as good as not there.
fn if_understood<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = <serde_json::Value as serde::Deserialize>::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Reads a `requestId`, which callers of the service send as text or number
/// (both seen), and which may be missing.
fn request_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum RequestId {
        Text(String),
        Number(i64),
        Missing(()),
    }
    Ok(
        match <RequestId as serde::Deserialize>::deserialize(deserializer)? {
            RequestId::Text(text) => text,
            RequestId::Number(number) => number.to_string(),
            RequestId::Missing(()) => String::new(),
        },
    )
}

#[cfg(test)]
mod tests;
