//! What is sold: seasons, Open Pass products and their tariffs, entered one by
//! one, or taken over from the mapping parameters.

pub(super) mod edit;
pub(super) mod entry;
#[cfg(test)]
pub(crate) mod sample;

use super::Present;
use crate::Managed;
use crate::access;
use crate::entered::Entered;
use crate::flash::Flash;
use crate::form::{Input, Mistakes};
use crate::format::Formats;
use crate::frame::Frame;
use crate::office::Office;
use crate::page_error::PageError;
use crate::visit::{Answer, Visit};
use askama::Template;
use axum::response::Response;
use boxoffice::Catalogue;
use boxoffice::catalogue::{load_catalogue, replace_catalogue};
use db::DbError;
use edit::{Edit, Wanted};
use kernel::text::fill;
use otipass::read_mapping;

kernel::texts!(Texts in Fr, En {
    title: "Catalogue", "Catalogue";
    back: "Mise en service", "Set-up";
    lead: "Ce que vend une entrée : une saison, des produits Open Pass, et le tarif de chacun, avec les codes de la billetterie.",
        "What an admission sells: a season, Open Pass products, and the tariff of each, by the codes of ticketing.";
    by_file: "Cette partie est gérée par un fichier :", "This part is managed by a file:";
    as_text: "Le même en texte", "The same as text";
    wanted: "Les paramètres de correspondance nomment encore : {what}.",
        "The mapping parameters also name: {what}.";
    wanted_season: "la saison {code}", "the season {code}";
    wanted_product: "le produit {code} de {season}", "the product {code} of {season}";
    take: "Les ajouter", "Add them";
    seasons: "Saisons", "Seasons";
    products: "Produits", "Products";
    tariffs: "Tarifs", "Tariffs";
    none: "Aucun encore.", "None yet.";
    code: "Code", "Code";
    name: "Nom", "Name";
    season: "Saison", "Season";
    product: "Produit", "Product";
    family: "Famille", "Family";
    not_open_pass: "pas Open Pass : ne peut pas être vendu", "not Open Pass: cannot be sold";
    tariff: "Tarif", "Tariff";
    price: "Prix TTC", "Price incl. VAT";
    price_input: "Prix TTC, comme 9,50", "Price incl. VAT, as 9.50";
    vat: "TVA", "VAT";
    vat_input: "TVA en %, comme 5,5", "VAT in %, as 5.5";
    from: "Valable du (ou vide)", "Valid from (or empty)";
    until: "Valable jusqu’au (ou vide)", "Valid until (or empty)";
    period: "Valable", "Valid";
    always: "toujours", "always";
    since: "depuis le {from}", "from {from}";
    up_to: "jusqu’au {until}", "until {until}";
    between: "du {from} au {until}", "{from} to {until}";
    add_season: "Ajouter la saison", "Add the season";
    add_product: "Ajouter le produit", "Add the product";
    add_tariff: "Ajouter le tarif", "Add the tariff";
    change: "Retirer", "Remove";
    removes: "Retirer {what}", "Remove {what}";
    first_season: "Ajoutez d’abord une saison.", "First add a season.";
    first_product: "Ajoutez d’abord un produit.", "First add a product.";
    missing: "manque", "missing";
    next: "Ensuite : choisir le tarif que vend chaque produit", "Next: choose the tariff that each product sells";
});

/// What is in the catalogue: its columns' texts, and what removes it.
struct Row {
    cells: Vec<String>,
    is_wrong: bool,
    /// What it is for those who only hear the button, and its key.
    removes: (String, String),
}

#[derive(Template)]
#[template(path = "catalogue.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    file: Option<String>,
    may_change: bool,
    mistakes: Mistakes,
    wanted: Option<String>,
    seasons: Vec<Row>,
    products: Vec<Row>,
    tariffs: Vec<Row>,
    season_inputs: Vec<Input>,
    product_inputs: Vec<Input>,
    tariff_inputs: Vec<Input>,
}

impl Page {
    fn new(
        frame: Frame,
        managed: &Managed,
        present: &Present,
        entered: &Entered,
        mistakes: Mistakes,
    ) -> Self {
        let formats = &frame.formats;
        let t = Texts::of(formats.language);
        let catalogue = &present.catalogue;
        let wanted = wanted(present);
        Self {
            file: managed.file().map(str::to_owned),
            may_change: *managed == Managed::Here && frame.may_act(access::NEW_SEASON),
            wanted: (!wanted.is_empty()).then(|| wanted_words(t, &wanted)),
            seasons: seasons(t, catalogue),
            products: products(t, catalogue),
            tariffs: tariffs(t, formats, catalogue),
            season_inputs: vec![
                Input::text("season_code", t.code, entered.text("season_code")).with(&mistakes),
                Input::text("season_name", t.name, entered.text("season_name")).with(&mistakes),
            ],
            product_inputs: product_inputs(t, catalogue, entered, &mistakes),
            tariff_inputs: tariff_inputs(t, catalogue, entered, &mistakes),
            mistakes,
            t,
            frame,
        }
    }
}

