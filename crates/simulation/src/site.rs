//! The museum of every story: cards, doors, devices, mapping parameters,
//! catalogue.

use crate::Broken;
use crate::operation::{DEVICES, HANDHELDS, May};
use boxoffice::Catalogue;
use gate::{DeviceToken, Site, read_site};
use kernel::{BusinessDay, DeviceCode, Timestamp};
use otipass::{EntriesLeft, Mapping, read_mapping};
use sandbox::PassStatus::{self, Active, Created, Expired, Inactive, Invalid};
use sandbox::{Pass, PassBook};
use uuid::Uuid;

/// A card of the stories.
pub struct Card {
    /// What a scanner reads.
    pub code: &'static str,
    /// The pass that Otipass knows: state and entries left for each service;
    /// `None` without limit.
    pub pass: Option<(PassStatus, Option<u32>)>,
}

const fn pass(code: &'static str, status: PassStatus, left: Option<u32>) -> Card {
    let pass = Some((status, left));
    Card { code, pass }
}

const fn no_pass(code: &'static str) -> Card {
    Card { code, pass: None }
}

/// More entries than a story has scans.
pub const MANY: u32 = 100_000;

/// Every card.
pub const CARDS: [Card; 15] = [
    pass("00029975", Active, Some(MANY)),
    pass("00039131", Active, Some(MANY)),
    pass("00179333", Active, None),
    pass("00193276", Active, Some(1)),
    pass("00229187", Active, Some(2)),
    // Never used.
    pass("00292151", Inactive, Some(3)),
    // A chip.
    pass("villeneuve-00320168", Active, Some(5)),
    pass("01755172", Expired, Some(5)),
    // Blocked.
    pass("00686790", Invalid, Some(5)),
    // Not sold.
    pass("01966563", Created, Some(5)),
    // Nobody knows it.
    no_pass("01937150"),
    // A wrong check digit.
    no_pass("00029976"),
    // Another ticket.
    no_pass("Musée d'Orsay 2026"),
    no_pass(""),
    // Torn.
    no_pass("a\0b\n"),
];

/// What a scanner reads of a card.
#[must_use]
pub fn code(card: u8) -> &'static str {
    CARDS[usize::from(card) % CARDS.len()].code
}

/// What a scanner reads of its other code: the chip's, or the number on it.
#[must_use]
pub fn other_code(card: u8) -> String {
    let code = code(card);
    match code.strip_prefix("villeneuve-") {
        Some(number) => number.to_owned(),
        None => format!("villeneuve-{code}"),
    }
}

/// A card rests before a reader for fewer reads than this.
pub const READS: u64 = 50;
/// Milliseconds from one read to the next.
pub const READ_EVERY_MS: i64 = 200;

/// What a reader sees at the read of this number of a card that rests before it: the
/// codes of a pass in turn, and in a long one a poster beside it.
#[must_use]
pub fn resting(card: u8, number: u64) -> String {
    let is_pass = CARDS[usize::from(card) % CARDS.len()].pass.is_some();
    match number {
        40 => "https://example.org/expo".to_owned(),
        _ if is_pass && number % 2 == 1 => other_code(card),
        _ => code(card).to_owned(),
    }
}

/// The numbers of all passes.
pub fn card_numbers() -> impl Iterator<Item = String> {
    let numbers = CARDS.iter().map(|card| card.code.rsplit('-').next());
    numbers
        .flatten()
        .filter(|number| number.len() == 8)
        .map(str::to_owned)
}

/// The cards that no number of entries exhausts, and whose counters therefore
/// show each one.
pub fn counted_cards() -> impl Iterator<Item = &'static str> {
    let counted = |card: &&Card| matches!(card.pass, Some((_, Some(MANY))));
    CARDS.iter().filter(counted).map(|card| card.code)
}

/// The doors: to a sector that is mapped, to one that is mapped at times, to one
/// with another product, to one with a third, to none that is mapped, and to
/// several.
pub const DOORS: [&str; 6] = ["D_AUG", "D_RAY", "D_GEO", "D_CAS", "D_EXP", "D_ALL"];

/// A door's code.
#[must_use]
pub fn door(door: u8) -> &'static str {
    DOORS[usize::from(door) % DOORS.len()]
}

