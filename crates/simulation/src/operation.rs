//! What can happen: the steps of a story. Each stands for itself and names
//! devices and cards by number, so that a story stays one when steps are left
//! out.

use std::fmt;

/// How many hand-held scanners there are; they come first.
pub const HANDHELDS: u8 = 3;
/// How many turnstiles there are.
pub const TURNSTILES: u8 = 2;
/// How many devices there are.
pub const DEVICES: u8 = HANDHELDS + TURNSTILES;

/// A step of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A visitor holds a card before a device.
    Scan {
        /// The device.
        device: u8,
        /// The card, a place in [`crate::site::CARDS`].
        card: u8,
        /// Which way.
        way: Way,
        /// What becomes of the exchange with the server.
        line: Line,
        /// What a scanner does if it hears nothing.
        patience: Patience,
    },
    /// A device sends again what it asked last.
    Retry {
        /// The device.
        device: u8,
        /// What becomes of the exchange.
        line: Line,
    },
    /// A device hands over its journal.
    Flush {
        /// The device.
        device: u8,
        /// In which shape.
        shape: Shape,
        /// What becomes of the exchange.
        line: Line,
    },
    /// What the server was held up with goes on; else something that was on the
    /// way for long arrives.
    Late,
    /// The agent takes back the last entry.
    Cancel {
        /// The device.
        device: u8,
        /// How.
        manner: Manner,
        /// What becomes of the exchange.
        line: Line,
    },
    /// A device asks about itself.
    Refresh {
        /// The device.
        device: u8,
        /// What becomes of the exchange.
        line: Line,
    },
    /// The help desk looks at a card.
    Look {
        /// The card.
        card: u8,
    },
    /// Time passes.
    Wait {
        /// How much, in seconds.
        seconds: u32,
    },
    /// The clock of a device is set.
    ClockJump {
        /// The device.
        device: u8,
        /// By how much, in seconds.
        seconds: i32,
    },
    /// A device dies and starts again.
    DeviceDies {
        /// The device.
        device: u8,
        /// How much of what is not on the disk is lost, in 255ths.
        lost: u8,
    },
    /// The disk of a turnstile is full, or has room again.
    Disk {
        /// The device.
        device: u8,
        /// Whether it is full.
        full: bool,
    },
    /// The server dies and starts again.
    ServerDies,
    /// Otipass is in another mood from now on.
    Partner(PartnerMood),
    /// Ticketing is in another mood from now on.
    Ticketing(TicketingMood),
    /// A worker of the server takes some steps.
    Work {
        /// Which.
        worker: Worker,
        /// After how many steps the server dies, if it does.
        dies_after: Option<u8>,
    },
    /// Somebody has refused control barcodes sent again.
    Resend,
    /// A device's tokens are revoked.
    Revoke {
        /// The device.
        device: u8,
    },
    /// A device is enrolled again.
    Enrol {
        /// The device.
        device: u8,
    },
    /// A device is moved to another door.
    Move {
        /// The device.
        device: u8,
        /// The door, a place in [`crate::site::DOORS`].
        door: u8,
    },
    /// A device gets other settings.
    Settings {
        /// The device.
        device: u8,
        /// What they allow.
        may: May,
    },
    /// The server is started with another mapping.
    Mapping {
        /// Whether the sector of the second door is mapped.
        second_sector: bool,
        /// Whether the third door's passes are sold as another product.
        other_product: bool,
    },
    /// Somebody changes the catalogue.
    Catalogue(Change),
    /// A file from elsewhere is imported.
    StrangersFile(Stranger),
}

/// Which way a visitor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// In.
    In,
    /// In, whatever Otipass says.
    Forced,
    /// Out.
    Out,
}

/// What becomes of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// It succeeds.
    Good,
    /// The request never arrives.
    RequestLost,
    /// The answer never arrives.
    AnswerLost,
    /// The request arrives when nobody waits any more.
    Delayed,
    /// It succeeds, and the request arrives once more later.
    Doubled,
    /// The server dies after some steps.
    ServerDies(u8),
    /// The server takes so many steps and is then held up by something else;
    /// nobody waits so long.
    HeldUp(u8),
    /// The device dies: a turnstile before it runs the errand of this number, a
    /// scanner while it waits.
    DeviceDies(u8),
}

/// What a scanner does if it hears nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Patience {
    /// It decides by itself.
    Decides,
    /// It keeps the visitor waiting, and tries again later.
    Waits,
    /// It does not even ask.
    Offline,
}

/// The shape in which a journal is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// As it should be.
    Whole,
    /// The first half only.
    Half,
    /// Newest first.
    Reversed,
    /// Each check twice.
    Twice,
}

/// How an entry is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Manner {
    /// As it should be.
    InTime,
    /// A quarter of an hour too late.
    TooLate,
    /// Once more, under another id.
    Again,
    /// Of a check nobody knows.
    Unknown,
    /// By another device.
    Foreign,
}

/// What a device's settings allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum May {
    /// To switch its direction and, if it is a scanner, to force entries.
    Everything,
    /// Neither.
    OnlyAdmit,
}