/// What the mapping parameters name and the catalogue does not have.
fn wanted(present: &Present) -> Vec<Wanted> {
    let text = present.interface.mapping.as_deref();
    let mapping = text.and_then(|text| read_mapping(text).mapping);
    mapping
        .map(|mapping| edit::wanted(&mapping, &present.catalogue))
        .unwrap_or_default()
}

fn wanted_words(t: &Texts, wanted: &[Wanted]) -> String {
    let words: Vec<_> = wanted
        .iter()
        .map(|wanted| match wanted {
            Wanted::Season(code) => fill(t.wanted_season, &[("code", code.as_str())]),
            Wanted::Product(season, code) => fill(
                t.wanted_product,
                &[("code", code.as_str()), ("season", season.as_str())],
            ),
        })
        .collect();
    fill(t.wanted, &[("what", &words.join(", "))])
}

fn row(t: &Texts, cells: Vec<String>, is_wrong: bool, key: &[&str]) -> Row {
    let removes = fill(t.removes, &[("what", &key[1..].join(" "))]);
    Row {
        cells,
        is_wrong,
        removes: (removes, key.join(" ")),
    }
}

fn seasons(t: &Texts, catalogue: &Catalogue) -> Vec<Row> {
    let rows = catalogue.seasons.iter().map(|season| {
        let code = season.code.as_str();
        let cells = vec![code.to_owned(), season.name.clone()];
        row(t, cells, false, &["season", code])
    });
    rows.collect()
}

fn products(t: &Texts, catalogue: &Catalogue) -> Vec<Row> {
    let rows = catalogue.products.iter().map(|product| {
        let (season, code) = (product.season.as_str(), product.code.as_str());
        let is_open_pass = product.family == secutix::wire::ProductFamily::OpenPass;
        let family = if is_open_pass {
            "Open Pass".to_owned()
        } else {
            format!("{} ({})", product.family, t.not_open_pass)
        };
        let cells = vec![
            code.to_owned(),
            product.name.clone(),
            season.to_owned(),
            family,
        ];
        row(t, cells, !is_open_pass, &["product", season, code])
    });
    rows.collect()
}

fn tariffs(t: &Texts, formats: &Formats, catalogue: &Catalogue) -> Vec<Row> {
    let missing = || t.missing.to_owned();
    let rows = catalogue.tariffs.iter().map(|tariff| {
        let (product, code) = (tariff.product.as_str(), tariff.code.as_str());
        let from = tariff.valid_from.map(|day| formats.day(day));
        let until = tariff.valid_until.map(|day| formats.day(day));
        let period = match (&from, &until) {
            (None, None) => t.always.to_owned(),
            (Some(from), None) => fill(t.since, &[("from", from)]),
            (None, Some(until)) => fill(t.up_to, &[("until", until)]),
            (Some(from), Some(until)) => fill(t.between, &[("from", from), ("until", until)]),
        };
        let price = tariff.price.map(|price| formats.money(price));
        let vat = tariff.vat.map(|vat| formats.rate(vat));
        let is_wrong = price.is_none() || vat.is_none();
        let cells = vec![
            code.to_owned(),
            product.to_owned(),
            price.unwrap_or_else(missing),
            vat.unwrap_or_else(missing),
            period,
        ];
        let from = tariff.valid_from.map(|day| day.to_string());
        let from = from.unwrap_or_default();
        row(t, cells, is_wrong, &["tariff", product, code, &from])
    });
    rows.collect()
}

fn product_inputs(
    t: &'static Texts,
    catalogue: &Catalogue,
    entered: &Entered,
    mistakes: &Mistakes,
) -> Vec<Input> {
    let seasons: Vec<_> = catalogue
        .seasons
        .iter()
        .map(|season| (season.code.as_str(), season.code.as_str()))
        .collect();
    if seasons.is_empty() {
        return Vec::new();
    }
    // The newest season is the one that is being set up.
    let newest = seasons.last().map_or("", |(code, _)| code);
    let season = entered.some("product_season").unwrap_or(newest).to_owned();
    vec![
        Input::choice("product_season", t.season, &season, seasons).with(mistakes),
        Input::text("product_code", t.code, entered.text("product_code")).with(mistakes),
        Input::text("product_name", t.name, entered.text("product_name")).with(mistakes),
    ]
}

