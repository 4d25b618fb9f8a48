//! `passerelle reconcile`: the gate's books against the box office's.

use crate::Verdict;
use crate::house::ConfigOption;
use crate::out::{Format, print};
use crate::table::{Align, table};
use anyhow::{Context, Result};
use books::reconciliation::{Reconciliation, Sides, reconcile};
use std::fmt::Write;

/// `passerelle reconcile`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    config: ConfigOption,
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let house = arguments.config.open().await?;
    let books = reconcile(&house.db, doctor::bundle::sides(&house.config))
        .await
        .context("the books could not be read")?;
    print(arguments.format, &books, for_people)?;
    Ok(Verdict::fine_if(books.is_clean()))
}

fn for_people(books: &Reconciliation) -> String {
    let mut rows = vec![
        ("accepted checks", books.accepted_checks, ""),
        ("control barcodes", books.control_barcodes, ""),
        ("  in flight", books.in_flight, "on their way to ticketing"),
        (
            "  cancelled",
            books.cancelled,
            "taken back by the agent, or turned away by the device",
        ),
        (
            "    in flight",
            books.cancellations_in_flight,
            "ticketing has yet to hear of it",
        ),
        ("  staged", books.staged, "arrived there"),
        (
            "    ready",
            books.ready,
            "sold by the next external sales run",
        ),
    ];
    for (reason, count) in &books.held {
        rows.push(("    held", *count, reason.as_str()));
    }
    rows.extend([
        (
            "    cancelled",
            books.cancelled_unsold,
            "taken back before they were sold",
        ),
        ("    sold: tickets", books.tickets, ""),
        (
            "      cancelled",
            books.cancelled_tickets,
            "each with a counter line on the account",
        ),
        ("orders", books.orders, ""),
        ("account lines", books.account.lines, ""),
        (
            "tickets from elsewhere",
            books.tickets_from_elsewhere,
            "came by file, passed no gate here",
        ),
        (
            "disputed by Otipass",
            books.disputed,
            "admitted all the same; the account shows those that are sold",
        ),
    ]);
    if books.disputes_in_flight > 0 {
        rows.push((
            "  in flight",
            books.disputes_in_flight,
            "the account has yet to set these apart",
        ));
    }
    if books.settled_by_hand > 0 {
        rows.push((
            "settled by hand",
            books.settled_by_hand,
            "admitted by a device, not recognised here; each has a note in the back office",
        ));
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(name, count, note)| vec![name.to_owned(), count.to_string(), note.to_owned()])
        .collect();
    let columns = [
        ("", Align::Left),
        ("count", Align::Right),
        ("", Align::Left),
    ];
    let mut text = table(&columns, &rows);
    if books.is_clean() {
        text.push_str(match books.sides {
            Sides::Both => "\nThe books agree: every difference is explained above.\n",
            Sides::Gate => {
                "\nThe gate's books are in order. Ticketing's are elsewhere ([server] roles): what it \
                 made of the delivered barcodes is not seen here.\n"
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
