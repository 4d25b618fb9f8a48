//! A message by mail, over SMTP.

use crate::message::Message;
use crate::notices::NotSent;
use kernel::causes;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::time::Duration;

/// How long the server may take for one step.
const STEP: Duration = Duration::from_secs(10);
/// How long it may take for a message.
const PATIENCE: Duration = Duration::from_secs(30);

kernel::words! {
    /// How the line to the mail server is secured.
    #[derive(Default)]
    pub enum Transport: "way to secure the line to a mail server" {
        /// It begins in plain text, and nothing is said before it is secured (RFC 3207).
        #[default]
        StartTls = "starttls",
        /// It is secured from the first byte (RFC 8314).
        Tls = "tls",
        /// It is not.
        None = "none",
    }
}

impl Transport {
    /// The port that servers have for it.
    #[must_use]
    pub const fn usual_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Where mail goes out, and to whom.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the line is secured.
    pub transport: Transport,
    /// Who signs in there, if somebody must.
    pub credentials: Option<(String, SecretString)>,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
}

/// Whether mail can be sent to or from there: an address alone, or with a name before
/// it, such as `Passerelle <passerelle@example.org>`.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// Who takes messages by mail.
#[derive(Debug, Clone)]
pub struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// No machine answers it (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mail {
    /// For these settings; connects to nobody yet.
    ///
    /// # Errors
    /// [`NotSent::Settings`].
    pub fn new(settings: &MailSettings) -> Result<Self, NotSent> {
        let mailbox = |text: &String| text.parse::<Mailbox>().map_err(unusable);
        let tls = || TlsParameters::new_rustls(settings.host.clone()).map_err(unusable);
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(STEP))
            .tls(match settings.transport {
                Transport::StartTls => Tls::Required(tls()?),
                Transport::Tls => Tls::Wrapper(tls()?),
                Transport::None => Tls::None,
            });
        if let Some((username, password)) = &settings.credentials {
            let password = password.expose_secret().to_owned();
            server = server.credentials(Credentials::new(username.clone(), password));
        }
        Ok(Self {
            server: server.build(),
            from: mailbox(&settings.from)?,
            to: settings.to.iter().map(mailbox).collect::<Result<_, _>>()?,
        })
    }

    /// Whether the server is there, takes the credentials, and can be spoken to as the
    /// settings say. No mail is sent.
    ///
    /// # Errors
    /// Why not.
    pub async fn test(&self) -> Result<(), NotSent> {
        let test = async {
            match self.server.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err(NotSent::Refused("the server is not ready".to_owned())),
                Err(error) => Err(of_server(error)),
            }
        };
        in_time(test).await
    }

    pub(crate) async fn send(&self, message: &Message) -> Result<(), NotSent> {
        let mut mail = lettre::Message::builder()
            .from(self.from.clone())
            .subject(message.subject.clone())
            .message_id(None)
            .header(ContentType::TEXT_PLAIN)
            .header(AutoSubmitted);
        let to: Mailboxes = self.to.iter().cloned().collect();
        mail = mail.mailbox(lettre::message::header::To::from(to));
        let mail = mail
            .body(message.text.clone())
            .map_err(unusable)?
            .formatted();
        // One by one: a server that refuses one recipient of several takes none.
        let mut sent = Err(NotSent::Refused("there is no recipient".to_owned()));
        for to in &self.to {
            let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.email.clone()]);
            let envelope = envelope.map_err(unusable)?;
            let send = self.server.send_raw(&envelope, &mail);
            let one = in_time(async { send.await.map(drop).map_err(of_server) }).await;
            if let Err(error) = &one {
                tracing::warn!(to = %to.email, error = causes(error), "a notice was not taken");
            }
            sent = sent.or(one);
        }
        sent
    }
}

async fn in_time(work: impl Future<Output = Result<(), NotSent>>) -> Result<(), NotSent> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|late| Err(NotSent::Line(late.into())))
}

fn unusable(error: impl Error + Send + Sync + 'static) -> NotSent {
    NotSent::Settings(error.into())
}

/// What a server said may repeat what it was told: only its code is kept.
fn of_server(error: lettre::transport::smtp::Error) -> NotSent {
    match error.status() {
        Some(code) => NotSent::Refused(format!("SMTP status {code}")),
        None if error.is_client() && causes(&error).contains("STARTTLS") => NotSent::Unencrypted,
        None => NotSent::Line(error.into()),
    }
}
