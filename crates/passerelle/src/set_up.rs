//! The files of the set-up, and how they get into the database.

use anyhow::{Context, Result, anyhow};
use boxoffice::Catalogue;
use config::{Config, Role};
use db::Db;
use gate::{Gate, Site};
use kernel::{Clock, Finding, Severity};
use otipass::Mapping;
use std::path::Path;

/// Reads a text file of the set-up.
pub fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| {
        format!(
            "{} cannot be read; give its path in [set_up] of the configuration",
            path.display()
        )
    })
}

/// The mapping parameters of the file that the configuration names; none if it
/// leaves them to the back office.
pub fn mapping(config: &Config) -> Result<Option<Mapping>> {
    file(config, config.set_up.mapping.as_deref(), |text| {
        let reading = otipass::read_mapping(text);
        reading.mapping.ok_or(reading.findings)
    })
}

/// The site of the file that the configuration names.
pub fn site(config: &Config) -> Result<Option<Site>> {
    file(config, config.set_up.site.as_deref(), |text| {
        let (site, findings) = gate::read_site(text);
        site.ok_or(findings)
    })
}

fn catalogue(config: &Config) -> Result<Option<Catalogue>> {
    let path = config.set_up.catalogue.as_deref();
    file(config, path, boxoffice::read_catalogue)
}

/// Reads what a file of the set-up says, if the configuration names it.
fn file<T>(
    config: &Config,
    path: Option<&Path>,
    read: impl FnOnce(&str) -> Result<T, Vec<Finding>>,
) -> Result<Option<T>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let path = config.path(path);
    read(&read_text(&path)?).map(Some).map_err(|findings| {
        let mistakes = findings.iter().filter(|f| f.severity == Severity::Mistake);
        let mistakes: Vec<_> = mistakes.map(ToString::to_string).collect();
        anyhow!(
            "{} has mistakes:\n  {}\n`passerelle doctor` explains the whole set-up",
            path.display(),
            mistakes.join("\n  ")
        )
    })
}

/// Opens the database, brings its tables up to this version, and takes up the
/// files of the set-up; a file with mistakes changes nothing. There is no site if
/// neither a file nor the back office has one.
pub async fn apply(config: &Config, clock: &dyn Clock) -> Result<(Db, Option<Site>)> {
    let files = (site(config)?, catalogue(config)?);
    let db = Db::open_with(&config.database_url()?, config.durability()).await?;
    db.migrate(books::SCHEMAS, clock.now()).await?;
    let site = take_up(config, &db, files).await?;
    Ok((db, site))
}

/// As [`apply`], for a set-up that is by file as a whole.
pub async fn apply_files(config: &Config, clock: &dyn Clock) -> Result<(Db, Site, Mapping)> {
    let mapping = mapping(config)?
        .context("[set_up] mapping names no file; give the path of the mapping parameters there")?;
    let (db, site) = apply(config, clock).await?;
    Ok((db, site.ok_or(gate::SiteError::Missing)?, mapping))
}

/// Takes up the files of the set-up again, in a database that is open.
pub async fn apply_to(config: &Config, db: &Db) -> Result<Option<Site>> {
    take_up(config, db, (site(config)?, catalogue(config)?)).await
}

async fn take_up(
    config: &Config,
    db: &Db,
    (site, catalogue): (Option<Site>, Option<Catalogue>),
) -> Result<Option<Site>> {
    if let Some(catalogue) = catalogue
        && config.has(Role::BoxOffice)
    {
        boxoffice::catalogue::apply_catalogue(db, catalogue).await?;
    }
    let Some(site) = site else {
        return Ok(gate::site::interface::read_site(db).await?);
    };
    if config.has(Role::Gate) {
        Gate::apply_site(db, site.clone()).await?;
    }
    Ok(Some(site))
}
