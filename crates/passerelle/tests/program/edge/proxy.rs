//! The line between a turnstile and the server, with its faults.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a connection looks whether the line has changed.
const LOOK: Duration = Duration::from_millis(5);

/// How the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Everything gets through.
    Open,
    /// Nobody gets a connection; those there are break.
    Cut,
    /// Everything takes so many milliseconds each way.
    Slow(u64),
    /// Questions get through, answers don't: their half is closed.
    AnswersLost,
    /// Connections are taken, and nothing ever comes back.
    BlackHole,
}

/// A proxy with a line that breaks.
pub struct Proxy {
    pub address: SocketAddr,
    line: Arc<Mutex<Line>>,
}

impl Proxy {
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let line = Arc::new(Mutex::new(Line::Open));
        let state = Arc::clone(&line);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, state) = (client.unwrap(), Arc::clone(&state));
                if *state.lock().unwrap() == Line::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(server) else {
                    continue;
                };
                for stream in [&client, &server] {
                    stream.set_read_timeout(Some(LOOK)).unwrap();
                    stream.set_nodelay(true).unwrap();
                }
                let (client_too, server_too) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                let state_too = Arc::clone(&state);
                std::thread::spawn(move || carry(&client, &server, Way::Questions, &state));
                std::thread::spawn(move || {
                    carry(&server_too, &client_too, Way::Answers, &state_too);
                });
            }
        });
        Self { address, line }
    }

    pub fn set(&self, line: Line) {
        *self.line.lock().unwrap() = line;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Questions,
    Answers,
}

/// Carries bytes until either end closes or the line breaks.
fn carry(mut from: &TcpStream, mut to: &TcpStream, way: Way, line: &Mutex<Line>) {
    let mut buffer = [0; 16 * 1024];
    let mut swallowed = false;
    loop {
        let read = from.read(&mut buffer);
        let now = *line.lock().unwrap();
        let count = match read {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if is_timeout(&error) => 0,
            Err(_) => break,
        };
        match now {
            Line::Cut => break,
            Line::BlackHole => swallowed |= count > 0,
            // What the hole swallowed does not come back.
            _ if swallowed => break,
            Line::AnswersLost if way == Way::Answers && count > 0 => {
                let _ = to.shutdown(Shutdown::Write);
                swallowed = true;
            }
            Line::Slow(millis) if count > 0 => {
                std::thread::park_timeout(Duration::from_millis(millis));
                if to.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            Line::Open | Line::Slow(_) | Line::AnswersLost => {
                if to.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
