//! Whether the books agree: from accepted checks to account lines, with each
//! difference explained, or listed with what to do.

mod run;
#[cfg(test)]
pub(crate) mod sample;

pub(crate) use run::afresh;

use super::comparison::State;
use super::table_file::{self, Cell, Form, Stems, downloads, number, text};
use crate::checks::{Links, mark_name};
use crate::page::*;
use crate::stopped;
use books::reconciliation::{Difference, Reconciliation, Sides, Subject};
use gate::outbox::trouble::{self, Trouble};
use gate::records::doubts::Doubt;
use serde_json::Value;
use std::fmt::Display;

/// Differences on a page.
const ROWS: usize = 50;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    why: "Chaque contrôle accepté devient un code de contrôle, un billet, une commande et une ligne du compte. Cette page compte chaque étape et explique chaque écart.",
        "Each accepted check becomes one control barcode, one ticket, one order and one account line. This page counts each step, and explains each difference.";
    as_of: "Comptes du {at}.", "Books as of {at}.";
    afresh: "Comparer à nouveau", "Compare again";
    being_made: "Les comptes sont comparés depuis le {at}. Avec des millions de contrôles, cela prend quelques minutes. Rechargez la page dans un moment.",
        "The books have been under comparison since {at}. With millions of checks it takes some minutes. Load the page again in a while.";
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
    disagree: "Écarts que rien n’explique : {n}. La liste ci-dessous dit ce qu’il faut faire.",
        "Differences that nothing explains: {n}. The list below says what to do.";
    chain: "Du contrôle au compte", "From check to account";
    note: "Ce que c’est", "What it is";
    accepted: "Contrôles acceptés", "Accepted checks";
    barcodes: "Codes de contrôle", "Control barcodes";
    in_flight: "en route", "in flight";
    in_flight_note: "vers la billetterie", "on their way to ticketing";
    cancelled: "annulés", "cancelled";
    cancelled_note: "par l’agent, visiteur renvoyé par l’appareil, ou porte que personne n’a franchie",
        "by the agent, turned away by the device, or nobody went through the door";
    cancelling: "annulation en route", "cancellation in flight";
    cancelling_note: "la billetterie va l’apprendre", "ticketing has yet to hear of it";
    staged: "arrivés à la billetterie", "arrived at ticketing";
    ready: "prêts", "ready";
    ready_note: "vendus au prochain passage", "sold by the next run";
    held: "en attente", "held";
    cancelled_unsold: "annulés avant la vente", "cancelled before their sale";
    tickets: "vendus : billets", "sold: tickets";
    cancelled_tickets_note: "chacun avec une ligne de reprise au compte", "each with a counter line on the account";
    lines: "Lignes du compte", "Account lines";
    lines_note: "{amount} au total", "{amount} in all";
    elsewhere: "Billets venus d’ailleurs", "Tickets from elsewhere";
    elsewhere_note: "arrivés par fichier, sans passer par ces accès", "came by file, passed no gate here";
    disputes_in_flight_note: "le relevé de compte ne les montre pas encore à part", "the account statement has yet to show them apart";
    disputed_note: "entrés quand même ; le relevé de compte les montre à part", "admitted all the same; the account statement shows them apart";
    by_hand: "Réglés à la main", "Settled by hand";
    by_hand_note: "visiteurs admis et non reconnus, chacun avec une note", "visitors admitted and not recognised, each with a note";
    pass_backs_note: "admis à nouveau dans le délai de répétition, peut-être deux personnes sur un pass", "admitted again within the repeat window, perhaps two persons on one pass";
    estimated_note: "par des appareils dont personne ne connaît l’horloge", "by devices whose clocks nobody knows";
    runs_note: "la cinquième fois ou plus en dix minutes", "the fifth time or more within ten minutes";
    aside_note: "enregistrez-les, ou dites pourquoi ce n’est pas une entrée", "book them, or say why they are no entry";
    clocks: "Appareils dont l’horloge est fausse", "Devices with a wrong clock";
    clocks_note: "de plus de 30 s", "by more than 30 s";
    differences: "Ce que rien n’explique", "What nothing explains";
    what: "Écart", "Difference";
    of: "Concerne", "About";
    barcode: "le code {id}", "barcode {id}";
    order: "la commande {id}", "order {id}";
    lying: "ce qui est mis de côté", "what lies aside";
    next: "Suivants", "Next";
    first: "Les premiers", "First";
    more: "Seuls les {n} premiers sont montrés : traitez-les d’abord.", "Only the first {n} are shown: deal with these first.";
});

