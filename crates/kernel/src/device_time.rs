use crate::{FromValue, InvalidTime, Timestamp, Value};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a device's clock showed: any moment from 1970 to 9999, to the
/// millisecond, written as a [`Timestamp`] is. It is kept as it came and says nothing
/// of when something happened: the clock may be wrong by decades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceTime(Timestamp);

impl DeviceTime {
    /// Milliseconds since the Unix epoch; `None` outside the range.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        Timestamp::from_millis(millis).map(Self)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.millis()
    }

    /// The moment, if the device's clock is `behind_ms` behind the true time.
    #[must_use]
    pub fn corrected_ms(self, behind_ms: i64) -> Timestamp {
        self.0.plus_ms(behind_ms)
    }
}

impl From<Timestamp> for DeviceTime {
    /// What a clock shows that is right.
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

impl From<DeviceTime> for Value {
    fn from(time: DeviceTime) -> Self {
        Self::from(time.0)
    }
}

impl FromValue for DeviceTime {
    fn from_value(value: &Value) -> Result<Self, String> {
        Timestamp::from_value(value).map(Self)
    }
}

impl FromStr for DeviceTime {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        text.parse().map(Self)
    }
}

impl fmt::Display for DeviceTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_clock_is_read_and_shown_as_it_was() {
        for (text, shown) in [
            ("1970-01-01T00:00:00Z", Some("1970-01-01T00:00:00.000Z")),
            (
                "1980-01-06T01:00:00.5+01:00",
                Some("1980-01-06T00:00:00.500Z"),
            ),
            (
                "2099-12-31T23:59:59.9999Z",
                Some("2099-12-31T23:59:59.999Z"),
            ),
            ("1969-12-31T23:59:59.999Z", None),
            ("noon", None),
            ("2026-09-30T07:00:02", None),
        ] {
            let read = text.parse::<DeviceTime>().ok().map(|time| time.to_string());
            assert_eq!(read.as_deref(), shown, "{text}");
        }
        let read: DeviceTime = "1970-01-01T00:00:10Z".parse().unwrap();
        assert_eq!(read.corrected_ms(i64::MAX), Timestamp::MAX);
        assert_eq!(read.corrected_ms(i64::MIN), Timestamp::MIN);
        let right: Timestamp = "2026-09-30T07:00:02.323Z".parse().unwrap();
        assert_eq!(DeviceTime::from(right).to_string(), right.to_string());
    }
}
