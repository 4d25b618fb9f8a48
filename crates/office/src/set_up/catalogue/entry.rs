//! What someone entered of the catalogue, as an edit, or what is wrong with which
//! field.

use super::edit::Edit;
use crate::entered::Entered;
use crate::form::Mistakes;
use boxoffice::catalogue::{Product, Season, Tariff};
use kernel::text::fill;
use kernel::{BusinessDay, ContactNumber, InvalidCode, Language, Money, VatRate};
use secutix::wire::ProductFamily;
use std::str::FromStr;

kernel::texts!(Texts in Fr, En {
    empty: "Entrez un code.", "Enter a code.";
    too_long: "{n} caractères au plus.", "{n} characters at most.";
    character: "Le caractère {c} n’est pas permis dans un code.", "The character {c} is not allowed in a code.";
    no_name: "Entrez un nom.", "Enter a name.";
    long_name: "200 caractères au plus.", "200 characters at most.";
    gone: "{code} n’existe plus. Rechargez la page.", "{code} does not exist any more. Load the page again.";
    price: "Entrez un prix, par exemple {example}.", "Enter a price, such as {example}.";
    vat: "Entrez un taux de 0 à 100, par exemple {example}.", "Enter a rate from 0 to 100, such as {example}.";
    day: "Entrez une date, par exemple 2026-07-14, ou rien.", "Enter a date, such as 2026-07-14, or nothing.";
    backwards: "La fin est avant le début. Choisissez un jour plus tard.",
        "The end is before the beginning. Choose a later day.";
    digits: "Un numéro de contact n’a que des chiffres ; les zéros au début comptent.",
        "A contact number has digits only; leading zeros count.";
});

/// The largest price that is taken, in minor units: that of a field of an
/// STX_File with room to spare.
const MOST_MINOR: i64 = 100_000_000;
/// The most characters of a name.
const NAME_CHARS: usize = 200;

/// A price and a VAT rate as people of this language write them.
const fn examples(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::Fr => ("9,50", "5,5"),
        _ => ("9.50", "5.5"),
    }
}

/// Reads fields and gathers what is wrong with them.
struct Reader<'a> {
    entered: &'a Entered,
    language: Language,
    mistakes: Mistakes,
}

impl<'a> Reader<'a> {
    fn new(entered: &'a Entered, language: Language) -> Self {
        Self {
            entered,
            language,
            mistakes: Mistakes::default(),
        }
    }

    fn t(&self) -> &'static Texts {
        Texts::of(self.language)
    }

    fn code<C: FromStr<Err = InvalidCode>>(&mut self, field: &'static str) -> Option<C> {
        let read = self.entered.text(field).trim().parse();
        read.map_err(|error| {
            let text = invalid(self.t(), &error);
            self.mistakes.add(field, text);
        })
        .ok()
    }

    fn name(&mut self, field: &'static str) -> Option<String> {
        let t = self.t();
        match self.entered.some(field) {
            None => self.mistakes.add(field, t.no_name),
            Some(name) if name.chars().count() > NAME_CHARS => {
                self.mistakes.add(field, t.long_name);
            }
            Some(name) => return Some(name.to_owned()),
        }
        None
    }

    /// A decimal number in hundredths, with a comma or a point, up to `most`.
    fn hundredths(&mut self, field: &'static str, most: i64, wrong: String) -> Option<i64> {
        let found = hundredths(self.entered.text(field)).filter(|found| *found <= most);
        if found.is_none() {
            self.mistakes.add(field, wrong);
        }
        found
    }

    fn day(&mut self, field: &'static str) -> Option<BusinessDay> {
        let text = self.entered.some(field)?;
        let day = text.parse().ok();
        if day.is_none() {
            self.mistakes.add(field, self.t().day);
        }
        day
    }
}

fn invalid(t: &Texts, error: &InvalidCode) -> String {
    match error {
        InvalidCode::Empty { .. } => t.empty.to_owned(),
        InvalidCode::TooLong { limit, .. } => fill(t.too_long, &[("n", &limit.to_string())]),
        InvalidCode::Character { found, .. } => {
            fill(t.character, &[("c", &found.escape_debug().to_string())])
        }
    }
}

