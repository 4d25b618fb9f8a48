//! Words of several messages.

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

kernel::words! {
    /// Which way a visitor passes the door.
    #[derive(Default)]
    pub enum Direction: "direction" {
        /// In.
        #[default]
        Entry = "entry",
        /// Out.
        Exit = "exit",
    }
}

kernel::words! {
    /// Whether the device had a line to the server when it scanned.
    pub enum Mode: "mode" {
        /// It asks, and waits for the decision.
        Online = "online",
        /// It decided by itself; its journal delivers the check.
        Offline = "offline",
    }
}

kernel::words! {
    /// What a device without network goes by.
    #[derive(Default)]
    pub enum OfflinePolicy: "offline policy" {
        /// A recognised pass is admitted.
        #[default]
        DetectionOnly = "detection_only",
        /// As that, but not a pass that the device knows to be refused.
        Guarded = "guarded",
    }
}

kernel::words! {
    /// Why an entry was taken back without anybody asking for it.
    pub enum CancelCause: "cause of a cancellation" {
        /// The door's controller said that nobody went through, and the card did not
        /// come back.
        NotPassed = "not_passed",
    }
}

macro_rules! described {
    ($($word:ident: $what:literal),*) => {$(
        impl PartialSchema for $word {
            fn schema() -> RefOr<Schema> {
                let words = ObjectBuilder::new().schema_type(Type::String).description(Some($what));
                words.enum_values(Some(Self::ALL.map(Self::as_str))).into()
            }
        }

        impl ToSchema for $word {}
    )*};
}

described! {
    Direction: "Which way a visitor passes the door.",
    CancelCause: "Why, if it was not the agent: `not_passed`, nobody went through the door.",
    Mode: "Whether the device asks the server, or decides by itself at present.",
    OfflinePolicy: "What the device does without network: `detection_only` admits a recognised \
        pass; `guarded` refuses those it knows to be refused."
}
