use super::Column;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
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
    /// The zone of moments that are written or read without an offset.
    pub zone: Zone,
    /// The columns, in the order in which they are written; and in which they
    /// are read, where no header line says otherwise.
    pub columns: Vec<Column>,
}

impl Default for Dialect {
    /// Semicolons, a header line, prices × 100, ISO-8601 in UTC, every column
    /// in the usual order.
    fn default() -> Self {
        Self {
            separator: Separator::default(),
            header: HeaderLine::default(),
            price_factor: PriceFactor::default(),
            dates: DateFormat::default(),
            zone: Zone::utc(),
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
    /// `2026-07-14T07:00:00.114Z`.
    #[default]
    IsoUtc,
    /// `2026-07-14 09:00:00` on the clocks of the dialect's zone. Loses the
    /// milliseconds, and one of the two hours when clocks go back.
    LocalSeconds,
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

    /// A moment as the file has it.
    pub(super) fn date_text(&self, moment: Timestamp) -> String {
        match (
            self.dates,
            jiff::Timestamp::from_millisecond(moment.millis()),
        ) {
            (DateFormat::LocalSeconds, Ok(exact)) => self
                .time_zone()
                .to_datetime(exact)
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string(),
            _ => moment.to_string(),
        }
    }

    /// Reads a moment: ISO-8601 with an offset; or without one, also a mere
    /// day, on the clocks of the dialect's zone.
    pub(super) fn date(&self, text: &str) -> Option<Timestamp> {
        text.parse().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            let exact = self.time_zone().to_timestamp(local).ok()?;
            Timestamp::from_millis(exact.as_millisecond())
        })
    }

    fn time_zone(&self) -> TimeZone {
        // A `Zone` exists only if its name is known.
        TimeZone::get(self.zone.name()).unwrap_or(TimeZone::UTC)
    }
}
