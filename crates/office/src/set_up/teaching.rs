//! The code that teaches the scanner page how a scanner types: its layout, what it adds,
//! and how it ends. On the screen, on paper, and part of the scanner page.

use rxing::common::BitMatrix;
use rxing::{BarcodeFormat, MultiFormatWriter, Writer};
use std::fmt::Write;

/// What the code says: `TEXT` of the scanner page's `learn.js`.
pub const TEACHING_TEXT: &str = "PASSERELLE-0123456789-BCDFGHIJKMNOQTUVWXYZ:/.?=&_]#";

/// Modules of white between the two and around them.
const MARGIN: u32 = 12;
/// How high the bars are, and how much larger a module of the QR code is than one of
/// them.
const BARS_HIGH: i32 = 90;
const LARGER: u32 = 6;

/// A picture of it as a Code 128 and as a QR code: a scanner of bars reads no other.
/// Empty if they cannot be made, which the tests hold to be impossible.
#[must_use]
pub fn teaching_picture() -> String {
    let encoded = |format, high| MultiFormatWriter.encode(TEACHING_TEXT, &format, 1, high);
    let (Ok(bars), Ok(square)) = (
        encoded(BarcodeFormat::CODE_128, BARS_HIGH),
        encoded(BarcodeFormat::QR_CODE, 1),
    ) else {
        return String::new();
    };
    let (wide, side) = (bars.width(), square.width() * LARGER);
    let (across, down) = (wide + 2 * MARGIN, bars.height() + side + 3 * MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {across} {down}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{across}v{down}H0z\"/>\
         <path d=\"{}{}\"/></svg>",
        path(&bars, (MARGIN, MARGIN), 1),
        path(
            &square,
            ((across - side) / 2, bars.height() + 2 * MARGIN),
            LARGER
        ),
    )
}

/// Its dark modules from there on, each row as runs; equal rows are one.
fn path(code: &BitMatrix, (left, top): (u32, u32), size: u32) -> String {
    let row = |y| {
        (0..code.width())
            .map(|x| code.get(x, y))
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = (0..code.height()).map(row).collect();
    let mut path = String::new();
    let mut y = 0;
    for same in rows.chunk_by(|one, next| one == next) {
        let high = u32::try_from(same.len()).unwrap_or_default();
        let mut x = 0;
        for run in same[0].chunk_by(|one, next| one == next) {
            let wide = u32::try_from(run.len()).unwrap_or_default();
            if run[0] {
                let (x, y) = (left + x * size, top + y * size);
                let (wide, high) = (wide * size, high * size);
                let _ = write!(path, "M{x} {y}h{wide}v{high}h-{wide}z");
            }
            x += wide;
        }
        y += high;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader sees of the picture at two pixels a module.
    fn read(picture: &str) -> Vec<(BarcodeFormat, String)> {
        let size: Vec<usize> = picture
            .split_once("viewBox=\"0 0 ")
            .and_then(|(_, rest)| rest.split_once('"'))
            .unwrap()
            .0
            .split(' ')
            .map(|side| 2 * side.parse::<usize>().unwrap())
            .collect();
        let mut pixels = vec![255; size[0] * size[1]];
        let dark = picture.rsplit_once("<path d=\"").unwrap().1;
        for run in dark.split('M').skip(1) {
            let numbers: Vec<usize> = run
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            let [x, y, wide, high, _] = numbers[..] else {
                panic!("{run}");
            };
            for row in 2 * y..2 * (y + high) {
                pixels[row * size[0] + 2 * x..row * size[0] + 2 * (x + wide)].fill(0);
            }
        }
        // The bars are above, the square below.
        let high = 2 * usize::try_from(BARS_HIGH).unwrap() + 3 * usize::try_from(MARGIN).unwrap();
        let below = pixels.split_off(high * size[0]);
        [pixels, below]
            .map(|part| {
                let (wide, high) = (size[0], part.len() / size[0]);
                let side = |size: usize| u32::try_from(size).unwrap();
                let found = rxing::helpers::detect_in_luma(part, side(wide), side(high), None);
                let found = found.unwrap();
                (*found.getBarcodeFormat(), found.getText().to_owned())
            })
            .into()
    }

    #[test]
    fn both_kinds_of_scanner_can_read_the_picture() {
        let text = TEACHING_TEXT.to_owned();
        assert_eq!(
            read(&teaching_picture()),
            [
                (BarcodeFormat::CODE_128, text.clone()),
                (BarcodeFormat::QR_CODE, text)
            ]
        );
    }

    /// At 0.25 mm a module the bars fit on a sheet, and into the sight of a scanner.
    #[test]
    fn the_bars_are_no_wider_than_a_sheet() {
        let picture = teaching_picture();
        let across = picture.split_once("viewBox=\"0 0 ").unwrap().1;
        let across: u32 = across.split(' ').next().unwrap().parse().unwrap();
        assert!(across <= 720, "{across} modules");
    }
}
