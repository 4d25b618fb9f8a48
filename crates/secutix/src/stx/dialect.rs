use super::Column;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use kernel::{Money, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// How an STX_File is spelt. All of it is assumed or differs between
/// installations: correct a deployment here, by configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialect {
    /// What stands between two fields.
    pub separator: Separator,
    /// Whether the first line names the columns.
    pub header: HeaderLine,
    /// By what the price is multiplied.
    pub price_factor: PriceFactor,
    /// How moments are written. All known forms are read.
    pub dates: DateFormat,
    /// The zone of moments that are written or read without an offset; the
    /// organisation's, where none is configured.
    pub zone: Option<Zone>,
    /// The columns, in the order in which they are written; and in which they
    /// are read, where no header line says otherwise.
    pub columns: Vec<Column>,
}

impl Default for Dialect {
    /// Semicolons, a header line, prices × 100, the institution's time, every column
    /// in the usual order: what the vendor's generic import documents.
    fn default() -> Self {
        Self {
            separator: Separator::default(),
            header: HeaderLine::default(),
            price_factor: PriceFactor::default(),
            dates: DateFormat::default(),
            zone: None,
            columns: Column::ALL.to_vec(),
        }
    }
}

/// What stands between two fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    /// `;`
    #[default]
    Semicolon,
    /// `,`
    Comma,
    /// A tabulator.
    Tab,
    /// `|`
    Pipe,
}

impl Separator {
    /// The character.
    #[must_use]
    pub const fn as_char(self) -> char {
        match self {
            Self::Semicolon => ';',
            Self::Comma => ',',
            Self::Tab => '\t',
            Self::Pipe => '|',
        }
    }

    pub(super) const fn of(separator: char) -> Self {
        match separator {
            ',' => Self::Comma,
            '\t' => Self::Tab,
            '|' => Self::Pipe,
            _ => Self::Semicolon,
        }
    }
}

/// Whether the first line names the columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderLine {
    /// It does, and its order counts.
    #[default]
    Present,
    /// The first line is a row.
    Absent,
}

/// By what a price in currency units is multiplied in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceFactor {
    /// × 100, as newer documents say: 9.50 is 950.
    #[default]
    Hundred,
    /// × 1,000, as older documents say: 9.50 is 9500.
    Thousand,
}

impl PriceFactor {
    /// How many of the file's units one minor unit (cent) is.
    #[must_use]
    pub const fn per_minor(self) -> i64 {
        match self {
            Self::Hundred => 1,
            Self::Thousand => 10,
        }
    }
}

/// How moments are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// `2026-07-14 09:00:00` on the clocks of the dialect's zone, and `2026-07-14`
    /// where a day is enough. Loses the milliseconds, and one of the two hours when
    /// clocks go back.
    #[default]
    LocalSeconds,
    /// `14.07.2026 09:00:00` and `14.07.2026`, which lose as much.
    LocalDots,
    /// `2026-07-14T07:00:00.114Z`.
    IsoUtc,
}

/// A dialect that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDialect {
    /// A column stands twice in the list.
    #[error("the STX_File dialect lists the column {0} twice; remove one")]
    DuplicateColumn(Column),
    /// A column without which no row can be read is not in the list.
    #[error("the STX_File dialect lacks the column {0}, which every row needs; add it")]
    MissingColumn(Column),
}

impl Dialect {
    /// Checks the list of columns. Reader and writer do it themselves.
    ///
    /// # Errors
    /// The first column that stands twice or is lacking.
    pub fn check(&self) -> Result<(), InvalidDialect> {
        for (index, column) in self.columns.iter().enumerate() {
            if self.columns[..index].contains(column) {
                return Err(InvalidDialect::DuplicateColumn(*column));
            }
        }
        let mut needed = Column::ALL.iter().filter(|column| !column.is_optional());
        match needed.find(|column| !self.columns.contains(column)) {
            Some(column) => Err(InvalidDialect::MissingColumn(*column)),
            None => Ok(()),
        }
    }

    /// A price as the file has it. `row::MAX_PRICE` keeps it in range.
    pub(super) fn price_text(&self, price: Money) -> String {
        (i128::from(price.minor()) * i128::from(self.price_factor.per_minor())).to_string()
    }

    /// The moment of a column as the file has it.
    pub(super) fn date_text(&self, column: Column, moment: Timestamp) -> String {
        let form = match (self.dates, column.is_day()) {
            (DateFormat::IsoUtc, _) => return moment.to_string(),
            (DateFormat::LocalSeconds, true) => "%Y-%m-%d",
            (DateFormat::LocalSeconds, false) => "%Y-%m-%d %H:%M:%S",
            (DateFormat::LocalDots, true) => "%d.%m.%Y",
            (DateFormat::LocalDots, false) => "%d.%m.%Y %H:%M:%S",
        };
        match jiff::Timestamp::from_millisecond(moment.millis()) {
            Ok(exact) => {
                let local = self.time_zone().to_datetime(exact);
                local.strftime(form).to_string()
            }
            Err(_) => moment.to_string(),
        }
    }

    /// Reads a moment: ISO-8601 with an offset; or without one, also a mere day, on
    /// the clocks of the dialect's zone. Of an hour that they show twice it is the first;
    /// a time that they skip is none.
    pub(super) fn date(&self, text: &str) -> Option<Dated> {
        if let Ok(at) = text.parse() {
            return Some(Dated { at, is_day: false });
        }
        let dotted = |form| DateTime::strptime(form, text).ok();
        let (local, is_day) = if let Ok(local) = text.parse::<DateTime>() {
            (local, text.len() <= "2026-07-14".len())
        } else if let Ok(day) = Date::strptime("%d.%m.%Y", text) {
            (DateTime::from(day), true)
        } else {
            let seconds = dotted("%d.%m.%Y %H:%M:%S");
            (seconds.or_else(|| dotted("%d.%m.%Y %H:%M"))?, false)
        };
        let local = self.time_zone().to_ambiguous_timestamp(local);
        // A day may begin where clocks are put forward at midnight; no scan is then.
        if !is_day && matches!(local.offset(), AmbiguousOffset::Gap { .. }) {
            return None;
        }
        let exact = local.compatible().ok()?;
        let at = Timestamp::from_millis(exact.as_millisecond())?;
        Some(Dated { at, is_day })
    }

    /// Whether both are on the same day in the dialect's zone.
    pub(super) fn same_day(&self, a: Timestamp, b: Timestamp) -> bool {
        let zone = self.zone.clone().unwrap_or_else(Zone::utc);
        zone.business_day(a) == zone.business_day(b)
    }

    /// The same, in the organisation's time where no zone is configured.
    #[must_use]
    pub fn in_time_of(mut self, zone: &Zone) -> Self {
        self.zone.get_or_insert_with(|| zone.clone());
        self
    }

    fn time_zone(&self) -> TimeZone {
        // A `Zone` exists only if its name is known.
        let zone = self.zone.as_ref().map(|zone| TimeZone::get(zone.name()));
        zone.and_then(Result::ok).unwrap_or(TimeZone::UTC)
    }
}

/// A moment as a file tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dated {
    /// The moment; of a mere day, its first.
    pub at: Timestamp,
    /// Whether only the day was told.
    pub is_day: bool,
}
