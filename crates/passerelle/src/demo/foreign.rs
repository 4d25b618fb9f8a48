//! The demo's ticketing where it is not ours.

use super::FOLDER;
use crate::language::language;
use crate::serve;
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use gate::Site;
use kernel::Clock;
use kernel::text::fill;
use otipass::Mapping;
use sandbox::{ForeignSettings, ForeignTicketing, Way};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;

const OPERATOR: &str = "PASSERELLE";
const PASSWORD: &str = "demo";

/// Who sells what the gate admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ticketing {
    /// Our own box office.
    Own,
    /// A stand-in for a SecuTix that is not ours.
    Foreign,
}

/// `demo`'s options about ticketing.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Who sells what the gate admits: our own box office, or a stand-in for a SecuTix
    /// that is not ours; the way ends at its "yes" then
    #[arg(long, value_enum, default_value_t = Ticketing::Own)]
    ticketing: Ticketing,
    /// Where the stand-in ticketing listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8491")]
    foreign: SocketAddr,
    /// In which ways it is not ours, besides those that it has anyway; words of
    /// `passerelle help ticketing`, with commas between
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        hide_default_value = true,
        value_parser = sandbox::ways
    )]
    ways: BTreeSet<Way>,
}

/// The stand-in, before it serves.
pub struct Foreign {
    listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
    ways: BTreeSet<Way>,
}

impl Options {
    /// Opens its address, if it is wanted.
    pub async fn open(&self) -> Result<Option<Foreign>> {
        if self.ticketing == Ticketing::Own {
            ensure!(
                self.ways.is_empty(),
                "--ways says how the stand-in for a SecuTix that is not ours is; add --ticketing foreign"
            );
            return Ok(None);
        }
        let listener = serve::listen(self.foreign, "--foreign").await?;
        Ok(Some(Foreign {
            address: listener.local_addr()?,
            listener,
            ways: self.ways.clone(),
        }))
    }
}

impl Foreign {
    /// The part of the configuration that names it, with the file of the password.
    pub fn configuration(&self, folder: &Path) -> Result<String> {
        let file = kernel::owner_only()
            .create_new(true)
            .open(folder.join("operator.password"));
        file.and_then(|mut file| file.write_all(PASSWORD.as_bytes()))
            .context(FOLDER)?;
        Ok(format!(
            "[access_control]\nurl = \"{}\"\noperator = \"{OPERATOR}\"\n\
             password_file = \"operator.password\"\n\
             # A real one asks for 1.\ncalls_per_minute = 60\n\n",
            self.url()
        ))
    }

    /// What there is to see and to try.
    pub fn introduction(&self) -> Introduction {
        Introduction {
            address: self.address,
            settings: self.ways.iter().copied().filter_map(setting).collect(),
        }
    }

    fn url(&self) -> String {
        format!("http://{}{}", self.address, server::ACCESS_CONTROL_PATH)
    }

    /// Serves for the site's institution, with the seasons and products that are mapped.
    pub async fn serve(
        self,
        site: &Site,
        mapping: &Mapping,
        clock: &Arc<dyn Clock>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        let mut seasons: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for info in mapping.sectors.values() {
            let products = seasons.entry(info.season.clone()).or_default();
            products.insert(info.product.clone());
        }
        let settings = ForeignSettings {
            institution: site.institution.to_string(),
            operator: OPERATOR.to_owned(),
            password: PASSWORD.into(),
            seasons,
            zone: site.zone.clone(),
            clock: Arc::clone(clock),
        };
        let ticketing = ForeignTicketing::new(settings, self.ways);
        sandbox::serve_foreign(self.listener, ticketing, shutdown)
            .await
            .context("the stand-in ticketing failed")
    }
}

/// What a site would have in `[access_control]` if its ticketing were in this way.
const fn setting(way: Way) -> Option<&'static str> {
    match way {
        Way::Partner => Some("issuer = \"PARTNER\""),
        Way::TextIds => Some("request_ids = \"text\""),
        Way::Milliseconds => Some("token_times = \"milliseconds\""),
        Way::LongTokens => Some("token_lifetime_s = 900"),
        _ => None,
    }
}

/// What is said of the stand-in.
pub struct Introduction {
    address: SocketAddr,
    /// What would fit its ways, and is not in the demo's configuration.
    settings: Vec<&'static str>,
}

kernel::texts!(Texts in Fr, En {
    foreign: "La billetterie est une remplaçante d’un SecuTix qui n’est pas à nous : le chemin finit à son « oui ».\n\n  ce qu’elle a pris   http://{foreign}/foreign/kept\n  ses manières        http://{foreign}/foreign/ways\n\n  # ce qu’elle comprend de nous, et nous d’elle",
        "Ticketing is a stand-in for a SecuTix that is not ours: the way ends at its \"yes\".\n\n  what it has taken   http://{foreign}/foreign/kept\n  its ways            http://{foreign}/foreign/ways\n\n  # what it makes of us, and we of it";
    refuses: "elle refuse chaque saison, jusqu’à nouvel ordre ; voyez la page En attente",
        "it refuses every season, until it is told otherwise; look at the page Waiting";
    otherwise: "Elle a des manières que la configuration de la démonstration ne suit pas, pour que vous voyiez ce qui se dit alors.\nLa ligne qui finit par '' les lui ôte ; sur votre site, [access_control] dirait :",
        "It is in ways that the demo's configuration does not fit, so that you see what is said then.\nThe line that ends in '' takes them from it; at your site, [access_control] would say:";
});

/// What there is to see and to try.
pub fn introduce(introduction: &Introduction, config: &Path) {
    let Introduction {
        address: foreign,
        settings,
    } = introduction;
    let c = config.display();
    let me = std::env::current_exe().unwrap_or_else(|_| "passerelle".into());
    let me = me.display();
    let t = Texts::of(language());
    outln!(
        "{}\n\
         \x20 {me} ticketing probe --config {c}\n\n\
         \x20 # {}\n\
         \x20 curl -s -X PUT http://{foreign}/foreign/ways -d no_season\n\
         \x20 curl -s -X PUT http://{foreign}/foreign/ways -d ''\n",
        fill(t.foreign, &[("foreign", foreign)]),
        t.refuses,
    );
    if !settings.is_empty() {
        outln!("{}\n\n  {}\n", t.otherwise, settings.join("\n  "));
    }
}
