//! What no line of a file is the cause of: rights, certificates, partners, days before.

use super::super::answers::families;
use super::super::healthy::EXHIBITION;
use super::super::set_up::SetUp;
use super::super::tls;
use super::{CATALOGUE, CONFIG, MAPPING, SITE, holds};
use kernel::{Clock, SystemClock};
use sandbox::{Failure, Fault};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

/// What is named, where, a part of the cure, what is done, and how the cure is followed.
pub type State = (
    &'static str,
    &'static str,
    &'static str,
    fn(&SetUp),
    fn(&SetUp),
);

fn mode(set_up: &SetUp, mode: u32) {
    let path = set_up.path("otipass.password");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn password(set_up: &SetUp, text: &str) {
    set_up.secret("otipass.password", text);
}

/// The mapping parameters that name a season or product otherwise, as the catalogue does.
fn renamed(set_up: &SetUp, [mapped, listed]: [&str; 2], [new, sold]: [&str; 2]) {
    let mapping = set_up.read(MAPPING).replace(mapped, new);
    set_up.write(MAPPING, &mapping);
    let catalogue = set_up.read(CATALOGUE).replace(listed, sold);
    set_up.write(CATALOGUE, &catalogue);
}

fn good(set_up: &SetUp) {
    certificate(set_up, tls::issue(-3, 60));
}

/// Serves with this certificate and its key.
fn certificate(set_up: &SetUp, (certificate, key): (String, String)) {
    let config = set_up.read(CONFIG);
    if !config.contains("tls_key") {
        let keys = "tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\nlisten";
        set_up.replace(CONFIG, "listen", keys);
    }
    set_up.write("tls.pem", &certificate);
    set_up.secret("tls.key", key.trim_end());
}

fn fails(set_up: &SetUp, failure: Option<Failure>) {
    let faults = failure.map(|failure| Fault {
        failure: Some(failure),
        ..Fault::default()
    });
    let faults = faults.into_iter().collect();
    set_up.otipass.sandbox.set_faults(faults).unwrap();
}

fn clock(set_up: &SetUp, off_ms: i64) {
    set_up.clock.set(SystemClock.now());
    set_up.clock.advance_ms(off_ms);
}

fn sql(set_up: &SetUp, text: &str) {
    let database = rusqlite::Connection::open(set_up.path("passerelle.db")).unwrap();
    database.execute_batch(text).unwrap();
}

fn read(set_up: &SetUp, codes: &[String]) {
    for (id, code) in codes.iter().enumerate() {
        sql(
            set_up,
            &format!(
                "INSERT INTO gate_check (check_id, device, mode, direction, code, device_time,
                     scanned_at, time_estimated, arrived_at, decided_at, outcome, admitted,
                     device_count_today, business_day, hour, set_up)
                 VALUES ('{id}', 'PDA01', 'online', 'entry', '{code}', 0, 0, 0, 0, 0, 'not_a_pass',
                     0, 0, '2026-07-14', 9, 1)"
            ),
        );
    }
}

