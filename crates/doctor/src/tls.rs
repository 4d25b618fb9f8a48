//! The certificate, and whether phones can use the scanner page.

use super::facts::{Facts, Tls};
use crate::found;
use config::Role;
use config::tls::{Identity, TlsError};
use kernel::finding::{Finding, Phrase};
use kernel::{causes, is_this_machine};

pub const DAY_MS: i64 = 86_400_000;

/// Who renews by hand needs some days; who lets it be renewed has done so by then.
pub const SOON_DAYS: i64 = 14;

pub fn examine(facts: &Facts) -> Option<Finding> {
    match &facts.tls {
        Tls::None => plain_http(facts),
        // It may only be misspelt, which is said already.
        Tls::Half(_) if facts.is_broken("server") => None,
        Tls::Half(missing) => Some(found::tls_incomplete(facts.key("server", missing), missing)),
        Tls::Files(Err(error)) => Some(unusable(facts, error)),
        Tls::Files(Ok(identity)) => time(facts, identity),
    }
}

fn plain_http(facts: &Facts) -> Option<Finding> {
    let listen = facts.config.server.listen;
    (facts.config.has(Role::Gate) && !listen.ip().is_loopback())
        .then(|| found::plain_http_on_network(facts.key("server", "listen"), listen))
}

/// Whether devices are awaited at an address that leads to this machine only.
pub fn phones(facts: &Facts) -> Option<Finding> {
    let (config, awaited) = (&facts.config, facts.awaited());
    let listen = config.server.listen;
    let (place, url) = match (&config.office.url, config.office_host()) {
        (Some(url), Some(host)) if is_this_machine(host) => {
            (facts.key("office", "url"), url.clone())
        }
        (None, _) if listen.ip().is_loopback() => {
            let scheme = match facts.tls {
                Tls::None => "http",
                Tls::Half(_) | Tls::Files(_) => "https",
            };
            (
                facts.key("server", "listen"),
                format!("{scheme}://{listen}"),
            )
        }
        _ => return None,
    };
    let is_awaited = config.has(Role::Gate) && !awaited.is_empty();
    is_awaited.then(|| found::phones_cannot_reach(place, awaited.join(", "), url))
}

fn unusable(facts: &Facts, error: &TlsError) -> Finding {
    let message = causes(error);
    match error {
        TlsError::File { path, source } => {
            found::tls_unreadable(path.clone(), Phrase::of_file(source))
        }
        TlsError::NoCertificate { path, .. } | TlsError::BrokenCertificate { path } => {
            found::tls_certificate_invalid(path.clone(), message)
        }
        TlsError::NoKey { path, .. } | TlsError::BrokenKey { path, .. } => {
            found::tls_key_invalid(path.clone(), message)
        }
        TlsError::SetUp(_) => {
            found::tls_key_invalid(facts.key("server", "tls_certificate"), message)
        }
        TlsError::Mismatch { certificate, key } => {
            found::tls_key_mismatch(key.clone(), certificate.display())
        }
    }
}

fn time(facts: &Facts, identity: &Identity) -> Option<Finding> {
    let place = facts.key("server", "tls_certificate");
    let (from, until) = (identity.valid_from, identity.valid_until);
    let left_ms = until.ms_since(facts.now);
    if left_ms < 0 {
        Some(found::tls_certificate_expired(place, until))
    } else if facts.now < from {
        Some(found::tls_certificate_not_yet_valid(place, from))
    } else if left_ms < SOON_DAYS * DAY_MS {
        let left = days(left_ms);
        Some(found::tls_certificate_expires_soon(place, until, left))
    } else {
        let host = facts.config.office_host()?;
        let is_other = facts.config.office.enabled && !identity.is_for(host);
        is_other.then(|| found::tls_certificate_of_another(place, host))
    }
}

/// Whether phones are shown a certificate that they keep no page for.
pub fn self_signed(facts: &Facts) -> Option<Finding> {
    let Tls::Files(Ok(identity)) = &facts.tls else {
        return None;
    };
    let place = facts.key("server", "tls_certificate");
    (facts.config.has(Role::Gate) && identity.is_self_signed())
        .then(|| found::tls_certificate_self_signed(place))
}

fn days(left_ms: i64) -> Phrase {
    match left_ms / DAY_MS {
        0 => Phrase::new("less than a day", "moins d’un jour"),
        1 => Phrase::new("one day", "un jour"),
        days => Phrase::new(format!("{days} days"), format!("{days} jours")),
    }
}
