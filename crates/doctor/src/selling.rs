//! Judges whether what is mapped can be sold: by the box office's catalogue
//! here, or by ticketing's elsewhere.

use super::facts::{Facts, root_cause};
use super::gathered::{Finding, Findings, Part, Position, key_position, position};
use super::live::TicketingAnswer;
use super::site::{tables, text_at};
use super::sketch::Said;
use boxoffice::doctor::MappedProduct;
use boxoffice::{Catalogue, HeldReason, read_catalogue};
use config::Role;
use kernel::{BusinessDay, Zone, causes};
use secutix::client::{CallError, ClientSetupError, api_version};
use secutix::wire::CatalogueFinding;
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::de::{DeTable, Deserializer};

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

/// A sector with what it sells, and where the mapping parameters say so.
struct Mapped<'f> {
    product: MappedProduct,
    season_said: &'f Said,
    product_said: &'f Said,
}

/// The sectors whose codes are codes.
fn mapped(facts: &Facts) -> Vec<Mapped<'_>> {
    let sectors = facts.sketch.sectors.iter();
    sectors
        .filter_map(|sector| {
            let (season_said, product_said) = (sector.season.as_ref()?, sector.product.as_ref()?);
            Some(Mapped {
                product: MappedProduct {
                    sector: sector.code.text.parse().ok()?,
                    season: season_said.text.parse().ok()?,
                    product: product_said.text.parse().ok()?,
                },
                season_said,
                product_said,
            })
        })
        .collect()
}

/// The box office's own catalogue.
pub fn examine_catalogue(facts: &Facts) -> Vec<Finding> {
    let file = &facts.catalogue;
    let mut findings = Findings::of(Part::Catalogue);
    let unreadable = |findings: &mut Findings, place, error: &std::io::Error| {
        findings.mistake(
            "catalogue_unreadable",
            place,
            format!("The catalogue cannot be read: {error}."),
            "Give its path in [set_up] catalogue.",
        );
    };
    // The back office's is there, if only empty.
    let Some(text) = file.text_or_why(&mut findings, unreadable, |_, _| {}) else {
        return findings.into_list();
    };
    let (catalogue, hidden) = match read_catalogue(text) {
        Ok(catalogue) => (catalogue, BTreeSet::new()),
        Err(problems) => {
            for problem in problems {
                let (line, column) = (problem.line, problem.column);
                let place = file.at(Position { line, column });
                findings.mistake(problem.code, place, problem.what, problem.cure);
            }
            what_is_left(text)
        }
    };
    let leave_out = |code| {
        let table = ABSENCES.iter().find(|(_, absence)| *absence == code);
        table.is_some_and(|(table, _)| hidden.contains(*table))
    };
    let today = today(facts);
    let mut mapped: Vec<_> = mapped(facts)
        .into_iter()
        .map(|mapped| (mapped.product.clone(), Some(mapped)))
        .collect();
    if mapped.is_empty() {
        mapped = sold_by_itself(&catalogue)
            .into_iter()
            .map(|product| (product, None))
            .collect();
    }
    let products: Vec<_> = mapped.iter().map(|(product, _)| product.clone()).collect();
    let of_each: Vec<_> = products
        .iter()
        .map(|product| {
            let alone = std::slice::from_ref(product);
            boxoffice::doctor::examine(&catalogue, alone, today)
        })
        .collect();
    for found in boxoffice::doctor::examine(&catalogue, &products, today) {
        if leave_out(found.code) {
            continue;
        }
        // Which sectors does it strike?
        let struck: Vec<_> = mapped
            .iter()
            .zip(&of_each)
            .filter(|(_, findings)| findings.contains(&found))
            .map(|(mapped, _)| mapped)
            .collect();
        let (place, what) = match struck.first() {
            // Channel and contact strike all of them.
            Some((product, said)) if !strikes_everyone(found.code) => {
                let said = said.as_ref().map(|said| match found.code {
                    "season_unknown" => said.season_said,
                    _ => said.product_said,
                });
                let sectors: BTreeSet<_> = struck.iter().map(|(p, _)| p.sector.as_str()).collect();
                let place = match (found.code, said) {
                    ("season_unknown" | "product_unknown" | "not_open_pass", Some(said)) => {
                        facts.mapping.at(said.at)
                    }
                    _ => tariff_place(facts, text, product.product.as_str()),
                };
                let what = match said {
                    Some(_) => format!(
                        "{} These sectors sell it: {}.",
                        found.what,
                        sectors.into_iter().collect::<Vec<_>>().join(", ")
                    ),
                    None => found.what,
                };
                (place, what)
            }
            _ => (table_place(facts, text, found.code), found.what),
        };
        let said = struck.first().filter(|_| !strikes_everyone(found.code));
        let said = said.and_then(|(_, said)| said.as_ref());
        let said = said.map(|said| concerned(&catalogue, said, found.code));
        findings.mistake(found.code, place, what, found.cure);
        if let Some((at, meant)) = said {
            findings.concerning(at, meant);
        }
    }
    findings.into_list()
}

