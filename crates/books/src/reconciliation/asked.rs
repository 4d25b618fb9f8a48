//! Ticketing whose books are elsewhere, asked about a few of the control barcodes that it
//! took. More than that it does not tell: sales, prices and who paid are in its own books.

use super::{Difference, Subject};
use db::{Db, DbError};
use gate::records::ledger::{self, GateEntry};
use kernel::{ControlBarcode, causes};
use secutix::client::CallError;
use secutix::wire::{ControlOperationType, ControlledTicketData, ValidityState};
use serde::Serialize;

/// What ticketing said of a few.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// About how many it was asked.
    pub about: usize,
    /// How many of them it has as we have them.
    pub agreed: usize,
    /// Why it was asked about no more of them, if it was not.
    pub stopped: Option<String>,
    /// Where it does not agree.
    #[serde(skip)]
    pub differences: Vec<Difference>,
}

/// What asking about one barcode gives; `None` if ticketing has no such ticket.
pub type Told = Result<Option<ControlledTicketData>, CallError>;

/// Asks ticketing by `ask` about `count` of the delivered control barcodes: the newest,
/// the oldest, and those evenly between.
///
/// # Errors
/// [`DbError`].
pub async fn asked(
    db: &Db,
    ask: impl AsyncFn(&ControlBarcode) -> Told,
    count: u32,
) -> Result<Asked, DbError> {
    let mut asked = Asked::default();
    for entry in ledger::delivered(db, count).await? {
        let told = match ask(&entry.barcode).await {
            Ok(told) => told,
            Err(error) => {
                asked.stopped = Some(causes(&error));
                break;
            }
        };
        asked.about += 1;
        match difference(&entry, told.as_ref()) {
            Some(difference) => asked.differences.push(difference),
            None => asked.agreed += 1,
        }
    }
    Ok(asked)
}

/// In what ticketing differs from us. What it withholds differs in nothing.
fn difference(entry: &GateEntry, told: Option<&ControlledTicketData>) -> Option<Difference> {
    let admits = |operation| {
        use ControlOperationType as T;
        matches!(operation, T::Ok | T::OfflineOk)
    };
    let (code, what, cure) = match told {
        None => (
            "unknown_to_ticketing",
            "Ticketing took it from the gate, and does not know it when asked.",
            "Ask whoever runs ticketing whether a backup was restored there.",
        ),
        Some(ticket) if ticket.state == ValidityState::Cancelled && entry.cancelled.is_none() => (
            "cancelled_there",
            "Ticketing holds it for cancelled, and the gate does not.",
            "Ask whoever runs ticketing who cancelled it.",
        ),
        Some(ticket) => {
            let controls = &ticket.control_operations;
            let mut types = controls.iter().map(|done| done.control_operation_type);
            if controls.is_empty() || types.any(admits) {
                return None;
            }
            (
                "without_control_there",
                "Ticketing knows it, and no control of it that admitted.",
                "Ask whoever runs ticketing what became of the control.",
            )
        }
    };
    Some(Difference {
        code,
        of: Subject::Entry(entry.check_id, entry.barcode.clone()),
        what: what.to_owned(),
        cure,
        said: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate::records::ledger::Standing;
    use serde_json::json;

    #[test]
    fn what_ticketing_says_of_one_is_compared() {
        let barcode = "OTI2999750120260714070000114";
        let entry = |cancelled: Option<Standing>| GateEntry {
            barcode: barcode.parse().unwrap(),
            check_id: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            sector: "VN_AUG".parse().unwrap(),
            standing: Standing::Delivered,
            disputed: None,
            dispute_told: false,
            cancelled,
        };
        let ticket = |state: &str, controls: &[&str]| {
            let at = "2026-07-14T07:00:00.114Z";
            let controls = controls
                .iter()
                .map(|done| json!({"controlOperationType": done, "operationDateTime": at}));
            let ticket = json!({
                "barcode": barcode, "state": state, "ticketKind": "THIRD_PARTY",
                "controlOperations": controls.collect::<Vec<_>>(),
            });
            Some(serde_json::from_value::<ControlledTicketData>(ticket).unwrap())
        };
        let cancelled = Some(Standing::Delivered);
        for (entry, told, code) in [
            (entry(None), ticket("VALID", &["OK"]), None),
            (entry(None), ticket("VALID", &["FAIL", "OFFLINE_OK"]), None),
            (entry(None), ticket("VALID", &[]), None),
            (entry(cancelled), ticket("CANCELLED", &["OK"]), None),
            (entry(None), None, Some("unknown_to_ticketing")),
            (
                entry(None),
                ticket("CANCELLED", &["OK"]),
                Some("cancelled_there"),
            ),
            (
                entry(None),
                ticket("VALID", &["FAIL"]),
                Some("without_control_there"),
            ),
        ] {
            let found = difference(&entry, told.as_ref()).map(|found| found.code);
            assert_eq!(found, code, "{told:?}");
        }
    }
}
