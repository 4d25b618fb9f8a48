//! The help of each command in French.

use clap::builder::{Resettable, StyledStr};
use clap::{Arg, Command};

/// A help text, and the same in French.
#[rustfmt::skip]
const TEXTS: &[(&str, &str)] = &[
    ("Passerelle: city passes at museum gates, one sale for each admission",
     "Passerelle : les pass touristiques à l’entrée des musées, une vente par visiteur admis"),
    ("Try it all at once: site, sandbox, service and gentle traffic",
     "Tout essayer d’un coup : site, bac à sable, service et un peu de passage"),
    ("Run the service; at a terminal, without a configuration, it makes one first",
     "Lancer le service ; à un terminal, sans configuration, il en fait d’abord une"),
    ("Write a configuration with comments, to begin with",
     "Écrire une configuration commentée, pour commencer"),
    ("Load changed files of the set-up while the service runs",
     "Charger des fichiers modifiés de la mise en service pendant que le service tourne"),
    ("Check a whole set-up and name each mistake with its cure",
     "Vérifier toute une installation et nommer chaque erreur avec son remède"),
    ("Give devices their tokens, or take them back",
     "Donner leurs jetons aux appareils, ou les reprendre"),
    ("External sales: run them, import a file, list what came of it",
     "Ventes externes : les lancer, importer un fichier, lister ce qui en est venu"),
    ("Read what was sold, who came, what Otipass owes",
     "Lire ce qui a été vendu, qui est venu, ce qu’Otipass doit"),
    ("Hold the gate's books against the box office's",
     "Comparer les comptes des accès à ceux de la billetterie"),
    ("Copy the embedded database while the service runs, and read the copy back",
     "Copier la base intégrée pendant que le service tourne, et relire la copie"),
    ("Make a database of a backup, after it was verified",
     "Faire une base d’une sauvegarde, après l’avoir vérifiée"),
    ("Move everything to another database, while the service runs",
     "Déplacer tout vers une autre base pendant que le service tourne"),
    ("The database that is there: sqlite:PATH or postgres://…",
     "La base qui est là : sqlite:CHEMIN ou postgres://…"),
    ("An empty one to move into",
     "Une base vide, pour la recevoir"),
    ("Take the first one into service again, after a move that was broken off in its last seconds",
     "Remettre la première en service, après un transfert interrompu dans ses dernières secondes"),
    ("Remove the card numbers that have stayed long enough",
     "Supprimer les numéros de carte restés assez longtemps"),
    ("Put the secrets in the database under a key, or under another",
     "Mettre les secrets de la base sous une clé, ou sous une autre"),
    ("Gather what one who helps must see, without card numbers and secrets",
     "Réunir ce que doit voir qui vous aide, sans numéros de carte ni secrets"),
    ("See who may use the back office, and let a lost administrator in again",
     "Voir qui peut utiliser les pages de gestion, et y faire rentrer un administrateur perdu"),
    ("Try who is told when something is not well",
     "Essayer qui est averti quand quelque chose ne va pas"),
    ("Ask ticketing's harmless methods, and save what came for whoever helps",
     "Interroger les méthodes inoffensives de la billetterie, et garder les réponses pour qui vous aide"),
    ("Run a recorded day through the real thing",
     "Rejouer une journée enregistrée, pour de vrai"),
    ("Work a turnstile: decide at the door, also without network",
     "Faire marcher un tourniquet : décider à la porte, même sans réseau"),
    ("Run a stand-in Otipass, or print its sample cards",
     "Lancer un Otipass de remplacement, ou imprimer ses cartes d’exemple"),
    ("Explain a command, or print one of the documents",
     "Expliquer une commande, ou imprimer un des documents"),
    ("Print help",
     "Afficher l’aide"),
    ("Print help (see more with '--help')",
     "Afficher l’aide (plus longue avec « --help »)"),
    ("Print help (see a summary with '-h')",
     "Afficher l’aide (plus courte avec « -h »)"),
    ("Print version",
     "Afficher la version"),
    ("Where the service listens",
     "Où le service écoute"),
    ("Where the stand-in Otipass listens",
     "Où l’Otipass de remplacement écoute"),
    ("Who sells what the gate admits: our own box office, or a stand-in for a SecuTix that is not ours; the way ends at its \"yes\" then",
     "Qui vend ce que l’accès admet : notre billetterie, ou une remplaçante d’un SecuTix qui n’est pas à nous ; le chemin finit alors à son « oui »"),
    ("Where the stand-in ticketing listens",
     "Où la billetterie de remplacement écoute"),
    ("In which ways it is not ours, besides those that it has anyway; words of `passerelle help ticketing`, with commas between",
     "En quoi elle diffère de la nôtre, en plus de ce qu’elle a toujours ; mots de `passerelle help ticketing`, séparés par des virgules"),
    ("Start with nothing set up: try the set-up by the back office",
     "Commencer sans rien : essayer la mise en service par les pages de gestion"),
    ("End after so many visitors instead of with Ctrl-C",
     "Finir après tant de visiteurs plutôt qu’avec Ctrl-C"),
    ("The configuration; else passerelle.toml here, else that of the package, else that in your own folder for data",
     "La configuration ; sinon passerelle.toml ici, sinon celle du paquet, sinon celle de votre dossier de données"),
    ("The folder for the configuration, the database and what else is kept",
     "Le dossier de la configuration, de la base et de tout ce qui est gardé"),
    ("The configuration, as --config says it",
     "La configuration, comme avec --config"),
    ("Leave out everything that goes over the network",
     "Laisser de côté tout ce qui passe par le réseau"),
    ("For people or for programs",
     "Pour des personnes ou pour des programmes"),
    ("For programs: the same as --format json",
     "Pour des programmes : comme --format json"),
    ("Say what a code means, and do nothing else",
     "Dire ce que signifie un code, et rien d’autre"),
    ("Say what a real card's code is to this set-up, and do nothing else; Otipass is asked without counting anything; - reads the code from standard input",
     "Dire ce qu’est le code d’une vraie carte pour cette installation, et rien d’autre ; Otipass est interrogé sans rien compter ; - lit le code sur l’entrée standard"),
    ("en or fr; by default as LANG has it",
     "en ou fr ; par défaut selon LANG"),
    ("Print a code that enrols a device, once, and as a QR code",
     "Afficher un code qui enrôle un appareil, une fois, et en code QR"),
    ("Show all devices: where they stand, when they were seen, what they hold",
     "Montrer tous les appareils : où ils sont, quand ils ont été vus, ce qu’ils gardent"),
    ("Print a new token for a device, once",
     "Afficher un nouveau jeton d’un appareil, une fois"),
    ("Take back all tokens of a device, at once",
     "Reprendre tous les jetons d’un appareil, d’un coup"),
    ("The device's code, as in the site file",
     "Le code de l’appareil, comme dans le fichier du site"),
    ("Where the device reaches the service, like `https://gate.example.org`; by default where the configuration has it listen",
     "Où l’appareil joint le service, comme `https://gate.example.org` ; par défaut là où la configuration le fait écouter"),
    ("Sell what is ready now, without waiting for the service's next run",
     "Vendre ce qui est prêt, sans attendre le prochain passage du service"),
    ("Import an STX_File that came from elsewhere",
     "Importer un fichier STX venu d’ailleurs"),
    ("Write STX_Files, and reports on their rejected rows, to a folder; they hold card numbers",
     "Écrire des fichiers STX, et les rapports sur leurs lignes rejetées, dans un dossier ; ils contiennent des numéros de carte"),
    ("The numbers of the files, as `passerelle sales list` shows them",
     "Les numéros des fichiers, tels que `passerelle sales list` les montre"),
    ("All that there are",
     "Tous ceux qu’il y a"),
    ("The folder, which is made if it is not there",
     "Le dossier, qui est créé s’il n’existe pas"),
    ("List the latest STX_Files and what came of them",
     "Lister les derniers fichiers STX et ce qui en est venu"),
    ("Map a product to its tariff; what was held for it is sold by the next run",
     "Attribuer un tarif à un produit ; ce qui l’attendait est vendu au prochain passage"),
    ("Send again what ticketing refused, after its cause was cured",
     "Renvoyer ce que la billetterie a refusé, une fois la cause corrigée"),
    ("The file",
     "Le fichier"),
    ("The product's code",
     "Le code du produit"),
    ("The tariff's code",
     "Le code du tarif"),
    ("Sales by day, product, tariff and sector",
     "Ventes par jour, produit, tarif et secteur"),
    ("Visitors by sector, hour and device; checks by outcome",
     "Visiteurs par secteur, heure et appareil ; contrôles par issue"),
    ("What Otipass owes: lines, VAT, total, disputed lines apart",
     "Ce qu’Otipass doit : lignes, TVA, total, lignes contestées à part"),
    ("The first business day, like 2026-07-01; by default the first there is",
     "Le premier jour, comme 2026-07-01 ; par défaut le premier connu"),
    ("The last business day; by default the last there is",
     "Le dernier jour ; par défaut le dernier connu"),
    ("About how many of the delivered control barcodes ticketing is asked, if its books are elsewhere; each is a call",
     "Sur combien des codes livrés la billetterie est interrogée, si ses comptes sont ailleurs ; chacun est un appel"),
    ("The backup; its manifest, with `.json` behind its name, must stand beside it",
     "La sauvegarde ; son manifeste, au nom suivi de `.json`, doit être à côté"),
    ("The database to make of it: a path, or sqlite:PATH",
     "La base à en faire : un chemin, ou sqlite:CHEMIN"),
    ("Move aside a database that is there already",
     "Mettre de côté une base qui est déjà là"),
    ("Remove what is due now, without waiting for the service",
     "Supprimer ce qui est échu, sans attendre le service"),
    ("Count only",
     "Compter seulement"),
    ("Seal them anew: by the key that the configuration names, or by another",
     "Les sceller de nouveau : par la clé que nomme la configuration, ou par une autre"),
    ("The file with the other key; name it as key_file of the section secrets afterwards",
     "Le fichier de l’autre clé ; nommez-le ensuite key_file dans la section secrets"),
    ("The new file [default: passerelle-support-TIME.tar]",
     "Le nouveau fichier [par défaut : passerelle-support-HEURE.tar]"),
    ("Show who may use the back office",
     "Montrer qui peut utiliser les pages de gestion"),
    ("Print a link by which somebody chooses a new password and is an administrator again: for when no administrator can sign in any more",
     "Afficher un lien par lequel quelqu’un choisit un nouveau mot de passe et redevient administrateur : pour quand plus aucun ne peut se connecter"),
    ("What they sign in with",
     "Leur identifiant de connexion"),
    ("Send a test message by mail and to the webhook, as [notices] names them",
     "Envoyer un message d’essai par courrier et au webhook que nomme [notices]"),
    ("Ask each harmless method of the access control service once, say what came, and save it for whoever helps; nothing is changed there",
     "Interroger une fois chaque méthode inoffensive du service de contrôle d’accès, dire ce qui est venu, et le garder pour qui vous aide ; rien n’y change"),
    ("The new file with what was sent and what came, without secrets and card numbers [default: ticketing-probe-TIME.json]",
     "Le nouveau fichier de ce qui a été envoyé et reçu, sans secrets ni numéros de carte [par défaut : ticketing-probe-HEURE.json]"),
    ("The folder with site.toml, mapping.json, catalogue.toml, passes.csv, scans.csv and, if there are, day.json, changes.csv and expected.json",
     "Le dossier de site.toml, mapping.json, catalogue.toml, passes.csv, scans.csv et, s’ils existent, day.json, changes.csv et expected.json"),
    ("Keep database and files in this folder; a second replay into it changes nothing",
     "Garder base et fichiers dans ce dossier ; un second passage n’y change rien"),
    ("Use this database, which must be empty, instead of a file in the folder",
     "Utiliser cette base, qui doit être vide, au lieu d’un fichier du dossier"),
    ("Spread the devices over this many services on the database",
     "Répartir les appareils sur tant de services de la base"),
    ("Kill a service this many times at random moments",
     "Tuer un service tant de fois, à des moments au hasard"),
    ("Which random moments",
     "Quels moments au hasard"),
    ("Turn an enrolment code into this device's token",
     "Changer un code d’enrôlement en jeton de cet appareil"),
    ("The configuration; by default edge.toml, if there is one",
     "La configuration ; par défaut edge.toml, s’il existe"),
    ("The server's address, such as `https://passerelle.example.org`",
     "L’adresse du serveur, comme `https://passerelle.example.org`"),
    ("The file with this device's token",
     "Le fichier du jeton de cet appareil"),
    ("The folder of the journal",
     "Le dossier du journal"),
    ("Read codes from standard input",
     "Lire des codes sur l’entrée standard"),
    ("Speak the TCP line protocol here",
     "Parler ici le protocole TCP par lignes"),
    ("Show the status page here",
     "Montrer ici la page d’état"),
    ("The code, as `passerelle device enrol` or the back office shows it",
     "Le code, comme `passerelle device enrol` ou les pages de gestion le montrent"),
    ("Print sample cards of each kind, with their QR codes",
     "Imprimer des cartes d’exemple de chaque sorte, avec leurs codes QR"),
    ("The passes it knows, in a file as `passerelle sandbox --help` describes it; those of Villeneuve's museums, if none is given",
     "Les pass qu’il connaît, dans un fichier tel que le décrit `passerelle sandbox --help` ; ceux des musées de Villeneuve, si rien n’est donné"),
    (crate::sandbox_command::PASS_FILE,
     "Le fichier de --passes est du CSV, avec cette ligne d’abord :\n  number;status;duration_days;valid_until;services\n  00029975;active;7;2026-07-14;S1:2,S2:*\nnumber         le numéro de la carte, comme le donnent les lecteurs\nstatus         created : jamais vendu ; inactive : vendu, sa première entrée ouvre sa période ; active : en cours ;\n               expired : expiré ; invalid : bloqué ; undefined : comme un numéro que personne ne connaît\nduration_days  combien de jours dure sa période\nvalid_until    le dernier jour de sa période ; vide, si aucune n’est ouverte\nservices       l’OtipassServiceId de chaque secteur qu’il ouvre, avec les entrées qui restent ;\n               * pour un nombre quelconque"),
    ("The project it answers for",
     "Le projet pour lequel il répond"),
    ("The time zone of its days",
     "Le fuseau horaire de ses jours"),
    ("Where it listens",
     "Où il écoute"),
    ("Count each question, also when it is repeated under the same reference",
     "Compter chaque question, même répétée sous la même référence"),
    ("Ask for this user name, with the password in PASSERELLE_SANDBOX_PASSWORD",
     "Demander ce nom d’utilisateur, avec le mot de passe de PASSERELLE_SANDBOX_PASSWORD"),
    ("A command, or one of the documents that `passerelle help` lists",
     "Une commande, ou un des documents que `passerelle help` énumère"),
    ("The new file, with an ending, or a folder for it [default: the folder of [backup]]",
     "Le nouveau fichier, avec une extension, ou un dossier pour lui [par défaut : le dossier de [backup]]"),
    (crate::doctor_command::EXIT_CODES,
     "Code de sortie : 0 sans erreur, 1 s’il y en a, 2 si le diagnostic n’a pas pu se faire, 3 sans erreur avant le\npremier démarrage, quand rien n’est encore mis en service. Avec --sample : 0 si le code est un\npass qu’Otipass connaît (ou qu’il ne fallait pas demander), 1 sinon."),
];

