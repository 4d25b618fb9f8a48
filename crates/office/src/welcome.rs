//! The first run, and the links by which people choose a password.

#[cfg(test)]
pub(crate) mod sample;

use crate::page::*;
use secrecy::ExposeSecret;
use staff::password::{MIN_CHARS, Weak};
use staff::{Account, AccountError, Invalid, SignIn, Token};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    welcome: "Bienvenue", "Welcome";
    welcome_why: "Créez le premier compte. Il est administrateur : il ouvre les comptes des autres.",
        "Create the first account. It is an administrator’s: it gives others their accounts.";
    secret: "Secret de premier démarrage", "First-run secret";
    secret_hint: "Le service l’affiche au démarrage, dans son terminal ou son journal.",
        "The service prints it when it starts, in its terminal or its log.";
    create: "Créer le compte", "Create the account";
    invitation: "Choisissez votre mot de passe", "Choose your password";
    invitation_for: "Ce mot de passe est pour le compte {login}.",
        "This password is for the account {login}.";
    gone: "Ce lien n’est plus valable", "This link is no longer valid";
    gone_why: "Il a déjà servi, ou il a plus de trois jours. Demandez-en un autre à un administrateur.",
        "It was used, or it is more than three days old. Ask an administrator for another.";
    secret_wrong: "Ce secret n’est pas le bon. Chaque démarrage du service en affiche un nouveau : prenez le dernier.",
        "This secret is not right. Each start of the service prints a new one: take the last.";
    password_hint: "{n} caractères au moins ; une phrase est un bon mot de passe.",
        "At least {n} characters; a sentence makes a good password.";
    again: "Le même mot de passe encore une fois", "The same password once more";
    name_wrong: "Entrez un nom d’au plus 100 caractères.", "Enter a name of at most 100 characters.";
    login_wrong: "Entrez un identifiant de 3 à 150 lettres, chiffres ou signes @ . _ + -, par exemple une adresse e-mail.",
        "Enter a login of 3 to 150 letters, digits or the signs @ . _ + -, such as an e-mail address.";
    login_taken: "Un autre compte a cet identifiant. Prenez-en un autre.",
        "Another account has this login. Take another.";
    too_short: "Le mot de passe est trop court : il lui faut {n} caractères au moins.",
        "The password is too short: it needs at least {n} characters.";
    too_long: "Le mot de passe est trop long : 200 caractères au plus.",
        "The password is too long: at most 200 characters.";
    too_simple: "Ce mot de passe se devine : prenez-en un fait de mots à vous, autres que votre nom, ceux que chacun essaie et celui du musée.",
        "This password is easily guessed: take one of words of your own, other than your name, those that everybody tries, and the museum’s.";
    present_wrong: "Ce n’est pas votre mot de passe actuel.", "This is not your present password.";
    not_the_same: "Les deux mots de passe sont différents. Entrez deux fois le même.",
        "The two passwords differ. Enter the same one twice.";
});

/// What is wrong with an entry, as text at its field. Also for the pages of
/// accounts and of one's own.
///
/// # Errors
/// What no entry can cure.
pub(super) fn mistakes(error: AccountError, language: Language) -> Result<Mistakes, PageError> {
    let AccountError::Invalid(invalid) = error else {
        return Err(error.into());
    };
    let t = Texts::of(language);
    let mut mistakes = Mistakes::default();
    for invalid in invalid {
        let (field, text) = match invalid {
            Invalid::Name => ("name", t.name_wrong),
            Invalid::Login => ("login", t.login_wrong),
            Invalid::LoginTaken => ("login", t.login_taken),
            Invalid::Password(Weak::TooShort) => ("password", t.too_short),
            Invalid::Password(Weak::TooLong) => ("password", t.too_long),
            Invalid::Password(Weak::TooSimple) => ("password", t.too_simple),
            Invalid::PresentPassword => ("present", t.present_wrong),
            Invalid::Code => ("code", t.code_wrong),
        };
        mistakes.add(field, fill(text, &[("n", &MIN_CHARS)]));
    }
    Ok(mistakes)
}

/// A new password and its repetition.
pub(super) fn password_inputs(language: Language, label: &'static str) -> [Input; 2] {
    let t = Texts::of(language);
    let input = |name, label| Input::password(name, label, "new-password");
    let hint = fill(t.password_hint, &[("n", &MIN_CHARS)]);
    [input("password", label).hint(hint), input("again", t.again)]
}

