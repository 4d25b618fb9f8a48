//! `passerelle init`: a configuration with comments, to begin with.

use crate::Verdict;
use crate::language::language;
use anyhow::{Context, Result, bail};
use kernel::Language;
use kernel::text::fill;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Where each command looks, if nobody says: here, where a package puts it, or where
/// `serve` made one.
pub const FILE: &str = "passerelle.toml";
const OF_PACKAGE: &str = "/etc/passerelle/passerelle.toml";
const TEMPLATE: &str = include_str!("../../../deploy/debian/passerelle.toml");
const IN_FRENCH: &str = include_str!("../fr/passerelle.toml");
/// Where the package keeps what the service writes; else that is beside the file.
const FOLDER_OF_PACKAGE: &str = "/var/lib/passerelle/";

/// `passerelle init`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder for the configuration, the database and what else is kept
    #[arg(default_value = ".")]
    folder: PathBuf,
}

kernel::texts!(Texts in Fr, En {
    written: "{file} est écrit. Lisez-le, puis démarrez : passerelle serve --config {file}",
        "{file} is written. Read it, then start: passerelle serve --config {file}";
    begun: "Il n’y avait pas de configuration. En voici une, avec ses données dans le même dossier :\n\n  configuration  {folder}/passerelle.toml\n  base           {folder}/passerelle.db\n  sauvegardes    {folder}/backup/\n\nLe prochain « passerelle serve » la trouve là. « passerelle init DOSSIER » en fait une ailleurs.\n",
        "There was no configuration. One is made, with its data in the same folder:\n\n  configuration  {folder}/passerelle.toml\n  database       {folder}/passerelle.db\n  backups        {folder}/backup/\n\nThe next `passerelle serve` finds it there. `passerelle init FOLDER` makes one elsewhere.\n";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let path = write(&arguments.folder)?;
    let t = Texts::of(language());
    outln!("{}", fill(t.written, &[("file", &path.display())]));
    Ok(Verdict::Fine)
}

/// The configuration that is there, if nobody names one.
pub fn found() -> Option<PathBuf> {
    let there = [
        Some(FILE.into()),
        Some(OF_PACKAGE.into()),
        own_folder().map(|own| own.join(FILE)),
    ];
    let mut there = there.into_iter().flatten();
    // The package's is there for whoever may not see it, too. What may lie in another's
    // folder is nobody's: the user of the service often begins in one.
    let is_package = |path: &PathBuf| path == Path::new(OF_PACKAGE);
    there.find(|path| path.try_exists().unwrap_or_else(|_| is_package(path)))
}

/// The configuration of a service that a person starts without one: made in their own
/// folder for data.
///
/// # Errors
/// If nobody sits there: a service that finds its disk missing must not begin anew. If
/// there is no such folder, or it cannot be written.
pub fn begin() -> Result<PathBuf> {
    let Some(folder) = own_folder().filter(|_| std::io::stdin().is_terminal()) else {
        bail!(
            "there is no configuration: no passerelle.toml here, and --config names none; \
             `passerelle init FOLDER` writes one"
        );
    };
    let path = write(&folder)?;
    let t = Texts::of(language());
    errln!("{}", fill(t.begun, &[("folder", &folder.display())]));
    Ok(path)
}

fn own_folder() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("passerelle"))
}

fn write(folder: &Path) -> Result<PathBuf> {
    let path = folder.join(FILE);
    let cannot = || format!("{} cannot be written", path.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    // One that is there stays.
    let file = kernel::owner_only().create_new(true).open(&path);
    let mut file = file.with_context(cannot)?;
    let template = match language() {
        Language::Fr => IN_FRENCH,
        _ => TEMPLATE,
    };
    let text = template.replace(FOLDER_OF_PACKAGE, "");
    if let Err(error) = file.write_all(text.as_bytes()) {
        // Half of one would be taken for one.
        let _ = fs::remove_file(&path);
        return Err(error).with_context(cannot);
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that set something, or would without their `#`.
    fn settings(template: &str) -> Vec<&str> {
        let lines = template
            .lines()
            .map(|line| line.trim_start_matches(['#', ' ']));
        let sets = |line: &&str| line.starts_with('[') || line.contains(" = ");
        lines.filter(sets).collect()
    }

    #[test]
    fn the_configuration_with_french_comments_says_the_same() {
        let (english, french) = (settings(TEMPLATE), settings(IN_FRENCH));
        assert!(english.len() > 20, "{english:?}");
        assert_eq!(french, english);
        assert!(!kernel::text::tears(IN_FRENCH));
    }
}
