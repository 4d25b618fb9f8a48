//! Frames that the service reads, by a child of its own.

use super::passes;
use crate::{BIN, id};
use reqwest::{Method, RequestBuilder};
use rxing::{BarcodeFormat, MultiFormatWriter, Writer};
use serde_json::json;
use stage::villeneuve::GOOD;
use stage::{Answer, Program, SET_UP, answer};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const DECODE: &str = "/api/v1/decode";

/// What an answer may take, whatever the picture. A second is what is promised; the
/// machine of a test does other things too.
const LIMIT: Duration = Duration::from_secs(2);

/// A JPEG of a code that says `text`.
fn photograph(format: BarcodeFormat, text: &str) -> Vec<u8> {
    let code = MultiFormatWriter.encode(text, &format, 480, 240).unwrap();
    let (width, height) = (code.width(), code.height());
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| if code.get(x, y) { 20 } else { 230 })
        .collect();
    let mut file = Vec::new();
    let side = |pixels: u32| u16::try_from(pixels).unwrap();
    jpeg_encoder::Encoder::new(&mut file, 80)
        .encode(
            &pixels,
            side(width),
            side(height),
            jpeg_encoder::ColorType::Luma,
        )
        .unwrap();
    file
}

/// A PNG of so many pixels a side.
fn png(width: u32, height: u32, pixel: impl Fn(u32, u32) -> u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| pixel(x, y))
        .collect();
    writer.write_image_data(&pixels).unwrap();
    drop(writer);
    file
}

/// Nothing but the squares by which a QR code is found: three of all of them are
/// tried together, and it takes a reader minutes.
pub fn grid(width: u32, height: u32) -> Vec<u8> {
    png(width, height, |x, y| {
        let (x, y) = (x / 2 % 9, y / 2 % 9);
        let ring = x.abs_diff(3).max(y.abs_diff(3));
        if matches!(ring, 0 | 1 | 3) { 0 } else { 255 }
    })
}

pub fn frame(service: &Program, token: &str, frame: &[u8]) -> RequestBuilder {
    let request = service.request(Method::POST, DECODE).bearer_auth(token);
    let request = request.header("content-type", "image/jpeg");
    request.body(frame.to_owned())
}

async fn decode(service: &Program, token: &str, picture: &[u8]) -> Answer {
    answer(frame(service, token, picture)).await
}

fn opened() -> Program {
    Program::at_work(BIN, &passes(), SET_UP)
}

/// How many children a process has.
fn children(of: u32) -> usize {
    let listed = std::fs::read_dir(format!("/proc/{of}/task")).unwrap();
    let of_a_thread = |thread: std::fs::DirEntry| {
        let children = std::fs::read_to_string(thread.path().join("children"));
        children.unwrap_or_default().split_whitespace().count()
    };
    listed.flatten().map(of_a_thread).sum()
}

#[tokio::test]
async fn a_frame_is_read_for_a_device_and_nothing_is_kept() {
    let service = opened();
    let token = service.token("PDA01");
    for (format, name) in [
        (BarcodeFormat::QR_CODE, "qr_code"),
        (BarcodeFormat::CODE_128, "code_128"),
    ] {
        let picture = photograph(format, "villeneuve-00029975");
        let expected = json!({"codes": [{"format": name, "text": "villeneuve-00029975"}]});
        // A camera sends one frame after the other; where much else is done, one may
        // take too long.
        stage::eventually("it is read", async || {
            let read = decode(&service, &token, &picture).await;
            assert_eq!(read.status, 200, "{read:?}");
            read.json() == expected
        })
        .await;
    }
    let report = service.json(&["report", "attendance"]);
    assert_eq!(report["by_outcome"], json!({}), "{report}");
    let stranger = decode(&service, "nobody", &[]).await;
    assert_eq!(stranger.problem(), "token_invalid");
}

