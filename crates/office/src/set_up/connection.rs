//! Where Otipass is, tried at once with what was entered.

#[cfg(test)]
pub(crate) mod sample;

use crate::Managed;
use crate::page::{
    Answer, Change, Entered, Frame, Input, Mistakes, PageError, Template, Visit, access, fill,
};
use axum::http::{StatusCode, Uri};
use gate::site::interface::{Connection, SecretChange, StoredInterface, load, save_connection};
use kernel::causes;
use otipass::{OtipassClient, OtipassSettings, check_url, meant_url, read_mapping};
use serde_json::{Value, json};
use std::time::Duration;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    by_file: "Cette partie est gérée par la configuration :", "This part is managed by the configuration:";
    url: "URL", "URL";
    url_hint: "Telle qu’Otipass l’a donnée, jusqu’à /api compris.", "As Otipass gave it, up to and with /api.";
    username: "Nom d’utilisateur", "User name";
    api_key: "Clé d’API, au lieu des deux", "API key, instead of both";
    kept: "Un secret est enregistré. Laissez vide pour le garder.", "A secret is saved. Leave empty to keep it.";
    none: "Aucun secret n’est enregistré.", "No secret is saved.";
    again: "Ce serveur n’est pas celui auquel le secret enregistré a été confié. Entrez le secret à nouveau.",
        "This server is not the one that the saved secret was meant for. Enter the secret again.";
    budget: "Attente maximale d’une réponse, en millisecondes", "Longest wait for an answer, in milliseconds";
    budget_wrong: "Entrez un nombre de 100 à 10000.", "Enter a number from 100 to 10000.";
    silent: "Quand Otipass ne répond pas", "When Otipass does not answer";
    admit: "laisser entrer et régler ensuite", "let in and settle later";
    refuse: "refuser", "refuse";
    save: "Enregistrer et essayer", "Save and try";
    instead: "Écrire « {url} » et essayer", "Write “{url}” and try";
    well: "Enregistré. Otipass répond.", "Saved. Otipass answers.";
    later: "Enregistré. Otipass sera interrogé quand les paramètres de correspondance nommeront le projet.",
        "Saved. Otipass is asked once the mapping parameters name the project.";
    badly: "Enregistré, mais :", "Saved, but:";
    other_project: "ces accès sont ceux d’un autre projet :", "these credentials are another project’s:";
});

/// How long Otipass may take when it is tried: longer than a visitor waits, so
/// that slow and silent are told apart.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Good or bad news, in words.
type Tried = (&'static str, String);

#[derive(Template)]
#[template(path = "connection.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    file: Option<String>,
    mistakes: Mistakes,
    answer: Option<Tried>,
    inputs: Vec<Input>,
    /// The URL that is likely meant, and the button that writes it.
    instead: Option<(String, String)>,
}

impl Page {
    fn new(
        frame: Frame,
        file: Option<&str>,
        (connection, budget_ms): (&Connection, &str),
        (has_password, has_key): (bool, bool),
        mistakes: Mistakes,
        answer: Option<Tried>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let kept = |has| if has { t.kept } else { t.none };
        let silent = vec![("admit", t.admit), ("refuse", t.refuse)];
        Self {
            inputs: vec![
                Input::text("url", t.url, &connection.url)
                    .hint(t.url_hint)
                    .with(&mistakes),
                Input::text("username", t.username, &connection.username),
                Input::password("password", t.password, "new-password").hint(kept(has_password)),
                Input::password("api_key", t.api_key, "new-password").hint(kept(has_key)),
                Input::text("budget", t.budget, budget_ms).with(&mistakes),
                Input::choice("silent", t.silent, connection.when_silent.as_str(), silent),
            ],
            file: file.map(str::to_owned),
            mistakes,
            answer,
            instead: None,
            frame,
            t,
        }
    }
}

const fn secrets(interface: &StoredInterface) -> (bool, bool) {
    (interface.password.is_some(), interface.api_key.is_some())
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let interface = gate::site::interface::read(&visit.office.db).await?;
    let connection = &interface.connection;
    let budget_ms = connection.decision_budget_ms.to_string();
    visit.page(&Page::new(
        visit.frame(),
        visit.set_up().connection.file(),
        (connection, &budget_ms),
        secrets(&interface),
        Mistakes::default(),
        None,
    ))
}

/// A secret that was left empty stays as it is.
fn secret(entered: &Entered, field: &str) -> SecretChange {
    match entered.some(field) {
        None => SecretChange::Keep,
        Some(_) => SecretChange::Set(Some(entered.secret(field))),
    }
}

/// Whom an address leads to: scheme, host and port.
fn server_of(url: &str) -> Option<(String, String)> {
    let url: Uri = url.parse().ok()?;
    let authority = url.authority()?.as_str().to_lowercase();
    Some((url.scheme_str()?.to_owned(), authority))
}

