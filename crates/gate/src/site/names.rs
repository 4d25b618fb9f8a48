//! What people call sectors, doors and devices.

use super::layout::Site;
use db::{Db, DbError};
use std::collections::BTreeMap;

/// The names of all that there is of a site now.
#[derive(Debug, Clone, Default)]
pub struct SiteNames {
    /// Of sectors.
    pub sectors: Names,
    /// Of doors.
    pub doors: Names,
    /// Of devices.
    pub devices: Names,
}

/// The names of one kind by code; what has none is called by its code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, String>);

impl SiteNames {
    /// Reads them.
    pub async fn read(db: &Db) -> Result<Self, DbError> {
        let site = super::interface::read_site(db).await?;
        Ok(site.as_ref().map(Self::from).unwrap_or_default())
    }
}

impl From<&Site> for SiteNames {
    fn from(site: &Site) -> Self {
        let sectors = site.sectors.iter().map(|(code, name)| (code, Some(name)));
        let doors = site.doors.iter();
        let devices = site.devices.iter();
        Self {
            sectors: Names::of_all(sectors),
            doors: Names::of_all(doors.map(|(code, door)| (code, door.name.as_ref()))),
            devices: Names::of_all(devices.map(|(code, device)| (code, device.name.as_ref()))),
        }
    }
}

impl Names {
    fn of_all<'a, C: ToString>(all: impl Iterator<Item = (C, Option<&'a String>)>) -> Self {
        let named = all.map(|(code, name)| {
            let code = code.to_string();
            let name = name.unwrap_or(&code).clone();
            (code, name)
        });
        Self(named.collect())
    }

    /// Its name and its code: `Main entrance (VN_AUG_D1)`. The code alone of what has no
    /// other name or is no more.
    #[must_use]
    pub fn of(&self, code: impl ToString) -> String {
        let code = code.to_string();
        match self.0.get(&code) {
            Some(name) if *name != code => format!("{name} ({code})"),
            _ => code,
        }
    }

    /// The same for several, one after the other.
    pub fn of_each<C: ToString>(&self, codes: impl IntoIterator<Item = C>) -> String {
        let all: Vec<_> = codes.into_iter().map(|code| self.of(code)).collect();
        all.join(", ")
    }

    /// Where there is little room: the name, with the code only where others have the
    /// same name.
    #[must_use]
    pub fn short(&self, code: impl ToString) -> String {
        match self.0.get(&code.to_string()) {
            Some(name) if self.0.values().filter(|other| *other == name).count() < 2 => {
                name.clone()
            }
            _ => self.of(code),
        }
    }

    /// Each code with its name and code, by code.
    pub fn all(&self) -> impl Iterator<Item = (String, String)> {
        self.0.keys().map(|code| (code.clone(), self.of(code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_beside_a_name_and_alone_without_one() {
        let names = [
            ("A", Some("Main")),
            ("B", Some("Side")),
            ("C", Some("Side")),
            ("D", None),
        ]
        .map(|(code, name)| (code, name.map(str::to_owned)));
        let names = Names::of_all(names.iter().map(|(code, name)| (code, name.as_ref())));
        for (code, whole, short) in [
            ("A", "Main (A)", "Main"),
            ("B", "Side (B)", "Side (B)"),
            ("D", "D", "D"),
            ("gone", "gone", "gone"),
        ] {
            assert_eq!(names.of(code), whole);
            assert_eq!(names.short(code), short);
        }
        assert_eq!(names.of_each(["B", "D"]), "Side (B), D");
        assert_eq!(names.all().count(), 4);
    }
}
