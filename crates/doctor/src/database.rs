//! The database: opened first, because the set-up may be in it, and then asked
//! what the days before have shown.

use crate::found;
use boxoffice::HeldReason;
use config::{Config, Role};
use db::{Db, DbError, DbUrl};
use gate::outbox::trouble::{self, Trouble};
use gate::records::symptoms::Symptoms;
use gate::site::loaded::{self, SetUpFile};
use kernel::{Finding, causes};
use otipass::NumType;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// Why the database cannot be had.
pub enum Absent {
    /// It is on the network, and the doctor is to stay offline.
    NotAsked,
    /// The first start will make it.
    NotThereYet,
    /// An older version made it; the next start brings it up to date.
    Outdated,
    /// A start refuses it: it was there once, or was left for another, as this says.
    Refused(Finding),
    /// What stands in its file is broken.
    Damaged(String),
    /// It cannot be opened or read.
    Unreadable(String),
}

impl From<DbError> for Absent {
    fn from(error: DbError) -> Self {
        Self::Unreadable(causes(&error))
    }
}

/// The database that was opened.
pub type Opened = Result<Db, Absent>;

/// What it shows to each role.
pub struct Records {
    pub structure: Structure,
    /// The devices that are enrolled.
    pub enrolled: BTreeSet<String>,
    /// Those that a code was made for of late, and that did not come.
    pub awaited: Vec<String>,
    pub symptoms: Symptoms,
    pub troubles: Vec<Trouble>,
    pub held: BTreeMap<HeldReason, i64>,
    /// Files of the set-up of which another text is loaded, which a start leaves at that.
    pub not_loaded: Vec<PathBuf>,
}

/// Whether the structure of the database's file was looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structure {
    /// It is whole, or a server looks after it.
    Whole,
    /// It is too long for the time there was.
    NotLookedThrough,
}

/// Looks through the file of an embedded database, for as long as this at most.
/// `Err` says what is broken.
async fn structure(config: &Config, patience: Duration) -> Result<Structure, String> {
    let Ok(DbUrl::SqliteFile(path)) = config.database_url() else {
        return Ok(Structure::Whole);
    };
    // A service that looks after another database was asked for its own.
    if !path.exists() {
        return Ok(Structure::Whole);
    }
    let look = move || db::snapshot::quick_check(&path, patience);
    match tokio::task::spawn_blocking(look).await {
        Ok(Ok(Some(found))) if found.is_empty() => Ok(Structure::Whole),
        Ok(Ok(Some(found))) => Err(found.join("; ").replace('\n', ", ")),
        Ok(Ok(None)) => Ok(Structure::NotLookedThrough),
        Ok(Err(error)) => Err(causes(&error)),
        Err(error) => Err(causes(&error)),
    }
}

/// That there was a database, by what marks it or by its backups, and there is none: its
/// disk may not be mounted. An empty one would take its place unnoticed.
#[must_use]
pub fn gone(config: &Config) -> Option<Finding> {
    let Ok(DbUrl::SqliteFile(path)) = config.database_url() else {
        return None;
    };
    if std::fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
        return None;
    }
    let place = config.place("database", "url");
    if let Err(DbError::Missing { mark, .. }) = db::not_missing(&path) {
        let found = found::database_gone(place, path.display(), mark.display());
        return Some(found);
    }
    let folder = config.path(&config.backup.folder);
    let left = books::backup::files_in(&folder).ok()?.into_iter().next()?;
    let found = found::database_gone_from_backups(place, path.display(), left.display());
    Some(found)
}

/// Opens the database that the configuration names, if it is there.
pub async fn open(config: &Config, reach: Reach) -> Opened {
    let url = config.database_url();
    let url = url.map_err(|error| Absent::Unreadable(causes(&error)))?;
    let not_there = || gone(config).map_or(Absent::NotThereYet, Absent::Refused);
    match &url {
        DbUrl::SqliteMemory => return Err(Absent::NotThereYet),
        DbUrl::SqliteFile(path) if !path.exists() => return Err(not_there()),
        DbUrl::Postgres(_) if reach == Reach::Offline => return Err(Absent::NotAsked),
        DbUrl::SqliteFile(_) | DbUrl::Postgres(_) => {}
    }
    let opened = async {
        let db = Db::open(&url).await?;
        db.check(books::SCHEMAS).await?;
        Ok::<_, DbError>(db)
    };
    let place = || config.place("database", "url");
    opened.await.map_err(|error| match error {
        DbError::NoSchema => not_there(),
        DbError::OlderSchema { .. } => Absent::Outdated,
        DbError::Moved { to } => Absent::Refused(found::database_left(place(), to)),
        DbError::Filling => Absent::Refused(found::database_being_filled(place())),
        error => error.into(),
    })
}

/// The parts of the set-up that this process has to do with, and the file that manages
/// each, if one does.
pub fn set_up_files(config: &Config) -> impl Iterator<Item = (SetUpFile, Option<&Path>)> {
    let set_up = &config.set_up;
    let files = [
        (SetUpFile::Site, Role::Gate, &set_up.site),
        (SetUpFile::Catalogue, Role::BoxOffice, &set_up.catalogue),
        (SetUpFile::Mapping, Role::Gate, &set_up.mapping),
    ];
    let ours = files.into_iter().filter(|(_, role, _)| config.has(*role));
    ours.map(|(part, _, file)| (part, file.as_deref()))
}

/// The files that the next start leaves alone: others may go by what is loaded.
async fn not_loaded(db: &Db, config: &Config) -> Result<Vec<PathBuf>, DbError> {
    if db.is_alone() {
        return Ok(Vec::new());
    }
    let files = set_up_files(config).filter_map(|(part, path)| {
        let path = config.path(path?);
        // One that cannot be read is told by whoever reads it.
        let text = config::read_text(&path).ok()?;
        Some((part, path, text))
    });
    let files: Vec<_> = files.collect();
    db.read("files of the set-up", move |tx| {
        let mut others = Vec::new();
        for (part, path, text) in &files {
            if loaded::is_loaded(tx, *part, text)? == Some(false) {
                others.push(path.clone());
            }
        }
        Ok(others)
    })
    .await
}

/// Looks into the database.
pub async fn look(
    opened: Opened,
    config: &Config,
    project_id: &str,
    patience: Duration,
) -> Result<Records, Absent> {
    let db = opened?;
    let structure = structure(config, patience).await;
    let structure = structure.map_err(Absent::Damaged)?;
    let project = project_id.to_owned();
    let serial = config.otipass.number_format(NumType::Serial);
    let symptoms = gate::records::symptoms::symptoms(&db, project, serial, CHECKS).await?;
    let devices = gate::devices(&db).await?.into_iter();
    let enrolled = devices.filter(|device| device.tokens > 0);
    let enrolled: BTreeSet<_> = enrolled.map(|state| state.device.to_string()).collect();
    let awaited = gate::awaited(&db).await?.into_iter();
    let awaited = awaited.map(|device| device.to_string());
    Ok(Records {
        structure,
        awaited: awaited
            .filter(|device| !enrolled.contains(device))
            .collect(),
        enrolled,
        symptoms,
        troubles: trouble::list(&db).await?,
        held: boxoffice::report::held_reasons(&db).await?,
        not_loaded: not_loaded(&db, config).await?,
    })
}
