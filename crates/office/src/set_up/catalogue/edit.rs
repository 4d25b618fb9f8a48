//! Edits of a catalogue: pure rules from a catalogue to what it is then, or what
//! stands against it.

use crate::form::Mistakes;
use boxoffice::Catalogue;
use boxoffice::catalogue::{
    ChannelType, Contact, PaymentMode, Product, SalesChannel, Season, Tariff, TariffMapping,
};
use boxoffice::readiness::CHANNEL_CODE;
use kernel::text::fill;
use kernel::{BusinessDay, ContactNumber, Language, ProductCode, SeasonCode, TariffCode};
use otipass::Mapping;
use secutix::wire::ProductFamily;
use serde_json::{Value, json};
use staff::audit::Change;

kernel::texts!(Texts in Fr, En {
    exists: "{code} existe déjà.", "{code} exists already.";
    gone: "{code} n’existe plus. Rechargez la page.", "{code} does not exist any more. Load the page again.";
    has_products: "La saison {code} a encore des produits. Retirez-les d’abord.",
        "The season {code} still has products. Remove them first.";
});

/// Something that the mapping parameters name and the catalogue lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Wanted {
    Season(SeasonCode),
    Product(SeasonCode, ProductCode),
}

/// What someone wants of the catalogue.
#[derive(Debug, Clone)]
pub(in super::super) enum Edit {
    AddSeason(Season),
    AddProduct(Product),
    AddTariff(Tariff),
    RemoveSeason(SeasonCode),
    RemoveProduct(SeasonCode, ProductCode),
    RemoveTariff(ProductCode, TariffCode, Option<BusinessDay>),
    /// Adds what the mapping parameters want, products as Open Pass.
    Take(Vec<Wanted>),
    /// Which tariff each product sells; a product without one sells nothing.
    MapTariffs(Vec<(ProductCode, Option<TariffCode>)>),
    /// There is just one channel for Otipass, as it must be.
    MakeChannel,
    /// This contact buys, and may pay by pending account.
    NameBuyer(ContactNumber, String),
}

/// What `mapping` names and `catalogue` does not have, seasons first.
pub(super) fn wanted(mapping: &Mapping, catalogue: &Catalogue) -> Vec<Wanted> {
    let (mut seasons, mut products) = (Vec::new(), Vec::new());
    for info in mapping.sectors.values() {
        if !catalogue.seasons.iter().any(|s| s.code == info.season) {
            seasons.push(Wanted::Season(info.season.clone()));
        }
        let has = |p: &Product| p.season == info.season && p.code == info.product;
        if !catalogue.products.iter().any(has) {
            let (season, product) = (info.season.clone(), info.product.clone());
            products.push(Wanted::Product(season, product));
        }
    }
    let mut all = Vec::new();
    for wanted in seasons.into_iter().chain(products) {
        if !all.contains(&wanted) {
            all.push(wanted);
        }
    }
    all
}

fn of_tariff(tariff: &Tariff) -> Value {
    json!({
        "price_minor": tariff.price,
        "vat_basis_points": tariff.vat,
        "valid_from": tariff.valid_from,
        "valid_until": tariff.valid_until,
    })
}

