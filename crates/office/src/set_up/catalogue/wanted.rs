//! What the mapping parameters name and the catalogue lacks.

use super::item::add;
use boxoffice::Catalogue;
use boxoffice::catalogue::{Product, Season};
use kernel::{Language, ProductCode, SeasonCode};
use otipass::Mapping;
use secutix::wire::ProductFamily;
use staff::audit::Change;

/// Something that the catalogue lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Season(SeasonCode),
    Product(SeasonCode, ProductCode),
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

/// Adds them, products as Open Pass; what has come meanwhile stays as it is.
pub(super) fn take(
    wanted: &[Wanted],
    catalogue: &mut Catalogue,
    language: Language,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for wanted in wanted {
        let added = match wanted.clone() {
            Wanted::Season(code) => {
                let name = code.to_string();
                add(&Season { code, name }, catalogue, language)
            }
            Wanted::Product(season, code) => {
                let product = Product {
                    season,
                    family: ProductFamily::OpenPass,
                    name: code.to_string(),
                    code,
                };
                add(&product, catalogue, language)
            }
        };
        changes.extend(added.unwrap_or_default());
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPING: &str = include_str!("../../../../../examples/villeneuve/mapping.json");

    #[test]
    fn an_empty_catalogue_is_filled_from_the_mapping_parameters() {
        let mapping = otipass::read_mapping(MAPPING).mapping.unwrap();
        let mut catalogue = Catalogue::default();
        let first = wanted(&mapping, &catalogue);
        assert!(matches!(first[0], Wanted::Season(_)));
        let changes = take(&first, &mut catalogue, Language::En);
        assert_eq!(changes.len(), first.len());
        assert_eq!(wanted(&mapping, &catalogue), []);
        let whole = crate::set_up::catalogue::tests::villeneuve();
        assert_eq!(catalogue.products.len(), whole.products.len());
        assert_eq!(take(&first, &mut catalogue, Language::En), []);
    }
}
