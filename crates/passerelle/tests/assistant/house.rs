//! `passerelle demo --empty` as a process: nothing is set up, and a stand-in
//! Otipass waits to be connected.

use browser::{Browser, DESK, Tab};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Good enough for the first account.
const PASSWORD: &str = "a museum by the river";

/// An empty museum.
pub struct House {
    process: Child,
    url: String,
    /// What makes the first account.
    secret: String,
    /// Where Otipass's stand-in is, up to and with `/api`.
    pub otipass: String,
}

impl House {
    pub fn open() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_passerelle"))
            .args(["demo", "--empty"])
            .args(["--listen", "127.0.0.1:0", "--sandbox", "127.0.0.1:0"])
            .env("PASSERELLE_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut after = |words: &str| {
            let line = lines
                .find(|line| line.as_ref().unwrap().contains(words))
                .unwrap();
            line.unwrap().rsplit_once(' ').unwrap().1.to_owned()
        };
        let otipass = after("to connect to");
        let url = after("Passerelle serves on");
        after("with this secret");
        let secret = lines
            .map(Result::unwrap)
            .find(|line| !line.trim().is_empty());
        Self {
            process,
            url,
            secret: secret.unwrap().trim().to_owned(),
            otipass,
        }
    }

    /// A card that the stand-in shows among those that are accepted.
    pub fn card(&self, browser: &Browser) -> String {
        let tab = browser.tab(DESK);
        tab.open(self.otipass.trim_end_matches("api"));
        let card = tab.text("#accepted h3");
        tab.close();
        card
    }

    /// The address that makes a browser a scanner.
    pub fn scanner(&self, code: &str) -> String {
        format!("{}/scan#enrol={code}", self.url)
    }

    /// Makes the first account, and is led to the set-up.
    pub fn begin(&self, tab: &Tab<'_>) {
        tab.open(&format!("{}/office/", self.url));
        assert_eq!(tab.path(), "/office/welcome");
        tab.fill("secret", &self.secret);
        tab.fill("name", "Camille Martin");
        tab.fill("login", "camille");
        tab.fill("password", PASSWORD);
        tab.fill("again", PASSWORD);
        tab.picture("office-welcome");
        tab.submit("Create the account");
        assert_eq!(tab.path(), "/office/set-up");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Nothing of it is needed any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
