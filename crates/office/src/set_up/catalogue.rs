//! What is sold: seasons, Open Pass products and their tariffs, entered one by
//! one, or taken over from the mapping parameters.

pub(crate) mod edit;
pub(super) mod item;
mod product;
#[cfg(test)]
pub(crate) mod sample;
pub(super) mod season;
mod tariff;
mod wanted;

use super::catalogue_change::{kept, make};
use super::present::Present;
use super::step::Bar;
use crate::page::*;
use boxoffice::catalogue::{Product, Season, Tariff};
use item::Item;
use secutix::wire::ProductFamily;
use wanted::{take, wanted};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Ce que vend une entrée : une saison, des produits Open Pass, et le tarif de chacun, avec les codes de la billetterie.",
        "What an admission sells: a season, Open Pass products, and the tariff of each, by the codes of ticketing.";
    as_text: "Le même, en texte", "The same as text";
    wanted: "Les paramètres de correspondance nomment aussi : {what}.",
        "The mapping parameters also name: {what}.";
    wanted_season: "la saison {code}", "the season {code}";
    wanted_product: "le produit {code} de {season}", "the product {code} of {season}";
    removes: "Retirer {what}", "Remove {what}";
    change: "Modifier", "Change";
});

/// One of what is in the catalogue.
struct Row {
    key: String,
    cells: Vec<String>,
    is_right: bool,
}

/// All of a kind, and the form that adds one.
struct Section {
    kind: &'static str,
    words: item::Words,
    rows: Vec<Row>,
    inputs: Vec<Input>,
    action: Address,
}

impl Section {
    fn of<T: Item>(frame: &Frame, catalogue: &Catalogue) -> Self {
        let language = frame.formats.language;
        let row = |item: &T| {
            let (cells, is_right) = item.cells(&frame.formats);
            Row {
                key: item.key(),
                cells,
                is_right,
            }
        };
        Self {
            kind: T::KIND,
            words: T::words(language),
            rows: T::all(&mut catalogue.clone()).iter().map(row).collect(),
            inputs: frame.filled(T::inputs(language, catalogue, None)),
            action: T::ADD,
        }
    }
}

#[derive(Template)]
#[template(path = "catalogue.html")]
struct Page {
    /// What the mapping parameters name besides, in words.
    wanted: Option<String>,
    sections: [Section; 3],
    /// What was to be added and is there already: its page, and what it is called.
    existing: Option<(String, String)>,
    frame: Frame,
}

impl Page {
    fn new(frame: Frame, present: &Present) -> Self {
        let catalogue = &present.catalogue;
        Self {
            wanted: wanted_words(Texts::of(frame.formats.language), &lacking(present)),
            sections: [
                Section::of::<Season>(&frame, catalogue),
                Section::of::<Product>(&frame, catalogue),
                Section::of::<Tariff>(&frame, catalogue),
            ],
            existing: None,
            frame,
        }
    }
}

/// What the mapping parameters name and the catalogue does not have.
fn lacking(present: &Present) -> Catalogue {
    let mapping = present.mapping.as_ref();
    mapping
        .map(|mapping| wanted(mapping, &present.catalogue))
        .unwrap_or_default()
}

/// Whether what is mapped is there, and each Open Pass has a tariff.
pub(super) fn is_whole(present: &Present) -> bool {
    let Catalogue {
        products, tariffs, ..
    } = &present.catalogue;
    let has_tariff = |product: &Product| tariffs.iter().any(|t| t.product == product.code);
    let mut passes = products
        .iter()
        .filter(|product| product.family == ProductFamily::OpenPass);
    !tariffs.is_empty() && lacking(present) == Catalogue::default() && passes.all(has_tariff)
}

fn wanted_words(t: &Texts, wanted: &Catalogue) -> Option<String> {
    let seasons = wanted.seasons.iter();
    let seasons = seasons.map(|season| fill(t.wanted_season, &[("code", &season.code)]));
    let products = wanted.products.iter().map(|Product { code, season, .. }| {
        fill(t.wanted_product, &[("code", code), ("season", season)])
    });
    let words: Vec<_> = seasons.chain(products).collect();
    (!words.is_empty()).then(|| fill(t.wanted, &[("what", &words.join(", "))]))
}

pub(crate) async fn show(visit: Visit) -> Answer {
    shown(visit, None).await
}

/// The page; `existing` is what was to be added and is there already.
async fn shown(visit: Visit, existing: Option<(String, String)>) -> Answer {
    let present = Present::read(&visit).await?;
    let frame = visit.frame().managed_by(&visit.set_up().catalogue);
    visit.page(&Page {
        existing,
        ..Page::new(frame, &present)
    })
}

async fn save<F>(visit: Visit, entered: Entered, edit: F) -> Answer
where
    F: Fn(&mut Catalogue, Language) -> Result<Vec<Change>, Mistakes> + Send + 'static,
{
    let mistakes = make(&visit, edit).await?;
    if mistakes.0.is_empty() {
        return Ok(visit.go_with(access::CATALOGUE, Flash::Saved));
    }
    show(visit.wrong(entered, mistakes)).await
}

pub(crate) async fn add<T: Item>(visit: Visit, entered: Entered) -> Answer {
    visit.set_up().catalogue.changeable()?;
    let item = match Fields::read(&entered, visit.language, T::read) {
        Ok(item) => item,
        Err(mistakes) => return show(visit.wrong(entered, mistakes)).await,
    };
    let key = item.key();
    let edit = move |catalogue: &mut _, language| item::add(&item, catalogue, language);
    let mistakes = make(&visit, edit).await?;
    if mistakes.0.is_empty() {
        return Ok(visit.go_with(access::CATALOGUE, Flash::Saved));
    }
    let existing = edit::find::<T>(&kept(&visit).await?, &key).ok();
    let existing = existing.map(|item| (edit::address_of(T::KIND, &key), item.named()));
    shown(visit.wrong(entered, mistakes), existing).await
}

