//! Which tariff each product sells.

#[cfg(test)]
pub(crate) mod sample;

use super::catalogue::item::changed;
use super::catalogue_change::{kept, make};
use super::step::Bar;
use crate::page::*;
use boxoffice::catalogue::TariffMapping;
use kernel::{ProductCode, TariffCode};
use secutix::wire::ProductFamily;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Chaque entrée vend le tarif choisi ici. Un produit sans tarif choisi retient ses ventes, sans rien perdre, jusqu’à ce que vous en choisissiez un.",
        "Each admission sells the tariff that is chosen here. A product without one keeps its sales back, and loses nothing, until you choose one.";
    none: "aucun : les ventes attendent", "none: sales wait";
    of: "Tarif vendu par {product}", "Tariff sold by {product}";
    no_tariff: "Ce produit n’a pas encore de tarif.", "This product has no tariff yet.";
    no_products: "Il n’y a pas encore de produit Open Pass.", "There is no Open Pass product yet.";
    to_catalogue: "Aller au catalogue", "Go to the catalogue";
    proposed: "proposé : pas encore enregistré", "proposed: not saved yet";
});

struct Row {
    product: ProductCode,
    name: String,
    /// Code, text, and whether it is chosen.
    choices: Vec<(String, String, bool)>,
    is_proposed: bool,
}

#[derive(Template)]
#[template(path = "tariff_mapping.html")]
struct Page {
    rows: Vec<Row>,
    frame: Frame,
}

/// The products that scans can sell.
fn products(catalogue: &Catalogue) -> Vec<(&ProductCode, &str)> {
    let mut products: Vec<_> = catalogue
        .products
        .iter()
        .filter(|product| product.family == ProductFamily::OpenPass)
        .map(|product| (&product.code, product.name.as_str()))
        .collect();
    products.sort();
    products.dedup_by_key(|(code, _)| *code);
    products
}

/// The tariffs of a product, each once.
fn tariffs<'a>(catalogue: &'a Catalogue, product: &ProductCode) -> Vec<&'a TariffCode> {
    let of_product = catalogue.tariffs.iter().filter(|t| t.product == *product);
    let mut tariffs: Vec<_> = of_product.map(|tariff| &tariff.code).collect();
    tariffs.sort();
    tariffs.dedup();
    tariffs
}

fn field(product: &ProductCode) -> String {
    format!("tariff of {product}")
}

fn row(
    t: &Texts,
    formats: &Formats,
    catalogue: &Catalogue,
    product: &ProductCode,
    name: &str,
) -> Row {
    let tariffs = tariffs(catalogue, product);
    let mapped = catalogue.mapped_tariff(product);
    // The only tariff there is will be the one; it counts once it is saved.
    let proposed = match (mapped, tariffs.as_slice()) {
        (None, [only]) => Some(*only),
        _ => None,
    };
    let chosen = mapped.or(proposed);
    let choice = |code: &&TariffCode| {
        let mut entries = catalogue.tariffs.iter().rev();
        let entry = entries.find(|t| t.product == *product && t.code == **code);
        let text = match entry.and_then(|tariff| tariff.price) {
            Some(price) => format!("{code}, {}", formats.money(price)),
            None => code.to_string(),
        };
        (code.to_string(), text, chosen == Some(*code))
    };
    let none = (String::new(), t.none.to_owned(), chosen.is_none());
    let choices = std::iter::once(none)
        .chain(tariffs.iter().map(choice))
        .collect();
    Row {
        product: product.clone(),
        name: name.to_owned(),
        choices,
        is_proposed: proposed.is_some(),
    }
}

impl Page {
    fn new(frame: Frame, catalogue: &Catalogue) -> Self {
        let t = Texts::of(frame.formats.language);
        let rows = products(catalogue).into_iter();
        let row = |(product, name)| row(t, &frame.formats, catalogue, product, name);
        Self {
            rows: rows.map(row).collect(),
            frame,
        }
    }
}

