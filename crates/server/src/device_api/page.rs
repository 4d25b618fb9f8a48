//! The document as a page for people: plain HTML, made once.

use super::document::PROBLEMS;
use askama::Template;
use axum::http::{HeaderName, header};
use deviceapi::{EXAMPLES, Example, Part};
use kernel::escaped;
use serde_json::Value;

/// Nothing is loaded and nothing runs.
pub(super) const HEADERS: [(HeaderName, &str); 1] = [(
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
)];

#[derive(Template)]
#[template(path = "api.html")]
struct Page<'a> {
    api: &'a Value,
    /// Of the schemas, those that messages are made of.
    parts: Vec<(&'a str, &'a Value)>,
}

/// The fields of a message, or of one of the shapes that it may have.
struct Shape<'a> {
    about: &'a Value,
    /// Name, schema, and whether it may be absent.
    fields: Vec<(&'a str, &'a Value, bool)>,
}

/// The page of the document `api`.
pub(super) fn render(api: &Value) -> String {
    let schemas = entries(&api["components"]["schemas"]);
    let parts = schemas.filter(|(_, schema)| schema["enum"].is_null());
    let mut page = Page {
        api,
        parts: parts.collect(),
    };
    // Writing to a text cannot fail.
    let whole = page.render().unwrap_or_default();
    // What stands at its operation only is no part of anything.
    page.parts
        .retain(|(name, _)| whole.contains(&format!("\"#{name}\"")));
    page.render().unwrap_or_default()
}

impl<'a> Page<'a> {
    /// Path, method and operation of each.
    fn operations(&self) -> Vec<(&'a str, &'a str, &'a Value)> {
        let methods = |path: &'a str| entries(&self.api["paths"][path]);
        let of_path = |path| methods(path).map(move |(method, one)| (path, method, one));
        PROBLEMS
            .iter()
            .flat_map(|(path, _)| of_path(path))
            .collect()
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let place = schema["$ref"]
            .as_str()
            .and_then(|place| place.strip_prefix('#'));
        place
            .and_then(|place| self.api.pointer(place))
            .unwrap_or(schema)
    }

    fn shapes(&self, schema: &'a Value) -> Vec<Shape<'a>> {
        let schema = self.resolved(schema);
        if let Value::Array(shapes) = &schema["oneOf"] {
            return shapes.iter().flat_map(|one| self.shapes(one)).collect();
        }
        let (about, properties) = (&schema["description"], &schema["properties"]);
        let required: Vec<_> = array(&schema["required"]).iter().map(text).collect();
        let optional = entries(properties).filter(|(name, _)| !required.contains(name));
        // What is always there comes first, in the order of the message.
        let fields = required
            .iter()
            .map(|name| (*name, &properties[*name], false));
        let fields = fields
            .chain(optional.map(|(name, field)| (name, field, true)))
            .collect();
        vec![Shape { about, fields }]
    }

    /// What a value may be, as HTML.
    fn kind(&self, schema: &'a Value) -> String {
        let any = |kinds: &'a [Value]| {
            let kinds: Vec<_> = kinds.iter().map(|one| self.kind(one)).collect();
            kinds.join(" or ")
        };
        let words = &self.resolved(schema)["enum"];
        match [words, &schema["oneOf"], &schema["$ref"], &schema["type"]] {
            [Value::Array(kinds), ..] | [_, Value::Array(kinds), ..] => any(kinds),
            [_, _, Value::String(place), _] => {
                let name = place.rsplit('/').next().unwrap_or_default();
                format!("<a href=\"#{name}\">{name}</a>")
            }
            [.., Value::Array(kinds)] => any(kinds),
            [.., Value::String(word)] if word == "array" => {
                format!("list of {}", self.kind(&schema["items"]))
            }
            [.., Value::String(word)] if word == "string" => {
                schema["format"].as_str().unwrap_or(word).to_owned()
            }
            [.., Value::String(word)] => word.clone(),
            _ => escaped(text(schema)),
        }
    }
}

fn examples(path: &str, method: &str, part: Part) -> Vec<&'static Example> {
    let wanted = |e: &&Example| (e.path, e.method, e.part) == (path, method, part);
    EXAMPLES.iter().filter(wanted).collect()
}

fn entries(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let entries = object.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.as_str(), value))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Paragraphs, with what stands between backticks as code.
fn prose(about: &Value) -> String {
    let text = escaped(text(about));
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.is_empty());
    let marked = paragraphs.map(|paragraph| {
        let parts = paragraph.split('`').enumerate();
        let parts = parts.map(|(at, part)| match at % 2 {
            0 => part.to_owned(),
            _ => format!("<code>{part}</code>"),
        });
        format!("<p>{}</p>", parts.collect::<String>())
    });
    marked.collect()
}
