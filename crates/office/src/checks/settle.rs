//! Settling by hand what no rule can: a visitor whom a device admitted and the
//! gate could not recognise. Somebody says what was done about it, once.

use super::story;
use crate::page::{
    Answer, Change, Entered, Flash, Mistakes, PageError, Path, StatusCode, Visit, access, json,
};
use crate::reconciliation::afresh;
use gate::decide::door_admitted::{NOTE_CHARS, Settled, Settlement, settle};
use kernel::CheckId;

kernel::texts!(Texts in Fr, En {
    empty: "Écrivez ce qui a été fait : la note reste avec le contrôle.",
        "Write what was done about it: the note stays with the check.";
    long: "La note a plus de 500 caractères : raccourcissez-la.",
        "The note has more than 500 characters: shorten it.";
    holds_code: "La note contient le numéro lu sur le pass. Ôtez-le : la note reste toujours, les numéros de pass sont effacés un jour.",
        "The note holds the number read off the pass. Take it out: the note stays for ever, pass numbers are removed one day.";
});

pub(crate) async fn take(visit: Visit, Path(id): Path<String>, entered: Entered) -> Answer {
    let check: CheckId = id.parse().map_err(|_| PageError::NotFound)?;
    if visit.office.gate.is_none() {
        return Err(PageError::NotFound);
    }
    let note = entered.text("note").trim().to_owned();
    let t = Texts::of(visit.language);
    let mistake = match note.chars().count() {
        0 => Some(t.empty),
        1..=NOTE_CHARS => None,
        _ => Some(t.long),
    };
    if let Some(mistake) = mistake {
        return again(&visit, &id, &note, mistake).await;
    }
    let settlement = Settlement {
        at: visit.staff().now(),
        by: visit.actor()?.name,
        note: note.clone(),
    };
    let work = move |tx: &mut db::Tx<'_>| {
        let settled = settle(tx, check, &settlement)?;
        let change =
            Change::done("check.settled", "check", check).to(json!({ "note": settlement.note }));
        let changes = if settled == Settled::Now {
            vec![change]
        } else {
            Vec::new()
        };
        Ok::<_, db::DbError>((settled, changes))
    };
    match visit.change("settle by hand", work).await?? {
        Settled::Unknown => Err(PageError::NotFound),
        Settled::HoldsCode => again(&visit, &id, &note, t.holds_code).await,
        // Whoever came second sees what the first has noted.
        Settled::Before => Ok(visit.go(access::CHECK.of(check))),
        Settled::Now => {
            afresh(&visit.office);
            Ok(visit.go_with(access::CHECK.of(check), Flash::Saved))
        }
    }
}

/// The check's page with the note that was entered, and what is wrong with it.
async fn again(visit: &Visit, id: &str, note: &str, mistake: &'static str) -> Answer {
    let page = story::page(visit, id, note, Mistakes::one("note", mistake)).await?;
    visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}
