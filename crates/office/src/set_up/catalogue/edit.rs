//! The page of one season, product or tariff: its name, price and days, and its code as
//! long as nothing names it.

use super::item::{self, Item};
use crate::page::*;
use crate::set_up::catalogue_change::{kept, make};
use crate::set_up::form_page::FormPage;
use crate::set_up::line::mapping;
use boxoffice::catalogue::{Product, Season, Tariff, is_staged};
use otipass::Mapping;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    is_mapped: "Ce code ne peut pas changer : les paramètres de correspondance le nomment. Corrigez-le d’abord là.",
        "This code cannot change: the mapping parameters name it. First correct it there.";
    is_sold: "Ce code ne peut plus changer : des ventes enregistrées le nomment. Changez le nom, ou ajoutez-en un autre.",
        "This code cannot change any more: sales on record name it. Change the name, or add another one.";
});

/// The field of the address that says which one.
const WHAT: &str = "what";

/// The page of the one of this kind and key.
pub(super) fn address_of(kind: &str, key: &str) -> String {
    access::CATALOGUE_EDIT.with(&[(WHAT, &format!("{kind} {key}"))])
}

/// The page of one, with what is in it or what was entered.
pub(super) fn page<T: Item>(frame: Frame, catalogue: &Catalogue, item: &T) -> FormPage {
    let language = frame.formats.language;
    let t = Texts::of(language);
    let mut title = fill(t.changes, &[("what", &item.named())]);
    let (cells, _) = item.cells(&frame.formats);
    if let Some(period) = cells.last().filter(|_| !T::FIXED.is_empty()) {
        title = format!("{title} ({period})");
    }
    let at = (address_of(T::KIND, &item.key()), access::CATALOGUE_EDIT);
    let inputs = T::inputs(language, catalogue, Some(item)).into_iter();
    let inputs = inputs.filter(|input| !input.is_one_of(T::FIXED)).collect();
    let mut page = FormPage::about(frame, title, at, inputs);
    page.up = (access::CATALOGUE, t.catalogue);
    page.lead = T::fixed_why(language);
    page
}

pub(super) fn find<T: Item>(catalogue: &Catalogue, key: &str) -> Result<T, PageError> {
    let mut all = T::all(&mut catalogue.clone()).clone().into_iter();
    let found = all.find(|item| item.key() == key);
    found.ok_or(PageError::NotFound)
}

async fn look<T: Item>(visit: Visit, key: &str) -> Answer {
    let catalogue = kept(&visit).await?;
    let item = find::<T>(&catalogue, key)?;
    visit.page(&page(visit.frame(), &catalogue, &item))
}

async fn change<T: Item>(visit: Visit, key: &str, entered: Entered) -> Answer {
    let catalogue = kept(&visit).await?;
    let present = find::<T>(&catalogue, key)?;
    // What the form does not show stays as it is.
    let inputs = T::inputs(visit.language, &catalogue, Some(&present));
    let fixed = inputs.iter().filter(|input| input.is_one_of(T::FIXED));
    let entered = entered.beside(fixed.map(Input::sent));
    let wrong = async |visit: Visit, entered, mistakes| {
        let visit = visit.wrong(entered, mistakes);
        visit.page(&page(visit.frame(), &catalogue, &present))
    };
    let item = match Fields::read(&entered, visit.language, T::read) {
        Ok(item) => item,
        Err(mistakes) => return wrong(visit, entered, mistakes).await,
    };
    if let Some((season, product)) = present.renamed_to(&item) {
        let t = Texts::of(visit.language);
        let interface = gate::site::interface::read(visit.db()).await?;
        let mapping = mapping(&interface);
        let read = move |tx: &mut Tx<'_>| is_staged(tx, &season, product.as_ref());
        let why = if mapping.is_some_and(|mapping| present.is_mapped(&mapping)) {
            Some(t.is_mapped)
        } else if visit.db().read("staged", read).await? {
            Some(t.is_sold)
        } else {
            None
        };
        if let Some(why) = why {
            return wrong(visit, entered, Mistakes::one(T::FIELDS.0, why)).await;
        }
    }
    let was = key.to_owned();
    let edit = move |catalogue: &mut _, language| item::edit(&was, &item, catalogue, language);
    let mistakes = make(&visit, edit).await?;
    if mistakes.0.is_empty() {
        return Ok(visit.go_with(access::CATALOGUE, Flash::Saved));
    }
    wrong(visit, entered, mistakes).await
}

/// The kind and key that the address names.
fn what(query: &Entered) -> (String, String) {
    let what = query.text(WHAT);
    let (kind, key) = what.split_once(' ').unwrap_or((what, ""));
    (kind.to_owned(), key.to_owned())
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    visit.set_up().catalogue.changeable()?;
    let (kind, key) = what(&query);
    match kind.as_str() {
        Product::KIND => look::<Product>(visit, &key).await,
        Tariff::KIND => look::<Tariff>(visit, &key).await,
        _ => look::<Season>(visit, &key).await,
    }
}

pub(crate) async fn save(visit: Visit, Query(query): Query, entered: Entered) -> Answer {
    visit.set_up().catalogue.changeable()?;
    let (kind, key) = what(&query);
    match kind.as_str() {
        Product::KIND => change::<Product>(visit, &key, entered).await,
        Tariff::KIND => change::<Tariff>(visit, &key, entered).await,
        _ => change::<Season>(visit, &key, entered).await,
    }
}

/// Whether `mapping` sells this product of this season.
pub(super) fn sells(mapping: &Mapping, season: &str, product: Option<&str>) -> bool {
    mapping.sectors.values().any(|info| {
        info.season.as_str() == season
            && product.is_none_or(|product| info.product.as_str() == product)
    })
}
