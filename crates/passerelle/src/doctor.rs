//! `passerelle doctor`: checks a whole set-up and names each mistake with its
//! cure, all at once.
//!
//! Facts are gathered first: files, secrets, database, and what Otipass and
//! ticketing answer. Then they are judged, without any I/O. A part that cannot
//! be read hides nothing that another part can tell.

mod configuration;
mod examine;
mod facts;
mod finding;
mod live;
mod page;
mod partner;
mod selling;
mod site;
mod sketch;
mod tls;

use crate::Verdict;
use crate::config::Config;
use crate::report::{Format, ReportError, print};
pub use facts::Reach;

use facts::{Facts, TextFile};
use finding::Severity;
use kernel::{Clock, SystemClock};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `passerelle doctor`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration
    #[arg(
        value_name = "CONFIG",
        env = "PASSERELLE_CONFIG",
        default_value = "passerelle.toml"
    )]
    config: PathBuf,
    /// Leave out everything that goes over the network
    #[arg(long)]
    offline: bool,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Why the doctor has nothing to say.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// The output.
    #[error(transparent)]
    Print(#[from] ReportError),
}

pub async fn run(arguments: Arguments) -> Result<Verdict, DoctorError> {
    let reach = if arguments.offline {
        Reach::Offline
    } else {
        Reach::Online
    };
    let examination = examination(&arguments.config, reach).await;
    print(arguments.format, &examination.findings, |_| {
        examination.page()
    })?;
    let mut findings = examination.findings.iter();
    Ok(if findings.all(|f| f.severity != Severity::Mistake) {
        Verdict::Fine
    } else {
        Verdict::NotFine
    })
}

/// What the doctor found, and under which headings.
pub struct Examination {
    headings: Vec<page::Heading>,
    findings: Vec<finding::Finding>,
}

impl Examination {
    /// The page for people.
    #[must_use]
    pub fn page(&self) -> String {
        page::page(&self.headings, &self.findings)
    }
}

/// Examines the set-up whose configuration is at `path`.
pub async fn examination(path: &Path, reach: Reach) -> Examination {
    let configuration = configuration::read(path);
    let mut findings = configuration.findings;
    let mut facts = None;
    if let Some((config, text)) = configuration.config {
        let broken = configuration.broken_sections;
        let gathered = gather(path, config, text, broken, reach).await;
        findings.extend(examine::examine(&gathered));
        facts = Some(gathered);
    }
    // Within a severity, the order of the text stays.
    findings.sort_by_key(|finding| (finding.part, finding.severity));
    findings.dedup();
    Examination {
        headings: page::headings(&path.display().to_string(), facts.as_ref()),
        findings,
    }
}

async fn gather(
    path: &Path,
    config: Config,
    config_text: String,
    broken_sections: BTreeSet<String>,
    reach: Reach,
) -> Facts {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mapping = TextFile::named(&config, config.set_up.mapping.as_deref());
    let site = TextFile::named(&config, config.set_up.site.as_deref());
    let catalogue = TextFile::named(&config, config.set_up.catalogue.as_deref());
    let sketch = sketch::sketch(mapping.text.as_deref().unwrap_or_default());
    let institution = site
        .text
        .as_ref()
        .ok()
        .and_then(|text| gate::read_site(text).0);
    let institution = institution.map(|site| site.institution);
    let credentials = config.credentials();
    let operator_password = config.operator_password();
    let (otipass, ticketing, database) = tokio::join!(
        live::otipass(
            &config,
            &broken_sections,
            &sketch,
            &credentials,
            &*clock,
            reach
        ),
        live::ticketing(
            &config,
            &broken_sections,
            institution,
            &operator_password,
            &clock,
            reach
        ),
        facts::database(&config, &sketch, &clock, reach),
    );
    Facts {
        now: clock.now(),
        config_path: path.to_owned(),
        config_text,
        variables: std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect(),
        open_secrets: facts::open_secrets(&config),
        tls: facts::Tls::read(&config),
        config,
        broken_sections,
        mapping,
        sketch,
        site,
        catalogue,
        credentials,
        operator_password,
        otipass,
        ticketing,
        database,
    }
}
