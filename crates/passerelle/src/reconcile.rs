//! `passerelle reconcile`: the gate's books against the box office's.

use crate::house::{ConfigOption, House};
use crate::language::{in_language, language};
use crate::out::{Format, print};
use crate::table::table;
use crate::{Verdict, ticketing};
use anyhow::{Context, Result};
use books::reconciliation::{Asked, Reconciliation, Sides, asked, reconcile};
use gate::outbox::trouble::{self, Stopped, Trouble};
use kernel::text::fill;
use kernel::{Clock, Language, SystemClock, Timestamp, without_numbers};
use secutix::client::AccessControlClient;
use serde::Serialize;
use std::fmt::Write;
use std::sync::Arc;

/// `passerelle reconcile`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// About how many of the delivered control barcodes ticketing is asked, if its books
    /// are elsewhere; each is a call
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    ask: u32,
    #[command(flatten)]
    config: ConfigOption,
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let house = arguments.config.open().await?;
    let sides = doctor::bundle::sides(&house.config);
    let books = reconcile(&house.db, sides).await.context(UNREADABLE)?;
    let books = match (sides, arguments.ask) {
        (Sides::Gate, 1..) => books.with(ask(&house, arguments.ask).await?),
        _ => books,
    };
    let stopped = trouble::list(&house.db)
        .await
        .context("what ticketing takes none of could not be read")?;
    let is_fine = books.is_clean() && stopped.is_empty();
    let language = match arguments.format {
        Format::Table => language(),
        Format::Json => Language::En,
    };
    let stop = |trouble| Stop::of(trouble, language);
    let ticketing_takes_none = stopped.iter().map(stop).collect();
    let result = Printed {
        books,
        ticketing_takes_none,
    };
    print(arguments.format, &result, |printed| {
        let t = Texts::of(language);
        let asked = printed.books.asked.as_ref();
        let asked = asked.map(|asked| told(t, language, asked));
        let because = in_flight_because(t, &printed.ticketing_takes_none);
        because + &for_people(t, language, &printed.books) + &asked.unwrap_or_default()
    })?;
    Ok(Verdict::fine_if(is_fine))
}

