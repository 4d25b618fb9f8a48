//! Styles and pictures, as browsers ask for them.

use super::ASSETS;
use crate::page::*;
use axum::http::HeaderValue;

pub(crate) async fn get(Path((_, name)): Path<(String, String)>) -> Answer {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or(PageError::NotFound)?;
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
            (header::CACHE_CONTROL, forever),
        ],
        asset.bytes,
    )
        .into_response())
}
