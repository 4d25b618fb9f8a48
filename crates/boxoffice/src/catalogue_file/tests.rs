use super::*;
use proptest::prelude::*;

const VILLENEUVE: &str = include_str!("../../../../examples/villeneuve/catalogue.toml");

#[test]
fn the_example_is_read() {
    let catalogue = read_catalogue(VILLENEUVE).unwrap();
    assert_eq!(catalogue.seasons.len(), 1);
    assert_eq!(catalogue.products.len(), 3);
    assert_eq!(catalogue.tariffs.len(), 3);
    assert_eq!(catalogue.tariff_mappings.len(), 2);
    assert_eq!(catalogue.sales_channels.len(), 1);
    assert_eq!(catalogue.buyer, Some("000042".parse().unwrap()));
    assert_eq!(catalogue.tariffs[1].price, Some(Money::from_minor(475)));
}

#[test]
fn price_and_vat_may_be_left_out_and_days_be_written_either_way() {
    let catalogue = read_catalogue(
        "[[tariff]]\nproduct = \"P\"\ncode = \"T\"\nvalid_from = 2026-01-01\n\
         valid_until = \"2026-12-31\"\n",
    )
    .unwrap();
    let tariff = &catalogue.tariffs[0];
    assert_eq!((tariff.price, tariff.vat), (None, None));
    assert_eq!(tariff.valid_from, Some("2026-01-01".parse().unwrap()));
    assert_eq!(tariff.valid_until, Some("2026-12-31".parse().unwrap()));
}

#[test]
fn each_mistake_is_named_with_its_place() {
    for (good, bad, expected) in [
        (
            "name = \"Saison 2026\"",
            "nom = \"x\"",
            ("key_unknown", 3, 1),
        ),
        ("[[season]]", "[[saison]]", ("key_unknown", 1, 3)),
        ("[[season]]", "[season]", ("wrong_type", 1, 1)),
        ("code = \"VN26\"", "", ("key_missing", 1, 1)),
        ("code = \"VN26\"", "code = 26", ("wrong_type", 2, 8)),
        (
            "code = \"VN26\"",
            "code = \"SEASON2026\"",
            ("code_invalid", 2, 8),
        ),
        (
            "code = \"PASSVN2\"",
            "code = \"PASSVN\"",
            ("given_twice", 13, 8),
        ),
        (
            "code = \"PASSVN3\"",
            "code = \"PASSVN3XX\"",
            ("code_invalid", 19, 8),
        ),
        (
            "price_minor = 950",
            "price_minor = 9.5",
            ("wrong_type", 26, 15),
        ),
        (
            "price_minor = 950",
            "price_minor = -950",
            ("price_out_of_range", 26, 15),
        ),
        (
            "vat_basis_points = 550",
            "vat_basis_points = 10001",
            ("vat_out_of_range", 27, 20),
        ),
        (
            "price_minor = 950",
            "valid_from = \"14.07.2026\"",
            ("day_invalid", 26, 14),
        ),
        (
            "price_minor = 950",
            "valid_from = 2026-02-01\nvalid_until = 2026-01-31",
            ("validity_reversed", 27, 15),
        ),
        (
            "product = \"PASSVN2\"\ntariff",
            "product = \"PASSVN\"\ntariff",
            ("given_twice", 46, 11),
        ),
        (
            "number = \"000042\"",
            "number = \"A42\"",
            ("contact_number_invalid", 54, 10),
        ),
        ("number = \"000042\"", "number = 42", ("wrong_type", 54, 10)),
        (
            "[\"PENDING_ACCOUNT\"]",
            "\"PENDING_ACCOUNT\"",
            ("wrong_type", 56, 17),
        ),
        ("type = \"STX_FILE\"", "", ("key_missing", 49, 1)),
        (
            "price_minor = 950",
            "price_minor = ",
            ("catalogue_file_broken", 26, 15),
        ),
    ] {
        let text = VILLENEUVE.replacen(good, bad, 1);
        assert_ne!(text, VILLENEUVE, "{bad}");
        let problems = read_catalogue(&text).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|p| (p.code, p.place.line(), p.place.position().unwrap().column))
            .collect();
        assert_eq!(found, [expected], "{bad}");
    }
}

