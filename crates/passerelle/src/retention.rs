//! `passerelle retention`: the end of card numbers, by hand.

use crate::house::{ConfigOption, House};
use crate::out::{Format, print};
use crate::{Verdict, assemble};
use anyhow::{Context, Result};
use books::retention::{self, RetentionReport, Run};
use clap::Subcommand;
use staff::Change;

/// `passerelle retention`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigOption,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Remove what is due now, without waiting for the service
    Run {
        /// Count only
        #[arg(long)]
        dry_run: bool,
        /// For people or for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let Action::Run { dry_run, format } = arguments.action;
    let config = arguments.config.read()?;
    let retention = assemble::retention(&config)?.context(
        "[retention] card_numbers_days is 0: card numbers stay for ever; set a number of days",
    )?;
    let house = House::open(config).await?;
    let run = if dry_run { Run::Dry } else { Run::Remove };
    let author = house.author();
    if run == Run::Remove {
        // It takes many transactions, and may end in the midst of them.
        let begun = Change::done("retention.run_begun", "database", "card numbers");
        author.note(begun).await?;
    }
    let report = retention::run(&house.db, &retention, house.clock.now(), run).await?;
    if run == Run::Remove {
        let done = Change::done("retention.run", "database", "card numbers");
        author.note(done.to(serde_json::to_value(&report)?)).await?;
    }
    let days = house.config.retention.card_numbers_days;
    print(format, &report, |report| for_people(report, days, run))?;
    Ok(Verdict::Fine)
}

fn for_people(report: &RetentionReport, days: u32, run: Run) -> String {
    let did = match run {
        Run::Remove => "Removed",
        Run::Dry => "Would remove",
    };
    format!(
        "{did} the card numbers of what is older than {days} days and finished:\n  {} checks, {} \
         control barcodes\n  {} staged barcodes, {} tickets\n  {} STX_Files\n  {} \
         checks and cancellations set aside and settled\n",
        report.checks,
        report.control_barcodes,
        report.staged,
        report.tickets,
        report.files,
        report.aside
    )
}