fn told(interface: &StoredInterface) -> Value {
    let connection = &interface.connection;
    json!({
        "url": connection.url,
        "username": connection.username,
        "decision_budget_ms": connection.decision_budget_ms,
        "when_silent": connection.when_silent,
    })
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    if visit.set_up().connection != Managed::Here {
        return Err(PageError::NotFound);
    }
    let t = Texts::of(visit.language);
    let present = gate::site::interface::read(&visit.office.db).await?;
    let project = present
        .mapping
        .as_deref()
        .and_then(|text| read_mapping(text).mapping);
    let project = project.map(|mapping| mapping.project_id);
    // What a button writes instead comes before what stands in the field.
    let url = entered.some("instead");
    let url = url.unwrap_or_else(|| entered.text("url").trim()).to_owned();
    let mut mistakes = Mistakes::default();
    for mistake in check_url(&url, project.as_deref().unwrap_or_default()) {
        let (what, cure) = (mistake.what(visit.language), mistake.cure(visit.language));
        mistakes.add("url", format!("{what} {cure}"));
    }
    let budget = entered.text("budget").trim();
    let budget_ms = budget.parse().ok().filter(|ms| (100..=10_000).contains(ms));
    if budget_ms.is_none() {
        mistakes.add("budget", t.budget_wrong);
    }
    let (password, api_key) = (secret(&entered, "password"), secret(&entered, "api_key"));
    if server_of(&url) != server_of(&present.connection.url) {
        // Else whoever sits at an open page could have it sent to themselves.
        for (field, kept, change) in [
            ("password", present.password.is_some(), &password),
            ("api_key", present.api_key.is_some(), &api_key),
        ] {
            if kept && matches!(change, SecretChange::Keep) {
                mistakes.add(field, t.again);
            }
        }
    }
    let connection = Connection {
        url,
        username: entered.text("username").trim().to_owned(),
        decision_budget_ms: budget_ms.unwrap_or_default(),
        when_silent: entered.text("silent").parse().unwrap_or_default(),
    };
    if !mistakes.0.is_empty() {
        let meant = meant_url(&connection.url, project.as_deref().unwrap_or_default());
        let mut page = Page::new(
            visit.frame(),
            None,
            (&connection, budget),
            secrets(&present),
            mistakes,
            None,
        );
        page.instead = meant.map(|url| (fill(t.instead, &[("url", &url)]), url));
        return visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let has_new = [("password", &password), ("api_key", &api_key)]
        .map(|(name, change)| (name, matches!(change, SecretChange::Set(_))));
    let write = move |tx: &mut db::Tx<'_>| {
        let before = load(tx)?;
        save_connection(tx, connection.clone(), password.clone(), api_key.clone())?;
        let after = load(tx)?;
        let changed: Vec<_> = has_new
            .iter()
            .filter(|(_, new)| *new)
            .map(|(name, _)| name)
            .collect();
        let mut now = told(&after);
        if !changed.is_empty() {
            now["secrets_replaced"] = json!(changed);
        }
        let change = Change::done("interface.changed", "interface", "OTIPASS")
            .from(told(&before))
            .to(now);
        Ok::<_, db::DbError>((after, vec![change]))
    };
    let saved = visit.change("set up connection", write).await??;
    let answer = tried(&visit, &saved, project).await;
    visit.set_up().take_up.changed();
    visit.page(&Page::new(
        visit.frame(),
        None,
        (&saved.connection, budget),
        secrets(&saved),
        Mistakes::default(),
        Some(answer),
    ))
}

/// Asks Otipass for its status; changes nothing there.
async fn tried(visit: &Visit, interface: &StoredInterface, project: Option<String>) -> Tried {
    let t = Texts::of(visit.language);
    let Some(project_id) = project else {
        return ("good", t.later.to_owned());
    };
    let set_up = visit.set_up();
    let client = OtipassClient::new(OtipassSettings {
        base_url: interface.connection.url.clone(),
        project_id: project_id.clone(),
        credentials: interface.credentials(),
        contract: set_up.contract.clone(),
        proxy: set_up.proxy.clone(),
        connect_timeout: CONNECT_TIMEOUT,
    });
    let client = match client {
        Ok(client) => client,
        Err(error) => return ("bad", format!("{} {}", t.badly, causes(&error))),
    };
    match client.status(PATIENCE).await {
        Ok(status) if status.project.eq_ignore_ascii_case(&project_id) => {
            ("good", t.well.to_owned())
        }
        Ok(status) => (
            "bad",
            format!("{} {} {}", t.badly, t.other_project, status.project),
        ),
        Err(error) => ("bad", format!("{} {error}", t.badly)),
    }
}
