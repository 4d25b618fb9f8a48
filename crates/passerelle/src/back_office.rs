//! The back office's part of the service, and the word to whoever starts it for
//! the first time.

use config::{Config, ConfigError};
use doctor::HouseDoctor;
use gate::Site;
use kernel::Zone;
use office::OfficeRole;
use office::{Managed, SetUp, TakeUp};
use staff::Staff;
use staff::password::Cost;
use staff::provider::{Provider, ProviderSettings};
use std::path::PathBuf;
use std::sync::Arc;

/// Why there is no back office.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The OpenID Connect provider.
    #[error("[office.oidc] cannot be used")]
    Provider(#[from] staff::provider::ProviderError),
    /// The passwords.
    #[error("the back office cannot keep passwords")]
    Passwords(#[from] staff::password::PasswordError),
    /// The first account.
    #[error("the first account cannot be prepared")]
    Welcome(#[from] staff::AccountError),
}

/// The back office on what [`apply`](crate::assemble::apply) opened, if the configuration wants one.
/// `address` is where browsers reach it unless the configuration says otherwise;
/// `doctor` has its database and clock.
///
/// # Errors
/// [`OfficeError`].
pub async fn office(
    config: &Config,
    site: Option<&Site>,
    address: String,
    take_up: TakeUp,
    doctor: HouseDoctor,
) -> Result<Option<OfficeRole>, OfficeError> {
    let office = &config.office;
    if !office.enabled {
        return Ok(None);
    }
    let url = office.url.clone().unwrap_or(address);
    let provider = match &office.oidc {
        None => None,
        Some(oidc) => Some(Provider::new(ProviderSettings {
            issuer: oidc.issuer.clone(),
            client_id: oidc.client_id.clone(),
            client_secret: config.client_secret(oidc)?,
            label: oidc.label.clone(),
            redirect_uri: format!("{}/office/provider/back", url.trim_end_matches('/')),
            role_claim: oidc.role_claim.clone(),
            roles: oidc.roles.clone(),
        })?),
    };
    Ok(Some(OfficeRole {
        staff: Staff::open(
            doctor.db.clone(),
            Arc::clone(&doctor.clock),
            Cost::default(),
        )
        .await?,
        url,
        proxies: office.proxies.clone(),
        provider,
        site_name: site.map_or_else(String::new, |site| site.name.clone()),
        zone: site.map_or_else(Zone::utc, |site| site.zone.clone()),
        currency: site.map_or_else(|| "EUR".to_owned(), |site| site.currency.clone()),
        set_up: set_up(config, take_up),
        doctor: Arc::new(doctor),
    }))
}

/// What the configuration leaves to the back office.
fn set_up(config: &Config, take_up: TakeUp) -> SetUp {
    let managed = |file: &Option<PathBuf>| match file {
        None => Managed::Here,
        Some(file) => Managed::ByFile(config.path(file).display().to_string()),
    };
    SetUp {
        site: managed(&config.set_up.site),
        catalogue: managed(&config.set_up.catalogue),
        mapping: managed(&config.set_up.mapping),
        connection: if config.otipass.url.is_empty() {
            Managed::Here
        } else {
            Managed::ByFile("[otipass]".to_owned())
        },
        contract: config.otipass.contract.clone(),
        proxy: config.otipass.proxy.clone(),
        take_up,
    }
}

/// A line for each who starts the service and has no account yet: where to make
/// the first, and the secret for it.
///
/// # Errors
/// [`OfficeError`].
pub async fn welcome(office: &OfficeRole) -> Result<Option<String>, OfficeError> {
    let secret = office.staff.open_welcome().await?;
    Ok(secret.map(|secret| {
        format!(
            "\nThere is no account yet. Make the first, an administrator's, at\n\n  \
             {}/office/welcome\n\nwith this secret, which is good once and until the next start:\n\n  {}\n",
            office.url.trim_end_matches('/'),
            secret.reveal()
        )
    }))
}