#[test]
fn all_mistakes_are_found_in_one_go() {
    let text = VILLENEUVE
        .replacen("name = \"Saison 2026\"", "nom = \"x\"", 1)
        .replacen("price_minor = 950", "price_minor = -1", 1)
        .replacen("vat_basis_points = 550", "vat_basis_points = \"5.5\"", 1)
        .replacen("number = \"000042\"", "", 1);
    let problems = read_catalogue(&text).unwrap_err();
    let codes: Vec<_> = problems.iter().map(|p| p.code).collect();
    assert_eq!(
        codes,
        [
            "key_unknown",
            "price_out_of_range",
            "wrong_type",
            "key_missing"
        ]
    );
    assert!(
        problems
            .iter()
            .all(|p| !p.cure(kernel::Language::Fr).is_empty())
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(at in 0..VILLENEUVE.len(), with in "[\\[\\]=\"a1\n.é]{0,3}", cut in 0usize..12) {
        prop_assume!(VILLENEUVE.is_char_boundary(at));
        let end = (at + cut).min(VILLENEUVE.len());
        prop_assume!(VILLENEUVE.is_char_boundary(end));
        let text = format!("{}{with}{}", &VILLENEUVE[..at], &VILLENEUVE[end..]);
        if let Err(problems) = read_catalogue(&text) {
            prop_assert!(!problems.is_empty());
            let lines = text.lines().count().max(1);
            prop_assert!(problems.iter().all(|p| (1..=lines + 1).contains(&p.place.line())));
        }
    }
}

#[test]
fn what_is_written_is_read_back() {
    let catalogue = read_catalogue(VILLENEUVE).unwrap();
    assert_eq!(read_catalogue(&write_catalogue(&catalogue)), Ok(catalogue));
    let nothing = Catalogue::default();
    assert_eq!(write_catalogue(&nothing), "");
    assert_eq!(read_catalogue(""), Ok(nothing));
}

#[test]
fn of_several_channels_and_contacts_those_are_written_that_sell() {
    let mut catalogue = read_catalogue(VILLENEUVE).unwrap();
    let whole = catalogue.clone();
    catalogue.sales_channels.insert(
        0,
        SalesChannel {
            code: "RESALE".parse().unwrap(),
            channel_type: "STX_FILE".into(),
        },
    );
    catalogue.contacts.insert(
        0,
        Contact {
            number: "000001".parse().unwrap(),
            name: String::new(),
            payment_modes: Vec::new(),
        },
    );
    assert_eq!(read_catalogue(&write_catalogue(&catalogue)), Ok(whole));
    catalogue.buyer = None;
    let left = read_catalogue(&write_catalogue(&catalogue)).unwrap();
    assert_eq!(left.contacts, []);
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(
        name in "[ -~é\"\\\\\n\t'\\[\\]=#]{0,12}",
        family in "[A-Z_]{1,10}",
        price in proptest::option::of(0i64..=MAX_PRICE.minor()),
        vat in proptest::option::of(0u32..=MAX_VAT.basis_points()),
        from in proptest::option::of(1u8..=28),
        until in proptest::option::of(1u8..=28),
        mode in "[A-Z_]{1,8}",
    ) {
        let mut catalogue = read_catalogue(VILLENEUVE).unwrap();
        let day = |month: &str, day: Option<u8>| {
            day.map(|day| format!("2026-{month}-{day:02}").parse::<BusinessDay>().unwrap())
        };
        catalogue.seasons[0].name.clone_from(&name);
        catalogue.products[0].family = family.as_str().into();
        catalogue.products[0].name.clone_from(&name);
        catalogue.tariffs[0].price = price.map(Money::from_minor);
        catalogue.tariffs[0].vat = vat.map(VatRate::from_basis_points);
        catalogue.tariffs[0].valid_from = day("01", from);
        catalogue.tariffs[0].valid_until = day("07", until);
        catalogue.contacts[0].name = name;
        catalogue.contacts[0].payment_modes.push(mode.as_str().into());
        prop_assert_eq!(read_catalogue(&write_catalogue(&catalogue)), Ok(catalogue));
    }
}

/// This shows that all of it is read, and its mistakes found, and not how long that
/// takes: `cargo xtask bench catalogue` does.
#[test]
fn a_file_of_a_mebibyte_is_read_to_its_end() {
    let products: String = (0..7_500)
        .map(|n| {
            format!(
                "[[product]]\nseason = \"S\"\ncode = \"P{n}\"\nfamily = \"OPEN_PASS\"\n\
                 [[tariff_mapping]]\nproduct = \"P{n}\"\ntariff = \"T\"\nwrong = {n}\n"
            )
        })
        .collect();
    let read = look_through_catalogue(&products);
    assert_eq!(
        (read.findings.len(), read.catalogue.products.len()),
        (7_500, 7_500)
    );
}
