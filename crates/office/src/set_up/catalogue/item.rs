//! A thing of the catalogue that people add and remove by forms: what differs from
//! kind to kind, and the rules that are the same for all. They are pure: from a
//! catalogue to what it is then, or what stands against it.

use crate::page::*;

kernel::texts!(Texts in Fr, En {
    exists: "{code} existe déjà.", "{code} exists already.";
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
    /// What has to be there before.
    pub(super) first: &'static str,
}

pub(crate) trait Item: Clone + Send + Sync + 'static {
    /// What it is in the audit log and on buttons: `season`.
    const KIND: &'static str;
    const ADD: Address;
    /// The fields of its code, and of what it belongs to.
    const FIELDS: (&'static str, &'static str);
    /// Whether entering one again corrects it.
    const IS_CORRECTED: bool = false;

    fn words(language: Language) -> Words;

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

    /// The fields of one to be added; none if something has to be there before.
    fn inputs(language: Language, catalogue: &Catalogue) -> Vec<Input>;

    fn read(fields: &mut Fields<'_>) -> Option<Self>;

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
pub(in super::super) fn changed(kind: &'static str, of: impl ToString) -> Change {
    Change::done("catalogue.changed", kind, of)
}

/// Adds it; one that is there already is corrected where its kind allows it.
pub(super) fn add<T: Item>(
    item: &T,
    catalogue: &mut Catalogue,
    language: Language,
) -> Result<Vec<Change>, Mistakes> {
    let t = Texts::of(language);
    let (code_field, of_field) = T::FIELDS;
    if let Some(code) = item.lacks(catalogue) {
        return Err(Mistakes::one(of_field, fill(t.gone, &[("code", &code)])));
    }
    let all = T::all(catalogue);
    let at = all.iter().position(|other| other.key() == item.key());
    if at.is_some() && !T::IS_CORRECTED {
        let exists = fill(t.exists, &[("code", &item.named())]);
        return Err(Mistakes::one(code_field, exists));
    }
    let before = at.map(|at| all.remove(at).told());
    all.push(item.clone());
    let mut change = changed(T::KIND, item.named()).to(item.told());
    change.before = before;
    Ok(vec![change])
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
