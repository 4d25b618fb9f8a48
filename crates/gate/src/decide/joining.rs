//! What belongs together: one person who holds one card before this reader, however
//! often and in whatever forms it is read meanwhile, is one presentation, and one
//! check: pure rules, without I/O.
//!
//! The turnstile agent and the scanner page follow the same examples,
//! `vectors/joining.json`: reads with their times in, checks out.

use crate::site::settings::detect;
use crate::{Decision, Reason};
use deviceapi::Detection;
use kernel::CardNumber;

/// The longest pause between two reads of one presentation.
pub const JOIN_MS: i64 = 3_000;
/// How long an answer that nobody was told is taken up by the next read.
pub const UNTOLD_MS: i64 = 5 * 60 * 1000;

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A card, in whatever form it came.
    Card(CardNumber),
    /// No pass: its cleaned text.
    Text(String),
}

impl Subject {
    /// What `code` stands for to a device that recognises passes so. One that has
    /// never reached its server recognises none.
    #[must_use]
    pub fn of(code: &str, detection: Option<&Detection>) -> Self {
        let Some(detection) = detection else {
            return Self::Text(code.to_owned());
        };
        match detect(code, detection) {
            Some(card) => Self::Card(card),
            None => Self::Text(otipass::cleaned(code, &detection.additions).to_owned()),
        }
    }
}

/// Whether reads that follow belong to a check with this outcome: nobody could say is
/// no answer.
#[must_use]
pub fn joins(outcome: &str) -> bool {
    outcome != Decision::Refused(Reason::PartnerUnavailable).as_str()
}

/// The presentations at one reader: `W` says what a read is for and which way, `C`
/// names checks. Times are milliseconds of a clock that is never set.
#[derive(Debug)]
pub struct Joining<W, C> {
    seen: Vec<Presentation<W, C>>,
}

#[derive(Debug)]
struct Presentation<W, C> {
    subject: Subject,
    way: W,
    check: C,
    began_ms: i64,
    read_ms: i64,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nobody was told its answer.
    Untold,
    /// Reads that follow belong to it.
    Joins,
    /// A trigger that is pulled means another check.
    Over,
}

/// How a read came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Somebody pulled a trigger, or held the card before a scanner.
    Pulled,
    /// A camera sees what is before it again and again.
    Held,
}

impl<W, C> Default for Joining<W, C> {
    fn default() -> Self {
        Self { seen: Vec::new() }
    }
}

impl<W: PartialEq, C: Copy + PartialEq> Joining<W, C> {
    /// The check that a read belongs to; `None`: it is one of its own.
    pub fn read(&mut self, subject: &Subject, way: &W, now_ms: i64, cause: Cause) -> Option<C> {
        let known = self.seen.iter_mut().find(|one| one.is_of(subject, way))?;
        let over = known.standing == Standing::Over && cause == Cause::Pulled;
        if over || !known.is_fresh(now_ms) {
            return None;
        }
        known.read_ms = now_ms;
        Some(known.check)
    }

    /// A check begins, or began at `now_ms`.
    pub fn begin(&mut self, subject: Subject, way: W, check: C, now_ms: i64) {
        self.seen
            .retain(|one| one.is_fresh(now_ms) && !one.is_of(&subject, &way));
        // Whoever leaves has been in, and comes in anew.
        for one in self.seen.iter_mut().filter(|one| one.subject == subject) {
            one.end();
        }
        self.seen.push(Presentation {
            subject,
            way,
            check,
            began_ms: now_ms,
            read_ms: now_ms,
            standing: Standing::Untold,
        });
    }

    /// Its answer, with this outcome, was told.
    pub fn told(&mut self, check: C, outcome: &str) {
        let known = self.seen.iter_mut().find(|one| one.check == check);
        if let Some(known) = known.filter(|one| one.standing == Standing::Untold) {
            known.standing = if joins(outcome) {
                Standing::Joins
            } else {
                Standing::Over
            };
        }
    }

    /// Whether a read at `now_ms` may still belong to this check.
    pub fn holds(&self, check: C, now_ms: i64) -> bool {
        let mut seen = self.seen.iter();
        seen.any(|one| one.check == check && one.is_fresh(now_ms))
    }

    /// The presentation of this check is over.
    pub fn end(&mut self, check: C) {
        for one in self.seen.iter_mut().filter(|one| one.check == check) {
            one.end();
        }
    }
}

impl<W: PartialEq, C> Presentation<W, C> {
    fn is_of(&self, subject: &Subject, way: &W) -> bool {
        self.subject == *subject && self.way == *way
    }

    fn end(&mut self) {
        if self.standing == Standing::Joins {
            self.standing = Standing::Over;
        }
    }

    fn is_fresh(&self, now_ms: i64) -> bool {
        let untold = self.standing == Standing::Untold && now_ms - self.began_ms <= UNTOLD_MS;
        untold || now_ms - self.read_ms <= JOIN_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deviceapi::Direction;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        name: String,
        steps: Vec<Step>,
    }

    #[derive(Deserialize)]
    struct Step {
        at_ms: i64,
        #[serde(flatten)]
        what: What,
    }

    #[derive(Deserialize)]
    #[serde(untagged, deny_unknown_fields)]
    enum What {
        Read {
            read: String,
            #[serde(default)]
            purpose: Purpose,
            #[serde(default)]
            direction: Direction,
            #[serde(default)]
            held: bool,
            check: u32,
        },
        More {
            more: String,
            check: u32,
        },
        Told {
            told: u32,
            outcome: String,
        },
        Ends {
            ends: Ends,
        },
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Ends {
        One(u32),
        All(serde::de::IgnoredAny),
    }

    #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Purpose {
        #[default]
        Check,
        Look,
        Forced,
    }

    #[test]
    fn the_examples_hold() {
        let examples: Vec<Example> =
            serde_json::from_str(include_str!("../../vectors/joining.json")).unwrap();
        assert!(examples.len() >= 30);
        let snapshot: deviceapi::DeviceSnapshot =
            serde_json::from_str(include_str!("../../../deviceapi/examples/device.json")).unwrap();
        let subject = |code: &str| Subject::of(code, Some(&snapshot.detection));
        for Example { name, steps } in examples {
            let mut joining = Joining::default();
            let mut checks = 0;
            for Step { at_ms, what } in steps {
                match what {
                    What::Read {
                        read,
                        purpose,
                        direction,
                        held,
                        check,
                    } => {
                        let (subject, way) = (subject(&read), (purpose, direction));
                        let cause = if held { Cause::Held } else { Cause::Pulled };
                        let found = joining.read(&subject, &way, at_ms, cause);
                        let found = found.unwrap_or_else(|| {
                            checks += 1;
                            joining.begin(subject, way, checks, at_ms);
                            checks
                        });
                        assert_eq!(found, check, "{name}, at {at_ms} ms");
                    }
                    What::More { more, check } => {
                        checks += 1;
                        assert_eq!(checks, check, "{name}, at {at_ms} ms");
                        let way = (Purpose::Check, Direction::Entry);
                        joining.begin(subject(&more), way, check, at_ms);
                    }
                    What::Told { told, outcome } => joining.told(told, &outcome),
                    What::Ends { ends } => match ends {
                        Ends::One(check) => joining.end(check),
                        Ends::All(_) => (1..=checks).for_each(|check| joining.end(check)),
                    },
                }
            }
        }
    }
}
