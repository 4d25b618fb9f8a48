use super::super::*;
use super::{HEADER, ROW, at, exact, read_one, row, rows, with, written};
use kernel::table::NoTable;
use std::cell::Cell;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

#[test]
fn the_usual_file_looks_like_this() {
    let file = format!("{HEADER}\n{ROW}\n");
    assert_eq!(written(&[row()], &exact()), file);
    let read = rows(&file, &Dialect::default()).remove(0).unwrap();
    assert_eq!((read.line, read.text.as_str()), (2, ROW));
    assert_eq!(read.row, row());
    assert_eq!(read.row.shipment_date, None);
}

#[test]
fn what_is_written_unasked_is_what_the_vendor_documents() {
    let paris = Dialect::default().in_time_of(&"Europe/Paris".parse().unwrap());
    let file = written(&[row()], &paris);
    let line = ROW
        .replacen("2026-07-14T07:00:00.114Z", "2026-07-14", 2)
        .replacen("2026-07-14T07:00:00.114Z", "2026-07-14 09:00:00", 1);
    assert_eq!(file, format!("{HEADER}\n{line}\n"));
    let dots = Dialect {
        dates: DateFormat::LocalDots,
        separator: Separator::Tab,
        ..paris.clone()
    };
    let dotted = written(&[row()], &dots);
    assert!(
        dotted.contains("\t14.07.2026\tCONTROLLED\t14.07.2026 09:00:00\t"),
        "{dotted}"
    );
    // Whatever is configured, either is read.
    let second = at("2026-07-14T07:00:00Z");
    let to_seconds = StxRow {
        order_date: second,
        // A mere day begins at midnight.
        payment_date: Some(at("2026-07-13T22:00:00Z")),
        generation_date: Some(second),
        ..row()
    };
    for file in [file, dotted] {
        let read = rows(&file, &paris).remove(0).unwrap().row;
        assert_eq!(read, to_seconds, "{file}");
    }
}

