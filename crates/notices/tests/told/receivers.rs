//! A mail server and a webhook's receiver.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use kernel::Timestamp;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub user: String,
    pub from: String,
    pub to: Vec<String>,
    /// Header and body, decoded.
    pub text: String,
}

/// It speaks SMTP (RFC 5321) and takes one user.
pub struct MailServer {
    pub port: u16,
    state: Arc<MailState>,
}

#[derive(Default)]
struct MailState {
    mails: Mutex<Vec<Received>>,
    refuses: AtomicBool,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(MailState::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state }
    }

    pub fn refuse(&self, refuses: bool) {
        self.state.refuses.store(refuses, Ordering::SeqCst);
    }

    pub fn mails(&self) -> Vec<Received> {
        self.state.mails.lock().unwrap().clone()
    }
}

async fn converse(stream: TcpStream, state: Arc<MailState>) {
    let mut stream = BufReader::new(stream);
    let mut mail = Received::default();
    say(&mut stream, "220 mail.example.org").await;
    while let Some(line) = line(&mut stream).await {
        let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => "250-mail.example.org\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            "AUTH" => {
                mail.user = base64(rest.split(' ').nth(1).unwrap());
                let is_right = mail.user == format!("\0passerelle\0{}", super::PASSWORD);
                if is_right { "235 welcome" } else { "535 no" }
            }
            "MAIL" if state.refuses.load(Ordering::SeqCst) => {
                "451 not now, passerelle Tulips-are-s3cret"
            }
            "MAIL" => {
                mail.from = address(&line);
                "250 yes"
            }
            "RCPT" if line.contains("gone@") => "550 no such mailbox",
            "RCPT" => {
                mail.to.push(address(&line));
                "250 yes"
            }
            "DATA" => {
                say(&mut stream, "354 go on").await;
                mail.text = data(&mut stream).await;
                state.mails.lock().unwrap().push(mail.clone());
                "250 taken"
            }
            "QUIT" => "221 goodbye",
            _ => "250 yes",
        };
        say(&mut stream, answer).await;
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) {
    let _ = stream.write_all(format!("{line}\r\n").as_bytes()).await;
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.unwrap_or(0);
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The mail, with its quoted-printable (RFC 2045) undone.
async fn data(stream: &mut BufReader<TcpStream>) -> String {
    let mut text = String::new();
    while let Some(line) = line(stream).await.filter(|line| line != ".") {
        match line.strip_suffix('=') {
            Some(soft) => text.push_str(soft),
            None => text = format!("{text}{line}\n"),
        }
    }
    text
}

fn address(line: &str) -> String {
    let rest = line.split_once('<').unwrap().1;
    rest.split('>').next().unwrap().to_owned()
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let at = LETTERS.iter().position(|known| *known == letter).unwrap();
        bits = (bits << 6) | u32::try_from(at).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// It takes posts with JSON.
pub struct Hook {
    pub url: String,
    state: Arc<HookState>,
}

#[derive(Default)]
struct HookState {
    /// What it was shown, and what came.
    posts: Mutex<Vec<(String, Value)>>,
    /// When messages were made, also of those that it refused.
    tried: Mutex<Vec<Timestamp>>,
    refuses: AtomicBool,
}

impl Hook {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(HookState::default());
        let router = Router::new()
            .route("/hook-s3cret", post(take))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}/hook-s3cret"),
            state,
        }
    }

    pub fn refuse(&self, refuses: bool) {
        self.state.refuses.store(refuses, Ordering::SeqCst);
    }

    pub fn posts(&self) -> Vec<(String, Value)> {
        self.state.posts.lock().unwrap().clone()
    }

    pub fn tried(&self) -> Vec<Timestamp> {
        self.state.tried.lock().unwrap().clone()
    }
}

async fn take(State(state): State<Arc<HookState>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/json");
    let authorization = headers["authorization"].to_str().unwrap().to_owned();
    let post: Value = serde_json::from_slice(&body).unwrap();
    let at = post["at"].as_str().unwrap().parse().unwrap();
    state.tried.lock().unwrap().push(at);
    if state.refuses.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    state.posts.lock().unwrap().push((authorization, post));
    StatusCode::OK
}
