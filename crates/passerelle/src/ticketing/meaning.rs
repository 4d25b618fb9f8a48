//! What a probe of ticketing means for deliveries.

use otipass::Mapping;
use secutix::client::{CallError, Fault, Outage, Probe, Understood};
use secutix::wire::Offer;
use std::collections::BTreeSet;

/// A clock that is further off than this makes tokens useless, in seconds.
const CLOCK_OFF_S: u64 = 30;

/// What it means, and whether control barcodes of what is mapped can be expected to be
/// taken.
pub fn meaning(probes: &[Probe], mapping: Option<&Mapping>) -> (String, bool) {
    let clock = probes
        .iter()
        .filter_map(|probe| probe.clock_offset_s)
        .find(|off| off.unsigned_abs() > CLOCK_OFF_S);
    if let Some(off_s) = clock {
        let way = if off_s > 0 { "ahead of" } else { "behind" };
        let off_s = off_s.unsigned_abs();
        let said = format!(
            "This machine's clock is {off_s} s {way} ticketing's: tokens may be refused for it. \
             Set it right first."
        );
        return (said, false);
    }
    // The call that hands over, or what made it useless to go on.
    match probes.last().map(|probe| &probe.understood) {
        Some(Ok(_)) => match lacking(probes, mapping) {
            Ok(()) => (fine(probes), true),
            Err(lacks) => (lacks, false),
        },
        Some(Err(error)) => (refused(error, probes).to_owned(), false),
        None => ("Nobody was asked.".to_owned(), false),
    }
}

fn fine(probes: &[Probe]) -> String {
    let mut said = "Address, token and methods are right, and the catalogue names every season \
                    and product that is mapped. Nothing was delivered yet."
        .to_owned();
    let is_unusual = |probe: &Probe| {
        let is_question = probe.method != "getControlledTicket";
        is_question && probe.understood.is_err()
    };
    if probes.iter().any(is_unusual) {
        said += " What is not understood above is not needed for deliveries.";
    }
    said
}

/// Says what of the mapping ticketing does not show, or why that is not known.
fn lacking(probes: &[Probe], mapping: Option<&Mapping>) -> Result<(), String> {
    let catalogue = understood(probes, "getAccessControlCatalog");
    let sells_nothing = match catalogue {
        Some(Ok(Understood::Catalogue(catalogue))) => {
            catalogue.seasons.iter().all(|s| s.products.is_empty())
        }
        // The one name is that of the empty list.
        Some(Err(CallError::UnusualAnswer { names, .. })) => names.len() < 2,
        _ => {
            return Err(
                "Ticketing takes our token and a call without tickets, but does not show its \
                 catalogue: whether it takes your seasons and products cannot be known. Read its \
                 reason, and ask whoever runs it for the operator's rights."
                    .to_owned(),
            );
        }
    };
    if sells_nothing {
        return Err(
            "Address, token and methods are right, but the catalogue shows this operator no \
             product: ticketing may refuse every control barcode. Ask whoever runs it to give \
             this access control system the products of the passes."
                .to_owned(),
        );
    }
    let Some(mapping) = mapping else {
        return Err(
            "Address, token and methods are right; nothing was delivered yet. There are no \
             mapping parameters without mistakes here, so whether ticketing has your seasons and \
             products cannot be known. Set them up, and ask again."
                .to_owned(),
        );
    };
    let mut lacks = BTreeSet::new();
    for info in mapping.sectors.values() {
        let (season, product) = (&info.season, &info.product);
        let offer = match catalogue {
            Some(Ok(Understood::Catalogue(catalogue))) => catalogue.find(season, product),
            Some(Err(CallError::UnusualAnswer { names, .. })) => {
                match (
                    names.contains(season.as_str()),
                    names.contains(product.as_str()),
                ) {
                    (false, _) => Offer::SeasonUnknown,
                    (true, false) => Offer::ProductUnknown,
                    (true, true) => Offer::OpenPass,
                }
            }
            _ => Offer::SeasonUnknown,
        };
        match offer {
            Offer::OpenPass => {}
            Offer::SeasonUnknown => drop(lacks.insert(format!("season {season}"))),
            Offer::ProductUnknown => {
                lacks.insert(format!("product {product} in {season}"));
            }
            Offer::NotOpenPass => {
                lacks.insert(format!("product {product} in {season} as an Open Pass"));
            }
        }
    }
    if lacks.is_empty() {
        return Ok(());
    }
    Err(format!(
        "Address, token and methods are right, but the catalogue does not name what is mapped: \
         {}. Ticketing may refuse such control barcodes. Correct the mapping parameters, or ask \
         whoever runs it to give this access control system the products of the passes.",
        Vec::from_iter(lacks).join(", ")
    ))
}

