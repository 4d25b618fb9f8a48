//! Who examines a set-up: gathers the facts and has them judged.

use crate::database::{self, Reach};
use crate::examination::Examination;
use crate::facts::{self, Facts};
use crate::source::Sources;
use crate::{configuration, examine, live, notices};
use config::{Config, Surroundings};
use db::Db;
use kernel::{Clock, Finding, Language, SystemClock};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long Otipass and ticketing may take: longer than any visitor would wait,
/// so that slow and silent are told apart.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Who examines a set-up, by its configuration as it now is.
#[derive(Debug, Clone)]
pub struct Doctor {
    /// Where the configuration is.
    pub config: PathBuf,
    /// What stands over it.
    pub surroundings: Surroundings,
    /// The database, if it is open already.
    pub db: Option<Db>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Doctor {
    /// For the set-up of the configuration at `config`, as it is.
    #[must_use]
    pub fn new(config: PathBuf) -> Self {
        Self {
            config,
            surroundings: Surroundings::Variables,
            db: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Examines all of it. Nobody on the network is waited for any longer than
    /// `patience`.
    pub async fn examine(&self, reach: Reach, patience: Duration) -> Examination {
        self.examine_in(Language::En, reach, patience).await
    }

    /// The same, with its parts named in this language.
    pub async fn examine_in(
        &self,
        language: Language,
        reach: Reach,
        patience: Duration,
    ) -> Examination {
        self.examination(language, reach, patience, None).await
    }

    /// What would be wrong if these were the mapping parameters; nobody on the
    /// network is asked.
    pub async fn examine_mapping(&self, text: String) -> Vec<Finding> {
        let examination =
            self.examination(Language::En, Reach::Offline, Duration::ZERO, Some(text));
        examination.await.findings
    }

    async fn examination(
        &self,
        language: Language,
        reach: Reach,
        patience: Duration,
        mapping: Option<String>,
    ) -> Examination {
        let configuration = configuration::read(&self.config, self.surroundings);
        let mut findings = configuration.findings;
        let mut facts = None;
        if let Some(config) = configuration.config {
            let broken_sections = configuration.broken_sections;
            let gathered = self.gather(config, broken_sections, reach, patience, mapping);
            let gathered = gathered.await;
            findings.extend(examine::examine(&gathered));
            facts = Some(gathered);
        }
        // Within a severity, the order of the text stays.
        findings.sort_by_key(|finding| (finding.part, finding.severity));
        findings.dedup();
        Examination::new(&self.config, facts.as_ref(), findings, language)
    }

    async fn gather(
        &self,
        config: Config,
        broken_sections: BTreeSet<String>,
        reach: Reach,
        patience: Duration,
        mapping: Option<String>,
    ) -> Facts {
        let opened = match &self.db {
            Some(db) => Ok(db.clone()),
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
            clock: &self.clock,
            reach,
            patience,
        };
        let (otipass, ticketing, ways, machine, database) = tokio::join!(
            asking.otipass(project_id, &sources.interface),
            asking.ticketing(institution, &operator_password),
            notices::ask(&config, reach, patience),
            facts::Machine::look(&config, self.db.is_some()),
            database::look(opened, &config, project_id, patience),
        );
        Facts {
            now: self.clock.now(),
            open_secrets: facts::open_secrets(&config),
            secrets: facts::unfit_secrets(&config),
            tls: facts::Tls::read(&config),
            machine,
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
            ways,
            database,
        }
    }
}
