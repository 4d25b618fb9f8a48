use crate::{FromValue, Value};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::fmt;
use std::str::FromStr;

/// A time, day or time zone that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTime {
    /// Not an ISO-8601 moment with an offset.
    #[error("{text:?} is not a moment in time; write it like 2026-07-14T07:00:00.114Z")]
    Timestamp {
        /// What was given.
        text: String,
    },
    /// Not an ISO-8601 day.
    #[error("{text:?} is not a day; write it like 2026-07-14")]
    Day {
        /// What was given.
        text: String,
    },
    /// Not a zone of the IANA time zone database.
    #[error("{name:?} is not a time zone; write its IANA name, like Europe/Paris")]
    Zone {
        /// What was given.
        name: String,
    },
}

/// A moment in UTC, to the millisecond, between the years 1970 and 9999, so
/// that it always fits the 17 digits of a control barcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const MIN: Timestamp = Timestamp(0);
    /// 9999-12-29T23:59:59.999Z: the last two days are kept free so that every
    /// moment has a business day in every zone.
    pub const MAX: Timestamp = Timestamp(253_402_127_999_999);

    /// Milliseconds since the Unix epoch; `None` outside the range.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0)
            .contains(&millis)
            .then_some(Self(millis))
    }

    /// Milliseconds since the Unix epoch, moved to the nearer end of the range
    /// if outside.
    #[must_use]
    pub fn from_millis_clamped(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This moment moved by `millis`, staying in range.
    #[must_use]
    pub fn plus_ms(self, millis: i64) -> Self {
        Self::from_millis_clamped(self.0.saturating_add(millis))
    }

    /// How long after `earlier` this is, in milliseconds; negative if before.
    #[must_use]
    pub const fn ms_since(self, earlier: Timestamp) -> i64 {
        self.0 - earlier.0
    }

    /// `yyyyMMddTHHmmss` in UTC, as names of files have it.
    #[must_use]
    pub fn file_stamp(self) -> String {
        let time = self.compact();
        format!("{}T{}", &time[..8], &time[8..14])
    }

    /// `yyyyMMddHHmmssSSS` in UTC: 17 digits, as control barcodes have it.
    #[must_use]
    pub fn compact(self) -> String {
        self.jiff().strftime("%Y%m%d%H%M%S%3f").to_string()
    }

    fn jiff(self) -> jiff::Timestamp {
        // In range by construction, so the fallback cannot be reached.
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MIN)
    }

    fn civil(self, zone: &TimeZone) -> jiff::civil::DateTime {
        zone.to_datetime(self.jiff())
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    /// Reads ISO-8601 with an offset; what is finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .and_then(|moment| Self::from_millis(moment.as_millisecond()))
            .ok_or_else(|| InvalidTime::Timestamp {
                text: text.chars().take(64).collect(),
            })
    }
}

crate::as_text!(@json Timestamp, |moment| moment.to_string());

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Int(moment.millis())
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Result<Self, String> {
        Self::from_millis(i64::from_value(value)?)
            .ok_or_else(|| "is outside the range of moments".to_owned())
    }
}

impl fmt::Display for Timestamp {
    /// ISO-8601 in UTC with milliseconds: `2026-07-14T07:00:00.114Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.jiff())
    }
}

/// The organisation's time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }

    /// The IANA names that are known here, in their order.
    #[must_use]
    pub fn known_names() -> Vec<String> {
        let names = jiff::tz::db().available();
        names.map(|name| name.as_str().to_owned()).collect()
    }

    /// The IANA name, such as `Europe/Paris`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The business day of `moment`.
    #[must_use]
    pub fn business_day(&self, moment: Timestamp) -> BusinessDay {
        BusinessDay(moment.civil(&self.zone).date())
    }

    /// The hour of the day of `moment`, 0 to 23, as clocks on the wall show it.
    #[must_use]
    pub fn hour(&self, moment: Timestamp) -> u8 {
        u8::try_from(moment.civil(&self.zone).hour()).unwrap_or(0)
    }

    /// Hour, minute and second of `moment`, as clocks on the wall show them.
    #[must_use]
    pub fn time_of_day(&self, moment: Timestamp) -> (u8, u8, u8) {
        let civil = moment.civil(&self.zone);
        let part = |part: i8| u8::try_from(part).unwrap_or(0);
        (
            part(civil.hour()),
            part(civil.minute()),
            part(civil.second()),
        )
    }

    /// When `day` begins here.
    #[must_use]
    pub fn start_of(&self, day: BusinessDay) -> Timestamp {
        self.zone
            .to_timestamp(day.0.at(0, 0, 0, 0))
            .map_or(Timestamp::MAX, |start| {
                Timestamp::from_millis_clamped(start.as_millisecond())
            })
    }
}

impl FromStr for Zone {
    type Err = InvalidTime;

