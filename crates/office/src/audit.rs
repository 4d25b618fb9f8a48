//! The audit log: who changed what, from what, to what.

#[cfg(test)]
pub(crate) mod sample;

use super::frame::role_name;
use super::table_file::{self, Column, Form, Stems, downloads, maybe, text};
use crate::page::*;
use kernel::coded;
use staff::{Account, AuditEntry, AuditFilter};
use std::collections::{BTreeMap, BTreeSet};

/// Rows on a page.
const ROWS: u32 = 50;
/// The most characters of a value that a row shows.
const SHOWN_CHARS: usize = 200;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    why: "Chaque changement, avec son auteur. Les lignes ne peuvent être ni modifiées ni effacées.",
        "Every change, and who made it. Rows can neither be changed nor deleted.";
    changes: "Avant → après", "Before → after";
    everybody: "Tout le monde", "Everybody";
    everything: "Tout", "Everything";
    kind: "Objet", "Kind of thing";
    nothing: "Rien ne correspond à ces filtres.", "Nothing matches these filters.";
    sessions: "Connexions", "Sign-ins";
    command_line: "ligne de commande", "command line";
    user: "(utilisateur ", "(user ";
    database: "Base de données", "Database";
});

coded! {
/// What was done, in words.
fn action() {
    "account.first_created": "Premier compte créé", "First account created";
    "account.created": "Compte créé", "Account created";
    "account.changed": "Compte modifié", "Account changed";
    "account.disabled": "Compte désactivé", "Account disabled";
    "account.enabled": "Compte réactivé", "Account enabled";
    "account.password_reset": "Nouveau lien de mot de passe", "New password link";
    "account.password_chosen": "Mot de passe choisi par le lien", "Password chosen by the link";
    "account.password_changed": "Mot de passe changé", "Password changed";
    "account.recovered": "Compte rétabli depuis la machine", "Account recovered on the machine itself";
    "account.two_steps_on": "Deuxième étape activée", "Second step switched on";
    "account.two_steps_off": "Deuxième étape désactivée", "Second step switched off";
    "account.linked": "Compte lié au fournisseur d’identité", "Account linked to the identity provider";
    "account.role_withdrawn": "Sessions fermées : plus de rôle chez le fournisseur d’identité", "Sessions ended: no role at the identity provider any more";
    "session.signed_in": "Connexion", "Signed in";
    "organisation.changed": "Organisation modifiée", "Organisation changed";
    "site.changed": "Site importé d’un fichier", "Site taken from a file";
    "site.table_taken": "Tableau des secteurs et portes importé", "Table of sectors and doors imported";
    "sector.added": "Secteur ajouté", "Sector added";
    "sector.changed": "Secteur modifié", "Sector changed";
    "sector.removed": "Secteur retiré", "Sector removed";
    "door.added": "Porte ajoutée", "Door added";
    "door.changed": "Porte modifiée", "Door changed";
    "door.removed": "Porte retirée", "Door removed";
    "device.added": "Appareil ajouté", "Device added";
    "device.changed": "Appareil modifié", "Device changed";
    "device.removed": "Appareil retiré", "Device removed";
    "device.enrolment_begun": "Code d’enrôlement créé", "Enrolment code made";
    "device.token_given": "Jeton donné à un appareil", "Token given to a device";
    "device.revoked": "Jetons d’un appareil repris", "Tokens of a device taken back";
    "sales.run_begun": "Ventes externes commencées", "External sales begun";
    "sales.import_begun": "Import d’un fichier de ventes commencé", "Import of a sales file begun";
    "test_card.checked": "Carte d’essai présentée", "Test card checked";
    "test_card.take_back_begun": "Reprise d’une entrée d’essai demandée", "Taking a test entry back asked for";
    "test_card.taken_back": "Entrée d’essai reprise", "Test entry taken back";
    "sales.run": "Ventes externes lancées", "External sales run";
    "sales.sent_again": "Renvoyé à la billetterie", "Sent to ticketing again";
    "sales.exported": "Fichier de ventes écrit sur le disque", "Sales file written to the disk";
    "sales.imported": "Fichier de ventes importé", "Sales file imported";
    "sales.uploaded": "Fichier de ventes envoyé", "Sales file uploaded";
    "sales.imported_again": "Fichier de ventes importé à nouveau", "Sales file imported again";
    "check.settled": "Contrôle réglé à la main", "Check settled by hand";
    "aside.booked": "Enregistré depuis les mis de côté", "Booked from what lay aside";
    "aside.dismissed": "Mis de côté : pas une entrée", "Set aside: no entry";
    "catalogue.changed": "Catalogue modifié", "Catalogue changed";
    "interface.changed": "Connexion à Otipass modifiée", "Connection to Otipass changed";
    "secrets.resealed": "Secrets de la base mis sous une autre clé", "Secrets in the database put under another key";
    "mapping.changed": "Paramètres de correspondance modifiés", "Mapping parameters changed";
    "retention.run_begun": "Effacement des numéros de carte commencé", "Removal of card numbers begun";
    "retention.run": "Numéros de carte effacés", "Card numbers removed";
    "database.moved": "Base de données déplacée", "Database moved";
    "database.restored": "Base de données restaurée", "Database restored";
}}

