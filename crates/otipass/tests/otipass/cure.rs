//! Cures of mapping parameters at one click.

use kernel::Finding;
use otipass::cure::{Cure, Deed, cures, replaced, tidied, with_num_type};
use otipass::read_mapping;
use proptest::prelude::*;

/// Nothing to say about it. Line 4 begins the entry of the first sector.
const GOOD: &str = r#"{
  "OtipassProjectId": "villeneuve",
  "sectorInfos": {
    "VN_AUG": {
      "OtipassServiceId": "PCUMID000FSA5CD6",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FSA5CD6",
      "seasonCode": "VN26",
      "productCode": "PASSVN"
    },
    "VN_RAY": {
      "OtipassServiceId": "PCUMID000FS4D3C1",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FS4D3C1",
      "seasonCode": "VN26",
      "productCode": "PASSVN2"
    }
  }
}
"#;

fn changed(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

fn finding(text: &str, code: &str) -> Finding {
    let findings = read_mapping(text).findings;
    let found = findings.iter().find(|found| found.code == code).cloned();
    found.unwrap_or_else(|| panic!("no {code} in {findings:#?}\n{text}"))
}

fn insert(what: &str) -> Deed {
    Deed::Insert(what.to_owned())
}

fn take_out(what: &str) -> Deed {
    Deed::TakeOut(what.to_owned())
}

fn replace(wrong: &str, right: &str) -> Deed {
    Deed::Replace {
        wrong: wrong.to_owned(),
        right: right.to_owned(),
    }
}

// One case, one line.
#[rustfmt::skip]
#[test]
fn what_has_one_cure_is_as_good_as_new() {
    for (from, to, code, deed) in [
        ("\"villeneuve\",", "\"villeneuve\"", "comma_missing", insert(",")),
        ("\"VN26\",", "\"VN26\"", "comma_missing", insert(",")),
        ("\"VN26\",", "\"VN26\";", "comma_missing", replace(";", ",")),
        ("    },\n", "    }\n", "comma_missing", insert(",")),
        ("\"VN26\",", "\"VN26\",,", "extra_comma", take_out(",")),
        ("\"PASSVN\"\n", "\"PASSVN\",\n", "trailing_comma", take_out(",")),
        ("{\n", "\u{feff}{\n", "byte_order_mark", take_out("U+FEFF")),
        ("{\n", "{ // the project\n", "comment_left_in", take_out("// the project")),
        ("{\n", "# the project\n{\n", "comment_left_in", take_out("# the project")),
        ("{\n", "{\n  /* the\n project */\n", "comment_left_in", take_out("/* the project */")),
        ("\"VN_AUG\":", "\"VN_AUG\"", "colon_missing", insert(":")),
        ("\"VN_AUG\":", "\"VN_AUG\" =", "colon_missing", replace("=", ":")),
        ("\"VN26\"", "VN26", "quotes_missing", replace("VN26", "\"VN26\"")),
        ("\"VN26\"", "“VN26”", "wrong_quotes", replace("“VN26”", "\"VN26\"")),
        ("\"VN_AUG\"", "'VN_AUG'", "wrong_quotes", replace("'VN_AUG'", "\"VN_AUG\"")),
        ("\"PASSVN\"\n", "\"PASSVN\n", "quote_not_closed", insert("\"")),
        ("\"VN26\",", "\"VN26,", "quote_not_closed", insert("\"")),
        ("\"VN26\"", "\" VN26 \"", "space_around", replace(" VN26 ", "VN26")),
        ("\"VN26\"", "\"VN\t26\"", "control_character", take_out("U+0009")),
        ("seasonCode", "SeasonCODE", "key_spelling", replace("SeasonCODE", "seasonCode")),
        ("seasonCode", "seasoncod", "key_unknown", replace("seasoncod", "seasonCode")),
        ("OtipassProjectId", "OtipasProjectId", "key_unknown", replace("OtipasProjectId", "OtipassProjectId")),
        ("\"PCUMID000FSA5CD6\"", "\"pcumid000fsa5cd6\"", "id_in_small_letters", replace("pcumid000fsa5cd6", "PCUMID000FSA5CD6")),
        ("PROVIDER#PCUMID000FSA5CD6", "PROVIDER#PCUMID000FS4D3C1", "service_space_mismatch", replace("PROVIDER#PCUMID000FS4D3C1", "PROVIDER#PCUMID000FSA5CD6")),
        ("PROVIDER#PCUMID000FSA5CD6", "PCUMID000FSA5CD6", "service_space_mismatch", replace("PCUMID000FSA5CD6", "PROVIDER#PCUMID000FSA5CD6")),
        ("\"villeneuve\"", "\"https://pass.example.org/api/villeneuve/\"", "project_invalid", replace("https://pass.example.org/api/villeneuve/", "villeneuve")),
        ("}\n}\n", "}\n}\n}\n", "text_after_end", take_out("}")),
        ("  }\n}\n", "  ]\n}\n", "wrong_bracket", replace("]", "}")),
        ("\"sectorInfos\"", "\u{a0}\"sectorInfos\"", "odd_space", replace("U+00A0", " ")),
    ] {
        let text = changed(from, to);
        let found = cures(&text, &finding(&text, code));
        let [cure] = found.as_slice() else { panic!("{to}: {found:#?}") };
        assert_eq!(cure.deed, deed, "{to}");
        let reading = read_mapping(&cure.text);
        assert_eq!(reading.findings, [], "{to}: {}", cure.text);
        assert_eq!(reading.mapping, read_mapping(GOOD).mapping, "{to}: {}", cure.text);
    }
}

#[test]
fn what_stands_around_stays_as_it_is() {
    for (from, to, code) in [
        ("\"villeneuve\",", "\"villeneuve\"", "comma_missing"),
        ("\"PASSVN\"\n", "\"PASSVN\",\n", "trailing_comma"),
        ("{\n", "\u{feff}{\n", "byte_order_mark"),
        ("{\n", "{ // é\n", "comment_left_in"),
        ("{\n", "{\n  // the \"first\": {\n", "comment_left_in"),
        ("\"VN26\"", "„VN26”", "wrong_quotes"),
        ("\"VN_AUG\":", "\"VN_AUG\"", "colon_missing"),
    ] {
        let text = changed(from, to);
        let cured = cures(&text, &finding(&text, code)).pop().unwrap();
        assert_eq!(cured.text, GOOD, "{to}");
    }
}

const AUG_AGAIN: &str = r#"    "VN_AUG": {
      "OtipassPSpaceId": "PROVIDER#PCUMID000FSA5CD6",
      "OtipassServiceId": "PCUMID000FSA5CD6",
      "seasonCode": "VN26",
      "productCode": "PASSVN"
    },
