//! `cargo xtask axe`: the rules by which a browser finds what keeps people out of
//! a page. The test that lays all pages of the back office before them needs it.
//!
//! The package is MPL-2.0. It is for tests only, and no part of any program.

use crate::npm::Package;

/// To take another version, change all of this.
pub const AXE: Package = Package {
    name: "axe-core",
    version: "4.14.1",
    sha512: "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73\
             4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5",
    files: &[
        (
            "package/LICENSE",
            "LICENSE",
            "af175b9d96ee93c21a036152e1b905b0b95304d4ae8c2c921c7609100ba8df7e",
        ),
        (
            "package/axe.min.js",
            FILE,
            "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
        ),
    ],
    into: "target",
    task: "axe",
};

/// The file that a page loads.
pub const FILE: &str = "axe.min.js";
