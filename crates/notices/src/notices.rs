//! Tells what there is to tell, on each way.

use crate::digest::{Cause, Digest, digest};
use crate::mail::Mail;
use crate::message::{About, Message};
use crate::store;
use crate::webhook::Webhook;
use db::{Db, DbError, Tx};
use kernel::{Timestamp, causes};

/// For how long a way is ours while a message goes out: longer than that takes.
const CLAIMED_MS: i64 = 60_000;

/// What is not well when nothing gets out on a way.
pub const FAILING: &str = "notices_failing";

/// A way by which messages go.
#[derive(Debug, Clone)]
pub enum Way {
    /// SMTP.
    Mail(Mail),
    /// HTTP.
    Webhook(Webhook),
}

/// Why a message did not get out. No secret is in it, and no address that may hold one.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// It cannot be sent with these settings.
    #[error("the settings cannot be used")]
    Settings(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The other side is not there, breaks off, or is silent.
    #[error("the other side cannot be reached, or does not answer")]
    Line(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The line was to be encrypted, and the mail server has no way to.
    #[error(
        "the mail server offers no encryption (STARTTLS) at this port; in [notices.mail], name the \
         port where it does, as a rule 587, or write tls = \"tls\" and the port where all is \
         encrypted, as a rule 465; tls = \"none\" sends in clear"
    )]
    Unencrypted,
    /// The other side does not take it.
    #[error("the other side refused it: {0}")]
    Refused(String),
}

impl Way {
    /// What it is called, here and in `[notices]`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// Why it did not get out.
    pub async fn send(&self, message: &Message) -> Result<(), NotSent> {
        match self {
            Self::Mail(mail) => mail.send(message).await,
            Self::Webhook(webhook) => webhook.send(message).await,
        }
    }
}

/// Who is told, and how.
#[derive(Debug, Clone)]
pub struct Notices {
    /// Whose notices they are.
    pub about: About,
    /// All ways; each is told everything.
    pub ways: Vec<Way>,
}

impl Notices {
    /// Notes what is not well now, the worst first, and tells on each way what is due.
    /// What does not get out is due again, after a pause that grows.
    ///
    /// # Errors
    /// If the database fails; then what was told may be told once more.
    pub async fn step(&self, db: &Db, causes: Vec<Cause>, now: Timestamp) -> Result<(), DbError> {
        let noted = causes.clone();
        db.write("notices", move |tx| store::note(tx, &noted, now))
            .await?;
        for way in &self.ways {
            self.tell(db, way, &causes, now).await?;
        }
        Ok(())
    }

    async fn tell(
        &self,
        db: &Db,
        way: &Way,
        what: &[Cause],
        now: Timestamp,
    ) -> Result<(), DbError> {
        let name = way.name();
        let known = db.read("notices", move |tx| store::known(tx, name)).await?;
        // That a way fails is told on the others.
        let what = what
            .iter()
            .filter(|cause| (cause.code, &*cause.of) != (FAILING, name));
        let what: Vec<Cause> = what.cloned().collect();
        let Some(digest) = digest(&what, &known.since, &known.told, now) else {
            return Ok(());
        };
        if !known.fare.may_send(now) {
            return Ok(());
        }
        // Another process may think that it is its turn.
        let until = now.plus_ms(CLAIMED_MS);
        let fare = known.fare;
        let claim = move |tx: &mut Tx<'_>| store::claim(tx, name, &fare, until);
        if !db.write("notices claim", claim).await? {
            return Ok(());
        }
        match way.send(&Message::of(&digest, &self.about, now)).await {
            Ok(()) => {
                count(name, "sent");
                told(&digest, name);
                db.write("notices told", move |tx| {
                    store::sent(tx, name, &digest, now)
                })
                .await
            }
            Err(error) => {
                count(name, "failed");
                let again_at = known.fare.retry_at(now);
                tracing::warn!(
                    way = name,
                    error = causes(&error),
                    %again_at,
                    "a notice did not get out; `passerelle notices test` tries the way"
                );
                db.write("notices failed", move |tx| {
                    store::failed(tx, name, now, again_at)
                })
                .await
            }
        }
    }
}

fn told(digest: &Digest, way: &'static str) {
    let (begun, over) = (digest.begun.len(), digest.over.len());
    tracing::info!(way, begun, over, "a notice was sent");
}

fn count(way: &'static str, result: &'static str) {
    metrics::counter!("passerelle_notices_total", "way" => way, "result" => result).increment(1);
}
