//! The decoder of the scanner page's camera, which runs in the browser, without
//! network: a reader in WebAssembly, and our own few lines around it.
//!
//! `cargo xtask decoder` fetches the reader before the build. A program built
//! without it answers `not_found` here, and the page sends its frames to the
//! server (`POST /api/v1/decode`).

use crate::content::content;
use crate::problem::Problem;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use deviceapi::ProblemCode;

mod fetched {
    include!(concat!(env!("OUT_DIR"), "/decoder_files.rs"));
}
use fetched::FETCHED;

/// Everything of the decoder is served below.
const BASE: &str = "/scan/decoder/";

/// What the page imports.
const MODULE: (&str, &[u8]) = ("decoder.js", include_bytes!("../assets/decoder/decoder.js"));

/// Lists [`urls`], for a service worker.
const LIST: &str = "/scan/decoder/files.json";

/// The addresses of all that the decoder needs, to be kept by a service worker;
/// empty if the program was built without it.
pub(crate) fn urls() -> Vec<String> {
    files().map(|(name, _)| format!("{BASE}{name}")).collect()
}

/// Whether the program was built with the decoder.
#[must_use]
pub fn has_decoder() -> bool {
    !FETCHED.is_empty()
}

/// The module with what it needs, or nothing: half of it is of no use.
fn files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let module = has_decoder().then_some(MODULE);
    module.into_iter().chain(FETCHED.iter().copied())
}

/// `/scan/decoder/…`.
pub(crate) fn routes() -> Router {
    Router::new()
        .route(LIST, get(get_list))
        .route(&format!("{BASE}{{*name}}"), get(get_file))
}

async fn get_list() -> Result<Json<Vec<String>>, Problem> {
    let urls = urls();
    if urls.is_empty() {
        return Err(Problem::of(ProblemCode::NotFound));
    }
    Ok(Json(urls))
}

async fn get_file(Path(name): Path<String>) -> Result<Response, Problem> {
    let (name, bytes) = files()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| Problem::of(ProblemCode::NotFound))?;
    // The reader's folder bears its version; our own module may change.
    let caching = if name == MODULE.0 {
        "no-cache"
    } else {
        "public, max-age=31536000, immutable"
    };
    let caching = [(header::CACHE_CONTROL, caching)];
    Ok((caching, content(name, bytes)).into_response())
}
