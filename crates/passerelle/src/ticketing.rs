//! `passerelle ticketing`: what ticketing makes of us, and we of it.

mod meaning;

use crate::Verdict;
use crate::house::{Acting, House};
use crate::language::{self, in_language, language};
use crate::set_up;
use crate::table::table;
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use config::{Config, Role};
use kernel::text::fill;
use kernel::{Clock, InstitutionCode, SystemClock, causes, without_numbers};
use meaning::meaning;
use otipass::Mapping;
use secutix::client::{AccessControlClient, CallError, ClientSettings, Probe, Understood};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many names of an answer of unknown shape are shown.
const NAMES_SHOWN: usize = 20;

/// `passerelle ticketing`
pub type Arguments = Acting<Action>;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Ask each harmless method of the access control service once, say what came, and
    /// save it for whoever helps; nothing is changed there
    Probe {
        /// The new file with what was sent and what came, without secrets and card
        /// numbers [default: ticketing-probe-TIME.json]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

kernel::texts!(Texts in Fr, En {
    itself: "La billetterie est ce service lui-même ([access_control] n’a pas d’url), qui se fait un mot de passe à chaque démarrage : il n’y a personne d’autre à interroger. « passerelle doctor » la vérifie.",
        "Ticketing is this service itself ([access_control] has no url), which makes its own password at each start: there is nobody else to ask. `passerelle doctor` checks it.";
    as_whom: "{operator} pour {institution}, émis par {issuer}", "{operator} for {institution}, issued by {issuer}";
    how: "identifiants de requête en {ids}, jetons de {s} s en {unit}", "request ids as {ids}, tokens of {s} s in {unit}";
    asked: "Billetterie à {url}\nen tant que {whom}\navec {how}", "Ticketing at {url}\nas {whom}\nwith {how}";
    headings: "méthode, >HTTP, >durée, ce que nous en comprenons", "method, >HTTP, >took, what we make of it";
    saved: "Gardé dans {file}, sans secrets ni numéros de carte. Regardez-le avant de l’envoyer.",
        "Saved in {file}, without secrets and card numbers. Look at it before you send it on.";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let Action::Probe { to } = arguments.action;
    let config = arguments.config.read()?;
    let t = Texts::of(language());
    if config.access_control.url.is_none()
        && config.has(Role::BoxOffice)
        && config.operator_password()?.is_none()
    {
        outln!("{}", t.itself);
        return Ok(Verdict::Fine);
    }
    let mapping = mapping(&config).await;
    let settings = settings(config).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let client = AccessControlClient::new(settings.clone(), Arc::clone(&clock))?;
    let asked = Asked {
        url: client.address(),
        as_whom: fill(
            t.as_whom,
            &[
                ("operator", &settings.caller.operator),
                ("institution", &settings.caller.institution),
                ("issuer", &settings.caller.issuer),
            ],
        ),
        how: fill(
            t.how,
            &[
                ("ids", &settings.request_ids),
                ("s", &settings.token.lifetime_s),
                ("unit", &settings.token.unit),
            ],
        ),
    };
    let name = || format!("ticketing-probe-{}.json", clock.now().compact()).into();
    let to = to.unwrap_or_else(name);
    let probes = client.probe().await;
    let mut saved = json!({ "at": clock.now(), "version": env!("CARGO_PKG_VERSION") });
    saved["asked"] = json!({ "url": asked.url, "as": asked.as_whom, "how": asked.how });
    saved["calls"] = probes.iter().map(as_json).collect();
    save(&to, &saved)?;
    out!("{}", report(t, &asked, &probes));
    let (said, fine) = meaning(&probes, mapping.as_ref());
    outln!("\n{}", in_language(&said, language()));
    outln!("\n{}", fill(t.saved, &[("file", &to.display())]));
    Ok(Verdict::fine_if(fine))
}

/// Who was asked, and how.
struct Asked {
    url: String,
    as_whom: String,
    how: String,
}

/// How the configuration says that ticketing is called.
pub(crate) async fn settings(config: Config) -> Result<ClientSettings> {
    let Some(password) = config.operator_password()? else {
        bail!(
            "[access_control] has no password_file (nor PASSERELLE_ACCESS_CONTROL__PASSWORD): \
             without the operator's password, nobody outside the service can call ticketing"
        );
    };
    let url = match &config.access_control.url {
        Some(url) => url.clone(),
        None if config.has(Role::BoxOffice) => {
            format!(
                "http://{}{}",
                config.server.listen,
                server::ACCESS_CONTROL_PATH
            )
        }
        None => bail!("[access_control] url is missing; this process is no box office itself"),
    };
    let institution = institution(&config).await?;
    let caller = config.ticketing_caller(institution, password);
    let settings = config.ticketing(url, caller)?;
    // Four calls, once in a while, of a person who waits.
    Ok(ClientSettings {
        calls_per_minute: ClientSettings::CALLS_PER_MINUTE_OF_OURS,
        ..settings
    })
}

/// The mapping parameters, by file or as the back office keeps them, if there are any
/// without mistakes.
async fn mapping(config: &Config) -> Option<Mapping> {
    if config.set_up.mapping.is_some() {
        return set_up::mapping(config).ok().flatten();
    }
    let house = House::open(config.clone()).await.ok()?;
    let stored = gate::site::interface::read(&house.db).await.ok()?;
    otipass::read_mapping(&stored.mapping?).mapping
}

async fn institution(config: &Config) -> Result<InstitutionCode> {
    if let Some(institution) = &config.access_control.institution {
        return Ok(institution.clone());
    }
    if let Some(site) = set_up::site(config)? {
        return Ok(site.institution);
    }
    let house = House::open(config.clone()).await;
    let house = house.context("set [access_control] institution, or name the site first")?;
    Ok(house.site().await?.institution)
}

fn report(t: &Texts, asked: &Asked, probes: &[Probe]) -> String {
    let Asked { url, as_whom, how } = asked;
    let head = fill(t.asked, &[("url", url), ("whom", as_whom), ("how", how)]);
    let rows: Vec<_> = probes
        .iter()
        .map(|probe| {
            let status = probe.http_status.map_or("–".to_owned(), |s| s.to_string());
            cells![
                probe.method,
                status,
                format!("{} ms", probe.took.as_millis()),
                match &probe.understood {
                    Err(error) if !matches!(error, CallError::UnusualAnswer { .. }) => {
                        language::causes(error)
                    }
                    _ => in_language(&understood(probe), language()),
                },
            ]
        })
        .collect();
    format!("{head}\n\n{}", table(t.headings, &rows))
}

fn understood(probe: &Probe) -> String {
    match &probe.understood {
        Ok(Understood::TimeZone(zone)) => format!("understood: {zone}"),
        Ok(Understood::Catalogue(catalogue)) => {
            let seasons = &catalogue.seasons;
            let products: usize = seasons.iter().map(|season| season.products.len()).sum();
            format!(
                "understood: {} season(s), {products} product(s)",
                seasons.len()
            )
        }
        Ok(Understood::NoSuchTicket) => "understood: no such ticket, as must be".to_owned(),
        Ok(Understood::Ticket) => "understood, but it knows a ticket that nobody has".to_owned(),
        Ok(Understood::Taken) => "understood: a call without tickets is taken".to_owned(),
        Err(error @ CallError::UnusualAnswer { names, .. }) => {
            format!("{}; {}", causes(error), named(names))
        }
        Err(error) => causes(error),
    }
}

/// What an answer of unknown shape names, to be compared by a person.
fn named(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "it names nothing".to_owned();
    }
    let shown = names.iter().take(NAMES_SHOWN);
    let shown = shown.map(|name| without_numbers(name).chars().take(30).collect());
    let shown: Vec<String> = shown.collect();
    let more = if names.len() > NAMES_SHOWN {
        ", …"
    } else {
        ""
    };
    format!("it names {}{more}", shown.join(", "))
}

fn as_json(probe: &Probe) -> Value {
    json!({
        "method": probe.method,
        "request": probe.request,
        "took_ms": u64::try_from(probe.took.as_millis()).unwrap_or(u64::MAX),
        "http_status": probe.http_status,
        "content_type": probe.content_type,
        "our_clock_ahead_s": probe.clock_offset_s,
        "answer": probe.body,
        "understood": understood(probe),
    })
}

/// Writes for the owner only: an answer may say more than anybody thought of.
fn save(path: &Path, saved: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(saved).context("this cannot be written as JSON")?;
    let file = kernel::owner_only().create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| {
            format!(
                "{} cannot be written; give the name of a new file with --to",
                path.display()
            )
        })
}
