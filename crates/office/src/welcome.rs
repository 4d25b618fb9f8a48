//! The first run, and the links by which people choose a password.

#[cfg(test)]
pub(crate) mod sample;

use crate::page::{
    Address, Answer, Entered, Flash, Frame, Input, Mistakes, PageError, Query, StatusCode,
    Template, Visit, access, fill,
};
use kernel::Language;
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
    too_simple: "Ce mot de passe se devine : prenez-en un avec plus de caractères différents, autre que votre nom.",
        "This password is easily guessed: take one with more different characters, other than your name.";
    not_the_same: "Les deux mots de passe sont différents. Entrez deux fois le même.",
        "The two passwords differ. Enter the same one twice.";
    present_wrong: "Ce n’est pas votre mot de passe actuel.", "This is not your present password.";
});

/// What is wrong with an entry, as text at its field. Also for the pages of
/// accounts and of one's own.
pub(super) fn mistakes(invalid: &[Invalid], language: Language) -> Mistakes {
    let t = Texts::of(language);
    let least = MIN_CHARS.to_string();
    let mut mistakes = Mistakes::default();
    for invalid in invalid {
        let (field, text) = match invalid {
            Invalid::Name => ("name", t.name_wrong.to_owned()),
            Invalid::Login => ("login", t.login_wrong.to_owned()),
            Invalid::LoginTaken => ("login", t.login_taken.to_owned()),
            Invalid::Password(Weak::TooShort) => ("password", fill(t.too_short, &[("n", &least)])),
            Invalid::Password(Weak::TooLong) => ("password", t.too_long.to_owned()),
            Invalid::Password(Weak::TooSimple) => ("password", t.too_simple.to_owned()),
            Invalid::PresentPassword => ("present", t.present_wrong.to_owned()),
            Invalid::Code => ("code", t.code_wrong.to_owned()),
        };
        mistakes.add(field, text);
    }
    mistakes
}

/// A new password and its repetition.
pub(super) fn password_inputs(
    language: Language,
    label: &'static str,
    mistakes: &Mistakes,
) -> [Input; 2] {
    let t = Texts::of(language);
    let hint = fill(t.password_hint, &[("n", &MIN_CHARS.to_string())]);
    [
        Input::password("password", label, "new-password")
            .hint(hint)
            .with(mistakes),
        Input::password("again", t.again, "new-password").with(mistakes),
    ]
}

/// What is wrong if the repetition differs.
pub(super) fn repeated(entered: &Entered, language: Language) -> Result<(), Mistakes> {
    let same =
        entered.secret("password").expose_secret() == entered.secret("again").expose_secret();
    if same {
        return Ok(());
    }
    Err(Mistakes::one("again", Texts::of(language).not_the_same))
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Page {
    frame: Frame,
    title: &'static str,
    why: String,
    action: Address,
    /// The link's token; empty at the first run.
    key: String,
    mistakes: Mistakes,
    inputs: Vec<Input>,
    submit: &'static str,
}

impl Page {
    fn first_run(frame: Frame, entered: &Entered, mistakes: Mistakes) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let mut inputs = vec![
            Input::text("secret", t.secret, entered.text("secret"))
                .hint(t.secret_hint)
                .focus(),
            Input::text("name", t.name, entered.text("name")).autocomplete("name"),
            Input::text("login", t.login, entered.text("login")).autocomplete("username"),
        ];
        inputs = inputs.into_iter().map(|i| i.with(&mistakes)).collect();
        inputs.extend(password_inputs(language, t.password, &mistakes));
        Self {
            title: t.welcome,
            why: t.welcome_why.to_owned(),
            action: access::WELCOME,
            key: String::new(),
            mistakes,
            inputs,
            submit: t.create,
            frame,
        }
    }

    fn invitation(frame: Frame, account: &Account, key: &str, mistakes: Mistakes) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        Self {
            title: t.invitation,
            why: fill(t.invitation_for, &[("login", &account.login)]),
            action: access::INVITATION,
            key: key.to_owned(),
            inputs: password_inputs(language, t.new_password, &mistakes).into(),
            mistakes,
            submit: t.save,
            frame,
        }
    }
}

#[derive(Template)]
#[template(path = "gone.html")]
struct Gone {
    frame: Frame,
    t: &'static Texts,
}

pub(crate) async fn show(visit: Visit) -> Answer {
    if visit.staff().has_accounts().await? {
        return Ok(visit.go(access::SIGN_IN));
    }
    let entered = Entered::default();
    visit.page(&Page::first_run(
        visit.frame(),
        &entered,
        Mistakes::default(),
    ))
}

pub(crate) async fn take(visit: Visit, entered: Entered) -> Answer {
    let again = |mistakes| {
        let page = Page::first_run(visit.frame(), &entered, mistakes);
        visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    if let Err(mistakes) = repeated(&entered, visit.language) {
        return again(mistakes);
    }
    let staff = visit.staff();
    let t = Texts::of(visit.language);
    let made = staff
        .welcome(
            &Token::typed(entered.text("secret")),
            entered.text("name"),
            entered.text("login"),
            entered.secret("password"),
            &visit.address,
        )
        .await;
    match made {
        Ok(_) => {}
        Err(AccountError::Invalid(invalid)) => return again(mistakes(&invalid, visit.language)),
        Err(AccountError::NoInvitation) => {
            return again(Mistakes::one("secret", t.secret_wrong));
        }
        Err(AccountError::TooMany { wait_ms }) => {
            let wait = visit.frame().formats.wait(wait_ms);
            return again(Mistakes::one("secret", fill(t.wait, &[("wait", &wait)])));
        }
        Err(error) => return Err(error.into()),
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
    let key = query.text("key");
    match visit.staff().invited(&Token::presented(key)).await {
        Ok(account) => {
            let page = Page::invitation(visit.frame(), &account, key, Mistakes::default());
            visit.page(&page)
        }
        Err(AccountError::NoInvitation) => gone(&visit),
        Err(error) => Err(error.into()),
    }
}

fn gone(visit: &Visit) -> Answer {
    let t = Texts::of(visit.language);
    let frame = visit.frame();
    visit.page_with(StatusCode::NOT_FOUND, &Gone { frame, t })
}

pub(crate) async fn take_invitation(visit: Visit, entered: Entered) -> Answer {
    let key = entered.text("key");
    let token = Token::presented(key);
    let staff = visit.staff();
    let account = match staff.invited(&token).await {
        Ok(account) => account,
        Err(AccountError::NoInvitation) => return gone(&visit),
        Err(error) => return Err(error.into()),
    };
    let again = |mistakes| {
        let page = Page::invitation(visit.frame(), &account, key, mistakes);
        visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    if let Err(mistakes) = repeated(&entered, visit.language) {
        return again(mistakes);
    }
    let new = entered.secret("password");
    match staff.accept_invitation(&token, new, &visit.address).await {
        Ok(_) => Ok(visit.go_with(access::SIGN_IN, Flash::PasswordChosen)),
        Err(AccountError::Invalid(invalid)) => again(mistakes(&invalid, visit.language)),
        Err(AccountError::NoInvitation) => gone(&visit),
        Err(error) => Err(error.into()),
    }
}