kernel::texts!(Texts in Fr, En {
    headings: ", >nombre, ", ", >count, ";
    accepted: "contrôles acceptés", "accepted checks";
    barcodes: "codes de contrôle", "control barcodes";
    in_flight: "en chemin", "in flight";
    in_flight_note: "en route vers la billetterie", "on their way to ticketing";
    cancelled: "annulés", "cancelled";
    cancelled_note: "repris par l’agent, ou renvoyés par l’appareil",
        "taken back by the agent, or turned away by the device";
    untold: "la billetterie ne le sait pas encore", "ticketing has yet to hear of it";
    staged: "arrivés", "staged";
    staged_note: "à la billetterie", "arrived there";
    ready: "prêts", "ready";
    ready_note: "vendus par la prochaine vente externe",
        "sold by the next external sales run";
    held: "retenus", "held";
    unsold: "repris avant d’être vendus", "taken back before they were sold";
    tickets: "vendus : billets", "sold: tickets";
    countered: "chacun avec une ligne qui le reprend sur le compte",
        "each with a counter line on the account";
    orders: "commandes", "orders";
    account_lines: "lignes du compte", "account lines";
    elsewhere: "billets venus d’ailleurs", "tickets from elsewhere";
    elsewhere_note: "venus par fichier, sans passer par ces accès",
        "came by file, passed no gate here";
    disputed: "contestés par Otipass", "disputed by Otipass";
    disputed_note: "admis quand même ; le compte montre ceux qui sont vendus",
        "admitted all the same; the account shows those that are sold";
    set_apart_note: "le compte doit encore les mettre à part",
        "the account has yet to set these apart";
    settled: "réglés à la main", "settled by hand";
    settled_note: "admis par un appareil, pas reconnus ici ; chacun a une note dans les pages de gestion",
        "admitted by a device, not recognised here; each has a note in the back office";
    aside: "mis de côté", "set aside";
    aside_note: "apportés par des appareils, impossibles à enregistrer ; réglez-les dans les pages de gestion, sous Mis de côté",
        "what devices brought and could not be booked; settle it in the back office, under Set aside";
    pass_backs: "passages doubles possibles", "possible pass-backs";
    pass_backs_note: "admis de nouveau dans le délai de répétition ; voyez /office/checks?mark=possible_pass_back",
        "admitted again within the repeat window; see /office/checks?mark=possible_pass_back";
    estimated: "heures estimées", "estimated times";
    estimated_note: "par des appareils dont personne ne connaît l’horloge ; voyez /office/checks?mark=estimated_time",
        "by devices whose clocks nobody knows; see /office/checks?mark=estimated_time";
    runs: "séries d’une même carte", "runs of one card";
    runs_note: "le cinquième contrôle en dix minutes, ou un suivant ; voyez /office/checks?mark=run",
        "the fifth or a later check within ten minutes; see /office/checks?mark=run";
    clocks: "appareils à l’heure fausse", "devices with a wrong clock";
    clocks_note: "décalés de plus de 30 s ; voyez passerelle device list",
        "more than 30 s off; see passerelle device list";
    agree: "Les comptes concordent : chaque différence est expliquée ci-dessus.",
        "The books agree: every difference is explained above.";
    gate_agrees: "Les comptes des accès sont en ordre. Ceux de la billetterie sont ailleurs ([server] roles) : si elle a vendu les codes livrés, à quel prix et à qui, ne se voit pas ici.",
        "The gate's books are in order. Ticketing's are elsewhere ([server] roles): whether it sold the delivered barcodes, at which price and to whom, is not seen here.";
    box_office_agrees: "Les comptes de la billetterie sont en ordre. Ceux des accès sont ailleurs ([server] roles) : les contrôles acceptés ne se voient pas ici.",
        "The box office's books are in order. The gates' are elsewhere ([server] roles): which checks were accepted is not seen here.";
    unexplained: "Différences que rien n’explique : {n}",
        "{n} differences that nothing explains:";
    more: "… et {n} de plus.", "… and {n} more.";
    call: "d’appel", "call";
    cancelled_entry: "d’entrée annulée", "cancelled entry";
    kind: "de code de contrôle de {kind}", "control barcode of {kind}";
    takes_none: "Depuis {since}, la billetterie ne prend pas {of} : {why}",
        "Since {since}, ticketing takes no {of}: {why}";
    by_themselves: "Ils sont en chemin, et partent d’eux-mêmes une fois la cause corrigée.",
        "They are in flight, and go by themselves once that is cured.";
    none_taken: "Elle n’en a encore pris aucun qu’on puisse lui demander.",
        "It has taken none yet that it could be asked about.";
    asked: "Interrogée sur {about} des codes livrés, elle en a {agreed} comme nous.",
        "Asked about {about} of the delivered barcodes, it has {agreed} as we do.";
    not_said: "De {n}, elle ne dit pas si elle les a : {said}.",
        "Of {n} it does not say whether it has them: {said}.";
    stopped: "Elle n’a pas pu être interrogée sur d’autres : {why}.",
        "It could not be asked about more: {why}.";
});

/// The books, and what keeps them from going on.
#[derive(Debug, Serialize)]
struct Printed {
    #[serde(flatten)]
    books: Reconciliation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ticketing_takes_none: Vec<Stop>,
}

/// What ticketing takes none of.
#[derive(Debug, Serialize)]
struct Stop {
    of: String,
    since: Timestamp,
    why: String,
}

impl Stop {
    fn of(trouble: &Trouble, language: Language) -> Self {
        let t = Texts::of(language);
        let of = match &trouble.of {
            Stopped::Line => t.call.to_owned(),
            Stopped::Cancellations => t.cancelled_entry.to_owned(),
            Stopped::Kind(kind) => {
                let kind = format!("{}, {}, {}", kind.sector, kind.season, kind.product);
                fill(t.kind, &[("kind", &kind)])
            }
        };
        Self {
            of,
            since: trouble.since,
            // A stranger's words may hold a card number.
            why: without_numbers(trouble.why(language)),
        }
    }
}

const UNREADABLE: &str = "the books could not be read";

/// Asks ticketing elsewhere about some that it took.
async fn ask(house: &House, count: u32) -> Result<Asked> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let client = match ticketing::settings(house.config.clone()).await {
        Ok(settings) => AccessControlClient::new(settings, clock)?,
        Err(error) => {
            return Ok(Asked {
                stopped: Some(format!("{error:#}")),
                ..Asked::default()
            });
        }
    };
    let asked = asked(
        &house.db,
        async |barcode| client.get_controlled_ticket(barcode).await,
        count,
    );
    asked.await.context(UNREADABLE)
}

