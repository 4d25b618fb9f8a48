//! Sample data of this page.

use super::*;
use crate::tests::html;
use boxoffice::stx_content::ContentId;

fn file(kind: ImportKind, state: FileState, rejected: i64) -> StxFile {
    let at = Timestamp::from_millis_clamped(1_784_012_400_114);
    StxFile {
        id: StxFileId(12),
        name: "OTIPASS_20260714T070000_12.stx.csv".to_owned(),
        sha256: String::new(),
        kind,
        state,
        rows: 1_234,
        orders: 1_200,
        tickets: 1_200,
        already_imported: 4,
        rejected,
        created_at: at,
        imported_at: (state == FileState::Imported).then(|| at.plus_ms(1_000)),
        card_removed_at: (rejected == 0).then(|| at.plus_ms(9_000)),
        bytes: 123_456,
        content_id: (rejected > 0).then_some(ContentId(12)),
    }
}

fn files() -> Vec<StxFile> {
    vec![
        file(ImportKind::Run, FileState::Imported, 0),
        file(ImportKind::Upload, FileState::Imported, 30),
        file(ImportKind::Upload, FileState::Imported, 9_999_000),
        file(ImportKind::Upload, FileState::Written, 1),
        file(ImportKind::Run, FileState::Abandoned, 0),
    ]
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let many: Vec<_> = files().into_iter().cycle().take(51).collect();
    html([
        ListPage::new(frame.clone(), true, Some(StxFileId(99)), many, None),
        ListPage::new(frame.clone(), true, None, Vec::new(), None),
        ListPage::new(frame.clone(), false, None, Vec::new(), None),
    ])
}

pub(crate) fn said_samples(frame: &Frame) -> Vec<String> {
    let said = Some(("bad", "<b>".to_owned()));
    let frame = frame.wrong("", Mistakes::one("file", "<b>"));
    html([ListPage::new(frame, true, None, Vec::new(), said)])
}

fn page(frame: &Frame, file: StxFile, said: Option<Said>) -> FilePage {
    let rejected = StxRejection {
        line: 1_234,
        reason: "price_mismatch,vat_mismatch,<b>".to_owned(),
        explanation: "<b>9.05</b>".to_owned(),
    };
    let many = vec![rejected; if file.rejected > 0 { 51 } else { 0 }];
    FilePage::new(frame.clone(), file, many, said)
}

pub(crate) fn file_samples(frame: &Frame) -> Vec<String> {
    html(files().into_iter().map(|file| page(frame, file, None)))
}

/// The page of a file that was imported again.
pub(crate) fn again_samples(frame: &Frame) -> Vec<String> {
    let file = file(ImportKind::Upload, FileState::Imported, 0);
    let said = Some(("good", "<b>".to_owned()));
    let page = page(frame, file, said);
    html([page])
}