/// How Otipass answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartnerMood {
    /// It does.
    Answers,
    /// It does, after half of the time it is given.
    Slow,
    /// It takes what it is told and says nothing within the time.
    SilentAndCounts,
    /// It says nothing and never heard the question.
    Silent,
    /// The connection breaks before the answer is complete.
    AnswerLost,
    /// There is no connection.
    Unreachable,
    /// It answers 503.
    Fails,
    /// It answers 400.
    Refuses,
}

/// How ticketing answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketingMood {
    /// It takes what it gets.
    Takes,
    /// It takes it, and the answer is lost.
    AnswerLost,
    /// It takes it and says nothing of single tickets.
    NoResults,
    /// It takes it, and speaks of the first half only.
    HalfResults,
    /// It is not there.
    Down,
    /// 429.
    TooManyCalls,
    /// It refuses calls with more than this many tickets.
    SmallCalls(u8),
    /// It refuses calls with a barcode that ends in this digit.
    Dislikes(u8),
    /// It refuses every call.
    RefusesAll,
}

/// A worker of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Worker {
    /// Control barcodes go to ticketing.
    Deliver,
    /// Otipass is told.
    Declare,
    /// Open checks are decided.
    Recover,
    /// External sales.
    Sell,
    /// The books of both sides are compared.
    Reconcile,
    /// Card numbers go that have stayed long enough.
    Retain,
}

/// A change of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// The first product costs this much from the day given on.
    Price {
        /// In minor units.
        minor: u16,
        /// Days from the first day of the story.
        from_day: u8,
    },
    /// The second product's tariff is mapped, or not.
    TariffMapped(bool),
    /// The third product is in the catalogue, or not.
    ProductKnown(bool),
    /// The channel is as it must be, or not.
    ChannelValid(bool),
    /// The contact may pay later, or not.
    ContactValid(bool),
}

/// What a file from elsewhere sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stranger {
    /// Barcodes that no gate of ours made.
    Foreign,
    /// A barcode of ours, as we would sell it.
    Ours,
    /// A barcode of ours, at a wrong price.
    WrongPrice,
    /// A barcode of ours, in another second.
    OtherMoment,
}

