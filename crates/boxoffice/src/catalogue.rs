//! What can be sold, to whom, at what price.

use crate::BOOKS;
use db::{Db, DbError, Tx, params};
use kernel::{
    BusinessDay, ContactNumber, Money, ProductCode, SalesChannelCode, SeasonCode, TariffCode,
    VatRate,
};
use secutix::wire::ProductFamily;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use toml::value::Datetime;

/// The whole catalogue, as a file describes it or the database holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The seasons.
    pub seasons: Vec<Season>,
    /// The products, each of one season.
    pub products: Vec<Product>,
    /// The tariffs; a price that changes has several entries.
    pub tariffs: Vec<Tariff>,
    /// Which tariff a scan of a product sells.
    pub tariff_mappings: Vec<TariffMapping>,
    /// The sales channels.
    pub sales_channels: Vec<SalesChannel>,
    /// The contacts.
    pub contacts: Vec<Contact>,
    /// The contact that buys what scans sell.
    pub buyer: Option<ContactNumber>,
}

/// A season.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Season {
    /// Its code.
    pub code: SeasonCode,
    /// Its name, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// A product of a season.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Product {
    /// The season.
    pub season: SeasonCode,
    /// Its code.
    pub code: ProductCode,
    /// Its family; only Open Pass can be sold by scans.
    pub family: ProductFamily,
    /// Its name, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// The price of a product in a tariff for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tariff {
    /// The product.
    pub product: ProductCode,
    /// The tariff's code.
    pub code: TariffCode,
    /// The price, VAT included; without it nothing can be sold.
    #[serde(rename = "price_minor", skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// The VAT rate; without it nothing can be sold.
    #[serde(rename = "vat_basis_points", skip_serializing_if = "Option::is_none")]
    pub vat: Option<VatRate>,
    /// The first business day on which it is valid; always so far if none.
    #[serde(serialize_with = "write_day")]
    pub valid_from: Option<BusinessDay>,
    /// The last business day on which it is valid; open if none.
    #[serde(serialize_with = "write_day")]
    pub valid_until: Option<BusinessDay>,
}

/// The tariff that a scan of a product sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TariffMapping {
    /// The product.
    pub product: ProductCode,
    /// The tariff.
    pub tariff: TariffCode,
}

/// A sales channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SalesChannel {
    /// Its code.
    pub code: SalesChannelCode,
    /// Its type, which ticketing does not let change once it is saved.
    #[serde(rename = "type")]
    pub channel_type: ChannelType,
}

kernel::open_words! {
    /// The type of a sales channel.
    pub enum ChannelType {
        /// An external reseller's sales come in by file.
        StxFile = "STX_FILE",
    }
}

impl ChannelType {
    /// Whether sales come in by STX_File.
    #[must_use]
    pub fn is_stx_file(&self) -> bool {
        *self == Self::StxFile
    }
}

/// Someone who buys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// Its number.
    pub number: ContactNumber,
    /// Its name, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How it may pay.
    pub payment_modes: Vec<PaymentMode>,
}

kernel::open_words! {
    /// A way to pay.
    pub enum PaymentMode {
        /// What is bought is paid later.
        PendingAccount = "PENDING_ACCOUNT",
    }
}

/// As TOML has days: without quotation marks.
fn write_day<S: Serializer>(day: &Option<BusinessDay>, to: S) -> Result<S::Ok, S::Error> {
    let day = day.and_then(|day| day.to_string().parse::<Datetime>().ok());
    day.serialize(to)
}

db::from_row! {
    Season { code, name }
    Product { season, code, family, name }
    Tariff {
        product, code, price = "price_minor", vat = "vat_basis_points", valid_from, valid_until
    }
    TariffMapping { product, tariff }
    SalesChannel { code, channel_type = "type" }
}

/// Why the catalogue was not changed or read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// No season has the product.
    #[error("no season has the product {product}; add it to the catalogue first")]
    ProductUnknown {
        /// The product.
        product: ProductCode,
    },
    /// The product has no such tariff.
    #[error(
        "the product {product} has no tariff {tariff}; add the tariff with its price and VAT first"
    )]
    TariffUnknown {
        /// The product.
        product: ProductCode,
        /// The tariff.
        tariff: TariffCode,
    },
    /// The database failed.
    #[error("the catalogue could not be read or written")]
    Db(#[from] DbError),
}

