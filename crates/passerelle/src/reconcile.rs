//! `passerelle reconcile`: the gate's books against the box office's.

use crate::house::{ConfigOption, House};
use crate::language::{in_language, language};
use crate::out::{Format, print};
use crate::table::table;
use crate::{Verdict, set_up, ticketing};
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
    // For the currency alone: the books stand, whatever has become of the site's file.
    let site = set_up::site_in_force(&house.config, &house.db).await;
    let currency = site.ok().flatten().map(|site| site.currency);
    let currency = currency.unwrap_or_default();
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
        because + &for_people(t, language, &currency, &printed.books) + &asked.unwrap_or_default()
    })?;
    Ok(Verdict::fine_if(is_fine))
}

kernel::texts!(Texts in Fr, En {
    headings: ", >nombre, , page", ", >count, , page";
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

fn for_people(t: &Texts, language: Language, currency: &str, books: &Reconciliation) -> String {
    let (rows, agree) = office::reconciliation_in_text(books, language, currency);
    let table = table(t.headings, &rows);
    if books.is_clean() {
        return format!("{agree}\n\n{table}");
    }
    let unexplained = fill(t.unexplained, &[("n", &books.unexplained)]);
    let mut text = format!("{table}\n{unexplained}\n");
    for difference in &books.differences {
        let (what, cure) = difference.words(language);
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
