//! Accounts: for administrators.

#[cfg(test)]
pub(crate) mod sample;

use super::frame::role_name;
use super::welcome::mistakes;
use crate::page::*;
use staff::{Account, AccountError, AccountId, Invited, Profile, Role, Token};

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
    accounts: Vec<Account>,
    /// The account behind which the next page begins.
    next: Option<AccountId>,
}

impl List {
    /// The accounts behind the one numbered `after`; all, if it is none.
    fn new(frame: Frame, mut accounts: Vec<Account>, after: Option<AccountId>) -> Self {
        let at = accounts
            .iter()
            .position(|account| Some(account.id) == after);
        accounts.drain(..at.map_or(0, |at| at + 1));
        Self {
            next: cut(&mut accounts, ROWS).map(|last| last.id),
            accounts,
            frame,
        }
    }
}

#[derive(Template)]
#[template(path = "account.html")]
struct One {
    account: Option<Account>,
    inputs: Vec<Input>,
    frame: Frame,
}

impl One {
    fn new(frame: Frame, account: Option<Account>) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let kept = account.as_ref();
        let role = kept.map_or(Role::Support, |a| a.role).as_str();
        let roles = Role::ALL.map(|role| (role.as_str(), role_name(role, language)));
        Self {
            inputs: frame.filled([
                Input::text("name", t.name, kept.map_or("", |a| &a.name)),
                Input::text("login", t.login, kept.map_or("", |a| &a.login)),
                Input::choice("role", t.role, role, roles.into()),
            ]),
            account,
            frame,
        }
    }
}

#[derive(Template)]
#[template(path = "invited.html")]
struct Link<'a> {
    frame: Frame,
    invited: &'a Invited,
    url: &'a str,
}

/// Where somebody chooses a password, for the token of an invitation; `url` is where
/// browsers reach the back office.
#[must_use]
pub fn invitation_link(url: &str, token: &Token) -> String {
    let url = url.trim_end_matches('/');
    format!("{url}{}?key={}", access::INVITATION, token.reveal())
}

fn link(visit: &Visit, invited: &Invited) -> Answer {
    let (frame, url) = (visit.frame(), &visit.office.role.url);
    visit.page(&Link {
        frame,
        invited,
        url,
    })
}

/// What was entered; a role that is none is the one that may least.
fn profile(entered: &Entered) -> Profile {
    Profile {
        name: entered.text("name").to_owned(),
        login: entered.text("login").to_owned(),
        role: entered.read("role").unwrap_or(Role::Support),
    }
}

pub(crate) async fn list(visit: Visit, Query(query): Query) -> Answer {
    let accounts = visit.staff().accounts().await?;
    visit.page(&List::new(visit.frame(), accounts, query.read("after")))
}

pub(crate) async fn new(visit: Visit) -> Answer {
    visit.page(&One::new(visit.frame(), None))
}

pub(crate) async fn create(visit: Visit, entered: Entered) -> Answer {
    let profile = profile(&entered);
    match visit.staff().create_account(&visit.actor()?, profile).await {
        Ok(invited) => link(&visit, &invited),
        Err(error) => {
            let mistakes = mistakes(error, visit.language)?;
            new(visit.wrong(entered, mistakes)).await
        }
    }
}

pub(crate) async fn show(visit: Visit, Id(id): Id<AccountId>) -> Answer {
    let account = visit.staff().account(id).await?;
    visit.page(&One::new(visit.frame(), Some(account)))
}

pub(crate) async fn save(visit: Visit, Id(id): Id<AccountId>, entered: Entered) -> Answer {
    let (actor, profile) = (visit.actor()?, profile(&entered));
    let saved = visit.staff().change_account(&actor, id, profile).await;
    let visit = Visit { entered, ..visit };
    done(visit, id, saved, Flash::Saved).await
}

/// What was done to an account, or the page that says why not.
async fn done(
    visit: Visit,
    id: AccountId,
    result: Result<(), AccountError>,
    flash: Flash,
) -> Answer {
    let mistakes = match result {
        Ok(()) => return Ok(visit.go_with(access::ACCOUNT.of(id), flash)),
        Err(AccountError::LastAdministrator) => {
            Mistakes::one("role", Texts::of(visit.language).last)
        }
        Err(error) => mistakes(error, visit.language)?,
    };
    let entered = visit.entered.clone();
    show(visit.wrong(entered, mistakes), Id(id)).await
}

pub(crate) async fn disable(visit: Visit, Id(id): Id<AccountId>) -> Answer {
    let disabled = visit.staff().disable(&visit.actor()?, id).await;
    done(visit, id, disabled, Flash::AccountDisabled).await
}

pub(crate) async fn enable(visit: Visit, Id(id): Id<AccountId>) -> Answer {
    let enabled = visit.staff().enable(&visit.actor()?, id).await;
    done(visit, id, enabled, Flash::AccountEnabled).await
}

pub(crate) async fn reset(visit: Visit, Id(id): Id<AccountId>) -> Answer {
    match visit.staff().reset_password(&visit.actor()?, id).await {
        Ok(invited) => link(&visit, &invited),
        Err(AccountError::LastAdministrator) => {
            let mistakes = Mistakes::one("", Texts::of(visit.language).last_reset);
            show(visit.wrong(Entered::default(), mistakes), Id(id)).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn reset_two_steps(visit: Visit, Id(id): Id<AccountId>) -> Answer {
    let off = visit.staff().reset_two_steps(&visit.actor()?, id).await;
    done(visit, id, off, Flash::SecondStepReset).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;

    #[test]
    fn each_account_is_on_one_page() {
        let frame = Frame::sample(Language::En, Some(Role::Administrator));
        let page = |after| List::new(frame.clone(), sample::many(), after);
        let numbers = |page: &List| -> Vec<i64> {
            page.accounts.iter().map(|account| account.id.0).collect()
        };
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
