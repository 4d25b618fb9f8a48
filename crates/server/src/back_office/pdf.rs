//! PDF files of text and tables (ISO 32000-1): A4, the standard fonts, page by
//! page. Just what a statement to be sent needs.

mod widths;

use std::fmt::Write as _;

/// Where text begins, and the narrowest margin, in points.
pub(super) const LEFT: i32 = 40;
/// Where text ends.
pub(super) const RIGHT: i32 = 555;
const TOP: i32 = 790;
const BOTTOM: i32 = 60;

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
    text.chars()
        .map(|c| match c {
            '\u{202f}' => 0xa0,
            '−' => b'-',
            '€' => 0x80,
            '…' => 0x85,
            'Œ' => 0x8c,
            '‘' => 0x91,
            '’' => 0x92,
            '–' => 0x96,
            '—' => 0x97,
            'œ' => 0x9c,
            ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(c)).unwrap_or(b'?'),
            _ => b'?',
        })
        .collect()
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
        self.put(LEFT, self.y, size, weight, &encoded(text));
    }

    /// A line of a table: each cell where its column begins, or, if that is
    /// negative, where it ends.
    pub(super) fn row(&mut self, weight: Weight, columns: &[i32], cells: &[String]) {
        const SIZE: i32 = 8;
        for (column, cell) in columns.iter().zip(cells) {
            let bytes = encoded(cell);
            let x = if *column < 0 {
                -column - widths::width(weight, &bytes) * SIZE / 1_000
            } else {
                *column
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
    /// many there are.
    pub(super) fn finish(mut self, foot: impl Fn(usize, usize) -> String) -> Vec<u8> {
        let count = self.pages.len();
        let pages = std::mem::take(&mut self.pages);
        let mut contents = Vec::new();
        for (at, page) in pages.into_iter().enumerate() {
            self.pages = vec![page];
            let text = encoded(&foot(at + 1, count));
            self.put(LEFT, 36, 8, Weight::Plain, &text);
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
        let file = pdf.finish(|n, all| format!("{n} of {all}"));
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
}