// One case, one line.
#[rustfmt::skip]
pub const FOUND: &[State] = &[
    ("secret_odd", "toml:20:1 ([otipass] password_file)", "without a byte-order mark", |s| password(s, "\u{feff}Violets-are-s3cret"), |s| password(s, "Violets-are-s3cret")),
    ("secret_odd", "toml:20:1 ([otipass] password_file)", "nothing before and nothing behind it", |s| password(s, "\"Violets-are-s3cret\""), |s| password(s, "Violets-are-s3cret")),
    ("secret_odd", "toml:20:1 ([otipass] password_file)", "nothing behind it", |s| password(s, "Violets-are-s3cret\n# of Otipass"), |s| password(s, "Violets-are-s3cret")),
    ("secret_open_to_all", "otipass.password", "chmod 600", |s| mode(s, 0o644), |s| mode(s, 0o600)),
    ("credentials_refused", "([otipass] username)", "Enter the user name and password", |s| password(s, "another"), |s| password(s, "Violets-are-s3cret")),
    ("mapping_too_long", "mapping.json:1:1", "nothing else", |s| s.append(MAPPING, &" ".repeat(300_000)), |s| s.write(MAPPING, s.read(MAPPING).trim_end())),
    ("mapping_empty", "mapping.json:2:1", "Paste the JSON", |s| { s.write("kept", &s.read(MAPPING)); s.write(MAPPING, " \n"); }, |s| s.write(MAPPING, &s.read("kept"))),
    ("mapping_empty", "mapping.json:1:1", "Paste the JSON", |s| { s.write("kept", &s.read(MAPPING)); s.write(MAPPING, ""); }, |s| s.write(MAPPING, &s.read("kept"))),
    ("too_many_findings", "mapping.json:", "Cure these first", |s| { s.write("kept", &s.read(MAPPING)); s.replace(MAPPING, "\"sectorInfos\": {", &format!("\"sectorInfos\": {{{}", "\"VN_AUG\" {}, ".repeat(150))); }, |s| s.write(MAPPING, &s.read("kept"))),
    ("code_with_space", "mapping.json:8:22", "Compare it with ticketing", |s| renamed(s, ["PASSVN", "PASSVN"], ["PASS VN", "PASS VN"]), |s| renamed(s, ["PASS VN", "PASS VN"], ["PASSVN", "PASSVN"])),
    ("number_without_quotes", "mapping.json:7:21", "Write \"26\"", |s| renamed(s, ["\"VN26\"", "\"VN26\""], ["26", "\"26\""]), |s| renamed(s, [": 26", "-"], [": \"26\"", "-"])),
    ("tariff_ends_soon", "catalogue.toml:24:11", "Add an entry that is valid from the day after", |s| s.replace(CATALOGUE, "price_minor = 950", &format!("valid_until = {}\nprice_minor = 950", &SystemClock.now().plus_ms(172_800_000).to_string()[..10])), |s| s.append(CATALOGUE, &format!("[[tariff]]\nproduct = \"PASSVN\"\ncode = \"CITYPASS\"\nprice_minor = 1050\nvat_basis_points = 550\nvalid_from = {}\n", &SystemClock.now().plus_ms(259_200_000).to_string()[..10]))),
    ("catalogue_file_too_large", "catalogue.toml:1:1", "Give the catalogue only", |s| { s.write("kept", &s.read(CATALOGUE)); s.append(CATALOGUE, &"# and so on\n".repeat(100_000)); }, |s| s.write(CATALOGUE, &s.read("kept"))),
    ("database_gone", "toml:8:1 ([database] url)", "move that folder away", |s| { fs::create_dir(s.path("backup")).unwrap(); s.write("backup/passerelle-20260714T070000.db", ""); }, |s| fs::rename(s.path("backup"), s.path("elsewhere")).unwrap()),
    ("database_gone", "toml:8:1 ([database] url)", "delete ", |s| s.write("passerelle.db.mark", "there"), |s| drop(fs::remove_file(s.path("passerelle.db.mark")))),
    ("mail_refused", "([notices.mail] username)", "Correct username and the password", |s| mail(s, "220 hello", "250 AUTH PLAIN", "535 no"), |s| s.replace(CONFIG, "username = \"p\"\npassword_file = \"operator.password\"\n", "")),
    ("mail_refused", "([notices.mail] host)", "to take mail from this machine", |s| mail(s, "554 not you", "250 yes", "235 yes"), no_mail),
    ("mail_unreachable", "([notices.mail] tls)", "as a rule 587", |s| { mail(s, "220 hello", "250 AUTH PLAIN", "235 yes"); s.replace(CONFIG, "tls = \"none\"", "tls = \"starttls\""); }, |s| s.replace(CONFIG, "tls = \"starttls\"", "tls = \"none\"")),
    ("mail_unreachable", "([notices.mail] host)", "Compare host, port and tls", |s| { mail(s, "220 hello", "250 AUTH PLAIN", "235 yes"); s.replace(CONFIG, "tls = \"none\"", "tls = \"tls\""); }, |s| s.replace(CONFIG, "tls = \"tls\"", "tls = \"none\"")),
    ("webhook_unreachable", "([notices] webhook)", "if its certificate is not accepted", |s| { let url = s.otipass.url.replace("http:", "https:"); s.append(CONFIG, &format!("[notices]\nwebhook = \"{url}\"\n")); }, |s| s.replace(CONFIG, "webhook = \"https:", "webhook = \"http:")),
    ("letters_not_utf8", "site.toml", "Save it as UTF-8", |s| in_utf16(s, SITE), |s| in_utf8(s, SITE)),
    ("letters_not_utf8", "site.toml", "if accents have become other letters", |s| in_1252(s, SITE), |s| in_utf8(s, SITE)),
    ("letters_not_utf8", "mapping.json", "Save it as UTF-8", |s| in_utf16(s, MAPPING), |s| in_utf8(s, MAPPING)),
    ("letters_not_utf8", "catalogue.toml", "Save it as UTF-8", |s| in_utf16(s, CATALOGUE), |s| in_utf8(s, CATALOGUE)),
    ("listen_in_use", "toml:5:1 ([server] listen)", "write another port", |s| { let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap(); s.replace(CONFIG, "127.0.0.1:8480", &other.local_addr().unwrap().to_string()); std::mem::forget(other); }, |s| { let config = s.read(CONFIG); let line = config.lines().nth(4).unwrap(); s.replace(CONFIG, line, "listen = \"127.0.0.1:8480\""); }),
    ("tls_key_invalid", "tls.key", "without a password", |s| { let (pem, _) = tls::issue(-3, 60); certificate(s, (pem.clone(), pem)); }, good),
    ("tls_key_mismatch", "tls.key", "from the same issue", |s| certificate(s, (tls::issue(-3, 60).0, tls::issue(-3, 60).1)), good),
    ("tls_certificate_invalid", "tls.pem", "Name the PEM file", |s| certificate(s, (String::new(), tls::issue(-3, 60).1)), good),
    ("tls_certificate_expired", "([server] tls_certificate)", "Renew it", |s| certificate(s, tls::issue(-30, -2)), good),
    ("tls_certificate_not_yet_valid", "([server] tls_certificate)", "have it issued again", |s| certificate(s, tls::issue(2, 60)), good),
    ("tls_certificate_expires_soon", "([server] tls_certificate)", "Renew it", |s| certificate(s, tls::issue(-60, 5)), good),
    ("tls_certificate_self_signed", "([server] tls_certificate)", "your own will do", |s| certificate(s, tls::self_signed()), good),
    ("tls_certificate_of_another", "([server] tls_certificate)", "write the certificate's name in [office] url", |s| { good(s); s.append(CONFIG, "[office]\nurl = \"https://billetterie.example.org\"\n"); }, |s| s.replace(CONFIG, "billetterie", "passerelle")),
    ("otipass_not_understood", "([otipass] url)", "a sign-in page", |s| fails(s, Some(Failure::Html)), |s| fails(s, None)),
    ("otipass_not_found", "([otipass] url)", "Check the URL", |s| fails(s, Some(Failure::Status(404))), |s| fails(s, None)),
    ("otipass_unreachable", "([otipass] url)", "the line", |s| fails(s, Some(Failure::AnswerLost)), |s| fails(s, None)),
    ("otipass_silent", "([otipass] url)", "Try again", |s| s.otipass.delay(6_000), |s| s.otipass.delay(0)),
    ("server_clock_off", "this machine's clock", "by NTP", |s| clock(s, -40_000), |s| clock(s, 0)),
    ("server_clock_off", "this machine's clock", "by NTP", |s| clock(s, 120_000), |s| clock(s, 0)),
];

