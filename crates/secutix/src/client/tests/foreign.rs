//! A service that is not ours: how it says yes, how it wants to be asked, and what
//! stands before it.

use super::*;
use crate::token::{TimeUnit, TokenStyle};
use crate::wire::ReadTicket;

/// Every way of saying that two tickets were taken.
#[tokio::test]
async fn a_success_is_understood_however_it_is_said() {
    let null = json!(null);
    for (status, results) in [
        (json!("OK"), null.clone()),
        (json!("ok"), json!([])),
        (json!("success"), null.clone()),
        (
            json!(" SUCCESS "),
            json!([{"barcode": BARCODE}, {"barcode": null}]),
        ),
        (
            json!("Success"),
            json!([{"barcode": 5, "failureReason": "OK", "new": {"x": [null]}}, {"failureReason": ""}]),
        ),
    ] {
        let body = json!({"requestId": null, "statusCode": status, "statusDetail": null,
                          "ticketResults": results, "other": [1, null]});
        let service = Service::json(200, body.clone()).await;
        let answer = service.client().import_controlled_ticket(&batch(2)).await;
        let results = answer.unwrap().ticket_results;
        assert!(
            results.iter().all(|result| result.failure_reason.is_none()),
            "{body}: {results:?}"
        );
    }
    // A list of what failed, in any case and number for text.
    let body = json!({"statusCode": "success", "ticketResults": [
        {"barcode": BARCODE, "failureReason": 17}
    ]});
    let client = Service::json(200, body).await.client();
    let mut two = batch(2);
    let other: ControlBarcode = "OTI1".parse().unwrap();
    two.controlled_tickets[0].barcode = other.clone();
    let answer = client.import_controlled_ticket(&two).await.unwrap();
    let failed = TicketResult::refused(Some(BARCODE.parse().unwrap()), "17".to_owned());
    let taken = TicketResult::accepted(other);
    assert_eq!(answer.ticket_results, [taken, failed]);
    for not in [json!("failure"), json!("KO"), json!(17), json!("ERROR_OK")] {
        let service = Service::json(200, json!({"statusCode": not})).await;
        let error = service.client().import_controlled_ticket(&batch(2)).await;
        assert_eq!(error.unwrap_err().fault(), Fault::Content, "{not}");
    }
}

/// Each result finds its ticket, by the barcode it bears or by its place, or the call is
/// not done.
#[tokio::test]
async fn a_result_belongs_to_the_barcode_it_bears_however_it_is_spelt() {
    let mut two = batch(2);
    let barcodes: [ControlBarcode; 2] = ["OTI1A", "OTI2A"].map(|text| text.parse().unwrap());
    for (ticket, barcode) in two.controlled_tickets.iter_mut().zip(&barcodes) {
        ticket.barcode = barcode.clone();
    }
    let no = |barcode: &str| json!({"barcode": barcode, "failureReason": "no"});
    let yes = |barcode: &str| json!({"barcode": barcode, "failureReason": null});
    for (results, refused) in [
        (json!([]), Some([false, false])),
        (json!([yes("OTI1A"), no("OTI2A")]), Some([false, true])),
        (json!([no("OTI2A"), yes("OTI1A")]), Some([false, true])),
        (json!([no("oti2a"), yes("oti1a")]), Some([false, true])),
        (
            json!([{"failureReason": "no"}, yes("OTI2A")]),
            Some([true, false]),
        ),
        // Spelt so that nobody knows which is meant, and one for each.
        (json!([yes("1A"), no("2A")]), Some([false, true])),
        (json!([no("2A"), yes("OTI2A")]), Some([true, false])),
        // What failed only.
        (json!([no("OTI1A")]), Some([true, false])),
        (json!([no("oti2a")]), Some([false, true])),
        (json!([no("2A")]), None),
        (json!([{"barcode": null, "failureReason": "no"}]), None),
        // What was taken only, and one for both.
        (json!([yes("OTI1A")]), None),
        (json!([yes("OTI1A"), yes("OTI1A")]), None),
        (json!([yes("OTI1A"), yes("OTI2A"), no("OTI3A")]), None),
        (
            json!([{"barcode": "OTI1A", "failureReason": {"code": 17}}, yes("OTI2A")]),
            None,
        ),
        (json!({"ticketResult": [yes("OTI1A"), yes("OTI2A")]}), None),
    ] {
        let body = json!({"statusCode": "success", "ticketResults": results});
        let service = Service::json(200, body).await;
        match (
            service.client().import_controlled_ticket(&two).await,
            refused,
        ) {
            (Ok(answer), Some(refused)) if !answer.ticket_results.is_empty() => {
                let results = answer.ticket_results.into_iter();
                let results: Vec<_> = results
                    .map(|result| (result.barcode.unwrap(), result.failure_reason.is_some()))
                    .collect();
                let expected: Vec<_> = barcodes.iter().cloned().zip(refused).collect();
                assert_eq!(results, expected);
            }
            (Ok(_), Some(refused)) => assert_eq!(refused, [false, false]),
            // Another call may be done; that one was not.
            (Err(error), None) => {
                assert!(
                    matches!(error, CallError::UnusualAnswer { .. }),
                    "{error:?}"
                );
                assert_eq!(error.fault(), Fault::Content);
            }
            (answer, _) => panic!("{results}: {answer:?}"),
        }
    }
}

