//! Judges the interface to Otipass: URL, credentials, line and clock.

use super::facts::{Facts, root_cause};
use super::gathered::{Finding, Findings, Part};
use super::live::OtipassAnswer;
use super::source::InterfaceOrigin;
use kernel::causes;
use otipass::{AskError, Credentials, SettingsError, UrlMistake, check_url};
use secrecy::ExposeSecret;

/// How far a clock may be off.
pub const CLOCK_TOLERANCE_MS: i64 = 30_000;

pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = Findings::of(Part::Otipass);
    let otipass = &facts.config.otipass;
    if otipass.kind != "OTIPASS" {
        findings.mistake(
            "interface_type_unknown",
            facts.key("otipass", "type"),
            format!(
                "The interface's type is {:?}, which is not known.",
                otipass.kind
            ),
            "Write type = \"OTIPASS\", or leave it out.",
        );
    }
    url(facts, &mut findings);
    secret(facts, &mut findings);
    answer(facts, &mut findings);
    findings.into_list()
}

fn url(facts: &Facts, findings: &mut Findings) {
    let place = facts.interface_key("url");
    let url = &facts.interface.url;
    if url.trim().is_empty() {
        // It may only be misspelt, or nobody can tell.
        if facts.is_broken("otipass")
            || matches!(facts.interface.origin, InterfaceOrigin::Hidden(_))
        {
            return;
        }
        findings.mistake(
            "url_missing",
            place,
            "The URL of Otipass is missing.",
            "Enter the URL that Otipass gave, up to and with /api.",
        );
        return;
    }
    let project_id = facts.sketch.project_id.as_ref();
    let project_id = project_id.map_or("", |said| said.text.as_str());
    for mistake in check_url(url, project_id) {
        let (what, cure) = match &mistake {
            UrlMistake::Unreadable { reason } => (
                format!("The URL cannot be read: {reason}."),
                "Write it like https://pass.example.org/api.",
            ),
            UrlMistake::NotHttp { scheme } => (
                format!("The URL begins with {scheme}:."),
                "It must begin with https://.",
            ),
            UrlMistake::CredentialsInUrl => (
                "The URL holds a user name or password, which logs could show.".to_owned(),
                "Take them out; the user name belongs in username, the password in the file that password_file names.",
            ),
            UrlMistake::QueryInUrl => (
                "The URL has a part after a question mark or hash.".to_owned(),
                "Take it out; the URL ends in /api.",
            ),
            UrlMistake::ProjectLeftInUrl { project_id } => (
                format!("The project id {project_id:?} is left in the URL."),
                "Take it out; it stands in OtipassProjectId of the mapping parameters.",
            ),
            UrlMistake::DoesNotEndInApi => (
                "The URL does not end in /api.".to_owned(),
                "Enter the URL that Otipass gave, up to and with /api.",
            ),
        };
        findings.mistake(mistake.code(), place.clone(), what, cure);
    }
}

fn secret(facts: &Facts, findings: &mut Findings) {
    if facts.is_broken("otipass") || facts.interface.url.is_empty() {
        return;
    }
    // A file that cannot be read is told of with the configuration.
    let Ok(Credentials::Basic { username, password }) = &facts.interface.credentials else {
        return;
    };
    let (key, lacking) = match (username.is_empty(), password.expose_secret().is_empty()) {
        (false, false) => return,
        (true, false) => ("username", "The user name is missing or empty"),
        (false, true) => ("password_file", "The password is missing or empty"),
        (true, true) => ("username", "User name and password are missing or empty"),
    };
    findings.warning(
        "credentials_missing",
        facts.interface_key(key),
        format!("{lacking}; only the sandbox answers without."),
        if facts.interface.origin == InterfaceOrigin::Configuration {
            "Enter username, and name a file with the password in password_file, or one with the API key in api_key_file."
        } else {
            "Enter user name and password, or the API key, on the page Connection to Otipass."
        },
    );
}

fn answer(facts: &Facts, findings: &mut Findings) {
    let place = facts.interface_key("url");
    match &facts.otipass {
        OtipassAnswer::NotAsked(why) => findings.not_checked(
            place,
            format!("Otipass was not asked: {why}."),
            "Run the doctor again when that has changed: line, credentials and clock are still to be checked.",
        ),
        OtipassAnswer::Unusable(error) => unusable(facts, error, findings),
        OtipassAnswer::Failed(error) => failed(facts, error, findings),
        OtipassAnswer::Answered {
            status,
            clock_offset_ms,
        } => {
            if let Some(said) = &facts.sketch.project_id
                && !said.text.eq_ignore_ascii_case(&status.project)
            {
                findings.mistake(
                    "project_mismatch",
                    facts.mapping.at(said.at),
                    format!(
                        "OtipassProjectId is {:?}, but these credentials are for the project {:?}.",
                        said.text, status.project
                    ),
                    "Correct the project id, or ask Otipass for the credentials of this project.",
                );
                findings.concerning(said.at, None);
            }
            if clock_offset_ms.abs() > CLOCK_TOLERANCE_MS {
                findings.mistake(
                    "server_clock_off",
                    "this machine's clock",
                    format!(
                        "This machine's clock is {} Otipass's; scans get a wrong time, and late ones a wrong day.",
                        apart(*clock_offset_ms)
                    ),
                    "Set this machine's clock by NTP; if it is right, tell Otipass that theirs is not.",
                );
            }
        }
    }
}

