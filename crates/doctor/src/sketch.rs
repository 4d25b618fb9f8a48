//! What mapping parameters are about, also where they cannot be used.
//!
//! The reader of the mapping parameters gives a mapping only if there is no
//! mistake in it. The doctor goes on all the same: it takes the codes and their
//! places from whatever the text still holds.

use super::gathered::Position;
use otipass::MAPPING_LIMIT_BYTES;
use std::iter::Peekable;
use std::str::CharIndices;

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub at: Position,
}

/// One entry of `sectorInfos`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SketchedSector {
    pub code: Said,
    pub season: Option<Said>,
    pub product: Option<Said>,
}

/// What can be told from a mapping text, however broken.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    pub project_id: Option<Said>,
    pub num_type: Option<Said>,
    pub sectors: Vec<SketchedSector>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(Said),
    Open,
    Colon,
    Other,
}

/// Sketches the mapping parameters in `text`.
pub fn sketch(text: &str) -> Sketch {
    let mut sketch = Sketch::default();
    if text.len() > MAPPING_LIMIT_BYTES {
        return sketch;
    }
    let tokens = tokens(text.trim_start_matches('\u{feff}'));
    let mut in_sectors = false;
    for (index, token) in tokens.iter().enumerate() {
        let Token::Text(key) = token else { continue };
        // A forgotten colon before a brace is forgiven, too.
        let value = match tokens.get(index + 1) {
            Some(Token::Colon) => tokens.get(index + 2),
            Some(Token::Open) => Some(&Token::Open),
            _ => None,
        };
        let said = match value {
            Some(Token::Text(said)) => Some(said.clone()),
            _ => None,
        };
        let sector = sketch.sectors.last_mut();
        match key.text.to_ascii_lowercase().as_str() {
            "otipassprojectid" => sketch.project_id = sketch.project_id.take().or(said),
            "numtype" => sketch.num_type = sketch.num_type.take().or(said),
            "sectorinfos" => in_sectors = true,
            "seasoncode" => {
                if let Some(sector) = sector {
                    sector.season = sector.season.take().or(said);
                }
            }
            "productcode" => {
                if let Some(sector) = sector {
                    sector.product = sector.product.take().or(said);
                }
            }
            _ if in_sectors && value == Some(&Token::Open) => {
                sketch.sectors.push(SketchedSector {
                    code: key.clone(),
                    season: None,
                    product: None,
                });
            }
            _ => {}
        }
    }
    sketch
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    let (mut at, mut counted_to) = (Position { line: 1, column: 1 }, 0);
    while let Some((start, c)) = chars.next() {
        for passed in text[counted_to..start].chars() {
            at = if passed == '\n' {
                Position {
                    line: at.line + 1,
                    column: 1,
                }
            } else {
                Position {
                    column: at.column + 1,
                    ..at
                }
            };
        }
        counted_to = start;
        let said = |raw: &str| {
            let text = raw.trim().to_owned();
            Token::Text(Said { text, at })
        };
        match c {
            '"' => {
                let end = skip_until(&mut chars, |c| c == '"' || c == '\n', text.len());
                // Nobody knows where a text ends that is not closed on its line.
                tokens.push(match chars.next() {
                    Some((_, '"')) => said(&text[start + 1..end]),
                    _ => Token::Other,
                });
            }
            '/' if chars.peek().is_some_and(|(_, c)| *c == '/') => {
                skip_until(&mut chars, |c| c == '\n', text.len());
            }
            '/' if chars.peek().is_some_and(|(_, c)| *c == '*') => {
                let length = text[start + 2..].find("*/").unwrap_or(text.len() - start);
                while chars.next_if(|(at, _)| *at < start + length + 4).is_some() {}
            }
            '{' => tokens.push(Token::Open),
            ':' => tokens.push(Token::Colon),
            c if is_word(c) => {
                let end = skip_until(&mut chars, |c| !is_word(c), text.len());
                tokens.push(said(&text[start..end]));
            }
            c if c.is_whitespace() => {}
            _ => tokens.push(Token::Other),
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_-#.".contains(c)
}

/// Goes on to the first character that `ends` it, and says where that is.
fn skip_until(
    chars: &mut Peekable<CharIndices<'_>>,
    ends: impl Fn(char) -> bool,
    text_end: usize,
) -> usize {
    while chars.next_if(|(_, c)| !ends(*c)).is_some() {}
    chars.peek().map_or(text_end, |(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VILLENEUVE: &str = include_str!("../../../examples/villeneuve/mapping.json");

    /// Code, season and product of each sector.
    fn rows(sketch: &Sketch) -> Vec<(String, String, String)> {
        let text = |said: &Option<Said>| said.as_ref().map_or("".into(), |s| s.text.clone());
        let row = |s: &SketchedSector| (s.code.text.clone(), text(&s.season), text(&s.product));
        let mut rows: Vec<_> = sketch.sectors.iter().map(row).collect();
        rows.sort();
        rows
    }

    #[test]
    fn a_sketch_says_what_the_reader_says() {
        let mapping = otipass::read_mapping(VILLENEUVE).mapping.unwrap();
        let sketch = sketch(VILLENEUVE);
        let expected: Vec<_> = mapping
            .sectors
            .iter()
            .map(|(code, info)| {
                let (season, product) = (&info.season, &info.product);
                (code.to_string(), season.to_string(), product.to_string())
            })
            .collect();
        assert_eq!(rows(&sketch), expected);
        assert_eq!(sketch.project_id.unwrap().text, mapping.project_id);
        assert_eq!(sketch.num_type, None);
        let first = &sketch.sectors[0];
        assert_eq!(first.code.at, Position { line: 4, column: 5 });
    }

    #[test]
    fn damage_leaves_the_rest_readable() {
        let whole = rows(&sketch(VILLENEUVE));
        for (good, bad) in [
            ("\"villeneuve\",", "\"villeneuve\""),
            ("\"VN_AUG\": {", "\"VN_AUG\" {"),
            ("\"VN_AUG\": {", "VN_AUG: {"),
            (
                "\"VN_AUG\": {",
                "/* the \"first\": { */ \"VN_AUG\": { // \"x\": {",
            ),
            (
                "\"PROVIDER#PCUMID000FSA5CD6\",",
                "\"PROVIDER#PCUMID000FSA5CD6,",
            ),
            ("    },\n    \"VN_RAY\"", "    \n    \"VN_RAY\""),
            ("    }\n  }\n}", ""),
        ] {
            let text = VILLENEUVE.replacen(good, bad, 1);
            assert_ne!(text, VILLENEUVE, "{good}");
            assert_eq!(rows(&sketch(&text)), whole, "{bad}");
        }
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        for text in ["", "\u{feff}", "/*", "\"", "{", "[1, 2]", "é: \"é", "/*/"] {
            assert_eq!(sketch(text), Sketch::default(), "{text}");
        }
    }
}
