//! The office of a story: sales runs, files from elsewhere, the catalogue.

use crate::Broken;
use crate::Planted;
use crate::house::House;
use crate::operation::{Change, Stranger};
use crate::site::{self, PriceList};
use boxoffice::catalogue::Tariff;
use boxoffice::{BoxOffice, ImportError, ImportKind, RunError};
use db::{Db, DbError, params};
use kernel::{BusinessDay, ControlBarcode, Money, Timestamp, VatRate};
use secutix::stx::{Dialect, Operation, StxRow, StxWriter, TicketState};

/// An external sales run. What it sold must be at the model's prices.
///
/// # Errors
/// If it fails, or sells at another price.
pub async fn sell(
    box_office: &BoxOffice,
    db: &Db,
    prices: &PriceList,
    planted: Option<Planted>,
) -> Result<(), Broken> {
    let last = last_ticket(db).await?;
    match box_office.run_external_sales().await {
        Ok(_) | Err(RunError::Import(ImportError::ChannelInvalid)) => {}
        Err(error) => return Err(Broken::error("external sales never fail", &error)),
    }
    plant(db, planted, last).await?;
    look_at_prices(db, prices, last).await
}

async fn last_ticket(db: &Db) -> Result<i64, Broken> {
    db.read("last ticket", |tx| {
        tx.query_one(
            "SELECT COALESCE(MAX(id), 0) AS id FROM box_ticket",
            params![],
        )?
        .get("id")
    })
    .await
    .map_err(|e: DbError| Broken::error("the tickets can be read", &e))
}

