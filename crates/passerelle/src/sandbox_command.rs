//! `passerelle sandbox`: a stand-in Otipass.

use crate::language::language;
use crate::{Verdict, serve};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use kernel::text::fill;
use kernel::{SystemClock, Zone};
use otipass::{Contract, Credentials, References};
use sandbox::{PassBook, QrCodes, Sandbox, SandboxSettings};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Those of the example, which an installed program has nowhere beside it.
const PASSES: &str = include_str!("../../../examples/villeneuve/passes.csv");

/// What stands in a file of passes.
const PASS_FILE: &str = "\
The file for --passes is CSV, with this line first:
  number;status;duration_days;valid_until;services
  00029975;active;7;2026-07-14;S1:2,S2:*
number         the card's number, as scanners read it
status         created: never sold; inactive: sold, its first entry begins its period; active: in use;
               expired; invalid: blocked; undefined: like a number that nobody knows
duration_days  how many days its period has
valid_until    the last day of its period; empty, if none has begun
services       the OtipassServiceId of each sector that it opens, with the entries that are left;
               * for any number";

/// `passerelle sandbox`
#[derive(Debug, clap::Args)]
#[command(after_help = PASS_FILE)]
pub struct Arguments {
    /// The passes it knows, in a file as `passerelle sandbox --help` describes it; those of
    /// Villeneuve's museums, if none is given
    #[arg(long, global = true, value_name = "FILE")]
    passes: Option<PathBuf>,
    /// The project it answers for
    #[arg(long, global = true, value_name = "ID", default_value = "villeneuve")]
    project: String,
    /// The time zone of its days
    #[arg(
        long,
        global = true,
        value_name = "ZONE",
        default_value = "Europe/Paris"
    )]
    timezone: Zone,
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8490")]
    listen: SocketAddr,
    /// Count each question, also when it is repeated under the same reference
    #[arg(long)]
    forget_references: bool,
    /// Ask for this user name, with the password in PASSERELLE_SANDBOX_PASSWORD
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// The password for --username
    #[arg(
        long,
        env = "PASSERELLE_SANDBOX_PASSWORD",
        hide = true,
        hide_env_values = true
    )]
    password: Option<String>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print sample cards of each kind, with their QR codes
    Cards,
}

/// How many wrong check digits are told one by one.
const WRONG_SHOWN: usize = 5;

kernel::texts!(Texts in Fr, En {
    knows: "Le bac à sable connaît {n} pass.\n  URL d’Otipass      http://{address}/api\n  cartes d’exemple   http://{address}/\n  pannes             PUT http://{address}/sandbox/faults\nCtrl-C le termine.",
        "The sandbox knows {n} passes.\n  Otipass URL    http://{address}/api\n  sample cards   http://{address}/\n  faults         PUT http://{address}/sandbox/faults\nCtrl-C ends it.";
    check_digit: "Ligne {line} du fichier de pass : le chiffre de contrôle du numéro {number} est faux. À l’entrée, il est refusé comme n’étant pas celui d’un pass, sans que le bac à sable soit interrogé. Corrigez-le, sauf si l’interface se passe de chiffre de contrôle.",
        "Line {line} of the pass file: the check digit of the number {number} is wrong. The gate refuses it as no number of a pass, without asking here; correct it, unless the interface goes without check digits.";
    more_check_digits: "D’autres lignes dont le chiffre de contrôle est faux : {n}.",
        "More lines with a wrong check digit: {n}.";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let passes = match &arguments.passes {
        None => PassBook::from_csv(PASSES.as_bytes())?,
        Some(path) => {
            let file = std::fs::File::open(path).with_context(|| {
                format!(
                    "the passes in {} cannot be read; give a CSV file with --passes",
                    path.display()
                )
            })?;
            PassBook::from_csv(file)?
        }
    };
    let t = Texts::of(language());
    let wrong = passes.wrong_check_digits();
    for (line, number) in wrong.iter().take(WRONG_SHOWN) {
        let number = number.reveal();
        errln!(
            "{}",
            fill(t.check_digit, &[("line", line), ("number", &number)])
        );
    }
    if let Some(more @ 1..) = wrong.len().checked_sub(WRONG_SHOWN) {
        errln!("{}", fill(t.more_check_digits, &[("n", &more)]));
    }
    let count = passes.len();
    let contract = Contract {
        references: if arguments.forget_references {
            References::Ignored
        } else {
            References::Honoured
        },
        ..Contract::default()
    };
    let credentials = match (arguments.username, arguments.password) {
        (Some(_), None) => bail!("--username wants its password in PASSERELLE_SANDBOX_PASSWORD"),
        (Some(username), Some(password)) => Some(Credentials::Basic {
            username,
            password: password.into(),
        }),
        (None, _) => None,
    };
    let sandbox = Sandbox::new(
        passes,
        SandboxSettings {
            contract,
            credentials,
            language: language(),
            ..SandboxSettings::new(arguments.project, arguments.timezone, Arc::new(SystemClock))
        },
    );
    if let Some(Action::Cards) = arguments.action {
        let codes = if std::io::stdout().is_terminal() {
            QrCodes::Drawn
        } else {
            QrCodes::LeftOut
        };
        out!("{}", sandbox::cards_text(&sandbox, codes));
        return Ok(Verdict::Fine);
    }
    let listening = || {
        format!(
            "the sandbox cannot listen on {}; choose another address with --listen",
            arguments.listen
        )
    };
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(listening)?;
    let address = listener.local_addr().with_context(listening)?;
    let knows = Texts::of(language()).knows;
    outln!("{}", fill(knows, &[("n", &count), ("address", &address)]));
    sandbox::serve(listener, sandbox, serve::ended())
        .await
        .with_context(listening)?;
    Ok(Verdict::Fine)
}
