//! Why barcodes are held, and what to do about it, in words.

use crate::access::{self, Address};
use boxoffice::HeldReason;
use kernel::Language;

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
    tariff: "Aucun tarif associé au produit", "No tariff mapped to the product";
    tariff_cure: "Associez un tarif au produit.", "Map a tariff to the product.";
    price: "Le tarif n’a pas de prix ce jour-là", "The tariff has no price on that day";
    price_cure: "Donnez au tarif associé un prix et un taux de TVA valables le jour du passage.",
        "Give the mapped tariff a price and a VAT rate that are valid on the day of the scan.";
    channel: "Canal de vente absent ou incorrect", "Sales channel missing or wrong";
    channel_cure: "Créez un canal de vente de code OTIPASS et de type STX_FILE.",
        "Make a sales channel with the code OTIPASS and the type STX_FILE.";
    contact: "Contact Otipass absent ou sans compte", "Otipass contact missing or without account";
    contact_cure: "Désignez le contact Otipass et permettez-lui de payer par compte d’attente (PENDING_ACCOUNT).",
        "Name the Otipass contact and let it pay by pending account (PENDING_ACCOUNT).";
});

/// The reason's name.
pub(crate) const fn name(reason: HeldReason, language: Language) -> &'static str {
    let t = Texts::of(language);
    match reason {
        HeldReason::SeasonUnknown => t.season,
        HeldReason::ProductUnknown => t.product,
        HeldReason::NotOpenPass => t.family,
        HeldReason::TariffNotMapped => t.tariff,
        HeldReason::TariffNotValid => t.price,
        HeldReason::ChannelInvalid => t.channel,
        HeldReason::ContactInvalid => t.contact,
    }
}

/// What to do so that the barcode is sold.
pub(crate) const fn cure(reason: HeldReason, language: Language) -> &'static str {
    let t = Texts::of(language);
    match reason {
        HeldReason::SeasonUnknown => t.season_cure,
        HeldReason::ProductUnknown => t.product_cure,
        HeldReason::NotOpenPass => t.family_cure,
        HeldReason::TariffNotMapped => t.tariff_cure,
        HeldReason::TariffNotValid => t.price_cure,
        HeldReason::ChannelInvalid => t.channel_cure,
        HeldReason::ContactInvalid => t.contact_cure,
    }
}

/// The page of the set-up where that is done.
pub(crate) const fn place(reason: HeldReason) -> Address {
    match reason {
        HeldReason::SeasonUnknown
        | HeldReason::ProductUnknown
        | HeldReason::NotOpenPass
        | HeldReason::TariffNotValid => access::CATALOGUE,
        HeldReason::TariffNotMapped => access::TARIFF_MAPPING,
        HeldReason::ChannelInvalid | HeldReason::ContactInvalid => access::BUYER,
    }
}
