//! `passerelle secrets`: the key of the secrets in the database.

use crate::Verdict;
use crate::house::Acting;
use crate::language::language;
use anyhow::{Context, Result};
use clap::Subcommand;
use db::Tx;
use gate::site::interface::{ResealError, reseal};
use kernel::Seal;
use kernel::text::fill;
use serde_json::json;
use staff::Change;
use std::path::PathBuf;

/// `passerelle secrets`
pub type Arguments = Acting<Action>;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Seal them anew: by the key that the configuration names, or by another
    Rekey {
        /// The file with the other key; name it as key_file of the section secrets afterwards
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

kernel::texts!(Texts in Fr, En {
    sealed: "{n} secret(s) de la base sont scellés par la clé.", "{n} secret(s) in the database are sealed by the key.";
    now: "Écrivez maintenant key_file = {file} dans [secrets], gardez ce fichier à part des sauvegardes, et redémarrez le service. D’ici là, les accès continuent avec ce qu’ils ont en mémoire et ne prennent aucune autre modification de leur mise en service, aucun code d’une application n’est bon, et ce qui s’entre comme secret dans les pages de gestion est scellé par l’ancienne clé : n’en entrez aucun.",
        "Now write key_file = {file} in [secrets], keep that file apart from the backups, and restart the service. Until then the gate goes on with what it has in memory and takes up no other change of its set-up, no code of an app is right, and what is entered in the back office as a secret is sealed by the former key: enter none.";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let Action::Rekey { to } = arguments.action;
    let house = arguments.config.open().await?;
    let from = house.config.seal()?;
    let next = match &to {
        None => from.clone(),
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
            Seal::with(text.trim_end_matches(['\r', '\n']))?
        }
    };
    if !next.is_with_key() {
        anyhow::bail!(
            "there is no key; make one (openssl rand -hex 32 > passerelle.key), name its file in \
             [secrets] key_file, and run this again"
        );
    }
    let work = move |tx: &mut Tx<'_>| {
        let count = reseal(tx, &from, &next)? + staff::reseal::<ResealError>(tx, &from, &next)?;
        let change = Change::done("secrets.resealed", "interface", "OTIPASS");
        Ok::<_, ResealError>((count, vec![change.to(json!({ "count": count }))]))
    };
    let count = house.author().change("reseal", work).await?;
    let t = Texts::of(language());
    outln!("{}", fill(t.sealed, &[("n", &count)]));
    if let Some(path) = to {
        let file = format!("{:?}", path.display().to_string());
        outln!("{}", fill(t.now, &[("file", &file)]));
    }
    Ok(Verdict::Fine)
}
