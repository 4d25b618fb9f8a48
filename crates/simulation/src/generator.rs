//! Makes a story of a seed.

use crate::operation::{
    Act, DEVICES, HANDHELDS, Line, Manner, May, Operation, Part, PartnerMood, Patience, Shape,
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
    /// Who sells what the gate admits.
    pub seller: Seller,
}

/// Whose ticketing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seller {
    /// Our own box office.
    Here,
    /// A SecuTix that is not ours: the way ends at its "yes".
    Abroad,
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
        // From another source, so that the seed's operations are the same either way.
        seller: match Rng::with_seed(!seed).u8(..5) {
            0 => Seller::Abroad,
            _ => Seller::Here,
        },
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
            0..=43 => {
                let scan = Act::Scan {
                    card: self.card(),
                    way: self.mostly(&Way::ALL),
                    patience: self.mostly(&Patience::ALL),
                };
                self.at_a_device(scan)
            }
            44..=48 => self.at_a_device(Act::Retry),
            49..=54 => {
                let shape = self.mostly(&Shape::ALL);
                self.at_a_device(Act::Flush(shape))
            }
            55..=57 => Operation::Late,
            58..=62 => {
                let manner = self.mostly(&Manner::ALL);
                self.at_a_device(Act::Cancel(manner))
            }
            63..=66 => self.at_a_device(Act::Refresh),
            67..=72 => Operation::Wait {
                seconds: match self.rng.u8(..20) {
                    0 => MONTH_S,
                    _ => self.choose(&[1, 1, 2, 5, 30, 120, 400, 4_000, 40_000]),
                },
            },
            73..=83 => {
                let often = [Worker::Deliver, Worker::Declare, Worker::Sell];
                Operation::Work {
                    worker: self.choose(&[Worker::ALL.as_slice(), &often].concat()),
                    dies_after: (self.rng.u8(..100) < self.trouble / 2).then(|| self.rng.u8(1..12)),
                }
            }
            84..=86 => Operation::Partner(self.mood(&PartnerMood::ALL)),
            87 | 88 => {
                let number = self.rng.u8(1..10);
                Operation::Ticketing(self.mood(&TicketingMood::ALL), number)
            }
            89 => Operation::Look { card: self.card() },
            _ => self.upheaval(),
        }
    }

    fn at_a_device(&mut self, act: Act) -> Operation {
        Operation::At {
            device: self.device(),
            act,
            line: self.line(),
        }
    }

    /// The first mood is the good one.
    fn mood<T: Copy>(&mut self, all: &[T]) -> T {
        if self.rng.u8(..40) > self.trouble {
            return all[0];
        }
        self.choose(all)
    }

    fn upheaval(&mut self) -> Operation {
        let device = self.device();
        match self.rng.u8(..13) {
            0 => Operation::ClockJump {
                device,
                seconds: self.choose(&[-90_000, -4_000, -60, -1, 1, 60, 4_000, 90_000]),
            },
            1 | 2 => Operation::DeviceDies {
                device,
                lost: self.choose(&[0, 128, 255]),
            },
            3 => Operation::Disk {
                device: HANDHELDS + self.rng.u8(..TURNSTILES),
                full: self.rng.bool(),
            },
            4 => Operation::ServerDies,
            5 => Operation::Resend,
            6 => self.choose(&[
                Operation::Revoke { device },
                Operation::Enrol { device },
                Operation::Enrol { device },
            ]),
            7 => Operation::Move {
                device,
                door: self.place(DOORS.len()),
            },
            8 => Operation::Mapping {
                second_sector: self.rng.u8(..3) > 0,
                other_product: self.rng.u8(..3) == 0,
            },
            9 => Operation::Catalogue {
                part: self.choose(&Part::ALL),
                there: self.rng.u8(..3) > 0,
            },
            10 => Operation::Settings {
                device,
                may: self.choose(&May::ALL),
            },
            11 => Operation::Price {
                minor: self.choose(&[950, 990, 1_001, 0, 7]),
                from_day: self.rng.u8(..3),
            },
            _ => Operation::StrangersFile(self.choose(&Stranger::ALL)),
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

    /// The first is the usual one.
    fn mostly<T: Copy>(&mut self, all: &[T]) -> T {
        if self.rng.bool() {
            return all[0];
        }
        self.choose(all)
    }

    fn choose<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.rng.usize(..among.len())]
    }
}
