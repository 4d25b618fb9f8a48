//! PDF files of text and tables (ISO 32000-1): A4, the standard fonts, page by
//! page. Just what a statement to be sent needs.

mod widths;

use encoding_rs::WINDOWS_1252;
use std::fmt::Write as _;

/// Where text begins, and the narrowest margin, in points.
pub(super) const LEFT: i32 = 40;
/// Where text ends.
pub(super) const RIGHT: i32 = 555;
const TOP: i32 = 790;
const BOTTOM: i32 = 60;

const ELLIPSIS: u8 = 0x85;

/// The columns of a table: how many have texts, which begin at their edge, and the edges
/// of all, with that behind the last. Behind the texts stand numbers, which end before the
/// next edge.
pub(super) type Columns = (usize, &'static [i32]);

/// Between the end of a column and the next edge.
const GAP: i32 = 4;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Plain,
    Bold,
}

/// A document that is being written, from top to bottom.
#[derive(Debug)]
pub(super) struct Pdf {
    pages: Vec<Vec<u8>>,
    y: i32,
}

/// A text in the encoding of the standard fonts (`WinAnsiEncoding`).
fn encoded(text: &str) -> Vec<u8> {
    let text = text.replace('\u{202f}', "\u{a0}").replace('−', "-");
    let byte = |c: char| match WINDOWS_1252.encode(c.encode_utf8(&mut [0; 4])) {
        (bytes, _, false) if !c.is_control() => bytes[0],
        _ => b'?',
    };
    text.chars().map(byte).collect()
}

/// The text in the encoding of the fonts, no wider than `room` points: what is
/// too much gives way to an ellipsis.
fn fitting(text: &str, size: i32, weight: Weight, room: i32) -> Vec<u8> {
    let mut bytes = encoded(text);
    let is_too_wide = |bytes: &[u8]| widths::width(weight, bytes) * size > room * 1_000;
    if is_too_wide(&bytes) {
        bytes.push(ELLIPSIS);
        while bytes.len() > 1 && is_too_wide(&bytes) {
            bytes.remove(bytes.len() - 2);
        }
    }
    bytes
}

impl Pdf {
    pub(super) fn new() -> Self {
        Self {
            pages: vec![Vec::new()],
            y: TOP,
        }
    }

    fn put(&mut self, x: i32, y: i32, size: i32, weight: Weight, bytes: &[u8]) {
        let Some(page) = self.pages.last_mut() else {
            return;
        };
        let font = if weight == Weight::Bold { "F2" } else { "F1" };
        page.extend(format!("BT /{font} {size} Tf {x} {y} Td (").bytes());
        for byte in bytes {
            if matches!(byte, b'(' | b')' | b'\\') {
                page.push(b'\\');
            }
            page.push(*byte);
        }
        page.extend(b") Tj ET\n");
    }

    /// Goes down; to the next page if `height` is not left on this one. Says
    /// whether it did.
    pub(super) fn down(&mut self, height: i32) -> bool {
        self.y -= height;
        let is_full = self.y < BOTTOM;
        if is_full {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
        is_full
    }

    /// Whether `height` is left on this page.
    pub(super) fn has_room(&self, height: i32) -> bool {
        self.y - height >= BOTTOM
    }

    /// A line of text at the left.
    pub(super) fn line(&mut self, size: i32, weight: Weight, text: &str) {
        let bytes = fitting(text, size, weight, RIGHT - LEFT);
        self.put(LEFT, self.y, size, weight, &bytes);
    }

    /// Text at the left in as many lines as it takes; it ends on the last.
    pub(super) fn lines(&mut self, size: i32, weight: Weight, text: &str) {
        let fits =
            |line: &str| widths::width(weight, &encoded(line)) * size <= (RIGHT - LEFT) * 1_000;
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = format!("{line}{}{word}", if line.is_empty() { "" } else { " " });
            if line.is_empty() || fits(&longer) {
                line = longer;
            } else {
                self.line(size, weight, &line);
                self.down(size * 5 / 4);
                word.clone_into(&mut line);
            }
        }
        self.line(size, weight, &line);
    }

    /// A line of a table, each cell within its column.
    pub(super) fn row(&mut self, weight: Weight, (texts, edges): Columns, cells: &[String]) {
        const SIZE: i32 = 8;
        for (at, (edge, cell)) in edges.windows(2).zip(cells).enumerate() {
            let (from, to) = (edge[0], edge[1] - GAP);
            let bytes = fitting(cell, SIZE, weight, to - from);
            let x = match at < texts {
                true => from,
                false => to - widths::width(weight, &bytes) * SIZE / 1_000,
            };
            self.put(x, self.y, SIZE, weight, &bytes);
        }
    }

