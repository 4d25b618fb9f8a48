//! `passerelle device`: tokens of scanners and turnstiles.

use crate::assemble::AssembleError;
use crate::config::Config;
use crate::{ConfigOption, Verdict, assemble, tokens};
use clap::Subcommand;
use gate::{Gate, TokenError};
use kernel::{Clock, DeviceCode, SystemClock};
use std::sync::Arc;

/// `passerelle device`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigOption,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a new token for a device, once
    Token {
        /// The device's code, as in the site file
        device: DeviceCode,
    },
    /// Take back all tokens of a device, at once
    Revoke {
        /// The device's code, as in the site file
        device: DeviceCode,
    },
}

/// Why a token could not be given or taken back.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The set-up or the database.
    #[error(transparent)]
    SetUp(#[from] AssembleError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

pub async fn run(arguments: Arguments) -> Result<Verdict, DeviceError> {
    let config = Config::read(&arguments.config.config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let db = assemble::database(&config, &clock).await?;
    match arguments.action {
        Action::Token { device } => {
            let token = tokens::random();
            Gate::grant_token(&db, &*clock, device.clone(), token.clone()).await?;
            outln!("{}", token.reveal());
            errln!(
                "This is the token of {device}. It is shown only now: enter it on the device. If \
                 it is lost, take it back with `passerelle device revoke {device}` and make another."
            );
        }
        Action::Revoke { device } => {
            let revoked = Gate::revoke_tokens(&db, &*clock, device.clone()).await?;
            outln!(
                "{revoked} token(s) of {device} revoked; a running service refuses them within a second."
            );
        }
    }
    Ok(Verdict::Fine)
}
