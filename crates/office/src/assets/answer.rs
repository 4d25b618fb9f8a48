//! Styles and pictures, as browsers ask for them.

use super::ASSETS;
use crate::page::*;

pub(crate) async fn get(Path((_, name)): Path<(String, String)>) -> Answer {
    let asset = ASSETS.iter().find(|(known, ..)| *known == name);
    let (_, kind, bytes) = asset.ok_or(PageError::NotFound)?;
    let forever = "public, max-age=31536000, immutable";
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, forever),
    ];
    Ok((headers, *bytes).into_response())
}
