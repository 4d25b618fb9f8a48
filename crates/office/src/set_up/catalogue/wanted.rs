//! What the mapping parameters name and the catalogue lacks.

use super::item::{Item, add};
use boxoffice::Catalogue;
use boxoffice::catalogue::{Product, Season};
use kernel::Language;
use otipass::{Mapping, SectorInfo};
use secutix::wire::ProductFamily;
use staff::audit::Change;

/// What `mapping` names and `catalogue` does not have: seasons, and products as Open Pass.
pub(super) fn wanted(mapping: &Mapping, catalogue: &Catalogue) -> Catalogue {
    let mut wanted = Catalogue::default();
    // Pages take no new code with a space; the mapping's page says so.
    let is_whole = |info: &&SectorInfo| {
        let codes = [info.season.as_str(), info.product.as_str()];
        codes.iter().all(|code| !code.contains(char::is_whitespace))
    };
    for info in mapping.sectors.values().filter(is_whole) {
        let season = Season {
            code: info.season.clone(),
            name: info.season.to_string(),
        };
        let product = Product {
            season: info.season.clone(),
            code: info.product.clone(),
            family: ProductFamily::OpenPass,
            name: info.product.to_string(),
        };
        let mut seasons = catalogue.seasons.iter().chain(&wanted.seasons);
        if seasons.all(|known| known.code != season.code) {
            wanted.seasons.push(season);
        }
        let mut products = catalogue.products.iter().chain(&wanted.products);
        if products.all(|known| known.key() != product.key()) {
            wanted.products.push(product);
        }
    }
    wanted
}

/// Adds them; what has come meanwhile stays as it is.
pub(super) fn take(
    wanted: &Catalogue,
    catalogue: &mut Catalogue,
    language: Language,
) -> Vec<Change> {
    let seasons = wanted.seasons.iter();
    let mut added: Vec<_> = seasons
        .flat_map(|season| add(season, catalogue, language))
        .collect();
    let products = wanted.products.iter();
    added.extend(products.flat_map(|product| add(product, catalogue, language)));
    added.concat()
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
        let changes = take(&first, &mut catalogue, Language::En);
        assert_eq!(changes.len(), first.seasons.len() + first.products.len());
        assert!(!first.seasons.is_empty());
        assert_eq!(wanted(&mapping, &catalogue), Catalogue::default());
        let whole = crate::set_up::catalogue::tests::villeneuve();
        assert_eq!(catalogue.products.len(), whole.products.len());
        assert_eq!(take(&first, &mut catalogue, Language::En), []);
    }
}