const SITE: &str = r#"
institution = "VILLEN"
organisation = "VILLEN"
name = "Musées de Villeneuve"
timezone = "Europe/Paris"
currency = "EUR"
sector = [
  { code = "VN_AUG", name = "Augustins" },
  { code = "VN_RAY", name = "Raymond" },
  { code = "VN_GEO", name = "Georges" },
  { code = "VN_CAS", name = "Castelet" },
  { code = "VN_EXP", name = "Exposition" },
]
door = [
  { code = "D_AUG", sectors = ["VN_AUG"] },
  { code = "D_RAY", sectors = ["VN_RAY"] },
  { code = "D_GEO", sectors = ["VN_GEO"] },
  { code = "D_CAS", sectors = ["VN_CAS"] },
  { code = "D_EXP", sectors = ["VN_EXP"] },
  { code = "D_ALL", sectors = ["VN_AUG", "VN_GEO"] },
]
"#;

/// Where a device hangs, and what it may do there.
#[derive(Debug, Clone, Copy)]
pub struct Post {
    /// The door, a place in [`DOORS`].
    pub door: u8,
    /// What its settings allow.
    pub may: May,
}

/// The posts of all devices; a device's place is its number.
pub type Posts = [Post; DEVICES as usize];

const fn at(door: u8) -> Post {
    Post {
        door,
        may: May::Everything,
    }
}

/// The posts when a story begins.
pub const FIRST_POSTS: Posts = [at(0), at(1), at(2), at(0), at(3)];

/// A device's code.
///
/// # Errors
/// Never: the codes are well formed.
pub fn device_code(device: u8) -> Result<DeviceCode, Broken> {
    let code = format!("DEV{}", device % DEVICES).parse();
    code.map_err(Broken::error(WELL_FORMED))
}

/// A token for a device, the `number`th of the story.
#[must_use]
pub fn token(device: u8, number: u8) -> DeviceToken {
    let mut bytes = [number; 32];
    bytes[0] = device;
    DeviceToken::from_random(bytes)
}

/// The device that a token was made for.
#[must_use]
pub fn device_of(token: &DeviceToken) -> u8 {
    let digits = token.reveal().get(4..6).unwrap_or_default();
    u8::from_str_radix(digits, 16).unwrap_or_default()
}

/// The `number`th id that a device chooses: as random ones look.
#[must_use]
pub fn uuid(device: u8, number: u64) -> Uuid {
    let node = u128::from(device) << 40 | u128::from(number);
    Uuid::from_u128(0x4000 << 64 | 0x8000 << 48 | node)
}

const WELL_FORMED: &str = "what a story is set in is well formed";

/// The site with its devices at `posts`.
///
/// # Errors
/// Never: the text above is right.
pub fn site(posts: &Posts) -> Result<Site, Broken> {
    let mut text = SITE.to_owned();
    for (device, post) in (0..).zip(posts) {
        let switch = post.may == May::Everything;
        let forced = switch && device < HANDHELDS;
        text += &format!(
            "[[device]]\ncode = \"DEV{device}\"\ndoor = \"{}\"\nswitch_direction = {switch}\n\
             forced_entry = {forced}\n",
            door(post.door)
        );
    }
    read_site(&text)
        .0
        .ok_or_else(|| Broken::new(WELL_FORMED, text))
}

/// What a device stands for to those who book its visitors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The sector.
    pub sector: &'static str,
    /// The product.
    pub product: &'static str,
}

/// What a device at this post means under these mapping parameters, if passes
/// are accepted there.
#[must_use]
pub fn meaning(post: &Post, (second_sector, other_product): (bool, bool)) -> Option<Meaning> {
    let (sector, product) = match door(post.door) {
        "D_AUG" => ("VN_AUG", "PASSVN"),
        "D_RAY" if second_sector => ("VN_RAY", "PASSVN"),
        "D_GEO" if other_product => ("VN_GEO", "PASSVN3"),
        "D_GEO" => ("VN_GEO", "PASSVN2"),
        "D_CAS" => ("VN_CAS", "PASSVN3"),
        _ => return None,
    };
    Some(Meaning { sector, product })
}

