//! The files of the set-up, and how they get into the database.

use crate::language::language;
use anyhow::{Context, Result, anyhow, bail};
use boxoffice::Catalogue;
use config::{Config, Role};
use db::{Db, DbError, Tx};
use gate::site::interface;
use gate::site::loaded::{self, SetUpFile};
use gate::{Site, SiteError};
use kernel::text::fill;
use kernel::{Clock, Finding, Severity};
use otipass::Mapping;
use serde_json::json;
use staff::{Actor, Author, Change};
use std::path::{Path, PathBuf};
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

/// A file of the set-up, and what it says.
#[derive(Clone)]
struct File<T> {
    path: PathBuf,
    text: String,
    says: T,
}

/// The files that the configuration names, without mistakes.
#[derive(Clone)]
struct Files {
    site: Option<File<Site>>,
    catalogue: Option<File<Catalogue>>,
    mapping: Option<File<Mapping>>,
}

/// Which files are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// All.
    All,
    /// What a start loads: all, where one process has the database for itself. Where others
    /// go by it too, only what was never loaded: else a node that has an older file would
    /// undo for all of them what was loaded since.
    AtStart,
}

/// The mapping parameters of the file that the configuration names; none if it
/// leaves them to the back office.
pub fn mapping(config: &Config) -> Result<Option<Mapping>> {
    Ok(mapping_file(config)?.map(|file| file.says))
}

fn mapping_file(config: &Config) -> Result<Option<File<Mapping>>> {
    file(config, config.set_up.mapping.as_deref(), |text| {
        let reading = otipass::read_mapping(text);
        reading.mapping.ok_or(reading.findings)
    })
}

/// The site of the file that the configuration names.
pub fn site(config: &Config) -> Result<Option<Site>> {
    Ok(site_file(config)?.map(|file| file.says))
}

fn site_file(config: &Config) -> Result<Option<File<Site>>> {
    file(config, config.set_up.site.as_deref(), |text| {
        let (site, findings) = gate::read_site(text);
        site.ok_or(findings)
    })
}

/// Reads what a file of the set-up says, if the configuration names it.
fn file<T>(
    config: &Config,
    path: Option<&Path>,
    read: impl FnOnce(&str) -> Result<T, Vec<Finding>>,
) -> Result<Option<File<T>>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let path = config.path(path);
    let text = read_text(&path)?;
    let says = read(&text).map_err(|findings| {
        let mistakes = findings.iter().filter(|f| f.severity == Severity::Mistake);
        let mistakes: Vec<_> = mistakes.map(|f| f.line(language())).collect();
        let (path, mistakes) = (path.display(), mistakes.join("\n  "));
        let has = Texts::of(language()).has_mistakes;
        anyhow!(fill(has, &[("path", &path), ("mistakes", &mistakes)]))
    })?;
    Ok(Some(File { path, text, says }))
}

/// Opens the database, brings its tables up to this version, and loads the
/// files of the set-up in the name of `actor`; a file with mistakes changes
/// nothing.
pub async fn apply(
    config: &Config,
    clock: &Arc<dyn Clock>,
    actor: Actor,
    load: Load,
) -> Result<Author> {
    let catalogue = config.set_up.catalogue.as_deref();
    let files = Files {
        site: site_file(config)?,
        catalogue: file(config, catalogue, boxoffice::read_catalogue)?,
        mapping: match config.has(Role::Gate) {
            true => mapping_file(config)?,
            false => None,
        },
    };
    if let Some(gone) = doctor::gone(config) {
        bail!(gone.line(language()));
    }
    let db = Db::open(&config.database_url()?).await?;
    db.migrate(books::SCHEMAS, clock.now()).await?;
    let author = Author {
        db,
        clock: Arc::clone(clock),
        actor,
    };
    import(config, &author, files, load).await?;
    Ok(author)
}

