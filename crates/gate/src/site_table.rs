//! Sectors, doors and devices as a table, one row a device: what a spreadsheet
//! saves as CSV, or what is copied out of one. The format is in
//! `docs/interfaces/site-table.md`.

use crate::site::{write_device, write_door, write_sector};
use crate::site_change::{changing, is_name};
use crate::{Device, DeviceSettings, Direction, Language, Site, SiteError};
use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use db::Tx;
use kernel::{DeviceCode, DoorCode, InvalidCode, SectorCode};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// The most rows below the header.
pub const ROWS_LIMIT: usize = 2_000;
/// The most bytes of a table.
pub const LIMIT_BYTES: usize = 1024 * 1024;
/// What a spreadsheet takes for the start of a formula; an apostrophe before it
/// makes it text.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// A sector's code.
    Sector,
    /// Its name.
    SectorName,
    /// The code of a door that leads to it.
    Door,
    /// The code of a device at that door.
    Device,
    /// What its agent reads.
    Language,
    /// `entry` or `exit`.
    Direction,
    /// Whether its agent may switch to the other way.
    SwitchDirection,
    /// Whether its agent may let visitors in without Otipass.
    ForcedEntry,
    /// Whether its agent may look at a pass without recording an entry.
    HelpDesk,
    /// Whether it makes sounds.
    Sound,
}

impl Column {
    /// All, in the order in which they are written.
    pub const ALL: [Self; 10] = [
        Self::Sector,
        Self::SectorName,
        Self::Door,
        Self::Device,
        Self::Language,
        Self::Direction,
        Self::SwitchDirection,
        Self::ForcedEntry,
        Self::HelpDesk,
        Self::Sound,
    ];

    /// Those that every table has.
    pub const NEEDED: [Self; 4] = [Self::Sector, Self::SectorName, Self::Door, Self::Device];

    /// Its name in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sector => "sector",
            Self::SectorName => "sector_name",
            Self::Door => "door",
            Self::Device => "device",
            Self::Language => "language",
            Self::Direction => "direction",
            Self::SwitchDirection => "switch_direction",
            Self::ForcedEntry => "forced_entry",
            Self::HelpDesk => "help_desk",
            Self::Sound => "sound",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace(' ', "_");
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// What is wrong in one place of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// There is nothing below the header, or nothing at all.
    Empty,
    /// The table has more than [`ROWS_LIMIT`] rows, or [`LIMIT_BYTES`] bytes.
    TooLong,
    /// The header lacks a column that must be there.
    ColumnMissing,
    /// The header has a column that the table does not know.
    ColumnUnknown(String),
    /// The header has a column twice.
    ColumnTwice,
    /// A row has more cells than the header.
    TooManyCells,
    /// The code is none.
    Code(InvalidCode),
    /// The name is too long, or holds a control character.
    Name,
    /// The sector has another name in an earlier line.
    NameDiffers {
        /// That line.
        line: usize,
    },
    /// A row has a door and no sector.
    DoorWithoutSector,
    /// A row has a device and no door.
    DeviceWithoutDoor,
    /// The door leads to another sector in an earlier line.
    DoorElsewhere {
        /// That line.
        line: usize,
        /// That sector.
        sector: SectorCode,
    },
    /// The device stands in an earlier line.
    DeviceTwice {
        /// That line.
        line: usize,
    },
    /// No language of the gate.
    Language,
    /// Neither entry nor exit.
    Direction,
    /// Neither yes nor no.
    YesOrNo,
}

/// A mistake with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1; the header's is 1 if nothing stands above it.
    pub line: usize,
    /// The column, if it is one's.
    pub column: Option<Column>,
    /// What the cell says.
    pub value: String,
    /// What is wrong.
    pub mistake: Mistake,
}

/// A table without mistakes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteTable {
    /// Sectors with their names; without one, a known sector keeps its own.
    sectors: BTreeMap<SectorCode, Option<String>>,
    doors: BTreeMap<DoorCode, SectorCode>,
    devices: BTreeMap<DeviceCode, DeviceCells>,
}

/// What the table says of a device; a column that is not there says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DeviceCells {
    door: DoorCode,
    language: Said<Option<Language>>,
    direction: Said<Direction>,
    may_switch_direction: Said<bool>,
    forced_entry: Said<bool>,
    help_desk: Said<bool>,
    sound: Said<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said<T> {
    /// There is no such column.
    Nothing,
    /// The cell says this; an empty one says what is usual.
    This(T),
}

impl<T> Said<T> {
    fn or(self, present: T) -> T {
        match self {
            Self::Nothing => present,
            Self::This(value) => value,
        }
    }
}