/// Mapping parameters, as [`Operation::Mapping`](crate::operation::Operation)
/// says.
///
/// # Errors
/// Never: the text is right.
pub fn mapping(second_sector: bool, other_product: bool) -> Result<Mapping, Broken> {
    let sector = |code: &str, service: &str, product: &str| {
        format!(
            r#""{code}": {{"OtipassServiceId": "{service}", "OtipassPSpaceId": "PROVIDER#{service}", "seasonCode": "VN26", "productCode": "{product}"}}"#
        )
    };
    let other = if other_product { "PASSVN3" } else { "PASSVN2" };
    let mut sectors = vec![
        sector("VN_AUG", "S_AUG", "PASSVN"),
        sector("VN_GEO", "S_GEO", other),
        sector("VN_CAS", "S_CAS", "PASSVN3"),
    ];
    if second_sector {
        sectors.push(sector("VN_RAY", "S_RAY", "PASSVN"));
    }
    let sectors = sectors.join(", ");
    let text = format!(r#"{{"OtipassProjectId": "villeneuve", "sectorInfos": {{{sectors}}}}}"#);
    let mapping = read_mapping(&text).mapping;
    mapping.ok_or_else(|| Broken::new(WELL_FORMED, text))
}

/// The passes that Otipass knows, good until the end of any story.
///
/// # Errors
/// Never: they are right.
pub fn passes() -> Result<PassBook, Broken> {
    let mut text = "number;status;duration_days;valid_until;services\n".to_owned();
    for card in &CARDS {
        let Some((status, entries)) = card.pass else {
            continue;
        };
        let number = card.code.rsplit('-').next().unwrap_or_default();
        let left = entries.map_or("*".to_owned(), |count| count.to_string());
        let until = match status {
            Active => "2027-12-31",
            Expired => "2026-06-15",
            _ => "",
        };
        let services = ["S_AUG", "S_RAY", "S_GEO", "S_CAS"];
        let services = services
            .map(|service| format!("{service}:{left}"))
            .join(",");
        text += &format!("{number};{};30;{until};{services}\n", status.as_str());
    }
    PassBook::from_csv(text.as_bytes())
        .map_err(|error| Broken::new(WELL_FORMED, format!("{error:#}")))
}

/// How often a card still opens a service.
#[must_use]
pub fn left(pass: Option<&Pass>) -> u64 {
    let services = pass.into_iter().flat_map(|pass| pass.services.values());
    services
        .map(|left| match left {
            EntriesLeft::Count(count) => u64::from(*count),
            EntriesLeft::Unlimited => 0,
        })
        .sum()
}

/// When stories begin, but for the hour: the last Saturday of October, so that
/// some live through the night in which clocks are put back.
#[must_use]
pub fn first_moment() -> Timestamp {
    Timestamp::from_millis_clamped(1_792_801_800_000)
}

/// The catalogue as it is at first.
///
/// # Errors
/// Never: the text below is right.
pub fn catalogue() -> Result<Catalogue, Broken> {
    let catalogue = boxoffice::read_catalogue(CATALOGUE);
    catalogue.map_err(|problems| Broken::new(WELL_FORMED, format!("{problems:?}")))
}

const CATALOGUE: &str = r#"
season = [{ code = "VN26", name = "Saison 2026" }]
product = [
  { season = "VN26", code = "PASSVN", family = "OPEN_PASS", name = "Pass" },
  { season = "VN26", code = "PASSVN2", family = "OPEN_PASS", name = "Pass 2" },
  { season = "VN26", code = "PASSVN3", family = "OPEN_PASS", name = "Pass 3" },
]
tariff = [
  { product = "PASSVN", code = "CITYPASS", price_minor = 950, vat_basis_points = 550 },
  { product = "PASSVN2", code = "CITYLIGHT", price_minor = 475, vat_basis_points = 550 },
  { product = "PASSVN3", code = "CITYLATE", price_minor = 703, vat_basis_points = 2000 },
]
tariff_mapping = [
  { product = "PASSVN", tariff = "CITYPASS" },
  { product = "PASSVN2", tariff = "CITYLIGHT" },
  { product = "PASSVN3", tariff = "CITYLATE" },
]
[sales_channel]
code = "OTIPASS"
type = "STX_FILE"
[contact]
number = "000042"
name = "Otipass"
payment_modes = ["PENDING_ACCOUNT"]
"#;

/// What a product costs, by the model's own reckoning.
#[derive(Debug, Clone, Default)]
pub struct PriceList {
    /// Changes of the first product's price: from which day on, minor units; in
    /// the order in which they were entered.
    changes: Vec<(BusinessDay, i64)>,
}

impl PriceList {
    /// Enters a price beside the former ones.
    pub fn enter(&mut self, from: BusinessDay, minor: i64) {
        self.changes.retain(|(day, _)| *day != from);
        self.changes.push((from, minor));
    }

    /// Price and VAT of `product` on `day`, in minor units.
    #[must_use]
    pub fn on(&self, product: &str, day: BusinessDay) -> (i64, i64) {
        let (gross, percent_of_hundred) = match product {
            "PASSVN" => {
                let valid = self.changes.iter().filter(|(from, _)| *from <= day);
                let latest = valid.max_by_key(|(from, _)| *from);
                (latest.map_or(950, |(_, minor)| *minor), 550)
            }
            "PASSVN2" => (475, 550),
            _ => (703, 2000),
        };
        // Half up, in whole numbers: gross · r / (1 + r).
        let net_of = 10_000 + percent_of_hundred;
        (
            gross,
            (gross * percent_of_hundred + net_of / 2).div_euclid(net_of),
        )
    }
}
