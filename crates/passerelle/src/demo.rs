//! `passerelle demo`: everything at once, in a temporary folder.

mod foreign;

use crate::language::language;
use crate::{Verdict, back_office, serve, set_up, tokens};
use anyhow::{Context, Result};
use config::{Config, Surroundings};
use gate::{CODE_VALID_MS, DeviceToken, EnrolmentCode, Site, SiteError};
use kernel::text::fill;
use kernel::{CheckId, Clock, DeviceCode, Language, SystemClock};
use office::{TakeUp, acts};
use sandbox::{PassBook, Sandbox, SandboxSettings};
use serde_json::{Value, json};
use staff::Author;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The set-up of the demo: the museums of Villeneuve.
const FILES: [(&str, &str); 3] = [
    (
        "site.toml",
        include_str!("../../../examples/villeneuve/site.toml"),
    ),
    (
        "mapping.json",
        include_str!("../../../examples/villeneuve/mapping.json"),
    ),
    (
        "catalogue.toml",
        include_str!("../../../examples/villeneuve/catalogue.toml"),
    ),
];
/// How many passes the sandbox knows.
const PASSES: u32 = 400;
/// The pause between two visitors.
const PAUSE: Duration = Duration::from_millis(1_500);

/// What is said when the disk is full, or not ours.
const FOLDER: &str = "the demo's folder could not be written";

/// `passerelle demo`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the service listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8480")]
    listen: SocketAddr,
    /// Where the stand-in Otipass listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8490")]
    sandbox: SocketAddr,
    #[command(flatten)]
    ticketing: foreign::Options,
    /// Start with nothing set up: try the set-up by the back office
    #[arg(long, conflicts_with_all = ["visitors", "ticketing", "ways"])]
    empty: bool,
    /// End after so many visitors instead of with Ctrl-C
    #[arg(long, value_name = "N")]
    visitors: Option<u32>,
}

