//! The scanner page, `/scan`: files that are part of the program, served so that
//! a browser keeps them and never mixes two versions.
//!
//! All files of a version lie below `/scan/<version>/`, where the version is the
//! hash of their content. They import one another by relative paths, so a page
//! that was loaded stays whole when the service is updated under it. Only the
//! page itself and its service worker have fixed addresses.

use crate::content::content;
use crate::decoder;
use crate::problem::Problem;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use deviceapi::ProblemCode;
use gate::Decision;
use gate::decide::wording;
use kernel::Language;
use rust_embed::Embed;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The page's own files. A debug build reads them from the folder at its start.
#[derive(Embed)]
#[folder = "assets/scan"]
struct Assets;

/// The page, which names the version.
const PAGE: &str = "index.html";
/// The service worker, which names the version and all files.
const WORKER: &str = "sw.js";
/// What the agent reads for each outcome, in each language; made of
/// [`wording`], so that online and offline say the same. What the help desk
/// reads of a pass that would be admitted is under [`MAY_ENTER`].
const WORDING: &str = "wording.json";
const MAY_ENTER: &str = "may_enter";
/// The code that teaches the page how a scanner types.
const TEACHING: &str = "teach.svg";
/// Stands in the page, the worker and the manifest for the version.
const VERSION_MARK: &str = "{{version}}";
/// Stands in the worker for the addresses of all files, as a JSON list.
const FILES_MARK: &str = "{{files}}";

/// Only our own files; WebAssembly for the decoder of camera pictures. No
/// inline script or style.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

const REVALIDATE: &str = "no-cache";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Their contents by name.
type Files = BTreeMap<String, Vec<u8>>;

/// All files of one version.
struct Version {
    /// Sixteen hexadecimal digits.
    id: String,
    page: Vec<u8>,
    worker: Vec<u8>,
    files: Files,
}

impl Version {
    fn new() -> Self {
        let assets = Assets::iter().filter_map(|name| {
            let bytes = Assets::get(&name)?.data.into_owned();
            Some((name.into_owned(), bytes))
        });
        let mut files: Files = assets.collect();
        for (name, text) in [
            (WORDING, wording_json()),
            (TEACHING, office::teaching_picture()),
        ] {
            files.insert(name.to_owned(), text.into_bytes());
        }
        let id = version_of(&files);
        for bytes in files.values_mut() {
            *bytes = with_mark(std::mem::take(bytes), VERSION_MARK, &id);
        }
        let page = files.remove(PAGE).unwrap_or_default();
        let worker = files.remove(WORKER).unwrap_or_default();
        let addresses: Vec<String> = files
            .keys()
            .map(|name| format!("/scan/{id}/{name}"))
            .chain(decoder::urls())
            .collect();
        let addresses = serde_json::Value::from(addresses).to_string();
        let worker = with_mark(worker, FILES_MARK, &addresses);
        Self {
            id,
            page,
            worker,
            files,
        }
    }
}

/// Over names and contents, each with its length, so that no two sets of files
/// look the same. The decoder counts by its addresses, which bear its version.
fn version_of(files: &Files) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in files {
        for part in [name.as_bytes(), bytes] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
    }
    for url in decoder::urls() {
        hash.update(url);
    }
    kernel::hex(&hash.finalize()[..8])
}

/// Replaces a mark in a text; other files stay as they are.
fn with_mark(bytes: Vec<u8>, mark: &str, value: &str) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => text.replace(mark, value).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

fn wording_json() -> String {
    let languages: BTreeMap<&str, BTreeMap<&str, &str>> = Language::ALL
        .into_iter()
        .map(|language| {
            let messages = Decision::ALL
                .into_iter()
                .map(|decision| (decision.as_str(), wording::message(decision, language)))
                .chain([(MAY_ENTER, wording::may_enter(language))])
                .collect();
            (language.as_str(), messages)
        })
        .collect();
    serde_json::to_value(languages)
        .map(|json| json.to_string())
        .unwrap_or_default()
}

/// The page, its worker and its files.
pub(crate) fn routes() -> Router {
    let version = Arc::new(Version::new());
    let page = Arc::clone(&version);
    let worker = Arc::clone(&version);
    Router::new()
        .route(
            "/scan",
            get(async move |headers: HeaderMap| document(&headers, PAGE, &page.id, &page.page)),
        )
        // The address of the page has no slash at its end; people type one.
        .route("/scan/", get(async || Redirect::permanent("/scan")))
        .route(
            "/scan/sw.js",
            get(async move |headers: HeaderMap| {
                document(&headers, WORKER, &worker.id, &worker.worker)
            }),
        )
        .route(
            "/scan/{version}/{file}",
            get(async move |path: Path<(String, String)>| file(&version, &path)),
        )
}

