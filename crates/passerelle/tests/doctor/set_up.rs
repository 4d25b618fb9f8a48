//! A healthy set-up, to be damaged.

use db::{Db, DbUrl};
use gate::site::interface::{Connection, SecretChange, save_connection, save_mapping};
use kernel::{Clock, ManualClock, SystemClock};
use otipass::Credentials;
use sandbox::{PassBook, Sandbox, SandboxSettings};
use serde::Deserialize;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;

const PASSWORD: &str = "Violets-are-s3cret";
const OPERATOR_PASSWORD: &str = "Roses-are-s3cret-too";
const VARIABLES: [&str; 2] = ["PASSERELLE_CONFIG", "PASSERELLE_OTIPASS__PASSWORD"];

/// A sector of the example site with its doors and devices.
pub const CASTLE: &str = r#"[[door]]
code = "VN_CAS_D1"
sectors = ["VN_CAS"]

[[device]]
code = "PDA11"
door = "VN_CAS_D1"

[[door]]
code = "VN_CAS_D2"
sectors = ["VN_CAS"]

[[device]]
code = "PDA12"
door = "VN_CAS_D2"
"#;
/// Its first door alone.
pub const CASTLE_WITHOUT_DEVICES: &str = r#"[[door]]
code = "VN_CAS_D1"
sectors = ["VN_CAS"]
"#;

/// A healthy set-up in a folder of its own, with a sandbox that answers it.
pub struct SetUp {
    folder: TempDir,
    pub sandbox: Sandbox,
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

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl SetUp {
    pub async fn healthy() -> Self {
        let clock = ManualClock::new(SystemClock.now());
        let settings = SandboxSettings {
            credentials: Some(Credentials::Basic {
                username: "villeneuve".to_owned(),
                password: PASSWORD.into(),
            }),
            ..SandboxSettings::new(
                "villeneuve",
                "Europe/Paris".parse().unwrap(),
                Arc::new(clock.clone()),
            )
        };
        let passes = "number;status;duration_days;valid_until;services\n";
        let sandbox = Sandbox::new(PassBook::from_csv(passes.as_bytes()).unwrap(), settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let never = std::future::pending();
        tokio::spawn(sandbox::serve(listener, sandbox.clone(), never));

        let set_up = Self {
            folder: TempDir::new().unwrap(),
            sandbox,
            clock,
        };
        for file in [
            "passerelle.toml",
            "site.toml",
            "mapping.json",
            "catalogue.toml",
        ] {
            let from = repository().join("examples/villeneuve").join(file);
            fs::copy(from, set_up.path(file)).unwrap();
        }
        set_up.secret("otipass.password", PASSWORD);
        set_up.secret("operator.password", OPERATOR_PASSWORD);
        set_up.replace("passerelle.toml", "http://127.0.0.1:8490", &origin);
        set_up.replace("passerelle.toml", "# password_file", "password_file");
        set_up.append(
            "catalogue.toml",
            "[[tariff_mapping]]\nproduct = \"PASSVN3\"\ntariff = \"CITYLATE\"\n",
        );
        set_up
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    pub fn secret(&self, file: &str, text: &str) {
        fs::write(self.path(file), format!("{text}\n")).unwrap();
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn replace(&self, file: &str, good: &str, bad: &str) {
        let text = self.text(file);
        assert!(text.contains(good), "{file} lacks {good}");
        fs::write(self.path(file), text.replacen(good, bad, 1)).unwrap();
    }

    pub fn append(&self, file: &str, more: &str) {
        fs::write(self.path(file), format!("{}\n{more}", self.text(file))).unwrap();
    }

    /// The exit code and what is printed.
    pub async fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command.arg("doctor").arg(self.path("passerelle.toml"));
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        let output = command.args(arguments).output().await.unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let complaints = String::from_utf8(output.stderr).unwrap();
        for secret in [PASSWORD, OPERATOR_PASSWORD] {
            assert!(!printed.contains(secret) && !complaints.contains(secret));
        }
        assert_eq!(complaints, "");
        (output.status.code().unwrap(), printed)
    }

    pub async fn findings(&self) -> Vec<Finding> {
        let (exit, printed) = self.run(&["--format", "json"]).await;
        let findings: Vec<Finding> = serde_json::from_str(&printed).unwrap();
        for finding in &findings {
            let Finding { what, cure, .. } = finding;
            assert!(
                !finding.place.is_empty() && what.len() > 10 && cure.len() > 10,
                "{finding:?}"
            );
        }
        let is_broken = findings.iter().any(|f| f.severity == "mistake");
        assert_eq!(exit, i32::from(is_broken), "{printed}");
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
        let db = self.empty_db().await;
        if let (Some(site), _) = gate::read_site(&self.text("site.toml")) {
            gate::Gate::apply_site(&db, site).await.unwrap();
        }
        if let Ok(catalogue) = boxoffice::read_catalogue(&self.text("catalogue.toml")) {
            boxoffice::catalogue::apply_catalogue(&db, catalogue)
                .await
                .unwrap();
        }
        let (mapping, config) = (self.text("mapping.json"), self.text("passerelle.toml"));
        let lines = config.lines();
        let url = lines
            .clone()
            .find_map(|line| line.strip_prefix("url = \"http"));
        let url = url.map_or(String::new(), |rest| {
            format!("http{}", rest.split('"').next().unwrap())
        });
        let write = move |tx: &mut db::Tx<'_>| {
            let connection = Connection {
                url: url.clone(),
                username: "villeneuve".to_owned(),
                ..Connection::default()
            };
            let password = SecretChange::Set(Some(PASSWORD.into()));
            save_connection(tx, connection, password, SecretChange::Keep)?;
            save_mapping(tx, &mapping)
        };
        let done: Result<(), db::DbError> = db.write("move in", write).await;
        done.unwrap();
        for file in [
            "site.toml",
            "mapping.json",
            "catalogue.toml",
            "otipass.password",
        ] {
            fs::remove_file(self.path(file)).unwrap();
        }
        let keys = ["site", "catalogue", "mapping", "username", "password_file"];
        let stays = |line: &&str| {
            let key = line.split(" = ").next().unwrap();
            !keys.contains(&key) && !line.starts_with("url = \"http")
        };
        let left: Vec<_> = lines.filter(stays).collect();
        fs::write(self.path("passerelle.toml"), left.join("\n")).unwrap();
        db
    }

    pub async fn empty_db(&self) -> Db {
        let db = Db::open(&DbUrl::SqliteFile(self.path("passerelle.db")))
            .await
            .unwrap();
        gate::Gate::prepare(&db, &SystemClock).await.unwrap();
        boxoffice::BoxOffice::prepare(&db, &SystemClock)
            .await
            .unwrap();
        db
    }

    pub async fn db(&self) -> Db {
        let db = self.empty_db().await;
        let site = gate::read_site(&self.text("site.toml")).0.unwrap();
        gate::Gate::apply_site(&db, site).await.unwrap();
        db
    }
}