impl Edit {
    /// Changes the catalogue, and says for the audit log what was changed.
    ///
    /// # Errors
    /// What is wrong; the catalogue is not to be kept then.
    pub(super) fn apply(
        &self,
        catalogue: &mut Catalogue,
        language: Language,
    ) -> Result<Vec<Change>, Mistakes> {
        let t = Texts::of(language);
        let done = |kind, of: &str| Change::done("catalogue.changed", kind, of);
        let exists = |field, code: &str| {
            Err::<(), _>(Mistakes::one(field, fill(t.exists, &[("code", code)])))
        };
        let gone = |code: &str| Mistakes::one("", fill(t.gone, &[("code", code)]));
        match self {
            Self::AddSeason(season) => {
                let code = season.code.as_str();
                if catalogue.seasons.iter().any(|s| s.code == season.code) {
                    exists("season_code", code)?;
                }
                catalogue.seasons.push(season.clone());
                Ok(vec![
                    done("season", code).to(json!({ "name": season.name })),
                ])
            }
            Self::AddProduct(product) => {
                let code = product.code.as_str();
                let is_it = |p: &Product| p.season == product.season && p.code == product.code;
                if catalogue.products.iter().any(is_it) {
                    exists("product_code", code)?;
                }
                if !catalogue.seasons.iter().any(|s| s.code == product.season) {
                    let gone = fill(t.gone, &[("code", product.season.as_str())]);
                    return Err(Mistakes::one("product_season", gone));
                }
                catalogue.products.push(product.clone());
                let after = json!({ "season": product.season, "name": product.name });
                Ok(vec![done("product", code).to(after)])
            }
            Self::AddTariff(tariff) => {
                if !catalogue.products.iter().any(|p| p.code == tariff.product) {
                    let gone = fill(t.gone, &[("code", tariff.product.as_str())]);
                    return Err(Mistakes::one("tariff_product", gone));
                }
                let is_it = |t: &Tariff| {
                    (&t.product, &t.code, t.valid_from)
                        == (&tariff.product, &tariff.code, tariff.valid_from)
                };
                // Entering it again corrects it.
                let before = catalogue.tariffs.iter().position(is_it);
                let before = before.map(|at| of_tariff(&catalogue.tariffs.remove(at)));
                catalogue.tariffs.push(tariff.clone());
                let of = format!("{} {}", tariff.product, tariff.code);
                let mut change = done("tariff", &of).to(of_tariff(tariff));
                change.before = before;
                Ok(vec![change])
            }
            Self::RemoveSeason(code) => {
                if catalogue.products.iter().any(|p| p.season == *code) {
                    let text = fill(t.has_products, &[("code", code.as_str())]);
                    return Err(Mistakes::one("", text));
                }
                let at = catalogue.seasons.iter().position(|s| s.code == *code);
                let season = catalogue
                    .seasons
                    .remove(at.ok_or_else(|| gone(code.as_str()))?);
                let before = json!({ "name": season.name });
                Ok(vec![done("season", code.as_str()).from(before)])
            }
            Self::RemoveProduct(season, code) => {
                let is_it = |p: &Product| p.season == *season && p.code == *code;
                let at = catalogue.products.iter().position(is_it);
                let product = catalogue
                    .products
                    .remove(at.ok_or_else(|| gone(code.as_str()))?);
                // In no other season: its tariffs would be nobody's.
                if !catalogue.products.iter().any(|p| p.code == *code) {
                    catalogue.tariffs.retain(|tariff| tariff.product != *code);
                    catalogue.tariff_mappings.retain(|m| m.product != *code);
                }
                let before = json!({ "season": season, "name": product.name });
                Ok(vec![done("product", code.as_str()).from(before)])
            }
            Self::RemoveTariff(product, code, from) => {
                let is_it =
                    |t: &Tariff| (&t.product, &t.code, &t.valid_from) == (product, code, from);
                let at = catalogue.tariffs.iter().position(is_it);
                let tariff = catalogue
                    .tariffs
                    .remove(at.ok_or_else(|| gone(code.as_str()))?);
                let is_left = catalogue
                    .tariffs
                    .iter()
                    .any(|t| t.product == *product && t.code == *code);
                if !is_left {
                    let mapped = |m: &TariffMapping| m.product == *product && m.tariff == *code;
                    catalogue.tariff_mappings.retain(|m| !mapped(m));
                }
                let of = format!("{product} {code}");
                Ok(vec![done("tariff", &of).from(of_tariff(&tariff))])
            }
            Self::Take(wanted) => Ok(take(catalogue, wanted)),
            Self::MapTariffs(wanted) => Ok(map(catalogue, wanted)),
            Self::MakeChannel => {
                let is_meant =
                    |c: &SalesChannel| c.code.as_str().eq_ignore_ascii_case(CHANNEL_CODE);
                let named =
                    |c: &SalesChannel| json!({"code": c.code, "type": c.channel_type.as_str()});
                let before: Vec<_> = catalogue
                    .sales_channels
                    .iter()
                    .filter(|c| is_meant(c))
                    .map(named)
                    .collect();
                catalogue.sales_channels.retain(|c| !is_meant(c));
                let code = CHANNEL_CODE.parse().map_err(|_| gone(CHANNEL_CODE))?;
                let channel = SalesChannel {
                    code,
                    channel_type: ChannelType::StxFile,
                };
                let change = done("sales_channel", CHANNEL_CODE).to(named(&channel));
                catalogue.sales_channels.push(channel);
                Ok(vec![if before.is_empty() {
                    change
                } else {
                    change.from(before.into())
                }])
            }
            Self::NameBuyer(number, name) => {
                let named = |c: &Contact| {
                    let modes: Vec<_> = c.payment_modes.iter().map(PaymentMode::as_str).collect();
                    json!({"number": c.number, "name": c.name, "payment_modes": modes})
                };
                let former = catalogue.buyer.as_ref();
                let former = catalogue
                    .contacts
                    .iter()
                    .find(|c| Some(&c.number) == former);
                let former = former.map(named);
                let at = catalogue.contacts.iter().position(|c| c.number == *number);
                let mut contact = match at {
                    Some(at) => catalogue.contacts.remove(at),
                    None => Contact {
                        number: number.clone(),
                        name: String::new(),
                        payment_modes: Vec::new(),
                    },
                };
                contact.name.clone_from(name);
                if !contact.payment_modes.contains(&PaymentMode::PendingAccount) {
                    contact.payment_modes.push(PaymentMode::PendingAccount);
                }
                let mut change = done("contact", number.as_str()).to(named(&contact));
                change.before = former;
                catalogue.contacts.push(contact);
                catalogue.buyer = Some(number.clone());
                Ok(vec![change])
            }
        }
    }
}

