//! The set-up assistant in a real browser: from an empty database to the first
//! order and the first scanner, without a manual.

use crate::{BIN, welcome};
use browser::{Browser, DESK, PHONE, Tab};
use stage::Process;
use std::process::Command;

/// Two museums, as a museum's own text may look.
const MAPPING: &str = r#"{
  "OtipassProjectId": "villeneuve",
  "sectorInfos": {
    "VN_AUG": {
      "OtipassServiceId": "PCUMID000FSA5CD6",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FSA5CD6",
      "seasonCode": "VN26",
      "productCode": "PASSVN"
    },
    "VN_GEO": {
      "OtipassServiceId": "PCUMID000FS25165",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FS25165",
      "seasonCode": "VN26",
      "productCode": "PASSVN2"
    }
  }
}
"#;

/// The same with six of the known mistakes: a comma that is missing, a comment
/// left in, a misspelt sector, a sector twice, ids that do not belong together,
/// and a product code that is too long.
const MISTAKEN: &str = r#"{
  "OtipassProjectId": "villeneuve"
  "sectorInfos": {
    "VN_AUX": { // Augustins
      "OtipassServiceId": "PCUMID000FSA5CD6",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FSA5CD7",
      "seasonCode": "VN26",
      "productCode": "PASSVN"
    },
    "VN_GEO": {
      "OtipassServiceId": "PCUMID000FS25165",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FS25165",
      "seasonCode": "VN26",
      "productCode": "PASSVILLE2"
    },
    "VN_GEO": {
      "OtipassServiceId": "PCUMID000FS25165",
      "OtipassPSpaceId": "PROVIDER#PCUMID000FS25165",
      "seasonCode": "VN26",
      "productCode": "PASSVN"
    }
  }
}
"#;

/// `passerelle demo --empty`: nothing is set up, and a stand-in Otipass waits to
/// be connected.
struct House {
    /// Where that is, up to and with `/api`.
    otipass: String,
    url: String,
    /// What makes the first account.
    secret: String,
    _demo: Process,
}

impl House {
    fn open() -> Self {
        let mut command = Command::new(BIN);
        command
            .args(["demo", "--empty"])
            .args(["--listen", "127.0.0.1:0", "--sandbox", "127.0.0.1:0"])
            .env("PASSERELLE_LOG", "warn");
        let demo = Process::start(&mut command);
        Self {
            otipass: demo.says("to connect to"),
            url: demo.says("Passerelle serves on"),
            secret: demo.secret(),
            _demo: demo,
        }
    }

    /// A card that the stand-in shows among those that are accepted.
    fn card(&self, browser: &Browser) -> String {
        let tab = browser.tab(DESK);
        tab.open(self.otipass.trim_end_matches("api"));
        let card = tab.text("#accepted h3");
        tab.close();
        card
    }

    /// The address that makes a browser a scanner.
    fn scanner(&self, code: &str) -> String {
        format!("{}/scan#enrol={code}", self.url)
    }

    /// Makes the first account, and is led to the set-up.
    fn begin(&self, tab: &Tab<'_>) {
        tab.open(&format!("{}/office/", self.url));
        welcome(tab, &self.secret, "Camille Martin");
        assert_eq!(tab.path(), "/office/set-up");
    }
}

/// Goes on where the overview says, which must be this step.
fn go_on(tab: &Tab<'_>, step: &str) {
    if tab.path() != "/office/set-up" {
        tab.within("#navigation").follow("Set-up");
    }
    tab.follow(&format!("Continue: {step}"));
}

/// What the page says of how things stand.
fn says(tab: &Tab<'_>, text: &str) {
    let shown = tab.text("main");
    assert!(shown.contains(text), "{text:?} is not on the page: {shown}");
}

fn organisation(tab: &Tab<'_>) {
    go_on(tab, "Organisation and time zone");
    tab.fill("Name", "Musées de Villeneuve");
    tab.fill("Institution code", "VILLEN");
    tab.fill("Organisation code", "VILLEN");
    tab.picture("office-set-up-organisation");
    tab.submit("Save");
}

/// A sector with its first door and device.
fn sector(tab: &Tab<'_>, code: &str, name: &str) {
    tab.follow("Add a sector");
    tab.fill("Code", code);
    tab.fill("Name", name);
    tab.submit("Add");
}

/// Two sectors, each with its first door and device.
fn sectors(tab: &Tab<'_>) {
    go_on(tab, "Sectors, doors, devices");
    sector(tab, "VN_AUG", "Musée des Augustins");
    sector(tab, "VN_GEO", "Cabinet de géologie");
}