#[test]
fn each_kind_of_damage_is_rejected_with_column_and_reason() {
    use Column as C;
    use RowReason as R;
    let cases: Vec<(String, Option<Column>, RowReason)> = vec![
        (
            with(C::Institution, ""),
            Some(C::Institution),
            R::MissingValue,
        ),
        (
            with(C::Institution, "SIXTEEN_LETTERS_"),
            Some(C::Institution),
            R::TooLong,
        ),
        (
            with(C::OrderNumber, "2,99975E+21"),
            Some(C::OrderNumber),
            R::Shortened,
        ),
        (with(C::Barcode, "3E+15"), Some(C::Barcode), R::Shortened),
        (
            with(C::OrderDate, "14/07/2026"),
            Some(C::OrderDate),
            R::InvalidDate,
        ),
        (
            with(C::OrderDate, "2026-02-30T07:00:00Z"),
            Some(C::OrderDate),
            R::InvalidDate,
        ),
        (
            with(C::OrderDate, "1969-07-14T07:00:00Z"),
            Some(C::OrderDate),
            R::InvalidDate,
        ),
        (
            with(C::Operation, "REFUND"),
            Some(C::Operation),
            R::UnknownValue,
        ),
        (
            with(C::Remark, &"é".repeat(2_001)),
            Some(C::Remark),
            R::TooLong,
        ),
        (
            with(C::Remark, "bell\u{7}"),
            Some(C::Remark),
            R::ForbiddenCharacter,
        ),
        (
            with(C::Remark, "Mac\rline"),
            Some(C::Remark),
            R::ForbiddenCharacter,
        ),
        (
            with(C::BuyingContact, "Otipass"),
            Some(C::BuyingContact),
            R::InvalidNumber,
        ),
        (with(C::Season, "VN2026-27"), Some(C::Season), R::TooLong),
        (with(C::Product, "PASSVN123"), Some(C::Product), R::TooLong),
        (
            with(C::Product, "\"PA;SS\""),
            Some(C::Product),
            R::ForbiddenCharacter,
        ),
        (
            with(C::Product, "PASSVN\u{0}"),
            Some(C::Product),
            R::ForbiddenCharacter,
        ),
        (with(C::Tariff, ""), Some(C::Tariff), R::MissingValue),
        (with(C::Price, "9.50"), Some(C::Price), R::InvalidNumber),
        (with(C::Price, "9,50"), Some(C::Price), R::InvalidNumber),
        (with(C::Price, "-950"), Some(C::Price), R::InvalidNumber),
        (with(C::Price, "+950"), Some(C::Price), R::InvalidNumber),
        (with(C::Price, "1 000"), Some(C::Price), R::InvalidNumber),
        (with(C::Price, "٩٥٠"), Some(C::Price), R::InvalidNumber),
        (with(C::Price, ""), Some(C::Price), R::MissingValue),
        (with(C::Price, "1000000001"), Some(C::Price), R::OutOfRange),
        (
            with(C::Price, "99999999999999999999"),
            Some(C::Price),
            R::OutOfRange,
        ),
        (with(C::Vat, "5.5"), Some(C::Vat), R::InvalidNumber),
        (with(C::Vat, "10001"), Some(C::Vat), R::OutOfRange),
        (with(C::Vat, "4294967846"), Some(C::Vat), R::OutOfRange),
        (
            with(C::PaymentDate, "soon"),
            Some(C::PaymentDate),
            R::InvalidDate,
        ),
        (
            with(C::Price, "0"),
            Some(C::PaymentDate),
            R::PaymentDateWithoutPrice,
        ),
        (
            with(C::TicketState, "SCANNED"),
            Some(C::TicketState),
            R::UnknownValue,
        ),
        (
            with(C::GenerationDate, ""),
            Some(C::GenerationDate),
            R::GenerationDateMissing,
        ),
        (
            with(C::GenerationDate, "x"),
            Some(C::GenerationDate),
            R::InvalidDate,
        ),
        (with(C::Barcode, ""), Some(C::Barcode), R::MissingValue),
        (
            with(C::Barcode, &"1".repeat(51)),
            Some(C::Barcode),
            R::TooLong,
        ),
        (
            with(C::Barcode, "OTI 29997501"),
            Some(C::Barcode),
            R::ForbiddenCharacter,
        ),
        (
            with(C::Barcode, "ÖTI29997501"),
            Some(C::Barcode),
            R::ForbiddenCharacter,
        ),
        (
            with(C::TaxNumber, &"1".repeat(51)),
            Some(C::TaxNumber),
            R::TooLong,
        ),
        (
            with(C::ShipmentDate, "2026"),
            Some(C::ShipmentDate),
            R::InvalidDate,
        ),
        (
            with(C::ShipmentMode, ""),
            Some(C::ShipmentMode),
            R::ShipmentModeMissing,
        ),
        (
            with(C::ShipmentMode, &"M".repeat(51)),
            Some(C::ShipmentMode),
            R::TooLong,
        ),
        (with(C::Remark, "a;b"), None, R::WrongFieldCount),
        ("VILLEN;VILLEN;1".to_owned(), None, R::WrongFieldCount),
        (format!("{ROW};more"), None, R::WrongFieldCount),
        (ROW.replace(';', ","), None, R::WrongFieldCount),
        (with(C::Remark, "\"open"), None, R::UnbalancedQuotes),
        (with(C::Remark, "\"a\" b"), None, R::UnbalancedQuotes),
        (
            ";;;;;;;;x;;;;;;;;;;".to_owned(),
            Some(C::Institution),
            R::MissingValue,
        ),
        (
            with(C::Barcode, "=\"OTI1\""),
            Some(C::Barcode),
            R::ForbiddenCharacter,
        ),
    ];
    // All of them in one file, each after a good row: exactly they are rejected.
    let mut file = HEADER.to_owned();
    for (line, ..) in &cases {
        file.push_str(&format!("\n{ROW}\n{line}"));
    }
    let read = rows(&file, &Dialect::default());
    assert_eq!(read.len(), 2 * cases.len());
    for (pair, (line, column, reason)) in read.chunks(2).zip(&cases) {
        assert_eq!(pair[0].as_ref().unwrap().row, row(), "before {line:?}");
        let rejection = pair[1].as_ref().expect_err(line);
        let first = &rejection.problems[0];
        assert_eq!(
            (first.column, first.reason),
            (*column, *reason),
            "{line:?}: {rejection}"
        );
        assert_eq!(rejection.text, *line);
        if *reason != R::MissingValue {
            assert_eq!(rejection.problems.len(), 1, "{line:?}: {rejection}");
        }
        let shown = format!("{rejection} {rejection:?}");
        assert!(!shown.contains("29997501"), "{shown}");
    }
    let lines: Vec<u64> = read
        .iter()
        .filter_map(|r| Some(r.as_ref().err()?.line))
        .collect();
    assert!(lines.iter().copied().eq((3..).step_by(2).take(cases.len())));
}

#[test]
fn all_mistakes_of_a_row_come_at_once() {
    let line = ";VILLEN;1;yesterday;SALE;;42;VN26;PASSVN;CITYPASS;-1;550;;PRINTED;;a b;;;";
    let rejection = read_one(line).unwrap_err();
    let found: Vec<(Column, &str)> = rejection
        .problems
        .iter()
        .map(|p| (p.column.unwrap(), p.reason.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Column::Institution, "missing_value"),
            (Column::OrderDate, "invalid_date"),
            (Column::Price, "invalid_number"),
            (Column::Barcode, "forbidden_character"),
            (Column::GenerationDate, "generation_date_missing"),
            (Column::ShipmentMode, "shipment_mode_missing"),
        ]
    );
    assert!(
        rejection
            .to_string()
            .starts_with("line 2: INSTITUTION is empty")
    );
}

