use super::*;
use kernel::{ControlBarcode, ProductCode, SeasonCode};
use serde::Serialize;
use serde_json::{Value, from_value, json, to_value};

const BARCODE: &str = "OTI2999750120260714070000114";

fn barcode() -> ControlBarcode {
    BARCODE.parse().unwrap()
}

fn ticket() -> ControlledTicket {
    ControlledTicket {
        ac_identifier: "VN_AUG".parse().unwrap(),
        barcode: barcode(),
        control_date: "2026-07-14T09:00:00.114+02:00".parse().unwrap(),
        control_result: ControlResult::OfflineOk,
        failure_reason: None,
        season_code: "VN26".parse().unwrap(),
        product_code: "PASSVN".parse().unwrap(),
    }
}

fn ticket_json() -> Value {
    json!({
        "acIdentifier": "VN_AUG",
        "barcode": BARCODE,
        "controlDate": "2026-07-14T07:00:00.114Z",
        "controlResult": "OFFLINE_OK",
        "seasonCode": "VN26",
        "productCode": "PASSVN"
    })
}

/// `sent` looks like `wire`, in this very shape.
fn check(sent: &impl Serialize, wire: &Value) {
    assert_eq!(to_value(sent).unwrap(), *wire);
}

#[test]
fn import_controlled_ticket_is_sent_as_documented() {
    check(
        &ImportControlledTicketRequest {
            request_id: "batch-7".to_owned(),
            controlled_tickets: vec![
                ticket(),
                ControlledTicket {
                    control_result: ControlResult::Fail,
                    failure_reason: Some("already_used".to_owned()),
                    ..ticket()
                },
                ControlledTicket {
                    control_result: ControlResult::CancelledTicket,
                    ..ticket()
                },
            ],
        },
        &json!({
            "requestId": "batch-7",
            "controlledTickets": [ticket_json(), {
                "acIdentifier": "VN_AUG",
                "barcode": BARCODE,
                "controlDate": "2026-07-14T07:00:00.114Z",
                "controlResult": "FAIL",
                "failureReason": "already_used",
                "seasonCode": "VN26",
                "productCode": "PASSVN"
            }, {
                "acIdentifier": "VN_AUG",
                "barcode": BARCODE,
                "controlDate": "2026-07-14T07:00:00.114Z",
                "controlResult": "CANCELLED_TICKET",
                "seasonCode": "VN26",
                "productCode": "PASSVN"
            }]
        }),
    );
}

#[test]
fn one_unreadable_ticket_does_not_take_the_others_with_it() {
    let with = |field: &str, value: Value| {
        let mut item = ticket_json();
        item[field] = value;
        item
    };
    let without = |field: &str| {
        let mut item = ticket_json();
        item.as_object_mut().unwrap().remove(field);
        item
    };
    let barcode = Some(barcode());
    let damaged: Vec<(Value, Option<ControlBarcode>, &str)> = vec![
        (
            with("productCode", json!("MUCHTOOLONG")),
            barcode.clone(),
            "at most 8",
        ),
        (with("seasonCode", json!("")), barcode.clone(), "empty"),
        (
            with("controlDate", json!("yesterday")),
            barcode.clone(),
            "not a moment",
        ),
        (
            with("controlResult", json!("MAYBE")),
            barcode.clone(),
            "MAYBE",
        ),
        (with("acIdentifier", json!(null)), barcode, "invalid type"),
        (without("barcode"), None, "barcode"),
        (with("barcode", json!("a;b")), None, "control barcode"),
        (
            with("barcode", json!(2_999_750_120_260_714_i64)),
            None,
            "invalid type",
        ),
        (json!("nonsense"), None, "invalid type"),
        (json!(null), None, "invalid type"),
    ];
    let mut items: Vec<Value> = damaged.iter().map(|(item, ..)| item.clone()).collect();
    items.push(ticket_json());
    let call: ImportControlledTicketCall =
        from_value(json!({"requestId": 0, "controlledTickets": items})).unwrap();
    assert_eq!(call.request_id, "0");
    assert_eq!(call.controlled_tickets.len(), damaged.len() + 1);
    for (received, (item, barcode, why)) in call.controlled_tickets.iter().zip(&damaged) {
        let ReceivedTicket::Malformed(result) = received else {
            panic!("{item} was read");
        };
        let reason = result.failure_reason.as_deref().unwrap();
        assert_eq!(result.barcode, *barcode, "{item}");
        assert!(reason.contains(why), "{item}: {reason}");
        assert!(!reason.contains("29997501"), "{item}: {reason}");
    }
    let last = call.controlled_tickets.last().unwrap();
    assert!(matches!(last, ReceivedTicket::WellFormed(read) if *read == ticket()));
}

