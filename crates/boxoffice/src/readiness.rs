//! Whether a barcode can be sold, and if not, why it is held.

use crate::Catalogue;
use crate::catalogue::PaymentMode;
use crate::price::{Price, price_on};
use kernel::{BusinessDay, ContactNumber, Language, ProductCode, SeasonCode, TariffCode};
use secutix::wire::ProductFamily;

/// The code the sales channel for Otipass must have, letter for letter.
/// Documented.
pub const CHANNEL_CODE: &str = "OTIPASS";

kernel::texts!(Texts in Fr, En {
    season: "Saison inconnue", "Season unknown";
    season_cure: "Ajoutez la saison au catalogue, ou corrigez-la dans les paramètres de correspondance.",
        "Add the season to the catalogue, or correct it in the mapping parameters.";
    product: "Produit inconnu", "Product unknown";
    product_cure: "Ajoutez le produit à la saison, ou corrigez-le dans les paramètres de correspondance.",
        "Add the product to the season, or correct it in the mapping parameters.";
    family: "Le produit n’est pas un Open Pass", "The product is not an Open Pass";
    family_cure: "Associez le secteur à un produit de la famille Open Pass, ou corrigez la famille du produit.",
        "Map the sector to a product of the Open Pass family, or correct the product’s family.";
    tariff: "Aucun tarif attribué au produit", "No tariff mapped to the product";
    tariff_cure: "Attribuez un tarif au produit.", "Map a tariff to the product.";
    unknown: "Le produit n’a pas ce tarif", "The product has no such tariff";
    unknown_cure: "Attribuez au produit un tarif qu’il a, ou ajoutez celui-ci au catalogue.",
        "Map a tariff to the product that it has, or add this one to the catalogue.";
    price: "Le tarif n’a pas de prix ce jour-là", "The tariff has no price on that day";
    price_cure: "Donnez au tarif attribué un prix et un taux de TVA valables le jour du passage.",
        "Give the mapped tariff a price and a VAT rate that are valid on the day of the scan.";
    channel: "Canal de vente absent ou incorrect", "Sales channel missing or wrong";
    channel_cure: "Créez un canal de vente de code OTIPASS et de type STX_FILE.",
        "Make a sales channel with the code OTIPASS and the type STX_FILE.";
    contact: "Contact Otipass absent ou sans compte", "Otipass contact missing or without account";
    contact_cure: "Désignez le contact Otipass et permettez-lui de payer par compte d’attente (PENDING_ACCOUNT).",
        "Name the Otipass contact and let it pay by pending account (PENDING_ACCOUNT).";
});

kernel::words! {
    /// Why a staged barcode cannot be sold yet. The first that applies counts.
    #[derive(PartialOrd, Ord)]
    pub enum HeldReason: "reason for holding a barcode" {
        /// The catalogue has no such season.
        SeasonUnknown = "season_unknown",
        /// The season has no such product.
        ProductUnknown = "product_unknown",
        /// The product is of another family.
        NotOpenPass = "not_open_pass",
        /// No tariff is mapped to the product.
        TariffNotMapped = "tariff_not_mapped",
        /// The product has no tariff of the mapped code.
        TariffUnknown = "tariff_unknown",
        /// The mapped tariff has no price with VAT on the day of the scan.
        TariffNotValid = "tariff_not_valid",
        /// No sales channel has the code `OTIPASS` and the type `STX_FILE`.
        ChannelInvalid = "channel_invalid",
        /// No contact buys, or it may not pay by pending account.
        ContactInvalid = "contact_invalid",
    }
}

impl HeldReason {
    /// What people call it, and what they can do about it.
    const fn texts(self, language: Language) -> (&'static str, &'static str) {
        let t = Texts::of(language);
        match self {
            Self::SeasonUnknown => (t.season, t.season_cure),
            Self::ProductUnknown => (t.product, t.product_cure),
            Self::NotOpenPass => (t.family, t.family_cure),
            Self::TariffNotMapped => (t.tariff, t.tariff_cure),
            Self::TariffUnknown => (t.unknown, t.unknown_cure),
            Self::TariffNotValid => (t.price, t.price_cure),
            Self::ChannelInvalid => (t.channel, t.channel_cure),
            Self::ContactInvalid => (t.contact, t.contact_cure),
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(self, language: Language) -> &'static str {
        self.texts(language).0
    }

    /// What to do about it; what was held is sold by the run after that.
    #[must_use]
    pub const fn cure(self, language: Language) -> &'static str {
        self.texts(language).1
    }
}

/// How a barcode is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sellable {
    /// The mapped tariff.
    pub tariff: TariffCode,
    /// What it costs on the day of the scan.
    pub price: Price,
    /// Who buys.
    pub buyer: ContactNumber,
}

