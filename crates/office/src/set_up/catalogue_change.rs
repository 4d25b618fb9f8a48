//! A change of the catalogue: not where a file manages it, with its rows in the
//! audit log, and of effect at once.

use crate::page::*;
use boxoffice::catalogue::{load_catalogue, replace_catalogue};

/// Makes an edit of the catalogue and its rows in the audit log, or says what is
/// wrong with it and changes nothing.
pub(super) async fn make<F>(visit: &Visit, edit: F) -> Result<Mistakes, PageError>
where
    F: Fn(&mut Catalogue, Language) -> Result<Vec<Change>, Mistakes> + Send + 'static,
{
    visit.set_up().catalogue.changeable()?;
    let language = visit.language;
    let work = move |tx: &mut Tx<'_>| {
        let mut catalogue = load_catalogue(tx)?;
        match edit(&mut catalogue, language) {
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
