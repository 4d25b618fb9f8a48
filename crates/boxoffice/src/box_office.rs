use db::{Db, DbError, params};
use kernel::{Clock, Organisation};
use secutix::stx::{Column, Dialect, InvalidDialect};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The box office of one organisation.
#[derive(Debug)]
pub struct BoxOffice {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) organisation: Arc<Organisation>,
    pub(crate) dialect: Dialect,
    /// One external sales run at a time. Another process may still run one: the
    /// import takes each barcode once, whoever brings it.
    pub(crate) running: Mutex<()>,
}

impl BoxOffice {
    /// Opens the box office on a database with its tables; its STX_Files are spelt in
    /// `dialect`.
    ///
    /// # Errors
    /// [`InvalidDialect`]; one of ours must have some columns that a reader does without.
    pub fn open(
        db: Db,
        clock: Arc<dyn Clock>,
        organisation: Organisation,
        dialect: Dialect,
    ) -> Result<Self, InvalidDialect> {
        dialect.check()?;
        // Optional to a reader; our own rows need them.
        let needed = [
            Column::Organisation,
            Column::OrderNumber,
            Column::OrderDate,
            Column::BuyingContact,
            Column::PaymentDate,
            Column::GenerationDate,
            Column::ShipmentMode,
        ];
        if let Some(column) = needed.into_iter().find(|c| !dialect.columns.contains(c)) {
            return Err(InvalidDialect::MissingColumn(column));
        }
        let dialect = dialect.in_time_of(&organisation.zone);
        Ok(Self {
            db,
            clock,
            organisation: Arc::new(organisation),
            dialect,
            running: Mutex::new(()),
        })
    }

    /// The database behind it, for the reports.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }
}

/// How many barcodes wait for their sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The next external sales run sells them.
    pub ready: i64,
    /// They wait for a cure.
    pub held: i64,
}

impl BoxOffice {
    /// How many barcodes wait; cheap, however many are sold.
    pub async fn waiting(&self) -> Result<Waiting, DbError> {
        self.db
            .read("waiting sales", |tx| {
                let (unsold, held): (i64, i64) = tx.query_one_as(
                    "SELECT COUNT(*) AS unsold,
                            CAST(COALESCE(SUM(CASE WHEN state = 'held' THEN 1 ELSE 0 END), 0)
                                 AS BIGINT) AS held
                     FROM box_staged WHERE state IN ('ready', 'held')",
                    params![],
                )?;
                let ready = unsold - held;
                Ok(Waiting { ready, held })
            })
            .await
    }
}