/// Whatever can be withheld is.
#[tokio::test]
async fn a_ticket_and_a_catalogue_are_read_with_null_in_every_optional_place() {
    let body = json!({
        "requestId": null, "statusCode": "success", "statusDetail": null,
        "controlledTicketData": {
            "barcode": BARCODE, "containerIdentifier": null, "containerTicket": null,
            "controlOperations": null, "duplicate": null, "printingDateTime": null,
            "state": null, "taxNumber": null, "ticketKind": null,
            "ticketMedium": "PAPYRUS", "new": null
        },
        "seasons": [
            null,
            {"code": 2026, "name": null, "products": [{"code": 17, "name": null, "family": "OPEN_PASS"}]},
            {"code": "VN25", "products": null}
        ]
    });
    let client = Service::json(200, body).await.client();
    let barcode: ControlBarcode = BARCODE.parse().unwrap();
    let ticket = client.get_controlled_ticket(&barcode).await.unwrap();
    assert_eq!(ticket, Some(ReadTicket::default()));
    let catalogue = client.get_access_control_catalog("r1".to_owned(), None);
    let seasons = catalogue.await.unwrap().seasons;
    assert_eq!(seasons[0].code.as_str(), "2026");
    assert_eq!(seasons[0].products[0].code.as_str(), "17");
    assert!(seasons[1].products.is_empty());
}

/// Of what nobody documented, nothing is known; the rest is.
#[tokio::test]
async fn a_ticket_is_read_as_far_as_it_is_understood() {
    use crate::wire::{ControlOperationType as T, ValidityState};
    for (state, operations, read_state, read) in [
        (
            json!("CANCELLED"),
            json!([
                {"controlOperationType": "OFFLINE_OK", "operationDateTime": "2026-07-14T09:00:00+0200"},
                {"controlOperationType": "GROUP_OK", "operationDateTime": 1_784_012_400_114_i64},
                {"controlOperationType": "FAIL"},
                "FAIL"
            ]),
            Some(ValidityState::Cancelled),
            vec![Some(T::OfflineOk), None, Some(T::Fail), None],
        ),
        (json!("BLOCKED"), json!({"count": 2}), None, vec![]),
        (json!({"code": 1}), json!(2), None, vec![]),
    ] {
        let body = json!({"statusCode": "success", "controlledTicketData": {
            "state": state, "controlOperations": operations
        }});
        let client = Service::json(200, body).await.client();
        let ticket = client
            .get_controlled_ticket(&BARCODE.parse().unwrap())
            .await;
        let expected = ReadTicket {
            state: read_state,
            control_operations: read,
        };
        assert_eq!(ticket.unwrap(), Some(expected));
    }
}

