//! Where codes come from. Each source is a thread that reads a line, waits for
//! its answer, and reads the next.

use crate::agent::{Answer, Delivered};
use crate::config::{DoorOptions, EdgeConfig, Spelling};
use crate::keeper::ToKeeper;
use crate::keyboard::{EVENT_BYTES, Keys};
use crate::line::{Go, Line, Lines, read_lines, spell, wish};
use crate::opener::Opener;
use crate::tty::open_tty;
use parking_lot::Mutex;
use rustix::net::sockopt::set_socket_keepalive;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// How many connections of the line protocol there may be.
const CONNECTIONS: usize = 32;
/// How long a controller may leave its answers unread when there is no room for another.
const WRITE: Duration = Duration::from_secs(1);
/// The pause before a device that is not there is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What all sources share.
#[derive(Clone)]
pub(crate) struct Counter {
    keeper: ToKeeper,
    /// The connection or device that this copy serves.
    source: u64,
    sources: Arc<AtomicU64>,
    options: Arc<DoorOptions>,
    spelling: Spelling,
    same_word: Arc<str>,
    opener: Opener,
    runtime: Handle,
}

impl Counter {
    pub(crate) fn new(config: &EdgeConfig, keeper: ToKeeper, runtime: Handle) -> Self {
        Self {
            keeper,
            source: 0,
            sources: Arc::default(),
            options: Arc::new(config.door.clone()),
            spelling: config.input.answers,
            same_word: config.input.same_word.as_str().into(),
            opener: Opener::new(config),
            runtime,
        }
    }

    /// For another connection or device.
    pub(crate) fn another(&self) -> Self {
        Self {
            source: self.sources.fetch_add(1, Ordering::Relaxed) + 1,
            ..self.clone()
        }
    }

    /// Has a line decided, opens, answers.
    fn serve(&self, line: Line, output: &mut impl Write) -> Go {
        let wish = wish(line, &self.options);
        let Some((check, answer)) = self.keeper.wait_for(self.source, wish) else {
            return Go::Stop;
        };
        let opens = answer.open && self.opener.is_set();
        let opener = opens.then(|| {
            let (opener, answer) = (self.opener.clone(), answer.clone());
            self.runtime
                .spawn(async move { opener.open(&answer).await })
        });
        let written = self.write(&answer, output);
        let opened = opener.is_some_and(|task| self.runtime.block_on(task).unwrap_or(false));
        if let Some(check) = check {
            let delivered = if written || opened {
                Delivered::Yes
            } else {
                Delivered::No
            };
            self.keeper.told(check, delivered);
        }
        if written { Go::On } else { Go::Stop }
    }

    fn write(&self, answer: &Answer, output: &mut impl Write) -> bool {
        let line = spell(answer, self.spelling, &self.same_word);
        output
            .write_all(line.as_bytes())
            .and_then(|()| output.flush())
            .is_ok()
    }

    /// Standard input. The process ends with it if it is the only source.
    pub(crate) fn stdin(self, only: bool) {
        let ended = self.keeper.clone();
        spawn("stdin", move || {
            let mut output = io::stdout();
            let mut serve = |line| {
                // Whoever reads the answers may be gone; the door is not.
                self.serve(line, &mut output);
                Go::On
            };
            let read = read_lines(io::stdin().lock(), &mut serve);
            // Whoever types by hand need not end the last line.
            let read = read.map(|rest| {
                rest.map(serve);
            });
            note("standard input", read);
            if only {
                ended.stop();
            }
        });
    }

    /// A serial device; opened again when it was unplugged.
    pub(crate) fn serial(self, path: PathBuf, baud: u32) {
        spawn("serial", move || {
            loop {
                let served = open_tty(&path, baud).and_then(|device| {
                    let mut output = device.try_clone()?;
                    read_lines(device, |line| self.serve(line, &mut output)).map(drop)
                });
                note(&path.display().to_string(), served);
                std::thread::park_timeout(AGAIN);
            }
        });
    }

