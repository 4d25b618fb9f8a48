//! What can happen: the steps of a story. Each stands for itself and names
//! devices and cards by number, so that a story stays one when steps are left
//! out. A story is told in their names here.

use kernel::words;

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
        In = "in",
        /// In, whatever Otipass says.
        Forced = "forced",
        /// Out.
        Out = "out",
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
        Decides = "decides",
        /// It keeps the visitor waiting, and tries again later.
        Waits = "waits",
        /// It does not even ask.
        Offline = "offline",
    }
}

words! {
    /// The shape in which a journal is handed over.
    pub enum Shape: "shape" {
        /// As it should be.
        Whole = "whole",
        /// The first half only.
        Half = "half",
        /// Newest first.
        Reversed = "reversed",
        /// Each check twice.
        Twice = "twice",
    }
}

words! {
    /// How an entry is taken back.
    pub enum Manner: "manner" {
        /// As it should be.
        InTime = "in_time",
        /// A quarter of an hour too late.
        TooLate = "too_late",
        /// Once more, under another id.
        Again = "again",
        /// Of a check nobody knows.
        Unknown = "unknown",
        /// By another device.
        Foreign = "foreign",
    }
}

words! {
    /// What a device's settings allow.
    pub enum May: "permission" {
        /// To switch its direction and, if it is a scanner, to force entries.
        Everything = "everything",
        /// Neither.
        OnlyAdmit = "only_admit",
    }
}

words! {
    /// How Otipass answers.
    pub enum PartnerMood: "mood" {
        /// It does.
        Answers = "answers",
        /// It does, after half of the time it is given.
        Slow = "slow",
        /// It takes what it is told and says nothing within the time.
        SilentAndCounts = "silent_and_counts",
        /// It says nothing and never heard the question.
        Silent = "silent",
        /// The connection breaks before the answer is complete.
        AnswerLost = "answer_lost",
        /// There is no connection.
        Unreachable = "unreachable",
        /// It answers 503.
        Fails = "fails",
        /// It answers 400.
        Refuses = "refuses",
    }
}

words! {
    /// How ticketing answers.
    pub enum TicketingMood: "mood" {
        /// It takes what it gets.
        Takes = "takes",
        /// It takes it, and the answer is lost.
        AnswerLost = "answer_lost",
        /// It takes it and says nothing of single tickets.
        NoResults = "no_results",
        /// It takes it, and speaks of the first half only.
        HalfResults = "half_results",
        /// It is not there.
        Down = "down",
        /// 429.
        TooManyCalls = "too_many_calls",
        /// It refuses calls with more than this many tickets.
        SmallCalls = "small_calls",
        /// It refuses calls with a barcode that ends in this digit.
        Dislikes = "dislikes",
        /// It refuses every call.
        RefusesAll = "refuses_all",
    }
}

words! {
    /// A worker of the server.
    pub enum Worker: "worker" {
        /// Control barcodes go to ticketing.
        Deliver = "deliver",
        /// Otipass is told.
        Declare = "declare",
        /// Open checks are decided.
        Recover = "recover",
        /// External sales.
        Sell = "sell",
        /// The books of both sides are compared.
        Reconcile = "reconcile",
        /// Card numbers go that have stayed long enough.
        Retain = "retain",
    }
}

words! {
    /// A part of the catalogue that comes and goes.
    pub enum Part: "part" {
        /// The second product's tariff is mapped.
        TariffMapped = "tariff_mapped",
        /// The third product.
        ProductKnown = "product_known",
        /// The channel is as it must be.
        ChannelValid = "channel_valid",
        /// The contact may pay later.
        ContactValid = "contact_valid",
    }
}

words! {
    /// What a file from elsewhere sells.
    pub enum Stranger: "file from elsewhere" {
        /// Barcodes that no gate of ours made.
        Foreign = "foreign",
        /// A barcode of ours, as we would sell it.
        Ours = "ours",
        /// A barcode of ours, at a wrong price.
        WrongPrice = "wrong_price",
        /// A barcode of ours, in another second.
        OtherMoment = "other_moment",
    }
}