/// The entry of the mapping parameters that a finding concerns, and the code that
/// is likely meant there.
fn concerned<'c>(
    catalogue: &'c Catalogue,
    said: &Mapped<'_>,
    code: &str,
) -> (Position, Option<&'c str>) {
    let season = &said.product.season;
    match code {
        "season_unknown" => {
            let seasons = catalogue.seasons.iter().map(|season| season.code.as_str());
            let meant = otipass::spelling::meant(&said.season_said.text, seasons);
            (said.season_said.at, meant)
        }
        "product_unknown" => {
            let products = catalogue.products.iter();
            let of_season = products.filter(|product| product.season == *season);
            let codes = of_season.map(|product| product.code.as_str());
            let meant = otipass::spelling::meant(&said.product_said.text, codes);
            (said.product_said.at, meant)
        }
        _ => (said.product_said.at, None),
    }
}

fn strikes_everyone(code: &str) -> bool {
    code.starts_with("channel_") || code.starts_with("contact_")
}

/// What the catalogue itself says is sold by scans, where no mapping tells.
fn sold_by_itself(catalogue: &Catalogue) -> Vec<MappedProduct> {
    let products = catalogue.products.iter();
    products
        .filter(|product| catalogue.mapped_tariff(&product.code).is_some())
        .filter_map(|product| {
            Some(MappedProduct {
                sector: product.code.as_str().parse().ok()?,
                season: product.season.clone(),
                product: product.code.clone(),
            })
        })
        .collect()
}

/// The catalogue without the entries that have mistakes, and the tables that
/// may lack some.
fn what_is_left(text: &str) -> (Catalogue, BTreeSet<String>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let whole = toml::Table::deserialize(Deserializer::from(root)).unwrap_or_default();
    let mut left = toml::Table::new();
    let mut hidden: BTreeSet<String> = if errors.is_empty() {
        BTreeSet::new()
    } else {
        ABSENCES.map(|(table, _)| table.to_owned()).into()
    };
    for (name, mut value) in whole {
        let is_sound = |value: &toml::Value| {
            let alone: toml::Table = [(name.clone(), value.clone())].into_iter().collect();
            toml::to_string(&alone).is_ok_and(|text| read_catalogue(&text).is_ok())
        };
        if let toml::Value::Array(entries) = &mut value {
            let count = entries.len();
            entries.retain(|entry| is_sound(&vec![entry.clone()].into()));
            if entries.len() < count {
                hidden.insert(name.clone());
            }
        }
        // Entries that are sound each may still not be so together.
        if is_sound(&value) {
            left.insert(name, value);
        } else {
            hidden.insert(name);
        }
    }
    let catalogue = toml::to_string(&left).map(|text| read_catalogue(&text));
    match catalogue {
        Ok(Ok(catalogue)) => (catalogue, hidden),
        _ => (
            Catalogue::default(),
            ABSENCES.map(|(table, _)| table.to_owned()).into(),
        ),
    }
}

/// The first tariff of a product; the file if it has none.
fn tariff_place(facts: &Facts, text: &str, product: &str) -> String {
    let (root, _) = DeTable::parse_recoverable(text);
    let first = ["tariff", "product"].into_iter().find_map(|list| {
        tables(root.get_ref(), list)
            .filter_map(|table| text_at(table, if list == "tariff" { "product" } else { "code" }))
            .find(|(code, _)| code == product)
    });
    match first {
        Some((_, offset)) => facts.catalogue.at(position(text, offset)),
        None => facts.catalogue.place(),
    }
}

/// The table of the sales channel or contact; the file if it has none.
fn table_place(facts: &Facts, text: &str, code: &str) -> String {
    let (table, key) = match code {
        "channel_type_invalid" => ("sales_channel", "type"),
        code if code.starts_with("channel_") => ("sales_channel", "code"),
        "contact_without_pending_account" => ("contact", "payment_modes"),
        _ => ("contact", "number"),
    };
    let position = key_position(text, table, key).or_else(|| key_position(text, table, "number"));
    position.map_or_else(|| facts.catalogue.place(), |at| facts.catalogue.at(at))
}

fn today(facts: &Facts) -> BusinessDay {
    let site = facts.site.text.as_ref().ok();
    let zone = site
        .and_then(|text| gate::read_site(text).0)
        .map_or_else(Zone::utc, |site| site.zone);
    zone.business_day(facts.now)
}

