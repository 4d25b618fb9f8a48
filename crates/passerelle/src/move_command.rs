//! `passerelle move`: from one database to another, while the service runs.

use crate::Verdict;
use crate::house::command_line;
use crate::language::language;
use crate::serve::ended;
use anyhow::{Context, Result, bail, ensure};
use db::{Alone, Db, DbError, DbUrl, Passed, Transfer};
use gate::nodes::FRESH_MS;
use kernel::text::fill;
use kernel::{Clock, SystemClock, Timestamp, causes};
use serde_json::json;
use staff::{Author, Change};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

/// A pass that finds no more than this to write is followed by none while the service
/// runs.
const FEW: u64 = 1_000;
/// As many passes there are at most while it runs.
const PASSES: u32 = 5;
/// After so many rows it is told that it goes on.
const TOLD_AFTER: u64 = 250_000;
/// How often it is looked whether the service has stopped.
const LOOK: Duration = Duration::from_millis(500);

/// `passerelle move`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The database that is there: sqlite:PATH or postgres://…
    #[arg(
        long,
        value_name = "URL",
        env = "PASSERELLE_MOVE_FROM",
        hide_env_values = true
    )]
    from: DbUrl,
    /// An empty one to move into
    #[arg(
        long,
        value_name = "URL",
        env = "PASSERELLE_MOVE_TO",
        hide_env_values = true
    )]
    to: DbUrl,
    /// Take the first one into service again, after a move that was broken off in its last
    /// seconds
    #[arg(long)]
    give_up: bool,
}

