//! What cannot be worked with although each key has a value of its kind. Whoever
//! starts by a configuration refuses it, and the doctor tells it: both by this.

use crate::{Config, Role, found};
use db::DbUrl;
use gate::records::retention::SHORTEST_DAYS;
use gate::site::interface::Connection;
use kernel::{Finding, Phrase, Place};
use otipass::Lengths;

/// The longest part of a card number that is looked for.
const LONGEST_PART: usize = 64;

impl Config {
    /// Where a key stands: the variable over it, if there is one.
    #[must_use]
    pub fn place(&self, section: &'static str, key: &'static str) -> Place {
        let origin = self.origins.of(&format!("{section}.{key}"));
        match origin.cloned() {
            Some(variable @ Place::Variable(_)) => variable,
            place => Place::Key {
                file: self.file.clone(),
                at: place.and_then(|place| place.position()),
                section,
                key,
            },
        }
    }

    /// Everything that the service refuses in it.
    #[must_use]
    pub fn refused(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.server.roles.is_empty() {
            findings.push(found::roles_missing(self.place("server", "roles")));
        }
        findings.extend(self.budget());
        for (key, lengths) in [
            ("letters", self.otipass.letters),
            ("digits", self.otipass.digits),
        ] {
            findings.extend(lengths.and_then(|lengths| self.lengths(key, lengths)));
        }
        if let Err(error) = self.external_sales.dialect.check()
            && self.has(Role::BoxOffice)
        {
            let place = self.place("external_sales", "dialect");
            findings.push(found::dialect_invalid(place, error));
        }
        let days = self.retention.card_numbers_days;
        if (1..SHORTEST_DAYS).contains(&days) {
            let place = self.place("retention", "card_numbers_days");
            findings.push(found::retention_too_short(place, days, SHORTEST_DAYS));
        }
        if self.backup.every_h != 0 && matches!(self.database_url(), Ok(DbUrl::Postgres(_))) {
            findings.push(found::backup_of_server(self.place("backup", "every_h")));
        }
        if let Some(url) = &self.office.url
            && self.office_host().is_none()
        {
            let place = self.place("office", "url");
            findings.push(found::office_url_wrong(place, Phrase::quoted(url)));
        }
        findings.extend(self.notices_refused());
        findings
    }

