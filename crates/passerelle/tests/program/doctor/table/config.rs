//! Mistakes in the configuration.

use super::Cure::*;
use super::{CONFIG, Case, hold};

// One case, one line.
#[rustfmt::skip]
pub const READ: &[Case] = &[
    ("config_broken", ":22:15", CONFIG, "\"admit\"", "admit", "texts stand in quotation marks", OnLine("admit", "\"admit\"")),
    ("config_broken", ":17:7", CONFIG, "url = \"http", "url = http", "Correct this line", OnLine("http", "\"http")),
    ("config_broken", "passerelle.toml:18:12", CONFIG, "username = \"villeneuve\"", "username = “villeneuve”", "quotation marks", OnLine("“villeneuve”", "\"villeneuve\"")),
    ("config_broken", "passerelle.toml:15:9", CONFIG, "[otipass]", "[otipass", "Correct this line", OnLine("[otipass", "[otipass]")),
    ("config_broken", "passerelle.toml:28:10", CONFIG, "every_h = 24", "every_h: 24", "Correct this line", OnLine(":", " =")),
    ("config_broken", "passerelle.toml:26:1", CONFIG, "every_s = 60", "every_s = 60\nevery_s = 60", "each key once", Gone),
    ("config_broken", "passerelle.toml:27:2", CONFIG, "[backup]", "[server]", "each key once", OnLine("server", "backup")),
    ("config_broken", "passerelle.toml:10:2", CONFIG, "[set_up]", "[server]\nlisten = \"127.0.0.1:8482\"\n[set_up]", "Write there what is to hold", In(CONFIG, "[server]\nlisten = \"127.0.0.1:8482\"\n", "")),
    ("config_broken", "passerelle.toml:11:12", CONFIG, "site = \"site.toml\"", "site = \"C:\\passerelle\\site.toml\"", "Correct this line", OnLine("C:\\passerelle\\", "")),
    ("config_key_unknown", "passerelle.toml:5:1", CONFIG, "listen", "port = 3\nlisten", "take it out", Gone),
    ("config_key_unknown", "passerelle.toml:4:2", CONFIG, "[server]", "[servers]", "server", Meant),
    ("config_key_unknown", "passerelle.toml:4:1", CONFIG, "[server]", "speed = 3\n[server]", "take it out", Gone),
    ("config_key_unknown", "passerelle.toml:20:1", CONFIG, "password_file", "pasword_file", "password_file", Meant),
    ("config_key_unknown", "passerelle.toml:15:2", CONFIG, "[otipass]", "[otipas]", "otipass", Meant),
    ("config_key_unknown", "passerelle.toml:24:2", CONFIG, "[external_sales]", "[external-sales]", "external_sales", Meant),
    ("config_key_unknown", "passerelle.toml:13:1", CONFIG, "mapping =", "maping =", "mapping", Meant),
    ("config_key_unknown", "passerelle.toml:22:1", CONFIG, "when_silent", "when_silence", "when_silent", Meant),
    ("config_key_unknown", "passerelle.toml:18:1", CONFIG, "username", "user", "Correct its spelling", Word("username")),
    ("config_key_unknown", "passerelle.toml:28:1", CONFIG, "every_h", "every_d", "every_h", Meant),
    ("config_key_unknown", "passerelle.toml:5:1", CONFIG, "listen", "Listen", "listen", Meant),
    ("config_value_wrong", "passerelle.toml:17:1", CONFIG, "url = \"http", "url = 5 # \"http", "Correct the value", OnLine("5 # ", "")),
    ("config_value_wrong", "passerelle.toml:22:1", CONFIG, "when_silent = \"admit\"", "when_silent = \"wait\"", "Correct the value", OnLine("wait", "refuse")),
    ("config_value_wrong", "passerelle.toml:5:1", CONFIG, "127.0.0.1:8480", "8480", "Correct the value", OnLine("8480", "127.0.0.1:8480")),
    ("config_value_wrong", "passerelle.toml:5:1", CONFIG, "127.0.0.1:8480", "localhost:8480", "Correct the value", OnLine("localhost", "127.0.0.1")),
    ("config_value_wrong", "passerelle.toml:28:1", CONFIG, "every_h = 24", "every_h = \"24\"", "Correct the value", OnLine("\"24\"", "24")),
    ("config_value_wrong", "passerelle.toml:28:1", CONFIG, "every_h = 24", "every_h = -1", "Correct the value", OnLine("-1", "24")),
    ("config_value_wrong", "passerelle.toml:21:1", CONFIG, "= 1500", "= 1.5", "Correct the value", OnLine("1.5", "1500")),
    ("config_value_wrong", "passerelle.toml:5:1", CONFIG, "listen", "roles = [\"gates\"]\nlisten", "Correct the value", OnLine("gates\"", "gate\", \"box_office\"")),
    ("config_value_wrong", "passerelle.toml:5:1", CONFIG, "listen", "roles = \"gate\"\nlisten", "Correct the value", OnLine("\"gate\"", "[\"gate\", \"box_office\"]")),
    ("config_out_of_bounds", "toml:21:1 ([otipass] decision_budget_ms)", CONFIG, "= 1500", "= 0", "from 200 to 10000", OnLine("= 0", "= 200")),
    ("config_out_of_bounds", "toml:21:1 ([otipass] decision_budget_ms)", CONFIG, "= 1500", "= 15", "from 200 to 10000", OnLine("= 15", "= 10000")),
    ("config_out_of_bounds", "toml:21:1 ([otipass] decision_budget_ms)", CONFIG, "= 1500", "= 15000", "leave the key out", Gone),
    ("lengths_impossible", "toml:22:1 ([otipass] digits)", CONFIG, "when_silent", "digits = {min = 10, max = 8}\nwhen_silent", "min no larger than max", OnLine("min = 10", "min = 8")),
    ("lengths_impossible", "toml:22:1 ([otipass] letters)", CONFIG, "when_silent", "letters = {min = 3, max = 2}\nwhen_silent", "leave the key out", Gone),
    ("lengths_impossible", "toml:22:1 ([otipass] digits)", CONFIG, "when_silent", "digits = {min = 8, max = 80}\nwhen_silent", "max from 1 to 64", OnLine("80", "64")),
    ("retention_too_short", "toml:31:1 ([retention] card_numbers_days)", CONFIG, "= 400", "= 10", "0 to keep them for ever", OnLine("= 10", "= 0")),
    ("retention_too_short", "toml:31:1 ([retention] card_numbers_days)", CONFIG, "= 400", "= 29", "card_numbers_days = 30 or more", OnLine("= 29", "= 30")),
    ("roles_missing", "toml:5:1 ([server] roles)", CONFIG, "listen", "roles = []\nlisten", "roles = [\"gate\", \"box_office\"]", OnLine("[]", "[\"gate\", \"box_office\"]")),
    ("dialect_invalid", "toml:25:1 ([external_sales] dialect)", CONFIG, "[external_sales]", "[external_sales]\ndialect.columns = []", "Correct the columns", Gone),
];