#[tokio::test]
async fn what_is_no_frame_is_told_so() {
    let service = opened();
    let token = service.token("PDA01");
    let whole = photograph(BarcodeFormat::QR_CODE, "00029975");
    let mut bomb = whole.clone();
    let header = bomb.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    bomb[header + 5..header + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    let mut endless = Vec::new();
    let encoder = png::Encoder::new(&mut endless, 60_000, 60_000);
    drop(encoder.write_header().unwrap());
    for (picture, status, code) in [
        (Vec::new(), 422, "image_invalid"),
        (b"GIF89a".to_vec(), 422, "image_invalid"),
        (whole[..40].to_vec(), 422, "image_invalid"),
        (bomb, 413, "image_too_large"),
        (endless, 413, "image_too_large"),
        (
            vec![0xff; deviceapi::BODY_LIMIT_BYTES + 1],
            413,
            "body_too_large",
        ),
    ] {
        let refused = decode(&service, &token, &picture).await;
        assert_eq!(refused.told(), (status, code.to_owned()));
    }
}

#[tokio::test]
async fn no_picture_takes_longer_than_a_second_or_holds_up_anybody_else() {
    let service = opened();
    let (bad, good) = (service.token("PDA01"), service.token("PDA02"));
    let picture = photograph(BarcodeFormat::QR_CODE, GOOD);
    // The child that reads is there from here on.
    decode(&service, &good, &picture).await;
    let noise = |x: u32, y: u32| (x * 2_003 + y).wrapping_mul(2_654_435_761).to_be_bytes()[0];
    for (n, slow) in [grid(640, 480), grid(2_000, 2_000), png(2_000, 2_000, noise)]
        .iter()
        .enumerate()
    {
        let begun = Instant::now();
        let asked = tokio::spawn(answer(frame(&service, &bad, slow)));
        let n = u32::try_from(n).unwrap();
        let checked = service.check(&good, &id(n + 1), GOOD).await;
        assert!(checked["outcome"].is_string(), "{checked}");
        let answered = asked.await.unwrap();
        assert_eq!(answered.json(), json!({"codes": []}), "{answered:?}");
        assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    }
    // Whoever sends such ones on and on does not keep others from being read.
    let attack = async {
        loop {
            decode(&service, &bad, &grid(640, 480)).await;
        }
    };
    let honest = stage::eventually("an honest frame is read", async || {
        let begun = Instant::now();
        let read = decode(&service, &good, &picture).await;
        assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
        read.status == 200 && read.json()["codes"][0]["text"] == GOOD
    });
    tokio::select! {
        () = honest => {}
        () = attack => {}
    }
}

#[tokio::test]
async fn one_frame_of_a_device_is_in_hand_at_a_time() {
    let service = opened();
    let token = service.token("PDA01");
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..20 {
        asked.spawn(answer(frame(&service, &token, &grid(640, 480))));
    }
    let answers = asked.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    let refused = answers.iter().filter(|answer| answer.status != 200);
    for refused in refused.inspect(|answer| assert_eq!(answer.problem(), "busy")) {
        assert_eq!(refused.headers["retry-after"], "1");
    }
}

#[tokio::test]
async fn a_picture_costs_nothing_after_its_caller_has_gone_and_holds_up_no_end() {
    let mut service = opened();
    let token = service.token("PDA01");
    let grid = grid(2_000, 2_000);
    let head = format!(
        "POST {DECODE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        grid.len()
    );
    let process = service.service().child.id();
    let mut gone = TcpStream::connect(service.address).await.unwrap();
    gone.write_all(head.as_bytes()).await.unwrap();
    gone.write_all(&grid).await.unwrap();
    stage::eventually("it is being read", async || children(process) == 1).await;
    drop(gone);
    let begun = Instant::now();
    stage::eventually("nobody reads", async || children(process) == 0).await;
    assert!(begun.elapsed() < LIMIT / 2, "{:?}", begun.elapsed());

    let asked = tokio::spawn(answer(frame(&service, &token, &grid)));
    stage::eventually("it is being read", async || children(process) == 1).await;
    let begun = Instant::now();
    service.service().ask_to_end();
    assert!(service.service().ended());
    assert!(begun.elapsed() < 2 * LIMIT, "{:?}", begun.elapsed());
    assert_eq!(asked.await.unwrap().json(), json!({"codes": []}));
}
