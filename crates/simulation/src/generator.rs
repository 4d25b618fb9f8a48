//! Makes a story of a seed.

use crate::operation::{
    Change, DEVICES, HANDHELDS, Line, Manner, May, Operation, PartnerMood, Patience, Shape,
    Stranger, TURNSTILES, TicketingMood, Way, Worker,
};
use crate::site::{CARDS, DOORS};
use fastrand::Rng;
use gate::WhenSilent;
use otipass::References;

/// Longer than card numbers stay, in seconds.
const MONTH_S: u32 = 31 * 24 * 3_600;

/// What holds for a whole story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Whether Otipass honours references.
    pub references: References,
    /// What the site does when Otipass is silent.
    pub when_silent: WhenSilent,
    /// How many checks a device's journal takes.
    pub journal_limit: usize,
    /// The hour of the story's beginning, from the first hour of its first day.
    pub begins_at_hour: u8,
}

/// A seed's setting and operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The setting.
    pub setting: Setting,
    /// What happens.
    pub operations: Vec<Operation>,
}

/// The script of `seed` with so many operations.
#[must_use]
pub fn script(seed: u64, operations: usize) -> Script {
    let mut rng = Rng::with_seed(seed);
    let setting = Setting {
        references: if rng.u8(..4) == 0 {
            References::Ignored
        } else {
            References::Honoured
        },
        when_silent: if rng.u8(..3) == 0 {
            WhenSilent::Refuse
        } else {
            WhenSilent::Admit
        },
        journal_limit: if rng.u8(..4) == 0 { 5 } else { 10_000 },
        begins_at_hour: rng.u8(..40),
    };
    // Some stories are calm, some are wild.
    let trouble = rng.u8(2..40);
    let mut generator = Generator { rng, trouble };
    let operations = (0..operations).map(|_| generator.operation()).collect();
    Script {
        setting,
        operations,
    }
}

struct Generator {
    rng: Rng,
    /// Of a hundred exchanges, how many go wrong.
    trouble: u8,
}

impl Generator {
    fn operation(&mut self) -> Operation {
        match self.rng.u8(..100) {
            0..=43 => self.scan(),
            44..=48 => Operation::Retry {
                device: self.device(),
                line: self.line(),
            },
            49..=54 => Operation::Flush {
                device: self.device(),
                shape: self.choose(&[
                    Shape::Whole,
                    Shape::Whole,
                    Shape::Half,
                    Shape::Reversed,
                    Shape::Twice,
                ]),
                line: self.line(),
            },
            55..=57 => Operation::Late,
            58..=62 => Operation::Cancel {
                device: self.device(),
                manner: self.choose(&[
                    Manner::InTime,
                    Manner::InTime,
                    Manner::InTime,
                    Manner::TooLate,
                    Manner::Again,
                    Manner::Unknown,
                    Manner::Foreign,
                ]),
                line: self.line(),
            },
            63..=66 => Operation::Refresh {
                device: self.device(),
                line: self.line(),
            },
            67..=72 => Operation::Wait {
                seconds: match self.rng.u8(..20) {
                    0 => MONTH_S,
                    _ => self.choose(&[1, 1, 2, 5, 30, 120, 400, 4_000, 40_000]),
                },
            },
            73..=83 => self.work(),
            84..=86 => self.partner(),
            87 | 88 => self.ticketing(),
            89 => Operation::Look { card: self.card() },
            _ => self.upheaval(),
        }
    }

    fn scan(&mut self) -> Operation {
        Operation::Scan {
            device: self.device(),
            card: self.card(),
            way: self.choose(&[Way::In, Way::In, Way::In, Way::In, Way::Forced, Way::Out]),
            line: self.line(),
            patience: self.choose(&[
                Patience::Decides,
                Patience::Decides,
                Patience::Decides,
                Patience::Waits,
                Patience::Offline,
            ]),
        }
    }

    fn work(&mut self) -> Operation {
        let worker = self.choose(&[
            Worker::Deliver,
            Worker::Deliver,
            Worker::Declare,
            Worker::Declare,
            Worker::Recover,
            Worker::Sell,
            Worker::Sell,
            Worker::Reconcile,
            Worker::Retain,
        ]);
        let dies_after = (self.rng.u8(..100) < self.trouble / 2).then(|| self.rng.u8(1..12));
        Operation::Work { worker, dies_after }
    }

