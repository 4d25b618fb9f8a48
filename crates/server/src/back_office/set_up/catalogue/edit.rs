//! Edits of a catalogue: pure rules from what someone entered to the catalogue
//! as it is then, or what is wrong.

use crate::back_office::entered::Entered;
use crate::back_office::form::Mistakes;
use crate::back_office::text::{fill, texts};
use boxoffice::Catalogue;
use boxoffice::catalogue::{
    ChannelType, Contact, PaymentMode, Product, SalesChannel, Season, Tariff, TariffMapping,
};
use boxoffice::readiness::CHANNEL_CODE;
use kernel::{
    BusinessDay, ContactNumber, InvalidCode, Money, ProductCode, SeasonCode, TariffCode, VatRate,
};
use otipass::Mapping;
use secutix::wire::ProductFamily;
use serde_json::{Value, json};
use staff::Language;
use staff::audit::Change;
use std::str::FromStr;

texts!(Texts {
    empty: "Entrez un code.", "Enter a code.";
    too_long: "{n} caractères au plus.", "{n} characters at most.";
    character: "Le caractère {c} n’est pas permis dans un code.", "The character {c} is not allowed in a code.";
    no_name: "Entrez un nom.", "Enter a name.";
    long_name: "200 caractères au plus.", "200 characters at most.";
    exists: "{code} existe déjà.", "{code} exists already.";
    gone: "{code} n’existe plus. Rechargez la page.", "{code} does not exist any more. Load the page again.";
    has_products: "La saison {code} a encore des produits. Retirez-les d’abord.",
        "The season {code} still has products. Remove them first.";
    price: "Entrez un prix, par exemple {example}.", "Enter a price, such as {example}.";
    vat: "Entrez un taux de 0 à 100, par exemple {example}.", "Enter a rate from 0 to 100, such as {example}.";
    day: "Entrez une date, par exemple 2026-07-14, ou rien.", "Enter a date, such as 2026-07-14, or nothing.";
    backwards: "La fin est avant le début. Choisissez un jour plus tard.",
        "The end is before the beginning. Choose a later day.";
    digits: "Un numéro de contact n’a que des chiffres ; les zéros au début comptent.",
        "A contact number has digits only; leading zeros count.";
});

/// The largest price that is taken, in minor units: that of a field of an
/// STX_File with room to spare.
const MOST_MINOR: i64 = 100_000_000;
/// The most characters of a name.
const NAME_CHARS: usize = 200;

/// Something that the mapping parameters name and the catalogue lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Wanted {
    Season(SeasonCode),
    Product(SeasonCode, ProductCode),
}

/// What someone wants of the catalogue.
#[derive(Debug, Clone)]
pub(in super::super) enum Edit {
    AddSeason(Season),
    AddProduct(Product),
    AddTariff(Tariff),
    RemoveSeason(SeasonCode),
    RemoveProduct(SeasonCode, ProductCode),
    RemoveTariff(ProductCode, TariffCode, Option<BusinessDay>),
    /// Adds what the mapping parameters want, products as Open Pass.
    Take(Vec<Wanted>),
    /// Which tariff each product sells; a product without one sells nothing.
    MapTariffs(Vec<(ProductCode, Option<TariffCode>)>),
    /// There is just one channel for Otipass, as it must be.
    MakeChannel,
    /// This contact buys, and may pay by pending account.
    NameBuyer(ContactNumber, String),
}

/// A price and a VAT rate as people of this language write them.
const fn examples(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::Fr => ("9,50", "5,5"),
        Language::En => ("9.50", "5.5"),
    }
}

/// What `mapping` names and `catalogue` does not have, seasons first.
pub(super) fn wanted(mapping: &Mapping, catalogue: &Catalogue) -> Vec<Wanted> {
    let (mut seasons, mut products) = (Vec::new(), Vec::new());
    for info in mapping.sectors.values() {
        if !catalogue.seasons.iter().any(|s| s.code == info.season) {
            seasons.push(Wanted::Season(info.season.clone()));
        }
        let has = |p: &Product| p.season == info.season && p.code == info.product;
        if !catalogue.products.iter().any(has) {
            let (season, product) = (info.season.clone(), info.product.clone());
            products.push(Wanted::Product(season, product));
        }
    }
    let mut all = Vec::new();
    for wanted in seasons.into_iter().chain(products) {
        if !all.contains(&wanted) {
            all.push(wanted);
        }
    }
    all
}

/// Reads fields and gathers what is wrong with them.
pub(in super::super) struct Reader<'a> {
    entered: &'a Entered,
    language: Language,
    pub(in super::super) mistakes: Mistakes,
}

