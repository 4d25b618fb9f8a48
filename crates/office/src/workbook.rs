//! XLSX files (ECMA-376) of one sheet of text and numbers, in an archive
//! without compression.

use kernel::escaped;
use std::fmt::Write as _;

/// One cell. Text is never a formula: it stands as an inline string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    /// A number as it is written, with a point: `-10.50`.
    Number(String),
}

/// The most characters of a cell, in units of UTF-16; a file with more is taken for damaged
/// (ECMA-376 names no limit, spreadsheets do).
const CELL_UNITS: usize = 32_767;

/// Text as XML takes it, on one line, cut to what a cell holds.
fn text_of(text: &str) -> String {
    let line = text.replace(['\t', '\n'], " ");
    let mut line = line.replace(char::is_control, "");
    if line.encode_utf16().count() > CELL_UNITS {
        let mut units = 0;
        let fits = line.char_indices().find(|(_, letter)| {
            units += letter.len_utf16();
            units >= CELL_UNITS
        });
        line.truncate(fits.map_or(line.len(), |(at, _)| at));
        line.push('…');
    }
    escaped(&line)
}

/// The most characters of a sheet's name, which spreadsheets hold a file to as well.
const NAME_CHARS: usize = 31;

const HEADER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// The file of these rows.
pub(super) fn workbook(name: &str, rows: &[Vec<Cell>]) -> Vec<u8> {
    let name: String = name.chars().take(NAME_CHARS).collect();
    let mut data = String::new();
    for row in rows {
        data.push_str("<row>");
        for cell in row {
            let _ = match cell {
                Cell::Text(text) => write!(
                    data,
                    "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                    text_of(text)
                ),
                Cell::Number(number) => write!(data, "<c><v>{}</v></c>", text_of(number)),
            };
        }
        data.push_str("</row>");
    }
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "{HEADER}<Types xmlns=\"{package}/content-types\">\
                 <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Override PartName=\"/xl/workbook.xml\" ContentType=\"{kind}.sheet.main+xml\"/>\
                 <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{kind}.worksheet+xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "{HEADER}<Relationships xmlns=\"{package}/relationships\">\
                 <Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "{HEADER}<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>\
                 <sheet name=\"{}\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
                text_of(&name)
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "{HEADER}<Relationships xmlns=\"{package}/relationships\">\
                 <Relationship Id=\"rId1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                "{HEADER}<worksheet xmlns=\"{main}\"><sheetData>{data}</sheetData></worksheet>"
            ),
        ),
    ];
    archive(&parts)
}

fn archive(parts: &[(&str, String)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    for (name, content) in parts {
        // Version 2.0, stored, dated 1980-01-01, then checksum and sizes.
        let mut header = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        header.extend(crc32fast::hash(content.as_bytes()).to_le_bytes());
        header.extend(size(content.len()).to_le_bytes());
        header.extend(size(content.len()).to_le_bytes());
        header.extend(size(name.len()).to_le_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&header);
        directory.extend([0; 10]);
        directory.extend(size(file.len()).to_le_bytes());
        directory.extend(name.bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&header);
        file.extend(name.bytes());
        file.extend_from_slice(content.as_bytes());
    }
    let start = size(file.len());
    let count = u16::try_from(parts.len()).unwrap_or(u16::MAX).to_le_bytes();
    file.extend(&directory);
    file.extend(b"PK\x05\x06\x00\x00\x00\x00");
    file.extend(count);
    file.extend(count);
    file.extend(size(directory.len()).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_whatever_it_says() {
        let row = vec![
            Cell::Text("=1+<b>".to_owned()),
            Cell::Number("-1.50".to_owned()),
        ];
        let file = String::from_utf8_lossy(&workbook("a", &[row])).into_owned();
        assert!(file.contains("<t xml:space=\"preserve\">=1+&lt;b&gt;</t>"));
        assert!(file.contains("<c><v>-1.50</v></c>"));
        assert!(!file.contains("<f>"));
    }

    #[test]
    fn a_sheet_s_name_is_no_longer_than_a_spreadsheet_takes() {
        let file = workbook("attendance-2026-07-01-2026-07-31", &[]);
        let file = String::from_utf8_lossy(&file).into_owned();
        assert!(file.contains("<sheet name=\"attendance-2026-07-01-2026-07-3\" "));
    }

    #[test]
    fn no_cell_holds_more_than_a_spreadsheet_takes() {
        let whole = "a".repeat(CELL_UNITS);
        assert_eq!(text_of(&whole), whole);
        let cut = text_of(&"😀".repeat(CELL_UNITS));
        assert_eq!(cut.encode_utf16().count(), CELL_UNITS);
        assert!(cut.ends_with('…'));
        assert_eq!(text_of(&"a".repeat(CELL_UNITS + 1)).len(), CELL_UNITS + 2);
    }
}
