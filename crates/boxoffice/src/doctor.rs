//! What keeps scans from being sold, found before the first visitor arrives.

use crate::Catalogue;
use crate::catalogue::PaymentMode;
use crate::catalogue_file::meant_channel;
use crate::readiness::{CHANNEL_CODE, HeldReason, channel_is_valid, open_pass};
use kernel::{BusinessDay, ProductCode, SeasonCode, SectorCode};
use serde::Serialize;

/// What an admission to a sector sells, by the mapping parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedProduct {
    /// The sector.
    pub sector: SectorCode,
    /// Its season.
    pub season: SeasonCode,
    /// Its product.
    pub product: ProductCode,
}

/// A mistake in the set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable name of the mistake.
    pub code: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub cure: String,
}

/// Examines whether what is `mapped` can be sold on `today`. Each mistake gives
/// one finding, however many sectors it strikes.
#[must_use]
pub fn examine(
    catalogue: &Catalogue,
    mapped: &[MappedProduct],
    today: BusinessDay,
) -> Vec<Finding> {
    let mut examination = Examination {
        catalogue,
        today,
        findings: Vec::new(),
    };
    for mapped in mapped {
        examination.product(mapped);
    }
    examination.channel();
    examination.contact();
    examination.findings
}

struct Examination<'a> {
    catalogue: &'a Catalogue,
    today: BusinessDay,
    findings: Vec<Finding>,
}

impl Examination<'_> {
    fn note(&mut self, code: &'static str, what: String, cure: impl Into<String>) {
        if !self
            .findings
            .iter()
            .any(|f| f.code == code && f.what == what)
        {
            self.findings.push(Finding {
                code,
                what,
                cure: cure.into(),
            });
        }
    }

    fn product(&mut self, mapped: &MappedProduct) {
        let (season, product) = (&mapped.season, &mapped.product);
        match open_pass(self.catalogue, season, product) {
            Ok(()) => self.tariff(product),
            Err(reason) => {
                let what = match reason {
                    HeldReason::SeasonUnknown => {
                        format!("The catalogue has no season {season}.")
                    }
                    HeldReason::ProductUnknown => {
                        format!("The season {season} has no product {product}.")
                    }
                    _ => format!(
                        "The product {product} of the season {season} is not of the Open Pass family."
                    ),
                };
                self.note(reason.as_str(), what, reason.cure());
            }
        }
    }

    fn tariff(&mut self, product: &ProductCode) {
        let Some(tariff) = self.catalogue.mapped_tariff(product) else {
            let reason = HeldReason::TariffNotMapped;
            self.note(
                reason.as_str(),
                format!("No tariff is mapped to the product {product}."),
                reason.cure(),
            );
            return;
        };
        let entries: Vec<_> = self
            .catalogue
            .tariffs
            .iter()
            .filter(|t| t.product == *product && t.code == *tariff)
            .collect();
        if entries.is_empty() {
            self.note(
                "tariff_unknown",
                format!("The tariff {tariff}, mapped to the product {product}, does not exist."),
                "Add the tariff with its price and VAT, or map another.",
            );
            return;
        }
        for entry in &entries {
            let since = match entry.valid_from {
                Some(day) => format!(" from {day}"),
                None => String::new(),
            };
            if entry.price.is_none() {
                self.note(
                    "tariff_without_price",
                    format!("The tariff {tariff} of the product {product}{since} has no price."),
                    "Give it a price; 0 if it is free of charge.",
                );
            }
            if entry.vat.is_none() {
                self.note(
                    "tariff_without_vat",
                    format!("The tariff {tariff} of the product {product}{since} has no VAT rate."),
                    "Give it a VAT rate; 0 if there is no VAT.",
                );
            }
        }
        if !entries.iter().any(|t| t.is_valid_on(self.today)) {
            let reason = HeldReason::TariffNotValid;
            self.note(
                reason.as_str(),
                format!(
                    "The tariff {tariff} of the product {product} is not valid on {}.",
                    self.today
                ),
                reason.cure(),
            );
        }
    }

    fn channel(&mut self) {
        let channels = &self.catalogue.sales_channels;
        if channel_is_valid(self.catalogue) {
            return;
        }
        let Some(channel) = meant_channel(channels) else {
            self.note(
                "channel_missing",
                "There is no sales channel OTIPASS.".to_owned(),
                HeldReason::ChannelInvalid.cure(),
            );
            return;
        };
        if channel.code.as_str() != CHANNEL_CODE {
            self.note(
                "channel_code_invalid",
                format!(
                    "The sales channel's code is {}, not exactly OTIPASS.",
                    channel.code
                ),
                "Make a sales channel with the code OTIPASS, in capitals.",
            );
        }
        if !channel.channel_type.is_stx_file() {
            self.note(
                "channel_type_invalid",
                format!(
                    "The sales channel {} is of type {}, not STX_FILE.",
                    channel.code,
                    channel.channel_type.as_str()
                ),
                "Make a new sales channel of type STX_FILE: a saved channel's type cannot be changed.",
            );
        }
    }

    fn contact(&mut self) {
        let buyer = self.catalogue.buyer.as_ref();
        let contact = buyer.and_then(|buyer| {
            let mut contacts = self.catalogue.contacts.iter();
            contacts.find(|c| c.number == *buyer)
        });
        match contact {
            None => self.note(
                "contact_missing",
                "There is no contact that buys for Otipass.".to_owned(),
                "Add the Otipass contact with its number.",
            ),
            Some(contact) if !contact.payment_modes.contains(&PaymentMode::PendingAccount) => self
                .note(
                    "contact_without_pending_account",
                    format!(
                        "The contact {} may not pay by pending account.",
                        contact.number
                    ),
                    "Allow it the payment mode PENDING_ACCOUNT.",
                ),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ChannelType;
    use crate::read_catalogue;
    use secutix::wire::ProductFamily;

    const VILLENEUVE: &str = include_str!("../../../examples/villeneuve/catalogue.toml");

    fn mapped(products: &[&str]) -> Vec<MappedProduct> {
        products
            .iter()
            .enumerate()
            .map(|(number, product)| MappedProduct {
                sector: format!("S{number}").parse().unwrap(),
                season: "VN26".parse().unwrap(),
                product: product.parse().unwrap(),
            })
            .collect()
    }

    fn codes(catalogue: &Catalogue, products: &[&str]) -> Vec<&'static str> {
        let today = "2026-07-14".parse().unwrap();
        let findings = examine(catalogue, &mapped(products), today);
        assert!(
            findings
                .iter()
                .all(|f| !f.what.is_empty() && !f.cure.is_empty())
        );
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
