//! `passerelle sales`: external sales by hand.

use crate::assemble::{self, AssembleError};
use crate::report::{Format, ReportError, print};
use crate::table::{Align, table};
use crate::{ConfigOption, Verdict};
use boxoffice::stx_file::{self, StxFile};
use boxoffice::{BoxOffice, CatalogueError, ImportError, ImportKind, ImportReport, RunError};
use clap::Subcommand;
use config::ConfigError;
use db::{Db, DbError};
use gate::Gate;
use kernel::{Clock, ProductCode, SystemClock, TariffCode};
use std::path::PathBuf;
use std::sync::Arc;

/// How many files are listed.
const LISTED: u32 = 100;

/// `passerelle sales`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigOption,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sell what is ready now, without waiting for the service's next run
    Run,
    /// Import an STX_File that came from elsewhere
    Import {
        /// The file
        file: PathBuf,
    },
    /// List the latest STX_Files and what came of them
    List {
        /// For people or for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Map a product to its tariff; what was held for it is sold by the next run
    Map {
        /// The product's code
        product: ProductCode,
        /// The tariff's code
        tariff: TariffCode,
    },
    /// Send again what ticketing refused, after its cause was cured
    Resend,
}

/// Why nothing was sold, imported or listed.
#[derive(Debug, thiserror::Error)]
pub enum SalesError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The set-up.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The import.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The database.
    #[error("the files could not be listed")]
    Db(#[from] DbError),
    /// The output.
    #[error(transparent)]
    Print(#[from] ReportError),
}

pub async fn run(arguments: Arguments) -> Result<Verdict, SalesError> {
    let config = arguments.config.read()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (db, site) = assemble::open(&config, &clock).await?;
    let box_office = assemble::box_office(&config, db.clone(), site, &clock).await?;
    match arguments.action {
        Action::Run => sell(&box_office).await,
        Action::Import { file } => {
            let report = box_office.import_file(&file, ImportKind::Upload).await?;
            print_import(&report);
            Ok(if report.rejected.is_empty() {
                Verdict::Fine
            } else {
                Verdict::NotFine
            })
        }
        Action::List { format } => {
            let files = stx_file::files(&db, None, LISTED).await?;
            Ok(print(format, &files, |files| list(files))?)
        }
        Action::Map { product, tariff } => map(&db, &box_office, product, tariff).await,
        Action::Resend => {
            let count = Gate::resend_refused(&db).await?;
            outln!("{count} control barcode(s) go to ticketing again.");
            Ok(Verdict::Fine)
        }
    }
}

async fn sell(box_office: &BoxOffice) -> Result<Verdict, SalesError> {
    let run = box_office.run_external_sales().await?;
    for report in run.taken_up.iter().chain(&run.files) {
        print_import(report);
    }
    if run.tickets() == 0 {
        outln!("Nothing was ready to be sold.");
    }
    let waiting = box_office.waiting().await?;
    if waiting.held > 0 {
        outln!(
            "{} are held; `passerelle reconcile` says why, `passerelle doctor` how to cure it.",
            waiting.held
        );
    }
    Ok(if run.rejected() == 0 {
        Verdict::Fine
    } else {
        Verdict::NotFine
    })
}

async fn map(
    db: &Db,
    box_office: &BoxOffice,
    product: ProductCode,
    tariff: TariffCode,
) -> Result<Verdict, SalesError> {
    boxoffice::catalogue::map_tariff(db, product.clone(), tariff.clone()).await?;
    let moved = box_office.reevaluate().await?;
    outln!(
        "{product} is sold at {tariff} from now on; {} that were held are ready for the next run.",
        moved.released
    );
    outln!("Note it in the catalogue file too, or the next start maps as the file says.");
    Ok(Verdict::Fine)
}

fn print_import(report: &ImportReport) {
    outln!(
        "{}: {} rows, {} orders with {} tickets made, {} known already, {} rejected",
        report.path.display(),
        report.rows,
        report.orders,
        report.tickets,
        report.already_imported,
        report.rejected.len()
    );
    if let Some(path) = &report.report {
        outln!(
            "  the rejected rows, each with its reason: {}",
            path.display()
        );
    }
}

fn list(files: &[StxFile]) -> String {
    if files.is_empty() {
        return "There are no STX_Files yet.\n".to_owned();
    }
    let rows: Vec<_> = files
        .iter()
        .map(|file| {
            vec![
                file.created_at.to_string(),
                file.name.clone(),
                file.state.as_str().to_owned(),
                file.rows.to_string(),
                file.tickets.to_string(),
                file.already_imported.to_string(),
                file.rejected.to_string(),
            ]
        })
        .collect();
    let columns = [
        ("made", Align::Left),
        ("file", Align::Left),
        ("state", Align::Left),
        ("rows", Align::Right),
        ("tickets", Align::Right),
        ("known", Align::Right),
        ("rejected", Align::Right),
    ];
    table(&columns, &rows)
}
