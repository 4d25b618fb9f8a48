//! Numbers, money, dates and times in the reader's language.

use super::coded::said;
use kernel::{BusinessDay, Language, Money, Timestamp, Zone};
use std::borrow::Borrow;

/// Between groups of digits in French: a narrow space that does not break.
const NARROW: char = '\u{202f}';
/// A space that does not break.
const SPACE: char = '\u{a0}';

/// The months' names, then those of the days of the week, in a language.
const fn names(language: Language) -> [&'static str; 2] {
    match language {
        Language::Fr => [
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
            "lundi mardi mercredi jeudi vendredi samedi dimanche",
        ],
        _ => [
            "January February March April May June July August September October November December",
            "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        ],
    }
}

/// The one of these names at a place.
fn name(names: &'static str, at: impl Into<usize>) -> &'static str {
    names.split(' ').nth(at.into()).unwrap_or_default()
}

/// An hour of the day, or the time at which it begins: `09:00`.
pub(crate) fn hour(hour: impl Into<i64>) -> String {
    format!("{:02}:00", hour.into())
}

/// A name as HTML for a narrow column, which breaks it between its parts, not in them.
pub(crate) fn breakable(name: &str) -> String {
    kernel::escaped(name)
        .replace('_', "_<wbr>")
        .replace('.', ".<wbr>")
        .replace('/', "/<wbr>")
}

/// How a reader's language, the organisation's zone and its currency write.
#[derive(Debug, Clone)]
pub(crate) struct Formats {
    pub(crate) language: Language,
    pub(crate) zone: Zone,
    pub(crate) currency: String,
}

impl Formats {
    /// How many there are of something, as [`Formats::number`].
    pub(crate) fn count(&self, number: impl TryInto<i64>) -> String {
        self.number(number.try_into().unwrap_or(i64::MAX))
    }

    /// A whole number: `12 345` or `12,345`.
    pub(crate) fn number(&self, number: impl Borrow<i64>) -> String {
        let number = *number.borrow();
        let digits = number.unsigned_abs().to_string();
        let separator = match self.language {
            Language::Fr => NARROW,
            _ => ',',
        };
        let mut text = String::new();
        if number < 0 {
            text.push('−');
        }
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    }

    /// An amount with its currency: `1 234,50 €` or `€1,234.50`.
    pub(crate) fn money(&self, amount: Money) -> String {
        let minor = amount.minor().unsigned_abs();
        let whole = self.number(i64::try_from(minor / 100).unwrap_or(i64::MAX));
        let cents = minor % 100;
        let sign = if amount.minor() < 0 { "−" } else { "" };
        match self.language {
            Language::Fr => {
                let currency = if self.currency == "EUR" {
                    "€"
                } else {
                    &self.currency
                };
                format!("{sign}{whole},{cents:02}{SPACE}{currency}")
            }
            _ if self.currency == "EUR" => format!("{sign}€{whole}.{cents:02}"),
            _ => format!("{sign}{}{SPACE}{whole}.{cents:02}", self.currency),
        }
    }

    /// A share of a hundred, such as a battery's: `82 %` or `82%`.
    pub(crate) fn percent(&self, percent: impl std::fmt::Display) -> String {
        match self.language {
            Language::Fr => format!("{percent}{SPACE}%"),
            _ => format!("{percent}%"),
        }
    }

    /// A VAT rate: `5,5 %` or `5.5%`.
    pub(crate) fn rate(&self, rate: kernel::VatRate) -> String {
        let (whole, part) = (rate.basis_points() / 100, rate.basis_points() % 100);
        let part = format!("{part:02}");
        let part = part.trim_end_matches('0');
        let (point, sign) = match self.language {
            Language::Fr => (',', "\u{a0}%"),
            _ => ('.', "%"),
        };
        if part.is_empty() {
            format!("{whole}{sign}")
        } else {
            format!("{whole}{point}{part}{sign}")
        }
    }

    /// A day: `14 juillet 2026` or `14 July 2026`.
    pub(crate) fn day(&self, day: BusinessDay) -> String {
        let month = self.month(day);
        match (self.language, day.parts()) {
            (Language::Fr, (_, _, 1)) => format!("1er{SPACE}{month}"),
            (_, (_, _, day)) => format!("{day}{SPACE}{month}"),
        }
    }

    /// A month with its year, given any of its days: `juillet 2026`.
    pub(crate) fn month(&self, day: BusinessDay) -> String {
        let (year, month, _) = day.parts();
        let [months, _] = names(self.language);
        format!("{}{SPACE}{year}", name(months, month - 1))
    }

    /// A day in a narrow column: `14/07` or `14 Jul`.
    pub(crate) fn short_day(&self, day: BusinessDay) -> String {
        let (_, month, day) = day.parts();
        match self.language {
            Language::Fr => format!("{day:02}/{month:02}"),
            _ => format!(
                "{day:02}{SPACE}{:.3}",
                name(names(Language::En)[0], month - 1)
            ),
        }
    }

    /// A day of the week, 0 for Monday.
    pub(crate) fn weekday(&self, weekday: usize) -> &'static str {
        name(names(self.language)[1], weekday)
    }

    /// The time of day in the organisation's zone: `09:05:03`.
    pub(crate) fn time(&self, moment: impl Borrow<Timestamp>) -> String {
        let (hour, minute, second) = self.zone.time_of_day(*moment.borrow());
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    /// The time of day in the organisation's zone, to the minute: `09:05`.
    pub(crate) fn minute(&self, moment: impl Borrow<Timestamp>) -> String {
        let (hour, minute, _) = self.zone.time_of_day(*moment.borrow());
        format!("{hour:02}:{minute:02}")
    }

    /// Day and time in the organisation's zone.
    pub(crate) fn moment(&self, moment: impl Borrow<Timestamp>) -> String {
        let moment = *moment.borrow();
        let (day, time) = (self.day_of(moment), self.minute(moment));
        match self.language {
            Language::Fr => format!("{day} à{SPACE}{time}"),
            _ => format!("{day}, {time}"),
        }
    }

    /// Day and time to the millisecond.
    pub(crate) fn exact(&self, at: impl Borrow<Timestamp>) -> String {
        let at = *at.borrow();
        let (day, time) = (self.day_of(at), self.time(at));
        format!("{day}, {time}.{:03}", at.millis().rem_euclid(1_000))
    }

    /// The day of a moment, in the organisation's zone.
    pub(crate) fn day_of(&self, moment: impl Borrow<Timestamp>) -> String {
        self.day(self.zone.business_day(*moment.borrow()))
    }

    /// The same, or what is said where there is no moment.
    pub(crate) fn moment_or(&self, at: impl Borrow<Option<Timestamp>>, none: &str) -> String {
        at.borrow()
            .map_or_else(|| none.to_owned(), |at| self.moment(at))
    }

    /// By how many seconds a clock is off: `+75 s`.
    pub(crate) fn clock(&self, offset_ms: i64) -> String {
        let sign = if offset_ms > 0 { "+" } else { "" };
        format!("{sign}{}{SPACE}s", self.number(offset_ms / 1_000))
    }

    /// How long to wait, in words: seconds below a minute, then minutes.
    pub(crate) fn wait(&self, wait_ms: i64) -> String {
        let seconds = (wait_ms + 999) / 1_000;
        let is_short = seconds < 60;
        let count = if is_short {
            seconds.max(1)
        } else {
            (seconds + 59) / 60
        };
        let word = said!(self.language, (is_short, count), {
            (true, 1) => "seconde", "second";
            (true, _) => "secondes", "seconds";
            (false, 1) => "minute", "minute";
            (false, _) => "minutes", "minutes";
        });
        format!("{}{SPACE}{word}", self.number(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(language: Language, currency: &str) -> Formats {
        Formats {
            language,
            zone: "Europe/Paris".parse().unwrap(),
            currency: currency.to_owned(),
        }
    }

    #[test]
    fn each_language_writes_in_its_way() {
        let (fr, en) = (formats(Language::Fr, "EUR"), formats(Language::En, "EUR"));
        assert_eq!(fr.number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(en.number(-1_234), "−1,234");
        assert_eq!(en.number(0), "0");
        assert_eq!(en.number(i64::MIN), "−9,223,372,036,854,775,808");
        let money = Money::from_minor(-123_450);
        assert_eq!(fr.money(money), "−1\u{202f}234,50\u{a0}€");
        assert_eq!(en.money(money), "−€1,234.50");
        assert_eq!(
            formats(Language::En, "CHF").money(Money::from_minor(5)),
            "CHF\u{a0}0.05"
        );
        let moment: Timestamp = "2026-07-31T22:05:09.000Z".parse().unwrap();
        assert_eq!(fr.moment(moment), "1er\u{a0}août\u{a0}2026 à\u{a0}00:05");
        assert_eq!(en.moment(moment), "1\u{a0}August\u{a0}2026, 00:05");
        assert_eq!(en.time(moment), "00:05:09");
        let rate = kernel::VatRate::from_basis_points;
        assert_eq!(fr.rate(rate(550)), "5,5\u{a0}%");
        assert_eq!(en.rate(rate(2_000)), "20%");
        assert_eq!(fr.wait(14_001), "15\u{a0}secondes");
        assert_eq!(en.wait(1), "1\u{a0}second");
        assert_eq!(en.wait(60_001), "2\u{a0}minutes");
    }
}
