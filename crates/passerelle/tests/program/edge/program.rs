//! The program by itself, without a server: lines in, lines out, the door opened.

use crate::BIN;
use serde_json::{Value, json};
use stage::{Process, free_address};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A folder with a device that has known its server.
fn prepared(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut examples = deviceapi::EXAMPLES.iter();
    let device = examples.find(|example| example.name == "device").unwrap();
    let snapshot: Value = serde_json::from_str(device.text).unwrap();
    let state = json!({ "refused_token_sha256": null, "snapshot": snapshot });
    let journal = folder.path().join("edge-journal");
    std::fs::create_dir(&journal).unwrap();
    std::fs::write(journal.join("state.json"), state.to_string()).unwrap();
    std::fs::write(folder.path().join("edge.token"), "pst_test\n").unwrap();
    // Nobody listens on the discard port.
    let config = format!(
        "[server]\nurl = \"http://127.0.0.1:9\"\n[status]\nlisten = \"127.0.0.1:0\"\n{config}"
    );
    std::fs::write(folder.path().join("edge.toml"), config).unwrap();
    folder
}

fn start(folder: &Path) -> Child {
    start_in("C", folder)
}

fn start_in(locale: &str, folder: &Path) -> Child {
    Command::new(BIN)
        .args(["edge", "--stdin", "--config"])
        .arg(folder.join("edge.toml"))
        .env("LC_ALL", locale)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends `lines` and gives the answers; the process ends with its input.
fn answers(folder: &Path, lines: &str) -> Vec<String> {
    let mut process = start(folder);
    let mut input = process.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn each_line_is_answered_on_a_line() {
    let folder = prepared("[door]\nexit_prefix = \"X:\"\ncancel_line = \"CANCEL\"\n");
    let long = "9".repeat(600);
    let lines = format!("12345674\r\n12345675\n{long}\nX:12345674\nCANCEL\nCANCEL\n00029975");
    let expected = [
        "OPEN accepted_offline 12345674 Welcome (offline)",
        "CLOSED not_a_pass - This code is not a pass",
        "CLOSED line_too_long - This code is not a pass",
        "OPEN exit 12345674 Goodbye",
        "CLOSED cancelled - The entry was cancelled",
        "CLOSED nothing_to_cancel - There is no entry to cancel",
        "OPEN accepted_offline 00029975 Welcome (offline)",
    ];
    assert_eq!(answers(folder.path(), &lines), expected);
}

#[test]
fn a_card_that_rests_before_the_reader_opens_once() {
    for (config, same) in [("", "SAME"), ("[input]\nsame_word = \"AGAIN\"\n", "AGAIN")] {
        let folder = prepared(&format!("{config}[open]\nwrite_to = \"line\"\n"));
        std::fs::write(folder.path().join("line"), "").unwrap();
        let lines = "12345674\nvilleneuve-12345674\n12345674\n00029975\n12345674\n";
        let words: Vec<_> = answers(folder.path(), lines)
            .iter()
            .map(|answer| {
                answer
                    .split_once(" accepted_offline ")
                    .unwrap()
                    .0
                    .to_owned()
            })
            .collect();
        assert_eq!(words, ["OPEN", same, same, "OPEN", same]);
        let opened = std::fs::read_to_string(folder.path().join("line")).unwrap();
        assert_eq!(opened, "OPEN\nOPEN\n");
    }
}

#[test]
fn the_controller_says_that_nobody_went_through() {
    let folder = prepared("[door]\npassed_line = \"IN\"\nnot_passed_line = \"NOBODY\"\n");
    let lines = "12345674\n12345674\nNOBODY\n12345674\nIN\nNOBODY\n12345674\n";
    let expected = [
        "OPEN accepted_offline 12345674 Welcome (offline)",
        "SAME accepted_offline 12345674 Welcome (offline)",
        "CLOSED not_passed - Please show the pass again",
        "OPEN accepted_offline 12345674 Welcome (offline)",
        "CLOSED passed - Thank you",
        "CLOSED nothing_opened - The door was not opened",
        "SAME accepted_offline 12345674 Welcome (offline)",
    ];
    assert_eq!(answers(folder.path(), lines), expected);
}

#[test]
fn the_door_is_opened_for_those_who_may_pass_only() {
    let folder = prepared(
        "[input]\nanswers = \"json\"\n[open]\nwrite_to = \"line\"\ntext = \"PULSE\\n\"\n\
         command = [\"sh\", \"-c\", \"echo $PASSERELLE_OUTCOME >> \\\"$0\\\"\", \"COMMAND\"]\n",
    );
    let (config, command) = (
        folder.path().join("edge.toml"),
        folder.path().join("command"),
    );
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("COMMAND", command.to_str().unwrap());
    std::fs::write(&config, text).unwrap();
    std::fs::write(folder.path().join("line"), "").unwrap();
    let answers = answers(folder.path(), "12345674\nno pass\n00029975\n");
    let open: Vec<_> = answers
        .iter()
        .map(|answer| serde_json::from_str::<Value>(answer).unwrap()["open"].clone())
        .collect();
    assert_eq!(open, [true, false, true]);
    let read = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    assert_eq!(read("line"), "PULSE\nPULSE\n");
    assert_eq!(read("command"), "accepted_offline\naccepted_offline\n");
}

#[test]
fn before_its_first_contact_it_speaks_the_language_of_its_machine() {
    let folder = prepared("");
    std::fs::remove_file(folder.path().join("edge-journal/state.json")).unwrap();
    let mut process = start_in("fr_FR.UTF-8", folder.path());
    let mut input = process.stdin.take().unwrap();
    input.write_all(b"12345674\n").unwrap();
    let mut answer = String::new();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    output.read_line(&mut answer).unwrap();
    let expected = "CLOSED not_set_up - Hors service, adressez-vous au personnel\n";
    assert_eq!(answer, expected);
    // The page goes by its reader.
    let lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("page d’état    http://")?;
        Some(address.trim_end_matches('/').to_owned())
    });
    let page = |accepted: &str| {
        let mut connection = TcpStream::connect(address.as_ref().unwrap()).unwrap();
        write!(connection, "GET / HTTP/1.0\r\n{accepted}\r\n").unwrap();
        std::io::read_to_string(connection).unwrap()
    };
    for (accepted, title) in [
        ("", "<h1>Cet appareil est hors ligne</h1>"),
        (
            "Accept-Language: fr-CH, en;q=0.5\r\n",
            "personne n’est admis",
        ),
        ("Accept-Language: en\r\n", "<h1>This device is offline</h1>"),
    ] {
        let page = page(accepted);
        assert!(page.contains(title), "{page}");
    }
    drop(input);
    assert!(process.wait().unwrap().success());
}

