//! `passerelle sales`: external sales by hand.

use crate::Verdict;
use crate::house::Acting;
use crate::language::{causes, in_language, language};
use crate::out::{Format, print};
use crate::table::table;
use anyhow::{Context, Result};
use boxoffice::catalogue::map_tariff;
use boxoffice::stx_file::{self, FileState, StxFile, StxFileId};
use boxoffice::{BoxOffice, CatalogueError, ImportReport};
use clap::Subcommand;
use config::Role;
use db::Tx;
use kernel::text::fill;
use kernel::{ProductCode, TariffCode};
use office::acts;
use serde_json::json;
use staff::{Author, Change};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// How many files are listed.
const LISTED: u32 = 100;

/// `passerelle sales`
pub type Arguments = Acting<Action>;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Sell what is ready now, without waiting for the service's next run
    Run,
    /// Import an STX_File that came from elsewhere
    Import {
        /// The file
        file: PathBuf,
    },
    /// Write STX_Files, and reports on their rejected rows, to a folder; they hold card numbers
    Export {
        /// The numbers of the files, as `passerelle sales list` shows them
        #[arg(required_unless_present = "all")]
        numbers: Vec<StxFileId>,
        /// All that there are
        #[arg(long, conflicts_with = "numbers")]
        all: bool,
        /// The folder, which is made if it is not there
        #[arg(long)]
        to: PathBuf,
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

kernel::texts!(Texts in Fr, En {
    resent: "Codes de contrôle qui repartent à la billetterie : {n}.",
        "Control barcodes that go to ticketing again: {n}.";
    nothing: "Rien n’était prêt à être vendu.", "Nothing was ready to be sold.";
    held: "{n} sont retenus ; « passerelle reconcile » dit pourquoi, « passerelle doctor » comment y remédier.",
        "{n} are held; `passerelle reconcile` says why, `passerelle doctor` how to cure it.";
    mapped: "{product} se vend désormais au tarif {tariff} ; {n} qui étaient retenus sont prêts pour le prochain passage.\nNotez-le aussi dans le fichier du catalogue, sinon le prochain démarrage fait ce que dit le fichier.",
        "{product} is sold at {tariff} from now on; {n} that were held are ready for the next run.\nNote it in the catalogue file too, or the next start maps as the file says.";
    no_report: "{file} : pas de rapport des lignes rejetées : {why}",
        "{file}: no report of rejected rows: {why}";
    gone: "Le contenu de {n} n’est plus gardé.", "The content of {n} is not kept any more.";
    imported: "{file} : {rows} lignes, {orders} commandes avec {tickets} billets faites, {known} déjà connues, {rejected} rejetées",
        "{file}: {rows} rows, {orders} orders with {tickets} tickets made, {known} known already, {rejected} rejected";
    see_rejected: "  les lignes rejetées, chacune avec sa raison : passerelle sales export {file} --to DOSSIER",
        "  the rejected rows, each with its reason: passerelle sales export {file} --to FOLDER";
    no_files: "Il n’y a pas encore de fichiers STX.", "There are no STX_Files yet.";
    headings: ">numéro, fait, fichier, état, >lignes, >billets, >connues, >rejetées",
        ">number, made, file, state, >rows, >tickets, >known, >rejected";
    written: "import non terminé", "WRITTEN";
    complete: "importé", "IMPORTED";
    abandoned: "abandonné", "ABANDONED";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let house = arguments.config.open().await?;
    let (author, t) = (house.author(), Texts::of(language()));
    match arguments.action {
        Action::Run => sell(&author, &house.box_office().await?).await,
        Action::Import { file } => {
            let box_office = house.box_office().await?;
            let called = file.file_name().unwrap_or_default().to_string_lossy();
            let importing = async { box_office.import_file(&file).await.map(Some) };
            let report = acts::import(&author, "sales.imported", &called, importing).await?;
            let report = report.context("the file is gone")?;
            print_import(&report);
            Ok(Verdict::fine_if(report.rejected_in_all() == 0))
        }
        Action::Export { numbers, to, .. } => {
            export(&author, &house.box_office().await?, &numbers, &to).await
        }
        Action::List { format } => {
            house.say_if_elsewhere(Role::BoxOffice, format);
            let files = stx_file::files(&house.db, None, LISTED).await;
            print(
                format,
                &files.context("the files could not be listed")?,
                |f| list(f),
            )
        }
        Action::Map { product, tariff } => {
            map(&author, &house.box_office().await?, product, tariff).await
        }
        Action::Resend => {
            let count = acts::send_again(&author).await?;
            outln!("{}", fill(t.resent, &[("n", &count)]));
            Ok(Verdict::Fine)
        }
    }
}

async fn sell(author: &Author, box_office: &BoxOffice) -> Result<Verdict> {
    let (run, t) = (acts::sell(author, box_office).await?, Texts::of(language()));
    for report in run.resumed.iter().chain(&run.files) {
        print_import(report);
    }
    if run.tickets() == 0 {
        outln!("{}", t.nothing);
    }
    let waiting = box_office.waiting().await?;
    if waiting.held > 0 {
        outln!("{}", fill(t.held, &[("n", &waiting.held)]));
    }
    Ok(Verdict::fine_if(run.rejected() == 0))
}

async fn map(
    author: &Author,
    box_office: &BoxOffice,
    product: ProductCode,
    tariff: TariffCode,
) -> Result<Verdict> {
    let (of, to) = (product.clone(), tariff.clone());
    let map = move |tx: &mut Tx<'_>| {
        let before = map_tariff(tx, &of, &to)?;
        let change = Change::done("catalogue.changed", "tariff_mapping", &of)
            .from(json!({ "tariff": before }))
            .to(json!({ "tariff": to }));
        Ok::<_, CatalogueError>(((), vec![change]))
    };
    author.change("map tariff", map).await?;
    let moved = box_office.reevaluate().await?;
    let mapped = fill(
        Texts::of(language()).mapped,
        &[
            ("product", &product),
            ("tariff", &tariff),
            ("n", &moved.released),
        ],
    );
    outln!("{mapped}");
    Ok(Verdict::Fine)
}

/// Writes these files, or all, with the reports on them.
async fn export(
    author: &Author,
    box_office: &BoxOffice,
    numbers: &[StxFileId],
    to: &Path,
) -> Result<Verdict> {
    let (db, t) = (box_office.db(), Texts::of(language()));
    let mut files = Vec::new();
    if numbers.is_empty() {
        let mut before = None;
        loop {
            let older = stx_file::files(db, before, LISTED).await?;
            let Some(last) = older.last() else { break };
            before = Some(last.id);
            files.extend(older);
        }
    }
    for number in numbers {
        let file = stx_file::file(db, *number).await?;
        files.push(file.with_context(|| format!("there is no STX_File {number}"))?);
    }
    std::fs::create_dir_all(to).with_context(|| format!("{} cannot be made", to.display()))?;
    let (mut gone, mut unread) = (0_u64, 0_u64);
    for file in &files {
        let Some(content) = file.content(db) else {
            gone += 1;
            continue;
        };
        let exported = Change::done("sales.exported", "sales", &file.name);
        author.note(exported).await?;
        let path = to.join(&file.name);
        let mut sink = anew(&path)?;
        let mut parts = 0;
        while let Some(part) = content.part(parts).await? {
            written(&path, sink.write_all(&part))?;
            parts += 1;
        }
        written(&path, sink.sync_all())?;
        outln!("{}", path.display());
        match box_office.report(file).await {
            Ok(None) => {}
            Ok(Some(report)) => {
                let path = to.join(format!("{}.report.csv", file.name));
                written(&path, anew(&path)?.write_all(&report))?;
                outln!("{}", path.display());
            }
            Err(error) => {
                unread += 1;
                let why = causes(&error);
                let told = fill(t.no_report, &[("file", &file.name), ("why", &why)]);
                outln!("{told}");
            }
        }
    }
    if gone > 0 {
        outln!("{}", fill(t.gone, &[("n", &gone)]));
    }
    Ok(Verdict::fine_if(
        unread == 0 && (numbers.is_empty() || gone == 0),
    ))
}

/// A new file in the place of what is there; it holds card numbers, so it is for
/// its owner's eyes only.
fn anew(path: &Path) -> Result<File> {
    let removed = match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    let open = |()| kernel::owner_only().create_new(true).open(path);
    written(path, removed.and_then(open))
}

fn written<T>(path: &Path, done: io::Result<T>) -> Result<T> {
    done.with_context(|| format!("{} cannot be written", path.display()))
}

fn print_import(report: &ImportReport) {
    let (t, rejected) = (Texts::of(language()), report.rejected_in_all());
    let imported = fill(
        t.imported,
        &[
            ("file", &report.name),
            ("rows", &report.rows),
            ("orders", &report.orders),
            ("tickets", &report.tickets),
            ("known", &report.already_imported),
            ("rejected", &rejected),
        ],
    );
    outln!("{imported}");
    for note in &report.notes {
        outln!("  {}", in_language(&note.to_string(), language()));
    }
    if rejected > 0 {
        outln!("{}", fill(t.see_rejected, &[("file", &report.file)]));
    }
}

fn list(files: &[StxFile]) -> String {
    let t = Texts::of(language());
    if files.is_empty() {
        return format!("{}\n", t.no_files);
    }
    let state = |state| match state {
        FileState::Written => t.written,
        FileState::Imported => t.complete,
        FileState::Abandoned => t.abandoned,
    };
    let row = |file: &StxFile| {
        let (made, imported) = (file.created_at, file.already_imported);
        cells![
            file.id,
            made,
            file.name,
            state(file.state),
            file.rows,
            file.tickets,
            imported,
            file.rejected
        ]
    };
    let rows: Vec<_> = files.iter().map(row).collect();
    table(t.headings, &rows)
}
