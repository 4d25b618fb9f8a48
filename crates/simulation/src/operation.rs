//! What can happen: the steps of a story. Each stands for itself and names
//! devices and cards by number, so that a story stays one when steps are left
//! out. The words of each are what a story is told in.

use kernel::words;
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
    /// Something is done at a device.
    At {
        /// The device.
        device: u8,
        /// What.
        act: Act,
        /// What becomes of the exchange with the server.
        line: Line,
    },
    /// What the server was held up with goes on; else something that was on the
    /// way for long arrives.
    Late,
    /// The help desk looks at a card.
    Look {
        /// The card, a place in [`crate::site::CARDS`].
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
    /// Ticketing is in another mood from now on, of this number if it has one.
    Ticketing(TicketingMood, u8),
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
    /// The first product gets another price.
    Price {
        /// In minor units.
        minor: u16,
        /// Days from the first day of the story.
        from_day: u8,
    },
    /// A part of the catalogue comes or goes.
    Catalogue {
        /// The part.
        part: Part,
        /// Whether it is there from now on.
        there: bool,
    },
    /// A file from elsewhere is imported.
    StrangersFile(Stranger),
}

/// What is done at a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// A visitor holds a card before it.
    Scan {
        /// The card, a place in [`crate::site::CARDS`].
        card: u8,
        /// Which way.
        way: Way,
        /// What a scanner does if it hears nothing.
        patience: Patience,
    },
    /// It sends again what it asked last.
    Retry,
    /// It hands over its journal.
    Flush(Shape),
    /// The agent takes back the last entry.
    Cancel(Manner),
    /// It asks about itself.
    Refresh,
}