struct Step {
    /// How far it stands below another.
    level: u8,
    label: &'static str,
    number: i64,
    note: String,
    list: Option<String>,
}

const fn step(level: u8, label: &'static str, number: i64) -> Step {
    Step {
        level,
        label,
        number,
        note: String::new(),
        list: None,
    }
}

impl Step {
    fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// With the list of what it counts.
    fn list(self, word: &str) -> Self {
        self.at(access::QUEUE_LIST.of(word))
    }

    /// With the page of what it counts, if it counts anything.
    fn at(mut self, page: impl Display) -> Self {
        self.list = (self.number > 0).then(|| page.to_string());
        self
    }
}

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct Page {
    kept: bool,
    /// What ticketing takes none of at present.
    stopped: Vec<Trouble>,
    state: State,
    /// Which difference is the first that is shown.
    from: usize,
    links: Links,
    frame: Frame,
}

/// The differences on the page that begins there.
fn shown(books: &Reconciliation, from: usize) -> impl Iterator<Item = &Difference> {
    books.differences.iter().skip(from).take(ROWS)
}

impl Page {
    /// Where the next page begins.
    fn next(&self, books: &Reconciliation) -> Option<usize> {
        let until = self.from.saturating_add(ROWS);
        (until < books.differences.len()).then_some(until)
    }

    /// What is stopped, in one sentence.
    fn stopped(&self) -> Option<String> {
        stopped::sentence(&self.stopped, &self.frame.formats)
    }

    /// How the books stand; that they agree is no comfort while ticketing takes nothing.
    fn verdict(&self, books: &Reconciliation) -> Option<(&'static str, String)> {
        let formats = &self.frame.formats;
        let t = Texts::of(formats.language);
        if !books.is_clean() {
            let n = formats.count(books.unexplained);
            return Some(("bad", fill(t.disagree, &[("n", &n)])));
        }
        let text = agreeing(t, books.sides);
        self.stopped.is_empty().then(|| ("good", text.to_owned()))
    }
}

