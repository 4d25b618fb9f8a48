//! What an operator does with a museum besides serving: backups, support bundles,
//! the end of card numbers, a set-up in the database.

mod audited;
mod backup;
mod begun;
mod file;
mod kept;
mod other_version;
mod retention;
mod support;

use crate::{BIN, NOBODY, id};
use serde_json::Value;
use stage::{Program, SET_UP, pass};
use std::path::{Path, PathBuf};

/// What the visitors hold.
const CARDS: [&str; 3] = ["00029975", "00039131", "00179333"];
const OTIPASS_PASSWORD: &str = "correct-horse-battery";
const OPERATOR_PASSWORD: &str = "staple-of-the-operator";

/// A museum that is set up and not at work, whose Otipass lets everybody in;
/// `more` is added to its configuration.
fn set_up(more: &str) -> Program {
    let configuration = format!(
        "{SET_UP}username = \"villeneuve\"\npassword_file = \"otipass.password\"\nrepeat_window_s = 0\n\
         [access_control]\npassword_file = \"operator.password\"\ncalls_per_minute = 6000\n\
         [external_sales]\nevery_s = 1\n{more}"
    );
    let program = Program::new(
        BIN,
        &CARDS.map(|card| pass(card, "active", "*")).concat(),
        &configuration,
    );
    program.write("otipass.password", OTIPASS_PASSWORD);
    program.write("operator.password", OPERATOR_PASSWORD);
    program
}

/// The same, and nobody is where it asks.
fn alone(more: &str) -> Program {
    let program = set_up(more);
    program.replace("passerelle.toml", &program.otipass.url, NOBODY);
    program
}

fn at_work(more: &str) -> Program {
    let mut program = set_up(more);
    program.start();
    program
}

fn database(program: &Program) -> PathBuf {
    program.path("passerelle.db")
}

fn books(program: &Program) -> Value {
    program.json(&["reconcile"])
}

/// The text of a path.
fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The check with this number.
fn check(
    program: &Program,
    token: &str,
    number: u32,
) -> impl Future<Output = Value> + Send + use<> {
    let card = CARDS[number as usize % CARDS.len()];
    program.check(token, &id(number), card)
}
