//! A thing of the site that people add, change and remove by forms: what differs
//! from kind to kind, and the pages that are the same for all.

#[cfg(test)]
pub(crate) mod sample;

use super::form_page::FormPage;
use super::site_change::{change, refused, site};
use crate::access::PLACES;
use crate::page::*;
use gate::site::change::{SiteChangeError, Use};
use kernel::InvalidCode;
use std::fmt::Display;
use std::str::FromStr;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    add: "Ajouter", "Add";
    renamed: "Il peut changer tant que rien de ce qui a été fait ne le nomme.",
        "It can change as long as nothing that was done names it.";
    mapped: "Ce code ne peut pas changer : le fichier {file} le nomme, et ses pass seraient refusés. Corrigez-le d’abord dans ce fichier, chargez-le par « passerelle apply », puis changez-le ici.",
        "This code cannot change: the file {file} names it, and its passes would be refused. First correct it in that file and load it by `passerelle apply`, then change it here.";
});

/// What the pages of a kind say.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// The title of the page that adds one, and of the link to it.
    pub(super) new: &'static str,
    /// The title of the page of one, with a place for its `code`.
    pub(super) one: &'static str,
    pub(super) lead: &'static str,
    /// The same for the page of one; empty if nothing.
    pub(super) lead_of_one: &'static str,
    pub(super) code_hint: &'static str,
    /// What it means to remove one.
    pub(super) removal: &'static str,
}

/// Under which names a kind is changed: what is done, and for the audit log.
pub(crate) struct Names {
    pub(super) kind: &'static str,
    pub(super) add: (&'static str, &'static str),
    pub(super) change: (&'static str, &'static str),
    pub(super) remove: (&'static str, &'static str),
}

/// The names of a kind by its word.
macro_rules! names {
    ($kind:literal, $word:literal) => {
        $crate::set_up::thing::Names {
            kind: $kind,
            add: (concat!("add ", $word), concat!($word, ".added")),
            change: (concat!("change ", $word), concat!($word, ".changed")),
            remove: (concat!("remove ", $word), concat!($word, ".removed")),
        }
    };
}

pub(super) use names;

/// What came of a change of the site, or why there was none.
pub(super) type Done<T> = Result<T, SiteChangeError>;

/// For what a form is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed<'a, C> {
    /// One of this code, if that is one, is to be added.
    Add(Option<&'a C>),
    Change,
}

