//! What every method sends, and what is made of what comes back, whatever it repeats.

use super::*;

/// Each call has an id of its own, in the configured kind, whatever the method.
#[tokio::test]
async fn every_method_sends_an_id_of_the_configured_kind() {
    let service = Service::json(200, json!({"statusCode": "OK"})).await;
    let settings = ClientSettings {
        request_ids: RequestIds::Text,
        ..service.settings()
    };
    let client = client(settings);
    client.probe().await;
    let _ = client
        .get_controlled_ticket(&BARCODE.parse().unwrap())
        .await;
    client.import_controlled_ticket(&batch(1)).await.unwrap();
    let asked = service.asked().into_iter();
    let ids: Vec<_> = asked.map(|asked| asked.body["requestId"].clone()).collect();
    let expected = ["probe-", "probe-", "", "probe-", "", "batch-7-"].iter();
    let expected = expected
        .zip(NUMBER..)
        .map(|(text, number)| json!(format!("{text}{number}")));
    assert_eq!(ids, expected.collect::<Vec<_>>());
}

/// Whatever the other side repeats of a call: no message, no list of names and no file
/// has the password, a token, or a card number.
#[tokio::test]
async fn what_the_other_side_echoes_is_scrubbed() {
    let password = "correct horse";
    let token = token::mint(&Claims::new(&caller(), now(), 30), &caller().password);
    let echo = format!("{password} Bearer {token} proxy-horse 2999 7501 2026 12-34-56-78");
    // The stand-in is asked as if it were the proxy.
    let settings = |service: &Service| ClientSettings {
        proxy: Some(format!("http://me:proxy-horse@{}", service.address).into()),
        ..service.settings()
    };
    let secrets = [password, "eyJ", "proxy-horse", "7501", "34-56"];
    for (status, body) in [
        (
            200,
            json!({"statusCode": "OK", "echo": {echo.clone(): echo}}),
        ),
        (200, json!({"statusCode": echo, "statusDetail": echo})),
        (
            200,
            json!({"statusCode": "INTERNAL_ERROR", "statusDetail": echo}),
        ),
        (400, json!({"statusCode": "NO", "statusDetail": echo})),
        (
            200,
            json!({"statusCode": "OK", "timeZone": echo, "seasons": echo,
                     "controlledTicketData": echo, "ticketResults": echo}),
        ),
    ] {
        let client = client(settings(&Service::json(status, body.clone()).await));
        for probe in client.probe().await {
            let kept = match &probe.understood {
                Err(error) => causes(error),
                Ok(understood) => format!("{understood:?}"),
            };
            for secret in secrets {
                let shown = [&probe.body, &kept];
                assert!(shown.iter().all(|text| !text.contains(secret)), "{probe:?}");
            }
            if let Err(CallError::UnusualAnswer { names, .. }) = &probe.understood {
                let names = format!("{names:?}");
                assert!(
                    !names.contains(password) && !names.contains("eyJ"),
                    "{names}"
                );
            }
        }
    }
    let body = json!({"statusCode": "OK", "ticketResults": [
        {"barcode": BARCODE, "failureReason": echo}
    ]});
    let client = client(settings(&Service::json(200, body).await));
    let answer = client.import_controlled_ticket(&batch(1)).await.unwrap();
    let reason = answer.ticket_results[0].failure_reason.clone().unwrap();
    assert_eq!(reason, "… Bearer … … …");
}

/// What no further call would change ends the probe.
#[tokio::test]
async fn a_probe_stops_where_every_call_would_come_to_the_same() {
    for (status, calls) in [(429, 1), (509, 1), (401, 1), (407, 1), (503, 4), (400, 4)] {
        let service = Service::json(status, json!({})).await;
        let probes = service.client().probe().await;
        assert_eq!(
            (probes.len(), service.asked().len()),
            (calls, calls),
            "{status}"
        );
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let settings = ClientSettings {
        proxy: Some(format!("http://me:horse@{address}").into()),
        ..ClientSettings::new("http://villen.example.org/v1_4".to_owned(), caller())
    };
    let probes = client(settings).probe().await;
    assert_eq!(probes.len(), 1);
    let error = causes(probes[0].understood.as_ref().unwrap_err());
    let says = format!("by way of the proxy {address}");
    assert!(error.contains(&says) && !error.contains("horse"), "{error}");
}