impl Catalogue {
    /// The tariff that a scan of `product` sells.
    #[must_use]
    pub fn mapped_tariff(&self, product: &ProductCode) -> Option<&TariffCode> {
        self.tariff_mappings
            .iter()
            .find(|mapping| mapping.product == *product)
            .map(|mapping| &mapping.tariff)
    }
}

/// Inserts or updates all of `catalogue` in one transaction. What is in the
/// database and not here stays; a contact may pay just as it says here, and the
/// buyer of `catalogue`, if it has one, takes the place of the former.
///
/// # Errors
/// The database failed; nothing was changed.
pub async fn apply_catalogue(db: &Db, catalogue: Catalogue) -> Result<(), DbError> {
    let catalogue = Arc::new(catalogue);
    db.write("apply catalogue", move |tx| save_catalogue(tx, &catalogue))
        .await
}

/// Lets a scan of `product` sell `tariff` from now on, also what is held; gives
/// the tariff before.
///
/// # Errors
/// [`CatalogueError`] if the product or its tariff is unknown.
pub fn map_tariff(
    tx: &mut Tx<'_>,
    product: &ProductCode,
    tariff: &TariffCode,
) -> Result<Option<TariffCode>, CatalogueError> {
    tx.one_at_a_time(BOOKS)?;
    let catalogue = load_catalogue(tx)?;
    if !catalogue.products.iter().any(|p| p.code == *product) {
        return Err(CatalogueError::ProductUnknown {
            product: product.clone(),
        });
    }
    let mut tariffs = catalogue.tariffs.iter();
    if !tariffs.any(|t| t.product == *product && t.code == *tariff) {
        return Err(CatalogueError::TariffUnknown {
            product: product.clone(),
            tariff: tariff.clone(),
        });
    }
    let mapping = TariffMapping {
        product: product.clone(),
        tariff: tariff.clone(),
    };
    save_mapping(tx, &mapping)?;
    Ok(catalogue.mapped_tariff(product).cloned())
}

/// The first day of a tariff that has none, so that it can be part of a key.
const OPEN_START: &str = "0001-01-01";

/// Inserts or updates all of it, as [`apply_catalogue`] does.
pub fn save_catalogue(tx: &mut Tx<'_>, catalogue: &Catalogue) -> Result<(), DbError> {
    tx.one_at_a_time(BOOKS)?;
    for season in &catalogue.seasons {
        tx.execute(
            "INSERT INTO box_season (code, name) VALUES ($1, $2)
             ON CONFLICT (code) DO UPDATE SET name = $2",
            params![&season.code, &season.name],
        )?;
    }
    for product in &catalogue.products {
        tx.execute(
            "INSERT INTO box_product (season, code, family, name) VALUES ($1, $2, $3, $4)
             ON CONFLICT (season, code) DO UPDATE SET family = $3, name = $4",
            params![
                &product.season,
                &product.code,
                &product.family,
                &product.name
            ],
        )?;
    }
    // A corrected first day must not leave the wrong entry beside the right one.
    for tariff in &catalogue.tariffs {
        tx.execute(
            "DELETE FROM box_tariff WHERE product = $1 AND code = $2",
            params![&tariff.product, &tariff.code],
        )?;
    }
    for tariff in &catalogue.tariffs {
        let from = tariff.valid_from.map(|day| day.to_string());
        tx.execute(
            "INSERT INTO box_tariff
                 (product, code, valid_from, valid_until, price_minor, vat_basis_points)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (product, code, valid_from) DO UPDATE
             SET valid_until = $4, price_minor = $5, vat_basis_points = $6",
            params![
                &tariff.product,
                &tariff.code,
                from.as_deref().unwrap_or(OPEN_START),
                tariff.valid_until,
                tariff.price,
                tariff.vat
            ],
        )?;
    }
    for mapping in &catalogue.tariff_mappings {
        save_mapping(tx, mapping)?;
    }
    for channel in &catalogue.sales_channels {
        tx.execute(
            "INSERT INTO box_sales_channel (code, type) VALUES ($1, $2)
             ON CONFLICT (code) DO UPDATE SET type = $2",
            params![&channel.code, &channel.channel_type],
        )?;
    }
    for contact in &catalogue.contacts {
        save_contact(tx, contact)?;
    }
    if let Some(buyer) = &catalogue.buyer {
        tx.execute(
            "UPDATE box_contact SET buyer = CASE WHEN number = $1 THEN 1 ELSE 0 END",
            params![buyer],
        )?;
    }
    Ok(())
}

