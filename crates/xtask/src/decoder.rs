//! `cargo xtask decoder`: the reader of codes that the scanner page's camera
//! runs in the browser.
//!
//! The package is MIT; what is compiled into it, zxing-cpp, is Apache-2.0. Only
//! its reader is taken. The server is built with it if it is there.

use crate::npm::Package;

/// To take another version, change all of this, the folder's name in
/// `crates/server/build.rs` and that in `decoder.js`.
pub const DECODER: Package = Package {
    name: "zxing-wasm",
    version: "3.1.4",
    sha512: "d7ebfca7bb1ab9d772495346fb27bb183ff44d2f79046db271d92b0be12706b1\
             411641de22087352ddb2563b71dcdb9c25e36b427853f32180233eb4571f68d3",
    files: &[
        (
            "package/LICENSE",
            "LICENSE",
            "fb506e4ade12d7a9efa67c9d76a9a28c8e15d347ca49a69e48e29b40b34ad2ab",
        ),
        (
            "package/dist/es/share.js",
            "share.js",
            "08868fb770b0a4e4b9eb3d717015cd5fbf3ceb06492d4cb2d2dd2739db11890f",
        ),
        (
            "package/dist/es/reader/index.js",
            "reader/index.js",
            "d90c69a827aff3b7c8c8ca310efebe91671ef076f7a0ec83722bfc542814f484",
        ),
        (
            "package/dist/reader/zxing_reader.wasm",
            "zxing_reader.wasm",
            "e8af31edb56d0522f4de74495839385ef019ba8bc90d38e5ecb2f18795d86fb2",
        ),
    ],
    into: "crates/server/assets/decoder",
    task: "decoder",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;
    use std::fs;

    #[test]
    fn everyone_means_the_same_version() {
        for file in ["build.rs", "assets/decoder/decoder.js"] {
            let path = workspace::root().join("crates/server").join(file);
            let text = fs::read_to_string(path).unwrap();
            let named: Vec<&str> = text
                .split("zxing-wasm-")
                .skip(1)
                .map(|after| after.split(['/', '"']).next().unwrap())
                .collect();
            assert!(!named.is_empty(), "{file}");
            assert!(
                named.iter().all(|name| *name == DECODER.version),
                "{file}: {named:?}"
            );
        }
    }

    #[test]
    fn the_server_takes_the_files_that_are_fetched() {
        let path = workspace::root().join("crates/server/build.rs");
        let text = fs::read_to_string(path).unwrap();
        for (_, ours, _) in DECODER.files {
            assert!(text.contains(&format!("\"{ours}\",")), "{ours}");
        }
    }
}
