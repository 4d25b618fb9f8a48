//! A ticketing that is not ours, before the first visitor: what the doctor says of it,
//! and what `passerelle ticketing probe` makes of it.

use crate::doctor::set_up::{OPERATOR_PASSWORD, SetUp};
use crate::serve::tls;
use sandbox::Way::{self, *};
use sandbox::{ForeignSettings, ForeignTicketing, serve_foreign};
use serde_json::Value;
use stage::Program;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;

/// A healthy set-up whose ticketing is not ours.
async fn with_foreign(ways: &[Way], more: &str) -> SetUp {
    let set_up = SetUp::healthy();
    let products = ["PASSVN", "PASSVN2", "PASSVN3"];
    let settings = ForeignSettings {
        institution: "VILLEN".to_owned(),
        operator: "GATE".to_owned(),
        password: OPERATOR_PASSWORD.into(),
        seasons: [(
            "VN26".parse().unwrap(),
            products.map(|code| code.parse().unwrap()).into(),
        )]
        .into(),
        zone: "Europe/Paris".parse().unwrap(),
        clock: Arc::new(kernel::SystemClock),
    };
    let ticketing = ForeignTicketing::new(settings, ways.iter().copied());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1_4", listener.local_addr().unwrap());
    tokio::spawn(serve_foreign(listener, ticketing, std::future::pending()));
    set_up.replace("passerelle.toml", "listen", "roles = [\"gate\"]\nlisten");
    set_up.append(
        "passerelle.toml",
        &format!(
            "[access_control]\nurl = \"{url}\"\noperator = \"GATE\"\n\
             password_file = \"operator.password\"\n{more}\n"
        ),
    );
    set_up
}

/// What the doctor says of ticketing: codes, mistakes first.
async fn said(ways: &[Way], more: &str) -> Vec<String> {
    let findings = with_foreign(ways, more).await.findings().await;
    let of_ticketing = findings.into_iter().filter(|f| f.part == "ticketing");
    let shown = of_ticketing.map(|f| format!("{} {}", f.severity, f.code));
    shown.collect()
}

#[tokio::test]
async fn the_doctor_says_before_the_first_visitor_what_will_go_wrong() {
    let unusual = "warning ticketing_shape_unknown";
    let none = "mistake ticketing_names_none";
    // One case, one line.
    #[rustfmt::skip]
    let cases: [(&[Way], &str, &[&str]); 16] = [
        (&[], "", &[unusual, unusual]),
        (&[NoSeason], "", &[none, unusual, unusual]),
        (&[OurShapes], "", &[]),
        (&[OurShapes, Sparse, SmallOk], "", &[]),
        (&[OurShapes, FreshTokens], "", &[]),
        (&[OurShapes, Unauthorised], "", &["mistake ticketing_credentials_refused"]),
        (&[OurShapes, Partner], "", &["mistake ticketing_credentials_refused"]),
        (&[OurShapes, Partner], "issuer = \"PARTNER\"", &[]),
        (&[OurShapes, Milliseconds], "", &["mistake ticketing_credentials_refused"]),
        (&[OurShapes, Milliseconds, LongTokens], "token_times = \"milliseconds\"\ntoken_lifetime_s = 900", &[]),
        (&[OurShapes, TextIds], "", &["mistake ticketing_refused"]),
        (&[OurShapes, TextIds], "request_ids = \"text\"", &[]),
        (&[Proxy], "", &["mistake ticketing_proxy_refused"]),
        (&[Portal], "", &["mistake ticketing_refused"]),
        (&[Busy503], "", &["mistake ticketing_unreachable"]),
        (&[OurShapes], "proxy = \"http://\"", &["mistake ticketing_proxy_wrong"]),
    ];
    for (ways, more, expected) in cases {
        assert_eq!(said(ways, more).await, expected, "{ways:?} {more}");
    }
    let one = with_foreign(&[], "").await;
    let mapping = one.read("mapping.json").replace("PASSVN3", "PASSVN9");
    one.write("mapping.json", &mapping);
    let found = one.findings().await;
    let unnamed = found.iter().find(|f| f.code == "ticketing_names_no");
    let unnamed = unnamed.unwrap();
    assert!(unnamed.severity == "warning" && unnamed.what.contains("PASSVN9"));
    let none = said(&[OurShapes, NoSeason], "").await;
    assert!(
        !none.is_empty() && none.iter().all(|f| f == "mistake season_unknown"),
        "{none:?}"
    );
}

