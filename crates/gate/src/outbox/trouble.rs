//! What ticketing takes none of at present, kept for people: the back office, the
//! doctor, and whoever gets the support bundle.

use crate::outbox::lane::{Kind, Lane};
use db::{Db, DbError, Tx, params};
use kernel::{Language, Timestamp};
use secutix::client::{CallError, Outage};

/// What it is that ticketing takes none of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// No call at all.
    Line,
    /// Entries that were taken back.
    Cancellations,
    /// Control barcodes of one kind.
    Kind(Kind),
}

kernel::words! {
    /// Why ticketing takes none.
    pub enum Cause: "cause of a trouble with ticketing" {
        /// It does not accept our token.
        TokenRefused = "token_refused",
        /// A proxy on the way wants credentials.
        ProxyRefused = "proxy_refused",
        /// It takes no more calls for now.
        TooManyCalls = "too_many_calls",
        /// There is no line, or no answer in time.
        NotReached = "not_reached",
        /// It fails.
        Failing = "failing",
        /// Something else answers.
        NotTheService = "not_the_service",
        /// It refuses, for a reason of its own.
        Refused = "refused",
    }
}

kernel::texts!(Words in Fr, En {
    token_refused: "Elle n’accepte pas notre jeton : comparez institution, opérateur, mot de passe, émetteur et horloges des deux côtés.",
        "It does not accept our token: compare institution, operator, password, issuer and the clocks of both sides.";
    proxy_refused: "Un proxy sur le chemin nous refuse (HTTP 407) : faites-lui laisser passer cette adresse, ou indiquez nom et mot de passe dans [access_control] proxy.",
        "A proxy on the way refuses us (HTTP 407): have it let this address through, or enter user name and password in [access_control] proxy.";
    too_many_calls: "Elle ne prend plus d’appels pour l’instant : si cela dure, baissez calls_per_minute.",
        "It takes no more calls for now: if this lasts, lower calls_per_minute.";
    not_reached: "Elle est injoignable, ou ne répond pas à temps : vérifiez la ligne, l’URL, le proxy et le certificat.",
        "It is not reached, or does not answer in time: check the line, the URL, the proxy and the certificate.";
    failing: "Elle échoue de son côté : demandez à qui l’exploite.",
        "It fails on its side: ask whoever runs it.";
    not_the_service: "Autre chose répond à son adresse : vérifiez l’URL jusqu’à sa version, et le proxy.",
        "Something else answers at its address: check the URL up to its version, and the proxy.";
});

impl Cause {
    pub(crate) const fn of(error: &CallError) -> Self {
        match error {
            CallError::Unauthorised => Self::TokenRefused,
            CallError::ProxyCredentials => Self::ProxyRefused,
            CallError::RateLimited { .. } => Self::TooManyCalls,
            CallError::Unavailable(Outage::Status { .. } | Outage::Internal { .. }) => {
                Self::Failing
            }
            CallError::Unavailable(_) => Self::NotReached,
            CallError::NotUnderstood { .. } => Self::NotTheService,
            CallError::Refused { .. }
            | CallError::UnusualAnswer { .. }
            | CallError::BatchTooLarge { .. } => Self::Refused,
        }
    }
}

/// A trouble with ticketing that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is stopped.
    pub of: Stopped,
    /// Since when.
    pub since: Timestamp,
    /// When it was tried last.
    pub latest: Timestamp,
    /// Why.
    pub cause: Cause,
    /// The same as ticketing said it, or as the log has it.
    pub reason: String,
}

impl Trouble {
    /// Why, and what to do about it; in ticketing's words if it has some of its own.
    #[must_use]
    pub fn why(&self, language: Language) -> &str {
        let words = Words::of(language);
        match self.cause {
            Cause::TokenRefused => words.token_refused,
            Cause::ProxyRefused => words.proxy_refused,
            Cause::TooManyCalls => words.too_many_calls,
            Cause::NotReached => words.not_reached,
            Cause::Failing => words.failing,
            Cause::NotTheService => words.not_the_service,
            Cause::Refused => &self.reason,
        }
    }
}

const LINE: &str = "line";
const CANCELLATIONS: &str = "cancellations";

impl Stopped {
    /// That of a lane; everything goes by the line.
    pub(crate) fn of(lane: &Lane) -> Self {
        match lane {
            Lane::Barcodes => Self::Line,
            Lane::Cancellations => Self::Cancellations,
            Lane::Kind(kind) => Self::Kind(kind.clone()),
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Line => LINE.to_owned(),
            Self::Cancellations => CANCELLATIONS.to_owned(),
            // No code holds a semicolon.
            Self::Kind(kind) => format!("{};{};{}", kind.sector, kind.season, kind.product),
        }
    }

    fn read(word: &str) -> Option<Self> {
        let parts: Vec<_> = word.split(';').collect();
        match parts[..] {
            [LINE] => Some(Self::Line),
            [CANCELLATIONS] => Some(Self::Cancellations),
            [sector, season, product] => Some(Self::Kind(Kind {
                sector: sector.parse().ok()?,
                season: season.parse().ok()?,
                product: product.parse().ok()?,
            })),
            _ => None,
        }
    }
}

/// Notes that `of` is stopped.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    (of, cause, reason): &(Stopped, Cause, String),
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_ticketing_trouble (lane, since, latest, cause, reason)
         VALUES ($1, $2, $2, $3, $4)
         ON CONFLICT (lane) DO UPDATE SET latest = $2, cause = $3, reason = $4",
        params![of.word(), now, cause, reason],
    )
}

/// Notes that `of` goes on.
pub(crate) fn clear(tx: &mut Tx<'_>, of: &Stopped) -> Result<(), DbError> {
    tx.run(
        "DELETE FROM gate_ticketing_trouble WHERE lane = $1",
        params![of.word()],
    )
}

/// What is stopped, the longest first.
pub async fn list(db: &Db) -> Result<Vec<Trouble>, DbError> {
    db.read("trouble with ticketing", |tx| {
        let rows = tx.query(
            "SELECT lane, since, latest, cause, reason FROM gate_ticketing_trouble
             ORDER BY since, lane",
            params![],
        )?;
        let mut found = Vec::new();
        for row in &rows {
            if let Some(of) = Stopped::read(&row.get::<String>("lane")?) {
                found.push(Trouble {
                    of,
                    since: row.get("since")?,
                    latest: row.get("latest")?,
                    cause: row.get("cause")?,
                    reason: row.get("reason")?,
                });
            }
        }
        Ok(found)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stopped_is_read_back_whatever_its_codes_hold() {
        let kind = Kind {
            sector: "Salle Nord".parse().unwrap(),
            season: "line".parse().unwrap(),
            product: "PASS 2J".parse().unwrap(),
        };
        for of in [Stopped::Line, Stopped::Cancellations, Stopped::Kind(kind)] {
            assert_eq!(Stopped::read(&of.word()), Some(of));
        }
    }
}
