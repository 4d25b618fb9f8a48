//! Whether notices will get out by mail, as far as can be seen without sending one.

use crate::database::Reach;
use crate::facts::{Facts, root_cause};
use crate::found;
use config::Config;
use kernel::finding::{Finding, Phrase};
use notices::{Mail, NotSent, Transport};
use std::net::IpAddr;
use std::time::Duration;

/// What came of asking the mail server.
pub enum MailAnswer {
    /// Nobody asked: there is none, or the configuration is wrong, or it is to stay
    /// offline.
    NotAsked,
    /// It is there, and takes the credentials.
    Fine,
    /// It does not take what it was told, or is not there.
    Failed(NotSent),
}

/// Asks the mail server whether it would take a message; none is sent.
pub async fn ask(config: &Config, reach: Reach, patience: Duration) -> MailAnswer {
    let Ok(Some(settings)) = config.mail() else {
        return MailAnswer::NotAsked;
    };
    let is_wrong = !config.refused().is_empty();
    if is_wrong || reach == Reach::Offline {
        return MailAnswer::NotAsked;
    }
    let asked = async { Mail::new(&settings)?.test().await };
    match tokio::time::timeout(patience, asked).await {
        Ok(Ok(())) => MailAnswer::Fine,
        Ok(Err(error)) => MailAnswer::Failed(error),
        Err(late) => MailAnswer::Failed(NotSent::Line(late.into())),
    }
}

pub fn examine(facts: &Facts) -> Vec<Finding> {
    let Some(mail) = &facts.config.notices.mail else {
        return Vec::new();
    };
    let (host, mut findings) = (&mail.host, Vec::new());
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if mail.tls == Transport::None && !mail.username.is_empty() && !is_here {
        findings.push(found::mail_in_clear(facts.key("notices.mail", "tls"), host));
    }
    if let MailAnswer::Failed(error) = &facts.mail {
        findings.push(match error {
            NotSent::Refused(said) => {
                found::mail_refused(facts.key("notices.mail", "username"), host, said)
            }
            NotSent::Line(_) | NotSent::Settings(_) => {
                let why = Phrase::of_line(root_cause(error), error);
                found::mail_unreachable(facts.key("notices.mail", "host"), host, why)
            }
        });
    }
    findings
}