/// Removes what a button names: a kind and its key.
fn removal(
    what: &str,
    catalogue: &mut Catalogue,
    language: Language,
) -> Result<Vec<Change>, Mistakes> {
    let (kind, key) = what.split_once(' ').unwrap_or((what, ""));
    match kind {
        Product::KIND => item::remove::<Product>(key, catalogue, language),
        Tariff::KIND => item::remove::<Tariff>(key, catalogue, language),
        _ => item::remove::<Season>(key, catalogue, language),
    }
}

pub(crate) async fn remove(visit: Visit, entered: Entered) -> Answer {
    let what = entered.text("what").to_owned();
    let edit = move |catalogue: &mut _, language| removal(&what, catalogue, language);
    save(visit, entered, edit).await
}

pub(crate) async fn take_wanted(visit: Visit) -> Answer {
    let wanted = lacking(&Present::read(&visit).await?);
    let edit = move |catalogue: &mut _, language| Ok(take(&wanted, catalogue, language));
    save(visit, Entered::default(), edit).await
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const EN: Language = Language::En;

    pub(crate) fn villeneuve() -> Catalogue {
        let text = include_str!("../../../../examples/villeneuve/catalogue.toml");
        boxoffice::read_catalogue(text).unwrap()
    }

    fn read<T: Item>(text: &str) -> Result<T, Vec<&'static str>> {
        let entered = Entered::parse(text.as_bytes());
        let read = Fields::read(&entered, EN, T::read);
        read.map_err(|mistakes| mistakes.0.iter().map(|mistake| mistake.field).collect())
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        let wrong = read::<Season>("").unwrap_err();
        assert_eq!(wrong, ["season_code", "season_name"]);
        let long = "product_season=VN26&product_code=PASSVILLENEUVE&product_name=P";
        assert_eq!(read::<Product>(long).unwrap_err(), ["product_code"]);
        let tariff = "tariff_product=PASSVN&tariff_code=T&tariff_price=free&tariff_vat=200\
                      &tariff_from=2026-07-02&tariff_until=2026-07-01";
        let wrong = read::<Tariff>(tariff).unwrap_err();
        assert_eq!(wrong, ["tariff_price", "tariff_vat", "tariff_until"]);
    }

    #[test]
    fn what_hangs_on_something_goes_with_it_or_keeps_it() {
        let mut catalogue = villeneuve();
        let mut remove = |what: &str| removal(what, &mut catalogue, EN);
        assert!(remove("season VN26").is_err(), "it has products");
        assert!(remove("season").is_err(), "there is none");
        assert_eq!(remove("product VN26 PASSVN").unwrap().len(), 1);
        assert!(remove("product VN26 PASSVN").is_err(), "it is gone");
        assert_eq!(remove("tariff PASSVN2 CITYLIGHT ").unwrap().len(), 1);
        let of_product = |tariff: &Tariff| tariff.product.as_str() == "PASSVN";
        assert!(!catalogue.tariffs.iter().any(of_product));
        assert_eq!(catalogue.mapped_tariff(&"PASSVN".parse().unwrap()), None);
        assert_eq!(catalogue.mapped_tariff(&"PASSVN2".parse().unwrap()), None);
    }

    #[test]
    fn what_is_there_is_changed_on_its_page_and_not_entered_again() {
        let mut catalogue = villeneuve();
        let text = "tariff_product=PASSVN&tariff_code=CITYPASS&tariff_price=10,50&tariff_vat=5.5";
        let tariff = read::<Tariff>(text).unwrap();
        let again = item::add(&tariff, &mut catalogue, EN).unwrap_err();
        assert_eq!(again.0[0].field, "tariff_code");
        let changes = item::edit(&tariff.key(), &tariff, &mut catalogue, EN).unwrap();
        assert_eq!(changes[0].before.as_ref().unwrap()["price_minor"], 950);
        let tariffs = catalogue.tariffs.iter();
        let found: Vec<_> = tariffs.filter(|t| t.product.as_str() == "PASSVN").collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].price, Some(kernel::Money::from_minor(1_050)));
        let season = catalogue.seasons[0].clone();
        let again = item::add(&season, &mut catalogue, EN).unwrap_err();
        assert_eq!(again.0[0].field, "season_code");
        // A season and a product take along what names them.
        let renamed = Season {
            code: "VN62".parse().unwrap(),
            ..season
        };
        item::edit("VN26", &renamed, &mut catalogue, EN).unwrap();
        assert!(catalogue.products.iter().all(|p| p.season == renamed.code));
        let product = Product {
            code: "PASSVM".parse().unwrap(),
            ..catalogue.products[0].clone()
        };
        let key = catalogue.products[0].key();
        item::edit(&key, &product, &mut catalogue, EN).unwrap();
        assert!(catalogue.mapped_tariff(&product.code).is_some());
        let tariff = catalogue
            .tariffs
            .iter()
            .find(|t| t.code.as_str() == "CITYPASS");
        assert_eq!(tariff.unwrap().product, product.code);
        let text = text.replace("PASSVN", "PASSVM");
        let astray = text.replace("PASSVM", "NOWHERE");
        let astray = item::add(&read::<Tariff>(&astray).unwrap(), &mut catalogue, EN);
        assert_eq!(astray.unwrap_err().0[0].field, "tariff_product");
    }
}
