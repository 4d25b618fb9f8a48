//! The configuration: one TOML file, with environment variables over it.
//!
//! A variable `PASSERELLE_EDGE_SECTION__KEY` stands for `key` in `[section]`.
//! The token comes from a file or from `PASSERELLE_EDGE_SERVER__TOKEN`, never
//! from the TOML itself, and is never printed.

use crate::agent::Passage;
use crate::keyboard::Layout;
use ::config::overlay::{self, Kind, Mistake};
use deviceapi::Direction;
use kernel::Language;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The configuration of a turnstile.
const KIND: Kind = Kind {
    prefix: "PASSERELLE_EDGE_",
    secrets: &["server.token"],
};

/// The whole configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EdgeConfig {
    /// Where the file was; other paths in it are relative to its folder.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The server.
    pub server: Server,
    /// The journal.
    pub journal: JournalPlace,
    /// What passes through the door.
    pub door: DoorOptions,
    /// Where codes come from.
    pub input: Input,
    /// What opens the door.
    pub open: Open,
    /// The status page.
    pub status: StatusPage,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// The server's address, such as `https://passerelle.example.org`.
    pub url: String,
    /// The file that holds the token and nothing else.
    pub token_file: PathBuf,
    token: Option<SecretString>,
    /// Certificates of a certificate authority of your own, as PEM.
    pub ca_file: Option<PathBuf>,
    /// A proxy on the way; the machine's own proxy settings are not looked at.
    pub proxy: Option<String>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            url: String::new(),
            token_file: "edge.token".into(),
            token: None,
            ca_file: None,
            proxy: None,
        }
    }
}

/// `[journal]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalPlace {
    /// A folder on a disk of this machine.
    pub folder: PathBuf,
    /// How many checks may wait for the server.
    pub limit_checks: usize,
}

impl Default for JournalPlace {
    fn default() -> Self {
        Self {
            folder: "edge-journal".into(),
            limit_checks: crate::JournalSettings::default().limit_checks,
        }
    }
}

/// `[door]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DoorOptions {
    /// In or out, whatever the site file says.
    pub direction: Option<Direction>,
    /// The visitor's language, whatever the site file says.
    pub language: Option<Language>,
    /// A line that begins so is an entry.
    pub entry_prefix: Option<String>,
    /// A line that begins so is an exit.
    pub exit_prefix: Option<String>,
    /// This line takes the last entry back.
    pub cancel_line: Option<String>,
    /// By this line one more person goes in on the card that was let in last.
    pub more_line: Option<String>,
    /// By this line the next read of the card that was read last is asked about anew.
    pub again_line: Option<String>,
    /// This line of the controller says that somebody went through.
    pub passed_line: Option<String>,
    /// This line of the controller says that nobody went through the door that was
    /// opened last. With it the passage is reported, else it is unknown.
    pub not_passed_line: Option<String>,
    /// For so many seconds an unknown passage opens once more for a card that is shown
    /// again; 0 is never.
    pub reopen_within_s: Option<u16>,
}

impl DoorOptions {
    /// What the door says of an opening.
    #[must_use]
    pub fn passage(&self) -> Passage {
        match (&self.not_passed_line, self.reopen_within_s) {
            (Some(_), _) => Passage::Reported,
            (None, Some(s)) => Passage::Unknown {
                reopen_ms: u32::from(s) * 1_000,
            },
            (None, None) => Passage::default(),
        }
    }
}

kernel::words! {
    /// How answers are spelt.
    #[derive(Default)]
    pub enum Spelling: "spelling" {
        /// `OPEN accepted 12345674 Welcome`
        #[default]
        Plain = "plain",
        /// One JSON object a line.
        Json = "json",
    }
}

/// `[input]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Input {
    /// Read standard input, answer on standard output.
    pub stdin: bool,
    /// A serial device, such as `/dev/ttyUSB0`.
    pub serial: Option<PathBuf>,
    /// Its speed, in bits per second.
    pub baud: u32,
    /// The address of the TCP line protocol.
    pub listen: Option<SocketAddr>,
    /// A scanner that types, such as
    /// `/dev/input/by-id/usb-SCANNER-event-kbd`.
    pub keyboard: Option<PathBuf>,
    /// The keyboard the scanner pretends to be.
    pub layout: Layout,
    /// How answers are spelt.
    pub answers: Spelling,
    /// The word for a read that belongs to a check that was answered: it opens nothing.
    pub same_word: String,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            stdin: false,
            serial: None,
            baud: 9_600,
            listen: None,
            keyboard: None,
            layout: Layout::default(),
            answers: Spelling::default(),
            same_word: "SAME".to_owned(),
        }
    }
}

