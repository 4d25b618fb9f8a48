//! The office of a story: sales runs, files from elsewhere, the catalogue.

use crate::bookkeeping::Bookkeeping;
use crate::broken::ensure;
use crate::house::House;
use crate::operation::{Part, Stranger};
use crate::site::{self, PriceList};
use crate::{Broken, Planted};
use boxoffice::catalogue::{Tariff, apply_catalogue};
use boxoffice::{BoxOffice, ImportError, RunError};
use db::{Db, DbError, params};
use kernel::{BusinessDay, ControlBarcode, Money, Timestamp, VatRate, Zone};
use secutix::stx::{self, Dialect, Operation, StxRow, TicketState};
use std::error::Error;

/// An external sales run. What it sold must be at the model's prices.
///
/// # Errors
/// If it fails, or sells at another price.
pub async fn sell(
    box_office: &BoxOffice,
    Bookkeeping { db, planted, .. }: &Bookkeeping,
    prices: &PriceList,
) -> Result<(), Broken> {
    let last = last_ticket(db).await?;
    match box_office.run_external_sales().await {
        Ok(_) | Err(RunError::Import(ImportError::ChannelInvalid)) => {}
        Err(error) => return Err(Broken::error("external sales never fail")(error)),
    }
    plant(db, *planted, last).await?;
    look_at_prices(db, prices, last).await
}

async fn last_ticket(db: &Db) -> Result<i64, Broken> {
    let last = "SELECT COALESCE(MAX(id), 0) AS id FROM box_ticket";
    db.read("last ticket", move |tx| Ok(tx.value(last, params![])?))
        .await
}

async fn plant(db: &Db, planted: Option<Planted>, after: i64) -> Result<(), Broken> {
    let wrong_line = "UPDATE box_account_line SET amount_minor = amount_minor + 1
                      WHERE ticket_id > $1 AND ticket_id % 3 = 0";
    let wrong_ticket = "UPDATE box_ticket SET price_minor = price_minor + 1
                        WHERE id > $1 AND id % 3 = 0";
    let wrong = match planted {
        Some(Planted::WrongMoney) => vec![wrong_line],
        Some(Planted::WrongPrice) => vec![wrong_line, wrong_ticket],
        _ => Vec::new(),
    };
    for sql in wrong {
        db.write("planted", move |tx| tx.execute(sql, params![after]))
            .await?;
    }
    Ok(())
}

struct Sold {
    product: String,
    business_day: BusinessDay,
    price_minor: i64,
    vat_minor: i64,
}

db::from_row! {
    Sold { product, business_day, price_minor, vat_minor }
}

/// Each ticket after `after` costs what the model says, with its VAT.
async fn look_at_prices(db: &Db, prices: &PriceList, after: i64) -> Result<(), Broken> {
    let sold = db.read("sold now", move |tx| {
        tx.query_as::<Sold>(
            "SELECT product, business_day, price_minor, vat_minor FROM box_ticket WHERE id > $1",
            params![after],
        )
    });
    for sold in sold.await? {
        let (product, day) = (&sold.product, sold.business_day);
        let (price, vat) = (sold.price_minor, sold.vat_minor);
        let expected = prices.on(product, day);
        ensure!(
            (price, vat) == expected,
            "a sale costs what the tariff says on the day of the scan",
            "{product} on {day} was sold for {price} with VAT {vat}, not {expected:?}"
        );
    }
    Ok(())
}

const CHANGED: &str = "the catalogue can be changed";

fn wrong<E: Error>(error: E) -> Broken {
    Broken::error("a file can be made")(error)
}

/// Somebody enters a price of the first product, from so many days after the
/// story's first on.
///
/// # Errors
/// If that fails.
pub async fn price(house: &mut House, minor: i64, from_day: i64) -> Result<(), Broken> {
    let first_day = Zone::utc().business_day(site::first_moment());
    let day = first_day.plus_days(from_day);
    house.prices.enter(day, minor);
    let tariffs = &mut house.catalogue.tariffs;
    tariffs.retain(|t| t.valid_from != Some(day));
    tariffs.push(Tariff {
        product: "PASSVN".parse().map_err(Broken::error(CHANGED))?,
        code: "CITYPASS".parse().map_err(Broken::error(CHANGED))?,
        price: Some(Money::from_minor(minor)),
        vat: Some(VatRate::from_basis_points(550)),
        valid_from: Some(day),
        valid_until: None,
    });
    let applied = apply_catalogue(&house.db, house.catalogue.clone()).await;
    applied.map_err(Broken::error(CHANGED))
}