    /// A thin line below the present one.
    pub(super) fn rule(&mut self) {
        let y = self.y - 4;
        if let Some(page) = self.pages.last_mut() {
            page.extend(format!("0.5 w {LEFT} {y} m {RIGHT} {y} l S\n").bytes());
        }
    }

    /// The file, with `foot` at the foot of each page, given its number and how
    /// many there are: what stands at the left, and what at the right.
    pub(super) fn finish(mut self, foot: impl Fn(usize, usize) -> (String, String)) -> Vec<u8> {
        let count = self.pages.len();
        let pages = std::mem::take(&mut self.pages);
        let mut contents = Vec::new();
        for (at, page) in pages.into_iter().enumerate() {
            self.pages = vec![page];
            let (name, rest) = foot(at + 1, count);
            let rest = encoded(&rest);
            let width = widths::width(Weight::Plain, &rest) * 8 / 1_000;
            let name = fitting(&name, 8, Weight::Plain, RIGHT - LEFT - width - 20);
            self.put(LEFT, 36, 8, Weight::Plain, &name);
            self.put(RIGHT - width, 36, 8, Weight::Plain, &rest);
            contents.append(&mut self.pages);
        }
        let kids: String = (0..count).fold(String::new(), |mut kids, at| {
            let _ = write!(kids, "{} 0 R ", 5 + 2 * at);
            kids
        });
        let font = |name: &str| {
            format!(
                "<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
            )
        };
        let mut objects: Vec<Vec<u8>> = vec![
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>").into_bytes(),
            font("Helvetica").into_bytes(),
            font("Helvetica-Bold").into_bytes(),
        ];
        for (at, content) in contents.into_iter().enumerate() {
            objects.push(
                format!(
                    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R \
                     /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>",
                    6 + 2 * at
                )
                .into_bytes(),
            );
            let mut stream = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
            stream.extend(content);
            stream.extend(b"\nendstream");
            objects.push(stream);
        }
        let mut file = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut table = String::new();
        for (at, object) in objects.iter().enumerate() {
            let _ = writeln!(table, "{:010} 00000 n ", file.len());
            file.extend(format!("{} 0 obj\n", at + 1).bytes());
            file.extend(object);
            file.extend(b"\nendobj\n");
        }
        let start = file.len();
        let size = objects.len() + 1;
        file.extend(
            format!(
                "xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n\
                 << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
            )
            .bytes(),
        );
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_stands_where_the_table_says() {
        let mut pdf = Pdf::new();
        for n in 0..100 {
            pdf.line(9, Weight::Plain, &format!("line {n} (\\) €"));
            pdf.down(14);
        }
        let file = pdf.finish(|n, all| ("foot".to_owned(), format!("{n} of {all}")));
        let text: String = file.iter().map(|byte| char::from(*byte)).collect();
        let (_, start) = text.rsplit_once("startxref\n").unwrap();
        let start: usize = start.split('\n').next().unwrap().parse().unwrap();
        let table = &text[text.char_indices().nth(start).unwrap().0..];
        assert!(table.starts_with("xref\n0 9\n"), "{table}");
        for (at, line) in table.lines().skip(3).take(8).enumerate() {
            let offset: usize = line[..10].parse().unwrap();
            let object = format!("{} 0 obj", at + 1);
            assert!(file[offset..].starts_with(object.as_bytes()), "{line}");
        }
        assert!(text.contains("(2 of 2) Tj"));
        assert!(text.contains("line 0 \\(\\\\\\) \u{80}"));
    }

    #[test]
    fn no_text_leaves_its_place() {
        let long =
            "Établissement public du château, du musée et du domaine national de L’Haÿ-les-Roses";
        for room in [20, 100, 400] {
            let bytes = fitting(long, 16, Weight::Bold, room);
            assert!(widths::width(Weight::Bold, &bytes) * 16 <= room * 1_000);
            assert_eq!(bytes.last(), Some(&ELLIPSIS));
        }
        assert_eq!(fitting("L’HAŸ", 8, Weight::Plain, 100), b"L\x92HA\x9f");

        // Each word of a long name is there, and no line is too wide.
        let mut pdf = Pdf::new();
        pdf.lines(16, Weight::Bold, long);
        assert_eq!(pdf.y, TOP - 20);
        let text: String = pdf.pages[0].iter().map(|byte| char::from(*byte)).collect();
        assert!(!text.contains('\u{85}'), "{text}");
        assert!(text.contains("tablissement public") && text.contains("les-Roses) Tj"));
    }
}
