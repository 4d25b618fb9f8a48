//! The pass list: no good pass is refused, and every implementation reads it
//! alike (`vectors/pass_list.json`).

use gate::DeviceToken;
use gate::pass_list::{
    ByReason, DeviceList, Difference, ListBody, ListProblem, ListReason, PassKey, Whole, build,
    sign, verify,
};
use kernel::{CardNumber, Timestamp};
use otipass::{Refusal, luhn_fits};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

type Passes = BTreeMap<CardNumber, Option<ListReason>>;

/// The `n`th card number: seven digits and their check digit.
fn card(n: u32) -> CardNumber {
    let numbers = (0..10).map(|check| format!("{n:07}{check}"));
    numbers
        .into_iter()
        .find(|number| luhn_fits(number))
        .unwrap()
        .parse()
        .unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn token() -> DeviceToken {
    DeviceToken::from_random([7; 32])
}

fn entries(passes: &Passes) -> Vec<(PassKey, Option<ListReason>)> {
    let passes = passes.iter();
    passes
        .map(|(card, why)| (PassKey::of(card), *why))
        .collect()
}

fn whole(passes: &Passes, version: i64, dated: Timestamp) -> Vec<u8> {
    let content = build(&entries(passes)).unwrap();
    serde_json::to_vec(&ListBody::Whole(Whole {
        version,
        dated,
        content,
    }))
    .unwrap()
}

fn open(body: &[u8]) -> DeviceList {
    DeviceList::open(body, &sign(body, &token()), &token()).unwrap()
}

const DATED: &str = "2026-07-14T07:00:00.000Z";
/// One of each kind of age: the refusals by it, in order.
const AGES: [(&str, &[ListReason]); 5] = [
    // The device's clock is slow.
    ("2026-07-14T06:00:00.000Z", &ListReason::ALL),
    ("2026-07-14T07:59:59.999Z", &ListReason::ALL),
    (
        "2026-07-14T08:00:00.000Z",
        &[ListReason::Blocked, ListReason::Expired],
    ),
    (
        "2026-07-15T07:00:00.000Z",
        &[ListReason::Blocked, ListReason::Expired],
    ),
    ("2026-07-15T07:00:00.001Z", &[]),
];

/// What is known of a pass, by chance.
fn state() -> impl Strategy<Value = Option<ListReason>> {
    prop_oneof![
        3 => Just(None),
        1 => prop::sample::select(ListReason::ALL.to_vec()).prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// By construction: whatever is refused, no good pass ever is, at any age.
    #[test]
    fn no_known_good_pass_is_refused(
        known in prop::collection::btree_map(0u32..5_000_000, state(), 0..3_000),
    ) {
        let passes: Passes = known.iter().map(|(n, why)| (card(*n), *why)).collect();
        let list = open(&whole(&passes, 1, at(DATED)));
        for (now, believed) in AGES {
            for (card, why) in &passes {
                let said = list.refusal(card, at(now));
                match why {
                    None => prop_assert_eq!(said, None),
                    Some(why) if !believed.contains(why) => prop_assert_eq!(said, None),
                    // Some unsold ones are let through, because the filter of
                    // another reason takes them.
                    Some(ListReason::NotSold) => {
                        prop_assert!(said.is_none_or(|said| said == Refusal::PassNotSold));
                    }
                    Some(_) => prop_assert!(said.is_some()),
                }
            }
        }
    }

    /// The same after differences, in whatever steps they come.
    #[test]
    fn differences_lead_where_a_whole_would(
        known in prop::collection::btree_map(0u32..5_000_000, state(), 1..500),
        changes in prop::collection::vec(
            prop::collection::btree_map(0u32..5_000_000, state(), 0..60), 1..5),
    ) {
        let mut passes: Passes = known.iter().map(|(n, why)| (card(*n), *why)).collect();
        let content = build(&entries(&passes)).unwrap();
        let mut list = open(&whole(&passes, 1, at(DATED)));
        for (version, change) in (2..).zip(changes) {
            let mut difference = Difference {
                since: version - 1,
                version,
                dated: at(DATED),
                added: ByReason::default(),
                removed: Vec::new(),
                exceptions: Vec::new(),
            };
            // Also passes that were known before.
            let again = passes.keys().step_by(7).cloned().map(|card| (card, None));
            let fresh = change.iter().map(|(n, why)| (card(*n), *why));
            let change: Passes = again.chain(fresh).collect();
            for (card, why) in change {
                let key = PassKey::of(&card);
                match (passes.insert(card, why), why) {
                    (_, Some(why)) => difference.added.get_mut(why).push(key),
                    (Some(_), None) => difference.removed.push(key),
                    (None, None) => {
                        let taken = ListReason::ALL.into_iter().any(|reason| {
                            content.filters.get(reason).as_ref().is_some_and(|f| f.has(key))
                        });
                        difference.exceptions.extend(taken.then_some(key));
                    }
                }
            }
            let body = serde_json::to_vec(&ListBody::Difference(difference)).unwrap();
            list.apply(&body, &sign(&body, &token()), &token()).unwrap();
            prop_assert_eq!(list.version(), version);
            for (card, why) in &passes {
                let said = list.refusal(card, at(DATED));
                match why {
                    None => prop_assert_eq!(said, None),
                    Some(ListReason::NotSold) => {
                        prop_assert!(said.is_none_or(|said| said == Refusal::PassNotSold));
                    }
                    Some(_) => prop_assert!(said.is_some()),
                }
            }
        }
    }
}

/// A territory: of 200,000 passes, three quarters are good.
fn territory() -> Passes {
    (0..200_000)
        .map(|n| {
            let why = match n % 20 {
                0 => Some(ListReason::Blocked),
                1 | 2 => Some(ListReason::Expired),
                3 | 4 => Some(ListReason::NotSold),
                _ => None,
            };
            (card(n * 17), why)
        })
        .collect()
}

#[test]
fn unknown_passes_are_taken_wrongly_below_the_stated_rate() {
    let passes = territory();
    let list = open(&whole(&passes, 1, at(DATED)));
    let unknown = (0..200_000).map(|n| card(4_000_000 + n));
    let mut refused = [0u32; 2];
    for card in unknown {
        refused[0] += u32::from(list.refusal(&card, at(DATED)).is_some());
        let later = at("2026-07-14T08:00:00.000Z");
        refused[1] += u32::from(list.refusal(&card, later).is_some());
    }
    // 3 in 256 are 1.17 %; after an hour, 2 in 256 are 0.78 %.
    assert!((1..2_600).contains(&refused[0]), "{refused:?} of 200,000");
    assert!((1..1_800).contains(&refused[1]), "{refused:?} of 200,000");
}

#[test]
fn a_refused_pass_costs_about_nine_bits() {
    let passes = territory();
    let content = build(&entries(&passes)).unwrap();
    let refused = passes.values().flatten().count();
    let bytes: usize = ListReason::ALL
        .into_iter()
        .filter_map(|reason| content.filters.get(reason).as_ref())
        .map(gate::pass_list::Filter::bytes)
        .sum();
    let centibits = bytes * 800 / refused;
    assert!((800..1_000).contains(&centibits), "{centibits} / 100 bits");
    // 3 in 256 of the good ones, and 2 in 256 of those that are not sold.
    let expected = passes.len() * 3 / 256;
    assert!(
        content.exceptions.len() < expected,
        "{}",
        content.exceptions.len()
    );
}

#[test]
fn nothing_refused_is_a_list_too() {
    let list = open(&whole(&Passes::new(), 1, at(DATED)));
    assert_eq!(list.refusal(&card(1), at(DATED)), None);
}

#[test]
fn a_signature_is_of_these_bytes_and_this_device() {
    let body = whole(&Passes::new(), 1, at(DATED));
    let good = sign(&body, &token());
    assert_eq!(good.len(), 64);
    assert!(verify(&body, &good, &token()));
    let other = DeviceToken::from_random([8; 32]);
    assert!(!verify(&body, &good, &other));
    assert!(!verify(&body[1..], &good, &token()));
    for bad in ["", "00", &good[..62], &format!("{good}00"), "é", "zz"] {
        assert!(!verify(&body, bad, &token()), "{bad}");
        let opened = DeviceList::open(&body, bad, &token());
        assert!(matches!(opened, Err(ListProblem::Forged)));
    }
}

#[test]
fn what_does_not_fit_or_cannot_be_read_changes_nothing() {
    let passes: Passes = [(card(1), Some(ListReason::Blocked))].into();
    let mut list = open(&whole(&passes, 5, at(DATED)));
    let before = list.clone();
    let difference = |since, version| {
        serde_json::to_vec(&ListBody::Difference(Difference {
            since,
            version,
            dated: at(DATED),
            added: ByReason::default(),
            removed: vec![PassKey::of(&card(1))],
            exceptions: Vec::new(),
        }))
        .unwrap()
    };
    for (since, version) in [(4, 6), (6, 7), (5, 4)] {
        let body = difference(since, version);
        let applied = list.apply(&body, &sign(&body, &token()), &token());
        assert!(matches!(applied, Err(ListProblem::DoesNotFit)), "{since}");
        let opened = DeviceList::open(&body, &sign(&body, &token()), &token());
        assert!(matches!(opened, Err(ListProblem::DoesNotFit)), "{since}");
    }
    // Numbers that would lead outside of the fingerprints, and no keys.
    let text = String::from_utf8(whole(&passes, 6, at(DATED))).unwrap();
    let length = r#""segment_length":"#;
    let broken = [
        text.replace(length, r#""segment_length":1"#),
        text.replace(r#""segment_length_mask":"#, r#""segment_length_mask":9"#),
        text.replace(r#""segment_count_length":"#, r#""segment_count_length":1"#),
        text.replace(r#""fingerprints":""#, r#""fingerprints":"AAAA"#),
        text.replace(r#""seed":""#, r#""seed":"x"#),
        text.replace(r#""exceptions":[]"#, r#""exceptions":["01"]"#),
        text.replace(r#""exceptions":[]"#, r#""exceptions":["000000000000000G"]"#),
        "{}".to_owned(),
        String::new(),
    ];
    for body in &broken {
        assert_ne!(*body, text);
        let applied = list.apply(body.as_bytes(), &sign(body.as_bytes(), &token()), &token());
        assert!(
            matches!(applied, Err(ListProblem::Unreadable(_))),
            "{body:.90}"
        );
    }
    assert_eq!(list, before);
    // A difference since the whole, though a later one is there already.
    for (since, version) in [(5, 7), (7, 7), (5, 8)] {
        let body = difference(since, version);
        list.apply(&body, &sign(&body, &token()), &token()).unwrap();
    }
    assert_eq!((list.base(), list.version()), (5, 8));
    assert_eq!(list.refusal(&card(1), at(DATED)), None);
    let body = whole(&passes, 9, at(DATED));
    list.apply(&body, &sign(&body, &token()), &token()).unwrap();
    assert_eq!((list.base(), list.version()), (9, 9));
    assert!(list.refusal(&card(1), at(DATED)).is_some());
}

/// `vectors/pass_list.json`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    token: String,
    /// Each in its turn: what arrives, and what the device says afterwards.
    steps: Vec<Step>,
    /// Keys of card numbers.
    keys: BTreeMap<String, PassKey>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    name: String,
    body: String,
    signature: String,
    /// Whether the device takes it.
    taken: bool,
    version: i64,
    cards: Vec<Asked>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    card: String,
    now: String,
    refusal: Option<String>,
}

/// The passes of the vectors: 300 good ones and some of each other kind.
fn vector_passes() -> Passes {
    (0..390)
        .map(|n| {
            let why = match n {
                0..30 => Some(ListReason::Blocked),
                30..50 => Some(ListReason::Expired),
                50..90 => Some(ListReason::NotSold),
                _ => None,
            };
            (card(1_000_000 + n * 3_571), why)
        })
        .collect()
}

/// What the vectors ask of a list: everything that must be seen, at every age
/// that matters.
fn questions(list: &DeviceList, passes: &Passes, dated: Timestamp) -> Vec<Asked> {
    let content = build(&entries(passes)).unwrap();
    let excepted: BTreeSet<PassKey> = content.exceptions.iter().copied().collect();
    let good = passes.iter().filter(|(_, why)| why.is_none());
    let chosen = ListReason::ALL
        .into_iter()
        .flat_map(|reason| {
            let refused = passes.iter().filter(move |(_, why)| **why == Some(reason));
            refused.take(2)
        })
        .chain(good.clone().take(2))
        .chain(good.filter(|(card, _)| excepted.contains(&PassKey::of(card))))
        .map(|(card, _)| card.clone())
        .chain((0..4).map(|n| card(9_000_000 + n)))
        // Unknown passes that the filters take wrongly.
        .chain(
            (0..)
                .map(|n| card(8_000_000 + n))
                .filter(|card| list.refusal(card, dated).is_some())
                .take(2),
        );
    let hour = 60 * 60 * 1000;
    let mut asked = Vec::new();
    for card in chosen {
        for age_ms in [0, hour - 1, hour, 24 * hour, 24 * hour + 1] {
            let now = dated.plus_ms(age_ms);
            let refusal = list.refusal(&card, now);
            asked.push(Asked {
                card: card.reveal().to_owned(),
                now: now.to_string(),
                refusal: refusal.map(|refusal| refusal.to_string()),
            });
        }
    }
    asked
}

/// The vectors as this implementation makes them.
fn made() -> Vectors {
    let token = token();
    let mut passes = vector_passes();
    let body = whole(&passes, 17, at(DATED));
    let mut list = open(&body);
    let mut steps = vec![Step {
        name: "a whole list".to_owned(),
        signature: sign(&body, &token),
        body: String::from_utf8(body.clone()).unwrap(),
        taken: true,
        version: 17,
        cards: questions(&list, &passes, at(DATED)),
    }];
    let later = at("2026-07-14T07:10:00.000Z");
    let numbers: Vec<CardNumber> = passes.keys().cloned().collect();
    // Two were blocked, one was sold, one is good again after all.
    let change: Passes = [
        (numbers[100].clone(), Some(ListReason::Blocked)),
        (numbers[101].clone(), Some(ListReason::Blocked)),
        (numbers[50].clone(), None),
        (numbers[0].clone(), None),
        (card(9_000_000), Some(ListReason::NotSold)),
    ]
    .into();
    let new_and_taken = (0..)
        .map(|n| card(8_000_000 + n))
        .find(|card| list.refusal(card, later).is_some())
        .unwrap();
    let mut difference = Difference {
        since: 17,
        version: 19,
        dated: later,
        added: ByReason::default(),
        removed: Vec::new(),
        exceptions: vec![PassKey::of(&new_and_taken)],
    };
    for (card, why) in &change {
        match why {
            Some(why) => difference.added.get_mut(*why).push(PassKey::of(card)),
            None => difference.removed.push(PassKey::of(card)),
        }
    }
    passes.extend(change.clone());
    passes.insert(new_and_taken.clone(), None);
    let body = serde_json::to_vec(&ListBody::Difference(difference)).unwrap();
    let forged = String::from_utf8(body.clone()).unwrap().replace("19", "18");
    steps.push(Step {
        name: "a difference that was changed on its way".to_owned(),
        body: forged,
        signature: sign(&body, &token),
        taken: false,
        version: 17,
        cards: Vec::new(),
    });
    list.apply(&body, &sign(&body, &token), &token).unwrap();
    let mut cards = questions(&list, &passes, later);
    for card in change.keys().chain([&new_and_taken]) {
        for now in ["2026-07-14T07:10:00.000Z", "2026-07-14T09:00:00.000Z"] {
            cards.push(Asked {
                card: card.reveal().to_owned(),
                now: now.to_owned(),
                refusal: list.refusal(card, at(now)).map(|why| why.to_string()),
            });
        }
    }
    steps.push(Step {
        name: "a difference".to_owned(),
        signature: sign(&body, &token),
        body: String::from_utf8(body).unwrap(),
        taken: true,
        version: 19,
        cards,
    });
    let gap = serde_json::to_vec(&ListBody::Difference(Difference {
        since: 20,
        version: 21,
        dated: later,
        added: ByReason::default(),
        removed: Vec::new(),
        exceptions: Vec::new(),
    }))
    .unwrap();
    steps.push(Step {
        name: "a difference since a version that the device does not have".to_owned(),
        signature: sign(&gap, &token),
        body: String::from_utf8(gap).unwrap(),
        taken: false,
        version: 19,
        cards: Vec::new(),
    });
    let keys = ["00029975", "AB123456"].map(|text| {
        let card: CardNumber = text.parse().unwrap();
        (text.to_owned(), PassKey::of(&card))
    });
    Vectors {
        token: token.reveal().to_owned(),
        steps,
        keys: keys.into(),
    }
}

/// If the list is made otherwise on purpose, this prints the new vectors.
#[test]
fn the_vectors_are_what_is_made_here() {
    let kept: Vectors = serde_json::from_str(include_str!("../../vectors/pass_list.json")).unwrap();
    let made = made();
    let text = serde_json::to_string_pretty(&made).unwrap();
    assert!(
        kept == made,
        "crates/gate/vectors/pass_list.json should be:\n{text}"
    );
}

#[test]
fn the_vectors_hold() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../vectors/pass_list.json")).unwrap();
    let token = DeviceToken::presented(&vectors.token);
    for (number, key) in &vectors.keys {
        assert_eq!(PassKey::of(&number.parse().unwrap()), *key, "{number}");
    }
    let mut list: Option<DeviceList> = None;
    for step in &vectors.steps {
        let body = step.body.as_bytes();
        let taken = match &mut list {
            None => match DeviceList::open(body, &step.signature, &token) {
                Ok(opened) => {
                    list = Some(opened);
                    true
                }
                Err(_) => false,
            },
            Some(list) => list.apply(body, &step.signature, &token).is_ok(),
        };
        assert_eq!(taken, step.taken, "{}", step.name);
        let list = list.as_ref().unwrap();
        assert_eq!(list.version(), step.version, "{}", step.name);
        for asked in &step.cards {
            let said = list.refusal(&asked.card.parse().unwrap(), at(&asked.now));
            let said = said.map(|why| why.to_string());
            assert_eq!(
                said, asked.refusal,
                "{}: {} {}",
                step.name, asked.card, asked.now
            );
        }
    }
    let said: BTreeSet<_> = vectors
        .steps
        .iter()
        .flat_map(|step| &step.cards)
        .map(|asked| asked.refusal.as_deref())
        .collect();
    assert_eq!(said.len(), 4, "{said:?}");
}

#[test]
fn the_examples_of_the_device_api_are_lists() {
    let lists = deviceapi::EXAMPLES
        .iter()
        .filter(|example| example.path.ends_with("/pass-list"));
    let mut read = 0;
    for example in lists {
        let list: ListBody = serde_json::from_str(example.text).unwrap();
        let value: serde_json::Value = serde_json::from_str(example.text).unwrap();
        assert_eq!(
            serde_json::to_value(&list).unwrap(),
            value,
            "{}",
            example.name
        );
        read += 1;
    }
    assert_eq!(read, 2);
}
