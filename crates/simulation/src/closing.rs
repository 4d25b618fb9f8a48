//! The end of a story, after all is at rest: the books are closed, and the cards
//! forgotten.

use crate::bookkeeping::{Bookkeeping, DAY_MS, DAYS};
use crate::broken::ensure;
use crate::house::House;
use crate::rules::Unheard;
use crate::{Broken, site};
use books::reconciliation::Subject;
use db::{DbError, Tx, params};
use gate::decide::door_admitted::{Settled, Settlement, settle};
use kernel::Clock;

/// What the doors did is in the books or named, somebody settles what is named,
/// and the retention time passes. Then there is no card
/// number left, and the books say what they said.
///
/// # Errors
/// What is broken.
pub async fn close(house: &House, Unheard(unheard): Unheard) -> Result<(), Broken> {
    let bookkeeping = house.bookkeeping();
    let named = bookkeeping.reconcile().await?;
    let let_in = house.model.let_in();
    let unrecognised = named.differences.iter().filter_map(|d| d.of.check());
    let unrecognised = unrecognised.filter(|id| let_in.contains(id)).count();
    let counted = named.accepted_checks - named.cancelled + count(unrecognised);
    ensure!(
        counted == count(let_in.len() + unheard),
        "the reconciliation counts whom the doors let in",
        "{counted}, not {} and {unheard} who never heard of it",
        let_in.len()
    );
    for difference in &named.differences {
        settled(house, &difference.of).await?;
    }
    let settled = bookkeeping.reconcile().await?;
    ensure!(
        settled.is_clean(),
        "what is settled by hand is settled",
        "{:?}",
        settled.differences
    );
    for days in [i64::from(DAYS) - 1, 60] {
        house.clock.advance_ms(days * DAY_MS);
        bookkeeping.retain(house.clock.now()).await?;
    }
    let left = left_over(&bookkeeping).await?;
    ensure!(
        left.is_empty(),
        "no card number outlives its time",
        "{left}"
    );
    let mut later = bookkeeping.reconcile().await?;
    // Without its number nobody sees that a card came again and again.
    later.runs_of_one_card = settled.runs_of_one_card;
    ensure!(
        later == settled,
        "the books say the same without card numbers",
        "{settled:?}, then {later:?}"
    );
    Ok(())
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

async fn settled(house: &House, of: &Subject) -> Result<(), Broken> {
    let Some(check) = of.check() else {
        return Ok(());
    };
    let settlement = Settlement {
        at: house.clock.now(),
        by: "the manager".to_owned(),
        note: "looked at".to_owned(),
    };
    let settle = move |tx: &mut Tx<'_>| settle(tx, check, &settlement);
    let settled = house.db.write("settle", settle).await?;
    ensure!(
        settled == Settled::Now,
        "what is named can be settled",
        "check {check}: {settled:?}"
    );
    Ok(())
}

/// A card number of the stories that is still in a table, or nothing.
async fn left_over(bookkeeping: &Bookkeeping) -> Result<String, Broken> {
    let texts = bookkeeping.db.read("all texts", all_texts).await?;
    let numbers: Vec<String> = site::card_numbers().collect();
    let found = texts.into_iter().find_map(|(place, text)| {
        let number = numbers.iter().find(|number| text.contains(*number))?;
        Some(format!("{number} in {place}: {text}"))
    });
    Ok(found.unwrap_or_default())
}

/// Every text and every content of a file in the database with its place, but for digests and pseudonyms, in
/// which any digits may stand.
fn all_texts(tx: &mut Tx<'_>) -> Result<Vec<(String, String)>, DbError> {
    let columns = tx.query(
        "SELECT t.name AS place, c.name AS part
         FROM sqlite_master t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND c.type IN ('TEXT', 'BLOB') AND c.name NOT IN ('sha256', 'key')",
        params![],
    )?;
    let mut texts = Vec::new();
    for column in &columns {
        let (table, part): (String, String) = (column.get("place")?, column.get("part")?);
        let sql = format!(
            "SELECT DISTINCT CAST({part} AS TEXT) AS found FROM {table}
             WHERE {part} NOT LIKE 'removed-%' AND LENGTH({part}) >= 8"
        );
        let found: Vec<String> = tx.column(&sql, params![])?;
        texts.extend(
            found
                .into_iter()
                .map(|text| (format!("{table}.{part}"), text)),
        );
    }
    Ok(texts)
}
