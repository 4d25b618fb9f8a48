//! When a scan was, by the server's clock. A pure rule: spec §2, "Time".
//!
//! A device's clock may be wrong by seconds or decades. No check is refused for
//! its time, none is lost, and no wrong clock reaches Otipass, a control barcode,
//! a price or a month.

use db::{DbError, Row};
use kernel::{CheckId, DeviceTime, Timestamp};

/// The longest age that is believed: 31 days.
const MAX_AGE_MS: i64 = 31 * 24 * 60 * 60 * 1_000;

/// What belongs to a sending and not to the scan: the same check may come again
/// with another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sending {
    /// What the device's clock shows at sending.
    pub sent_at: Option<DeviceTime>,
    /// How long ago the scan was, in milliseconds, by a clock that neither jumps
    /// nor stops.
    pub age_ms: Option<i64>,
    /// Server minus device, in milliseconds, as last measured in the same life of
    /// the device's clock as the scan.
    pub offset_ms: Option<i64>,
    /// The server's time of the last contact before this run of unsent checks
    /// began.
    pub contact_at: Option<Timestamp>,
    /// The revision of the set-up that the device had when it scanned.
    pub set_up: Option<i64>,
    /// The check of the visitor before, if the agent says that this is one more
    /// person on the same code.
    pub one_more_than: Option<CheckId>,
}

/// Whether a time can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// By the server's clock, or by a device's whose error is known.
    Known,
    /// As far as anybody can tell; marked wherever it is shown.
    Estimated,
}

/// When a scan was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanTime {
    /// By the server's clock.
    pub at: Timestamp,
    /// How far that is known.
    pub certainty: Certainty,
}

impl ScanTime {
    pub(crate) fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            at: row.get("scanned_at")?,
            certainty: if row.get("time_estimated")? {
                Certainty::Estimated
            } else {
                Certainty::Known
            },
        })
    }

    /// Whether it is marked as an estimate.
    #[must_use]
    pub fn is_estimated(&self) -> bool {
        self.certainty == Certainty::Estimated
    }
}

/// When a check was scanned that a device asks about at once, and that arrived at
/// `arrival`.
#[must_use]
pub fn online(arrival: Timestamp, sending: &Sending) -> ScanTime {
    ScanTime {
        at: by_age(arrival, sending).unwrap_or(arrival),
        certainty: Certainty::Known,
    }
}

/// When a check was scanned that a journal brings at `arrival`: never before the
/// last contact, never after the arrival.
#[must_use]
pub fn of_journal(arrival: Timestamp, scanned: DeviceTime, sending: &Sending) -> ScanTime {
    let by_offset = || {
        sending
            .offset_ms
            .map(|offset_ms| scanned.corrected_ms(offset_ms))
    };
    let (at, certainty) = match by_age(arrival, sending).or_else(by_offset) {
        Some(at) => (at, Certainty::Known),
        None => {
            let sent_at = sending.sent_at;
            let behind_ms = sent_at.map_or(0, |sent| arrival.millis() - sent.millis());
            (scanned.corrected_ms(behind_ms), Certainty::Estimated)
        }
    };
    let not_before = sending.contact_at.unwrap_or(Timestamp::MIN);
    let held = at.max(not_before).min(arrival);
    ScanTime {
        at: held,
        certainty: if held == at {
            certainty
        } else {
            Certainty::Estimated
        },
    }
}

