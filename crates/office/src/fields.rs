//! Reading what someone entered, field by field, with what is wrong with each.

use super::entered::Entered;
use super::form::Mistakes;
use kernel::text::fill;
use kernel::{BusinessDay, InvalidCode, Language};
use std::str::FromStr;

kernel::texts!(Texts in Fr, En {
    empty: "Entrez un code.", "Enter a code.";
    too_long: "Ce code a {length} caractères, {limit} au plus sont permis. Raccourcissez-le.",
        "This code has {length} characters, at most {limit} are allowed. Shorten it.";
    character: "Un code ne contient ni point-virgule ni caractère de contrôle. Ôtez-le.",
        "A code holds neither a semicolon nor control characters. Take it out.";
    blank: "Un code ne contient pas d’espace. Écrivez-le comme la billetterie, par exemple VN_AUG ; le nom peut avoir des espaces.",
        "A code holds no space. Write it as ticketing does, such as VN_AUG; the name may have spaces.";
    name: "Entrez un nom de {limit} caractères au plus.", "Enter a name of at most {limit} characters.";
    day: "Entrez une date, par exemple 2026-07-14, ou rien.", "Enter a date, such as 2026-07-14, or nothing.";
});

/// The fields of a form that is being read.
pub(crate) struct Fields<'a> {
    entered: &'a Entered,
    pub(crate) language: Language,
    mistakes: Mistakes,
}

impl<'a> Fields<'a> {
    /// A field's text, without white space around it.
    pub(crate) fn text(&self, field: &str) -> &'a str {
        self.entered.text(field).trim()
    }

    pub(crate) fn wrong(&mut self, field: &'static str, what: impl Into<String>) {
        self.mistakes.add(field, what);
    }

    /// What was found by a field, or that it is wrong.
    pub(crate) fn found<T>(
        &mut self,
        field: &'static str,
        found: Option<T>,
        wrong: impl Into<String>,
    ) -> Option<T> {
        if found.is_none() {
            self.wrong(field, wrong);
        }
        found
    }

    pub(crate) fn code<C: FromStr<Err = InvalidCode>>(&mut self, field: &'static str) -> Option<C> {
        self.code_or(field, "")
    }

    /// A code; an empty field says `usual`.
    pub(crate) fn code_or<C: FromStr<Err = InvalidCode>>(
        &mut self,
        field: &'static str,
        usual: &str,
    ) -> Option<C> {
        let read = self.entered.some(field).unwrap_or(usual).parse();
        read.map_err(|error| self.wrong(field, invalid(&error, self.language)))
            .ok()
    }

    /// The code that something new is to have; an empty field says `usual`. It holds no
    /// space: another program would not find it again.
    pub(crate) fn new_code<C: FromStr<Err = InvalidCode>>(
        &mut self,
        field: &'static str,
        usual: &str,
    ) -> Option<C> {
        let code = self.code_or(field, usual)?;
        let is_whole = !self.text(field).contains(char::is_whitespace);
        let wrong = Texts::of(self.language).blank;
        self.found(field, is_whole.then_some(code), wrong)
    }

    /// A name of one line, with at most `limit` characters.
    pub(crate) fn name(&mut self, field: &'static str, limit: usize) -> Option<String> {
        let name = self.text(field);
        let is_name = !name.is_empty()
            && name.chars().count() <= limit
            && !name.chars().any(char::is_control);
        let wrong = fill(Texts::of(self.language).name, &[("limit", &limit)]);
        self.found(field, is_name.then(|| name.to_owned()), wrong)
    }

    /// A name of what may be called by its code, if one was entered.
    pub(crate) fn some_name(&mut self, field: &'static str, limit: usize) -> Option<String> {
        self.entered.some(field)?;
        self.name(field, limit)
    }

    /// A decimal number in hundredths, with a comma or a point, up to `most`.
    pub(crate) fn hundredths(
        &mut self,
        field: &'static str,
        most: i64,
        wrong: &str,
    ) -> Option<i64> {
        let found = hundredths(self.text(field)).filter(|found| *found <= most);
        self.found(field, found, wrong)
    }

    /// A day, if one was entered.
    pub(crate) fn day(&mut self, field: &'static str) -> Option<BusinessDay> {
        let text = self.entered.some(field)?;
        let wrong = Texts::of(self.language).day;
        self.found(field, text.parse().ok(), wrong)
    }

    /// What `read` reads, if nothing is wrong with it.
    pub(crate) fn read<T>(
        entered: &'a Entered,
        language: Language,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Result<T, Mistakes> {
        let mut fields = Self {
            entered,
            language,
            mistakes: Mistakes::default(),
        };
        let read = read(&mut fields);
        let is_right = fields.mistakes.0.is_empty();
        read.filter(|_| is_right).ok_or(fields.mistakes)
    }
}

/// What is wrong with a code, and what to do.
fn invalid(error: &InvalidCode, language: Language) -> String {
    let t = Texts::of(language);
    match error {
        InvalidCode::Empty { .. } => t.empty.to_owned(),
        InvalidCode::TooLong { length, limit, .. } => {
            fill(t.too_long, &[("length", length), ("limit", limit)])
        }
        InvalidCode::Character { .. } => t.character.to_owned(),
    }
}

/// `9`, `9,5` or `9.50` as hundredths, with a sign of currency or per cent or
/// without.
fn hundredths(text: &str) -> Option<i64> {
    let text = text.trim_matches(['€', '%']).trim();
    let (whole, part) = text.split_once([',', '.']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    format!("{whole}{part:0<2}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("9,50", Some(950)),
            ("9.5", Some(950)),
            ("9", Some(900)),
            ("12,05 €", Some(1_205)),
            ("5,5 %", Some(550)),
            ("0", Some(0)),
            ("", None),
            (",5", None),
            ("9,505", None),
            ("-1", None),
            ("1 000", None),
            ("neuf", None),
            ("9999999999999", None),
        ] {
            assert_eq!(hundredths(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_read_is_trimmed_and_what_is_wrong_is_kept() {
        let entered = Entered::parse("price= 9,50 &name= Musée &long=abc".as_bytes());
        let wrong = Fields::read(&entered, Language::En, |fields| {
            assert_eq!(fields.hundredths("price", 1_000, ""), Some(950));
            assert_eq!(fields.name("name", 5).as_deref(), Some("Musée"));
            assert_eq!(fields.name("long", 2), None);
            assert_eq!(fields.hundredths("price", 900, "!"), None);
            Some(())
        });
        assert_eq!(wrong.unwrap_err().0.len(), 2);
    }
}
