//! Whether the books agree: from accepted checks to account lines, with each
//! difference explained, or listed with what to do.

mod run;
#[cfg(test)]
pub(crate) mod sample;
mod words;

pub(crate) use run::afresh;

use super::comparison::{Made, State};
use crate::page::{
    Answer, Entered, Formats, Frame, PageError, Query, Template, Visit, access, fill,
};
use books::reconciliation::{Reconciliation, Sides};
use kernel::Timestamp;
use words::words;

/// Differences on a page.
const ROWS: usize = 50;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    why: "Chaque contrôle accepté devient un code de contrôle, un billet, une commande et une ligne du compte. Cette page compte chaque étape et explique chaque écart.",
        "Each accepted check becomes one control barcode, one ticket, one order and one account line. This page counts each step, and explains each difference.";
    as_of: "Comptes du {at}.", "Books as of {at}.";
    afresh: "Comparer à nouveau", "Compare again";
    being_made: "Les comptes sont comparés depuis le {at}. Avec des millions de contrôles, cela prend quelques minutes. Rechargez la page dans un moment.",
        "The books are being compared since {at}. With millions of checks it takes some minutes. Load the page again in a while.";
    failed: "La dernière comparaison n’a pas abouti : la base de données n’a pas répondu. Le journal du service dit pourquoi.",
        "The last comparison did not end: the database did not answer. The service’s log says why.";
    not_kept: "Ce service ne tient ni accès ni billetterie : terminez d’abord la mise en service.",
        "This service keeps neither gates nor ticketing: first finish the set-up.";
    agree: "Les comptes concordent : chaque écart est expliqué ci-dessous.",
        "The books agree: each difference is explained below.";
    gate_agrees: "Les comptes des accès sont en ordre. Ceux de la billetterie sont ailleurs : ce qu’elle a fait des codes remis ne se voit pas ici.",
        "The gates’ books are in order. Ticketing’s are elsewhere: what it made of the barcodes is not seen here.";
    sales_agree: "Les comptes de la billetterie sont en ordre. Ceux des accès sont ailleurs : les contrôles acceptés ne se voient pas ici.",
        "Ticketing’s books are in order. The gates’ are elsewhere: which checks were accepted is not seen here.";
    disagree: "Écarts que rien n’explique : {n}. Chacun est ci-dessous, avec ce qu’il faut faire.",
        "Differences that nothing explains: {n}. Each stands below, with what to do.";
    chain: "Du contrôle au compte", "From check to account";
    note: "Ce que c’est", "What it is";
    accepted: "Contrôles acceptés", "Accepted checks";
    barcodes: "Codes de contrôle", "Control barcodes";
    in_flight: "en route", "in flight";
    in_flight_note: "vers la billetterie", "on their way to ticketing";
    cancelled: "annulés", "cancelled";
    cancelled_note: "par l’agent, ou visiteur renvoyé par l’appareil", "by the agent, or turned away by the device";
    cancelling: "annulation en route", "cancellation in flight";
    cancelling_note: "la billetterie va l’apprendre", "ticketing has yet to hear of it";
    staged: "arrivés à la billetterie", "arrived at ticketing";
    ready: "prêts", "ready";
    ready_note: "vendus au prochain passage", "sold by the next run";
    held: "en attente", "held";
    cancelled_unsold: "annulés avant la vente", "cancelled before their sale";
    tickets: "vendus : billets", "sold: tickets";
    cancelled_tickets: "annulés", "cancelled";
    cancelled_tickets_note: "chacun avec une ligne de reprise au compte", "each with a counter line on the account";
    lines: "Lignes du compte", "Account lines";
    lines_note: "{amount} au total", "{amount} in all";
    elsewhere: "Billets venus d’ailleurs", "Tickets from elsewhere";
    elsewhere_note: "arrivés par fichier, sans passer par ces accès", "came by file, passed no gate here";
    disputes_in_flight_note: "le relevé de compte ne les montre pas encore à part", "the account statement has yet to show them apart";
    disputed_note: "entrés quand même ; le relevé de compte les montre à part", "admitted all the same; the account statement shows them apart";
    by_hand: "Réglés à la main", "Settled by hand";
    by_hand_note: "visiteurs admis et non reconnus, chacun avec une note", "visitors admitted and not recognised, each with a note";
    differences: "Ce que rien n’explique", "What nothing explains";
    what: "Écart", "Difference";
    of: "Concerne", "About";
    check: "le contrôle {id}", "check {id}";
    barcode: "le code {id}", "barcode {id}";
    order: "la commande {id}", "order {id}";
    next: "Suivants", "Next";
    first: "Les premiers", "First";
    more: "Seuls les {n} premiers sont montrés : traitez-les d’abord.", "Only the first {n} are shown: deal with these first.";
});

struct Step {
    /// How far it stands below another.
    level: u8,
    label: String,
    number: String,
    note: String,
    list: Option<String>,
}

struct Line {
    code: &'static str,
    what: String,
    cure: &'static str,
    of: String,
    link: Option<String>,
}

/// A result, in words.
struct Shown {
    as_of: String,
    class: &'static str,
    verdict: String,
    steps: Vec<Step>,
    lines: Vec<Line>,
    more: Option<String>,
    first: bool,
    next: Option<usize>,
}

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    kept: bool,
    failed: bool,
    being_made: Option<String>,
    shown: Option<Shown>,
}

