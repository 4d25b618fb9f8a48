//! Accounts: for administrators.

#[cfg(test)]
pub(crate) mod sample;

use super::frame::role_name;
use super::pager::cut;
use super::welcome::mistakes;
use crate::page::{
    Answer, Entered, Flash, Frame, Input, Mistakes, PageError, Path, Query, StatusCode, Template,
    Visit, access,
};
use staff::{Account, AccountError, AccountId, Invited, Profile, Role};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    new: "Nouveau compte", "New account";
    more: "Comptes suivants", "More accounts";
    role: "Rôle", "Role";
    two_steps: "Deux étapes", "Two steps";
    signed_in: "Dernière connexion", "Last sign-in";
    active: "actif", "active";
    invited: "invité", "invited";
    create: "Créer le compte et le lien", "Create the account and the link";
    new_why: "Vous recevez un lien, valable trois jours et une seule fois, par lequel la personne choisit son mot de passe. Passez-le-lui comme vous voulez ; rien n’est envoyé par e-mail.",
        "You get a link, good for three days and once, by which the person chooses a password. Pass it on as you like; nothing is sent by e-mail.";
    back: "Tous les comptes", "All accounts";
    profile: "Nom et rôle", "Name and role";
    profile_why: "Un autre rôle ferme les sessions du compte.", "Another role ends the account’s sessions.";
    access: "Accès", "Access";
    reset: "Nouveau lien de mot de passe", "New password link";
    reset_why: "Le mot de passe actuel est effacé, les sessions sont fermées, et vous recevez un lien pour en choisir un autre.",
        "The present password is removed, the sessions end, and you get a link to choose another.";
    off: "Désactiver la deuxième étape", "Switch the second step off";
    off_why: "Pour une personne qui a perdu son téléphone et ses codes de secours. Vérifiez que c’est bien elle.",
        "For someone who lost phone and recovery codes. Make sure it is them.";
    disable: "Désactiver le compte", "Disable the account";
    disable_why: "La personne ne peut plus se connecter, tout de suite. Ce qu’elle a fait reste au journal d’audit.",
        "The person can no longer sign in, from now on. What they did stays in the audit log.";
    enable: "Réactiver le compte", "Enable the account";
    last: "C’est le dernier administrateur qui peut se connecter : il doit le rester. Nommez d’abord quelqu’un d’autre, et attendez sa première connexion.",
        "This is the last administrator who can sign in, and must stay one. Appoint someone else first, and wait until they have signed in.";
    last_reset: "C’est le dernier administrateur qui peut se connecter : sans mot de passe, plus personne ne le pourrait. Changez-le dans « Mon compte », ou nommez d’abord quelqu’un d’autre.",
        "This is the last administrator who can sign in: without a password nobody could. Change it in “My account”, or appoint someone else first.";
    link_title: "Lien pour {name}", "Link for {name}";
    link_why: "Passez ce lien à la personne. Il n’est montré qu’une fois et vaut trois jours.",
        "Pass this link to the person. It is shown only once and is good for three days.";
    link: "Lien", "Link";
});

/// Rows on a page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "accounts.html")]
struct List {
    frame: Frame,
    t: &'static Texts,
    rows: Vec<Row>,
    /// The account behind which the next page begins.
    next: Option<AccountId>,
}

struct Row {
    id: AccountId,
    name: String,
    login: String,
    role: &'static str,
    two_steps: &'static str,
    signed_in: String,
    state: (&'static str, &'static str),
}

