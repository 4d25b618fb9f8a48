//! One file for whoever helps: what the set-up, the service and the books look like.

use crate::database::Reach;
use crate::doctor::Doctor;
use crate::events;
use crate::support::{self, Bundle, Page};
use books::reconciliation::Sides;
use config::{Config, Role};
use db::{Db, DbError, DbUrl};
use kernel::{Language, Timestamp, causes};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Words in the name of a key that holds a secret.
/// The address of a webhook often holds one itself.
const SECRET: [&str; 6] = [
    "password",
    "api_key",
    "secret",
    "token",
    "passphrase",
    "webhook",
];

/// Ends of such names that say that it is none: the name of a file, how long something
/// lives, in what it counts time.
const NO_SECRET: [&str; 3] = ["_file", "_lifetime_s", "_times"];

/// Whether the values of a configuration can be told from its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    Shown,
    Hidden,
}

const READ_ME: &str = "\
A support bundle of Passerelle. Every page is text; look at them before you send
them on.

configuration.json   the configuration; of secrets only whether they are set
versions.json        program, system, database, sizes of files
doctor.txt           what `passerelle doctor` says of the set-up
events.jsonl         the latest warnings and errors of the service, oldest first
queues.json          what waits, and what is held for which reason
devices.json         the devices as the gate last heard of them
reconciliation.json  what `passerelle reconcile` says

Card numbers, barcodes, notes, tokens and secrets are not in it: each run of six
or more digits in a text is shown as an ellipsis.
";

impl Doctor {
    /// A support bundle about the set-up, without card numbers and secrets. Nobody on
    /// the network is waited for any longer than `patience`.
    pub async fn support_bundle(&self, reach: Reach, patience: Duration) -> Bundle {
        let (path, taken_at) = (&self.config, self.clock.now());
        let config = Config::read(path, self.surroundings);
        let variables = self.surroundings.variables();
        let examination = self.examine(reach, patience).await;
        let values = match &config {
            Ok(_) => Values::Shown,
            Err(_) => Values::Hidden,
        };
        let mut pages = vec![
            Page::of_text("README.txt", READ_ME),
            Page::of_json(
                "configuration.json",
                configuration(path, values, &variables),
            ),
            Page::of_text("doctor.txt", &examination.page(Language::En)),
        ];
        match &config {
            Ok(config) => pages.extend(house(config, self.db.clone(), taken_at).await),
            Err(error) => pages.push(Page::of_json(
                "versions.json",
                json!({"program": env!("CARGO_PKG_VERSION"), "error": causes(error)}),
            )),
        }
        Bundle { taken_at, pages }
    }
}

/// Whose books this process has.
#[must_use]
pub fn sides(config: &Config) -> Sides {
    match (config.has(Role::Gate), config.has(Role::BoxOffice)) {
        (true, false) => Sides::Gate,
        (false, true) => Sides::BoxOffice,
        _ => Sides::Both,
    }
}

/// What the house itself tells.
async fn house(config: &Config, db: Option<Db>, now: Timestamp) -> Vec<Page> {
    let url = config.database_url();
    let (engine, database) = match &url {
        Ok(DbUrl::SqliteFile(path)) => ("SQLite", Some(path.clone())),
        Ok(DbUrl::SqliteMemory) => ("SQLite in memory", None),
        Ok(DbUrl::Postgres(_)) => ("PostgreSQL", None),
        Err(_) => ("unknown", None),
    };
    let sizes = database.iter().flat_map(|path| {
        ["", "-wal"].map(|suffix| {
            let file = kernel::beside(path, suffix);
            let bytes = std::fs::metadata(&file).ok().map(|file| file.len());
            json!({"file": file, "bytes": bytes})
        })
    });
    let mut pages = vec![Page::of_json(
        "versions.json",
        json!({
            "program": env!("CARGO_PKG_VERSION"),
            "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            "taken_at": now,
            "roles": config.server.roles,
            "engine": engine,
            "files": Value::from_iter(sizes),
        }),
    )];
    pages.push(match config.events_file() {
        Some(path) => {
            let text = events::read(&path).unwrap_or_else(|error| format!("{error}\n"));
            Page::of_text("events.jsonl", &text)
        }
        None => Page::of_text(
            "events.jsonl",
            "not kept: name a file with [support] events_file\n",
        ),
    });
    let db = match db {
        Some(db) => Ok(db),
        None => open(url.as_ref().ok()).await,
    };
    match db {
        Ok(db) => pages.extend(support::pages(&db, sides(config)).await),
        Err(why) => pages.push(Page::of_json("queues.json", json!({"error": why}))),
    }
    pages
}