// One case, one line.
#[rustfmt::skip]
pub const MACHINE: &[Case] = &[
    ("office_url_wrong", "toml:31:1 ([office] url)", CONFIG, "[retention]", "[office]\nurl = \"passerelle.example.org\"\n[retention]", "https://passerelle.example.org", OnLine("passerelle", "https://passerelle")),
    ("office_url_wrong", "toml:31:1 ([office] url)", CONFIG, "[retention]", "[office]\nurl = \"htps://passerelle.example.org\"\n[retention]", "with its scheme", OnLine("htps", "https")),
    ("office_url_wrong", "toml:31:1 ([office] url)", CONFIG, "[retention]", "[office]\nurl = \"https:// passerelle.example.org\"\n[retention]", "with its scheme", OnLine("// ", "//")),
    ("listen_elsewhere", "toml:5:1 ([server] listen)", CONFIG, "127.0.0.1:8480", "192.0.2.1:8480", "127.0.0.1 for this machine alone", OnLine("192.0.2.1", "127.0.0.1")),
    ("database_unwritable", "toml:8:1 ([database] url)", CONFIG, "sqlite:", "sqlite:site.toml/", "the folder that it is in", OnLine("site.toml/", "")),
    ("database_unreachable", "toml:8:1 ([database] url)", CONFIG, "sqlite:", "mysql:", "Correct [database] url", OnLine("mysql:", "sqlite:")),
    ("database_unreachable", "toml:8:1 ([database] url)", CONFIG, "sqlite:passerelle.db", "passerelle.db", "Correct [database] url", OnLine("passerelle.db", "sqlite:passerelle.db")),
    ("database_unreachable", "toml:8:1 ([database] url)", CONFIG, "sqlite:passerelle.db", "sqlite:site.toml", "Correct [database] url", OnLine("site.toml", "passerelle.db")),
    ("mapping_unreadable", "nowhere.json", CONFIG, "mapping.json", "nowhere.json", "in [set_up] mapping", In(CONFIG, "nowhere.json", "mapping.json")),
    ("site_unreadable", "nowhere.toml", CONFIG, "site.toml", "nowhere.toml", "in [set_up] site", In(CONFIG, "nowhere.toml", "site.toml")),
    ("catalogue_unreadable", "nowhere.toml", CONFIG, "catalogue.toml", "nowhere.toml", "in [set_up] catalogue", In(CONFIG, "nowhere.toml", "catalogue.toml")),
    ("mapping_unreadable", "backups", CONFIG, "mapping.json", "backups", "in [set_up] mapping", In(CONFIG, "mapping = \"backups\"", "mapping = \"mapping.json\"")),
    ("secret_in_config", "passerelle.toml:22:1", CONFIG, "when_silent", "api_key = \"Violets-are-s3cret\"\nwhen_silent", "a file of its own", Gone),
    ("secret_in_config", "passerelle.toml:20:1", CONFIG, "password_file = \"otipass.password\"", "password = \"Violets-are-s3cret\"", "name that with password_file", OnLine("password = \"Violets-are-s3cret\"", "password_file = \"otipass.password\"")),
    ("secret_unreadable", "toml:20:1 ([otipass] password_file)", CONFIG, "otipass.password", "nowhere.password", "Name a file with the secret in it", OnLine("nowhere", "otipass")),
    // The password itself in the wrong place: nothing may print it.
    ("secret_unreadable", "toml:20:1 ([otipass] password_file)", CONFIG, "otipass.password", "Violets-are-s3cret", "not the secret itself", OnLine("Violets-are-s3cret", "otipass.password")),
    ("tls_incomplete", "[server] tls_key)", CONFIG, "listen", "tls_certificate = \"tls.pem\"\nlisten", "or neither to serve http", In(CONFIG, "tls_certificate = \"tls.pem\"\n", "")),
    ("tls_incomplete", "[server] tls_certificate)", CONFIG, "listen", "tls_key = \"tls.key\"\nlisten", "or neither to serve http", In(CONFIG, "tls_key = \"tls.key\"\n", "")),
    ("tls_unreadable", "tls.pem", CONFIG, "listen", "tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\nlisten", "Correct the path in [server]", In(CONFIG, "tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\n", "")),
    ("tls_certificate_invalid", "site.toml", CONFIG, "listen", "tls_certificate = \"site.toml\"\ntls_key = \"operator.password\"\nlisten", "Name the PEM file", In(CONFIG, "tls_certificate = \"site.toml\"\ntls_key = \"operator.password\"\n", "")),
    ("backup_missing", "toml:28:1 ([backup] every_h)", CONFIG, "every_h = 24", "every_h = 0", "Write every_h = 24", OnLine("= 0", "= 24")),
    ("backup_unwritable", "toml:29:1 ([backup] folder)", CONFIG, "every_h = 24", "every_h = 24\nfolder = \"site.toml\"", "Name a folder in [backup] folder", OnLine("site.toml", "backups")),
    ("plain_http_on_network", "toml:5:1 ([server] listen)", CONFIG, "127.0.0.1:8480", "0.0.0.0:0", "listen on 127.0.0.1", OnLine("0.0.0.0", "127.0.0.1")),
    ("webhook_wrong", "[notices] webhook)", CONFIG, "[retention]", "[notices]\nwebhook = \"hooks.example.org\"\n[retention]", "with its scheme", OnLine("hooks", "https://hooks")),
    ("webhook_wrong", "[notices] webhook)", CONFIG, "[retention]", "[notices]\nwebhook = \"ftp://hooks.example.org\"\n[retention]", "take it out", Gone),
    ("backup_of_server", "toml:28:1 ([backup] every_h)", CONFIG, "sqlite:passerelle.db", "postgres://127.0.0.1:1/none", "Write every_h = 0", OnLine("= 24", "= 0")),
    ("webhook_unreachable", "toml:31:1 ([notices] webhook)", CONFIG, "[retention]", "[notices]\nwebhook = \"https://hooks.invalid/passerelle\"\n[retention]", "let the service's machine through", Gone),
    ("webhook_unreachable", "toml:31:1 ([notices] webhook)", CONFIG, "[retention]", "[notices]\nwebhook = \"http://127.0.0.1:1/passerelle\"\n[retention]", "the address that the receiver gave", Gone),
    ("mail_host_wrong", "[notices.mail] host)", CONFIG, "[retention]", "[notices.mail]\nhost = \"smtp://127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n[retention]", "Write the name alone", In(CONFIG, "[notices.mail]\nhost = \"smtp://127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n", "")),
    ("mail_address_wrong", "[notices.mail] from)", CONFIG, "[retention]", "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"passerelle\"\nto = [\"a@example.org\"]\n[retention]", "like gates@example.org", In(CONFIG, "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"passerelle\"\nto = [\"a@example.org\"]\n", "")),
    ("mail_to_nobody", "[notices.mail] to)", CONFIG, "[retention]", "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"p@example.org\"\nto = []\n[retention]", "take [notices.mail] out", In(CONFIG, "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"p@example.org\"\nto = []\n", "")),
    ("mail_password_missing", "passerelle.toml:34:1 ([notices.mail] username)", CONFIG, "[retention]", "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nusername = \"p\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n[retention]", "take the user name out", In(CONFIG, "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nusername = \"p\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n", "")),
    ("mail_username_missing", "passerelle.toml:34:1 ([notices.mail] password_file)", CONFIG, "[retention]", "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\npassword_file = \"operator.password\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n[retention]", "take the password out", In(CONFIG, "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\npassword_file = \"operator.password\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n", "")),
    ("mail_in_clear", "([notices.mail] tls)", CONFIG, "[retention]", "[notices.mail]\nhost = \"mail.invalid\"\ntls = \"none\"\nusername = \"p\"\npassword_file = \"operator.password\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n[retention]", "Write tls = \"starttls\"", OnLine("none", "starttls")),
    ("mail_unreachable", "passerelle.toml:31:1 ([notices.mail] host)", CONFIG, "[retention]", "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n[retention]", "Compare host, port and tls", In(CONFIG, "[notices.mail]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\n", "")),
];