/// How far a clock that is `offset_ms` fast is off, in words.
pub fn apart(offset_ms: i64) -> String {
    let way = if offset_ms < 0 { "behind" } else { "ahead of" };
    let seconds = offset_ms.unsigned_abs() / 1_000;
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s {way}"),
        (0, _) => format!("{minutes} min {rest} s {way}"),
        _ => format!("{hours} h {minutes} min {way}"),
    }
}

fn unusable(facts: &Facts, error: &SettingsError, findings: &mut Findings) {
    match error {
        // Told of already.
        SettingsError::Url(_) => {}
        SettingsError::Proxy(_) => findings.mistake(
            "proxy_invalid",
            facts.key("otipass", "proxy"),
            "The proxy is not a URL.",
            "Write it like http://proxy.example.org:3128.",
        ),
        SettingsError::ApiKey => findings.mistake(
            "api_key_invalid",
            facts.interface_key("api_key_file"),
            "The API key, or the name of its header, holds characters that no HTTP header can carry.",
            "Enter the key again, on one line.",
        ),
        SettingsError::Tls(source) => findings.mistake(
            "tls_unavailable",
            "this machine",
            format!("No secure connections can be made here: {}.", causes(source)),
            "Check the machine's certificate store.",
        ),
    }
}

fn failed(facts: &Facts, error: &AskError, findings: &mut Findings) {
    let place = facts.interface_key("url");
    let proxy = facts.config.otipass.proxy.is_some();
    match error {
        AskError::TimedOut { host, .. } => findings.mistake(
            "otipass_silent",
            place,
            format!("Otipass at {host} did not answer within {} s.", facts.patience.as_secs()),
            "Try again; if this lasts, check the line and ask Otipass.",
        ),
        // A proxy that does not let a host through refuses the tunnel to it.
        AskError::Unreachable { host, source } if proxy && causes(source).contains("tunnel") => {
            proxy_refused(facts, host, findings);
        }
        AskError::Unreachable { host, source } | AskError::AnswerLost { host, source } => findings
            .mistake(
                "otipass_unreachable",
                place,
                format!("Otipass at {host} cannot be reached: {}.", root_cause(source)),
                if proxy {
                    "Check the URL and [otipass] proxy, and that both proxy and firewall let this host through."
                } else {
                    "Check the URL and the line, and that the firewall lets this host through; if the way out is a proxy, name it in [otipass] proxy."
                },
            ),
        AskError::ProxyRefused { host, .. } => proxy_refused(facts, host, findings),
        AskError::CredentialsRefused { host, status } => {
            let key = match &facts.interface.credentials {
                Ok(Credentials::ApiKey(_)) => "api_key_file",
                _ => "username",
            };
            findings.mistake(
                "credentials_refused",
                facts.interface_key(key),
                format!("Otipass at {host} refused the credentials (HTTP {status})."),
                if proxy {
                    "Enter the user name and password, or the API key, that Otipass gave for this project; if they are right, have the proxy let this host through."
                } else {
                    "Enter the user name and password, or the API key, that Otipass gave for this project."
                },
            );
        }
        AskError::HttpStatus { host, status } => findings.mistake(
            "otipass_not_found",
            place,
            format!("At {host} there is something else than Otipass, or not this project (HTTP {status})."),
            "Check the URL and OtipassProjectId; ask Otipass if both are right.",
        ),
        AskError::NotUnderstood { host, source } => findings.mistake(
            "otipass_not_understood",
            place,
            format!("What answers at {host} is not Otipass: {}.", causes(source)),
            "Check that the URL leads to Otipass itself and not to a sign-in page of the network.",
        ),
    }
}

fn proxy_refused(facts: &Facts, host: &str, findings: &mut Findings) {
    findings.mistake(
        "proxy_refused",
        facts.key("otipass", "proxy"),
        format!("A proxy refused to connect to Otipass at {host}."),
        "Have this host let through on the proxy, or enter the proxy's user name and password in [otipass] proxy.",
    );
}
