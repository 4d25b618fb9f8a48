//! What can be seen of an interface's URL without asking anyone.

use crate::found;
use kernel::finding::{Finding, Phrase, Position};
use reqwest::Url;

/// Whoever knows where the URL comes from says so.
const HERE: Position = Position::START;

/// Every mistake in an interface's URL, given the project id of its mapping
/// parameters (empty if it is not known). A slash at the end is no mistake.
#[must_use]
pub fn check_url(url: &str, project_id: &str) -> Vec<Finding> {
    let url = match web_url(url) {
        Ok(url) => url,
        Err(mistake) => return vec![*mistake],
    };
    let mut mistakes = Vec::new();
    if !url.username().is_empty() || url.password().is_some() {
        mistakes.push(found::url_holds_credentials(HERE));
    }
    if url.query().is_some() || url.fragment().is_some() {
        mistakes.push(found::url_holds_query(HERE));
    }
    let mut path: Vec<&str> = url
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let left =
        path.pop_if(|last| !project_id.is_empty() && last.eq_ignore_ascii_case(project_id.trim()));
    if let Some(project) = left {
        mistakes.push(found::url_holds_project(HERE, Phrase::quoted(project)));
    }
    if path.last() != Some(&"api") {
        mistakes.push(found::url_without_api(HERE));
    }
    mistakes
}

/// The URL that is likely meant by one with mistakes: up to and including `/api`, and
/// without the project, credentials, and what follows a question mark. `None` if
/// there is no mistake, or if nobody can tell.
#[must_use]
pub fn meant_url(url: &str, project_id: &str) -> Option<String> {
    if check_url(url, project_id).is_empty() {
        return None;
    }
    let mut meant = web_url(url).ok()?;
    meant.set_username("").ok()?;
    meant.set_password(None).ok()?;
    meant.set_query(None);
    meant.set_fragment(None);
    let path = meant.path().to_owned();
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let api = parts
        .iter()
        .rposition(|part| part.eq_ignore_ascii_case("api"));
    match api {
        Some(api) => parts.truncate(api),
        None => {
            parts.pop_if(|last| last.eq_ignore_ascii_case(project_id.trim()));
        }
    }
    parts.push("api");
    meant.set_path(&parts.join("/"));
    let meant = meant.to_string();
    check_url(&meant, project_id).is_empty().then_some(meant)
}

/// The URL, if it is one of a web server.
pub(crate) fn web_url(text: &str) -> Result<Url, Box<Finding>> {
    let url = text.trim().parse::<Url>();
    let url = url.map_err(|error| found::url_unreadable(HERE, error))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(Box::new(found::url_not_http(HERE, scheme))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_in_a_url_is_named() {
        for (url, codes) in [
            ("https://pass.example.org/api", &[][..]),
            (" https://pass.example.org/api/ ", &[]),
            ("http://127.0.0.1:4000/api", &[]),
            ("https://villeneuve.example.org/api", &[]),
            ("https://pass.example.org/villeneuve/api", &[]),
            ("https://pass.example.org", &["url_without_api"]),
            ("https://pass.example.org/API", &["url_without_api"]),
            ("https://pass.example.org/api/v1", &["url_without_api"]),
            (
                "https://pass.example.org/api/Villeneuve",
                &["url_holds_project"],
            ),
            (
                "https://pass.example.org/api/villeneuve/",
                &["url_holds_project"],
            ),
            (
                "https://pass.example.org/villeneuve",
                &["url_holds_project", "url_without_api"],
            ),
            (
                "https://u:p@pass.example.org/api?key=1",
                &["url_holds_credentials", "url_holds_query"],
            ),
            ("ftp://pass.example.org/api", &["url_not_http"]),
            ("pass.example.org/api", &["url_unreadable"]),
            ("", &["url_unreadable"]),
        ] {
            let mistakes = check_url(url, "villeneuve");
            let found: Vec<_> = mistakes.iter().map(|mistake| mistake.code).collect();
            assert_eq!(found, codes, "{url}");
        }
    }

    #[test]
    fn the_url_that_is_meant_has_no_mistake() {
        for (url, meant) in [
            ("https://pass.example.org/api", None),
            (
                "https://pass.example.org/api/Villeneuve/",
                Some("https://pass.example.org/api"),
            ),
            (
                "https://pass.example.org/villeneuve",
                Some("https://pass.example.org/api"),
            ),
            (
                "https://pass.example.org",
                Some("https://pass.example.org/api"),
            ),
            (
                "https://pass.example.org/city/API/v1",
                Some("https://pass.example.org/city/api"),
            ),
            (
                "https://u:p@pass.example.org:8443/api?key=1#a",
                Some("https://pass.example.org:8443/api"),
            ),
            ("pass.example.org/api", None),
            ("ftp://pass.example.org/api", None),
            ("", None),
        ] {
            assert_eq!(meant_url(url, "villeneuve").as_deref(), meant, "{url}");
        }
    }

    #[test]
    fn an_unknown_project_id_is_not_looked_for() {
        assert_eq!(check_url("https://pass.example.org/api", ""), []);
    }
}
