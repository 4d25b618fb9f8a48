//! What keeps scans from being sold, found before the first visitor arrives.

use crate::catalogue::PaymentMode;
use crate::catalogue_file::{meant_channel, named_tariff};
use crate::readiness::{CHANNEL_CODE, HeldReason, channel_is_valid, open_pass};
use crate::{Catalogue, found, prices};
use kernel::finding::{Finding, Phrase, Place, Position, Thing};
use kernel::{BusinessDay, Language, ProductCode, SeasonCode, SectorCode};
use std::collections::BTreeSet;

/// What an admission to a sector sells, by the mapping parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedProduct {
    /// The sector; none where no mapping parameters tell.
    pub sector: Option<SectorCode>,
    /// Its season.
    pub season: SeasonCode,
    /// Its product.
    pub product: ProductCode,
    /// Where the mapping parameters name season and product.
    pub at: [Position; 2],
}

/// Examines whether what is `mapped` can be sold on `today`. Each mistake gives
/// one finding, however many sectors it strikes: in the mapping parameters
/// ([`Place::Text`]), or of a part of the catalogue.
#[must_use]
pub fn examine(
    catalogue: &Catalogue,
    mapped: &[MappedProduct],
    today: BusinessDay,
) -> Vec<Finding> {
    let mut examination = Examination {
        catalogue,
        mapped,
        today,
        findings: Vec::new(),
    };
    for mapped in mapped {
        examination.product(mapped);
    }
    let mut findings = examination.findings;
    findings.extend(channel(catalogue));
    findings.extend(contact(catalogue));
    findings
}

struct Examination<'a> {
    catalogue: &'a Catalogue,
    mapped: &'a [MappedProduct],
    today: BusinessDay,
    findings: Vec<Finding>,
}

impl Examination<'_> {
    fn find(&mut self, finding: Finding, at: Option<Position>, meant: Option<&str>) {
        let en = Language::En;
        let is_it = |f: &Finding| f.code == finding.code && f.what(en) == finding.what(en);
        if !self.findings.iter().any(is_it) {
            self.findings.push(match at {
                Some(at) => finding.concerning(at, meant),
                None => finding,
            });
        }
    }

    /// Which sectors sell this, as a sentence behind another.
    fn sold(&self, this: impl Fn(&MappedProduct) -> bool) -> Phrase {
        let sectors = self.mapped.iter().filter(|mapped| this(mapped));
        let sectors: BTreeSet<_> = sectors
            .filter_map(|mapped| Some(mapped.sector.as_ref()?.as_str()))
            .collect();
        if sectors.is_empty() {
            return Phrase::new("", "");
        }
        let sectors = sectors.into_iter().collect::<Vec<_>>().join(", ");
        Phrase::new(
            format!(" These sectors sell it: {sectors}."),
            format!(" Ces secteurs le vendent\u{a0}: {sectors}."),
        )
    }

    fn product(&mut self, mapped: &MappedProduct) {
        let MappedProduct {
            season,
            product,
            at: [season_at, product_at],
            ..
        } = mapped;
        let said = mapped.sector.is_some();
        let place = |at: Position| match said {
            true => Place::Text(at),
            false => self.tariff_place(product),
        };
        let catalogue = self.catalogue;
        let (finding, at, meant) = match open_pass(catalogue, season, product) {
            Ok(()) => return self.tariff(mapped),
            Err(HeldReason::SeasonUnknown) => {
                let sold = self.sold(|m| m.season == *season);
                let known = catalogue.seasons.iter().map(|s| s.code.as_str());
                let meant = kernel::meant(season.as_str(), known);
                let finding = found::season_unknown(place(*season_at), season, sold);
                (finding, season_at, meant)
            }
            Err(reason) => {
                let sold = self.sold(|m| m.season == *season && m.product == *product);
                let place = place(*product_at);
                if reason == HeldReason::ProductUnknown {
                    let of_season = catalogue.products.iter().filter(|p| p.season == *season);
                    let known = of_season.map(|p| p.code.as_str());
                    let meant = kernel::meant(product.as_str(), known);
                    let finding = found::product_unknown(place, season, product, sold);
                    (finding, product_at, meant)
                } else {
                    let finding = found::not_open_pass(place, season, product, sold);
                    (finding, product_at, None)
                }
            }
        };
        self.find(finding, said.then_some(*at), meant);
    }

    /// The first tariff of a product, or the product itself.
    fn tariff_place(&self, product: &ProductCode) -> Place {
        let code = product.to_string();
        let mut tariffs = self.catalogue.tariffs.iter();
        Place::Thing(if tariffs.any(|t| t.product == *product) {
            Thing::TariffOf(code)
        } else {
            Thing::Product(code)
        })
    }

    fn tariff(&mut self, mapped: &MappedProduct) {
        let (catalogue, product, today) = (self.catalogue, &mapped.product, self.today);
        let place = self.tariff_place(product);
        let sold = self.sold(|m| m.product == *product);
        let at = mapped.sector.is_some().then_some(mapped.at[1]);
        let mut find = |found: &dyn Fn(Place, Phrase) -> Finding| {
            self.find(found(place.clone(), sold.clone()), at, None);
        };
        let Some(tariff) = catalogue.mapped_tariff(product) else {
            return find(&|place, sold| found::tariff_not_mapped(place, product, sold));
        };
        let entries = catalogue.tariffs.iter();
        let entries = entries.filter(|t| t.product == *product && t.code == *tariff);
        let entries: Vec<_> = entries.collect();
        if entries.is_empty() {
            return find(&|place, sold| found::tariff_unknown(place, tariff, product, sold));
        }
        for entry in &entries {
            let named = || named_tariff(product, tariff, entry.valid_from);
            if entry.price.is_none() {
                find(&|place, sold| found::tariff_without_price(place, named(), sold));
            }
            if entry.vat.is_none() {
                find(&|place, sold| found::tariff_without_vat(place, named(), sold));
            }
        }
        if !entries.iter().any(|t| t.is_valid_on(today)) {
            return find(&|place, sold| {
                found::tariff_not_valid(place, tariff, product, today, sold)
            });
        }
        for finding in prices::examine(&entries, today, &place) {
            self.find(finding, None, None);
        }
    }
}