impl Page {
    fn new(frame: Frame, kept: bool, state: &State, from: usize) -> Self {
        let t = Texts::of(frame.formats.language);
        let since = |at: Timestamp| {
            let at = frame.formats.moment(at);
            fill(t.being_made, &[("at", &at)])
        };
        Self {
            kept,
            failed: state.failed,
            being_made: state.running_since.map(since),
            shown: state
                .last
                .as_ref()
                .map(|made| Shown::new(&frame, made, from)),
            t,
            frame,
        }
    }
}

impl Shown {
    fn new(frame: &Frame, made: &Made, from: usize) -> Self {
        let formats = &frame.formats;
        let t = Texts::of(formats.language);
        let books = &made.books;
        let count = |n: usize| formats.count(n);
        let (class, verdict) = match books.sides {
            _ if !books.is_clean() => {
                let n = count(books.unexplained);
                ("bad", fill(t.disagree, &[("n", &n)]))
            }
            Sides::Both => ("good", t.agree.to_owned()),
            Sides::Gate => ("good", t.gate_agrees.to_owned()),
            Sides::BoxOffice => ("good", t.sales_agree.to_owned()),
        };
        let listed = books.differences.len();
        let lines = books.differences.iter().skip(from).take(ROWS);
        let until = from.saturating_add(ROWS);
        Self {
            as_of: fill(t.as_of, &[("at", &formats.moment(made.at))]),
            class,
            verdict,
            steps: steps(formats, books),
            lines: lines.map(|difference| line(formats, difference)).collect(),
            more: (listed < books.unexplained).then(|| fill(t.more, &[("n", &count(listed))])),
            first: from > 0,
            next: (until < listed).then_some(until),
        }
    }
}

fn line(formats: &Formats, difference: &books::reconciliation::Difference) -> Line {
    use books::reconciliation::Subject;
    let t = Texts::of(formats.language);
    let (what, cure) = words(difference, formats.language);
    let (text, id) = match &difference.of {
        Subject::Check(check) | Subject::Entry(check, _) => (t.check, check.to_string()),
        Subject::Barcode(barcode) => (t.barcode, barcode.to_string()),
        Subject::Order(order) => (t.order, order.to_string()),
    };
    Line {
        code: difference.code,
        what,
        cure,
        of: fill(text, &[("id", &id)]),
        link: difference.of.check().map(|check| access::CHECK.of(check)),
    }
}

/// The chain. What is not there is left out where a row says nothing then.
fn steps(formats: &Formats, books: &Reconciliation) -> Vec<Step> {
    let t = Texts::of(formats.language);
    let step = |level, label: &str, number, note: &str, list: Option<&str>| Step {
        level,
        label: label.to_owned(),
        number: formats.number(number),
        note: note.to_owned(),
        list: list
            .filter(|_| number > 0)
            .map(|list| access::QUEUE_LIST.of(list)),
    };
    let mut steps = vec![
        step(0, t.accepted, books.accepted_checks, "", None),
        step(0, t.barcodes, books.control_barcodes, "", None),
        step(
            1,
            t.in_flight,
            books.in_flight,
            t.in_flight_note,
            Some("in_flight"),
        ),
        step(
            1,
            t.cancelled,
            books.cancelled,
            t.cancelled_note,
            Some("cancelled"),
        ),
        step(
            2,
            t.cancelling,
            books.cancellations_in_flight,
            t.cancelling_note,
            Some("cancellations_in_flight"),
        ),
        step(1, t.staged, books.staged, "", None),
        step(2, t.ready, books.ready, t.ready_note, Some("ready")),
    ];
    for (reason, number) in &books.held {
        let note = reason.name(formats.language);
        steps.push(step(2, t.held, *number, note, Some(reason.as_str())));
    }
    let amount = formats.money(books.account.amount_minor);
    let amount = fill(t.lines_note, &[("amount", &amount)]);
    let files = Step {
        list: Some(access::SALES_FILES.to_string()),
        ..step(
            0,
            t.elsewhere,
            books.tickets_from_elsewhere,
            t.elsewhere_note,
            None,
        )
    };
    steps.extend([
        step(2, t.cancelled_unsold, books.cancelled_unsold, "", None),
        step(2, t.tickets, books.tickets, "", None),
        step(
            3,
            t.cancelled_tickets,
            books.cancelled_tickets,
            t.cancelled_tickets_note,
            None,
        ),
        step(0, t.orders, books.orders, "", None),
        step(0, t.lines, books.account.lines, &amount, None),
        files,
        step(
            0,
            t.disputed,
            books.disputed,
            t.disputed_note,
            Some("disputed"),
        ),
    ]);
    if books.disputes_in_flight > 0 {
        steps.push(step(
            1,
            t.in_flight,
            books.disputes_in_flight,
            t.disputes_in_flight_note,
            None,
        ));
    }
    if books.settled_by_hand > 0 {
        steps.push(step(
            0,
            t.by_hand,
            books.settled_by_hand,
            t.by_hand_note,
            None,
        ));
    }
    steps
}

fn from(query: &Entered) -> usize {
    query
        .some("from")
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let kept = run::sides(&visit.office).is_some();
    let state = run::look(&visit.office).await;
    visit.page(&Page::new(visit.frame(), kept, &state, from(&query)))
}

pub(crate) async fn compare(visit: Visit) -> Result<axum::response::Response, PageError> {
    afresh(&visit.office);
    Ok(visit.go(access::RECONCILIATION))
}