/// Whether an admission to `product` of `season` on `day` can be sold.
///
/// # Errors
/// The first reason why not.
pub fn readiness(
    catalogue: &Catalogue,
    season: &SeasonCode,
    product: &ProductCode,
    day: BusinessDay,
) -> Result<Sellable, HeldReason> {
    open_pass(catalogue, season, product)?;
    let tariff = catalogue
        .mapped_tariff(product)
        .ok_or(HeldReason::TariffNotMapped)?;
    let mut tariffs = catalogue.tariffs.iter();
    if !tariffs.any(|entry| entry.product == *product && entry.code == *tariff) {
        return Err(HeldReason::TariffUnknown);
    }
    let price =
        price_on(&catalogue.tariffs, product, tariff, day).ok_or(HeldReason::TariffNotValid)?;
    if !channel_is_valid(catalogue) {
        return Err(HeldReason::ChannelInvalid);
    }
    let buyer = catalogue.buyer.as_ref().ok_or(HeldReason::ContactInvalid)?;
    if !may_pay_later(catalogue, buyer) {
        return Err(HeldReason::ContactInvalid);
    }
    Ok(Sellable {
        tariff: tariff.clone(),
        price,
        buyer: buyer.clone(),
    })
}

/// Whether `season` has `product` and it is an Open Pass.
pub(crate) fn open_pass(
    catalogue: &Catalogue,
    season: &SeasonCode,
    product: &ProductCode,
) -> Result<(), HeldReason> {
    if !catalogue.seasons.iter().any(|s| s.code == *season) {
        return Err(HeldReason::SeasonUnknown);
    }
    let found = catalogue
        .products
        .iter()
        .find(|p| p.season == *season && p.code == *product)
        .ok_or(HeldReason::ProductUnknown)?;
    if found.family != ProductFamily::OpenPass {
        return Err(HeldReason::NotOpenPass);
    }
    Ok(())
}

/// Whether Otipass's sales have the channel they need.
#[must_use]
pub fn channel_is_valid(catalogue: &Catalogue) -> bool {
    catalogue
        .sales_channels
        .iter()
        .any(|c| c.code.as_str() == CHANNEL_CODE && c.channel_type.is_stx_file())
}

/// Whether `contact` exists and may pay by pending account.
pub(crate) fn may_pay_later(catalogue: &Catalogue, contact: &ContactNumber) -> bool {
    catalogue
        .contacts
        .iter()
        .any(|c| c.number == *contact && c.payment_modes.contains(&PaymentMode::PendingAccount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ChannelType;
    use crate::read_catalogue;

    const VILLENEUVE: &str = include_str!("../../../examples/villeneuve/catalogue.toml");

    fn judge(catalogue: &Catalogue) -> Result<Sellable, HeldReason> {
        let season = "VN26".parse().unwrap();
        let product = "PASSVN".parse().unwrap();
        readiness(catalogue, &season, &product, "2026-07-14".parse().unwrap())
    }

    #[test]
    fn what_the_catalogue_fully_describes_is_sold() {
        let sellable = judge(&read_catalogue(VILLENEUVE).unwrap()).unwrap();
        assert_eq!(sellable.tariff.as_str(), "CITYPASS");
        assert_eq!(sellable.price.gross.minor(), 950);
        assert_eq!(sellable.price.vat_amount().minor(), 50);
        assert_eq!(sellable.buyer.as_str(), "000042");
    }

    /// Breaks one thing after the other, from the last reason to the first: the
    /// newest break comes earlier in the order, so it must be the one named.
    #[test]
    fn the_first_reason_that_applies_is_given() {
        type Break = fn(&mut Catalogue);
        let breaks: [(HeldReason, &[Break]); 8] = [
            (
                HeldReason::ContactInvalid,
                &[|c| c.contacts[0].payment_modes.clear(), |c| c.buyer = None],
            ),
            (
                HeldReason::ChannelInvalid,
                &[
                    |c| c.sales_channels[0].code = "Otipass".parse().unwrap(),
                    |c| c.sales_channels[0].channel_type = ChannelType::Other("B2B".into()),
                    |c| c.sales_channels.clear(),
                ],
            ),
            (
                HeldReason::TariffNotValid,
                &[
                    |c| c.tariffs[0].price = None,
                    |c| c.tariffs[0].vat = None,
                    |c| c.tariffs[0].valid_from = Some("2026-07-15".parse().unwrap()),
                ],
            ),
            (
                HeldReason::TariffUnknown,
                &[
                    |c| c.tariff_mappings[0].tariff = "PLIEN".parse().unwrap(),
                    |c| c.tariffs.clear(),
                ],
            ),
            (
                HeldReason::TariffNotMapped,
                &[|c| c.tariff_mappings.clear()],
            ),
            (
                HeldReason::NotOpenPass,
                &[|c| c.products[0].family = ProductFamily::Other("SINGLE_ENTRY".into())],
            ),
            (
                HeldReason::ProductUnknown,
                &[
                    |c| c.products[0].season = "VN27".parse().unwrap(),
                    |c| c.products.clear(),
                ],
            ),
            (HeldReason::SeasonUnknown, &[|c| c.seasons.clear()]),
        ];
        let mut broken = read_catalogue(VILLENEUVE).unwrap();
        for (reason, ways) in breaks {
            let mut last = broken.clone();
            for way in ways {
                last = broken.clone();
                way(&mut last);
                assert_eq!(judge(&last).unwrap_err(), reason);
            }
            broken = last;
        }
    }
}