impl List {
    /// The accounts behind the one numbered `after`; all, if it is none.
    fn new(frame: Frame, accounts: Vec<Account>, after: Option<AccountId>) -> Self {
        let t = Texts::of(frame.formats.language);
        let at = accounts
            .iter()
            .position(|account| Some(account.id) == after);
        let behind = at.map_or(0, |at| at + 1);
        let mut shown: Vec<Account> = accounts.into_iter().skip(behind).collect();
        let next = cut(&mut shown, ROWS).map(|last| last.id);
        let row = |account: Account| Row {
            id: account.id,
            role: role_name(account.role, frame.formats.language),
            two_steps: if account.two_steps { t.yes } else { t.no },
            signed_in: account
                .signed_in_at
                .map_or_else(|| t.never.to_owned(), |at| frame.formats.moment(at)),
            state: match account.disabled_at {
                Some(_) => ("bad", t.disabled),
                None if account.signed_in_at.is_none() => ("", t.invited),
                None => ("good", t.active),
            },
            name: account.name,
            login: account.login,
        };
        Self {
            rows: shown.into_iter().map(row).collect(),
            next,
            frame,
            t,
        }
    }
}

#[derive(Template)]
#[template(path = "account.html")]
struct One {
    frame: Frame,
    t: &'static Texts,
    account: Option<Account>,
    mistakes: Mistakes,
    inputs: Vec<Input>,
}

impl One {
    fn new(frame: Frame, account: Option<Account>, profile: &Entered, mistakes: Mistakes) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let present = |field: &str, kept: Option<&str>| match (profile.some(field), kept) {
            (Some(entered), _) => entered.to_owned(),
            (None, kept) => kept.unwrap_or_default().to_owned(),
        };
        let kept = account.as_ref();
        let name = present("name", kept.map(|a| a.name.as_str()));
        let login = present("login", kept.map(|a| a.login.as_str()));
        let role = kept.map_or(Role::Support, |a| a.role).as_str();
        let role = present("role", Some(role));
        let roles = Role::ALL.map(|role| (role.as_str(), role_name(role, language)));
        Self {
            inputs: vec![
                Input::text("name", t.name, &name).with(&mistakes),
                Input::text("login", t.login, &login).with(&mistakes),
                Input::choice("role", t.role, &role, roles.into()).with(&mistakes),
            ],
            account,
            mistakes,
            frame,
            t,
        }
    }
}

#[derive(Template)]
#[template(path = "invited.html")]
struct Link {
    frame: Frame,
    t: &'static Texts,
    title: String,
    link: String,
}

fn link(visit: &Visit, invited: &Invited) -> Answer {
    let page = Link::new(visit.frame(), &visit.office.role.url, invited);
    visit.page(&page)
}

impl Link {
    fn new(frame: Frame, url: &str, invited: &Invited) -> Self {
        let t = Texts::of(frame.formats.language);
        let name = [("name", invited.account.name.as_str())];
        Self {
            title: kernel::text::fill(t.link_title, &name),
            link: format!(
                "{}/office/invitation?key={}",
                url.trim_end_matches('/'),
                invited.token.reveal()
            ),
            frame,
            t,
        }
    }
}

/// What was entered; a role that is none is the one that may least.
fn profile(entered: &Entered) -> Profile {
    Profile {
        name: entered.text("name").to_owned(),
        login: entered.text("login").to_owned(),
        role: entered.text("role").parse().unwrap_or(Role::Support),
    }
}

pub(crate) async fn list(visit: Visit, query: Query) -> Answer {
    let accounts = visit.staff().accounts().await?;
    let after = query.0.text("after").parse().map(AccountId).ok();
    visit.page(&List::new(visit.frame(), accounts, after))
}

pub(crate) async fn new(visit: Visit) -> Answer {
    let nothing = Entered::default();
    visit.page(&One::new(
        visit.frame(),
        None,
        &nothing,
        Mistakes::default(),
    ))
}

