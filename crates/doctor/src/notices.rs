//! Whether notices will get out, as far as can be seen without sending one.

use crate::database::Reach;
use crate::facts::{Facts, root_cause};
use crate::found;
use config::Config;
use kernel::finding::{Finding, Phrase};
use notices::{Mail, NotSent, Transport, Webhook, host_of};
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

/// How the answers of a mail server begin that does not let one sign in (RFC 4954, 6).
const SIGN_IN_REFUSED: &str = "SMTP status 53";

/// Why a way would not do; nothing if it would, or if nobody was asked: there is none,
/// the configuration is wrong, or it is to stay offline.
#[derive(Default)]
pub struct Ways {
    pub mail: Option<NotSent>,
    pub webhook: Option<NotSent>,
}

/// Asks mail server and webhook whether they would take a message; none is sent.
pub async fn ask(config: &Config, reach: Reach, patience: Duration) -> Ways {
    if reach == Reach::Offline || !config.refused().is_empty() {
        return Ways::default();
    }
    let mail = async {
        match config.mail() {
            Ok(Some(settings)) => Mail::new(&settings)?.test().await,
            _ => Ok(()),
        }
    };
    let webhook = async {
        match &config.notices.webhook {
            Some(url) => Webhook::new(url, None)?.test().await,
            None => Ok(()),
        }
    };
    let (mail, webhook) = tokio::join!(
        tokio::time::timeout(patience, mail),
        tokio::time::timeout(patience, webhook),
    );
    let why = |asked| match asked {
        Ok(asked) => Result::err(asked),
        Err::<_, tokio::time::error::Elapsed>(late) => Some(NotSent::Line(late.into())),
    };
    Ways {
        mail: why(mail),
        webhook: why(webhook),
    }
}

pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let (Some(url), Some(error)) = (&facts.config.notices.webhook, &facts.ways.webhook) {
        let host = host_of(url).unwrap_or_default();
        let why = Phrase::of_line(root_cause(error), error);
        let place = facts.key("notices", "webhook");
        findings.push(found::webhook_unreachable(place, host, why));
    }
    let Some(mail) = &facts.config.notices.mail else {
        return findings;
    };
    let host = &mail.host;
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if mail.tls == Transport::None && !mail.username.is_empty() && !is_here {
        findings.push(found::mail_in_clear(facts.key("notices.mail", "tls"), host));
    }
    let place = |key| facts.key("notices.mail", key);
    findings.extend(facts.ways.mail.as_ref().map(|error| match error {
        NotSent::Refused(said) if said.starts_with(SIGN_IN_REFUSED) => {
            found::mail_refused(place("username"), host, said)
        }
        NotSent::Refused(said) => found::mail_not_taken(place("host"), host, said),
        NotSent::Unencrypted => {
            let port = mail.port.map_or(mail.tls.usual_port(), NonZeroU16::get);
            found::mail_unencrypted(place("tls"), host, port)
        }
        NotSent::Line(_) | NotSent::Settings(_) => {
            let why = Phrase::of_line(root_cause(error), error);
            found::mail_unreachable(place("host"), host, why)
        }
    }));
    findings
}
