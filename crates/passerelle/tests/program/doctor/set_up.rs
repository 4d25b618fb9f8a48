//! A healthy set-up, to be damaged.

use crate::BIN;
use db::{Db, DbUrl};
use gate::site::interface::{Connection, SecretChange, save_connection, save_mapping};
use kernel::{Clock, ManualClock, SystemClock};
use otipass::Credentials;
use serde::Deserialize;
use stage::{EXAMPLE, Otipass, Program};
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tokio::process::Command;

const PASSWORD: &str = "Violets-are-s3cret";
pub const OPERATOR_PASSWORD: &str = "Roses-are-s3cret-too";

/// A sector of the example site with its doors and devices.
pub const CASTLE: &str = r#"[[door]]
code = "VN_CAS_D1"
name = "Grande entrée Cas"
sectors = ["VN_CAS"]

[[device]]
code = "PDA11"
name = "Guichet Cas"
door = "VN_CAS_D1"

[[door]]
code = "VN_CAS_D2"
name = "Petite entrée Cas"
sectors = ["VN_CAS"]

[[device]]
code = "PDA12"
door = "VN_CAS_D2"
"#;
/// Its first door alone.
pub const CASTLE_WITHOUT_DEVICES: &str = r#"[[door]]
code = "VN_CAS_D1"
name = "Grande entrée Cas"
sectors = ["VN_CAS"]
"#;

/// A healthy set-up in a folder of its own, with an Otipass that answers it.
pub struct SetUp {
    program: Program,
    pub clock: ManualClock,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Finding {
    pub part: String,
    pub severity: String,
    pub code: String,
    #[serde(rename = "where")]
    pub place: String,
    pub what: String,
    pub cure: String,
}

impl Deref for SetUp {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl SetUp {
    pub fn healthy() -> Self {
        let clock = ManualClock::new(SystemClock.now());
        let credentials = Credentials::Basic {
            username: "villeneuve".to_owned(),
            password: PASSWORD.into(),
        };
        let mut program = Program::new(BIN, "", "");
        program.otipass = Otipass::with("", Arc::new(clock.clone()), Some(credentials));
        let set_up = Self { program, clock };
        let example = Path::new(EXAMPLE).join("passerelle.toml");
        fs::copy(example, set_up.path("passerelle.toml")).unwrap();
        set_up.secret("otipass.password", PASSWORD);
        set_up.secret("operator.password", OPERATOR_PASSWORD);
        let url = &set_up.otipass.url;
        set_up.replace("passerelle.toml", "http://127.0.0.1:8490/api", url);
        set_up.replace("passerelle.toml", "# password_file", "password_file");
        set_up.append(
            "catalogue.toml",
            "[[tariff_mapping]]\nproduct = \"PASSVN3\"\ntariff = \"CITYLATE\"\n",
        );
        set_up
    }

    pub fn secret(&self, file: &str, text: &str) {
        self.write(file, &format!("{text}\n"));
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn append(&self, file: &str, more: &str) {
        self.write(file, &format!("{}\n{more}", self.read(file)));
    }

    /// The exit code of the doctor and what it prints.
    pub async fn examine(&self, arguments: &[&str]) -> (i32, String) {
        let config = self.path("passerelle.toml");
        let command = self.command(&[&["doctor", config.to_str().unwrap()], arguments].concat());
        let output = Command::from(command).output().await.unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let complaints = String::from_utf8(output.stderr).unwrap();
        for secret in [PASSWORD, OPERATOR_PASSWORD] {
            assert!(!printed.contains(secret) && !complaints.contains(secret));
        }
        assert_eq!(complaints, "");
        (output.status.code().unwrap(), printed)
    }

    pub async fn findings(&self) -> Vec<Finding> {
        let (exit, printed) = self.examine(&["--format", "json"]).await;
        let findings: Vec<Finding> = serde_json::from_str(&printed).unwrap();
        for finding in &findings {
            let Finding { what, cure, .. } = finding;
            assert!(
                !finding.place.is_empty() && what.len() > 10 && cure.len() > 10,
                "{finding:?}"
            );
        }
        let is_broken = findings.iter().any(|f| f.severity == "mistake");
        let is_begun = findings.iter().all(|f| f.code != "set_up_not_begun");
        let expected = if is_broken || is_begun {
            i32::from(is_broken)
        } else {
            3
        };
        assert_eq!(exit, expected, "{printed}");
        findings
    }

    pub async fn mistakes(&self) -> Vec<Finding> {
        let mut findings = self.findings().await;
        findings.retain(|finding| finding.severity == "mistake");
        findings
    }

    /// The one mistake there is.
    pub async fn names(&self, code: &str, place: &str) -> Finding {
        let mistakes = self.mistakes().await;
        let codes: Vec<_> = mistakes.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, [code], "{mistakes:#?}");
        assert!(mistakes[0].place.contains(place), "{:?}", mistakes[0]);
        mistakes.into_iter().next().unwrap()
    }

    /// Moves what the files hold into the back office, as far as it takes it,
    /// and leaves nothing of it in files.
    pub async fn move_in(&self) -> Db {
        let config = self.read("passerelle.toml");
        let lines = config.lines();
        let mut urls = lines
            .clone()
            .filter_map(|line| line.strip_prefix("url = \"http"));
        let url = urls.next().map_or(String::new(), |rest| {
            format!("http{}", rest.split('"').next().unwrap())
        });
        let db = move_in(self, url, PASSWORD).await;
        let keys = ["site", "catalogue", "mapping", "username", "password_file"];
        let stays = |line: &&str| {
            let key = line.split(" = ").next().unwrap();
            !keys.contains(&key) && !line.starts_with("url = \"http")
        };
        let left: Vec<_> = lines.filter(stays).collect();
        self.write("passerelle.toml", &left.join("\n"));
        db
    }

    pub async fn db(&self) -> Db {
        let db = empty_db(self).await;
        let site = gate::read_site(&self.read("site.toml")).0.unwrap();
        gate::Gate::apply_site(&db, site).await.unwrap();
        db
    }
}

/// The museum's database, in which nothing is set up.
pub async fn empty_db(program: &Program) -> Db {
    let url = DbUrl::SqliteFile(program.path("passerelle.db"));
    let db = Db::open(&url).await.unwrap();
    let migrated = db.migrate(books::SCHEMAS, SystemClock.now()).await;
    migrated.unwrap();
    db
}

/// Moves the files of a set-up, and where Otipass is, into the database.
pub async fn move_in(program: &Program, url: String, password: &'static str) -> Db {
    let db = empty_db(program).await;
    if let (Some(site), _) = gate::read_site(&program.read("site.toml")) {
        gate::Gate::apply_site(&db, site).await.unwrap();
    }
    if let Ok(catalogue) = boxoffice::read_catalogue(&program.read("catalogue.toml")) {
        let applied = boxoffice::catalogue::apply_catalogue(&db, catalogue).await;
        applied.unwrap();
    }
    let mapping = program.read("mapping.json");
    let write = move |tx: &mut db::Tx<'_>| {
        let connection = Connection {
            url: url.clone(),
            username: "villeneuve".to_owned(),
            ..Connection::default()
        };
        let password = SecretChange::Set(Some(password.into()));
        save_connection(tx, connection, password, SecretChange::Keep)?;
        save_mapping(tx, &mapping)
    };
    let done: Result<(), db::DbError> = db.write("move in", write).await;
    done.unwrap();
    let files = [
        "site.toml",
        "mapping.json",
        "catalogue.toml",
        "otipass.password",
    ];
    for file in files {
        fs::remove_file(program.path(file)).unwrap();
    }
    db
}
