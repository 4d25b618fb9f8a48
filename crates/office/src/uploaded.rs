//! A form that may bring a file: its fields, and the bytes of its file. For files
//! that fit into memory.

use super::entered::{Entered, FORM_LIMIT_BYTES};
use super::page_error::PageError;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};

/// The fields of a form, and the file that came with it, if one was chosen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uploaded {
    pub(crate) fields: Entered,
    pub(crate) file: Option<Vec<u8>>,
}

impl<S: Send + Sync> FromRequest<S> for Uploaded {
    type Rejection = PageError;

    /// Takes forms without a file too.
    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.to_ascii_lowercase().starts_with("multipart/form-data") {
            let form = Multipart::from_request(request, state).await;
            return read(form.map_err(|_| PageError::Stale)?).await;
        }
        let body = axum::body::to_bytes(request.into_body(), FORM_LIMIT_BYTES)
            .await
            .map_err(|_| PageError::TooLarge)?;
        Ok(Self {
            fields: Entered::parse(&body),
            file: None,
        })
    }
}

/// What was cut off on its way is not taken for the whole.
fn broken(error: &MultipartError) -> PageError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
        _ => PageError::Stale,
    }
}

async fn read(mut form: Multipart) -> Result<Uploaded, PageError> {
    let mut fields = Vec::new();
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(|e| broken(&e))? {
        let is_file = field.file_name().is_some();
        let name = field.name().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(|e| broken(&e))?;
        match is_file {
            // Browsers send an empty file where none was chosen.
            true if content.is_empty() => {}
            true => file = Some(content.to_vec()),
            false => fields.push((name, String::from_utf8_lossy(&content).into_owned())),
        }
    }
    Ok(Uploaded {
        fields: Entered::of(fields),
        file,
    })
}
