//! All that strangers, devices and people can do to a service, at once, and honest
//! checks beside it.

use super::camera::{frame, grid};
use super::{passes, watching};
use crate::{BIN, id};
use reqwest::Method;
use serde_json::json;
use stage::villeneuve::GOOD;
use stage::{Browser, Program, SET_UP, SOLD_SOON, answer};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Interval, interval};

const CHECKS: u32 = 80;
/// Names an optimised program, whose latency is another; `docs/performance.md` has it.
const PROGRAM: &str = "PASSERELLE_TEST_PROGRAM";

/// A request whose header does not end.
const HALF: &str = "POST /api/v1/checks HTTP/1.1\r\nhost: x\r\n";

/// From one of an attack to the next.
fn pace() -> Interval {
    interval(Duration::from_millis(10))
}

/// Someone who is not where the honest ones are, but at this number of the network, says
/// this.
async fn from_elsewhere(service: &Program, host: u8, said: &str) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    let address = SocketAddr::from(([127, 0, 0, host], 0));
    socket.bind(address).unwrap();
    let mut line = socket.connect(service.address).await.ok()?;
    line.write_all(said.as_bytes()).await.ok()?;
    Some(line)
}

/// Says this again and again, and waits for nothing.
async fn says(service: &Program, host: u8, said: &str) {
    let (mut lines, mut pace) = (VecDeque::new(), pace());
    loop {
        pace.tick().await;
        lines.extend(from_elsewhere(service, host, said).await);
        if lines.len() > 200 {
            lines.pop_front();
        }
    }
}

async fn asks_how_it_is(service: &Program) {
    let mut pace = pace();
    loop {
        pace.tick().await;
        tokio::join!(service.get("/health/ready"), service.get("/metrics"));
    }
}

async fn shows_pictures(service: &Program, token: &str) {
    let picture = grid(640, 480);
    loop {
        answer(frame(service, token, &picture)).await;
    }
}

async fn guesses(service: &Program) {
    let mut pace = pace();
    loop {
        pace.tick().await;
        let guess = service.request(Method::POST, "/api/v1/enrolments");
        answer(guess.json(&json!({"code": "ABCD-EFGH"}))).await;
        let mut browser = Browser::new(&service.url(""));
        browser.sign_in("camille", "a museum by the sea").await;
    }
}

async fn uploads(mut browser: Browser, header: String) {
    let page = "/office/sales-files";
    let csrf = browser.csrf(page).await;
    let body = format!(
        "--fence\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\n\
         {header}\n{}\r\n--fence--\r\n",
        "abc\n".repeat(100_000)
    );
    loop {
        let request = browser.request(Method::POST, &format!("{page}?csrf={csrf}"));
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "multipart/form-data; boundary=fence");
        browser.send(request.body(body.clone())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn honest_checks_go_on_beside_all_attacks_at_once() {
    let configuration = format!("connections = 64\n{SET_UP}repeat_window_s = 0\n{SOLD_SOON}");
    let program = std::env::var(PROGRAM).map_or(BIN, |named| named.leak());
    let mut service = Program::new(program, &passes(), &configuration);
    service.start();
    let (browser, watch) = watching(&mut service).await;
    let (bad, good) = (service.token("PDA01"), service.token("PDA02"));
    let header = include_str!("../../../../fuzz/seeds/sales_file/first.csv");
    let header = header.lines().next().unwrap().to_owned();

    let honest = async {
        let mut took = Vec::new();
        for n in 0..CHECKS {
            let begun = Instant::now();
            let answer = service.check(&good, &id(n), GOOD).await;
            took.push(begun.elapsed());
            assert_eq!(answer["outcome"], "accepted", "Otipass was asked: {answer}");
        }
        took.sort();
        took
    };
    let cut_off = format!("{HALF}content-length: 100\r\n\r\n{{");
    let took = tokio::select! {
        took = honest => took,
        () = says(&service, 66, "") => unreachable!(),
        () = says(&service, 67, "") => unreachable!(),
        () = says(&service, 66, HALF) => unreachable!(),
        () = says(&service, 67, &cut_off) => unreachable!(),
        () = says(&service, 66, &watch) => unreachable!(),
        () = asks_how_it_is(&service) => unreachable!(),
        () = shows_pictures(&service, &bad) => unreachable!(),
        () = guesses(&service) => unreachable!(),
        () = uploads(browser, header) => unreachable!(),
    };
    let [median, most] = [took.len() / 2, took.len() * 99 / 100].map(|at| took[at]);
    println!("honest checks took {median:?}, 99 in 100 at most {most:?}");

    service.settle().await;
    let books = service.json(&["reconcile"]);
    assert_eq!(books["unexplained"], 0, "{books}");
    let report = service.json(&["report", "attendance"]);
    assert_eq!(report["by_outcome"]["accepted"], CHECKS, "{report}");
    service.stop();
}
