//! What is not well, for those who are told of it: what the page says, under names
//! that programs can rely on. What only concerns whoever stands beside a device, or
//! looks at the page, is told there alone.

use super::verdict::{self, Concern};
use super::{Texts as Sentences, words};
use crate::day::Day;
use crate::format::Formats;
use db::DbError;
use gate::SiteNames;
use gate::records::attendance;
use kernel::coded;
use kernel::text::fill;
use kernel::{DeviceCode, Language};
use notices::Cause;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A device that is silent for less may have been laid aside.
const SILENT_MS: i64 = 30 * 60_000;
/// On so many of the last four same weekdays a device must have been used later in
/// the day, to be missed now.
const DAYS_USED: i64 = 2;

coded! {
/// What is not well, by its code; `{of}` is what it is about.
fn title() {
    "set_up_incomplete": "la mise en service n’est pas terminée", "the set-up is not complete";
    "otipass_silent": "Otipass ne répond pas", "Otipass does not answer";
    "otipass_failing": "la plupart des demandes à Otipass échouent", "most questions to Otipass fail";
    "node_silent": "le service de {of} ne donne plus de nouvelles", "the service at {of} is not heard of";
    "checks_unresolved": "des contrôles attendent leur décision", "checks wait for their decision";
    "device_silent": "{of} ne donne plus de nouvelles", "{of} is not heard of";
    "device_keeps": "{of} garde des contrôles", "{of} keeps checks to itself";
    "ticketing_stopped": "la billetterie ne prend pas tout", "ticketing does not take everything";
    "ticketing_refused": "la billetterie a refusé des entrées", "ticketing has refused entries";
    "sales_held": "des entrées ne peuvent pas être vendues", "entries cannot be sold";
    "entries_aside": "des entrées sont mises de côté", "entries lie aside";
    "ticketing_late": "des entrées attendent de partir à la billetterie", "entries wait to go to ticketing";
    "otipass_untold": "des entrées restent à déclarer à Otipass", "entries have yet to be declared to Otipass";
    "disk_filling": "le disque se remplit", "the disk is filling";
    "certificate_ends": "le certificat arrive à sa fin", "the certificate ends";
    "backup_late": "il manque une sauvegarde", "a backup is missing";
    "notices_failing": "des avis ne partent pas ({of})", "notices do not get out ({of})";
}}

impl Day {
    /// What is not well and worth telling those who do not look, the worst first. A
    /// device that is silent is told where it is usually used later in the day than it was.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn causes(&self, language: Language) -> Result<Vec<Cause>, DbError> {
        let facts = self.facts().await?;
        let formats = Formats {
            language,
            zone: self.of.zone.clone(),
            currency: String::new(),
        };
        let zone = &self.of.zone;
        let today = verdict::concerns(&facts, zone).into_iter();
        let today = today.map(|concern| (concern, false));
        // Midnight makes no device well that died the day before.
        let before = verdict::silent_since_before(&facts, zone);
        let before = before.map(|concern| (concern, true));
        let mut used_after = BTreeMap::new();
        let mut told = Vec::new();
        for (concern, goes_on) in today.chain(before) {
            if let Concern::Silent { device, ms } = &concern {
                // Closing time makes it neither begin nor end.
                let since = facts.at.plus_ms(-ms);
                let (day, hour) = (zone.business_day(since), zone.hour(since));
                if let Entry::Vacant(place) = used_after.entry((day, hour)) {
                    let db = &self.of.db;
                    place.insert(attendance::used_after(db, day, hour, DAYS_USED).await?);
                }
                if !used_after
                    .get(&(day, hour))
                    .is_some_and(|used| is_missed(device, *ms, used))
                {
                    continue;
                }
            }
            let cause = cause(&concern, &facts.names, &formats);
            told.extend(cause.map(|cause| Cause { goes_on, ..cause }));
        }
        Ok(told)
    }
}

/// Whether a device that is silent for so long is missed, if these are used later than it
/// was.
fn is_missed(device: &str, ms: i64, used: &BTreeSet<DeviceCode>) -> bool {
    ms >= SILENT_MS && used.iter().any(|code| code.as_str() == device)
}

fn cause(concern: &Concern, names: &SiteNames, formats: &Formats) -> Option<Cause> {
    let code = concern.kind().1?;
    let of = match concern {
        Concern::NodeSilent { place: of, .. } | Concern::NoticesFail { way: of, .. } => of,
        _ => concern.device().unwrap_or_default(),
    };
    let called = match concern.device() {
        Some(device) => names.devices.of(device),
        None => of.to_owned(),
    };
    Some(Cause {
        code,
        of: of.to_owned(),
        title: fill(title(code, formats.language)?, &[("of", &called)]),
        what: words(Sentences::of(formats.language), formats, names, concern),
        goes_on: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_the_page_says_is_told_except_what_concerns_one_who_stands_there() {
        let facts = sample::troubled();
        let zone: kernel::Zone = "Europe/Paris".parse().unwrap();
        let concerns = verdict::concerns(&facts, &zone);
        for language in [Language::En, Language::Fr] {
            let formats = Formats {
                language,
                zone: zone.clone(),
                currency: String::new(),
            };
            let causes = concerns
                .iter()
                .filter_map(|concern| cause(concern, &facts.names, &formats));
            let causes: Vec<_> = causes.collect();
            let told = concerns.iter().filter(|concern| concern.kind().1.is_some());
            assert_eq!(causes.len(), told.count(), "each has a title");
            let codes: BTreeSet<_> = causes.iter().map(|cause| cause.code).collect();
            assert!(codes.len() >= 12, "{codes:?}");
            assert!(causes.iter().all(|cause| !cause.title.is_empty()));
            assert!(causes.iter().all(|cause| cause.what.len() > 20));
        }
        let silent = Concern::Silent {
            device: "PDA01".to_owned(),
            ms: SILENT_MS,
        };
        let formats = Formats {
            language: Language::En,
            zone,
            currency: String::new(),
        };
        let told = cause(&silent, &facts.names, &formats).unwrap();
        // Programs know it by its code, people by its name too.
        assert_eq!(told.of, "PDA01");
        assert_eq!(told.title, "Guichet <b> (PDA01) is not heard of");
        assert!(told.what.starts_with("Guichet <b> (PDA01) has not"));
        let used = ["PDA01".parse().unwrap()].into();
        assert!(is_missed("PDA01", SILENT_MS, &used));
        assert!(
            !is_missed("PDA01", SILENT_MS - 1, &used),
            "it was laid aside"
        );
        assert!(!is_missed("PDA02", SILENT_MS, &used));
    }

    #[test]
    fn each_cause_stands_in_the_document() {
        let document = include_str!("../../../../docs/operating.md");
        let mut facts = sample::troubled();
        facts.set_up_lacks = true;
        let mut failing = facts.clone();
        let gate = failing.gate.as_mut().unwrap();
        gate.aside = 1;
        (gate.partner.spared, gate.partner.failed) = (false, 1_000);
        let zone: kernel::Zone = "Europe/Paris".parse().unwrap();
        let formats = Formats {
            language: Language::En,
            zone: zone.clone(),
            currency: String::new(),
        };
        let concerns = [facts, failing].map(|facts| verdict::concerns(&facts, &zone));
        for concern in concerns.into_iter().flatten() {
            if let Some(cause) = cause(&concern, &SiteNames::default(), &formats) {
                assert!(
                    document.contains(&format!("`{}`", cause.code)),
                    "{}",
                    cause.code
                );
            }
        }
    }
}
