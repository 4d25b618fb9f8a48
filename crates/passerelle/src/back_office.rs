//! The back office's part of the service, and the word to whoever starts it for
//! the first time.

use crate::language::language;
use anyhow::{Context, Result};
use config::{Config, Role, Secret};
use db::Db;
use doctor::Doctor;
use gate::Site;
use kernel::Zone;
use kernel::text::fill;
use office::{Managed, OfficeRole, SetUp, TakeUp};
use server::Service;
use staff::Staff;
use staff::password::Cost;
use staff::provider::{Provider, ProviderSettings};
use std::path::PathBuf;
use std::sync::Arc;

/// The back office on what [`apply`](crate::set_up::apply) opened, if the configuration wants one.
/// `address` is where browsers reach it unless the configuration says otherwise;
/// `doctor` has its clock.
pub async fn office(
    config: &Config,
    site: Option<&Site>,
    address: String,
    take_up: TakeUp,
    db: &Db,
    doctor: Doctor,
) -> Result<Option<OfficeRole>> {
    let office = &config.office;
    if !office.enabled {
        return Ok(None);
    }
    let url = office.url.clone().unwrap_or(address);
    let provider = match &office.oidc {
        None => None,
        Some(oidc) => {
            let settings = ProviderSettings {
                issuer: oidc.issuer.clone(),
                client_id: oidc.client_id.clone(),
                // No provider takes an empty one.
                client_secret: config.secret(Secret::ClientSecret)?.unwrap_or_default(),
                label: oidc.label.clone(),
                redirect_uri: format!("{}/office/provider/back", url.trim_end_matches('/')),
                role_claim: oidc.role_claim.clone(),
                roles: oidc.roles.clone(),
            };
            let provider = Provider::new(settings);
            Some(provider.context("[office.oidc] cannot be used")?)
        }
    };
    let clock = Arc::clone(&doctor.clock);
    let staff = Staff::open(db.clone(), clock, Cost::default()).await;
    Ok(Some(OfficeRole {
        staff: staff
            .context("the back office cannot keep passwords")?
            .sealed(config.seal()?),
        url,
        proxies: office.proxies.clone(),
        provider,
        site_name: site.map_or_else(String::new, |site| site.name.clone()),
        zone: site.map_or_else(Zone::utc, |site| site.zone.clone()),
        currency: site.map_or_else(|| "EUR".to_owned(), |site| site.currency.clone()),
        set_up: set_up(config, take_up)?,
        doctor,
    }))
}

/// What the configuration leaves to the back office.
fn set_up(config: &Config, take_up: TakeUp) -> Result<SetUp> {
    let managed = |file: &Option<PathBuf>| match file {
        None => Managed::Here,
        Some(file) => Managed::ByFile(config.path(file).display().to_string()),
    };
    Ok(SetUp {
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
        seal: config.seal()?,
        sold_elsewhere: !config.has(Role::BoxOffice),
        take_up,
    })
}

kernel::texts!(Texts in Fr, En {
    welcome: "\nIl n’y a pas encore de compte. Ouvrez maintenant\n\n  {url}/office/welcome\n\net faites le premier, d’un administrateur, avec ce secret, bon une fois :\n\n  {secret}\n\nEnsuite, les pages mènent par la mise en service, pas à pas.\n",
        "\nThere is no account yet. Open now\n\n  {url}/office/welcome\n\nand make the first, an administrator's, with this secret, which is good once:\n\n  {secret}\n\nAfter that, the pages lead through the set-up, step by step.\n";
});

/// A line for each who starts the service and has no account yet: where to make
/// the first, and the secret for it.
pub async fn welcome(service: &Service) -> Result<Option<String>> {
    let Some(office) = &service.office else {
        return Ok(None);
    };
    let secret = office.staff.open_welcome().await;
    let secret = secret.context("the first account cannot be prepared")?;
    Ok(secret.map(|secret| {
        let url = office.url.trim_end_matches('/');
        let welcome = Texts::of(language()).welcome;
        fill(welcome, &[("url", &url), ("secret", &secret.reveal())])
    }))
}
