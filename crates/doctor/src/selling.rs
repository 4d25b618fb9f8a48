//! Judges whether what is mapped can be sold: by the box office's catalogue
//! here, or by ticketing's elsewhere.

use super::facts::{Facts, root_cause};
use super::live::{TicketingGave, Unanswered};
use crate::found;
use boxoffice::doctor::MappedProduct;
use boxoffice::{Catalogue, CatalogueReading};
use config::Role;
use kernel::finding::{Finding, Part, Phrase, Place, Position};
use kernel::{Zone, causes};
use secutix::client::{CallError, ClientSetupError, api_version, check_url};
use secutix::wire::{Catalogue as TheirCatalogue, Offer};
use std::collections::BTreeSet;

const ACCESS_CONTROL: &str = "access_control";

/// What the catalogue lacks, with the table of the file that would hold it.
/// Where a mistake in such a table hides its entries, they are not missing.
const ABSENCES: [(&str, &str); 6] = [
    ("season", "season_unknown"),
    ("product", "product_unknown"),
    ("tariff_mapping", "tariff_not_mapped"),
    ("tariff", "tariff_unknown"),
    ("sales_channel", "channel_missing"),
    ("contact", "contact_missing"),
];

/// The sectors whose codes are codes.
fn mapped(facts: &Facts) -> Vec<MappedProduct> {
    let sectors = facts.mapping.outline().sectors.iter();
    sectors
        .filter_map(|sector| {
            let (season, product) = (sector.season.as_ref()?, sector.product.as_ref()?);
            Some(MappedProduct {
                sector: Some(sector.code.text.parse().ok()?),
                season: season.text.parse().ok()?,
                product: product.text.parse().ok()?,
                at: [season.at, product.at],
            })
        })
        .collect()
}

/// What the catalogue itself says is sold by scans, where no mapping tells.
fn sold_by_itself(catalogue: &Catalogue) -> Vec<MappedProduct> {
    let products = catalogue.products.iter();
    products
        .filter(|product| catalogue.mapped_tariff(&product.code).is_some())
        .map(|product| MappedProduct {
            sector: None,
            season: product.season.clone(),
            product: product.code.clone(),
            at: [Position::START; 2],
        })
        .collect()
}

/// The box office's own catalogue.
pub fn examine_catalogue(facts: &Facts) -> Vec<Finding> {
    let source = &facts.catalogue;
    let mut findings = Vec::new();
    let unreadable = found::catalogue_unreadable;
    // The back office's is there, if only empty.
    let reading = source.examine(Part::Catalogue, &mut findings, unreadable, |_| None);
    let Some(CatalogueReading {
        catalogue, hidden, ..
    }) = reading
    else {
        return findings;
    };
    let is_hidden = |code| {
        let table = ABSENCES.iter().find(|(_, absence)| *absence == code);
        table.is_some_and(|(table, _)| hidden.contains(table))
    };
    let mut mapped = mapped(facts);
    if mapped.is_empty() {
        mapped = sold_by_itself(catalogue);
    }
    let zone = facts
        .site()
        .map_or_else(Zone::utc, |site| site.zone.clone());
    let found = boxoffice::doctor::examine(catalogue, &mapped, zone.business_day(facts.now));
    let shown = found.into_iter().filter(|found| !is_hidden(found.code));
    findings.extend(shown.map(|found| match found.place {
        Place::Text(_) => facts.mapping.located(found),
        _ => source.located(found),
    }));
    findings
}

/// Ticketing, where it is elsewhere, and the way to it.
pub fn examine_ticketing(facts: &Facts) -> Vec<Finding> {
    let config = &facts.config;
    let place = || facts.key(ACCESS_CONTROL, "url");
    let mut findings = Vec::new();
    let Some(url) = &config.access_control.url else {
        if config.has(Role::Gate)
            && !config.has(Role::BoxOffice)
            && !facts.is_broken(ACCESS_CONTROL)
        {
            findings.push(found::ticketing_missing(place()));
        }
        findings.extend(password(facts));
        return findings;
    };
    findings.extend(password(facts));
    if check_url(url).is_err() {
        findings.push(found::ticketing_url_wrong(place()));
        return findings;
    }
    match api_version(url) {
        Some((major, minor)) if (major, minor) < (1, 4) => {
            let version = format!("{major}.{minor}");
            findings.push(found::api_version_too_old(place(), version));
        }
        Some(_) => {}
        None => findings.push(found::api_version_not_in_url(place())),
    }
    match &facts.ticketing {
        Err(Unanswered::NotAsked(why)) => {
            findings.push(found::ticketing_not_asked(place(), why.clone()));
        }
        Err(Unanswered::Unusable(error)) => match error {
            // Told of already.
            ClientSetupError::VersionTooOld { .. } | ClientSetupError::Url => {}
            ClientSetupError::Proxy => {
                findings.push(found::ticketing_proxy_wrong(
                    facts.key(ACCESS_CONTROL, "proxy"),
                ));
            }
            ClientSetupError::Authority => {
                let place = facts.key(ACCESS_CONTROL, "authority_file");
                findings.push(found::ticketing_authority_wrong(place));
            }
            ClientSetupError::Http(_) => {
                let message = causes(error);
                findings.push(found::connections_unavailable(Place::Machine, message));
            }
        },
        Err(Unanswered::Failed(Some(error))) => findings.push(failed(facts, error)),
        Err(Unanswered::Failed(None)) => {
            let seconds = facts.patience.as_secs();
            findings.push(found::ticketing_silent(place(), seconds));
        }
        Ok(TicketingGave { zone, catalogue }) => {
            match zone {
                Ok(zone) => findings.extend(time_zone(facts, zone)),
                Err(unusual) => findings.push(unusual_answer(place(), "getTimeZone", unusual)),
            }
            match catalogue {
                Ok(catalogue) => findings.extend(products(facts, catalogue)),
                Err(unusual) => {
                    let method = "getAccessControlCatalog";
                    findings.push(unusual_answer(place(), method, unusual));
                    if let CallError::UnusualAnswer { names, .. } = unusual {
                        findings.extend(unnamed(facts, names));
                    }
                }
            }
        }
    }
    findings
}