fn tariff_inputs(
    t: &'static Texts,
    catalogue: &Catalogue,
    entered: &Entered,
    mistakes: &Mistakes,
) -> Vec<Input> {
    let mut products: Vec<_> = catalogue
        .products
        .iter()
        .map(|product| (product.code.as_str(), product.code.as_str()))
        .collect();
    products.dedup();
    if products.is_empty() {
        return Vec::new();
    }
    let has_tariff = |code: &str| catalogue.tariffs.iter().any(|t| t.product.as_str() == code);
    let without = products.iter().find(|(code, _)| !has_tariff(code));
    let first = without.or(products.first()).map_or("", |(code, _)| code);
    let product = entered.some("tariff_product").unwrap_or(first).to_owned();
    let text = |name, label| Input::text(name, label, entered.text(name)).with(mistakes);
    let day = |name, label| Input::day(name, label, entered.text(name)).with(mistakes);
    vec![
        Input::choice("tariff_product", t.product, &product, products).with(mistakes),
        text("tariff_code", t.tariff),
        text("tariff_price", t.price_input),
        text("tariff_vat", t.vat_input),
        day("tariff_from", t.from),
        day("tariff_until", t.until),
    ]
}

/// Refuses a change where a file manages the catalogue.
pub(super) fn changeable(office: &Office) -> Result<(), PageError> {
    match office.role.set_up.catalogue {
        Managed::Here => Ok(()),
        Managed::ByFile(_) => Err(PageError::NotFound),
    }
}

/// Makes an edit of the catalogue and its row in the audit log, or says what is
/// wrong with it and changes nothing.
pub(super) async fn make(visit: &Visit, edit: Edit) -> Result<Mistakes, PageError> {
    changeable(&visit.office)?;
    let language = visit.language;
    let work = move |tx: &mut db::Tx<'_>| {
        let mut catalogue = load_catalogue(tx)?;
        match edit.apply(&mut catalogue, language) {
            Ok(changes) => {
                replace_catalogue(tx, &catalogue)?;
                Ok::<_, DbError>((Mistakes::default(), changes))
            }
            Err(mistakes) => Ok((mistakes, Vec::new())),
        }
    };
    let mistakes = visit.change("set up catalogue", work).await??;
    if mistakes.0.is_empty()
        && let Some(box_office) = &visit.office.box_office
    {
        // What was held for what is cured now is ready at once.
        box_office.reevaluate().await?;
    }
    Ok(mistakes)
}

/// The catalogue as it is.
pub(super) async fn kept(visit: &Visit) -> Result<Catalogue, PageError> {
    Ok(visit.office.db.read("catalogue", load_catalogue).await?)
}

async fn page(visit: &Visit, entered: &Entered, mistakes: Mistakes) -> Answer {
    let present = Present::read(visit).await?;
    let managed = &visit.set_up().catalogue;
    let status = mistakes.status();
    let page = Page::new(visit.frame(), managed, &present, entered, mistakes);
    visit.page_with(status, &page)
}

pub(crate) async fn show(visit: Visit) -> Answer {
    page(&visit, &Entered::default(), Mistakes::default()).await
}

async fn save(visit: Visit, entered: Entered, edit: Result<Edit, Mistakes>) -> Answer {
    let mistakes = match edit {
        Ok(edit) => make(&visit, edit).await?,
        Err(mistakes) => mistakes,
    };
    if mistakes.0.is_empty() {
        return Ok(saved(&visit));
    }
    changeable(&visit.office)?;
    page(&visit, &entered, mistakes).await
}

fn saved(visit: &Visit) -> Response {
    visit.go_with(access::CATALOGUE, Flash::Saved)
}

pub(crate) async fn add_season(visit: Visit, entered: Entered) -> Answer {
    let edit = entry::season(&entered, visit.language);
    save(visit, entered, edit).await
}

pub(crate) async fn add_product(visit: Visit, entered: Entered) -> Answer {
    let edit = entry::product(&entered, visit.language);
    save(visit, entered, edit).await
}

pub(crate) async fn add_tariff(visit: Visit, entered: Entered) -> Answer {
    let edit = entry::tariff(&entered, visit.language);
    save(visit, entered, edit).await
}

pub(crate) async fn remove(visit: Visit, entered: Entered) -> Answer {
    let edit = entry::removal(entered.text("what"), visit.language);
    save(visit, entered, edit).await
}

pub(crate) async fn take_wanted(visit: Visit) -> Answer {
    let wanted = wanted(&Present::read(&visit).await?);
    save(visit, Entered::default(), Ok(Edit::Take(wanted))).await
}