/// `9`, `9,5` or `9.50` as hundredths, with a sign of currency or per cent or
/// without.
fn hundredths(text: &str) -> Option<i64> {
    let text = text.trim().trim_matches(['€', '%']).trim();
    let (whole, part) = text.split_once([',', '.']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    format!("{whole}{part:0<2}").parse().ok()
}

/// The season that was entered.
pub(super) fn season(entered: &Entered, language: Language) -> Result<Edit, Mistakes> {
    let mut reader = Reader::new(entered, language);
    let (code, name) = (reader.code("season_code"), reader.name("season_name"));
    match (code, name) {
        (Some(code), Some(name)) => Ok(Edit::AddSeason(Season { code, name })),
        _ => Err(reader.mistakes),
    }
}

/// The product that was entered; forms make Open Passes only.
pub(super) fn product(entered: &Entered, language: Language) -> Result<Edit, Mistakes> {
    let mut reader = Reader::new(entered, language);
    let season = reader.code("product_season");
    let (code, name) = (reader.code("product_code"), reader.name("product_name"));
    match (season, code, name) {
        (Some(season), Some(code), Some(name)) => Ok(Edit::AddProduct(Product {
            season,
            code,
            family: ProductFamily::OpenPass,
            name,
        })),
        _ => Err(reader.mistakes),
    }
}

/// The tariff that was entered.
pub(super) fn tariff(entered: &Entered, language: Language) -> Result<Edit, Mistakes> {
    let mut reader = Reader::new(entered, language);
    let t = reader.t();
    let (price, vat) = examples(language);
    let (product, code) = (reader.code("tariff_product"), reader.code("tariff_code"));
    let wrong = fill(t.price, &[("example", price)]);
    let price = reader.hundredths("tariff_price", MOST_MINOR, wrong);
    let wrong = fill(t.vat, &[("example", vat)]);
    let vat = reader.hundredths("tariff_vat", 10_000, wrong);
    let vat = vat.and_then(|vat| u32::try_from(vat).ok());
    let (valid_from, valid_until) = (reader.day("tariff_from"), reader.day("tariff_until"));
    if valid_until.is_some_and(|until| valid_from.is_some_and(|from| until < from)) {
        reader.mistakes.add("tariff_until", t.backwards);
    }
    match (product, code) {
        (Some(product), Some(code)) if reader.mistakes.0.is_empty() => {
            Ok(Edit::AddTariff(Tariff {
                product,
                code,
                price: price.map(Money::from_minor),
                vat: vat.map(VatRate::from_basis_points),
                valid_from,
                valid_until,
            }))
        }
        _ => Err(reader.mistakes),
    }
}

/// The contact that was entered.
pub(in super::super) fn buyer(entered: &Entered, language: Language) -> Result<Edit, Mistakes> {
    let mut reader = Reader::new(entered, language);
    let number: Option<ContactNumber> = reader.code("contact_number");
    let name = reader.name("contact_name");
    let is_number = |n: &ContactNumber| n.as_str().bytes().all(|b| b.is_ascii_digit());
    if number.as_ref().is_some_and(|number| !is_number(number)) {
        let wrong = reader.t().digits;
        reader.mistakes.add("contact_number", wrong);
    }
    match (number, name) {
        (Some(number), Some(name)) if reader.mistakes.0.is_empty() => {
            Ok(Edit::NameBuyer(number, name))
        }
        _ => Err(reader.mistakes),
    }
}

/// What a button that removes says: a kind and its key.
pub(super) fn removal(what: &str, language: Language) -> Result<Edit, Mistakes> {
    let parts: Vec<_> = what.split(' ').collect();
    let edit = match parts.as_slice() {
        ["season", code] => code.parse().ok().map(Edit::RemoveSeason),
        ["product", season, code] => (season.parse().ok().zip(code.parse().ok()))
            .map(|(season, code)| Edit::RemoveProduct(season, code)),
        ["tariff", product, code, from] => {
            let from = from.parse().ok();
            (product.parse().ok().zip(code.parse().ok()))
                .map(|(product, code)| Edit::RemoveTariff(product, code, from))
        }
        _ => None,
    };
    let gone = || fill(Texts::of(language).gone, &[("code", what)]);
    edit.ok_or_else(|| Mistakes::one("", gone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Entered {
        Entered::parse(text.as_bytes())
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("9,50", Some(950)),
            ("9.5", Some(950)),
            ("9", Some(900)),
            (" 12,05 € ", Some(1_205)),
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
    fn what_is_wrong_is_said_at_its_field() {
        let of = |read: Result<Edit, Mistakes>| -> Vec<&'static str> {
            read.unwrap_err().0.iter().map(|m| m.field).collect()
        };
        let empty = fields("");
        let en = Language::En;
        assert_eq!(of(season(&empty, en)), ["season_code", "season_name"]);
        assert_eq!(
            of(product(
                &fields("product_season=VN26&product_code=PASSVILLENEUVE&product_name=P"),
                en
            )),
            ["product_code"]
        );
        assert_eq!(
            of(tariff(
                &fields(
                    "tariff_product=PASSVN&tariff_code=T&tariff_price=free&tariff_vat=200&tariff_from=2026-07-02&tariff_until=2026-07-01"
                ),
                en
            )),
            ["tariff_price", "tariff_vat", "tariff_until"]
        );
        assert_eq!(
            of(buyer(&fields("contact_number=12a&contact_name=O"), en)),
            ["contact_number"]
        );
        assert_eq!(of(removal("season", en)), [""]);
    }
}