/// `[open]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Open {
    /// A program and its arguments, run for each opening.
    pub command: Vec<String>,
    /// A file or serial device to write to for each opening.
    pub write_to: Option<PathBuf>,
    /// What is written there.
    pub text: String,
    /// How long either may take.
    pub timeout_ms: u32,
}

impl Default for Open {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            write_to: None,
            text: "OPEN\n".to_owned(),
            timeout_ms: 2_000,
        }
    }
}

/// `[status]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusPage {
    /// The page's address. Anybody who reaches it may read it.
    pub listen: Option<SocketAddr>,
}

impl Default for StatusPage {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 8486))),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read; write it, or name another with --config")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Something in it, or a variable, cannot be used.
    #[error(transparent)]
    Content(#[from] Mistake),
    /// There is no token.
    #[error(
        "there is no token in {path}; enrol this device first: passerelle edge enrol --server URL --code CODE"
    )]
    Token {
        /// Where it was looked for.
        path: PathBuf,
        /// Why it was not found.
        #[source]
        source: Option<std::io::Error>,
    },
}

impl EdgeConfig {
    /// Reads the file, if there is one, with the environment over it.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path).map_err(|source| ConfigError::File {
                path: path.to_owned(),
                source,
            })?,
            None => String::new(),
        };
        let variables = overlay::variables(|name| name.starts_with(KIND.prefix));
        Ok(Self::parse(
            &text,
            path.unwrap_or(Path::new("")),
            &variables,
        )?)
    }

    fn parse(
        text: &str,
        path: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, Mistake> {
        let mut config: Self = overlay::read(KIND, path, text, variables).flawless()?;
        config.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(config)
    }

    /// A path of the configuration, as seen from here.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// The token.
    ///
    /// # Errors
    /// [`ConfigError::Token`].
    pub fn token(&self) -> Result<SecretString, ConfigError> {
        if let Some(token) = &self.server.token {
            return Ok(token.clone());
        }
        let path = self.path(&self.server.token_file);
        let token: SecretString = match std::fs::read_to_string(&path) {
            Ok(text) => text.trim().to_owned().into(),
            Err(source) => {
                let source = Some(source);
                return Err(ConfigError::Token { path, source });
            }
        };
        if token.expose_secret().is_empty() {
            return Err(ConfigError::Token { path, source: None });
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, variables: &[(&str, &str)]) -> Result<EdgeConfig, Mistake> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        EdgeConfig::parse(text, Path::new("d/edge.toml"), &variables)
    }

    #[test]
    fn the_environment_stands_over_the_file() {
        let config = parse(
            "[server]\nurl = \"http://a\"\n[input]\nlisten = \"127.0.0.1:1\"\n",
            &[
                ("PASSERELLE_EDGE_SERVER__URL", "http://b"),
                ("PASSERELLE_EDGE_SERVER__TOKEN", "4711"),
                ("PASSERELLE_EDGE_INPUT__STDIN", "true"),
                ("PASSERELLE_EDGE_OPEN__COMMAND", "[\"open\", \"1\"]"),
                ("PASSERELLE_EDGE_JOURNAL__LIMIT_CHECKS", "7"),
            ],
        )
        .unwrap();
        assert_eq!(config.server.url, "http://b");
        assert_eq!(config.token().unwrap().expose_secret(), "4711");
        assert!(config.input.stdin && config.input.listen.is_some());
        assert_eq!(config.open.command, ["open", "1"]);
        assert_eq!(config.journal.limit_checks, 7);
        assert_eq!(
            config.path(&config.journal.folder),
            Path::new("d/edge-journal")
        );
        assert!(!format!("{config:?}").contains("4711"));
    }

    #[test]
    fn what_is_wrong_is_named_where_it_stands() {
        for (text, variables, expected) in [
            ("[door]\ncolour = 1\n", &[][..], "d/edge.toml, line 2"),
            ("[server]\ntoken = \"x\"\n", &[], "token_file"),
            ("", &[("PASSERELLE_EDGE_DOOR__COLOUR", "1")], "DOOR__COLOUR"),
            ("", &[("PASSERELLE_EDGE_COLOUR", "1")], "SECTION__KEY"),
        ] {
            let error = parse(text, variables).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