    /// A scanner that types; answers go to standard output.
    pub(crate) fn keyboard(self, path: PathBuf, layout: crate::keyboard::Layout) {
        spawn("keyboard", move || {
            loop {
                let served = File::open(&path).and_then(|mut device| {
                    let (mut keys, mut lines) = (Keys::new(layout), Lines::default());
                    let mut event = [0; EVENT_BYTES];
                    loop {
                        device.read_exact(&mut event)?;
                        let typed = keys.take(&event).map(String::from).unwrap_or_default();
                        for line in typed.bytes().filter_map(|byte| lines.take(byte)) {
                            self.serve(line, &mut io::stdout());
                        }
                    }
                });
                note(&path.display().to_string(), served);
                std::thread::park_timeout(AGAIN);
            }
        });
    }

    /// The TCP line protocol.
    pub(crate) fn tcp(self, listener: TcpListener) {
        spawn("tcp", move || {
            let open = Connections::default();
            for connection in listener.incoming() {
                let Ok(connection) = connection else {
                    // Too many open files, perhaps: some will be closed.
                    std::thread::park_timeout(AGAIN);
                    continue;
                };
                let (counter, place) = (self.another(), open.add(connection));
                spawn("connection", move || {
                    // A controller that hangs up is its own affair.
                    let _ = counter.connection(&place);
                    counter.keeper.ended(counter.source);
                });
            }
        });
    }

    fn connection(&self, place: &Place) -> io::Result<()> {
        let connection = &*place.connection;
        connection.set_nodelay(true)?;
        connection.set_write_timeout(Some(WRITE))?;
        // One that was switched off is noticed some time.
        set_socket_keepalive(connection, true)?;
        let mut output = connection;
        read_lines(connection, |line| match place.heard() {
            Heard::Open => self.serve(line, &mut output),
            Heard::Closed => Go::Stop,
        })
        .map(drop)
    }
}

/// The connections of the line protocol; who was silent longest is first.
#[derive(Clone, Default)]
struct Connections(Arc<Mutex<VecDeque<Arc<TcpStream>>>>);

/// A connection among them, for as long as somebody serves it.
struct Place {
    open: Connections,
    connection: Arc<TcpStream>,
}

enum Heard {
    Open,
    Closed,
}

impl Connections {
    /// Adds one. If that is one too many, who was silent longest goes: a controller that
    /// was switched off never hangs up, and comes back by another connection.
    fn add(&self, connection: TcpStream) -> Place {
        let connection = Arc::new(connection);
        let mut open = self.0.lock();
        if open.len() >= CONNECTIONS
            && let Some(silent) = open.pop_front()
        {
            tracing::warn!(
                "more than {CONNECTIONS} connections to the line protocol; the one that was \
                 silent longest was closed"
            );
            // Its thread ends by that.
            let _ = silent.shutdown(Shutdown::Both);
        }
        open.push_back(Arc::clone(&connection));
        Place {
            open: self.clone(),
            connection,
        }
    }
}

impl Place {
    /// A line came.
    fn heard(&self) -> Heard {
        let mut open = self.open.0.lock();
        let place = open.iter().position(|one| self.is(one));
        let Some(one) = place.and_then(|place| open.remove(place)) else {
            return Heard::Closed;
        };
        open.push_back(one);
        Heard::Open
    }

    fn is(&self, one: &Arc<TcpStream>) -> bool {
        Arc::ptr_eq(one, &self.connection)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.0.lock().retain(|one| !self.is(one));
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    let spawned = std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(256 * 1024)
        .spawn(work);
    if let Err(error) = spawned {
        tracing::error!(error = kernel::causes(&error), "no thread for {name}");
    }
}

fn note(source: &str, read: io::Result<()>) {
    match read {
        Ok(()) => tracing::info!("{source} has ended"),
        Err(error) => tracing::warn!(error = kernel::causes(&error), "{source} cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_nobody_serves_any_more_is_hung_up_on() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut controller = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let patience = Some(Duration::from_secs(20));
        controller.set_read_timeout(patience).unwrap();
        let open = Connections::default();
        let place = open.add(listener.accept().unwrap().0);
        assert!(matches!(place.heard(), Heard::Open));
        // As if no thread could be had, or it had died.
        drop(place);
        assert_eq!(controller.read(&mut [0]).unwrap(), 0);
        assert!(open.0.lock().is_empty());
    }
}
