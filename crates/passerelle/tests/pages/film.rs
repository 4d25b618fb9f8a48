//! A film for Chromium's fake camera, which shows one code for ever.
//!
//! Chromium plays it with `--use-fake-device-for-media-stream
//! --use-fake-ui-for-media-stream --use-file-for-fake-video-capture=<path>`.

use rxing::{BarcodeFormat, MultiFormatWriter, Writer};
use std::path::Path;

/// Pixels of a frame, the least that cameras have.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
/// Chromium begins again after the last.
const FRAMES: usize = 5;
const FRAMES_PER_SECOND: u32 = 10;

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
}

/// Writes a film of a code that says `text`, as uncompressed Y4M.
pub fn write(path: &Path, symbology: Symbology, text: &str) {
    let frame = frame(symbology, text);
    let mut film =
        format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420\n").into_bytes();
    for _ in 0..FRAMES {
        film.extend_from_slice(b"FRAME\n");
        film.extend_from_slice(&frame);
        // Both planes of colour have half the width and half the height.
        film.resize(film.len() + frame.len() / 2, NO_COLOUR);
    }
    std::fs::write(path, film).expect("the film");
}

/// The brightness of each pixel: a code on a sheet of paper, held before the
/// middle of the picture.
fn frame(symbology: Symbology, text: &str) -> Vec<u8> {
    let (format, width, height) = match symbology {
        Symbology::QrCode => (BarcodeFormat::QR_CODE, 320, 320),
        Symbology::Code128 => (BarcodeFormat::CODE_128, 600, 140),
    };
    let code = MultiFormatWriter
        .encode(text, &format, width, height)
        .expect("a code of this text");
    let (wide, high) = (code.width(), code.height());
    assert!(
        wide <= WIDTH && high + 2 * MARGIN <= HEIGHT,
        "{text:?} is too long for a film: {wide} × {high}"
    );
    let (left, top) = ((WIDTH - wide) / 2, (HEIGHT - high) / 2);
    let brightness = |x: u32, y: u32| {
        let in_width = (left..left + wide).contains(&x);
        if in_width && (top..top + high).contains(&y) && code.get(x - left, y - top) {
            INK
        } else if in_width && (top - MARGIN..top + high + MARGIN).contains(&y) {
            PAPER
        } else {
            BACKGROUND
        }
    };
    (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
        .map(|(x, y)| brightness(x, y))
        .collect()
}

#[test]
fn what_a_film_shows_can_be_read() {
    for symbology in [Symbology::QrCode, Symbology::Code128] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("film.y4m");
        write(&path, symbology, "villeneuve-00029975");
        let film = std::fs::read(&path).expect("the film");
        let header = film.iter().position(|&byte| byte == b'\n').expect("a line") + 1;
        let pixels = frame(symbology, "villeneuve-00029975");
        let frame_bytes = b"FRAME\n".len() + pixels.len() * 3 / 2;
        assert_eq!(film.len(), header + FRAMES * frame_bytes);
        let first = header + b"FRAME\n".len();
        assert_eq!(film[first..first + pixels.len()], pixels);
        let read = rxing::helpers::detect_in_luma(pixels, WIDTH, HEIGHT, None);
        assert_eq!(read.expect("a code").getText(), "villeneuve-00029975");
    }
}