/// Saves a file in UTF-16, as some editors on Windows do.
fn in_utf16(set_up: &SetUp, file: &str) {
    let text = format!("\u{feff}{}", set_up.read(file));
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(set_up.path(file), bytes).unwrap();
}

/// Saves a file in Windows-1252.
fn in_1252(set_up: &SetUp, file: &str) {
    let bytes = set_up
        .read(file)
        .chars()
        .map(|c| u8::try_from(c).unwrap_or(b'?'))
        .collect::<Vec<_>>();
    fs::write(set_up.path(file), bytes).unwrap();
}

/// Saves it in UTF-8 again.
fn in_utf8(set_up: &SetUp, file: &str) {
    let text = ::config::read_text(&set_up.path(file)).unwrap();
    set_up.write(file, &text);
}

/// Has notices go by mail to a server that greets so, offers this and answers a
/// sign-in so.
fn mail(set_up: &SetUp, greeting: &'static str, offers: &'static str, sign_in: &'static str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut say = greeting;
            let mut line = String::new();
            while write!(stream.get_mut(), "{say}\r\n").is_ok()
                && stream
                    .read_line({
                        line.clear();
                        &mut line
                    })
                    .is_ok_and(|read| read > 0)
            {
                say = match &line[..4] {
                    "EHLO" => offers,
                    "AUTH" => sign_in,
                    _ => "250 yes",
                };
            }
        }
    });
    set_up.append(CONFIG, &format!("[notices.mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\nusername = \"p\"\npassword_file = \"operator.password\"\n"));
}

