//! The agent as a program.

use crate::config::{ConfigError, EdgeConfig};
use crate::door::{Door, DoorError, DoorSettings};
use crate::inputs::Counter;
use crate::keeper::{Clocks, Keeper, SharedStatus, ToKeeper};
use crate::pass_list::KeptList;
use crate::server::{ClientError, ServerClient};
use crate::{JournalSettings, agent::AgentSettings};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use gate::DeviceToken;
use kernel::{CardNumber, Clock, Language};
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How often the status line is written to a terminal.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether the log should have it.
const LOG_EVERY: u32 = 60;

/// The languages of the status page.
const PAGES: [Language; 2] = [Language::Fr, Language::En];

/// Why the agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server's address.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The journal.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// No source of codes.
    #[error(
        "nothing is configured to read codes from; set stdin, serial, listen or keyboard in [input], or give --stdin or --listen; `passerelle help edge` explains it"
    )]
    NoInput,
    /// A port.
    #[error("the agent cannot listen on {address}; another program may use it: change {key}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The key of the configuration.
        key: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No thread.
    #[error("the agent could not start its thread; is the machine out of memory?")]
    Thread(#[source] io::Error),
}

/// The agent, at work.
#[derive(Debug)]
pub struct Running {
    keeper: ToKeeper,
    ended: oneshot::Receiver<()>,
    /// Where the line protocol is spoken.
    pub input: Option<SocketAddr>,
    /// Where the status page is.
    pub status: Option<SocketAddr>,
}

impl Running {
    /// Waits until the agent has ended: because standard input has, or because
    /// `ended` came.
    pub async fn until(self, ended: impl Future<Output = ()>) {
        let Self {
            keeper,
            ended: mut done,
            ..
        } = self;
        tokio::select! {
            _ = &mut done => return,
            () = ended => keeper.stop(),
        }
        let _ = done.await;
    }
}

/// Starts the agent; it speaks `language` where nobody says which. It stops when it is
/// told to by [`Running::until`].
///
/// # Errors
/// [`EdgeError`].
pub fn start(
    config: EdgeConfig,
    clock: Arc<dyn Clock>,
    language: Language,
) -> Result<Running, EdgeError> {
    let input = &config.input;
    let sources = [
        input.stdin,
        input.serial.is_some(),
        input.listen.is_some(),
        input.keyboard.is_some(),
    ];
    if !sources.contains(&true) {
        return Err(EdgeError::NoInput);
    }
    let token = config.token()?;
    let token_sha256 = DeviceToken::presented(token.expose_secret()).sha256();
    let client = ServerClient::new(&config, token)?;
    let clocks = Clocks::new(clock);
    let settings = DoorSettings {
        agent: AgentSettings {
            direction: config.door.direction,
            language: config.door.language,
            first_language: language,
            passage: config.door.passage(),
        },
        journal: JournalSettings {
            limit_checks: config.journal.limit_checks,
            ..JournalSettings::default()
        },
    };
    let folder = config.path(&config.journal.folder);
    let ids = Box::new(uuid::Uuid::new_v4);
    let mut door = Door::open(&folder, settings, token_sha256, ids, clocks.now())?;
    let pass_list = KeptList::open(&folder, &client.token());
    let asked = pass_list.clone();
    let refusal = Box::new(move |card: &CardNumber, at| asked.refusal(card, at));
    door.use_pass_list(Some(refusal));
    for finding in door.status().findings {
        tracing::warn!("{}", finding.told(Language::En));
    }
    let lines = input
        .listen
        .map(|address| listen(address, "[input] listen"))
        .transpose()?;
    let page = config
        .status
        .listen
        .map(|address| listen(address, "[status] listen"))
        .transpose()?;
    let address = |listener: &Option<TcpListener>| listener.as_ref()?.local_addr().ok();
    let (input_address, status_address) = (address(&lines), address(&page));

    let config = Arc::new(config);
    let runtime = Handle::current();
    let status: SharedStatus = Arc::new(Mutex::new(door.status()));
    let (sender, messages) = mpsc::channel();
    let to_keeper = ToKeeper(sender);
    let keeper = Keeper {
        door,
        clocks,
        client,
        config: Arc::clone(&config),
        runtime: runtime.clone(),
        to_keeper: to_keeper.clone(),
        pass_list,
        status: Arc::clone(&status),
        waiting: HashMap::new(),
        lanes: 0,
    };
    let (done, ended) = oneshot::channel();
    std::thread::Builder::new()
        .name("door".to_owned())
        .spawn(move || {
            keeper.run(&messages);
            let _ = done.send(());
        })
        .map_err(EdgeError::Thread)?;

    if let Some(listener) = page {
        runtime.spawn(serve_status(listener, Arc::clone(&status), language));
    }
    runtime.spawn(show_status(status));
    let counter = Counter::new(&config, to_keeper.clone(), runtime);
    if let Some(listener) = lines {
        counter.another().tcp(listener);
    }
    if let Some(path) = &config.input.serial {
        counter
            .another()
            .serial(config.path(path), config.input.baud);
    }
    if let Some(path) = &config.input.keyboard {
        counter
            .another()
            .keyboard(config.path(path), config.input.layout);
    }
    if config.input.stdin {
        let only = sources == [true, false, false, false];
        counter.stdin(only);
    }
    Ok(Running {
        keeper: to_keeper,
        ended,
        input: input_address,
        status: status_address,
    })
}

fn listen(address: SocketAddr, key: &'static str) -> Result<TcpListener, EdgeError> {
    TcpListener::bind(address).map_err(|source| EdgeError::Listen {
        address,
        key,
        source,
    })
}

async fn serve_status(listener: TcpListener, status: SharedStatus, language: Language) {
    let page = Arc::clone(&status);
    let json = status;
    let router = Router::new()
        .route(
            "/",
            get(async move |headers: HeaderMap| {
                let accepted = headers.get(ACCEPT_LANGUAGE);
                let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
                let accepted = accepted.and_then(|accepted| Language::accepted(accepted, &PAGES));
                Html(read(&page).page(accepted.unwrap_or(language)))
            }),
        )
        .route("/status.json", get(async move || Json(read(&json))));
    let served = async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, router).await
    };
    if let Err(error) = served.await {
        tracing::error!(error = kernel::causes(&error), "the status page has ended");
    }
}

fn read(status: &SharedStatus) -> crate::Status {
    let status = status.lock();
    status.clone()
}

/// On a terminal one line that is written again and again; else a line in the
/// log when something changed that people should know of, and every minute.
async fn show_status(status: SharedStatus) {
    let terminal = io::stderr().is_terminal();
    let mut pace = tokio::time::interval(LINE_EVERY);
    let (mut logged, mut since_logged) = ((None, 0), 0);
    loop {
        pace.tick().await;
        let status = read(&status);
        if terminal {
            let line: String = status.line().chars().take(160).collect();
            // Whether anybody looks does not matter.
            let _ = write!(io::stderr().lock(), "\r\x1b[2K{line}");
            continue;
        }
        since_logged += 1;
        let shown = (Some(status.mode), status.troubles(Language::En).len());
        if shown != logged || since_logged >= LOG_EVERY {
            tracing::info!(troubles = shown.1, "{}", status.line());
            (logged, since_logged) = (shown, 0);
        }
    }
}
