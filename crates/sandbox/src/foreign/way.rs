//! In which ways the stand-in differs from what it does by itself.

use std::collections::BTreeSet;

kernel::words! {
    /// A way of the stand-in that is not ours.
    #[derive(PartialOrd, Ord)]
    pub enum Way: "way of a foreign ticketing" {
        /// A success is `OK`.
        CapitalOk = "OK",
        /// A success is `ok`.
        SmallOk = "ok",
        /// Request ids are texts; without it, integers only.
        TextIds = "text_ids",
        /// What is withheld is not there; without it, it is `null`.
        Sparse = "sparse",
        /// There is a result for each ticket, and one that is refused holds up no other.
        Results = "results",
        /// Only what failed has a result.
        Failures = "failures",
        /// Results name barcodes in small letters.
        LowerCase = "lower_case",
        /// The call is done, and its results come in an object that nobody documented.
        Wrapped = "wrapped",
        /// What is refused for its content is 400, with a status.
        Http400 = "http_400",
        /// The same with 409.
        Http409 = "http_409",
        /// The same with 422.
        Http422 = "http_422",
        /// The same with 400 and the page of an application server.
        Page400 = "page_400",
        /// The same with 500, and no word why.
        Http500 = "http_500",
        /// Token times are in milliseconds.
        Milliseconds = "milliseconds",
        /// Tokens are issued by a partner.
        Partner = "partner",
        /// A token is made within the second in which it is used.
        FreshTokens = "fresh_tokens",
        /// Tokens live 900 s.
        LongTokens = "long_tokens",
        /// An entry that was taken back is `CANCELLED_TICKET`; without it, no word of
        /// a request says so.
        Cancels = "cancels",
        /// It has none of the seasons.
        NoSeason = "no_season",
        /// Time zone and catalogue come in the shapes that we assume.
        OurShapes = "our_shapes",
        /// Every call is one too many: 429.
        Busy429 = "busy_429",
        /// The same with 509.
        Busy509 = "busy_509",
        /// The same with 503.
        Busy503 = "busy_503",
        /// No token is good: 401.
        Unauthorised = "unauthorised",
        /// A proxy wants credentials: 407.
        Proxy = "proxy",
        /// The call is done, and the answer comes half a second later.
        Slow = "slow",
        /// The call is done, and half of the answer comes.
        Half = "half",
        /// The call is done, and a page of somebody's network comes.
        Portal = "portal",
    }
}

/// Words that are no ways.
#[derive(Debug, thiserror::Error)]
#[error("{word:?} is no way of the foreign ticketing; choose from {}", Way::ALL.map(Way::as_str).join(", "))]
pub struct UnknownWay {
    /// The first of them.
    pub word: String,
}

/// The ways in a list of words, with commas or white space between.
///
/// # Errors
/// If one is none.
pub fn ways(words: &str) -> Result<BTreeSet<Way>, UnknownWay> {
    words
        .split([',', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let way = word.parse();
            way.map_err(|_| UnknownWay {
                word: word.to_owned(),
            })
        })
        .collect()
}