fn take(catalogue: &mut Catalogue, wanted: &[Wanted]) -> Vec<Change> {
    let mut changes = Vec::new();
    let done = |kind, of: &str| Change::done("catalogue.changed", kind, of);
    for wanted in wanted {
        match wanted {
            Wanted::Season(code) => {
                if catalogue.seasons.iter().all(|s| s.code != *code) {
                    let name = code.to_string();
                    changes.push(done("season", code.as_str()).to(json!({ "name": name })));
                    catalogue.seasons.push(Season {
                        code: code.clone(),
                        name,
                    });
                }
            }
            Wanted::Product(season, code) => {
                let is_it = |p: &Product| p.season == *season && p.code == *code;
                if !catalogue.products.iter().any(is_it) {
                    let name = code.to_string();
                    let after = json!({ "season": season, "name": name });
                    changes.push(done("product", code.as_str()).to(after));
                    catalogue.products.push(Product {
                        season: season.clone(),
                        code: code.clone(),
                        family: ProductFamily::OpenPass,
                        name,
                    });
                }
            }
        }
    }
    changes
}

fn map(catalogue: &mut Catalogue, wanted: &[(ProductCode, Option<TariffCode>)]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (product, tariff) in wanted {
        let before = catalogue.mapped_tariff(product).cloned();
        // A tariff that has gone meanwhile is not mapped.
        let known = |code: &&TariffCode| {
            let mut tariffs = catalogue.tariffs.iter();
            tariffs.any(|t| t.product == *product && t.code == **code)
        };
        let tariff = tariff.as_ref().filter(known).cloned();
        if before == tariff {
            continue;
        }
        catalogue.tariff_mappings.retain(|m| m.product != *product);
        let change = Change::done("catalogue.changed", "tariff_mapping", product)
            .from(json!({ "tariff": before }))
            .to(json!({ "tariff": tariff }));
        if let Some(tariff) = tariff {
            let product = product.clone();
            catalogue
                .tariff_mappings
                .push(TariffMapping { product, tariff });
        }
        changes.push(change);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::entry::{buyer, removal, tariff};
    use super::*;
    use crate::entered::Entered;

    const VILLENEUVE: &str = include_str!("../../../../../examples/villeneuve/catalogue.toml");
    const MAPPING: &str = include_str!("../../../../../examples/villeneuve/mapping.json");

    fn villeneuve() -> Catalogue {
        boxoffice::read_catalogue(VILLENEUVE).unwrap()
    }

    fn fields(text: &str) -> Entered {
        Entered::parse(text.as_bytes())
    }

    #[test]
    fn an_empty_catalogue_is_filled_from_the_mapping_parameters() {
        let mapping = otipass::read_mapping(MAPPING).mapping.unwrap();
        let mut catalogue = Catalogue::default();
        let first = wanted(&mapping, &catalogue);
        assert!(matches!(first[0], Wanted::Season(_)));
        let changes = Edit::Take(first.clone()).apply(&mut catalogue, Language::En);
        assert_eq!(changes.unwrap().len(), first.len());
        assert_eq!(wanted(&mapping, &catalogue), []);
        assert_eq!(catalogue.products.len(), villeneuve().products.len());
        let again = Edit::Take(first).apply(&mut catalogue, Language::En);
        assert_eq!(again.unwrap(), []);
    }

    #[test]
    fn what_hangs_on_something_goes_with_it_or_keeps_it() {
        let mut catalogue = villeneuve();
        let en = Language::En;
        let season = removal("season VN26", en).unwrap();
        assert!(season.apply(&mut catalogue.clone(), en).is_err());
        let product = removal("product VN26 PASSVN", en).unwrap();
        product.apply(&mut catalogue, en).unwrap();
        assert!(
            catalogue
                .tariffs
                .iter()
                .all(|t| t.product.as_str() != "PASSVN")
        );
        assert_eq!(catalogue.mapped_tariff(&"PASSVN".parse().unwrap()), None);
        assert!(product.apply(&mut catalogue, en).is_err(), "it is gone");
        let tariff = removal("tariff PASSVN2 CITYLIGHT ", en).unwrap();
        tariff.apply(&mut catalogue, en).unwrap();
        assert_eq!(catalogue.mapped_tariff(&"PASSVN2".parse().unwrap()), None);
    }

    #[test]
    fn a_tariff_entered_again_is_corrected() {
        let mut catalogue = villeneuve();
        let entered =
            fields("tariff_product=PASSVN&tariff_code=CITYPASS&tariff_price=10,50&tariff_vat=5.5");
        let edit = tariff(&entered, Language::Fr).unwrap();
        let changes = edit.apply(&mut catalogue, Language::Fr).unwrap();
        assert_eq!(changes[0].before.as_ref().unwrap()["price_minor"], 950);
        let found: Vec<_> = catalogue
            .tariffs
            .iter()
            .filter(|t| t.product.as_str() == "PASSVN")
            .collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].price, Some(kernel::Money::from_minor(1_050)));
    }

    #[test]
    fn channel_and_buyer_become_what_sales_need() {
        let mut catalogue = villeneuve();
        catalogue.sales_channels[0].code = "Otipass".parse().unwrap();
        catalogue.contacts[0].payment_modes.clear();
        let en = Language::En;
        Edit::MakeChannel.apply(&mut catalogue, en).unwrap();
        assert_eq!(catalogue.sales_channels.len(), 1);
        let buyer = buyer(&fields("contact_number=000042&contact_name=Otipass"), en).unwrap();
        buyer.apply(&mut catalogue, en).unwrap();
        let day = "2026-07-14".parse().unwrap();
        let sold = boxoffice::readiness::readiness(
            &catalogue,
            &"VN26".parse().unwrap(),
            &"PASSVN".parse().unwrap(),
            day,
        );
        assert!(sold.is_ok(), "{sold:?}");
    }

    #[test]
    fn only_what_changes_is_mapped_anew() {
        let mut catalogue = villeneuve();
        let code = |text: &str| text.parse().unwrap();
        let wanted = vec![
            (code("PASSVN"), Some("CITYPASS".parse().unwrap())),
            (code("PASSVN2"), None),
            (code("PASSVN3"), Some("CITYLATE".parse().unwrap())),
        ];
        let changes = Edit::MapTariffs(wanted)
            .apply(&mut catalogue, Language::En)
            .unwrap();
        assert_eq!(changes.len(), 2);
        assert_eq!(catalogue.mapped_tariff(&code("PASSVN2")), None);
        assert_eq!(
            catalogue.mapped_tariff(&code("PASSVN3")).unwrap().as_str(),
            "CITYLATE"
        );
    }
}
