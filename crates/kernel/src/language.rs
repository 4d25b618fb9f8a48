crate::words! {
    /// A language that texts for people are written in, by its code after ISO
    /// 639-1. Those at the gate are there in all of them.
    #[derive(Default, PartialOrd, Ord)]
    pub enum Language: "language", Ignored {
        /// English.
        #[default]
        En = "en",
        /// French.
        Fr = "fr",
        /// German.
        De = "de",
        /// Italian.
        It = "it",
        /// Spanish.
        Es = "es",
    }
}

impl Language {
    /// The one that an `Accept-Language` header likes best of those `offered`,
    /// by its weights; `None` if it names none.
    #[must_use]
    pub fn accepted(header: &str, offered: &[Self]) -> Option<Self> {
        let wanted = |range: &str| {
            let mut parts = range.split(';');
            let primary = parts.next()?.trim().split('-').next()?;
            let language = primary.parse().ok().filter(|l| offered.contains(l))?;
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(Some(1_000), permille)?;
            (weight > 0).then_some((language, weight))
        };
        let mut best: Option<(Self, u32)> = None;
        for (language, weight) in header.split(',').take(20).filter_map(wanted) {
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// `0.8` as 800.
fn permille(weight: &str) -> Option<u32> {
    let (whole, part) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    Some((whole.parse::<u32>().ok()?.min(1) * 1_000 + digits.parse::<u32>().ok()?).min(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_name_a_language_too() {
        for text in ["fr", "FR", "Fr"] {
            assert_eq!(text.parse(), Ok(Language::Fr));
            let json = serde_json::json!(text);
            assert_eq!(
                serde_json::from_value::<Language>(json).unwrap(),
                Language::Fr
            );
        }
        assert!("fra".parse::<Language>().is_err());
        // What is written is as it was declared.
        assert_eq!(Language::Fr.to_string(), "fr");
    }

    #[test]
    fn the_best_accepted_language_is_taken() {
        let offered = [Language::Fr, Language::En];
        for (header, language) in [
            ("", None),
            ("fr", Some(Language::Fr)),
            ("fr-CH, en;q=0.9", Some(Language::Fr)),
            ("en-GB,en;q=0.9,fr;q=0.8", Some(Language::En)),
            ("de, fr;q=0.7, en;q=0.3", Some(Language::Fr)),
            ("en;q=0.1, fr;q=0.25", Some(Language::Fr)),
            ("fr;q=0, *;q=0.5", None),
            ("fr;q=x, en", Some(Language::En)),
            ("de,it", None),
        ] {
            assert_eq!(Language::accepted(header, &offered), language, "{header}");
        }
        let all = Language::accepted("nl, DE-at;q=0.3", &Language::ALL);
        assert_eq!(all, Some(Language::De));
    }
}