/// What is mapped and is not sold there.
fn products(facts: &Facts, catalogue: &TheirCatalogue) -> Vec<Finding> {
    let mut findings = Vec::new();
    for mapped in mapped(facts) {
        let MappedProduct {
            sector: Some(sector),
            season,
            product,
            at: [season_at, product_at],
        } = mapped
        else {
            continue;
        };
        let (season_place, place) = (facts.mapping.at(season_at), facts.mapping.at(product_at));
        let (found, at) = match catalogue.find(&season, &product) {
            Offer::OpenPass => continue,
            Offer::SeasonUnknown => {
                let found = found::season_unknown(season_place, season, sector);
                (found, season_at)
            }
            Offer::ProductUnknown => {
                let found = found::product_unknown(place, season, product, sector);
                (found, product_at)
            }
            Offer::NotOpenPass => {
                let found = found::not_open_pass(place, season, product, sector);
                (found, product_at)
            }
        };
        findings.push(found.concerning(at, None));
    }
    findings
}

/// What is mapped and stands nowhere in a catalogue of unknown shape.
fn unnamed(facts: &Facts, names: &BTreeSet<String>) -> Vec<Finding> {
    let all = mapped(facts);
    // Then it would refuse every entry, whatever the shape.
    let seasons: BTreeSet<_> = all.iter().map(|mapped| mapped.season.as_str()).collect();
    let products: BTreeSet<_> = all.iter().map(|mapped| mapped.product.as_str()).collect();
    for codes in [seasons, products] {
        if !codes.is_empty() && codes.iter().all(|code| !names.contains(*code)) {
            let codes = Vec::from_iter(codes).join(", ");
            let place = facts.key(ACCESS_CONTROL, "url");
            return vec![found::ticketing_names_none(place, codes)];
        }
    }
    let mut findings = Vec::new();
    for mapped in all {
        let [season_at, product_at] = mapped.at;
        let (season, product) = (mapped.season.as_str(), mapped.product.as_str());
        let (code, at) = match (names.contains(season), names.contains(product)) {
            (true, true) => continue,
            (false, _) => (season, season_at),
            (true, false) => (product, product_at),
        };
        if let Some(sector) = mapped.sector {
            let found = found::ticketing_names_no(facts.mapping.at(at), code, sector);
            findings.push(found.concerning(at, None));
        }
    }
    findings
}

fn time_zone(facts: &Facts, zone: &Zone) -> Option<Finding> {
    let site = facts.site().filter(|site| site.zone != *zone)?;
    let (theirs, ours) = (zone.name(), site.zone.name());
    Some(found::time_zone_differs(facts.site.place(), theirs, ours))
}

/// Deliveries need neither of these answers.
fn unusual_answer(place: Place, method: &str, unusual: &CallError) -> Finding {
    match unusual {
        CallError::UnusualAnswer { what, .. } => {
            found::ticketing_shape_unknown(place, method, what.trim_end_matches('.'))
        }
        refused => found::ticketing_method_refused(place, method, causes(refused)),
    }
}

fn password(facts: &Facts) -> Option<Finding> {
    let has_role = !facts.config.server.roles.is_empty();
    let is_wanted = has_role && !facts.is_its_own_ticketing();
    let is_missing = matches!(facts.operator_password, Ok(None));
    (is_wanted && is_missing)
        .then(|| found::operator_password_missing(facts.key(ACCESS_CONTROL, "password_file")))
}

fn failed(facts: &Facts, error: &CallError) -> Finding {
    let url = facts.key(ACCESS_CONTROL, "url");
    match error {
        CallError::Unauthorised => {
            found::ticketing_credentials_refused(facts.key(ACCESS_CONTROL, "operator"))
        }
        CallError::Unavailable(outage) => {
            let why = Phrase::of_line(root_cause(outage), outage);
            found::ticketing_unreachable(url, why)
        }
        CallError::RateLimited { .. } => found::ticketing_busy(url),
        CallError::ProxyCredentials => {
            found::ticketing_proxy_refused(facts.key(ACCESS_CONTROL, "proxy"))
        }
        CallError::Refused { .. }
        | CallError::NotUnderstood { .. }
        | CallError::UnusualAnswer { .. }
        | CallError::BatchTooLarge { .. } => found::ticketing_refused(url, causes(error)),
    }
}
