//! A form that may bring a file (RFC 7578, as browsers send it): its fields, and
//! the bytes of its file. For files that fit into memory.

use super::entered::Entered;
use super::guard::FORM_LIMIT_BYTES;
use super::page_error::PageError;
use axum::extract::{FromRequest, Request};
use axum::http::header;

/// The fields of a form, and the file that came with it, if one was chosen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uploaded {
    pub(crate) fields: Entered,
    pub(crate) file: Option<Vec<u8>>,
}

impl<S: Sync> FromRequest<S> for Uploaded {
    type Rejection = PageError;

    /// Takes forms without a file too.
    async fn from_request(request: Request, _: &S) -> Result<Self, PageError> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = boundary(kind);
        let body = axum::body::to_bytes(request.into_body(), FORM_LIMIT_BYTES)
            .await
            .map_err(|_| PageError::TooLarge)?;
        Ok(match boundary {
            Some(boundary) => parse(&body, &boundary),
            None => Self {
                fields: Entered::parse(&body),
                file: None,
            },
        })
    }
}

/// What stands between the parts, if the body has parts.
fn boundary(kind: &str) -> Option<String> {
    let mut parameters = kind.split(';').map(str::trim);
    let is_parts = parameters
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"));
    let value = parameters.find_map(|parameter| parameter.strip_prefix("boundary="));
    let value = value.map(|value| value.trim_matches('"'));
    value
        .filter(|value| is_parts && !value.is_empty())
        .map(|value| format!("--{value}"))
}

/// The parts of a body. What is cut off or has no name is left out.
fn parse(body: &[u8], boundary: &str) -> Uploaded {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    let mut file = None;
    // The first boundary has no line end before it.
    let body = [b"\r\n", body].concat();
    let boundary = format!("\r\n{boundary}");
    let mut rest = cut(&body, boundary.as_bytes()).map(|(_, behind)| behind);
    while let Some((part, behind)) = rest.and_then(|rest| cut(rest, boundary.as_bytes())) {
        rest = Some(behind);
        let Some((head, content)) = cut(part, b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(head);
        let is_file = parameter(&head, "filename").is_some();
        match parameter(&head, "name") {
            // Browsers send an empty file where none was chosen.
            Some(_) if is_file && content.is_empty() => {}
            Some(_) if is_file => file = Some(content.to_vec()),
            Some(name) => {
                fields.append_pair(name, &String::from_utf8_lossy(content));
            }
            None => {}
        }
    }
    Uploaded {
        fields: Entered::parse(fields.finish().as_bytes()),
        file,
    }
}

/// What stands before and behind the first `mark`.
fn cut<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}

/// A quoted parameter of the part's Content-Disposition.
fn parameter<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line = head.lines().find(|line| {
        line.to_ascii_lowercase()
            .starts_with("content-disposition:")
    })?;
    let (_, value) = line.split_once(&format!("; {name}=\""))?;
    value.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=----x7";

    fn read(body: &[u8]) -> Uploaded {
        parse(body, &boundary(KIND).unwrap())
    }

    #[test]
    fn fields_and_a_file_are_told_apart() {
        let read = read(
            b"------x7\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\na&b=c\r\n\
              ------x7\r\ncontent-disposition: form-data; name=\"file\"; filename=\"t.csv\"\r\n\
              Content-Type: text/csv\r\n\r\nsector;\xe9\r\n\r\n------x\r\n\r\n------x7--\r\n",
        );
        assert_eq!(read.fields.text("text"), "a&b=c");
        assert_eq!(read.fields.text("file"), "");
        assert_eq!(read.file.unwrap(), b"sector;\xe9\r\n\r\n------x\r\n");
    }

    #[test]
    fn no_file_and_no_end() {
        let none = b"------x7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n------x7--";
        assert_eq!(read(none).file, None);
        for cut_off in [
            &b""[..],
            b"------x7",
            b"------x7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc",
            b"------x7\r\nContent-Disposition: form-data\r\n\r\nabc\r\n------x7--",
            b"------x7\r\n\r\n------x7--",
        ] {
            assert_eq!(read(cut_off).file, None);
        }
        assert_eq!(boundary("application/x-www-form-urlencoded"), None);
        assert_eq!(boundary("multipart/form-data"), None);
        assert_eq!(boundary("text/plain; boundary=x"), None);
    }
}
