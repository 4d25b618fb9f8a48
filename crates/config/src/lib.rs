//! The configuration: one TOML file, with environment variables over it.
//!
//! What never goes in: what a value means to the set-up as a whole; that is for
//! `doctor` to judge.
//!
//! A variable `PASSERELLE_SECTION__KEY` stands for `key` in `[section]`. Secrets
//! come from a file (`password_file`, `api_key_file`) or from a variable
//! (`PASSERELLE_OTIPASS__PASSWORD` …), never from the TOML itself, and are never
//! printed.

mod found;
mod notices;
mod office;
pub mod overlay;
mod refused;
mod secret;
mod text;
pub mod tls;
mod upkeep;
mod variable;

pub use self::notices::{ByMail, ToldTo};
pub use found::ALL as FINDINGS;
pub use office::Office;
pub use secret::{Secret, oddity};
pub use text::{read_letters, read_text};
pub use upkeep::{Backup, Retention, Support};
pub use variable::is_variable;

use db::DbUrl;
use gate::OfflinePolicy;
use gate::WhenSilent;
use kernel::{Additions, Finding, InstitutionCode, SealError};
use otipass::{Checksum, Contract, Lengths, NumType, NumberFormat};
use overlay::{Kind, Mistake, Origins, Reading};
use secrecy::SecretString;
use secutix::client::{ClientSettings, RequestIds};
use secutix::stx::Dialect;
use secutix::token::{Caller, TimeUnit, TokenStyle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use tls::TlsFiles;

/// The configuration of the service and its commands.
const KIND: Kind = Kind {
    prefix: "PASSERELLE_",
    secrets: &[
        "otipass.password",
        "otipass.api_key",
        "access_control.password",
        "office.oidc.client_secret",
        "notices.webhook_secret",
        "notices.mail.password",
        "secrets.key",
    ],
};

/// What stands over the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surroundings {
    /// The process's variables.
    Variables,
    /// Nothing: the demo and the replay must not touch what they name.
    Nothing,
}

impl Surroundings {
    /// The variables that stand for keys of the configuration.
    #[must_use]
    pub fn variables(self) -> BTreeMap<String, String> {
        match self {
            Self::Variables => overlay::variables(is_variable),
            Self::Nothing => BTreeMap::new(),
        }
    }
}

/// What a process may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Decide checks and carry control barcodes to ticketing.
    Gate,
    /// Take control barcodes and sell them.
    BoxOffice,
}

/// The whole configuration; every key but the marked ones has a default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the file is.
    #[serde(skip)]
    pub file: PathBuf,
    /// Its folder; other paths in it are relative to that.
    #[serde(skip)]
    pub folder: PathBuf,
    /// Where its values come from.
    #[serde(skip)]
    pub origins: Origins,
    /// The HTTP server.
    pub server: Server,
    /// Where everything is remembered.
    pub database: Database,
    /// The files that manage parts of the set-up.
    pub set_up: SetUp,
    /// What devices do at the gate.
    pub gate: AtTheGate,
    /// The interface to Otipass.
    pub otipass: Otipass,
    /// The interface to ticketing.
    pub access_control: AccessControl,
    /// Turning control barcodes into sales.
    pub external_sales: ExternalSales,
    /// Backups that the service takes by itself.
    pub backup: Backup,
    /// How long card numbers stay.
    pub retention: Retention,
    /// The pages for people.
    pub office: Office,
    /// Who is told when something is not well.
    pub notices: ToldTo,
    /// What one who helps must see.
    pub support: Support,
    /// What secrets in the database are sealed with.
    pub secrets: Secrets,
}