/// Has no notices go by mail any more.
fn no_mail(set_up: &SetUp) {
    let config = set_up.read(CONFIG);
    set_up.write(CONFIG, config.split("[notices.mail]").next().unwrap());
}

/// A server that answers every request so; where it is.
fn server(status: &str, body: &str) -> String {
    let (length, kind) = (body.len(), "content-type: application/json");
    let head = format!("HTTP/1.1 {status}\r\n{kind}\r\ncontent-length: {length}\r\n");
    let answer = format!("{head}connection: close\r\n\r\n{body}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(told) = line.to_lowercase().strip_prefix("content-length:") {
                    length = told.trim().parse().unwrap();
                }
                line.clear();
            }
            let _ = stream.read_exact(&mut vec![0; length]);
            let _ = stream.get_mut().write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

/// Writes another value for a key, on the first line of the configuration that begins so.
fn write(set_up: &SetUp, key: &str, value: &str) {
    let config = set_up.read(CONFIG);
    let line = config.lines().find(|line| line.starts_with(key)).unwrap();
    set_up.write(
        CONFIG,
        &config.replacen(line, &format!("{key}{value}\""), 1),
    );
}

/// Has the gates sell by a ticketing elsewhere that gives this answer to everything.
fn ticketing(set_up: &SetUp, status: &str, answer: &Value) {
    let origin = server(status, &answer.to_string());
    if !set_up.read(CONFIG).contains("[access_control]") {
        set_up.replace(CONFIG, "listen", "roles = [\"gate\"]\nlisten");
        let section = "[access_control]\npassword_file = \"operator.password\"\n";
        set_up.append(CONFIG, &format!("{section}url = \"URL/v1_4\"\n"));
        return set_up.replace(CONFIG, "URL", &origin);
    }
    let config = set_up.read(CONFIG);
    let (before, url) = config.rsplit_once("url = \"").unwrap();
    let behind = url.split_once("/v1_4").unwrap().1;
    set_up.write(CONFIG, &format!("{before}url = \"{origin}/v1_4{behind}"));
}

fn ticketing_is_well(set_up: &SetUp) {
    ticketing(set_up, "200 OK", &families("OPEN_PASS"));
}

/// What a ticketing says that is otherwise in one thing.
fn said(key: &str, value: Value) -> Value {
    let mut said = families("OPEN_PASS");
    said[key] = value;
    said
}