/// What a value is called, and the same in French.
#[rustfmt::skip]
const VALUES: &[(&str, &str)] = &[
    ("ADDRESS", "ADRESSE"), ("CARD", "CARTE"), ("COUNT", "NOMBRE"), ("DATABASE", "BASE"),
    ("DAY", "JOUR"), ("DEVICE", "APPAREIL"), ("DIR", "DOSSIER"), ("FILE", "FICHIER"),
    ("FILE.tar", "FICHIER.tar"), ("FOLDER", "DOSSIER"), ("KILLS", "NOMBRE"),
    ("LANGUAGE", "LANGUE"), ("LOGIN", "IDENTIFIANT"), ("NAME", "NOM"), ("NUMBERS", "NUMÉROS"),
    ("PRODUCT", "PRODUIT"), ("TARIFF", "TARIF"), ("TO", "DOSSIER"), ("TOPIC", "SUJET"),
    ("WORDS", "MOTS"), ("ZONE", "FUSEAU"),
];

/// What stands around the texts.
const TEMPLATE: &str =
    "{before-help}{about-with-newline}\nUtilisation\u{a0}: {usage}\n\n{all-args}{after-help}";

/// The command line with its help in French.
pub(crate) fn in_french(mut command: Command) -> Command {
    // What clap adds is there then.
    command.build();
    translated(command)
}

