//! Asking Otipass and ticketing.

use super::facts::Reach;
use super::sketch::Sketch;
use crate::config::{Config, ConfigError};
use kernel::{Clock, InstitutionCode, Zone};
use otipass::{
    AskError, Credentials, OtipassClient, OtipassSettings, PartnerStatus, SettingsError, check_url,
};
use secrecy::SecretString;
use secutix::client::{
    AccessControlClient, CallError, ClientSettings, ClientSetupError, api_version,
};
use secutix::wire::Catalogue;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long Otipass may take: longer than any visitor would wait, so that slow
/// and silent are told apart.
pub const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What came of asking Otipass.
pub enum OtipassAnswer {
    /// Nobody asked, for this reason.
    NotAsked(&'static str),
    /// There is no asking with these settings.
    Unusable(SettingsError),
    /// No answer, or a refusal.
    Failed(AskError),
    /// An answer.
    Answered {
        status: PartnerStatus,
        /// This machine's clock against Otipass's; above 0 if ours is fast.
        clock_offset_ms: i64,
    },
}

/// What came of asking ticketing.
pub enum TicketingAnswer {
    /// Nobody asked, for this reason.
    NotAsked(&'static str),
    /// There is no asking with these settings.
    Unusable(ClientSetupError),
    /// No answer, or a refusal.
    Failed(CallError),
    /// Its time zone and its catalogue.
    Answered { zone: Zone, catalogue: Catalogue },
}

const OFFLINE: &str = "--offline leaves out what goes over the network";
const BROKEN: &str = "its section of the configuration has mistakes";

/// Asks Otipass for its status; changes nothing there.
pub async fn otipass(
    config: &Config,
    broken_sections: &BTreeSet<String>,
    sketch: &Sketch,
    credentials: &Result<Credentials, ConfigError>,
    clock: &dyn Clock,
    reach: Reach,
) -> OtipassAnswer {
    if broken_sections.contains("otipass") {
        return OtipassAnswer::NotAsked(BROKEN);
    }
    let project_id = match &sketch.project_id {
        Some(said) if !said.text.is_empty() => said.text.clone(),
        _ => return OtipassAnswer::NotAsked("the mapping parameters name no project"),
    };
    let Ok(credentials) = credentials else {
        return OtipassAnswer::NotAsked("the file with the secret cannot be read");
    };
    if !check_url(&config.otipass.url, &project_id).is_empty() {
        return OtipassAnswer::NotAsked("its URL is wrong");
    }
    if reach == Reach::Offline {
        return OtipassAnswer::NotAsked(OFFLINE);
    }
    let client = OtipassClient::new(OtipassSettings {
        base_url: config.otipass.url.clone(),
        project_id,
        credentials: credentials.clone(),
        contract: config.otipass.contract.clone(),
        proxy: config.otipass.proxy.clone(),
        connect_timeout: CONNECT_TIMEOUT,
    });
    let client = match client {
        Ok(client) => client,
        Err(error) => return OtipassAnswer::Unusable(error),
    };
    let asked = clock.now();
    match client.status(PATIENCE).await {
        Err(error) => OtipassAnswer::Failed(error),
        Ok(status) => {
            // Otipass read its clock somewhere between question and answer.
            let halfway = asked.plus_ms(clock.now().ms_since(asked) / 2);
            OtipassAnswer::Answered {
                clock_offset_ms: halfway.ms_since(status.time),
                status,
            }
        }
    }
}

/// Asks ticketing, if it is elsewhere, for its time zone and catalogue.
pub async fn ticketing(
    config: &Config,
    broken_sections: &BTreeSet<String>,
    institution: Option<InstitutionCode>,
    password: &Result<Option<SecretString>, ConfigError>,
    clock: &Arc<dyn Clock>,
    reach: Reach,
) -> TicketingAnswer {
    if broken_sections.contains("access_control") {
        return TicketingAnswer::NotAsked(BROKEN);
    }
    let access_control = &config.access_control;
    let Some(url) = &access_control.url else {
        return TicketingAnswer::NotAsked("[access_control] url is not set");
    };
    if api_version(url).is_some_and(|version| version < (1, 4)) {
        return TicketingAnswer::NotAsked("its API version is too old");
    }
    let Ok(Some(password)) = password else {
        return TicketingAnswer::NotAsked("there is no password for it");
    };
    let Some(institution) = access_control.institution.clone().or(institution) else {
        return TicketingAnswer::NotAsked("the institution is not known");
    };
    if reach == Reach::Offline {
        return TicketingAnswer::NotAsked(OFFLINE);
    }
    let operator = access_control.operator.clone();
    let settings = ClientSettings::new(url.clone(), institution, operator, password.clone());
    let client = match AccessControlClient::new(settings, Arc::clone(clock)) {
        Ok(client) => client,
        Err(error) => return TicketingAnswer::Unusable(error),
    };
    let answer = async {
        let zone = client.get_time_zone("doctor".to_owned()).await?;
        let catalogue = client
            .get_access_control_catalog("doctor".to_owned(), None)
            .await?;
        Ok(TicketingAnswer::Answered { zone, catalogue })
    };
    answer.await.unwrap_or_else(TicketingAnswer::Failed)
}