/// What is wrong if the repetition differs.
pub(super) fn repeated(entered: &Entered, language: Language) -> Result<(), Mistakes> {
    let [password, again] = ["password", "again"].map(|name| entered.secret(name));
    if password.expose_secret() == again.expose_secret() {
        return Ok(());
    }
    Err(Mistakes::one("again", Texts::of(language).not_the_same))
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Page {
    title: &'static str,
    why: String,
    action: Address,
    /// The link's token; empty at the first run.
    key: String,
    inputs: Vec<Input>,
    submit: &'static str,
    frame: Frame,
}

impl Page {
    fn first_run(frame: Frame) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let secret = Input::text("secret", t.secret, "").hint(t.secret_hint);
        let name = Input::text("name", t.name, "").autocomplete("name");
        let login = Input::text("login", t.login, "").autocomplete("username");
        let inputs = [secret.focus(), name, login].into_iter();
        Self {
            title: t.welcome,
            why: t.welcome_why.to_owned(),
            action: access::WELCOME,
            key: String::new(),
            inputs: frame.filled(inputs.chain(password_inputs(language, t.password))),
            submit: t.create,
            frame,
        }
    }

    fn invitation(frame: Frame, account: &Account, key: &str) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        Self {
            title: t.invitation,
            why: fill(t.invitation_for, &[("login", &account.login)]),
            action: access::INVITATION,
            key: key.to_owned(),
            inputs: frame.filled(password_inputs(language, t.new_password)),
            submit: t.save,
            frame,
        }
    }
}

#[derive(Template)]
#[template(path = "gone.html")]
struct Gone {
    frame: Frame,
}

pub(crate) async fn show(visit: Visit) -> Answer {
    if visit.staff().has_accounts().await? {
        return Ok(visit.go(access::SIGN_IN));
    }
    visit.page(&Page::first_run(visit.frame()))
}

pub(crate) async fn take(visit: Visit, entered: Entered) -> Answer {
    let (staff, t) = (visit.staff(), Texts::of(visit.language));
    let made = match repeated(&entered, visit.language) {
        Err(mistakes) => Err(mistakes),
        Ok(()) => {
            let secret = Token::typed(entered.text("secret"));
            let (name, login) = (entered.text("name"), entered.text("login"));
            let password = entered.secret("password");
            match staff
                .welcome(&secret, name, login, password, &visit.address)
                .await
            {
                Ok(_) => Ok(()),
                Err(AccountError::NoInvitation) => Err(Mistakes::one("secret", t.secret_wrong)),
                Err(AccountError::TooMany { wait_ms }) => {
                    let wait = visit.frame().formats.wait(wait_ms);
                    Err(Mistakes::one("secret", fill(t.wait, &[("wait", &wait)])))
                }
                Err(error) => Err(mistakes(error, visit.language)?),
            }
        }
    };
    if let Err(mistakes) = made {
        let visit = visit.wrong(entered, mistakes);
        return visit.page(&Page::first_run(visit.frame()));
    }
    let signed_in = staff
        .sign_in(SignIn {
            login: entered.text("login").to_owned(),
            password: entered.secret("password"),
            address: visit.address.clone(),
            present: None,
        })
        .await
        .map_err(PageError::internal)?;
    // Who makes the first account is about to set it all up, unless files do.
    let next = if super::set_up::is_to_begin(&visit).await? {
        access::SET_UP
    } else {
        access::TODAY
    };
    Ok(visit.hand_over(visit.go(next), &signed_in.token))
}

pub(crate) async fn show_invitation(visit: Visit, Query(query): Query) -> Answer {
    invitation(visit, query.text("key")).await
}

async fn invitation(mut visit: Visit, key: &str) -> Answer {
    match visit.staff().invited(&Token::presented(key)).await {
        Ok(account) => visit.page(&Page::invitation(visit.frame(), &account, key)),
        Err(AccountError::NoInvitation) => {
            visit.status = StatusCode::NOT_FOUND;
            let frame = visit.frame();
            visit.page(&Gone { frame })
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn take_invitation(visit: Visit, entered: Entered) -> Answer {
    let key = entered.text("key").to_owned();
    let token = Token::presented(&key);
    let mistakes = match repeated(&entered, visit.language) {
        Err(mistakes) => mistakes,
        Ok(()) => {
            let new = entered.secret("password");
            match visit
                .staff()
                .accept_invitation(&token, new, &visit.address)
                .await
            {
                Ok(_) => return Ok(visit.go_with(access::SIGN_IN, Flash::PasswordChosen)),
                // The page says so.
                Err(AccountError::NoInvitation) => Mistakes::default(),
                Err(error) => mistakes(error, visit.language)?,
            }
        }
    };
    invitation(visit.wrong(entered, mistakes), &key).await
}
