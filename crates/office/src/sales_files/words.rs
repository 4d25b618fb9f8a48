//! Why rows of a sales file were rejected, in words.

use kernel::Language;

kernel::texts!(Texts in Fr, En {
    field_count: "Nombre de champs faux", "Wrong number of fields";
    quotes: "Guillemets mal fermés", "Quotation marks not closed";
    missing: "Champ obligatoire vide", "A needed field is empty";
    long: "Champ trop long", "Field too long";
    character: "Caractère interdit", "Forbidden character";
    value: "Valeur inconnue", "Unknown value";
    date: "Date illisible", "Not a date";
    number: "Nombre illisible", "Not a number";
    range: "Nombre hors limites", "Number out of range";
    payment_date: "Date de paiement sans prix", "Payment date without a price";
    generation_date: "Date d’édition absente", "Generation date missing";
    shipment: "Mode de remise absent", "Shipment mode missing";
    column: "Colonne que ce format n’écrit pas", "Column that this format does not write";
    row_cure: "Corrigez la ligne dans le système qui a fait le fichier, et envoyez le fichier à nouveau.",
        "Correct the row in the system that made the file, and upload the file again.";
    other_house: "Autre institution ou organisation", "Another institution or organisation";
    other_house_cure: "Ce fichier est d’une autre maison : vérifiez qu’il est arrivé au bon endroit.",
        "This file is another house’s: see whether it came to the right place.";
    not_sale: "Pas une vente", "Not a sale";
    not_controlled: "Billet non contrôlé", "Ticket not controlled";
    season: "Saison inconnue", "Season unknown";
    product: "Produit inconnu", "Product unknown";
    family: "Pas un Open Pass", "Not an Open Pass";
    tariff: "Tarif inconnu", "Tariff unknown";
    tariff_day: "Tarif sans prix ce jour-là", "No price on that day";
    catalogue_cure: "Complétez le catalogue, puis importez à nouveau ; ou corrigez la ligne.",
        "Complete the catalogue, then import again; or correct the row.";
    price: "Prix différent du catalogue", "Price differs from the catalogue";
    vat: "TVA différente du catalogue", "VAT differs from the catalogue";
    contact: "Contact inconnu", "Contact unknown";
    contact_account: "Contact sans compte d’attente", "Contact without pending account";
    contact_cure: "Ajoutez le contact ou son mode de paiement, puis importez à nouveau.",
        "Add the contact or its payment mode, then import again.";
    conflict: "Déjà vendu ou reçu autrement", "Sold or received otherwise before";
    conflict_cure: "Ce qui est enregistré reste. Comparez la ligne avec la commande existante.",
        "What is recorded stays. Compare the row with the order that there is.";
    cancelled: "Entrée annulée avant la vente", "Entry taken back before its sale";
    cancelled_cure: "Rien à faire : cette entrée n’est pas vendue.", "Nothing to do: this entry is not sold.";
    order: "Numéro de commande déjà pris", "Order number taken";
});

/// The reason's name and what to do, if the code has words.
pub(super) fn words(code: &str, language: Language) -> Option<(&'static str, &'static str)> {
    let t = Texts::of(language);
    Some(match code {
        "wrong_field_count" => (t.field_count, t.row_cure),
        "unbalanced_quotes" => (t.quotes, t.row_cure),
        "missing_value" => (t.missing, t.row_cure),
        "too_long" => (t.long, t.row_cure),
        "forbidden_character" => (t.character, t.row_cure),
        "unknown_value" => (t.value, t.row_cure),
        "invalid_date" => (t.date, t.row_cure),
        "invalid_number" => (t.number, t.row_cure),
        "out_of_range" => (t.range, t.row_cure),
        "payment_date_without_price" => (t.payment_date, t.row_cure),
        "generation_date_missing" => (t.generation_date, t.row_cure),
        "shipment_mode_missing" => (t.shipment, t.row_cure),
        "column_not_written" => (t.column, t.row_cure),
        "institution_mismatch" | "organisation_mismatch" => (t.other_house, t.other_house_cure),
        "operation_not_sale" => (t.not_sale, t.row_cure),
        "state_not_controlled" => (t.not_controlled, t.row_cure),
        "season_unknown" => (t.season, t.catalogue_cure),
        "product_unknown" => (t.product, t.catalogue_cure),
        "not_open_pass" => (t.family, t.catalogue_cure),
        "tariff_unknown" => (t.tariff, t.catalogue_cure),
        "tariff_not_valid" => (t.tariff_day, t.catalogue_cure),
        "price_mismatch" => (t.price, t.catalogue_cure),
        "vat_mismatch" => (t.vat, t.catalogue_cure),
        "contact_unknown" => (t.contact, t.contact_cure),
        "contact_without_pending_account" => (t.contact_account, t.contact_cure),
        "barcode_conflict" => (t.conflict, t.conflict_cure),
        "barcode_cancelled" => (t.cancelled, t.cancelled_cure),
        "order_number_taken" => (t.order, t.conflict_cure),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words() {
        let mut codes = 0;
        for source in [
            include_str!("../../../boxoffice/src/stx_row_check.rs"),
            include_str!("../../../secutix/src/stx/rejection.rs"),
        ] {
            for line in source
                .lines()
                .filter(|line| line.contains(": RowReason = ") || line.contains(": Self = Self("))
            {
                let code = line.split('"').nth(1).unwrap();
                codes += 1;
                assert!(words(code, Language::Fr).is_some(), "{code}");
            }
        }
        assert_eq!(codes, 29);
    }
}
