//! Selling now what is ready, without waiting for the service's next run, and
//! words on what came of it.

use super::acts;
use super::office::Office;
use crate::page::*;
use boxoffice::RunReport;
use std::sync::Arc;

/// How long a page waits for what it began; it goes on all the same.
const PATIENCE: Duration = Duration::from_secs(10);

kernel::texts!(Texts in Fr, En {
    sold: "Billets vendus : {tickets}. Entrées débloquées : {released}. En attente d’un remède : {held}.",
        "Tickets sold: {tickets}. Entries that were held and are no more: {released}. Still waiting for a cure: {held}.";
    rejected: "Lignes rejetées : {n} ; voyez les fichiers de ventes.",
        "Rows rejected: {n}; look at the sales files.";
    goes_on: "Il y a beaucoup à faire : cela continue. Rechargez la page dans un moment.",
        "There is a lot to do: it goes on. Load the page again in a while.";
    failed: "La vente s’est arrêtée, et ce qui est vendu le reste. La cause est dans le journal du service. Réessayez ensuite.",
        "The sale stopped, and what is sold stays sold. The service’s log names the cause. Then try again.";
});

/// A word on what was done, above the page it was done from: `good` or `bad`, and the text.
pub(crate) type Said = (&'static str, String);

/// Looks at all that waits again, and sells what is ready.
///
/// # Errors
/// [`PageError::NotFound`] in a process without a box office.
pub(crate) async fn sell(visit: &Visit) -> Result<Said, PageError> {
    let box_office = Arc::clone(visit.box_office()?);
    let formats = visit.frame().formats;
    let t = Texts::of(visit.language);
    let (author, seller) = (visit.author()?, Arc::clone(&box_office));
    let selling = async move { acts::sell(&author, &seller).await };
    match carried_on(&visit.office, selling).await? {
        None => Ok(("good", t.goes_on.to_owned())),
        Some(Ok(report)) => {
            let held = box_office.waiting().await?.held;
            Ok(words(&formats, &report, held))
        }
        Some(Err(error)) => {
            tracing::error!(error = causes(&error), "external sales stopped");
            Ok(("bad", t.failed.to_owned()))
        }
    }
}

/// Does this on a task of its own, which whoever goes away does not stop; `None` if it
/// goes on after a while.
///
/// # Errors
/// [`PageError::Busy`] at the end of the service.
pub(crate) async fn carried_on<T: Send + 'static>(
    office: &Office,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<Option<T>, PageError> {
    let office = office.clone();
    let task = tokio::spawn(async move { office.ending.run_until_cancelled(work).await });
    match tokio::time::timeout(PATIENCE, task).await {
        Err(_) => Ok(None),
        Ok(ended) => {
            let ended = ended.map_err(PageError::internal)?;
            ended.map(Some).ok_or(PageError::Busy)
        }
    }
}

fn words(formats: &Formats, report: &RunReport, held: i64) -> Said {
    let t = Texts::of(formats.language);
    let text = fill(
        t.sold,
        &[
            ("tickets", &formats.count(report.tickets())),
            ("released", &formats.count(report.reevaluated.released)),
            ("held", &formats.number(held)),
        ],
    );
    match report.rejected() {
        0 => ("good", text),
        n => {
            let n = formats.count(n);
            ("bad", format!("{text} {}", fill(t.rejected, &[("n", &n)])))
        }
    }
}