fn translated(command: Command) -> Command {
    let about = of(command.get_about());
    let long_about = of(command.get_long_about());
    let after = of(command.get_after_help());
    command
        .about(about)
        .long_about(long_about)
        .after_help(after)
        .help_template(TEMPLATE)
        .subcommand_help_heading("Commandes")
        .subcommand_value_name("COMMANDE")
        .mut_args(argument)
        .mut_subcommands(translated)
}

/// With what is said of its values behind the help, in French too.
fn argument(argument: Arg) -> Arg {
    let name = |name: &clap::builder::Str| {
        let french = VALUES.iter().find(|(english, _)| *english == name.as_str());
        french.map_or_else(|| name.clone(), |(_, french)| (*french).into())
    };
    let names = argument.get_value_names().unwrap_or_default();
    let names: Vec<_> = names.iter().map(name).collect();
    let words = argument.get_possible_values();
    let words = words
        .iter()
        .filter(|_| argument.get_action().takes_values());
    let words: Vec<_> = words.map(|word| word.get_name()).collect();
    let default = argument.get_default_values().first();
    let default = default
        .filter(|_| argument.get_action().takes_values() && !argument.is_hide_default_value_set());
    let default = default.map(|value| value.to_string_lossy().into_owned());
    let variable = argument.get_env().map(|name| name.to_string_lossy());
    let said = [
        ("variable", variable.map(Into::into)),
        ("par défaut", default),
        (
            "valeurs possibles",
            (!words.is_empty()).then(|| words.join(", ")),
        ),
    ];
    let said = said
        .into_iter()
        .filter_map(|(what, value)| Some(format!(" [{what} : {}]", value?)));
    let said: String = said.collect();
    let with = |text: Option<&StyledStr>| {
        text.map(|text| StyledStr::from(format!("{}{said}", french(text))))
            .into()
    };
    let (help, long_help): (Resettable<_>, Resettable<_>) =
        (with(argument.get_help()), with(argument.get_long_help()));
    let argument = match names.is_empty() {
        true => argument,
        false => argument.value_names(names),
    };
    argument
        .hide_default_value(true)
        .hide_possible_values(true)
        .hide_env(true)
        .help(help)
        .long_help(long_help)
}

