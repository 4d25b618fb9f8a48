//! Where Otipass is, tried at once with what was entered.

#[cfg(test)]
pub(crate) mod sample;

use super::line::{line, mapping};
use super::step::Bar;
use crate::last_try::{Former, Line};
use crate::page::*;
use axum::http::Uri;
use gate::site::interface::{
    API_KEY, Connection, PASSWORD, SecretChange, StoredInterface, load, save_connection,
};
use kernel::is_this_machine;
use otipass::{check_url, meant_url};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    by_file: "Cette partie est gérée par la configuration :", "This part is managed by the configuration:";
    url: "URL", "URL";
    url_hint: "Telle qu’Otipass l’a donnée, jusqu’à /api compris.", "As Otipass gave it, up to and including /api.";
    username: "Nom d’utilisateur", "User name";
    api_key: "Clé d’API, au lieu des deux", "API key, instead of both";
    kept: "Un secret est enregistré. Laissez vide pour le garder.", "A secret is saved. Leave empty to keep it.";
    none: "Aucun secret n’est enregistré.", "No secret is saved.";
    again: "Ce serveur n’est pas celui auquel le secret enregistré a été confié. Entrez le secret à nouveau.",
        "This server is not the one that the saved secret was meant for. Enter the secret again.";
    alone: "Entrez aussi le mot de passe : un nom d’utilisateur seul n’ouvre rien.", "Enter the password too: a user name alone opens nothing.";
    budget: "Attente maximale d’une réponse, en millisecondes", "Longest wait for an answer, in milliseconds";
    budget_wrong: "Entrez un nombre de 200 à 10000.", "Enter a number from 200 to 10000.";
    window: "Délai avant d’admettre à nouveau la même carte au même endroit, en secondes\u{a0}; 0 pour aucun",
        "Time before the same card is admitted again at the same place, in seconds; 0 for none";
    window_wrong: "Entrez un nombre de 0 à 3600.", "Enter a number from 0 to 3600.";
    silent: "Quand Otipass ne répond pas", "When Otipass does not answer";
    admit: "laisser entrer et régler ensuite", "let in and settle later";
    refuse: "refuser", "refuse";
    save: "Enregistrer et essayer", "Save and try";
    instead: "Écrire « {url} » et essayer", "Write “{url}” and try";
    put_back: "Remettre « {url} »", "Put “{url}” back";
    well: "Enregistré. Otipass répond.", "Saved. Otipass answers.";
    reached: "Enregistré. Ce serveur répond\u{a0}; l’accès sera essayé quand les paramètres de correspondance nommeront le projet.",
        "Saved. This server answers; the credentials are tried once the mapping parameters name the project.";
    retype: "Entrez-le encore une fois\u{a0}: un secret n’est pas réaffiché.", "Enter it once more: a secret is not shown again.";
    badly: "Enregistré, mais :", "Saved, but:";
});

/// How long Otipass may take when it is tried: longer than a visitor waits, so
/// that slow and silent are told apart.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one that the interface of this revision took the place of.
fn former(visit: &Visit, revision: i64) -> Option<StoredInterface> {
    let kept = visit.office.former.lock();
    let of = kept.as_ref().filter(|of| of.replaced_by == revision);
    of.map(|of| of.interface.clone())
}

