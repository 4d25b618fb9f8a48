//! Settling by hand what no rule can: a visitor whom a device admitted and the
//! gate could not recognise. Somebody says what was done about it, once.

use super::show;
use crate::page::*;
use crate::reconciliation::afresh;
use gate::decide::door_admitted::{NOTE_CHARS, Settled, Settlement, settle};

kernel::texts!(Texts in Fr, En {
    empty: "Écrivez ce qui a été fait : la note reste avec le contrôle.",
        "Write what was done about it: the note stays with the check.";
    long: "La note a plus de 500 caractères : raccourcissez-la.",
        "The note has more than 500 characters: shorten it.";
    holds_code: "La note contient le numéro lu sur le pass. Ôtez-le : la note reste toujours, les numéros de pass sont effacés un jour.",
        "The note holds the number read off the pass. Take it out: the note stays for ever, pass numbers are removed one day.";
});

pub(crate) async fn take(visit: Visit, Id(check): Id<CheckId>, entered: Entered) -> Answer {
    visit.gate()?;
    let t = Texts::of(visit.language);
    let note = entered.text("note").trim().to_owned();
    let again = async |visit: Visit, mistake| {
        let mistakes = Mistakes::one("note", mistake);
        show(visit.wrong(entered.clone(), mistakes), Id(check)).await
    };
    match note.chars().count() {
        0 => return again(visit, t.empty).await,
        1..=NOTE_CHARS => {}
        _ => return again(visit, t.long).await,
    }
    let (at, by) = (visit.staff().now(), visit.actor()?.name);
    let settlement = Settlement { at, by, note };
    let work = move |tx: &mut Tx<'_>| {
        let settled = settle(tx, check, &settlement)?;
        let change = Change::done("check.settled", "check", check);
        let change = change.to(json!({ "note": settlement.note }));
        let changes = (settled == Settled::Now).then_some(change);
        Ok::<_, DbError>((settled, changes.into_iter().collect()))
    };
    match visit.change("settle by hand", work).await?? {
        Settled::Unknown => Err(PageError::NotFound),
        Settled::HoldsCode => again(visit, t.holds_code).await,
        // Whoever came second sees what the first has noted.
        Settled::Before => Ok(visit.go(access::CHECK.of(check))),
        Settled::Now => {
            afresh(&visit.office);
            Ok(visit.go_with(access::CHECK.of(check), Flash::Saved))
        }
    }
}
