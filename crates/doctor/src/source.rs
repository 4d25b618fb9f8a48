//! The parts of the set-up, wherever they are: in files that the configuration
//! names, or in the database, where the back office keeps them.

use super::configuration::in_other_letters;
use super::database::{Absent, Opened};
use super::phrases::phrase;
use crate::found;
use boxoffice::CatalogueReading;
use config::{Config, ConfigError};
use db::{Db, DbError};
use gate::site::interface::StoredInterface;
use gate::{Site, SiteOutline};
use kernel::Seal;
use kernel::finding::{Finding, Part, Phrase, Place, Position, Severity, Stored, Thing};
use kernel::table::Letters;
use otipass::{Credentials, Outline};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where a part of the set-up is.
pub enum Origin {
    /// In this file.
    File(PathBuf),
    /// In the back office.
    Stored(Stored),
}

/// Why there is none.
pub enum Unread {
    /// The file cannot be read.
    File(std::io::Error),
    /// The back office keeps it, and nobody has entered it yet.
    NotEntered,
    /// The back office keeps it, and its database cannot tell, for this reason.
    Hidden(Phrase),
}

/// A part of the set-up, or why it cannot be read.
pub struct Source<T> {
    pub origin: Origin,
    pub read: Result<T, Unread>,
    /// How its file writes its letters.
    letters: Letters,
}

/// What there is to say of a part, and where its things stand in its file.
pub trait Read {
    fn findings(&self) -> &[Finding];

    fn places(&self) -> Option<&BTreeMap<Thing, Position>> {
        None
    }
}

impl<T: Read> Source<T> {
    /// The part itself, where nothing says more.
    pub fn place(&self) -> Place {
        match &self.origin {
            Origin::File(path) => Place::File(path.clone(), None),
            Origin::Stored(stored) => Place::Stored(*stored, None),
        }
    }

    pub fn at(&self, position: Position) -> Place {
        match &self.origin {
            Origin::File(path) => Place::File(path.clone(), Some(position)),
            Origin::Stored(stored) => Place::Stored(*stored, Some(position.line)),
        }
    }

    /// The place of a thing.
    pub fn of(&self, thing: Thing) -> Place {
        let places = self.read.as_ref().ok().and_then(Read::places);
        match (&self.origin, places.and_then(|places| places.get(&thing))) {
            (_, Some(at)) => self.at(*at),
            (Origin::Stored(stored), None) => Place::Part(*stored, thing),
            (Origin::File(_), None) => self.place(),
        }
    }

    /// What was found in the part, with where the part is.
    pub fn located(&self, finding: Finding) -> Finding {
        let place = match &finding.place {
            Place::Text(at) => self.at(*at),
            Place::Thing(thing) => self.of(thing.clone()),
            _ => return finding,
        };
        finding.at(place)
    }

    /// The part; what there is to say of it, or why there is none: `unreadable` and
    /// `missing` say that of a file and of the back office.
    pub fn examine(
        &self,
        part: Part,
        findings: &mut Vec<Finding>,
        unreadable: fn(Place, Phrase) -> Finding,
        missing: impl FnOnce(Place) -> Option<Finding>,
    ) -> Option<&T> {
        let place = self.place();
        if let Origin::File(path) = &self.origin {
            findings.extend(in_other_letters(path, self.letters).map(|mut found| {
                found.part = part;
                found
            }));
        }
        match &self.read {
            Ok(read) => {
                let found = read.findings().iter().cloned();
                findings.extend(found.map(|finding| self.located(finding)));
                return Some(read);
            }
            Err(Unread::File(error)) => findings.push(unreadable(place, Phrase::of_file(error))),
            Err(Unread::NotEntered) => findings.extend(missing(place)),
            Err(Unread::Hidden(why)) => {
                let mut found = found::stored_unknown(place, why.clone());
                found.part = part;
                findings.push(found);
            }
        }
        None
    }
}

/// Mapping parameters, and their text.
pub struct Mapping {
    pub text: String,
    pub reading: otipass::Reading,
}

impl Mapping {
    fn of(text: String) -> Self {
        let reading = otipass::read_mapping(&text);
        Self { text, reading }
    }
}

impl Source<Mapping> {
    /// What the mapping parameters are about, as far as they can be read.
    pub fn outline(&self) -> &Outline {
        const NOTHING: &Outline = &Outline::NOTHING;
        self.read.as_ref().map_or(NOTHING, |m| &m.reading.outline)
    }

    /// The project that they name; empty if they name none, or what is no project.
    pub fn project_id(&self) -> &str {
        let project = self.outline().project_id.as_ref();
        let project = project.filter(|written| !self.is_wrong_at(written.at));
        project.map_or("", |written| &written.text)
    }

    /// Whether a mistake is told at this place already.
    pub fn is_wrong_at(&self, at: Position) -> bool {
        let is_it = |f: &Finding| f.mapped_at == Some(at) && f.severity == Severity::Mistake;
        self.read
            .as_ref()
            .is_ok_and(|m| m.findings().iter().any(is_it))
    }
}

impl Read for Mapping {
    fn findings(&self) -> &[Finding] {
        &self.reading.findings
    }
}

/// A site.
pub struct SiteRead {
    /// None if its file cannot be used.
    pub site: Option<Site>,
    pub outline: SiteOutline,
    /// The text of its file, if it is in one.
    pub text: Option<String>,
    findings: Vec<Finding>,
}

impl SiteRead {
    fn of_file(text: String) -> Self {
        let (site, findings) = gate::read_site(&text);
        Self {
            outline: gate::outline_site(&text),
            text: Some(text),
            site,
            findings,
        }
    }