    fn from_str(name: &str) -> Result<Self, InvalidTime> {
        let zone = TimeZone::get(name).map_err(|_| InvalidTime::Zone {
            name: name.chars().take(64).collect(),
        })?;
        Ok(Self {
            name: name.to_owned(),
            zone,
        })
    }
}

crate::as_text!(Zone, |zone| zone.name());

/// The calendar day in the organisation's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessDay(Date);

impl BusinessDay {
    /// The day of the week: 0 is Monday, 6 is Sunday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        self.0.weekday().to_monday_zero_offset().unsigned_abs()
    }

    /// The first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// The last day of its month.
    #[must_use]
    pub fn last_of_month(self) -> Self {
        Self(self.0.last_of_month())
    }

    /// The year, the month from 1, and the day from 1.
    #[must_use]
    pub fn parts(self) -> (u16, u8, u8) {
        (
            self.0.year().unsigned_abs(),
            self.0.month().unsigned_abs(),
            self.0.day().unsigned_abs(),
        )
    }

    /// This day moved by `days`, staying within the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(
            self.0
                .saturating_add(jiff::Span::new().days(days.clamp(-3_000_000, 3_000_000))),
        )
    }
}

impl FromStr for BusinessDay {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        // `Date` would also read a whole moment and drop its hours.
        let day = (text.len() == 10)
            .then(|| text.parse::<Date>().ok())
            .flatten();
        day.map(Self).ok_or_else(|| InvalidTime::Day {
            text: text.chars().take(64).collect(),
        })
    }
}

crate::as_text!(BusinessDay, |day| day.to_string());

impl fmt::Display for BusinessDay {
    /// ISO-8601: `2026-07-14`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_timestamp_is_read_and_written_in_utc() {
        let t = at("2026-07-14T09:00:00.114+02:00");
        assert_eq!(t.to_string(), "2026-07-14T07:00:00.114Z");
        assert_eq!(t.compact(), "20260714070000114");
        assert_eq!(t.file_stamp(), "20260714T070000");
        assert_eq!(
            at("2026-07-14T07:00:00Z").to_string(),
            "2026-07-14T07:00:00.000Z"
        );
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2026-07-14",
            "2026-07-14T07:00:00",
            "1969-12-31T23:59:59Z",
            "now",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_business_day_is_the_organisations_also_when_clocks_change() {
        let paris: Zone = "Europe/Paris".parse().unwrap();
        for (moment, day, hour) in [
            ("2026-07-13T22:00:00Z", "2026-07-14", 0),
            ("2026-07-13T21:59:59.999Z", "2026-07-13", 23),
            ("2026-03-29T00:59:59Z", "2026-03-29", 1),
            ("2026-03-29T01:00:00Z", "2026-03-29", 3),
            ("2026-10-25T00:30:00Z", "2026-10-25", 2),
            ("2026-10-25T01:30:00Z", "2026-10-25", 2),
        ] {
            assert_eq!(paris.business_day(at(moment)).to_string(), day, "{moment}");
            assert_eq!(paris.hour(at(moment)), hour, "{moment}");
        }
        let day: BusinessDay = "2026-03-29".parse().unwrap();
        assert_eq!(paris.start_of(day), at("2026-03-28T23:00:00Z"));
        assert_eq!(paris.start_of(day.plus_days(1)), at("2026-03-29T22:00:00Z"));
    }

    #[test]
    fn a_month_has_a_first_and_a_last_day() {
        for (day, first, last) in [
            ("2026-03-14", "2026-03-01", "2026-03-31"),
            ("2028-02-29", "2028-02-01", "2028-02-29"),
            ("2026-12-01", "2026-12-01", "2026-12-31"),
        ] {
            let day: BusinessDay = day.parse().unwrap();
            assert_eq!(day.first_of_month().to_string(), first);
            assert_eq!(day.last_of_month().to_string(), last);
        }
        let day: BusinessDay = "0026-01-31".parse().unwrap();
        assert_eq!(day.parts(), (26, 1, 31));
    }

    #[test]
    fn days_and_zones_are_checked() {
        assert!("2026-02-30".parse::<BusinessDay>().is_err());
        assert!("2026-07-14T00:00:00Z".parse::<BusinessDay>().is_err());
        assert!("Europe/Atlantis".parse::<Zone>().is_err());
    }

    proptest! {
        #[test]
        fn every_timestamp_round_trips_and_compacts_in_order(
            a in Timestamp::MIN.0..=Timestamp::MAX.0,
            b in Timestamp::MIN.0..=Timestamp::MAX.0,
        ) {
            let (a, b) = (Timestamp(a), Timestamp(b));
            prop_assert_eq!(a.to_string().parse::<Timestamp>().unwrap(), a);
            prop_assert_eq!(a.compact().len(), 17);
            prop_assert_eq!(a.cmp(&b), a.compact().cmp(&b.compact()));
        }
    }
}
