//! The service side of the access control service: what the gate hands over is
//! staged, and waits for its sale.

use crate::BOOKS;
use crate::cancellation::{self, Cancelled};
use crate::catalogue::load_catalogue;
use crate::readiness::{HeldReason, readiness};
use crate::retention::{self, Pseudonyms};
use crate::staged::{self, Control, Staged, StagedState, conflict};
use crate::stx_row_check::same_moment;
use crate::{BoxOffice, Catalogue, ticket};
use db::{DbError, Tx, params};
use kernel::{BusinessDay, ControlBarcode, SeasonCode, Timestamp, Zone};
use secutix::wire::{
    self, ControlOperation, ControlOperationType, ControlResult, ControlledTicket,
    ControlledTicketData, ImportControlledTicketAnswer, MAX_CONTROLLED_TICKETS, ReceivedTicket,
    TicketKind, TicketResult, TimeZoneAnswer, ValidityState,
};
use std::sync::Arc;

/// Why a batch was not taken; nothing of it was staged.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// More items than a call may carry.
    #[error(
        "the call carries {count} tickets; send at most {} at a time",
        MAX_CONTROLLED_TICKETS
    )]
    TooMany {
        /// How many.
        count: usize,
    },
    /// The database failed.
    #[error("the barcodes could not be staged; send them again")]
    Db(#[from] DbError),
}

/// Why the catalogue was not given.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueAnswerError {
    /// No season has this code.
    #[error("the catalogue has no season {season}; correct the season code or leave it out")]
    SeasonNotFound {
        /// The season.
        season: SeasonCode,
    },
    /// The database failed.
    #[error("the catalogue could not be read")]
    Db(#[from] DbError),
}

impl BoxOffice {
    /// `importControlledTicket`: stages each admission once, however often it is
    /// sent, and answers for each item in the order of the call. Refusals at the
    /// gate are acknowledged and not staged. A cancellation voids what was made
    /// of its barcode, which must have come before.
    ///
    /// # Errors
    /// [`StagingError`]; nothing was staged.
    pub async fn import_controlled(
        &self,
        tickets: Vec<ReceivedTicket>,
    ) -> Result<ImportControlledTicketAnswer, StagingError> {
        if tickets.len() > MAX_CONTROLLED_TICKETS {
            return Err(StagingError::TooMany {
                count: tickets.len(),
            });
        }
        let now = self.clock.now();
        let organisation = Arc::clone(&self.organisation);
        let (ticket_results, staged, cancelled) = self
            .db
            .write("stage barcodes", move |tx| {
                tx.one_at_a_time(BOOKS)?;
                let pseudonyms = Pseudonyms::load(tx)?;
                let mut staging = Staging {
                    catalogue: load_catalogue(tx)?,
                    zone: &organisation.zone,
                    received_at: now,
                    staged: 0,
                    cancelled: 0,
                };
                let results = tickets
                    .iter()
                    .map(|ticket| match ticket {
                        ReceivedTicket::Malformed(result) => Ok(result.clone()),
                        ReceivedTicket::WellFormed(ticket) => {
                            let day = organisation.zone.business_day(ticket.control_date);
                            let Some(pseudonym) = pseudonyms.of(tx, &ticket.barcode)? else {
                                return staging.take(tx, ticket, day);
                            };
                            let stored = ControlledTicket {
                                barcode: pseudonym,
                                ..ticket.clone()
                            };
                            let result = staging.take(tx, &stored, day)?;
                            retention::note_without_card(tx, &stored.barcode, now)?;
                            Ok(TicketResult {
                                barcode: Some(ticket.barcode.clone()),
                                ..result
                            })
                        }
                    })
                    .collect::<Result<Vec<_>, DbError>>()?;
                Ok::<_, DbError>((results, staging.staged, staging.cancelled))
            })
            .await?;
        metrics::counter!("passerelle_staged_total").increment(staged);
        metrics::counter!("passerelle_cancelled_total").increment(cancelled);
        Ok(ImportControlledTicketAnswer { ticket_results })
    }

    /// `getControlledTicket`: the barcode with its control and, if there was
    /// one, its cancellation; `None` if it was neither staged nor sold.
    pub async fn controlled_ticket(
        &self,
        barcode: ControlBarcode,
    ) -> Result<Option<ControlledTicketData>, DbError> {
        self.db
            .read("controlled ticket", move |tx| {
                let pseudonym = Pseudonyms::load(tx)?.of(tx, &barcode)?;
                let stored = pseudonym.as_ref().unwrap_or(&barcode);
                let staged = staged::find(tx, stored)?;
                let control = match &staged {
                    Some(staged) => match staged.control_result {
                        Control::Online => (ControlOperationType::Ok, staged.controlled_at),
                        Control::Offline => (ControlOperationType::OfflineOk, staged.controlled_at),
                    },
                    None => match ticket::find(tx, stored)? {
                        Some(ticket) => (ControlOperationType::Ok, ticket.controlled_at),
                        None => return Ok(None),
                    },
                };
                let cancellation = staged
                    .and_then(|staged| staged.cancelled_at)
                    .map(|at| (ControlOperationType::CancelledTicket, at));
                Ok(Some(ControlledTicketData {
                    barcode: barcode.clone(),
                    container_ticket: false,
                    control_operations: std::iter::once(control)
                        .chain(cancellation)
                        .map(|(operation, at)| ControlOperation {
                            control_operation_type: operation,
                            operation_date_time: at,
                        })
                        .collect(),
                    duplicate: false,
                    state: match cancellation {
                        Some(_) => ValidityState::Cancelled,
                        None => ValidityState::Valid,
                    },
                    ticket_kind: TicketKind::ThirdParty,
                }))
            })
            .await
    }

