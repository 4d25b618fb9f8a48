//! Styles and pictures, part of the program. Their address changes with what is
//! in them, so that browsers may keep them for ever.

pub(crate) mod answer;

use crate::access;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Name, kind and bytes of each.
#[rustfmt::skip]
const ASSETS: [(&str, &str, &[u8]); 3] = [
    ("office.css", "text/css; charset=utf-8", include_bytes!("../assets/office.css")),
    ("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
    ("day.js", "text/javascript; charset=utf-8", include_bytes!("../assets/day.js")),
];

/// The addresses of all assets, in their order.
static ADDRESSES: LazyLock<[String; 3]> = LazyLock::new(|| {
    ASSETS.map(|(name, _, bytes)| {
        let version = kernel::hex(&Sha256::digest(bytes)[..6]);
        access::ASSET.of(version).replace("{name}", name)
    })
});

/// The address of one.
pub(crate) fn address(name: &str) -> &'static str {
    let at = ASSETS.iter().position(|(known, ..)| *known == name);
    at.map_or("", |at| &ADDRESSES[at])
}

/// The bytes of what every page loads.
#[cfg(test)]
pub(super) fn weight() -> usize {
    ASSETS.iter().map(|(_, _, bytes)| bytes.len()).sum()
}

/// A text file's text.
#[cfg(test)]
pub(super) fn text(name: &str) -> &'static str {
    let (_, _, bytes) = ASSETS.iter().find(|(known, ..)| *known == name).unwrap();
    std::str::from_utf8(bytes).unwrap()
}
