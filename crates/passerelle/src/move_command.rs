//! `passerelle move`: from one database to another, while the service runs.

use crate::Verdict;
use crate::language::language;
use anyhow::{Context, Result, bail, ensure};
use books::reconciliation::{Sides, reconcile};
use db::{Alone, Db, DbError, DbUrl, Passed, Transfer};
use kernel::text::fill;
use kernel::{Clock, SystemClock};
use std::fmt::Display;
use std::time::{Duration, Instant};

/// A pass that finds no more than this to write is followed by none while the service
/// runs.
const FEW: u64 = 1_000;
/// As many passes there are at most while it runs.
const PASSES: u32 = 5;
/// How often it is looked whether the service has stopped.
const LOOK: Duration = Duration::from_millis(500);

/// `passerelle move`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The database that is there: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL")]
    from: DbUrl,
    /// An empty one to move into
    #[arg(long, value_name = "URL")]
    to: DbUrl,
}

kernel::texts!(Texts in Fr, En {
    begins: "De {from} vers {to}. Le service peut tourner pendant ce temps.",
        "From {from} to {to}. The service may run meanwhile.";
    passed: "{rows} lignes, dont {changed} à écrire.",
        "{rows} rows, {changed} of them to write.";
    stop: "Arrêtez maintenant le service, sur tous ses nœuds. La suite prend environ {seconds} s, et commence d’elle-même.",
        "Now stop the service, on all of its nodes. The rest takes about {seconds} s, and begins by itself.";
    stopped: "Le service est arrêté ; ce qu’il a écrit en dernier suit.",
        "The service has stopped; what it wrote last follows.";
    agree: "Les deux bases concordent : {rows} lignes, {checks} contrôles admis, {tickets} billets, {lines} lignes de compte.",
        "Both databases agree: {rows} rows, {checks} accepted checks, {tickets} tickets, {lines} account lines.";
    next: "Écrivez la nouvelle adresse sous [database] url, et démarrez le service. Plus rien ne démarre sur l’ancienne base ; gardez-la jusqu’à la première sauvegarde de la nouvelle.",
        "Write the new address into [database] url, and start the service. Nothing starts on the former database any more; keep it until there is a backup of the new one.";
    no_source: "il n’y a pas de base {from} ; corrigez --from",
        "there is no database at {from}; correct --from";
    in_memory: "une base en mémoire n’est à personne d’autre ; nommez un fichier ou un serveur PostgreSQL",
        "a database in memory is nobody else's; name a file or a PostgreSQL server";
    meanwhile: "quelqu’un a écrit dans {from} après l’arrêt du service : {changed} lignes. L’ancienne base reste en service. Arrêtez tous les services et toutes les commandes qui y travaillent, puis recommencez",
        "somebody wrote to {from} after the service had stopped: {changed} rows. The former database stays in service. Stop all services and commands that work on it, and begin again";
    differ: "les livres des deux bases diffèrent après le transfert. L’ancienne base reste en service. Signalez-le",
        "the books of the two databases differ after the move. The former database stays in service. Report this";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let t = Texts::of(language());
    let (from, to) = (&arguments.from, &arguments.to);
    let (source_place, place) = (from.place(), to.place());
    let places: [(&str, &dyn Display); 2] = [("from", &source_place), ("to", &place)];
    for url in [from, to] {
        ensure!(*url != DbUrl::SqliteMemory, t.in_memory);
    }
    if let DbUrl::SqliteFile(path) = from {
        ensure!(path.exists(), fill(t.no_source, &places));
    }
    // No service starts on the new file while it is filled.
    let _alone = alone(to)?;
    let source = open(from).await?;
    match source.check(books::SCHEMAS).await {
        // A move to there that was ended in its last second.
        Err(DbError::Moved { to }) if *to == *place => {}
        checked => checked.with_context(|| source_place.clone())?,
    }
    let target = open(to).await?;
    let now = SystemClock.now();
    let begun = Transfer::begin(source.clone(), target.clone(), books::SCHEMAS, now).await;
    let mut transfer = begun.with_context(|| place.clone())?;
    outln!("{}", fill(t.begins, &places));
    let mut seconds = 0;
    for _ in 0..PASSES {
        let begun = Instant::now();
        let passed = pass(t, &mut transfer).await?;
        seconds = begun.elapsed().as_secs() + 1;
        if passed.changed <= FEW {
            break;
        }
    }
    let held = left(from, &source, || {
        outln!("{}", fill(t.stop, &[("seconds", &seconds)]));
    });
    let held = held.await?;
    outln!("{}", t.stopped);
    pass(t, &mut transfer).await?;
    transfer.leave(place.clone(), SystemClock.now()).await?;
    match agree(t, &mut transfer, [&source, &target], &places).await {
        Ok(said) => outln!("{said}"),
        Err(error) => {
            transfer.stay().await?;
            return Err(error);
        }
    }
    transfer.end().await?;
    drop(held);
    outln!("{}", t.next);
    Ok(Verdict::Fine)
}

async fn open(url: &DbUrl) -> Result<Db> {
    Db::open(url).await.with_context(|| url.place())
}

/// The right to be alone on a file; a server has other ways.
fn alone(url: &DbUrl) -> Result<Option<Alone>, DbError> {
    match url {
        DbUrl::SqliteFile(path) => Alone::on(path).map(Some),
        DbUrl::SqliteMemory | DbUrl::Postgres(_) => Ok(None),
    }
}

/// Waits until no service works on the database, and says once that it waits.
async fn left(url: &DbUrl, db: &Db, say: impl FnOnce()) -> Result<Option<Alone>> {
    let mut say = Some(say);
    loop {
        match alone(url) {
            Ok(alone) if !is_served(db).await? => return Ok(alone),
            Ok(_) | Err(DbError::Taken { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(say) = say.take() {
            say();
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether a node of a PostgreSQL has said of late that it is there.
async fn is_served(db: &Db) -> Result<bool> {
    let now = SystemClock.now();
    let nodes = gate::nodes::list(db, now).await?;
    Ok(nodes.iter().any(|node| node.silent_ms(now).is_none()))
}

async fn pass(t: &Texts, transfer: &mut Transfer) -> Result<Passed> {
    let passed = transfer.pass().await?;
    let values: [(&str, &dyn Display); 2] = [("rows", &passed.rows), ("changed", &passed.changed)];
    outln!("  {}", fill(t.passed, &values));
    Ok(passed)
}

/// Holds both databases against each other, now that nobody starts on the source.
async fn agree(
    t: &Texts,
    transfer: &mut Transfer,
    [source, target]: [&Db; 2],
    places: &[(&str, &dyn Display)],
) -> Result<String> {
    let passed = pass(t, transfer).await?;
    if passed.changed > 0 {
        let changed: [(&str, &dyn Display); 1] = [("changed", &passed.changed)];
        bail!(fill(t.meanwhile, &[places, &changed].concat()));
    }
    let (former, new) = tokio::try_join!(
        reconcile(source, Sides::Both),
        reconcile(target, Sides::Both)
    )?;
    ensure!(former == new, t.differ);
    Ok(fill(
        t.agree,
        &[
            ("rows", &passed.rows),
            ("checks", &new.accepted_checks),
            ("tickets", &new.tickets),
            ("lines", &new.account.lines),
        ],
    ))
}
