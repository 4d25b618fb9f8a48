//! Ticketing whose books are elsewhere, asked about a few of the control barcodes that it
//! took. More than that it does not tell: sales, prices and who paid are in its own books.

use super::{Difference, Subject};
use db::{Db, DbError};
use gate::records::ledger::{self, GateEntry};
use kernel::{ControlBarcode, causes};
use secutix::client::{CallError, Fault};
use secutix::wire::{ControlOperationType, ReadTicket, ValidityState};
use serde::Serialize;

/// What ticketing said of a few.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// About how many it was asked and gave an answer.
    pub about: usize,
    /// How many of them it has as we have them.
    pub agreed: usize,
    /// What it said of each of which it did not say whether it has it: there is no word
    /// for "unknown" that all agree on.
    pub not_said: Vec<String>,
    /// Why it was asked about no more of them, if it was not.
    pub stopped: Option<String>,
    /// Where it does not agree.
    #[serde(skip)]
    pub differences: Vec<Difference>,
}

/// What asking about one barcode gives; `None` if ticketing has no such ticket.
pub type Told = Result<Option<ReadTicket>, CallError>;

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
    Ok(asked_about(ledger::delivered(db, count).await?, ask).await)
}

async fn asked_about(entries: Vec<GateEntry>, ask: impl AsyncFn(&ControlBarcode) -> Told) -> Asked {
    let mut asked = Asked::default();
    for entry in entries {
        let told = match ask(&entry.barcode).await {
            Ok(told) => told,
            Err(error) if error.fault() == Fault::Content => {
                asked.not_said.push(causes(&error));
                continue;
            }
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
    asked
}

/// In what ticketing differs from us. What it withholds, or says in words that nobody
/// documented, differs in nothing.
fn difference(entry: &GateEntry, told: Option<&ReadTicket>) -> Option<Difference> {
    let may_admit = |operation: &Option<_>| {
        use ControlOperationType as T;
        matches!(operation, None | Some(T::Ok | T::OfflineOk))
    };
    let code = match told {
        None => "unknown_to_ticketing",
        Some(ticket)
            if ticket.state == Some(ValidityState::Cancelled) && entry.cancelled.is_none() =>
        {
            "cancelled_there"
        }
        Some(ticket) => {
            let controls = &ticket.control_operations;
            if controls.is_empty() || controls.iter().any(may_admit) {
                return None;
            }
            "without_control_there"
        }
    };
    Some(Difference {
        code,
        of: Subject::Entry(entry.check_id, entry.barcode.clone()),
        said: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate::records::ledger::Standing;
    use secutix::wire::StatusCode;
    use serde_json::json;
    use std::cell::Cell;
    use std::collections::BTreeSet;

    fn entry(cancelled: Option<Standing>) -> GateEntry {
        GateEntry {
            barcode: "OTI2999750120260714070000114".parse().unwrap(),
            check_id: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            sector: "VN_AUG".parse().unwrap(),
            standing: Standing::Delivered,
            disputed: None,
            dispute_told: false,
            cancelled,
        }
    }

    /// What is refused of one says nothing of the next; what concerns all does.
    #[tokio::test]
    async fn one_of_which_ticketing_says_nothing_keeps_no_other_from_being_asked_about() {
        let unknown = || CallError::Refused {
            http_status: 200,
            status: StatusCode::Other("UNKNOWN".to_owned()),
            detail: "no such ticket".to_owned(),
        };
        let unusual = || CallError::UnusualAnswer {
            what: "missing field `controlledTicketData`".to_owned(),
            names: BTreeSet::new(),
        };
        let calls = Cell::new(0);
        let ask = async |_: &ControlBarcode| match calls.replace(calls.get() + 1) {
            0 => Err(unknown()),
            1 => Err(unusual()),
            2 => Ok(Some(ReadTicket::default())),
            3 => Ok(None),
            _ => Err(CallError::Unauthorised),
        };
        let asked = asked_about(vec![entry(None); 9], ask).await;
        assert_eq!(
            (asked.about, asked.agreed, asked.differences.len()),
            (2, 1, 1)
        );
        assert_eq!(asked.not_said.len(), 2);
        assert!(asked.not_said[0].contains("UNKNOWN"), "{asked:?}");
        assert!(asked.stopped.is_some());
        assert_eq!(calls.get(), 5, "nobody is asked on after that");
    }

    #[test]
    fn what_ticketing_says_of_one_is_compared() {
        let ticket = |state: &str, controls: &[&str]| {
            let controls = controls
                .iter()
                .map(|done| json!({"controlOperationType": done}));
            let controls: Vec<_> = controls.collect();
            let ticket = json!({"state": state, "controlOperations": controls});
            Some(serde_json::from_value::<ReadTicket>(ticket).unwrap())
        };
        let cancelled = Some(Standing::Delivered);
        for (entry, told, code) in [
            (entry(None), ticket("VALID", &["OK"]), None),
            (entry(None), ticket("VALID", &["FAIL", "OFFLINE_OK"]), None),
            (entry(None), ticket("VALID", &[]), None),
            (entry(None), ticket("BLOCKED", &["FAIL", "GROUP_OK"]), None),
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