words! {
    /// Which way a visitor goes.
    pub enum Way: "way" {
        /// In.
        In = "enters with",
        /// In, whatever Otipass says.
        Forced = "is let in by force with",
        /// Out.
        Out = "leaves with",
    }
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

words! {
    /// What a scanner does if it hears nothing.
    pub enum Patience: "patience" {
        /// It decides by itself.
        Decides = "",
        /// It keeps the visitor waiting, and tries again later.
        Waits = ", and the device would wait",
        /// It does not even ask.
        Offline = "; the device decides without asking",
    }
}

words! {
    /// The shape in which a journal is handed over.
    pub enum Shape: "shape" {
        /// As it should be.
        Whole = "",
        /// The first half only.
        Half = ", the first half",
        /// Newest first.
        Reversed = ", newest first",
        /// Each check twice.
        Twice = ", each check twice",
    }
}

words! {
    /// How an entry is taken back.
    pub enum Manner: "manner" {
        /// As it should be.
        InTime = "its last entry",
        /// A quarter of an hour too late.
        TooLate = "its last entry too late",
        /// Once more, under another id.
        Again = "an entry once more, under another id",
        /// Of a check nobody knows.
        Unknown = "an entry nobody knows",
        /// By another device.
        Foreign = "an entry of another device",
    }
}

words! {
    /// What a device's settings allow.
    pub enum May: "permission" {
        /// To switch its direction and, if it is a scanner, to force entries.
        Everything = "may",
        /// Neither.
        OnlyAdmit = "may not",
    }
}

words! {
    /// How Otipass answers.
    pub enum PartnerMood: "mood" {
        /// It does.
        Answers = "Otipass answers",
        /// It does, after half of the time it is given.
        Slow = "Otipass answers slowly",
        /// It takes what it is told and says nothing within the time.
        SilentAndCounts = "Otipass counts and is silent",
        /// It says nothing and never heard the question.
        Silent = "Otipass is silent",
        /// The connection breaks before the answer is complete.
        AnswerLost = "Otipass's answers are lost",
        /// There is no connection.
        Unreachable = "Otipass cannot be reached",
        /// It answers 503.
        Fails = "Otipass answers 503",
        /// It answers 400.
        Refuses = "Otipass answers 400",
    }
}

words! {
    /// How ticketing answers; `#` stands for a number.
    pub enum TicketingMood: "mood" {
        /// It takes what it gets.
        Takes = "ticketing works",
        /// It takes it, and the answer is lost.
        AnswerLost = "ticketing's answers are lost",
        /// It takes it and says nothing of single tickets.
        NoResults = "ticketing says nothing of single tickets",
        /// It takes it, and speaks of the first half only.
        HalfResults = "ticketing speaks of the first half only",
        /// It is not there.
        Down = "ticketing is down",
        /// 429.
        TooManyCalls = "ticketing answers 429",
        /// It refuses calls with more than this many tickets.
        SmallCalls = "ticketing takes at most # tickets a call",
        /// It refuses calls with a barcode that ends in this digit.
        Dislikes = "ticketing refuses calls with a barcode that ends in #",
        /// It refuses every call.
        RefusesAll = "ticketing refuses every call",
    }
}

words! {
    /// A worker of the server.
    pub enum Worker: "worker" {
        /// Control barcodes go to ticketing.
        Deliver = "the server delivers to ticketing",
        /// Otipass is told.
        Declare = "the server tells Otipass of entries",
        /// Open checks are decided.
        Recover = "the server resumes open checks",
        /// External sales.
        Sell = "an external sales run",
        /// The books of both sides are compared.
        Reconcile = "the books of both sides are compared",
        /// Card numbers go that have stayed long enough.
        Retain = "the server removes old card numbers",
    }
}

words! {
    /// A part of the catalogue that comes and goes; behind `#` it goes.
    pub enum Part: "part" {
        /// The second product's tariff is mapped.
        TariffMapped = "a tariff is #mapped to PASSVN2",
        /// The third product.
        ProductKnown = "PASSVN3 is #in the catalogue",
        /// The channel is as it must be.
        ChannelValid = "the sales channel is #as it must be",
        /// The contact may pay later.
        ContactValid = "the contact may #pay later",
    }
}

words! {
    /// What a file from elsewhere sells.
    pub enum Stranger: "file from elsewhere" {
        /// Barcodes that no gate of ours made.
        Foreign = "a file from elsewhere sells barcodes of another gate",
        /// A barcode of ours, as we would sell it.
        Ours = "a file from elsewhere sells a barcode of ours",
        /// A barcode of ours, at a wrong price.
        WrongPrice = "a file from elsewhere sells a barcode of ours at a wrong price",
        /// A barcode of ours, in another second.
        OtherMoment = "a file from elsewhere sells a barcode of ours with another moment",
    }
}

impl fmt::Display for Operation {
    /// In plain words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Operation::At { device, act, line } => tell_act(f, Device(device), act, line),
            Operation::Late => f.write_str("what was held up goes on, or a late request arrives"),
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
            Operation::Disk { device, full } => {
                let state = if full { "is full" } else { "has room" };
                write!(f, "the disk of {} {state}", Device(device))
            }
            Operation::ServerDies => f.write_str("the server dies and starts again"),
            Operation::Partner(mood) => write!(f, "{mood} from now on"),
            Operation::Ticketing(mood, number) => {
                let mood = mood.as_str().replace('#', &number.to_string());
                write!(f, "{mood} from now on")
            }
            Operation::Work { worker, dies_after } => match dies_after {
                Some(steps) => write!(f, "{worker}, and dies after {steps} steps"),
                None => worker.fmt(f),
            },
            Operation::Resend => f.write_str("somebody has refused barcodes sent again"),
            Operation::Revoke { device } => {
                write!(f, "the tokens of {} are revoked", Device(device))
            }
            Operation::Enrol { device } => write!(f, "{} is enrolled again", Device(device)),
            Operation::Move { device, door } => {
                let door = crate::site::door(door);
                write!(f, "{} is moved to the door {door}", Device(device))
            }
            Operation::Settings { device, may } => {
                let device = Device(device);
                write!(f, "{device} {may} force entries and switch its direction")
            }
            Operation::Mapping {
                second_sector,
                other_product,
            } => write!(
                f,
                "the server is started again: the sector VN_RAY {} mapped, VN_GEO is sold as {}",
                if second_sector { "is" } else { "is not" },
                if other_product { "PASSVN3" } else { "PASSVN2" },
            ),
            Operation::Price { minor, from_day } => {
                write!(
                    f,
                    "PASSVN costs {minor} cents from day {from_day} of the story on"
                )
            }
            Operation::Catalogue { part, there } => {
                f.write_str(&part.as_str().replace('#', if there { "" } else { "not " }))
            }
            Operation::StrangersFile(stranger) => stranger.fmt(f),
        }
    }
}

fn tell_act(f: &mut fmt::Formatter<'_>, device: Device, act: Act, line: Line) -> fmt::Result {
    match act {
        Act::Scan {
            card,
            way,
            patience,
        } => {
            let card = crate::site::card_name(card);
            write!(f, "at {device} a visitor {way} {card}")?;
            match patience {
                Patience::Offline => write!(f, "{patience}"),
                Patience::Decides | Patience::Waits => write!(f, "{line}{patience}"),
            }
        }
        Act::Retry => write!(f, "{device} sends its last question again{line}"),
        Act::Flush(shape) => write!(f, "{device} hands over its journal{shape}{line}"),
        Act::Cancel(manner) => write!(f, "{device} takes back {manner}{line}"),
        Act::Refresh => write!(f, "{device} looks for the server{line}"),
    }
}

/// A device, in words.
struct Device(u8);

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0 % DEVICES;
        match number.checked_sub(HANDHELDS) {
            None => write!(f, "scanner {}", number + 1),
            Some(number) => write!(f, "turnstile {}", number + 1),
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
            Line::HeldUp(steps) => write!(
                f,
                "; the server is held up after {steps} steps, and goes on later"
            ),
        }
    }
}