/// Whether each product sells a tariff that there is.
pub(super) fn is_whole(catalogue: &Catalogue) -> bool {
    let products = products(catalogue);
    !products.is_empty()
        && products
            .iter()
            .all(|(product, _)| sells(catalogue, product))
}

fn sells(catalogue: &Catalogue, product: &ProductCode) -> bool {
    let tariff = catalogue.mapped_tariff(product);
    tariff.is_some_and(|tariff| tariffs(catalogue, product).contains(&tariff))
}

/// Has each product sell its tariff; one without sells nothing.
fn map(catalogue: &mut Catalogue, wanted: &[(ProductCode, Option<TariffCode>)]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (product, tariff) in wanted {
        let before = catalogue.mapped_tariff(product).cloned();
        // A tariff that has gone meanwhile is not mapped.
        let known = |code: &&TariffCode| tariffs(catalogue, product).contains(code);
        let tariff = tariff.as_ref().filter(known).cloned();
        if before == tariff {
            continue;
        }
        catalogue.tariff_mappings.retain(|m| m.product != *product);
        let change = changed("tariff_mapping", product)
            .from(json!({ "tariff": before }))
            .to(json!({ "tariff": tariff }));
        changes.push(change);
        if let Some(tariff) = tariff {
            let product = product.clone();
            let mapping = TariffMapping { product, tariff };
            catalogue.tariff_mappings.push(mapping);
        }
    }
    changes
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let frame = visit.frame().managed_by(&visit.set_up().catalogue);
    visit.page(&Page::new(frame, &kept(&visit).await?))
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    let catalogue = kept(&visit).await?;
    let products = products(&catalogue).into_iter();
    let wanted = products.map(|(product, _)| (product.clone(), entered.read(&field(product))));
    let wanted: Vec<_> = wanted.collect();
    make(&visit, move |catalogue, _| Ok(map(catalogue, &wanted))).await?;
    Ok(visit.go_with(access::TARIFF_MAPPING, Flash::Saved))
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::sample::present;
    use super::*;

    #[test]
    fn the_only_tariff_is_proposed_and_no_other() {
        let mut catalogue = present().catalogue;
        let formats = Frame::sample(kernel::Language::En, None).formats;
        let t = Texts::of(kernel::Language::En);
        let product = "PASSVN".parse().unwrap();
        let chosen = |catalogue: &Catalogue| {
            let row = row(t, &formats, catalogue, &product, "");
            let chosen = row.choices.into_iter().find(|(_, _, chosen)| *chosen);
            (chosen.unwrap().0, row.is_proposed)
        };
        assert_eq!(chosen(&catalogue), ("CITYPASS".to_owned(), false));
        assert!(is_whole(&catalogue));
        for mapping in &mut catalogue.tariff_mappings {
            mapping.tariff = "CITYPAS".parse().unwrap();
        }
        assert!(!is_whole(&catalogue), "it sells what there is not");
        catalogue.tariff_mappings.clear();
        assert_eq!(
            chosen(&catalogue),
            (String::new(), false),
            "two to choose from"
        );
        catalogue
            .tariffs
            .retain(|tariff| tariff.code.as_str() == "LATE");
        assert_eq!(chosen(&catalogue), ("LATE".to_owned(), true));
        assert!(!is_whole(&catalogue));
    }

    #[test]
    fn only_what_changes_is_mapped_anew() {
        let mut catalogue = super::super::catalogue::tests::villeneuve();
        let code = |text: &str| text.parse().unwrap();
        let wanted = vec![
            (code("PASSVN"), Some("CITYPASS".parse().unwrap())),
            (code("PASSVN2"), None),
            (code("PASSVN3"), Some("CITYLATE".parse().unwrap())),
        ];
        let changes = map(&mut catalogue, &wanted);
        assert_eq!(changes.len(), 2);
        assert_eq!(catalogue.mapped_tariff(&code("PASSVN2")), None);
        let mapped = catalogue.mapped_tariff(&code("PASSVN3")).unwrap();
        assert_eq!(mapped.as_str(), "CITYLATE");
    }
}