/// The exit code of the probe, what it prints, and what it saves.
async fn probe(mut command: Command, file: &std::path::Path) -> (i32, String, Value) {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await;
    let output = output.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaints, "");
    let saved = std::fs::read_to_string(file).unwrap();
    assert!(
        !saved.contains(OPERATOR_PASSWORD) && !saved.contains("Bearer"),
        "{saved}"
    );
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let saved = serde_json::from_str(&saved).unwrap();
    (output.status.code().unwrap(), printed, saved)
}

#[tokio::test]
async fn the_probe_asks_each_harmless_method_once_and_says_what_it_means() {
    let all = [
        "getTimeZone",
        "getAccessControlCatalog",
        "getControlledTicket",
        "importControlledTicket",
    ];
    let right = "names every season and product that is mapped. Nothing was delivered yet.";
    let text_ids = "request_ids = \"text\"";
    // One case, one line.
    #[rustfmt::skip]
    let cases: [(&[Way], &str, i32, &str, usize); 16] = [
        (&[], "", 0, right, 4),
        (&[], "", 0, "it names PASSVN, PASSVN2, PASSVN3, VN26", 4),
        (&[], "", 0, "is not needed for deliveries", 4),
        (&[OurShapes], "", 0, "understood: 1 season(s), 3 product(s)", 4),
        (&[OurShapes, NoSeason], "", 1, "no product", 4),
        (&[NoSeason], "", 1, "no product", 4),
        (&[Milliseconds], "", 1, "token_times", 1),
        (&[Proxy], "", 1, "A proxy on the way refuses us", 1),
        (&[TextIds], "", 1, "request_ids", 4),
        (&[TextIds], text_ids, 0, "refuses the call (TICKET)", 4),
        (&[Portal], "", 1, "is not the service", 4),
        (&[Half], "", 1, "its answer ends in the middle", 4),
        (&[Busy509], "", 1, "takes no more calls", 1),
        (&[Busy503], "", 1, "Wait, and try again", 4),
        (&[Wrapped], "", 1, "in a shape that Passerelle does not know", 4),
        (&[Slow], "timeout_ms = 100", 1, "did not answer in time", 4),
    ];
    for (ways, more, exit, says, calls) in cases {
        let case = format!("{ways:?} {more}");
        let set_up = with_foreign(ways, more).await;
        let file = set_up.path("probe.json");
        let command = set_up.command(&["ticketing", "probe", "--to", file.to_str().unwrap()]);
        let (code, printed, saved) = probe(command, &file).await;
        assert_eq!(code, exit, "{case}: {printed}");
        assert!(printed.contains(says), "{case}: {printed}");
        let methods = saved["calls"].as_array().unwrap().iter();
        let methods: Vec<_> = methods
            .map(|call| call["method"].as_str().unwrap())
            .collect();
        assert_eq!(methods, all[..calls], "{case}");
        for method in &all[..calls] {
            assert!(printed.contains(method), "{case}: {printed}");
        }
    }
}

