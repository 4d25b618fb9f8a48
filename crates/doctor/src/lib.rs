//! Examines a whole set-up and names each mistake with its cure, all at once.
//!
//! What never goes in: a change of anything: it looks.
//!
//! Facts are gathered first: files, secrets, database, and what Otipass and
//! ticketing answer. Then they are judged, without any I/O. A part that cannot
//! be read hides nothing that another part can tell.

pub mod bundle;
mod configuration;
mod database;
mod document;
pub mod events;
mod examine;
mod facts;
mod finding;
mod found;
mod house;
mod live;
mod page;
mod partner;
mod selling;
mod site;
mod source;
pub mod support;
mod tls;

use config::Config;
pub use config::Surroundings;
pub use database::Reach;
pub use document::catalogue;
pub use finding::{Coming, Diagnosis, Doctor, NOT_CHECKED, Question};
pub use house::HouseDoctor;

use database::Opened;
use db::Db;
use facts::Facts;
use kernel::{Clock, Finding, SystemClock};
use source::Sources;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long Otipass and ticketing may take: longer than any visitor would wait,
/// so that slow and silent are told apart.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What the doctor found, and under which headings.
pub struct Examination {
    headings: Vec<page::Heading>,
    findings: Vec<Finding>,
}

impl Examination {
    /// What there is to say, part by part.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The page for people.
    #[must_use]
    pub fn page(&self) -> String {
        page::page(&self.headings, &self.findings)
    }

    /// The same for whoever shows it otherwise.
    #[must_use]
    pub fn diagnosis(self) -> Diagnosis {
        Diagnosis {
            parts: self.headings.iter().map(|heading| heading.part).collect(),
            findings: self.findings,
        }
    }
}

/// What is to be examined, and how.
#[derive(Debug)]
pub struct Occasion<'a> {
    /// Where the configuration is.
    pub config: &'a Path,
    /// Whether variables count.
    pub surroundings: Surroundings,
    /// Whether the network may be used.
    pub reach: Reach,
    /// How long Otipass and ticketing may take.
    pub patience: Duration,
    /// The database, if it is open already.
    pub db: Option<Db>,
    /// What stands in for the mapping parameters.
    pub mapping: Option<String>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl<'a> Occasion<'a> {
    /// The set-up of the configuration at `config`, as it is.
    #[must_use]
    pub fn new(config: &'a Path, reach: Reach) -> Self {
        Self {
            config,
            surroundings: Surroundings::Variables,
            reach,
            patience: PATIENCE,
            db: None,
            mapping: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// Examines a set-up.
pub async fn examination(occasion: Occasion<'_>) -> Examination {
    let path = occasion.config;
    let configuration = configuration::read(path, occasion.surroundings);
    let mut findings = configuration.findings;
    let mut facts = None;
    if let Some(config) = configuration.config {
        let gathered = gather(occasion, config, configuration.broken_sections).await;
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
    occasion: Occasion<'_>,
    config: Config,
    broken_sections: BTreeSet<String>,
) -> Facts {
    let Occasion {
        config: path,
        surroundings: _,
        reach,
        patience,
        db,
        mapping,
        clock,
    } = occasion;
    let opened = match db {
        Some(db) => Opened::Open(db),
        None => database::open(&config, reach).await,
    };
    let sources = Sources::read(&config, &opened, mapping).await;
    let site = sources.site.read.as_ref().ok();
    let site = site.and_then(|read| read.site.as_ref());
    let institution = site.map(|site| site.institution.clone());
    let project_id = sources.mapping.project_id();
    let operator_password = config.operator_password();
    let asking = live::Asking {
        config: &config,
        broken_sections: &broken_sections,
        clock: &clock,
        reach,
        patience,
    };
    let (otipass, ticketing, database) = tokio::join!(
        asking.otipass(project_id, &sources.interface),
        asking.ticketing(institution, &operator_password),
        database::look(opened, &config, project_id),
    );
    Facts {
        now: clock.now(),
        config_path: path.to_owned(),
        open_secrets: facts::open_secrets(&config),
        tls: facts::Tls::read(&config),
        config,
        broken_sections,
        mapping: sources.mapping,
        site: sources.site,
        catalogue: sources.catalogue,
        interface: sources.interface,
        patience,
        operator_password,
        otipass,
        ticketing,
        database,
    }
}