/// What it means that nothing is unexplained.
const fn agreeing(t: &'static Texts, sides: Sides) -> &'static str {
    match sides {
        Sides::Both => t.agree,
        Sides::Gate => t.gate_agrees,
        Sides::BoxOffice => t.sales_agree,
    }
}

/// As a terminal shows the books: each step of the chain, how many there are, what it is and
/// the page that lists them; and what it means if nothing is unexplained.
#[must_use]
pub fn reconciliation_in_text(
    books: &Reconciliation,
    language: Language,
    currency: &str,
) -> (Vec<Vec<String>>, &'static str) {
    let formats = Formats {
        language,
        zone: kernel::Zone::utc(),
        currency: currency.to_owned(),
    };
    let row = |step: Step| {
        let label = "  ".repeat(step.level.into()) + step.label;
        let list = step.list.unwrap_or_default();
        vec![label, step.number.to_string(), step.note, list]
    };
    let rows = steps(&formats, books).into_iter().map(row);
    (rows.collect(), agreeing(Texts::of(language), books.sides))
}

/// What a difference is about.
fn about(t: &Texts, links: &Links, of: &Subject) -> String {
    let (text, id): (_, &dyn Display) = match of {
        Subject::Check(check) | Subject::Entry(check, _) => return links.of(check).to_owned(),
        Subject::Barcode(barcode) => (t.barcode, barcode),
        Subject::Order(order) => (t.order, order),
        Subject::Aside(id) => (t.lying, id),
    };
    fill(text, &[("id", id)])
}

/// The chain. What is elsewhere is left out: it is not nought. So is what is not there
/// where a row says nothing then.
fn steps(formats: &Formats, books: &Reconciliation) -> Vec<Step> {
    let t = Texts::of(formats.language);
    let mut steps = Vec::new();
    if books.sides != Sides::BoxOffice {
        steps.extend(gate_steps(t, books));
    }
    if books.sides != Sides::Gate {
        steps.extend(sales_steps(t, formats, books));
    }
    let disputed = step(0, t.disputed, books.disputed);
    steps.push(disputed.note(t.disputed_note).list("disputed"));
    let mark = |doubt, number, note| {
        let page = format!("{}?mark={doubt}", access::CHECKS);
        let step = step(0, mark_name(doubt, formats.language), number);
        step.note(note).at(page)
    };
    let clocks_off = i64::try_from(books.clocks_off).unwrap_or(i64::MAX);
    // To be looked at, and no difference.
    let some = [
        step(1, t.in_flight, books.disputes_in_flight).note(t.disputes_in_flight_note),
        step(0, t.by_hand, books.settled_by_hand).note(t.by_hand_note),
        step(0, t.aside, books.aside)
            .note(t.aside_note)
            .at(access::ASIDE),
        mark(
            Doubt::PossiblePassBack,
            books.possible_pass_backs,
            t.pass_backs_note,
        ),
        mark(
            Doubt::EstimatedTime,
            books.estimated_times,
            t.estimated_note,
        ),
        mark(Doubt::Run, books.runs_of_one_card, t.runs_note),
        step(0, t.clocks, clocks_off)
            .note(t.clocks_note)
            .at(access::DEVICES),
    ];
    steps.extend(some.into_iter().filter(|step| step.number > 0));
    steps
}

/// What the gates know.
fn gate_steps(t: &Texts, books: &Reconciliation) -> [Step; 5] {
    let cancelling = step(2, t.cancelling, books.cancellations_in_flight);
    [
        step(0, t.accepted, books.accepted_checks),
        step(0, t.barcodes, books.control_barcodes),
        step(1, t.in_flight, books.in_flight)
            .note(t.in_flight_note)
            .list("in_flight"),
        step(1, t.cancelled, books.cancelled)
            .note(t.cancelled_note)
            .list("cancelled"),
        cancelling
            .note(t.cancelling_note)
            .list("cancellations_in_flight"),
    ]
}

/// What ticketing here knows.
fn sales_steps(t: &Texts, formats: &Formats, books: &Reconciliation) -> Vec<Step> {
    let ready = step(2, t.ready, books.ready);
    let mut steps = vec![
        step(1, t.staged, books.staged),
        ready.note(t.ready_note).list("ready"),
    ];
    steps.extend(books.held.iter().map(|(reason, number)| {
        let note = reason.name(formats.language);
        step(2, t.held, *number).note(note).list(reason.as_str())
    }));
    let amount = formats.money(books.account.amount_minor);
    let amount = fill(t.lines_note, &[("amount", &amount)]);
    let elsewhere = Step {
        list: Some(access::SALES_FILES.to_string()),
        ..step(0, t.elsewhere, books.tickets_from_elsewhere)
    };
    steps.extend([
        step(2, t.cancelled_unsold, books.cancelled_unsold),
        step(2, t.tickets, books.tickets),
        step(3, t.cancelled, books.cancelled_tickets).note(t.cancelled_tickets_note),
        step(0, t.orders, books.orders),
        step(0, t.lines, books.account.lines).note(amount),
        elsewhere.note(t.elsewhere_note),
    ]);
    steps
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let stopped = match &visit.office.gate {
        Some(_) => trouble::list(&visit.office.db).await?,
        None => Vec::new(),
    };
    let (state, from) = (
        run::look(&visit.office).await,
        query.read("from").unwrap_or(0),
    );
    let books = state.last.iter().map(|made| &made.books);
    let linked = books
        .flat_map(|books| shown(books, from))
        .filter_map(|d| d.of.check());
    let names = SiteNames::read(visit.db()).await?;
    visit.page(&Page {
        kept: run::sides(&visit.office).is_some(),
        stopped,
        links: Links::read(&visit, &names, linked).await?,
        state,
        from,
        frame: visit.frame(),
    })
}

/// Columns of the file: each number of the chain and each difference, by the names that
/// `passerelle reconcile --format json` has for them.
const COLUMNS: [&str; 4] = ["name", "number", "of", "what"];

pub(crate) async fn table(visit: Visit, Path(form): Path<Form>) -> Answer {
    let Some(made) = run::look(&visit.office).await.last else {
        // The page says that it is being made.
        return Ok(visit.go(access::RECONCILIATION));
    };
    let books = serde_json::to_value(&made.books).map_err(PageError::internal)?;
    let as_of = vec![text("as_of"), text(""), text(""), text(made.at)];
    let differences = made.books.differences.iter().map(|difference| {
        vec![
            text(difference.code),
            number(1),
            text(&difference.of),
            text(difference.words(Language::En).0),
        ]
    });
    let mut rows = vec![COLUMNS.map(text).into(), as_of];
    rows.extend(chain("", &books));
    rows.extend(differences);
    table_file::send(form, Stems::of(visit.language).reconciliation, &rows)
}

/// The numbers in `books`, with the names of what they stand in before theirs.
fn chain(within: &str, books: &Value) -> Vec<Vec<Cell>> {
    let each = books.as_object().into_iter().flatten();
    let rows = each.flat_map(|(name, value)| match value {
        Value::Number(n) => vec![vec![
            text(format!("{within}{name}")),
            number(n),
            text(""),
            text(""),
        ]],
        value => chain(&format!("{within}{name}."), value),
    });
    rows.collect()
}

pub(crate) async fn compare(visit: Visit) -> Answer {
    afresh(&visit.office);
    Ok(visit.go(access::RECONCILIATION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use boxoffice::HeldReason;
    use staff::Role;

    fn labels(sides: Sides) -> Vec<&'static str> {
        let frame = Frame::sample(Language::En, Some(Role::Finance));
        let mut books = sample::made(Timestamp::from_millis_clamped(0)).books;
        books.sides = sides;
        assert!(books.held.contains_key(&HeldReason::TariffNotMapped));
        let steps = steps(&frame.formats, &books);
        steps.iter().map(|step| step.label).collect()
    }

    #[test]
    fn what_is_elsewhere_is_no_row_of_noughts() {
        let t = Texts::of(Language::En);
        let (gate, sales) = ([t.accepted, t.barcodes], [t.staged, t.held, t.lines]);
        let has = |labels: &[&str], of: &[&str]| of.iter().map(|l| labels.contains(l)).collect();
        let both: [(Sides, [bool; 2]); 3] = [
            (Sides::Both, [true, true]),
            (Sides::Gate, [true, false]),
            (Sides::BoxOffice, [false, true]),
        ];
        for (sides, [of_gate, of_sales]) in both {
            let labels = labels(sides);
            let found: [Vec<bool>; 2] = [has(&labels, &gate), has(&labels, &sales)];
            let expected = [vec![of_gate; 2], vec![of_sales; 3]];
            assert_eq!(found, expected, "{sides:?}: {labels:?}");
        }
    }

    #[test]
    fn a_difference_is_told_in_words() {
        let frame = Frame::sample(Language::En, Some(Role::Finance));
        let page = &sample::samples(&frame)[0];
        assert!(!page.contains("refused_by_ticketing"));
        assert!(page.contains(">14\u{a0}July\u{a0}2026, 09:00, PDA01</a>"));
    }

    #[test]
    fn nothing_agrees_while_ticketing_takes_nothing() {
        let at = Timestamp::from_millis_clamped(1_784_012_400_114);
        let mut made = sample::made(at);
        made.books.unexplained = 0;
        made.books.differences.clear();
        let mut page = Page {
            kept: true,
            stopped: crate::today::sample::stopped(at),
            state: State::default(),
            from: 0,
            links: Links::default(),
            frame: Frame::sample(Language::En, Some(Role::Finance)),
        };
        assert_eq!(page.verdict(&made.books), None);
        let stopped = page.stopped().unwrap();
        let says = "Ticketing has taken no call since ";
        assert!(
            stopped.starts_with(says) && stopped.contains("token"),
            "{stopped}"
        );
        page.stopped.clear();
        assert!(
            page.verdict(&made.books)
                .is_some_and(|(is, _)| is == "good")
        );
        assert_eq!(page.stopped(), None);
    }
}