/// Good or bad news, in words.
type Tried = (&'static str, String);

#[derive(Template)]
#[template(path = "connection.html")]
struct Page {
    answer: Option<Tried>,
    inputs: Vec<Input>,
    /// The URL that is likely meant, which a button writes.
    instead: Option<String>,
    /// The URL of the one that can be put back.
    former: Option<String>,
    frame: Frame,
}

impl Page {
    fn new(frame: Frame, kept: &StoredInterface) -> Self {
        let t = Texts::of(frame.formats.language);
        let connection = &kept.connection;
        let budget_ms = connection.decision_budget_ms.to_string();
        let window_s = (connection.repeat_window_ms / 1_000).to_string();
        let secret = |name, label, is_kept: bool| {
            let hint = if is_kept { t.kept } else { t.none };
            Input::password(name, label, "new-password").hint(hint)
        };
        let silent = vec![("admit", t.admit), ("refuse", t.refuse)];
        let when_silent = connection.when_silent.as_str();
        Self {
            inputs: frame.filled([
                Input::text("url", t.url, &connection.url).hint(t.url_hint),
                Input::text("username", t.username, &connection.username),
                secret("password", t.password, kept.password.is_some()),
                secret("api_key", t.api_key, kept.api_key.is_some()),
                Input::text("budget", t.budget, &budget_ms),
                Input::text("window", t.window, &window_s),
                Input::choice("silent", t.silent, when_silent, silent),
            ]),
            answer: None,
            instead: None,
            former: None,
            frame,
        }
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let kept = gate::site::interface::read(visit.db()).await?;
    let answer = line(&visit, &kept, PATIENCE).await;
    let t = Texts::of(visit.language);
    let answer = answer.map(|line| match line {
        Line::Bad(why) => ("bad", why.in_language(visit.language).to_owned()),
        line => said(t, line, visit.language),
    });
    page(&visit, &kept, answer)
}

/// The page of what is kept, with what is said of it.
fn page(visit: &Visit, kept: &StoredInterface, answer: Option<Tried>) -> Answer {
    let frame = visit.frame().managed_by(&visit.set_up().connection);
    visit.page(&Page {
        answer,
        former: former(visit, kept.revision).map(|of| of.connection.url),
        ..Page::new(frame, kept)
    })
}

/// A secret that was left empty stays as it is.
fn secret(entered: &Entered, field: &str) -> SecretChange {
    match entered.some(field) {
        None => SecretChange::Keep,
        Some(_) => SecretChange::Set(Some(entered.secret(field))),
    }
}

/// Whom an address leads to: scheme, host with port, and whether that is this very
/// machine.
pub(super) fn server_of(url: &str) -> Option<(String, String, bool)> {
    let url: Uri = url.parse().ok()?;
    let authority = url.authority()?.as_str().to_lowercase();
    let is_here = is_this_machine(url.host()?);
    Some((url.scheme_str()?.to_owned(), authority, is_here))
}

fn told(interface: &StoredInterface) -> Value {
    let connection = &interface.connection;
    json!({
        "url": connection.url,
        "username": connection.username,
        "decision_budget_ms": connection.decision_budget_ms,
        "repeat_window_ms": connection.repeat_window_ms,
        "when_silent": connection.when_silent,
    })
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    visit.set_up().connection.changeable()?;
    let t = Texts::of(visit.language);
    let present = gate::site::interface::read(visit.db()).await?;
    if entered.some("former").is_some() {
        return match former(&visit, present.revision) {
            Some(of) => {
                let secrets = [of.password, of.api_key].map(SecretChange::Set);
                put(visit, of.connection, secrets).await
            }
            // Somebody else has changed it.
            None => Ok(visit.go(access::CONNECTION)),
        };
    }
    let project = mapping(&present).map(|mapping| mapping.project_id);
    // What a button writes instead comes before what stands in the field.
    let url = entered.some("instead");
    let url = url.unwrap_or_else(|| entered.text("url").trim()).to_owned();
    let mut mistakes = Mistakes::default();
    for mistake in check_url(&url, project.as_deref().unwrap_or_default()) {
        let (what, cure) = (mistake.what(visit.language), mistake.cure(visit.language));
        mistakes.add("url", format!("{what} {cure}"));
    }
    let budget_ms = entered.read("budget");
    let budget_ms = budget_ms.filter(|ms| Connection::BUDGET_MS.contains(ms));
    if budget_ms.is_none() {
        mistakes.add("budget", t.budget_wrong);
    }
    let window_s: Option<u32> = entered.read("window").filter(|s| (0..=3_600).contains(s));
    if window_s.is_none() {
        mistakes.add("window", t.window_wrong);
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
    let secrets = [(&present.password, &password), (&present.api_key, &api_key)];
    let is_none = |(kept, change): &(&Option<_>, &SecretChange)| {
        kept.is_none() && matches!(change, SecretChange::Keep)
    };
    if entered.some("username").is_some() && secrets.iter().all(is_none) {
        mistakes.add("password", t.alone);
    }
    if !mistakes.0.is_empty() {
        for (field, change) in [("password", &password), ("api_key", &api_key)] {
            if matches!(change, SecretChange::Set(_)) {
                mistakes.add(field, t.retype);
            }
        }
        let instead = meant_url(&url, project.as_deref().unwrap_or_default());
        let entered = entered.beside([("url", &*url)].into_iter());
        let visit = visit.wrong(entered, mistakes);
        return visit.page(&Page {
            instead,
            ..Page::new(visit.frame(), &present)
        });
    }
    let connection = Connection {
        url,
        username: entered.text("username").trim().to_owned(),
        decision_budget_ms: budget_ms.unwrap_or_default(),
        repeat_window_ms: window_s.unwrap_or_default() * 1_000,
        when_silent: entered.text("silent").parse().unwrap_or_default(),
    };
    let seal = &visit.set_up().seal;
    let password = password
        .sealed(seal, PASSWORD)
        .map_err(PageError::internal)?;
    let api_key = api_key.sealed(seal, API_KEY).map_err(PageError::internal)?;
    put(visit, connection, [password, api_key]).await
}

/// Saves and tries it; the secrets are as they are kept.
async fn put(
    visit: Visit,
    connection: Connection,
    [password, api_key]: [SecretChange; 2],
) -> Answer {
    let t = Texts::of(visit.language);
    let secrets = [("password", &password), ("api_key", &api_key)].into_iter();
    let replaced = secrets.filter(|(_, change)| matches!(change, SecretChange::Set(_)));
    let replaced: Vec<_> = replaced.map(|(name, _)| name).collect();
    let write = move |tx: &mut Tx<'_>| {
        let before = load(tx)?;
        save_connection(tx, connection.clone(), password.clone(), api_key.clone())?;
        let after = load(tx)?;
        let mut now = told(&after);
        if !replaced.is_empty() {
            now["secrets_replaced"] = json!(replaced);
        }
        let change = Change::done("interface.changed", "interface", "OTIPASS")
            .from(told(&before))
            .to(now);
        Ok::<_, DbError>(((before, after), vec![change]))
    };
    let (before, saved) = visit.change("set up connection", write).await??;
    let answer = line(&visit, &saved, PATIENCE).await;
    visit.set_up().take_up.changed();
    // Of several that do not work, the one before the first.
    let worked = former(&visit, before.revision).unwrap_or(before);
    let replaced_by = saved.revision;
    let of = matches!(answer, Some(Line::Bad(_))) && !worked.connection.url.is_empty();
    let of = of.then_some(Former {
        replaced_by,
        interface: worked,
    });
    *visit.office.former.lock() = of;
    if matches!(answer, Some(Line::Well | Line::Reached)) {
        return Ok(visit.go(access::CONNECTION));
    }
    let answer = answer.map(|line| said(t, line, visit.language));
    page(&visit, &saved, answer)
}

/// What is said of the line behind what was saved.
fn said(t: &Texts, line: Line, language: Language) -> Tried {
    match line {
        Line::Well => ("good", t.well.to_owned()),
        Line::Reached => ("wait", t.reached.to_owned()),
        Line::Bad(why) => ("bad", format!("{} {}", t.badly, why.in_language(language))),
    }
}
