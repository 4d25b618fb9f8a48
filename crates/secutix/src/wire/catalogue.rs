use kernel::{ProductCode, SeasonCode, Zone};
use serde::{Deserialize, Serialize};

/// `getAccessControlCatalog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAccessControlCatalogRequest {
    /// The caller's id of this call.
    #[serde(default, deserialize_with = "super::request_id")]
    pub request_id: String,
    /// Only this season; all of them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season_code: Option<SeasonCode>,
}

/// What `getAccessControlCatalog` gives. The method is documented, the layout
/// of its answer is assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    /// The seasons with their products.
    pub seasons: Vec<CatalogueSeason>,
}

/// A season of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueSeason {
    /// Its code.
    pub code: SeasonCode,
    /// Its name, for people.
    #[serde(default)]
    pub name: String,
    /// Its products.
    #[serde(default)]
    pub products: Vec<CatalogueProduct>,
}

/// A product of a season.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueProduct {
    /// Its code.
    pub code: ProductCode,
    /// Its name, for people.
    #[serde(default)]
    pub name: String,
    /// Its family.
    pub family: ProductFamily,
}

kernel::open_words! {
    /// The family of a product. Only Open Pass can be sold by scans.
    pub enum ProductFamily {
        /// The non-dated pass, controlled several times over several days.
        OpenPass = "OPEN_PASS",
    }
}

/// What the catalogue says about a season and a product in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// The season does not exist.
    SeasonUnknown,
    /// The season has no such product.
    ProductUnknown,
    /// The product is of another family.
    NotOpenPass,
    /// The product is an Open Pass.
    OpenPass,
}

impl Catalogue {
    /// Looks up `product` in `season`.
    #[must_use]
    pub fn find(&self, season: &SeasonCode, product: &ProductCode) -> Offer {
        let Some(season) = self.seasons.iter().find(|s| s.code == *season) else {
            return Offer::SeasonUnknown;
        };
        match season.products.iter().find(|p| p.code == *product) {
            None => Offer::ProductUnknown,
            Some(p) if p.family == ProductFamily::OpenPass => Offer::OpenPass,
            Some(_) => Offer::NotOpenPass,
        }
    }
}

/// `getTimeZone`, which also serves as a connection test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetTimeZoneRequest {
    /// The caller's id of this call.
    #[serde(default, deserialize_with = "super::request_id")]
    pub request_id: String,
}

/// What `getTimeZone` gives. The field's name is assumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeZoneAnswer {
    /// The institution's time zone, by its IANA name.
    pub time_zone: Zone,
}
