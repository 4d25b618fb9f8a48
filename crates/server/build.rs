//! Takes the camera's decoder into the program, if `cargo xtask decoder` has
//! fetched it.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs, io};

/// The folder, with the version in its name, so that its files never change.
const FOLDER: &str = "zxing-wasm-3.1.4";

/// The files in it that are served.
const FILES: &[&str] = &[
    "LICENSE",
    "reader/index.js",
    "share.js",
    "zxing_reader.wasm",
];

fn main() -> io::Result<()> {
    let crate_folder = variable("CARGO_MANIFEST_DIR")?;
    let assets = crate_folder.join("assets/decoder");
    // The folder above is always there, and sees the other come and go.
    println!("cargo::rerun-if-changed={}", assets.display());
    let folder = assets.join(FOLDER);
    let mut code = String::from(
        "/// The files that were fetched, by their path below `/scan/decoder/`; all or none.\n\
         pub(super) const FETCHED: &[(&str, &[u8])] = &[\n",
    );
    if FILES.iter().all(|file| folder.join(file).is_file()) {
        for file in FILES {
            let path = folder.join(file);
            writeln!(
                code,
                "    ({:?}, include_bytes!({path:?})),",
                format!("{FOLDER}/{file}")
            )
            .map_err(io::Error::other)?;
        }
    } else if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!(
            "cargo::warning=This release is built without the decoder for phones' cameras: without \
             network, phones will not read codes by their camera. To take it in, run \
             `cargo xtask decoder` and build again."
        );
    }
    code.push_str("];\n");
    fs::write(variable("OUT_DIR")?.join("decoder_files.rs"), code)
}

fn variable(name: &str) -> io::Result<PathBuf> {
    env::var_os(name)
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other(format!("cargo does not say {name}")))
}