    fn of_stored(site: &Site) -> Self {
        Self {
            findings: gate::examine_devices(&site.doors, &site.devices),
            outline: SiteOutline::from(site),
            site: Some(site.clone()),
            text: None,
        }
    }
}

impl Read for SiteRead {
    fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl Read for CatalogueReading {
    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn places(&self) -> Option<&BTreeMap<Thing, Position>> {
        Some(&self.places)
    }
}

/// What the back office keeps of the set-up.
struct InOffice {
    interface: StoredInterface,
    site: Option<Site>,
    catalogue: boxoffice::Catalogue,
}

/// All parts of the set-up, and the interface to Otipass.
pub struct Sources {
    pub mapping: Source<Mapping>,
    pub site: Source<SiteRead>,
    pub catalogue: Source<CatalogueReading>,
    pub interface: Interface,
}

/// The interface to Otipass.
pub struct Interface {
    /// Empty if nobody has entered it.
    pub url: String,
    pub credentials: Result<Credentials, ConfigError>,
    /// Whether there is a key, and they stand in the database without.
    pub stands_open: bool,
    pub origin: InterfaceOrigin,
}

/// Who knows the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterfaceOrigin {
    /// The configuration.
    Configuration,
    /// The back office.
    BackOffice,
    /// The back office, whose database cannot tell, for this reason.
    Hidden(Phrase),
}

impl Sources {
    /// Reads them; `mapping` stands in for the mapping parameters.
    pub async fn read(config: &Config, opened: &Opened, mapping: Option<String>) -> Self {
        let stored = match opened {
            Ok(db) => in_office(db).await.map_err(|error| {
                tracing::warn!(error = kernel::causes(&error), "the set-up cannot be read");
                phrase(|t| t.database_unread)
            }),
            Err(absent) => Err(match absent {
                Absent::NotAsked => phrase(|t| t.database_not_asked),
                Absent::NotThereYet => phrase(|t| t.no_database),
                Absent::Outdated => phrase(|t| t.database_outdated),
                Absent::Refused(_) | Absent::Damaged(_) | Absent::Unreadable(_) => {
                    phrase(|t| t.database_shut)
                }
            }),
        };
        let set_up = &config.set_up;
        let site = set_up.site.as_deref();
        let catalogue = set_up.catalogue.as_deref();
        Self {
            interface: interface(config, stored.as_ref()),
            site: from(config, site, &stored, SiteRead::of_file, |stored| {
                (Stored::Site, stored.site.as_ref().map(SiteRead::of_stored))
            }),
            catalogue: from(
                config,
                catalogue,
                &stored,
                |text| boxoffice::look_through_catalogue(&text),
                |stored| {
                    let reading = CatalogueReading {
                        catalogue: stored.catalogue.clone(),
                        ..CatalogueReading::default()
                    };
                    (Stored::Catalogue, Some(reading))
                },
            ),
            mapping: match mapping {
                Some(text) => Source {
                    origin: Origin::Stored(Stored::Mapping),
                    read: Ok(Mapping::of(text)),
                    letters: Letters::Utf8,
                },
                None => from(
                    config,
                    set_up.mapping.as_deref(),
                    &stored,
                    Mapping::of,
                    |stored| {
                        let interface = &stored.interface;
                        let (stored, text) = match &interface.mapping_draft {
                            Some(draft) => (Stored::MappingDraft, Some(draft)),
                            None => (Stored::Mapping, interface.mapping.as_ref()),
                        };
                        (stored, text.cloned().map(Mapping::of))
                    },
                ),
            },
        }
    }
}

/// The file that the configuration names, or what the back office keeps.
fn from<T>(
    config: &Config,
    path: Option<&Path>,
    stored: &Result<InOffice, Phrase>,
    of_file: impl FnOnce(String) -> T,
    find: impl FnOnce(&InOffice) -> (Stored, Option<T>),
) -> Source<T> {
    let mut letters = Letters::Utf8;
    let (origin, read) = match (path, stored) {
        (Some(path), _) => {
            let path = config.path(path);
            let read = config::read_letters(&path).map(|(text, of)| {
                letters = of;
                of_file(text)
            });
            (Origin::File(path), read.map_err(Unread::File))
        }
        (None, Ok(stored)) => {
            let (stored, read) = find(stored);
            (Origin::Stored(stored), read.ok_or(Unread::NotEntered))
        }
        (None, Err(why)) => (
            Origin::Stored(Stored::SetUp),
            Err(Unread::Hidden(why.clone())),
        ),
    };
    Source {
        origin,
        read,
        letters,
    }
}

async fn in_office(db: &Db) -> Result<InOffice, DbError> {
    Ok(InOffice {
        interface: gate::site::interface::read(db).await?,
        site: gate::site::interface::read_site(db).await?,
        catalogue: db
            .read("catalogue", boxoffice::catalogue::load_catalogue)
            .await?,
    })
}

fn interface(config: &Config, stored: Result<&InOffice, &Phrase>) -> Interface {
    let otipass = &config.otipass;
    let by_file = Interface {
        url: otipass.url.clone(),
        credentials: config.credentials(),
        stands_open: false,
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
    match stored {
        Ok(stored) if !stored.interface.connection.url.is_empty() || !is_begun => {
            let kept = &stored.interface;
            let seal = config.seal();
            Interface {
                url: kept.connection.url.clone(),
                stands_open: kept.stands_open() && seal.as_ref().is_ok_and(Seal::is_with_key),
                credentials: seal.and_then(|seal| Ok(kept.credentials(&seal)?)),
                origin: InterfaceOrigin::BackOffice,
            }
        }
        Err(why) if !is_begun => Interface {
            origin: InterfaceOrigin::Hidden(why.clone()),
            ..by_file
        },
        _ => by_file,
    }
}
