//! Why rows of a sales file were rejected, in words.

use kernel::coded;

kernel::texts!(Cures in Fr, En {
    row_cure: "Corrigez la ligne dans le système qui a fait le fichier, et envoyez le fichier à nouveau.",
        "Correct the row in the system that made the file, and upload the file again.";
    text_cure: "Exportez le fichier à nouveau et ouvrez-le dans le tableur avec ces colonnes en texte, ou pas du tout.",
        "Export the file again, and open it in the spreadsheet with these columns as text, or not at all.";
    buyer_cure: "Écrivez le numéro du contact qui paie plus tard dans BUYING_CONTACT_NR.",
        "Write the number of the contact who pays later into BUYING_CONTACT_NR.";
    other_house_cure: "Ce fichier est d’une autre maison : vérifiez qu’il est arrivé au bon endroit.",
        "This file is another house’s: see whether it came to the right place.";
    catalogue_cure: "Complétez le catalogue, puis importez à nouveau ; ou corrigez la ligne.",
        "Complete the catalogue, then import again; or correct the row.";
    contact_cure: "Ajoutez le contact ou son mode de paiement, puis importez à nouveau.",
        "Add the contact or its payment mode, then import again.";
    conflict_cure: "Ce qui est enregistré reste. Comparez la ligne avec la commande existante.",
        "What is recorded stays. Compare the row with the order that there is.";
    cancelled_cure: "Rien à faire : cette entrée n’est pas vendue.", "Nothing to do: this entry is not sold.";
});

coded! {
/// The reason's name and what to do, if the code has words.
pub(super) fn words(Cures) {
    "wrong_field_count": "Nombre de champs faux", "Wrong number of fields" => row_cure;
    "unbalanced_quotes": "Guillemets mal fermés", "Quotation marks not closed" => row_cure;
    "missing_value": "Champ obligatoire vide", "A needed field is empty" => row_cure;
    "too_long": "Champ trop long", "Field too long" => row_cure;
    "forbidden_character": "Caractère interdit", "Forbidden character" => row_cure;
    "unknown_value": "Valeur inconnue", "Unknown value" => row_cure;
    "invalid_date": "Date illisible", "Not a date" => row_cure;
    "scan_to_come": "Contrôle à venir", "Scan yet to come" => text_cure;
    "invalid_number": "Nombre illisible", "Not a number" => row_cure;
    "shortened_by_spreadsheet": "Nombre raccourci par un tableur", "Number shortened by a spreadsheet" => text_cure;
    "leading_zeros_lost": "Zéros perdus au début", "Zeros lost at the beginning" => text_cure;
    "out_of_range": "Nombre hors limites", "Number out of range" => row_cure;
    "payment_date_without_price": "Date de paiement sans prix", "Payment date without a price" => row_cure;
    "generation_date_missing": "Date d’édition absente", "Generation date missing" => row_cure;
    "shipment_mode_missing": "Mode de remise absent", "Shipment mode missing" => row_cure;
    "institution_mismatch": "Autre institution ou organisation", "Another institution or organisation" => other_house_cure;
    "organisation_mismatch": "Autre institution ou organisation", "Another institution or organisation" => other_house_cure;
    "operation_not_sale": "Pas une vente", "Not a sale" => row_cure;
    "state_not_controlled": "Billet non contrôlé", "Ticket not controlled" => row_cure;
    "season_unknown": "Saison inconnue", "Season unknown" => catalogue_cure;
    "product_unknown": "Produit inconnu", "Product unknown" => catalogue_cure;
    "not_open_pass": "Pas un Open Pass", "Not an Open Pass" => catalogue_cure;
    "tariff_unknown": "Tarif inconnu", "Tariff unknown" => catalogue_cure;
    "tariff_not_valid": "Tarif sans prix ce jour-là", "No price on that day" => catalogue_cure;
    "price_mismatch": "Prix différent du catalogue", "Price differs from the catalogue" => catalogue_cure;
    "vat_mismatch": "TVA différente du catalogue", "VAT differs from the catalogue" => catalogue_cure;
    "buyer_anonymous": "Acheteur anonyme", "Anonymous buyer" => buyer_cure;
    "contact_unknown": "Contact inconnu", "Contact unknown" => contact_cure;
    "contact_without_pending_account": "Contact sans compte d’attente", "Contact without pending account" => contact_cure;
    "barcode_conflict": "Déjà vendu ou reçu autrement", "Sold or received otherwise before" => conflict_cure;
    "barcode_cancelled": "Entrée annulée avant la vente", "Entry taken back before its sale" => cancelled_cure;
    "order_number_taken": "Numéro de commande déjà pris", "Order number taken" => conflict_cure;
}}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;
    use secutix::stx::RowReason;

    #[test]
    fn every_code_has_words() {
        for reason in RowReason::ALL {
            assert!(words(reason.as_str(), Language::Fr).is_some(), "{reason}");
        }
    }
}
