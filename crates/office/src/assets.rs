//! Styles and pictures, part of the program. Their address changes with what is
//! in them, so that browsers may keep them for ever.

pub(crate) mod answer;

use crate::access;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: &[Asset] = &[
    Asset {
        name: "office.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../assets/office.css"),
    },
    Asset {
        name: "icon.svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("../assets/icon.svg"),
    },
    Asset {
        name: "day.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../assets/day.js"),
    },
];

/// The addresses of all assets, in their order.
static ADDRESSES: LazyLock<Vec<String>> = LazyLock::new(|| {
    ASSETS
        .iter()
        .map(|asset| {
            let digest = Sha256::digest(asset.bytes);
            let version = kernel::hex(&digest[..6]);
            access::ASSET.of(version).replace("{name}", asset.name)
        })
        .collect()
});

fn address(name: &str) -> &'static str {
    let at = ASSETS.iter().position(|asset| asset.name == name);
    at.and_then(|at| ADDRESSES.get(at)).map_or("", |s| s)
}

/// The address of the styles.
pub(crate) fn style() -> &'static str {
    address("office.css")
}

/// The address of the icon.
pub(crate) fn icon() -> &'static str {
    address("icon.svg")
}

/// The address of the script that keeps the day up to date.
pub(crate) fn day_script() -> &'static str {
    address("day.js")
}

/// The bytes of what every page loads.
#[cfg(test)]
pub(super) fn weight() -> usize {
    ASSETS.iter().map(|asset| asset.bytes.len()).sum()
}

/// A text file's text.
#[cfg(test)]
pub(super) fn text(name: &str) -> &'static str {
    let asset = ASSETS.iter().find(|asset| asset.name == name).unwrap();
    std::str::from_utf8(asset.bytes).unwrap()
}
