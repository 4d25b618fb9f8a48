//! A table of the site, as spreadsheets have it.

use super::*;
use gate::site::table::{ROWS_LIMIT, site_table_text, write_site_table};

db::conformance! {
    a_table_adds_and_updates_and_the_rest_stays,
    what_is_written_is_read_back,
}

const TABLE: &str = "\u{feff}Sector;Sector name;door;device;language;forced_entry;Door name;device_name\r\n\
    VN_AUG;Musée Auguste;VN_AUG_D1;PDA01;de;OUI;;Un\r\n\
    \r\n\
    ;;;;;;;\r\n\
    VN_AUG;;VN_AUG_D1;PDA90;;;;\r\n\
    VN_AUG;;VN_AUG_D2;PDA02;;yes;Sortie;\r\n\
    VN_NEW;\"Rue; Neuve\";NEW_D1;;;;Neuve;\r\n\
    EMPTY;;;;;;;\r\n";

async fn a_table_adds_and_updates_and_the_rest_stays(test: TestDb) {
    let house = usual(test).await;
    let mut before = site();
    let pda = before.devices.get_mut(&device("PDA01")).unwrap();
    pda.settings.sound = false;
    pda.settings.forced_entry = false;
    house.change(before.clone()).await;
    let table = read_site_table(TABLE).unwrap();
    let told = house.test.db.write("table", move |tx| table.save(tx)).await;
    assert_eq!(told.unwrap(), before);
    let mut expected = before;
    let name = |site: &mut Site, code, name: &str| site.sectors.insert(sector(code), name.into());
    name(&mut expected, "VN_AUG", "Musée Auguste");
    name(&mut expected, "VN_NEW", "Rue; Neuve");
    name(&mut expected, "EMPTY", "EMPTY");
    let new = Door {
        name: Some("Neuve".to_owned()),
        ..to("VN_NEW")
    };
    expected.doors.insert(door("NEW_D1"), new);
    // An empty cell leaves the name as it is.
    let exit = expected.doors.get_mut(&door("VN_AUG_D2")).unwrap();
    exit.name = Some("Sortie".to_owned());
    // A column that is not there leaves what is: the sound.
    let pda = expected.devices.get_mut(&device("PDA01")).unwrap();
    pda.name = Some("Un".to_owned());
    pda.language = Some(Language::De);
    pda.settings.forced_entry = true;
    let usual = Device {
        name: None,
        door: door("VN_AUG_D1"),
        language: None,
        settings: DeviceSettings::default(),
    };
    expected.devices.insert(device("PDA90"), usual);
    assert_eq!(load(&house.test.db).await, expected);
    house.gate.reload().await.unwrap();
    assert_eq!(*house.gate.site(), expected);

    // An empty cell says what is usual.
    let table = "sector;sector_name;door;device;language\nVN_AUG;;VN_AUG_D1;PDA01;";
    let table = read_site_table(table).unwrap();
    let save = move |tx: &mut Tx<'_>| table.save(tx);
    house.test.db.write("table", save).await.unwrap();
    let kept = load(&house.test.db).await;
    let pda = &kept.devices[&device("PDA01")];
    assert_eq!((pda.language, pda.settings.forced_entry), (None, true));
    assert_eq!(kept.sectors[&sector("VN_AUG")], "Musée Auguste");
}

async fn what_is_written_is_read_back(test: TestDb) {
    named(&test).await;
    let mut all = Site {
        name: "Villeneuve".to_owned(),
        ..site()
    };
    // What a spreadsheet would take for a formula stays text.
    all.sectors
        .insert(sector("=1+1"), "+33 \"Rue\"; Neuve".to_owned());
    all.sectors.insert(sector("'@x"), "@".to_owned());
    let pda = all.devices.get_mut(&device("PDA01")).unwrap();
    *pda = at("VN_AUG_D1");
    let text = write_site_table(&all);
    assert!(text.contains("'=1+1;\"'+33 \"\"Rue\"\"; Neuve\""), "{text}");
    let table = read_site_table(&text).unwrap();
    test.db
        .write("table", move |tx| table.save(tx))
        .await
        .unwrap();
    assert_eq!(load(&test.db).await, all);
}

/// Each finding as line, column, and the name of the mistake or what is wrong in
/// detail.
fn findings(text: &str) -> Vec<(usize, &'static str, String)> {
    let of = |finding: Finding| {
        let Place::Cell { line, column, .. } = finding.place else {
            panic!("{finding:?} is in no cell");
        };
        let has_detail = [
            "name_differs",
            "door_elsewhere",
            "code_given_twice",
            "code_invalid",
        ];
        let mistake = if has_detail.contains(&finding.code) {
            finding.what(Language::En)
        } else {
            finding.code.to_owned()
        };
        (line, column, mistake)
    };
    let found = read_site_table(text).unwrap_err();
    found.into_iter().map(of).collect()
}

/// A table, and what is found in it.
type Case<'a> = (String, Vec<(usize, &'static str, &'a str)>);