fn channel(catalogue: &Catalogue) -> Vec<Finding> {
    if channel_is_valid(catalogue) {
        return Vec::new();
    }
    let place = || Place::Thing(Thing::Channel);
    let Some(channel) = meant_channel(&catalogue.sales_channels) else {
        return vec![found::channel_missing(place())];
    };
    let (code, kind) = (&channel.code, &channel.channel_type);
    let mut findings = Vec::new();
    if code.as_str() != CHANNEL_CODE {
        findings.push(found::channel_code_invalid(place(), code));
    }
    if !kind.is_stx_file() {
        findings.push(found::channel_type_invalid(place(), code, kind.as_str()));
    }
    findings
}

fn contact(catalogue: &Catalogue) -> Option<Finding> {
    let place = Place::Thing(Thing::Contact);
    let buyer = catalogue.buyer.as_ref();
    let mut contacts = catalogue.contacts.iter();
    match contacts.find(|contact| Some(&contact.number) == buyer) {
        None => Some(found::contact_missing(place)),
        Some(contact) if !contact.payment_modes.contains(&PaymentMode::PendingAccount) => Some(
            found::contact_without_pending_account(place, &contact.number),
        ),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ChannelType;
    use crate::read_catalogue;
    use secutix::wire::ProductFamily;

    const VILLENEUVE: &str = include_str!("../../../examples/villeneuve/catalogue.toml");

    /// Of a catalogue that pages hold, nobody is told by the keys of a file.
    #[test]
    fn what_a_page_says_of_the_catalogue_names_no_key_of_a_file() {
        let of_files = found::ALL
            .iter()
            .position(|e| e.code == "catalogue_file_broken");
        for entry in &found::ALL[..of_files.unwrap()] {
            for text in [entry.en, entry.fr].concat() {
                for key in ["_minor", "_points", ".toml", "[", "valid_"] {
                    assert!(!text.contains(key), "{}: {text}", entry.code);
                }
            }
        }
    }

    fn mapped(products: &[&str]) -> Vec<MappedProduct> {
        products
            .iter()
            .enumerate()
            .map(|(number, product)| MappedProduct {
                sector: Some(format!("S{number}").parse().unwrap()),
                season: "VN26".parse().unwrap(),
                product: product.parse().unwrap(),
                at: [Position::START; 2],
            })
            .collect()
    }

    fn codes(catalogue: &Catalogue, products: &[&str]) -> Vec<&'static str> {
        let today = "2026-07-14".parse().unwrap();
        let findings = examine(catalogue, &mapped(products), today);
        for language in [Language::En, Language::Fr] {
            let ends = |text: String| text.ends_with('.');
            let mut all = findings.iter();
            assert!(all.all(|f| ends(f.what(language)) && ends(f.cure(language))));
        }
        findings.iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_sound_set_up_has_no_findings() {
        let catalogue = read_catalogue(VILLENEUVE).unwrap();
        assert!(codes(&catalogue, &["PASSVN", "PASSVN2"]).is_empty());
    }

    #[test]
    fn each_mistake_is_named_once() {
        type Break = fn(&mut Catalogue);
        let cases: [(&str, Break); 16] = [
            ("season_unknown", |c| c.seasons.clear()),
            ("product_unknown", |c| c.products.clear()),
            ("not_open_pass", |c| {
                c.products[0].family = ProductFamily::Other("SEASON_TICKET".into());
            }),
            ("tariff_not_mapped", |c| c.tariff_mappings.clear()),
            ("tariff_unknown", |c| c.tariffs.clear()),
            ("tariff_without_price", |c| c.tariffs[0].price = None),
            ("tariff_without_vat", |c| c.tariffs[0].vat = None),
            ("tariff_not_valid", |c| {
                c.tariffs[0].valid_until = Some("2026-07-13".parse().unwrap());
            }),
            ("channel_missing", |c| c.sales_channels.clear()),
            ("channel_missing", |c| {
                c.sales_channels[0].code = "WEB".parse().unwrap();
                c.sales_channels[0].channel_type = ChannelType::Other("B2C".into());
            }),
            ("channel_code_invalid", |c| {
                c.sales_channels[0].code = "Otipass".parse().unwrap();
            }),
            ("channel_code_invalid", |c| {
                c.sales_channels[0].code = "CITYPASS".parse().unwrap();
            }),
            ("channel_type_invalid", |c| {
                c.sales_channels[0].channel_type = ChannelType::Other("B2B".into());
            }),
            ("contact_missing", |c| c.buyer = None),
            ("contact_missing", |c| c.contacts.clear()),
            ("contact_without_pending_account", |c| {
                c.contacts[0].payment_modes = vec![PaymentMode::Other("CASH".into())];
            }),
        ];
        for (expected, change) in cases {
            let mut catalogue = read_catalogue(VILLENEUVE).unwrap();
            change(&mut catalogue);
            // Two sectors that sell the same: still one mistake.
            assert_eq!(codes(&catalogue, &["PASSVN", "PASSVN"]), [expected]);
        }
    }

    #[test]
    fn several_mistakes_are_all_named_at_once() {
        let mut catalogue = read_catalogue(VILLENEUVE).unwrap();
        catalogue.tariffs[0].price = None;
        catalogue.sales_channels[0].code = "Otipass".parse().unwrap();
        catalogue.sales_channels[0].channel_type = ChannelType::Other("B2B".into());
        catalogue.contacts[0].payment_modes.clear();
        assert_eq!(
            codes(&catalogue, &["PASSVN", "NOWHERE", "PASSVN3"]),
            [
                "tariff_without_price",
                "product_unknown",
                "tariff_not_mapped",
                "channel_code_invalid",
                "channel_type_invalid",
                "contact_without_pending_account"
            ]
        );
    }
}
