//! Mistakes in the site and in the catalogue.

use super::super::set_up::{CASTLE, CASTLE_WITHOUT_DEVICES};
use super::Cure::*;
use super::{CATALOGUE, Case, SITE, hold};

// One case, one line.
#[rustfmt::skip]
pub const SITES: &[Case] = &[
    ("sector_without_door", "site.toml:28:8", SITE, CASTLE, "", "Add a door", In(SITE, "[[door]]", "[[door]]\ncode = \"VN_CAS_D1\"\nsectors = [\"VN_CAS\"]\n[[device]]\ncode = \"PDA11\"\ndoor = \"VN_CAS_D1\"\n[[door]]")),
    ("sector_without_device", "site.toml:28:8", SITE, CASTLE, CASTLE_WITHOUT_DEVICES, "Add a device at one of its doors", In(SITE, "[[door]]", "[[device]]\ncode = \"PDA11\"\ndoor = \"VN_CAS_D1\"\n[[door]]")),
    ("device_without_sector", "site.toml:42:8", SITE, "[\"VN_AUG\"]", "[]", "exactly one sector", In(SITE, "[]", "[\"VN_AUG\"]")),
    ("device_with_several_sectors", "site.toml:42:8", SITE, "[\"VN_AUG\"]", "[\"VN_AUG\", \"VN_RAY\"]", "exactly one sector", In(SITE, ", \"VN_RAY\"]", "]")),
    ("name_invalid", "site.toml:37:8", SITE, "\"Grande entrée Aug\"", "\" \"", "Correct the name", Word("\"Grande entrée Aug\"")),
    ("timezone_unknown", "site.toml:4:12", SITE, "Europe/Paris", "Paris", "such as Europe/Paris", Word("\"Europe/Paris\"")),
    ("timezone_unknown", "site.toml:4:12", SITE, "Europe/Paris", "UTC+2", "such as Europe/Paris", Word("\"Europe/Paris\"")),
    ("currency_invalid", "site.toml:5:12", SITE, "\"EUR\"", "\"€\"", "such as EUR", Word("\"EUR\"")),
    ("currency_invalid", "site.toml:5:12", SITE, "\"EUR\"", "\"euro\"", "such as EUR", Word("\"EUR\"")),
    ("language_unknown", "site.toml:6:12", SITE, "\"EUR\"", "\"EUR\"\nlanguage = \"français\"", "Choose one of en, fr", Word("\"fr\"")),
    ("language_unknown", "site.toml:43:12", SITE, "door = \"VN_AUG_D1\"", "door = \"VN_AUG_D1\"\nlanguage = \"pt\"", "Choose one of en, fr", Word("\"en\"")),
    ("direction_unknown", "site.toml:43:13", SITE, "door = \"VN_AUG_D1\"", "door = \"VN_AUG_D1\"\ndirection = \"in\"", "Choose entry or exit", Word("\"entry\"")),
    ("sector_unknown", "site.toml:38:12", SITE, "[\"VN_AUG\"]", "[\"VN_AUX\"]", "correct the code", Word("\"VN_AUG\"")),
    ("door_unknown", "site.toml:42:8", SITE, "door = \"VN_AUG_D1\"", "door = \"VN_AUG_D9\"", "correct the code", Word("\"VN_AUG_D1\"")),
    ("code_given_twice", "site.toml:32:8", SITE, "code = \"VN_EXP\"", "code = \"VN_CAS\"", "Keep one of the two", Word("\"VN_EXP\"")),
    ("code_given_twice", "site.toml:50:8", SITE, "code = \"PDA02\"", "code = \"PDA01\"", "Keep one of the two", Word("\"PDA02\"")),
    ("code_given_twice", "site.toml:45:8", SITE, "code = \"VN_AUG_D2\"", "code = \"VN_AUG_D1\"", "Keep one of the two", AsItWas),
    ("code_invalid", "site.toml:1:15", SITE, "institution = \"VILLEN\"", "institution = \"\"", "as ticketing shows it", Word("\"VILLEN\"")),
    ("code_invalid", "site.toml:1:15", SITE, "institution = \"VILLEN\"", "institution = \"VILLENEUVE-SUR-MER\"", "as ticketing shows it", Word("\"VILLEN\"")),
    ("code_invalid", "site.toml:41:8", SITE, "code = \"PDA01\"", "code = \"PDA;01\"", "as ticketing shows it", Word("\"PDA01\"")),
    ("site_file_broken", "site.toml:5:12", SITE, "\"EUR\"", "EUR", "Correct this line", OnLine("EUR", "\"EUR\"")),
    ("site_file_broken", "site.toml:35:7", SITE, "[[door]]", "[door]]", "Correct this line", OnLine("[door]]", "[[door]]")),
    ("site_file_broken", "site.toml:42:1", SITE, "door = \"VN_AUG_D1\"", "dor = \"VN_AUG_D1\"", "Correct this line", OnLine("dor ", "door ")),
    ("site_file_broken", "site.toml:1:1", SITE, "timezone = \"Europe/Paris\"\n", "", "shows a whole file", In(SITE, "currency", "timezone = \"Europe/Paris\"\ncurrency")),
    ("site_file_broken", "site.toml:43:1", SITE, "door = \"VN_AUG_D1\"", "door = \"VN_AUG_D1\"\ndoor = \"VN_AUG_D1\"", "each key once", Gone),
    ("site_file_broken", "site.toml:52:16", SITE, "forced_entry = true", "forced_entry = \"yes\"", "Correct this line", OnLine("\"yes\"", "true")),
];