fn understood<'a>(probes: &'a [Probe], method: &str) -> Option<&'a Result<Understood, CallError>> {
    let probe = probes.iter().find(|probe| probe.method == method)?;
    Some(&probe.understood)
}

/// Why nothing would be delivered.
fn refused(error: &CallError, probes: &[Probe]) -> &'static str {
    // A call that was done, whatever it gives.
    let is_answered = probes.iter().any(|probe| {
        let unusual = |error: &CallError| matches!(error, CallError::UnusualAnswer { .. });
        probe.understood.as_ref().map_or_else(unusual, |_| true)
    });
    match error {
        CallError::Unauthorised => {
            "Ticketing does not take our token. Compare institution, operator, password and \
             issuer with what the vendor gave; ask whether token times are in seconds or \
             milliseconds ([access_control] token_times) and how long a token may live \
             (token_lifetime_s)."
        }
        CallError::ProxyCredentials => {
            "A proxy on the way refuses us. Have it let the address through, or enter user name \
             and password in [access_control] proxy."
        }
        CallError::Refused { .. } if is_answered && lacks_rights(error, probes) => {
            "Ticketing takes our token, and refuses to tell of a ticket and to take any with the \
             same word: most likely this operator has no right to. Ask whoever runs it for the \
             rights of an access control system."
        }
        CallError::Refused { .. } if error.fault() == Fault::Content && is_answered => {
            "Ticketing takes our token and refuses a call without tickets, which it may. Whether \
             it takes one with tickets cannot be known before the first. Read its reason: if it \
             is not about that, look at the operator's rights and [access_control] request_ids."
        }
        CallError::Refused { .. } if error.fault() == Fault::Content => {
            "Ticketing takes our token and refuses every call. Read its reasons; if they name the \
             request id, set [access_control] request_ids to \"text\" or \"number\"; if they name \
             a right, ask whoever runs it for those of an access control system."
        }
        CallError::UnusualAnswer { .. } => {
            "Ticketing takes our token and a call, and says what became of it in a shape that \
             Passerelle does not know: no control barcode would count as delivered. Send the file \
             to whoever helps you."
        }
        CallError::RateLimited { .. } => {
            "Ticketing takes no more calls for now. Try again in some minutes."
        }
        CallError::Unavailable(Outage::NotReached(_)) => {
            "Ticketing was not reached. Check the URL, the line, the machine's proxy and the \
             certificate ([access_control] authority_file)."
        }
        CallError::Unavailable(Outage::NotReachedByProxy { .. }) => {
            "Ticketing was not reached by way of [access_control] proxy. Check whether the proxy \
             runs and lets us through, then the URL, the line and the certificate \
             (authority_file)."
        }
        CallError::Unavailable(Outage::TimedOut { .. }) => {
            "Ticketing did not answer in time. Try again; if it stays so, check the line and \
             [access_control] timeout_ms."
        }
        CallError::Unavailable(_) => {
            "Ticketing was reached, and does not do its work for now. Wait, and try again; if it \
             stays so, ask whoever runs it."
        }
        _ => {
            "What answers is not the service. Check the URL up to its version, the operator's \
             rights, and the proxy."
        }
    }
}