"#;

#[test]
fn of_two_entries_that_say_the_same_one_goes() {
    let text = changed("    \"VN_RAY\"", &format!("{AUG_AGAIN}    \"VN_RAY\""));
    let found = cures(&text, &finding(&text, "sector_given_twice"));
    let expected = Cure {
        deed: take_out("VN_AUG"),
        text: GOOD.to_owned(),
    };
    assert_eq!(found, [expected]);
}

#[test]
fn of_a_text_that_was_pasted_twice_one_stays() {
    let text = format!("{GOOD}{GOOD}");
    let [cure] = &cures(&text, &finding(&text, "text_twice"))[..] else {
        panic!()
    };
    assert_eq!(cure.text, GOOD);
    let other = changed("VN_AUG", "VN_EXP");
    let text = format!("{GOOD}{other}");
    let found = cures(&text, &finding(&text, "text_twice"));
    let kept: Vec<_> = found.iter().map(|cure| cure.text.as_str()).collect();
    assert_eq!(kept, [GOOD, &other]);
    assert_eq!(found[1].deed, Deed::Keep { line: 18 });
}

#[test]
fn what_was_cut_has_no_cure_but_to_paste_it_again() {
    let text = &GOOD[..GOOD.find("    \"VN_RAY\"").unwrap()];
    assert_eq!(cures(text, &finding(text, "text_cut")), []);
}