impl fmt::Display for Operation {
    /// In plain words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Operation::Scan {
                device,
                card,
                way,
                line,
                patience,
            } => {
                let device = Device(device);
                let card = crate::site::card_name(card);
                let way = match way {
                    Way::In => "enters with",
                    Way::Forced => "is let in by force with",
                    Way::Out => "leaves with",
                };
                write!(f, "at {device} a visitor {way} {card}")?;
                match patience {
                    Patience::Offline => f.write_str("; the device decides without asking"),
                    Patience::Decides => write!(f, "{line}"),
                    Patience::Waits => write!(f, "{line}, and the device would wait"),
                }
            }
            Operation::Retry { device, line } => {
                write!(f, "{} sends its last question again{line}", Device(device))
            }
            Operation::Flush {
                device,
                shape,
                line,
            } => {
                let shape = match shape {
                    Shape::Whole => "",
                    Shape::Half => ", the first half",
                    Shape::Reversed => ", newest first",
                    Shape::Twice => ", each check twice",
                };
                write!(f, "{} hands over its journal{shape}{line}", Device(device))
            }
            Operation::Late => f.write_str("what was held up goes on, or a late request arrives"),
            Operation::Cancel {
                device,
                manner,
                line,
            } => {
                let manner = match manner {
                    Manner::InTime => "takes back its last entry",
                    Manner::TooLate => "takes back its last entry too late",
                    Manner::Again => "takes back an entry once more, under another id",
                    Manner::Unknown => "takes back an entry nobody knows",
                    Manner::Foreign => "takes back an entry of another device",
                };
                write!(f, "{} {manner}{line}", Device(device))
            }
            Operation::Refresh { device, line } => {
                write!(f, "{} looks for the server{line}", Device(device))
            }
            Operation::Look { card } => {
                write!(f, "the help desk looks at {}", crate::site::card_name(card))
            }
            Operation::Wait { seconds } => write!(f, "{seconds} s pass"),
            Operation::ClockJump { device, seconds } => {
                write!(f, "the clock of {} is set by {seconds} s", Device(device))
            }
            Operation::DeviceDies { device, lost } => write!(
                f,
                "{} dies and starts again; {lost}/255 of what is not on its disk is lost",
                Device(device)
            ),
            Operation::Disk { device, full } => write!(
                f,
                "the disk of {} {}",
                Device(device),
                if full { "is full" } else { "has room" }
            ),
            Operation::ServerDies => f.write_str("the server dies and starts again"),
            Operation::Partner(mood) => f.write_str(match mood {
                PartnerMood::Answers => "Otipass answers from now on",
                PartnerMood::Slow => "Otipass answers slowly from now on",
                PartnerMood::SilentAndCounts => "Otipass counts and is silent from now on",
                PartnerMood::Silent => "Otipass is silent from now on",
                PartnerMood::AnswerLost => "Otipass's answers are lost from now on",
                PartnerMood::Unreachable => "Otipass cannot be reached from now on",
                PartnerMood::Fails => "Otipass answers 503 from now on",
                PartnerMood::Refuses => "Otipass answers 400 from now on",
            }),
            Operation::Ticketing(mood) => match mood {
                TicketingMood::Takes => f.write_str("ticketing works from now on"),
                TicketingMood::AnswerLost => {
                    f.write_str("ticketing's answers are lost from now on")
                }
                TicketingMood::NoResults => {
                    f.write_str("ticketing says nothing of single tickets from now on")
                }
                TicketingMood::HalfResults => {
                    f.write_str("ticketing speaks of the first half only from now on")
                }
                TicketingMood::Down => f.write_str("ticketing is down from now on"),
                TicketingMood::TooManyCalls => f.write_str("ticketing answers 429 from now on"),
                TicketingMood::SmallCalls(most) => {
                    write!(
                        f,
                        "ticketing takes at most {most} tickets a call from now on"
                    )
                }
                TicketingMood::Dislikes(digit) => write!(
                    f,
                    "ticketing refuses calls with a barcode that ends in {digit} from now on"
                ),
                TicketingMood::RefusesAll => {
                    f.write_str("ticketing refuses every call from now on")
                }
            },
            Operation::Work { worker, dies_after } => {
                f.write_str(match worker {
                    Worker::Deliver => "the server delivers to ticketing",
                    Worker::Declare => "the server tells Otipass of entries",
                    Worker::Recover => "the server takes up open checks",
                    Worker::Sell => "an external sales run",
                    Worker::Reconcile => "the books of both sides are compared",
                    Worker::Retain => "the server removes old card numbers",
                })?;
                match dies_after {
                    Some(steps) => write!(f, ", and dies after {steps} steps"),
                    None => Ok(()),
                }
            }
            Operation::Resend => f.write_str("somebody has refused barcodes sent again"),
            Operation::Revoke { device } => {
                write!(f, "the tokens of {} are revoked", Device(device))
            }
            Operation::Enrol { device } => write!(f, "{} is enrolled again", Device(device)),
            Operation::Move { device, door } => write!(
                f,
                "{} is moved to the door {}",
                Device(device),
                crate::site::door(door)
            ),
            Operation::Settings { device, may } => write!(
                f,
                "{} may{} force entries and switch its direction",
                Device(device),
                if may == May::Everything { "" } else { " not" }
            ),
            Operation::Mapping {
                second_sector,
                other_product,
            } => write!(
                f,
                "the server is started again: the sector VN_RAY {} mapped, VN_GEO is sold as {}",
                if second_sector { "is" } else { "is not" },
                if other_product { "PASSVN3" } else { "PASSVN2" },
            ),
            Operation::Catalogue(change) => match change {
                Change::Price { minor, from_day } => write!(
                    f,
                    "PASSVN costs {minor} cents from day {from_day} of the story on"
                ),
                Change::TariffMapped(yes) => {
                    write!(f, "a tariff is {}mapped to PASSVN2", not(yes))
                }
                Change::ProductKnown(yes) => {
                    write!(f, "PASSVN3 is {}in the catalogue", not(yes))
                }
                Change::ChannelValid(yes) => {
                    write!(f, "the sales channel is {}as it must be", not(yes))
                }
                Change::ContactValid(yes) => {
                    write!(f, "the contact may {}pay later", not(yes))
                }
            },
            Operation::StrangersFile(stranger) => f.write_str(match stranger {
                Stranger::Foreign => "a file from elsewhere sells barcodes of another gate",
                Stranger::Ours => "a file from elsewhere sells a barcode of ours",
                Stranger::WrongPrice => {
                    "a file from elsewhere sells a barcode of ours at a wrong price"
                }
                Stranger::OtherMoment => {
                    "a file from elsewhere sells a barcode of ours with another moment"
                }
            }),
        }
    }
}

const fn not(yes: bool) -> &'static str {
    if yes { "" } else { "not " }
}

/// A device, in words.
struct Device(u8);

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0 % DEVICES;
        if number < HANDHELDS {
            write!(f, "scanner {}", number + 1)
        } else {
            write!(f, "turnstile {}", number - HANDHELDS + 1)
        }
    }
}

impl fmt::Display for Line {
    /// As the end of a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Good => Ok(()),
            Line::RequestLost => f.write_str("; the request is lost"),
            Line::AnswerLost => f.write_str("; the answer is lost"),
            Line::Delayed => f.write_str("; the request is late"),
            Line::Doubled => f.write_str("; the request comes a second time later"),
            Line::ServerDies(steps) => write!(f, "; the server dies after {steps} steps"),
            Line::DeviceDies(errand) => write!(f, "; the device dies before its errand {errand}"),
            Line::HeldUp(steps) => {
                write!(
                    f,
                    "; the server is held up after {steps} steps, and goes on later"
                )
            }
        }
    }
}
