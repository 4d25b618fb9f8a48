//! `passerelle account`: the way back in, for those who are on the machine itself.

use crate::Verdict;
use crate::house::{Acting, command_line, own_address};
use crate::language::language;
use crate::table::table;
use anyhow::{Result, bail};
use clap::Subcommand;
use kernel::text::fill;
use staff::password::Cost;
use staff::{AccountError, Staff};
use std::sync::Arc;

/// `passerelle account`
pub type Arguments = Acting<Action>;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show who may use the back office
    List,
    /// Print a link by which somebody chooses a new password and is an administrator
    /// again: for when no administrator can sign in any more
    Recover {
        /// What they sign in with
        login: String,
    },
}

kernel::texts!(Texts in Fr, En {
    headings: "identifiant, nom, rôle, état", "login, name, role, state";
    disabled: "désactivé", "disabled";
    active: "actif", "active";
    no_password: "sans mot de passe", "has no password";
    recovered: "{name} est administrateur, peut se connecter, et choisit un nouveau mot de passe sur cette page de gestion, une fois, dans les 72 heures. L’ancien mot de passe, l’identité chez le fournisseur, la deuxième étape et les sessions ouvertes sont effacés.",
        "{name} is an administrator, may sign in, and chooses a new password on this page of the back office, once, within 72 hours. The former password, the identity at the provider, the second step and open sessions are gone.";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let house = arguments.config.open().await?;
    let clock = Arc::clone(&house.clock);
    let t = Texts::of(language());
    let staff = Staff::open(house.db.clone(), clock, Cost::default()).await?;
    match arguments.action {
        Action::List => {
            let rows = staff.accounts().await?.into_iter().map(|account| {
                let state = match account.disabled_at {
                    Some(_) => t.disabled,
                    None if account.has_password => t.active,
                    None => t.no_password,
                };
                cells![
                    account.login,
                    account.name,
                    office::role_name(account.role, language()),
                    state
                ]
            });
            outln!("{}", table(t.headings, &rows.collect::<Vec<_>>()));
        }
        Action::Recover { login } => {
            let invited = match staff.recover(&command_line(), &login).await {
                Err(AccountError::Unknown) => {
                    bail!("there is no account {login}; `passerelle account list` names them all")
                }
                done => done?,
            };
            let url = own_address(&house.config)?.unwrap_or_default();
            let link = office::invitation_link(&url, &invited.token);
            errln!("{}", fill(t.recovered, &[("name", &invited.account.name)]));
            outln!("{link}");
        }
    }
    Ok(Verdict::Fine)
}
