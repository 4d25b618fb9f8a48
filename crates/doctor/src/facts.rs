//! What the doctor looks at: gathered first, judged afterwards.

use super::database::{Absent, Records};
use super::live::{OtipassAnswer, TicketingAnswer};
use super::notices::Ways;
use super::probe::{self, Refusal};
use super::source::{Interface, InterfaceOrigin, Mapping, SiteRead, Source, Unread};
use boxoffice::CatalogueReading;
use config::tls::{Identity, TlsError};
use config::{Config, ConfigError, Role, Secret};
use db::DbUrl;
use gate::Site;
use kernel::Timestamp;
use kernel::finding::{Phrase, Place, Stored};
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// Everything there is to judge.
pub struct Facts {
    pub now: Timestamp,
    pub config: Config,
    /// Sections of the configuration that lack what was wrong in them.
    pub broken_sections: BTreeSet<String>,
    pub mapping: Source<Mapping>,
    pub site: Source<SiteRead>,
    pub catalogue: Source<CatalogueReading>,
    pub interface: Interface,
    /// How long others were waited for.
    pub patience: Duration,
    pub operator_password: Result<Option<SecretString>, ConfigError>,
    /// Where a secret is named, and why it is none or what is odd about it.
    pub secrets: Vec<(Place, Unfit)>,
    /// Files with secrets that every user of the machine may read.
    pub open_secrets: Vec<PathBuf>,
    pub tls: Tls,
    /// What this machine does not let the service do.
    pub machine: Machine,
    pub otipass: OtipassAnswer,
    pub ticketing: TicketingAnswer,
    pub ways: Ways,
    pub database: Result<Records, Absent>,
}

/// What was tried on this machine.
pub struct Machine {
    /// Why the service cannot listen.
    pub listen: Option<std::io::Error>,
    /// What it cannot write.
    pub write: Vec<Refusal>,
    /// Whether somebody takes backups.
    pub backups: Backups,
}

/// Who takes backups of an embedded database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backups {
    /// The service, somebody by hand, or the database is a server's matter.
    Taken,
    /// Nobody: none are set up, and there is none where they would be.
    None,
}

impl Machine {
    /// Tries what the service will do; what a running one does already is not tried.
    pub async fn look(config: &Config, is_running: bool) -> Self {
        let backup = &config.backup;
        let is_embedded = matches!(config.database_url(), Ok(DbUrl::SqliteFile(_)));
        let folder = config.path(&backup.folder);
        let is_any = || std::fs::read_dir(folder).is_ok_and(|mut there| there.next().is_some());
        Self {
            listen: match is_running {
                true => None,
                false => probe::listen(config.server.listen).await,
            },
            write: probe::write(config),
            backups: match is_embedded && backup.every_h == 0 && !is_any() {
                true => Backups::None,
                false => Backups::Taken,
            },
        }
    }
}

/// What is wrong with a secret.
pub enum Unfit {
    /// Its file cannot be read.
    Unreadable(std::io::Error),
    /// It holds what hardly belongs to it.
    Odd(Phrase),
}

/// The secrets that are not as they should be.
pub fn unfit_secrets(config: &Config) -> Vec<(Place, Unfit)> {
    let unfit = |secret: Secret| match config.secret(secret) {
        Err(ConfigError::Secret { source, .. }) => Some(Unfit::Unreadable(source)),
        Ok(Some(value)) => config::oddity(&value).map(Unfit::Odd),
        _ => None,
    };
    let secrets = Secret::ALL.into_iter();
    secrets
        .filter_map(|secret| Some((config.place_of(secret), unfit(secret)?)))
        .collect()
}

/// What there is to serve https with.
pub enum Tls {
    /// Nothing: it is plain HTTP.
    None,
    /// One of the two files is not named; this key of the configuration is missing.
    Half(&'static str),
    /// Certificate and key, or why they cannot be used.
    Files(Result<Identity, TlsError>),
}

impl Tls {
    pub fn read(config: &Config) -> Self {
        match config.tls() {
            Ok(None) => Self::None,
            Ok(Some(files)) => Self::Files(files.read()),
            Err(ConfigError::HalfTls { missing }) => Self::Half(missing),
            // There is no other way to fail.
            Err(_) => Self::None,
        }
    }
}

impl Facts {
    /// Where a key of the configuration stands: the variable over it, if there
    /// is one.
    pub fn key(&self, section: &'static str, key: &'static str) -> Place {
        self.config.place(section, key)
    }

    /// Where a key of the interface to Otipass is entered.
    pub fn interface_key(&self, key: &'static str) -> Place {
        match self.interface.origin {
            InterfaceOrigin::Configuration => self.key("otipass", key),
            _ => Place::Stored(Stored::Connection, None),
        }
    }

    /// The site, if it can be used.
    pub fn site(&self) -> Option<&Site> {
        self.site.read.as_ref().ok()?.site.as_ref()
    }

    /// The devices that are enrolled, as far as the database tells.
    pub fn enrolled(&self) -> &BTreeSet<String> {
        const NOBODY: &BTreeSet<String> = &BTreeSet::new();
        let records = self.database.as_ref();
        records.map_or(NOBODY, |records| &records.enrolled)
    }

    /// The devices that did not come to be enrolled, as far as the database tells.
    pub fn awaited(&self) -> &[String] {
        let records = self.database.as_ref();
        records.map_or(&[], |records| &records.awaited)
    }

    /// Whether the back office is to hold the site, and there is no database to hold it
    /// yet.
    pub fn is_not_begun(&self) -> bool {
        matches!(self.database, Err(Absent::NotThereYet))
            && matches!(self.site.read, Err(Unread::Hidden(_)))
    }

    /// Whether what is missing in this section may only be misspelt.
    pub fn is_broken(&self, section: &str) -> bool {
        self.broken_sections.contains(section)
    }

    /// Whether gate and box office meet inside this process.
    pub fn is_its_own_ticketing(&self) -> bool {
        self.config.access_control.url.is_none()
            && self.config.has(Role::Gate)
            && self.config.has(Role::BoxOffice)
    }
}

/// The files with secrets that every user of the machine may read.
pub fn open_secrets(config: &Config) -> Vec<PathBuf> {
    let key = config.server.tls_key.as_deref().map(|key| config.path(key));
    let secrets = Secret::ALL.map(|secret| config.secret_file(secret));
    secrets
        .into_iter()
        .chain([key])
        .flatten()
        .filter(|path| {
            std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
        })
        .collect()
}

/// What lies deepest behind an error.
pub fn root_cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
