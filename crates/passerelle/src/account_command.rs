//! `passerelle account`: the way back in, for those who are on the machine itself.

use crate::Verdict;
use crate::house::{ConfigOption, command_line, own_address};
use crate::table::table;
use anyhow::{Result, bail};
use clap::Subcommand;
use staff::password::Cost;
use staff::{AccountError, Staff};
use std::sync::Arc;

/// `passerelle account`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigOption,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show who may use the back office
    List,
    /// Print a link by which somebody chooses a new password and is an administrator
    /// again: for when no administrator can sign in any more
    Recover {
        /// What they sign in with
        login: String,
    },
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let house = arguments.config.open().await?;
    let clock = Arc::clone(&house.clock);
    let staff = Staff::open(house.db.clone(), clock, Cost::default()).await?;
    match arguments.action {
        Action::List => {
            let rows = staff.accounts().await?.into_iter().map(|account| {
                let state = match account.disabled_at {
                    Some(_) => "disabled",
                    None if account.has_password => "active",
                    None => "has no password",
                };
                cells![account.login, account.name, account.role, state]
            });
            outln!(
                "{}",
                table("login, name, role, state", &rows.collect::<Vec<_>>())
            );
        }
        Action::Recover { login } => {
            let invited = match staff.recover(&command_line(), &login).await {
                Err(AccountError::Unknown) => {
                    bail!("there is no account {login}; `passerelle account list` names them all")
                }
                done => done?,
            };
            let url = match &house.config.office.url {
                Some(url) => url.clone(),
                None => own_address(&house.config)?.unwrap_or_default(),
            };
            let link = office::invitation_link(&url, &invited.token);
            let account = &invited.account;
            errln!(
                "{} is an administrator, may sign in, and chooses a new password on this page of the back office, once, within \
                 72 hours. The former password, the identity at the provider, the second step and open sessions are gone.",
                account.name
            );
            outln!("{link}");
        }
    }
    Ok(Verdict::Fine)
}
