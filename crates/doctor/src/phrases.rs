//! What findings say of why something is not there or was not looked at.

use kernel::Phrase;

kernel::texts!(Texts in Fr, En {
    offline: "--offline laisse de côté ce qui passe par le réseau", "--offline leaves out what goes over the network";
    broken: "sa section de la configuration a des erreurs", "its section of the configuration has mistakes";
    no_secret: "le fichier du secret ne peut pas être lu", "the file with the secret cannot be read";
    no_url: "son URL manque", "its URL is missing";
    url_wrong: "son URL n’est pas bonne", "its URL is wrong";
    no_project: "le serveur répond, mais les paramètres de correspondance ne nomment pas de projet",
        "the server answers, but the mapping parameters name no project";
    no_ticketing: "[access_control] url n’est pas indiqué", "[access_control] url is not set";
    version: "sa version d’API est trop ancienne", "its API version is too old";
    no_password: "il n’y a pas de mot de passe pour elle", "there is no password for it";
    no_institution: "l’institution n’est pas connue", "the institution is not known";
    no_authority: "son authority_file ne peut pas être lu", "its authority_file cannot be read";
    username_empty: "Le nom d’utilisateur manque ou est vide", "The user name is missing or empty";
    password_empty: "Le mot de passe manque ou est vide", "The password is missing or empty";
    both_empty: "Le nom d’utilisateur et le mot de passe manquent ou sont vides", "User name and password are missing or empty";
    database_unread: "la base de données ne peut pas être lue", "the database cannot be read";
    database_not_asked: "le serveur de base de données n’a pas été interrogé", "the database server was not asked";
    no_database: "la base de données n’existe pas encore\u{a0}; le premier démarrage la crée",
        "there is no database yet; the first start makes it";
    database_outdated: "la base de données vient d’une version plus ancienne", "an older version made the database";
    database_shut: "la base de données ne peut pas être ouverte", "the database cannot be opened";
});

/// One of these.
pub type Which = fn(&'static Texts) -> &'static str;

pub fn phrase(which: Which) -> Phrase {
    Phrase::each(|language| which(Texts::of(language)).to_owned())
}
