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
        (
            &["report", "attendance"],
            "contrôles\u{a0}: 1, visiteurs admis\u{a0}: 1",
        ),
        (&["report", "attendance"], "Accepté "),
        (&["report", "account"], "Compte d’attente du "),
        (&["report", "account"], " 0,00"),
        (&["reconcile"], "Contrôles acceptés"),
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
    let (exit, [printed, _]) = in_french(program, arguments);
    assert_eq!(exit, 0, "{arguments:?}: {printed}");
    printed
}

/// What comes of a command by somebody whose locale is French: how it ends, and what it
/// prints on its two outputs.
fn in_french(program: &Program, arguments: &[&str]) -> (i32, [String; 2]) {
    let mut command: Command = program.command(arguments);
    command.current_dir(program.path(""));
    let output = command.env("LC_ALL", "fr_FR.UTF-8").output().unwrap();
    let printed = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code().unwrap(), printed)
}

/// Words that no French sentence has.
const OF_ENGLISH: [&str; 9] = [
    " the ", " is ", " are ", " of ", " and ", "error:", "because:", "Usage:", " was ",
];

/// Runs each command; it has to end so, and to say this in French.
fn hold(program: &Program, cases: &[(&[&str], i32, &str)]) {
    let mut otherwise = Vec::new();
    for (arguments, exit, says) in cases {
        let (ended, printed) = in_french(program, arguments);
        let printed = printed.concat();
        let english: Vec<_> = OF_ENGLISH
            .iter()
            .filter(|w| printed.contains(**w))
            .collect();
        if ended != *exit || !printed.contains(&says.replace('~', "\u{a0}")) || !english.is_empty()
        {
            otherwise.push(format!(
                "{arguments:?}: {ended}, {english:?}, {says}\n{printed}"
            ));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

// One case, one line.
#[rustfmt::skip]
const WORK: &[(&[&str], i32, &str)] = &[
    (&["apply"], 0, "Site et catalogue de Musées de Villeneuve sont chargés~: 7 secteurs"),
    (&["device", "enrol", "PDA02"], 0, "Ce code enrôle PDA02, une fois, dans les"),
    (&["device", "enrol", "PDA02"], 0, "Ouvrez cette page sur l’appareil"),
    (&["device", "token", "PDA02"], 0, "C’est le jeton de PDA02."),
    (&["device", "revoke", "PDA02"], 0, "Jetons de PDA02 repris\u{a0}: 1"),
    (&["device", "list"], 0, "Grande entrée Aug (VN_AUG_D1)"),
    (&["device", "list"], 0, "jamais"),
    (&["sales", "list"], 0, "Il n’y a pas encore de fichiers STX."),
    (&["sales", "run"], 0, "Rien n’était prêt à être vendu."),
    (&["sales", "resend"], 0, "Codes de contrôle qui repartent à la billetterie\u{a0}: 0."),
    (&["sales", "map", "PASSVN", "CITYPASS"], 0, "PASSVN se vend désormais au tarif CITYPASS~; 0 qui"),
    (&["retention", "run", "--dry-run"], 0, "Numéros de carte à supprimer, de ce qui a plus de 400 jours"),
    (&["backup", "--to", "copy.db"], 0, "octets, relus et entiers"),
    (&["backup", "--to", "copy2.db"], 0, "Son manifeste est copy2.db.json~; gardez les deux ensemble."),
    (&["restore", "copy.db", "--to", "restored.db"], 0, "restored.db est ce qu’était copy.db à "),
    (&["backup", "--to", "copy3.db"], 0, "pour un montant de 0,00\u{a0}EUR."),
    (&["restore", "copy.db", "--to", "restored2.db"], 0, "Démarrez-y le service"),
    (&["account", "list"], 0, "identifiant  nom"),
    (&["secrets", "rekey", "--to", "new.key"], 0, "Écrivez maintenant key_file = \"new.key\""),
    (&["support-bundle", "--offline", "--to", "b.tar"], 0, "pages de texte, sans numéros de carte ni secrets."),
    (&["demo", "--listen", "127.0.0.1:0", "--sandbox", "127.0.0.1:0", "--visitors", "0"], 0, "La démonstration finit~; son dossier part avec elle."),
    (&["demo", "--listen", "127.0.0.1:0", "--sandbox", "127.0.0.1:0", "--visitors", "0", "--ticketing", "foreign"], 0, "qui est venu, et si les comptes des accès sont en ordre"),
    (&["sandbox", "cards"], 0, "Acceptés, première utilisation\n"),
    (&["sandbox", "--help"], 0, "created~: jamais vendu~; inactive"),
    (&["init", "another"], 0, "another/passerelle.toml est écrit. Lisez-le"),
];

// One case, one line.
#[rustfmt::skip]
const WRONG: &[(&[&str], i32, &str)] = &[
    (&["sales", "list", "--offlin"], 2, "erreur~: argument inattendu~: «~--offlin~»"),
    (&["doctor", "--offlin"], 2, "conseil~: un argument semblable existe~: «~--offline~»"),
    (&["doctor", "--offlin"], 2, "Utilisation~: passerelle doctor"),
    (&["slaes"], 2, "erreur~: commande inconnue~: «~slaes~»"),
    (&["slaes"], 2, "conseil~: une commande semblable existe~: «~sales~»"),
    (&["slaes"], 2, "Pour en savoir plus~: «~--help~»."),
    (&["restore", "x.db"], 2, "ces arguments obligatoires manquent~:\n  --to <BASE>"),
    (&["restore"], 2, "Utilisation~: passerelle restore --to <BASE> <FICHIER>"),
    (&["report", "sales", "--from", "x"], 2, "valeur impossible «~x~» pour «~--from <JOUR>~»~: \"x\" n’est pas un jour"),
    (&["report", "sales", "--from"], 2, "«~--from <JOUR>~» demande une valeur, et aucune n’est donnée"),
    (&["report", "sales", "--from", "2026-07-02", "--to", "2026-07-01"], 2, "la période finit le 2026-07-01, avant de commencer le 2026-07-02"),
    (&["sales", "list", "--format", "xml"], 2, "[valeurs possibles~: table, json]"),
    (&["sales", "export", "1", "--all", "--to", "x"], 2, "ne va pas avec"),
    (&["sales", "export", "x", "--to", "x"], 2, "ce n’est pas un nombre"),
    (&["apply", "--language", "xx"], 2, "\"xx\" n’est pas une langue~; choisissez parmi en, fr"),
    (&["device", "token", "P;P"], 2, "contient le caractère"),
    (&["backup", "--config", "nowhere.toml"], 2, "passerelle: la configuration nowhere.toml ne peut pas être lue"),
    (&["backup", "--config", "nowhere.toml"], 2, "\n  cause~: il n’y a rien sous ce nom"),
    (&["account", "recover", "nobody"], 2, "il n’y a pas de compte nobody"),
    (&["device", "token", "PDA99"], 2, "il n’y a pas d’appareil PDA99"),
    (&["sales", "export", "99", "--to", "x"], 2, "il n’y a pas de fichier STX 99"),
    (&["sales", "map", "PASSVN", "NOTHING"], 2, "le produit PASSVN n’a pas de tarif NOTHING"),
    (&["sales", "import", "nowhere.csv"], 2, "le fichier nowhere.csv ne peut pas être lu"),
    (&["notices", "test"], 2, "personne n’est averti quand quelque chose ne va pas"),
    (&["secrets", "rekey"], 2, "il n’y a pas de clé~; faites-en une"),
    (&["restore", "nowhere.db", "--to", "x.db"], 2, "il n’y a pas de sauvegarde nowhere.db~; donnez le chemin"),
    (&["backup", "--to", "site.toml"], 2, "site.toml existe déjà~; donnez un autre nom"),
    (&["init", "."], 2, "cause~: il y a déjà quelque chose sous ce nom"),
    (&["serve", "--config", "broken.toml"], 2, "broken.toml:2:1~: [server] lisen n’est pas une clé de la configuration"),
    (&["apply", "--config", "refused.toml"], 2, "([server] roles)~: "),
    (&["serve", "--config", "wrong.toml"], 2, "ne peut pas avoir cette valeur~: choisissez parmi admit, refuse."),
    (&["edge", "--config", "edge.toml"], 2, "rien n’est configuré d’où lire des codes"),
    (&["sandbox", "--passes", "passes.csv"], 2, "la ligne 2 du fichier des pass n’est pas bonne"),
    (&["sandbox", "--username", "u"], 2, "demande son mot de passe dans PASSERELLE_SANDBOX_PASSWORD"),
    (&["apply", "--config", "mistaken.toml"], 2, "mistaken.site.toml a des erreurs~:\n  "),
];

#[tokio::test]
async fn what_commands_print_is_there_in_french() {
    let mut program = Program::new(
        BIN,
        "",
        &format!("[retention]\ncard_numbers_days = 400\n{SET_UP}"),
    );
    program.start();
    program.write("new.key", &"1".repeat(64));
    hold(&program, WORK);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_french() {
    let program = Program::at_work(BIN, "", SET_UP);
    program.write("broken.toml", "[server]\nlisen = \"127.0.0.1:0\"\n");
    program.write("wrong.toml", "[otipass]\nwhen_silent = \"wait\"\n");
    program.write("edge.toml", "");
    program.write("passes.csv", "n;s;d;v;s\n00029975;sold;7;;S1:1\n");
    program.write("refused.toml", "[server]\nroles = []\n");
    program.write("mistaken.toml", "[set_up]\nsite = \"mistaken.site.toml\"\n");
    program.write("mistaken.site.toml", "nothing = 1\n");
    hold(&program, WRONG);
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
    let (_, explained) = set_up
        .examine(&["--explain", "config_key_unknown", "--language", "fr"])
        .await;
    assert!(
        explained.contains("\n  <clé> n’est pas une clé")
            && explained.contains("Écrivez … si")
            && explained.matches("config_key_unknown").count() == 1,
        "{explained}"
    );
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
        (&["help"], "Documents, en anglais sauf mise-en-route, par"),
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