/// A catalogue of any shape is held against the mapping.
#[tokio::test]
async fn the_probe_names_what_is_mapped_and_not_in_the_catalogue() {
    for ways in [&[][..], &[OurShapes]] {
        for (from, to, says) in [
            ("VN26", "VN25", "not name what is mapped: season VN25."),
            (
                "PASSVN3",
                "OTHER",
                "not name what is mapped: product OTHER in VN26.",
            ),
            ("{", "", "no mapping parameters without mistakes"),
        ] {
            let set_up = with_foreign(ways, "").await;
            let mapping = set_up.read("mapping.json").replace(from, to);
            set_up.write("mapping.json", &mapping);
            let file = set_up.path("probe.json");
            let command = set_up.command(&["ticketing", "probe", "--to", file.to_str().unwrap()]);
            let institution = "PASSERELLE_ACCESS_CONTROL__INSTITUTION";
            let mut command = command;
            command.env(institution, "VILLEN");
            let (code, printed, _) = probe(command, &file).await;
            assert_eq!(code, 1, "{ways:?} {to}: {printed}");
            assert!(printed.contains(says), "{ways:?} {to}: {printed}");
        }
    }
}

/// The password of a user in the URL would go out instead of the token.
#[tokio::test]
async fn a_user_in_the_url_is_refused_by_the_doctor_and_by_whoever_calls() {
    let set_up = with_foreign(&[OurShapes], "").await;
    let url = "[access_control]\nurl = \"http://";
    let with_user = format!("{url}op:sesame@");
    set_up.replace("passerelle.toml", url, &with_user);
    let findings = set_up.findings().await;
    assert!(findings.iter().any(|f| f.code == "ticketing_url_wrong"));
    for command in [&["ticketing", "probe"][..], &["serve"]] {
        let mut command = set_up.command(command);
        command.env("PASSERELLE_SERVER__LISTEN", "127.0.0.1:0");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await;
        let output = output.unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{complaint}");
        assert!(
            complaint.contains("has a user name or password"),
            "{complaint}"
        );
        assert!(!complaint.contains("sesame"), "{complaint}");
    }
}

