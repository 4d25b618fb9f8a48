//! Reading a table, with all its mistakes in one go.

use super::{LIMIT_BYTES, NEEDED, ROWS_LIMIT, SiteTable, all_columns};
use crate::site::change::{NAME_LIMIT_CHARS, is_name};
use crate::site::found;
use crate::{Device, DeviceSettings};
use csv::{ReaderBuilder, StringRecord};
use kernel::finding::{Lines, Phrase};
use kernel::table::{NoTable, is_shortened, separator, text_of};
use kernel::{
    DeviceCode, DoorCode, Finding, InvalidCode, Language, Place, SectorCode, from_no_formula,
};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// The text of a table's file, as spreadsheets save it.
///
/// # Errors
/// It is no text.
pub fn site_table_text(file: &[u8]) -> Result<String, Vec<Finding>> {
    let at = |line| Place::Cell {
        line,
        column: "",
        value: String::new(),
    };
    let read = text_of(file).map(|(text, _)| text);
    read.map_err(|no_table| match no_table {
        NoTable::Workbook => vec![found::table_workbook(at(1))],
        NoTable::Letters { line } => {
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            vec![found::table_letters(at(line))]
        }
    })
}

/// Reads a table. All its mistakes are found in one go.
///
/// Semicolons, commas, tabs or bars stand between the cells, as the first line says.
///
/// # Errors
/// The mistakes, by line.
pub fn read_site_table(text: &str) -> Result<SiteTable, Vec<Finding>> {
    let mut reader = Reader::default();
    reader.read(text);
    if reader.findings.is_empty() {
        Ok(reader.table)
    } else {
        let mut findings = reader.findings;
        findings.sort_by_key(|(line, column, _)| (*line, *column));
        Err(findings.into_iter().map(|(_, _, found)| found).collect())
    }
}

#[derive(Default)]
struct Reader {
    table: SiteTable,
    findings: Vec<(usize, Option<usize>, Finding)>,
    /// The first lines of names, doors and devices.
    names: BTreeMap<(&'static str, String), usize>,
    doors: BTreeMap<DoorCode, usize>,
    devices: BTreeMap<DeviceCode, usize>,
}

/// One row: where it is, and its cells.
struct Row<'a> {
    line: usize,
    columns: &'a [Option<&'static str>],
    cells: &'a StringRecord,
}

impl Row<'_> {
    /// The cell's text; `None` if there is no such column.
    fn cell(&self, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|c| *c == Some(column))?;
        Some(from_no_formula(self.cells.get(at).unwrap_or("").trim()))
    }
}

impl Reader {
    /// Takes what is wrong in one place of the table; `found` makes it of the place.
    fn find(
        &mut self,
        line: usize,
        column: &'static str,
        value: &str,
        found: impl FnOnce(Place) -> Finding,
    ) {
        let place = Place::Cell {
            line,
            column,
            value: value.chars().take(64).collect(),
        };
        let at = all_columns().position(|known| known == column);
        self.findings.push((line, at, found(place)));
    }

    fn read(&mut self, text: &str) {
        if text.len() > LIMIT_BYTES {
            return self.find(1, "", "", |at| found::table_too_long(at, ROWS_LIMIT));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // One kind of line end, so that lines are counted as people see them.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let first = text.lines().find(|line| !line.trim().is_empty());
        let Some(first) = first else {
            return self.find(1, "", "", found::table_empty);
        };
        let (separator, is_told) = separator(first);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(u8::try_from(separator).unwrap_or(b';'))
            .from_reader(text.as_bytes());
        let lines = Lines::of(&text);
        let mut columns: Option<Vec<Option<&'static str>>> = None;
        let mut rows = 0;
        // The line that tells the separator is no row.
        let begin = usize::from(is_told);
        // Reading UTF-8 out of memory cannot fail.
        for cells in reader.records().map_while(Result::ok).skip(begin) {
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let start = cells.position().map_or(0, csv::Position::byte);
            let behind = text
                .get(usize::try_from(start).unwrap_or(0)..)
                .unwrap_or("");
            // Empty lines before it are no part of it.
            let start = text.len() - behind.trim_start_matches('\n').len();
            let line = lines.at(start).line;
            match &columns {
                None => columns = Some(self.header(line, &cells)),
                Some(_) if rows == ROWS_LIMIT => {
                    return self.find(line, "", "", |at| found::table_too_long(at, ROWS_LIMIT));
                }
                Some(columns) => {
                    rows += 1;
                    let cells = &cells;
                    self.row(&Row {
                        line,
                        columns,
                        cells,
                    });
                }
            }
        }
        if rows == 0 {
            self.find(1, "", "", found::table_empty);
        }
    }

    fn header(&mut self, line: usize, cells: &StringRecord) -> Vec<Option<&'static str>> {
        let mut seen = BTreeSet::new();
        let mut columns = Vec::new();
        for cell in cells {
            let name = cell.trim().to_lowercase().replace(' ', "_");
            let column = all_columns().find(|column| *column == name);
            match column {
                // Spreadsheets leave empty columns at the end.
                None if cell.trim().is_empty() => {}
                None => {
                    let known = all_columns().collect::<Vec<_>>().join(", ");
                    self.find(line, "", cell.trim(), |at| found::column_unknown(at, known));
                }
                Some(known) if !seen.insert(known) => {
                    self.find(line, known, cell, found::column_twice);
                }
                Some(_) => {}
            }
            columns.push(column);
        }
        for needed in NEEDED {
            if !seen.contains(&needed) {
                self.find(line, needed, "", found::column_missing);
            }
        }
        self.table.columns = seen;
        columns
    }

