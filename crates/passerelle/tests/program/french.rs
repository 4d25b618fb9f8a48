//! The command line speaks French to whom the locale says so, or who asks for it.

use crate::doctor::set_up::SetUp;
use crate::{BIN, id};
use stage::{Program, SET_UP, pass};
use std::process::Command;

/// What stands in the tables in English.
const ENGLISH: [&str; 9] = [
    " from ", "checks", "visitors", "device", "sold", "lines", "flight", "books", "total,",
];

#[tokio::test]
async fn reports_and_reconciliation_are_there_in_french() {
    let program = Program::at_work(BIN, &pass("00029975", "active", "*"), SET_UP);
    let token = program.token("PDA01");
    let answer = program.check(&token, &id(1), "00029975").await;
    assert_eq!(answer["outcome"], "accepted");
    for (command, said) in [
        (&["report", "sales"][..], "Ventes du "),
        (&["report", "attendance"], "1 contrôles, 1 visiteurs admis"),
        (&["report", "account"], "Compte en attente du "),
        (&["reconcile"], "contrôles acceptés"),
    ] {
        let asked = program.fine(&[command, &["--language", "fr"]].concat());
        assert!(asked.contains(said), "{asked}");
        for word in ENGLISH {
            assert!(!asked.contains(word), "{word}: {asked}");
        }
        let by_locale = by_locale(&program, command);
        assert!(by_locale.contains(said), "{by_locale}");
        let english = program.fine(command);
        assert!(!english.contains(said), "{english}");
    }
    // Programs read what they always read.
    let json = by_locale(&program, &["reconcile", "--format", "json"]);
    assert!(json.contains("\"accepted_checks\": 1"), "{json}");
}

fn by_locale(program: &Program, arguments: &[&str]) -> String {
    let mut command: Command = program.command(arguments);
    let output = command.env("LC_ALL", "fr_FR.UTF-8").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_doctor_speaks_french_throughout() {
    let set_up = SetUp::healthy();
    let (_, page) = set_up.examine(&["--offline", "--language", "fr"]).await;
    assert!(
        page.contains("Billetterie                   ce service lui-même\n"),
        "{page}"
    );
    let (_, explained) = set_up
        .examine(&["--explain", "config_broken", "--language", "fr"])
        .await;
    assert!(!explained.contains("a line is not TOML"), "{explained}");
    let refused = set_up.refused(&["doctor", "--explain", "nothing", "--language", "fr"]);
    assert!(
        refused.contains("aucun constat n’a le code nothing"),
        "{refused}"
    );
}

#[tokio::test]
async fn help_is_there_in_french() {
    let program = Program::new(BIN, "", SET_UP);
    for (arguments, said) in [
        (&["--help"][..], "Lancer le service"),
        (&["help"], "Documents, par"),
        (&["doctor", "--help"], "Dire ce que signifie un code"),
        (&["help", "reconcile"], "Comparer les comptes des accès"),
        (&["doctor", "-h"], "Code de sortie\u{a0}: 0 sans erreur"),
        (&["notices", "test", "-h"], "La configuration\u{a0}; sinon"),
        (
            &["report", "sales", "--help"],
            "Utilisation\u{a0}: passerelle report sales",
        ),
    ] {
        let help = by_locale(&program, arguments);
        assert!(help.contains(said), "{arguments:?}: {help}");
        let english = program.fine(arguments);
        assert!(!english.contains(said), "{english}");
    }
    let asked = program.fine(&["doctor", "--language", "fr", "--help"]);
    assert!(asked.contains("Utilisation\u{a0}: "), "{asked}");
}
