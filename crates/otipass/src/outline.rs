//! What mapping parameters are about, also where they cannot be used: codes with
//! their places, taken from whatever could still be read.

use crate::json::{Member, Node, Value};
use crate::mapping::{NUM_TYPE, PRODUCT, PROJECT, SEASON, SECTORS};
use kernel::finding::Position;

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text, without space around it.
    pub text: String,
    /// Where it begins.
    pub at: Position,
}

/// One entry of `sectorInfos`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlinedSector {
    /// What should be its code.
    pub code: Written,
    /// What should be its season.
    pub season: Option<Written>,
    /// What should be its product.
    pub product: Option<Written>,
}

/// What can be told of a mapping text, however broken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// What should be the project.
    pub project_id: Option<Written>,
    /// What should be the kind of number.
    pub num_type: Option<Written>,
    /// Where the sectors begin.
    pub sectors_at: Option<Position>,
    /// The sectors, in the order of the text.
    pub sectors: Vec<OutlinedSector>,
}

impl Outline {
    /// What an empty text is about.
    pub const NOTHING: Self = Self {
        project_id: None,
        num_type: None,
        sectors_at: None,
        sectors: Vec::new(),
    };

    pub(crate) fn of(root: &Node) -> Self {
        let mut outline = Self::default();
        let mut in_sectors = false;
        outline.take(root, &mut in_sectors);
        outline
    }

    /// Takes what stands in `node`. A brace that is not closed swallows what
    /// follows, so an entry counts at whatever depth it stands.
    fn take(&mut self, node: &Node, in_sectors: &mut bool) {
        let Value::Object(members) = &node.value else {
            return;
        };
        for Member { key, key_at, node } in members {
            let key = key.trim();
            let is = |name: &str| key.eq_ignore_ascii_case(name);
            let written = || match &node.value {
                Value::Text(text) | Value::Number(text) => Some(Written {
                    text: text.trim().to_owned(),
                    at: node.at,
                }),
                _ => None,
            };
            let sector = self.sectors.last_mut();
            let slot = if is(PROJECT.key) {
                Some(&mut self.project_id)
            } else if is(NUM_TYPE) {
                Some(&mut self.num_type)
            } else if is(SEASON.key) {
                sector.map(|sector| &mut sector.season)
            } else if is(PRODUCT.key) {
                sector.map(|sector| &mut sector.product)
            } else {
                None
            };
            if let Some(slot) = slot {
                *slot = slot.take().or_else(written);
            } else if is(SECTORS) {
                *in_sectors = true;
                self.sectors_at.get_or_insert(*key_at);
            } else if *in_sectors && matches!(node.value, Value::Object(_)) {
                self.sectors.push(OutlinedSector {
                    code: Written {
                        text: key.to_owned(),
                        at: *key_at,
                    },
                    season: None,
                    product: None,
                });
            }
            self.take(node, in_sectors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_mapping;

    const VILLENEUVE: &str = include_str!("../../../examples/villeneuve/mapping.json");

    /// Code, season and product of each sector.
    fn rows(outline: &Outline) -> Vec<(String, String, String)> {
        let text =
            |written: &Option<Written>| written.as_ref().map_or("".into(), |w| w.text.clone());
        let row = |s: &OutlinedSector| (s.code.text.clone(), text(&s.season), text(&s.product));
        let mut rows: Vec<_> = outline.sectors.iter().map(row).collect();
        rows.sort();
        rows
    }

    #[test]
    fn an_outline_says_what_the_mapping_says() {
        let reading = read_mapping(VILLENEUVE);
        let (mapping, outline) = (reading.mapping.unwrap(), reading.outline);
        let expected: Vec<_> = mapping
            .sectors
            .iter()
            .map(|(code, info)| {
                let (season, product) = (&info.season, &info.product);
                (code.to_string(), season.to_string(), product.to_string())
            })
            .collect();
        assert_eq!(rows(&outline), expected);
        assert_eq!(outline.project_id.unwrap().text, mapping.project_id);
        assert_eq!(outline.num_type, None);
        let first = &outline.sectors[0];
        assert_eq!(first.code.at, Position { line: 4, column: 5 });
    }

    #[test]
    fn damage_leaves_the_rest_readable() {
        let whole = rows(&read_mapping(VILLENEUVE).outline);
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
            assert_eq!(rows(&read_mapping(&text).outline), whole, "{bad}");
        }
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        for text in ["", "\u{feff}", "/*", "\"", "{", "[1, 2]", "é: \"é", "/*/"] {
            assert_eq!(read_mapping(text).outline, Outline::default(), "{text}");
        }
    }
}