/// What the mapping parameters name, with its prices.
fn catalogue(tab: &Tab<'_>) {
    go_on(tab, "Catalogue");
    tab.submit("Add them");
    tariff(tab, "PASSVN", "CITYPASS", "9.50");
    tariff(tab, "PASSVN2", "CITYLIGHT", "4.75");
    tab.picture("office-set-up-catalogue");
    go_on(tab, "Tariff sold by product");
    tab.submit("Save");
}

fn connection(tab: &Tab<'_>, house: &House) {
    go_on(tab, "Connection to Otipass");
    tab.fill("URL", &house.otipass);
    tab.fill("User name", "villeneuve");
    tab.fill("Password", "by the river");
    tab.submit("Save and try");
    says(tab, "Saved.");
}

/// A tariff for a product that has none.
fn tariff(tab: &Tab<'_>, product: &str, code: &str, price: &str) {
    tab.choose("tariff_product", product);
    tab.fill("tariff_code", code);
    tab.fill("tariff_price", price);
    tab.fill("tariff_vat", "5.5");
    tab.submit("Add the tariff");
    says(tab, code);
}

fn channel_and_contact(tab: &Tab<'_>) {
    go_on(tab, "Channel and contact");
    tab.submit("Make the channel OTIPASS");
    tab.fill("Contact number", "000042");
    tab.picture("office-set-up-buyer");
    tab.submit("Save");
    says(tab, "The contact 000042 buys");
}

/// The card goes the whole way up to its order.
fn test_card(tab: &Tab<'_>, card: &str) {
    go_on(tab, "Try it with a card");
    tab.fill("Number or code of the card", card);
    tab.submit("Check this card");
    says(
        tab,
        "It all works: the card was admitted, and its entry is sold by order",
    );
    says(tab, "Sale booked on the account");
    tab.picture("office-set-up-test-card");
}

#[test]
fn from_an_empty_database_to_the_first_order_and_scanner() {
    let house = House::open();
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    house.begin(&tab);
    organisation(&tab);
    sectors(&tab);
    tab.picture("office-set-up-doors");
    connection(&tab, &house);
    go_on(&tab, "Mapping parameters");
    tab.fill("The parameters", MAPPING);
    tab.submit("Save");
    catalogue(&tab);
    channel_and_contact(&tab);
    let card = house.card(&browser);
    test_card(&tab, &card);

    // The entry is taken back, and counts no more.
    tab.submit("Take this test entry back");
    says(&tab, "This test entry was taken back.");

    // A phone becomes the first scanner, and lets the same card in.
    go_on(&tab, "Hand out the first scanner");
    tab.follow("PDA01");
    tab.submit("Make a code");
    tab.picture("office-set-up-enrolment");
    let phone = browser.tab(PHONE);
    phone.open(&house.scanner(&tab.text(".spelt")));
    phone.until_text("#where-device", "PDA01");
    phone.until_text("#line", "Online");
    phone.wedge(&card, "Enter");
    phone.until_text("#answer-words", "Welcome");
    phone.close();
    tab.submit("Has it enrolled? Look again");
    says(&tab, "The last code has enrolled the device");
    tab.within("#navigation").follow("Set-up");
    says(&tab, "Everything is in place.");
    tab.picture("office-set-up");
}

#[test]
fn six_mistakes_of_the_mapping_are_cured_through_the_page() {
    let house = House::open();
    let browser = Browser::start(None);
    let tab = browser.tab(DESK);
    house.begin(&tab);
    organisation(&tab);
    sectors(&tab);

    // The project belongs into the mapping parameters, not behind the URL.
    go_on(&tab, "Connection to Otipass");
    tab.fill("URL", &format!("{}/villeneuve", house.otipass));
    tab.submit("Save and try");
    tab.submit(&format!("Write “{}” and try", house.otipass));
    says(&tab, "Saved.");

    go_on(&tab, "Mapping parameters");
    tab.fill("The parameters", MISTAKEN);
    tab.submit("Save");
    tab.picture("office-set-up-mapping");
    says(&tab, "Not taken up yet");
    tab.submit("Write “,” here");
    tab.submit("Keep the entry of line 10");
    // No button knows the right code of a product.
    says(&tab, "PASSVILLE2");
    let text = tab.run("document.querySelector('#text').value");
    let text = text.as_str().unwrap().replace("PASSVILLE2", "PASSVN2");
    tab.fill("The parameters", &text);
    tab.submit("Save");
    tab.submit("Write “PROVIDER#PCUMID000FSA5CD6” instead of “PROVIDER#PCUMID000FSA5CD7”");
    tab.submit("Write “VN_AUG” instead of “VN_AUX”");
    tab.submit("Tidy up the text");
    let cured = tab.run("document.querySelector('#text').value");
    assert_eq!(cured.as_str(), Some(MAPPING));

    catalogue(&tab);
    channel_and_contact(&tab);
    let card = house.card(&browser);
    test_card(&tab, &card);
}
