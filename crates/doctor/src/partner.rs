//! Judges the interface to Otipass: URL, credentials, line and clock.

use super::facts::{Facts, root_cause};
use super::live::{OtipassStatus, Unanswered};
use super::phrases::phrase;
use super::source::InterfaceOrigin;
use crate::found;
use config::{ConfigError, Secret};
use gate::CLOCK_TOLERANCE_MS;
use kernel::finding::{Finding, Phrase, Place};
use kernel::{Seal, SealError, causes};
use otipass::{AskError, Credentials, NumType, SettingsError, check_url};
use secrecy::ExposeSecret;
use std::time::Duration;

pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let kind = &facts.config.otipass.kind;
    if kind != "OTIPASS" {
        let place = facts.key("otipass", "type");
        findings.push(found::interface_type_unknown(place, Phrase::quoted(kind)));
    }
    findings.extend(addition(facts));
    findings.extend(url(facts));
    findings.extend(seal(facts));
    findings.extend(secret(facts));
    match &facts.otipass {
        Err(Unanswered::NotAsked(why)) => {
            let place = facts.interface_key("url");
            findings.push(found::otipass_not_asked(place, why.clone()));
        }
        Err(Unanswered::Unusable(error)) => findings.extend(unusable(facts, error)),
        Err(Unanswered::Failed(error)) => findings.push(failed(facts, error)),
        Ok(OtipassStatus {
            status,
            clock_offset_ms,
        }) => {
            if let Some(said) = &facts.mapping.outline().project_id
                && !said.text.eq_ignore_ascii_case(&status.project)
            {
                let theirs = Phrase::quoted(&status.project);
                let place = facts.mapping.at(said.at);
                let found = found::project_mismatch(place, Phrase::quoted(&said.text), theirs);
                findings.push(found.concerning(said.at, None));
            }
            if clock_offset_ms.abs() > CLOCK_TOLERANCE_MS {
                let apart = apart(*clock_offset_ms);
                findings.push(found::server_clock_off(Place::Clock, apart));
            }
        }
    }
    findings
}

/// A text of `[otipass.additions]` that may be part of a number.
fn addition(facts: &Facts) -> Option<Finding> {
    let otipass = &facts.config.otipass;
    let reading = facts.mapping.read.as_ref().ok();
    let mapping = reading.and_then(|mapping| mapping.reading.mapping.as_ref());
    // What may be part of a number may be part of a serial, too.
    let num_type = mapping.map_or(NumType::Number, |mapping| mapping.num_type);
    let additions = &otipass.additions;
    let text = additions.part_of_number(&otipass.number_format(num_type))?;
    let is_prefix = additions.prefixes.iter().any(|prefix| prefix == text);
    let key = if is_prefix { "prefixes" } else { "suffixes" };
    let place = facts.key("otipass.additions", key);
    Some(found::addition_in_number(place, Phrase::quoted(text)))
}

fn url(facts: &Facts) -> Vec<Finding> {
    let place = || facts.interface_key("url");
    let url = &facts.interface.url;
    if url.trim().is_empty() {
        // It may only be misspelt, or nobody can tell.
        let nobody_knows = facts.is_broken("otipass")
            || matches!(facts.interface.origin, InterfaceOrigin::Hidden(_));
        return match nobody_knows {
            true => Vec::new(),
            false => vec![found::url_missing(place())],
        };
    }
    let mistakes = check_url(url, facts.mapping.project_id());
    mistakes.into_iter().map(|m| m.at(place())).collect()
}

fn seal(facts: &Facts) -> Option<Finding> {
    let place = facts.config.place_of(Secret::DatabaseKey);
    let unfit = facts.config.seal().err();
    let why = match (&unfit, &facts.interface.credentials) {
        (Some(ConfigError::Seal(why)), _) | (_, Err(ConfigError::Seal(why))) => Some(*why),
        _ => None,
    };
    match why {
        Some(SealError::KeyTooShort) => Some(found::database_key_short(place, Seal::MIN_CHARS)),
        Some(SealError::KeyMissing) => Some(found::database_key_missing(place)),
        Some(SealError::KeyWrong) => Some(found::database_key_wrong(place)),
        _ => (facts.interface.stands_open).then(|| found::secrets_not_sealed(place)),
    }
}

