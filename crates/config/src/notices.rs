//! `[notices]`: who is told when something is not well.

use crate::{Config, ConfigError, Secret, found};
use kernel::{Finding, Language, Phrase};
use notices::{MailSettings, Transport, host_of, is_address};
use secrecy::SecretString;
use serde::Deserialize;
use std::num::NonZeroU16;
use std::path::PathBuf;

/// `[notices]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToldTo {
    /// Where messages are posted as JSON.
    pub webhook: Option<String>,
    /// A file that holds what the receiver is shown as a bearer token, and nothing
    /// else.
    pub webhook_secret_file: Option<PathBuf>,
    pub(super) webhook_secret: Option<SecretString>,
    /// The mail server, and to whom mail goes.
    pub mail: Option<ByMail>,
    /// English or French; by default the organisation's, if it is one of these.
    pub language: Option<Language>,
}

/// `[notices.mail]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ByMail {
    /// The mail server.
    pub host: String,
    /// Its port; by default the usual one of `tls`.
    pub port: Option<NonZeroU16>,
    /// How the line is secured.
    pub tls: Transport,
    /// Who signs in there; by default nobody.
    pub username: String,
    /// A file that holds the password and nothing else.
    pub password_file: Option<PathBuf>,
    pub(super) password: Option<SecretString>,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
}

impl Config {
    /// Where mail goes out, and to whom, if notices go by mail.
    ///
    /// # Errors
    /// [`ConfigError::Secret`].
    pub fn mail(&self) -> Result<Option<MailSettings>, ConfigError> {
        let Some(mail) = &self.notices.mail else {
            return Ok(None);
        };
        let password = self.secret(Secret::MailPassword)?.unwrap_or_default();
        Ok(Some(MailSettings {
            host: mail.host.clone(),
            port: mail.port.map_or(mail.tls.usual_port(), NonZeroU16::get),
            transport: mail.tls,
            credentials: (!mail.username.is_empty()).then(|| (mail.username.clone(), password)),
            from: mail.from.clone(),
            to: mail.to.clone(),
        }))
    }

    /// What is refused in `[notices]`.
    pub(crate) fn notices_refused(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(url) = &self.notices.webhook
            && host_of(url).is_none()
        {
            findings.push(found::webhook_wrong(self.place("notices", "webhook")));
        }
        let Some(mail) = &self.notices.mail else {
            return findings;
        };
        let place = |key| self.place("notices.mail", key);
        let host = mail.host.as_str();
        let is_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
        if host.is_empty() || !host.chars().all(is_host) || host.matches(':').count() == 1 {
            let host = Phrase::quoted(host);
            findings.push(found::mail_host_wrong(place("host"), host));
        }
        if !is_address(&mail.from) {
            let from = Phrase::quoted(&mail.from);
            findings.push(found::mail_address_wrong(place("from"), "from", from));
        }
        if mail.to.is_empty() {
            findings.push(found::mail_to_nobody(place("to")));
        }
        for to in mail.to.iter().filter(|to| !is_address(to)) {
            let to = Phrase::quoted(to);
            findings.push(found::mail_address_wrong(place("to"), "to", to));
        }
        let has_password = mail.password.is_some() || mail.password_file.is_some();
        match (mail.username.is_empty(), has_password) {
            (false, false) => findings.push(found::mail_password_missing(place("username"))),
            (true, true) => findings.push(found::mail_username_missing(place("password_file"))),
            _ => {}
        }
        findings
    }
}
