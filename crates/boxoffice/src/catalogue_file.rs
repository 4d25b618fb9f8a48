//! The catalogue file: TOML, see `docs/interfaces/catalogue.md`.

use crate::Catalogue;
use crate::catalogue::{Contact, Product, SalesChannel, Season, Tariff, TariffMapping};
use kernel::{BusinessDay, ContactNumber, InvalidCode, Money, VatRate};
use secutix::stx::{MAX_PRICE, MAX_VAT};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

mod write;

pub(crate) use write::meant_channel;
pub use write::write_catalogue;

/// The largest catalogue file that is read, in bytes.
const MAX_FILE_BYTES: usize = 1024 * 1024;

/// A mistake in a catalogue file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogueProblem {
    /// A stable name of the mistake.
    pub code: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub cure: String,
}

impl fmt::Display for CatalogueProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {} {}",
            self.line, self.column, self.what, self.cure
        )
    }
}

/// Reads a catalogue file.
///
/// # Errors
/// All its mistakes, in the order of the text.
pub fn read_catalogue(text: &str) -> Result<Catalogue, Vec<CatalogueProblem>> {
    let mut reader = Reader {
        text,
        problems: Vec::new(),
    };
    let catalogue = reader.read();
    let mut problems = reader.problems;
    if problems.is_empty() {
        return Ok(catalogue);
    }
    // What is missing may stand in the part that could not be read, and what is
    // wrong in the same line is likely the same mistake.
    let broken: Vec<usize> = problems
        .iter()
        .filter(|p| p.code == BROKEN)
        .map(|p| p.line)
        .collect();
    if !broken.is_empty() {
        problems.retain(|p| p.code == BROKEN || p.code != MISSING && !broken.contains(&p.line));
    }
    problems.sort_by_key(|p| (p.line, p.column));
    Err(problems)
}

const BROKEN: &str = "catalogue_file_broken";
const MISSING: &str = "key_missing";

struct Reader<'a> {
    text: &'a str,
    problems: Vec<CatalogueProblem>,
}

/// One table of the file.
struct Entry<'t> {
    name: &'static str,
    offset: usize,
    table: &'t DeTable<'t>,
}

impl<'t> Entry<'t> {
    fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table
            .iter()
            .find(|(k, _)| k.get_ref() == key)
            .map(|(_, value)| value)
    }

    /// Where `key`'s value stands; where the table begins if there is none.
    fn offset_of(&self, key: &str) -> usize {
        self.get(key)
            .map_or(self.offset, |value| value.span().start)
    }
}