#[test]
fn what_is_clear_is_taken_though_it_is_spelt_differently() {
    let trailing = row();
    let cases = [
        format!("\u{feff}{HEADER}\r\n{ROW}\r\n"),
        format!("{HEADER}\n\n  \n{ROW}\n\n"),
        format!("{HEADER}\n{ROW}"),
        format!("{HEADER}\n{ROW};;"),
        format!("{}\n{ROW}\n", HEADER.to_lowercase()),
        format!("SEP=;\r\n{HEADER}\r\n{ROW}"),
        format!("sep=|\n{HEADER}\n{ROW}").replace(';', "|"),
        format!("{HEADER}\n{ROW}").replace(';', "\t"),
        format!("{HEADER}\r{ROW}\r"),
        format!("{HEADER};start_time;Seat_Number\n{ROW};2026-07-14 09:00:00;A/B//1/2"),
        format!("{}\n{ROW}\n", HEADER.replace("EVENT", " Product ")),
        format!("{HEADER}\n{}\n", with(Column::Operation, " sale ")),
        format!("{HEADER}\n{}\n", with(Column::Price, " 000950 ")),
        format!("{HEADER}\n\"{}\"\n", ROW.replace(';', "\";\"")),
        format!(
            "{HEADER}\n{}\n",
            with(Column::OrderDate, "2026-07-14T09:00:00.114+02:00")
        ),
    ];
    for file in cases {
        let read = rows(&file, &Dialect::default());
        assert_eq!(read.len(), 1, "{file}");
        assert_eq!(read[0].as_ref().unwrap().row, trailing, "{file}");
    }
}

#[test]
fn letters_of_windows_and_utf_16_are_read_and_others_refused_at_their_line() {
    let accents = with(Column::Remark, "Musée");
    let file = format!("{HEADER}\n{accents}\n");
    let windows: Vec<u8> = file.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let utf_16: Vec<u8> = format!("\u{feff}{file}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, notes) in [
        (windows.as_slice(), &[FileNote::WindowsLetters][..]),
        (&utf_16, &[]),
    ] {
        let mut read = read(Cursor::new(bytes), &Dialect::default()).unwrap();
        assert_eq!(read.notes(), notes);
        assert_eq!(read.next().unwrap().unwrap().unwrap().row.remark, "Musée");
    }
    let half = [file.as_bytes(), b"VILLEN;Mus\xe9e\n"].concat();
    assert!(matches!(
        read(Cursor::new(half), &Dialect::default()),
        Err(FileRefusal::NoTable(NoTable::Letters { line: 3 }))
    ));
    assert!(matches!(
        read(Cursor::new(b"PK\x03\x04"), &Dialect::default()),
        Err(FileRefusal::NoTable(NoTable::Workbook))
    ));
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let one_long_row = |bytes: u64| {
        let mut file = format!("{HEADER}\n").into_bytes();
        file.resize(usize::try_from(bytes).unwrap(), b'x');
        read(Cursor::new(file), &Dialect::default())
    };
    assert!(matches!(
        one_long_row(MAX_FILE_BYTES + 1),
        Err(FileRefusal::TooLarge)
    ));
    let full = one_long_row(MAX_FILE_BYTES).unwrap();
    assert_eq!(full.count(), 1);
}

/// Cuts fall within characters, and lines after a long one keep their numbers.
#[test]
fn a_line_over_the_limit_is_rejected_and_the_others_are_read() {
    for shift in ["", "x", "xx"] {
        let long = format!("{shift}{}", "€".repeat(MAX_LINE_BYTES));
        let file = format!("{HEADER}\n{ROW}\n{long}\n{ROW}\n{long}");
        let read = rows(&file, &Dialect::default());
        let lines = read.iter().map(|row| match row {
            Ok(read) => (read.line, ROW.len(), None),
            Err(rejection) => {
                assert!(long.starts_with(rejection.text.trim_end_matches('\u{fffd}')));
                let reason = rejection.problems[0].reason;
                (
                    rejection.line,
                    rejection.text.len().div_ceil(100),
                    Some(reason),
                )
            }
        });
        let cut = MAX_LINE_BYTES.div_ceil(100);
        assert_eq!(
            lines.collect::<Vec<_>>(),
            [
                (2, ROW.len(), None),
                (3, cut, Some(RowReason::TooLong)),
                (4, ROW.len(), None),
                (5, cut, Some(RowReason::TooLong)),
            ]
        );
    }
}