    /// `getAccessControlCatalog`: the seasons with their products, or one season.
    pub async fn access_control_catalogue(
        &self,
        season: Option<SeasonCode>,
    ) -> Result<wire::Catalogue, CatalogueAnswerError> {
        let catalogue = self
            .db
            .read("access control catalogue", load_catalogue)
            .await
            .map_err(CatalogueAnswerError::Db)?;
        let seasons: Vec<_> = catalogue
            .seasons
            .iter()
            .filter(|s| season.as_ref().is_none_or(|code| s.code == *code))
            .map(|s| wire::CatalogueSeason {
                code: s.code.clone(),
                name: s.name.clone(),
                products: products_of(&catalogue, &s.code),
            })
            .collect();
        match season {
            Some(season) if seasons.is_empty() => {
                Err(CatalogueAnswerError::SeasonNotFound { season })
            }
            _ => Ok(wire::Catalogue { seasons }),
        }
    }

    /// `getTimeZone`.
    #[must_use]
    pub fn time_zone(&self) -> TimeZoneAnswer {
        TimeZoneAnswer {
            time_zone: self.organisation.zone.clone(),
        }
    }
}

fn products_of(catalogue: &Catalogue, season: &SeasonCode) -> Vec<wire::CatalogueProduct> {
    catalogue
        .products
        .iter()
        .filter(|p| p.season == *season)
        .map(|p| wire::CatalogueProduct {
            code: p.code.clone(),
            name: p.name.clone(),
            family: p.family.clone(),
        })
        .collect()
}

struct Staging<'a> {
    catalogue: Catalogue,
    zone: &'a Zone,
    received_at: Timestamp,
    /// How many barcodes are new.
    staged: u64,
    /// How many entries were taken back.
    cancelled: u64,
}

impl Staging<'_> {
    fn take(
        &mut self,
        tx: &mut Tx<'_>,
        item: &ControlledTicket,
        business_day: BusinessDay,
    ) -> Result<TicketResult, DbError> {
        let control_result = match item.control_result {
            ControlResult::Ok => Control::Online,
            ControlResult::OfflineOk => Control::Offline,
            // A refusal sells nothing.
            ControlResult::Fail | ControlResult::OfflineFail => {
                return Ok(TicketResult::accepted(item.barcode.clone()));
            }
            ControlResult::CancelledTicket => {
                let booked = cancellation::cancel(tx, item, business_day, self.received_at)?;
                return Ok(match booked {
                    Cancelled::Now(result) => {
                        self.cancelled += 1;
                        result
                    }
                    Cancelled::Unchanged(result) => result,
                });
            }
        };
        let fresh = Staged {
            season: item.season_code.clone(),
            product: item.product_code.clone(),
            sector: item.ac_identifier.clone(),
            control_result,
            controlled_at: item.control_date,
            business_day,
            cancelled_at: None,
        };
        if let Some(known) = staged::find(tx, &item.barcode)? {
            return Ok(answer(&item.barcode, &differences(&known, &fresh)));
        }
        // A stranger's file may have sold it before the gate's word arrived.
        let sold = ticket::find(tx, &item.barcode)?;
        if let Some(ticket) = &sold {
            let known = Staged {
                season: ticket.season.clone(),
                product: ticket.product.clone(),
                controlled_at: if same_moment(self.zone, ticket.controlled_at, item.control_date) {
                    item.control_date
                } else {
                    ticket.controlled_at
                },
                ..fresh.clone()
            };
            let differences = differences(&known, &fresh);
            if !differences.is_empty() {
                return Ok(answer(&item.barcode, &differences));
            }
            ticket::note_sector(tx, ticket, &fresh.sector)?;
        }
        let state = match &sold {
            Some(_) => StagedState::Sold,
            None => StagedState::unsold(self.readiness(&fresh)),
        };
        let (state, held) = state.columns();
        tx.query_one(
            "INSERT INTO box_staged
                 (barcode, season, product, sector, control_result, controlled_at, business_day,
                  received_at, state, held_reason)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (barcode) DO NOTHING RETURNING id",
            params![
                &item.barcode,
                &fresh.season,
                &fresh.product,
                &fresh.sector,
                fresh.control_result,
                fresh.controlled_at,
                fresh.business_day,
                self.received_at,
                state,
                held
            ],
        )?;
        self.staged += 1;
        Ok(TicketResult::accepted(item.barcode.clone()))
    }

    fn readiness(&self, staged: &Staged) -> Option<HeldReason> {
        readiness(
            &self.catalogue,
            &staged.season,
            &staged.product,
            staged.business_day,
        )
        .err()
    }
}

/// In what an item differs from what was taken under its barcode before.
fn differences(known: &Staged, fresh: &Staged) -> Vec<&'static str> {
    [
        ("seasonCode", known.season != fresh.season),
        ("productCode", known.product != fresh.product),
        ("acIdentifier", known.sector != fresh.sector),
        ("controlDate", known.controlled_at != fresh.controlled_at),
        (
            "controlResult",
            known.control_result != fresh.control_result,
        ),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

fn answer(barcode: &ControlBarcode, differences: &[&str]) -> TicketResult {
    match differences {
        [] => TicketResult::accepted(barcode.clone()),
        _ => conflict(barcode, differences),
    }
}
