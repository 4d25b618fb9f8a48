//! `passerelle reconcile`: the gate's books against the box office's.

use crate::house::{ConfigOption, House};
use crate::out::{Format, print};
use crate::table::table;
use crate::{Verdict, ticketing};
use anyhow::{Context, Result};
use books::reconciliation::{Asked, Reconciliation, Sides, asked, reconcile};
use gate::outbox::trouble::{self, Stopped, Trouble};
use kernel::{Clock, SystemClock, Timestamp, without_numbers};
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
    let ticketing_takes_none = stopped.iter().map(Stop::of).collect();
    let result = Printed {
        books,
        ticketing_takes_none,
    };
    print(arguments.format, &result, |printed| {
        let asked = printed.books.asked.as_ref().map(told).unwrap_or_default();
        in_flight_because(&printed.ticketing_takes_none) + &for_people(&printed.books) + &asked
    })?;
    Ok(Verdict::fine_if(is_fine))
}

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
    fn of(trouble: &Trouble) -> Self {
        let of = match &trouble.of {
            Stopped::Line => "call".to_owned(),
            Stopped::Cancellations => "cancelled entry".to_owned(),
            Stopped::Kind(kind) => {
                let gate::Kind {
                    sector,
                    season,
                    product,
                } = kind;
                format!("control barcode of {sector}, {season}, {product}")
            }
        };
        Self {
            of,
            since: trouble.since,
            // A stranger's words may hold a card number.
            why: without_numbers(trouble.why(kernel::Language::En)),
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
fn told(asked: &Asked) -> String {
    let Asked {
        about,
        agreed,
        not_said,
        stopped,
        ..
    } = asked;
    let mut text = match (about, stopped) {
        (0, _) if !not_said.is_empty() => String::new(),
        (0, None) => "It has taken none yet that it could be asked about.".to_owned(),
        (0, Some(_)) => String::new(),
        _ => format!("Asked about {about} of the delivered barcodes, it has {agreed} as we do."),
    };
    if let Some(said) = not_said.first() {
        let count = not_said.len();
        text += &format!(" Of {count} it does not say whether it has them: {said}.");
    }
    if let Some(why) = stopped {
        text += &format!(" It could not be asked about more: {why}.");
    }
    format!("{}\n", text.trim_start())
}

/// Why some of what is in flight stays there.
fn in_flight_because(stopped: &[Stop]) -> String {
    let mut text = String::new();
    for Stop { of, since, why } in stopped {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "Since {since}, ticketing takes no {of}: {why}");
    }
    if !stopped.is_empty() {
        text += "They are in flight, and go by themselves once that is cured.\n\n";
    }
    text
}

fn for_people(books: &Reconciliation) -> String {
    let mut rows = Vec::new();
    let mut row = |name: &str, count: i64, note: &str| rows.push(cells![name, count, note]);
    row("accepted checks", books.accepted_checks, "");
    row("control barcodes", books.control_barcodes, "");
    row("  in flight", books.in_flight, "on their way to ticketing");
    let by_whom = "taken back by the agent, or turned away by the device";
    row("  cancelled", books.cancelled, by_whom);
    let untold = "ticketing has yet to hear of it";
    row("    in flight", books.cancellations_in_flight, untold);
    // What is elsewhere is not nought.
    if books.sides != Sides::Gate {
        row("  staged", books.staged, "arrived there");
        let next_run = "sold by the next external sales run";
        row("    ready", books.ready, next_run);
        for (reason, count) in &books.held {
            row("    held", *count, reason.as_str());
        }
        let unsold = "taken back before they were sold";
        row("    cancelled", books.cancelled_unsold, unsold);
        row("    sold: tickets", books.tickets, "");
        let countered = "each with a counter line on the account";
        row("      cancelled", books.cancelled_tickets, countered);
        row("orders", books.orders, "");
        row("account lines", books.account.lines, "");
        let by_file = "came by file, passed no gate here";
        let elsewhere = books.tickets_from_elsewhere;
        row("tickets from elsewhere", elsewhere, by_file);
    }
    let disputed = "admitted all the same; the account shows those that are sold";
    row("disputed by Otipass", books.disputed, disputed);
    if books.disputes_in_flight > 0 {
        let untold = "the account has yet to set these apart";
        row("  in flight", books.disputes_in_flight, untold);
    }
    if books.settled_by_hand > 0 {
        let noted = "admitted by a device, not recognised here; each has a note in the back office";
        row("settled by hand", books.settled_by_hand, noted);
    }
    if books.aside > 0 {
        let settle = "what devices brought and could not be booked; settle it in the back office, under Set aside";
        row("set aside", books.aside, settle);
    }
    // To be looked at, and no difference; each has its list.
    let clocks_off = i64::try_from(books.clocks_off).unwrap_or(i64::MAX);
    for (name, count, note) in [
        (
            "possible pass-backs",
            books.possible_pass_backs,
            "admitted again within the repeat window; see /office/checks?mark=possible_pass_back",
        ),
        (
            "estimated times",
            books.estimated_times,
            "by devices whose clocks nobody knows; see /office/checks?mark=estimated_time",
        ),
        (
            "runs of one card",
            books.runs_of_one_card,
            "the fifth or a later check within ten minutes; see /office/checks?mark=run",
        ),
        (
            "devices with a wrong clock",
            clocks_off,
            "more than 30 s off; see passerelle device list",
        ),
    ] {
        if count > 0 {
            row(name, count, note);
        }
    }
    let mut text = table(", >count, ", &rows);
    if books.is_clean() {
        text.push_str(match books.sides {
            Sides::Both => "\nThe books agree: every difference is explained above.\n",
            Sides::Gate => {
                "\nThe gate's books are in order. Ticketing's are elsewhere ([server] roles): whether it \
                 sold the delivered barcodes, at which price and to whom, is not seen here.\n"
            }
            Sides::BoxOffice => {
                "\nThe box office's books are in order. The gates' are elsewhere ([server] roles): \
                 which checks were accepted is not seen here.\n"
            }
        });
        return text;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\n{} differences that nothing explains:",
        books.unexplained
    );
    for difference in &books.differences {
        let _ = writeln!(
            text,
            "\n  {}: {}\n    {}\n    {}",
            difference.code, difference.of, difference.what, difference.cure
        );
    }
    if books.differences.len() < books.unexplained {
        let _ = writeln!(
            text,
            "\n  … and {} more.",
            books.unexplained - books.differences.len()
        );
    }
    text
}