impl DeviceCells {
    fn over(&self, present: Option<&Device>) -> Device {
        let settings = present.map(|device| device.settings).unwrap_or_default();
        Device {
            door: self.door.clone(),
            language: self.language.or(present.and_then(|device| device.language)),
            settings: DeviceSettings {
                direction: self.direction.or(settings.direction),
                may_switch_direction: self.may_switch_direction.or(settings.may_switch_direction),
                forced_entry: self.forced_entry.or(settings.forced_entry),
                help_desk: self.help_desk.or(settings.help_desk),
                sound: self.sound.or(settings.sound),
            },
        }
    }
}

impl SiteTable {
    /// Inserts or updates what the table holds, and says what the site was
    /// before. What is not in it stays.
    ///
    /// # Errors
    /// [`SiteError`]; `Missing` if the organisation has not been named.
    pub fn save(&self, tx: &mut Tx<'_>) -> Result<Site, SiteError> {
        let before = changing(tx)?;
        for (code, name) in &self.sectors {
            let kept = before.sectors.get(code).map(String::as_str);
            let name = name.as_deref().or(kept).unwrap_or(code.as_str());
            write_sector(tx, code, name)?;
        }
        for (code, sector) in &self.doors {
            write_door(tx, code, [sector])?;
        }
        for (code, cells) in &self.devices {
            write_device(tx, code, &cells.over(before.devices.get(code)))?;
        }
        Ok(before)
    }
}

/// Reads a table. All its mistakes are found in one go.
///
/// Semicolons, commas or tabs stand between the cells, as the first line says.
///
/// # Errors
/// The mistakes, by line.
pub fn read_site_table(text: &str) -> Result<SiteTable, Vec<Finding>> {
    let mut reader = Reader::default();
    reader.read(text);
    if reader.findings.is_empty() {
        Ok(reader.table)
    } else {
        reader
            .findings
            .sort_by_key(|finding| (finding.line, finding.column));
        Err(reader.findings)
    }
}