#[test]
fn of_two_entries_that_differ_somebody_chooses() {
    let text = changed("\"VN_RAY\"", "\"VN_AUG\"");
    let found = cures(&text, &finding(&text, "sector_given_twice"));
    let kept: Vec<_> = found
        .iter()
        .map(|cure| {
            let mapping = read_mapping(&cure.text).mapping.unwrap();
            let product = mapping.sectors.values().next().unwrap().product.to_string();
            (cure.deed.clone(), product)
        })
        .collect();
    let expected = [
        (Deed::Keep { line: 4 }, "PASSVN".to_owned()),
        (Deed::Keep { line: 10 }, "PASSVN2".to_owned()),
    ];
    assert_eq!(kept, expected);

    let text = changed(
        "\"seasonCode\": \"VN26\",",
        "\"seasonCode\": \"VN26\", \"SeasonCode\": \"VN27\",",
    );
    let found = cures(&text, &finding(&text, "key_given_twice"));
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn num_type_is_serial_or_goes_or_comes() {
    let text = changed("  \"sector", "  \"NumType\": \"number\",\n  \"sector");
    let found = cures(&text, &finding(&text, "num_type_unknown"));
    let [serial, nothing] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert!(serial.text.contains("\"NumType\": \"serial\","));
    assert_eq!(nothing.text, GOOD);

    let with = with_num_type(GOOD).unwrap();
    let expected = changed("  \"sector", "  \"NumType\": \"serial\",\n  \"sector");
    assert_eq!(with.text, expected);
    assert_eq!(with_num_type(&with.text), None);
    let short = GOOD.replace('\n', " ");
    let with = with_num_type(&short).unwrap().text;
    assert!(with.starts_with("{   \"OtipassProjectId\": \"villeneuve\", \"NumType\": \"serial\","));
    assert_eq!(with_num_type("{}"), None);
}

#[test]
fn a_code_is_written_anew_where_it_stands() {
    let wrong = changed("VN_AUG", "VN_AUX");
    let cure = replaced(&wrong, 4, 5, "VN_AUG").unwrap();
    let expected = Cure {
        deed: replace("VN_AUX", "VN_AUG"),
        text: GOOD.to_owned(),
    };
    assert_eq!(cure, expected);
    let marked = format!("\u{feff}{}", wrong.replacen("\n  \"O", "\"O", 1));
    let cured = replaced(&marked, 3, 5, "VN_AUG").unwrap().text;
    assert!(cured.contains("\"VN_AUG\"") && cured.starts_with('\u{feff}'));
    // A sector that is there already would be given twice.
    assert_eq!(replaced(&wrong, 4, 5, "VN_RAY"), None);
    for nowhere in [(4, 1), (4, 200), (400, 1), (0, 0), (4, 0)] {
        assert_eq!(replaced(&wrong, nowhere.0, nowhere.1, "VN_AUG"), None);
    }
}

#[test]
fn what_nobody_can_know_has_no_cure() {
    for (from, to, code) in [
        ("\"VN26\"", "\"\"", "season_missing"),
        ("\"VN26\"", "\"VN26-2026\"", "season_too_long"),
        ("\"villeneuve\"", "\"a b\"", "project_invalid"),
        ("\"VN26\"", "", "value_missing"),
        ("\"VN26\",", "\"VN26\", \"remark\": \"x\",", "key_unknown"),
    ] {
        let text = changed(from, to);
        let found = cures(&text, &finding(&text, code));
        assert_eq!(found, [], "{to}");
    }
    assert_eq!(cures("", &finding("", "mapping_empty")), []);
    // A finding of another text changes nothing.
    let missing = finding(
        &changed("\"villeneuve\",", "\"villeneuve\""),
        "comma_missing",
    );
    assert_eq!(cures(GOOD, &missing), []);
}

#[test]
fn tidying_up_leaves_nothing_to_note() {
    assert_eq!(tidied(GOOD), None);
    let untidy = GOOD
        .replacen("{\n", "\u{feff}{ // é\n\u{a0}/* two\nlines */\n", 1)
        .replacen("\"PASSVN\"\n", "\"PASSVN\", # last\n", 1)
        .replacen("\"VN26\",", "\" VN26\",,", 1)
        .replacen("seasonCode", "SEASONCODE", 1)
        .replacen("\"PCUMID000FSA5CD6\"", "\"pcumid000fsa5cd6\"", 1)
        .replacen(
            "    },\n    \"VN_RAY\"",
            "    },\u{200b}\n    \"VN_RAY\"",
            1,
        );
    assert!(read_mapping(&untidy).findings.len() > 8);
    let tidy = tidied(&untidy).unwrap();
    assert_eq!(read_mapping(&tidy).findings, [], "{tidy}");
    assert_eq!(read_mapping(&tidy).mapping, read_mapping(GOOD).mapping);
    // A mistake does not keep the rest from it.
    let broken = untidy.replacen("\"villeneuve\",", "\"villeneuve\"", 1);
    let tidy = tidied(&broken).unwrap();
    let left = read_mapping(&tidy).findings;
    let codes: Vec<_> = left.iter().map(|found| found.code).collect();
    assert_eq!(codes, ["comma_missing"], "{tidy}");
}

proptest! {
    #[test]
    fn no_cure_makes_anything_worse(
        damages in proptest::collection::vec(
            (0..GOOD.len(), "[\\[\\]{}:;,=\"'“”\\\\/#a1\n é\u{a0}]{0,3}", 0usize..4),
            1..4,
        ),
    ) {
        let mut text = GOOD.to_owned();
        for (at, with, cut) in damages {
            let end = (at + cut).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) && at <= end {
                text.replace_range(at..end, &with);
            }
        }
        let before = read_mapping(&text).findings;
        for found in &before {
            for cure in cures(&text, found) {
                let after = read_mapping(&cure.text).findings;
                prop_assert!(after.len() < before.len(), "{} {:?}", found, cure);
            }
        }
        if let Some(tidy) = tidied(&text) {
            prop_assert!(read_mapping(&tidy).findings.len() < before.len());
            let (was, is) = (read_mapping(&text).mapping, read_mapping(&tidy).mapping);
            prop_assert!(was.is_none() || was == is);
        }
    }
}