fn document(request: &HeaderMap, name: &str, version: &str, bytes: &[u8]) -> Response {
    let tag = format!("\"{version}\"");
    let known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|known| known.trim() == tag));
    let cache = [
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, REVALIDATE),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let more = [
        ("service-worker-allowed", "/scan"),
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("permissions-policy", "camera=(self), microphone=()"),
        ("referrer-policy", "no-referrer"),
    ];
    (cache, more, content(name, bytes)).into_response()
}

fn file(version: &Version, Path((asked, name)): &Path<(String, String)>) -> Response {
    match version.files.get(name).filter(|_| *asked == version.id) {
        Some(bytes) => ([(header::CACHE_CONTROL, FOR_EVER)], content(name, bytes)).into_response(),
        None => Problem::of(ProblemCode::NotFound).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn text(name: &str) -> String {
        String::from_utf8(Assets::get(name).unwrap().data.into_owned()).unwrap()
    }

    /// Everything that the page is made of, besides its words.
    fn source() -> String {
        Assets::iter()
            .filter(|name| name.ends_with(".js") || name.ends_with(".html"))
            .map(|name| text(&name))
            .collect()
    }

    fn catalogue() -> Value {
        serde_json::from_str(&text("words.json")).unwrap()
    }

    #[test]
    fn each_text_is_there_in_each_language() {
        let catalogue = catalogue();
        let languages: Vec<_> = Language::ALL.iter().map(|l| l.as_str()).collect();
        assert_eq!(catalogue["languages"], Value::from(languages));
        for (key, texts) in catalogue["words"].as_object().unwrap() {
            let texts: Vec<&str> = texts
                .as_array()
                .unwrap()
                .iter()
                .map(|text| text.as_str().unwrap())
                .collect();
            assert_eq!(texts.len(), Language::ALL.len(), "{key}");
            assert!(!kernel::text::tears(texts[1]), "{key}: {}", texts[1]);
            let values: BTreeSet<Vec<&str>> = texts
                .iter()
                .map(|text| {
                    let mut values: Vec<_> = text
                        .split('{')
                        .skip(1)
                        .filter_map(|rest| rest.split('}').next())
                        .collect();
                    values.sort_unstable();
                    values.dedup();
                    values
                })
                .collect();
            assert_eq!(values.len(), 1, "{key} takes other values in some language");
            assert!(texts.iter().all(|text| !text.trim().is_empty()), "{key}");
        }
    }

    #[test]
    fn the_page_uses_each_text_and_has_each_that_it_uses() {
        let source = source();
        let catalogue = catalogue();
        let words = catalogue["words"].as_object().unwrap();
        for key in words.keys() {
            let is_reason = key
                .strip_prefix("do_")
                .is_some_and(|outcome| outcome.parse::<Decision>().is_ok());
            assert!(
                is_reason || source.contains(&format!("\"{key}\"")),
                "{key} is not used"
            );
        }
        for mark in [
            "words.t(\"",
            "data-t=\"",
            "data-t-label=\"",
            "data-t-hint=\"",
        ] {
            for rest in source.split(mark).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(words.contains_key(key), "there is no text {key}");
            }
        }
        for decision in Decision::ALL
            .into_iter()
            .filter(|decision| !decision.opens())
        {
            let key = format!("do_{decision}");
            assert!(words.contains_key(&key), "{key}: what to do is not said");
        }
    }

    #[test]
    fn a_version_is_whole_and_bears_the_hash_of_its_files() {
        let version = Version::new();
        for bytes in [&version.page, &version.worker]
            .into_iter()
            .chain(version.files.values())
        {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains(VERSION_MARK) && !text.contains(FILES_MARK));
        }
        let page = String::from_utf8(version.page).unwrap();
        for named in page.split(&format!("/scan/{}/", version.id)).skip(1) {
            let name = named.split('"').next().unwrap();
            assert!(version.files.contains_key(name), "{name}");
        }
        let worker = String::from_utf8(version.worker).unwrap();
        assert!(worker.contains(&format!("\"/scan/{}/main.js\"", version.id)));

        let files = |name: &str, bytes: &str| Files::from([(name.to_owned(), bytes.into())]);
        let versions: BTreeSet<_> = [("a", "bc"), ("ab", "c"), ("a", "bd")]
            .map(|(name, bytes)| version_of(&files(name, bytes)))
            .into();
        assert_eq!(versions.len(), 3);
    }

    #[test]
    fn the_page_learns_from_the_code_that_the_office_shows() {
        let text_of_code = format!("export const TEXT = \"{}\";", office::TEACHING_TEXT);
        assert!(text("learn.js").contains(&text_of_code));
    }

    #[test]
    fn no_script_or_style_stands_in_the_page() {
        let page = text(PAGE);
        assert!(!page.contains("<style") && !page.contains(" style="));
        assert!(!page.contains(" onclick=") && !page.contains("javascript:"));
        assert_eq!(page.matches("<script").count(), 1);
    }
}
