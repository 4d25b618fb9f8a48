//! Connections that take and give nothing.

use super::tls::{CONFIGURATION, client_of, issue, prepared, url};
use super::{passes, watching};
use crate::{BIN, id};
use stage::villeneuve::GOOD;
use stage::{Program, SET_UP, SOLD_SOON, answer};
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// So many who say this and no more.
async fn silent(service: &Program, count: usize, said: &str) -> Vec<TcpStream> {
    let mut lines = Vec::new();
    for _ in 0..count {
        let mut line = TcpStream::connect(service.address).await.unwrap();
        line.write_all(said.as_bytes()).await.unwrap();
        lines.push(line);
    }
    lines
}

#[tokio::test]
async fn silent_connections_leave_descriptors_to_otipass() {
    let configuration = format!("{SET_UP}{SOLD_SOON}");
    let mut service = Program::new(BIN, &passes(), &configuration);
    let serve = service.command(&["serve"]);
    let mut few = Command::new("sh");
    few.args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"]);
    few.arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => few.env(name, value),
            None => few.env_remove(name),
        };
    }
    service.start_as(&mut few);
    let token = service.token("PDA01");
    let _silent = silent(&service, 166, "").await;
    let _slow = silent(&service, 40, "POST /api/v1/checks HTTP/1.1\r\nhost: x\r\n").await;
    for n in 0..5 {
        let answer = service.check(&token, &id(n), GOOD).await;
        let said = ["accepted", "just_admitted"]
            .map(|said| answer["outcome"] == said || answer["reason"] == said);
        assert!(said.contains(&true), "Otipass was asked: {answer}");
    }
    service.settle().await;
}

#[tokio::test]
async fn handshakes_that_never_end_keep_nobody_out() {
    let issued = issue();
    let mut service = prepared(CONFIGURATION, &issued);
    service.start();
    let _silent = silent(&service, 600, "").await;
    let begun = Instant::now();
    let ready = answer(client_of(&issued).get(url(&service, "/health/ready"))).await;
    assert_eq!(ready.status, 200);
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    service.stop();
}

#[tokio::test]
async fn what_is_configured_is_the_most_that_one_address_holds() {
    let configuration = format!("connections = 20\nconnections_by_address = 4\n{SET_UP}");
    let service = Program::at_work(BIN, &passes(), &configuration);
    let lines = silent(&service, 10, "").await;
    let asked = service.get("/health/live").await;
    assert_eq!(asked.status, 200);
    let mut open = 0;
    for line in lines {
        // Whoever was sent away reads the end; the others would wait for a word.
        let mut word = [0];
        match line.try_read(&mut word) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => open += 1,
            ended => assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}"),
        }
    }
    assert!(open < 4, "{open}");
}

#[tokio::test]
async fn who_watches_the_day_and_never_reads_keeps_nobody_out() {
    let mut service = Program::new(BIN, &passes(), SET_UP);
    service.start();
    let (mut browser, watch) = watching(&mut service).await;
    let _watching = silent(&service, 70, &watch).await;
    for _ in 0..3 {
        let watched = browser.get("/office/live").await;
        assert_eq!(watched.status, 200, "{watched:?}");
    }
    assert_eq!(browser.get("/office/").await.status, 200);
}
