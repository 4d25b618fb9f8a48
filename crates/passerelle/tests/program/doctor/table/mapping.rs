//! Mistakes in the mapping parameters.

use super::Cure::*;
use super::{Case, MAPPING, hold};

// One case, one line.
#[rustfmt::skip]
pub const SYNTAX: &[Case] = &[
    ("comma_missing", "mapping.json:2:35", MAPPING, "\"villeneuve\",", "\"villeneuve\"", "Write a comma here", Insert(",")),
    ("comma_missing", "mapping.json:7:27", MAPPING, "\"VN26\",", "\"VN26\"", "Write a comma here", Insert(",")),
    ("comma_missing", "mapping.json:9:6", MAPPING, "    },\n    \"VN_RAY\"", "    }\n    \"VN_RAY\"", "Write a comma here", Insert(",")),
    ("colon_missing", "mapping.json:7:19", MAPPING, "\"seasonCode\":", "\"seasonCode\"", "Write a colon", OnLine("\"seasonCode\"", "\"seasonCode\":")),
    ("colon_missing", "mapping.json:3:16", MAPPING, "\"sectorInfos\":", "\"sectorInfos\"", "Write a colon", OnLine("\"sectorInfos\"", "\"sectorInfos\":")),
    ("brace_not_closed", "mapping.json:41:1", MAPPING, "    }\n  }\n}", "    }\n  }\n", "Write }", AsItWas),
    ("brace_not_closed", "mapping.json:41:2", MAPPING, "\"PASSVN\"\n    },", "\"PASSVN\"\n    ,", "Write }", AsItWas),
    ("wrong_bracket", "mapping.json:39:5", MAPPING, "    }\n  }\n}", "    ]\n  }\n}", "Close it by }", Word("}")),
    ("quote_not_closed", "mapping.json:8:22", MAPPING, "\"PASSVN\"", "\"PASSVN", "Write \"", OnLine("\"PASSVN", "\"PASSVN\"")),
    ("quote_not_closed", "mapping.json:7:21", MAPPING, "\"VN26\",", "\"VN26,", "Write \"", OnLine("\"VN26,", "\"VN26\",")),
    ("quotes_missing", "mapping.json:7:21", MAPPING, "\"VN26\"", "VN26", "straight double quotes", Word("\"VN26\"")),
    ("quotes_missing", "mapping.json:7:7", MAPPING, "\"seasonCode\"", "seasonCode", "straight double quotes", Word("\"seasonCode\"")),
    ("wrong_quotes", "mapping.json:7:21", MAPPING, "\"VN26\"", "“VN26”", "Write straight double quotes", OnLine("“VN26”", "\"VN26\"")),
    ("wrong_quotes", "mapping.json:7:21", MAPPING, "\"VN26\"", "« VN26 »", "Write straight double quotes", OnLine("« VN26 »", "\"VN26\"")),
    ("wrong_quotes", "mapping.json:2:23", MAPPING, "\"villeneuve\"", "'villeneuve'", "Write straight double quotes", OnLine("'villeneuve'", "\"villeneuve\"")),
    ("bad_escape", "mapping.json:7:22", MAPPING, "\"VN26\"", "\"\\VN26\"", "Take it out", OnLine("\\", "")),
    ("value_missing", "mapping.json:7:21", MAPPING, "\"seasonCode\": \"VN26\",", "\"seasonCode\": ,", "Write it in quotes", OnLine(": ,", ": \"VN26\",")),
    ("unexpected_character", "mapping.json:7:29", MAPPING, "\"VN26\",", "\"VN26\", @ ,", "Take it out", OnLine(" @ ,", "")),
    ("text_after_end", "mapping.json:42:1", MAPPING, "    }\n  }\n}", "    }\n  }\n}\nSincerely", "Take it out", OnLine("Sincerely", "")),
    ("text_after_end", "mapping.json:42:1", MAPPING, "    }\n  }\n}", "    }\n  }\n}\n}", "Take it out", Gone),
    ("text_twice", "mapping.json:42:1", MAPPING, "    }\n  }\n}", "    }\n  }\n}\n{\"OtipassProjectId\": \"villeneuve\"}", "take out the other", Gone),
    ("text_cut", "mapping.json:36:49", MAPPING, "FS3031D\",\n      \"seasonCode\": \"VN26\",\n      \"productCode\": \"PASSVN3\"\n    }\n  }\n}", "FS30", "Paste the whole text again", AsItWas),
    ("text_cut", "mapping.json:37:27", MAPPING, ",\n      \"productCode\": \"PASSVN3\"\n    }\n  }\n}", "", "Paste the whole text again", AsItWas),
    ("nested_too_deep", "mapping.json:7:34", MAPPING, "\"VN26\"", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"VN26\"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "Mapping parameters need three", AsItWas),
    ("comment_not_closed", "mapping.json:1:3", MAPPING, "{", "{ /* from the sample", "Take it out", OnLine(" /* from the sample", "")),
    ("key_given_twice", "mapping.json:8:7", MAPPING, "\"seasonCode\": \"VN26\",", "\"seasonCode\": \"VN26\",\n      \"seasonCode\": \"VN25\",", "take out the other", Gone),
    ("key_given_twice", "mapping.json:3:3", MAPPING, "\"sectorInfos\": {", "\"OtipassProjectId\": \"montagne\",\n  \"sectorInfos\": {", "take out the other", Gone),
    ("key_missing", "mapping.json:7:29", MAPPING, "\"VN26\",", "\"VN26\", {\"a\": 1},", "Write a name in quotes and a colon", OnLine("{\"a\": 1}", "\"a\": \"1\"")),
    ("wrong_type", "mapping.json:7:21", MAPPING, "\"VN26\"", "[\"VN26\"]", "straight double quotes", OnLine("[\"VN26\"]", "\"VN26\"")),
    ("season_missing", "mapping.json:7:21", MAPPING, "\"VN26\"", "null", "Add \"seasonCode\"", OnLine("null", "\"VN26\"")),
    ("wrong_type", "mapping.json:2:23", MAPPING, "\"villeneuve\"", "true", "straight double quotes", OnLine("true", "\"villeneuve\"")),
    ("comment_left_in", "mapping.json:1:3", MAPPING, "{", "{ // from the sample", "Take it out", OnLine("// from the sample", "")),
    ("comment_left_in", "mapping.json:7:29", MAPPING, "\"VN26\",", "\"VN26\", /* season */", "Take it out", OnLine(" /* season */", "")),
    ("trailing_comma", "mapping.json:8:30", MAPPING, "\"PASSVN\"\n", "\"PASSVN\",\n", "Take it out", OnLine(",", "")),
    ("extra_comma", "mapping.json:7:28", MAPPING, "\"VN26\",", "\"VN26\",,", "Take it out", OnLine(",,", ",")),
    ("byte_order_mark", "mapping.json:1:1", MAPPING, "{", "\u{feff}{", "Save it as UTF-8 without one", AsItWas),
    ("control_character", "mapping.json:7:26", MAPPING, "\"VN26\"", "\"VN26\u{7}\"", "Take it out", OnLine("\u{7}", "")),
    ("odd_space", "mapping.json:7:20", MAPPING, "\"seasonCode\": ", "\"seasonCode\":\u{a0}", "Replace it with a plain space", OnLine("\u{a0}", " ")),
    ("space_around", "mapping.json:7:21", MAPPING, "\"VN26\"", "\" VN26\"", "Take it out", OnLine(" VN26", "VN26")),
    ("space_around", "mapping.json:8:22", MAPPING, "\"PASSVN\"", "\"PASSVN \"", "Take it out", OnLine("PASSVN ", "PASSVN")),
];

// One case, one line.
#[rustfmt::skip]
pub const VALUES: &[Case] = &[

    ("project_missing", "mapping.json:1:1", MAPPING, "  \"OtipassProjectId\": \"villeneuve\",\n", "", "Add \"OtipassProjectId\"", In(MAPPING, "{", "{ \"OtipassProjectId\": \"villeneuve\",")),
    ("project_missing", "mapping.json:2:23", MAPPING, "\"villeneuve\"", "\"\"", "with its value", Word("\"villeneuve\"")),
    ("project_invalid", "mapping.json:2:23", MAPPING, "\"villeneuve\"", "\"https://pass.example.org/api/villeneuve\"", "Write only the project", Word("\"villeneuve\"")),
    ("project_invalid", "mapping.json:2:23", MAPPING, "\"villeneuve\"", "\"ville neuve\"", "Write only the project", Word("\"villeneuve\"")),
    ("project_too_long", "mapping.json:2:23", MAPPING, "\"villeneuve\"", "\"villeneuve-villeneuve-villeneuve-villeneuve-villeneuve-villeneuve-villeneuve\"", "Write only the project", Word("\"villeneuve\"")),
    ("num_type_unknown", "mapping.json:3:14", MAPPING, "\"sectorInfos\"", "\"NumType\": \"barcode\",\n  \"sectorInfos\"", "leave NumType out otherwise", Gone),
    ("num_type_unknown", "mapping.json:3:14", MAPPING, "\"sectorInfos\"", "\"NumType\": \"serail\",\n  \"sectorInfos\"", "Write \"serial\"", Word("\"serial\"")),
    ("num_type_spelling", "mapping.json:3:14", MAPPING, "\"sectorInfos\"", "\"NumType\": \"Serial\",\n  \"sectorInfos\"", "Write \"serial\"", Word("\"serial\"")),
    ("sectors_missing", "mapping.json:1:1", MAPPING, "\"sectorInfos\"", "\"sectors\"", "Add one entry for each sector", AsItWas),
    ("sector_given_twice", "mapping.json:10:5", MAPPING, "VN_RAY", "VN_AUG", "a sector has one entry", Word("\"VN_RAY\"")),
    ("sector_given_twice", "mapping.json:34:5", MAPPING, "VN_CAS", "VN_DUP", "a sector has one entry", Word("\"VN_CAS\"")),
    ("sector_code_missing", "mapping.json:4:5", MAPPING, "\"VN_AUG\"", "\"\"", "as it stands in the site's set-up", Word("\"VN_AUG\"")),
    ("sector_code_too_long", "mapping.json:4:5", MAPPING, "\"VN_AUG\"", "\"Musée d’art et d’archéologie Auguste-de-Villeneuve\"", "not its name", Word("\"VN_AUG\"")),
    ("sector_code_invalid", "mapping.json:4:5", MAPPING, "\"VN_AUG\"", "\"VN;AUG\"", "as it stands in the site's set-up", Word("\"VN_AUG\"")),
    ("mapped_sector_unknown", "mapping.json:4:5", MAPPING, "VN_AUG", "VN_AUX", "VN_AUG", Meant),
    ("mapped_sector_unknown", "mapping.json:4:5", MAPPING, "VN_AUG", "vn_aug", "VN_AUG", Meant),
    ("mapped_sector_unknown", "mapping.json:4:5", MAPPING, "VN_AUG", "VN-AUG", "VN_AUG", Meant),
    ("mapped_sector_unknown", "mapping.json:4:5", MAPPING, "VN_AUG", "VN_ΑUG", "VN_AUG", Meant),
    ("mapped_sector_unknown", "mapping.json:4:5", MAPPING, "VN_AUG", "LOUVRE", "add the sector to the site", Word("\"VN_AUG\"")),
    ("service_missing", "mapping.json:4:15", MAPPING, "      \"OtipassServiceId\": \"PCUMID000FSA5CD6\",\n", "", "Add \"OtipassServiceId\"", OnLine("{", "{ \"OtipassServiceId\": \"PCUMID000FSA5CD6\",")),
    ("service_missing", "mapping.json:5:27", MAPPING, "\"PCUMID000FSA5CD6\"", "\"\"", "with its value", Word("\"PCUMID000FSA5CD6\"")),
    ("service_invalid", "mapping.json:5:27", MAPPING, "\"PCUMID000FSA5CD6\"", "\"PCUMID 000FSA5CD6\"", "without spaces", Word("\"PCUMID000FSA5CD6\"")),
    ("service_too_long", "mapping.json:5:27", MAPPING, "\"PCUMID000FSA5CD6\"", "\"PCUMID000FSA5CD6PCUMID000FSA5CD6PCUMID000FSA5CD6PCUMID000FSA5CD6PCUMID\"", "at most 64", Word("\"PCUMID000FSA5CD6\"")),
    ("space_missing", "mapping.json:4:15", MAPPING, "      \"OtipassPSpaceId\": \"PROVIDER#PCUMID000FSA5CD6\",\n", "", "Add \"OtipassPSpaceId\"", OnLine("{", "{ \"OtipassPSpaceId\": \"PROVIDER#PCUMID000FSA5CD6\",")),
    ("space_missing", "mapping.json:6:26", MAPPING, "\"PROVIDER#PCUMID000FSA5CD6\"", "\"\"", "with its value", Word("\"PROVIDER#PCUMID000FSA5CD6\"")),
    ("space_invalid", "mapping.json:6:26", MAPPING, "\"PROVIDER#PCUMID000FSA5CD6\"", "\"PROVIDER #PCUMID000FSA5CD6\"", "without spaces", Word("\"PROVIDER#PCUMID000FSA5CD6\"")),
    ("space_too_long", "mapping.json:6:26", MAPPING, "\"PROVIDER#PCUMID000FSA5CD6\"", "\"PROVIDER#PCUMID000FSA5CD6PCUMID000FSA5CD6PCUMID000FSA5CD6PCUMID000FSA5CD6\"", "at most 64", Word("\"PROVIDER#PCUMID000FSA5CD6\"")),
    ("service_space_mismatch", "mapping.json:6:26", MAPPING, "PROVIDER#PCUMID000FSA5CD6", "PROVIDER#PCUMID000FS4D3C1", "PROVIDER#PCUMID000FSA5CD6", Offered),
    ("service_space_mismatch", "mapping.json:6:26", MAPPING, "PROVIDER#PCUMID000FSA5CD6", "PCUMID000FSA5CD6", "PROVIDER#PCUMID000FSA5CD6", Offered),
    ("service_space_mismatch", "mapping.json:6:26", MAPPING, "PROVIDER#PCUMID000FSA5CD6", "PROVIDER-PCUMID000FSA5CD6", "PROVIDER#PCUMID000FSA5CD6", Offered),
    ("season_missing", "mapping.json:4:15", MAPPING, "\"seasonCode\": \"VN26\",", "", "Add \"seasonCode\"", OnLine("{", "{ \"seasonCode\": \"VN26\",")),
    ("season_missing", "mapping.json:7:21", MAPPING, "\"VN26\"", "\"\"", "with the season's code", Word("\"VN26\"")),
    ("season_too_long", "mapping.json:7:21", MAPPING, "VN26", "VN26-2026", "Copy the code from the catalogue", Word("\"VN26\"")),
    ("season_too_long", "mapping.json:7:21", MAPPING, "VN26", "Saison 2026", "the name is something else", Word("\"VN26\"")),
    ("season_invalid", "mapping.json:7:21", MAPPING, "VN26", "VN;26", "Copy the code from the catalogue", Word("\"VN26\"")),
    ("season_unknown", "mapping.json:7:21", MAPPING, "VN26", "VN27", "correct it in the mapping parameters", Meant),
    ("season_unknown", "mapping.json:7:21", MAPPING, "VN26", "VN 26", "correct it in the mapping parameters", Meant),
    ("product_missing", "mapping.json:4:15", MAPPING, ",\n      \"productCode\": \"PASSVN\"", "", "Add \"productCode\"", OnLine("{", "{ \"productCode\": \"PASSVN\",")),
    ("product_missing", "mapping.json:8:22", MAPPING, "\"PASSVN\"", "\"\"", "with the product's code", Word("\"PASSVN\"")),
    ("product_too_long", "mapping.json:8:22", MAPPING, "PASSVN", "CITYPASSVN", "Copy the code from the catalogue", Word("\"PASSVN\"")),
    ("product_invalid", "mapping.json:8:22", MAPPING, "PASSVN", "PASS;VN", "Copy the code from the catalogue", Word("\"PASSVN\"")),
    ("product_unknown", "mapping.json:8:22", MAPPING, "PASSVN", "PASSVN9", "correct it in the mapping parameters", Word("\"PASSVN\"")),
    ("product_unknown", "mapping.json:8:22", MAPPING, "PASSVN", "PASVN", "correct it in the mapping parameters", Meant),
    ("key_unknown", "mapping.json:2:37", MAPPING, "\"villeneuve\",", "\"villeneuve\", \"comment\": \"x\",", "Take it out", OnLine(", \"comment\": \"x\"", "")),
    ("key_spelling", "mapping.json:7:7", MAPPING, "\"seasonCode\"", "\"SeasonCode\"", "Write \"seasonCode\"", Word("\"seasonCode\"")),
    ("id_in_small_letters", "mapping.json:5:27", MAPPING, "\"PCUMID000FSA5CD6\",\n      \"OtipassPSpaceId\": \"PROVIDER#PCUMID000FSA5CD6\"", "\"pcumid000fsa5cd6\",\n      \"OtipassPSpaceId\": \"PROVIDER#pcumid000fsa5cd6\"", "Write \"PCUMID000FSA5CD6\"", AsItWas),
];

const HALF: usize = VALUES.len() / 2;

#[tokio::test]
async fn mapping_parameters_that_are_not_json() {
    hold(SYNTAX).await;
}

#[tokio::test]
async fn mapping_parameters_of_no_sector() {
    hold(&VALUES[..HALF]).await;
}

#[tokio::test]
async fn mapping_parameters_of_nothing_that_is_sold() {
    hold(&VALUES[HALF..]).await;
}
