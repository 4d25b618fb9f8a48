//! The device API of the built program: whatever is sent, it answers, and never
//! that the fault is its own.

use crate::targets::Run;
use stage::villeneuve::GOOD;
use stage::{Program, SET_UP, pass};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Where an input is sent to: all of them in turn, by its length.
const REQUESTS: [&str; 6] = [
    "POST /api/v1/checks",
    "POST /api/v1/checks/batch",
    "POST /api/v1/cancellations",
    "POST /api/v1/look",
    "POST /api/v1/enrolments",
    "POST /api/v1/decode",
];

/// How long an answer may take: longer than the decision budget.
const PATIENCE: Duration = Duration::from_secs(5);

pub fn open() -> Run {
    let program = std::env::current_exe().ok();
    let program = program.map(|program| program.with_file_name("passerelle"));
    let program = program.map(|program| program.display().to_string());
    // The rig keeps it for as long as the process lives.
    let program: &'static str = Box::leak(program.unwrap_or_default().into_boxed_str());
    let service = Program::at_work(program, &pass(GOOD, "active", "*"), SET_UP);
    let token = service.token("PDA01");
    Box::new(move |input| {
        let request = REQUESTS[input.len() % REQUESTS.len()];
        let head = format!(
            "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            input.len()
        );
        let mut line = TcpStream::connect(service.address).expect("the service is there");
        line.set_read_timeout(Some(PATIENCE)).expect("a time");
        line.write_all(head.as_bytes()).expect("sent");
        // It may answer before it has heard all.
        let _ = line.write_all(input);
        let mut status = [0; 12];
        line.read_exact(&mut status).expect("an answer");
        let status: usize = String::from_utf8_lossy(&status[9..])
            .parse()
            .expect("a status");
        assert!(
            status < 500 || status == 503,
            "{request} is answered {status}"
        );
        status * REQUESTS.len() + input.len() % REQUESTS.len()
    })
}