#[test]
fn each_mistake_of_a_table_is_found_with_its_line_and_column() {
    const HEAD: &str = "sector,sector_name,door,device,language,direction,sound\n";
    let (long, many) = ("x".repeat(101), "A".repeat(41));
    let too_long = format!(
        "As to a code, the sector code \"{many}\" has 41 characters; at most 40 are allowed."
    );
    let cases: [Case<'_>; 20] = [
        (String::new(), vec![(1, "", "table_empty")]),
        (" \n\n".to_owned(), vec![(1, "", "table_empty")]),
        (HEAD.to_owned(), vec![(1, "", "table_empty")]),
        (
            "sector,sector_name,door\nA,,".to_owned(),
            vec![(1, "device", "column_missing")],
        ),
        (
            "\nsector,sector_name,door,device,colour,door,\nA,,,,,,".to_owned(),
            vec![(2, "", "column_unknown"), (2, "door", "column_twice")],
        ),
        (format!("{HEAD}A,,,,,,,,x"), vec![(2, "", "too_many_cells")]),
        (
            format!("{HEAD}{many},,,,,,"),
            vec![(2, "sector", &too_long)],
        ),
        (
            "sep=,\r\nsector,sector_name,door,device\r\nA;B,,,".to_owned(),
            vec![(
                3,
                "sector",
                "As to a code, the sector code \"A;B\" holds the character ';', which a code cannot hold.",
            )],
        ),
        (
            format!("{HEAD}A,,\"2,99975E+21\",PDA01,,,"),
            vec![(
                2,
                "door",
                "A spreadsheet has shortened a long number to this; its last digits are lost.",
            )],
        ),
        (
            format!("{HEAD}A,{long},,,,,"),
            vec![(2, "sector_name", "name_invalid")],
        ),
        (
            format!("{HEAD}A,One,,,,,\n\n\nA,Two,,,,,"),
            vec![(
                5,
                "sector_name",
                "There is another name for this in line 2.",
            )],
        ),
        (
            format!(
                "sector,sector_name,door,device,door_name,device_name\nA,,D1,P1,One,{long}\nA,,D1,P2,Two,"
            ),
            vec![
                (2, "device_name", "name_invalid"),
                (3, "door_name", "There is another name for this in line 2."),
            ],
        ),
        (
            format!("{HEAD},,D1,,,,"),
            vec![(2, "sector", "door_without_sector")],
        ),
        (
            format!("{HEAD}A,,,PDA01,,,"),
            vec![(2, "door", "device_without_door")],
        ),
        (
            format!("{HEAD}A,\"a\nb\",D1,,,,\nB,,D1,,,,"),
            vec![
                (2, "sector_name", "name_invalid"),
                (4, "door", "This door leads to A in line 2."),
            ],
        ),
        (
            format!("{HEAD}A,,D1,PDA01,,,\nA,,D1,PDA01,,,"),
            vec![(3, "device", "This device is in line 2 already.")],
        ),
        (
            format!("{HEAD}A,,D1,PDA01,nl,,"),
            vec![(2, "language", "language_unknown")],
        ),
        (
            format!("{HEAD}A,,D1,PDA01,,in,"),
            vec![(2, "direction", "direction_unknown")],
        ),
        (
            format!("{HEAD}A,,D1,PDA01,,,loud"),
            vec![(2, "sound", "not_yes_or_no")],
        ),
        ("x".repeat(1024 * 1024 + 1), vec![(1, "", "table_too_long")]),
    ];
    for (text, expected) in cases {
        let shown: String = text.chars().take(200).collect();
        let found = findings(&text);
        let found: Vec<_> = found
            .iter()
            .map(|(l, c, mistake)| (*l, *c, mistake.as_str()))
            .collect();
        assert_eq!(found, expected, "{shown:?}");
    }
}

#[test]
fn a_tables_file_is_read_as_spreadsheets_save_it() {
    let text = "sector;sector_name;door;device\nA;Musée;;\n";
    let unicode = format!("\u{feff}{text}").replace(';', "\t");
    let unicode: Vec<u8> = unicode.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let windows = b"sector;sector_name;door;device\nA;Mus\xe9e;;\n";
    for file in [text.as_bytes(), &unicode, windows] {
        let read = site_table_text(file).unwrap();
        assert_eq!(read.replace('\t', ";"), text);
        assert!(read_site_table(&read).is_ok());
    }
    for (file, code, line) in [
        (&b"PK\x03\x04"[..], "table_workbook", 1),
        (b"sector;Mus\xc3\xa9e\nMus\xe9e\n", "table_letters", 2),
    ] {
        let found = &site_table_text(file).unwrap_err()[0];
        let at = matches!(found.place, Place::Cell { line: at, .. } if at == line);
        assert!(found.code == code && at, "{found:?}");
    }
}

#[test]
fn a_table_has_two_thousand_rows_at_most() {
    let rows = |count: usize| -> String {
        let rows = (0..count).map(|n| format!("A\t\tD1\tPDA{n}\n"));
        format!(
            "sector\tsector_name\tdoor\tdevice\n{}",
            rows.collect::<String>()
        )
    };
    assert!(read_site_table(&rows(ROWS_LIMIT)).is_ok());
    let found = findings(&rows(ROWS_LIMIT + 1));
    assert_eq!(found, [(ROWS_LIMIT + 2, "", "table_too_long".to_owned())]);
}
