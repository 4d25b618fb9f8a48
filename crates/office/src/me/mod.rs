//! One's own account: language, password, second step.

#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod two_steps;

use super::welcome::{mistakes, password_inputs, repeated};
use crate::page::*;
use staff::Account;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    of_browser: "Celle du navigateur", "The browser’s";
    password_why: "Vos autres sessions sont fermées quand vous le changez.",
        "Your other sessions end when you change it.";
    no_password: "Vous vous connectez avec le fournisseur d’identité de votre organisation ; votre compte n’a pas de mot de passe.",
        "You sign in with your organisation’s identity provider; your account has no password.";
    present: "Mot de passe actuel", "Present password";
    change: "Changer le mot de passe", "Change the password";
    two_steps_why: "Après le mot de passe, une application sur votre téléphone donne un code. Un mot de passe volé ne suffit plus.",
        "After the password, an app on your phone gives a code. A stolen password is then not enough.";
    two_steps_on: "Elle est active.", "It is on.";
    codes_left: "Codes de secours restants : {n}", "Recovery codes left: {n}";
    begin: "L’activer", "Switch it on";
    end: "La désactiver", "Switch it off";
    present_to_end: "Mot de passe actuel, pour la désactiver", "Present password, to switch it off";
});

#[derive(Template)]
#[template(path = "me.html")]
struct Page {
    account: Account,
    language: Input,
    passwords: Vec<Input>,
    present_to_end: Vec<Input>,
    codes_left: String,
    frame: Frame,
}

impl Page {
    fn new(frame: Frame, account: Account, codes_left: i64) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let chosen = account.language.map_or("", Language::as_str);
        let languages = vec![("", t.of_browser), ("fr", "Français"), ("en", "English")];
        let present = |name, label| Input::password(name, label, "current-password");
        let [password, again] = password_inputs(language, t.new_password);
        Self {
            language: Input::choice("language", t.language, chosen, languages),
            passwords: frame.filled([present("present", t.present), password, again]),
            present_to_end: frame.filled([present("to_end", t.present_to_end)]),
            codes_left: frame.formats.number(codes_left),
            account,
            frame,
        }
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let account = visit.session()?.account.clone();
    let left = visit.staff().recovery_codes_left(account.id).await?;
    visit.page(&Page::new(visit.frame(), account, left))
}

pub(crate) async fn set_language(visit: Visit, entered: Entered) -> Answer {
    let (actor, id) = (visit.actor()?, visit.session()?.account.id);
    let language = entered.read("language");
    visit.staff().set_language(&actor, id, language).await?;
    Ok(visit.go_with(access::ME, Flash::Saved))
}

pub(crate) async fn change_password(visit: Visit, entered: Entered) -> Answer {
    if let Err(mistakes) = repeated(&entered, visit.language) {
        return show(visit.wrong(entered, mistakes)).await;
    }
    let (present, new) = (entered.secret("present"), entered.secret("password"));
    let (actor, session) = (visit.actor()?, visit.session()?);
    let staff = visit.staff();
    match staff.change_password(&actor, session, present, new).await {
        Ok(token) => {
            let response = visit.go_with(access::ME, Flash::PasswordChanged);
            Ok(visit.hand_over(response, &token))
        }
        Err(error) => {
            let mistakes = mistakes(error, visit.language)?;
            show(visit.wrong(entered, mistakes)).await
        }
    }
}
