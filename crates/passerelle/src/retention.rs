//! `passerelle retention`: the end of card numbers, by hand.

use crate::house::{Acting, House};
use crate::language::language;
use crate::out::{Format, print};
use crate::{Verdict, assemble};
use anyhow::{Context, Result};
use books::retention::{self, RetentionReport, Run};
use clap::Subcommand;
use kernel::text::fill;
use staff::Change;

/// `passerelle retention`
pub type Arguments = Acting<Action>;

#[derive(Debug, Subcommand)]
pub enum Action {
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

kernel::texts!(Texts in Fr, En {
    removed: "Numéros de carte supprimés, de ce qui a plus de {days} jours et est terminé :",
        "Removed the card numbers of what is older than {days} days and finished:";
    would: "Numéros de carte à supprimer, de ce qui a plus de {days} jours et est terminé :",
        "Would remove the card numbers of what is older than {days} days and finished:";
    of: "  {checks} contrôles, {barcodes} codes de contrôle\n  {staged} codes arrivés, {tickets} billets\n  {files} fichiers STX\n  {aside} contrôles et annulations mis de côté et réglés",
        "  {checks} checks, {barcodes} control barcodes\n  {staged} staged barcodes, {tickets} tickets\n  {files} STX_Files\n  {aside} checks and cancellations set aside and settled";
});

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
    let t = Texts::of(language());
    let did = match run {
        Run::Remove => t.removed,
        Run::Dry => t.would,
    };
    let of = fill(
        t.of,
        &[
            ("checks", &report.checks),
            ("barcodes", &report.control_barcodes),
            ("staged", &report.staged),
            ("tickets", &report.tickets),
            ("files", &report.files),
            ("aside", &report.aside),
        ],
    );
    format!("{}\n{of}\n", fill(did, &[("days", &days)]))
}
