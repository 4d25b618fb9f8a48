//! A word on what was done, on the page after it.

use crate::coded::said;
use kernel::Language;

kernel::words! {
    /// What can be said. The cookie holds its name, never a text.
    pub(crate) enum Flash: "word on what was done" {
        /// Something was saved.
        Saved = "saved",
        /// What was sent is there already.
        Unchanged = "unchanged",
        PasswordChanged = "password_changed",
        TwoStepsOff = "two_steps_off",
        SignedOut = "signed_out",
        AccountDisabled = "account_disabled",
        AccountEnabled = "account_enabled",
        SecondStepReset = "second_step_reset",
        PasswordChosen = "password_chosen",
        Imported = "imported",
    }
}

impl Flash {
    pub(crate) const fn text(self, language: Language) -> &'static str {
        said!(language, self, {
            Self::Saved => "C’est enregistré.", "It is saved.";
            Self::Unchanged => "Tout y est déjà : rien n’a changé.", "All of it is there already: nothing has changed.";
            Self::PasswordChanged => "Votre mot de passe est changé. Vos autres sessions sont fermées.",
                "Your password is changed. Your other sessions have ended.";
            Self::TwoStepsOff => "La connexion en deux étapes est désactivée.",
                "Sign-in in two steps is off.";
            Self::SignedOut => "Vous êtes déconnecté.", "You have signed out.";
            Self::AccountDisabled => "Le compte est désactivé et ses sessions sont fermées.",
                "The account is disabled and its sessions have ended.";
            Self::AccountEnabled => "Le compte peut de nouveau se connecter.", "The account can sign in again.";
            Self::SecondStepReset => "La deuxième étape de ce compte est désactivée.",
                "The second step of this account is off.";
            Self::PasswordChosen => "Votre mot de passe est enregistré. Connectez-vous.",
                "Your password is saved. Now sign in.";
            Self::Imported => "Le fichier est importé : voici le résultat.", "The file is imported: here is what came of it.";
        })
    }
}
