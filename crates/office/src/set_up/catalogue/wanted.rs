//! What the mapping parameters name and the catalogue lacks.

use super::item::add;
use boxoffice::Catalogue;
use boxoffice::catalogue::{Product, Season};
use kernel::Language;
use otipass::{Mapping, SectorInfo};
use secutix::wire::ProductFamily;
use staff::audit::Change;

/// Something that the catalogue lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Season(Season),
    Product(Product),
}

/// What `mapping` names and `catalogue` does not have, seasons first; products as
/// Open Pass.
pub(super) fn wanted(mapping: &Mapping, catalogue: &Catalogue) -> Vec<Wanted> {
    let (mut seasons, mut products) = (Vec::new(), Vec::new());
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
        let is_it = |p: &&Product| (&p.season, &p.code) == (&info.season, &info.product);
        if !catalogue
            .seasons
            .iter()
            .chain(&seasons)
            .any(|s| s.code == season.code)
        {
            seasons.push(season);
        }
        if catalogue
            .products
            .iter()
            .chain(&products)
            .find(is_it)
            .is_none()
        {
            products.push(product);
        }
    }
    let products = products.into_iter().map(Wanted::Product);
    seasons
        .into_iter()
        .map(Wanted::Season)
        .chain(products)
        .collect()
}

/// Adds them; what has come meanwhile stays as it is.
pub(super) fn take(
    wanted: &[Wanted],
    catalogue: &mut Catalogue,
    language: Language,
) -> Vec<Change> {
    let added = wanted.iter().flat_map(|wanted| match wanted {
        Wanted::Season(season) => add(season, catalogue, language),
        Wanted::Product(product) => add(product, catalogue, language),
    });
    added.flatten().collect()
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
