//! The STX_Files in our folder and the reports beside them: files are written
//! again with pseudonyms, reports are deleted. What is wrong with a rejected row
//! stays in the database.

use super::{Run, is_stored, key};
use crate::stx_file::{
    FileError, FileState, ImportKind, StxFile, StxFileId, content, disk, on_disk, put_in_place,
    remove_if_there, report_of,
};
use db::{Db, DbError, Tx, params};
use kernel::{ControlBarcode, PseudonymKey, Timestamp, hex};
use secutix::stx::{self, Dialect};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// How many records are looked at in one step.
const STEP: u32 = 100;

/// What became of the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilesRemoved {
    /// STX_Files that were written again, or given up ones that were deleted.
    pub files: u64,
    /// Reports of rejected rows that were deleted.
    pub reports: u64,
    /// Files that hold card numbers and cannot be read in the present dialect:
    /// somebody must look at them.
    pub unreadable: Vec<PathBuf>,
}

/// A file with what must be done to it.
enum Task {
    /// Nothing of it is there, or it holds no card number.
    Nothing,
    /// It is written again.
    Rewrite(Vec<u8>),
    /// It was given up, and its sales went into another.
    Delete,
    /// One of its barcodes is not finished yet.
    Wait,
    /// It cannot be read.
    Unreadable,
}

/// Removes the card numbers from the STX_Files in `folder` that were recorded
/// before `before` and of which all barcodes lost theirs, and deletes the reports
/// beside them. With a dry `run`, only counts them. A file that was brought from
/// elsewhere and stands elsewhere is its owner's.
///
/// # Errors
/// [`FileError`]; what was done stays done.
pub async fn files(
    db: &Db,
    folder: &Path,
    dialect: &Dialect,
    before: Timestamp,
    now: Timestamp,
    run: Run,
) -> Result<FilesRemoved, FileError> {
    let mut removed = FilesRemoved::default();
    let Some(key) = db.read("retention key", key).await? else {
        return Ok(removed);
    };
    let mut after = StxFileId(0);
    loop {
        let records = db
            .read("files with card numbers", move |tx| due(tx, after, before))
            .await?;
        let Some(last) = records.last() else {
            return Ok(removed);
        };
        after = last.id;
        for file in records {
            let path = folder.join(&file.name);
            let report = report_of(&path);
            let task = task(db, &file, &path, dialect, &key).await?;
            match &task {
                Task::Wait => continue,
                Task::Unreadable => {
                    removed.unreadable.push(path);
                    continue;
                }
                Task::Nothing => {}
                Task::Rewrite(_) | Task::Delete => removed.files += 1,
            }
            removed.reports += u64::from(report.exists());
            if run == Run::Dry {
                continue;
            }
            // The record last: what is interrupted is done again.
            let mut sha256 = file.sha256;
            match task {
                Task::Rewrite(content) => {
                    sha256 = hex(Sha256::digest(&content));
                    put_in_place(path, content).await?;
                }
                Task::Delete => remove_if_there(&path).map_err(disk(&path))?,
                Task::Nothing | Task::Wait | Task::Unreadable => {}
            }
            remove_if_there(&report).map_err(disk(&report))?;
            let id = file.id;
            db.write("file without card numbers", move |tx| {
                tx.execute(
                    "UPDATE box_stx_file SET sha256 = $2, card_removed_at = $3 WHERE id = $1",
                    params![id, &sha256, now],
                )
                .map_err(FileError::Db)
            })
            .await?;
        }
    }
}

fn due(tx: &mut Tx<'_>, after: StxFileId, before: Timestamp) -> Result<Vec<StxFile>, DbError> {
    tx.query_as(
        "SELECT * FROM box_stx_file
         WHERE card_removed_at IS NULL AND state <> 'WRITTEN' AND created_at < $2 AND id > $1
         ORDER BY id LIMIT $3",
        params![after, before, STEP],
    )
}

async fn task(
    db: &Db,
    file: &StxFile,
    path: &Path,
    dialect: &Dialect,
    key: &PseudonymKey,
) -> Result<Task, FileError> {
    // The name says nothing about a file that was brought from elsewhere.
    if file.name.is_empty() || !path.exists() {
        return Ok(Task::Nothing);
    }
    if file.state == FileState::Abandoned {
        return Ok(Task::Delete);
    }
    let (from, spelt, kind) = (path.to_owned(), dialect.clone(), file.kind);
    let read = on_disk(move || {
        let Ok(read) = stx::read(std::fs::File::open(from)?, &spelt) else {
            return Ok(None);
        };
        let mut rows = Vec::new();
        for row in read {
            match row? {
                Ok(read) => rows.push(read.row),
                // Why it was rejected is in the database; its card number is nowhere then.
                Err(_) if kind == ImportKind::Upload => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(rows))
    });
    let rows = read.await.map_err(disk(path))?;
    let Some(mut rows) = rows else {
        return Ok(Task::Unreadable);
    };
    let barcodes: Vec<ControlBarcode> = rows.iter().map(|row| row.barcode.clone()).collect();
    let key = key.clone();
    let stored = db
        .read("barcodes of a file", move |tx| {
            barcodes
                .iter()
                .map(|barcode| stands(tx, barcode, &key))
                .collect::<Result<Vec<_>, DbError>>()
        })
        .await?;
    for (row, barcode) in rows.iter_mut().zip(stored) {
        match barcode {
            Some(barcode) => row.barcode = barcode,
            None => return Ok(Task::Wait),
        }
    }
    Ok(Task::Rewrite(content(rows.iter(), dialect)?))
}

/// What is to stand in a file for this barcode; `None` while it is in use.
fn stands(
    tx: &mut Tx<'_>,
    barcode: &ControlBarcode,
    key: &PseudonymKey,
) -> Result<Option<ControlBarcode>, DbError> {
    let pseudonym = key.barcode(barcode);
    if is_stored(tx, &pseudonym)? || !is_stored(tx, barcode)? {
        return Ok(Some(pseudonym));
    }
    // It may be a pseudonym itself, if an earlier attempt was interrupted.
    let with_card = tx.query(
        "SELECT id FROM box_staged WHERE barcode = $1 AND card_removed_at IS NULL
         UNION ALL SELECT id FROM box_ticket WHERE barcode = $1 AND card_removed_at IS NULL",
        params![barcode],
    )?;
    Ok(with_card.is_empty().then(|| barcode.clone()))
}