fn secret(facts: &Facts) -> Option<Finding> {
    if facts.is_broken("otipass") || facts.interface.url.is_empty() {
        return None;
    }
    // A file that cannot be read is told of with the configuration.
    let Ok(Credentials::Basic { username, password }) = &facts.interface.credentials else {
        return None;
    };
    let (key, lacking) = match (username.is_empty(), password.expose_secret().is_empty()) {
        (false, false) => return None,
        (true, false) => ("username", phrase(|t| t.username_empty)),
        (false, true) => ("password_file", phrase(|t| t.password_empty)),
        (true, true) => ("username", phrase(|t| t.both_empty)),
    };
    let place = facts.interface_key(key);
    Some(match facts.interface.origin {
        InterfaceOrigin::Configuration => found::credentials_missing(place, lacking),
        _ => found::credentials_missing_in_office(place, lacking),
    })
}

/// How far a clock that is `offset_ms` fast is off, in words.
pub fn apart(offset_ms: i64) -> Phrase {
    let (en, fr) = match offset_ms {
        ..0 => ("behind", "de retard"),
        _ => ("ahead of", "d’avance"),
    };
    let seconds = offset_ms.unsigned_abs() / 1_000;
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let far = match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest} s"),
        _ => format!("{hours} h {minutes} min"),
    };
    Phrase::new(format!("{far} {en}"), format!("{far} {fr}"))
}

fn unusable(facts: &Facts, error: &SettingsError) -> Option<Finding> {
    match error {
        // Told of already.
        SettingsError::Url(_) => None,
        SettingsError::Proxy(_) => Some(found::proxy_invalid(facts.key("otipass", "proxy"))),
        SettingsError::ApiKey => Some(found::api_key_invalid(facts.interface_key("api_key_file"))),
        SettingsError::Tls(source) => Some(found::tls_unavailable(Place::Machine, causes(source))),
    }
}

fn failed(facts: &Facts, error: &AskError) -> Finding {
    otipass_failure(
        error,
        &Asked {
            url: facts.interface_key("url"),
            credentials: facts.interface_key(match &facts.interface.credentials {
                Ok(Credentials::ApiKey(_)) => "api_key_file",
                _ => "username",
            }),
            proxy: (facts.config.otipass.proxy.as_ref()).map(|_| facts.key("otipass", "proxy")),
            patience: facts.patience,
        },
    )
}

/// How Otipass was asked, for what is said if it fails.
#[derive(Debug)]
pub struct Asked {
    /// Where its address is entered.
    pub url: Place,
    /// Where the credentials are entered.
    pub credentials: Place,
    /// Where the proxy is entered, if there is one.
    pub proxy: Option<Place>,
    /// How long it had.
    pub patience: Duration,
}

/// Why Otipass could not be asked, with its cure.
#[must_use]
pub fn otipass_failure(error: &AskError, asked: &Asked) -> Finding {
    let place = asked.url.clone();
    let refused_by = |proxy: &Place, host| found::proxy_refused(proxy.clone(), host);
    match (error, &asked.proxy) {
        (AskError::TimedOut { host, .. }, _) => {
            found::otipass_silent(place, host, asked.patience.as_secs())
        }
        // A proxy that does not let a host through refuses the tunnel to it.
        (AskError::Unreachable { host, source }, Some(proxy))
            if causes(source).contains("tunnel") =>
        {
            refused_by(proxy, host)
        }
        (AskError::Unreachable { host, source } | AskError::AnswerLost { host, source }, proxy) => {
            let why = Phrase::of_line(root_cause(source), source);
            match proxy {
                Some(_) => found::otipass_unreachable_by_proxy(place, host, why),
                None => found::otipass_unreachable(place, host, why),
            }
        }
        (AskError::ProxyRefused { host, .. }, proxy) => {
            refused_by(proxy.as_ref().unwrap_or(&asked.url), host)
        }
        (AskError::CredentialsRefused { host, status }, proxy) => {
            let place = asked.credentials.clone();
            match proxy {
                Some(_) => found::credentials_refused_by_proxy(place, host, status),
                None => found::credentials_refused(place, host, status),
            }
        }
        (AskError::HttpStatus { host, status }, _) => found::otipass_not_found(place, host, status),
        (AskError::NotUnderstood { host, source }, _) => {
            found::otipass_not_understood(place, host, causes(source))
        }
    }
}
