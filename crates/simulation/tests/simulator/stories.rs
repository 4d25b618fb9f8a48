//! Stories that once broke a rule. They are played with every test.
//!
//! A story is kept by its operations, not by its seed: another generator makes
//! another story of the same seed.

use gate::WhenSilent;
use otipass::References;
use simulation::generator::{Script, Seller, Setting};
use simulation::operation::{Act, Line, Operation, PartnerMood, Patience, Way};

/// A story that found something.
pub struct Story {
    /// What it found.
    pub found: &'static str,
    /// The seed that found it, when it did.
    pub seed: u64,
    /// The story.
    pub script: Script,
}

const SETTING: Setting = Setting {
    references: References::Honoured,
    when_silent: WhenSilent::Admit,
    journal_limit: 10_000,
    begins_at_hour: 0,
    seller: Seller::Here,
};

const fn enters(device: u8, card: u8, line: Line) -> Operation {
    let act = Act::Scan {
        card,
        way: Way::In,
        patience: Patience::Decides,
    };
    Operation::At { device, act, line }
}

/// Every story that found something.
pub fn stories() -> Vec<Story> {
    vec![
        Story {
            found: "a refusal kept the entry that Otipass had counted unheard",
            seed: 0,
            script: Script {
                setting: Setting {
                    when_silent: WhenSilent::Refuse,
                    ..SETTING
                },
                operations: vec![
                    Operation::Partner(PartnerMood::AnswerLost),
                    enters(2, 0, Line::Good),
                ],
            },
        },
        Story {
            found: "an entry after a refusal was declared for ever under a reference that \
                    Otipass knew from another door",
            seed: 43,
            script: Script {
                setting: SETTING,
                operations: vec![
                    enters(0, 3, Line::Good),
                    enters(0, 3, Line::AnswerLost),
                    Operation::Move { device: 0, door: 1 },
                ],
            },
        },
        Story {
            found: "a refusal after a power cut took back an entry that the turnstile had \
                    forgotten it told",
            seed: 201_720,
            script: Script {
                setting: SETTING,
                operations: vec![
                    Operation::Partner(PartnerMood::AnswerLost),
                    enters(3, 8, Line::Good),
                    Operation::Move { device: 3, door: 4 },
                    Operation::DeviceDies {
                        device: 3,
                        lost: 128,
                    },
                    enters(3, 0, Line::Good),
                    enters(3, 0, Line::RequestLost),
                    enters(3, 8, Line::Good),
                ],
            },
        },
    ]
}