async fn plant(db: &Db, planted: Option<Planted>, after: i64) -> Result<(), Broken> {
    let wrong: &[&'static str] = match planted {
        Some(Planted::WrongMoney) => {
            &["UPDATE box_account_line SET amount_minor = amount_minor + 1
             WHERE ticket_id > $1 AND ticket_id % 3 = 0"]
        }
        Some(Planted::WrongPrice) => &[
            "UPDATE box_account_line SET amount_minor = amount_minor + 1
             WHERE ticket_id > $1 AND ticket_id % 3 = 0",
            "UPDATE box_ticket SET price_minor = price_minor + 1
             WHERE id > $1 AND id % 3 = 0",
        ],
        _ => return Ok(()),
    };
    for sql in wrong {
        db.write("planted", move |tx| tx.execute(sql, params![after]))
            .await
            .map_err(|e: DbError| Broken::error("a bug can be planted", &e))?;
    }
    Ok(())
}

/// Each ticket after `after` costs what the model says, with its VAT.
async fn look_at_prices(db: &Db, prices: &PriceList, after: i64) -> Result<(), Broken> {
    let sold = db
        .read("sold now", move |tx| {
            tx.query(
                "SELECT product, business_day, price_minor, vat_minor FROM box_ticket
                 WHERE id > $1",
                params![after],
            )?
            .iter()
            .map(|row| {
                Ok::<(String, BusinessDay, i64, i64), DbError>((
                    row.get("product")?,
                    row.get("business_day")?,
                    row.get("price_minor")?,
                    row.get("vat_minor")?,
                ))
            })
            .collect::<Result<Vec<_>, _>>()
        })
        .await
        .map_err(|e| Broken::error("the tickets can be read", &e))?;
    for (product, day, price, vat) in sold {
        let expected = prices.on(&product, day);
        if (price, vat) != expected {
            return Err(Broken::new(
                "a sale costs what the tariff says on the day of the scan",
                format!("{product} on {day} was sold for {price} with VAT {vat}, not {expected:?}"),
            ));
        }
    }
    Ok(())
}

/// Somebody changes the catalogue.
///
/// # Errors
/// If that fails.
pub async fn change(house: &mut House, change: Change) -> Result<(), Broken> {
    let failed = |e: &dyn std::error::Error| Broken::error("the catalogue can be changed", e);
    let take_away = match change {
        Change::Price { minor, from_day } => {
            let day = business_day(site::first_moment()).plus_days(i64::from(from_day));
            let minor = i64::from(minor);
            house.prices.enter(day, minor);
            let tariffs = &mut house.catalogue.tariffs;
            tariffs.retain(|t| t.valid_from != Some(day));
            let (Ok(product), Ok(code)) = ("PASSVN".parse(), "CITYPASS".parse()) else {
                return Ok(());
            };
            tariffs.push(Tariff {
                product,
                code,
                price: Some(Money::from_minor(minor)),
                vat: Some(VatRate::from_basis_points(550)),
                valid_from: Some(day),
                valid_until: None,
            });
            None
        }
        Change::TariffMapped(true)
        | Change::ProductKnown(true)
        | Change::ChannelValid(true)
        | Change::ContactValid(true) => None,
        Change::TariffMapped(false) => {
            Some("DELETE FROM box_tariff_mapping WHERE product = 'PASSVN2'")
        }
        Change::ProductKnown(false) => Some("DELETE FROM box_product WHERE code = 'PASSVN3'"),
        Change::ChannelValid(false) => {
            Some("UPDATE box_sales_channel SET type = 'WEB' WHERE code = 'OTIPASS'")
        }
        Change::ContactValid(false) => Some("DELETE FROM box_contact_payment_mode"),
    };
    match take_away {
        Some(sql) => {
            let changed = house
                .db
                .write("change", move |tx| tx.execute(sql, params![]));
            changed.await.map(drop).map_err(|e: DbError| failed(&e))
        }
        // What was taken away comes back with the whole.
        None => boxoffice::catalogue::apply_catalogue(&house.db, house.catalogue.clone())
            .await
            .map_err(|e| failed(&e)),
    }
}

fn business_day(moment: Timestamp) -> BusinessDay {
    kernel::Zone::utc().business_day(moment)
}

/// A barcode of ours with what a row of it says.
struct Ours {
    barcode: ControlBarcode,
    product: String,
    controlled_at: Timestamp,
    business_day: BusinessDay,
}

/// A file from elsewhere is imported.
///
/// # Errors
/// If that fails, or it sells at another price.
pub async fn strangers_file(house: &mut House, stranger: Stranger) -> Result<(), Broken> {
    house.strangers += 1;
    let number = house.strangers;
    let zone: kernel::Zone = house.gate.site().zone.clone();
    let ours = match stranger {
        Stranger::Foreign => {
            let moment = site::first_moment().plus_ms(i64::from(number) * 60_000);
            format!("EXT{number:08}").parse().ok().map(|barcode| Ours {
                barcode,
                product: "PASSVN".to_owned(),
                controlled_at: moment,
                business_day: zone.business_day(moment),
            })
        }
        // A stranger who is first with a wrong moment would be believed; ticketing
        // then refuses ours, and a person has to settle it.
        Stranger::OtherMoment => of_ours(house, &zone, STAGED).await?,
        Stranger::Ours | Stranger::WrongPrice => of_ours(house, &zone, ANY).await?,
    };
    let Some(ours) = ours else { return Ok(()) };
    let (price, _) = house.prices.on(&ours.product, ours.business_day);
    let (moment, price) = match stranger {
        Stranger::WrongPrice => (ours.controlled_at, price + 1),
        Stranger::OtherMoment => (ours.controlled_at.plus_ms(1_000), price),
        Stranger::Foreign | Stranger::Ours => (ours.controlled_at, price),
    };
    let content = row(&ours, moment, price, number).and_then(|row| {
        let mut writer = StxWriter::new(Vec::new(), Dialect::default()).ok()?;
        writer.write(&row).ok()?;
        writer.finish().ok()
    });
    let Some(content) = content else {
        return Err(Broken::new("a file can be made", format!("{stranger:?}")));
    };
    let path = house.files().join(format!("stranger-{number}.stx.csv"));
    std::fs::write(&path, content).map_err(|e| Broken::error("a file can be made", &e))?;
    let last = last_ticket(&house.db).await?;
    match house
        .box_office
        .import_file(&path, ImportKind::Upload)
        .await
    {
        Ok(_) => {}
        // Who laid it down takes it away again.
        Err(ImportError::ChannelInvalid) => {
            std::fs::remove_file(&path).map_err(|e| Broken::error("there is a disk", &e))?;
        }
        Err(error) => return Err(Broken::error("an import never fails", &error)),
    }
    look_at_prices(&house.db, &house.prices, last).await
}

/// The latest barcode of the gate.
const ANY: &str = "SELECT barcode, product, controlled_at FROM gate_control_barcode
                   ORDER BY seq DESC LIMIT 1";
/// The latest that ticketing has.
const STAGED: &str = "SELECT barcode, product, controlled_at FROM box_staged
                      ORDER BY id DESC LIMIT 1";

async fn of_ours(
    house: &House,
    zone: &kernel::Zone,
    sql: &'static str,
) -> Result<Option<Ours>, Broken> {
    let zone = zone.clone();
    house
        .db
        .read("a barcode of ours", move |tx| {
            tx.query_opt(sql, params![])?
                .map(|row| {
                    let controlled_at: Timestamp = row.get("controlled_at")?;
                    Ok(Ours {
                        barcode: row.get("barcode")?,
                        product: row.get("product")?,
                        controlled_at,
                        business_day: zone.business_day(controlled_at),
                    })
                })
                .transpose()
        })
        .await
        .map_err(|e: DbError| Broken::error("the barcodes can be read", &e))
}

fn row(ours: &Ours, moment: Timestamp, price: i64, number: u32) -> Option<StxRow> {
    let (tariff, vat) = match ours.product.as_str() {
        "PASSVN" => ("CITYPASS", 550),
        "PASSVN2" => ("CITYLIGHT", 550),
        _ => ("CITYLATE", 2000),
    };
    Some(StxRow {
        institution: "VILLEN".parse().ok()?,
        organisation: "VILLEN".parse().ok()?,
        order_number: format!("EXT-{number}").parse().ok()?,
        order_date: moment,
        operation: Operation::Sale,
        remark: String::new(),
        buying_contact: "000042".parse().ok()?,
        season: "VN26".parse().ok()?,
        product: ours.product.parse().ok()?,
        tariff: tariff.parse().ok()?,
        price: Money::from_minor(price),
        vat: VatRate::from_basis_points(vat),
        payment_date: (price != 0).then_some(moment),
        ticket_state: TicketState::Controlled,
        generation_date: Some(moment),
        barcode: ours.barcode.clone(),
        tax_number: None,
        shipment_date: None,
        shipment_mode: Some("E_TICKET".to_owned()),
    })
}