coded! {
/// A field in words.
fn field() {
    "name": "nom", "name";
    "login": "identifiant", "login";
    "role": "rôle", "role";
    "language": "langue", "language";
    "two_steps": "deux étapes", "two steps";
    "disabled": "désactivé", "disabled";
    "by": "par", "by";
    "issuer": "fournisseur d’identité", "identity provider";
    "code": "code", "code";
    "institution": "institution", "institution";
    "organisation": "organisation", "organisation";
    "zone": "fuseau horaire", "time zone";
    "currency": "monnaie", "currency";
    "sector": "secteur", "sector";
    "sectors": "secteurs", "sectors";
    "door": "porte", "door";
    "device": "appareil", "device";
    "direction": "sens", "direction";
    "may_switch_direction": "peut changer de sens", "may switch direction";
    "forced_entry": "entrée forcée", "forced entry";
    "several_persons": "plusieurs personnes par code", "several persons on a code";
    "help_desk": "consultation", "help desk";
    "sound": "sons", "sounds";
    "expires_at": "valable jusqu’au", "good until";
    "taken_back": "jetons repris", "tokens taken back";
    "table": "tableau", "table";
    "url": "URL", "URL";
    "username": "nom d’utilisateur", "user name";
    "decision_budget_ms": "attente maximale (ms)", "longest wait (ms)";
    "repeat_window_ms": "délai avant la même carte (ms)", "window for the same card (ms)";
    "when_silent": "sans réponse d’Otipass", "without an answer of Otipass";
    "secrets_replaced": "secrets remplacés", "secrets replaced";
    "mapping": "en service", "in use";
    "draft": "brouillon", "draft";
    "file": "fichier", "file";
    "season": "saison", "season";
    "number": "numéro", "number";
    "payment_modes": "modes de paiement", "payment modes";
    "type": "type", "type";
    "tariff": "tarif", "tariff";
    "price_minor": "prix (centimes)", "price (minor units)";
    "vat_basis_points": "TVA (centièmes de pour cent)", "VAT (hundredths of a percent)";
    "valid_from": "valable du", "valid from";
    "valid_until": "valable jusqu’au", "valid until";
    "tickets": "billets", "tickets";
    "released": "libérés", "released";
    "rejected": "refusés", "rejected";
    "count": "nombre", "number";
    "called": "nom du fichier", "name of the file";
    "rows": "lignes", "rows";
    "known": "déjà importés", "imported before";
    "note": "note", "note";
    "scanned_at": "scanné le", "scanned at";
    "checks": "contrôles", "checks";
    "control_barcodes": "codes de contrôle", "control barcodes";
    "staged": "codes arrivés", "staged barcodes";
    "aside": "mis de côté", "set aside";
    "files": "fichiers", "files";
    "taken_at": "sauvegarde du", "backup of";
    "sha256": "somme SHA-256", "SHA-256 sum";
    "to": "vers", "to";
}}

coded! {
/// A value that is a word of ours, in words.
fn word() {
    "password": "mot de passe", "password";
    "password and code": "mot de passe et code", "password and code";
    "password and recovery code": "mot de passe et code de secours", "password and recovery code";
    "provider": "fournisseur d’identité", "identity provider";
    "admit": "laisser entrer", "admit";
    "refuse": "refuser", "refuse";
    "entry": "entrée", "entry";
    "exit": "sortie", "exit";
    "card numbers": "numéros de carte", "card numbers";
    "catalogue": "catalogue", "catalogue";
}}