impl<'a> Reader<'a> {
    pub(in super::super) fn new(entered: &'a Entered, language: Language) -> Self {
        Self {
            entered,
            language,
            mistakes: Mistakes::default(),
        }
    }

    fn t(&self) -> &'static Texts {
        Texts::of(self.language)
    }

    pub(in super::super) fn code<C: FromStr<Err = InvalidCode>>(
        &mut self,
        field: &'static str,
    ) -> Option<C> {
        let read = self.entered.text(field).trim().parse();
        read.map_err(|error| {
            let text = invalid(self.t(), &error);
            self.mistakes.add(field, text);
        })
        .ok()
    }

    pub(in super::super) fn name(&mut self, field: &'static str) -> Option<String> {
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

fn of_tariff(tariff: &Tariff) -> Value {
    json!({
        "price_minor": tariff.price,
        "vat_basis_points": tariff.vat,
        "valid_from": tariff.valid_from,
        "valid_until": tariff.valid_until,
    })
}

impl Edit {
    /// Changes the catalogue, and says for the audit log what was changed.
    ///
    /// # Errors
    /// What is wrong; the catalogue is not to be kept then.
    pub(super) fn apply(
        &self,
        catalogue: &mut Catalogue,
        language: Language,
    ) -> Result<Vec<Change>, Mistakes> {
        let t = Texts::of(language);
        let done = |kind, of: &str| Change::done("catalogue.changed", kind, of);
        let exists = |field, code: &str| {
            Err::<(), _>(Mistakes::one(field, fill(t.exists, &[("code", code)])))
        };
        let gone = |code: &str| Mistakes::one("", fill(t.gone, &[("code", code)]));
        match self {
            Self::AddSeason(season) => {
                let code = season.code.as_str();
                if catalogue.seasons.iter().any(|s| s.code == season.code) {
                    exists("season_code", code)?;
                }
                catalogue.seasons.push(season.clone());
                Ok(vec![
                    done("season", code).to(json!({ "name": season.name })),
                ])
            }
            Self::AddProduct(product) => {
                let code = product.code.as_str();
                let is_it = |p: &Product| p.season == product.season && p.code == product.code;
                if catalogue.products.iter().any(is_it) {
                    exists("product_code", code)?;
                }
                if !catalogue.seasons.iter().any(|s| s.code == product.season) {
                    let gone = fill(t.gone, &[("code", product.season.as_str())]);
                    return Err(Mistakes::one("product_season", gone));
                }
                catalogue.products.push(product.clone());
                let after = json!({ "season": product.season, "name": product.name });
                Ok(vec![done("product", code).to(after)])
            }
            Self::AddTariff(tariff) => {
                if !catalogue.products.iter().any(|p| p.code == tariff.product) {
                    let gone = fill(t.gone, &[("code", tariff.product.as_str())]);
                    return Err(Mistakes::one("tariff_product", gone));
                }
                let is_it = |t: &Tariff| {
                    (&t.product, &t.code, t.valid_from)
                        == (&tariff.product, &tariff.code, tariff.valid_from)
                };
                // Entering it again corrects it.
                let before = catalogue.tariffs.iter().position(is_it);
                let before = before.map(|at| of_tariff(&catalogue.tariffs.remove(at)));
                catalogue.tariffs.push(tariff.clone());
                let of = format!("{} {}", tariff.product, tariff.code);
                let mut change = done("tariff", &of).to(of_tariff(tariff));
                change.before = before;
                Ok(vec![change])
            }
            Self::RemoveSeason(code) => {
                if catalogue.products.iter().any(|p| p.season == *code) {
                    let text = fill(t.has_products, &[("code", code.as_str())]);
                    return Err(Mistakes::one("", text));
                }
                let at = catalogue.seasons.iter().position(|s| s.code == *code);
                let season = catalogue
                    .seasons
                    .remove(at.ok_or_else(|| gone(code.as_str()))?);
                let before = json!({ "name": season.name });
                Ok(vec![done("season", code.as_str()).from(before)])
            }
            Self::RemoveProduct(season, code) => {
                let is_it = |p: &Product| p.season == *season && p.code == *code;
                let at = catalogue.products.iter().position(is_it);
                let product = catalogue
                    .products
                    .remove(at.ok_or_else(|| gone(code.as_str()))?);
                // In no other season: its tariffs would be nobody's.
                if !catalogue.products.iter().any(|p| p.code == *code) {
                    catalogue.tariffs.retain(|tariff| tariff.product != *code);
                    catalogue.tariff_mappings.retain(|m| m.product != *code);
                }
                let before = json!({ "season": season, "name": product.name });
                Ok(vec![done("product", code.as_str()).from(before)])
            }
            Self::RemoveTariff(product, code, from) => {
                let is_it =
                    |t: &Tariff| (&t.product, &t.code, &t.valid_from) == (product, code, from);
                let at = catalogue.tariffs.iter().position(is_it);
                let tariff = catalogue
                    .tariffs
                    .remove(at.ok_or_else(|| gone(code.as_str()))?);
                let is_left = catalogue
                    .tariffs
                    .iter()
                    .any(|t| t.product == *product && t.code == *code);
                if !is_left {
                    let mapped = |m: &TariffMapping| m.product == *product && m.tariff == *code;
                    catalogue.tariff_mappings.retain(|m| !mapped(m));
                }
                let of = format!("{product} {code}");
                Ok(vec![done("tariff", &of).from(of_tariff(&tariff))])
            }
            Self::Take(wanted) => Ok(take(catalogue, wanted)),
            Self::MapTariffs(wanted) => Ok(map(catalogue, wanted)),
            Self::MakeChannel => {
                let is_meant =
                    |c: &SalesChannel| c.code.as_str().eq_ignore_ascii_case(CHANNEL_CODE);
                let named =
                    |c: &SalesChannel| json!({"code": c.code, "type": c.channel_type.as_str()});
                let before: Vec<_> = catalogue
                    .sales_channels
                    .iter()
                    .filter(|c| is_meant(c))
                    .map(named)
                    .collect();
                catalogue.sales_channels.retain(|c| !is_meant(c));
                let code = CHANNEL_CODE.parse().map_err(|_| gone(CHANNEL_CODE))?;
                let channel = SalesChannel {
                    code,
                    channel_type: ChannelType::StxFile,
                };
                let change = done("sales_channel", CHANNEL_CODE).to(named(&channel));
                catalogue.sales_channels.push(channel);
                Ok(vec![if before.is_empty() {
                    change
                } else {
                    change.from(before.into())
                }])
            }
            Self::NameBuyer(number, name) => {
                let named = |c: &Contact| {
                    let modes: Vec<_> = c.payment_modes.iter().map(PaymentMode::as_str).collect();
                    json!({"number": c.number, "name": c.name, "payment_modes": modes})
                };
                let former = catalogue.buyer.as_ref();
                let former = catalogue
                    .contacts
                    .iter()
                    .find(|c| Some(&c.number) == former);
                let former = former.map(named);
                let at = catalogue.contacts.iter().position(|c| c.number == *number);
                let mut contact = match at {
                    Some(at) => catalogue.contacts.remove(at),
                    None => Contact {
                        number: number.clone(),
                        name: String::new(),
                        payment_modes: Vec::new(),
                    },
                };
                contact.name.clone_from(name);
                if !contact.payment_modes.contains(&PaymentMode::PendingAccount) {
                    contact.payment_modes.push(PaymentMode::PendingAccount);
                }
                let mut change = done("contact", number.as_str()).to(named(&contact));
                change.before = former;
                catalogue.contacts.push(contact);
                catalogue.buyer = Some(number.clone());
                Ok(vec![change])
            }
        }
    }
}

fn take(catalogue: &mut Catalogue, wanted: &[Wanted]) -> Vec<Change> {
    let mut changes = Vec::new();
    let done = |kind, of: &str| Change::done("catalogue.changed", kind, of);
    for wanted in wanted {
        match wanted {
            Wanted::Season(code) => {
                if catalogue.seasons.iter().all(|s| s.code != *code) {
                    let name = code.to_string();
                    changes.push(done("season", code.as_str()).to(json!({ "name": name })));
                    catalogue.seasons.push(Season {
                        code: code.clone(),
                        name,
                    });
                }
            }
            Wanted::Product(season, code) => {
                let is_it = |p: &Product| p.season == *season && p.code == *code;
                if !catalogue.products.iter().any(is_it) {
                    let name = code.to_string();
                    let after = json!({ "season": season, "name": name });
                    changes.push(done("product", code.as_str()).to(after));
                    catalogue.products.push(Product {
                        season: season.clone(),
                        code: code.clone(),
                        family: ProductFamily::OpenPass,
                        name,
                    });
                }
            }
        }
    }
    changes
}

fn map(catalogue: &mut Catalogue, wanted: &[(ProductCode, Option<TariffCode>)]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (product, tariff) in wanted {
        let before = catalogue.mapped_tariff(product).cloned();
        // A tariff that has gone meanwhile is not mapped.
        let known = |code: &&TariffCode| {
            let mut tariffs = catalogue.tariffs.iter();
            tariffs.any(|t| t.product == *product && t.code == **code)
        };
        let tariff = tariff.as_ref().filter(known).cloned();
        if before == tariff {
            continue;
        }
        catalogue.tariff_mappings.retain(|m| m.product != *product);
        let change = Change::done("catalogue.changed", "tariff_mapping", product)
            .from(json!({ "tariff": before }))
            .to(json!({ "tariff": tariff }));
        if let Some(tariff) = tariff {
            let product = product.clone();
            catalogue
                .tariff_mappings
                .push(TariffMapping { product, tariff });
        }
        changes.push(change);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    const VILLENEUVE: &str = include_str!("../../../../../../examples/villeneuve/catalogue.toml");
    const MAPPING: &str = include_str!("../../../../../../examples/villeneuve/mapping.json");

    fn villeneuve() -> Catalogue {
        boxoffice::read_catalogue(VILLENEUVE).unwrap()
    }

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
    fn an_empty_catalogue_is_filled_from_the_mapping_parameters() {
        let mapping = otipass::read_mapping(MAPPING).mapping.unwrap();
        let mut catalogue = Catalogue::default();
        let first = wanted(&mapping, &catalogue);
        assert!(matches!(first[0], Wanted::Season(_)));
        let changes = Edit::Take(first.clone()).apply(&mut catalogue, Language::En);
        assert_eq!(changes.unwrap().len(), first.len());
        assert_eq!(wanted(&mapping, &catalogue), []);
        assert_eq!(catalogue.products.len(), villeneuve().products.len());
        let again = Edit::Take(first).apply(&mut catalogue, Language::En);
        assert_eq!(again.unwrap(), []);
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

    #[test]
    fn what_hangs_on_something_goes_with_it_or_keeps_it() {
        let mut catalogue = villeneuve();
        let en = Language::En;
        let season = removal("season VN26", en).unwrap();
        assert!(season.apply(&mut catalogue.clone(), en).is_err());
        let product = removal("product VN26 PASSVN", en).unwrap();
        product.apply(&mut catalogue, en).unwrap();
        assert!(
            catalogue
                .tariffs
                .iter()
                .all(|t| t.product.as_str() != "PASSVN")
        );
        assert_eq!(catalogue.mapped_tariff(&"PASSVN".parse().unwrap()), None);
        assert!(product.apply(&mut catalogue, en).is_err(), "it is gone");
        let tariff = removal("tariff PASSVN2 CITYLIGHT ", en).unwrap();
        tariff.apply(&mut catalogue, en).unwrap();
        assert_eq!(catalogue.mapped_tariff(&"PASSVN2".parse().unwrap()), None);
    }

    #[test]
    fn a_tariff_entered_again_is_corrected() {
        let mut catalogue = villeneuve();
        let entered =
            fields("tariff_product=PASSVN&tariff_code=CITYPASS&tariff_price=10,50&tariff_vat=5.5");
        let edit = tariff(&entered, Language::Fr).unwrap();
        let changes = edit.apply(&mut catalogue, Language::Fr).unwrap();
        assert_eq!(changes[0].before.as_ref().unwrap()["price_minor"], 950);
        let found: Vec<_> = catalogue
            .tariffs
            .iter()
            .filter(|t| t.product.as_str() == "PASSVN")
            .collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].price, Some(Money::from_minor(1_050)));
    }

    #[test]
    fn channel_and_buyer_become_what_sales_need() {
        let mut catalogue = villeneuve();
        catalogue.sales_channels[0].code = "Otipass".parse().unwrap();
        catalogue.contacts[0].payment_modes.clear();
        let en = Language::En;
        Edit::MakeChannel.apply(&mut catalogue, en).unwrap();
        assert_eq!(catalogue.sales_channels.len(), 1);
        let buyer = buyer(&fields("contact_number=000042&contact_name=Otipass"), en).unwrap();
        buyer.apply(&mut catalogue, en).unwrap();
        let day = "2026-07-14".parse().unwrap();
        let sold = boxoffice::readiness::readiness(
            &catalogue,
            &"VN26".parse().unwrap(),
            &"PASSVN".parse().unwrap(),
            day,
        );
        assert!(sold.is_ok(), "{sold:?}");
    }

    #[test]
    fn only_what_changes_is_mapped_anew() {
        let mut catalogue = villeneuve();
        let code = |text: &str| text.parse().unwrap();
        let wanted = vec![
            (code("PASSVN"), Some("CITYPASS".parse().unwrap())),
            (code("PASSVN2"), None),
            (code("PASSVN3"), Some("CITYLATE".parse().unwrap())),
        ];
        let changes = Edit::MapTariffs(wanted)
            .apply(&mut catalogue, Language::En)
            .unwrap();
        assert_eq!(changes.len(), 2);
        assert_eq!(catalogue.mapped_tariff(&code("PASSVN2")), None);
        assert_eq!(
            catalogue.mapped_tariff(&code("PASSVN3")).unwrap().as_str(),
            "CITYLATE"
        );
    }
}
