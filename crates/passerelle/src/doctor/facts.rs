//! What the doctor looks at: gathered first, judged afterwards.

use super::finding::{Position, key_position};
use super::live::{OtipassAnswer, TicketingAnswer};
use super::sketch::Sketch;
use crate::config::{Config, ConfigError, Role};
use boxoffice::HeldReason;
use db::{Db, DbError, DbUrl};
use gate::Gate;
use gate::causes;
use gate::symptoms::Symptoms;
use kernel::{Clock, Timestamp};
use otipass::{Credentials, NumType, NumberFormat};
use secrecy::SecretString;
use server::tls::{Identity, TlsError};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many of the latest checks are looked at.
const CHECKS: u32 = 1_000;

/// Whether the doctor may use the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Files only, and a database that is one.
    Offline,
    /// Otipass, ticketing and a database server, too.
    Online,
}

/// Everything there is to judge.
pub struct Facts {
    pub now: Timestamp,
    pub config_path: PathBuf,
    pub config_text: String,
    /// Variables that stand over the file.
    pub variables: BTreeSet<String>,
    pub config: Config,
    /// Sections of the configuration that lack what was wrong in them.
    pub broken_sections: BTreeSet<String>,
    pub mapping: TextFile,
    pub sketch: Sketch,
    pub site: TextFile,
    pub catalogue: TextFile,
    pub credentials: Result<Credentials, ConfigError>,
    pub operator_password: Result<Option<SecretString>, ConfigError>,
    /// Files with secrets that every user of the machine may read.
    pub open_secrets: Vec<PathBuf>,
    pub tls: Tls,
    pub otipass: OtipassAnswer,
    pub ticketing: TicketingAnswer,
    pub database: Database,
}

/// The place of what no file holds.
const BACK_OFFICE: &str = "the back office";

/// A text file of the set-up, or why it cannot be read.
pub struct TextFile {
    pub path: PathBuf,
    pub text: Result<String, std::io::Error>,
}

impl TextFile {
    pub fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path);
        Self { path, text }
    }

    /// The file that the configuration names, if it names one; what it leaves to
    /// the back office is in no file.
    pub fn named(config: &Config, path: Option<&Path>) -> Self {
        match path {
            Some(path) => Self::read(config.path(path)),
            None => Self {
                path: PathBuf::from(BACK_OFFICE),
                text: Err(std::io::Error::new(
                    std::io::ErrorKind::NotFound,
                    "the configuration names no file",
                )),
            },
        }
    }

    /// Whether the back office manages this part.
    pub fn is_in_the_back_office(&self) -> bool {
        self.path == Path::new(BACK_OFFICE)
    }

    /// The file itself, where no line says more.
    pub fn place(&self) -> String {
        self.path.display().to_string()
    }

    pub fn at(&self, position: Position) -> String {
        position.within(&self.path)
    }
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

/// What the database shows.
pub enum Database {
    /// It is on the network, and the doctor is to stay offline.
    NotAsked,
    /// The first start will make it.
    NotThereYet,
    /// It cannot be opened or read.
    Unreadable(String),
    /// What it shows to each role.
    Read {
        symptoms: Symptoms,
        held: BTreeMap<HeldReason, i64>,
    },
}

impl Facts {
    /// Where a key of the configuration stands: the variable over it, if there
    /// is one.
    pub fn key(&self, section: &str, key: &str) -> String {
        let variable = format!("PASSERELLE_{section}__{key}").to_uppercase();
        if self.variables.contains(&variable) {
            return variable;
        }
        match key_position(&self.config_text, section, key) {
            Some(at) => format!("{} ([{section}] {key})", at.within(&self.config_path)),
            None => format!("{} ([{section}] {key})", self.config_path.display()),
        }
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
    [
        &config.otipass.password_file,
        &config.otipass.api_key_file,
        &config.access_control.password_file,
        &config.server.tls_key,
    ]
    .into_iter()
    .flatten()
    .map(|file| config.path(file))
    .filter(|path| std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0))
    .collect()
}

/// Looks into the database, if there is one.
pub async fn database(
    config: &Config,
    sketch: &Sketch,
    clock: &Arc<dyn Clock>,
    reach: Reach,
) -> Database {
    let url = match config.database_url() {
        Ok(url) => url,
        Err(error) => return Database::Unreadable(causes(&error)),
    };
    match &url {
        DbUrl::SqliteMemory => return Database::NotThereYet,
        DbUrl::SqliteFile(path) if !path.exists() => {
            return match path.parent() {
                Some(folder) if folder != Path::new("") && !folder.is_dir() => {
                    Database::Unreadable(format!("there is no folder {}", folder.display()))
                }
                _ => Database::NotThereYet,
            };
        }
        DbUrl::Postgres(_) if reach == Reach::Offline => return Database::NotAsked,
        DbUrl::SqliteFile(_) | DbUrl::Postgres(_) => {}
    }
    let serial = NumberFormat::of(NumType::Serial);
    let serial = NumberFormat {
        letters: config.otipass.letters.unwrap_or(serial.letters),
        digits: config.otipass.digits.unwrap_or(serial.digits),
        checksum: config.otipass.checksum.unwrap_or(serial.checksum),
        ..serial
    };
    let project = sketch.project_id.as_ref().map(|said| said.text.clone());
    match look(&url, project.unwrap_or_default(), serial, clock).await {
        Ok((symptoms, held)) => Database::Read { symptoms, held },
        Err(error) => Database::Unreadable(causes(&error)),
    }
}

async fn look(
    url: &DbUrl,
    project_id: String,
    serial: NumberFormat,
    clock: &Arc<dyn Clock>,
) -> Result<(Symptoms, BTreeMap<HeldReason, i64>), DbError> {
    let db = Db::open(url).await?;
    Gate::prepare(&db, &**clock).await?;
    boxoffice::BoxOffice::prepare(&db, &**clock).await?;
    let symptoms = gate::symptoms::symptoms(&db, project_id, serial, CHECKS).await?;
    let counts = boxoffice::report::counts(&db).await?;
    Ok((symptoms, counts.held_reasons))
}

/// What lies deepest behind an error.
pub fn root_cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