/// Whether the question about a ticket is refused by the same word as the delivery.
fn lacks_rights(delivery: &CallError, probes: &[Probe]) -> bool {
    let question = understood(probes, "getControlledTicket");
    match (question, delivery) {
        (
            Some(Err(CallError::Refused { status: one, .. })),
            CallError::Refused {
                status: other,
                http_status,
                ..
            },
        ) => one == other && *http_status != 404,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secutix::wire::{Catalogue, StatusCode};
    use serde_json::{Value, json};
    use std::time::Duration;

    type Said = Result<Understood, CallError>;

    fn no(code: &str) -> Said {
        Err(CallError::Refused {
            http_status: 200,
            status: StatusCode::Other(code.to_owned()),
            detail: "no".to_owned(),
        })
    }

    fn catalogue(product: &str, family: &str) -> Said {
        let products = json!([{"code": product, "family": family}]);
        let seasons = json!({"seasons": [{"code": "VN26", "products": products}]});
        let catalogue: Catalogue = serde_json::from_value(seasons).unwrap();
        Ok(Understood::Catalogue(catalogue))
    }

    fn names(names: &[&str]) -> Said {
        Err(CallError::UnusualAnswer {
            what: "it is different".to_owned(),
            names: names.iter().map(ToString::to_string).collect(),
        })
    }

    fn probes(answers: [Said; 4]) -> Vec<Probe> {
        let methods = [
            "getTimeZone",
            "getAccessControlCatalog",
            "getControlledTicket",
            "importControlledTicket",
        ];
        let probe = |(method, understood)| Probe {
            method,
            request: Value::Null,
            took: Duration::ZERO,
            http_status: None,
            content_type: None,
            clock_offset_s: None,
            body: String::new(),
            understood,
        };
        methods.into_iter().zip(answers).map(probe).collect()
    }

    fn mapping() -> Mapping {
        let text = include_str!("../../../../examples/villeneuve/mapping.json");
        let mut mapping = otipass::read_mapping(text).mapping.unwrap();
        mapping
            .sectors
            .retain(|_, info| info.product.as_str() == "PASSVN");
        mapping
    }

    /// What a delivery may come to, and what is not known, is not promised.
    #[test]
    fn only_what_is_known_is_promised() {
        let zone = || Ok(Understood::TimeZone("Europe/Paris".to_owned()));
        let none = || Ok(Understood::NoSuchTicket);
        let taken = || Ok(Understood::Taken);
        let sold = || catalogue("PASSVN", "OPEN_PASS");
        let failing = || {
            Err(CallError::Unavailable(Outage::Status {
                http_status: 503,
                retry_after: None,
            }))
        };
        // One case, one line.
        #[rustfmt::skip]
        let cases = [
            ([zone(), sold(), none(), taken()], true, "Nothing was delivered yet"),
            ([names(&["x"]), names(&["VN26", "PASSVN"]), no("TICKET"), taken()], true, "is not needed"),
            ([zone(), names(&["VN25", "OTHER"]), none(), taken()], false, "mapped: season VN26."),
            ([zone(), names(&["VN26", "OTHER"]), none(), taken()], false, "mapped: product PASSVN in VN26."),
            ([zone(), catalogue("OTHER", "OPEN_PASS"), none(), taken()], false, "mapped: product PASSVN in VN26."),
            ([zone(), catalogue("PASSVN", "EVENT"), none(), taken()], false, "PASSVN in VN26 as an Open Pass."),
            ([zone(), names(&["seasons"]), none(), taken()], false, "no product"),
            ([no("RIGHT"), no("RIGHT"), no("RIGHT"), taken()], false, "operator's rights"),
            ([zone(), failing(), none(), taken()], false, "cannot be known"),
            ([zone(), sold(), no("RIGHT"), no("RIGHT")], false, "no right to"),
            ([names(&["x"]), names(&["x"]), no("TICKET"), no("EMPTY_LIST")], false, "cannot be known before the first"),
            ([no("RIGHT"), no("RIGHT"), no("RIGHT"), no("RIGHT")], false, "if they name a right"),
            ([failing(), failing(), failing(), failing()], false, "Wait, and try again"),
        ];
        for (answers, expected, says) in cases {
            let probes = probes(answers);
            let (said, fine) = meaning(&probes, Some(&mapping()));
            assert_eq!(fine, expected, "{said}");
            assert!(said.contains(says), "{says}: {said}");
            assert!(!said.contains("will be taken"), "{said}");
        }
        let (said, fine) = meaning(&probes([zone(), sold(), none(), taken()]), None);
        assert!(!fine && said.contains("no mapping parameters"), "{said}");
        let (said, _) = meaning(&probes([zone(), sold(), none(), taken()]), Some(&mapping()));
        assert!(!said.contains("not needed"), "{said}");
    }
}
