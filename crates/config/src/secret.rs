//! Secrets: each from a file of its own or a variable, never from the
//! configuration itself.

use crate::{Config, ConfigError};
use kernel::{Phrase, Place, Seal};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};

/// What a text editor puts before a text, unseen.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A secret of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// The password at Otipass.
    OtipassPassword,
    /// The API key that stands instead of it.
    OtipassKey,
    /// The access control operator's password.
    OperatorPassword,
    /// Our secret at the OpenID Connect provider.
    ClientSecret,
    /// What the receiver of notices by webhook is shown.
    WebhookSecret,
    /// The password at the mail server.
    MailPassword,
    /// What secrets in the database are sealed with.
    DatabaseKey,
}

impl Secret {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OtipassPassword,
        Self::OtipassKey,
        Self::OperatorPassword,
        Self::ClientSecret,
        Self::WebhookSecret,
        Self::MailPassword,
        Self::DatabaseKey,
    ];

    /// Its section, its key, and the key that names its file.
    const fn keys(self) -> [&'static str; 3] {
        match self {
            Self::OtipassPassword => ["otipass", "password", "password_file"],
            Self::OtipassKey => ["otipass", "api_key", "api_key_file"],
            Self::OperatorPassword => ["access_control", "password", "password_file"],
            Self::ClientSecret => ["office.oidc", "client_secret", "client_secret_file"],
            Self::WebhookSecret => ["notices", "webhook_secret", "webhook_secret_file"],
            Self::MailPassword => ["notices.mail", "password", "password_file"],
            Self::DatabaseKey => ["secrets", "key", "key_file"],
        }
    }
}

impl Config {
    /// A secret: the variable's, or the file's without the end of its line; none if
    /// neither is there.
    ///
    /// # Errors
    /// [`ConfigError::Secret`].
    pub fn secret(&self, secret: Secret) -> Result<Option<SecretString>, ConfigError> {
        if let (_, Some(value)) = self.of(secret) {
            return Ok(Some(value.clone()));
        }
        let [section, _, key] = secret.keys();
        self.secret_file(secret)
            .map(|file| {
                std::fs::read_to_string(file)
                    .map(|text| text.trim_end_matches(['\r', '\n']).to_owned().into())
                    .map_err(|source| ConfigError::Secret {
                        section,
                        key,
                        source,
                    })
            })
            .transpose()
    }

    /// The file of a secret, if one is named.
    #[must_use]
    pub fn secret_file(&self, secret: Secret) -> Option<PathBuf> {
        self.of(secret).0.map(|file| self.path(file))
    }

    /// What secrets in the database are sealed with: nothing, if the operator gives
    /// no key.
    ///
    /// # Errors
    /// [`ConfigError::Secret`], and [`ConfigError::Seal`] for a key that is too short.
    pub fn seal(&self) -> Result<Seal, ConfigError> {
        let key = self.secret(Secret::DatabaseKey)?;
        Ok(match key {
            Some(key) => Seal::with(key.expose_secret())?,
            None => Seal::default(),
        })
    }

    /// Where the configuration says what a secret is: the variable, or the key that
    /// names its file. Never the file: its path may be the secret itself.
    #[must_use]
    pub fn place_of(&self, secret: Secret) -> Place {
        let [section, key, file] = secret.keys();
        let key = match self.of(secret) {
            (_, Some(_)) => key,
            _ => file,
        };
        self.place(section, key)
    }

    fn of(&self, secret: Secret) -> (Option<&Path>, Option<&SecretString>) {
        let (otipass, access_control) = (&self.otipass, &self.access_control);
        let notices = &self.notices;
        let (file, variable) = match secret {
            Secret::OtipassPassword => (&otipass.password_file, &otipass.password),
            Secret::OtipassKey => (&otipass.api_key_file, &otipass.api_key),
            Secret::OperatorPassword => (&access_control.password_file, &access_control.password),
            Secret::ClientSecret => match &self.office.oidc {
                Some(oidc) => (&oidc.client_secret_file, &oidc.client_secret),
                None => return (None, None),
            },
            Secret::WebhookSecret => (&notices.webhook_secret_file, &notices.webhook_secret),
            Secret::MailPassword => match &notices.mail {
                Some(mail) => (&mail.password_file, &mail.password),
                None => return (None, None),
            },
            Secret::DatabaseKey => (&self.secrets.key_file, &self.secrets.key),
        };
        (file.as_deref(), variable.as_ref())
    }
}

/// What is hardly meant to belong to a secret, if there is something.
#[must_use]
pub fn oddity(secret: &SecretString) -> Option<Phrase> {
    let text = secret.expose_secret();
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    let quotes = [('"', '"'), ('\'', '\''), ('“', '”'), ('«', '»')];
    if first == BYTE_ORDER_MARK {
        Some(Phrase::new(
            "begins with a byte-order mark, which editors put there unseen",
            "commence par un indicateur d’ordre des octets, que des éditeurs ajoutent sans le montrer",
        ))
    } else if text.len() > 1 && quotes.contains(&(first, last)) {
        Some(Phrase::new(
            "stands in quotation marks, which are taken as part of it",
            "est entre guillemets, qui comptent comme une partie de lui",
        ))
    } else if text.contains(['\n', '\r']) {
        Some(Phrase::new("has more than one line", "a plus d’une ligne"))
    } else if first.is_whitespace() || last.is_whitespace() {
        Some(Phrase::new(
            "begins or ends with a space",
            "commence ou finit par une espace",
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_editor_adds_to_a_secret_is_odd() {
        for odd in [
            "\u{feff}s3cret",
            "\"s3cret\"",
            "'s3cret'",
            "s3\ncret",
            "s3cret ",
            "«s3»",
            "s\r",
        ] {
            let told = oddity(&odd.into()).unwrap();
            for language in [kernel::Language::En, kernel::Language::Fr] {
                assert!(!told.in_language(language).contains("s3"), "{odd:?}");
            }
        }
        for fine in ["", "\"", "s3 cret", "it's", "\"s3'", "é€"] {
            assert_eq!(oddity(&fine.into()), None, "{fine:?}");
        }
    }
}
