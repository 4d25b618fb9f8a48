//! Reading mapping parameters as museums paste them.

use kernel::{Language, Severity};
use otipass::{MAPPING_LIMIT_BYTES, NumType, read_mapping};
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

/// The findings as `code@line:column`, mistakes with an exclamation mark.
fn findings(text: &str) -> Vec<String> {
    let reading = read_mapping(text);
    let mistakes = reading
        .findings
        .iter()
        .any(|f| f.severity == Severity::Mistake);
    assert_eq!(
        reading.mapping.is_none(),
        mistakes,
        "{:#?}",
        reading.findings
    );
    reading
        .findings
        .iter()
        .map(|finding| {
            let mark = match finding.severity {
                Severity::Mistake => "!",
                _ => "",
            };
            for language in [Language::En, Language::Fr] {
                let (what, cure) = (finding.what(language), finding.cure(language));
                assert!(what.ends_with(['.']) && cure.ends_with(['.']), "{finding}");
            }
            let at = finding.mapped_at.expect("it has a place");
            assert_eq!(finding.place, at.into());
            format!("{}{mark}@{}:{}", finding.code, at.line, at.column)
        })
        .collect()
}

fn changed(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn a_good_mapping_is_read_without_a_word() {
    assert_eq!(findings(GOOD), [] as [&str; 0]);
    let mapping = read_mapping(GOOD).mapping.unwrap();
    assert_eq!(mapping.project_id, "villeneuve");
    assert_eq!(mapping.num_type, NumType::Number);
    assert_eq!(mapping.sectors.len(), 2);
    let sector = &mapping.sectors[&"VN_RAY".parse().unwrap()];
    assert_eq!(sector.service_id.as_str(), "PCUMID000FS4D3C1");
    assert_eq!(sector.space_id.as_str(), "PROVIDER#PCUMID000FS4D3C1");
    assert_eq!(sector.season.as_str(), "VN26");
    assert_eq!(sector.product.as_str(), "PASSVN2");
}

#[test]
fn what_is_clear_is_forgiven_and_said() {
    let plain = read_mapping(GOOD).mapping;
    for (from, to, expected) in [
        ("{\n", "\u{feff}{\n", "byte_order_mark@1:1"),
        (
            "{\n",
            "\u{feff}{ // the project\n",
            "byte_order_mark@1:1 comment_left_in@1:3",
        ),
        ("{\n", "{ /* the\n project */\n", "comment_left_in@1:3"),
        ("{\n", "{ # the project\n", "comment_left_in@1:3"),
        (
            "\"VN26\",",
            "\"VN26\", // é \"season\n",
            "comment_left_in@7:29",
        ),
        ("\"PASSVN\"\n", "\"PASSVN\",\n", "trailing_comma@8:30"),
        (
            "\"PASSVN\"\n",
            "\"PASSVN\", // last\n",
            "trailing_comma@8:30 comment_left_in@8:32",
        ),
        ("  }\n}", "  },\n}", "trailing_comma@16:4"),
        ("\"VN26\",", "\"VN26\",,", "extra_comma@7:28"),
        ("{\n", "{,\n", "extra_comma@1:2"),
        (
            "\"PCUMID000FSA5CD6\"",
            "\"pcumid000fsa5cd6\"",
            "id_in_small_letters@5:27",
        ),
        (
            "\"PROVIDER#PCUMID000FSA5CD6\"",
            "\"provider#PCUMID000FSA5CD6\"",
            "id_in_small_letters@6:26",
        ),
        ("OtipassPSpaceId", "otipassPspaceID", "key_spelling@6:7"),
        ("\"seasonCode\"", "\" SeasonCode\"", "key_spelling@7:7"),
        ("\"VN26\",", "\" VN26\",", "space_around@7:21"),
        ("\"VN26\",", "\"VN26\\t\",", "space_around@7:21"),
        (
            "\"VN26\",",
            "\"VN26\t\",",
            "space_around@7:21 control_character@7:26",
        ),
        ("\"VN26\",", "\"\\u0056N26\",", ""),
        (
            "\"VN26\",",
            "\"VN26\", \"remark\": [1, {\"a\": null}, true],",
            "key_unknown@7:29",
        ),
        ("  \"sector", "\u{a0} \"sector", "odd_space@3:1"),
        ("  \"sector", "\u{200b} \u{a0} \"sector", "odd_space@3:1"),
        ("{\n", "{\r\n\r\n", ""),
        (
            "  \"sectorInfos\"",
            "\"NumType\": null,\n  \"sectorInfos\"",
            "",
        ),
        (
            "  \"sectorInfos\"",
            "\"NumType\": \"\",\n  \"sectorInfos\"",
            "",
        ),
    ] {
        let text = changed(from, to);
        assert_eq!(findings(&text).join(" "), expected, "{to}");
        assert_eq!(read_mapping(&text).mapping, plain, "{to}");
    }
}

#[test]
fn num_type_is_serial_or_missing() {
    let with = |value: &str| {
        changed(
            "  \"sectorInfos\"",
            &format!("  \"NumType\": {value},\n  \"sectorInfos\""),
        )
    };
    let num_type = |value: &str| read_mapping(&with(value)).mapping.map(|m| m.num_type);
    assert_eq!(num_type("\"serial\""), Some(NumType::Serial));
    assert_eq!(findings(&with("\"serial\"")), [] as [&str; 0]);
    assert_eq!(num_type("\"Serial \""), Some(NumType::Serial));
    assert_eq!(findings(&with("\"Serial \"")), ["num_type_spelling@3:14"]);
    for wrong in ["\"number\"", "7", "true", "{}"] {
        assert_eq!(
            findings(&with(wrong)),
            ["num_type_unknown!@3:14"],
            "{wrong}"
        );
    }
}

#[test]
fn a_number_where_a_text_belongs_keeps_its_digits() {
    let text = changed("\"VN26\",", "0026,");
    assert_eq!(findings(&text), ["number_without_quotes@7:21"]);
    let mapping = read_mapping(&text).mapping.unwrap();
    assert_eq!(
        mapping.sectors[&"VN_AUG".parse().unwrap()].season.as_str(),
        "0026"
    );
    assert_eq!(
        findings(&changed("\"VN26\",", "2.6,")),
        ["wrong_type!@7:21"]
    );
}

#[test]
fn what_the_parameters_cannot_mean_is_a_mistake() {
    for (from, to, expected) in [
        (
            "\"OtipassProjectId\": \"villeneuve\",",
            "",
            "project_missing!@1:1",
        ),
        ("\"villeneuve\"", "\"\"", "project_missing!@2:23"),
        ("\"villeneuve\"", "null", "project_missing!@2:23"),
        ("\"villeneuve\"", "[]", "wrong_type!@2:23"),
        (
            "\"villeneuve\"",
            "\"https://pass.example.org/api/villeneuve\"",
            "project_invalid!@2:23",
        ),
        ("\"VN_RAY\"", "\"VN_AUG\"", "sector_given_twice!@10:5"),
        ("\"VN_RAY\"", "\" VN_AUG \"", "sector_given_twice!@10:5"),
        ("\"VN_RAY\"", "\"\"", "sector_code_missing!@10:5"),
        ("\"VN_RAY\"", "\"VN;RAY\"", "sector_code_invalid!@10:5"),
        (
            "\"VN26\",",
            "\"VN26\", \"SeasonCode\": \"VN27\",",
            "key_spelling@7:29 key_given_twice!@7:29",
        ),
        ("\"seasonCode\": \"VN26\",", "", "season_missing!@4:15"),
        ("\"VN26\"", "\" \"", "season_missing!@7:21"),
        ("\"VN26\"", "\"SEASON2026\"", "season_too_long!@7:21"),
        ("\"VN26\"", "\"VN;26\"", "season_invalid!@7:21"),
        (
            ",\n      \"productCode\": \"PASSVN\"",
            "",
            "product_missing!@4:15",
        ),
        ("\"PASSVN\"", "\"PASSVN2026\"", "product_too_long!@8:22"),
        ("\"PASSVN\"", "true", "wrong_type!@8:22"),
        (
            "\"OtipassServiceId\": \"PCUMID000FSA5CD6\",",
            "",
            "service_missing!@4:15",
        ),
        (
            "\"PCUMID000FSA5CD6\"",
            "\"PCUMID 000FSA5CD6\"",
            "service_invalid!@5:27",
        ),
        (
            "\"OtipassPSpaceId\": \"PROVIDER#PCUMID000FSA5CD6\",",
            "",
            "space_missing!@4:15",
        ),
        (
            "PROVIDER#PCUMID000FSA5CD6",
            "PROVIDER#PCUMID000FS4D3C1",
            "service_space_mismatch!@6:26",
        ),
        (
            "PROVIDER#PCUMID000FSA5CD6",
            "PCUMID000FSA5CD6",
            "service_space_mismatch!@6:26",
        ),
    ] {
        assert_eq!(findings(&changed(from, to)).join(" "), expected, "{to}");
    }
    for (text, expected) in [
        ("{\"OtipassProjectId\": \"v\"}", "sectors_missing!@1:1"),
        (
            "{\"OtipassProjectId\": \"v\", \"sectorInfos\": {}}",
            "sectors_missing!@1:42",
        ),
        (
            "{\"OtipassProjectId\": \"v\", \"sectorInfos\": []}",
            "wrong_type!@1:42",
        ),
        (
            "{\"OtipassProjectId\": \"v\", \"sectorInfos\": {\"A\": 1}}",
            "wrong_type!@1:48",
        ),
        ("[]", "wrong_type!@1:1"),
        ("\"villeneuve\"", "wrong_type!@1:1"),
    ] {
        assert_eq!(findings(text).join(" "), expected, "{text}");
    }
    let long = changed("PCUMID000FSA5CD6\",", &format!("{}\",", "X".repeat(65)));
    assert_eq!(findings(&long), ["service_too_long!@5:27"]);
    let long = changed("\"VN_RAY\"", &format!("\"{}\"", "X".repeat(41)));
    assert_eq!(findings(&long), ["sector_code_too_long!@10:5"]);
}

#[test]
fn broken_json_is_one_mistake_at_its_place() {
    for (from, to, expected) in [
        ("\"VN26\",", "\"VN26\"", "comma_missing!@7:27"),
        ("\"VN26\",", "\"VN26\";", "comma_missing!@7:27"),
        ("    },\n", "    }\n", "comma_missing!@9:6"),
        ("\"seasonCode\":", "\"seasonCode\"", "colon_missing!@7:19"),
        ("\"seasonCode\":", "\"seasonCode\" =", "colon_missing!@7:19"),
        (
            "\"seasonCode\": \"VN26\"",
            "\"seasonCode\"",
            "colon_missing!@7:19",
        ),
        ("\"VN26\",", ",", "value_missing!@7:21"),
        ("\"VN26\",", "VN26,", "quotes_missing!@7:21"),
        ("\"VN26\",", "True,", "quotes_missing!@7:21"),
        (
            "\"PROVIDER#PCUMID000FSA5CD6\",",
            "PROVIDER#PCUMID000FSA5CD6,",
            "quotes_missing!@6:26",
        ),
        ("\"seasonCode\"", "seasonCode", "quotes_missing!@7:7"),
        ("\"VN26\",", "“VN26”,", "wrong_quotes!@7:21"),
        ("\"VN26\",", "'VN26',", "wrong_quotes!@7:21"),
        ("\"VN26\",", "«VN26»,", "wrong_quotes!@7:21"),
        ("\"VN26\",", "\"VN26,", "quote_not_closed!@7:21"),
        ("\"PASSVN\"", "\"PASSVN", "quote_not_closed!@8:22"),
        ("\"VN26\",", "\"VN\\26\",", "bad_escape!@7:24"),
        ("\"VN26\",", "\"VN26\\ud83d\",", "bad_escape!@7:26"),
        ("\"VN26\",", "\"VN26\\u12\",", "bad_escape!@7:26"),
        (
            "\"VN26\",",
            "\"VN26\", @ ,",
            "unexpected_character!@7:29 extra_comma@7:31",
        ),
        ("\"VN26\",", "\"VN26\", {\"a\": 1},", "key_missing!@7:29"),
        ("    },\n", "    ],\n", "wrong_bracket!@9:5"),
        ("  }\n}", "}\n", "brace_not_closed!@18:1"),
        (
            "{\n",
            "{ /* \n",
            "comment_left_in@1:3 comment_not_closed!@1:3 brace_not_closed!@18:1 project_missing!@1:1 sectors_missing!@1:1",
        ),
        ("  }\n}", "  }\n}}", "text_after_end!@17:2"),
        ("  }\n}", "  }\n};", "text_after_end!@17:2"),
    ] {
        let mut expected: Vec<_> = expected.split(' ').collect();
        let mut found = findings(&changed(from, to));
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{to}");
    }
    for (text, expected) in [
        ("", "mapping_empty!@1:1"),
        (
            " \r\n // nothing\n",
            "comment_left_in@2:2 mapping_empty!@3:1",
        ),
        (
            "{",
            "project_missing!@1:1 sectors_missing!@1:1 text_cut!@1:2",
        ),
    ] {
        assert_eq!(
            findings(text)[..expected.split(' ').count()].join(" "),
            expected,
            "{text:?}"
        );
    }
}

#[test]
fn a_text_that_was_cut_is_called_so_wherever_it_ends() {
    let count = |text: &str, code: &str| {
        let found = findings(text).into_iter();
        found.filter(|found| found.starts_with(code)).count()
    };
    let whole = GOOD.trim_end();
    for (end, _) in whole.char_indices().skip(1) {
        let text = &whole[..end];
        let is_cut = count(text, "text_cut!");
        let is_open = count(text, "brace_not_closed!");
        // Behind the last entry's braces one brace alone is missing.
        let one_is_missing = whole[end..].trim() == "}";
        assert_eq!(
            (is_cut, is_open),
            if one_is_missing { (0, 1) } else { (1, 0) },
            "{text}"
        );
        for told_besides in ["value_missing!", "colon_missing!", "quote_not_closed!"] {
            assert_eq!(count(text, told_besides), 0, "{text}");
        }
    }
    assert_eq!(findings(&format!("{whole}\n{whole}")), ["text_twice!@18:1"]);
}

#[test]
fn a_space_inside_a_code_is_noted() {
    let text = changed("\"VN_AUG\"", "\"VN AUG\"");
    let text = text.replacen("\"VN26\"", "\"VN 26\"", 1);
    assert_eq!(
        findings(&text),
        ["code_with_space@4:5", "code_with_space@7:21"]
    );
    assert!(read_mapping(&text).mapping.is_some(), "it may be right");
}

#[test]
fn one_run_finds_everything() {
    let text = r#"{
  // copied from the sample
  "OtipassProjectId": "villeneuve"
  "sectorInfos": {
    "VN_AUG": {
      "OtipassServiceId": "pcumid000fsa5cd6",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FS4D3C1",
      "seasonCode": "SEASON2026",
    },
    VN_RAY: {
      "OtipassServiceId": "PCUMID000FS4D3C1,
      "OtipassPSpaceId": "PROVIDER#PCUMID000FS4D3C1",
      "seasonCode": "",
      "productCode": "PASSVN2026"
    },
    "VN_AUG": {}
}
"#;
    assert_eq!(
        findings(text),
        [
            "comment_left_in@2:3",
            "comma_missing!@3:35",
            "product_missing!@5:15",
            "id_in_small_letters@6:27",
            "service_space_mismatch!@7:26",
            "season_too_long!@8:21",
            "trailing_comma@8:33",
            "quotes_missing!@10:5",
            "quote_not_closed!@11:27",
            "season_missing!@13:21",
            "product_too_long!@14:22",
            "sector_given_twice!@16:5",
            "service_missing!@16:15",
            "space_missing!@16:15",
            "season_missing!@16:15",
            "product_missing!@16:15",
            "brace_not_closed!@18:1",
        ]
    );
}

#[test]
fn a_finding_says_what_where_and_what_to_do() {
    let reading = read_mapping(&changed("\"VN_RAY\"", "\"VN_AUG\""));
    assert_eq!(
        reading.findings[0].to_string(),
        "line 10, column 5: Sector \"VN_AUG\" is given twice, first on line 4; one entry would \
         silently win. Keep the right entry and take out the other; a sector has one entry."
    );
}

#[test]
fn size_depth_and_findings_are_limited() {
    assert_eq!(
        findings(&" ".repeat(MAPPING_LIMIT_BYTES + 1)),
        ["mapping_too_long!@1:1"]
    );
    let deep = "[".repeat(100_000);
    assert_eq!(
        findings(&deep)[..2],
        ["wrong_type!@1:1", "nested_too_deep!@1:17"]
    );
    let many = findings(&",".repeat(1_000).replace(',', "{\"a\":,},"));
    assert!(many.len() <= 100);
    let many = findings(&format!("{{{}}}", "@,".repeat(1_000)));
    assert_eq!(many.len(), 100);
    assert!(
        many.iter()
            .any(|finding| finding.starts_with("too_many_findings!"))
    );
}

proptest! {
    #[test]
    fn no_text_upsets_it(text in "(?s).{0,200}") {
        let _ = findings(&text);
    }

    #[test]
    fn no_soup_of_json_upsets_it(text in "[\\[\\]{}:,\"'/*#\\\\\n a1u“=;]{0,120}") {
        let _ = findings(&text);
    }

    #[test]
    fn a_mapping_with_a_piece_missing_upsets_nobody(from in 0..GOOD.len(), length in 1usize..60) {
        let to = (from + length).min(GOOD.len());
        let _ = findings(&format!("{}{}", &GOOD[..from], &GOOD[to..]));
    }

    #[test]
    fn whatever_is_read_is_what_a_strict_reader_reads(
        project in "[a-z]{1,12}",
        service in "[A-Z0-9]{1,16}",
        season in "[A-Z0-9éß\"\\\\/]{1,8}",
        sector in "[A-Z_]{1,20}",
    ) {
        let text = serde_json::json!({
            "OtipassProjectId": project,
            "sectorInfos": { sector.clone(): {
                "OtipassServiceId": service,
                "OtipassPSpaceId": format!("PROVIDER#{service}"),
                "seasonCode": season,
                "productCode": "P",
            }},
        });
        for text in [text.to_string(), format!("{text:#}")] {
            let reading = read_mapping(&text);
            prop_assert_eq!(&reading.findings, &[]);
            let mapping = reading.mapping.unwrap();
            prop_assert_eq!(&mapping.project_id, &project);
            let info = &mapping.sectors[&sector.parse().unwrap()];
            prop_assert_eq!(info.service_id.as_str(), &service);
            prop_assert_eq!(info.season.as_str(), &season);
        }
    }
}