/// A value that is a name of ours, in words.
fn name_of(value: &str, language: Language) -> &str {
    let role = || Some(role_name(value.parse().ok()?, language));
    word(value, language).or_else(role).unwrap_or(value)
}

/// The fields whose values are words of ours.
const WORDED: [&str; 4] = ["by", "role", "direction", "when_silent"];

/// A field's value in words; several with commas between.
fn shown(field: &str, value: &Value, formats: &Formats) -> String {
    let t = Texts::of(formats.language);
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => formats.moment(at),
            Err(_) if WORDED.contains(&field) => name_of(text, formats.language).to_owned(),
            Err(_) => text.clone(),
        },
        Value::Bool(true) => t.yes.to_owned(),
        Value::Bool(false) => t.no.to_owned(),
        Value::Array(values) => {
            let values = values.iter().map(|value| shown(field, value, formats));
            values.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The fields of a value; those of a part stand among them.
fn fields(value: Option<&Value>) -> BTreeMap<String, Value> {
    match value {
        None => BTreeMap::new(),
        Some(Value::Object(all)) => {
            let one = |(name, value): (&String, &Value)| match value {
                Value::Object(_) => fields(Some(value)),
                _ => [(name.clone(), value.clone())].into(),
            };
            all.iter().flat_map(one).collect()
        }
        // No object: the whole value is one field.
        Some(value) => [(String::new(), value.clone())].into(),
    }
}

impl Texts {
    /// Kinds of things to filter by.
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("", self.everything),
            ("account", self.accounts),
            ("session", self.sessions),
            ("site", self.places),
            ("device", self.devices),
            ("check", self.checks),
            ("sales", self.sales),
            ("database", self.database),
        ]
    }
}