// One case, one line.
#[rustfmt::skip]
pub const CATALOGUES: &[Case] = &[
    ("not_open_pass", "mapping.json:8:22", CATALOGUE, "OPEN_PASS", "SEASON_TICKET", "correct the family", In(CATALOGUE, "SEASON_TICKET", "OPEN_PASS")),
    ("not_open_pass", "mapping.json:8:22", CATALOGUE, "OPEN_PASS", "OPENPASS", "correct the family", In(CATALOGUE, "OPENPASS", "OPEN_PASS")),
    ("tariff_not_mapped", "catalogue.toml:24:11", CATALOGUE, "[[tariff_mapping]]\nproduct = \"PASSVN\"\ntariff = \"CITYPASS\"", "", "Map a tariff to the product", In(CATALOGUE, "[sales_channel]", "[[tariff_mapping]]\nproduct = \"PASSVN\"\ntariff = \"CITYPASS\"\n[sales_channel]")),
    ("tariff_unknown", "catalogue.toml:24:11", CATALOGUE, "tariff = \"CITYPASS\"", "tariff = \"CITYPAST\"", "the tariff", In(CATALOGUE, "CITYPAST", "CITYPASS")),
    ("tariff_without_price", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950", "", "Give it a price", In(CATALOGUE, "code = \"CITYPASS\"", "code = \"CITYPASS\"\nprice_minor = 950")),
    ("tariff_without_vat", "catalogue.toml:24:11", CATALOGUE, "vat_basis_points = 550", "", "Give it a VAT rate", In(CATALOGUE, "code = \"CITYPASS\"", "code = \"CITYPASS\"\nvat_basis_points = 550")),
    ("tariff_not_valid", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950", "price_minor = 950\nvalid_until = 2020-12-31", "valid on the day of the scan", In(CATALOGUE, "valid_until = 2020-12-31", "")),
    ("tariff_not_valid", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950", "price_minor = 950\nvalid_from = 2099-01-01", "valid on the day of the scan", In(CATALOGUE, "valid_from = 2099-01-01", "")),
    ("tariffs_overlap", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950\nvat_basis_points = 550", "price_minor = 950\nvat_basis_points = 550\nvalid_until = 2099-12-31\n[[tariff]]\nproduct = \"PASSVN\"\ncode = \"CITYPASS\"\nprice_minor = 1050\nvat_basis_points = 550\nvalid_from = 2099-01-01", "End the earlier entry the day before", In(CATALOGUE, "2099-12-31", "2098-12-31")),
    ("tariff_gap", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950\nvat_basis_points = 550", "price_minor = 950\nvat_basis_points = 550\nvalid_until = 2098-11-30\n[[tariff]]\nproduct = \"PASSVN\"\ncode = \"CITYPASS\"\nprice_minor = 1050\nvat_basis_points = 550\nvalid_from = 2099-01-01", "Move the end of the earlier entry", In(CATALOGUE, "2098-11-30", "2098-12-31")),
    ("price_unusual", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950", "price_minor = 9", "950 stands for 9.50", In(CATALOGUE, "price_minor = 9\n", "price_minor = 950\n")),
    ("price_unusual", "catalogue.toml:24:11", CATALOGUE, "price_minor = 950", "price_minor = 950000", "950 stands for 9.50", In(CATALOGUE, "950000", "950")),
    ("price_unusual", "catalogue.toml:24:11", CATALOGUE, "vat_basis_points = 550", "vat_basis_points = 20", "550 for 5.5 %", In(CATALOGUE, "= 20", "= 2000")),
    ("channel_missing", "catalogue.toml", CATALOGUE, "[sales_channel]\ncode = \"OTIPASS\"\ntype = \"STX_FILE\"", "", "with the code OTIPASS and the type STX_FILE", In(CATALOGUE, "[contact]", "[sales_channel]\ncode = \"OTIPASS\"\ntype = \"STX_FILE\"\n[contact]")),
    ("channel_code_invalid", "catalogue.toml:50:8", CATALOGUE, "\"OTIPASS\"", "\"Otipass\"", "OTIPASS, in capitals", In(CATALOGUE, "code = \"Otipass\"", "code = \"OTIPASS\"")),
    ("channel_code_invalid", "catalogue.toml:50:8", CATALOGUE, "\"OTIPASS\"", "\"OTI_PASS\"", "OTIPASS, in capitals", In(CATALOGUE, "OTI_PASS", "OTIPASS")),
    ("channel_type_invalid", "catalogue.toml:50:8", CATALOGUE, "STX_FILE", "B2B", "of type STX_FILE", In(CATALOGUE, "B2B", "STX_FILE")),
    ("contact_missing", "catalogue.toml", CATALOGUE, "[contact]\nnumber = \"000042\"\nname = \"Otipass\"\npayment_modes = [\"PENDING_ACCOUNT\"]", "", "Add the Otipass contact", In(CATALOGUE, "[sales_channel]", "[contact]\nnumber = \"000042\"\nname = \"Otipass\"\npayment_modes = [\"PENDING_ACCOUNT\"]\n[sales_channel]")),
    ("contact_without_pending_account", "catalogue.toml:54:10", CATALOGUE, "PENDING_ACCOUNT", "CASH", "PENDING_ACCOUNT", In(CATALOGUE, "\"CASH\"", "\"CASH\", \"PENDING_ACCOUNT\"")),
    ("contact_without_pending_account", "catalogue.toml:54:10", CATALOGUE, "[\"PENDING_ACCOUNT\"]", "[]", "PENDING_ACCOUNT", In(CATALOGUE, "payment_modes = []", "payment_modes = [\"PENDING_ACCOUNT\"]")),
    ("contact_number_invalid", "catalogue.toml:54:10", CATALOGUE, "\"000042\"", "\"C-42\"", "Write its digits only", Word("\"000042\"")),
    ("catalogue_file_broken", "catalogue.toml:26:16", CATALOGUE, "950", "9,50", "Correct this place", OnLine("9,50", "950")),
    ("catalogue_file_broken", "catalogue.toml:57:2", CATALOGUE, "[\"PENDING_ACCOUNT\"]", "[\"PENDING_ACCOUNT\"]\n[contact]\nnumber = \"000043\"", "each key once", In(CATALOGUE, "[contact]\nnumber = \"000043\"", "")),
    ("catalogue_file_broken", "catalogue.toml:3:8", CATALOGUE, "name = \"Saison 2026\"", "name = Saison 2026", "Correct this place", OnLine("Saison 2026", "\"Saison 2026\"")),
    ("wrong_type", "catalogue.toml:26:15", CATALOGUE, "950", "9.50", "Write ", Word("950")),
    ("wrong_type", "catalogue.toml:26:15", CATALOGUE, "950", "\"950\"", "Write ", Word("950")),
    ("wrong_type", "catalogue.toml:54:10", CATALOGUE, "number = \"000042\"", "number = 42", "Write ", Word("\"000042\"")),
    ("wrong_type", "catalogue.toml:1:1", CATALOGUE, "[[season]]", "[season]", "Write each one under [[season]]", AsItWas),
    ("given_twice", "catalogue.toml:13:8", CATALOGUE, "code = \"PASSVN2\"", "code = \"PASSVN\"", "Remove one of them", Word("\"PASSVN2\"")),
    ("given_twice", "catalogue.toml:6:8", CATALOGUE, "[[product]]", "[[season]]\ncode = \"VN26\"\nname = \"Saison\"\n[[product]]", "Remove one of them", Word("\"VN27\"")),
    ("key_unknown", "catalogue.toml:26:1", CATALOGUE, "price_minor = 950", "price = 9\nprice_minor = 950", "Correct or remove it", Gone),
    ("key_missing", "catalogue.toml:23:1", CATALOGUE, "product = \"PASSVN\"\ncode", "code", "Add product = ", In(CATALOGUE, "code = \"CITYPASS\"", "product = \"PASSVN\"\ncode = \"CITYPASS\"")),
    ("price_out_of_range", "catalogue.toml:26:15", CATALOGUE, "950", "-950", "950 for 9.50", Word("950")),
    ("vat_out_of_range", "catalogue.toml:27:20", CATALOGUE, "550", "55000", "550 for 5.5 %", Word("550")),
    ("day_invalid", "catalogue.toml:27:15", CATALOGUE, "price_minor = 950", "price_minor = 950\nvalid_until = \"31/12/2098\"", "like 2026-07-14", OnLine("\"31/12/2098\"", "\"2098-12-31\"")),
    ("validity_reversed", "catalogue.toml:28:15", CATALOGUE, "price_minor = 950", "price_minor = 950\nvalid_from = 2026-01-01\nvalid_until = 2025-12-31", "Correct one of the days", In(CATALOGUE, "2025-12-31", "2098-12-31")),
    ("code_invalid", "catalogue.toml:2:8", CATALOGUE, "code = \"VN26\"", "code = \"VN26-2026\"", "as ticketing shows it", Word("\"VN26\"")),
    ("code_invalid", "catalogue.toml:25:8", CATALOGUE, "code = \"CITYPASS\"", "code = \"CITY;PASS\"", "as ticketing shows it", Word("\"CITYPASS\"")),
];

#[tokio::test]
async fn a_broken_site() {
    hold(SITES).await;
}

#[tokio::test]
async fn a_broken_catalogue() {
    hold(CATALOGUES).await;
}