kernel::texts!(Texts in Fr, En {
    ends: "La démonstration finit ; son dossier part avec elle.", "The demo ends; its folder goes with it.";
    empty: "Démonstration de Passerelle : rien n’est encore mis en service ; les pages de gestion y mènent.\n\n  l’Otipass de remplacement à relier   http://{sandbox}/api\n  ses cartes d’exemple                 http://{sandbox}/\n\nCes paramètres de correspondance lui conviennent ; collez-les où on les demande, et nommez vos secteurs comme eux :\n\n{mapping}",
        "Passerelle demo: nothing is set up yet; the back office leads through it.\n\n  the stand-in Otipass to connect to   http://{sandbox}/api\n  its sample cards                     http://{sandbox}/\n\nThese mapping parameters fit it; paste them when asked, and name your sectors as they do:\n\n{mapping}";
    no_decoder: "Ce programme est construit sans le décodeur pour la caméra des téléphones : le service lit leurs images, et sans réseau ils ne lisent pas de codes. Pour l’y mettre, lancez « cargo xtask decoder » et construisez de nouveau.",
        "This program was built without the decoder for phones' cameras: the service reads their frames, and without network they do not read codes. To take it in, run `cargo xtask decoder` and build again.";
    introduced: "Démonstration de Passerelle : les musées de Villeneuve, sur cette machine seule.\n\n  pages de gestion          http://{service}/office/\n  API des appareils         http://{service}/api/docs\n  état, mesures             http://{service}/health/ready   http://{service}/metrics\n  Otipass de remplacement   http://{sandbox}/   cartes d’exemple avec codes QR, à imprimer ou scanner\n  fichiers, base            {folder}",
        "Passerelle demo: the museums of Villeneuve, on this machine only.\n\n  back office        http://{service}/office/\n  device API         http://{service}/api/docs\n  health, metrics    http://{service}/health/ready   http://{service}/metrics\n  stand-in Otipass   http://{sandbox}/   sample cards with QR codes, to print or scan\n  files, database    {folder}";
    scanner: "Soyez un scanner : ce lien fait de votre navigateur {device}, une fois, dans les {n} minutes. Tapez ou\nscannez une carte d’exemple, puis arrêtez la démonstration et continuez à scanner.",
        "Be a scanner: this link makes your browser {device}, once, within {n} minutes. Type or\nscan a sample card, then stop the demo and go on scanning.";
    next: "Essayez ensuite, dans un autre terminal :\n\n  # un passage à {device} ; le même id a toujours la même réponse",
        "Try next, in another terminal:\n\n  # one scan at {device}; the same id always gets the same answer";
    all: "ce qui a été vendu, qui est venu, ce qu’Otipass doit, et si tout concorde",
        "what was sold, who came, what Otipass owes, and whether all of it agrees";
    gates: "qui est venu, et si les comptes des accès sont en ordre",
        "who came, and whether the gates' books are in order";
    wrong: "ce qui ne va pas dans l’installation, et comment y remédier",
        "what is wrong with the set-up, and how to cure it";
    silent: "Otipass se tait pour les 5 prochaines questions, puis revient",
        "Otipass falls silent for the next 5 questions, then comes back";
    come: "Des visiteurs viennent, doucement. Ctrl-C finit la démonstration.",
        "Visitors come, gently. Ctrl-C ends the demo.";
    no_answer: "pas de réponse :", "no answer:";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let folder = tempfile::Builder::new()
        .prefix("passerelle-demo-")
        .tempdir()
        .context(FOLDER)?;
    if arguments.empty {
        return empty(&arguments, folder.path()).await;
    }
    let foreign = arguments.ticketing.open().await?;
    let service_listener = serve::listen(arguments.listen, "--listen").await?;
    let sandbox_listener = serve::listen(arguments.sandbox, "--sandbox").await?;
    let service_address = service_listener.local_addr()?;
    let sandbox_address = sandbox_listener.local_addr()?;
    let (config, config_path) = write_set_up(
        folder.path(),
        service_address,
        sandbox_address,
        foreign.as_ref(),
    )?;
    if std::env::var_os("PASSERELLE_LOG").is_some() {
        serve::start_log();
    }

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (author, site, mapping) = set_up::apply_files(&config, &clock).await?;
    let tokens: Vec<_> = tokens::for_all(&author, &site).await?.into_iter().collect();
    let page = scanner_page(&author, &site, service_address).await?;
    let shutdown = CancellationToken::new();
    let introduction = foreign.as_ref().map(foreign::Foreign::introduction);
    let foreign = foreign.map(|foreign| {
        let (site, mapping) = (site.clone(), mapping.clone());
        let (clock, shutdown) = (Arc::clone(&clock), shutdown.clone().cancelled_owned());
        tokio::spawn(async move { foreign.serve(&site, &mapping, &clock, shutdown).await })
    });
    let sandbox = sandbox(&config, mapping, &site, &clock);
    let cards: Vec<String> = sandbox
        .passes()
        .iter()
        .map(|pass| pass.number.reveal().to_owned())
        .collect();
    let prometheus = serve::start_metrics()?;
    let zone = site.zone.clone();
    let builder = serve::Builder {
        limit: OnceLock::new(),
        config_path,
        surroundings: Surroundings::Nothing,
        config,
        author,
        by_request: None,
        url: format!("http://{service_address}"),
        inside: service_address,
        prometheus,
        take_up: TakeUp::default(),
    };
    let service = builder.service(Some(site)).await?;
    let welcome = back_office::welcome(&service).await?;

    let sandboxed = tokio::spawn(sandbox::serve(
        sandbox_listener,
        sandbox,
        shutdown.clone().cancelled_owned(),
    ));
    let served = tokio::spawn(service.serve(service_listener, shutdown.clone()));
    introduce(
        &builder.config_path,
        service_address,
        sandbox_address,
        &tokens,
        page.as_ref(),
        introduction.as_ref(),
    );
    if let Some(welcome) = welcome {
        outln!("{}\n", welcome.trim());
    }
    let visitors = Visitors {
        http: reqwest::Client::builder()
            .no_proxy()
            .build()
            .context("no HTTP client could be made")?,
        url: format!("http://{service_address}/api/v1"),
        tokens,
        cards,
        clock,
        zone,
    };
    tokio::select! {
        () = visitors.come(arguments.visitors) => {}
        () = serve::ended() => {}
    }
    outln!("\n{}", Texts::of(language()).ends);
    shutdown.cancel();
    // A panic has been told already.
    let _ = served.await;
    if let Ok(result) = sandboxed.await {
        result.context("the stand-in Otipass failed")?;
    }
    if let Some(foreign) = foreign
        && let Ok(result) = foreign.await
    {
        result?;
    }
    Ok(Verdict::Fine)
}

/// A service with nothing set up, and the stand-in Otipass to connect it to.
async fn empty(arguments: &Arguments, folder: &Path) -> Result<Verdict> {
    let listener = serve::listen(arguments.listen, "--listen").await?;
    let sandbox_listener = serve::listen(arguments.sandbox, "--sandbox").await?;
    let sandbox_address = sandbox_listener.local_addr()?;
    let (config, path) = configure(folder, arguments.listen, "")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let [(_, site), (_, mapping_text), _] = FILES;
    let (Some(site), Some(mapping)) = (
        gate::read_site(site).0,
        otipass::read_mapping(mapping_text).mapping,
    ) else {
        return Err(SiteError::Missing.into());
    };
    let sandbox = sandbox(&config, mapping, &site, &clock);
    let shutdown = CancellationToken::new();
    let sandboxed = tokio::spawn(sandbox::serve(
        sandbox_listener,
        sandbox,
        shutdown.clone().cancelled_owned(),
    ));
    say_if_without_decoder();
    let empty = fill(
        Texts::of(language()).empty,
        &[("sandbox", &sandbox_address), ("mapping", &mapping_text)],
    );
    outln!("{empty}");
    let served = serve::with(config, path, Surroundings::Nothing, None, listener).await;
    shutdown.cancel();
    if let Ok(result) = sandboxed.await {
        result.context("the stand-in Otipass failed")?;
    }
    served
}

fn write_set_up(
    folder: &Path,
    service: SocketAddr,
    sandbox: SocketAddr,
    foreign: Option<&foreign::Foreign>,
) -> Result<(Config, PathBuf)> {
    // Where another sells, there is no box office here.
    let (roles, ticketing) = match foreign {
        Some(foreign) => ("roles = [\"gate\"]\n", foreign.configuration(folder)?),
        None => ("", String::new()),
    };
    for (name, text) in FILES {
        let of_agents = match (name, language()) {
            ("site.toml", Language::Fr) => "language = \"fr\"\n",
            _ => "",
        };
        std::fs::write(folder.join(name), format!("{of_agents}{text}")).context(FOLDER)?;
    }
    let set_up = format!(
        "{roles}\n{ticketing}\
         [set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n\
         mapping = \"mapping.json\"\n\n\
         [otipass]\nurl = \"http://{sandbox}/api\"\nusername = \"demo\"\n"
    );
    configure(folder, service, &set_up)
}

/// Writes the configuration of a service that listens there, and reads it.
fn configure(folder: &Path, listen: SocketAddr, set_up: &str) -> Result<(Config, PathBuf)> {
    let path = folder.join("passerelle.toml");
    let text =
        format!("[server]\nlisten = \"{listen}\"\n{set_up}\n[external_sales]\nevery_s = 5\n");
    std::fs::write(&path, text).context(FOLDER)?;
    Ok((Config::read(&path, Surroundings::Nothing)?, path))
}

fn sandbox(
    config: &Config,
    mapping: otipass::Mapping,
    site: &Site,
    clock: &Arc<dyn Clock>,
) -> Sandbox {
    let services: Vec<_> = mapping
        .sectors
        .values()
        .map(|info| info.service_id.clone())
        .collect();
    let service_names = mapping
        .sectors
        .iter()
        .map(|(sector, info)| {
            let name = site.sectors.get(sector).cloned().unwrap_or_default();
            (info.service_id.clone(), name)
        })
        .collect::<BTreeMap<_, _>>();
    let today = site.zone.business_day(clock.now());
    Sandbox::new(
        PassBook::sample(&services, today, PASSES),
        SandboxSettings {
            contract: config.otipass.contract.clone(),
            service_names,
            language: language(),
            ..SandboxSettings::new(mapping.project_id, site.zone.clone(), Arc::clone(clock))
        },
    )
}

/// A link that makes a browser one of the site's scanners: of those that may
/// let somebody in by hand, if there is one.
async fn scanner_page(
    author: &Author,
    site: &Site,
    service: SocketAddr,
) -> Result<Option<(DeviceCode, String)>> {
    let may_force = |device: &&DeviceCode| site.settings_of(device).forced_entry;
    let devices = || site.devices.keys();
    let Some(device) = devices().find(may_force).or_else(|| devices().next()) else {
        return Ok(None);
    };
    let code = EnrolmentCode::from_random(tokens::random_16());
    acts::make_enrolment_code(author, device, &code).await?;
    let page = format!("http://{service}/scan#enrol={}", code.reveal());
    Ok(Some((device.clone(), page)))
}

fn say_if_without_decoder() {
    if !server::has_decoder() {
        outln!("{}\n", Texts::of(language()).no_decoder);
    }
}

fn introduce(
    config: &Path,
    service: SocketAddr,
    sandbox: SocketAddr,
    tokens: &[(DeviceCode, DeviceToken)],
    page: Option<&(DeviceCode, String)>,
    foreign: Option<&foreign::Introduction>,
) {
    let folder = config.parent().unwrap_or(config);
    let t = Texts::of(language());
    let introduced = fill(
        t.introduced,
        &[
            ("service", &service),
            ("sandbox", &sandbox),
            ("folder", &folder.display()),
        ],
    );
    outln!("{introduced}\n");
    say_if_without_decoder();
    if let Some((device, page)) = page {
        let n = CODE_VALID_MS / 60_000;
        let scanner = fill(t.scanner, &[("device", device), ("n", &n)]);
        outln!("{scanner}\n\n  {page}\n");
    }
    if let Some((device, token)) = tokens.first() {
        outln!(
            "{}\n\
             \x20 curl -s http://{service}/api/v1/checks -H 'Authorization: Bearer {}' \\\n\
             \x20   -H 'Content-Type: application/json' \\\n\
             \x20   -d '{{\"id\":\"1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3\",\"code\":\"villeneuve-12345674\",\"scanned_at\":\"{}\"}}'\n",
            fill(t.next, &[("device", device)]),
            token.reveal(),
            SystemClock.now(),
        );
    }
    if let Some(foreign) = foreign {
        foreign::introduce(foreign, config);
    }
    let c = config.display();
    let me = std::env::current_exe().unwrap_or_else(|_| "passerelle".into());
    let me = me.display();
    // What another sells stands in no report here.
    let (what, reports) = match foreign {
        None => (
            t.all,
            format!(
                "\x20 {me} report sales --config {c}\n\
                 \x20 {me} report account --config {c}\n"
            ),
        ),
        Some(_) => (t.gates, String::new()),
    };
    outln!(
        "\x20 # {what}\n\
         \x20 {me} report attendance --config {c}\n\
         {reports}\
         \x20 {me} reconcile --config {c}\n\n\
         \x20 # {}\n\
         \x20 {me} doctor --config {c}\n\n\
         \x20 # {}\n\
         \x20 curl -s -X PUT http://{sandbox}/sandbox/faults -H 'Content-Type: application/json' \\\n\
         \x20   -d '[{{\"failure\":\"silence\",\"requests\":5}}]'\n\n\
         {}\n",
        t.wrong,
        t.silent,
        t.come
    );
}

struct Visitors {
    http: reqwest::Client,
    /// The device API.
    url: String,
    tokens: Vec<(DeviceCode, DeviceToken)>,
    cards: Vec<String>,
    clock: Arc<dyn Clock>,
    zone: kernel::Zone,
}

impl Visitors {
    async fn come(&self, limit: Option<u32>) {
        let mut random = fastrand::Rng::new();
        let mut come = 0;
        while limit.is_none_or(|limit| come < limit) {
            let (Some((device, token)), Some(card)) =
                (random.choice(&self.tokens), random.choice(&self.cards))
            else {
                return;
            };
            // Now and then someone shows something else.
            let code = match random.u32(0..12) {
                0 => "https://example.org/brochure",
                _ => card,
            };
            let now = self.clock.now();
            let answer = self.scan(token, code).await;
            let hour = self.zone.hour(now);
            let minute = &now.to_string()[13..19];
            match answer {
                Ok(answer) => {
                    let sign = if answer["admitted"] == true {
                        "✔"
                    } else {
                        "✘"
                    };
                    outln!(
                        "{hour:02}{minute}  {device}  {sign} {}",
                        answer["message"].as_str().unwrap_or("no message")
                    );
                }
                Err(error) => {
                    let none = Texts::of(language()).no_answer;
                    outln!("{hour:02}{minute}  {device}  ! {none} {error}");
                }
            }
            come += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn scan(&self, token: &DeviceToken, code: &str) -> reqwest::Result<Value> {
        // As devices do now and then, it says how it is.
        let device = format!(
            "{}/device?mode=online&unsent=0&battery_percent=84",
            self.url
        );
        let said = self.http.get(device).bearer_auth(token.reveal());
        said.send().await?.error_for_status()?;
        let check = json!({
            "id": CheckId::from_uuid(uuid::Uuid::new_v4()),
            "code": code,
            "scanned_at": self.clock.now(),
        });
        let checks = format!("{}/checks", self.url);
        let request = self.http.post(checks).bearer_auth(token.reveal());
        request.json(&check).send().await?.json().await
    }
}
