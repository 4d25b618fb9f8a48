use super::*;
use overlay::Fault;
use secrecy::ExposeSecret;

fn reading(text: &str, variables: &[(&str, &str)]) -> Reading<Config> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::reading(Path::new("p.toml"), text, &variables)
}

pub(crate) fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, Mistake> {
    reading(text, variables).flawless()
}

#[test]
fn an_empty_file_is_the_defaults() {
    let config = parse("", &[]).unwrap();
    assert!(config.has(Role::Gate) && config.has(Role::BoxOffice));
    assert_eq!(config.otipass.decision_budget_ms, 1500);
    assert_eq!(config.gate.offline_policy, OfflinePolicy::DetectionOnly);
}

#[test]
fn an_unknown_key_is_refused_where_it_stands() {
    let error = parse("[server]\nlisten = \"127.0.0.1:1\"\nport = 3\n", &[]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("p.toml, line 3: ") && text.contains("port"),
        "{text}"
    );
}

#[test]
fn the_environment_stands_over_the_file() {
    let config = parse(
        "[otipass]\nusername = \"file\"\n",
        &[
            ("PASSERELLE_OTIPASS__USERNAME", "4711"),
            ("PASSERELLE_OTIPASS__DECISION_BUDGET_MS", "800"),
            ("PASSERELLE_OTIPASS__PASSWORD", "0123"),
        ],
    )
    .unwrap();
    assert_eq!(config.otipass.username, "4711");
    assert_eq!(config.otipass.decision_budget_ms, 800);
    let otipass::Credentials::Basic { password, .. } = config.credentials().unwrap() else {
        panic!("basic credentials were given");
    };
    assert_eq!(password.expose_secret(), "0123");
}

#[test]
fn another_ones_ticketing_is_called_as_its_owner_asks() {
    let settings = |text: &str| {
        let config = parse(text, &[]).unwrap();
        let caller = config.ticketing_caller("VILLEN".parse().unwrap(), "secret".into());
        config.ticketing("http://127.0.0.1:1/v1_4".to_owned(), caller)
    };
    // Our own knows nothing of what is said of another's.
    let ours = settings("[access_control]\ncancelled_word = \"\"\ntoken_lifetime_s = 900\n");
    let ours = ours.unwrap();
    assert_eq!(ours.calls_per_minute.get(), 60);
    assert_eq!(ours.cancelled_word, "CANCELLED_TICKET");
    assert_eq!(ours.token, TokenStyle::default());

    let url = "[access_control]\nurl = \"http://127.0.0.1:1/v1_4\"\n";
    let another = settings(url).unwrap();
    assert_eq!(another.calls_per_minute.get(), 1);
    assert_eq!(another.request_ids, RequestIds::Number);
    assert_eq!(another.caller.issuer, "VILLEN");
    let all = format!(
        "{url}issuer = \"PARTNER\"\ntoken_lifetime_s = 900\ntoken_times = \"milliseconds\"\n\
         request_ids = \"text\"\ncancelled_word = \" \"\ntimeout_ms = 5\n\
         proxy = \"http://proxy.example.org:3128\"\ncalls_per_minute = 7\n"
    );
    let another = settings(&all).unwrap();
    assert_eq!(another.caller.issuer, "PARTNER");
    assert_eq!(another.token.unit, TimeUnit::Milliseconds);
    assert_eq!(another.token.lifetime_s, 900);
    assert_eq!(another.request_ids, RequestIds::Text);
    assert_eq!(another.cancelled_word, "");
    assert_eq!((another.timeout_ms, another.calls_per_minute.get()), (5, 7));
    let proxy = another.proxy.unwrap();
    assert_eq!(proxy.expose_secret(), "http://proxy.example.org:3128");
    let lost = settings(&format!("{url}authority_file = \"nowhere.pem\"\n"));
    assert!(matches!(lost, Err(ConfigError::Authority { .. })));
    assert!(parse("[access_control]\ntoken_times = \"days\"\n", &[]).is_err());
    assert!(parse("[access_control]\ncalls_per_minute = 0\n", &[]).is_err());
}

#[test]
fn a_wrong_variable_is_named() {
    let error = parse("", &[("PASSERELLE_OTIPASS__COLOUR", "red")]).unwrap_err();
    assert!(
        error.to_string().contains("PASSERELLE_OTIPASS__COLOUR"),
        "{error}"
    );
}