#[test]
fn a_call_needs_its_tickets_and_no_request_id() {
    assert!(from_value::<ImportControlledTicketCall>(json!({"requestId": "1"})).is_err());
    for (wire, id) in [
        (json!({"controlledTickets": []}), ""),
        (json!({"requestId": null, "controlledTickets": []}), ""),
        (json!({"requestId": "a", "controlledTickets": []}), "a"),
        (json!({"requestId": 12, "controlledTickets": []}), "12"),
    ] {
        let call: ImportControlledTicketCall = from_value(wire).unwrap();
        assert_eq!(call.request_id, id);
    }
}

#[test]
fn an_import_is_answered_per_ticket() {
    let answer = ImportControlledTicketAnswer {
        ticket_results: vec![
            TicketResult::accepted(barcode()),
            TicketResult::refused(None, "this item cannot be read".to_owned()),
        ],
    };
    let wire = json!({
        "requestId": "batch-7",
        "statusCode": "OK",
        "ticketResults": [
            {"barcode": BARCODE},
            {"failureReason": "this item cannot be read"}
        ]
    });
    check(&Answer::ok("batch-7".to_owned(), answer.clone()), &wire);
    assert_eq!(
        from_value::<ImportControlledTicketAnswer>(wire).unwrap(),
        answer
    );
    let bare: ImportControlledTicketAnswer = from_value(json!({"statusCode": "OK"})).unwrap();
    assert_eq!(bare.ticket_results, []);
}

#[test]
fn a_failed_answer_is_a_status_and_nothing_else() {
    let failed: Answer<Catalogue> = Answer::failed(
        "r1".to_owned(),
        StatusCode::SeasonNotFound,
        "no season VN27".to_owned(),
    );
    let wire = json!({
        "requestId": "r1",
        "statusCode": "SEASON_NOT_FOUND",
        "statusDetail": "no season VN27"
    });
    check(&failed, &wire);
    assert_eq!(from_value::<AnswerStatus>(wire).unwrap(), failed.status);
    assert!(from_value::<AnswerStatus>(json!({"requestId": "r1"})).is_err());
}

#[test]
fn status_codes_read_back_as_written() {
    for (code, text, http) in [
        (StatusCode::Ok, "OK", 200),
        (StatusCode::InvalidRequest, "INVALID_REQUEST", 400),
        (StatusCode::TooManyTickets, "TOO_MANY_TICKETS", 413),
        (StatusCode::TicketNotFound, "TICKET_NOT_FOUND", 200),
        (StatusCode::SeasonNotFound, "SEASON_NOT_FOUND", 200),
        (StatusCode::InternalError, "INTERNAL_ERROR", 500),
        (StatusCode::Other("E17".to_owned()), "E17", 400),
    ] {
        assert_eq!(to_value(&code).unwrap(), json!(text));
        assert_eq!(from_value::<StatusCode>(json!(text)).unwrap(), code);
        assert_eq!(code.http_status(), http);
    }
}