/// Opens the database to look at it, if it is there; nothing of it changes.
async fn open(url: Option<&DbUrl>) -> Result<Db, String> {
    let told = |error: DbError| causes(&error);
    match url {
        None => Err("[database] url is wrong".to_owned()),
        Some(DbUrl::SqliteFile(path)) => Db::open_read_only(path).await.map_err(told),
        Some(url) => Db::open(url).await.map_err(told),
    }
}

/// The configuration as one may show it: of secrets only whether they are set,
/// of a file that cannot be read only the names of its keys.
fn configuration(path: &Path, values: Values, variables: &BTreeMap<String, String>) -> Value {
    let variables: Vec<_> = variables.keys().collect();
    let file = match config::read_text(path) {
        Ok(text) => match text.parse::<toml::Table>() {
            Ok(table) => shown("", toml::Value::Table(table), values),
            Err(_) => json!("it is no TOML; the doctor says where"),
        },
        Err(error) => json!(error.to_string()),
    };
    json!({"path": path, "file": file, "variables_set": variables})
}

fn shown(key: &str, value: toml::Value, values: Values) -> Value {
    match value {
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| {
                let value = shown(&key, value, values);
                (key, value)
            })
            .collect(),
        toml::Value::Array(items) => items
            .into_iter()
            .map(|value| shown(key, value, values))
            .collect(),
        _ if values == Values::Hidden || is_secret(key) => json!("set"),
        toml::Value::String(text) => json!(without_credentials(&text)),
        other => json!(other),
    }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    let is_harmless = NO_SECRET.iter().any(|end| key.ends_with(end));
    !is_harmless && SECRET.iter().any(|word| key.contains(word))
}

/// A text, without what a URL in it may hold besides its place.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{scheme}://{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_secrets_only_that_they_are_set_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passerelle.toml");
        let text = "[otipass]\nurl = \"https://me:hidden@pass.example.org/api?key=hidden\"\n\
                    username = \"villeneuve\"\npassword = \"hidden\"\npassword_file = \"p\"\ntoken_lifetime_s = 30\ntoken_times = \"seconds\"\n\
                    [notices]\nwebhook = \"https://hooks.example.org/hidden\"\n\
                    [database]\nurl = \"postgres://me:hidden@db/p?password=hidden\"\n\
                    [[more]]\nApi_Key = 4\n";
        std::fs::write(&path, text).unwrap();
        let shown = configuration(&path, Values::Shown, &BTreeMap::new())["file"].clone();
        assert_eq!(
            shown,
            json!({
                "otipass": {
                    "url": "https://pass.example.org/api",
                    "username": "villeneuve",
                    "password": "set",
                    "password_file": "p",
                    "token_lifetime_s": 30,
                    "token_times": "seconds",
                },
                "notices": {"webhook": "set"},
                "database": {"url": "postgres://db/p"},
                "more": [{"Api_Key": "set"}],
            })
        );
        // In a broken one nobody knows what a key means.
        let names = configuration(&path, Values::Hidden, &BTreeMap::new())["file"].clone();
        assert_eq!(names["otipass"]["username"], "set");
    }
}