/// How far a reader has come does not hang on how much follows: nothing is held.
#[test]
fn a_row_is_read_no_sooner_than_it_is_asked_for() {
    struct Counted(Cursor<Vec<u8>>, Rc<Cell<usize>>);
    impl Read for Counted {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.read(buffer)?;
            self.1.set(self.1.get() + count);
            Ok(count)
        }
    }
    impl Seek for Counted {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.1.set(0);
            self.0.seek(to)
        }
    }
    let file = format!("{HEADER}\n{}", "abc\n".repeat(1_000_000));
    let count = Rc::new(Cell::new(0));
    let counted = Counted(Cursor::new(file.into_bytes()), Rc::clone(&count));
    let mut rows = read(counted, &Dialect::default()).unwrap();
    for so_many in [1, 10_000, 500_000] {
        let before = count.get();
        rows.nth(so_many - 1).unwrap().unwrap().unwrap_err();
        let read = count.get() - before;
        assert!(read <= so_many * "abc\n".len() + 128 * 1024, "{read}");
    }
    assert!(count.get() < 3_000_000);
}

#[test]
fn an_unreadable_file_is_refused() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk gone"))
        }
    }
    impl Seek for Broken {
        fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
            Ok(0)
        }
    }
    assert!(matches!(
        read(Broken, &Dialect::default()),
        Err(FileRefusal::Io(_))
    ));
}

#[test]
fn the_price_factor_is_a_setting() {
    let dialect = Dialect {
        price_factor: PriceFactor::Thousand,
        ..exact()
    };
    let file = written(&[row()], &dialect);
    assert_eq!(file, format!("{HEADER}\n{}\n", with(Column::Price, "9500")));
    assert_eq!(rows(&file, &dialect)[0].as_ref().unwrap().row, row());
    for (price, reason) in [
        ("9505", RowReason::InvalidNumber),
        ("10000000010", RowReason::OutOfRange),
        ("99999999999999999999", RowReason::OutOfRange),
    ] {
        let file = format!("{HEADER}\n{}\n", with(Column::Price, price));
        let rejection = rows(&file, &dialect).remove(0).unwrap_err();
        assert_eq!(rejection.problems[0].reason, reason, "{price}");
    }
}

#[test]
fn moments_without_offset_are_those_of_the_dialects_zone() {
    let dialect = Dialect {
        zone: Some("Europe/Paris".parse().unwrap()),
        ..Dialect::default()
    };
    for (text, moment) in [
        ("2026-07-14 09:00:00", "2026-07-14T07:00:00Z"),
        ("2026-07-14T09:00", "2026-07-14T07:00:00Z"),
        ("2026-01-14 09:00:00.5", "2026-01-14T08:00:00.500Z"),
        ("14.07.2026 09:00:00", "2026-07-14T07:00:00Z"),
        ("14.07.2026 09:00", "2026-07-14T07:00:00Z"),
        ("2026-07-13", "2026-07-12T22:00:00Z"),
        ("13.07.2026", "2026-07-12T22:00:00Z"),
        // The time of a mere day is that of its ticket.
        ("2026-07-14", "2026-07-14T07:00:00.114Z"),
        ("2026-07-14T09:00:00Z", "2026-07-14T09:00:00Z"),
    ] {
        let file = format!("{HEADER}\n{}\n", with(Column::OrderDate, text));
        let read = rows(&file, &dialect).remove(0).unwrap().row;
        assert_eq!(read.order_date, at(moment), "{text}");
    }
}

#[test]
fn a_dialect_must_have_the_needed_columns_once() {
    let with_columns = |columns: Vec<Column>| Dialect {
        columns,
        ..Dialect::default()
    };
    let twice = with_columns([&Column::ALL[..], &[Column::Price]].concat());
    assert_eq!(
        twice.check(),
        Err(InvalidDialect::DuplicateColumn(Column::Price))
    );
    let lacking: Vec<Column> = Column::ALL
        .iter()
        .copied()
        .filter(|c| *c != Column::Barcode)
        .collect();
    let lacking = with_columns(lacking);
    assert_eq!(
        lacking.check(),
        Err(InvalidDialect::MissingColumn(Column::Barcode))
    );
    assert!(matches!(
        read(Cursor::new(""), &lacking),
        Err(FileRefusal::Dialect(_))
    ));
}

#[test]
fn a_dialect_is_configured_by_the_names_of_the_document() {
    let dialect: Dialect = serde_json::from_str(
        r#"{"separator": "tab", "header": "absent", "price_factor": "thousand",
            "dates": "local_seconds", "zone": "Europe/Paris", "columns": ["BARCODE", "PRICE"]}"#,
    )
    .unwrap();
    assert_eq!(dialect.columns, [Column::Barcode, Column::Price]);
    assert_eq!(dialect.separator.as_char(), '\t');
    assert_eq!(
        serde_json::from_str::<Dialect>("{}").unwrap(),
        Dialect::default()
    );
    assert!(serde_json::from_str::<Dialect>(r#"{"seperator": "tab"}"#).is_err());
}
