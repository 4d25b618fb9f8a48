//! The catalogue file: TOML, see `docs/interfaces/catalogue.md`.

use crate::catalogue::{
    Contact, PaymentMode, Product, SalesChannel, Season, Tariff, TariffMapping,
};
use crate::{Catalogue, found};
use kernel::finding::{Finding, Lines, Phrase, Position, Repeated, Say, Thing};
use kernel::{
    BusinessDay, ContactNumber, InvalidCode, Money, ProductCode, SeasonCode, TariffCode, VatRate,
};
use secutix::stx::{MAX_PRICE, MAX_VAT};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

mod write;

pub(crate) use write::meant_channel;
pub use write::write_catalogue;

/// The largest catalogue file that is read, in bytes.
const MAX_FILE_BYTES: usize = 1024 * 1024;

/// What came of reading a catalogue file.
#[derive(Debug, Default)]
pub struct CatalogueReading {
    /// The catalogue, without the entries that have mistakes.
    pub catalogue: Catalogue,
    /// All mistakes, in the order of the text.
    pub findings: Vec<Finding>,
    /// The tables that lack something for that reason.
    pub hidden: BTreeSet<&'static str>,
    /// Where its parts stand.
    pub places: BTreeMap<Thing, Position>,
}

/// Reads a catalogue file.
///
/// # Errors
/// All its mistakes, in the order of the text.
pub fn read_catalogue(text: &str) -> Result<Catalogue, Vec<Finding>> {
    let reading = look_through_catalogue(text);
    if reading.findings.is_empty() {
        Ok(reading.catalogue)
    } else {
        Err(reading.findings)
    }
}

/// The seasons and products of a text whose codes hold a space, without those that are
/// `kept` already: pages take no new ones.
#[must_use]
pub fn new_codes_with_space(reading: &CatalogueReading, kept: &Catalogue) -> Vec<Finding> {
    let seasons = reading.catalogue.seasons.iter();
    let seasons = seasons.filter(|season| kept.seasons.iter().all(|s| s.code != season.code));
    let products = reading.catalogue.products.iter();
    let products = products.filter(|product| kept.products.iter().all(|p| p.code != product.code));
    let things = seasons
        .map(|season| Thing::Season(season.code.to_string()))
        .chain(products.map(|product| Thing::Product(product.code.to_string())));
    let has_space = |thing: &Thing| match thing {
        Thing::Season(code) | Thing::Product(code) => code.contains(char::is_whitespace),
        _ => false,
    };
    let found = things.filter(has_space).map(|thing| {
        let at = reading.places.get(&thing).copied();
        found::code_with_space(at.unwrap_or(Position::START))
    });
    found.collect()
}

/// Reads a catalogue file as far as it can be read.
#[must_use]
pub fn look_through_catalogue(text: &str) -> CatalogueReading {
    let mut reader = Reader {
        text,
        lines: Lines::of(text),
        known: Known::default(),
        read: CatalogueReading::default(),
    };
    reader.read();
    let CatalogueReading {
        findings, hidden, ..
    } = &mut reader.read;
    // What is missing may stand in the part that could not be read, and what is
    // wrong in the same line is likely the same mistake.
    let broken = findings.iter().filter(|found| found.code == BROKEN);
    let broken: Vec<usize> = broken.map(|found| found.place.line()).collect();
    if !broken.is_empty() {
        let is_new = |found: &Finding| !broken.contains(&found.place.line());
        findings.retain(|f| f.code == BROKEN || f.code != MISSING && is_new(f));
        *hidden = TABLES.into();
    }
    findings.sort_by_key(|found| found.place.position());
    findings.dedup();
    reader.read
}

const BROKEN: &str = "catalogue_file_broken";
const MISSING: &str = "key_missing";
const TABLES: [&str; 6] = [
    "season",
    "product",
    "tariff",
    "tariff_mapping",
    "sales_channel",
    "contact",
];

/// Those that the file has once.
const SINGLE: [&str; 2] = ["sales_channel", "contact"];

fn table_at<'t>(value: &'t Spanned<DeValue<'t>>) -> Option<(usize, &'t DeTable<'t>)> {
    Some((value.span().start, value.get_ref().as_table()?))
}

struct Reader<'a> {
    text: &'a str,
    lines: Lines<'a>,
    known: Known,
    read: CatalogueReading,
}