// One case, one line.
#[rustfmt::skip]
pub const PARTNERS: &[Case] = &[
    ("url_without_api", "toml:17:1 ([otipass] url)", CONFIG, "/api\"", "\"", "up to and including /api", OnLine("\"", "/api\"")),
    ("url_without_api", "toml:17:1 ([otipass] url)", CONFIG, "/api\"", "/api/v1\"", "up to and including /api", OnLine("/v1", "")),
    ("url_holds_project", "toml:17:1 ([otipass] url)", CONFIG, "/api\"", "/api/Villeneuve\"", "Take it out of the URL", OnLine("/Villeneuve", "")),
    ("url_unreadable", "toml:17:1 ([otipass] url)", CONFIG, "url = \"http://", "url = \"//", "https://pass.example.org/api", OnLine("//", "http://")),
    ("url_not_http", "toml:17:1 ([otipass] url)", CONFIG, "url = \"http://", "url = \"ftp://", "It must begin with https://", OnLine("ftp", "http")),
    ("url_holds_credentials", "toml:17:1 ([otipass] url)", CONFIG, "url = \"http://", "url = \"http://u:p@", "Take them out of the URL", OnLine("u:p@", "")),
    ("url_holds_query", "toml:17:1 ([otipass] url)", CONFIG, "/api\"", "/api?lang=fr\"", "Take it out; the URL ends in /api", OnLine("?lang=fr", "")),
    ("url_holds_query", "toml:17:1 ([otipass] url)", CONFIG, "/api\"", "/api#top\"", "Take it out; the URL ends in /api", OnLine("#top", "")),
    ("url_missing", "toml:17:1 ([otipass] url)", CONFIG, "url = \"http://", "url = \"\" # \"http://", "Enter the URL that Otipass gave", OnLine("\"\" # ", "")),
    ("proxy_invalid", "toml:22:1 ([otipass] proxy)", CONFIG, "when_silent", "proxy = \"http://:\"\nwhen_silent", "like http://proxy.example.org:3128", Gone),
    ("addition_in_number", "toml:25:1 ([otipass.additions] prefixes)", CONFIG, "[external_sales]", "[otipass.additions]\nprefixes = [\"NR:\", \"97\"]\n\n[external_sales]", "take it out", OnLine(", \"97\"", "")),
    ("addition_in_number", "toml:25:1 ([otipass.additions] suffixes)", CONFIG, "[external_sales]", "[otipass.additions]\nsuffixes = [\"00\"]\n\n[external_sales]", "Name the whole text", OnLine("\"00\"", "\"-00\"")),
    ("interface_type_unknown", "toml:22:1 ([otipass] type)", CONFIG, "when_silent", "type = \"WIFI\"\nwhen_silent", "type = \"OTIPASS\"", OnLine("WIFI", "OTIPASS")),
    ("interface_type_unknown", "toml:22:1 ([otipass] type)", CONFIG, "when_silent", "type = \"otipass\"\nwhen_silent", "type = \"OTIPASS\"", OnLine("otipass", "OTIPASS")),
    ("api_key_invalid", "([otipass] api_key_file)", CONFIG, "password_file = \"otipass.password\"", "api_key_file = \"mapping.json\"", "Enter the key again, on one line", AsItWas),
    ("credentials_refused", "([otipass] api_key_file)", CONFIG, "password_file", "api_key_file", "the user name and password, or the API key", AsItWas),
    ("credentials_refused", "([otipass] username)", CONFIG, "\"villeneuve\"", "\"montagne\"", "Enter the user name and password", AsItWas),
    ("credentials_missing", "passerelle.toml ([otipass] username)", CONFIG, "username = \"villeneuve\"", "", "Enter username", AsItWas),
    ("otipass_unreachable", "toml:17:1 ([otipass] url)", CONFIG, "url = \"http://127.0.0.1", "url = \"http://passerelle.invalid", "Check the URL", OnLine("passerelle.invalid", "127.0.0.1")),
    ("otipass_unreachable", "toml:17:1 ([otipass] url)", CONFIG, "url = \"http://", "url = \"https://", "Check the URL", OnLine("https", "http")),
    ("otipass_unreachable", "toml:17:1 ([otipass] url)", CONFIG, "when_silent", "proxy = \"http://127.0.0.1:1\"\nwhen_silent", "[otipass] proxy, and that both proxy", In(CONFIG, "proxy = \"http://127.0.0.1:1\"\n", "")),
    ("otipass_not_found", "toml:17:1 ([otipass] url)", CONFIG, "/api\"", "/v2/api\"", "Check the URL", OnLine("/v2", "")),
    ("ticketing_missing", "([access_control] url)", CONFIG, "[database]", "roles = [\"gate\"]\n[access_control]\npassword_file = \"operator.password\"\n[database]", "Enter the access control service's URL", In(CONFIG, "roles = [\"gate\"]\n[access_control]\npassword_file = \"operator.password\"\n", "")),
    ("operator_password_missing", "([access_control] password_file)", CONFIG, "[database]", "roles = [\"box_office\"]\n[database]", "in password_file", In(CONFIG, "roles = [\"box_office\"]\n", "roles = [\"box_office\"]\n[access_control]\npassword_file = \"operator.password\"\n")),
    ("api_version_too_old", "toml:8:1 ([access_control] url)", CONFIG, "[database]", "[access_control]\nurl = \"https://v.invalid/service/v1_3\"\npassword_file = \"operator.password\"\n[database]", "write v1_4 in the URL", In(CONFIG, "[access_control]\nurl = \"https://v.invalid/service/v1_3\"\npassword_file = \"operator.password\"\n", "")),
    ("ticketing_url_wrong", "toml:8:1 ([access_control] url)", CONFIG, "[database]", "[access_control]\nurl = \"v.example.org/v1_4\"\npassword_file = \"operator.password\"\n[database]", "Write it like https://", In(CONFIG, "[access_control]\nurl = \"v.example.org/v1_4\"\npassword_file = \"operator.password\"\n", "")),
    ("ticketing_proxy_wrong", "([access_control] proxy)", CONFIG, "[database]", "[access_control]\nurl = \"https://v.invalid/service/v1_4\"\nproxy = \"http://:\"\npassword_file = \"operator.password\"\n[database]", "like http://proxy.example.org:3128", In(CONFIG, "[access_control]\nurl = \"https://v.invalid/service/v1_4\"\nproxy = \"http://:\"\npassword_file = \"operator.password\"\n", "")),
    ("ticketing_authority_wrong", "([access_control] authority_file)", CONFIG, "[database]", "[access_control]\nurl = \"https://v.invalid/service/v1_4\"\nauthority_file = \"site.toml\"\npassword_file = \"operator.password\"\n[database]", "BEGIN CERTIFICATE", In(CONFIG, "[access_control]\nurl = \"https://v.invalid/service/v1_4\"\nauthority_file = \"site.toml\"\npassword_file = \"operator.password\"\n", "")),
    ("api_version_not_in_url", "toml:8:1 ([access_control] url)", CONFIG, "[database]", "[access_control]\nurl = \"https://v.invalid/service\"\npassword_file = \"operator.password\"\n[database]", "such as …/v1_4", OnLine("service", "service/v1_4")),
    ("ticketing_unreachable", "([access_control] url)", CONFIG, "[database]", "[access_control]\nurl = \"https://v.invalid/service/v1_4\"\npassword_file = \"operator.password\"\n[database]", "Check the URL", In(CONFIG, "[access_control]\nurl = \"https://v.invalid/service/v1_4\"\npassword_file = \"operator.password\"\n", "")),
];

#[tokio::test]
async fn a_broken_configuration() {
    hold(READ).await;
}

#[tokio::test]
async fn a_configuration_that_the_machine_does_not_bear() {
    hold(MACHINE).await;
}

#[tokio::test]
async fn a_configuration_that_leads_to_no_partner() {
    hold(PARTNERS).await;
}