/// The site as a table that [`read_site_table`] reads back, with semicolons. A
/// door that leads to no sector or to several shows up there as the mistake it is.
#[must_use]
pub fn write_site_table(site: &Site) -> String {
    let mut rows: Vec<[String; 10]> = Vec::new();
    let mut row =
        |sector: Option<&SectorCode>, door: Option<&DoorCode>, at: Option<&DeviceCode>| {
            let name = sector.and_then(|code| site.sectors.get(code));
            let device = at.and_then(|code| site.devices.get(code));
            let yes = |get: fn(&DeviceSettings) -> bool| {
                let says = device.map(|device| if get(&device.settings) { "yes" } else { "no" });
                says.unwrap_or_default().to_owned()
            };
            rows.push([
                guarded(sector.map_or("", SectorCode::as_str)),
                guarded(name.map_or("", String::as_str)),
                guarded(door.map_or("", DoorCode::as_str)),
                guarded(at.map_or("", DeviceCode::as_str)),
                device
                    .and_then(|device| device.language)
                    .map_or("", Language::as_str)
                    .to_owned(),
                device
                    .map_or("", |device| device.settings.direction.as_str())
                    .to_owned(),
                yes(|settings| settings.may_switch_direction),
                yes(|settings| settings.forced_entry),
                yes(|settings| settings.help_desk),
                yes(|settings| settings.sound),
            ]);
        };
    let empty = site
        .sectors
        .keys()
        .filter(|code| site.doors_of(code).is_empty());
    for sector in empty {
        row(Some(sector), None, None);
    }
    for (door, sectors) in &site.doors {
        let devices = site.devices_at(door);
        if devices.is_empty() {
            row(sectors.first(), Some(door), None);
        }
        for device in &devices {
            row(sectors.first(), Some(door), Some(device));
        }
        for other in sectors.iter().skip(1) {
            row(Some(other), Some(door), None);
        }
    }
    rows.sort();
    let mut writer = WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let header = Column::ALL.map(|column| column.as_str().to_owned());
    // Rows of one length, written to memory, cannot fail.
    for row in std::iter::once(header).chain(rows) {
        let _ = writer.write_record(row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Whether a spreadsheet would take this for a formula, but for apostrophes.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

fn guarded(text: &str) -> String {
    if is_formula(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn unguarded(text: &str) -> &str {
    let rest = text.strip_prefix('\'');
    rest.filter(|rest| is_formula(rest)).unwrap_or(text)
}

#[derive(Default)]
struct Reader {
    table: SiteTable,
    findings: Vec<Finding>,
    /// The first lines of names, doors and devices.
    names: BTreeMap<SectorCode, usize>,
    doors: BTreeMap<DoorCode, usize>,
    devices: BTreeMap<DeviceCode, usize>,
}

/// One row: where it is, and its cells.
struct Row<'a> {
    line: usize,
    columns: &'a [Option<Column>],
    cells: &'a StringRecord,
}

impl Row<'_> {
    /// The cell's text; `None` if there is no such column.
    fn cell(&self, column: Column) -> Option<&str> {
        let at = self.columns.iter().position(|c| *c == Some(column))?;
        Some(unguarded(self.cells.get(at).unwrap_or("").trim()))
    }
}

impl Reader {
    fn find(&mut self, line: usize, column: Option<Column>, value: &str, mistake: Mistake) {
        self.findings.push(Finding {
            line,
            column,
            value: value.chars().take(64).collect(),
            mistake,
        });
    }

    fn read(&mut self, text: &str) {
        if text.len() > LIMIT_BYTES {
            return self.find(1, None, "", Mistake::TooLong);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // One kind of line end, so that lines are counted as people see them.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let first = text.lines().find(|line| !line.trim().is_empty());
        let Some(first) = first else {
            return self.find(1, None, "", Mistake::Empty);
        };
        let count = |delimiter: u8| first.bytes().filter(|b| *b == delimiter).count();
        let delimiter = [b';', b',', b'\t']
            .into_iter()
            .rev()
            .max_by_key(|d| count(*d));
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter.unwrap_or(b';'))
            .from_reader(text.as_bytes());
        let mut lines = Lines::of(&text);
        let mut columns: Option<Vec<Option<Column>>> = None;
        let mut rows = 0;
        // Reading UTF-8 out of memory cannot fail.
        for cells in reader.records().map_while(Result::ok) {
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let start = cells.position().map_or(0, csv::Position::byte);
            let line = lines.at(usize::try_from(start).unwrap_or(usize::MAX));
            match &columns {
                None => columns = Some(self.header(line, &cells)),
                Some(_) if rows == ROWS_LIMIT => {
                    return self.find(line, None, "", Mistake::TooLong);
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
            self.find(1, None, "", Mistake::Empty);
        }
    }

    fn header(&mut self, line: usize, cells: &StringRecord) -> Vec<Option<Column>> {
        let mut seen = BTreeSet::new();
        let mut columns = Vec::new();
        for cell in cells {
            let column = Column::named(cell);
            match column {
                // Spreadsheets leave empty columns at the end.
                None if cell.trim().is_empty() => {}
                None => {
                    let named = Mistake::ColumnUnknown(cell.trim().chars().take(64).collect());
                    self.find(line, None, cell.trim(), named);
                }
                Some(known) if !seen.insert(known) => {
                    self.find(line, column, cell, Mistake::ColumnTwice);
                }
                Some(_) => {}
            }
            columns.push(column);
        }
        for needed in Column::NEEDED {
            if !seen.contains(&needed) {
                self.find(line, Some(needed), "", Mistake::ColumnMissing);
            }
        }
        columns
    }

    fn row(&mut self, row: &Row<'_>) {
        let mut behind = row.cells.iter().skip(row.columns.len());
        if let Some(cell) = behind.find(|cell| !cell.trim().is_empty()) {
            self.find(row.line, None, cell, Mistake::TooManyCells);
        }
        let sector = self.code::<SectorCode>(row, Column::Sector);
        let door = self.code::<DoorCode>(row, Column::Door);
        let device = self.code::<DeviceCode>(row, Column::Device);
        if let Cell::Good(sector) = &sector {
            self.sector(row, sector);
        }
        match (&sector, &door) {
            (Cell::Good(sector), Cell::Good(door)) => self.door(row, door, sector),
            (Cell::Empty, Cell::Good(door)) => {
                let line = row.line;
                self.find(
                    line,
                    Some(Column::Sector),
                    door.as_str(),
                    Mistake::DoorWithoutSector,
                );
            }
            _ => {}
        }
        let cells = self.device_cells(row);
        match (door, device) {
            (Cell::Good(door), Cell::Good(device)) => self.device(row, device, door, &cells),
            (Cell::Empty, Cell::Good(device)) => {
                let line = row.line;
                self.find(
                    line,
                    Some(Column::Door),
                    device.as_str(),
                    Mistake::DeviceWithoutDoor,
                );
            }
            _ => {}
        }
    }

    fn code<T: FromStr<Err = InvalidCode>>(&mut self, row: &Row<'_>, column: Column) -> Cell<T> {
        let text = row.cell(column).unwrap_or("");
        if text.is_empty() {
            return Cell::Empty;
        }
        match text.parse() {
            Ok(code) => Cell::Good(code),
            Err(error) => {
                self.find(row.line, Some(column), text, Mistake::Code(error));
                Cell::Bad
            }
        }
    }

    fn sector(&mut self, row: &Row<'_>, code: &SectorCode) {
        let line = row.line;
        let known = self.table.sectors.entry(code.clone()).or_default();
        let name = row.cell(Column::SectorName).unwrap_or("");
        if name.is_empty() {
            return;
        }
        if !is_name(name) {
            return self.find(line, Some(Column::SectorName), name, Mistake::Name);
        }
        match known {
            Some(known) if known != name => {
                let mistake = Mistake::NameDiffers {
                    line: self.names.get(code).copied().unwrap_or(line),
                };
                self.find(line, Some(Column::SectorName), name, mistake);
            }
            Some(_) => {}
            None => {
                *known = Some(name.to_owned());
                self.names.insert(code.clone(), line);
            }
        }
    }

    fn door(&mut self, row: &Row<'_>, code: &DoorCode, sector: &SectorCode) {
        match self.table.doors.get(code) {
            Some(known) if known != sector => {
                let mistake = Mistake::DoorElsewhere {
                    line: self.doors.get(code).copied().unwrap_or(row.line),
                    sector: known.clone(),
                };
                self.find(row.line, Some(Column::Door), code.as_str(), mistake);
            }
            Some(_) => {}
            None => {
                self.table.doors.insert(code.clone(), sector.clone());
                self.doors.insert(code.clone(), row.line);
            }
        }
    }

    fn device(&mut self, row: &Row<'_>, code: DeviceCode, door: DoorCode, cells: &Settings) {
        if let Some(first) = self.devices.get(&code) {
            let mistake = Mistake::DeviceTwice { line: *first };
            return self.find(row.line, Some(Column::Device), code.as_str(), mistake);
        }
        self.devices.insert(code.clone(), row.line);
        let cells = DeviceCells {
            door,
            language: cells.language,
            direction: cells.direction,
            may_switch_direction: cells.switches[0],
            forced_entry: cells.switches[1],
            help_desk: cells.switches[2],
            sound: cells.switches[3],
        };
        self.table.devices.insert(code, cells);
    }

    /// The cells after the codes; looked at even where no device stands before
    /// them, so that all mistakes are found at once.
    fn device_cells(&mut self, row: &Row<'_>) -> Settings {
        let usual = DeviceSettings::default();
        let language = self.said(row, Column::Language, None, Mistake::Language, |text| {
            text.parse().ok().map(Some)
        });
        let direction = self.said(
            row,
            Column::Direction,
            usual.direction,
            Mistake::Direction,
            |text| text.to_lowercase().parse().ok(),
        );
        let switches = [
            (Column::SwitchDirection, usual.may_switch_direction),
            (Column::ForcedEntry, usual.forced_entry),
            (Column::HelpDesk, usual.help_desk),
            (Column::Sound, usual.sound),
        ]
        .map(|(column, usual)| self.said(row, column, usual, Mistake::YesOrNo, yes_or_no));
        Settings {
            language,
            direction,
            switches,
        }
    }

    fn said<T>(
        &mut self,
        row: &Row<'_>,
        column: Column,
        usual: T,
        mistake: Mistake,
        read: impl Fn(&str) -> Option<T>,
    ) -> Said<T> {
        match row.cell(column) {
            None => Said::Nothing,
            Some("") => Said::This(usual),
            Some(text) => match read(text) {
                Some(value) => Said::This(value),
                None => {
                    self.find(row.line, Some(column), text, mistake);
                    Said::Nothing
                }
            },
        }
    }
}

/// A cell that takes a code.
enum Cell<T> {
    Empty,
    Good(T),
    /// It has been found wrong; nothing more is said of it.
    Bad,
}

struct Settings {
    language: Said<Option<Language>>,
    direction: Said<Direction>,
    switches: [Said<bool>; 4],
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "1" | "oui" | "vrai" => Some(true),
        "no" | "false" | "0" | "non" | "faux" => Some(false),
        _ => None,
    }
}

/// Finds lines by byte, going forward.
struct Lines<'a> {
    bytes: &'a [u8],
    byte: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    const fn of(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            byte: 0,
            line: 1,
        }
    }

    /// The line of the first byte from `byte` on that ends no line.
    fn at(&mut self, byte: usize) -> usize {
        while let Some(found) = self.bytes.get(self.byte) {
            let ends = *found == b'\n';
            if self.byte >= byte && !ends {
                break;
            }
            self.line += usize::from(ends);
            self.byte += 1;
        }
        self.line
    }
}