/// What stood in the file so far, sound or not, to be found among thousands.
#[derive(Default)]
struct Known {
    seasons: BTreeSet<SeasonCode>,
    products: BTreeSet<(SeasonCode, ProductCode)>,
    tariffs: BTreeSet<(ProductCode, TariffCode, Option<BusinessDay>)>,
    mapped: BTreeSet<ProductCode>,
}

/// One table of the file.
struct FileTable<'t> {
    name: &'static str,
    offset: usize,
    table: &'t DeTable<'t>,
    /// How many findings there were before it.
    since: usize,
}

impl<'t> FileTable<'t> {
    fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    /// Where `key`'s value stands; where the table begins if there is none.
    fn offset_of(&self, key: &str) -> usize {
        self.get(key)
            .map_or(self.offset, |value| value.span().start)
    }
}

impl Reader<'_> {
    fn find(&mut self, offset: usize, found: impl FnOnce(Position) -> Finding) {
        let at = self.lines.at(offset);
        self.read.findings.push(found(at));
    }

    /// The catalogue, if the entry is sound; `thing` is noted to stand there.
    fn sound(&mut self, entry: &FileTable<'_>, key: &str, thing: Thing) -> Option<&mut Catalogue> {
        let at = self.lines.at(entry.offset_of(key));
        self.read.places.entry(thing).or_insert(at);
        (self.read.findings.len() == entry.since).then_some(&mut self.read.catalogue)
    }

    fn read(&mut self) {
        if self.text.len() > MAX_FILE_BYTES {
            return self.find(0, found::catalogue_file_too_large);
        }
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            let message = error.message().replace('\n', ", ");
            match self.lines.repeated(offset, &message) {
                Some(Repeated { offset, what, line }) => {
                    self.find(offset, |at| found::catalogue_file_repeated(at, what, line));
                }
                None => self.find(offset, |at| found::catalogue_file_broken(at, message)),
            }
        }
        let root = FileTable {
            name: "the file",
            offset: 0,
            table: root.get_ref(),
            since: 0,
        };
        self.known_keys(&root, &TABLES);
        self.each(&root, "season", &["code", "name"], Self::season);
        let keys = ["season", "code", "family", "name"];
        self.each(&root, "product", &keys, Self::product);
        let keys = [
            "product",
            "code",
            "price_minor",
            "vat_basis_points",
            "valid_from",
            "valid_until",
        ];
        self.each(&root, "tariff", &keys, Self::tariff);
        let keys = ["product", "tariff"];
        self.each(&root, "tariff_mapping", &keys, Self::tariff_mapping);
        self.each(&root, "sales_channel", &["code", "type"], Self::channel);
        let keys = ["number", "name", "payment_modes"];
        self.each(&root, "contact", &keys, Self::contact);
    }

    fn season(&mut self, entry: &FileTable<'_>) -> Option<()> {
        let name = self.optional_text(entry, "name");
        let code: SeasonCode = self.code(entry, "code")?;
        let thing = Thing::Season(code.to_string());
        if !self.known.seasons.insert(code.clone()) {
            self.twice(entry, "code", thing.clone());
        }
        let catalogue = self.sound(entry, "code", thing)?;
        catalogue.seasons.push(Season { code, name });
        Some(())
    }

    fn product(&mut self, entry: &FileTable<'_>) -> Option<()> {
        let season: Option<SeasonCode> = self.code(entry, "season");
        let code: Option<ProductCode> = self.code(entry, "code");
        let family = self.text(entry, "family");
        let name = self.optional_text(entry, "name");
        let (season, code, family) = (season?, code?, family?);
        let known = (season.clone(), code.clone());
        if !self.known.products.insert(known) {
            let twice = Phrase::new(
                format!("the product {code} of the season {season}"),
                format!("le produit {code} de la saison {season}"),
            );
            self.twice(entry, "code", twice);
        }
        let catalogue = self.sound(entry, "code", Thing::Product(code.to_string()))?;
        catalogue.products.push(Product {
            season,
            code,
            family: family.into(),
            name,
        });
        Some(())
    }

    fn tariff(&mut self, entry: &FileTable<'_>) -> Option<()> {
        let product: Option<ProductCode> = self.code(entry, "product");
        let code: Option<TariffCode> = self.code(entry, "code");
        let wanted = Phrase::new(
            "a whole number of minor units, such as 950 for 9.50",
            "un nombre entier de centimes, comme 950 pour 9,50",
        );
        let out_of_range = found::price_out_of_range;
        let most = MAX_PRICE.minor();
        let price = self.number(entry, "price_minor", most, wanted, out_of_range);
        let wanted = Phrase::new(
            "a whole number of hundredths of a per cent, such as 550 for 5.5 %",
            "un nombre entier de centièmes de pour cent, comme 550 pour 5,5\u{a0}%",
        );
        let out_of_range = found::vat_out_of_range;
        let most = i64::from(MAX_VAT.basis_points());
        let vat = self.number(entry, "vat_basis_points", most, wanted, out_of_range);
        let valid_from = self.day(entry, "valid_from");
        let valid_until = self.day(entry, "valid_until");
        if let (Some(from), Some(until)) = (valid_from, valid_until)
            && until < from
        {
            self.find(entry.offset_of("valid_until"), |at| {
                found::validity_reversed(at, until, from)
            });
        }
        let (product, code) = (product?, code?);
        let known = (product.clone(), code.clone(), valid_from);
        if !self.known.tariffs.insert(known) {
            let twice = named_tariff(&product, &code, valid_from);
            self.twice(entry, "code", twice);
        }
        let catalogue = self.sound(entry, "product", Thing::TariffOf(product.to_string()))?;
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
        Some(())
    }

    fn tariff_mapping(&mut self, entry: &FileTable<'_>) -> Option<()> {
        let product: Option<ProductCode> = self.code(entry, "product");
        let tariff = self.code(entry, "tariff");
        let (product, tariff) = (product?, tariff?);
        if !self.known.mapped.insert(product.clone()) {
            let twice = Phrase::new(
                format!("the tariff mapping of the product {product}"),
                format!("le tarif attribué au produit {product}"),
            );
            self.twice(entry, "product", twice);
        }
        if self.read.findings.len() == entry.since {
            let mappings = &mut self.read.catalogue.tariff_mappings;
            mappings.push(TariffMapping { product, tariff });
        }
        Some(())
    }

    fn channel(&mut self, entry: &FileTable<'_>) -> Option<()> {
        let code = self.code(entry, "code");
        let channel_type = self.text(entry, "type");
        let catalogue = self.sound(entry, "code", Thing::Channel)?;
        catalogue.sales_channels.push(SalesChannel {
            code: code?,
            channel_type: channel_type?.into(),
        });
        Some(())
    }

    fn contact(&mut self, entry: &FileTable<'_>) -> Option<()> {
        let number: Option<ContactNumber> = self.code(entry, "number");
        let name = self.optional_text(entry, "name");
        let payment_modes = self.payment_modes(entry);
        let number = number?;
        if !number.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
            self.find(entry.offset_of("number"), |at| {
                found::contact_number_invalid(at, Phrase::quoted(number.as_str()))
            });
        }
        let catalogue = self.sound(entry, "number", Thing::Contact)?;
        catalogue.buyer = Some(number.clone());
        catalogue.contacts.push(Contact {
            number,
            name,
            payment_modes,
        });
        Some(())
    }

    fn payment_modes(&mut self, entry: &FileTable<'_>) -> Vec<PaymentMode> {
        let Some(value) = entry.get("payment_modes") else {
            return Vec::new();
        };
        let modes = value.get_ref().as_array().and_then(|modes| {
            let texts = modes.iter().map(|mode| mode.get_ref().as_str());
            texts
                .map(|text| Some(text?.into()))
                .collect::<Option<Vec<_>>>()
        });
        if modes.is_none() {
            let list = Phrase::new(
                "a list of texts in brackets",
                "une liste de textes entre crochets",
            );
            self.wrong_type(entry, "payment_modes", list);
        }
        modes.unwrap_or_default()
    }

    /// Reads the tables of a list `[[name]]`, or the table `[name]`.
    fn each(
        &mut self,
        root: &FileTable<'_>,
        name: &'static str,
        keys: &[&str],
        read: impl Fn(&mut Self, &FileTable<'_>) -> Option<()>,
    ) {
        let Some(value) = root.get(name) else {
            return;
        };
        let is_list = !SINGLE.contains(&name);
        let tables = match value.get_ref() {
            DeValue::Array(list) if is_list => list.iter().map(table_at).collect(),
            DeValue::Table(_) if !is_list => table_at(value).map(|table| vec![table]),
            _ => None,
        };
        let before = self.read.findings.len();
        match tables {
            Some(tables) => {
                for (offset, table) in tables {
                    let since = self.read.findings.len();
                    let entry = FileTable {
                        name,
                        offset,
                        table,
                        since,
                    };
                    self.known_keys(&entry, keys);
                    read(self, &entry);
                }
            }
            None if is_list => self.find(value.span().start, |at| found::no_list(at, name)),
            None => self.find(value.span().start, |at| found::no_table(at, name)),
        }
        if self.read.findings.len() > before {
            self.read.hidden.insert(name);
        }
    }

    fn known_keys(&mut self, entry: &FileTable<'_>, keys: &[&str]) {
        for (key, _) in entry.table {
            if !keys.contains(&key.get_ref().as_ref()) {
                self.find(key.span().start, |at| {
                    found::key_unknown(
                        at,
                        entry.name,
                        Phrase::quoted(key.get_ref()),
                        keys.join(", "),
                    )
                });
            }
        }
    }

    fn text<'t>(&mut self, entry: &FileTable<'t>, key: &str) -> Option<&'t str> {
        let Some(value) = entry.get(key) else {
            self.find(entry.offset, |at| found::key_missing(at, entry.name, key));
            return None;
        };
        let text = value.get_ref().as_str();
        if text.is_none() {
            let text = Phrase::new("a text in quotation marks", "un texte entre guillemets");
            self.wrong_type(entry, key, text);
        }
        text
    }

    fn optional_text(&mut self, entry: &FileTable<'_>, key: &str) -> String {
        match entry.get(key) {
            Some(_) => self.text(entry, key).unwrap_or_default().to_owned(),
            None => String::new(),
        }
    }

    fn code<T: FromStr<Err = InvalidCode>>(
        &mut self,
        entry: &FileTable<'_>,
        key: &str,
    ) -> Option<T> {
        match self.text(entry, key)?.parse() {
            Ok(code) => Some(code),
            Err(error) => {
                self.find(entry.offset_of(key), |at| {
                    found::code_invalid(at, entry.name, error.phrase())
                });
                None
            }
        }
    }

    /// A whole number from 0 to `most`.
    fn number(
        &mut self,
        entry: &FileTable<'_>,
        key: &str,
        most: i64,
        wanted: Phrase,
        out_of_range: impl FnOnce(Position, i64) -> Finding,
    ) -> Option<i64> {
        let value = entry.get(key)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(entry, key, wanted);
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix());
        let number = number.ok().filter(|number| (0..=most).contains(number));
        if number.is_none() {
            self.find(value.span().start, |at| out_of_range(at, most));
        }
        number
    }

    /// A day, as TOML's own or as text.
    fn day(&mut self, entry: &FileTable<'_>, key: &str) -> Option<BusinessDay> {
        let value = entry.get(key)?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(day) => day.to_string(),
            _ => {
                let day = Phrase::new("a day like 2026-07-14", "un jour comme 2026-07-14");
                self.wrong_type(entry, key, day);
                return None;
            }
        };
        match text.parse() {
            Ok(day) => Some(day),
            Err(error) => {
                self.find(value.span().start, |at| found::day_invalid(at, key, error));
                None
            }
        }
    }

    fn wrong_type(&mut self, entry: &FileTable<'_>, key: &str, wanted: Phrase) {
        self.find(entry.offset_of(key), |at| {
            found::wrong_type(at, key, entry.name, wanted)
        });
    }

    fn twice(&mut self, entry: &FileTable<'_>, key: &str, thing: impl Say) {
        self.find(entry.offset_of(key), |at| found::given_twice(at, thing));
    }
}

/// A tariff as one speaks of it.
pub(crate) fn named_tariff(
    product: &ProductCode,
    code: &TariffCode,
    from: Option<BusinessDay>,
) -> Phrase {
    let since = |word| from.map_or(String::new(), |day| format!(" {word} {day}"));
    Phrase::new(
        format!(
            "the tariff {code} of the product {product}{}",
            since("from")
        ),
        format!(
            "le tarif {code} du produit {product}{}",
            since("à partir du")
        ),
    )
}

#[cfg(test)]
mod tests;