#[test]
fn a_secret_in_the_file_is_refused() {
    let error = parse("[otipass]\npassword = \"x\"\n", &[]).unwrap_err();
    assert!(error.to_string().contains("line 2") && error.to_string().contains("password_file"));
}

#[test]
fn every_value_knows_where_it_comes_from() {
    let config = parse(
        "[server]\nlisten = \"127.0.0.1:1\"\n\n[otipass]\n  url = \"a\"\nusername = \"b\"\n",
        &[
            ("PASSERELLE_OTIPASS__URL", "c"),
            ("PASSERELLE_OTIPASS__DIGITS", "{ min = 8, max = 9 }"),
            ("PASSERELLE_RETENTION__CARD_NUMBERS_DAYS", "7"),
        ],
    )
    .unwrap();
    assert_eq!(config.otipass.url, "c");
    assert_eq!(config.retention.card_numbers_days, 7);
    for (key, origin) in [
        ("server", "p.toml:1:2"),
        ("server.listen", "p.toml:2:1"),
        ("otipass.url", "PASSERELLE_OTIPASS__URL"),
        ("otipass.username", "p.toml:6:1"),
        ("otipass.digits.max", "PASSERELLE_OTIPASS__DIGITS"),
        (
            "retention.card_numbers_days",
            "PASSERELLE_RETENTION__CARD_NUMBERS_DAYS",
        ),
    ] {
        let found = config
            .origins
            .of(key)
            .map(|at| at.in_language(kernel::Language::En));
        assert_eq!(found.as_deref(), Some(origin), "{key}");
    }
    assert_eq!(config.origins.of("otipass.proxy"), None);
}

#[test]
fn one_mistake_hides_no_other() {
    let text = "[server]\nport = 3\nlisten = \"127.0.0.1:1\"\n[otipas]\nx = 1\n[otipass]\nurl = 5\n\
                password = \"x\"\nusername = \"kept\"\nwhen_silent = admit\n\
                [otipass.contract]\ncolour = 1\n[gate]\noffline_policy = \"never\"\n";
    let variables = [
        ("PASSERELLE_GATE__COLOUR", "red"),
        ("PASSERELLE_OTIPASS__DECISION_BUDGET_MS", "soon"),
        ("PASSERELLE_SERVER__LISTEN__PORT", "3"),
    ];
    let reading = reading(text, &variables);
    let found: Vec<_> = reading
        .mistakes
        .iter()
        .map(|m| {
            (
                m.origin.in_language(kernel::Language::En),
                m.key.as_str(),
                m.fault,
            )
        })
        .collect();
    let expected = [
        ("p.toml:2:1", "server.port", Fault::Unknown),
        ("p.toml:4:2", "otipas", Fault::Unknown),
        ("p.toml:7:1", "otipass.url", Fault::Value),
        ("p.toml:8:1", "otipass.password", Fault::Secret),
        ("p.toml:10:15", "", Fault::Syntax),
        ("p.toml:12:1", "otipass.contract.colour", Fault::Unknown),
        ("p.toml:14:1", "gate.offline_policy", Fault::Value),
        ("PASSERELLE_GATE__COLOUR", "gate.colour", Fault::Unknown),
        (
            "PASSERELLE_OTIPASS__DECISION_BUDGET_MS",
            "otipass.decision_budget_ms",
            Fault::Value,
        ),
        (
            "PASSERELLE_SERVER__LISTEN__PORT",
            "server.listen.port",
            Fault::Value,
        ),
    ]
    .map(|(origin, key, fault)| (origin.to_owned(), key, fault));
    assert_eq!(found, expected);
    assert_eq!(reading.value.otipass.username, "kept");
    assert_eq!(reading.value.server.listen.port(), 1);
}

#[test]
fn a_whole_section_can_come_from_variables() {
    let issuer = ("PASSERELLE_OFFICE__OIDC__ISSUER", "https://id.example");
    let id = ("PASSERELLE_OFFICE__OIDC__CLIENT_ID", "4711");
    let config = parse("", &[issuer, id]).unwrap();
    let oidc = config.office.oidc.unwrap();
    assert_eq!(
        (&*oidc.issuer, &*oidc.client_id),
        ("https://id.example", "4711")
    );
    let error = parse("", &[issuer]).unwrap_err().to_string();
    assert!(
        error.contains(issuer.0) && error.contains("client_id"),
        "{error}"
    );
}