fn by_age(arrival: Timestamp, sending: &Sending) -> Option<Timestamp> {
    let age_ms = sending.age_ms;
    let age_ms = age_ms.filter(|age_ms| (0..=MAX_AGE_MS).contains(age_ms))?;
    Some(arrival.plus_ms(-age_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ARRIVAL: &str = "2026-09-30T12:00:00.000Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn clock(text: &str) -> DeviceTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_that_is_known_counts() {
        use Certainty::{Estimated, Known};
        let dead = "1970-01-01T00:10:00Z";
        let none = Sending::default();
        let sent_at = Some(clock("1970-01-01T00:25:00Z"));
        let contact = |text| Sending {
            contact_at: Some(at(text)),
            ..none
        };
        let age = |ms| Sending {
            age_ms: Some(ms),
            ..none
        };
        let offset = |ms| Sending {
            offset_ms: Some(ms),
            ..none
        };
        let day_ms = 86_400_000;
        let table = [
            // The age rules.
            (
                dead,
                Sending {
                    offset_ms: Some(5),
                    sent_at,
                    ..age(60_000)
                },
                "2026-09-30T11:59:00Z",
                Known,
            ),
            (dead, age(0), ARRIVAL, Known),
            (dead, age(31 * day_ms), "2026-08-30T12:00:00Z", Known),
            // An age that cannot be is not known.
            (
                dead,
                Sending { sent_at, ..age(-1) },
                "2026-09-30T11:45:00Z",
                Estimated,
            ),
            (
                dead,
                Sending {
                    sent_at,
                    ..age(31 * day_ms + 1)
                },
                "2026-09-30T11:45:00Z",
                Estimated,
            ),
            // Then the offset, then the sending, then the clock itself.
            (
                "2026-09-30T11:00:00Z",
                offset(-3_600_000),
                "2026-09-30T10:00:00Z",
                Known,
            ),
            (
                dead,
                Sending { sent_at, ..none },
                "2026-09-30T11:45:00Z",
                Estimated,
            ),
            (
                "2026-09-30T09:00:00Z",
                none,
                "2026-09-30T09:00:00Z",
                Estimated,
            ),
            // Nothing after the arrival, nothing before the last contact.
            ("2099-01-01T00:00:00Z", none, ARRIVAL, Estimated),
            (
                dead,
                contact("2026-09-30T08:00:00Z"),
                "2026-09-30T08:00:00Z",
                Estimated,
            ),
            (ARRIVAL, offset(10), ARRIVAL, Estimated),
            (
                dead,
                Sending {
                    age_ms: Some(60_000),
                    ..contact("2026-09-30T11:59:30Z")
                },
                "2026-09-30T11:59:30Z",
                Estimated,
            ),
            (
                dead,
                Sending {
                    age_ms: Some(60_000),
                    ..contact("2026-09-30T11:59:00Z")
                },
                "2026-09-30T11:59:00Z",
                Known,
            ),
            // The arrival wins over a contact after it.
            (
                dead,
                Sending {
                    age_ms: Some(60_000),
                    ..contact("2026-10-01T00:00:00Z")
                },
                ARRIVAL,
                Estimated,
            ),
        ];
        for (scanned, sending, expected, certainty) in table {
            let found = of_journal(at(ARRIVAL), clock(scanned), &sending);
            assert_eq!(
                found,
                ScanTime {
                    at: at(expected),
                    certainty
                },
                "{scanned} {sending:?}"
            );
        }
    }

    #[test]
    fn online_the_device_s_clock_means_nothing() {
        let sending = Sending {
            sent_at: Some(clock("2099-01-01T00:00:00Z")),
            offset_ms: Some(12),
            ..Sending::default()
        };
        assert_eq!(online(at(ARRIVAL), &sending).at, at(ARRIVAL));
        let sending = Sending {
            age_ms: Some(1_500),
            ..sending
        };
        assert_eq!(
            online(at(ARRIVAL), &sending).at,
            at("2026-09-30T11:59:58.500Z")
        );
    }

    fn any_clock() -> impl Strategy<Value = DeviceTime> {
        (0..=Timestamp::MAX.millis()).prop_map(|ms| DeviceTime::from_millis(ms).unwrap())
    }

    fn any_sending() -> impl Strategy<Value = Sending> {
        let moment = (Timestamp::MIN.millis()..=Timestamp::MAX.millis())
            .prop_map(|ms| Timestamp::from_millis(ms).unwrap());
        (
            prop::option::of(any_clock()),
            prop::option::of(any::<i64>()),
            prop::option::of(any::<i64>()),
            prop::option::of(moment),
        )
            .prop_map(|(sent_at, age_ms, offset_ms, contact_at)| Sending {
                sent_at,
                age_ms,
                offset_ms,
                contact_at,
                ..Sending::default()
            })
    }

    proptest! {
        #[test]
        fn a_scan_is_never_outside_last_contact_and_arrival(
            scanned in any_clock(),
            sending in any_sending(),
            arrival in Timestamp::MIN.millis()..=Timestamp::MAX.millis(),
        ) {
            let arrival = Timestamp::from_millis(arrival).unwrap();
            let found = of_journal(arrival, scanned, &sending).at;
            prop_assert!(found <= arrival);
            prop_assert!(sending.contact_at.is_none_or(|contact| found >= contact.min(arrival)));
            prop_assert!(online(arrival, &sending).at <= arrival);
        }
    }
}
