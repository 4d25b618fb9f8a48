//! The line to Otipass as it was last tried: with what is saved now, and at most a
//! minute ago.

use crate::last_try::{Line, Tried};
use crate::page::*;
use ::doctor::{Asked, otipass_failure};
use gate::site::interface::StoredInterface;
use kernel::finding::{Phrase, Place, Stored};
use otipass::{Mapping, OtipassClient, OtipassSettings, PartnerStatus, read_mapping};

kernel::texts!(Texts in Fr, En {
    other_project: "Ces accès sont ceux d’un autre projet\u{a0}: {project}.", "These credentials are another project’s: {project}.";
});

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The mapping parameters, by page or by file.
pub(super) fn mapping(interface: &StoredInterface) -> Option<Mapping> {
    read_mapping(interface.mapping.as_deref()?).mapping
}

/// The line, tried if that was not done of late; none where the back office keeps no
/// address. Otipass has `patience` to answer, and nothing changes there.
pub(super) async fn line(
    visit: &Visit,
    interface: &StoredInterface,
    patience: Duration,
) -> Option<Line> {
    if visit.set_up().connection != Managed::Here || interface.connection.url.is_empty() {
        return None;
    }
    let now = visit.staff().now();
    // Whoever comes while it is tried waits for that try.
    let mut last = visit.office.last_try.lock().await;
    if let Some(tried) = last
        .as_ref()
        .filter(|tried| tried.is_good(interface.revision, now))
    {
        return Some(tried.line.clone());
    }
    let line = ask(visit, interface, patience).await;
    *last = Some(Tried {
        at: now,
        revision: interface.revision,
        line: line.clone(),
    });
    Some(line)
}

/// Asks Otipass for its status.
async fn ask(visit: &Visit, interface: &StoredInterface, patience: Duration) -> Line {
    let project_id = mapping(interface).map(|mapping| mapping.project_id);
    let set_up = visit.set_up();
    let bad = |why: String| Line::Bad(Phrase::new(why.clone(), why));
    let credentials = match interface.credentials(&set_up.seal) {
        Ok(credentials) => credentials,
        Err(error) => return bad(error.to_string()),
    };
    let client = OtipassClient::new(OtipassSettings {
        base_url: interface.connection.url.clone(),
        project_id: project_id.clone().unwrap_or_default(),
        credentials,
        contract: set_up.contract.clone(),
        proxy: set_up.proxy.clone(),
        connect_timeout: CONNECT_TIMEOUT,
    });
    let client = match client {
        Ok(client) => client,
        Err(error) => return bad(causes(&error)),
    };
    let answered = match project_id {
        None => client.knock(patience).await.map(|()| Line::Reached),
        Some(project_id) => {
            let status = client.status(patience).await;
            status.map(|status| of_project(&status, &project_id))
        }
    };
    answered.unwrap_or_else(|error| {
        let here = || Place::Stored(Stored::Connection, None);
        let asked = Asked {
            url: here(),
            credentials: here(),
            proxy: set_up.proxy.as_ref().map(|_| here()),
            patience,
        };
        let failure = otipass_failure(&error, &asked);
        Line::Bad(Phrase::each(|language| {
            format!("{} {}", failure.what(language), failure.cure(language))
        }))
    })
}

fn of_project(status: &PartnerStatus, project_id: &str) -> Line {
    if status.project.eq_ignore_ascii_case(project_id) {
        return Line::Well;
    }
    Line::Bad(Phrase::each(|language| {
        let other = Texts::of(language).other_project;
        fill(other, &[("project", &status.project)])
    }))
}
