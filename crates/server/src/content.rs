//! Files that are part of the program, as HTTP has them.

use axum::response::IntoResponse;
use std::ffi::OsStr;
use std::path::Path;

/// A file of this name.
pub(crate) fn content(name: &str, bytes: &[u8]) -> impl IntoResponse + use<> {
    let extension = Path::new(name).extension();
    let kind = match extension.and_then(OsStr::to_str) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("wasm") => "application/wasm",
        Some(_) => "application/octet-stream",
        None => "text/plain; charset=utf-8",
    };
    let headers = [
        ("content-type", kind),
        ("x-content-type-options", "nosniff"),
    ];
    (headers, bytes.to_vec())
}
