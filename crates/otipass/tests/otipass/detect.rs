//! Detection against the shared vectors, and on any text at all.

use kernel::Additions;
use otipass::{Checksum, Lengths, NumType, NumberFormat, detect, luhn_fits};
use proptest::prelude::*;
use serde::Deserialize;

/// One line of `vectors/detect.json`. Every implementation of detection runs
/// the same file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    num_type: NumType,
    project_id: String,
    format: Option<NumberFormat>,
    #[serde(default)]
    additions: Additions,
    code: String,
    card: Option<String>,
}

#[test]
fn the_shared_vectors_hold() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../vectors/detect.json")).unwrap();
    let mut wrong = Vec::new();
    for vector in &vectors {
        let format = vector.format.unwrap_or(NumberFormat::of(vector.num_type));
        let card = detect(&vector.code, &vector.project_id, &format, &vector.additions);
        let card = card.as_ref().map(kernel::CardNumber::reveal);
        if card != vector.card.as_deref() {
            wrong.push(format!("{:?} {}: {card:?}", vector.num_type, vector.name));
        }
    }
    assert!(vectors.len() > 60 && wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_default_format_is_the_numbers() {
    let format = NumberFormat::default();
    assert_eq!(format.num_type, NumType::Number);
    assert_eq!(
        (format.digits, format.checksum),
        (Lengths::exactly(8), Checksum::Luhn)
    );
}

/// `digits` and the check digit that fits them.
fn with_check_digit(digits: &str) -> String {
    (0..10)
        .map(|check| format!("{digits}{check}"))
        .find(|number| luhn_fits(number))
        .unwrap()
}

fn any_format() -> impl Strategy<Value = NumberFormat> {
    let lengths = || (0usize..20, 0usize..40).prop_map(|(min, max)| Lengths { min, max });
    let num_type = prop_oneof![Just(NumType::Number), Just(NumType::Serial)];
    let checksum = prop_oneof![Just(Checksum::Luhn), Just(Checksum::None)];
    (num_type, lengths(), lengths(), checksum).prop_map(|(num_type, letters, digits, checksum)| {
        NumberFormat {
            num_type,
            letters,
            digits,
            checksum,
        }
    })
}

proptest! {
    #[test]
    fn no_text_upsets_it(code in "\\PC*|(?s).{0,512}", project in "(?s).{0,12}", format in any_format()) {
        let found = detect(&code, &project, &format, &Additions::default());
        if let Some(card) = found {
            prop_assert!(code.to_ascii_uppercase().contains(card.reveal()));
        }
        let own = format!("{project}-{code}");
        let _ = detect(&own, &project, &format, &Additions::default());
    }

    #[test]
    fn a_recognised_number_is_recognised_again(code in "[ a-dA-D0-9-]{0,20}", format in any_format()) {
        if let Some(card) = detect(&code, "ab", &format, &Additions::default()) {
            prop_assert_eq!(detect(card.reveal(), "ab", &format, &Additions::default()), Some(card.clone()));
            let chip = format!("\t AB-{}\n", card.reveal());
            prop_assert_eq!(detect(&chip, "ab", &format, &Additions::default()), Some(card));
        }
    }

    #[test]
    fn one_misread_digit_is_noticed(digits in "[0-9]{7}", place in 0usize..8, shift in 1u8..10) {
        let number = with_check_digit(&digits);
        let format = NumberFormat::of(NumType::Number);
        prop_assert_eq!(detect(&number, "p", &format, &Additions::default()).is_some(), number != "00000000");
        let mut misread = number.into_bytes();
        misread[place] = (misread[place] - b'0' + shift) % 10 + b'0';
        let misread = String::from_utf8(misread).unwrap();
        prop_assert_eq!(detect(&misread, "p", &format, &Additions::default()), None);
    }

    #[test]
    fn serials_of_every_allowed_length_are_recognised(letters in "[a-zA-Z]{1,4}", digits in "[0-9]{5,11}") {
        let serial = format!("{letters}{}", with_check_digit(&digits));
        let card = detect(&serial, "p", &NumberFormat::of(NumType::Serial), &Additions::default()).unwrap();
        prop_assert_eq!(card.reveal(), serial.to_ascii_uppercase());
    }

    #[test]
    fn whatever_is_added_that_goes_leaves_the_number(
        serial in any::<bool>(),
        letters in "[A-Za-z]{1,4}",
        digits in "[0-9]{5,11}",
        added in prop::collection::vec((0usize..9, any::<bool>()), 0..8),
        gap in prop::option::of((1usize..6, 0usize..5)),
        client in any::<bool>(),
    ) {
        let (format, number) = if serial {
            (NumberFormat::of(NumType::Serial), format!("{letters}{}", with_check_digit(&digits)))
        } else {
            (NumberFormat::of(NumType::Number), with_check_digit(&format!("{digits:0>7.7}")))
        };
        prop_assume!(number.bytes().any(|b| b.is_ascii_digit() && b != b'0'));
        let mut text = number.clone();
        if let Some((at, gap)) = gap {
            text.insert_str(at, [" ", "-", "\u{a0}", "\u{2011}", " - "][gap]);
        }
        if client {
            text = format!("VilleNeuve-{text}");
        }
        let additions = Additions {
            prefixes: vec!["No.".to_owned()],
            suffixes: vec!["*".to_owned()],
            urls: Vec::new(),
        };
        for (what, before) in added {
            let what = [" ", "\u{feff}", "\u{200b}", "\r\n", "\t", "]C0", "]Q3", "No.", "*"][what];
            let goes_before = what.starts_with(']') || what == "No.";
            let goes_behind = what == "*";
            text = if goes_before || (before && !goes_behind) {
                format!("{what}{text}")
            } else {
                format!("{text}{what}")
            };
        }
        let card = detect(&text, "villeneuve", &format, &additions);
        let expected = number.to_ascii_uppercase();
        prop_assert_eq!(card.as_ref().map(kernel::CardNumber::reveal), Some(expected.as_str()));
    }

    #[test]
    fn no_two_numbers_are_taken_for_one_another(code in "[ \u{a0}\u{feff}\\-\\]CQ013ABvilne]{0,24}", serial in any::<bool>()) {
        let format = NumberFormat::of(if serial { NumType::Serial } else { NumType::Number });
        if let Some(card) = detect(&code, "villeneuve", &format, &Additions::default()) {
            // What is left of the text without all that can be added is the number.
            let bare: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
            let bare = bare.to_ascii_uppercase();
            prop_assert!(bare.ends_with(card.reveal()), "{code:?}");
            let before = &bare[..bare.len() - card.reveal().len()];
            prop_assert!(!before.contains(|c: char| c.is_ascii_digit() && c != '0' && c != '1' && c != '3') , "{code:?}");
        }
    }
}