// One case, one line.
#[rustfmt::skip]
pub const ANSWERED: &[State] = &[
    ("ticketing_credentials_refused", "([access_control] operator)", "Compare institution, operator, password", |s| ticketing(s, "401 Unauthorized", &json!({})), ticketing_is_well),
    ("ticketing_unreachable", "([access_control] url)", "Check the URL, the line", |s| ticketing(s, "502 Bad Gateway", &json!({})), ticketing_is_well),
    ("ticketing_refused", "([access_control] url)", "up to its version", |s| ticketing(s, "404 Not Found", &json!({})), ticketing_is_well),
    ("ticketing_proxy_refused", "([access_control] proxy)", "let ticketing's address through", |s| { ticketing_is_well(s); s.append(CONFIG, &format!("proxy = \"{}\"\n", server("407 Proxy Authentication Required", ""))); }, |s| { let config = s.read(CONFIG); s.write(CONFIG, config.rsplit_once("proxy = ").unwrap().0); }),
    ("ticketing_busy", "([access_control] url)", "lower calls_per_minute", |s| ticketing(s, "429 Too Many Requests", &json!({})), ticketing_is_well),
    ("ticketing_shape_unknown", "([access_control] url)", "passerelle ticketing probe", |s| ticketing(s, "200 OK", &said("timeZone", json!("Nowhere"))), ticketing_is_well),
    ("ticketing_names_none", "([access_control] url)", "the products of the passes", |s| ticketing(s, "200 OK", &said("seasons", json!("VN"))), ticketing_is_well),
    ("ticketing_names_no", "mapping.json:8:22", "may be controlled", |s| ticketing(s, "200 OK", &said("seasons", json!({"a": "VN26", "b": "PASSVN2", "c": "PASSVN3"}))), ticketing_is_well),
    ("time_zone_differs", "site.toml", "the same zone in both", |s| ticketing(s, "200 OK", &said("timeZone", json!("Asia/Tokyo"))), ticketing_is_well),
    ("project_mismatch", "mapping.json:2:23", "Correct the project id", |s| { s.write("kept", &s.read(CONFIG)); let answer = json!({"project": "montagne", "time": SystemClock.now()}); write(s, "url = \"http", &format!("{}/api", &server("200 OK", &answer.to_string())[4..])); }, |s| s.write(CONFIG, &s.read("kept"))),
    ("proxy_refused", "([otipass] proxy)", "let through on the proxy", |s| s.replace(CONFIG, "when_silent", &format!("proxy = \"{}\"\nwhen_silent", server("407 Proxy Authentication Required", ""))), |s| { let config = s.read(CONFIG); let line = config.lines().find(|line| line.starts_with("proxy")).unwrap(); s.replace(CONFIG, line, ""); }),
    ("config_unreadable", "passerelle.toml", "Give the path of the configuration", |s| fs::rename(s.path(CONFIG), s.path("kept")).unwrap(), |s| fs::rename(s.path("kept"), s.path(CONFIG)).unwrap()),
    ("config_unreadable", "passerelle.toml", "passerelle init", |s| { fs::rename(s.path(CONFIG), s.path("kept")).unwrap(); fs::write(s.path(CONFIG), b"PK\x03\x04\xff").unwrap(); }, |s| fs::rename(s.path("kept"), s.path(CONFIG)).unwrap()),
    ("set_up_not_begun", "([database] url)", "/office/ and follow the set-up", |s| { s.write("kept", &s.read(CONFIG)); s.write(CONFIG, "[database]\nurl = \"sqlite:passerelle.db\"\n[backup]\nevery_h = 24\n"); }, |s| s.write(CONFIG, &s.read("kept"))),
];

// One case, one line.
#[rustfmt::skip]
pub const SEALED: &[State] = &[
    ("secrets_not_sealed", "([secrets] key_file)", "Run passerelle secrets rekey", |s| key(s, '1'), |s| { s.fine(&["secrets", "rekey"]); }),
    ("database_key_wrong", "([secrets] key_file)", "the key that it was sealed by", |s| { key(s, '1'); s.fine(&["secrets", "rekey"]); s.secret("one.key", &"2".repeat(64)); }, |s| s.secret("one.key", &"1".repeat(64))),
    ("database_key_short", "([secrets] key_file)", "openssl rand -hex 32", |s| { key(s, '1'); s.fine(&["secrets", "rekey"]); s.secret("one.key", "short"); }, |s| s.secret("one.key", &"1".repeat(64))),
    ("database_key_missing", "([secrets] key_file)", "Name the file with the key", |s| { key(s, '1'); s.fine(&["secrets", "rekey"]); s.replace(CONFIG, "key_file = \"one.key\"\n", ""); }, |s| s.append(CONFIG, "key_file = \"one.key\"\n")),
];

/// Names a key of the secrets in the database.
fn key(set_up: &SetUp, digit: char) {
    set_up.secret("one.key", &digit.to_string().repeat(64));
    set_up.append(CONFIG, "[secrets]\nkey_file = \"one.key\"\n");
}

