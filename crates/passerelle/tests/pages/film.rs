//! Films for Chromium's fake camera, which begins again after the last frame.
//!
//! Chromium plays it with `--use-fake-device-for-media-stream
//! --use-fake-ui-for-media-stream --use-file-for-fake-video-capture=<path>`.

use rxing::{BarcodeFormat, MultiFormatWriter, Writer};
use std::path::Path;

/// Pixels of a frame, the least that cameras have.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
pub const FRAMES_PER_SECOND: u32 = 10;
/// Paper above and below the code, in pixels.
const MARGIN: u32 = 40;

/// A table in a museum: neither black nor white.
const BACKGROUND: u8 = 150;
const PAPER: u8 = 235;
const INK: u8 = 16;
const NO_COLOUR: u8 = 128;

/// What the code is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbology {
    QrCode,
    Code128,
    /// On books and bottles.
    Ean13,
}

/// A code, and what it says.
pub type Code<'a> = (Symbology, &'a str);

/// Writes a film of scenes, each so many frames of these codes beside each other, as
/// uncompressed Y4M.
pub fn write(path: &Path, scenes: &[(u32, &[Code<'_>])]) {
    let mut film =
        format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420\n").into_bytes();
    for (frames, codes) in scenes {
        let frame = frame(codes);
        for _ in 0..*frames {
            film.extend_from_slice(b"FRAME\n");
            film.extend_from_slice(&frame);
            // Both planes of colour have half the width and half the height.
            film.resize(film.len() + frame.len() / 2, NO_COLOUR);
        }
    }
    std::fs::write(path, film).expect("the film");
}

/// The brightness of each pixel: codes on sheets of paper, held before the middle of
/// the picture.
fn frame(codes: &[Code<'_>]) -> Vec<u8> {
    let mut pixels = vec![BACKGROUND; usize::try_from(WIDTH * HEIGHT).expect("a size")];
    let count = u32::try_from(codes.len()).expect("a few");
    for (place, (symbology, text)) in (0..).zip(codes) {
        let room = WIDTH / count;
        let (format, width, height) = match symbology {
            Symbology::QrCode => (BarcodeFormat::QR_CODE, room.min(320), 320.min(room)),
            Symbology::Code128 => (BarcodeFormat::CODE_128, room.min(600), 140),
            Symbology::Ean13 => (BarcodeFormat::EAN_13, room.min(400), 140),
        };
        let code = MultiFormatWriter
            .encode(
                text,
                &format,
                width.try_into().expect("a width"),
                height.try_into().expect("a height"),
            )
            .expect("a code of this text");
        let (wide, high) = (code.width(), code.height());
        assert!(
            wide <= room && high + 2 * MARGIN <= HEIGHT,
            "{text:?} is too long for a film: {wide} × {high}"
        );
        let (left, top) = (place * room + (room - wide) / 2, (HEIGHT - high) / 2);
        for y in top - MARGIN..top + high + MARGIN {
            for x in left..left + wide {
                let is_ink = (top..top + high).contains(&y) && code.get(x - left, y - top);
                let pixel = usize::try_from(y * WIDTH + x).expect("a place");
                pixels[pixel] = if is_ink { INK } else { PAPER };
            }
        }
    }
    pixels
}

#[test]
fn what_a_film_shows_can_be_read() {
    for symbology in [Symbology::QrCode, Symbology::Code128] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("film.y4m");
        write(&path, &[(5, &[(symbology, "villeneuve-00029975")])]);
        let film = std::fs::read(&path).expect("the film");
        let header = film.iter().position(|&byte| byte == b'\n').expect("a line") + 1;
        let pixels = frame(&[(symbology, "villeneuve-00029975")]);
        let frame_bytes = b"FRAME\n".len() + pixels.len() * 3 / 2;
        assert_eq!(film.len(), header + 5 * frame_bytes);
        let first = header + b"FRAME\n".len();
        assert_eq!(film[first..first + pixels.len()], pixels);
        let read = rxing::helpers::detect_in_luma(pixels, WIDTH, HEIGHT, None);
        assert_eq!(read.expect("a code").getText(), "villeneuve-00029975");
    }
}