pub(crate) async fn create(visit: Visit, entered: Entered) -> Answer {
    let staff = visit.staff();
    match staff
        .create_account(&visit.actor()?, profile(&entered))
        .await
    {
        Ok(invited) => link(&visit, &invited),
        Err(AccountError::Invalid(invalid)) => {
            let mistakes = mistakes(&invalid, visit.language);
            let page = One::new(visit.frame(), None, &entered, mistakes);
            visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

async fn one(visit: &Visit, id: AccountId, entered: &Entered, mistakes: Mistakes) -> Answer {
    let account = visit.staff().account(id).await?;
    let status = mistakes.status();
    let page = One::new(visit.frame(), Some(account), entered, mistakes);
    visit.page_with(status, &page)
}

fn number(text: &str) -> Result<AccountId, PageError> {
    text.parse().map(AccountId).map_err(|_| PageError::NotFound)
}

fn path(id: AccountId) -> String {
    access::ACCOUNT.of(id)
}

pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    one(
        &visit,
        number(&id)?,
        &Entered::default(),
        Mistakes::default(),
    )
    .await
}

/// What was done to an account, or the page that says why not.
async fn done(
    visit: &Visit,
    id: AccountId,
    entered: &Entered,
    result: Result<(), AccountError>,
    flash: Flash,
) -> Answer {
    let t = Texts::of(visit.language);
    match result {
        Ok(()) => Ok(visit.go_with(path(id), flash)),
        Err(AccountError::Invalid(invalid)) => {
            one(visit, id, entered, mistakes(&invalid, visit.language)).await
        }
        Err(AccountError::LastAdministrator) => {
            one(visit, id, entered, Mistakes::one("role", t.last)).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn save(visit: Visit, Path(id): Path<String>, entered: Entered) -> Answer {
    let id = number(&id)?;
    let staff = visit.staff();
    let saved = staff
        .change_account(&visit.actor()?, id, profile(&entered))
        .await;
    done(&visit, id, &entered, saved, Flash::Saved).await
}

pub(crate) async fn disable(visit: Visit, Path(id): Path<String>) -> Answer {
    let id = number(&id)?;
    let staff = visit.staff();
    let disabled = staff.disable(&visit.actor()?, id).await;
    done(
        &visit,
        id,
        &Entered::default(),
        disabled,
        Flash::AccountDisabled,
    )
    .await
}

pub(crate) async fn enable(visit: Visit, Path(id): Path<String>) -> Answer {
    let id = number(&id)?;
    let staff = visit.staff();
    let enabled = staff.enable(&visit.actor()?, id).await;
    done(
        &visit,
        id,
        &Entered::default(),
        enabled,
        Flash::AccountEnabled,
    )
    .await
}

pub(crate) async fn reset(visit: Visit, Path(id): Path<String>) -> Answer {
    let (staff, id) = (visit.staff(), number(&id)?);
    match staff.reset_password(&visit.actor()?, id).await {
        Ok(invited) => link(&visit, &invited),
        Err(AccountError::LastAdministrator) => {
            let t = Texts::of(visit.language);
            let mistakes = Mistakes::one("", t.last_reset);
            one(&visit, id, &Entered::default(), mistakes).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn reset_two_steps(visit: Visit, Path(id): Path<String>) -> Answer {
    let id = number(&id)?;
    let staff = visit.staff();
    let off = staff.reset_two_steps(&visit.actor()?, id).await;
    done(&visit, id, &Entered::default(), off, Flash::SecondStepReset).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;

    #[test]
    fn each_account_is_on_one_page() {
        let frame = Frame::sample(Language::En, Some(Role::Administrator));
        let page = |after| List::new(frame.clone(), sample::many(), after);
        let numbers = |page: &List| -> Vec<i64> { page.rows.iter().map(|row| row.id.0).collect() };
        let first = page(None);
        let second = page(first.next);
        assert_eq!(numbers(&first), (1..=100).collect::<Vec<_>>());
        assert_eq!(numbers(&second), [101, 102]);
        assert_eq!(second.next, None);
        // Exactly one page is left.
        assert_eq!(page(Some(AccountId(2))).next, None);
        // An account that is not there begins at the beginning.
        assert_eq!(numbers(&page(Some(AccountId(0)))), numbers(&first));
    }
}