/// `[secrets]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// A file that holds the key and nothing else; without it, secrets stand in the
    /// database as they are.
    pub key_file: Option<PathBuf>,
    key: Option<SecretString>,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; 0 takes any free port.
    pub listen: SocketAddr,
    /// What this process does.
    pub roles: Vec<Role>,
    /// A PEM file with the certificate of this server; without it, it speaks
    /// plain HTTP.
    pub tls_certificate: Option<PathBuf>,
    /// A PEM file with the certificate's private key.
    pub tls_key: Option<PathBuf>,
    /// The most connections at a time; by default what the limit of open files
    /// allows, 4,096 at most.
    pub connections: Option<NonZeroUsize>,
    /// The most of them of one address; by default half.
    pub connections_by_address: Option<NonZeroUsize>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8480)),
            roles: vec![Role::Gate, Role::BoxOffice],
            tls_certificate: None,
            tls_key: None,
            connections: None,
            connections_by_address: None,
        }
    }
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`.
    url: String,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite:passerelle.db".to_owned(),
        }
    }
}

/// `[set_up]`: what is managed by file. What is not named here, the back office
/// manages in the database.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SetUp {
    /// Organisation, sectors, doors, devices.
    pub site: Option<PathBuf>,
    /// Seasons, products, tariffs, channel, contact.
    pub catalogue: Option<PathBuf>,
    /// The mapping parameters, as they are.
    pub mapping: Option<PathBuf>,
}

/// `[otipass]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Otipass {
    /// Always `OTIPASS`; other pass systems come later.
    #[serde(rename = "type")]
    pub kind: String,
    /// What Otipass gave, up to and including `/api`. Without it, URL, credentials,
    /// budget and `when_silent` are the back office's.
    pub url: String,
    /// What Otipass gave.
    pub username: String,
    /// A file that holds the password and nothing else.
    pub password_file: Option<PathBuf>,
    /// A file that holds the API key, instead of user name and password.
    pub api_key_file: Option<PathBuf>,
    password: Option<SecretString>,
    api_key: Option<SecretString>,
    /// A proxy on the way, such as `http://proxy.example.org:3128`.
    pub proxy: Option<String>,
    /// How long a visitor waits for an answer at most.
    pub decision_budget_ms: u32,
    /// For how long a card that was admitted at a sector is not admitted there
    /// again; 0 switches it off.
    pub repeat_window_s: u32,
    /// What happens when Otipass does not answer within it.
    pub when_silent: WhenSilent,
    /// What scanners and code makers add to a number.
    pub additions: Additions,
    /// Another length of the number's digits than the default.
    pub digits: Option<Lengths>,
    /// Another length of a serial's letters than the default.
    pub letters: Option<Lengths>,
    /// Another checksum than Luhn.
    pub checksum: Option<Checksum>,
    /// Another contract than that of `docs/interfaces/otipass.md`: names on the
    /// wire, and whether references are honoured.
    pub contract: Contract,
}

impl Default for Otipass {
    fn default() -> Self {
        Self {
            kind: "OTIPASS".to_owned(),
            url: String::new(),
            username: String::new(),
            password_file: None,
            api_key_file: None,
            password: None,
            api_key: None,
            proxy: None,
            decision_budget_ms: 1500,
            repeat_window_s: 60,
            when_silent: WhenSilent::Admit,
            additions: Additions::default(),
            digits: None,
            letters: None,
            checksum: None,
            contract: Contract::default(),
        }
    }
}

impl Otipass {
    /// How the numbers of a project look, as far as the configuration does not say
    /// otherwise.
    #[must_use]
    pub fn number_format(&self, num_type: NumType) -> NumberFormat {
        let usual = NumberFormat::of(num_type);
        NumberFormat {
            letters: self.letters.unwrap_or(usual.letters),
            digits: self.digits.unwrap_or(usual.digits),
            checksum: self.checksum.unwrap_or(usual.checksum),
            ..usual
        }
    }
}

/// `[gate]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AtTheGate {
    /// What devices go by without network.
    pub offline_policy: OfflinePolicy,
}