/// Ticketing, where it is elsewhere, and the way to it.
pub fn examine_ticketing(facts: &Facts) -> Vec<Finding> {
    let mut findings = Findings::of(Part::Ticketing);
    let config = &facts.config;
    let place = facts.key("access_control", "url");
    let Some(url) = &config.access_control.url else {
        if config.has(Role::Gate)
            && !config.has(Role::BoxOffice)
            && !facts.is_broken(ACCESS_CONTROL)
        {
            findings.mistake(
                "ticketing_missing",
                place,
                "Nobody says where ticketing is, and this process is no box office itself.",
                "Enter the access control service's URL, up to and with its version.",
            );
        }
        password(facts, &mut findings);
        return findings.into_list();
    };
    password(facts, &mut findings);
    match api_version(url) {
        Some((major, minor)) if (major, minor) < (1, 4) => findings.mistake(
            "api_version_too_old",
            place.clone(),
            format!("The interface has API version {major}.{minor}; seasons and products of foreign barcodes need 1.4."),
            "Have the interface's API version raised to 1.4 or later, and write v1_4 in the URL.",
        ),
        Some(_) => {}
        None => findings.warning(
            "api_version_not_in_url",
            place.clone(),
            "The URL does not end in an API version, so nobody can tell whether it is 1.4 or later.",
            "Enter the access control service's URL up to and with its version, such as …/v1_4.",
        ),
    }
    match &facts.ticketing {
        TicketingAnswer::NotAsked(why) => findings.not_checked(
            place,
            format!("Ticketing was not asked: {why}."),
            "Run the doctor again when that has changed: line, credentials, seasons and products are still to be checked.",
        ),
        TicketingAnswer::Unusable(error) => match error {
            // Told of already.
            ClientSetupError::VersionTooOld { .. } => {}
            ClientSetupError::Url => findings.mistake(
                "ticketing_url_wrong",
                place,
                "The access control service's URL is none.",
                "Write it like https://<institution>.ws.secutix.com/tnci/backend-apis/externalAccessControlService/v1_4.",
            ),
            ClientSetupError::Http(_) => findings.mistake(
                "tls_unavailable",
                "this machine",
                format!("No connections can be made here: {}.", causes(error)),
                "Check the machine's certificate store and proxy settings.",
            ),
        },
        TicketingAnswer::Failed(error) => failed(facts, error, &mut findings),
        TicketingAnswer::Silent => findings.mistake(
            "ticketing_unreachable",
            place,
            format!("Ticketing did not answer within {} s.", facts.patience.as_secs()),
            "Try again; if this lasts, check the line and ask who runs ticketing.",
        ),
        TicketingAnswer::Answered { zone, catalogue } => {
            for mapped in mapped(facts) {
                let (season, product) = (&mapped.product.season, &mapped.product.product);
                let sector = &mapped.product.sector;
                let (reason, said, what) = match catalogue.find(season, product) {
                    CatalogueFinding::OpenPass => continue,
                    CatalogueFinding::SeasonUnknown => (
                        HeldReason::SeasonUnknown,
                        mapped.season_said,
                        format!("Ticketing has no season {season}, which sector {sector} sells."),
                    ),
                    CatalogueFinding::ProductUnknown => (
                        HeldReason::ProductUnknown,
                        mapped.product_said,
                        format!("Ticketing's season {season} has no product {product}, which sector {sector} sells."),
                    ),
                    CatalogueFinding::NotOpenPass => (
                        HeldReason::NotOpenPass,
                        mapped.product_said,
                        format!("Ticketing's product {product} of season {season}, which sector {sector} sells, is not of the Open Pass family."),
                    ),
                };
                findings.mistake(reason.as_str(), facts.mapping.at(said.at), what, reason.cure());
                findings.concerning(said.at, None);
            }
            let site = facts.site.text.as_ref().ok();
            if let Some(site) = site.and_then(|text| gate::read_site(text).0)
                && site.zone != *zone
            {
                findings.warning(
                    "time_zone_differs",
                    facts.site.place(),
                    format!(
                        "Ticketing's time zone is {}, the site's {}; days and hours will not agree.",
                        zone.name(),
                        site.zone.name()
                    ),
                    "Write the same zone in both.",
                );
            }
        }
    }
    findings.into_list()
}

fn password(facts: &Facts, findings: &mut Findings) {
    let has_role = !facts.config.server.roles.is_empty();
    if has_role && matches!(facts.operator_password, Ok(None)) && !facts.is_its_own_ticketing() {
        findings.mistake(
            "operator_password_missing",
            facts.key("access_control", "password_file"),
            "Gate and box office do not meet in this process, and the operator's password is missing.",
            "Name a file that holds it in password_file, the same on both sides.",
        );
    }
}

fn failed(facts: &Facts, error: &CallError, findings: &mut Findings) {
    let url = facts.key("access_control", "url");
    let said = format!("{}.", causes(error));
    match error {
        CallError::Unauthorised => findings.mistake(
            "ticketing_credentials_refused",
            facts.key("access_control", "operator"),
            "Ticketing does not accept our token.",
            "Compare institution, operator and password with ticketing's, and the clocks of both sides.",
        ),
        CallError::Unavailable(outage) => findings.mistake(
            "ticketing_unreachable",
            url,
            format!("Ticketing cannot be reached: {}.", root_cause(outage)),
            "Check the URL, the line, the proxy and the firewall.",
        ),
        CallError::RateLimited { .. } => findings.warning(
            "ticketing_busy",
            url,
            "Ticketing takes no more calls for now.",
            "Run the doctor again in some minutes; lower calls_per_minute if it happens often.",
        ),
        CallError::Refused { .. } | CallError::NotUnderstood { .. } | CallError::BatchTooLarge { .. } => {
            findings.mistake(
                "ticketing_refused",
                url,
                said,
                "Check the URL up to its version, and the operator's rights in ticketing.",
            );
        }
    }
}