    /// The host of the address under which browsers reach the back office; none if
    /// nobody names one, or if it is no address.
    #[must_use]
    pub fn office_host(&self) -> Option<&str> {
        let url = self.office.url.as_deref()?;
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(address) => address.split(']').next(),
            None => authority.split(':').next(),
        };
        host.filter(|host| !host.is_empty() && !url.contains(char::is_whitespace))
    }

    fn budget(&self) -> Option<Finding> {
        let (value, bounds) = (self.otipass.decision_budget_ms, Connection::BUDGET_MS);
        (!bounds.contains(&value)).then(|| {
            let place = self.place("otipass", "decision_budget_ms");
            let key = "[otipass] decision_budget_ms";
            found::config_out_of_bounds(place, key, value, bounds.start(), bounds.end())
        })
    }

    fn lengths(&self, key: &'static str, lengths: Lengths) -> Option<Finding> {
        let Lengths { min, max } = lengths;
        (min > max || !(1..=LONGEST_PART).contains(&max)).then(|| {
            let place = self.place("otipass", key);
            found::lengths_impossible(place, format!("[otipass] {key}"), min, max)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::parse;
    use crate::{Config, ConfigError, Surroundings};
    use kernel::{Language, Place};

    // One case, one line.
    #[rustfmt::skip]
    const CASES: &[(&str, &str)] = &[
        ("config_out_of_bounds", "[otipass]\ndecision_budget_ms = 0"),
        ("config_out_of_bounds", "[otipass]\ndecision_budget_ms = 199"),
        ("config_out_of_bounds", "[otipass]\ndecision_budget_ms = 10001"),
        ("lengths_impossible", "[otipass]\ndigits = {min = 10, max = 8}"),
        ("lengths_impossible", "[otipass]\ndigits = {min = 0, max = 0}"),
        ("lengths_impossible", "[otipass]\nletters = {min = 3, max = 2}"),
        ("lengths_impossible", "[otipass]\ndigits = {min = 8, max = 65}"),
        ("retention_too_short", "[retention]\ncard_numbers_days = 10"),
        ("roles_missing", "[server]\nroles = []"),
        ("dialect_invalid", "[external_sales]\ndialect.columns = []"),
        ("backup_of_server", "[backup]\nevery_h = 24\n[database]\nurl = \"postgres://db.example.org/p\""),
        ("office_url_wrong", "[office]\nurl = \"passerelle.example.org\""),
        ("office_url_wrong", "[office]\nurl = \"https:///office\""),
        ("office_url_wrong", "[office]\nurl = \"ftp://passerelle.example.org\""),
        ("webhook_wrong", "[notices]\nwebhook = \"hooks.example.org/passerelle\""),
        ("webhook_wrong", "[notices]\nwebhook = \"ftp://hooks.example.org\""),
        ("mail_host_wrong", "[notices.mail]\nhost = \"\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]"),
        ("mail_host_wrong", "[notices.mail]\nhost = \"smtp://mail.example.org\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]"),
        ("mail_host_wrong", "[notices.mail]\nhost = \"mail.example.org:587\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]"),
        ("mail_address_wrong", "[notices.mail]\nhost = \"mail.example.org\"\nfrom = \"passerelle\"\nto = [\"a@example.org\"]"),
        ("mail_address_wrong", "[notices.mail]\nhost = \"mail.example.org\"\nfrom = \"p@example.org\"\nto = [\"a@\"]"),
        ("mail_to_nobody", "[notices.mail]\nhost = \"mail.example.org\"\nfrom = \"p@example.org\"\nto = []"),
        ("mail_password_missing", "[notices.mail]\nhost = \"mail.example.org\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\nusername = \"p\""),
        ("mail_username_missing", "[notices.mail]\nhost = \"mail.example.org\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\npassword_file = \"p\""),
    ];

    const GOOD: &[&str] = &[
        "",
        "[otipass]\ndecision_budget_ms = 200\ndigits = {min = 8, max = 8}",
        "[otipass]\ndecision_budget_ms = 10000\nletters = {min = 0, max = 4}",
        "[retention]\ncard_numbers_days = 0",
        "[retention]\ncard_numbers_days = 30",
        "[backup]\nevery_h = 24",
        "[office]\nurl = \"https://passerelle.example.org:8443/\"",
        "[office]\nurl = \"http://[::1]:8480\"",
        "[notices.mail]\nhost = \"mail.example.org\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]",
        "[notices.mail]\nhost = \"mail.example.org\"\nfrom = \"p@example.org\"\nto = [\"a@example.org\"]\ntls = \"none\"\nport = 2525",
        "[notices.mail]\nhost = \"::1\"\nfrom = \"Passerelle <p@example.org>\"\nto = [\"a@example.org\"]\nusername = \"p\"\npassword_file = \"p\"",
        "[notices]\nwebhook = \"http://127.0.0.1:9/x\"\nlanguage = \"fr\"",
    ];

    #[test]
    fn what_cannot_work_is_refused_where_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.toml");
        for (code, text) in CASES {
            let refused = parse(text, &[]).unwrap().refused();
            let codes: Vec<_> = refused.iter().map(|finding| finding.code).collect();
            assert_eq!(codes, [*code], "{text}");
            assert!(refused[0].place.line() >= 2, "{refused:?}");
            for language in [Language::En, Language::Fr] {
                assert!(!refused[0].what(language).is_empty());
            }
            std::fs::write(&path, text).unwrap();
            let read = Config::read(&path, Surroundings::Nothing);
            assert!(matches!(read, Err(ConfigError::Refused(f)) if f.code == *code));
        }
        for text in GOOD {
            assert_eq!(parse(text, &[]).unwrap().refused(), [], "{text}");
        }
    }

    #[test]
    fn what_a_variable_says_is_refused_there() {
        let variable = "PASSERELLE_OTIPASS__DECISION_BUDGET_MS";
        let refused = parse("", &[(variable, "0")]).unwrap().refused();
        assert_eq!(refused[0].place, Place::Variable(variable.to_owned()));
    }
}
