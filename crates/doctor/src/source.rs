//! The texts of the set-up, wherever they are: in files that the configuration
//! names, or in the database, where the back office keeps them.

use super::database::Opened;
use super::gathered::{Findings, Position, within};
use boxoffice::Catalogue;
use config::{Config, ConfigError};
use db::{Db, DbError};
use gate::site::interface::StoredInterface;
use kernel::causes;
use otipass::Credentials;
use std::path::{Path, PathBuf};

/// Where a text of the set-up is.
pub enum Origin {
    /// In this file.
    File(PathBuf),
    /// In the back office, as a text whose lines people see there.
    Text(&'static str),
    /// In the back office, entry by entry.
    Entries(&'static str),
}

/// Why there is no text.
pub enum Unread {
    /// The file cannot be read.
    File(std::io::Error),
    /// The back office keeps it, and nobody has entered it yet.
    NotEntered,
    /// The back office keeps it, and its database cannot tell, for this reason.
    Hidden(&'static str),
}

/// A text of the set-up, or why it cannot be read.
pub struct Source {
    pub origin: Origin,
    pub text: Result<String, Unread>,
}

impl Source {
    fn file(config: &Config, path: &Path) -> Self {
        let path = config.path(path);
        let text = std::fs::read_to_string(&path);
        Self {
            origin: Origin::File(path),
            text: text.map_err(Unread::File),
        }
    }

    /// The text itself, where no line says more.
    pub fn place(&self) -> String {
        match &self.origin {
            Origin::File(path) => path.display().to_string(),
            Origin::Text(name) | Origin::Entries(name) => format!("{name} (back office)"),
        }
    }

    pub fn at(&self, position: Position) -> String {
        match &self.origin {
            Origin::File(path) => within(path, position),
            Origin::Text(_) => format!("{}, line {}", self.place(), position.line),
            Origin::Entries(_) => self.place(),
        }
    }

    /// The same, where nobody knows the character.
    pub fn on_line(&self, line: usize) -> String {
        match &self.origin {
            Origin::File(path) => format!("{}:{line}", path.display()),
            Origin::Text(_) | Origin::Entries(_) => self.at(Position { line, column: 1 }),
        }
    }

    /// The text; where there is none, why: `unreadable` and `missing` say it of a
    /// file and of the back office.
    pub fn text_or_why(
        &self,
        findings: &mut Findings,
        unreadable: impl FnOnce(&mut Findings, String, &std::io::Error),
        missing: impl FnOnce(&mut Findings, String),
    ) -> Option<&str> {
        match &self.text {
            Ok(text) => return Some(text),
            Err(Unread::File(error)) => unreadable(findings, self.place(), error),
            Err(Unread::NotEntered) => missing(findings, self.place()),
            Err(Unread::Hidden(why)) => findings.not_checked(
                self.place(),
                format!("The back office keeps this, and {why}."),
                "Run the doctor again when that has changed, or name a file in [set_up].",
            ),
        }
        None
    }
}

/// What the back office keeps of the set-up.
struct Kept {
    interface: StoredInterface,
    site: Option<gate::Site>,
    catalogue: Catalogue,
}

/// All texts of the set-up, and the interface to Otipass.
pub struct Sources {
    pub mapping: Source,
    pub site: Source,
    pub catalogue: Source,
    pub interface: Interface,
}

/// The interface to Otipass.
pub struct Interface {
    /// Empty if nobody has entered it.
    pub url: String,
    pub credentials: Result<Credentials, ConfigError>,
    pub origin: InterfaceOrigin,
}

/// Who knows the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterfaceOrigin {
    /// The configuration.
    Configuration,
    /// The back office.
    BackOffice,
    /// The back office, whose database cannot tell, for this reason.
    Hidden(&'static str),
}

impl Sources {
    /// Reads them; `mapping` stands in for the mapping parameters.
    pub async fn read(config: &Config, opened: &Opened, mapping: Option<String>) -> Self {
        let kept = match opened {
            Opened::Open(db) => kept(db).await.map_err(|error| {
                tracing::warn!(error = causes(&error), "the set-up cannot be read");
                "the database cannot be read"
            }),
            Opened::NotAsked => Err("the database server was not asked"),
            Opened::NotThereYet => Err("there is no database yet; the first start makes it"),
            Opened::Unreadable(_) => Err("the database cannot be opened"),
        };
        let set_up = &config.set_up;
        Self {
            interface: interface(config, kept.as_ref()),
            site: from(config, set_up.site.as_deref(), &kept, |kept| {
                let site = kept.site.as_ref().map(gate::write_site);
                (Origin::Entries("the site"), site)
            }),
            catalogue: from(config, set_up.catalogue.as_deref(), &kept, |kept| {
                let text = boxoffice::write_catalogue(&kept.catalogue);
                (Origin::Entries("the catalogue"), Some(text))
            }),
            mapping: match mapping {
                Some(text) => Source {
                    origin: Origin::Text(MAPPING),
                    text: Ok(text),
                },
                None => from(config, set_up.mapping.as_deref(), &kept, |kept| {
                    let interface = &kept.interface;
                    match &interface.mapping_draft {
                        Some(draft) => (Origin::Text(DRAFT), Some(draft.clone())),
                        None => (Origin::Text(MAPPING), interface.mapping.clone()),
                    }
                }),
            },
        }
    }
}

const MAPPING: &str = "the mapping parameters";
const DRAFT: &str = "the draft of the mapping parameters";

/// The file that the configuration names, or what the back office keeps.
fn from(
    config: &Config,
    path: Option<&Path>,
    kept: &Result<Kept, &'static str>,
    find: impl FnOnce(&Kept) -> (Origin, Option<String>),
) -> Source {
    match (path, kept) {
        (Some(path), _) => Source::file(config, path),
        (None, Ok(kept)) => {
            let (origin, text) = find(kept);
            Source {
                origin,
                text: text.ok_or(Unread::NotEntered),
            }
        }
        (None, Err(why)) => Source {
            origin: Origin::Entries("the set-up"),
            text: Err(Unread::Hidden(why)),
        },
    }
}

async fn kept(db: &Db) -> Result<Kept, DbError> {
    Ok(Kept {
        interface: gate::site::interface::read(db).await?,
        site: gate::site::interface::read_site(db).await?,
        catalogue: db
            .read("catalogue", boxoffice::catalogue::load_catalogue)
            .await?,
    })
}

fn interface(config: &Config, kept: Result<&Kept, &&'static str>) -> Interface {
    let otipass = &config.otipass;
    let by_file = Interface {
        url: otipass.url.clone(),
        credentials: config.credentials(),
        origin: InterfaceOrigin::Configuration,
    };
    // Credentials beside no URL are half an interface by file, unless the back
    // office has the whole one.
    let is_begun = !otipass.username.is_empty()
        || otipass.password_file.is_some()
        || otipass.api_key_file.is_some();
    if !otipass.url.is_empty() {
        return by_file;
    }
    match kept {
        Ok(kept) if !kept.interface.connection.url.is_empty() || !is_begun => Interface {
            url: kept.interface.connection.url.clone(),
            credentials: Ok(kept.interface.credentials()),
            origin: InterfaceOrigin::BackOffice,
        },
        Err(why) if !is_begun => Interface {
            origin: InterfaceOrigin::Hidden(why),
            ..by_file
        },
        _ => by_file,
    }
}

impl Interface {
    /// Where a key of the interface is entered.
    pub fn place(&self, in_configuration: impl FnOnce() -> String) -> String {
        match self.origin {
            InterfaceOrigin::Configuration => in_configuration(),
            InterfaceOrigin::BackOffice | InterfaceOrigin::Hidden(_) => {
                "the connection to Otipass (back office)".to_owned()
            }
        }
    }
}