/// One field of a thing, before and after.
struct Difference {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

/// The fields that differ.
fn differences(
    before: Option<&Value>,
    after: Option<&Value>,
    formats: &Formats,
) -> Vec<Difference> {
    let shown = |field: &str, value: &Value| {
        let text = shown(field, value, formats);
        match text.char_indices().nth(SHOWN_CHARS) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    };
    let (before, after) = (fields(before), fields(after));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let difference = |name: &String| {
        let of = |fields: &BTreeMap<String, Value>| {
            let value = fields.get(name).filter(|value| !value.is_null());
            value.cloned()
        };
        let (before, after) = (of(&before), of(&after));
        // Of what is new, what is not so needs no word.
        let is_said = match (&before, &after) {
            (None, Some(value)) | (Some(value), None) => *value != Value::Bool(false),
            (before, after) => before != after,
        };
        is_said.then(|| Difference {
            field: field(name, formats.language).unwrap_or(name).to_owned(),
            before: before.as_ref().map(|value| shown(name, value)),
            after: after.as_ref().map(|value| shown(name, value)),
        })
    };
    names.into_iter().filter_map(difference).collect()
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    filters: [Input; 4],
    entries: Vec<AuditEntry>,
    accounts: Vec<Account>,
    pager: Pager,
    /// The same as files: names and addresses.
    downloads: Vec<(&'static str, String)>,
    frame: Frame,
}

/// What the address asks for. What cannot be read is as if it were not there.
fn wanted(query: &Entered, formats: &Formats) -> AuditFilter {
    let kinds = Texts::of(formats.language).kinds();
    let is_known = |kind: &&str| kinds.iter().any(|(known, _)| known == kind);
    let (from, until) = days(query, &formats.zone);
    AuditFilter {
        account: query.read("who"),
        kind: query.some("kind").filter(is_known).map(str::to_owned),
        from,
        until,
        before_id: query.read("before"),
    }
}

impl Page {
    fn new(
        frame: Frame,
        query: &Entered,
        accounts: Vec<Account>,
        entries: Vec<AuditEntry>,
        next: Option<i64>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let people = accounts.iter().map(|a| (a.id.to_string(), a.name.clone()));
        let people = std::iter::once((String::new(), t.everybody.to_owned())).chain(people);
        let filters = [
            Input::choice("who", t.who, query.text("who"), people.collect()),
            Input::choice("kind", t.kind, query.text("kind"), t.kinds()),
            Input::day("from", t.from, query.text("from")),
            Input::day("to", t.to, query.text("to")),
        ];
        let (sent, before) = (filters.each_ref().map(Input::sent), query.some("before"));
        Self {
            downloads: downloads(frame.formats.language, &access::AUDIT_TABLE, &sent),
            pager: Pager::new(&frame, access::AUDIT, &sent, before, next),
            filters,
            entries,
            accounts,
            frame,
        }
    }

    fn who(&self, entry: &AuditEntry) -> String {
        let t = Texts::of(self.frame.formats.language);
        // As `Actor::command_line` writes it.
        match entry.who.strip_prefix("command line") {
            Some(user) if entry.account.is_none() => {
                // One without a name has a number.
                let user = user.replace("(user ", t.user);
                format!("{}{user}", t.command_line)
            }
            _ => entry.who.clone(),
        }
    }

    /// What it was done to, as people call it.
    fn of<'a>(&'a self, entry: &'a AuditEntry) -> &'a str {
        let mut accounts = self.accounts.iter();
        match entry.kind.as_str() {
            "account" => accounts
                .find(|account| account.id.to_string() == entry.of)
                .map_or(&entry.of, |account| &account.name),
            "session" => "",
            "database" | "catalogue" => name_of(&entry.of, self.frame.formats.language),
            _ => &entry.of,
        }
    }
}

pub(crate) async fn table(visit: Visit, Path(form): Path<Form>, Query(query): Query) -> Answer {
    let wanted = wanted(&query, &visit.frame().formats);
    let entries = visit
        .staff()
        .audit(wanted, table_file::LIST_ROWS + 1)
        .await?;
    let columns: [Column<'_, AuditEntry>; 8] = [
        ("at", &|entry| text(entry.at)),
        ("who", &|entry| text(&entry.who)),
        ("address", &|entry| text(&entry.address)),
        ("action", &|entry| text(&entry.action)),
        ("kind", &|entry| text(&entry.kind)),
        ("of", &|entry| text(&entry.of)),
        // These are JSON.
        ("before", &|entry| maybe(entry.before.as_ref())),
        ("after", &|entry| maybe(entry.after.as_ref())),
    ];
    table_file::send_list(form, Stems::of(visit.language).audit, &columns, entries)
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let frame = visit.frame();
    let staff = visit.staff();
    let wanted = wanted(&query, &frame.formats);
    let mut entries = staff.audit(wanted, ROWS + 1).await?;
    let next = cut(&mut entries, ROWS as usize).map(|entry| entry.id);
    let accounts = staff.accounts().await?;
    visit.page(&Page::new(frame, &query, accounts, entries, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_shown() {
        let before = json!({"name": "A", "role": "support", "x": null});
        let after = json!({"name": "A", "role": "finance", "y": 1, "z": false});
        let formats = |language| Frame::sample(language, None).formats;
        let found: Vec<_> = differences(Some(&before), Some(&after), &formats(Language::En))
            .into_iter()
            .map(|d| (d.field, d.before, d.after))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                (
                    "role".to_owned(),
                    text("Support (read only)"),
                    text("Finance")
                ),
                ("y".to_owned(), None, text("1")),
            ]
        );
        let french = formats(Language::Fr);
        let of = |after: Option<&Value>| differences(None, after, &french).len();
        assert_eq!((of(None), of(Some(&json!("x")))), (0, 1));
    }

    #[test]
    fn what_was_done_reads_french() {
        let formats = Frame::sample(Language::Fr, None).formats;
        let device = json!({ "door": "D1", "language": null, "settings": {
            "direction": "entry", "forced_entry": false, "help_desk": true,
            "several_persons": true, "sound": true,
        }});
        let told = |after: Value| {
            let all = differences(None, Some(&after), &formats).into_iter();
            all.map(|d| (d.field, d.after.unwrap())).collect::<Vec<_>>()
        };
        let pair = |field: &str, after: &str| (field.to_owned(), after.to_owned());
        assert_eq!(
            told(device),
            [
                pair("sens", "entrée"),
                pair("porte", "D1"),
                pair("consultation", "oui"),
                pair("plusieurs personnes par code", "oui"),
                pair("sons", "oui"),
            ]
        );
        let at: Timestamp = "2026-07-14T07:00:00.000Z".parse().unwrap();
        let done = json!({
            "expires_at": at, "sectors": ["A", "B"], "when_silent": "admit",
        });
        assert_eq!(
            told(done),
            [
                pair("valable jusqu’au", &formats.moment(at)),
                pair("secteurs", "A, B"),
                pair("sans réponse d’Otipass", "laisser entrer"),
            ]
        );
    }
}
