//! `passerelle edge`: the turnstile agent.

use crate::Verdict;
use crate::language::language;
use anyhow::{Context, Result};
use clap::Subcommand;
use edge::config::EdgeConfig;
use edge::server::ServerClient;
use kernel::SystemClock;
use kernel::text::fill;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What is read if no configuration is named.
const DEFAULT: &str = "edge.toml";

/// `passerelle edge`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration; by default edge.toml, if there is one
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        env = "PASSERELLE_EDGE_CONFIG"
    )]
    config: Option<PathBuf>,
    /// The server's address, such as `https://passerelle.example.org`
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// The file with this device's token
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The folder of the journal
    #[arg(long, value_name = "FOLDER")]
    journal: Option<PathBuf>,
    /// Read codes from standard input
    #[arg(long)]
    stdin: bool,
    /// Speak the TCP line protocol here
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Show the status page here
    #[arg(long, value_name = "ADDRESS")]
    status: Option<SocketAddr>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Turn an enrolment code into this device's token
    Enrol {
        /// The code, as `passerelle device enrol` or the back office shows it
        #[arg(long, value_name = "ABCD-EFGH")]
        code: String,
    },
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    crate::serve::start_log();
    let path = arguments.config.clone().or_else(|| {
        let default = PathBuf::from(DEFAULT);
        default.exists().then_some(default)
    });
    let mut config = EdgeConfig::read(path.as_deref())?;
    let here = std::env::current_dir().unwrap_or_default();
    if let Some(url) = arguments.server {
        config.server.url = url;
    }
    // Paths of the configuration are relative to it, those of flags to here.
    if let Some(file) = arguments.token_file {
        config.server.token_file = here.join(file);
    }
    if let Some(folder) = arguments.journal {
        config.journal.folder = here.join(folder);
    }
    config.input.stdin |= arguments.stdin;
    config.input.listen = arguments.listen.or(config.input.listen);
    config.status.listen = arguments.status.or(config.status.listen);
    match arguments.action {
        Some(Action::Enrol { code }) => enrol(&config, &code).await,
        None => work(config).await,
    }
}

kernel::texts!(Texts in Fr, En {
    reads: "L’agent du tourniquet lit des lignes sur {address}", "The turnstile agent reads lines on {address}";
    status: "  page d’état    http://{address}/", "  status page    http://{address}/";
    enrolled: "Cet appareil est maintenant {device}. Son jeton est dans {path} ; gardez ce fichier pour vous.",
        "This device is {device} now. Its token is in {path}; keep that file to yourself.";
});

async fn work(config: EdgeConfig) -> Result<Verdict> {
    let running = edge::run::start(config, Arc::new(SystemClock), language())?;
    let t = Texts::of(language());
    // Standard output belongs to the answers.
    if let Some(address) = running.input {
        errln!("{}", fill(t.reads, &[("address", &address)]));
    }
    if let Some(address) = running.status {
        errln!("{}", fill(t.status, &[("address", &address)]));
    }
    running.until(crate::serve::ended()).await;
    Ok(Verdict::Fine)
}

async fn enrol(config: &EdgeConfig, code: &str) -> Result<Verdict> {
    let enrolled = ServerClient::enrol(config, code).await?;
    let path = config.path(&config.server.token_file);
    let token = format!("{}\n", enrolled.token);
    let stored = kernel::replace(&path, &path.with_extension("new"), token.as_bytes());
    stored.with_context(|| {
        format!(
            "the token could not be written to {}; take it back with `passerelle device revoke` \
             and enrol again",
            path.display()
        )
    })?;
    let (enrolled, path) = (enrolled.device, path.display());
    let said = Texts::of(language()).enrolled;
    outln!("{}", fill(said, &[("device", &enrolled), ("path", &path)]));
    Ok(Verdict::Fine)
}
