//! What stands in a finding's texts where nothing was found yet.

use crate::Language;

/// What is filled in, in English and French.
#[rustfmt::skip]
const WORDS: &[(&str, &str, &str)] = &[
    ("address", "address", "adresse"), ("apart", "ahead of or behind", "de l’avance ou du retard"),
    ("backup", "a backup", "la sauvegarde"), ("bytes", "number", "nombre"), ("certificate", "file", "fichier"),
    ("channel", "channel", "canal"), ("close", "sign", "signe"), ("code", "code", "code"),
    ("contact", "contact", "contact"), ("count", "number", "nombre"), ("currency", "currency", "monnaie"),
    ("database", "database", "base de données"), ("days", "number", "nombre"), ("device", "device", "appareil"),
    ("devices", "devices", "appareils"), ("direction", "direction", "sens"), ("door", "door", "porte"),
    ("folder", "folder", "dossier"), ("found", "text", "texte"), ("from", "day", "jour"), ("host", "host", "serveur"),
    ("how", "what is odd", "ce qui ne va pas"), ("key", "key", "clé"), ("keys", "keys", "clés"),
    ("kind", "kind", "type"), ("known", "keys", "clés"), ("lacking", "what is missing", "ce qui manque"),
    ("language", "language", "langue"), ("least", "number", "nombre"), ("left", "time", "durée"),
    ("length", "number", "nombre"), ("limit", "number", "nombre"), ("line", "number", "numéro"),
    ("listen", "address", "adresse"), ("mark", "file", "fichier"), ("max", "number", "nombre"),
    ("message", "reason", "raison"), ("method", "method", "méthode"), ("min", "number", "nombre"),
    ("most", "number", "nombre"), ("number", "number", "numéro"), ("of", "entry", "entrée"),
    ("open", "sign", "signe"), ("opened", "part", "partie"), ("ours", "time zone", "fuseau"),
    ("path", "path", "chemin"), ("port", "number", "numéro"), ("price", "price", "prix"),
    ("product", "product", "produit"), ("project", "project", "projet"), ("reason", "reason", "raison"),
    ("said", "answer", "réponse"), ("scheme", "text", "texte"), ("season", "season", "saison"),
    ("seconds", "number", "nombre"), ("sector", "sector", "secteur"), ("service", "id", "identifiant"),
    ("since", "moment", "moment"), ("sold", "", ""), ("space", "id", "identifiant"), ("status", "number", "numéro"),
    ("table", "table", "table"), ("tariff", "tariff", "tarif"), ("text", "text", "texte"),
    ("theirs", "theirs", "le leur"), ("thing", "code", "code"), ("to", "database", "base de données"),
    ("today", "day", "jour"), ("until", "day", "jour"), ("url", "URL", "URL"), ("value", "value", "valeur"),
    ("version", "number", "numéro"), ("what", "name", "nom"), ("why", "reason", "raison"),
    ("written", "text", "texte"), ("wrong", "what is wrong", "ce qui ne va pas"), ("zone", "time zone", "fuseau"),
];

/// What stands for the value of `slot`: what it is, or "…" if no word says that.
pub(super) fn placeholder(slot: &str, language: Language) -> String {
    let word = WORDS.iter().find(|(name, ..)| *name == slot);
    match (word, language) {
        (None, _) => "…".to_owned(),
        // What may follow, and does not always.
        (Some((_, "", _)), _) => String::new(),
        (Some((.., french)), Language::Fr) => format!("<{french}>"),
        (Some((_, english, _)), _) => format!("<{english}>"),
    }
}