/// Whether anything on record was sold, or is to be sold, as this product of this
/// season, or as any of it.
pub fn is_staged(
    tx: &mut Tx<'_>,
    season: &SeasonCode,
    product: Option<&ProductCode>,
) -> Result<bool, DbError> {
    tx.exists(
        "SELECT 1 AS one FROM box_staged WHERE season = $1 AND product = COALESCE($2, product)
         LIMIT 1",
        params![season, product],
    )
}

/// Makes the catalogue just what `catalogue` says: what it does not name goes.
/// What was sold stays as it was; what is staged is judged anew by the next run.
pub fn replace_catalogue(tx: &mut Tx<'_>, catalogue: &Catalogue) -> Result<(), DbError> {
    tx.one_at_a_time(BOOKS)?;
    for table in [
        "box_season",
        "box_product",
        "box_tariff",
        "box_tariff_mapping",
        "box_sales_channel",
        "box_contact_payment_mode",
        "box_contact",
    ] {
        tx.execute(&format!("DELETE FROM {table}"), params![])?;
    }
    save_catalogue(tx, catalogue)
}

fn save_mapping(tx: &mut Tx<'_>, mapping: &TariffMapping) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO box_tariff_mapping (product, tariff) VALUES ($1, $2)
         ON CONFLICT (product) DO UPDATE SET tariff = $2",
        params![&mapping.product, &mapping.tariff],
    )
}

fn save_contact(tx: &mut Tx<'_>, contact: &Contact) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO box_contact (number, name, buyer) VALUES ($1, $2, 0)
         ON CONFLICT (number) DO UPDATE SET name = $2",
        params![&contact.number, &contact.name],
    )?;
    tx.execute(
        "DELETE FROM box_contact_payment_mode WHERE contact = $1",
        params![&contact.number],
    )?;
    for mode in &contact.payment_modes {
        tx.execute(
            "INSERT INTO box_contact_payment_mode (contact, mode) VALUES ($1, $2)
             ON CONFLICT (contact, mode) DO NOTHING",
            params![&contact.number, mode],
        )?;
    }
    Ok(())
}

/// The catalogue as `tx` sees it.
pub fn load_catalogue(tx: &mut Tx<'_>) -> Result<Catalogue, DbError> {
    let mut catalogue = Catalogue {
        seasons: tx.query_as("SELECT code, name FROM box_season ORDER BY code", params![])?,
        products: tx.query_as(
            "SELECT season, code, family, name FROM box_product ORDER BY season, code",
            params![],
        )?,
        tariffs: tx.query_as(
            "SELECT product, code, NULLIF(valid_from, $1) AS valid_from, valid_until, price_minor,
                    vat_basis_points
             FROM box_tariff ORDER BY product, code, box_tariff.valid_from",
            params![OPEN_START],
        )?,
        tariff_mappings: tx.query_as(
            "SELECT product, tariff FROM box_tariff_mapping ORDER BY product",
            params![],
        )?,
        sales_channels: tx.query_as(
            "SELECT code, type FROM box_sales_channel ORDER BY code",
            params![],
        )?,
        ..Catalogue::default()
    };
    load_contacts(tx, &mut catalogue)?;
    Ok(catalogue)
}

fn load_contacts(tx: &mut Tx<'_>, catalogue: &mut Catalogue) -> Result<(), DbError> {
    let contacts: Vec<(ContactNumber, String, bool)> = tx.query_as(
        "SELECT number, name, buyer FROM box_contact ORDER BY number",
        params![],
    )?;
    for (number, name, is_buyer) in contacts {
        if is_buyer {
            catalogue.buyer = Some(number.clone());
        }
        catalogue.contacts.push(Contact {
            number,
            name,
            payment_modes: Vec::new(),
        });
    }
    let modes: Vec<(ContactNumber, _)> = tx.query_as(
        "SELECT contact, mode FROM box_contact_payment_mode ORDER BY contact, mode",
        params![],
    )?;
    for (number, mode) in modes {
        if let Some(contact) = catalogue.contacts.iter_mut().find(|c| c.number == number) {
            contact.payment_modes.push(mode);
        }
    }
    Ok(())
}