#[tokio::test]
async fn where_ticketing_is_the_service_itself_the_probe_says_so() {
    let set_up = SetUp::healthy();
    let mut command = set_up.command(&["ticketing", "probe"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await;
    let output = output.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(
        printed.starts_with("Ticketing is this service itself"),
        "{printed}"
    );
    assert!(printed.contains("passerelle doctor"), "{printed}");
}

/// Our own box office, behind a certificate of a private authority.
#[tokio::test]
async fn the_probe_of_our_own_box_office_understands_everything() {
    let issued = tls::issue();
    let password = "[access_control]\npassword_file = \"operator.password\"\n";
    let configuration = format!("{}{password}", tls::CONFIGURATION);
    let mut service = tls::prepared(&configuration, &issued);
    service.write("operator.password", OPERATOR_PASSWORD);
    service.start();
    let url = tls::url(&service, server::ACCESS_CONTROL_PATH);
    let ask = |service: &Program, name: &str, more: &str| {
        let config = format!(
            "[server]\nroles = [\"gate\"]\n[access_control]\nurl = \"{url}\"\n\
             institution = \"VILLEN\"\npassword_file = \"operator.password\"\n{more}\
             [set_up]\nmapping = \"mapping.json\"\n"
        );
        service.write(name, &config);
        let (config, file) = (service.path(name), service.path(&format!("{name}.json")));
        let mut command = service.command(&["ticketing", "probe"]);
        command.arg("--to").arg(&file).arg("--config").arg(config);
        (command, file)
    };
    let authority = "authority_file = \"tls/certificate.pem\"\n";
    let (command, file) = ask(&service, "trusted.toml", authority);
    let (code, printed, saved) = probe(command, &file).await;
    assert_eq!(code, 0, "{printed}");
    assert_eq!(printed.matches("understood: ").count(), 4, "{printed}");
    assert_eq!(saved["calls"][0]["http_status"], 200);

    let (command, file) = ask(&service, "stranger.toml", "");
    let (code, printed, _) = probe(command, &file).await;
    assert_eq!(code, 1, "{printed}");
    assert!(printed.contains("authority_file"), "{printed}");

    service.stop();
}

/// Where ticketing is elsewhere, no command gives a nought for what is not known here,
/// or does what the other does; and nothing is in order while ticketing takes nothing.
#[tokio::test]
async fn commands_say_that_the_books_are_elsewhere_and_what_ticketing_does_not_take() {
    let set_up = with_foreign(&[Unauthorised], "").await;
    let db = set_up.db().await;
    let file = set_up.path("sales.csv");
    std::fs::write(&file, "").unwrap();
    let elsewhere = "This service keeps no ticketing";
    let run = async |arguments: &[&str]| {
        let mut command = set_up.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await;
        let output = output.unwrap();
        let [printed, complaint] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code().unwrap(), printed, complaint)
    };
    for report in [
        &["report", "sales"][..],
        &["report", "account"],
        &["sales", "list"],
    ] {
        let (code, printed, complaint) = run(report).await;
        assert!(
            code == 0 && printed.starts_with(elsewhere),
            "{report:?}: {printed}"
        );
        assert_eq!(complaint, "");
        let (code, printed, complaint) = run(&[report, &["--format", "json"]].concat()).await;
        assert!(
            code == 0 && complaint.starts_with(elsewhere),
            "{report:?}: {complaint}"
        );
        assert!(serde_json::from_str::<Value>(&printed).is_ok(), "{printed}");
    }
    let (_, printed, _) = run(&["report", "attendance"]).await;
    assert!(printed.starts_with("Attendance"), "{printed}");
    for act in [
        &["sales", "run"][..],
        &["sales", "import", file.to_str().unwrap()],
        &["sales", "map", "PASSVN", "T1"],
    ] {
        let (code, printed, complaint) = run(act).await;
        assert!(
            complaint.contains(elsewhere),
            "{act:?}: {printed}{complaint}"
        );
        assert_ne!(code, 0, "{act:?}");
    }
    assert_eq!(run(&["reconcile", "--ask", "0"]).await.0, 0);
    db.write("trouble", |tx| {
        let sql = "INSERT INTO gate_ticketing_trouble (lane, since, latest, cause, reason)
                   VALUES ('line', 0, 0, 'token_refused', '401')";
        tx.execute(sql, db::params![])
    })
    .await
    .unwrap();
    let (code, printed, _) = run(&["reconcile", "--ask", "0"]).await;
    assert_eq!(code, 1, "{printed}");
    let says =
        "Since 1970-01-01T00:00:00.000Z, ticketing takes no call: It does not accept our token";
    assert!(printed.starts_with(says), "{printed}");
    let (_, printed, _) = run(&["reconcile", "--ask", "0", "--format", "json"]).await;
    let books: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(books["ticketing_takes_none"][0]["of"], "call");
    assert_eq!(books["accepted_checks"], 0);
}

#[tokio::test]
async fn the_probe_speaks_french() {
    for (ways, says) in [
        (&[OurShapes][..], "Adresse, jeton et méthodes sont bons"),
        (&[OurShapes], "méthode"),
        (
            &[OurShapes, Unauthorised],
            "ne prend pas notre jeton. Comparez",
        ),
        (
            &[OurShapes, Unauthorised],
            "n’accepte pas notre jeton\u{a0}; comparez",
        ),
        (&[Busy503], "il répond HTTP 503"),
    ] {
        let set_up = with_foreign(ways, "").await;
        let file = set_up.path("probe.json");
        let mut command = set_up.command(&["ticketing", "probe", "--to", file.to_str().unwrap()]);
        command.env("LC_ALL", "fr_FR.UTF-8");
        let (_, printed, _) = probe(command, &file).await;
        assert!(printed.contains(says), "{says}: {printed}");
        for english in [" the ", " is ", " not ", "understood"] {
            assert!(!printed.contains(english), "{english}: {printed}");
        }
    }
}
