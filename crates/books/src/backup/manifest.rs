//! What a backup says of itself, and whether it is true.

use super::{COPY_DAMAGED, blocking, cannot_be};
use crate::SCHEMAS;
use crate::reconciliation::{Sides, reconcile};
use anyhow::{Context, Result, anyhow, bail, ensure};
use db::{Db, Schema};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

/// The version of the manifest's form.
const FORMAT: u32 = 1;
/// How much of a file is read at a time, in bytes.
const BLOCK: usize = 1 << 16;

/// What stands beside a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub format: u32,
    /// The version of the program that took the backup.
    pub made_by: String,
    /// When it was begun.
    pub taken_at: Timestamp,
    /// How long the file is, in bytes.
    pub bytes: u64,
    /// The SHA-256 of the file, in hex.
    pub sha256: String,
    /// The version of each context's tables.
    pub schemas: BTreeMap<String, i64>,
    /// How many rows each table has.
    pub rows: BTreeMap<String, i64>,
    /// What the reconciliation of its books said.
    pub books: Books,
}

/// The sums of a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Checks that were accepted.
    pub accepted_checks: i64,
    /// Control barcodes made for them.
    pub control_barcodes: i64,
    /// Tickets for these.
    pub tickets: i64,
    /// Orders in all.
    pub orders: i64,
    /// Lines on the pending account.
    pub account_lines: i64,
    /// What they come to, in minor units.
    pub account_minor: i64,
    /// The currency of that, where the database says it.
    pub account_currency: Option<String>,
    /// Differences that nothing explains; the database has them too.
    pub unexplained: usize,
}

/// Where the manifest of the backup at `path` is: its name with `.json` behind
/// it.
#[must_use]
pub fn manifest_path(path: &Path) -> PathBuf {
    kernel::beside(path, ".json")
}

/// Reads all of a copy that nobody else uses, and says what it holds.
pub(super) async fn read_back(path: &Path, sides: Sides, now: Timestamp) -> Result<Manifest> {
    let copy = Db::open_read_only(path).await?;
    let damage = copy.damage().await?;
    if !damage.is_empty() {
        let damage: Vec<_> = damage.into_iter().take(3).collect();
        bail!("{COPY_DAMAGED} {}", damage.join("; "));
    }
    let books = reconcile(&copy, sides).await?;
    let site = gate::site::interface::read_site(&copy).await?;
    let (sha256, bytes) = digest(path).await?;
    Ok(Manifest {
        format: FORMAT,
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: now,
        bytes,
        sha256,
        schemas: copy.schema_versions().await?,
        rows: copy.rows_by_table().await?,
        books: Books {
            accepted_checks: books.accepted_checks,
            control_barcodes: books.control_barcodes,
            tickets: books.tickets,
            orders: books.orders,
            account_lines: books.account.lines,
            account_minor: books.account.amount_minor.minor(),
            account_currency: site.map(|site| site.currency),
            unexplained: books.unexplained,
        },
    })
}

/// Writes the manifest and waits for the disk.
pub(super) fn write(manifest: &Manifest, to: &Path) -> Result<()> {
    let write = || {
        let mut text = serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?;
        text.push(b'\n');
        let mut file = kernel::owner_only().create_new(true).open(to)?;
        file.write_all(&text)?;
        file.sync_all()
    };
    write().with_context(cannot_be(to, "written"))
}

/// The manifest of the backup at `path`, without a look at the backup.
pub(super) fn read(path: &Path) -> Result<Manifest> {
    let path = manifest_path(path);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(
            "{} is missing; a backup is the two files together: copy both",
            path.display()
        ),
        read => read.with_context(cannot_be(&path, "read"))?,
    };
    serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is no manifest of a backup that this version knows; take another backup",
            path.display()
        )
    })
}

/// Whether the backup at `path` is whole, is the one its manifest describes, and
/// can be used by this version. Changes nothing.
///
/// # Errors
/// In what it differs.
pub async fn verify(path: &Path) -> Result<Manifest> {
    ensure!(
        !matches!(path.try_exists(), Ok(false)),
        "there is no backup {}; give the path of one, such as `passerelle backup` printed",
        path.display()
    );
    let manifest = read(path)?;
    let damaged = |what: &str| {
        let path = path.display();
        anyhow!(
            "the backup {path} is damaged: {what}; it is not used. Take another backup, or another \
             copy of this one"
        )
    };
    let (sha256, bytes) = digest(path).await?;
    if bytes != manifest.bytes {
        let written = manifest.bytes;
        return Err(damaged(&format!(
            "it has {bytes} bytes, and {written} were written"
        )));
    }
    if sha256 != manifest.sha256 {
        return Err(damaged("its SHA-256 is not the one in its manifest"));
    }
    for (context, found) in &manifest.schemas {
        let known = SCHEMAS.iter().find(|schema| schema.context == context);
        let known = known.map_or(0, Schema::version);
        ensure!(
            *found <= known,
            "the backup was made by a newer version of this program ({}; {context} schema {found}, \
             this version knows {known}); restore it with that version",
            manifest.made_by
        );
    }
    let copy = Db::open_read_only(path).await?;
    let unreadable = |error: db::DbError| damaged(&kernel::causes(&error));
    let damage = copy.damage().await.map_err(unreadable)?;
    if let Some(first) = damage.first() {
        return Err(damaged(first));
    }
    if copy.rows_by_table().await.map_err(unreadable)? != manifest.rows {
        return Err(damaged("its rows are not those it was taken with"));
    }
    Ok(manifest)
}

/// The SHA-256 of a file in hex, and its length.
pub(super) async fn digest(path: &Path) -> Result<(String, u64)> {
    let path = path.to_owned();
    blocking(move || {
        let read = || -> io::Result<_> {
            let mut file = std::fs::File::open(&path)?;
            let (mut hash, mut length) = (Sha256::new(), 0u64);
            let mut block = vec![0; BLOCK];
            loop {
                let count = file.read(&mut block)?;
                if count == 0 {
                    break;
                }
                hash.update(&block[..count]);
                length += count as u64;
            }
            let hex = kernel::hex(hash.finalize());
            Ok((hex, length))
        };
        read().with_context(cannot_be(&path, "read"))
    })
    .await
}