// One case, one line.
#[rustfmt::skip]
pub const REMEMBERED: &[State] = &[
    ("device_clock_off", "the device PDA07", "automatic time", |s| sql(s, "UPDATE gate_device SET clock_offset_ms = 30001 WHERE code = 'PDA07'"), |s| sql(s, "UPDATE gate_device SET clock_offset_ms = 0")),
    ("device_clock_off", "the device PDA07", "set it right by hand", |s| sql(s, "UPDATE gate_device SET clock_offset_ms = -90000 WHERE code = 'PDA07'"), |s| sql(s, "UPDATE gate_device SET clock_offset_ms = -30000")),
    ("num_type_missing", "mapping.json:2:23", "\"NumType\": \"serial\"", |s| read(s, &["VN00029975", "villeneuve-VN00292151", "vn00300004"].map(str::to_owned)), |s| s.replace(MAPPING, "{", "{ \"NumType\": \"serial\",")),
    ("device_codes_alike", "the device PDA01", "under prefixes in [otipass.additions]", |s| read(s, &(0..40).map(|n| format!("TICKET/{n:04}x")).collect::<Vec<_>>()), |s| s.append(CONFIG, "[otipass.additions]\nprefixes = [\"TICKET/\"]\n")),
    ("phones_cannot_reach", "toml:5:1 ([server] listen)", "the address that phones reach", |s| drop(s.fine(&["device", "enrol", "PDA01"])), |s| s.append(CONFIG, "[office]\nurl = \"https://passerelle.example.org\"\n")),
    ("phones_cannot_reach", "([office] url)", "the address that phones reach", |s| { s.append(CONFIG, "[office]\nurl = \"http://localhost:8480\"\n"); s.fine(&["device", "enrol", "PDA01"]); }, |s| drop(s.token("PDA01"))),
    ("barcodes_refused", "the database", "passerelle sales resend", |s| sql(s, "INSERT INTO gate_control_barcode (barcode, check_id, sector, season, product, mode, controlled_at, refused) VALUES ('OTI0002997520260714090000000', 'c', 'VN_AUG', 'VN26', 'PASSVN', 'online', 0, 'blocked')"), |s| { s.fine(&["sales", "resend"]); }),
    ("ticketing_takes_none", "the database", "everything waits in the queue", |s| sql(s, "INSERT INTO gate_ticketing_trouble (lane, since, latest, cause, reason) VALUES ('line', 0, 0, 'refused', 'SEASON')"), |s| sql(s, "DELETE FROM gate_ticketing_trouble")),
    ("ticketing_takes_none", "the database", "cancelled_word", |s| sql(s, "INSERT INTO gate_ticketing_trouble (lane, since, latest, cause, reason) VALUES ('cancellations', 0, 0, 'refused', 'VOID')"), |s| sql(s, "DELETE FROM gate_ticketing_trouble")),
    ("ticketing_takes_none", "the database", "a season or product that ticketing does not have", |s| sql(s, "INSERT INTO gate_ticketing_trouble (lane, since, latest, cause, reason) VALUES ('VN_AUG;VN26;PASSVN', 0, 0, 'refused', 'PRODUCT')"), |s| sql(s, "DELETE FROM gate_ticketing_trouble")),
    ("sector_at_work_not_mapped", "site.toml:32:8", "Add the sector to sectorInfos", |s| { s.token("PDA13"); }, |s| s.replace(MAPPING, "\"sectorInfos\": {", EXHIBITION)),
    ("barcodes_held", "the database", "Map a tariff", |s| sql(s, "INSERT INTO box_staged (barcode, season, product, sector, control_result, controlled_at, business_day, received_at, state, held_reason) VALUES ('OTI0002997520260714090000000', 'VN26', 'PASSVN', 'VN_AUG', 'OK', 0, '2026-07-14', 0, 'held', 'tariff_not_mapped')"), |s| sql(s, "DELETE FROM box_staged")),
];

/// Where the set-up is before it is harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Files,
    /// There is a database, too.
    Database,
    /// The back office keeps all of it.
    Pages,
}

async fn hold(states: &[State], before: Before) {
    let mut otherwise = Vec::new();
    for (code, place, says, harm, cure) in states {
        let set_up = SetUp::healthy();
        match before {
            Before::Files => {}
            Before::Database => drop(set_up.db().await),
            Before::Pages => drop(set_up.move_in().await),
        }
        harm(&set_up);
        if let Err(wrong) = holds(&set_up, code, place, says, |set_up, _| cure(set_up)).await {
            otherwise.push(format!("{code}: {wrong}"));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

#[tokio::test]
async fn what_is_found_around_the_files() {
    hold(FOUND, Before::Files).await;
}

#[tokio::test]
async fn what_the_database_remembers() {
    hold(REMEMBERED, Before::Database).await;
}

#[tokio::test]
async fn what_others_answer() {
    hold(ANSWERED, Before::Files).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_key() {
    hold(SEALED, Before::Pages).await;
}
