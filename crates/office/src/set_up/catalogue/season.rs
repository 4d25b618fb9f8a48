//! A season.

use super::edit::sells;
use super::item::{Item, Words};
use crate::page::*;
use boxoffice::catalogue::Season;
use kernel::{ProductCode, SeasonCode};
use otipass::Mapping;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Saisons", "Seasons";
    none: "Aucune encore.", "None yet.";
    add: "Ajouter la saison", "Add the season";
});

/// The most characters of a name in the catalogue.
pub(crate) const NAME_LIMIT_CHARS: usize = 200;

impl Item for Season {
    const KIND: &'static str = "season";
    const ADD: Address = access::NEW_SEASON;
    const FIELDS: (&'static str, &'static str) = ("season_code", "");

    fn words(language: Language) -> Words {
        let t = Texts::of(language);
        Words {
            title: t.title,
            head: vec![t.code, t.name],
            add: t.add,
            none: t.none,
            first: "",
        }
    }

    fn all(catalogue: &mut Catalogue) -> &mut Vec<Self> {
        &mut catalogue.seasons
    }

    fn key(&self) -> String {
        self.code.to_string()
    }

    fn told(&self) -> Value {
        json!({ "name": self.name })
    }

    fn cells(&self, _: &Formats) -> (Vec<String>, bool) {
        (vec![self.code.to_string(), self.name.clone()], true)
    }

    fn inputs(language: Language, _: &Catalogue, of: Option<&Self>) -> Vec<Input> {
        let t = Texts::of(language);
        let code = of.map_or("", |season| season.code.as_str());
        vec![
            Input::text("season_code", t.code, code),
            Input::text("season_name", t.name, of.map_or("", |season| &season.name)),
        ]
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.new_code("season_code", "");
        let name = fields.name("season_name", NAME_LIMIT_CHARS);
        let (code, name) = code.zip(name)?;
        Some(Self { code, name })
    }

    fn renamed_to(&self, other: &Self) -> Option<(SeasonCode, Option<ProductCode>)> {
        (self.code != other.code).then(|| (self.code.clone(), None))
    }

    fn is_mapped(&self, mapping: &Mapping) -> bool {
        sells(mapping, self.code.as_str(), None)
    }

    fn rename_along(&self, to: &Self, catalogue: &mut Catalogue) {
        let products = catalogue.products.iter_mut();
        for product in products.filter(|product| product.season == self.code) {
            product.season.clone_from(&to.code);
        }
    }

    fn is_used(&self, catalogue: &Catalogue) -> bool {
        let mut products = catalogue.products.iter();
        products.any(|product| product.season == self.code)
    }
}