#[tokio::test]
async fn a_call_is_written_as_this_service_wants_it() {
    let service = Service::json(200, json!({"statusCode": "OK"})).await;
    let mut caller = caller();
    caller.issuer = "PARTNER".to_owned();
    let client = client(ClientSettings {
        token: TokenStyle {
            lifetime_s: 900,
            unit: TimeUnit::Milliseconds,
        },
        request_ids: RequestIds::Text,
        cancelled_word: "FAIL".to_owned(),
        caller: caller.clone(),
        ..service.settings()
    });
    let mut request = batch(2);
    request.controlled_tickets[1].control_result = ControlResult::CancelledTicket;
    client.import_controlled_ticket(&request).await.unwrap();
    let asked = service.asked();
    assert_eq!(asked[0].body["requestId"], format!("batch-7-{NUMBER}"));
    let results = ["OK", "FAIL"];
    for (item, result) in results.iter().enumerate() {
        assert_eq!(
            asked[0].body["controlledTickets"][item]["controlResult"],
            *result
        );
    }
    let claims = bearer(&asked[0]);
    assert_eq!(claims.iss, "PARTNER");
    assert_eq!(claims.iat, now().millis());
    assert_eq!(claims.exp, now().millis() + 900_000);
}

#[tokio::test]
async fn no_two_calls_have_one_number_also_after_a_restart() {
    let service = Service::json(200, json!({"statusCode": "OK"})).await;
    let clock = ManualClock::new(now());
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let settings = service.settings();
        let client = AccessControlClient::new(settings, Arc::new(clock.clone())).unwrap();
        for _ in 0..3 {
            client.import_controlled_ticket(&batch(1)).await.unwrap();
        }
        clock.advance_ms(3_000);
    }
    for asked in service.asked() {
        numbers.push(asked.body["requestId"].as_i64().unwrap());
    }
    let expected: Vec<_> = (NUMBER..NUMBER + 6).collect();
    assert_eq!(numbers, expected);
    assert!(NUMBER < i64::from(i32::MAX));
}

/// A proxy of a museum: for https it is asked to open a tunnel, and refuses.
#[tokio::test]
async fn a_proxy_that_wants_credentials_is_named_as_what_it_is() {
    let service = Service::json(407, json!("who are you")).await;
    let error = time_zone_error(&service).await;
    assert!(matches!(error, CallError::ProxyCredentials), "{error:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let tunnel = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut asked = [0; 512];
        let length = connection.read(&mut asked).await.unwrap();
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        connection.write_all(refusal).await.unwrap();
        String::from_utf8(asked[..length].to_vec()).unwrap()
    };
    let client = client(ClientSettings {
        proxy: Some(proxy.into()),
        ..ClientSettings::new("https://villen.example.org/v1_4".to_owned(), caller())
    });
    let (error, asked) = tokio::join!(client.get_time_zone("r1".to_owned()), tunnel);
    let error = error.unwrap_err();
    assert!(
        asked.starts_with("CONNECT villen.example.org:443"),
        "{asked}"
    );
    assert!(matches!(error, CallError::ProxyCredentials), "{error:?}");
    assert_eq!(error.fault(), Fault::SetUp);
}

#[test]
fn a_wrong_proxy_or_authority_is_found_before_the_first_call() {
    let url = || "https://villen.example.org/v1_4".to_owned();
    let set_up = |settings: ClientSettings| {
        AccessControlClient::new(settings, Arc::new(ManualClock::new(now()))).unwrap_err()
    };
    let error = set_up(ClientSettings {
        proxy: Some("http://".into()),
        ..ClientSettings::new(url(), caller())
    });
    assert!(matches!(error, ClientSetupError::Proxy), "{error:?}");
    for pem in [
        "",
        "none",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let error = set_up(ClientSettings {
            authority_pem: Some(pem.into()),
            ..ClientSettings::new(url(), caller())
        });
        assert!(
            matches!(
                error,
                ClientSetupError::Authority | ClientSetupError::Http(_)
            ),
            "{pem}: {error:?}"
        );
    }
}
