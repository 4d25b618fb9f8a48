//! A thing of the catalogue that people add and remove by forms: what differs from
//! kind to kind, and the rules that are the same for all. They are pure: from a
//! catalogue to what it is then, or what stands against it.

use crate::page::*;
use kernel::{ProductCode, SeasonCode};
use otipass::Mapping;

kernel::texts!(Texts in Fr, En {
    exists: "{code} existe déjà. Modifiez-le au lieu de l’ajouter.", "{code} exists already. Change it instead of adding it.";
    gone: "{code} n’existe plus. Rechargez la page.", "{code} does not exist any more. Load the page again.";
    has_more: "La saison {code} a encore des produits. Retirez-les d’abord.",
        "The season {code} still has products. Remove them first.";
});

/// What a kind is called on the page.
pub(crate) struct Words {
    pub(super) title: &'static str,
    /// The columns' names.
    pub(super) head: Vec<&'static str>,
    /// What the button says that adds one.
    pub(super) add: &'static str,
    /// That there is none yet.
    pub(super) none: &'static str,
    /// What has to be there before.
    pub(super) first: &'static str,
}

pub(crate) trait Item: Clone + Send + Sync + 'static {
    /// What it is in the audit log and on buttons: `season`.
    const KIND: &'static str;
    const ADD: Address;
    /// The fields of its code, and of what it belongs to.
    const FIELDS: (&'static str, &'static str);
    /// The fields that stay as they are once it is there, as [`Item::fixed_why`] says.
    const FIXED: &'static [&'static str] = &[];

    fn words(language: Language) -> Words;

    /// What to do if a field is wrong that stays as it is.
    fn fixed_why(_: Language) -> &'static str {
        ""
    }

    fn all(catalogue: &mut Catalogue) -> &mut Vec<Self>;

    /// What tells it from others of its kind.
    fn key(&self) -> String;

    /// What the audit log calls it.
    fn named(&self) -> String {
        self.key()
    }

    /// What the audit log says of it.
    fn told(&self) -> Value;

    /// What each column says of it, and whether it can be sold as it is.
    fn cells(&self, formats: &Formats) -> (Vec<String>, bool);

    /// The fields of this one, or of one to be added; none if something has to be there
    /// before.
    fn inputs(language: Language, catalogue: &Catalogue, of: Option<&Self>) -> Vec<Input>;

    fn read(fields: &mut Fields<'_>) -> Option<Self>;

    /// Season and product as they are called now, if `other` has another code.
    fn renamed_to(&self, _other: &Self) -> Option<(SeasonCode, Option<ProductCode>)> {
        None
    }

    /// Whether the mapping parameters name it.
    fn is_mapped(&self, _: &Mapping) -> bool {
        false
    }

    /// Gives what names it its new code.
    fn rename_along(&self, _to: &Self, _: &mut Catalogue) {}

    /// The code of what it belongs to, if that is not there.
    fn lacks(&self, _: &Catalogue) -> Option<String> {
        None
    }

    /// Whether something belongs to it.
    fn is_used(&self, _: &Catalogue) -> bool {
        false
    }

    /// Takes along what would be nobody's.
    fn take_along(&self, _: &mut Catalogue) {}
}

/// That something in the catalogue was changed.
pub(crate) fn changed(kind: &'static str, of: impl ToString) -> Change {
    Change::done("catalogue.changed", kind, of)
}

/// Adds it, if there is none of its key.
pub(super) fn add<T: Item>(
    item: &T,
    catalogue: &mut Catalogue,
    language: Language,
) -> Result<Vec<Change>, Mistakes> {
    can_stand(item, catalogue, language)?;
    if T::all(catalogue)
        .iter()
        .any(|other| other.key() == item.key())
    {
        return Err(taken(item, language));
    }
    T::all(catalogue).push(item.clone());
    Ok(vec![changed(T::KIND, item.named()).to(item.told())])
}

/// Changes the one of this key to `item`, and takes along what names it.
pub(super) fn edit<T: Item>(
    key: &str,
    item: &T,
    catalogue: &mut Catalogue,
    language: Language,
) -> Result<Vec<Change>, Mistakes> {
    can_stand(item, catalogue, language)?;
    let mut others = T::all(catalogue).iter().filter(|other| other.key() != key);
    if others.any(|other| other.key() == item.key()) {
        return Err(taken(item, language));
    }
    let mut all = T::all(catalogue).iter_mut();
    let Some(present) = all.find(|present| present.key() == key) else {
        let gone = Texts::of(language).gone;
        return Err(Mistakes::one("", fill(gone, &[("code", &key)])));
    };
    let was = std::mem::replace(present, item.clone());
    was.rename_along(item, catalogue);
    let mut told = (was.told(), item.told());
    if was.named() != item.named() {
        told.0["code"] = json!(was.named());
        told.1["code"] = json!(item.named());
    }
    Ok(vec![changed(T::KIND, item.named()).from(told.0).to(told.1)])
}

/// Whether what it belongs to is there.
fn can_stand<T: Item>(item: &T, catalogue: &Catalogue, language: Language) -> Result<(), Mistakes> {
    item.lacks(catalogue).map_or(Ok(()), |code| {
        let gone = fill(Texts::of(language).gone, &[("code", &code)]);
        Err(Mistakes::one(T::FIELDS.1, gone))
    })
}

fn taken<T: Item>(item: &T, language: Language) -> Mistakes {
    let exists = fill(Texts::of(language).exists, &[("code", &item.named())]);
    Mistakes::one(T::FIELDS.0, exists)
}

/// Removes the one of this key, with what would be nobody's without it.
pub(super) fn remove<T: Item>(
    key: &str,
    catalogue: &mut Catalogue,
    language: Language,
) -> Result<Vec<Change>, Mistakes> {
    let t = Texts::of(language);
    let wrong = |text: &str, code: &str| Mistakes::one("", fill(text, &[("code", &code)]));
    let all = T::all(catalogue).iter();
    let found = all.enumerate().find(|(_, item)| item.key() == key);
    let Some((at, item)) = found.map(|(at, item)| (at, item.clone())) else {
        return Err(wrong(t.gone, key.trim()));
    };
    if item.is_used(catalogue) {
        return Err(wrong(t.has_more, &item.named()));
    }
    T::all(catalogue).remove(at);
    item.take_along(catalogue);
    Ok(vec![changed(T::KIND, item.named()).from(item.told())])
}
