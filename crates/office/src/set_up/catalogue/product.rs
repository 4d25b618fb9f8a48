//! A product of a season; forms make Open Passes only.

use super::edit::sells;
use super::item::{Item, Words};
use super::season::NAME_LIMIT_CHARS;
use crate::page::*;
use boxoffice::catalogue::Product;
use kernel::{ProductCode, SeasonCode};
use otipass::Mapping;
use secutix::wire::ProductFamily;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Produits", "Products";
    season: "Saison", "Season";
    family: "Famille", "Family";
    not_open_pass: "pas Open Pass : ne peut pas être vendu", "not Open Pass: cannot be sold";
    add: "Ajouter le produit", "Add the product";
    first: "Ajoutez d’abord une saison.", "First add a season.";
});

impl Item for Product {
    const KIND: &'static str = "product";
    const ADD: Address = access::NEW_PRODUCT;
    const FIELDS: (&'static str, &'static str) = ("product_code", "product_season");

    fn words(language: Language) -> Words {
        let t = Texts::of(language);
        Words {
            title: t.title,
            head: vec![t.code, t.name, t.season, t.family],
            add: t.add,
            none: t.none_yet,
            first: t.first,
        }
    }

    fn all(catalogue: &mut Catalogue) -> &mut Vec<Self> {
        &mut catalogue.products
    }

    fn key(&self) -> String {
        format!("{} {}", self.season, self.code)
    }

    fn named(&self) -> String {
        self.code.to_string()
    }

    fn told(&self) -> Value {
        json!({ "season": self.season, "name": self.name })
    }

    fn cells(&self, formats: &Formats) -> (Vec<String>, bool) {
        let is_open_pass = self.family == ProductFamily::OpenPass;
        let family = if is_open_pass {
            "Open Pass".to_owned()
        } else {
            let t = Texts::of(formats.language);
            format!("{} ({})", self.family, t.not_open_pass)
        };
        let (code, season) = (self.code.to_string(), self.season.to_string());
        (vec![code, self.name.clone(), season, family], is_open_pass)
    }

    fn inputs(language: Language, catalogue: &Catalogue, of: Option<&Self>) -> Vec<Input> {
        let t = Texts::of(language);
        let seasons = catalogue.seasons.iter();
        let seasons: Vec<_> = seasons
            .map(|s| (s.code.as_str(), s.code.as_str()))
            .collect();
        // The newest season is the one that is being set up.
        let Some((newest, _)) = seasons.last().copied() else {
            return Vec::new();
        };
        let season = of.map_or(newest, |product| product.season.as_str());
        let code = of.map_or("", |product| product.code.as_str());
        vec![
            Input::choice("product_season", t.season, season, seasons),
            Input::text("product_code", t.code, code),
            Input::text(
                "product_name",
                t.name,
                of.map_or("", |product| &product.name),
            ),
        ]
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (season, code) = (
            fields.code("product_season"),
            fields.new_code("product_code", ""),
        );
        let name = fields.name("product_name", NAME_LIMIT_CHARS);
        Some(Self {
            season: season?,
            code: code?,
            family: ProductFamily::OpenPass,
            name: name?,
        })
    }

    fn renamed_to(&self, other: &Self) -> Option<(SeasonCode, Option<ProductCode>)> {
        let code = (self.season.clone(), Some(self.code.clone()));
        (self.key() != other.key()).then_some(code)
    }

    fn is_mapped(&self, mapping: &Mapping) -> bool {
        sells(mapping, self.season.as_str(), Some(self.code.as_str()))
    }

    fn rename_along(&self, to: &Self, catalogue: &mut Catalogue) {
        // It may stand in another season, with the same tariffs.
        if catalogue.products.iter().any(|p| p.code == self.code) {
            return;
        }
        let tariffs = catalogue.tariffs.iter_mut().map(|t| &mut t.product);
        let mappings = catalogue.tariff_mappings.iter_mut();
        for product in tariffs.chain(mappings.map(|m| &mut m.product)) {
            if *product == self.code {
                product.clone_from(&to.code);
            }
        }
    }

    fn lacks(&self, catalogue: &Catalogue) -> Option<String> {
        let mut seasons = catalogue.seasons.iter();
        let has = seasons.any(|season| season.code == self.season);
        (!has).then(|| self.season.to_string())
    }

    fn take_along(&self, catalogue: &mut Catalogue) {
        // It may stand in another season, with the same tariffs.
        if catalogue.products.iter().all(|p| p.code != self.code) {
            catalogue.tariffs.retain(|t| t.product != self.code);
            catalogue.tariff_mappings.retain(|m| m.product != self.code);
        }
    }
}
