//! Frames that the server reads, and the decoder that browsers run.

use db::testing::sqlite_in_memory;
use reqwest::Method;
use rxing::{BarcodeFormat, MultiFormatWriter, Writer};
use serde_json::json;
use stage::villeneuve::AUG;
use stage::{Answer, Museum, answer};

const DECODE: &str = "/api/v1/decode";
const LIST: &str = "/scan/decoder/files.json";

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

async fn decode(house: &Museum, frame: Vec<u8>) -> Answer {
    let request = house.as_device(AUG, Method::POST, DECODE);
    answer(request.header("content-type", "image/jpeg").body(frame)).await
}

#[tokio::test]
async fn a_frame_is_read_for_a_device_and_nothing_is_kept() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    for (format, name) in [
        (BarcodeFormat::QR_CODE, "qr_code"),
        (BarcodeFormat::CODE_128, "code_128"),
    ] {
        let read = decode(&house, photograph(format, "villeneuve-00029975")).await;
        assert_eq!(read.status, 200, "{read:?}");
        let expected = json!({"codes": [{"format": name, "text": "villeneuve-00029975"}]});
        assert_eq!(read.json(), expected);
    }
    assert_eq!(house.count("gate_check").await, 0);

    let frame = photograph(BarcodeFormat::QR_CODE, "00029975");
    let stranger = house.request(Method::POST, DECODE).body(frame);
    assert_eq!(answer(stranger).await.problem(), "token_invalid");
    house.end().await;
}

#[tokio::test]
async fn what_is_no_frame_is_told_so() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let whole = photograph(BarcodeFormat::QR_CODE, "00029975");
    let mut bomb = whole.clone();
    let header = bomb.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    bomb[header + 5..header + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    for (frame, status, code) in [
        (Vec::new(), 422, "image_invalid"),
        (b"GIF89a".to_vec(), 422, "image_invalid"),
        (whole[..40].to_vec(), 422, "image_invalid"),
        (bomb, 413, "image_too_large"),
        (
            vec![0xff; deviceapi::BODY_LIMIT_BYTES + 1],
            413,
            "body_too_large",
        ),
    ] {
        let refused = decode(&house, frame).await;
        assert_eq!((refused.status, refused.problem().as_str()), (status, code));
    }
    house.end().await;
}

#[tokio::test]
async fn many_frames_at_once_are_all_answered_or_asked_to_come_again() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let frame = photograph(BarcodeFormat::QR_CODE, "00029975");
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let request = house.as_device(AUG, Method::POST, DECODE);
        asked.spawn(answer(request.body(frame.clone())));
    }
    let answers = asked.join_all().await;
    let read = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(read >= 16, "as many as may be in hand: {read}");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.problem(), "busy");
        assert_eq!(refused.headers["retry-after"], "1");
    }
    house.end().await;
}

#[tokio::test]
async fn the_decoder_is_served_whole_or_not_at_all() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let list = house.get(LIST).await;
    let module = house.get("/scan/decoder/decoder.js").await;
    if list.status == 404 {
        // Built without `cargo xtask decoder`: the page sends its frames here.
        assert_eq!(list.problem(), "not_found");
        assert_eq!(module.problem(), "not_found");
    } else {
        let urls: Vec<String> = serde_json::from_str(&list.text).unwrap();
        assert_eq!(urls[0], "/scan/decoder/decoder.js");
        assert_eq!(urls.len(), 5);
        for url in urls {
            let file = answer(house.request(Method::GET, &url)).await;
            assert_eq!(file.status, 200, "{url}");
            let expected = match url.rsplit_once('.').unwrap().1 {
                "js" => "text/javascript; charset=utf-8",
                "wasm" => "application/wasm",
                _ => "text/plain; charset=utf-8",
            };
            assert_eq!(file.headers["content-type"], expected, "{url}");
            let is_versioned = url.contains("/zxing-wasm-");
            let caching = &file.headers["cache-control"];
            assert_eq!(caching.contains("immutable"), is_versioned, "{url}");
        }
        // What the module imports stands beside it.
        for import in module.text.split('"').filter(|text| text.starts_with("./")) {
            let url = format!("/scan/decoder/{}", import.trim_start_matches("./"));
            assert!(list.text.contains(&url), "{url}");
        }
    }
    let nothing = house.get("/scan/decoder/../../etc/passwd").await;
    assert_eq!(nothing.status, 404);
    house.end().await;
}
