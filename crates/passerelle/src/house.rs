//! What commands work on: the configuration, and the database of a service that
//! has run before.

use crate::language::language;
use crate::out::Format;
use crate::{assemble, init, set_up};
use anyhow::{Result, bail, ensure};
use boxoffice::BoxOffice;
use clap::Subcommand;
use config::{Config, Role, Surroundings};
use db::{Db, DbUrl};
use gate::Site;
use kernel::text::fill;
use kernel::{Clock, SystemClock};
use staff::{Actor, Author};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which configuration a command works on.
#[derive(Debug, clap::Args)]
pub struct ConfigOption {
    /// The configuration; else passerelle.toml here, else that of the package, else that in
    /// your own folder for data
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        env = "PASSERELLE_CONFIG"
    )]
    pub config: Option<PathBuf>,
}

/// What a command is to do, and on which configuration.
#[derive(Debug, clap::Args)]
pub struct Acting<A: Subcommand> {
    #[command(flatten)]
    pub config: ConfigOption,
    #[command(subcommand)]
    pub action: A,
}

impl ConfigOption {
    /// The file that is named, or found.
    pub fn path(&self) -> PathBuf {
        let path = self.config.clone().or_else(init::found);
        path.unwrap_or_else(|| init::FILE.into())
    }

    pub fn read(&self) -> Result<Config> {
        let path = self.path();
        if self.config.is_none() && path != Path::new(init::FILE) {
            let found = Texts::of(language()).found;
            errln!("{}", fill(found, &[("file", &path.display())]));
        }
        Ok(Config::read(&path, Surroundings::Variables)?)
    }

    /// The configuration with the database it names, which must be there.
    pub async fn open(&self) -> Result<House> {
        House::open(self.read()?).await
    }
}

// What commands say where another sells is the same as the back office's pages.
kernel::texts!(Texts in Fr, En {
    found: "La configuration est {file}.", "The configuration is {file}.";
    no_box_office: "Ce service ne tient pas de billetterie ([server] roles) : voyez celui qui la tient.",
        "This service keeps no ticketing ([server] roles): look at the one that does.";
    no_gate: "Ce service ne tient pas d’accès ([server] roles) : voyez celui qui les tient.",
        "This service keeps no gates ([server] roles): look at the one that does.";
});

/// A configuration with its database.
pub struct House {
    pub config: Config,
    pub db: Db,
    pub clock: Arc<dyn Clock>,
}

impl House {
    /// Opens what is there, whatever has become of the files of the set-up.
    pub async fn open(config: Config) -> Result<Self> {
        let url = config.database_url()?;
        if let DbUrl::SqliteFile(path) = &url
            && !path.exists()
        {
            bail!(
                "there is no database at {}; start the service first (`passerelle serve`), run \
                 `passerelle apply`, or correct [database] url",
                path.display()
            );
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let db = Db::open(&url).await?;
        db.check(books::SCHEMAS).await?;
        Ok(Self { config, db, clock })
    }

    /// Whoever runs this command, for what it changes.
    pub fn author(&self) -> Author {
        Author {
            db: self.db.clone(),
            clock: Arc::clone(&self.clock),
            actor: command_line(),
        }
    }

    /// The site, by file or as the back office keeps it.
    pub async fn site(&self) -> Result<Site> {
        let site = set_up::site_in_force(&self.config, &self.db).await?;
        Ok(site.ok_or(gate::SiteError::Missing)?)
    }

    /// Says before figures of what another keeps that they are not here; beside them
    /// where a program reads them.
    pub fn say_if_elsewhere(&self, role: Role, format: Format) {
        let t = Texts::of(language());
        let elsewhere = match role {
            _ if self.config.has(role) => return,
            Role::Gate => t.no_gate,
            Role::BoxOffice => t.no_box_office,
        };
        match format {
            Format::Table => outln!("{elsewhere}\n"),
            Format::Json => errln!("{elsewhere}"),
        }
    }

    /// The box office, where there is one.
    pub async fn box_office(&self) -> Result<BoxOffice> {
        let elsewhere = Texts::of(language()).no_box_office;
        ensure!(self.config.has(Role::BoxOffice), elsewhere);
        let site = self.site().await?;
        assemble::box_office(&self.config, self.db.clone(), &site, &self.clock)
    }
}

/// Where browsers reach the service: as the configuration says, or else where it listens;
/// none if that is on all of its machine's addresses.
pub fn own_address(config: &Config) -> Result<Option<String>> {
    if let Some(url) = &config.office.url {
        return Ok(Some(url.clone()));
    }
    let listen = config.server.listen;
    let scheme = match config.tls()? {
        Some(_) => "https",
        None => "http",
    };
    Ok((!listen.ip().is_unspecified()).then(|| format!("{scheme}://{listen}")))
}

/// Whoever runs this command, for the audit log: by their name on the machine, and
/// if they became another by `sudo`, by their own.
pub fn command_line() -> Actor {
    let name = |variable| std::env::var(variable).ok().filter(|name| !name.is_empty());
    let user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(name);
    let user = user.unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw()));
    Actor::command_line(&user)
}
