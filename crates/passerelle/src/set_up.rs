//! The files of the set-up, and how they get into the database.

use crate::language::language;
use anyhow::{Context, Result, anyhow, bail};
use boxoffice::Catalogue;
use config::{Config, Role};
use db::{Db, DbError, Tx};
use gate::{Site, SiteError};
use kernel::text::fill;
use kernel::{Clock, Finding, Severity};
use otipass::Mapping;
use serde_json::json;
use staff::{Actor, Author, Change};
use std::path::Path;
use std::sync::Arc;

/// How often the set-up is imported while the sales of other nodes hold the books.
const ATTEMPTS: u32 = 6;

kernel::texts!(Texts in Fr, En {
    has_mistakes: "{path} a des erreurs :\n  {mistakes}\n« passerelle doctor » explique toute l’installation",
        "{path} has mistakes:\n  {mistakes}\n`passerelle doctor` explains the whole set-up";
});

/// Reads a text file of the set-up.
pub fn read_text(path: &Path) -> Result<String> {
    config::read_text(path).with_context(|| {
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
        let mistakes: Vec<_> = mistakes.map(|f| f.line(language())).collect();
        let (path, mistakes) = (path.display(), mistakes.join("\n  "));
        let has = Texts::of(language()).has_mistakes;
        anyhow!(fill(has, &[("path", &path), ("mistakes", &mistakes)]))
    })
}

/// Opens the database, brings its tables up to this version, and imports the
/// files of the set-up in the name of `actor`; a file with mistakes changes
/// nothing. There is no site if neither a file nor the back office has one.
pub async fn apply(
    config: &Config,
    clock: &Arc<dyn Clock>,
    actor: Actor,
) -> Result<(Author, Option<Site>)> {
    let files = (site(config)?, catalogue(config)?);
    if let Some(gone) = doctor::gone(config) {
        bail!(gone.line(language()));
    }
    let db = Db::open_with(&config.database_url()?, config.durability()).await?;
    db.migrate(books::SCHEMAS, clock.now()).await?;
    let author = Author {
        db,
        clock: Arc::clone(clock),
        actor,
    };
    let site = import(config, &author, files).await?;
    Ok((author, site))
}

/// As [`apply`], for a set-up that is by file as a whole.
pub async fn apply_files(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<(Author, Site, Mapping)> {
    let mapping = mapping(config)?
        .context("[set_up] mapping names no file; give the path of the mapping parameters there")?;
    let (author, site) = apply(config, clock, Actor::service()).await?;
    Ok((author, site.ok_or(SiteError::Missing)?, mapping))
}

/// Imports the files of the set-up again, in a database that is open.
pub async fn apply_to(config: &Config, author: &Author) -> Result<Option<Site>> {
    import(config, author, (site(config)?, catalogue(config)?)).await
}

async fn import(
    config: &Config,
    author: &Author,
    (site, catalogue): (Option<Site>, Option<Catalogue>),
) -> Result<Option<Site>> {
    let catalogue = catalogue.filter(|_| config.has(Role::BoxOffice));
    let ours = site.clone().filter(|_| config.has(Role::Gate));
    let work = move |tx: &mut Tx<'_>| {
        let mut changes = Vec::new();
        if let Some(catalogue) = &catalogue {
            changes.extend(save_catalogue(tx, catalogue)?);
        }
        if let Some(site) = &ours {
            changes.extend(save_site(tx, site)?);
        }
        Ok::<_, SiteError>(((), changes))
    };
    const NAME: &str = "import set-up";
    let import = || author.change(NAME, work.clone());
    db::between_others(NAME, ATTEMPTS, import).await?;
    match site {
        Some(site) => Ok(Some(site)),
        None => Ok(gate::site::interface::read_site(&author.db).await?),
    }
}

/// Saves the site; gives the change if it was another.
fn save_site(tx: &mut Tx<'_>, site: &Site) -> Result<Option<Change>, SiteError> {
    let before = match Site::load(tx) {
        Ok(before) => Some(gate::write_site(&before)),
        Err(SiteError::Missing) => None,
        Err(error) => return Err(error),
    };
    site.save(tx)?;
    let after = gate::write_site(&Site::load(tx)?);
    let change = Change::done("site.changed", "site", &site.organisation);
    Ok(between(change, before, after))
}

/// Saves the catalogue; gives the change if it was another.
fn save_catalogue(tx: &mut Tx<'_>, catalogue: &Catalogue) -> Result<Option<Change>, DbError> {
    let text = |tx: &mut Tx<'_>| {
        let catalogue = boxoffice::catalogue::load_catalogue(tx)?;
        Ok::<_, DbError>(boxoffice::write_catalogue(&catalogue))
    };
    let before = text(tx)?;
    boxoffice::catalogue::save_catalogue(tx, catalogue)?;
    let change = Change::done("catalogue.changed", "catalogue", "catalogue");
    Ok(between(change, Some(before), text(tx)?))
}

/// The change from one file's text to another's, if they differ.
fn between(change: Change, before: Option<String>, after: String) -> Option<Change> {
    (before.as_ref() != Some(&after)).then(|| Change {
        before: before.map(|text| json!({ "file": text })),
        ..change.to(json!({ "file": after }))
    })
}