/// `[access_control]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessControl {
    /// Ticketing's access control service, up to and including its version; by
    /// default this very process.
    pub url: Option<String>,
    /// The institution in the tokens; by default the site's.
    pub institution: Option<InstitutionCode>,
    /// The operator in the tokens.
    pub operator: String,
    /// A file that holds the operator's password and nothing else. Not needed
    /// where one process is both gate and box office.
    pub password_file: Option<PathBuf>,
    password: Option<SecretString>,
    /// `iss` of the tokens, where a partner makes them; by default the institution.
    pub issuer: Option<String>,
    /// How long a token lives.
    pub token_lifetime_s: u32,
    /// In what tokens count time.
    pub token_times: TimeUnit,
    /// How request ids are written.
    pub request_ids: RequestIds,
    /// The word for an entry that was taken back; empty if ticketing has none.
    pub cancelled_word: String,
    /// How long a call may take.
    pub timeout_ms: u64,
    /// A proxy on the way.
    pub proxy: Option<String>,
    /// Certificates of those who vouch for the service besides the authorities that
    /// the machine knows.
    pub authority_file: Option<PathBuf>,
    /// Ticketing's pace, all methods together; by default what the owner of another's
    /// service asks for, or what our own takes.
    pub calls_per_minute: Option<NonZeroU32>,
}

impl Default for AccessControl {
    fn default() -> Self {
        let token = TokenStyle::default();
        Self {
            url: None,
            institution: None,
            operator: "passerelle".to_owned(),
            password_file: None,
            password: None,
            issuer: None,
            token_lifetime_s: token.lifetime_s,
            token_times: token.unit,
            request_ids: RequestIds::default(),
            cancelled_word: ClientSettings::DEFAULT_CANCELLED_WORD.to_owned(),
            timeout_ms: ClientSettings::DEFAULT_TIMEOUT_MS,
            proxy: None,
            authority_file: None,
            calls_per_minute: None,
        }
    }
}

/// `[external_sales]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalSales {
    /// The pause between two runs; 0 leaves them to `passerelle sales run`.
    pub every_s: u32,
    /// How the files are spelt; see `docs/interfaces/stx-file.md`.
    pub dialect: Dialect,
}

