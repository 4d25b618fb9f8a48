//! A tariff of a product, from a day on or always.

use super::item::{Item, Words};
use crate::page::*;
use boxoffice::catalogue::Tariff;
use kernel::{Money, VatRate};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Tarifs", "Tariffs";
    price: "Prix TTC", "Price incl. VAT";
    price_input: "Prix TTC, comme 9,50", "Price incl. VAT, as 9.50";
    price_wrong: "Entrez un prix, par exemple 9,50.", "Enter a price, such as 9.50.";
    vat_input: "TVA en %, comme 5,5", "VAT in %, as 5.5";
    vat_wrong: "Entrez un taux de 0 à 100, par exemple 5,5.", "Enter a rate from 0 to 100, such as 5.5.";
    from: "Valable du (ou vide)", "Valid from (or empty)";
    until: "Valable jusqu’au (ou vide)", "Valid until (or empty)";
    period: "Valable", "Valid";
    always: "toujours", "always";
    since: "depuis le {from}", "from {from}";
    up_to: "jusqu’au {until}", "until {until}";
    between: "du {from} au {until}", "{from} to {until}";
    missing: "manque", "missing";
    add: "Ajouter le tarif", "Add the tariff";
    fixed: "Le code et le produit d’un tarif ne changent pas. Si l’un est faux, retirez ce tarif du catalogue et ajoutez-le sous le bon code.",
        "A tariff’s code and product do not change. If one is wrong, remove this tariff from the catalogue and add it under the right code.";
    first: "Ajoutez d’abord un produit.", "First add a product.";
});

/// The largest price that is taken, in minor units: that of a field of an
/// STX_File with room to spare.
const MOST_MINOR: i64 = 100_000_000;

impl Item for Tariff {
    const KIND: &'static str = "tariff";
    const ADD: Address = access::NEW_TARIFF;
    const FIELDS: (&'static str, &'static str) = ("tariff_code", "tariff_product");
    const FIXED: &'static [&'static str] = &["tariff_product", "tariff_code"];

    fn words(language: Language) -> Words {
        let t = Texts::of(language);
        Words {
            title: t.title,
            head: vec![t.tariff, t.product, t.price, t.vat, t.period],
            add: t.add,
            none: t.none_yet,
            first: t.first,
        }
    }

    fn fixed_why(language: Language) -> &'static str {
        Texts::of(language).fixed
    }

    fn all(catalogue: &mut Catalogue) -> &mut Vec<Self> {
        &mut catalogue.tariffs
    }

    fn key(&self) -> String {
        let from = self.valid_from.map(|day| day.to_string());
        format!("{} {}", self.named(), from.unwrap_or_default())
    }

    fn named(&self) -> String {
        format!("{} {}", self.product, self.code)
    }

    fn told(&self) -> Value {
        json!({
            "price_minor": self.price,
            "vat_basis_points": self.vat,
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
        })
    }

    fn cells(&self, formats: &Formats) -> (Vec<String>, bool) {
        let t = Texts::of(formats.language);
        let day = |day: Option<BusinessDay>| day.map(|day| formats.day(day));
        let period = match (day(self.valid_from), day(self.valid_until)) {
            (None, None) => t.always.to_owned(),
            (Some(from), None) => fill(t.since, &[("from", &from)]),
            (None, Some(until)) => fill(t.up_to, &[("until", &until)]),
            (Some(from), Some(until)) => fill(t.between, &[("from", &from), ("until", &until)]),
        };
        let missing = || t.missing.to_owned();
        let cells = vec![
            self.code.to_string(),
            self.product.to_string(),
            self.price
                .map_or_else(missing, |price| formats.money(price)),
            self.vat.map_or_else(missing, |vat| formats.rate(vat)),
            period,
        ];
        (cells, self.price.is_some() && self.vat.is_some())
    }

    fn inputs(language: Language, catalogue: &Catalogue, of: Option<&Self>) -> Vec<Input> {
        let t = Texts::of(language);
        let products = catalogue
            .products
            .iter()
            .map(|product| product.code.as_str());
        let mut products: Vec<_> = products.map(|code| (code, code)).collect();
        products.dedup();
        let has_tariff = |code: &str| catalogue.tariffs.iter().any(|t| t.product.as_str() == code);
        let without = products.iter().find(|(code, _)| !has_tariff(code));
        let Some((first, _)) = without.or(products.first()).copied() else {
            return Vec::new();
        };
        let point = if language == Language::Fr { ',' } else { '.' };
        let hundredths = |n: i64| format!("{}{point}{:02}", n / 100, n % 100);
        let price = of.and_then(|tariff| Some(hundredths(tariff.price?.minor())));
        let vat = of.and_then(|tariff| Some(hundredths(tariff.vat?.basis_points().into())));
        let from = of.and_then(|tariff| Some(tariff.valid_from?.to_string()));
        let until = of.and_then(|tariff| Some(tariff.valid_until?.to_string()));
        let product = of.map_or(first, |tariff| tariff.product.as_str());
        let code = of.map_or("", |tariff| tariff.code.as_str());
        vec![
            Input::choice("tariff_product", t.product, product, products),
            Input::text("tariff_code", t.tariff, code),
            Input::text("tariff_price", t.price_input, &price.unwrap_or_default()),
            Input::text("tariff_vat", t.vat_input, &vat.unwrap_or_default()),
            Input::day("tariff_from", t.from, &from.unwrap_or_default()),
            Input::day("tariff_until", t.until, &until.unwrap_or_default()),
        ]
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let t = Texts::of(fields.language);
        let (product, code) = (fields.code("tariff_product"), fields.code("tariff_code"));
        let price = fields.hundredths("tariff_price", MOST_MINOR, t.price_wrong);
        let vat = fields.hundredths("tariff_vat", 10_000, t.vat_wrong);
        let (valid_from, valid_until) = (fields.day("tariff_from"), fields.day("tariff_until"));
        if valid_until.is_some_and(|until| valid_from.is_some_and(|from| until < from)) {
            fields.wrong("tariff_until", t.backwards);
        }
        let vat = vat.and_then(|vat| u32::try_from(vat).ok());
        Some(Self {
            product: product?,
            code: code?,
            price: price.map(Money::from_minor),
            vat: vat.map(VatRate::from_basis_points),
            valid_from,
            valid_until,
        })
    }

    fn lacks(&self, catalogue: &Catalogue) -> Option<String> {
        let mut products = catalogue.products.iter();
        let has = products.any(|product| product.code == self.product);
        (!has).then(|| self.product.to_string())
    }

    fn take_along(&self, catalogue: &mut Catalogue) {
        let (product, code) = (&self.product, &self.code);
        if !catalogue
            .tariffs
            .iter()
            .any(|t| (&t.product, &t.code) == (product, code))
        {
            let mappings = &mut catalogue.tariff_mappings;
            mappings.retain(|m| (&m.product, &m.tariff) != (product, code));
        }
    }
}