pub(crate) trait Thing: Clone + Send + Sync + 'static {
    type Code: FromStr<Err = InvalidCode> + Display + Clone + Send + Sync + 'static;

    const NEW: Address;
    const ONE: Address;
    const NAMES: Names;

    fn words(language: Language) -> Words;

    /// Whether the site has what one stands on.
    fn can_be_added(_: &Site) -> bool {
        true
    }

    /// The code that a new one gets unless told otherwise.
    fn proposed(_: &Site, _: &Entered) -> String {
        String::new()
    }

    fn is_there(site: &Site, code: &Self::Code) -> bool;

    /// What people call those of its kind, of all the names of a site.
    fn names(of: &SiteNames) -> &gate::Names;

    /// The fields of the one of this code, or of one that is to be added.
    fn inputs(frame: &Frame, site: &Site, code: Option<&Self::Code>) -> Vec<Input>;

    fn read(fields: &mut Fields<'_>, site: &Site, deed: Deed<'_, Self::Code>) -> Option<Self>;

    /// What stands in the way of its removal.
    fn blocked(_: &Site, _: &Self::Code) -> Option<SiteChangeError> {
        None
    }

    /// Adds it, and perhaps more with it; says what it is.
    fn add(&self, tx: &mut Tx<'_>, code: &Self::Code) -> Done<Vec<Change>>;

    /// Gives it another code.
    fn rename(tx: &mut Tx<'_>, from: &Self::Code, to: &Self::Code) -> Done<()>;

    /// Changes it; says what it was and is.
    fn change(&self, tx: &mut Tx<'_>, code: &Self::Code) -> Done<(Value, Value)>;

    /// Removes it; says what it was.
    fn remove(tx: &mut Tx<'_>, code: &Self::Code, now: Timestamp) -> Done<Value>;

    /// Where one goes after it was added or changed.
    fn after(_: &Self::Code) -> String {
        PLACES.to_string()
    }

    /// The page of one.
    fn page(visit: Visit, code: Self::Code) -> impl Future<Output = Answer> + Send {
        async move {
            let site = site(&visit).await?.ok_or(PageError::NotFound)?;
            if !Self::is_there(&site, &code) {
                return Err(PageError::NotFound);
            }
            let frame = visit.frame().managed_by(&visit.set_up().site);
            visit.page(&one_page::<Self>(frame, &site, &code))
        }
    }
}

/// The field of the code of one that is there.
pub(super) fn code_input(code: impl Display, language: Language) -> Input {
    let t = Texts::of(language);
    Input::text("code", t.code, &code.to_string()).hint(t.renamed)
}

/// That something of this kind was added.
pub(super) fn added<T: Thing>(code: &T::Code, is: Value) -> Change {
    Change::done(T::NAMES.add.1, T::NAMES.kind, code).to(is)
}

pub(super) fn new_page<T: Thing>(frame: Frame, site: &Site) -> FormPage {
    let language = frame.formats.language;
    let words = T::words(language);
    let proposed = T::proposed(site, &frame.entered);
    let code = Input::text("code", Texts::of(language).code, &proposed);
    let mut inputs = vec![code.hint(words.code_hint).focus()];
    inputs.extend(T::inputs(&frame, site, None));
    // The title is that of the link which leads here.
    let (title, at) = (words.new.to_owned(), (T::NEW.to_string(), T::NEW));
    let mut page = FormPage::about(frame, title, at, inputs);
    page.lead = words.lead;
    page.save = Texts::of(language).add;
    page
}

pub(super) fn one_page<T: Thing>(frame: Frame, site: &Site, code: &T::Code) -> FormPage {
    let language = frame.formats.language;
    let words = T::words(language);
    let name = T::names(&site.into()).of(code);
    let title = fill(words.one, &[("code", &name)]);
    let at = (T::ONE.of(code), T::ONE);
    let mut inputs = vec![code_input(code, language)];
    inputs.extend(T::inputs(&frame, site, Some(code)));
    let blocked = T::blocked(site, code).map(|why| refused(&why, language));
    let mut page = FormPage::about(frame, title, at, inputs);
    page.lead = words.lead_of_one;
    page.removed(words.removal, blocked)
}

pub(crate) async fn new<T: Thing>(visit: Visit, Query(entered): Query) -> Answer {
    match site(&visit).await?.filter(T::can_be_added) {
        Some(site) if visit.set_up().site == Managed::Here => {
            let visit = Visit { entered, ..visit };
            visit.page(&new_page::<T>(visit.frame(), &site))
        }
        _ => Ok(visit.go(PLACES)),
    }
}

pub(crate) async fn add<T: Thing>(visit: Visit, entered: Entered) -> Answer {
    let Some(site) = site(&visit).await? else {
        return Ok(visit.go(PLACES));
    };
    let read = Fields::read(&entered, visit.language, |fields| {
        let code = fields.new_code::<T::Code>("code", "");
        let thing = T::read(fields, &site, Deed::Add(code.as_ref()));
        code.zip(thing)
    });
    let mistakes = match read {
        Ok((code, thing)) => {
            let to = T::after(&code);
            let work = move |tx: &mut Tx<'_>| Ok(((), thing.add(tx, &code)?));
            match change(&visit, T::NAMES.add.0, work).await? {
                Ok(()) => return Ok(visit.go_with(to, Flash::Saved)),
                Err(error) => Mistakes::one("code", refused(&error, visit.language)),
            }
        }
        Err(mistakes) => mistakes,
    };
    let visit = visit.wrong(entered, mistakes);
    visit.page(&new_page::<T>(visit.frame(), &site))
}

pub(crate) async fn show<T: Thing>(visit: Visit, Id(code): Id<T::Code>) -> Answer {
    T::page(visit, code).await
}

pub(crate) async fn save<T: Thing>(
    visit: Visit,
    Id(code): Id<T::Code>,
    entered: Entered,
) -> Answer {
    let site = site(&visit).await?.ok_or(PageError::NotFound)?;
    let read = |fields: &mut Fields<'_>| {
        let is_renamed = ![code.to_string().as_str(), ""].contains(&fields.text("code"));
        let renamed = match is_renamed {
            true => fields.new_code::<T::Code>("code", "").map(Some),
            false => Some(None),
        };
        renamed.zip(T::read(fields, &site, Deed::Change))
    };
    let (renamed, thing) = match Fields::read(&entered, visit.language, read) {
        Ok(read) => read,
        Err(mistakes) => return T::page(visit.wrong(entered, mistakes), code).await,
    };
    let (was_code, is_code) = (code.clone(), renamed.unwrap_or_else(|| code.clone()));
    let to = T::after(&is_code);
    let work = move |tx: &mut Tx<'_>| {
        let is_renamed = was_code.to_string() != is_code.to_string();
        if is_renamed {
            T::rename(tx, &was_code, &is_code)?;
        }
        let (mut was, mut is) = thing.change(tx, &is_code)?;
        if is_renamed {
            was["code"] = json!(was_code.to_string());
            is["code"] = json!(is_code.to_string());
        }
        let change = Change::done(T::NAMES.change.1, T::NAMES.kind, &is_code);
        Ok(((), vec![change.from(was).to(is)]))
    };
    match change(&visit, T::NAMES.change.0, work).await? {
        Err(why @ (SiteChangeError::InUse(_) | SiteChangeError::Taken)) => {
            let by_file = visit.set_up().mapping.file();
            let why = match (&why, by_file) {
                (SiteChangeError::InUse(Use::Mapping), Some(file)) => {
                    fill(Texts::of(visit.language).mapped, &[("file", &file)])
                }
                _ => refused(&why, visit.language),
            };
            T::page(visit.wrong(entered, Mistakes::one("code", why)), code).await
        }
        changed => done::<T>(visit, code, changed, to).await,
    }
}

pub(crate) async fn remove<T: Thing>(visit: Visit, Id(code): Id<T::Code>) -> Answer {
    let (of, now) = (code.clone(), visit.staff().now());
    let work = move |tx: &mut Tx<'_>| {
        let was = T::remove(tx, &of, now)?;
        let change = Change::done(T::NAMES.remove.1, T::NAMES.kind, &of);
        Ok(((), vec![change.from(was)]))
    };
    let removed = change(&visit, T::NAMES.remove.0, work).await?;
    done::<T>(visit, code, removed, PLACES.to_string()).await
}

/// Goes on after a change, or says on the thing's page why there was none.
async fn done<T: Thing>(visit: Visit, code: T::Code, changed: Done<()>, to: String) -> Answer {
    match changed {
        Ok(()) => Ok(visit.go_with(to, Flash::Saved)),
        Err(why) => {
            let why = Mistakes::one("", refused(&why, visit.language));
            T::page(visit.wrong(Entered::default(), why), code).await
        }
    }
}
