//! `passerelle notices`: whether those who are told will hear of it.

use crate::house::{Acting, House};
use crate::language::{causes, language};
use crate::{Verdict, assemble, set_up};
use anyhow::{Result, ensure};
use clap::Subcommand;
use kernel::text::fill;
use kernel::{Clock, SystemClock};
use notices::Message;

/// `passerelle notices`
pub type Arguments = Acting<Action>;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Send a test message by mail and to the webhook, as [notices] names them
    Test,
}

kernel::texts!(Texts in Fr, En {
    sent: "✔ {way} : le message d’essai est parti.", "✔ {way}: the test message is sent.";
    colon: " :", ":";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let Action::Test = arguments.action;
    let config = arguments.config.read()?;
    let site = match set_up::site(&config)? {
        Some(site) => Some(site),
        // Before the first start there is none: the message is nameless.
        None => match House::open(config.clone()).await {
            Ok(house) => house.site().await.ok(),
            Err(_) => None,
        },
    };
    let notices = assemble::notices(&config, site.as_ref())?;
    ensure!(
        !notices.ways.is_empty(),
        "nobody is told when something is not well: write [notices] webhook or [notices.mail] into \
         the configuration; `passerelle help operating` explains them"
    );
    let t = Texts::of(language());
    let message = Message::test(&notices.about, SystemClock.now());
    let mut is_fine = true;
    for way in &notices.ways {
        match way.send(&message).await {
            Ok(()) => outln!("{}", fill(t.sent, &[("way", &way.name())])),
            Err(error) => {
                is_fine = false;
                outln!("✘ {}{} {}.", way.name(), t.colon, causes(&error));
            }
        }
    }
    Ok(Verdict::fine_if(is_fine))
}