/// What ticketing elsewhere said, and what it cannot tell.
fn told(t: &Texts, language: Language, asked: &Asked) -> String {
    let Asked {
        about,
        agreed,
        not_said,
        stopped,
        ..
    } = asked;
    let mut text = match (about, stopped) {
        (0, _) if !not_said.is_empty() => String::new(),
        (0, None) => t.none_taken.to_owned(),
        (0, Some(_)) => String::new(),
        _ => fill(t.asked, &[("about", about), ("agreed", agreed)]),
    };
    let mut more = |said: String| text = format!("{text} {said}");
    if let Some(said) = not_said.first() {
        let said = in_language(said, language);
        more(fill(t.not_said, &[("n", &not_said.len()), ("said", &said)]));
    }
    if let Some(why) = stopped {
        more(fill(t.stopped, &[("why", &in_language(why, language))]));
    }
    format!("{}\n", text.trim_start())
}

/// Why some of what is in flight stays there.
fn in_flight_because(t: &Texts, stopped: &[Stop]) -> String {
    let mut text = String::new();
    for Stop { of, since, why } in stopped {
        let of = fill(t.takes_none, &[("since", since), ("of", of), ("why", why)]);
        text = format!("{text}{of}\n");
    }
    if !stopped.is_empty() {
        text = format!("{text}{}\n\n", t.by_themselves);
    }
    text
}

fn for_people(t: &Texts, language: Language, books: &Reconciliation) -> String {
    let mut rows = Vec::new();
    // How deep it stands below what it is part of.
    let mut row = |depth: usize, name: &str, count: i64, note: &str| {
        let name = format!("{}{name}", "  ".repeat(depth));
        rows.push(cells![name, count, note]);
    };
    row(0, t.accepted, books.accepted_checks, "");
    row(0, t.barcodes, books.control_barcodes, "");
    row(1, t.in_flight, books.in_flight, t.in_flight_note);
    row(1, t.cancelled, books.cancelled, t.cancelled_note);
    row(2, t.in_flight, books.cancellations_in_flight, t.untold);
    // What is elsewhere is not nought.
    if books.sides != Sides::Gate {
        row(1, t.staged, books.staged, t.staged_note);
        row(2, t.ready, books.ready, t.ready_note);
        for (reason, count) in &books.held {
            row(2, t.held, *count, reason.name(language));
        }
        row(2, t.cancelled, books.cancelled_unsold, t.unsold);
        row(2, t.tickets, books.tickets, "");
        row(3, t.cancelled, books.cancelled_tickets, t.countered);
        row(0, t.orders, books.orders, "");
        row(0, t.account_lines, books.account.lines, "");
        let elsewhere = books.tickets_from_elsewhere;
        row(0, t.elsewhere, elsewhere, t.elsewhere_note);
    }
    row(0, t.disputed, books.disputed, t.disputed_note);
    let clocks_off = i64::try_from(books.clocks_off).unwrap_or(i64::MAX);
    // The last four are to be looked at, and no difference; each has its list.
    for (depth, name, count, note) in [
        (1, t.in_flight, books.disputes_in_flight, t.set_apart_note),
        (0, t.settled, books.settled_by_hand, t.settled_note),
        (0, t.aside, books.aside, t.aside_note),
        (
            0,
            t.pass_backs,
            books.possible_pass_backs,
            t.pass_backs_note,
        ),
        (0, t.estimated, books.estimated_times, t.estimated_note),
        (0, t.runs, books.runs_of_one_card, t.runs_note),
        (0, t.clocks, clocks_off, t.clocks_note),
    ] {
        if count > 0 {
            row(depth, name, count, note);
        }
    }
    let table = table(t.headings, &rows);
    if books.is_clean() {
        let verdict = match books.sides {
            Sides::Both => t.agree,
            Sides::Gate => t.gate_agrees,
            Sides::BoxOffice => t.box_office_agrees,
        };
        return format!("{table}\n{verdict}\n");
    }
    let unexplained = fill(t.unexplained, &[("n", &books.unexplained)]);
    let mut text = format!("{table}\n{unexplained}\n");
    for difference in &books.differences {
        let (what, cure) = match language {
            Language::Fr => office::difference_in_words(difference, language),
            _ => (difference.what.clone(), difference.cure),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\n  {}: {}\n    {what}\n    {cure}",
            difference.code, difference.of
        );
    }
    if books.differences.len() < books.unexplained {
        let n = books.unexplained - books.differences.len();
        let _ = writeln!(text, "\n  {}", fill(t.more, &[("n", &n)]));
    }
    text
}
