//! The certificate, and whether phones can use the scanner page.

use super::facts::{Facts, Tls};
use super::gathered::{Finding, Findings, Part};
use config::Role;
use config::tls::{Identity, TlsError};
use kernel::causes;

const DAY_MS: i64 = 86_400_000;

/// Who renews by hand needs some days; who lets it be renewed has done so by then.
const SOON_DAYS: i64 = 14;

pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = Findings::of(Part::Configuration);
    match &facts.tls {
        Tls::None => plain_http(facts, &mut findings),
        // It may only be misspelt, which is said already.
        Tls::Half(_) if facts.is_broken("server") => {}
        Tls::Half(missing) => findings.mistake(
            "tls_incomplete",
            facts.key("server", missing),
            format!("[server] {missing} is missing, so the service does not start."),
            "Set tls_certificate and tls_key to serve https, or neither to serve http.",
        ),
        Tls::Files(Err(error)) => findings.mistake(
            code(error),
            place(facts, error),
            format!("The service does not start: {}.", causes(error)),
            cure(error),
        ),
        Tls::Files(Ok(identity)) => time(facts, identity, &mut findings),
    }
    findings.into_list()
}

fn plain_http(facts: &Facts, findings: &mut Findings) {
    let listen = facts.config.server.listen;
    if facts.config.has(Role::Gate) && !listen.ip().is_loopback() {
        findings.note(
            "plain_http_on_network",
            facts.key("server", "listen"),
            format!(
                "The service is to speak plain HTTP at {listen}: tokens of devices cross the network \
                 readable, and browsers give the scanner page neither the camera nor work without network."
            ),
            "Set [server] tls_certificate and tls_key, or listen on 127.0.0.1 behind a web server with a certificate.",
        );
    }
}

const fn code(error: &TlsError) -> &'static str {
    match error {
        TlsError::File { .. } => "tls_unreadable",
        TlsError::NoCertificate { .. } | TlsError::BrokenCertificate { .. } => {
            "tls_certificate_invalid"
        }
        TlsError::NoKey { .. } | TlsError::BrokenKey { .. } | TlsError::SetUp(_) => {
            "tls_key_invalid"
        }
        TlsError::Mismatch { .. } => "tls_key_mismatch",
    }
}

fn place(facts: &Facts, error: &TlsError) -> String {
    match error {
        TlsError::File { path, .. }
        | TlsError::NoCertificate { path, .. }
        | TlsError::BrokenCertificate { path }
        | TlsError::NoKey { path, .. }
        | TlsError::BrokenKey { path, .. } => path.display().to_string(),
        TlsError::Mismatch { key, .. } => key.display().to_string(),
        TlsError::SetUp(_) => facts.key("server", "tls_certificate"),
    }
}

const fn cure(error: &TlsError) -> &'static str {
    match error {
        TlsError::File { .. } => {
            "Correct the path in [server], or let the user that the service runs as read the file."
        }
        TlsError::NoCertificate { .. } | TlsError::BrokenCertificate { .. } => {
            "Name the PEM file with the certificate in [server] tls_certificate."
        }
        TlsError::NoKey { .. } | TlsError::BrokenKey { .. } | TlsError::SetUp(_) => {
            "Name the PEM file with the private key in [server] tls_key, an ECDSA or RSA key without a password."
        }
        TlsError::Mismatch { .. } => "Take certificate and key from the same issue.",
    }
}

fn time(facts: &Facts, identity: &Identity, findings: &mut Findings) {
    let place = facts.key("server", "tls_certificate");
    let (from, until) = (identity.valid_from, identity.valid_until);
    let left_ms = until.ms_since(facts.now);
    if left_ms < 0 {
        findings.mistake(
            "tls_certificate_expired",
            place,
            format!("The certificate expired at {until}; no device talks to the service any more."),
            RENEW,
        );
    } else if facts.now < from {
        findings.mistake(
            "tls_certificate_not_yet_valid",
            place,
            format!(
                "The certificate is valid from {from} only; until then no device talks to the service."
            ),
            "Set this machine's clock right by NTP, or wait, or have it issued again.",
        );
    } else if left_ms < SOON_DAYS * DAY_MS {
        findings.warning(
            "tls_certificate_expires_soon",
            place,
            format!("The certificate expires at {until}, in {}.", days(left_ms)),
            RENEW,
        );
    }
}

const RENEW: &str = "Renew it; the running service takes up the new files within five seconds.";

fn days(left_ms: i64) -> String {
    match left_ms / DAY_MS {
        0 => "less than a day".to_owned(),
        1 => "one day".to_owned(),
        days => format!("{days} days"),
    }
}