    fn partner(&mut self) -> Operation {
        if self.rng.u8(..40) > self.trouble {
            return Operation::Partner(PartnerMood::Answers);
        }
        Operation::Partner(self.choose(&[
            PartnerMood::Answers,
            PartnerMood::Slow,
            PartnerMood::SilentAndCounts,
            PartnerMood::Silent,
            PartnerMood::AnswerLost,
            PartnerMood::Unreachable,
            PartnerMood::Fails,
            PartnerMood::Refuses,
        ]))
    }

    fn ticketing(&mut self) -> Operation {
        if self.rng.u8(..40) > self.trouble {
            return Operation::Ticketing(TicketingMood::Takes);
        }
        let few = self.rng.u8(1..8);
        let digit = self.rng.u8(..10);
        Operation::Ticketing(self.choose(&[
            TicketingMood::Takes,
            TicketingMood::AnswerLost,
            TicketingMood::NoResults,
            TicketingMood::HalfResults,
            TicketingMood::Down,
            TicketingMood::TooManyCalls,
            TicketingMood::SmallCalls(few),
            TicketingMood::Dislikes(digit),
            TicketingMood::RefusesAll,
        ]))
    }

    fn upheaval(&mut self) -> Operation {
        match self.rng.u8(..12) {
            0 => Operation::ClockJump {
                device: self.device(),
                seconds: self.choose(&[-90_000, -4_000, -60, -1, 1, 60, 4_000, 90_000]),
            },
            1 | 2 => Operation::DeviceDies {
                device: self.device(),
                lost: self.choose(&[0, 128, 255]),
            },
            3 => Operation::Disk {
                device: HANDHELDS + self.rng.u8(..TURNSTILES),
                full: self.rng.bool(),
            },
            4 => Operation::ServerDies,
            5 => Operation::Resend,
            6 => {
                let device = self.device();
                self.choose(&[
                    Operation::Revoke { device },
                    Operation::Enrol { device },
                    Operation::Enrol { device },
                ])
            }
            7 => Operation::Move {
                device: self.device(),
                door: self.place(DOORS.len()),
            },
            8 => Operation::Mapping {
                second_sector: self.rng.u8(..3) > 0,
                other_product: self.rng.u8(..3) == 0,
            },
            9 => {
                let yes = self.rng.u8(..3) > 0;
                let price = Change::Price {
                    minor: self.choose(&[950, 990, 1_001, 0, 7]),
                    from_day: self.rng.u8(..3),
                };
                Operation::Catalogue(self.choose(&[
                    price,
                    Change::TariffMapped(yes),
                    Change::ProductKnown(yes),
                    Change::ChannelValid(yes),
                    Change::ContactValid(yes),
                ]))
            }
            10 => Operation::Settings {
                device: self.device(),
                may: self.choose(&[May::Everything, May::OnlyAdmit]),
            },
            _ => Operation::StrangersFile(self.choose(&[
                Stranger::Foreign,
                Stranger::Ours,
                Stranger::WrongPrice,
                Stranger::OtherMoment,
            ])),
        }
    }

    fn line(&mut self) -> Line {
        if self.rng.u8(..100) >= self.trouble {
            return Line::Good;
        }
        let steps = self.rng.u8(1..8);
        self.choose(&[
            Line::RequestLost,
            Line::AnswerLost,
            Line::AnswerLost,
            Line::Delayed,
            Line::Doubled,
            Line::ServerDies(steps),
            Line::HeldUp(steps),
            Line::DeviceDies(steps.div_ceil(2)),
        ])
    }

    fn device(&mut self) -> u8 {
        self.rng.u8(..DEVICES)
    }

    fn card(&mut self) -> u8 {
        // Good cards more often than others.
        match self.rng.u8(..3) {
            0 => self.rng.u8(..4),
            _ => self.place(CARDS.len()),
        }
    }

    fn place(&mut self, among: usize) -> u8 {
        u8::try_from(self.rng.usize(..among)).unwrap_or(0)
    }

    fn choose<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.rng.usize(..among.len())]
    }
}
