//! What came of the day, in numbers.

use crate::house::House;
use anyhow::Result;
use config::Config;
use db::DbError;
use kernel::{ControlBarcode, ProductCode};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The summary of a replay; spec, "Replaying a day".
#[derive(Debug, Serialize)]
pub struct Summary {
    checks: i64,
    retries: usize,
    conflicts: usize,
    outcomes: BTreeMap<String, i64>,
    control_barcodes: usize,
    orders: i64,
    tickets: i64,
    held: i64,
    held_reasons: BTreeMap<String, i64>,
    possible_pass_backs: i64,
    estimated_times: i64,
    pending_account_minor: i64,
    sales_by_product: BTreeMap<ProductCode, i64>,
    sales_by_season_and_product: BTreeMap<String, i64>,
    attendance_by_sector: BTreeMap<String, i64>,
    attendance_by_hour: BTreeMap<String, i64>,
    control_barcodes_sorted_sha256: String,
}

/// Reads the summary from what the service left in its database.
pub(crate) async fn summarise(config: Config, retries: usize, conflicts: usize) -> Result<Summary> {
    let house = House::open(config).await?;
    let today = house.site().await?.zone.business_day(house.clock.now());
    let db = &house.db;
    let (from, to) = gate::records::attendance::period(db)
        .await?
        .unwrap_or((today, today));
    let attendance = gate::records::attendance::attendance(db, from, to).await?;
    let barcodes = barcodes(db).await?;
    let doubts = gate::records::doubts::doubts(db).await?;
    let sold = boxoffice::report::counts(db).await?;
    Ok(Summary {
        checks: attendance.checks,
        retries,
        conflicts,
        outcomes: attendance.by_outcome,
        control_barcodes: barcodes.len(),
        orders: sold.orders,
        tickets: sold.tickets,
        held: sold.held,
        held_reasons: sold
            .held_reasons
            .iter()
            .map(|(reason, count)| (reason.as_str().to_owned(), *count))
            .collect(),
        possible_pass_backs: doubts.possible_pass_backs,
        estimated_times: doubts.estimated_times,
        pending_account_minor: sold.account.amount_minor.minor(),
        sales_by_product: sold.sales_by_product,
        sales_by_season_and_product: sold
            .sales_by_season_and_product
            .iter()
            .map(|((season, product), count)| (format!("{season}/{product}"), *count))
            .collect(),
        attendance_by_sector: attendance.by_sector,
        attendance_by_hour: attendance.by_hour,
        control_barcodes_sorted_sha256: sha256_of(&barcodes),
    })
}

/// All control barcodes, sorted bytewise.
async fn barcodes(db: &db::Db) -> Result<Vec<ControlBarcode>, DbError> {
    let mut all: Vec<ControlBarcode> = Vec::new();
    loop {
        let page = gate::records::ledger::page(db, all.last().cloned(), 5_000).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.into_iter().map(|entry| entry.barcode));
    }
}

/// The SHA-256 of the barcodes, joined by one newline, none at the end.
fn sha256_of(barcodes: &[ControlBarcode]) -> String {
    let text: Vec<_> = barcodes.iter().map(ControlBarcode::reveal).collect();
    kernel::hex(Sha256::digest(text.join("\n")))
}

impl Summary {
    /// The summary as the command prints it.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_else(|error| error.to_string())
    }

    /// In which of the fields that are expected this is something else.
    ///
    /// # Errors
    /// If the expected text is no JSON object.
    pub fn differences_from(&self, expected: &str) -> Result<Vec<String>, serde_json::Error> {
        let expected: BTreeMap<String, Value> = serde_json::from_str(expected)?;
        let found: BTreeMap<String, Value> = serde_json::from_str(&self.to_json())?;
        let fields = expected.keys();
        let differing = fields.filter(|field| expected.get(*field) != found.get(*field));
        let shown = |values: &BTreeMap<String, Value>, field: &String| {
            values
                .get(field)
                .map_or("nothing".to_owned(), Value::to_string)
        };
        Ok(differing
            .map(|field| {
                format!(
                    "{field}: {} where {} is expected",
                    shown(&found, field),
                    shown(&expected, field)
                )
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_over_the_barcodes_joined_by_newlines() {
        let barcodes = ["OTI1", "OTI2"].map(|b| b.parse().unwrap());
        // printf 'OTI1\nOTI2' | sha256sum
        assert_eq!(
            sha256_of(&barcodes),
            "344d25c20b78885ba8a409aeb73288c3a9edd919bb506551ad0b7aa779e427f1"
        );
    }
}
