//! A word on what was done, on the page after it.

use kernel::Language;

kernel::texts!(Texts in Fr, En {
    saved: "C’est enregistré.", "It is saved.";
    password_changed: "Votre mot de passe est changé. Vos autres sessions sont fermées.",
        "Your password is changed. Your other sessions have ended.";
    two_steps_off: "La connexion en deux étapes est désactivée.",
        "Sign-in in two steps is off.";
    signed_out: "Vous êtes déconnecté.", "You have signed out.";
    account_disabled: "Le compte est désactivé et ses sessions sont fermées.",
        "The account is disabled and its sessions have ended.";
    account_enabled: "Le compte peut de nouveau se connecter.", "The account can sign in again.";
    second_step_reset: "La deuxième étape de ce compte est désactivée.",
        "The second step of this account is off.";
    password_chosen: "Votre mot de passe est enregistré. Connectez-vous.",
        "Your password is saved. Now sign in.";
    imported: "Le fichier est importé : voici le résultat.", "The file is imported: here is what came of it.";
});

kernel::words! {
    /// What can be said. The cookie holds its name, never a text.
    pub(crate) enum Flash: "word on what was done" {
        /// Something was saved.
        Saved = "saved",
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
        let t = Texts::of(language);
        match self {
            Self::Saved => t.saved,
            Self::PasswordChanged => t.password_changed,
            Self::TwoStepsOff => t.two_steps_off,
            Self::SignedOut => t.signed_out,
            Self::AccountDisabled => t.account_disabled,
            Self::AccountEnabled => t.account_enabled,
            Self::SecondStepReset => t.second_step_reset,
            Self::PasswordChosen => t.password_chosen,
            Self::Imported => t.imported,
        }
    }
}