impl Default for ExternalSales {
    fn default() -> Self {
        Self {
            every_s: 60,
            dialect: Dialect::default(),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(
        "the configuration {path} cannot be read; give its path with --config, or write one with \
         `passerelle init`"
    )]
    File {
        /// Its path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Its text is wrong, or a variable over it.
    #[error(transparent)]
    Mistake(#[from] Mistake),
    /// A value in it is one that nothing can work with.
    #[error("{0}")]
    Refused(Box<Finding>),
    /// A secret's file cannot be read. Its path stays untold: it may be the secret
    /// itself, in the wrong place.
    #[error(
        "the file that [{section}] {key} names cannot be read; it takes the path of a file \
         with the secret, not the secret itself"
    )]
    Secret {
        /// The section.
        section: &'static str,
        /// The key that names the file.
        key: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The key of the secrets in the database, or what it does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file of ticketing's private authority cannot be read.
    #[error("[access_control] authority_file {path} cannot be read")]
    Authority {
        /// Its path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A certificate without a key, or the other way round.
    #[error(
        "[server] {missing} is missing; set tls_certificate and tls_key to serve https, or neither \
         to serve http"
    )]
    HalfTls {
        /// The key that is missing.
        missing: &'static str,
    },
    /// The database's URL is none.
    #[error("[database] url is wrong")]
    Database(#[from] db::DbError),
}

impl Config {
    /// Reads the file at `path`, with its surroundings over it.
    ///
    /// # Errors
    /// [`ConfigError::File`], and [`ConfigError::Mistake`] or
    /// [`ConfigError::Refused`] for the first there is.
    pub fn read(path: &Path, surroundings: Surroundings) -> Result<Self, ConfigError> {
        let text = read_text(path).map_err(|source| ConfigError::File {
            path: path.to_owned(),
            source,
        })?;
        let config = Self::reading(path, &text, &surroundings.variables()).flawless()?;
        match config.refused().into_iter().next() {
            None => Ok(config),
            Some(first) => Err(ConfigError::Refused(Box::new(first))),
        }
    }

    /// Reads the text of the file at `path`, with variables over it: what it says,
    /// and everything that is wrong.
    #[must_use]
    pub fn reading(path: &Path, text: &str, variables: &BTreeMap<String, String>) -> Reading<Self> {
        let (misspelt, variables) = variable::misspelt(variables);
        let mut reading: Reading<Self> = overlay::read(KIND, path, text, &variables);
        reading.mistakes.extend(misspelt);
        reading.value.file = path.to_owned();
        reading.value.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        reading.value.origins = std::mem::take(&mut reading.origins);
        reading
    }

    /// A path of the configuration, relative to its folder.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Where the database is.
    ///
    /// # Errors
    /// [`ConfigError::Database`] if that is no URL of one.
    pub fn database_url(&self) -> Result<DbUrl, ConfigError> {
        Ok(match self.database.url.parse()? {
            DbUrl::SqliteFile(path) => DbUrl::SqliteFile(self.path(&path)),
            other => other,
        })
    }

    /// The files to serve https with; none for plain HTTP.
    ///
    /// # Errors
    /// [`ConfigError::HalfTls`].
    pub fn tls(&self) -> Result<Option<TlsFiles>, ConfigError> {
        let half = |missing| Err(ConfigError::HalfTls { missing });
        match (&self.server.tls_certificate, &self.server.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
                certificate: self.path(certificate),
                key: self.path(key),
            })),
            (Some(_), None) => half("tls_key"),
            (None, Some(_)) => half("tls_certificate"),
        }
    }

    /// Whether this process has `role`.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.server.roles.contains(&role)
    }

    /// The Otipass password or API key: the file's, or the variable's.
    ///
    /// # Errors
    /// [`ConfigError::Secret`].
    pub fn credentials(&self) -> Result<otipass::Credentials, ConfigError> {
        if let Some(key) = self.secret(Secret::OtipassKey)? {
            return Ok(otipass::Credentials::ApiKey(key));
        }
        Ok(otipass::Credentials::Basic {
            username: self.otipass.username.clone(),
            password: self.secret(Secret::OtipassPassword)?.unwrap_or_default(),
        })
    }

    /// The access control operator's password, if one is set.
    ///
    /// # Errors
    /// [`ConfigError::Secret`].
    pub fn operator_password(&self) -> Result<Option<SecretString>, ConfigError> {
        self.secret(Secret::OperatorPassword)
    }

    /// Who calls ticketing for this institution.
    #[must_use]
    pub fn ticketing_caller(&self, institution: InstitutionCode, password: SecretString) -> Caller {
        let access_control = &self.access_control;
        let mut caller = Caller::new(institution, access_control.operator.clone(), password);
        if let Some(issuer) = &access_control.issuer {
            caller.issuer = issuer.clone();
        }
        caller
    }

    /// How ticketing is called at `url`, which is its own or another's.
    ///
    /// # Errors
    /// [`ConfigError::Authority`].
    pub fn ticketing(&self, url: String, caller: Caller) -> Result<ClientSettings, ConfigError> {
        let access_control = &self.access_control;
        let ours = ClientSettings::new(url, caller);
        if access_control.url.is_none() {
            let calls_per_minute = access_control.calls_per_minute;
            return Ok(ClientSettings {
                calls_per_minute: calls_per_minute.unwrap_or(ours.calls_per_minute),
                ..ours
            });
        }
        let authority_pem = access_control.authority_file.as_deref().map(|file| {
            let path = self.path(file);
            std::fs::read(&path).map_err(|source| ConfigError::Authority { path, source })
        });
        Ok(ClientSettings {
            token: TokenStyle {
                lifetime_s: access_control.token_lifetime_s,
                unit: access_control.token_times,
            },
            request_ids: access_control.request_ids,
            cancelled_word: access_control.cancelled_word.trim().to_owned(),
            calls_per_minute: access_control
                .calls_per_minute
                .unwrap_or(ClientSettings::CALLS_PER_MINUTE_OF_OTHERS),
            timeout_ms: access_control.timeout_ms,
            proxy: access_control.proxy.clone().map(Into::into),
            authority_pem: authority_pem.transpose()?,
            ..ours
        })
    }
}

#[cfg(test)]
mod tests;
