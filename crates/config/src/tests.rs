use super::*;
use secrecy::ExposeSecret;

fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::parse(text, Path::new("p.toml"), PathBuf::new(), &variables)
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