fn of(text: Option<&StyledStr>) -> Resettable<StyledStr> {
    text.map(|text| StyledStr::from(french(text))).into()
}

/// A text in French; as it is, if there is none.
fn french(text: &StyledStr) -> String {
    let text = text.to_string();
    let french = TEXTS.iter().find(|(english, _)| *english == text);
    french.map_or(text, |(_, french)| (*french).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::help::english;
    use std::collections::BTreeSet;

    fn texts(command: &Command, found: &mut BTreeSet<String>) {
        let own = [
            command.get_about(),
            command.get_long_about(),
            command.get_after_help(),
        ];
        let arguments = command.get_arguments().filter(|a| !a.is_hide_set());
        let of_arguments =
            arguments.flat_map(|argument| [argument.get_help(), argument.get_long_help()]);
        let all = own.into_iter().chain(of_arguments).flatten();
        found.extend(all.map(ToString::to_string));
        for command in command.get_subcommands() {
            texts(command, found);
        }
    }

    fn speaks_french(command: &mut Command) {
        let help = command.render_long_help().to_string();
        for english in ["Usage", "[default", "[env", "ossible values", "<FILE>"] {
            assert!(!help.contains(english), "{help}");
        }
        command.get_subcommands_mut().for_each(speaks_french);
    }

    #[test]
    fn each_help_text_is_there_in_french_and_no_other() {
        let mut command = english();
        command.build();
        let mut english = BTreeSet::new();
        texts(&command, &mut english);
        let known: BTreeSet<_> = TEXTS.iter().map(|(en, _)| (*en).to_owned()).collect();
        let missing: Vec<_> = english.difference(&known).collect();
        let gone: Vec<_> = known.difference(&english).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "missing: {missing:#?}\ngone: {gone:#?}"
        );
        for (_, french) in TEXTS {
            assert!(!kernel::text::tears(french), "{french}");
        }
        let mut french = in_french(super::super::english());
        let help = french.render_help().to_string();
        assert!(
            help.contains("Utilisation\u{a0}: passerelle") && help.contains("Commandes:"),
            "{help}"
        );
        assert!(!help.contains("Print"), "{help}");
        speaks_french(&mut french);
    }
}
