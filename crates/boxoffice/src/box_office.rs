use crate::Organisation;
use db::{Db, DbError, params};
use kernel::Clock;
use secutix::stx::{Column, Dialect, InvalidDialect};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The box office of one organisation.
#[derive(Debug)]
pub struct BoxOffice {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) organisation: Arc<Organisation>,
    pub(crate) files_dir: PathBuf,
    pub(crate) dialect: Dialect,
    /// One external sales run at a time. Another process may still run one: the
    /// import takes each barcode once, whoever brings it.
    pub(crate) running: Mutex<()>,
}

/// Why the box office could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of the STX_Files.
    #[error(
        "the folder {} for STX_Files cannot be made; give a folder this program may write to",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The dialect of the STX_Files.
    #[error("the dialect of the STX_File cannot be used")]
    Dialect(#[from] InvalidDialect),
}

impl BoxOffice {
    /// Opens the box office on a database with its tables; its STX_Files are written to `files_dir`, which is
    /// made if it does not exist, and spelt in `dialect`.
    pub async fn open(
        db: Db,
        clock: Arc<dyn Clock>,
        organisation: Organisation,
        files_dir: PathBuf,
        dialect: Dialect,
    ) -> Result<Self, OpenError> {
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
            return Err(InvalidDialect::MissingColumn(column).into());
        }
        if let Err(source) = tokio::fs::create_dir_all(&files_dir).await {
            return Err(OpenError::Folder {
                path: files_dir,
                source,
            });
        }
        let dialect = dialect.in_time_of(&organisation.zone);
        Ok(Self {
            db,
            clock,
            organisation: Arc::new(organisation),
            files_dir,
            dialect,
            running: Mutex::new(()),
        })
    }

    /// The database behind it, for the reports.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Where the STX_Files are.
    #[must_use]
    pub fn files_dir(&self) -> &Path {
        &self.files_dir
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
                let row = tx.query_one(
                    "SELECT COUNT(*) AS unsold,
                            CAST(COALESCE(SUM(CASE WHEN state = 'held' THEN 1 ELSE 0 END), 0)
                                 AS BIGINT) AS held
                     FROM box_staged WHERE state IN ('ready', 'held')",
                    params![],
                )?;
                let held: i64 = row.get("held")?;
                Ok(Waiting {
                    ready: row.get::<i64>("unsold")? - held,
                    held,
                })
            })
            .await
    }
}