/// As [`apply`] of all, for a set-up that is by file as a whole.
pub async fn apply_files(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<(Author, Site, Mapping)> {
    let mapping = mapping(config)?
        .context("[set_up] mapping names no file; give the path of the mapping parameters there")?;
    let author = apply(config, clock, Actor::service(), Load::All).await?;
    let site = site_in_force(config, &author.db).await?;
    Ok((author, site.ok_or(SiteError::Missing)?, mapping))
}

/// The site that this process goes by: where there are gates, as it stands in the database.
/// There is none if neither a file nor the back office has one.
pub async fn site_in_force(config: &Config, db: &Db) -> Result<Option<Site>> {
    if !config.has(Role::Gate)
        && let Some(site) = site(config)?
    {
        return Ok(Some(site));
    }
    Ok(interface::read_site(db).await?)
}

async fn import(config: &Config, author: &Author, mut files: Files, load: Load) -> Result<()> {
    if !config.has(Role::BoxOffice) {
        files.catalogue = None;
    }
    if !config.has(Role::Gate) {
        files.site = None;
    }
    let by_page = doctor::set_up_files(config).filter(|(_, file)| file.is_none());
    let by_page: Vec<_> = by_page.map(|(part, _)| part).collect();
    let only_new = load == Load::AtStart && !author.db.is_alone();
    let work = move |tx: &mut Tx<'_>| {
        tx.one_at_a_time("files of the set-up")?;
        for part in &by_page {
            loaded::forget(tx, *part)?;
        }
        let mut loading = Loading {
            tx,
            only_new,
            changes: Vec::new(),
            left: Vec::new(),
        };
        loading.load(SetUpFile::Catalogue, &files.catalogue, |tx, file| {
            Ok(save_catalogue(tx, &file.says)?)
        })?;
        loading.load(SetUpFile::Site, &files.site, |tx, file| {
            save_site(tx, &file.says)
        })?;
        loading.load(SetUpFile::Mapping, &files.mapping, |tx, file| {
            Ok(save_mapping(tx, &file.text)?)
        })?;
        Ok::<_, SiteError>((loading.left, loading.changes))
    };
    const NAME: &str = "import set-up";
    let import = || author.change(NAME, work.clone());
    for file in db::between_others(NAME, ATTEMPTS, import).await? {
        tracing::warn!(
            file = %file.display(),
            "this file is not the one that was loaded last, and changes nothing: \
             `passerelle apply` loads it"
        );
    }
    Ok(())
}

/// The files, as they are loaded in one transaction.
struct Loading<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    only_new: bool,
    changes: Vec<Change>,
    /// What was not loaded, since another text is.
    left: Vec<PathBuf>,
}

impl<'tx> Loading<'_, 'tx> {
    fn load<T>(
        &mut self,
        part: SetUpFile,
        file: &Option<File<T>>,
        save: impl FnOnce(&mut Tx<'tx>, &File<T>) -> Result<Option<Change>, SiteError>,
    ) -> Result<(), SiteError> {
        let Some(file) = file else { return Ok(()) };
        let loaded = loaded::is_loaded(self.tx, part, &file.text)?;
        match loaded.filter(|_| self.only_new) {
            None => {
                self.changes.extend(save(self.tx, file)?);
                loaded::note(self.tx, part, &file.text)?;
            }
            Some(true) => {}
            Some(false) => self.left.push(file.path.clone()),
        }
        Ok(())
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

/// Saves the mapping parameters; gives the change if they were others.
fn save_mapping(tx: &mut Tx<'_>, text: &str) -> Result<Option<Change>, DbError> {
    let before = interface::load(tx)?;
    if before.mapping.as_deref() == Some(text) && before.mapping_draft.is_none() {
        return Ok(None);
    }
    interface::save_mapping(tx, text)?;
    let change = Change::done("mapping.changed", "mapping", "OTIPASS")
        .from(json!({ "mapping": before.mapping, "draft": before.mapping_draft }))
        .to(json!({ "mapping": text, "draft": null }));
    Ok(Some(change))
}

/// The change from one file's text to another's, if they differ.
fn between(change: Change, before: Option<String>, after: String) -> Option<Change> {
    (before.as_ref() != Some(&after)).then(|| Change {
        before: before.map(|text| json!({ "file": text })),
        ..change.to(json!({ "file": after }))
    })
}