/// Somebody takes a part of the catalogue away, or brings all of it back.
///
/// # Errors
/// If that fails.
pub async fn change(house: &House, part: Part, there: bool) -> Result<(), Broken> {
    if there {
        let applied = apply_catalogue(&house.db, house.catalogue.clone()).await;
        return applied.map_err(Broken::error(CHANGED));
    }
    let sql = match part {
        Part::TariffMapped => "DELETE FROM box_tariff_mapping WHERE product = 'PASSVN2'",
        Part::ProductKnown => "DELETE FROM box_product WHERE code = 'PASSVN3'",
        Part::ChannelValid => "UPDATE box_sales_channel SET type = 'WEB' WHERE code = 'OTIPASS'",
        Part::ContactValid => "DELETE FROM box_contact_payment_mode",
    };
    let changed = house
        .db
        .write("change", move |tx| tx.execute(sql, params![]));
    changed
        .await
        .map(drop)
        .map_err(Broken::error::<DbError>(CHANGED))
}

/// A barcode with what a row of it says.
struct Offer {
    barcode: ControlBarcode,
    product: String,
    controlled_at: Timestamp,
}

db::from_row! {
    Offer { barcode, product, controlled_at }
}

/// A file from elsewhere is imported.
///
/// # Errors
/// If that fails, or it sells at another price.
pub async fn strangers_file(house: &mut House, stranger: Stranger) -> Result<(), Broken> {
    if house.abroad.is_some() {
        // They go elsewhere, too.
        return Ok(());
    }
    house.strangers += 1;
    let number = house.strangers;
    let offer = match stranger {
        Stranger::Foreign => Some(Offer {
            barcode: format!("EXT{number:08}").parse().map_err(wrong)?,
            product: "PASSVN".to_owned(),
            controlled_at: site::first_moment().plus_ms(i64::from(number) * 60_000),
        }),
        // A stranger who is first with a wrong moment would be believed; ticketing
        // then refuses ours, and a person has to settle it.
        Stranger::OtherMoment => latest(house, "box_staged ORDER BY id").await?,
        Stranger::Ours | Stranger::WrongPrice => {
            latest(house, "gate_control_barcode ORDER BY seq").await?
        }
    };
    let Some(mut offer) = offer else {
        return Ok(());
    };
    let day = house.gate.site().zone.business_day(offer.controlled_at);
    let (mut price, _) = house.prices.on(&offer.product, day);
    match stranger {
        Stranger::WrongPrice => price += 1,
        Stranger::OtherMoment => offer.controlled_at = offer.controlled_at.plus_ms(1_000),
        Stranger::Foreign | Stranger::Ours => {}
    }
    let dialect = Dialect::default().in_time_of(&house.gate.site().zone);
    let text = stx::write([&row(offer, price, number)?], &dialect);
    let last = last_ticket(&house.db).await?;
    let mut incoming = house.box_office.receive("stranger");
    incoming.take(text.as_bytes()).await.map_err(wrong)?;
    let received = incoming.ended().await.map_err(wrong)?;
    match house.box_office.import_received(received).await {
        Ok(_) | Err(ImportError::ChannelInvalid) => {}
        Err(error) => return Err(Broken::error("an import never fails")(error)),
    }
    look_at_prices(&house.db, &house.prices, last).await
}

async fn latest(house: &House, of: &str) -> Result<Option<Offer>, Broken> {
    let sql = format!("SELECT barcode, product, controlled_at FROM {of} DESC LIMIT 1");
    let read = house.db.read("a barcode of ours", move |tx| {
        Ok(tx.query_opt_as(&sql, params![])?)
    });
    read.await
}

fn row(offer: Offer, price: i64, number: u32) -> Result<StxRow, Broken> {
    let (tariff, vat) = match offer.product.as_str() {
        "PASSVN" => ("CITYPASS", 550),
        "PASSVN2" => ("CITYLIGHT", 550),
        _ => ("CITYLATE", 2000),
    };
    let moment = offer.controlled_at;
    Ok(StxRow {
        institution: "VILLEN".parse().map_err(wrong)?,
        organisation: "VILLEN".parse().map_err(wrong)?,
        order_number: Some(format!("EXT-{number}").parse().map_err(wrong)?),
        order_date: moment,
        operation: Operation::Sale,
        remark: String::new(),
        buying_contact: Some("000042".parse().map_err(wrong)?),
        season: "VN26".parse().map_err(wrong)?,
        product: offer.product.parse().map_err(wrong)?,
        tariff: tariff.parse().map_err(wrong)?,
        price: Money::from_minor(price),
        vat: VatRate::from_basis_points(vat),
        payment_date: (price != 0).then_some(moment),
        ticket_state: TicketState::Controlled,
        generation_date: Some(moment),
        barcode: offer.barcode,
        tax_number: None,
        shipment_date: None,
        shipment_mode: Some("E_TICKET".to_owned()),
    })
}