#[test]
fn what_stands_twice_in_its_configuration_is_said_once() {
    let folder = prepared("[server]\nurl = \"http://127.0.0.1:9\"\n");
    for (locale, said) in [
        ("C", "[server] stands in line 1 already; write there"),
        ("fr_FR.UTF-8", "[server] est déjà à la ligne 1. Écrivez"),
    ] {
        let ended = start_in(locale, folder.path()).wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(2));
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(told.matches(said).count(), 1, "{told}");
    }
}

#[test]
fn a_journal_has_one_agent() {
    let folder = prepared("");
    let mut first = start(folder.path());
    let mut input = first.stdin.take().unwrap();
    input.write_all(b"12345674\n").unwrap();
    let mut answer = String::new();
    let output = first.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("OPEN"), "{answer}");
    let second = start(folder.path()).wait_with_output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let why = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(why.contains("in use by another process"), "{why}");
    drop(input);
    assert!(first.wait().unwrap().success());
}

/// An agent that listens there.
fn listening(address: SocketAddr) -> (tempfile::TempDir, Process) {
    let config = format!("[input]\nanswers = \"json\"\nlisten = \"{address}\"\n");
    let folder = prepared(&config);
    let mut command = Command::new(BIN);
    command.args(["edge", "--config"]);
    command.arg(folder.path().join("edge.toml"));
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let process = Process::start(&mut command);
    (folder, process)
}

fn controller(address: SocketAddr) -> TcpStream {
    let mut connection = None;
    super::until("it listens", || {
        connection = TcpStream::connect(address).ok();
        connection.is_some()
    });
    connection.unwrap()
}

fn is_answered(mut controller: &TcpStream) -> bool {
    let mut answer = String::new();
    controller.write_all(b"12345674\n").is_ok()
        && BufReader::new(controller).read_line(&mut answer).is_ok()
        && answer.contains("accepted_offline")
}

#[test]
fn half_a_code_is_none() {
    let address = free_address();
    let (_folder, _process) = listening(address);
    let mut cut_off = controller(address);
    cut_off.write_all(b"12345674\n00029975").unwrap();
    cut_off.shutdown(Shutdown::Write).unwrap();
    let answers: Vec<_> = BufReader::new(cut_off)
        .lines()
        .map(Result::unwrap)
        .collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[test]
fn controllers_that_were_switched_off_keep_nobody_out() {
    let address = free_address();
    let (_folder, _process) = listening(address);
    let stays = controller(address);
    let mut switched_off = Vec::new();
    for morning in 1..=70 {
        let comes_back = controller(address);
        assert!(is_answered(&comes_back), "on morning {morning}");
        assert!(is_answered(&stays), "on morning {morning}");
        switched_off.push(comes_back);
    }
}

#[test]
fn a_controller_that_never_reads_is_hung_up_on() {
    let address = free_address();
    let (_folder, _process) = listening(address);
    let mut mute = controller(address);
    mute.set_write_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let lines = "12345674\n".repeat(100);
    let error = loop {
        if let Err(error) = mute.write_all(lines.as_bytes()) {
            break error;
        }
    };
    let hung_up = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    assert!(hung_up.contains(&error.kind()), "{error}");
    assert!(is_answered(&controller(address)));
}