impl Reader<'_> {
    fn note(&mut self, code: &'static str, offset: usize, what: String, cure: impl Into<String>) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.problems.push(CatalogueProblem {
            code,
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + before[line_start..].chars().count(),
            what,
            cure: cure.into(),
        });
    }

    fn read(&mut self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        if self.text.len() > MAX_FILE_BYTES {
            self.note(
                "catalogue_file_too_large",
                0,
                "The catalogue file has more than 1 MiB.".to_owned(),
                "Give the catalogue only.",
            );
            return catalogue;
        }
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            let what = format!("This is not TOML: {}.", error.message().replace('\n', ", "));
            self.note(BROKEN, offset, what, "Correct this place.");
        }
        let root = root.get_ref();
        self.known_keys(
            root,
            "the file",
            &[
                "season",
                "product",
                "tariff",
                "tariff_mapping",
                "sales_channel",
                "contact",
            ],
        );
        self.seasons(root, &mut catalogue);
        self.products(root, &mut catalogue);
        self.tariffs(root, &mut catalogue);
        self.tariff_mappings(root, &mut catalogue);
        self.sales_channel(root, &mut catalogue);
        self.contact(root, &mut catalogue);
        catalogue
    }

    fn seasons<'t>(&mut self, root: &'t DeTable<'t>, catalogue: &mut Catalogue) {
        for entry in self.entries(root, "season", &["code", "name"]) {
            let name = self.optional_text(&entry, "name");
            let Some(code) = self.code(&entry, "code") else {
                continue;
            };
            if catalogue.seasons.iter().any(|s| s.code == code) {
                self.twice(&entry, "code", format!("The season {code}"));
            }
            catalogue.seasons.push(Season { code, name });
        }
    }

    fn products<'t>(&mut self, root: &'t DeTable<'t>, catalogue: &mut Catalogue) {
        for entry in self.entries(root, "product", &["season", "code", "family", "name"]) {
            let season = self.code(&entry, "season");
            let code = self.code(&entry, "code");
            let family = self.text(&entry, "family");
            let name = self.optional_text(&entry, "name");
            let (Some(season), Some(code), Some(family)) = (season, code, family) else {
                continue;
            };
            let mut products = catalogue.products.iter();
            if products.any(|p| p.season == season && p.code == code) {
                self.twice(
                    &entry,
                    "code",
                    format!("The product {code} of the season {season}"),
                );
            }
            catalogue.products.push(Product {
                season,
                code,
                family: family.to_owned().into(),
                name,
            });
        }
    }

    fn tariffs<'t>(&mut self, root: &'t DeTable<'t>, catalogue: &mut Catalogue) {
        let keys = [
            "product",
            "code",
            "price_minor",
            "vat_basis_points",
            "valid_from",
            "valid_until",
        ];
        for entry in self.entries(root, "tariff", &keys) {
            let product = self.code(&entry, "product");
            let code = self.code(&entry, "code");
            let price = self.number(
                &entry,
                "price_minor",
                MAX_PRICE.minor(),
                "price_out_of_range",
                "Write the price in minor units, VAT included: 950 for 9.50.",
            );
            let vat = self.number(
                &entry,
                "vat_basis_points",
                i64::from(MAX_VAT.basis_points()),
                "vat_out_of_range",
                "Write the rate in hundredths of a per cent: 550 for 5.5 %.",
            );
            let valid_from = self.day(&entry, "valid_from");
            let valid_until = self.day(&entry, "valid_until");
            if let (Some(from), Some(until)) = (valid_from, valid_until)
                && until < from
            {
                self.note(
                    "validity_reversed",
                    entry.offset_of("valid_until"),
                    format!("The tariff ends on {until}, before it begins on {from}."),
                    "Correct one of the days; both belong to the validity.",
                );
            }
            let (Some(product), Some(code)) = (product, code) else {
                continue;
            };
            let mut tariffs = catalogue.tariffs.iter();
            if tariffs.any(|t| t.product == product && t.code == code && t.valid_from == valid_from)
            {
                let since = valid_from.map_or(String::new(), |day| format!(" from {day}"));
                self.twice(
                    &entry,
                    "code",
                    format!("The tariff {code} of the product {product}{since}"),
                );
            }
            catalogue.tariffs.push(Tariff {
                product,
                code,
                price: price.map(Money::from_minor),
                vat: vat
                    .and_then(|rate| u32::try_from(rate).ok())
                    .map(VatRate::from_basis_points),
                valid_from,
                valid_until,
            });
        }
    }

    fn tariff_mappings<'t>(&mut self, root: &'t DeTable<'t>, catalogue: &mut Catalogue) {
        for entry in self.entries(root, "tariff_mapping", &["product", "tariff"]) {
            let product = self.code(&entry, "product");
            let tariff = self.code(&entry, "tariff");
            let (Some(product), Some(tariff)) = (product, tariff) else {
                continue;
            };
            if catalogue.mapped_tariff(&product).is_some() {
                self.twice(
                    &entry,
                    "product",
                    format!("The tariff mapping of the product {product}"),
                );
            }
            catalogue
                .tariff_mappings
                .push(TariffMapping { product, tariff });
        }
    }

    fn sales_channel<'t>(&mut self, root: &'t DeTable<'t>, catalogue: &mut Catalogue) {
        let Some(entry) = self.single(root, "sales_channel", &["code", "type"]) else {
            return;
        };
        let code = self.code(&entry, "code");
        let channel_type = self.text(&entry, "type");
        if let (Some(code), Some(channel_type)) = (code, channel_type) {
            catalogue.sales_channels.push(SalesChannel {
                code,
                channel_type: channel_type.to_owned().into(),
            });
        }
    }

    fn contact<'t>(&mut self, root: &'t DeTable<'t>, catalogue: &mut Catalogue) {
        let keys = ["number", "name", "payment_modes"];
        let Some(entry) = self.single(root, "contact", &keys) else {
            return;
        };
        let number: Option<ContactNumber> = self.code(&entry, "number");
        let name = self.optional_text(&entry, "name");
        let payment_modes = self.payment_modes(&entry);
        let Some(number) = number else { return };
        if !number.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
            self.note(
                "contact_number_invalid",
                entry.offset_of("number"),
                format!("{:?} is no contact number.", number.as_str()),
                "Write its digits only, as text: \"000042\".",
            );
        }
        catalogue.buyer = Some(number.clone());
        catalogue.contacts.push(Contact {
            number,
            name,
            payment_modes,
        });
    }

    fn payment_modes(&mut self, entry: &Entry<'_>) -> Vec<crate::catalogue::PaymentMode> {
        let Some(value) = entry.get("payment_modes") else {
            return Vec::new();
        };
        let Some(modes) = value.get_ref().as_array() else {
            self.wrong_type(entry, "payment_modes", "a list of texts in brackets");
            return Vec::new();
        };
        let texts: Vec<_> = modes
            .iter()
            .filter_map(|mode| mode.get_ref().as_str())
            .collect();
        if texts.len() < modes.len() {
            self.wrong_type(entry, "payment_modes", "a list of texts in brackets");
        }
        texts
            .into_iter()
            .map(|mode| mode.to_owned().into())
            .collect()
    }

    /// The tables of a list `[[name]]`.
    fn entries<'t>(
        &mut self,
        root: &'t DeTable<'t>,
        name: &'static str,
        keys: &[&str],
    ) -> Vec<Entry<'t>> {
        let root = Entry {
            name: "the file",
            offset: 0,
            table: root,
        };
        let Some(value) = root.get(name) else {
            return Vec::new();
        };
        let tables = value.get_ref().as_array().map(|list| {
            let tables = list.iter().map(|item| {
                Some(Entry {
                    name,
                    offset: item.span().start,
                    table: item.get_ref().as_table()?,
                })
            });
            tables.collect::<Option<Vec<_>>>()
        });
        let Some(Some(tables)) = tables else {
            let what = format!("{name} is not a list of tables.");
            let cure = format!("Write each one under [[{name}]], in double brackets.");
            self.note("wrong_type", value.span().start, what, cure);
            return Vec::new();
        };
        for entry in &tables {
            self.known_keys(entry.table, name, keys);
        }
        tables
    }

    /// The table `[name]`.
    fn single<'t>(
        &mut self,
        root: &'t DeTable<'t>,
        name: &'static str,
        keys: &[&str],
    ) -> Option<Entry<'t>> {
        let root = Entry {
            name: "the file",
            offset: 0,
            table: root,
        };
        let value = root.get(name)?;
        let Some(table) = value.get_ref().as_table() else {
            let what = format!("{name} is not one table.");
            let cure = format!("Write it once, under [{name}], in single brackets.");
            self.note("wrong_type", value.span().start, what, cure);
            return None;
        };
        self.known_keys(table, name, keys);
        Some(Entry {
            name,
            offset: value.span().start,
            table,
        })
    }

    fn known_keys(&mut self, table: &DeTable<'_>, name: &str, keys: &[&str]) {
        for (key, _) in table {
            if !keys.contains(&key.get_ref().as_ref()) {
                let what = format!("{name} has no key {:?}.", key.get_ref());
                let cure = format!("Correct or remove it; the keys are {}.", keys.join(", "));
                self.note("key_unknown", key.span().start, what, cure);
            }
        }
    }

    fn text<'t>(&mut self, entry: &Entry<'t>, key: &str) -> Option<&'t str> {
        let Some(value) = entry.get(key) else {
            let what = format!("A {} lacks its {key}.", entry.name);
            self.note(MISSING, entry.offset, what, format!("Add {key} = \"…\"."));
            return None;
        };
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(entry, key, "a text in quotation marks");
        }
        text
    }

    fn optional_text(&mut self, entry: &Entry<'_>, key: &str) -> String {
        match entry.get(key) {
            Some(_) => self.text(entry, key).unwrap_or_default().to_owned(),
            None => String::new(),
        }
    }

    fn code<T: FromStr<Err = InvalidCode>>(&mut self, entry: &Entry<'_>, key: &str) -> Option<T> {
        match self.text(entry, key)?.parse() {
            Ok(code) => Some(code),
            Err(error) => {
                self.note(
                    "code_invalid",
                    entry.offset_of(key),
                    format!("In {}, {error}.", entry.name),
                    "Give the code as ticketing shows it.",
                );
                None
            }
        }
    }

    /// A whole number from 0 to `most`.
    fn number(
        &mut self,
        entry: &Entry<'_>,
        key: &str,
        most: i64,
        code: &'static str,
        cure: &str,
    ) -> Option<i64> {
        let value = entry.get(key)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.note(
                "wrong_type",
                value.span().start,
                format!("The {key} is no whole number."),
                cure,
            );
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix());
        let number = number.ok().filter(|number| (0..=most).contains(number));
        if number.is_none() {
            let what = format!("The {key} is below 0 or above {most}.");
            self.note(code, value.span().start, what, cure);
        }
        number
    }

    /// A day, as TOML's own or as text.
    fn day(&mut self, entry: &Entry<'_>, key: &str) -> Option<BusinessDay> {
        let value = entry.get(key)?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(day) => day.to_string(),
            _ => {
                self.wrong_type(entry, key, "a day like 2026-07-14");
                return None;
            }
        };
        match text.parse() {
            Ok(day) => Some(day),
            Err(error) => {
                let what = format!("The {key} cannot be read: {error}.");
                self.note("day_invalid", value.span().start, what, "Correct the day.");
                None
            }
        }
    }

    fn wrong_type(&mut self, entry: &Entry<'_>, key: &str, wanted: &str) {
        let what = format!("The {key} of {} is not {wanted}.", entry.name);
        let cure = format!("Write {wanted}.");
        self.note("wrong_type", entry.offset_of(key), what, cure);
    }

    fn twice(&mut self, entry: &Entry<'_>, key: &str, what: String) {
        self.note(
            "given_twice",
            entry.offset_of(key),
            format!("{what} is given twice."),
            "Remove one of them.",
        );
    }
}

#[cfg(test)]
mod tests;