kernel::texts!(Texts in Fr, En {
    begins: "De {from} vers {to}. Le service peut tourner pendant ce temps.",
        "From {from} to {to}. The service may run meanwhile.";
    passed: "{rows} lignes, dont {changed} à écrire.",
        "{rows} rows, {changed} of them to write.";
    read: "{rows} lignes lues …", "{rows} rows read …";
    stop: "Arrêtez maintenant le service, sur tous ses nœuds. La suite prend environ {seconds} s, et commence d’elle-même ; ceci attend jusque-là, et Ctrl-C ne change rien.",
        "Now stop the service, on all of its nodes. The rest takes about {seconds} s, and begins by itself; this waits until then, and Ctrl-C changes nothing.";
    stopped: "Le service est arrêté ; ce qu’il a écrit en dernier suit, et chaque ligne des deux bases est comparée.",
        "The service has stopped; what it wrote last follows, and each row of both databases is compared.";
    agree: "Les deux bases sont pareilles : {rows} lignes.", "Both databases are the same: {rows} rows.";
    next: "Écrivez la nouvelle adresse sous [database] url, et démarrez le service. Plus rien n’écrit dans l’ancienne base ; gardez-la jusqu’à la première sauvegarde de la nouvelle.",
        "Write the new address into [database] url, and start the service. Nothing writes to the former database any more; keep it until there is a backup of the new one.";
    backup: "PostgreSQL se sauvegarde avec ses propres outils : mettez [backup] every_h = 0, sinon le service ne démarre pas.",
        "PostgreSQL is backed up by its own tools: set [backup] every_h = 0, or the service does not start.";
    given_up: "L’ancienne base est de nouveau en service.", "The former database is in service again.";
    no_source: "il n’y a pas de base {from} ; corrigez --from",
        "there is no database at {from}; correct --from";
    in_memory: "une base en mémoire n’est à personne d’autre ; nommez un fichier ou un serveur PostgreSQL",
        "a database in memory is nobody else's; name a file or a PostgreSQL server";
    served: "un service travaille déjà sur {to} ; arrêtez-le d’abord",
        "a service works on {to} already; stop it first";
    stays_closed: "le transfert a échoué, et l’ancienne base n’a pas pu être rouverte ; faites-le par --give-up",
        "the move failed, and the former database could not be opened again; do so with --give-up";
    with_nul: "Dans {rows} lignes, un texte contenait le caractère nul, que PostgreSQL ne connaît pas ; il y est remplacé par ␀.",
        "In {rows} rows a text held the null character, which PostgreSQL does not know; there it is replaced by ␀.";
    silent: "La base à quitter ne répond pas ; ceci attend encore.",
        "The database to leave does not answer; this goes on waiting.";
    not_ended: "tout est copié, mais la fin n’a pas pu être notée ; relancez la même commande : si elle dit que la base a été quittée, c’est fait",
        "everything was copied, but the end could not be noted; run the same command again: if it says that the database was left, it is done";
    broken_off: "interrompu ; l’ancienne base reste en service. Recommencez quand vous voulez",
        "broken off; the former database stays in service. Begin again when you like";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let t = Texts::of(language());
    // As the mark has them, they hold from wherever somebody looks.
    let (from, to) = (&absolute(arguments.from)?, &absolute(arguments.to)?);
    let (source_place, place) = (from.place(), to.place());
    let places: [(&str, &dyn Display); 2] = [("from", &source_place), ("to", &place)];
    for url in [from, to] {
        ensure!(*url != DbUrl::SqliteMemory, t.in_memory);
    }
    // Who only reads looks after no log, which the service does.
    let source = match from {
        DbUrl::SqliteFile(path) => {
            ensure!(path.exists(), fill(t.no_source, &places));
            Db::open_read_only(path).await
        }
        url => Db::open(url).await,
    };
    let source = source.with_context(|| source_place.clone())?;
    // No service starts on the new file while it is filled.
    let alone_there = alone(to)?;
    let target = Db::open(to).await.with_context(|| place.clone())?;
    let both = || format!("{source_place}, {place}");
    if arguments.give_up {
        let _alone = alone(from)?;
        let writer = Db::open(from).await.with_context(|| source_place.clone())?;
        let now = SystemClock.now();
        let done = Transfer::give_up(&writer, &target, &place, books::SCHEMAS, now).await;
        done.with_context(both)?;
        outln!("{}", t.given_up);
        return Ok(Verdict::Fine);
    }
    let (run, now) = (Uuid::new_v4().to_string(), SystemClock.now());
    let begun = Transfer::begin(source.clone(), target.clone(), books::SCHEMAS, run, now).await;
    let mut transfer = begun.with_context(both)?;
    if !gate::nodes::list(&target, now).await?.is_empty() {
        transfer.end().await?;
        bail!(fill(t.served, &places));
    }
    outln!("{}", fill(t.begins, &places));
    let mut seconds = 0;
    for _ in 0..PASSES {
        let begun = Instant::now();
        let passed = transfer.pass(SystemClock.now(), told(t)).await?;
        seconds = 2 * begun.elapsed().as_secs() + 1;
        say(t, passed);
        if passed.changed <= FEW {
            break;
        }
    }
    let held = left(from, &source, || {
        outln!("{}", fill(t.stop, &[("seconds", &seconds)]));
    });
    let held = held.await?;
    outln!("{}", t.stopped);
    // From here on a terminal that goes away ends nothing.
    let _hung_up = signal(SignalKind::hangup())?;
    let writer = Db::open(from).await?;
    let closing = async {
        let now = SystemClock.now();
        transfer.close(&writer, place.clone(), now).await?;
        let passed = transfer.last_pass(now, told(t)).await?;
        say(t, passed);
        let author = Author {
            db: target,
            clock: Arc::new(SystemClock),
            actor: command_line(),
        };
        let moved = Change::done("database.moved", "database", &source_place);
        let moved = moved.to(json!({"to": place, "rows": passed.rows}));
        author.note(moved).await?;
        Ok(passed)
    };
    let closed: Result<Passed> = tokio::select! {
        closed = closing => closed,
        () = ended() => Err(anyhow::anyhow!(t.broken_off)),
    };
    let passed = match closed {
        Ok(passed) => passed,
        Err(error) => {
            let stayed = transfer.stay(&writer).await;
            return Err(match stayed {
                Ok(()) => error,
                Err(closed) => error.context(closed).context(t.stays_closed),
            });
        }
    };
    transfer.end().await.context(t.not_ended)?;
    drop((held, alone_there));
    outln!("{}", fill(t.agree, &[("rows", &passed.rows)]));
    if passed.with_nul > 0 {
        outln!("{}", fill(t.with_nul, &[("rows", &passed.with_nul)]));
    }
    outln!("{}", t.next);
    if matches!(to, DbUrl::Postgres(_)) {
        outln!("{}", t.backup);
    }
    Ok(Verdict::Fine)
}

/// A path of it reaches from the root.
fn absolute(url: DbUrl) -> Result<DbUrl> {
    Ok(match url {
        DbUrl::SqliteFile(path) => DbUrl::SqliteFile(std::path::absolute(path)?),
        url => url,
    })
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
    let (mut say, mut is_silent) = (Some(say), false);
    let mut seen = Seen::default();
    loop {
        let any = seen.any(db).await;
        if let Err(error) = &any
            && !is_silent
        {
            errln!("{} {}", Texts::of(language()).silent, causes(error));
        }
        is_silent = any.is_err();
        match (alone(url), any) {
            (Ok(alone), Ok(false)) => return Ok(alone),
            (Ok(_) | Err(DbError::Taken { .. }), _) => {}
            (Err(error), _) => bail!(error),
        }
        if let Some(say) = say.take() {
            say();
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The nodes of a PostgreSQL: what each said last, and since when it says nothing new, by
/// this machine's own time, whose clock may be another.
#[derive(Default)]
struct Seen(BTreeMap<String, (Timestamp, Instant)>);

impl Seen {
    /// Whether one of them is there, or may be.
    async fn any(&mut self, db: &Db) -> Result<bool, DbError> {
        let nodes = gate::nodes::list(db, Timestamp::MIN).await?;
        let gone_after = Duration::from_millis(FRESH_MS.into());
        let now = Instant::now();
        let mut any = false;
        for node in nodes {
            let (said, since) = self.0.entry(node.node).or_insert((node.said_at, now));
            if *said != node.said_at {
                (*said, *since) = (node.said_at, now);
            }
            any |= since.elapsed() < gone_after;
        }
        Ok(any)
    }
}

/// Tells now and then that it goes on.
fn told(t: &Texts) -> impl FnMut(u64) {
    let mut next = TOLD_AFTER;
    move |rows| {
        if rows >= next {
            next = rows + TOLD_AFTER;
            errln!("  {}", fill(t.read, &[("rows", &rows)]));
        }
    }
}

fn say(t: &Texts, passed: Passed) {
    let values: [(&str, &dyn Display); 2] = [("rows", &passed.rows), ("changed", &passed.changed)];
    outln!("  {}", fill(t.passed, &values));
}
