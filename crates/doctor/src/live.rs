//! Asking Otipass and ticketing.

use super::database::Reach;
use super::phrases::{Which, phrase};
use super::source::{Interface, InterfaceOrigin};
use config::{Config, ConfigError};
use kernel::{Clock, InstitutionCode, Phrase, Zone};
use otipass::{AskError, OtipassClient, OtipassSettings, PartnerStatus, SettingsError, check_url};
use secrecy::SecretString;
use secutix::client::{
    AccessControlClient, CallError, ClientSettings, ClientSetupError, Fault, api_version,
};
use secutix::wire::Catalogue;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no answer, by the errors of settings and of a call.
pub enum Unanswered<S, C> {
    /// Nobody asked, for this reason.
    NotAsked(Phrase),
    /// There is no asking with these settings.
    Unusable(S),
    /// No answer, or a refusal.
    Failed(C),
}

/// What Otipass answered.
pub struct OtipassStatus {
    pub status: PartnerStatus,
    /// This machine's clock against Otipass's; above 0 if ours is fast.
    pub clock_offset_ms: i64,
}

type NoOtipass = Unanswered<SettingsError, AskError>;

/// What came of asking Otipass.
pub type OtipassAnswer = Result<OtipassStatus, NoOtipass>;

/// What ticketing answered: its time zone and its catalogue, each unless it refuses to give
/// it or gives it in a shape that nobody documented.
pub struct TicketingGave {
    pub zone: Result<Zone, CallError>,
    pub catalogue: Result<Catalogue, CallError>,
}

/// What came of asking ticketing; a failure is none if nothing came in time.
pub type TicketingAnswer = Result<TicketingGave, Unanswered<ClientSetupError, Option<CallError>>>;

/// What ticketing gave, or why that is no sign of trouble: it is there, takes the token,
/// and only this method does not give what it should.
fn usable<T>(answer: Result<T, CallError>) -> Result<Result<T, CallError>, CallError> {
    match answer {
        Err(error) if error.fault() == Fault::Content => Ok(Err(error)),
        Err(error) => Err(error),
        answer => Ok(answer),
    }
}

/// What asking takes.
pub struct Asking<'a> {
    pub config: &'a Config,
    /// Sections of the configuration that lack what was wrong in them.
    pub broken_sections: &'a BTreeSet<String>,
    pub clock: &'a Arc<dyn Clock>,
    pub reach: Reach,
    /// How long one may take.
    pub patience: Duration,
}

impl Asking<'_> {
    /// What asks Otipass; `Err` if nobody can be asked.
    pub fn otipass_client(
        &self,
        project_id: &str,
        interface: &Interface,
    ) -> Result<OtipassClient, NoOtipass> {
        let not_asked = |why: Which| Err(Unanswered::NotAsked(phrase(why)));
        match &interface.origin {
            InterfaceOrigin::Configuration if self.broken_sections.contains("otipass") => {
                return not_asked(|t| t.broken);
            }
            InterfaceOrigin::Hidden(why) => return Err(Unanswered::NotAsked(why.clone())),
            InterfaceOrigin::Configuration | InterfaceOrigin::BackOffice => {}
        }
        let Ok(credentials) = &interface.credentials else {
            return not_asked(|t| t.no_secret);
        };
        if interface.url.trim().is_empty() {
            return not_asked(|t| t.no_url);
        }
        if !check_url(&interface.url, project_id).is_empty() {
            return not_asked(|t| t.url_wrong);
        }
        if self.reach == Reach::Offline {
            return not_asked(|t| t.offline);
        }
        OtipassClient::new(OtipassSettings {
            base_url: interface.url.clone(),
            project_id: project_id.to_owned(),
            credentials: credentials.clone(),
            contract: self.config.otipass.contract.clone(),
            proxy: self.config.otipass.proxy.clone(),
            connect_timeout: CONNECT_TIMEOUT.min(self.patience),
        })
        .map_err(Unanswered::Unusable)
    }

    /// Asks Otipass for its status; changes nothing there.
    pub async fn otipass(&self, project_id: &str, interface: &Interface) -> OtipassAnswer {
        let client = self.otipass_client(project_id, interface)?;
        if project_id.is_empty() {
            let knocked = client.knock(self.patience).await;
            knocked.map_err(Unanswered::Failed)?;
            return Err(Unanswered::NotAsked(phrase(|t| t.no_project)));
        }
        let asked = self.clock.now();
        let status = client.status(self.patience).await;
        let status = status.map_err(Unanswered::Failed)?;
        // Otipass read its clock somewhere between question and answer.
        let halfway = asked.plus_ms(self.clock.now().ms_since(asked) / 2);
        Ok(OtipassStatus {
            clock_offset_ms: halfway.ms_since(status.time),
            status,
        })
    }

    /// Asks ticketing, if it is elsewhere, for its time zone and catalogue.
    pub async fn ticketing(
        &self,
        institution: Option<InstitutionCode>,
        password: &Result<Option<SecretString>, ConfigError>,
    ) -> TicketingAnswer {
        let not_asked = |why: Which| Err(Unanswered::NotAsked(phrase(why)));
        if self.broken_sections.contains("access_control") {
            return not_asked(|t| t.broken);
        }
        let access_control = &self.config.access_control;
        let Some(url) = &access_control.url else {
            return not_asked(|t| t.no_ticketing);
        };
        if api_version(url).is_some_and(|version| version < (1, 4)) {
            return not_asked(|t| t.version);
        }
        let Ok(Some(password)) = password else {
            return not_asked(|t| t.no_password);
        };
        let Some(institution) = access_control.institution.clone().or(institution) else {
            return not_asked(|t| t.no_institution);
        };
        if self.reach == Reach::Offline {
            return not_asked(|t| t.offline);
        }
        let caller = self.config.ticketing_caller(institution, password.clone());
        let settings = match self.config.ticketing(url.clone(), caller) {
            // Two calls, once in a while, of a person who waits.
            Ok(settings) => ClientSettings {
                calls_per_minute: ClientSettings::CALLS_PER_MINUTE_OF_OURS,
                ..settings
            },
            Err(_) => return not_asked(|t| t.no_authority),
        };
        let client = AccessControlClient::new(settings, Arc::clone(self.clock));
        let client = client.map_err(Unanswered::Unusable)?;
        let answer = async {
            let zone = usable(client.get_time_zone("doctor".to_owned()).await)?;
            let catalogue = client.get_access_control_catalog("doctor".to_owned(), None);
            let catalogue = usable(catalogue.await)?;
            if zone.is_err()
                && let Err(error @ CallError::Refused { .. }) = catalogue
            {
                // Whatever it is about, deliveries would fare the same.
                return Err(error);
            }
            Ok(TicketingGave { zone, catalogue })
        };
        match tokio::time::timeout(self.patience, answer).await {
            Ok(answer) => answer.map_err(|error| Unanswered::Failed(Some(error))),
            Err(_) => Err(Unanswered::Failed(None)),
        }
    }
}