    fn row(&mut self, row: &Row<'_>) {
        let mut behind = row.cells.iter().skip(row.columns.len());
        if let Some(cell) = behind.find(|cell| !cell.trim().is_empty()) {
            self.find(row.line, "", cell, found::too_many_cells);
        }
        let sector = self.code::<SectorCode>(row, "sector");
        let door = self.code::<DoorCode>(row, "door");
        let device = self.code::<DeviceCode>(row, "device");
        if let Cell::Good(sector) = &sector {
            self.sector(row, sector);
        }
        match (&sector, &door) {
            (Cell::Good(sector), Cell::Good(door)) => self.door(row, door, sector),
            (Cell::Empty, Cell::Good(door)) => {
                let line = row.line;
                self.find(line, "sector", door.as_str(), found::door_without_sector);
            }
            _ => {}
        }
        let (language, settings) = self.settings(row);
        match (door, device) {
            (Cell::Good(door), Cell::Good(code)) => {
                let device = Device {
                    name: None,
                    door,
                    language,
                    settings,
                };
                self.device(row, code, device);
            }
            (Cell::Empty, Cell::Good(device)) => {
                let line = row.line;
                self.find(line, "door", device.as_str(), found::device_without_door);
            }
            _ => {}
        }
    }

    fn code<T: FromStr<Err = InvalidCode>>(
        &mut self,
        row: &Row<'_>,
        column: &'static str,
    ) -> Cell<T> {
        let text = row.cell(column).unwrap_or("");
        if text.is_empty() {
            return Cell::Empty;
        }
        if is_shortened(text) {
            self.find(row.line, column, text, found::code_shortened);
            return Cell::Bad;
        }
        if text.contains(char::is_whitespace) {
            self.find(row.line, column, text, found::code_blank);
            return Cell::Bad;
        }
        match text.parse() {
            Ok(code) => Cell::Good(code),
            Err(error) => {
                let found = |at| found::code_invalid(at, error.phrase());
                self.find(row.line, column, text, found);
                Cell::Bad
            }
        }
    }

    /// The name in a cell, or else the one that an earlier row has given to this code.
    fn name(
        &mut self,
        row: &Row<'_>,
        column: &'static str,
        code: impl ToString,
        known: Option<String>,
    ) -> Option<String> {
        let name = row.cell(column).unwrap_or("");
        if name.is_empty() {
            return known;
        }
        if !is_name(name) {
            let found = |at| found::name_invalid(at, NAME_LIMIT_CHARS);
            self.find(row.line, column, name, found);
            return known;
        }
        let first = *self
            .names
            .entry((column, code.to_string()))
            .or_insert(row.line);
        if known.as_ref().is_some_and(|known| known != name) {
            let found = |at| found::name_differs(at, first);
            self.find(row.line, column, name, found);
            return known;
        }
        Some(name.to_owned())
    }

    fn sector(&mut self, row: &Row<'_>, code: &SectorCode) {
        let known = self.table.sectors.get(code).cloned().flatten();
        let name = self.name(row, "sector_name", code, known);
        self.table.sectors.insert(code.clone(), name);
    }

    fn door(&mut self, row: &Row<'_>, code: &DoorCode, sector: &SectorCode) {
        match self.table.doors.get(code).cloned() {
            Some(known) if known != *sector => {
                let first = self.doors.get(code).copied().unwrap_or(row.line);
                let found = |at| found::door_elsewhere(at, known, first);
                self.find(row.line, "door", code.as_str(), found);
            }
            Some(_) => {}
            None => {
                self.table.doors.insert(code.clone(), sector.clone());
                self.doors.insert(code.clone(), row.line);
            }
        }
        let known = self.table.door_names.get(code).cloned();
        if let Some(name) = self.name(row, "door_name", code, known) {
            self.table.door_names.insert(code.clone(), name);
        }
    }

    fn device(&mut self, row: &Row<'_>, code: DeviceCode, mut device: Device) {
        if let Some(first) = self.devices.get(&code).copied() {
            let found = |at| found::device_twice(at, first);
            return self.find(row.line, "device", code.as_str(), found);
        }
        self.devices.insert(code.clone(), row.line);
        device.name = self.name(row, "device_name", &code, None);
        self.table.devices.insert(code, device);
    }

    /// The cells after the codes; looked at even where no device stands before
    /// them, so that all mistakes are found at once.
    fn settings(&mut self, row: &Row<'_>) -> (Option<Language>, DeviceSettings) {
        let mut settings = DeviceSettings::default();
        let language = self.said(row, "language", found::language_unknown, |text| {
            text.parse().ok()
        });
        let direction = self.said(row, "direction", found::direction_unknown, |text| {
            text.to_lowercase().parse().ok()
        });
        settings.direction = direction.unwrap_or(settings.direction);
        for (column, switch) in DeviceSettings::SWITCHES {
            let wrong = |at, _| found::not_yes_or_no(at);
            let said = self.said(row, column, wrong, yes_or_no);
            let switch = switch(&mut settings);
            *switch = said.unwrap_or(*switch);
        }
        (language, settings)
    }

    /// What a cell says; nothing if it is empty or wrong.
    fn said<T>(
        &mut self,
        row: &Row<'_>,
        column: &'static str,
        wrong: impl FnOnce(Place, Phrase) -> Finding,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = row.cell(column).filter(|text| !text.is_empty())?;
        let said = read(text);
        if said.is_none() {
            let found = |at| wrong(at, Phrase::quoted(text));
            self.find(row.line, column, text, found);
        }
        said
    }
}

/// A cell that takes a code.
enum Cell<T> {
    Empty,
    Good(T),
    /// It has been found wrong; nothing more is said of it.
    Bad,
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "1" | "oui" | "vrai" => Some(true),
        "no" | "false" | "0" | "non" | "faux" => Some(false),
        _ => None,
    }
}
