//! `passerelle doctor`: checks a whole set-up and names each mistake with its
//! cure, all at once.

use crate::Verdict;
use crate::house::ConfigOption;
use crate::language::{asked, language};
use crate::out::{Format, print};
use anyhow::{Context, Result, bail};
use doctor::{Doctor, PATIENCE, Reach, catalogue, headline};
use kernel::Language;
use kernel::finding::{Entry, Severity, Told};
use kernel::text::fill;
use std::io::Read;
use std::path::PathBuf;

/// The most bytes that are read of a code; one has 512 at most.
const LONGEST_LINE: u64 = 4_096;

/// What the shell hears.
const EXIT_CODES: &str = "\
Exit code: 0 without a mistake, 1 with one, 2 if the doctor could not do its work, 3 without a
mistake before the first start, when nothing is set up yet. With --sample: 0 if the code is a pass
that Otipass knows (or was not to be asked about), 1 if not.";

/// `passerelle doctor`
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigOption,
    /// The configuration, as --config says it
    #[arg(value_name = "CONFIG")]
    file: Option<PathBuf>,
    /// Leave out everything that goes over the network
    #[arg(long)]
    offline: bool,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// For programs: the same as --format json
    #[arg(long)]
    json: bool,
    /// Say what a code means, and do nothing else
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
    /// Say what a real card's code is to this set-up, and do nothing else; Otipass is
    /// asked without counting anything; - reads the code from standard input
    #[arg(
        long,
        value_name = "CODE",
        allow_hyphen_values = true,
        conflicts_with = "explain"
    )]
    sample: Option<String>,
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let format = match arguments.json {
        true => Format::Json,
        false => arguments.format,
    };
    // For programs, in English unless they ask for another.
    let language = match (format, asked()) {
        (Format::Json, None) => Language::En,
        _ => language(),
    };
    if let Some(code) = arguments.explain {
        return explain(&code, language);
    }
    let reach = if arguments.offline {
        Reach::Offline
    } else {
        Reach::Online
    };
    let config = arguments.file.unwrap_or_else(|| arguments.config.path());
    if let Some(code) = arguments.sample {
        return sample(config, code, reach, format, language).await;
    }
    let doctor = Doctor::new(config);
    let examination = doctor.examine_in(language, reach, PATIENCE).await;
    let told = examination.findings.iter().map(|f| f.told(language));
    let told: Vec<Told> = told.collect();
    print(format, &told, |_| examination.page(language))?;
    let mut findings = examination.findings.iter();
    Ok(match findings.any(|f| f.severity == Severity::Mistake) {
        true => Verdict::NotFine,
        false if examination.is_not_begun() => Verdict::NotBegun,
        false => Verdict::Fine,
    })
}

/// What a card's code is to the set-up.
async fn sample(
    config: PathBuf,
    code: String,
    reach: Reach,
    format: Format,
    language: Language,
) -> Result<Verdict> {
    let code = match code.as_str() {
        "-" => {
            let mut line = String::new();
            let mut input = std::io::stdin().take(LONGEST_LINE);
            input
                .read_to_string(&mut line)
                .context("no code could be read")?;
            line
        }
        _ => code,
    };
    let sample = Doctor::new(config).sample(&code, reach, PATIENCE).await;
    let sample = match sample {
        Ok(sample) => sample,
        Err(findings) => {
            let told = findings.iter().map(|finding| finding.told(language));
            let told: Vec<_> = told.map(|t| format!("{} {}", t.what, t.cure)).collect();
            bail!(told.join("\n"))
        }
    };
    print(format, &sample.json(), |_| sample.page(language))?;
    Ok(Verdict::fine_if(sample.is_fine()))
}

kernel::texts!(Texts in Fr, En {
    no_code: "aucun constat n’a le code {code} ; « passerelle doctor » imprime un code avec chacun",
        "no finding has the code {code}; `passerelle doctor` prints a code with each finding";
});

fn explain(code: &str, language: Language) -> Result<Verdict> {
    let entries: Vec<&Entry> = catalogue().filter(|entry| entry.code == code).collect();
    if entries.is_empty() {
        bail!(fill(Texts::of(language).no_code, &[("code", &code)]));
    }
    let mut severity = None;
    for entry in &entries {
        let [what, cure] = entry.in_general(language);
        if severity.replace(entry.severity) != Some(entry.severity) {
            outln!("{}", headline(entry.severity, code, language));
        }
        // The document's words, which are English.
        if language != Language::Fr && !entry.meaning.is_empty() {
            outln!("  {}", entry.meaning);
        }
        outln!("  {what}\n  → {cure}\n");
    }
    Ok(Verdict::Fine)
}