#[test]
fn get_controlled_ticket_gives_the_ticket_and_its_controls() {
    check(
        &GetControlledTicketRequest {
            bar_code_or_tax_number: barcode(),
        },
        &json!({"barCodeOrTaxNumber": BARCODE}),
    );
    let answer = ControlledTicketAnswer {
        controlled_ticket_data: ControlledTicketData {
            barcode: barcode(),
            container_ticket: false,
            control_operations: vec![ControlOperation {
                control_operation_type: ControlOperationType::OfflineOk,
                operation_date_time: "2026-07-14T07:00:00.114Z".parse().unwrap(),
            }],
            duplicate: false,
            state: ValidityState::Valid,
            ticket_kind: TicketKind::ThirdParty,
        },
    };
    let data = json!({
        "barcode": BARCODE,
        "containerTicket": false,
        "controlOperations": [{
            "controlOperationType": "OFFLINE_OK",
            "operationDateTime": "2026-07-14T07:00:00.114Z"
        }],
        "duplicate": false,
        "state": "VALID",
        "ticketKind": "THIRD_PARTY"
    });
    check(
        &Answer::ok("r2".to_owned(), answer.clone()),
        &json!({"requestId": "r2", "statusCode": "OK", "controlledTicketData": data}),
    );
    assert_eq!(
        from_value::<ControlledTicketAnswer>(json!({"controlledTicketData": data})).unwrap(),
        answer
    );
}

#[test]
fn the_words_of_a_ticket_are_the_documented_ones() {
    for (kind, text) in [
        (ControlOperationType::Ok, "OK"),
        (ControlOperationType::OfflineOk, "OFFLINE_OK"),
        (ControlOperationType::Fail, "FAIL"),
        (ControlOperationType::OfflineFail, "OFFLINE_FAIL"),
        (
            ControlOperationType::InvalidatedTicket,
            "INVALIDATED_TICKET",
        ),
        (ControlOperationType::CancelledTicket, "CANCELLED_TICKET"),
    ] {
        check(&kind, &json!(text));
    }
    check(&ValidityState::Cancelled, &json!("CANCELLED"));
    check(&TicketKind::Other("OWN".to_owned()), &json!("OWN"));
}

#[test]
fn the_catalogue_tells_whether_a_product_can_be_sold_by_scans() {
    check(
        &GetAccessControlCatalogRequest {
            request_id: "r3".to_owned(),
            season_code: Some("VN26".parse().unwrap()),
        },
        &json!({"requestId": "r3", "seasonCode": "VN26"}),
    );
    let catalogue: Catalogue = from_value(json!({
        "requestId": "r3",
        "statusCode": "OK",
        "seasons": [
            {"code": "VN25", "name": "Saison 2025"},
            {"code": "VN26", "name": "Saison 2026", "products": [
                {"code": "PASSVN", "name": "Pass", "family": "OPEN_PASS"},
                {"code": "VISIT", "name": "Visite", "family": "SINGLE_ENTRY"}
            ]}
        ]
    }))
    .unwrap();
    for (season, product, finding) in [
        ("VN26", "PASSVN", Offer::OpenPass),
        ("VN26", "VISIT", Offer::NotOpenPass),
        ("VN26", "PASSVN2", Offer::ProductUnknown),
        ("VN25", "PASSVN", Offer::ProductUnknown),
        ("VN27", "PASSVN", Offer::SeasonUnknown),
    ] {
        let season: SeasonCode = season.parse().unwrap();
        let product: ProductCode = product.parse().unwrap();
        assert_eq!(
            catalogue.find(&season, &product),
            finding,
            "{season} {product}"
        );
    }
    let again: Catalogue = from_value(to_value(&catalogue).unwrap()).unwrap();
    assert_eq!(again, catalogue);
}

#[test]
fn the_time_zone_is_named() {
    check(
        &GetTimeZoneRequest {
            request_id: "r4".to_owned(),
        },
        &json!({"requestId": "r4"}),
    );
    let answer = TimeZoneAnswer {
        time_zone: "Europe/Paris".parse().unwrap(),
    };
    check(
        &Answer::ok("r4".to_owned(), answer),
        &json!({"requestId": "r4", "statusCode": "OK", "timeZone": "Europe/Paris"}),
    );
    assert!(from_value::<TimeZoneAnswer>(json!({"timeZone": "Atlantis"})).is_err());
}
